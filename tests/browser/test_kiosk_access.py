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
from tests.browser.accessible import SETTLED, faults
from tests.browser.every_screen import OUT_OF_ORDER, WALKS, screens
from tests.browser.kiosk_office import KioskOffice
from tests.browser.kiosk_page import office  # noqa: F401 fixture

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

SIZES = {"kiosk": (1080, 1920), "laptop": (1366, 768)}
MEDIA = ["--use-fake-device-for-media-stream=device-count=2,fps=5", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"]
LOOKS = "([name, value]) => { if (value === null) delete document.documentElement.dataset[name]; else document.documentElement.dataset[name] = value; }"
SPEAK = "async (code) => (await import('/static/js/kiosk/lang.js')).speakIn(code)"
MEASURE = """
([small, touch, line, low]) => {
  const wrong = [];
  const say = (node, what) => wrong.push(`${what}: ${node.tagName.toLowerCase()}.${node.className?.baseVal ?? node.className} ${(node.textContent || "").trim().slice(0, 30)}`);
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && node.getBoundingClientRect().width > 1;
  const dialog = document.querySelector("dialog[open]");
  const papers = document.querySelector(".papers");
  const places = dialog ? [dialog] : papers ? [...document.querySelectorAll(".k-top, .k-steps, .k-banner, .papers, .k-keys")] : [...document.querySelectorAll(".k-top, .k-steps, .k-banner, #main, .k-keys")];
  const all = places.flatMap((place) => [...place.querySelectorAll("*")]).filter(seen);
  const texts = all.filter((node) => !node.closest("svg, video, canvas, .vh") && [...node.childNodes].some((one) => one.nodeType === 3 && one.nodeValue.trim()));
  for (const node of texts) {
    const style = getComputedStyle(node);
    const size = parseFloat(style.fontSize) * node.currentCSSZoom;
    if (small && size < small - 0.1) say(node, `${size.toFixed(1)} px of text`);
    const height = parseFloat(style.lineHeight) / parseFloat(style.fontSize);
    if (height < line - 0.01) say(node, `line height ${height.toFixed(2)}`);
    if (node.scrollWidth > node.clientWidth + 2 && node.clientWidth && style.overflow !== "visible" && style.textOverflow !== "ellipsis") say(node, "cut off");
  }
  const target = "button, [role=textbox], input, textarea, summary, .choice";
  const keys = all.filter((node) => node.matches(target) && !node.closest("[inert]") && !node.parentElement.closest(".choice")); // the whole choice is touched
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
  return keys.filter((key) => !key.closest("[inert]") && !marked.includes(key)).map((key) => key.textContent.trim());
}
"""
UNTRANSLATED = """
(names) => { // what the voice says, which began in another language, stands in #said; a language is called what it calls itself
  const theirs = (node) => node.closest("[translate='no'], #said") !== null || node.closest("[lang]") !== document.documentElement;
  const seen = [...document.querySelectorAll("#main *, .k-keys *, .k-top *, dialog[open] *")].filter((node) => node.checkVisibility() && !theirs(node));
  const texts = seen.flatMap((node) => [...node.childNodes].filter((one) => one.nodeType === 3).map((one) => one.nodeValue.trim()));
  return texts.filter((text) => /\\p{Script=Han}/u.test(names.reduce((rest, name) => rest.replaceAll(name, ""), text)));
}
"""
NAMES = ("柳河镇 1 号机", "青山县信访局", "柳河镇", "周建国", "陈晓", "阿依古丽", "王律师", "何守田", "何", "刘桂兰", "李四")
"""Of the office and its people: they are called the same in every language."""
LONG = ("form", "progress-result")
"""Screens whose content has no fixed length: all others are seen whole."""


ORDER = """
() => { // whoever hears or tabs through the page meets things from top to bottom
  const seen = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getBoundingClientRect().width > 1;
  const place = document.querySelector("dialog[open], .papers") || document.getElementById("main");
  const wrong = [...place.querySelectorAll("[tabindex]")].filter((node) => node.tabIndex > 0).map((node) => `takes its own turn: ${node.textContent.trim()}`);
  const parts = [...place.querySelectorAll(".read, .touch, .side, .body, footer")].filter(seen);
  for (const part of parts) {
    const all = [...part.querySelectorAll("h1, h2, h3, p, li, dt, dd, button, label, [role=textbox]")].filter(seen).filter((node) => !node.closest(".dots, .kbarea, .pad, svg"));
    all.slice(1).forEach((node, n) => {
      const [before, after] = [all[n].getBoundingClientRect(), node.getBoundingClientRect()];
      if (after.bottom <= before.top + 1 && !all[n].contains(node)) wrong.push(`comes after what lies below it: ${node.textContent.trim().slice(0, 30)}`);
    });
  }
  return wrong;
}
"""
TOLD = """
() => { // a sentence for what was just done lies over nothing that is touched or read
  const toast = document.getElementById("toast"), hidden = toast.hidden;
  [toast.textContent, toast.hidden] = ["现在叫不到，网络断了。请走到门口说一声，您的号还在。", false];
  const box = toast.getBoundingClientRect();
  const under = [...document.querySelectorAll("#main :is(button, canvas, video, h1, h2, p, li, b), .k-keys button")].filter((node) => {
    const { left, right, top, bottom, width } = node.getBoundingClientRect();
    return width > 1 && node.checkVisibility() && Math.min(right, box.right) - Math.max(left, box.left) > 1 && Math.min(bottom, box.bottom) - Math.max(top, box.top) > 1;
  });
  toast.hidden = hidden;
  return [...(box.height > 60 ? [] : ["not seen"]), ...under.map((node) => `${node.tagName} ${node.textContent.trim().slice(0, 30)}`)];
}
"""
TABBING = """
() => { // remembers where Tab comes to; tells how many turns that takes
  window.tabbed = new Map();
  document.activeElement.blur();
  addEventListener("focusin", window.onTab = ({ target }) => {
    const style = getComputedStyle(target);
    window.tabbed.set(target, parseFloat(style.outlineWidth) > 1 && style.outlineStyle !== "none");
  }, true);
  const all = (document.querySelector("dialog[open]") || document.body).querySelectorAll("button, input, textarea, summary, a, [tabindex]");
  return [...all].filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest("[inert]") && node.tabIndex >= 0).length;
}
"""
TABBED = """
() => {
  const named = (node) => (node.getAttribute("aria-label") || node.textContent).trim().slice(0, 30);
  removeEventListener("focusin", window.onTab, true);
  const place = document.querySelector("dialog[open]") || document;
  const seen = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getClientRects().length > 0 && !node.closest("[inert]");
  const keys = [...place.querySelectorAll("#main button, .k-keys button, dialog[open] button, #main [role=textbox], #main textarea, #main summary")].filter(seen);
  const left = keys.filter((key) => !key.disabled && !window.tabbed.has(key)).map((key) => `no Tab comes to: ${named(key)}`);
  const unmarked = [...window.tabbed].filter(([, marked]) => !marked).map(([node]) => `the focus is not seen: ${named(node)}`);
  document.getElementById("main").scrollTop = 0;
  document.activeElement.blur();
  return [...left, ...unmarked];
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(timeout=chromium.START_MS, executable_path=chromium.find(), args=["--no-sandbox", *MEDIA])
        yield started
        started.close()


def measured(page: Page, *, small: float = 0, touch: float = 0, low: bool = False) -> list[str]:
    page.evaluate(SETTLED)
    return list(page.evaluate(MEASURE, [small, touch, 1.3, low]))


def each_look(page: Page, name: str) -> Iterator[tuple[str, list[str]]]:
    """What is wrong in every size, colour and position, in Chinese and, at the kiosk's own size, in English."""
    hidden = page.evaluate("() => { const main = document.getElementById('main'); return main.scrollHeight - main.clientHeight; }")
    yield "zh-CN kiosk", [f"{hidden} px are out of sight"] if hidden >= 24 and name not in LONG else []
    for language in ("zh-CN", "en"):
        page.evaluate(SPEAK, language)
        for size in ("", "large", "larger"):
            page.evaluate(LOOKS, ["text", size or None])
            yield f"{language} kiosk {size}", measured(page, small=24, touch=60)
        page.evaluate(LOOKS, ["text", None])
        page.evaluate(LOOKS, ["low", ""])
        yield f"{language} low", measured(page, small=24, touch=60, low=True)
        page.evaluate(LOOKS, ["low", None])
    yield "en, words", [f"not in English: {one}" for one in page.evaluate(UNTRANSLATED, list(NAMES))]
    page.evaluate(SPEAK, "ug")
    yield "from right to left", [*measured(page, small=24, touch=60), *page.evaluate(ORDER)]
    page.evaluate(SPEAK, "zh-CN")
    yield "order", page.evaluate(ORDER)
    yield "what was just done", [f"lies over {one}" for one in page.evaluate(TOLD)]
    yield "one switch", [f"cannot be reached: {one}" for one in page.evaluate(REACHED)]
    for contrast in (None, "high"):
        page.evaluate(LOOKS, ["contrast", contrast])
        yield f"axe {contrast or 'usual'} colours", faults(page)
    page.evaluate(LOOKS, ["contrast", None])
    page.set_viewport_size({"width": 1366, "height": 768})
    yield "laptop", measured(page)
    page.set_viewport_size({"width": 1080, "height": 1920})
    if not page.locator("#away[open]").count():  # which any key answers
        yield "keyboard", by_keyboard(page)


def by_keyboard(page: Page) -> list[str]:
    """What Tab does not come to, or comes to unseen."""
    for _ in range(page.evaluate(TABBING) + 2):
        page.keyboard.press("Tab")
    return list(page.evaluate(TABBED))


def picture(page: Page, name: str) -> None:
    """A small WebP into the folder that SCREENSHOTS names."""
    folder = Path(os.environ["SCREENSHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    png = page.screenshot()
    command = ["ffmpeg", "-v", "error", "-y", "-f", "png_pipe", "-i", "-", "-vf", "scale=540:-1", "-c:v", "libwebp", "-q:v", "70", str(folder / f"kiosk-{name}.webp")]
    subprocess.run(command, input=png, check=True, timeout=60)


@pytest.mark.parametrize("walk", [*WALKS, OUT_OF_ORDER])
def test_every_screen_can_be_used_by_everybody(office: KioskOffice, browser: Browser, walk: str) -> None:
    wrong = list[str]()
    seen = list[str]()
    for name, page in screens(walk, office, browser):
        seen.append(name)
        if os.environ.get("SCREENSHOTS"):
            picture(page, name)
            if os.environ.get("ONLY_PICTURES"):
                continue
        found = [f"{name}, {look}: {fault}" for look, faults_found in each_look(page, name) for fault in faults_found]
        print(*found, sep="\n", end="\n" if found else "")
        wrong += found
    print(f"{len(seen)} screens: {', '.join(seen)}")
    assert wrong == [], f"{len(wrong)} faults:\n" + "\n".join(wrong)
