"""A reception on site through its real pages and programs: one microphone hears both, nobody is guessed, the clerk says who
spoke, the petitioner signs on their own telephone, and the case is filed."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from server import clock
from tests.browser import accessible
from tests.browser.conftest import OpenChromium
from tests.browser.kiosk_office import KioskOffice
from tests.browser.media_files import LAND
from tests.browser.programs import Programs
from tests.browser.test_import_page import page_of
from tests.browser.test_room import look, look_both
from tests.e2e.office import PASSWORD, Administrator
from tests.reception import room_talk
from tests.records.office import strokes

pytestmark = pytest.mark.browser

WAIT_MS = 60_000
RECOGNISED_MS = 120_000
OWN_PAGE = {"X-Jietan": "1"}
SECONDS = 19.0
"""So much of the dialogue: one asks, the other answers, several times."""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[KioskOffice]:
    made = KioskOffice(tmp_path / "data", disk_reserve_mb=0)
    made.start()
    yield made
    made.close()


@pytest.mark.slow
def test_every_line_waits_for_a_clerk_to_say_who_spoke(office: KioskOffice, browser: Browser) -> None:
    """Without a media node: what the microphone heard is told by hand."""
    page = page_of(office, browser, "clerk")
    page.set_default_timeout(WAIT_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{office.url}/on-site")
    page.select_option("#leader_id", label="周建国（副县长）")
    page.fill("#name", "王桂兰")
    page.fill("#matter", "补偿款没有发")
    page.click("#begin [type=submit]")
    page.wait_for_url(re.compile(r"/on-site/r[0-9a-f]+$"))
    talk = page.url.rsplit("/", 1)[-1]
    answer = page.context.request.post(f"{office.url}/api/on-site/{talk}/start", data={"words": "行，录吧"}, headers=OWN_PAGE)
    assert answer.ok, answer.text()
    during = clock.today_in_office().strftime("%H:%M")
    with office.store.write() as session:
        record = room_talk.over(session, talk, answer.json()["participant_id"])
    page.goto(f"{office.url}/on-site/{talk}")
    somebody = page.locator("#after-people li", has_text="周建国")
    somebody.get_by_role("button").click()
    look(page, "room-left")
    page.click("#left-yes")
    expect(page.locator("#left-trouble")).to_contain_text("请写几点")
    assert accessible.faults(page) == []
    page.fill("#left-time", during)
    page.click("#left-yes")
    expect(somebody).to_contain_text("走的")
    page.goto(f"{office.url}/on-site")
    expect(page.locator(f"[data-talk={talk}]")).to_contain_text("草稿好了")
    look_both(page, "room-today")
    page.goto(f"{office.url}/desk/{record}")
    nobodys = page.locator(".u.nobodys")
    expect(nobodys).to_have_count(3)
    expect(page.locator("#speakers")).to_contain_text("还有 3 句没写是谁说的")
    expect(page.locator("#places .place.speaker")).to_have_count(3)
    assert "周建国" in page.locator("#attendance li", has_text="自己离开").text_content()
    look_both(page, "room-desk")
    assert accessible.faults(page) == []
    nobodys.first.locator(".say").click()
    for left, name in ((2, "周建国"), (1, "王桂兰"), (0, "周建国")):
        page.locator("#speakers button", has_text=name).click()
        expect(nobodys).to_have_count(left)
    expect(page.locator("#speakers")).to_be_hidden()
    expect(page.locator("#form-requests")).to_have_value(re.compile("36800元"))
    expect(page.locator("#undertakings")).to_contain_text("领导答复 1 条")
    page.locator(".u.a .say").first.click()
    page.keyboard.press("Control+u")
    expect(page.locator(".u.a")).to_have_count(0)
    look(page, "room-desk-told")
    assert faults == []


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    """`jietan serve` on an empty data folder."""
    running = Programs(tmp_path)
    try:
        running.start("serve")
        running.wait_ready("serve", running.settings.web_port)
        yield running
    finally:
        running.stop()


def room_wav(target: Path) -> Path:
    """Both of the dialogue as one microphone hears them (48 kHz WAV)."""
    voices = [part for role in ("petitioner", "leader") for part in ("-t", str(SECONDS), "-i", str(LAND / f"{role}.opus"))]
    mixed = ["-filter_complex", "amix=inputs=2:normalize=0", "-ar", "48000", "-ac", "1", str(target)]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *voices, *mixed], check=True, timeout=60)
    return target


def log_in(page: Page, url: str, username: str) -> None:
    page.goto(f"{url}/login")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: not address.endswith("/login"))


@pytest.mark.nightly
def test_from_the_notice_in_the_room_to_a_filed_case(programs: Programs, open_chromium: OpenChromium, tmp_path: Path) -> None:
    administrator = Administrator(programs)
    administrator.add_staff("leader", "徐明", "县自然资源局局长")
    administrator.add_staff("clerk", "林晓")
    browser = open_chromium(microphone=room_wav(tmp_path / "room.wav"))
    page = browser.new_context(viewport={"width": 1366, "height": 768}, permissions=["microphone"]).new_page()
    page.set_default_timeout(WAIT_MS)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.add_init_script(f"({KEEP_STREAMS})()")
    log_in(page, programs.url, "clerk")
    enter(page, programs.url)
    agree(page)
    talk(page)
    code = end(page)
    record = say_who_spoke(page)
    sign_on_a_telephone(page, programs.url, record)
    filed(page, programs.url, record, code)
    assert faults == []


def enter(page: Page, url: str) -> None:
    page.goto(f"{url}/on-site")
    look_both(page, "on-site")
    page.select_option("#kind", "village")
    page.click("#begin [type=submit]")
    expect(page.locator("#place-error")).to_contain_text("哪个村")
    page.fill("#place", "石桥镇柳湾村村委会")
    page.fill("#name", "何守田")
    page.fill("#phone", "13800001234")
    page.fill("#matter", "修村道占地，补偿款没到手")
    page.click("#others summary")
    page.click("#add-person")
    page.fill(".person-row input", "何小军")
    look(page, "on-site-filled")
    page.click("#begin [type=submit]")
    page.wait_for_url(re.compile(r"/on-site/r[0-9a-f]+$"))


def agree(page: Page) -> None:
    expect(page.locator("#notice")).to_contain_text("您同意录音吗")
    expect(page.locator("#start")).to_be_enabled()
    page.wait_for_function("() => document.querySelectorAll('#preview-meter i.on').length > 3")
    page.click("#start")
    expect(page.locator("#words-error")).to_contain_text("照原话")
    page.fill("#words", "行，录吧")
    look_both(page, "on-site-agree")
    page.click("#start")


def talk(page: Page) -> None:
    expect(page.locator("#recording")).to_contain_text(re.compile(r"录音 00:\d\d"))
    expect(page.locator("#captions .cap:not([data-partial])").nth(1)).to_be_visible(timeout=RECOGNISED_MS)
    page.fill("#mark-note", "补偿的钱数")
    page.keyboard.press("Enter")
    expect(page.locator("#marks li")).to_contain_text("补偿的钱数")
    page.click("#promise-add")
    page.fill("#promises [name=what]", "核对补偿款的账")
    look_both(page, "on-site-talk")
    page.locator("#promises form button").first.click()
    expect(page.locator("#promises .promise")).to_contain_text("核对补偿款的账")
    pull_the_microphone_out(page)


KEEP_STREAMS = """() => {
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.streams = [];
  window.plugged = true;
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (!window.plugged) throw new DOMException("", "NotFoundError");
    window.streams.push(await open(wanted));
    return window.streams.at(-1);
  };
}"""


def pull_the_microphone_out(page: Page) -> None:
    """And put it back after a while."""
    page.evaluate("""() => {
      window.plugged = false;
      const track = window.streams.at(-1).getAudioTracks()[0];
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }""")
    expect(page.locator("#own-device")).to_contain_text("话筒断开了，现在说的没有录")
    expect(page.locator("#recording")).to_contain_text("这一会儿没有录上")
    look_both(page, "on-site-unplugged")
    page.wait_for_timeout(3000)
    page.evaluate("window.plugged = true")
    expect(page.locator("#own-device")).to_be_hidden()
    expect(page.locator("#line-banner")).to_contain_text("请再说一遍")
    captions = page.locator("#captions .cap:not([data-partial])")
    before = captions.count()
    expect(captions.nth(before)).to_be_visible(timeout=RECOGNISED_MS)


def end(page: Page) -> str:
    """The query code."""
    page.click("#end")
    page.click("#end-yes")
    expect(page.locator("#after-title")).to_have_text("谈完了，草稿好了", timeout=RECOGNISED_MS)
    look_both(page, "on-site-after")
    return page.locator("#code").inner_text().strip()


def say_who_spoke(page: Page) -> str:
    """Every sentence is given to somebody; the record's id."""
    page.click("#to-record")
    expect(page.locator("#speakers")).to_contain_text("没写是谁说的")
    expect(page.locator("#recognition")).to_be_hidden(timeout=RECOGNISED_MS)
    lines = page.locator(".u:not(.deleted)")
    nobodys = page.locator(".u.nobodys")
    expect(nobodys.first).to_be_visible()
    count = nobodys.count()
    assert lines.count() == count + 1, "all but the one that tells how they agreed"
    assert "行，录吧" in lines.first.inner_text()
    look_both(page, "on-site-desk")
    expect(page.locator("#confirm[aria-disabled=true]")).to_have_attribute("title", re.compile(f"还有 {count} 句没有写是谁说的"))
    nobodys.first.locator(".at").click()
    for left in range(count, 0, -1):
        page.locator("#speakers button", has_text="何守田" if left == count else "徐明").first.click()
        expect(nobodys).to_have_count(left - 1)
    expect(page.locator("#speakers")).to_be_hidden()
    page.locator(".u.a .at").first.click()
    page.wait_for_function("() => [...document.querySelectorAll('#sounds audio')].some((one) => one.currentTime > 0)")
    page.fill("#form-problem_place", "石桥镇柳湾村四组")
    expect(page.locator("#saved")).to_contain_text("已自动保存")
    look(page, "on-site-desk-done")
    page.locator("#confirm:not([aria-disabled=true])").click(timeout=RECOGNISED_MS)
    page.click('dialog button[value="yes"]')
    expect(page.locator("#state")).to_have_text("等群众签字")
    return page.url.rsplit("/", 1)[-1].split("?")[0]


def sign_on_a_telephone(page: Page, url: str, record: str) -> None:
    link = page.context.request.post(f"{url}/api/records/{record}/links", data={}, headers=OWN_PAGE).json()
    with httpx.Client(base_url=url, headers=OWN_PAGE, trust_env=False, timeout=30) as telephone:
        assert telephone.post("/api/reader/open", json={"code": link["code"], "phone_last4": "1234"}).is_success
        read: dict[str, Any] = telephone.get(f"/api/reading/{record}").json()
        said = next(one for one in read["lines"] if one["participant_id"] == read["own"])
        sound = next(one for one in read["segments"] if one["start"] < said["end"] and one["start"] + one["seconds"] > said["start"])
        assert {one["id"]: one["role"] for one in read["participants"]}[sound["participant_id"]] == "room"
        assert telephone.get(sound["url"]).is_success, "every sentence can be heard, whoever said it"
        drawn = {"signer": 0, "strokes": strokes(), "aspect": 0.5, "sha256": read["sha256"]}
        assert telephone.post(f"/api/reading/{record}/signature", json=drawn).is_success


def filed(page: Page, url: str, record: str, code: str) -> None:
    found = page.context.request.get(f"{url}/api/records/{record}").json()
    if found["state"] != "filed":
        answer = page.context.request.post(f"{url}/api/records/{record}/file", headers=OWN_PAGE)
        assert answer.ok, answer.text()
        found = page.context.request.get(f"{url}/api/records/{record}").json()
    case = page.context.request.get(f"{url}/api/cases/{found['case_id']}").json()
    assert case["channel"] in ("on_site", "现场接访")
    page.goto(f"{url}/cases/{found['case_id']}")
    expect(page.locator("#lines")).to_contain_text("行，录吧")
    look(page, "on-site-case")
    assert code
