"""The tap: one participant's sound to the transcriber while it runs, and what it heard back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import structlog
from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from server.media.retained import Retained
from server.media.transcribers import Line, Transcribers
from server.protocol.transcript import (
    LiveEnd,
    LiveFinished,
    LiveGivenUp,
    LivePartial,
    LiveProgress,
    LiveRepaired,
    LiveReply,
    LiveSeek,
    LiveStart,
    LiveTrouble,
    LiveUtterance,
    Utterance,
    live_reply,
)

log = structlog.get_logger(__name__)
SEND_EVERY = 0.1
BACKOFF = (0.5, 1.0, 2.0, 5.0)
BEHIND_AFTER = 12.0
AT_ONCE = 0.02
OPEN_TIMEOUT = 5.0
OPEN_TIMEOUT_OF_SEVERAL = 1.5
PING_TIMEOUT = 300.0
"""Seconds; after a break minutes of sound are sent at once, and a pong waits behind them."""
DOWN_MESSAGE = "语音识别暂时连不上。录音照常进行，文字过后补上。"


@dataclass(frozen=True)
class State:
    """How recognition of one participant is doing."""

    state: str = "on"
    reason: str = ""
    message: str = ""
    behind_s: float = 0.0


@dataclass
class Events:
    """Whom a tap tells."""

    utterance: Callable[[Utterance], None]
    partial: Callable[[LivePartial], None]
    state: Callable[[State], None]
    broken_off: Callable[[float, str], None]
    """Decided up to this media time, and the code of why it stops there for now."""
    given_up: Callable[[float, float], None]
    """Start and end of a stretch that cannot be recognised; recognition goes on after it."""
    unheard: Callable[[float, float], None] = lambda start, end: None
    """Start and end of a voice of which nothing was understood."""
    echoes: Callable[[tuple[str, ...]], None] = lambda ids: None
    """Ids of what other participants' microphones had before, and which is this one's words come back."""


class Tap:
    """Keeps one participant's sound flowing to the transcriber, over breaks, without losing or doubling any."""

    def __init__(
        self, transcribers: Transcribers, reception_id: str, participant_id: str, events: Events, language: str = "zh"
    ) -> None:
        self._transcribers = transcribers
        self._language = language
        self._words: tuple[str, ...] = ()
        self._begin_anew: Callable[[], None] = lambda: None
        self.stored = True
        """Whether what is heard goes into the journal (the room decides)."""
        self._reception_id, self._participant_id = reception_id, participant_id
        self._events = events
        self._sound = Retained()
        self._seen: set[str] = set()
        self._ending = False
        self._finished = False
        self._reported: State | None = None
        self._broken = False
        self._reason = ""
        self._task = asyncio.ensure_future(self._run())

    @property
    def until(self) -> float:
        """Media time up to which this participant's sound is decided."""
        return self._sound.until

    @property
    def reason(self) -> str:
        """Code of what keeps recognition from going on; empty if nothing does."""
        return self._reason

    def push(self, at: float, samples: bytes, repairs: Sequence[LiveRepaired] = ()) -> None:
        """Take samples (s16le, 16 kHz, mono) that begin at media time `at`, and which of them are no one's words."""
        if samples and not self._ending:
            self._sound.add(at, samples)
            if not self._sound.overflowed:
                self._sound.repairs.extend(repairs)

    def speaks(self, language: str) -> None:
        """What is spoken from now on; what is not decided yet is heard again in that language."""
        if language != self._language:
            self._language = language
            self._begin_anew()

    def expect(self, words: tuple[str, ...]) -> None:
        """Names and places that may be said.  Where none were known, what is not decided yet is heard again with them;
        else they hold from the next connection on, so that nobody's caption jumps because somebody sat down."""
        first = bool(words) and not self._words
        self._words = words
        if first:
            self._begin_anew()

    async def finish(self, timeout: float) -> float:
        """Have everything decided if that takes at most `timeout` seconds; returns `until`."""
        self._ending = True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._task), timeout)
        await self.cancel()
        if self._finished and self._sound.end is not None and not self._sound.overflowed:
            self._sound.decided(min(self._sound.end, self._sound.sent_until))
        if not self._reason and (not self._finished or self._sound.lag > 1e-6):
            self._reason = "unfinished"
        return self.until

    async def cancel(self) -> None:
        """Stop at once."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    # -- connection --------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        attempt = 0
        while not self._finished and not self._sound.overflowed:
            if self._sound.end is None:
                if self._ending:
                    self._finished = True
                await asyncio.sleep(SEND_EVERY)
                continue
            worked, pause = await self._session(attempt)
            attempt = 0 if worked else attempt + 1
            if not self._finished:
                await asyncio.sleep(pause or BACKOFF[min(attempt, len(BACKOFF) - 1)])
        if self._sound.overflowed:
            self._trouble("too_long", DOWN_MESSAGE)

    async def _session(self, attempt: int) -> tuple[bool, float]:
        """One connection; whether anything was decided over it, and how long to wait if the other side said.

        Where another transcriber is well the next session is there, at once, and nobody needs to be told."""
        before, asked = self.until, (self._language, bool(self._words))
        trouble: LiveTrouble | None = None
        with self._transcribers.lent(self._reception_id) as line:
            try:
                async with self._connected(line) as socket:
                    trouble = await self._converse(socket)
            except (OSError, WebSocketException, TimeoutError, ValidationError) as error:
                if asked == (self._language, bool(self._words)):
                    log.info("transcriber connection broke", error=type(error).__name__)
                    line.broke()
            if trouble is not None:
                line.refused(trouble.retry_s)
            moves = line.another and attempt < self._transcribers.count
        if self._finished:
            return True, 0.0
        if moves or asked != (self._language, bool(self._words)):
            return self.until > before, AT_ONCE
        if trouble is None:
            self._trouble("transcriber_down", DOWN_MESSAGE)
            return self.until > before, 0.0
        self._trouble(trouble.reason, trouble.message)
        return self.until > before, max(0.5, min(60.0, trouble.retry_s))

    @contextlib.asynccontextmanager
    async def _connected(self, line: Line) -> AsyncIterator[ClientConnection]:
        headers = {"Authorization": f"Bearer {line.access.key}"}
        async with connect(
            line.access.url, additional_headers=headers, close_timeout=1, proxy=None, max_size=1 << 20, compression=None,
            open_timeout=OPEN_TIMEOUT if self._transcribers.count == 1 else OPEN_TIMEOUT_OF_SEVERAL,
            ping_timeout=PING_TIMEOUT,
        ) as socket:  # fmt: skip
            line.on_lost = self._begin_anew = socket.transport.abort
            yield socket

    async def _converse(self, socket: ClientConnection) -> LiveTrouble | None:
        """Talk until one side is done; what the other side says it is troubled by, if that is why.  Raises WebSocketException."""
        self._sound.restart()
        offset = self._sound.pieces[0].start if self._sound.pieces else self._sound.end or self.until
        start = LiveStart(
            reception_id=self._reception_id, participant_id=self._participant_id, offset=max(0.0, offset),
            language=self._language, hotwords=self._words,
        )  # fmt: skip
        await socket.send(start.model_dump_json())
        sending = asyncio.ensure_future(self._send(socket, offset))
        try:
            return await self._listen(socket)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send(self, socket: ClientConnection, at: float) -> None:
        while not self._ending or self._sound.waiting:
            at = await self._send_waiting(socket, at)
            if not self._ending:
                self._report_lag()
                await asyncio.sleep(SEND_EVERY)
        await socket.send(LiveEnd().model_dump_json())

    async def _send_waiting(self, socket: ClientConnection, at: float) -> float:
        """Send what is retained and not sent yet; returns the media time that the other side is at then."""
        for repair in self._sound.untold():
            await socket.send(repair.model_dump_json())
        for piece in self._sound.unsent():
            if abs(piece.start - at) > 1e-3:
                await socket.send(LiveSeek(at=piece.start).model_dump_json())
            await socket.send(piece.data)
            at = self._sound.sent_until = piece.end
        return at

    async def _listen(self, socket: ClientConnection) -> LiveTrouble | None:
        async for text in socket:
            reply = live_reply.validate_json(text)
            if isinstance(reply, LiveTrouble):
                return reply
            self._take(reply)
            if self._finished:
                return None
        return None

    def _take(self, reply: LiveReply) -> None:
        if self._broken:
            self._broken, self._reason = False, ""
        if isinstance(reply, LiveProgress):
            self._sound.decided(reply.until)
            if reply.unheard is not None:
                self._events.unheard(*reply.unheard)
        elif isinstance(reply, LiveUtterance):
            self._heard(reply)
        elif isinstance(reply, LivePartial):
            self._events.partial(reply)
        elif isinstance(reply, LiveGivenUp):
            self._give_up(reply)
        elif isinstance(reply, LiveFinished):
            # Somebody who says so before being asked has not heard the rest: the connection is made again.
            self._finished = self._ending

    def _give_up(self, reply: LiveGivenUp) -> None:
        start = max(reply.start, self.until)
        self._sound.decided(reply.until)
        if reply.until > start:
            log.warning("stretch given up by the transcriber", seconds=round(reply.until - start, 1))
            self._events.given_up(start, reply.until)

    def _heard(self, reply: LiveUtterance) -> None:
        utterance = reply.utterance
        if utterance.participant_id != self._participant_id or utterance.id in self._seen:
            log.warning("utterance refused")
            return
        self._seen.add(utterance.id)
        self._sound.decided(reply.until)
        self._events.utterance(utterance)
        if reply.echoes:
            self._events.echoes(reply.echoes)

    # -- how it is doing ---------------------------------------------------------------------------------------

    def _trouble(self, reason: str, message: str) -> None:
        self._reason = reason
        if not self._broken:
            self._broken = True
            self._events.broken_off(self.until, reason)
        self._report(State("waiting", reason, message))

    def _report_lag(self) -> None:
        if self._broken:
            return
        lag = self._sound.lag
        self._report(State("behind", "", "", float(round(lag / 5) * 5)) if lag > BEHIND_AFTER else State())

    def _report(self, state: State) -> None:
        if state != self._reported:
            self._reported = state
            self._events.state(state)
