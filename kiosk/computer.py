"""`jietan kiosk run`: everything a kiosk's computer does, in one program; its screens are at http://127.0.0.1:PORT/kiosk."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal

import httpx
import structlog

from kiosk import startup
from kiosk.agent import HOST, Agent, read_enrolled
from kiosk.browser import Orders
from kiosk.handwriting import Stroke, open_where_there_is_one
from kiosk.office import OfficeRefused
from kiosk.screens import ScreenStore, ShownScreens, Unsound
from kiosk.serving import Screens, own_socket, serving
from kiosk.settings import KioskSettings
from server.protocol.copies import ReportAnswer
from server.protocol.health import EventCode, OrderKind
from server.protocol.screens import AgentState, Door, PageBeat

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
AGAIN_S = 60.0
"""After screens could not be fetched."""
PAGE_GONE_S = 60.0
"""A page that has not said a word for so long keeps nobody from starting the program again."""
OfficeIs = Literal["unknown", "answers", "silent", "revoked"]


class Line:
    """Whether the office answers, as far as anybody here tried."""

    def __init__(self) -> None:
        self.now: OfficeIs = "unknown"
        self.since = datetime.now(UTC)

    def is_(self, state: OfficeIs) -> bool:
        """Whether that is new."""
        if state == self.now:
            return False
        self.now, self.since = state, datetime.now(UTC)
        return True


class Computer:
    """The program."""

    def __init__(self, settings: KioskSettings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Raises AgentNotEnrolled, outbox.OutboxInUse."""
        self._settings = settings
        self.agent = Agent(settings, transport)
        self._doing = self.agent.doing
        self._enrolled = read_enrolled(settings)
        self.screens = self._own_screens()
        self.line = Line()
        self._wanted = asyncio.Event()
        self._restart = ""
        """The office's last order to open the page again."""
        self._orders = Orders(time.monotonic())
        self._handwriting = open_where_there_is_one(settings.handwriting_model)
        self._full = False
        self._door_port = settings.agent_port
        self.agent.uploader.reported = self._reported
        self._page_busy_at = time.monotonic()
        """When the page last said that somebody is in the middle of something."""
        self._doing.obeys += _orders(settings)
        self.to_office = httpx.AsyncClient(
            base_url=settings.server.rstrip("/"),
            headers={"Authorization": f"Bearer {self.agent.token}"},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            transport=transport,
            trust_env=False,
        )

    def _own_screens(self) -> ShownScreens | None:
        if not self._enrolled.screens_key:
            log.warning("no screens: this computer has to be enrolled again, with --code")
            return None
        store = ScreenStore(self._settings.data_dir / "screens", bytes.fromhex(self._enrolled.screens_key))
        return ShownScreens(store, self._happened)

    # --- what serving asks ---

    @property
    def revoked(self) -> bool:
        return self.line.now == "revoked"

    def state(self, reload: bool = False) -> AgentState:
        """What the page is told."""
        current = self.screens.current if self.screens else None
        return AgentState(
            kiosk=self._enrolled.kiosk,
            office=self.line.now,
            since=self.line.since,
            version=current.name if current else "",
            reload=reload,
            door=Door(url=f"ws://{HOST}:{self._door_port}/", secret=self.agent.secret),
            browser=self._orders.order,
            handwriting=self._handwriting is not None,
        )

    def read_written(self, strokes: Sequence[Stroke]) -> list[str]:
        """What one written character may be, likeliest first; nothing where there is no handwriting."""
        return self._handwriting.read(strokes) if self._handwriting else []

    def page_says(self, beat: PageBeat) -> bool:
        """Whether the page is to open itself again."""
        self._doing.page_is_there()
        if beat.busy or not beat.screen:
            self._page_busy_at = time.monotonic()
        else:
            self._page_busy_at = -PAGE_GONE_S
        self._orders.page_says(beat.screen, beat.busy, time.monotonic())
        for fault in beat.faults:
            self._happened("page_fault", fault)
        if beat.screen and beat.painted_ms is not None and self._doing.welcome_s is None:
            self._time_start(beat.painted_ms)
        stop = self.revoked and not beat.busy
        return (self.screens is not None and self.screens.page_says(beat)) or stop

    def office_answered(self, answered: bool) -> None:
        """As the page's questions went."""
        if not self.revoked:
            self._line("answers" if answered else "silent")

    def browser_ended(self, code: int) -> None:
        """By itself, with this exit status; negative: a signal."""
        self._happened("browser_ended", str(code))

    # --- working ---

    async def run(self) -> None:
        """Until cancelled.  Raises OSError where a port is taken."""
        listener = own_socket(self._settings.screens_port)
        with contextlib.closing(listener), contextlib.closing(self.agent.outbox):
            self.agent.screens_port = listener.getsockname()[1]
            app = Screens(self, self.to_office, self.agent.screens_port)
            async with self.agent.listening() as self._door_port, serving(app, listener), self.agent.office, self.to_office:
                log.info("serving the screens", address=f"http://{HOST}:{self.agent.screens_port}/kiosk")
                self._happened("program_started", f"{startup.since_start():.1f}")
                startup.notify("READY=1")
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self.agent.sending())
                    tasks.create_task(self._look())
                    tasks.create_task(self._keep_screens_new())

    def _line(self, state: OfficeIs) -> bool:
        before = self.line.now
        if not self.line.is_(state):
            return False
        if state == "silent":
            self._happened("office_silent")
        elif state == "answers" and before == "silent":
            self._happened("office_back")
        return True

    def _reported(self, outcome: ReportAnswer | OfficeRefused | ConnectionError) -> None:
        if isinstance(outcome, ReportAnswer):
            self._line("answers")
            self._take_orders(outcome)
        elif isinstance(outcome, OfficeRefused):
            if outcome.status == 401 and self._line("revoked"):
                self._happened("key_revoked")
        elif not self.revoked:
            self._line("silent")

    def _take_orders(self, told: ReportAnswer) -> None:
        if self.screens is None:
            return
        if told.restart and told.restart != self._restart:
            self.screens.forgive()
        self._restart = told.restart
        if self.screens.wants(told.screens):
            self._wanted.set()

    async def _look(self) -> None:
        """Everything that time alone changes; a program that hangs here is ended by systemd."""
        alive_every = startup.watched_every_s()
        alive_at = 0.0
        while True:
            now = time.monotonic()
            self._look_once(now)
            if alive_every is not None and now - alive_at >= alive_every - LOOK_EVERY_S:
                startup.notify("WATCHDOG=1")
                alive_at = now
            await asyncio.sleep(LOOK_EVERY_S)

    def _look_once(self, now: float) -> None:
        if self.screens is not None:
            self.screens.look()
            current = self.screens.current
            self._doing.screens = current.name if current else ""
            self._doing.screens_back = self.screens.rolled_back
        expected = self.screens is not None and self.screens.current is not None and not self.revoked
        if self._orders.look(expected, now) == "stuck":
            self._happened("browser_stuck")
        full = self.agent.outbox.full
        if full and not self._full:
            self._happened("outbox_full")
        self._full = full
        if self._doing.waits("program", "computer") and now - self._page_busy_at > PAGE_GONE_S:
            self._start_again()

    def _start_again(self) -> None:
        """systemd starts this program again once it ends; what is half done here is kept as after any other end."""
        try:
            self._doing.obeyed()
            if self._doing.order == "computer" and self._settings.reboot_file is not None:
                self._settings.reboot_file.touch()
        except OSError as error:
            log.error("an order cannot be obeyed", kind=type(error).__name__)
            return
        log.warning("starting again, as the office ordered", what=self._doing.order)
        os.kill(os.getpid(), signal.SIGTERM)

    def _time_start(self, page_ms: int) -> None:
        """The first screen since this program started is on the display."""
        self._doing.welcome_s = round(startup.since_start(), 2)
        try:
            startup.keep(self._settings.startup_file, page_ms)
        except OSError as error:
            log.warning("start not noted", error=type(error).__name__)

    async def _keep_screens_new(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if not await self.fetch_screens():
                await asyncio.sleep(AGAIN_S)

    async def fetch_screens(self) -> bool:
        """Whether they were fetched; what is wrong with them is told to the office."""
        assert self.screens is not None
        try:
            await self.screens.fetch(self.agent.office)
        except Unsound as error:
            self._happened("screens_refused", error.code)
        except (OfficeRefused, ConnectionError, OSError) as error:
            log.warning("screens not fetched", kind=getattr(error, "code", type(error).__name__))
        else:
            return True
        return False

    def _happened(self, code: EventCode, what: str = "") -> None:
        self._doing.events.add(code, what)


def _orders(settings: KioskSettings) -> tuple[OrderKind, ...]:
    """What this computer can be told: a program that nothing starts again must not end."""
    if "INVOCATION_ID" not in os.environ:  # systemd.exec(5): not one of its services
        return ()
    file = settings.reboot_file
    return ("program", "computer") if file is not None and os.access(file.parent, os.W_OK) else ("program",)
