"""A lecture is entered, held, asked in and watched in a hall, each on their own page in a real Chromium."""

import os
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server import clock
from tests.browser import accessible
from tests.browser.conftest import OpenChromium
from tests.browser.programs import Programs, talking
from tests.e2e.office import PASSWORD, Administrator

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
LONG_MS = 60_000
SIZES = {"speaker": (1366, 768), "viewer": (1366, 768), "phone": (390, 844), "hall": (1920, 1080)}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    with talking(tmp_path_factory.mktemp("lecture")) as running:
        yield running


@pytest.fixture(scope="module")
def browser(open_chromium: OpenChromium) -> Browser:
    return open_chromium(fps=8)


def page_for(browser: Browser, who: str, faults: list[str]) -> Page:
    width, height = SIZES[who]
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.on("pageerror", lambda error: faults.append(f"{who}: {error}"))
    return page


def picture(page: Page, name: str) -> None:
    """Keep what the page looks like where JIETAN_SCREENSHOTS names a folder."""
    if folder := os.environ.get("JIETAN_SCREENSHOTS"):
        page.screenshot(path=str(Path(folder) / f"lecture-{name}.png"))


def moving(page: Page, part: str) -> None:
    page.wait_for_function(
        "(part) => { const v = document.querySelector(`[data-part=${part}] video`); return v && v.videoWidth > 0 && v.currentTime > 0.5; }",
        arg=part, timeout=LONG_MS,
    )  # fmt: skip


def log_in(page: Page, programs: Programs, who: str) -> None:
    answer = page.context.request.post(f"{programs.url}/api/session", data={"username": who, "password": PASSWORD}, headers={"X-Jietan": "1"})
    assert answer.ok, answer.text()


def enter(page: Page, programs: Programs) -> str:
    """The leader enters a lecture for everybody, now."""
    page.goto(f"{programs.url}/lectures")
    expect(page.locator("#none")).to_be_visible(timeout=LONG_MS)
    page.get_by_role("button", name="办一个讲座").click()
    page.get_by_label("题目").fill("新修订《信访工作条例》辅导")
    page.get_by_role("button", name="定下来").click()
    expect(page.get_by_text("请填哪天、几点。")).to_be_visible(timeout=LONG_MS)
    at = clock.today_in_office() + timedelta(minutes=5)
    page.get_by_label("哪天").fill(f"{at:%Y-%m-%d}")
    page.get_by_label("几点").fill(f"{at:%H:%M}")
    page.get_by_role("button", name="本单位和下级都请").click()
    expect(page.locator("#chosen")).to_have_text("请了 2 个单位")
    picture(page, "new")
    assert accessible.faults(page) == []
    page.get_by_role("button", name="定下来").click()
    page.wait_for_url("**/lectures/lecture-*", timeout=LONG_MS)
    return page.url.rsplit("/", 1)[1]


def leave_early(phone: Page, speaker: Page) -> None:
    """Who has to go leaves with one press, is told so, is not counted any more, and may come back."""
    phone.get_by_role("button", name="离开").click()
    expect(phone.locator("#after-title")).to_have_text("您已经离开", timeout=LONG_MS)
    expect(speaker.locator("#count")).to_have_text("1 个单位，2 个屏幕在看", timeout=LONG_MS)
    picture(phone, "phone-left")
    assert accessible.faults(phone) == []
    phone.get_by_role("button", name="再进去").click()
    phone.get_by_role("button", name="进去看").click(timeout=LONG_MS)
    moving(phone, "speaker")
    expect(speaker.locator("#count")).to_have_text("1 个单位，3 个屏幕在看", timeout=LONG_MS)


def keep_and_verify(speaker: Page, folder: Path) -> None:
    """The ZIP is saved and unpacked; its page plays the film from the disk and finds every file unchanged, then one changed."""
    with speaker.expect_download(timeout=LONG_MS) as saved:
        speaker.locator("#bundle-save").click()
    with zipfile.ZipFile(saved.value.path()) as packed:
        packed.extractall(folder)
    (kept,) = folder.iterdir()
    browser = speaker.context.browser
    assert browser is not None
    offline = browser.new_context(viewport={"width": 1366, "height": 768}).new_page()
    asked: list[str] = []
    offline.on("request", lambda request: asked.append(request.url))
    offline.goto((kept / "index.html").as_uri())
    expect(offline.locator("#title")).to_have_text("新修订《信访工作条例》辅导")
    offline.evaluate("() => { const film = document.querySelector('#film'); film.muted = true; return film.play(); }")
    offline.wait_for_function("() => { const film = document.querySelector('#film'); return film.videoWidth > 0 && film.currentTime > 0.5; }", timeout=LONG_MS)
    offline.set_input_files("#folder", str(kept))
    expect(offline.locator("#verdict")).to_contain_text("全部一样，签名也对得上", timeout=LONG_MS)
    picture(offline, "bundle")
    offline.set_viewport_size({"width": 390, "height": 844})
    picture(offline, "bundle-phone")
    recorded = max((kept / "recording").glob("*.webm"), key=lambda file: file.stat().st_size)
    recorded.write_bytes(recorded.read_bytes()[:-1] + b"x")
    offline.set_input_files("#folder", str(kept))
    expect(offline.locator("#verdict")).to_have_text("有 1 个文件改过或者不见了，请看下面。", timeout=LONG_MS)
    assert [url for url in asked if not url.startswith("file:")] == [], "nothing is asked from a network"
    offline.context.close()


def test_a_lecture_from_its_entry_to_its_end(browser: Browser, programs: Programs, tmp_path: Path) -> None:
    administrator = Administrator(programs)
    administrator.add_staff("leader", "周文清", "副县长")
    administrator.add_staff("clerk", "林晓")
    administrator.add_staff("supervisor", "沈岚")
    administrator.add_kiosk("石桥镇", "石桥镇接谈室")
    faults: list[str] = []
    speaker, viewer, phone, hall = (page_for(browser, who, faults) for who in SIZES)
    for page, who in ((speaker, "leader"), (viewer, "clerk"), (phone, "supervisor")):
        log_in(page, programs, who)
    lecture = enter(speaker, programs)

    viewer.goto(f"{programs.url}/lectures/{lecture}")
    viewer.get_by_role("button", name="要一个大厅屏幕的链接").click(timeout=LONG_MS)
    expect(viewer.locator("#screen-url")).to_contain_text("/screens/", timeout=LONG_MS)
    picture(viewer, "before")
    assert accessible.faults(viewer) == []
    hall.goto(viewer.locator("#screen-url").inner_text())
    expect(hall.locator("#stage-words")).to_contain_text("还没有开始", timeout=LONG_MS)
    picture(hall, "hall-before")
    viewer.get_by_role("button", name="进去看").click()

    speaker.locator("#come-in:enabled").wait_for(timeout=LONG_MS)
    picture(speaker, "speaker-before")
    speaker.get_by_role("button", name="开讲").click()
    for page in (viewer, hall):
        moving(page, "speaker")
    phone.goto(f"{programs.url}/lectures")
    phone.get_by_role("link", name=re.compile("去看")).click(timeout=LONG_MS)
    phone.get_by_role("button", name="进去看").click(timeout=LONG_MS)
    moving(phone, "speaker")
    expect(speaker.locator("#count")).to_have_text("1 个单位，3 个屏幕在看", timeout=LONG_MS)
    expect(speaker.locator("#recording")).to_have_text("正在录")

    viewer.get_by_role("button", name="举手").click()
    speaker.get_by_role("button", name="请发言").wait_for(timeout=LONG_MS)
    picture(speaker, "speaker-hand")
    assert accessible.faults(speaker) == []
    speaker.get_by_role("button", name="请发言").click()
    viewer.get_by_role("button", name="开始发言").click(timeout=LONG_MS)
    for page in (speaker, hall, phone):
        moving(page, "floor")
    picture(speaker, "speaker-asked")
    picture(viewer, "viewer-asking")
    picture(hall, "hall-asked")
    picture(phone, "phone")
    assert accessible.faults(phone) == []
    viewer.get_by_role("button", name="说完了").click()
    expect(hall.locator("[data-part=floor]")).to_be_hidden(timeout=LONG_MS)
    expect(viewer.locator("#mute-audio")).to_be_hidden(timeout=LONG_MS)
    moving(viewer, "speaker")
    leave_early(phone, speaker)

    speaker.get_by_role("button", name="讲完了").click()
    speaker.locator("#end-yes").click()
    for page in (speaker, viewer, phone, hall):
        expect(page.locator("#after-title")).to_have_text("讲完了", timeout=LONG_MS)
    viewer.goto(f"{programs.url}/lectures/{lecture}")
    expect(viewer.locator("#film-place")).to_be_visible(timeout=LONG_MS)
    speaker.goto(f"{programs.url}/lectures/{lecture}")
    speaker.get_by_role("button", name="做视频").click(timeout=LONG_MS)
    expect(speaker.locator("#film")).to_be_visible(timeout=2 * LONG_MS)
    picture(speaker, "film")
    keep_and_verify(speaker, tmp_path / "kept")
    speaker.goto(f"{programs.url}/lectures")
    expect(speaker.locator("#rows tr")).to_contain_text("讲完了", timeout=LONG_MS)
    picture(speaker, "list")
    assert accessible.faults(speaker) == []
    speaker.set_viewport_size({"width": 390, "height": 844})
    picture(speaker, "list-phone")
    assert speaker.evaluate("document.documentElement.scrollWidth") <= 390
    assert faults == []
