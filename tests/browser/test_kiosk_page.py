"""The kiosk's screens in a real Chromium against the real web program, by touch alone.

No media node runs here: the talk's screen is driven by a scripted seat, the talk itself is in the walk.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PageTimeout
from sqlalchemy import select

from server import clock
from server.domain.flow import Step
from server.domain.states import StaffRole
from server.protocol.flow import NewMatter, StepOrder, UnitOrder
from server.reception import flow, registering
from server.store.access import Actor
from server.store.models import Line, Reception, StoredSignature, VisitRecord
from server.store.receptions import help_calls
from tests.browser import chromium
from tests.browser.accessible import faults
from tests.browser.kiosk_hands import begin, do, into_the_queue, press, screen
from tests.browser.kiosk_office import KioskOffice

pytestmark = pytest.mark.browser
expect.set_options(timeout=15_000)

FAKE_MEDIA = ["--use-fake-device-for-media-stream=fps=5", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"]
SIZES = {"kiosk": (1080, 1920), "laptop": (1366, 768), "phone": (390, 844)}
TICKET = {"token": "t", "signalling_url": "ws://127.0.0.1:9/signal", "participant_id": "p"}
SCRIPTED_SEAT = """
export class Seat extends EventTarget {
  constructor(options) { super(); this.options = options; window.seats = [...(window.seats || []), this]; document.documentElement.dataset.seated = ""; }
  async start() { await this.options.ticket(); this.tell("connection", { state: "connected", message: "" }); }
  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
  hangUp() { window.hungUp = true; return true; }
  close() { this.closed = true; }
  leave() {} mark() {} mute() {}
}
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KioskOffice]:
    started = KioskOffice(tmp_path_factory.mktemp("kiosk"))
    try:
        started.start()
        yield started
    finally:
        started.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox", *FAKE_MEDIA])
        yield started
        started.close()


@pytest.fixture
def context(office: KioskOffice, browser: Browser) -> Iterator[BrowserContext]:
    """A kiosk's browser: touch, not yet enrolled; nothing may be wrong in its console."""
    office.clear()
    made = browser.new_context(
        viewport={"width": 1080, "height": 1920}, has_touch=True, permissions=["camera", "microphone"]
    )
    made.set_default_timeout(20_000)
    made.add_init_script("""
      window.asked = [];
      const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = (wish) => { window.asked.push(Boolean(wish.video)); return get(wish); };
    """)
    yield made
    made.close()


@pytest.fixture
def page(office: KioskOffice, context: BrowserContext) -> Iterator[Page]:
    """An enrolled kiosk on its first page; a fault in a script fails the test."""
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    enrol(opened, office.enrolment_url())
    opened.goto(f"{office.url}/kiosk")
    expect(opened.locator("h1")).to_contain_text("您有什么事")
    yield opened
    assert faults == []


def enrol(page: Page, url: str) -> None:
    page.goto(url)
    page.tap("#enrol")
    expect(page.locator("#done")).to_contain_text("登记好了")





def sit_down(page: Page, consent: str = "video") -> None:
    """From the first page into the queue, typed with the keys on the screen."""
    begin(page, consent)
    press(page, "h", "e", "何", "s", "h", "o", "u", "守")
    do(page, "next")
    press(page, *"13800001234")
    do(page, "next")
    into_the_queue(page)
    screen(page, "waiting")


def stored(office: KioskOffice) -> Reception:
    with office.store.read() as session:
        return office.reception(session)


def sign_name(page: Page) -> None:
    box = page.locator("canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    for step in range(20):
        page.mouse.move(box["x"] + 100 + 20 * step, box["y"] + 100 + 60 * (step % 3))
    page.mouse.up()


def read_record(page: Page, sentences: int) -> None:
    """Says of each sentence that it is right."""
    for number in range(1, sentences + 1):
        expect(page.locator('[data-fill="position"]')).to_have_text(f"第 {number} 句，共 {sentences} 句")
        do(page, "right")


def to_reading(office: KioskOffice, page: Page, **talk: Any) -> None:
    sit_down(page)
    office.leader_joins()
    office.talk_is_over(**talk)
    screen(page, "preparing")
    office.clerk_confirms()
    screen(page, "present")
    expect(page.locator("[data-part=people] li")).to_have_text([re.compile("您（信访人 何守）.*谈到结束"), re.compile("接访领导 周建国.*谈到结束")])
    do(page, "go")


def test_a_machine_without_key_says_what_to_do(office: KioskOffice, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{office.url}/kiosk")
    expect(page.locator("h1")).to_have_text("这台机器还没有登记")
    expect(page.locator(".k-keys button")).to_have_count(7)


def test_an_enrolment_link_works_once(office: KioskOffice, context: BrowserContext) -> None:
    page, url = context.new_page(), office.enrolment_url()
    enrol(page, url)
    page.tap("#open")
    expect(page.locator("#kiosk-name")).to_have_text("柳河镇 1 号机")
    page.goto(url)
    page.tap("#enrol")
    expect(page.locator("#trouble")).to_contain_text("用过或过期")
    page.goto(f"{office.url}/kiosk/enrol")
    expect(page.locator("#enrol")).to_be_disabled()


def test_sitting_down_keeps_what_was_typed_and_gets_a_number(office: KioskOffice, page: Page) -> None:
    begin(page)
    expect(page.locator('[data-do="next"]')).to_be_disabled()
    press(page, "h", "e", "何", "s", "h", "o", "u", "守", "t", "i", "a", "n", "田")
    do(page, "next")
    press(page, *"1380000")
    expect(page.locator('[data-part="hint"]')).to_have_text("还差 4 位，一共是 11 位")
    page.tap("#key-back")
    expect(page.locator('[data-part="typed"]')).to_have_text("何守田")
    do(page, "next")
    expect(page.locator('[data-part="typed"]')).to_have_text("1380000")
    press(page, *"1234")
    do(page, "next")
    into_the_queue(page)
    expect(page.locator('[data-fill="title"]')).to_have_text("何守田，您排上了")
    reception = stored(office)
    assert (reception.petitioner_name, reception.petitioner_phone) == ("何守田", "13800001234")
    assert reception.consent == "audio_video"
    expect(page.locator('[data-fill="number"]')).to_have_text(reception.number)
    page.reload()
    screen(page, "waiting")


def test_sound_only_never_opens_the_camera(office: KioskOffice, page: Page) -> None:
    sit_down(page, "audio")
    expect(page.locator('[data-part="no-picture"]')).to_be_visible()
    expect(page.locator("[data-part=meter] i")).to_have_count(8)
    assert page.evaluate("window.asked") == [False]
    assert stored(office).consent == "audio_only"
    page.evaluate("localStorage.clear()")
    page.reload()
    screen(page, "waiting")
    expect(page.locator("[data-part=meter] i")).to_have_count(8)
    assert page.evaluate("window.asked") == [False], "the office knows what was agreed to"


def test_leaving_the_queue_asks_and_wipes(office: KioskOffice, page: Page) -> None:
    sit_down(page)
    do(page, "leave")
    page.tap("#question-no")
    screen(page, "waiting")
    do(page, "leave")
    page.tap("#question-yes")
    screen(page, "welcome")
    assert stored(office).state == "abandoned"
    kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "何" not in kept
    assert "138" not in kept


@pytest.mark.slow
def test_paper_and_help_reach_the_staff(office: KioskOffice, page: Page) -> None:
    begin(page, "paper")
    expect(page.locator('[data-fill="called"]')).to_contain_text("已经告诉工作人员")
    with office.store.read() as session:
        clerk = Actor(name="陈晓", organization_id=office.ids["town"], organization_path="/", role=StaffRole.CLERK)
        assert help_calls(session, clerk, clock.now() - timedelta(minutes=1)) == ["柳河镇 1 号机"]
        assert session.scalars(select(Reception).where(Reception.state == "waiting")).all() == []
    assert page.evaluate("window.asked") == []


def test_speaking_shows_what_was_understood_before_it_is_used(page: Page) -> None:
    page.route("**/api/kiosk/hear?want=name", lambda route: route.fulfill(json={"text": "我叫何守田。", "digits": ""}))
    begin(page)
    do(page, "speak")
    expect(page.locator('[data-part="listening-left"]')).to_contain_text("还有 1")
    page.wait_for_timeout(600)  # somebody speaks
    do(page, "said")
    expect(page.locator('[data-part="heard-words"]')).to_have_text("何守田")
    expect(page.locator('[data-part="typed"]')).to_have_text("")
    do(page, "heard-yes")
    expect(page.locator('[data-part="typed"]')).to_have_text("何守田")


@pytest.mark.slow
def test_without_recognition_the_keys_still_work(page: Page) -> None:
    begin(page)
    press(page, "h", "e", "何")
    do(page, "speak")
    page.wait_for_timeout(600)  # somebody speaks
    do(page, "said")
    expect(page.locator('[data-part="hint"]')).to_have_text(re.compile("[\u4e00-\u9fff]{4,}"))
    expect(page.locator('[data-part="typed"]')).to_have_text("何")


@pytest.mark.slow
def test_a_rare_name_can_be_typed(page: Page) -> None:
    begin(page)
    press(page, "z", "h", "e")
    for _ in range(12):
        if page.get_by_role("button", name="喆", exact=True).count():
            break
        press(page, "更多的字")
    press(page, "喆")
    expect(page.locator('[data-part="typed"]')).to_have_text("喆")


@pytest.mark.slow
def test_a_server_that_is_away_is_told_and_nothing_is_lost(page: Page) -> None:
    sit_down(page)
    page.route("**/api/**", lambda route: route.abort())
    expect(page.locator("#offline")).to_contain_text("连不上")
    screen(page, "waiting")
    page.tap("#key-help")
    expect(page.locator("#toast")).to_contain_text("走到门口")
    page.unroute("**/api/**")
    expect(page.locator("#offline")).to_be_hidden(timeout=20_000)


def test_text_size_and_contrast_stay_after_a_reload(page: Page) -> None:
    page.tap("#key-text")
    page.tap("#key-contrast")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-text", "large")
    expect(page.locator("html")).to_have_attribute("data-contrast", "high")


def room(office: KioskOffice, **values: Any) -> dict[str, Any]:
    reception = stored(office)
    with office.store.read() as session:
        people = session.get_one(Reception, reception.id).participants
        seats = [
            {"participant_id": p.id, "role": p.role, "name": p.name, "connected": True, "slot": None} for p in people
        ]
    state = {"state": "running", "recording": True, "recording_trouble": "", "started_at": None, "seats": seats}
    return state | values


def caption(participant: str, number: int, text: str, *, final: bool = True) -> dict[str, Any]:
    utterance = {"id": f"u{number}", "participant_id": participant, "start": number, "end": number + 1, "text": text}
    return {"final": final, "utterance": utterance}


def test_the_talk_shows_captions_recording_and_ends_with_a_question(office: KioskOffice, page: Page) -> None:
    page.route("**/js/seat.js", lambda route: route.fulfill(content_type="text/javascript", body=SCRIPTED_SEAT))
    page.route("**/join", lambda route: route.fulfill(json=TICKET))
    page.route("**/end", lambda route: route.fulfill(status=202))
    page.reload()
    sit_down(page)
    office.leader_joins()
    screen(page, "talk")
    expect(page.locator("html[data-seated]")).to_be_attached()
    expect(page.locator('[data-part="rec"]')).to_be_hidden()
    tell = "([name, detail]) => window.seats.at(-1).tell(name, detail)"
    page.evaluate(tell, ["room", room(office, started_at="2020-01-01T00:00:00+00:00")])
    expect(page.locator('[data-part="rec"]')).to_contain_text("正在录音录像")
    me, leader = (seat["participant_id"] for seat in room(office)["seats"])
    page.evaluate(tell, ["caption", caption(leader, 1, "占了多少")])
    page.evaluate(tell, ["caption", caption(me, 2, "一亩", final=False)])
    expect(page.locator(".cap.now")).to_have_text("您 说一亩")
    page.evaluate(tell, ["caption", caption(me, 3, "一亩二分")])
    expect(page.locator(".cap")).to_have_text(["周建国 说占了多少", "您 说一亩二分"])
    page.evaluate(tell, ["connection", {"state": "reconnecting", "message": "线路断了", "seconds": 7}])
    expect(page.locator('[data-part="connection"]')).to_contain_text("线路断了 7 秒，正在接回来")
    page.evaluate(tell, ["connection", {"state": "connected", "message": "", "seconds": 9}])
    expect(page.locator('[data-part="connection"]')).to_be_hidden()
    expect(page.locator("#toast")).to_contain_text("刚才断了 9 秒")
    page.evaluate(tell, ["room", room(office, recording=False, recording_trouble="磁盘快满了")])
    expect(page.locator('[data-part="recording-trouble"]')).to_have_text("磁盘快满了")
    expect(page.locator('[data-part="rec"]')).to_be_hidden()
    do(page, "end")
    page.tap("#question-no")
    assert not page.evaluate("Boolean(window.hungUp)")
    do(page, "end")
    page.tap("#question-yes")
    screen(page, "preparing")
    assert page.evaluate("window.hungUp && window.seats.at(-1).closed")


def test_reading_disputing_signing_and_the_slip(office: KioskOffice, page: Page) -> None:
    to_reading(office, page)
    screen(page, "read")
    do(page, "right")
    do(page, "wrong")
    do(page, "save")
    expect(page.locator('[data-part="hint"]')).to_contain_text("请点一个原因")
    page.get_by_role("button", name="数字、日期不对").tap()
    do(page, "type")
    press(page, "y", "i", "一", "m", "u", "亩")
    do(page, "done")
    expect(page.locator('[data-part="note-box"]')).to_have_text("应该是：一亩")
    do(page, "save")
    expect(page.locator('[data-fill="position"]')).to_have_text("第 3 句，共 3 句")
    assert office.disputed() == ["数字、日期不对，应该是：一亩"], "the clerk has it while the person reads on"
    page.reload()
    expect(page.locator('[data-fill="position"]')).to_have_text("第 3 句，共 3 句")
    do(page, "wrong")
    page.get_by_role("button", name="还漏了话").tap()
    do(page, "save")
    expect(page.locator("h1")).to_have_text("有 2 句，等工作人员改")
    do(page, "again")
    do(page, "right")
    do(page, "right")
    do(page, "skip")
    expect(page.locator("h1")).to_have_text("有 1 句，等工作人员改")
    assert office.disputed() == ["还漏了话"], "the second one was right after all"
    office.clerk_corrects("补偿款三万六千八百元，一分没给。")
    screen(page, "read")
    expect(page.locator('[data-part="was"]')).to_have_text("原来记的：补偿款三万六千八一分没给。")
    expect(page.locator('[data-part="text"]')).to_have_text("补偿款三万六千八百元，一分没给。")
    do(page, "right")
    screen(page, "sign")
    expect(page.locator('[data-part="changes"] li')).to_have_text("第 3 句补偿款三万六千八百元，一分没给。")
    expect(page.locator('[data-do="sign"]')).to_be_disabled()
    do(page, "film")
    expect(page.locator('[data-fill="film"]')).to_have_text("正在录像，按这里就不录")
    sign_name(page)
    do(page, "clear")
    expect(page.locator('[data-do="sign"]')).to_be_disabled()
    sign_name(page)
    do(page, "sign")
    screen(page, "slip")
    code = page.locator('[data-fill="code"]').inner_text().replace(" ", "")
    assert code == stored(office).query_code
    with office.store.read() as session:
        record = session.scalars(select(VisitRecord).where(VisitRecord.reception_id == stored(office).id)).one()
        (signature,) = session.scalars(select(StoredSignature).where(StoredSignature.record_id == record.id))
    assert (signature.name, signature.way, len(signature.strokes), len(signature.strokes[0])) == ("何守", "handwritten", 1, 21)
    times = [point[2] for point in signature.strokes[0]]
    assert times == sorted(times)
    assert times[-1] > 0, "how it was drawn is kept, with its times"
    kept = office.settings.data_dir / "signing" / record.id / f"{signature.clip_sha256}.webm"
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == signature.clip_sha256
    do(page, "done")
    page.tap("#question-yes")
    screen(page, "welcome")
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


def test_a_sentence_is_played_from_its_place_and_stops_at_its_end(office: KioskOffice, page: Page) -> None:
    page.add_init_script("""
      window.played = [];
      const play = HTMLMediaElement.prototype.play;
      HTMLMediaElement.prototype.play = function () {
        if (this.src.includes("/recordings/")) { window.player = this; window.played.push(this.currentTime); }
        return play.call(this);
      };
    """)
    page.reload()
    to_reading(office, page)
    screen(page, "read")
    expect(page.locator('[data-do="listen"]')).to_be_disabled()
    do(page, "right")
    do(page, "listen")
    expect(page.locator(".rd").first).to_be_visible()
    expect(page.locator('[data-fill="listen"]')).to_have_text("再听一遍", timeout=15_000)
    start, end = 4.0, 4.0 + 0.2 * len("村里修路占了我家一亩二分地。")
    assert page.evaluate("window.played[0]") == pytest.approx(start, abs=0.05)
    assert end <= page.evaluate("window.player.currentTime") < end + 0.5
    assert page.evaluate("window.player.paused")


@pytest.mark.slow
def test_refusing_needs_a_reason_and_the_matter_goes_on(office: KioskOffice, page: Page) -> None:
    to_reading(office, page)
    read_record(page, 3)
    do(page, "refuse")
    do(page, "save")
    expect(page.locator('[data-part="hint"]')).to_contain_text("请点一个原因")
    page.get_by_role("button", name="想先和家里人商量").tap()
    do(page, "save")
    screen(page, "slip")
    with office.store.read() as session:
        record = session.scalars(select(VisitRecord).where(VisitRecord.reception_id == stored(office).id)).one()
    assert record.refusal_reason == "想先和家里人商量"


@pytest.mark.slow
def test_what_was_changed_meanwhile_is_shown_again_before_it_is_signed(office: KioskOffice, page: Page) -> None:
    to_reading(office, page)
    read_record(page, 3)
    with office.store.write() as session:
        record = session.scalars(select(VisitRecord).where(VisitRecord.reception_id == stored(office).id)).one()
        line = session.scalars(select(Line).where(Line.record_id == record.id).order_by(Line.position)).all()[1]
        line.text, line.version, record.version = "改过的一句。", line.version + 1, record.version + 1
    sign_name(page)
    do(page, "sign")
    screen(page, "read")
    expect(page.locator('[data-part="text"]')).to_have_text("改过的一句。")
    assert office.record_state() == "confirmed", "what is signed is what was read"
    do(page, "right")
    screen(page, "sign")
    sign_name(page)
    do(page, "sign")
    screen(page, "slip")


@pytest.mark.slow
def test_what_was_not_recorded_and_what_was_undertaken_is_told_before_signing(office: KioskOffice, page: Page) -> None:
    to_reading(office, page, gap=True)
    read_record(page, 3)
    screen(page, "summary")
    expect(page.locator("h1")).to_have_text("有几段没有录上")
    do(page, "go")
    expect(page.locator("h1")).to_have_text("领导当场答应了 1 件事")
    expect(page.locator("[data-part=list] li")).to_have_text(["镇政府拿出处理意见（五个工作日内）"])
    do(page, "go")
    screen(page, "sign")


WIDE = """() => [...document.querySelectorAll('body *')].filter((node) => {
  const box = node.getBoundingClientRect();
  return box.width && !node.closest('svg, video') && (box.right > innerWidth + 1 || box.left < -1);
}).map((node) => node.tagName + '.' + node.className + ' ' + (node.dataset.fill || node.textContent.trim()))"""


def fits(page: Page) -> None:
    """Nothing sticks out at the side once a changed size has settled."""
    with suppress(PageTimeout):
        page.wait_for_function(f"() => !({WIDE})().length", timeout=3000)
    assert page.evaluate(WIDE) == []


@pytest.mark.parametrize("size", SIZES)
def test_every_screen_fits(office: KioskOffice, page: Page, size: str) -> None:
    """Nothing sticks out at the side, and the five keys are on the page."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    for action in ("start", "talk", "video"):
        fits(page)
        do(page, action)
    fits(page)
    press(page, "h", "e", "何")
    do(page, "next")
    do(page, "skip")
    fits(page)
    into_the_queue(page)
    screen(page, "waiting")
    fits(page)
    for key in page.locator(".k-keys button").all():
        expect(key).to_be_in_viewport(ratio=1)
    least = min(key.bounding_box()["height"] for key in page.locator(".k-keys button").all())  # type: ignore[index]
    assert least >= 44


def test_pages_answer_with_the_shell_only(office: KioskOffice) -> None:
    with httpx.Client(base_url=office.url, trust_env=False) as client:
        answer = client.get("/kiosk")
        assert answer.status_code == 200
        assert not re.search(r"<script(?![^>]*(?:src=|application/json))", answer.text), "the policy allows no inline script"
        hostile = client.get("/kiosk/enrol", params={"code": '"><script>'})
        assert '"><script>' not in hostile.text
        assert client.get("/kiosk/enrol", params={"code": "x" * 201}).status_code == 422


def idle_for(page: Page, seconds: int) -> None:
    """Nobody touches the page; its own clock is moved on, its timers run."""
    page.clock.run_for(seconds * 1000)


@pytest.mark.slow
def test_a_person_who_walked_away_from_the_record_leaves_nothing_on_the_screen(office: KioskOffice, page: Page) -> None:
    page.clock.install()
    page.reload()
    to_reading(office, page)
    screen(page, "read")
    do(page, "right")
    idle_for(page, 190)
    expect(page.locator("#away")).to_contain_text("先锁上")
    idle_for(page, 30)
    expect(page.locator("#away-left")).to_have_text(re.compile(r"^[56]\d$"))
    page.touchscreen.tap(500, 300)
    expect(page.locator("#away")).to_be_hidden()
    screen(page, "read")
    idle_for(page, 190)
    expect(page.locator("#away")).to_be_visible()
    idle_for(page, 95)
    screen(page, "locked")
    assert office.record_state() == "confirmed"
    expect(page.locator("#main")).not_to_contain_text("村里修路")
    page.reload()
    screen(page, "locked")
    expect(page.locator('[data-do="open"]')).to_be_disabled()
    press(page, *"0000")
    do(page, "open")
    expect(page.locator('[data-part="hint"]')).to_contain_text("还可以试 4 次")
    press(page, *"1234")
    do(page, "open")
    screen(page, "read")
    expect(page.locator('[data-fill="position"]')).to_have_text("第 2 句，共 3 句")


@pytest.mark.slow
def test_a_record_that_is_ready_after_its_person_left_is_shown_to_nobody_else(office: KioskOffice, page: Page) -> None:
    sit_down(page)
    office.leader_joins()
    office.talk_is_over()
    screen(page, "preparing")
    expect(page.locator('[data-fill="code"]')).to_be_visible()
    with office.store.write() as session:
        office.reception(session).ended_at = clock.now() - timedelta(minutes=6)
    expect(page.locator('[data-fill="code"]')).to_be_hidden()
    page.tap("#main")
    office.clerk_confirms()
    screen(page, "locked")
    do(page, "other")
    page.tap("#question-yes")
    screen(page, "welcome")
    assert office.record_state() == "confirmed"


@pytest.mark.slow
def test_the_record_is_read_and_signed_on_a_telephone_by_a_link(office: KioskOffice, page: Page, browser: Browser) -> None:
    to_reading(office, page)
    link = office.link()
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, permissions=["microphone"])
    phone = context.new_page()
    phone.goto(link.url)
    phone.fill("#digits", "9999")
    do(phone, "open")
    expect(phone.locator('[data-part="trouble"]')).to_contain_text("对不上")
    phone.fill("#digits", "1234")
    do(phone, "open")
    screen(phone, "present")
    fits(phone)
    assert faults(phone) == []
    do(phone, "go")
    do(phone, "wrong")
    fits(phone)
    assert faults(phone) == []
    do(phone, "type")
    phone.fill("#typing", "您今天来反映什么事？")
    do(phone, "done")
    do(phone, "save")
    expect(phone.locator('[data-fill="position"]')).to_have_text("第 2 句，共 3 句")
    assert office.disputed() == ["应该是：您今天来反映什么事？"]
    fits(phone)
    assert faults(phone) == []
    do(phone, "wrong")
    do(phone, "speak")
    expect(phone.locator('[data-fill="speak"]')).to_contain_text("正在听")
    phone.wait_for_timeout(600)  # somebody speaks
    do(phone, "speak")
    expect(phone.locator('[data-part="note-box"]')).to_contain_text("工作人员会听您说的")
    do(phone, "save")
    expect(phone.locator('[data-fill="position"]')).to_have_text("第 3 句，共 3 句")
    assert office.disputed()[1] == "说了一遍，没有认出字来，请听", "nobody recognises speech here: what was said is kept all the same"
    do(phone, "right")
    screen(phone, "fixing")
    fits(phone)
    assert faults(phone) == []
    office.clerk_corrects("您今天来反映什么事？")
    screen(phone, "read")
    expect(phone.locator('[data-part="was"] del')).to_have_text("要")
    fits(phone)
    assert faults(phone) == []
    do(phone, "right")
    do(phone, "right")
    screen(phone, "sign")
    fits(phone)
    assert faults(phone) == []
    sign_name(phone)
    do(phone, "sign")
    screen(phone, "done")
    assert faults(phone) == []
    expect(phone.locator('[data-fill="code"]')).to_have_text(re.compile("^[A-Z0-9 ]{11}$"))
    context.close()
    screen(page, "slip")


def by_key(page: Page, name: str) -> None:
    """Go from key to key until the one with these words has the focus, and press it; as with a switch."""
    for _ in range(40):
        words = page.evaluate("document.activeElement === document.body ? '' : document.activeElement.innerText.trim()")
        if words == name:
            visible = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert visible != "none", "the focus can be seen"
            page.keyboard.press("Space")
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached")


@pytest.mark.slow
def test_the_record_is_read_objected_to_and_refused_by_keys_alone(office: KioskOffice, page: Page) -> None:
    to_reading(office, page)
    assert faults(page) == []
    by_key(page, "对")
    by_key(page, "听当时说的")
    by_key(page, "不对")
    assert faults(page) == []
    by_key(page, "打字")
    screen(page, "typing")
    assert faults(page) == []
    page.keyboard.type("yi")
    by_key(page, "已")
    expect(page.locator('[data-part="typed"]')).to_have_text("已")
    by_key(page, "打好了")
    by_key(page, "告诉工作人员")
    expect(page.locator('[data-fill="position"]')).to_have_text("第 3 句，共 3 句")
    by_key(page, "对")
    screen(page, "fixing")
    office.clerk_corrects("村里修路占了我家已有的地。")
    screen(page, "read")
    by_key(page, "对")
    screen(page, "sign")
    assert faults(page) == []
    by_key(page, "录下签名的样子（可以不录）")
    expect(page.locator('[data-fill="film"]')).to_have_text("正在录像，按这里就不录")
    by_key(page, "正在录像，按这里就不录")
    expect(page.locator('[data-fill="film"]')).to_have_text("录下签名的样子（可以不录）")
    by_key(page, "我不签")
    assert faults(page) == []
    by_key(page, "想等处理结果")
    by_key(page, "记上，不签了")
    screen(page, "slip")


def answered_letter(office: KioskOffice) -> str:
    """A letter that the town answered; its query code."""
    with office.store.write() as session:
        leader = Actor(name="周建国", organization_id=office.ids["county"], organization_path="/", role=StaffRole.LEADER, user_id=office.ids["leader"])
        day = clock.today_in_office().date()
        new = NewMatter(channel="letter", received_on=day, name="何守田", phone="13800004321", statement="补偿款没给。", purpose="request")
        case, _ = registering.register(session, leader, new)
        orders = ((Step.ASSIGN, {"units": [UnitOrder(organization_id=office.ids["town"])]}), (Step.ACCEPT, {}), (Step.REPLY, {"text": "补发了。"}),
                  (Step.DELIVER, {"day": day, "how": "当面"}))  # fmt: skip
        for step, order in orders:
            flow.take(session, leader, case, step, StepOrder(version=case.version, **order))
        return case.query_code or ""


@pytest.mark.slow
def test_how_far_a_matter_has_come_is_asked_rated_and_disputed_at_the_kiosk_and_at_home(
    office: KioskOffice, page: Page, browser: Browser
) -> None:
    code = answered_letter(office)
    do(page, "start")
    do(page, "progress")
    screen(page, "progress")
    assert faults(page) == []
    page.keyboard.type(code.lower())
    page.keyboard.press("Enter")
    press(page, *"4321")
    do(page, "next")
    screen(page, "progress-result")
    expect(page.locator(".now")).to_contain_text("柳河镇已经出了处理意见书。")
    page.locator(".choice", has_text="不满意").first.tap()
    page.get_by_role("button", name="评好了").first.tap()
    expect(page.locator('[data-part="said"]')).to_contain_text("记下了")
    assert faults(page) == []
    do(page, "done")
    screen(page, "welcome")
    assert "柳河镇已经" not in page.content()

    phone = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    phone.goto(f"{office.url}/progress")
    phone.keyboard.press("Tab")
    phone.fill("#code", code)
    phone.fill("#phone_last4", "4321")
    phone.keyboard.press("Enter")
    expect(phone.locator("#result h1")).to_be_focused()
    assert "不满意" not in phone.locator(".rate .done").inner_text()
    phone.click("details.why summary")
    phone.get_by_role("button", name="申请复查").click()
    expect(phone.locator(".now")).to_contain_text("您申请了复查，青山县信访局收到了")
    assert faults(phone) == []
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
