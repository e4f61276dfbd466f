"""The product's story, told once through its real pages and programs.

A petitioner sits down at a kiosk, a leader takes the call, both speak and read what was said; a clerk corrects
the draft against the recording; the petitioner reads and signs; the case is filed and found again, and the
petitioner looks its progress up at home.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import OpenChromium
from tests.browser.kiosk_hands import begin, do, draw_a_name, form_to_sign, into_the_queue, press, screen
from tests.browser.media_files import camera_mjpeg, microphone_wav
from tests.browser.programs import Programs
from tests.e2e.office import PASSWORD, Administrator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WAIT_MS = 60_000
RECOGNISED_MS = 120_000
"""On a busy machine the last words are recognised after the talk."""
NAME, PHONE = "何守田", "13800001234"
CASE_NO = re.compile(r"SQ-\d{4}-\d{6}")


@dataclass
class Places:
    """The screens on which the story happens."""

    kiosk: Page
    leader: Page
    clerk: Page
    home: Page


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


@pytest.fixture
def places(programs: Programs, open_chromium: OpenChromium, tmp_path: Path) -> Iterator[Places]:
    """An office with a leader, a clerk and an enrolled kiosk, each at their own screen."""
    administrator = Administrator(programs)
    administrator.add_staff("leader", "徐明", "县自然资源局局长")
    administrator.add_staff("clerk", "林晓")
    link = administrator.add_kiosk("石桥镇", "石桥镇智能接谈室")
    faults: list[str] = []
    kiosk = _browser(open_chromium, tmp_path, "petitioner", 22.3, 11.5, (1080, 1920))
    desk = _browser(open_chromium, tmp_path, "leader", 0.8, 12.5, (1366, 768))
    found = Places(kiosk.new_page(), desk.new_page(), _second(desk).new_page(), _second(desk).new_page())
    for page in vars(found).values():
        page.on("pageerror", lambda error: faults.append(str(error)))
    _enrol(found.kiosk, link, programs.url)
    _log_in(found.leader, programs.url, "leader")
    _log_in(found.clerk, programs.url, "clerk")
    found.home.goto(f"{programs.url}/progress")
    yield found
    assert faults == []


def _browser(
    open_chromium: OpenChromium, folder: Path, role: str, start: float, seconds: float, size: tuple[int, int]
) -> BrowserContext:
    microphone = microphone_wav(folder / f"{role}.wav", role, start=start, seconds=seconds)
    browser = open_chromium(microphone=microphone, camera=camera_mjpeg(folder / f"{role}.mjpeg", role))
    viewport = {"width": size[0], "height": size[1]}
    context = browser.new_context(viewport=viewport, has_touch=True, permissions=["camera", "microphone"])
    context.set_default_timeout(WAIT_MS)
    return context


def _second(context: BrowserContext) -> BrowserContext:
    """Another person on the same machine: cookies of their own."""
    assert context.browser is not None
    other = context.browser.new_context(viewport={"width": 1366, "height": 768}, accept_downloads=True)
    other.set_default_timeout(WAIT_MS)
    return other


def _enrol(page: Page, link: str, url: str) -> None:
    page.goto(link)
    page.tap("#enrol")
    expect(page.locator("#done")).to_contain_text("登记好了")
    page.goto(f"{url}/kiosk")


def _log_in(page: Page, url: str, username: str) -> None:
    page.goto(f"{url}/login")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: not address.endswith("/login"))


def test_from_the_first_touch_to_a_filed_case(places: Places, programs: Programs) -> None:
    petitioner_sits_down(places.kiosk)
    leader_takes_the_call(places.leader)
    both_speak_and_read_what_was_said(places)
    leader_hangs_up(places.leader)
    corrected = clerk_corrects_and_confirms(places.clerk, programs.url)
    petitioner_reads_and_signs(places.kiosk, corrected)
    case_no, code = petitioner_gets_a_slip(places.kiosk)
    clerk_finds_the_case(places.clerk, programs.url, case_no, corrected)
    petitioner_looks_it_up_at_home(places.home, code)


def petitioner_sits_down(kiosk: Page) -> None:
    begin(kiosk)
    press(kiosk, "h", "e", "何", "s", "h", "o", "u", "守", "t", "i", "a", "n", "田")
    do(kiosk, "next")
    press(kiosk, *PHONE)
    do(kiosk, "next")
    into_the_queue(kiosk)
    screen(kiosk, "waiting")


def leader_takes_the_call(leader: Page) -> None:
    waiting = leader.locator("#waiting [data-id]").first
    expect(waiting).to_contain_text("何")
    waiting.click()
    leader.click("#start")
    expect(leader.locator("#begin")).to_be_enabled()
    leader.click("#begin")
    expect(leader.locator("#talk")).to_be_visible()


def both_speak_and_read_what_was_said(places: Places) -> None:
    screen(places.kiosk, "talk")
    expect(places.leader.locator("#recording")).to_be_visible()
    expect(places.kiosk.locator('[data-part="rec"]')).to_contain_text("正在录音录像")
    expect(places.kiosk.locator('[data-part="captions"]')).to_contain_text(
        re.compile("请坐|接待您"), timeout=RECOGNISED_MS
    )
    expect(places.leader.locator("#captions")).to_contain_text("录音录像", timeout=RECOGNISED_MS)
    do(places.kiosk, "mark")
    expect(places.kiosk.locator("#toast")).to_contain_text("先听您这里说的")
    expect(places.leader.locator("#marks li")).to_contain_text("群众按了“这里要紧”")
    for page, video in ((places.leader, "#remote"), (places.kiosk, '[data-part="leader"]')):
        picture_moves(page, video)


def picture_moves(page: Page, video: str) -> None:
    """Its pixels become others; Chromium's fake camera plays a drawn person who moves."""
    page.wait_for_function(
        """(video) => {
          const shown = document.querySelector(video);
          if (!shown.videoWidth) return false;
          const pen = new OffscreenCanvas(64, 36).getContext("2d");
          pen.drawImage(shown, 0, 0, 64, 36);
          const pixels = pen.getImageData(0, 0, 64, 36).data;
          shown.atFirst ??= pixels;
          return pixels.filter((value, at) => Math.abs(value - shown.atFirst[at]) > 12).length > 20;
        }""",
        arg=video,
    )


def leader_hangs_up(leader: Page) -> None:
    leader.click("#hang-up")
    leader.click("#hang-up-yes")
    expect(leader.locator("#after-title")).to_have_text(re.compile("谈完了"))


def clerk_corrects_and_confirms(clerk: Page, url: str) -> str:
    """Hears a sentence, writes it anew, fills in the place, hands the record over; returns the new sentence."""
    corrected = "我同意录音，也同意录像，您记录吧。"
    clerk.goto(f"{url}/desk")
    clerk.locator("#rows tr[data-id] a.btn").first.click()
    expect(clerk.locator("#places .place.marked")).to_contain_text("群众说这里要紧")
    line = clerk.locator(".u").filter(has_text="录音录像").first
    line.locator(".say").click()
    clerk.wait_for_function("() => [...document.querySelectorAll('#sounds audio')].some((a) => a.currentTime > 0)")
    clerk.keyboard.press("Control+A")
    clerk.keyboard.type(corrected)
    clerk.fill("#form-problem_place", "石桥镇柳湾村四组")
    expect(clerk.locator("#saved")).to_contain_text("已自动保存")
    ready = clerk.locator("#confirm:not([aria-disabled=true])")
    ready.wait_for(timeout=RECOGNISED_MS)
    ready.click()
    clerk.click('dialog button[value="yes"]')
    expect(clerk.locator("#state")).to_have_text("等群众签字")
    return corrected


def petitioner_reads_and_signs(kiosk: Page, corrected: str) -> None:
    screen(kiosk, "present")
    expect(kiosk.locator("[data-part=people] li")).to_have_count(2)
    do(kiosk, "go")
    screen(kiosk, "read")
    read = []
    position = kiosk.locator('[data-fill="position"]')
    expect(position).to_have_text(re.compile(r"第 1 句，共 \d+ 句"))
    count = int(re.findall(r"\d+", position.inner_text())[-1])
    for number in range(1, count + 1):
        expect(position).to_have_text(f"第 {number} 句，共 {count} 句")
        read.append(kiosk.locator('[data-part="text"]').inner_text())
        do(kiosk, "right")
    assert any(corrected in sentence for sentence in read)
    screen(kiosk, "summary")
    if kiosk.locator("h1").inner_text() != "登记表上这样写":
        do(kiosk, "go")
    form_to_sign(kiosk)
    draw_a_name(kiosk)
    do(kiosk, "sign")


def petitioner_gets_a_slip(kiosk: Page) -> tuple[str, str]:
    """The case number and the query code."""
    screen(kiosk, "slip")
    expect(kiosk.locator('[data-fill="case"]')).to_have_text(CASE_NO)
    case_no = kiosk.locator('[data-fill="case"]').inner_text().strip()
    code = kiosk.locator('[data-fill="code"]').inner_text().replace(" ", "")
    do(kiosk, "done")
    kiosk.tap("#question-yes")
    screen(kiosk, "rate-talk")
    do(kiosk, "satisfied")
    screen(kiosk, "welcome")
    return case_no, code


def clerk_finds_the_case(clerk: Page, url: str, case_no: str, corrected: str) -> None:
    for words in (case_no, NAME, "柳湾村"):
        clerk.goto(f"{url}/cases")
        clerk.fill("#q", words)
        clerk.keyboard.press("Enter")
        expect(clerk.locator("#rows tr")).to_have_count(1)
    clerk.locator("#rows tr a.btn").first.click()
    expect(clerk.locator("#facts")).to_contain_text(case_no)
    expect(clerk.locator("#intact")).to_contain_text("一字不差")
    expect(clerk.locator("#lines")).to_contain_text(corrected)
    expect(clerk.locator("#recordings .hash").first).to_have_text(re.compile("^[0-9a-f]{64}$"))
    documents_can_be_had(clerk, url, corrected)
    every_file_plays_and_seeks(clerk, url)


def every_file_plays_and_seeks(clerk: Page, url: str) -> None:
    """Sound and pictures as the node wrote them: from the start, and from a place that was not loaded yet."""
    case_id = re.search(r"/cases/(\d+)", clerk.url)
    assert case_id is not None
    files = clerk.request.get(f"{url}/api/cases/{case_id[1]}").json()["record"]["segments"]
    assert sorted(one["kind"] for one in files) == ["audio", "audio", "video", "video"]
    for one in files:
        played = clerk.evaluate(PLAY_AND_SEEK, one)
        assert played["error"] is None, (one["kind"], played)
        assert abs(played["seconds"] - one["seconds"]) < 0.3, (one["kind"], played)
        assert (played["width"] > 0) == (one["kind"] == "video"), (one["kind"], played)


PLAY_AND_SEEK = """async ({ url, kind, seconds }) => {
  const media = document.createElement(kind);
  const after = (name) => new Promise((done, failed) => {
    media.addEventListener(name, done, { once: true });
    media.addEventListener("error", () => failed(media.error), { once: true });
    setTimeout(() => failed(new Error(`no ${name}`)), 60000);
  });
  media.muted = true;
  media.src = url;
  try {
    await Promise.all([after("timeupdate"), media.play()]);
    media.currentTime = seconds * 0.7;
    await after("seeked");
    const from = media.currentTime;
    while (media.currentTime < from + 0.3) await after("timeupdate");
    return { error: from < seconds * 0.6 ? "sought in vain" : null, seconds: media.duration, width: media.videoWidth ?? 0 };
  } catch (error) {
    return { error: String(error.message), seconds: media.duration, width: 0 };
  } finally {
    media.removeAttribute("src");
    media.load();
  }
}"""


def documents_can_be_had(clerk: Page, url: str, corrected: str) -> None:
    case_id = re.search(r"/cases/(\d+)", clerk.url)
    assert case_id is not None
    for name in ("record.docx", "form.docx", "record.pdf", "form.pdf"):
        answer = clerk.request.get(f"{url}/api/cases/{case_id[1]}/documents/{name}")
        assert answer.ok, f"{name}: {answer.status}"
        assert answer.body().startswith(b"%PDF" if name.endswith("pdf") else b"PK")
        if name == "record.docx":
            text = zipfile.ZipFile(io.BytesIO(answer.body())).read("word/document.xml").decode()
            words = re.sub("<[^>]+>", "", text)
            assert corrected in words
            assert re.search(f"信访人 {NAME}：.+谈到结束", words)


def petitioner_looks_it_up_at_home(home: Page, code: str) -> None:
    home.fill("#code", code)
    home.fill("#phone_last4", PHONE[-4:])
    home.keyboard.press("Enter")
    expect(home.locator("#result")).to_contain_text("登记")
    expect(home.locator("#result")).not_to_contain_text(NAME)
