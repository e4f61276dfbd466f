"""A kiosk in front of a real web program: the fixtures of the tests of its screens."""

from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as PageTimeout

from server.store.models import Reception
from tests.browser import chromium
from tests.browser.kiosk_hands import begin, do, into_the_queue, press, screen
from tests.browser.kiosk_office import KioskOffice
from tests.browser.passing import keep
from tests.patience import PATIENCE_MS

FAKE_MEDIA = ["--use-fake-device-for-media-stream=fps=5", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"]
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
        started = playwright.chromium.launch(timeout=chromium.START_MS, executable_path=chromium.find(), args=["--no-sandbox", *FAKE_MEDIA])
        yield started
        started.close()


@pytest.fixture
def context(office: KioskOffice, browser: Browser) -> Iterator[BrowserContext]:
    """A kiosk's browser: touch, not yet enrolled; nothing may be wrong in its console."""
    office.clear()
    made = browser.new_context(
        viewport={"width": 1080, "height": 1920}, has_touch=True, permissions=["camera", "microphone"]
    )
    made.set_default_timeout(PATIENCE_MS)
    keep(made)
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


WIDE = """() => [...document.querySelectorAll('body *')].filter((node) => {
  const box = node.getBoundingClientRect();
  return box.width && !node.closest('svg, video') && (box.right > innerWidth + 1 || box.left < -1);
}).map((node) => node.tagName + '.' + node.className + ' ' + (node.dataset.fill || node.textContent.trim()))"""


def fits(page: Page) -> None:
    """Nothing sticks out at the side once a changed size has settled."""
    with suppress(PageTimeout):
        page.wait_for_function(f"() => !({WIDE})().length", timeout=PATIENCE_MS)
    assert page.evaluate(WIDE) == []
