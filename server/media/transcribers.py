"""The transcribers of an installation as a media node sees them: which one a stream goes to, and when it has to leave.

One transcriber is simply used.  Of several, each is asked `GET /healthz` regularly: a reception goes to the least busy
one that is well, all its streams to the same one (which hears there when one participant's voice comes out of another's
loudspeaker), and the streams of one that answers nobody any more move to another.  What a stream had not decided it sends
again (retained.Retained), so a move loses and doubles nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import httpx
import structlog

from server.protocol.transcript import STUCK

log = structlog.get_logger(__name__)
LOOK_EVERY = 0.5
LOOK_TIMEOUT = 0.8
DOWN_AFTER = 2
"""Looks in a row without an answer; with the two above a silent transcriber is left after 2.1 s at most."""


@dataclass(frozen=True)
class Access:
    """Where a transcriber is (`ws://…/live`) and the key it wants."""

    url: str
    key: str

    @property
    def health_url(self) -> str:
        """Where it says how it does."""
        return f"http{self.url.removeprefix('ws').removesuffix('/live')}/healthz"


@dataclass(eq=False)
class _Transcriber:
    """What is known of one."""

    access: Access
    ready: bool = True
    """Whether it has a model; believed until it says otherwise."""
    failures: int = 0
    shunned_until: float = 0.0
    streams: int = 0
    """Streams of all nodes at the last look, and how many of them were ours."""
    ours_then: int = 0
    lines: "set[Line]" = field(default_factory=set)

    @property
    def answers(self) -> bool:
        return self.failures < DOWN_AFTER

    @property
    def well(self) -> bool:
        return self.answers and self.ready and time.monotonic() >= self.shunned_until

    def has(self, reception_id: str) -> bool:
        """Whether a stream of this reception is there."""
        return any(line.reception_id == reception_id for line in self.lines)

    @property
    def load(self) -> int:
        """Streams it has, as far as is known here and now."""
        return self.streams + len(self.lines) - self.ours_then


class Line:
    """One stream's place at a transcriber."""

    def __init__(self, all_of_them: "Transcribers", transcriber: _Transcriber, reception_id: str) -> None:
        self._all, self._transcriber = all_of_them, transcriber
        self.reception_id = reception_id
        self.on_lost: Callable[[], None] = lambda: None
        """Called when the transcriber answers nobody any more and there is another."""

    @property
    def access(self) -> Access:
        return self._transcriber.access

    @property
    def another(self) -> bool:
        """Whether there is another transcriber that is well."""
        return self._all.well_beside(self._transcriber)

    def broke(self) -> None:
        """The connection failed: nobody else is sent there until it answers again."""
        self._transcriber.failures = max(self._transcriber.failures, DOWN_AFTER)

    def refused(self, seconds: float) -> None:
        """The transcriber said that it cannot take this stream for so long."""
        self._transcriber.shunned_until = time.monotonic() + seconds


class Transcribers:
    """All transcribers of the installation; belongs to one event loop."""

    def __init__(self, accesses: Sequence[Access]) -> None:
        self._known = [_Transcriber(access) for access in accesses]
        self._looking: list[asyncio.Task[None]] = []

    @property
    def count(self) -> int:
        return len(self._known)

    def start(self) -> None:
        """Begin to look after them, if there is a choice."""
        if self.count > 1:
            self._looking = [asyncio.ensure_future(self._look_after(one)) for one in self._known]

    async def close(self) -> None:
        """Look no more."""
        for task in self._looking:
            task.cancel()
        await asyncio.gather(*self._looking, return_exceptions=True)

    @contextlib.contextmanager
    def lent(self, reception_id: str) -> Iterator[Line]:
        """A place for one stream: where its reception is, or at the least busy transcriber, as long as it is well; or
        else at the least bad one."""
        chosen = min(self._known, key=lambda one: (not one.well, one.failures, not one.has(reception_id), one.load))
        line = Line(self, chosen, reception_id)
        chosen.lines.add(line)
        try:
            yield line
        finally:
            chosen.lines.discard(line)

    def well_beside(self, this: _Transcriber) -> bool:
        """Whether any but this one is well."""
        return any(one.well for one in self._known if one is not this)

    async def _look_after(self, one: _Transcriber) -> None:
        async with httpx.AsyncClient(timeout=LOOK_TIMEOUT, trust_env=False) as client:
            while True:
                answered = one.answers
                await self._look(client, one)
                if one.answers != answered:
                    log.warning("transcriber answers again" if one.answers else "transcriber does not answer", url=one.access.url)
                if not one.answers and self.well_beside(one):
                    for line in list(one.lines):
                        line.on_lost()
                await asyncio.sleep(LOOK_EVERY if one.failures in (0, DOWN_AFTER) else 0)

    async def _look(self, client: httpx.AsyncClient, one: _Transcriber) -> None:
        try:
            async with asyncio.timeout(LOOK_TIMEOUT):
                answer = await client.get(one.access.health_url)
            told = answer.raise_for_status().json()
            if told["state"] == STUCK:
                raise ValueError(STUCK)
            one.ready, one.streams = told["state"] == "ready", int(told["streams"])
        except (httpx.HTTPError, TimeoutError, ValueError, KeyError, TypeError):
            one.failures = min(one.failures + 1, DOWN_AFTER)
            return
        one.ours_then, one.failures = len(one.lines), 0
