"""`make bench-desk`: how quick the correction page is on a two-hour sitting, in a real Chromium against the real server.

The record has 4,000 utterances of 60,000 characters, with their words and times, and two sound files of two hours.
Progress goes to standard error; the figures go into deploy/performance.md; the last line of standard output is one JSON
object:

open_s           from the navigation to the first painted lines, with the keyboard answered; median of several openings,
                 each in a browser profile of its own, which has nothing cached
whole_s          until all lines are there and the places that need ears are counted
key_p50_ms …     from keydown to the next painted frame: typing in a line, sentence up and down, play, heard, next place;
                 until the page's main thread is free again after it
presented_p50_ms …  of the same keys until the frame was on the screen, as the browser tells (Event Timing, in steps of 8 ms)
                 Of a letter's 7 ms of the main thread (a trace, by thread CPU) 3 are the keyboard's events, 1 each laying
                 out, painting and dividing into layers; a step to another sentence takes 12.  On top of that comes the
                 wait for the next of 60 frames a second.
memory_mb_*      the page's JavaScript heap after a collection, before and after EDITS saved edits; nodes_*: the same
                 for nodes of the document
keystrokes       what a scripted expert presses to bring the shipped dialogues' drafts, as the small model heard them, to
                 error-free text and complete form; typed_keystrokes: what typing them would take (counted in expert.py)
"""

import argparse
import datetime
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from deploy.bench import expert, long_record, report
from server.store.engine import Store
from tests.browser import chromium
from tests.browser.programs import Programs

OPENINGS = 5
EDITS = 500
DIALOGUES = ["wage", "land", "free-land"]
PAUSE_MS = 60
"""Between two keys: a quick typist."""
WINDOW = {"width": 1366, "height": 768}
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
MEASURE = """
(() => {
  const painted = (then) => requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel(); port1.onmessage = () => then(performance.now()); port2.postMessage(0); });
  window.bench = { shown: 0, whole: 0, keys: [], presented: {} };
  const look = () => document.querySelector(".u .say") ? painted((at) => { window.bench.shown = at; }) : requestAnimationFrame(look);
  requestAnimationFrame(look);
  const count = () => document.querySelector("#places-words")?.textContent ? painted((at) => { window.bench.whole = at; }) : requestAnimationFrame(count);
  requestAnimationFrame(count);
  window.addEventListener("keydown", (event) => {
    if (["Shift", "Control"].includes(event.key)) return;
    const name = (event.ctrlKey ? "Ctrl+" : "") + (event.shiftKey ? "Shift+" : "") + (event.key.length === 1 ? "type" : event.code);
    painted((at) => window.bench.keys.push([name, at - event.timeStamp, event.timeStamp]));
  }, true);
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === "keydown") window.bench.presented[one.startTime] = one.duration;
  }).observe({ type: "event", durationThreshold: 16 });
})();
"""


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


@contextmanager
def office(folder: Path) -> Iterator[tuple[str, Store, str]]:
    """A running web program with the long record: its address, its store and the record's id."""
    programs = Programs(folder)
    try:
        programs.start("web")
        programs.wait_ready("web", programs.settings.web_port)
        say("filling in a sitting of two hours …")
        store = Store(f"sqlite:///{folder / 'jietan.sqlite'}")
        record_id = long_record.fill(store, folder / "recordings")
        long_record.know_loudness(store, programs.settings.peaks_dir)
        yield programs.url, store, record_id
    finally:
        programs.stop()


def new_page(browser: Browser, url: str) -> Page:
    """A clerk's page in a profile of its own."""
    page = browser.new_context(viewport=WINDOW, locale="zh-CN").new_page()
    account = {"username": long_record.USERNAME, "password": long_record.PASSWORD}
    answer = page.request.post(f"{url}/api/session", data=account, headers={"X-Jietan": "1"})
    if not answer.ok:
        raise SystemExit(f"cannot log in: {answer.text()}")
    page.add_init_script(MEASURE)
    return page


def opened(page: Page, address: str) -> tuple[float, float]:
    """Seconds until the first lines are painted, and until everything is there; the next key has to be answered."""
    page.goto(address, wait_until="commit")
    shown = told(page, "shown")
    page.keyboard.press("Control+ArrowDown")
    page.wait_for_selector(".u.cur")
    return shown, told(page, "whole")


def told(page: Page, what: str) -> float:
    """When something was painted, in seconds from the navigation."""
    while not (at := page.evaluate(f"window.bench?.{what} || 0")):
        page.wait_for_timeout(20)
    return float(at) / 1000


class Heap:
    """What the page keeps."""

    def __init__(self, page: Page) -> None:
        self.session: CDPSession = page.context.new_cdp_session(page)
        self.session.send("Performance.enable")

    def measure(self) -> dict[str, float]:
        for _ in range(2):
            self.session.send("HeapProfiler.collectGarbage")
        found = {one["name"]: one["value"] for one in self.session.send("Performance.getMetrics")["metrics"]}
        return {"memory_mb": round(found["JSHeapUsedSize"] / 1e6, 1), "nodes": int(found["Nodes"])}


def saved(page: Page) -> None:
    """Everything has arrived at the office."""
    end = time.monotonic() + 60
    while not page.evaluate("document.querySelector('#saved').textContent.includes('已自动保存')"):
        if time.monotonic() > end:
            raise SystemExit(f"not saved: {page.inner_text('#saved')}")
        page.wait_for_timeout(50)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(PAUSE_MS)


def work(page: Page, edits: int) -> None:
    """A clerk at work: each round saves a text and that it was heard."""
    for number in range(edits // 2):
        if number % 10 == 0:
            press(page, "F9", "Shift+F9", "F9", "F2", "Control+ArrowDown", "Control+ArrowUp", "F2", "F8")
        press(page, "x", "y", "Control+Enter")
        if number % 50 == 49:
            say(f"{2 * number + 2} edits …")
    saved(page)


def main() -> None:
    """Fill in, open, work, say how long that took."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--edits", type=int, default=EDITS)
    asked.add_argument("--dialogues", nargs="*", default=DIALOGUES, help="what the expert corrects")
    asked.add_argument("--quick", action="store_true", help="only print the figures")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-desk-") as name, office(Path(name)) as (url, store, record_id), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=ARGUMENTS)
        figures = measure(browser, url, f"{url}/desk/{record_id}", options.edits)
        if options.dialogues:
            figures |= corrected(browser, url, store, Path(name) / "recordings", options.dialogues)
        browser_version = browser.version
    if not options.quick:
        report.write(report.PAGE, part(figures, browser_version))
    print(json.dumps(figures, ensure_ascii=False))


ROWS = (
    ("open_s", "opened: first lines painted, keys answered, s", "under 1.5"),
    ("open_worst_s", f"the slowest of {OPENINGS} openings, s", ""),
    ("whole_s", "all lines there, what needs ears counted, s", ""),
    ("key_p50_ms", "a key until the page is free again, half of them within ms", "under 50"),
    ("key_p95_ms", "95 of 100 within ms", "under 50"),
    ("key_p99_ms", "99 of 100 within ms", ""),
    ("presented_p95_ms", "95 of 100 on the screen within ms", ""),
    ("memory_mb_start", "JavaScript heap when opened, MB", ""),
    ("memory_mb_after", "after {edits} saved edits, MB", "as before"),
    ("keystrokes", "keys that bring the shipped dialogues' drafts to error-free text and complete form", ""),
    ("typed_keystrokes", "keys that typing them would take", ""),
    ("keystrokes_share", "share", "0.2 at most"),
)


BUSY = "  **The machine was not quiet: other work took time on both cores, and every time here is longer for it.**"


def part(figures: dict[str, Any], browser: str) -> str:
    """What deploy/performance.md tells of the desk."""
    rows = [f"| {words.format(**figures)} | {figures.get(name, 'not measured')} | {wanted} |" for name, words, wanted in ROWS]
    busy = BUSY if figures["load_before"] >= 1 else ""
    return _PART.format(**figures, busy=busy, date=datetime.date.today().isoformat(), machine=report.machine(), browser=browser, lines=long_record.LINES, characters=long_record.CHARACTERS, rows="\n".join(rows))


_PART = """# How quick the correction page is

Written by `make bench-desk` ({date}).  {machine}; headless Chromium {browser}, on the same {cores} cores as the server.

A sitting of two hours, {lines} utterances of {characters} characters with their words and times.  Each opening is in a
browser profile of its own, which has nothing cached.  Keys are typing, sentence up and down, play, heard, next place.
Load average before: {load_before}.{busy}

| what | measured | wanted |
|---|---|---|
{rows}

The page gets the first sixty lines at once and the rest while those are being read (`/desk?most=`, `/desk/rest`); the
files of its program come from the server's memory (server/pages/static.py).
"""


def corrected(browser: Browser, url: str, store: Store, recordings: Path, dialogues: list[str]) -> dict[str, Any]:
    """What the expert pressed, over all dialogues and in each."""
    each: dict[str, dict[str, int]] = {}
    for dialogue in dialogues:
        say(f"{dialogue}: hearing …")
        task = expert.prepare(store, recordings, dialogue, expert.hear(dialogue))
        say(f"{dialogue}: correcting …")
        each[dialogue] = expert.work(new_page(browser, url), url, task)
        with store.read() as session:
            expert.check(session, task)
    total = {name: sum(one[name] for one in each.values()) for name in ("keystrokes", "typed_keystrokes")}
    return {**total, "keystrokes_share": round(total["keystrokes"] / max(total["typed_keystrokes"], 1), 3), "by_dialogue": each}


def measure(browser: Browser, url: str, address: str, edits: int) -> dict[str, Any]:
    """All figures."""
    load = os.getloadavg()[0]
    times = []
    for _ in range(OPENINGS):
        page = new_page(browser, url)
        times.append(opened(page, address))
        page.context.close()
        say("opened in {:.2f} s, whole in {:.2f} s".format(*times[-1]))
    page = new_page(browser, url)
    opened(page, address)
    heap = Heap(page)
    press(page, *["Control+ArrowDown", "Control+ArrowUp"] * 3)
    page.evaluate("window.bench.keys.length = 0")
    start = heap.measure()
    work(page, edits)
    end = heap.measure()
    page.wait_for_timeout(1000)  # the browser tells of a key some time after it
    keys: list[tuple[str, float, float]] = page.evaluate("window.bench.keys.map((key) => [key[0], key[1], window.bench.presented[key[2]] || 8])")
    openings, wholes = zip(*times, strict=True)
    return {
        "open_s": round(statistics.median(openings), 2),
        "open_worst_s": round(max(openings), 2),
        "whole_s": round(statistics.median(wholes), 2),
        **percentiles([took for _, took, _ in keys]),
        **percentiles([presented for _, _, presented in keys], "presented"),
        "keys": len(keys),
        "by_key_p95_ms": {name: percentiles([took for other, took, _ in keys if other == name])["key_p95_ms"] for name in sorted({name for name, _, _ in keys})},
        **{f"{what}_start": value for what, value in start.items()},
        **{f"{what}_after": value for what, value in end.items()},
        "edits": edits,
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(load, 1),
    }


def percentiles(values: list[float], what: str = "key") -> dict[str, float]:
    """key_p50_ms, key_p95_ms and key_p99_ms."""
    ordered = sorted(values)
    return {f"{what}_p{p}_ms": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 1) for p in (50, 95, 99)}


if __name__ == "__main__":
    main()
