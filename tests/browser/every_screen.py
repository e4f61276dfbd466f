"""A walk that puts up every screen of the kiosk, one after the other, with the kiosk's program and its card reader played here."""

import re
from collections.abc import Iterator
from datetime import timedelta

from playwright.sync_api import Browser, BrowserContext, Page, expect

from server import clock
from server.domain.flow import Step
from server.domain.states import StaffRole
from server.protocol.flow import NewMatter, StepOrder, UnitOrder
from server.reception.matter import flow, registering
from server.store.access import Actor
from server.store.models import Kiosk, ReceptionDay
from tests.browser.kiosk_hands import (
    begin,
    do,
    draw_a_name,
    form_to_sign,
    into_the_queue,
    next_question,
    press,
    read_record,
    screen,
)
from tests.browser.kiosk_office import SAID, KioskOffice
from tests.browser.scripted_program import UNDERSTOOD, Program
from tests.patience import PATIENCE_MS

DOOR = "ws://127.0.0.1:8610/"
SEAT = """
export class Seat extends EventTarget {
  constructor(options) { super(); this.options = options; window.seat = this; }
  async start() { await this.options.ticket(); }
  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
  hangUp() { return true; }
  close() {}
}
"""
SHOWN = """
([id, shade, hands]) => { // somebody's picture, as a drawing
  window.drawn = (shade, hands) => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 960, height: 540 });
    const pen = canvas.getContext("2d");
    const disc = (x, y, wide, high) => { pen.beginPath(); pen.ellipse(x, y, wide, high, 0, 0, 7); pen.fill(); };
    const draw = () => {
      [pen.fillStyle] = [shade]; pen.fillRect(0, 0, 960, 540);
      pen.fillStyle = "#26302f"; disc(480, 560, 260, 200);
      pen.fillStyle = "#d9b99b"; disc(480, 220, 95, 120);
      if (hands) { disc(70, 380, 46, 52); disc(890, 380, 46, 52); }
    };
    draw();
    setInterval(draw, 300);
    return canvas.captureStream(5);
  };
  window.seat.tell("stream", { participantId: id, stream: window.drawn(shade, hands) });
}
"""
TICKET = {"token": "t", "signalling_url": "ws://127.0.0.1:9/signal", "participant_id": "p"}
BOOKED = {"time": "今天 10:20", "leader": "周建国", "name": "何守田", "matter": "修路占了我家的地，补偿款没给。"}
BOOKING = re.compile(r"/api/kiosk/booking\?")
REMEMBERED_CODE = "#main [data-part=keyboard] button"


def kiosk_context(browser: Browser) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1080, "height": 1920}, has_touch=True, permissions=["camera", "microphone"])
    context.set_default_timeout(PATIENCE_MS)
    return context


def kiosk_page(office: KioskOffice, browser: Browser, program: Program) -> Page:
    """An enrolled kiosk on its first page, whose slips carry a telephone number."""
    with office.store.write() as session:
        session.get_one(Kiosk, office.ids["kiosk"]).phone = "0812-2345678"
    page = kiosk_context(browser).new_page()
    page.route("**/js/seat.js", lambda route: route.fulfill(content_type="text/javascript", body=SEAT))
    page.route("**/join", lambda route: route.fulfill(json=TICKET))
    page.route("**/api/kiosk/devices", lambda route: route.fulfill(json={"url": DOOR, "secret": "s" * 43}))
    page.route("**/api/kiosk/hear*", lambda route: route.fulfill(json={"text": UNDERSTOOD, "digits": ""}))
    page.route_web_socket(DOOR, program.opened)
    page.goto(office.enrolment_url())
    page.tap("#enrol")
    expect(page.locator("#done")).to_contain_text("登记好了")
    page.goto(f"{office.url}/kiosk")
    return page


def earlier_matter(office: KioskOffice) -> str:
    """A letter that the town answered; its query code."""
    with office.store.write() as session:
        leader = Actor(name="周建国", organization_id=office.ids["county"], organization_path="/", role=StaffRole.LEADER, user_id=office.ids["leader"])
        day = clock.today_in_office().date()
        new = NewMatter(channel="letter", received_on=day, name="何守田", phone="13800004321", statement="补偿款没给。", purpose="request")
        case, _ = registering.register(session, leader, new)
        orders = ((Step.ASSIGN, {"units": [UnitOrder(organization_id=office.ids["town"])]}), (Step.ACCEPT, {}), (Step.REPLY, {"text": "补发了。"}))
        for step, order in orders:
            flow.take(session, leader, case, step, StepOrder(version=case.version, **order))
        return case.query_code or ""


def out_of_order(office: KioskOffice, browser: Browser) -> Iterator[tuple[str, Page]]:
    """A machine that nobody enrolled, and one whose own program is there while the office is not."""
    page = kiosk_context(browser).new_page()
    page.goto(f"{office.url}/kiosk")
    screen(page, "unenrolled")
    yield "unenrolled", page
    served = page.context.request.get(f"{office.url}/kiosk").text().replace("<html ", '<html data-agent="1" ', 1)
    page.route("**/kiosk", lambda route: route.fulfill(content_type="text/html", body=served))
    page.route("**/api/**", lambda route: route.abort())
    page.reload(wait_until="commit")
    screen(page, "closed")
    yield "closed", page
    page.context.close()


def away(page: Page) -> Iterator[tuple[str, Page]]:
    """The question whether somebody is still there."""
    page.evaluate("async () => { (await import('/static/js/kiosk/away.js')).stillThere('没有人碰屏幕的话，这一页会擦掉，免得别人看见。', 600); }")
    yield "away", page
    if page.locator("#away[open]").count():  # any key ends it as well
        page.tap("#away-stay")


def asking(office: KioskOffice, page: Page, program: Program) -> Iterator[tuple[str, Page]]:
    """What is asked without a talk: how a matter stands, a rating, a booking."""
    code = earlier_matter(office)
    yield "welcome", page
    do(page, "start")
    yield "choose", page
    do(page, "rate")
    page.keyboard.type(code.lower())
    yield "code", page
    do(page, "next")
    press(page, *"4321")
    yield "digits", page
    do(page, "next")
    screen(page, "progress-result")
    yield "progress-result", page
    do(page, "done")
    screen(page, "welcome")
    page.route(BOOKING, lambda route: route.fulfill(json=BOOKED))
    do(page, "start")
    do(page, "progress")
    page.keyboard.type(code.lower())
    do(page, "next")
    press(page, *"4321")
    do(page, "next")
    screen(page, "booked")
    yield "booked", page
    page.unroute(BOOKING)
    do(page, "done")
    screen(page, "welcome")
    yield from another_day(office, page)


def another_day(office: KioskOffice, page: Page) -> Iterator[tuple[str, Page]]:
    """Somebody books a leader's day."""
    enter_days(office, 4)
    do(page, "start")
    expect(page.locator('[data-do="another"]')).to_be_visible()
    yield "choose-another", page
    do(page, "another")
    expect(page.locator(".want.day")).to_have_count(4)
    yield "days", page
    page.locator(".want.day").nth(1).tap()
    screen(page, "times")
    yield "times", page
    page.locator("[data-part=times] button").first.tap()
    screen(page, "identity")
    page.keyboard.type("he")
    page.locator(".cands button").first.tap()
    do(page, "next")
    press(page, *"13800001234")
    yield "another-phone", page
    do(page, "next")
    page.keyboard.type("dibao")
    while page.locator(".cands button").count():
        page.locator(".cands button").first.tap()
    yield "another-matter", page
    do(page, "next")
    screen(page, "made")
    yield "made", page
    do(page, "done")
    page.tap("#question-yes")
    screen(page, "welcome")


def enter_days(office: KioskOffice, count: int) -> None:
    """So many days from tomorrow on, of two leaders, by video and face to face in turn."""
    with office.store.write() as session:
        for n in range(count):
            leader, charge, place = (("leader", "自然资源、城乡建设", ""), ("other_leader", "教育、卫生健康、民政", "县信访局一楼接访室"))[n % 2]
            session.add(
                ReceptionDay(
                    organization_id=office.ids["county"], leader_id=office.ids[leader], on_day=clock.today() + timedelta(days=n + 1),
                    kind="on_site" if n % 2 else "video", begins=540, slots=4, slot_minutes=30, place=place, charge=charge,
                    state="planned", version=1, author="x", made_at=clock.now(),
                )
            )  # fmt: skip


def alone(office: KioskOffice, page: Page, program: Program) -> Iterator[tuple[str, Page]]:
    """语音自助登记: asked by the kiosk, answered, photographed, signed."""
    do(page, "start")
    do(page, "alone")
    yield "alone-notice", page
    do(page, "video")
    screen(page, "card")
    yield "alone-card", page
    do(page, "type")
    screen(page, "alone-question")
    yield "alone-question", page
    do(page, "speak")
    expect(page.locator("[data-part=listening]")).to_be_visible()
    yield "alone-speaking", page
    do(page, "speak")
    expect(page.locator("[data-part=said] li")).to_contain_text(UNDERSTOOD)
    yield "alone-answered", page
    do(page, "phone")
    press(page, *"13800001234")
    yield "alone-phone", page
    do(page, "done")
    yield from away(page)
    do(page, "type")
    screen(page, "typing")
    yield "alone-typing", page
    do(page, "cancel")
    while "第 8 项" not in page.locator("[data-fill=position]").inner_text():  # the one about papers
        next_question(page)
    do(page, "photo")
    screen(page, "alone-photo")
    page.wait_for_function("() => document.querySelector('[data-part=live]').videoWidth > 0")
    do(page, "shoot")
    expect(page.locator("[data-part=hint]")).to_contain_text("没有找到纸")
    program.paper = True
    do(page, "shoot")
    expect(page.locator("[data-part=photos] li")).to_have_count(1)
    yield "alone-photo", page
    program.paper = False
    do(page, "done")
    next_question(page)
    screen(page, "alone-review")
    yield "alone-review", page
    do(page, "sign")
    screen(page, "alone-sign")
    yield "alone-sign", page
    do(page, "unsigned")
    screen(page, "alone-slip")
    yield "alone-slip", page
    do(page, "done")
    page.tap("#question-yes")
    screen(page, "welcome")


def after(office: KioskOffice, page: Page, program: Program) -> Iterator[tuple[str, Page]]:
    """From the talk to the slip."""
    queue_with_a_card(page, program)
    yield from talking(office, page)
    yield from reading(office, page)


def queue_with_a_card(page: Page, program: Program) -> None:
    """From the first page into the queue."""
    program.card = True
    begin(page)
    screen(page, "card-read")
    do(page, "yes")
    press(page, *"13800001234")
    do(page, "next")
    into_the_queue(page)
    screen(page, "waiting")


def before(office: KioskOffice, page: Page, program: Program) -> Iterator[tuple[str, Page]]:
    """From the first page to the queue."""
    code = earlier_matter(office)
    do(page, "start")
    do(page, "talk")
    yield "notice", page
    do(page, "paper")
    screen(page, "paper")
    yield "paper", page
    page.tap("#key-back")
    yield from broken(page, program)
    screen(page, "card")
    yield "card", page
    program.card = True
    page.tap("#key-back")
    do(page, "video")
    screen(page, "card-read")
    yield "card-read", page
    do(page, "no")
    page.locator(REMEMBERED_CODE, has_text="h").first.tap()
    yield "name", page
    page.keyboard.type("e")
    page.locator(".cands button").first.tap()
    do(page, "next")
    yield "phone", page
    press(page, *"13800001234")
    do(page, "next")
    yield "earlier", page
    do(page, "known")
    page.keyboard.type(code.lower())
    do(page, "next")
    press(page, *"4321")
    do(page, "next")
    screen(page, "earlier-found")
    yield "earlier-found", page
    do(page, "yes")
    yield "matter", page
    do(page, "speak")
    expect(page.locator("[data-part=listening]")).to_be_visible()
    yield "matter-listening", page
    if page.locator('[data-do="said"]').is_visible():  # it ends by itself after a while
        do(page, "said")
    expect(page.locator("[data-part=heard]")).to_be_visible()
    yield "matter-heard", page
    do(page, "heard-yes")
    do(page, "next")
    screen(page, "waiting")
    yield "waiting", page
    yield from papers(page, program)
    do(page, "leave")
    yield "leave-question", page
    page.tap("#question-no")


def broken(page: Page, program: Program) -> Iterator[tuple[str, Page]]:
    """The self-test before a sitting hears nothing; then it does."""
    program.microphone = False
    do(page, "video")
    expect(page.locator("body")).to_have_attribute("data-screen", "broken", timeout=60_000)
    yield "broken", page
    program.microphone = True
    do(page, "again")
    expect(page.locator("body")).not_to_have_attribute("data-screen", "broken", timeout=60_000)


def papers(page: Page, program: Program) -> Iterator[tuple[str, Page]]:
    """Papers are photographed while somebody waits."""
    do(page, "papers")
    expect(page.locator("[data-part=advice]")).to_contain_text("没有找到纸")
    yield "papers", page
    program.paper = True
    for number in range(1, 3):
        if number > 1:
            page.locator(".papers [data-do=take]").tap()  # this one was photographed already
        expect(page.locator("img.page")).to_be_visible()
        if number == 1:
            yield "papers-page", page
        do(page, "keep")
        expect(page.locator(".sheets li")).to_have_count(number)
    page.locator(".sheet").first.tap()
    yield "papers-sheets", page
    do(page, "send")
    expect(page.locator('[data-part="told"]')).to_contain_text("领导已经看得到")
    yield "papers-told", page
    page.locator(".papers [data-do=done]").tap()
    expect(page.locator(".papers")).to_have_count(0)


def talking(office: KioskOffice, page: Page) -> Iterator[tuple[str, Page]]:
    """The talk with captions, and what comes right after it."""
    office.leader_joins()
    screen(page, "talk")
    with office.store.read() as session:
        people = [(one.id, one.role, one.name) for one in office.reception(session).participants]
    seats = [{"participant_id": one, "role": role, "name": name, "connected": True, "slot": None} for one, role, name in people]
    page.wait_for_function("window.seat")
    tell = "([name, detail]) => window.seat.tell(name, detail)"
    started = clock.now().isoformat()
    running = {"state": "running", "recording": True, "recording_trouble": "", "started_at": started}
    page.evaluate(tell, ["room", {**running, "seats": seats}])
    leader = next(one for one, role, _ in people if role == "leader")
    page.evaluate(SHOWN, [leader, "#5b6f6c", False])
    for number, (one, _, _) in enumerate(reversed(people)):
        said = {"id": f"u{number}", "participant_id": one, "start": number, "end": number + 1, "text": "村里修路占了我家一亩二分地。"}
        page.evaluate(tell, ["caption", {"final": True, "utterance": said}])
    yield "talk", page
    interpreter = {"participant_id": "i", "role": "interpreter", "name": "阿依古丽", "connected": True, "slot": None}
    lawyer = {"participant_id": "j", "role": "joint", "name": "王律师", "connected": True, "slot": None}
    page.evaluate(tell, ["room", {**running, "seats": [*seats, interpreter, lawyer]}])
    page.evaluate(SHOWN, ["i", "#2c5d73", True])
    page.evaluate(SHOWN, ["j", "#6f6a55", False])
    page.wait_for_function("() => [...document.querySelectorAll('.others video')].filter((one) => one.videoWidth > 0).length === 2")
    yield "talk-interpreter", page
    page.evaluate("window.paper = window.drawn('#d8d8d0', false)")
    page.evaluate("(participantId) => window.seat.tell('document', { participantId, source: 'document', stream: window.paper })", leader)
    yield "talk-paper", page
    page.evaluate("(participantId) => window.seat.tell('document', { participantId, source: 'document', stream: null })", leader)
    page.evaluate(tell, ["room", {**running, "seats": seats}])
    office.talk_is_over(gap=True)
    screen(page, "preparing")
    yield "preparing", page
    office.clerk_confirms()
    screen(page, "present")
    page.evaluate("fetch('/api/kiosk/sitting/lock', { method: 'POST', headers: { 'X-Jietan': '1' } })")
    screen(page, "locked")
    yield "locked", page
    press(page, *"1234")
    do(page, "open")
    screen(page, "present")
    yield "present", page


def reading(office: KioskOffice, page: Page) -> Iterator[tuple[str, Page]]:
    """The record: read, objected to, signed, and the slip."""
    do(page, "go")
    screen(page, "read")
    yield "read", page
    do(page, "wrong")
    yield "dispute", page
    do(page, "type")
    yield "typing", page
    do(page, "cancel")
    page.locator("[data-part=reasons] button").first.tap()
    do(page, "save")
    for _ in range(2):
        expect(page.locator("body")).to_have_attribute("data-screen", "read")
        do(page, "right")
    screen(page, "fixing")
    yield "fixing", page
    office.clerk_corrects("您今天要反映什么事情？")
    screen(page, "read")
    yield "read-again", page
    do(page, "right")
    screen(page, "summary")
    yield "summary", page
    do(page, "go")
    expect(page.locator("h1")).to_have_text(re.compile("答应"))
    do(page, "go")
    expect(page.locator("h1")).to_have_text("登记表上这样写")
    yield "form", page
    form_to_sign(page)
    yield "sign", page
    do(page, "cannot")
    screen(page, "cannot")
    yield "cannot", page
    do(page, "cancel")
    do(page, "refuse")
    screen(page, "refuse")
    yield "refuse", page
    page.locator("[data-part=reasons] button").first.tap()
    do(page, "save")
    screen(page, "slip")
    yield "slip", page
    do(page, "done")
    page.tap("#question-yes")
    screen(page, "rate-talk")
    yield "rate-talk", page
    do(page, "words")
    screen(page, "rate-words")
    yield "rate-words", page


def several(office: KioskOffice, page: Page, program: Program) -> Iterator[tuple[str, Page]]:
    """A group's record at the kiosk."""
    queue_with_a_card(page, program)
    yield from several_readers(office, page, program, "何守田")


def several_readers(office: KioskOffice, page: Page, program: Program, petitioner: str) -> Iterator[tuple[str, Page]]:
    """The petitioner and two representatives each read and sign: one writes, one puts a finger on the pad, one cannot."""
    office.leader_joins()
    office.talk_is_over()
    office.clerk_names("刘桂兰、李四")
    office.clerk_confirms()
    screen(page, "whose")
    yield "whose", page
    page.get_by_role("button", name=petitioner, exact=True).tap()
    read_to_the_signature(page)
    draw_a_name(page)
    do(page, "sign")
    expect(page.locator("[data-fill=lead]")).to_contain_text(f"{petitioner} 办好了。还有 2 位")
    yield "whose-left", page
    program.pad = True
    page.get_by_role("button", name="刘桂兰", exact=True).tap()
    read_to_the_signature(page)
    do(page, "cannot")
    expect(page.locator("[data-do=finger]")).to_be_enabled()
    do(page, "finger")
    expect(page.locator("#question")).to_contain_text("用这个手印吗")
    yield "fingerprint", page
    page.tap("#question-yes")
    read_to_the_signature(page)
    do(page, "cannot")
    do(page, "reason")
    screen(page, "refuse")
    page.get_by_role("button", name="手不方便").tap()
    yield "unable", page
    do(page, "save")
    screen(page, "typing")
    yield "witness", page
    press(page, "w", "a", "n", "g", "王")
    do(page, "done")
    screen(page, "slip")


def read_to_the_signature(page: Page) -> None:
    """Who was there, each sentence, the form."""
    screen(page, "present")
    do(page, "go")
    read_record(page, len(SAID))
    form_to_sign(page)


WALKS = {"several": several, "asking": asking, "alone": alone, "before the talk": before, "from the talk on": after}
OUT_OF_ORDER = "out of order"


def screens(walk: str, office: KioskOffice, browser: Browser) -> Iterator[tuple[str, Page]]:
    """Each screen of a walk while it is up: (its name, the page).  Whoever looks leaves page and language as they were."""
    if walk == OUT_OF_ORDER:
        yield from out_of_order(office, browser)
        return
    office.clear()
    program = Program()
    page = kiosk_page(office, browser, program)
    screen(page, "welcome")
    yield from WALKS[walk](office, page, program)
    page.context.close()
