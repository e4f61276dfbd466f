"""The kiosk's own copy from a real microphone and camera to the office: page, copy program killed in between, upload."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from server.protocol import sealed
from server.reception.kiosk import copies
from server.store.models import KioskAgent, KioskCopy
from tests.browser.kiosk_computer import KioskComputer
from tests.browser.kiosk_hands import begin, do, into_the_queue, press, screen
from tests.browser.kiosk_office import ROOT, KioskOffice, free_port
from tests.browser.programs import wait_until
from tests.patience import PATIENCE_MS

pytestmark = pytest.mark.browser

SEAT = """
export class Seat extends EventTarget {
  constructor(options) { super(); this.options = options; window.seat = this; }
  async start() { await this.options.ticket().catch(() => undefined); }
  tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
  hangUp() { return true; }
  close() {}
}
"""
RECORDERS = """
window.recorders = [];
const start = MediaRecorder.prototype.start;
MediaRecorder.prototype.start = function (...slice) {
  const one = { recorder: this, at: 0 };
  window.recorders.push(one);
  this.addEventListener("start", () => { one.at = Date.now(); });
  return start.apply(this, slice);
};
"""
TICKET = {"token": "t", "signalling_url": "ws://127.0.0.1:9/signal", "participant_id": "p"}


class CopyProgram:
    """`jietan kiosk agent` as its own process."""

    def __init__(self, office: KioskOffice, folder: Path, port: int) -> None:
        self.office, self.folder = office, folder
        values = {"SERVER": office.url, "DATA_DIR": folder, "AGENT_PORT": port, "DISK_RESERVE_MB": 0}
        self._environment = os.environ | {f"JIETAN_KIOSK_{name}": str(value) for name, value in values.items()}
        self._environment["JIETAN_DATA_DIR"] = str(folder)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        command = [sys.executable, "-m", "server.cli", "kiosk", "agent", *options]
        with (self.folder / "agent.log").open("ab") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=output, stderr=output)

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)

    def held(self) -> list[int]:
        """Whole chunks (of about a second) of each copy on the disk."""
        return [count_chunks(file.read_bytes()) for file in sorted(self.folder.glob("outbox/*/sealed"))]


def count_chunks(content: bytes) -> int:
    """Whole pieces in a copy's file."""
    return sum(kind == sealed.PIECE for kind, _ in sealed.records(io.BytesIO(content)))


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[KioskOffice]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("JIETAN_KIOSK_AGENT_PORT", str(port))
        started = KioskOffice(tmp_path_factory.mktemp("office"))
        try:
            started.start()
            yield started
        finally:
            started.close()


@pytest.fixture
def page(office: KioskOffice, browser: Browser) -> Iterator[Page]:
    """An enrolled kiosk whose seat is scripted: no media node runs here."""
    context = browser.new_context(viewport={"width": 1080, "height": 1920}, has_touch=True, permissions=["camera", "microphone"])
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(RECORDERS)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.route("**/js/seat.js", lambda route: route.fulfill(content_type="text/javascript", body=SEAT))
    opened.route("**/join", lambda route: route.fulfill(json=TICKET))
    opened.goto(office.enrolment_url())
    opened.tap("#enrol")
    expect(opened.locator("#done")).to_contain_text("登记好了")
    opened.goto(f"{office.url}/kiosk")
    yield opened
    context.close()
    assert faults == []


@pytest.fixture
def program(office: KioskOffice, page: Page, port: int, tmp_path: Path) -> Iterator[CopyProgram]:
    """The copy program, enrolled (after the page, whose enrolment takes older keys away)."""
    with office.store.write() as session:
        kiosk = session.scalars(select(copies.Kiosk)).first()
        assert kiosk is not None
        code = copies.agent_code(session, kiosk).code
    running = CopyProgram(office, tmp_path, port)
    running.start("--code", code)
    wait_until(lambda: secret_known(office), "the program's first report")
    yield running
    running.kill()


def secret_known(office: KioskOffice) -> bool:
    with office.store.read() as session:
        return any(agent.secret for agent in session.scalars(select(KioskAgent)))


def sit_down(office: KioskOffice, page: Page, consent: str) -> None:
    begin(page, consent)
    press(page, "h", "e", "何")
    do(page, "next")
    press(page, *"13800001234")
    do(page, "next")
    into_the_queue(page)
    screen(page, "waiting")
    office.leader_joins()
    screen(page, "talk")


def tell_room(office: KioskOffice, page: Page, *, held: bool = False, runs: bool = True) -> None:
    """`window.began`: when the recording did, by the node's clock."""
    with office.store.read() as session:
        people = [(one.id, one.role) for one in office.reception(session).participants]
    room: dict[str, Any] = {"state": "running" if runs else "waiting", "recording": runs, "recording_trouble": "", "seats": [
        {"participant_id": one, "role": role, "name": role, "connected": True, "audio_muted": False,
         "video_muted": False, "held": held and role == "petitioner", "slot": None} for one, role in people]}  # fmt: skip
    now = "new Date(window.began ??= Date.now()).toISOString()" if runs else "null"
    page.evaluate(f"window.seat.tell('room', {{...{json.dumps(room)}, started_at: {now}}})")


def stored(office: KioskOffice) -> list[KioskCopy]:
    with office.store.read() as session:
        found = session.scalars(select(KioskCopy).order_by(KioskCopy.position)).all()
        return [copy for copy in found if copy.reception_id == office.reception(session).id and copy.state == "stored"]


def lengths(office: KioskOffice, copy: KioskCopy) -> dict[str, float]:
    """Seconds of each kind of track that decode without an error."""
    path = office.settings.copies_dir / copy.reception_id / f"{copy.id}.webm"
    found: dict[str, float] = {}
    with av.open(str(path)) as source:
        for frame in source.decode():
            found["sound" if isinstance(frame, av.AudioFrame) else "picture"] = float(frame.time or 0)
    return found


def test_a_talk_is_kept_second_by_second_through_a_kill_and_reaches_the_office(
    office: KioskOffice, page: Page, program: CopyProgram
) -> None:
    """The line is cut before the page hears that the talk runs, and is back when it is over."""
    sit_down(office, page, "video")
    page.route("**/api/**", lambda route: route.abort())
    tell_room(office, page, runs=False)
    page.evaluate("window.began = Date.now()")
    page.evaluate("window.seat.tell('connection', { state: 'reconnecting', message: '线路断了', seconds: 2 })")
    wait_until(lambda: sum(program.held()) >= 1, "a second on the kiosk's disk before the talk is known to run")
    tell_room(office, page)
    wait_until(lambda: sum(program.held()) >= 3, "three seconds on the kiosk's disk")
    program.kill()
    kept = program.held()
    page.wait_for_timeout(1500)  # the talk goes on without the program
    program.start()
    wait_until(lambda: sum(program.held()) >= kept[0] + 4, "the copy to go on")
    assert len(program.held()) == 1, "it is still the same copy"
    length = page.evaluate("(Date.now() - window.recorders[0].at) / 1000")
    page.unroute("**/api/**")
    page.evaluate("window.seat.tell('ended', { reason: 'hung_up' })")
    office.talk_is_over()
    wait_until(lambda: stored(office), "the copy at the office")
    copy = stored(office)[0]
    found = lengths(office, copy)
    assert found["sound"] >= length - 2.5
    assert found["picture"] >= length - 2.5
    with office.store.read() as session:
        started = office.reception(session).started_at
    assert started is not None
    assert copy.begun_at is not None
    assert abs((copy.begun_at - started).total_seconds() - copy.position) < 0.01
    wait_until(lambda: not program.held(), "the kiosk to delete it")


def test_who_agreed_to_sound_only_is_not_filmed_and_who_is_held_is_not_recorded(
    office: KioskOffice, page: Page, program: CopyProgram
) -> None:
    office.clear()
    page.reload()
    sit_down(office, page, "audio")
    tell_room(office, page)
    wait_until(lambda: sum(program.held()) >= 2, "two seconds on the kiosk's disk")
    tell_room(office, page, held=True)
    page.wait_for_function("() => window.recorders.every((one) => one.recorder.state === 'inactive')")
    begun = page.evaluate("window.recorders.length")

    def at_rest() -> bool:
        held = sum(program.held())
        page.wait_for_timeout(2000)
        return sum(program.held()) <= held

    wait_until(at_rest, "the last of what was recorded to be on the disk, and nothing after it")
    assert page.evaluate("window.recorders.length") == begun
    tell_room(office, page)
    wait_until(lambda: len(program.held()) + len(stored(office)) == 2, "a second copy after the hold")
    page.evaluate("window.seat.tell('ended', { reason: 'hung_up' })")
    office.talk_is_over()
    wait_until(lambda: len(stored(office)) == 2, "both copies at the office")
    assert [set(lengths(office, copy)) for copy in stored(office)] == [{"sound"}, {"sound"}]


# --- a page that is opened again without a line ------------------------------------------------------------------------

NODE_AHEAD = timedelta(seconds=40)
"""By how much the media node's clock is ahead of the kiosk's."""
PERSON = ("13800001234", "何")


@pytest.fixture
def computer(office: KioskOffice, port: int, tmp_path: Path) -> Iterator[KioskComputer]:
    office.clear()
    running = KioskComputer(office, tmp_path, port, reader=False)
    try:
        yield running
    finally:
        running.close()
        if office.process is None:
            office.start()


@contextmanager
def opened(computer: KioskComputer, browser: Browser) -> Iterator[Page]:
    """The kiosk's browser, which knows nothing when it is opened; the seat is scripted as above."""
    context = browser.new_context(viewport={"width": 1080, "height": 1920}, has_touch=True, permissions=["camera", "microphone"])
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.route("**/js/seat.js", lambda route: route.fulfill(content_type="text/javascript", body=SEAT))
    page.route("**/join", lambda route: route.fulfill(json=TICKET))
    page.goto(computer.url)
    yield page
    context.close()
    assert faults == []


def abouts(computer: KioskComputer) -> list[dict[str, Any]]:
    """What is known of each copy on the disk, in the order in which they were begun."""
    found = [json.loads(file.read_text()) for file in computer.folder.glob("outbox/*/copy.json")]
    return sorted(found, key=lambda about: str(about["begun_at"]))


def sitting(computer: KioskComputer) -> dict[str, Any]:
    """What the program knows of the sitting."""
    file = computer.folder / "sitting.json"
    return dict(json.loads(file.read_text())["sitting"]) if file.exists() else {}


def chunks(computer: KioskComputer, about: dict[str, Any]) -> int:
    return count_chunks((computer.folder / "outbox" / about["copy_id"] / "sealed").read_bytes())


def look(page: Page, name: str) -> None:
    if folder := os.environ.get("JIETAN_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def of_the_person(computer: KioskComputer) -> list[str]:
    """Files of the kiosk's program with anything that they said of themselves."""
    files = [file for file in computer.folder.rglob("*") if file.is_file() and "screens" not in file.parts]
    return [str(file) for file in files if any(words.encode() in file.read_bytes() for words in PERSON)]


@pytest.mark.nightly
def test_a_browser_that_is_opened_again_in_a_talk_without_a_line_goes_on_keeping_it(
    office: KioskOffice, browser: Browser, computer: KioskComputer
) -> None:
    with opened(computer, browser) as page:
        sit_down(office, page, "video")
        ahead = NODE_AHEAD.total_seconds()
        page.evaluate(f"window.seat.options.clock.take(performance.now(), new Date(Date.now() + {1000 * ahead}).toISOString())")
        began = page.evaluate(f"window.began = Date.now() + {1000 * ahead}")
        tell_room(office, page)
        wait_until(lambda: abouts(computer) and chunks(computer, abouts(computer)[0]) >= 2, "two seconds on the kiosk's disk")
        wait_until(lambda: sitting(computer).get("started_at"), "the program to know of the talk")
        office.stop()
    with opened(computer, browser) as page:
        screen(page, "talk")
        connection = page.locator("[data-part=connection]")
        expect(connection).to_contain_text("这一页刚才重新打开过，线路还断着")
        expect(connection).to_contain_text("请接着说。您说的每一句，这台机器都在记，不会丢。")
        expect(page.locator("[data-part=not-rec]")).to_have_text("这台机器在记")
        look(page, "kiosk-opened-again")
        first, second = abouts(computer)
        wait_until(lambda: chunks(computer, second) >= 5, "the second copy to go on")
        assert second["reception_id"] == first["reception_id"]
        assert second["mime"] == first["mime"]
        for about in (first, second):
            begun = datetime.fromisoformat(about["begun_at"])
            assert abs(begun.timestamp() - about["position"] - began / 1000) < 0.2, "one clock for both"
        assert timedelta() < datetime.now(UTC) + NODE_AHEAD - begun < timedelta(minutes=2)
        assert of_the_person(computer) == []
        office.start()
        page.evaluate(f"window.began = {began}")
        tell_room(office, page)
        page.evaluate("window.seat.tell('connection', { state: 'connected', message: '已经接通。', seconds: 0 })")
        expect(page.locator("#toast")).to_have_text("接上了。断线的时候您说的，这台机器都记着，会补上。")
        page.evaluate("window.seat.tell('ended', { reason: 'hung_up' })")
        office.talk_is_over()
        wait_until(lambda: len(stored(office)) == 2, "both copies at the office", 180)  # the first was never ended: silence says so
        office.clear()
        screen(page, "welcome")
        wait_until(lambda: not sitting(computer), "nothing to be known of the sitting")


@pytest.mark.nightly
def test_what_was_typed_and_the_number_outlive_a_page_that_is_opened_again_without_a_line(
    office: KioskOffice, browser: Browser, computer: KioskComputer
) -> None:
    with opened(computer, browser) as page:
        begin(page, "audio")
        press(page, "h", "e", "何")
        do(page, "next")
        press(page, *"138000")
        page.wait_for_function("async () => (await (await import('/static/js/kiosk/door.js')).ask({ type: 'hold', text: null })).text.includes('138000')")
        office.stop()
    with opened(computer, browser) as page:
        screen(page, "closed")
        office.start()
        screen(page, "identity")
        expect(page.locator("[data-part=typed]")).to_have_text("138000")
        press(page, *"01234")
        do(page, "next")
        into_the_queue(page)
        screen(page, "waiting")
        number = page.locator('[data-fill="number"]').inner_text()
        wait_until(lambda: sitting(computer).get("number") == number, "the program to know of the sitting")
        office.stop()
    with opened(computer, browser) as page:
        screen(page, "closed")
        expect(page.locator('[data-fill="reason"]')).to_contain_text(f"您的号是 {number}。")
        expect(page.locator('[data-do="alone"]')).to_be_hidden()
        look(page, "kiosk-number-kept")
        assert of_the_person(computer) == []
        office.start()
        screen(page, "waiting")
