"""`jietan kiosk screen`: keeps Chromium open on the kiosk's screens, with a profile that lasts for one sitting.

It asks the program of this computer (kiosk/serving.py) every two seconds whether the browser is to be opened again: after
a sitting, so that nothing of it is left, and where the page does not answer any more.  It works on when that program is away.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import structlog

from kiosk.settings import KioskSettings
from server.protocol.screens import AgentState, BrowserEnded

log = structlog.get_logger(__name__)

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PROFILE = "jietan-b-"
ASK_EVERY_S = 2.0
ENDS_WITHIN_S = 5.0
LONG_ENOUGH_S = 60.0
"""A browser that ran for so long did not fail at its start."""
LONGEST_PAUSE_S = 30.0
CACHE_BYTES = 64 << 20
LONGEST_PROFILE = 107 - len("/tmp/org.chromium.Chromium.XXXXXX/SingletonSocket")
"""Characters of a profile's path: Chromium makes a socket below it, whose address holds 107 (unix(7)), and aborts else."""
FLAGS = (
    "--kiosk",
    "--kiosk-printing",  # to the printer at once: nobody is shown a window of the browser's
    "--incognito",
    "--no-first-run",
    "--no-default-browser-check",
    "--noerrdialogs",
    "--disable-session-crashed-bubble",
    "--hide-crash-restore-bubble",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",  # a crash dump holds what was on the screen
    "--disable-component-update",
    "--disable-background-networking",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    "--autoplay-policy=no-user-gesture-required",
    "--auto-accept-camera-and-microphone-capture",
    "--password-store=basic",
    "--ozone-platform-hint=auto",
    "--lang=zh-CN",
)


class NoBrowser(Exception):
    """There is no Chromium on this computer."""

    message = "这台机器上没有 Chromium，请先装好，或者用 JIETAN_KIOSK_BROWSER 指明它在哪里。"


class PathTooLong(Exception):
    """Chromium would abort at its start."""

    message = "浏览器的文件夹路径太长，请用 JIETAN_KIOSK_BROWSER_DIR 指定一个短的，最好在内存里。"


def find_browser(settings: KioskSettings) -> str:
    """Raises NoBrowser."""
    for name in (settings.browser,) if settings.browser else NAMES:
        found = shutil.which(name)
        if found:
            return found
    raise NoBrowser


def folder_for_profiles(settings: KioskSettings) -> Path:
    """In memory where there is such a place: what was never on a disk need not be wiped from it."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if settings.browser_dir is not None:
        return settings.browser_dir
    return Path(runtime) if runtime and os.access(runtime, os.W_OK) else settings.data_dir / "browser"


class Browser:
    """One at a time."""

    def __init__(self, settings: KioskSettings) -> None:
        """Raises NoBrowser, PathTooLong."""
        self._command = find_browser(settings)
        self._settings = settings
        self._folder = folder_for_profiles(settings).resolve()
        if len(f"{self._folder}/{PROFILE}XXXXXXXX") > LONGEST_PROFILE:
            raise PathTooLong
        self._address = f"http://127.0.0.1:{settings.screens_port}"
        self._obeyed = ""
        self._pause = 1.0

    async def run(self) -> None:
        """Until cancelled."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._wipe_left()
        async with httpx.AsyncClient(base_url=self._address, headers={"X-Jietan": "1"}, trust_env=False, timeout=5.0) as program:
            while True:
                begun = time.monotonic()
                async with self._opened() as process:
                    ordered = await self._ended_or_ordered(process, program)
                if ordered:
                    continue
                await self._tell_ended(program, process.returncode or 0)
                self._pause = 1.0 if time.monotonic() - begun > LONG_ENOUGH_S else min(self._pause * 2, LONGEST_PAUSE_S)
                await asyncio.sleep(self._pause)

    def _wipe_left(self) -> None:
        """Profiles of a run that was cut off."""
        for left in self._folder.glob(f"{PROFILE}*"):
            shutil.rmtree(left, ignore_errors=True)

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """A browser that knows nothing; afterwards it and what it knew are gone."""
        profile = Path(tempfile.mkdtemp(prefix=PROFILE, dir=self._folder))
        process = None
        try:
            (profile / "tmp").mkdir()
            process = await asyncio.create_subprocess_exec(
                *self.command(profile), env=environment(profile), start_new_session=True,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            log.info("browser opened", pid=process.pid)
            yield process
        finally:
            if process is not None:
                await _end(process)
            await asyncio.shield(asyncio.to_thread(_wipe, profile))

    def command(self, profile: Path) -> list[str]:
        """The browser's command line."""
        own = [f"--user-data-dir={profile}", f"--disk-cache-dir={profile}/cache", f"--disk-cache-size={CACHE_BYTES}"]
        return [self._command, *FLAGS, *own, *self._settings.browser_flags, f"{self._address}/kiosk"]

    async def _ended_or_ordered(self, process: asyncio.subprocess.Process, program: httpx.AsyncClient) -> bool:
        """Whether the program wants another browser; False: this one ended by itself."""
        ended = asyncio.ensure_future(process.wait())
        try:
            while not (await asyncio.wait([ended], timeout=ASK_EVERY_S))[0]:
                order = await _order(program)
                if order and order != self._obeyed:
                    self._obeyed = order
                    return True
            return False
        finally:
            ended.cancel()

    async def _tell_ended(self, program: httpx.AsyncClient, code: int) -> None:
        log.warning("browser ended", code=code)
        with contextlib.suppress(httpx.HTTPError):
            await program.post("/agent/browser", json=BrowserEnded(ended=code).model_dump())


async def _order(program: httpx.AsyncClient) -> str:
    try:
        answer = await program.get("/agent/state")
        return AgentState.model_validate_json(answer.content).browser if answer.status_code == 200 else ""
    except (httpx.HTTPError, ValueError):
        return ""  # it is started again by the computer; the page works on


def environment(profile: Path) -> dict[str, str]:
    """Whatever a browser keeps beside its profile lies in it, too."""
    inside = {"HOME": profile, "XDG_CONFIG_HOME": profile, "XDG_CACHE_HOME": profile / "cache", "XDG_DATA_HOME": profile, "TMPDIR": profile / "tmp"}
    return os.environ | {name: str(path) for name, path in inside.items()}


async def _end(process: asyncio.subprocess.Process) -> None:
    """It and everything that it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), ENDS_WITHIN_S)
            break
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # a child that outlived it


def _wipe(profile: Path) -> None:
    """A child that is just ending may still write."""
    for _ in range(50):
        shutil.rmtree(profile, ignore_errors=True)
        if not profile.exists():
            return
        time.sleep(0.1)
    log.error("profile not wiped", left=len(list(profile.rglob("*"))))


class Orders:
    """When the browser is to be opened again, as the program sees it from what the page says."""

    PAGE_WITHIN_S = 45.0
    """A page says something within so long after the browser was opened."""
    SILENT_S = 20.0
    WIPE_AFTER_S = 2.0
    """After a sitting; the farewell stays readable meanwhile."""
    IMPERSONAL = ("welcome", "notice", "paper", "closed", "broken", "unenrolled", "")

    def __init__(self, now: float) -> None:
        self.order = ""
        self._allowed_until = now + self.PAGE_WITHIN_S
        self._used = False
        self._free_since: float | None = None

    def page_says(self, screen: str, busy: bool, now: float) -> None:
        self._allowed_until = now + self.SILENT_S
        if busy and screen not in self.IMPERSONAL:
            self._used, self._free_since = True, None
        elif screen and not busy and self._used and self._free_since is None:
            # A page that is just opening shows nothing yet: it may go on with the sitting.
            self._free_since = now

    def look(self, expected: bool, now: float) -> str:
        """Why the browser is opened again just now: `stuck`, `over`; empty: it is not.

        `expected`: a page of ours should be open and say something.
        """
        if not expected:
            self._allowed_until = now + self.PAGE_WITHIN_S
        elif now > self._allowed_until:
            return self._again("stuck", now)
        if self._free_since is not None and now - self._free_since > self.WIPE_AFTER_S:
            return self._again("over", now)
        return ""

    def _again(self, why: str, now: float) -> str:
        self.order = secrets.token_hex(8)
        self._used, self._free_since = False, None
        self._allowed_until = now + self.PAGE_WITHIN_S
        return why
