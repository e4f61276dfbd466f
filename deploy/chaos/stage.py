"""The real programs, a kiosk page and a leader's page in real Chromium, each at its own place of the network."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, Dialog, Page, Playwright

from deploy.chaos.network import OFFICE, TCP_PORTS, Line, inside, run
from deploy.chaos.speech import Speech, write_speech
from tests.browser import chromium
from tests.browser.conftest import ARGUMENTS
from tests.browser.media_files import camera_mjpeg
from tests.browser.programs import Programs, wait_until
from tests.e2e.office import PASSWORD, Administrator

RECORDINGS_MB = 48
PROGRAMS = ("transcriber", "media", "web")
PAUSES = {"petitioner": 0.8, "leader": 2.5}
SIZES = {"petitioner": (1080, 1920), "leader": (1366, 768)}
PICTURES = {"petitioner": "[data-part=leader]", "leader": "#remote"}
"""Where each sees the other."""
READING_S = 2.5
"""From calling somebody to opening the talk."""
RECORD_S = 150.0
FILLED_S = 90.0
FILLABLE, FILLED_GAP_S = ("network_lost", "packet_loss"), 1.0
"""Gaps that the kiosk's copy must fill."""

OWN_SCREENS = "http://127.0.0.1:8611/kiosk"

WATCH = """(selector) => {
  const now = () => performance.timeOrigin + performance.now();
  window.chaosFrames = [];
  const open = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
  if (open) navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await open(wanted);
    window.chaosOpened?.(now());
    return stream;
  };
  addEventListener("click", (event) => { if (event.target.closest?.("#begin")) window.chaosBegan ??= now(); }, true);
  let watched = null;
  const look = () => {
    const video = document.querySelector(selector);
    if (video === watched || !video?.requestVideoFrameCallback) return;
    watched = video;
    const frame = () => {
      window.chaosFrames.push(now());
      video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
  };
  setInterval(look, 50);
}"""


def recordings_disk(folder: Path) -> Path:
    """A disk of its own, small enough to be filled."""
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={RECORDINGS_MB}m", "recordings", str(folder))
    return folder


@dataclass
class Person:
    """Somebody before a page."""

    role: str
    page: Page
    speech: Speech
    openings: list[float] = field(default_factory=list)
    """When the microphone was opened, in seconds since 1970."""

    def frames(self) -> list[float]:
        """When new frames of the other's picture were shown since the page was loaded, in seconds since 1970."""
        return [at / 1000 for at in self.page.evaluate("window.chaosFrames ?? []")]

    def texts(self) -> str:
        """What the page says, on one line."""
        return " ".join(self.page.inner_text("body").split())


class Stage:
    """Everything that a case needs; one reception after another."""

    def __init__(self, folder: Path, playwright: Playwright) -> None:
        self.folder = folder
        self.screens: Path | None = None
        """Where pictures of the pages go while something is broken."""
        self._copier: subprocess.Popen[bytes] | None = None
        self.lines = {"petitioner": Line("kiosk", 1), "leader": Line("leader", 2)}
        data = folder / "data"
        self.disk = recordings_disk(data / "recordings")
        self.programs = Programs(data, **self._addresses())
        for name in PROGRAMS:
            self.programs.start(name)
        for name in PROGRAMS:
            self.ready(name)
        administrator = self.administrator = Administrator(self.programs)
        administrator.add_staff("leader", "徐明", "县自然资源局局长")
        administrator.add_staff("clerk", "林晓")
        link = administrator.add_kiosk("石桥镇", "石桥镇智能接谈室")
        self.lines["petitioner"].as_kiosk()
        self.people = {role: self._sit(playwright, role) for role in ("petitioner", "leader")}
        self._enrol(link)
        self.clerk = httpx.Client(base_url=self.programs.url, headers={"X-Jietan": "1"}, trust_env=False, timeout=30)
        for client in (self.clerk, self.people["leader"].page.context.request):
            _log_in(client, self.programs.url, "clerk" if client is self.clerk else "leader")
        self._on_duty()

    def _addresses(self) -> dict[str, object]:
        web, media = TCP_PORTS
        return {
            "web_host": "0.0.0.0", "web_port": web, "media_host": "0.0.0.0", "media_port": media,
            "media_url": f"ws://127.0.0.1:{media}", "signalling_url": f"ws://127.0.0.1:{media}/signal",
            "public_url": f"http://127.0.0.1:{web}", "media_bind": [OFFICE], "disk_reserve_mb": 0,
        }  # fmt: skip

    def _on_duty(self) -> None:
        """The leader serves the kiosk's hall."""
        request, headers = self.people["leader"].page.context.request, {"X-Jietan": "1"}
        halls = [one["organization_id"] for one in self.administrator.overview()["kiosks"]]
        answer = request.put(f"{self.url}/api/queue/duty", data={"halls": halls}, headers=headers)
        assert answer.ok, answer.text()

    @property
    def url(self) -> str:
        """Where the pages are, from every place."""
        return self.programs.url

    def ready(self, name: str) -> None:
        """Wait until a program answers."""
        self.programs.wait_ready(name, getattr(self.programs.settings, f"{name}_port"))

    def _sit(self, playwright: Playwright, role: str) -> Person:
        speech = write_speech(self.folder, role, pause_s=PAUSES[role])
        camera = camera_mjpeg(self.folder / f"{role}.mjpeg", role)
        program = inside(self.lines[role].place, chromium.find(), self.folder)
        devices = [f"--use-file-for-fake-audio-capture={speech.file}", f"--use-file-for-fake-video-capture={camera}"]
        browser = playwright.chromium.launch(executable_path=str(program), args=[*ARGUMENTS, *devices])
        page = self._page(browser.new_context(**_screen(role)), role)
        person = Person(role, page, speech)
        page.expose_function("chaosOpened", lambda at: person.openings.append(at / 1000))
        return person

    def _page(self, context: BrowserContext, role: str) -> Page:
        context.set_default_timeout(30_000)
        context.add_init_script(f"({WATCH})({PICTURES[role]!r})")
        page = context.new_page()
        page.on("dialog", Dialog.accept)
        return page

    def _enrol(self, link: str) -> None:
        page = self.people["petitioner"].page
        page.goto(link)
        page.tap("#enrol")
        page.wait_for_selector("#done:visible")
        page.goto(f"{self.url}/kiosk")

    # -- the kiosk's own copy ------------------------------------------------------------------------------------

    def keep_copies(self) -> None:
        """The copy program runs on the kiosk's computer, and the office knows it."""
        if self._copier is not None:
            return
        kiosk = self.administrator.overview()["kiosks"][0]["id"]
        code = self.administrator.post(f"/api/admin/kiosks/{kiosk}/agent")["code"]
        folder = self.folder / "kiosk"
        folder.mkdir()
        command = inside(self.lines["petitioner"].place, f"{sys.executable} -m server.cli kiosk run", self.folder, "-copies")
        environment = os.environ | {"JIETAN_KIOSK_SERVER": self.url, "JIETAN_KIOSK_DATA_DIR": str(folder), "JIETAN_DATA_DIR": str(folder)}
        with (self.programs.folder / "copies.log").open("ab") as output:
            self._copier = subprocess.Popen([str(command), "--code", code], env=environment, stdout=output, stderr=output)
        wait_until(lambda: self.administrator.overview()["kiosks"][0]["copies"]["state"] == "keeps", f"the copy program\n{self.programs.output()}", 30)

    def filled(self, reception_id: str, parts: int) -> dict[str, Any]:
        """The record once the kiosk's copies, of which the longest gap has `parts`, have been laid beside it and what they had is recognised."""
        found: dict[str, Any] = {}

        def done() -> bool:
            found.update(self.record(reception_id))
            noted = [gap for gap in found["gaps"] if gap["cause"] in FILLABLE and gap["end"] - gap["start"] >= FILLED_GAP_S]
            whole = max((gap["text"].count("备份里") for gap in noted), default=0) >= parts
            return whole and all("备份" in gap["text"] for gap in noted) and any(line["copied"] for line in found["body"])

        wait_until(done, f"the copy's words in the record\n{self.programs.output()}", FILLED_S)
        return found

    # -- one reception -----------------------------------------------------------------------------------------

    def sit_down(self) -> str:
        """A petitioner at the kiosk; returns the reception's id."""
        page = self.people["petitioner"].page
        wanted = {"consent": "audio_video", "name": "何守田", "phone": "13800001234", "matter": "征地补偿"}
        answer = page.context.request.post(
            f"{self.url}/api/kiosk/sittings", data=wanted, headers={"X-Jietan": "1"}
        )
        assert answer.ok, answer.text()
        return str(answer.json()["reception_id"])

    def open_kiosk(self, *, served: bool) -> None:
        """The kiosk shows that somebody waits; `served`: on screens of its own computer."""
        page = self.people["petitioner"].page
        if served:
            wait_until(lambda: "screen-welcome" in page.goto(OWN_SCREENS).text(), "the kiosk's own screens", 60)  # type: ignore[union-attr]
        else:
            page.goto(f"{self.url}/kiosk")
        page.wait_for_selector("body[data-screen=waiting]")

    def take_call(self, reception_id: str) -> None:
        """The leader calls the number, opens the reception and begins."""
        leader = self.people["leader"].page
        order = {"data": {"version": 1}, "headers": {"X-Jietan": "1"}}
        called = leader.context.request.post(f"{self.url}/api/queue/{reception_id}/call", **order)  # type: ignore[arg-type]
        assert called.ok, called.text()
        self.pass_time(READING_S)
        leader.goto(f"{self.url}/leader/receptions/{reception_id}")
        self.begin()

    def begin(self) -> None:
        """The leader presses the button to begin, or to go back in."""
        page = self.people["leader"].page
        page.wait_for_selector("#begin:enabled")
        page.click("#begin")

    def answers(self, name: str) -> bool:
        """Whether a program is there again: the transcriber with its model, the others by themselves."""
        path = "readyz" if name == "transcriber" else "healthz"
        try:
            port = getattr(self.programs.settings, f"{name}_port")
            return httpx.get(f"http://127.0.0.1:{port}/{path}", trust_env=False, timeout=1).is_success
        except httpx.TransportError:
            return False

    def look(self, moment: str) -> None:
        """Keep pictures of the pages, if a folder for them was named."""
        if self.screens is not None:
            self.screens.mkdir(parents=True, exist_ok=True)
            for role, person in self.people.items():
                person.page.screenshot(path=self.screens / f"{moment}-{role}.png")

    def pass_time(self, seconds: float) -> None:
        """Time passes, and the pages' events are taken in."""
        self.people["leader"].page.wait_for_timeout(max(0.0, seconds * 1000))

    def running(self) -> None:
        """Wait until the talk is recorded and each sees the other."""
        kiosk = self.people["petitioner"].page
        kiosk.wait_for_selector("body[data-screen=talk]")
        kiosk.wait_for_selector("[data-part=rec]:visible")
        for person in self.people.values():
            wait_until(person.frames, f"the {person.role} sees the other\n{person.texts()}\n{self.programs.output()}")

    def first_picture(self) -> float:
        """Seconds from the leader's pressing the button to the first frame of the petitioner on the leader's page."""
        leader = self.people["leader"]
        began: float = leader.page.evaluate("window.chaosBegan") / 1000
        return round(leader.frames()[0] - began, 2)

    def end(self, reception_id: str) -> float:
        """The leader hangs up; returns when."""
        at = time.time()
        answer = self.people["leader"].page.context.request.post(
            f"{self.url}/api/receptions/{reception_id}/end", headers={"X-Jietan": "1"}
        )
        assert answer.ok, answer.text()
        return at

    def record(self, reception_id: str) -> dict[str, Any]:
        """The record as the clerk gets it, once nothing is being recognised any more."""
        found: dict[str, Any] = {}

        def whole() -> bool:
            reception = self.clerk.get(f"/api/receptions/{reception_id}").json()
            if not reception.get("record_id"):
                return False
            found.update(self.clerk.get(f"/api/records/{reception['record_id']}").json())
            return found.get("recognition") in ("done", "failed")

        wait_until(whole, f"the record\n{self.programs.output()}", RECORD_S)
        return found

    def clear(self) -> None:
        """The petitioner goes home, from a talk that went wrong too."""
        headers, kiosk = {"X-Jietan": "1"}, self.people["petitioner"].page.context.request
        sitting = kiosk.get(f"{self.url}/api/kiosk/sitting", headers=headers)
        if sitting.ok and sitting.json()["step"] == "talk":
            self.end(sitting.json()["reception_id"])
        kiosk.post(f"{self.url}/api/kiosk/sitting/leave", headers=headers)
        self.people["leader"].page.goto("about:blank")
        for person in self.people.values():
            person.openings.clear()
        for file in self.disk.rglob("*.webm"):
            file.unlink()  # the small disk is for one talk

    def describe(self) -> str:
        """What the pages say and the programs wrote, for whoever looks for the cause."""
        pages = [f"--- {role}\n{person.texts()[:800]}" for role, person in self.people.items()]
        return "\n".join([*pages, self.programs.output()])

    def mend(self) -> None:
        """After a case that went wrong: lines as at the beginning, all programs up."""
        for line in self.lines.values():
            line.heal()
        for name in PROGRAMS:
            if not self.answers(name):
                self.programs.kill(name)
                self.programs.start(name)
        for name in PROGRAMS:
            self.ready(name)

    def stop(self) -> None:
        """End the programs and let go of the disk."""
        if self._copier is not None:
            self._copier.terminate()
            self._copier.wait(20)
        self.programs.stop()
        run("umount", "--lazy", str(self.disk))


def _screen(role: str) -> dict[str, Any]:
    width, height = SIZES[role]
    viewport = {"width": width, "height": height}
    return {"viewport": viewport, "has_touch": True, "permissions": ["camera", "microphone"]}


def _log_in(client: Any, url: str, username: str) -> None:
    post: Callable[..., Any] = client.post
    body = {"username": username, "password": PASSWORD}
    key = "json" if isinstance(client, httpx.Client) else "data"
    answer = post(f"{url}/api/session", headers={"X-Jietan": "1"}, **{key: body})
    assert (answer.is_success if key == "json" else answer.ok), answer
