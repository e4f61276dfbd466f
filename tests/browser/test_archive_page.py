"""The archive's film on a case's page, and an export bundle opened from the disk, in a real Chromium."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from server.domain.states import StaffRole
from server.reception.account import accounts
from server.store.access import Actor
from server.store.models import Organization
from tests.archive.recorded import SECONDS, file_case
from tests.browser.kiosk_office import KioskOffice
from tests.office import COOKIE

pytestmark = [pytest.mark.browser, pytest.mark.nightly]
LONG_MS = 60_000


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KioskOffice]:
    made = KioskOffice(tmp_path_factory.mktemp("archive") / "data", disk_reserve_mb=0)
    made.start()
    yield made
    made.close()


@pytest.fixture(scope="module")
def page(office: KioskOffice, browser: Browser) -> Iterator[Page]:
    """The clerk's page of a filed case."""
    with office.store.write() as session:
        place = session.get_one(Organization, office.ids["town"])
        clerk = Actor(name="陈晓", organization_id=place.id, organization_path=place.path, user_id=office.ids["clerk"], role=StaffRole.CLERK)
        case = file_case(
            session, office.settings, organization_id=place.id, kiosk_id=office.ids["kiosk"], clerk=clerk,
            receiver_id=office.ids["leader"],
        )  # fmt: skip
        user = accounts.store.user_by_name(session, "clerk")
        assert user is not None
        token = accounts.open_session(session, user, 10)
    context = browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
    context.add_cookies([{"name": COOKIE, "value": token, "url": office.url}])
    opened = context.new_page()
    opened.goto(f"{office.url}/cases/{case}")
    yield opened
    context.close()


@pytest.fixture(scope="module")
def bundle(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export bundle, made and saved by hand, unpacked."""
    section = page.get_by_role("group", name="整套材料")
    section.get_by_role("button", name="导出整套材料").click()
    expect(section.get_by_text("做好了", exact=True)).to_be_visible(timeout=LONG_MS)
    with page.expect_download() as saved:
        section.get_by_role("link", name="下载").click()
    folder = tmp_path_factory.mktemp("bundle")
    with zipfile.ZipFile(saved.value.path()) as packed:
        packed.extractall(folder)
    (found,) = folder.iterdir()
    return found


@pytest.mark.nightly
def test_the_clerk_has_a_film_made_and_plays_it_with_subtitles(page: Page) -> None:
    section = page.get_by_role("group", name="归档视频")
    section.get_by_role("button", name="做归档视频").click()
    expect(section.get_by_role("progressbar")).to_be_visible()
    expect(section.get_by_text("做好了", exact=True)).to_be_visible(timeout=LONG_MS)
    film = page.locator("#archive-player video")
    film.evaluate("film => { film.muted = true; film.currentTime = 1.5; return film.play(); }")
    page.wait_for_function("() => document.querySelector('#archive-player video').currentTime > 1.8")
    film.evaluate("film => film.pause()")
    length = film.evaluate("film => film.duration")
    assert abs(length - SECONDS) < 0.3
    said = film.evaluate("film => [...film.textTracks[0].cues].map((cue) => cue.getCueAsHTML().textContent)")
    assert said == ["接访领导：什么事？", "信访人：补偿款没给。"]
    expect(page.locator("#events")).to_contain_text("归档视频做好了")


def open_bundle(browser: Browser, folder: Path) -> Page:
    opened = browser.new_context().new_page()
    opened.on("request", lambda request: pytest.fail(request.url) if request.url.startswith("http") else None)
    opened.goto((folder / "index.html").as_uri())
    return opened


@pytest.mark.nightly
def test_a_bundle_plays_and_verifies_without_a_network(browser: Browser, bundle: Path) -> None:
    opened = open_bundle(browser, bundle)
    expect(opened.get_by_role("heading", level=1)).not_to_have_text("接谈材料")
    opened.get_by_role("button", name="信访人：补偿款没给。").click()
    opened.wait_for_function("() => document.querySelector('#film').currentTime > 1.3")
    assert opened.evaluate("document.querySelector('#film').textTracks[0].activeCues[0].text") == "信访人：补偿款没给。"
    opened.set_input_files("#folder", str(bundle))
    expect(opened.locator("#verdict")).to_have_text("全部一样，签名也对得上。再看上面的公钥和单位公布的是不是一样：一样，就没有改过。", timeout=LONG_MS)
    expect(opened.locator("#signatures li.ok")).to_have_count(3)
    opened.context.close()


@pytest.mark.nightly
def test_what_the_petitioner_takes_away_plays_their_own_voice_and_verifies(page: Page, browser: Browser, tmp_path: Path) -> None:
    with page.expect_download() as saved:
        page.get_by_role("group", name="给信访人留存").get_by_role("link", name="下载给信访人").click()
    assert saved.value.suggested_filename.endswith("本人留存.zip")
    with zipfile.ZipFile(saved.value.path()) as packed:
        packed.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    opened = open_bundle(browser, folder)
    opened.get_by_role("button", name="信访人：补偿款没给。").click()
    opened.wait_for_function("() => document.querySelector('#voice').currentTime > 1.3")
    expect(opened.locator("#lines [aria-current=true]")).to_contain_text("补偿款没给")
    opened.set_input_files("#folder", str(folder))
    expect(opened.locator("#verdict")).to_contain_text("全部一样，签名也对得上。", timeout=LONG_MS)
    expect(opened.locator("#signatures li.ok")).to_have_count(3)
    sound = folder / "recording/r1-petitioner-audio-1.webm"
    sound.write_bytes(sound.read_bytes()[:-1] + b"x")
    opened.set_input_files("#folder", str(folder))
    expect(opened.locator("#verdict")).to_contain_text("有 1 个文件改过")
    expect(page.locator("#events")).to_contain_text("给信访人留存一份")
    opened.context.close()


def changed(bundle: Path, copy: Path, name: str) -> Path:
    """The bundle with one bit of one file turned over."""
    shutil.copytree(bundle, copy)
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(bytes(content))
    return copy


@pytest.mark.parametrize("name", ["video/archive.mp4", "recording/r1-petitioner-audio-1.webm", "captions/corrected.vtt", "bundle.json"])
def test_one_turned_bit_is_found(browser: Browser, bundle: Path, tmp_path: Path, name: str) -> None:
    copy = changed(bundle, tmp_path / "copy", name)
    (copy / "recording" / "added.webm").write_bytes(b"x")
    opened = open_bundle(browser, copy)
    opened.set_input_files("#folder", str(copy))
    expect(opened.locator("#verdict")).to_have_text("有 1 个文件改过或者不见了，请看下面。", timeout=LONG_MS)
    expect(opened.locator("#files li", has=opened.locator(".bad"))).to_contain_text(name)
    expect(opened.locator("#files li", has=opened.locator(".warn"))).to_contain_text("recording/added.webm")
    opened.context.close()


def test_a_forged_list_is_found_by_its_signature(browser: Browser, bundle: Path, tmp_path: Path) -> None:
    copy = changed(bundle, tmp_path / "copy", "captions/corrected.vtt")
    film = copy / "recording" / "r1-petitioner-audio-1.webm"
    film.write_bytes(film.read_bytes() + b"x")
    listed = json.loads((copy / "bundle.json").read_text())
    for one in listed["files"]:
        content = (copy / one["name"]).read_bytes()
        one["size"], one["sha256"] = len(content), hashlib.sha256(content).hexdigest()
    forged = json.dumps(listed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    (copy / "bundle.json").write_text(forged)
    script = copy / "player" / "data.js"
    data = json.loads(script.read_text().removeprefix("window.BUNDLE = ").removesuffix(";\n"))
    script.write_text(f"window.BUNDLE = {json.dumps(data | {'list': forged})};\n")
    opened = open_bundle(browser, copy)
    opened.set_input_files("#folder", str(copy))
    expect(opened.locator("#verdict")).to_have_text("文件和清单一样，但是签名对不上：清单改过。", timeout=LONG_MS)
    expect(opened.locator("#signatures li.bad")).to_have_count(2)
    opened.context.close()
