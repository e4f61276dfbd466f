"""Every screen of the kiosk, measured: size of text and targets, contrast, line height, order, names, overlaps, keys low, a
keyboard or one switch alone, every language.  With SCREENSHOTS=folder a picture of each stays there.

18 pt are 24 px at 96 dpi; sizes are measured at 1080x1920, for which the screens are drawn (a laptop shows them smaller).
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import chromium
from tests.browser.accessible import faults
from tests.browser.every_screen import screens
from tests.browser.kiosk_office import KioskOffice

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

SIZES = {"kiosk": (1080, 1920), "laptop": (1366, 768)}
MEDIA = ["--use-fake-device-for-media-stream=fps=5", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"]
LOOKS = "([name, value]) => { if (value === null) delete document.documentElement.dataset[name]; else document.documentElement.dataset[name] = value; }"
SPEAK = "async (code) => (await import('/static/js/kiosk/lang.js')).speakIn(code)"
MEASURE = """
([small, touch, line, low]) => {
  const wrong = [];
  const say = (node, what) => wrong.push(`${what}: ${node.tagName.toLowerCase()}.${node.className?.baseVal ?? node.className} ${(node.textContent || "").trim().slice(0, 30)}`);
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && node.getBoundingClientRect().width > 1;
  const dialog = document.querySelector("dialog[open]");
  const places = dialog ? [dialog] : [...document.querySelectorAll(".k-top, .k-steps, .k-banner, #main, .k-keys")];
  const all = places.flatMap((place) => [...place.querySelectorAll("*")]).filter(seen);
  const texts = all.filter((node) => !node.closest("svg, video, canvas") && [...node.childNodes].some((one) => one.nodeType === 3 && one.nodeValue.trim()));
  for (const node of texts) {
    const style = getComputedStyle(node);
    const size = parseFloat(style.fontSize) * node.currentCSSZoom;
    if (small && size < small - 0.1) say(node, `${size.toFixed(1)} px of text`);
    const height = parseFloat(style.lineHeight) / parseFloat(style.fontSize);
    if (height < line - 0.01) say(node, `line height ${height.toFixed(2)}`);
    if (node.scrollWidth > node.clientWidth + 2 && node.clientWidth && style.overflow !== "visible" && style.textOverflow !== "ellipsis") say(node, "cut off");
  }
  const keys = all.filter((node) => node.matches("button, [role=textbox], input, textarea, summary, .choice") && !node.closest("[inert]"));
  const main = document.getElementById("main").getBoundingClientRect();
  const boxes = keys.map((node) => [node, node.getBoundingClientRect()]).filter(([node, box]) => !node.closest("#main") || (box.top >= main.top - 1 && box.bottom <= main.bottom + 1));
  for (const [node, box] of boxes) {
    if (touch && (box.width < touch - 0.5 || box.height < touch - 0.5)) say(node, `${box.width.toFixed(0)}x${box.height.toFixed(0)} to touch`);
    if (box.left < -1 || box.right > innerWidth + 1) say(node, "sticks out");
    if (node.scrollWidth > node.clientWidth + 3) say(node, "words stick out");
    if (low && box.top < innerHeight / 2 - 1) say(node, `at ${box.top.toFixed(0)}, too high`);
  }
  boxes.forEach(([one, a], index) => boxes.slice(index + 1).forEach(([other, b]) => {
    if (one.contains(other) || other.contains(one)) return;
    const [wide, high] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
    const floats = one.closest(".touch, .ctl") !== other.closest(".touch, .ctl"); // what scrolls goes under the keys that stay
    if (wide > 2 && high > 2 && !floats) say(one, `lies over ${other.textContent.trim().slice(0, 20)}`);
  }));
  return wrong;
}
"""
REACHED = """
async () => {
  const { stops } = await import('/static/js/kiosk/scan.js');
  const marked = stops().flatMap((stop) => (stop.matches("button, [role=textbox], textarea, input") ? [stop] : [...stop.querySelectorAll("button:not(:disabled)")]));
  const seen = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length > 0;
  const place = document.querySelector("dialog[open]") || document;
  const keys = [...place.querySelectorAll("#main button:not(:disabled), .k-keys button, dialog[open] button")].filter(seen);
  return keys.filter((key) => !marked.includes(key)).map((key) => key.textContent.trim());
}
"""
UNNAMED = """
() => [...document.querySelectorAll("#main *, .k-keys *, .k-top *")].filter((node) => node.checkVisibility() && node.closest("[translate='no']") === null)
  .flatMap((node) => [...node.childNodes].filter((one) => one.nodeType === 3 && /\\p{Script=Han}/u.test(one.nodeValue)).map((one) => one.nodeValue.trim()))
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
        started = playwright.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox", *MEDIA])
        yield started
        started.close()


def measured(page: Page, *, small: float = 0, touch: float = 0, low: bool = False) -> list[str]:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return list(page.evaluate(MEASURE, [small, touch, 1.3, low]))


def each_look(page: Page) -> Iterator[tuple[str, list[str]]]:
    """What is wrong in every size, colour and position, in Chinese and, at the kiosk's own size, in English."""
    for language in ("zh-CN", "en"):
        page.evaluate(SPEAK, language)
        for size in ("", "large", "larger"):
            page.evaluate(LOOKS, ["text", size or None])
            yield f"{language} kiosk {size}", measured(page, small=24, touch=60)
        page.evaluate(LOOKS, ["text", None])
        page.evaluate(LOOKS, ["low", ""])
        yield f"{language} low", measured(page, small=24, touch=60, low=True)
        page.evaluate(LOOKS, ["low", None])
    yield "one switch", [f"cannot be reached: {one}" for one in page.evaluate(REACHED)]
    page.evaluate(SPEAK, "zh-CN")
    for contrast in (None, "high"):
        page.evaluate(LOOKS, ["contrast", contrast])
        yield f"axe {contrast or 'usual'} colours", faults(page)
    page.evaluate(LOOKS, ["contrast", None])
    page.set_viewport_size({"width": 1366, "height": 768})
    yield "laptop", measured(page)
    page.set_viewport_size({"width": 1080, "height": 1920})


def picture(page: Page, name: str) -> None:
    """A small WebP into the folder that SCREENSHOTS names."""
    folder = Path(os.environ["SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    png = page.screenshot()
    command = ["ffmpeg", "-v", "error", "-y", "-f", "png_pipe", "-i", "-", "-vf", "scale=540:-1", "-c:v", "libwebp", "-q:v", "70", str(folder / f"kiosk-{name}.webp")]
    subprocess.run(command, input=png, check=True, timeout=60)


def test_every_screen_can_be_used_by_everybody(office: KioskOffice, browser: Browser) -> None:
    wrong = list[str]()
    seen = list[str]()
    for name, page in screens(office, browser):
        seen.append(name)
        if os.environ.get("SCREENSHOTS"):
            picture(page, name)
            if os.environ.get("ONLY_PICTURES"):
                continue
        wrong += [f"{name}, {look}: {fault}" for look, found in each_look(page) for fault in found]
    print(f"{len(seen)} screens: {', '.join(seen)}")
    assert wrong == [], f"{len(wrong)} faults:\n" + "\n".join(wrong)
