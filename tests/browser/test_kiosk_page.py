"""The kiosk's screens in a real Chromium against the real web program, by touch alone.

No media node runs here: the talk's screen is driven by a scripted seat, the talk itself is in the walk.
"""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from kiosk.checks.sound import SoundFault
from server import clock
from server.domain.flow import Step
from server.domain.states import StaffRole
from server.protocol.flow import NewMatter, StepOrder, UnitOrder
from server.reception.matter import flow, registering
from server.store.access import Actor
from server.store.models import Reception
from server.store.receptions import help_calls
from tests.browser.accessible import faults
from tests.browser.every_screen import DOOR
from tests.browser.kiosk_hands import begin, do, into_the_queue, press, screen
from tests.browser.kiosk_office import KioskOffice
from tests.browser.kiosk_page import (  # noqa: F401 fixtures
    SCRIPTED_SEAT,
    browser,
    context,
    enrol,
    fits,
    office,
    page,
    sit_down,
    stored,
)
from tests.browser.passing import said_in_passing
from tests.browser.programs import wait_until
from tests.browser.scripted_program import Program

pytestmark = pytest.mark.browser

SIZES = {"kiosk": (1080, 1920), "laptop": (1366, 768), "phone": (390, 844)}
TICKET = {"token": "t", "signalling_url": "ws://127.0.0.1:9/signal", "participant_id": "p"}
QUIET_MICROPHONE = """() => {
  const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await get(wish);
    if (!wish.audio) return stream;
    const context = new AudioContext();
    const [voice, faint, heard] = [new OscillatorNode(context), new GainNode(context, { gain: 0.02 }), new MediaStreamAudioDestinationNode(context)];
    voice.connect(faint).connect(heard);
    voice.start();
    return new MediaStream([...stream.getVideoTracks(), ...heard.stream.getAudioTracks()]);
  };
}"""
"""Somebody who speaks, but too far away: between what the meter calls faint and clear."""
LEFT_MS = 180_000
"""Untouched for 20 s, three looks of 5 s, 30 s of warning: by the page's own clock."""


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
    wait_until(lambda: stored(office).state == "abandoned", "the office knows that they left")
    kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    assert "何" not in kept
    assert "138" not in kept
    page.clock.install()
    page.reload()
    sit_down(page)
    page.clock.fast_forward(600_000)
    expect(page.locator("#away")).to_be_hidden()
    page.clock.fast_forward(610_000)
    expect(page.locator("#away")).to_contain_text("今天就不等了")
    page.clock.run_for(125_000)
    screen(page, "welcome")
    wait_until(lambda: stored(office).state == "abandoned", "who left the room waits no longer")


def nobody_touches(page: Page, seconds: int) -> None:
    """Their own clock moves on, and the page's timers run; what is read aloud has been heard by then."""
    page.evaluate("async () => (await import('/static/js/kiosk/voice.js')).stop()")
    page.clock.run_for(seconds * 1000)


@pytest.mark.slow
def test_what_somebody_typed_is_gone_when_the_next_one_comes(page: Page) -> None:
    page.clock.install()
    page.reload()
    page.tap("#key-text")
    page.tap("#key-contrast")
    begin(page)
    press(page, "h", "e", "何")
    page.tap("#key-back")
    screen(page, "notice")
    nobody_touches(page, 185)
    expect(page.locator("#away")).to_contain_text("免得别人看见")
    nobody_touches(page, 95)
    screen(page, "welcome")
    expect(page.locator("html:not([data-text]):not([data-contrast])")).to_be_attached()
    begin(page)
    expect(page.locator('[data-part="typed"]')).to_have_text("")
    for _ in range(2):
        page.tap("#key-back")
    screen(page, "choose")
    nobody_touches(page, 185)
    expect(page.locator("#away")).to_be_hidden()
    screen(page, "welcome")
    page.tap("#key-text")
    page.tap("#key-louder")
    nobody_touches(page, 185)
    expect(page.locator("html:not([data-text])")).to_be_attached()
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


@pytest.mark.nightly
def test_who_is_not_in_the_picture_any_more_is_asked_and_then_forgotten(page: Page) -> None:
    program = Program()
    page.route("**/api/kiosk/devices", lambda route: route.fulfill(json={"url": DOOR, "secret": "s" * 43}))
    page.route_web_socket(DOOR, program.opened)
    page.reload()
    begin(page)
    do(page, "type")
    press(page, "h", "e", "何")
    program.somebody = False
    expect(page.locator("#away")).to_contain_text("免得别人看见", timeout=LEFT_MS)
    program.somebody = True
    expect(page.locator("#away")).to_be_hidden(timeout=LEFT_MS)
    expect(page.locator('[data-part="typed"]')).to_have_text("何")
    program.somebody = False
    expect(page.locator("#away")).to_be_visible(timeout=LEFT_MS)
    expect(page.locator("body")).to_have_attribute("data-screen", "welcome", timeout=LEFT_MS)
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


@pytest.mark.slow
def test_a_booking_that_somebody_opened_is_not_taken_by_the_next(page: Page) -> None:
    booked = {"time": "今天 10:20", "leader": "周建国", "name": "何守田", "matter": "补偿款没给。"}
    page.route("**/api/kiosk/booking?*", lambda route: route.fulfill(json=booked))
    page.clock.install()
    page.reload()
    do(page, "start")
    do(page, "progress")
    page.keyboard.type("abcdefgh")
    do(page, "next")
    press(page, *"4321")
    do(page, "next")
    do(page, "begin")
    screen(page, "notice")
    nobody_touches(page, 185)
    expect(page.locator("#away")).to_be_visible()
    nobody_touches(page, 95)
    screen(page, "welcome")
    do(page, "start")
    do(page, "talk")
    do(page, "video")
    expect(page.locator('[data-part="typed"]')).to_have_text("")


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
    expect(page.locator('[data-part="listening-left"]')).to_have_text(re.compile(r"还有 \d+ 秒"))
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
    said_in_passing(page, "走到门口")
    page.unroute("**/api/**")
    expect(page.locator("#offline")).to_be_hidden()


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


def caption(participant: str, number: int, text: str, *, final: bool = True, doubts: tuple[str, ...] = ()) -> dict[str, Any]:
    utterance = {"id": f"u{number}", "participant_id": participant, "start": number, "end": number + 1, "text": text, "doubt": list(doubts)}
    return {"final": final, "utterance": utterance}


def test_the_talk_shows_captions_recording_and_ends_with_a_question(office: KioskOffice, page: Page) -> None:
    page.route("**/js/seat.js", lambda route: route.fulfill(content_type="text/javascript", body=SCRIPTED_SEAT))
    page.route("**/join", lambda route: route.fulfill(json=TICKET))
    page.route("**/end", lambda route: route.fulfill(status=202))
    page.reload()
    page.evaluate(QUIET_MICROPHONE)
    sit_down(page)
    office.leader_joins()
    screen(page, "talk")
    expect(page.locator("html[data-seated]")).to_be_attached()
    expect(page.locator('[data-part="level"]')).to_have_text("请坐近一点")
    expect(page.locator('[data-part="rec"]')).to_be_hidden()
    tell = "([name, detail]) => window.seats.at(-1).tell(name, detail)"
    page.evaluate(tell, ["room", room(office, started_at="2020-01-01T00:00:00+00:00")])
    expect(page.locator('[data-part="rec"]')).to_contain_text("正在录音录像")
    me, leader = (seat["participant_id"] for seat in room(office)["seats"])
    own, leads = room(office)["seats"]
    clerk = {"participant_id": "c1", "role": "clerk", "name": "林晓", "connected": True, "slot": 1}
    large, others = page.locator('[data-part="leader-name"]'), page.locator('[data-part="others"] figcaption')
    for here, name, small in (
        ((clerk,), "林晓", []), ((clerk, leads), "周建国", ["接谈员 林晓"]),
        ((clerk | {"connected": False}, leads), "周建国", ["林晓 线路断了"]),
        ((clerk, leads | {"connected": False}), "周建国", ["接谈员 林晓"]),
    ):  # fmt: skip
        page.evaluate(tell, ["room", room(office, started_at="2020-01-01T00:00:00+00:00", seats=[own, *here])])
        expect(large).to_contain_text(name)
        expect(others).to_have_text(small)
    expect(page.locator('[data-part="stage-words"]')).to_contain_text("领导那边的线路断了")
    page.evaluate(tell, ["room", room(office, started_at="2020-01-01T00:00:00+00:00")])
    page.evaluate(tell, ["caption", caption(leader, 1, "占了多少")])
    page.evaluate(tell, ["caption", caption(me, 2, "一亩", final=False)])
    expect(page.locator(".cap.now")).to_have_text("您 说一亩")
    page.evaluate(tell, ["caption", caption(me, 3, "一亩二分")])
    said = ["周建国 说占了多少", "您 说一亩二分"]
    expect(page.locator(".cap")).to_have_text(said)
    for late in (caption(leader, 5, "一亩二分", doubts=("echo",)), caption(leader, 4, "一亩二分")):
        page.evaluate(tell, ["caption", late])
    expect(page.locator(".cap")).to_have_text([*said, "周建国 说一亩二分"])
    page.evaluate(tell, ["caption", caption(leader, 4, "一亩二分", doubts=("echo",))])
    expect(page.locator(".cap")).to_have_text(said)
    page.evaluate("() => { window.marks = 0; window.seats.at(-1).mark = () => { window.marks += 1; return true; }; }")
    page.evaluate("() => { const key = document.querySelector('[data-do=mark]'); key.click(); setTimeout(() => key.click()); }")
    page.evaluate(tell, ["marked", {"participant_id": me}])
    said_in_passing(page, "先听您这里说的")
    assert page.evaluate("window.marks") == 1, "a key that is pressed again at once means the same"
    page.evaluate(tell, ["connection", {"state": "reconnecting", "message": "线路断了", "seconds": 7}])
    expect(page.locator('[data-part="connection"]')).to_contain_text("线路断了 7 秒，正在接回来")
    page.evaluate(tell, ["connection", {"state": "connected", "message": "", "seconds": 9}])
    expect(page.locator('[data-part="connection"]')).to_be_hidden()
    said_in_passing(page, "刚才断了 9 秒")
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


@pytest.mark.nightly
def test_the_talk_says_what_the_program_makes_of_the_voice(office: KioskOffice, page: Page) -> None:
    program = Program()
    page.route("**/js/seat.js", lambda route: route.fulfill(content_type="text/javascript", body=SCRIPTED_SEAT))
    page.route("**/join", lambda route: route.fulfill(json=TICKET))
    page.route_web_socket(DOOR, program.opened)
    page.reload()
    page.evaluate(QUIET_MICROPHONE)
    sit_down(page)
    page.route("**/api/kiosk/devices", lambda route: route.fulfill(json={"url": DOOR, "secret": "s" * 43}))
    office.leader_joins()
    screen(page, "talk")
    level = page.locator('[data-part="level"]')
    for program.voice, words in (
        (SoundFault.QUIET, "请坐近一点，听不清"), (SoundFault.NOISY, "屋里太吵，请关上门窗"), (SoundFault.CLIPPING, "声音太大，请往后坐"),
    ):  # fmt: skip
        expect(level).to_have_text(words)
        expect(level).to_have_class("level warn")
        for width, height in SIZES.values():
            page.set_viewport_size({"width": width, "height": height})
            expect(level).to_be_in_viewport(ratio=1)
            fits(page)


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
