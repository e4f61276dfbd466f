"""`make bench-joining`: how long after the leader's key each sees the other, on real pages in real Chromium.

A petitioner waits at the kiosk and was called a while ago, as usual; the leader has the reception open, with microphone
and camera looked at.  Then the leader presses 开始接谈.  Everything runs on this machine and over its loopback, several
times in a row, each time in another moment of the kiosk's question for where its sitting stands.

Progress goes to standard error; the figures go into deploy/performance.md; the last line of standard output is one JSON
object:

leader_p50_s, leader_worst_s   from the press to the first painted picture of the petitioner on the leader's page
kiosk_p50_s, kiosk_worst_s     to the first painted picture of the leader on the kiosk's page
leader_steps_ms, kiosk_steps_ms  half of them were so far so many milliseconds after the press: the office is asked for a
                 seat, the ticket is there, the media node's socket is open, the seat is taken, the media is offered, the
                 offer answered, the way found (ICE), the keys exchanged (DTLS), the picture painted

Exit status 1 where the slowest took longer than WANTED_S.
"""

import argparse
import datetime
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from deploy.bench import report
from tests.browser import chromium
from tests.browser.conftest import ARGUMENTS
from tests.browser.media_files import camera_mjpeg
from tests.browser.programs import talking
from tests.e2e.office import PASSWORD, Administrator

TIMES = 12
WANTED_S = 1.0
READING_MS = 2500
"""From calling somebody to opening the talk; also for what the opening of the pages leaves to do."""
SHIFT_MS = 61
"""By so much each press comes later than the one before, so that the kiosk's question is met in every moment of its wait."""
LONGEST_MS = 60_000
SIZES = {"kiosk": (1080, 1920), "leader": (1366, 768)}
PICTURES = {"kiosk": "[data-part=leader]", "leader": "#remote"}
"""Where each sees the other."""
STEPS = ("asked", "ticket", "open", "seated", "offered", "answered", "found", "connected", "painted")
WATCH = """(selector) => {
  const at = window.joining = {};
  const now = () => performance.timeOrigin + performance.now();
  const mark = (name, when = now()) => { at[name] ??= when; };
  addEventListener("click", (event) => {
    if (event.target.closest?.("#begin")) mark("pressed", performance.timeOrigin + event.timeStamp);
  }, true);
  const ask = window.fetch;
  window.fetch = async (...asked) => {
    const seat = String(asked[0]).endsWith("/join");
    if (seat) mark("asked");
    const answer = await ask(...asked);
    if (seat) mark("ticket");
    return answer;
  };
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      if (!String(given[0]).includes("/signal")) return;
      this.addEventListener("open", () => mark("open"));
      this.addEventListener("message", ({ data }) => mark({ joined: "seated", answer: "answered" }[JSON.parse(data).type] ?? "other"));
    }
    send(data) {
      if (String(data).startsWith('{"type":"offer"')) mark("offered");
      super.send(data);
    }
  };
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(...given) {
      super(...given);
      this.addEventListener("iceconnectionstatechange", () => { if (this.iceConnectionState === "connected") mark("found"); });
      this.addEventListener("connectionstatechange", () => { if (this.connectionState === "connected") mark("connected"); });
    }
  };
  let watched = null;
  const look = () => {
    const video = document.querySelector(selector);
    if (video && video !== watched) (watched = video).requestVideoFrameCallback(() => mark("painted"));
    if (!at.painted) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


class Pages:
    """The kiosk's page and the leader's, each in a browser of its own, and the office behind them."""

    def __init__(self, playwright: Playwright, folder: Path, url: str, administrator: Administrator) -> None:
        self.url = url
        administrator.add_staff("leader", "徐明", "县自然资源局局长")
        code = administrator.add_kiosk("石桥镇", "石桥镇接谈室").partition("code=")[2]
        self.kiosk, self.leader = (self._page(playwright, folder, who) for who in ("kiosk", "leader"))
        self._send(self.kiosk, "POST", "/api/kiosk/enrol", code=code)
        self._send(self.leader, "POST", "/api/session", username="leader", password=PASSWORD)
        halls = [one["organization_id"] for one in administrator.overview()["kiosks"]]
        self._send(self.leader, "PUT", "/api/queue/duty", halls=halls)

    def _page(self, playwright: Playwright, folder: Path, who: str) -> Page:
        camera = camera_mjpeg(folder / f"{who}.mjpeg", "leader" if who == "leader" else "petitioner")
        arguments = [*ARGUMENTS, f"--use-file-for-fake-video-capture={camera}"]
        browser: Browser = playwright.chromium.launch(executable_path=chromium.find(), args=arguments, timeout=chromium.START_MS)
        width, height = SIZES[who]
        page = browser.new_context(viewport={"width": width, "height": height}, has_touch=who == "kiosk").new_page()
        page.set_default_timeout(LONGEST_MS)
        page.add_init_script(f"({WATCH})({json.dumps(PICTURES[who])})")
        return page

    def _send(self, page: Page, method: str, path: str, **body: Any) -> Any:
        answer = page.context.request.fetch(self.url + path, method=method, data=body, headers={"X-Jietan": "1"})
        if not answer.ok:
            raise SystemExit(f"{method} {path}: {answer.status} {answer.text()}")
        return answer.json() if answer.text() else {}

    def join(self, shift_ms: int) -> dict[str, dict[str, float]]:
        """One talk begins and ends; on each side milliseconds from the press to each step."""
        wanted = {"consent": "audio_video", "name": "何守田", "phone": "13800001234", "matter": "征地补偿"}
        reception = self._send(self.kiosk, "POST", "/api/kiosk/sittings", **wanted)["reception_id"]
        self.kiosk.goto(f"{self.url}/kiosk")
        self.kiosk.wait_for_selector("body[data-screen=waiting]")
        self._send(self.leader, "POST", f"/api/queue/{reception}/call", version=1)
        self.leader.goto(f"{self.url}/leader/receptions/{reception}")
        self.leader.wait_for_selector("#begin:enabled")
        self.leader.wait_for_timeout(READING_MS + shift_ms)
        self.leader.click("#begin")
        found = {who: self._steps(page) for who, page in (("kiosk", self.kiosk), ("leader", self.leader))}
        pressed = found["leader"]["pressed"]
        self.kiosk.goto("about:blank")  # it would load itself anew at the end, just when the next one is opened
        self._send(self.leader, "POST", f"/api/receptions/{reception}/end")
        self._send(self.kiosk, "POST", "/api/kiosk/sitting/leave")
        return {who: {name: at - pressed for name, at in steps.items() if name in STEPS} for who, steps in found.items()}

    @staticmethod
    def _steps(page: Page) -> dict[str, float]:
        page.wait_for_function("() => Boolean(window.joining.painted)")
        return dict(page.evaluate("window.joining"))


def figures(joined: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """What is told of all of them."""
    told: dict[str, Any] = {"bench": "joining", "times": len(joined)}
    for who in ("leader", "kiosk"):
        painted = [one[who]["painted"] / 1000 for one in joined]
        told |= {f"{who}_p50_s": round(statistics.median(painted), 2), f"{who}_worst_s": round(max(painted), 2)}
    for who in ("leader", "kiosk"):
        told[f"{who}_steps_ms"] = {name: round(statistics.median(one[who][name] for one in joined)) for name in STEPS}
    return told


PART = """# How long joining takes

Written by `make bench-joining` ({date}).  {machine}; headless Chromium {browser}, on the same {cores} cores as the programs.

From the leader's pressing 开始接谈, with the petitioner called and waiting at the kiosk, to the first painted picture of the other,
{times} times: on the leader's page {leader_p50_s} s, at worst {leader_worst_s} s; on the kiosk's {kiosk_p50_s} s, at worst {kiosk_worst_s} s (wanted: under
{wanted:g} s).  Load average before: {load_before}.{busy}

Half of them were so far after so many milliseconds:

| | {names} |
|---|{rule}
| leader's page | {leader} |
| kiosk's page | {kiosk} |

Asked: for a seat, which the kiosk does when it hears that the talk begins.  Found: the way (ICE).  Connected: keys exchanged (DTLS).
"""
BUSY = "  **The machine was not quiet: other work took time on its cores, and every time here is longer for it.**"


def part(told: dict[str, Any], browser: str) -> str:
    """What deploy/performance.md tells of it."""
    rows = {who: " | ".join(str(told[f"{who}_steps_ms"][name]) for name in STEPS) for who in ("leader", "kiosk")}
    busy = BUSY if told["load_before"] >= 1 else ""
    return PART.format(
        **told, **rows, wanted=WANTED_S, busy=busy, browser=browser, names=" | ".join(STEPS), rule="---|" * len(STEPS),
        date=datetime.date.today().isoformat(), machine=report.machine(),
    )  # fmt: skip


def main() -> int:
    """Begin talks, say how long that took."""
    asked = argparse.ArgumentParser(prog="make bench-joining", description=__doc__)
    asked.add_argument("--times", type=int, default=TIMES)
    asked.add_argument("--quick", action="store_true", help="only print the figures")
    options = asked.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-joining-") as name, talking(Path(name)) as programs, sync_playwright() as playwright:
        pages = Pages(playwright, Path(name), programs.url, Administrator(programs))
        joined = []
        for number in range(options.times):
            joined.append(one := pages.join(number * SHIFT_MS))
            say(f"leader {one['leader']['painted']:.0f} ms, kiosk {one['kiosk']['painted']:.0f} ms")
        browser = pages.leader.context.browser
        version = browser.version if browser else ""
    told = figures(joined) | {"cores": len(os.sched_getaffinity(0)), "load_before": round(load, 1)}
    if not options.quick:
        report.write(report.PAGE, part(told, version))
    print(json.dumps(told, ensure_ascii=False))
    return 0 if max(told["leader_worst_s"], told["kiosk_worst_s"]) < WANTED_S else 1


if __name__ == "__main__":
    sys.exit(main())
