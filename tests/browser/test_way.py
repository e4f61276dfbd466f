"""The whole way at a real kiosk's computer: somebody who never saw it, by touch alone; and nothing of them stays there."""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

import pytest
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from tests.browser.kiosk_computer import KioskComputer, profile
from tests.browser.kiosk_hands import begin, do, press, screen
from tests.browser.kiosk_office import KioskOffice, free_port

pytestmark = pytest.mark.browser

MOST_TOUCHES = 8
ANSWERED_MS = 100.0
NAME, NUMBER, ADDRESS = "何守田", "511025195803124412", "石桥镇柳湾村四组"
"""Of the simulated card."""
PHONE, SPOKEN = "13957108642", "村东头的枣树林子"
PHOTO = base64.b64encode(bytes(range(7, 247)) * 3).decode()
SHARED_MEMORY = (Path("/dev/shm"),)
"""Others on this machine use it as well: only what nobody else has is looked for there."""
TICKET = {"token": "t", "signalling_url": "ws://127.0.0.1:9/signal", "participant_id": "p"}
SEAT = """
export class Seat extends EventTarget {
  constructor(options) { super(); this.options = options; }
  async start() { await this.options.ticket(); }
  hangUp() { return true; }
  close() {}
}
"""
WATCH = """
window.touches = []; window.answers = [];
addEventListener("pointerdown", (event) => {
  const at = event.timeStamp;
  window.touches.push(event.target.closest?.("button")?.innerText?.trim() || "?");
  const seen = new MutationObserver(() => {
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => window.answers.push(performance.now() - at)));
  });
  seen.observe(document.documentElement, { subtree: true, childList: true, attributes: true, characterData: true });
}, { capture: true, passive: true });
"""


@pytest.fixture(scope="module")
def agent_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, agent_port: int) -> Iterator[KioskOffice]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("JIETAN_KIOSK_AGENT_PORT", str(agent_port))
        started = KioskOffice(tmp_path_factory.mktemp("office"))
        try:
            started.start()
            yield started
        finally:
            started.close()


@pytest.fixture(scope="module")
def computer(office: KioskOffice, tmp_path_factory: pytest.TempPathFactory, agent_port: int) -> Iterator[KioskComputer]:
    running = KioskComputer(office, tmp_path_factory.mktemp("kiosk"), agent_port)
    yield running
    running.close()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


def opened(computer: KioskComputer, page: Page) -> None:
    """The kiosk's first page; the seat of the talk is scripted, no media node runs here."""
    page.route("**/js/seat.js", lambda route: route.fulfill(content_type="text/javascript", body=SEAT))
    page.route("**/join", lambda route: route.fulfill(json=TICKET))
    page.goto(computer.url)
    screen(page, "welcome")


def newcomer(office: KioskOffice, page: Page) -> None:
    """From the first page to the talk with a card, as the voice says: the most prominent key of every screen."""
    do(page, "start")
    do(page, "talk")
    do(page, "video")
    screen(page, "card-read")
    expect(page.locator('[data-fill="name"]')).to_have_text(NAME)
    do(page, "yes")
    do(page, "skip")
    do(page, "fresh")
    do(page, "skip")
    screen(page, "waiting")
    office.leader_joins()
    screen(page, "talk")


@pytest.mark.nightly
def test_a_newcomer_with_a_card_talks_after_eight_touches_and_nothing_of_anybody_stays(
    office: KioskOffice, computer: KioskComputer, playwright: Playwright, tmp_path: Path
) -> None:
    with profile(playwright, tmp_path) as context:
        page = context.pages[0]
        context.add_init_script(WATCH)
        opened(computer, page)
        newcomer(office, page)
        touches = page.evaluate("window.touches")
        print(f"touches from welcome to talking: {len(touches)}: {touches}")
        assert len(touches) <= MOST_TOUCHES
        office.clear()
        screen(page, "welcome")

        code = sitting_with_markers(office, page)
        own = (computer.folder, tmp_path)
        assert found_in(own, code) | found_in(SHARED_MEMORY, code, only=("phone", "spoken", "code", "photo")) == {}
        kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, window.name, document.documentElement.innerHTML])")
        assert not [one for one in (NAME, NUMBER, PHONE, SPOKEN, ADDRESS) if one in kept]
    assert found_in(own, code) == {}, "also after the browser has written everything to its disk"


def sitting_with_markers(office: KioskOffice, page: Page) -> str:
    """Somebody with a card types, speaks, shows a paper, opens the page again, talks, reads, signs and goes; their query code."""
    page.route("**/api/kiosk/hear?want=matter", lambda route: route.fulfill(json={"text": SPOKEN, "digits": ""}))
    begin(page)
    screen(page, "card-read")
    do(page, "yes")
    press(page, *PHONE)
    page.wait_for_timeout(600)  # it is held by the program a moment after the last key
    page.reload()
    expect(page.locator('[data-part="typed"]')).to_have_text(PHONE)
    do(page, "next")
    do(page, "fresh")
    do(page, "speak")
    page.wait_for_timeout(600)  # somebody speaks
    do(page, "said")
    expect(page.locator('[data-part="heard-words"]')).to_have_text(SPOKEN)
    do(page, "heard-yes")
    do(page, "next")
    screen(page, "waiting")
    page.evaluate("async (jpeg) => (await import('/static/js/kiosk/door.js')).ask({ type: 'paper', jpeg, straighten: true })", PHOTO)
    office.leader_joins()
    screen(page, "talk")
    office.talk_is_over()
    screen(page, "preparing")
    office.clerk_confirms()
    screen(page, "present")
    do(page, "go")
    for number in range(1, 4):
        expect(page.locator('[data-fill="position"]')).to_have_text(f"第 {number} 句，共 3 句")
        if page.locator('[data-do="listen"]').is_enabled():
            do(page, "listen")
        do(page, "right")
    screen(page, "sign")
    do(page, "refuse")
    page.locator("[data-part=reasons] button").first.tap()
    do(page, "save")
    screen(page, "slip")
    code = page.locator('[data-fill="code"]').inner_text().replace(" ", "")
    do(page, "done")
    page.tap("#question-yes")
    screen(page, "welcome")
    return code


def found_in(folders: tuple[Path, ...], code: str, only: tuple[str, ...] = ()) -> dict[str, str]:
    """Files in which something of the person stands, in whatever way a program may write it: {file: what}."""
    marks = {f"{name} {coding}": text.encode(coding)
             for name, text in {"name": NAME, "number": NUMBER, "phone": PHONE, "spoken": SPOKEN, "address": ADDRESS, "code": code}.items()
             for coding in ("utf-8", "utf-16-le")}  # fmt: skip
    marks |= {f"{name} escaped": json.dumps(text)[1:-1].encode() for name, text in {"name": NAME, "spoken": SPOKEN, "address": ADDRESS}.items()}
    photo = base64.b64decode(PHOTO)
    marks |= {"photo": photo[100:140], "photo base64": PHOTO[100:140].encode()}
    wanted = {name: mark for name, mark in marks.items() if not only or name.split()[0] in only}
    return {str(file): name for folder in folders for file, content in contents(folder) for name, mark in wanted.items() if mark in content}


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file that lies there; one that goes away meanwhile is gone."""
    for place, _, names in os.walk(folder):
        for name in names:
            file = Path(place) / name
            try:
                if file.is_file() and not file.is_symlink():
                    yield file, file.read_bytes()
            except OSError:
                continue


@pytest.mark.nightly
def test_every_touch_is_answered_at_once(office: KioskOffice, computer: KioskComputer, playwright: Playwright, tmp_path: Path) -> None:
    """From the finger to what is seen, on every screen from the first page to the queue and on the keyboard."""
    office.clear()
    with profile(playwright, tmp_path) as context:
        page = context.pages[0]
        context.add_init_script(WATCH)
        opened(computer, page)
        for _ in range(4):
            begin(page)
            screen(page, "card-read")
            do(page, "yes")
            press(page, *PHONE)
            for key in ("text", "contrast", "louder", "softer"):
                page.tap(f"#key-{key}")
            while page.locator("body").get_attribute("data-screen") != "welcome":
                page.tap("#key-back")
        answers = page.evaluate("window.answers")
    p95 = quantiles(answers, n=20)[-1]
    print(f"touch to visible change: {len(answers)} touches, median {quantiles(answers, n=2)[0]:.0f} ms, p95 {p95:.0f} ms")
    assert p95 < ANSWERED_MS
