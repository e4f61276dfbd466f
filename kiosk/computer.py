"""`jietan kiosk run`: everything a kiosk's computer does, in one program; its screens are at http://127.0.0.1:PORT/kiosk."""

import asyncio
import contextlib
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal

import httpx
import structlog

from kiosk.agent import HOST, Agent, read_enrolled
from kiosk.office import OfficeRefused
from kiosk.screens import ScreenStore, ShownScreens, Unsound
from kiosk.serving import Screens, own_socket, serving
from kiosk.settings import KioskSettings
from server.protocol.copies import ReportAnswer
from server.protocol.screens import AgentState, Door, PageBeat

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 1.0
AGAIN_S = 60.0
"""After screens could not be fetched."""
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
        self._enrolled = read_enrolled(settings)
        self.screens = self._own_screens()
        self.line = Line()
        self._wanted = asyncio.Event()
        self._wanted_version = ""
        self._door_port = settings.agent_port
        self.agent.uploader.reported = self._reported
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
        )

    def page_says(self, beat: PageBeat) -> bool:
        """Whether the page is to open itself again."""
        stop = self.revoked and not beat.busy
        return (self.screens is not None and self.screens.page_says(beat)) or stop

    def office_answered(self, answered: bool) -> None:
        """As the page's questions went."""
        if not self.revoked:
            self.line.is_("answers" if answered else "silent")

    # --- working ---

    async def run(self) -> None:
        """Until cancelled.  Raises OSError where a port is taken."""
        listener = own_socket(self._settings.screens_port)
        with contextlib.closing(listener), contextlib.closing(self.agent.outbox):
            self.agent.screens_port = listener.getsockname()[1]
            app = Screens(self, self.to_office, self.agent.screens_port)
            async with self.agent.listening() as self._door_port, serving(app, listener), self.agent.office, self.to_office:
                log.info("serving the screens", address=f"http://{HOST}:{self.agent.screens_port}/kiosk")
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self.agent.sending())
                    tasks.create_task(self._look())
                    tasks.create_task(self._keep_screens_new())

    def _reported(self, outcome: ReportAnswer | OfficeRefused | ConnectionError) -> None:
        if isinstance(outcome, ReportAnswer):
            self.line.is_("answers")
            self._wanted_version = outcome.screens
            if self.screens is not None and self.screens.wants(outcome.screens):
                self._wanted.set()
        elif isinstance(outcome, OfficeRefused):
            if outcome.status == 401 and self.line.is_("revoked"):
                log.error("the office does not know this computer any more")
        elif not self.revoked:
            self.line.is_("silent")

    async def _look(self) -> None:
        while True:
            if self.screens is not None:
                self.screens.look()
            await asyncio.sleep(LOOK_EVERY_S)

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

    def _happened(self, code: str, what: str) -> None:
        log.warning(code, what=what)
