"""A walk that puts up every screen of the kiosk, one after the other, with the kiosk's program and its card reader played here."""

import json
from collections.abc import Iterator

from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from server import clock
from server.domain.flow import Step
from server.domain.states import StaffRole
from server.protocol.flow import NewMatter, StepOrder, UnitOrder
from server.reception import flow, registering
from server.store.access import Actor
from tests.browser.kiosk_hands import do, press, screen
from tests.browser.kiosk_office import KioskOffice

DOOR = "ws://127.0.0.1:8610/"
CARD = {"type": "card_read", "name": "何守田", "number": "511025195803124412", "sex": "male", "ethnic_group": "汉",
        "address": "石桥镇柳湾村四组", "device": "读卡器"}  # fmt: skip
NOBODY_YET = {"type": "refused", "code": "no_card", "message": "没有看到身份证。"}
SEAT = """
export class Seat extends EventTarget {
  constructor(options) { super(); this.options = options; window.seat = this; }
  async start() { await this.options.ticket(); }
  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
  hangUp() { return true; }
  close() {}
}
"""
TICKET = {"token": "t", "signalling_url": "ws://127.0.0.1:9/signal", "participant_id": "p"}
REMEMBERED_CODE = "#main [data-part=keyboard] button"


class Reader:
    """The kiosk's program as far as these screens need it."""

    def __init__(self) -> None:
        self.card = False

    def opened(self, socket: WebSocketRoute) -> None:
        socket.on_message(lambda message: self._answer(socket, json.loads(message)))

    def _answer(self, socket: WebSocketRoute, asked: dict[str, str]) -> None:
        answers = {"reader": {"type": "reader_is", "device": "读卡器"}, "hold": {"type": "held", "text": ""}}
        if asked["type"] == "card":
            if self.card:
                socket.send(json.dumps(CARD))
            return
        socket.send(json.dumps(answers.get(asked["type"], {"type": "refused", "code": "unusable", "message": "没有。"})))


def kiosk_page(office: KioskOffice, browser: Browser, reader: Reader) -> Page:
    """An enrolled kiosk on its first page."""
    context = browser.new_context(viewport={"width": 1080, "height": 1920}, has_touch=True, permissions=["camera", "microphone"])
    context.set_default_timeout(20_000)
    page = context.new_page()
    page.route("**/js/seat.js", lambda route: route.fulfill(content_type="text/javascript", body=SEAT))
    page.route("**/join", lambda route: route.fulfill(json=TICKET))
    page.route("**/api/kiosk/devices", lambda route: route.fulfill(json={"url": DOOR, "secret": "s" * 43}))
    page.route_web_socket(DOOR, reader.opened)
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


def screens(office: KioskOffice, browser: Browser) -> Iterator[tuple[str, Page]]:
    """Each screen while it is up: (its name, the page).  Whoever looks leaves page and language as they were."""
    reader = Reader()
    page = kiosk_page(office, browser, reader)
    screen(page, "welcome")
    yield from before(office, page, reader)
    yield from talking(office, page)
    yield from reading(office, page)
    page.context.close()
    bare = browser.new_context(viewport={"width": 1080, "height": 1920}, has_touch=True).new_page()
    bare.goto(f"{office.url}/kiosk")
    screen(bare, "unenrolled")
    yield "unenrolled", bare
    bare.route("**/api/**", lambda route: route.abort())
    bare.reload(wait_until="commit")
    screen(bare, "closed")
    yield "closed", bare
    bare.context.close()


def before(office: KioskOffice, page: Page, reader: Reader) -> Iterator[tuple[str, Page]]:
    """From the first page to the queue."""
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
    do(page, "start")
    do(page, "talk")
    yield "notice", page
    do(page, "paper")
    screen(page, "paper")
    yield "paper", page
    page.tap("#key-back")
    do(page, "video")
    screen(page, "card")
    yield "card", page
    reader.card = True
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
    do(page, "skip")
    screen(page, "waiting")
    yield "waiting", page
    do(page, "leave")
    yield "leave-question", page
    page.tap("#question-no")


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
    page.evaluate(tell, ["room", {"state": "running", "recording": True, "recording_trouble": "", "started_at": started, "seats": seats}])
    for number, (one, _, _) in enumerate(reversed(people)):
        said = {"id": f"u{number}", "participant_id": one, "start": number, "end": number + 1, "text": "村里修路占了我家一亩二分地。"}
        page.evaluate(tell, ["caption", {"final": True, "utterance": said}])
    yield "talk", page
    office.talk_is_over(gap=True)
    screen(page, "preparing")
    yield "preparing", page
    office.clerk_confirms()
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
    screen(page, "summary")
    do(page, "go")
    screen(page, "sign")
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
