"""One live track: sound in, utterances out, in order (server/protocol/transcript.md).

Three tasks per track.  The receiver takes messages off the wire; the reader finds the pieces in the sound and puts
them into a short queue; the writer recognises them one by one and sends.  A full queue stops the reader, a full inbox
the receiver and so, through TCP, the sender: sound may come faster than real time and memory stays bounded.  `until` is sent only in the order of the pieces, so it never
passes over something undecided.

While nobody waits, two things are done ahead of time: looks at an unfinished sentence, for its caption, and the
decoding of a piece whose pause has begun.  If the pause lasts, the piece is exactly that and its text is there; if not,
the work was for nothing.  A machine that cannot keep up leaves both out and loses nothing.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

import numpy as np
import structlog
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import ValidationError

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
    live_request,
)
from transcription.attempts import PieceFailed, recognise_with_attempts
from transcription.echoes import Echoes
from transcription.engine import Engine, EngineUnavailable, ModelState
from transcription.guard import mark_repairs
from transcription.inbox import Inbox, RawMessage
from transcription.metrics import Metrics
from transcription.pool import DecodingPool
from transcription.recognise import Source, Unheard, recognise, recognise_quickly
from transcription.segmenter import Piece, Segmenter, SegmenterOptions, Silence, Speech
from transcription.unfinished import Unfinished
from transcription.voice import RATE, Samples

log = structlog.get_logger()

QUEUE_PIECES = 6
MOST_REPAIRS = 1000
"""Repaired stretches that are remembered until what was said in them is recognised; then the oldest go."""
CLOSE_PROTOCOL = 4400
CLOSE_AGAIN = 1013
"""RFC 6455 registry: try again later."""
_START_WITHIN_S = 10.0
_BACKWARDS_S = 0.1
_MIN_PARTIAL_S = 0.3


class LiveProtocolError(Exception):
    """The sender broke the protocol; the text is for the log, without content."""


@dataclass(frozen=True)
class _Partial:
    """A look at what is being said just now."""

    speech: Speech


@dataclass(frozen=True)
class _Early:
    """A piece that is complete if the pause after it lasts."""

    speech: Speech


@dataclass(frozen=True)
class _End:
    """Nothing comes after it."""


_Job = Piece | _Partial | _Early | _End


class LiveTrack:
    """Serves one connection from its `start` to `finished` or a break."""

    def __init__(
        self,
        socket: WebSocket,
        engine: Engine,
        pool: DecodingPool,
        metrics: Metrics,
        options: SegmenterOptions,
        partial_s: float,
        echoes: Echoes,
        *,
        led: bool = False,
    ) -> None:
        """`led`: hotwords of the start are used."""
        self._socket = socket
        self._engine = engine
        self._pool = pool
        self._metrics = metrics
        self._options = options
        self._partial_s = partial_s
        self._echoes = echoes
        self._led = led
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue(QUEUE_PIECES)
        self._inbox = Inbox()
        self._partial_at = 0.0
        self._unfinished = Unfinished()
        self._shown: float | None = None
        """Where the caption begins that is not finished."""
        self._pausing: float | None = None
        """Where the piece ends whose pause has begun."""
        self._early: tuple[Speech, Utterance | Unheard | None] | None = None
        self._until = 0.0
        self._repairs: deque[LiveRepaired] = deque(maxlen=MOST_REPAIRS)

    async def serve(self) -> None:
        """Run until the sender is done or gone; every outcome closes the socket."""
        try:
            await self._serve()
        except (LiveProtocolError, ValidationError) as error:
            await self._give_up("protocol", "录音传得不对，这一路声音没法转成文字。请重新连接。", CLOSE_PROTOCOL)
            log.info("live protocol error", kind=type(error).__name__)
        except EngineUnavailable as error:
            await self._give_up(str(error.state), error.message, CLOSE_AGAIN)
        except (WebSocketDisconnect, ConnectionError):
            pass
        except Exception:
            log.exception("live track failed")
            await self._give_up("failed", "这一路声音暂时转不成文字，马上再试。", CLOSE_AGAIN)
        finally:
            self._pool.speaks(self, False)

    async def _serve(self) -> None:
        start = await self._start()
        if self._engine.state is not ModelState.READY:
            raise EngineUnavailable(self._engine.state, self._engine.message)
        self._until = start.offset
        source = Source(start.participant_id, start.reception_id, start.language, start.hotwords).led(self._led)
        reader = asyncio.create_task(self._read(Segmenter(self._options, start.offset)))
        writer = asyncio.create_task(self._write(source))
        receiver = asyncio.create_task(self._receive())
        await _until_written(writer, reader, receiver)

    async def _start(self) -> LiveStart:
        try:
            message = await asyncio.wait_for(self._socket.receive(), _START_WITHIN_S)
        except TimeoutError as error:
            raise LiveProtocolError("no start") from error
        request = _request(message)
        if not isinstance(request, LiveStart):
            raise LiveProtocolError("start expected")
        return request

    async def _give_up(self, reason: str, message: str, code: int) -> None:
        self._metrics.troubles.labels(reason).inc()
        try:
            await self._send(LiveTrouble(reason=reason, message=message))
            await self._socket.close(code)
        except (WebSocketDisconnect, ConnectionError, RuntimeError):
            log.debug("sender gone before it could be told")

    # --- in -------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        """Take messages off the wire until the sender is gone."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect
            await self._inbox.put(message)

    async def _read(self, segmenter: Segmenter) -> None:
        while True:
            request = _request(await self._inbox.get())
            if isinstance(request, LiveEnd):
                await self._queue(await asyncio.to_thread(segmenter.finish))
                await self._jobs.put(_End())
                return
            if isinstance(request, LiveStart):
                raise LiveProtocolError("started already")
            await self._take(request, segmenter)

    async def _take(self, request: LiveSeek | LiveRepaired | bytes, segmenter: Segmenter) -> None:
        if isinstance(request, LiveRepaired):
            self._repairs.append(request)
            return
        if isinstance(request, LiveSeek):
            if request.at < segmenter.position - _BACKWARDS_S:
                raise LiveProtocolError("seek backwards")
            await self._queue(await asyncio.to_thread(segmenter.seek, max(request.at, segmenter.position)))
            return
        samples = np.frombuffer(request, "<i2")
        self._metrics.sound.inc(len(samples) / RATE)
        await self._queue(await asyncio.to_thread(segmenter.feed, samples))
        self._look_at(segmenter)

    async def _queue(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            await self._jobs.put(piece)

    def _look_at(self, segmenter: Segmenter) -> None:
        """Ask for what can be done ahead of time, if nobody else needs the machine."""
        opened = segmenter.open_speech()
        self._pool.speaks(self, opened is not None)
        before, self._pausing = self._pausing, segmenter.pause_end
        if self._pausing is not None:
            if self._pausing != before and self._nobody_waits and (paused := segmenter.pausing()):
                self._jobs.put_nowait(_Early(paused))
            return
        if opened is not None and self._partial_s:
            self._look_at_open(*opened)

    def _look_at_open(self, start: float, samples: Samples) -> None:
        now = start + len(samples) / RATE
        since = max(start + self._options.preroll_s, self._partial_at)
        if now - since < max(self._partial_s, _MIN_PARTIAL_S):
            return
        if self._nobody_waits:
            self._partial_at = now
            self._jobs.put_nowait(_Partial(Speech(start, now, samples, start, now)))
        else:
            self._metrics.partials_dropped.inc()

    @property
    def _nobody_waits(self) -> bool:
        return self._jobs.empty() and self._pool.idle

    # --- out ------------------------------------------------------------------------------------------------

    async def _write(self, source: Source) -> None:
        while True:
            job = await self._jobs.get()
            if isinstance(job, _End):
                await self._send(LiveFinished())
                await self._socket.close()
                return
            await self._answer(job, source)

    async def _answer(self, job: Piece | _Partial | _Early, source: Source) -> None:
        if isinstance(job, Silence):
            await self._progress(job.until)
        elif isinstance(job, Speech):
            await self._recognise(job, source)
        elif self._nobody_waits:
            try:
                await self._ahead(job, source)
            except EngineUnavailable:
                raise
            except Exception as error:
                # This may be left out; the piece itself has its own attempts.
                log.warning("not decoded ahead of time", kind=type(error).__name__)
                self._metrics.partials_dropped.inc()

    async def _ahead(self, job: _Partial | _Early, source: Source) -> None:
        if isinstance(job, _Partial):
            text = await self._pool.run(recognise_quickly, self._engine, job.speech, source)
            await self._caption(job.speech.start, text)
        elif job.speech.end == self._pausing:
            heard = await self._pool.run(recognise, self._engine, job.speech, source)
            self._early = (job.speech, heard)
            await self._caption(job.speech.start, heard.text if isinstance(heard, Utterance) else "")

    async def _caption(self, start: float, text: str) -> None:
        caption = self._unfinished.look(start, text)
        if caption:
            self._shown = start
            await self._send(LivePartial(start=start, text=caption))

    async def _withdraw(self, until: float) -> None:
        """Before `until` nothing was said that can be written: no screen keeps a caption of it."""
        if self._shown is not None and self._shown < until:
            start, self._shown = self._shown, None
            await self._send(LivePartial(start=start, text=""))

    async def _heard(self, speech: Speech, source: Source) -> Utterance | Unheard | None:
        """What was said in a piece; raises PieceFailed, EngineUnavailable."""
        early, self._early = self._early, None
        if early is not None and (early[0].start, early[0].end) == (speech.start, speech.end):
            self._metrics.ahead.inc()
            return early[1]
        with self._metrics.decoding.time():
            return await recognise_with_attempts(self._pool, self._engine, speech, source)

    async def _recognise(self, speech: Speech, source: Source) -> None:
        try:
            utterance = await self._heard(speech, source)
        except PieceFailed:
            await self._give_piece_up(speech)
            return
        if not isinstance(utterance, Utterance):
            self._metrics.dropped.inc()
            await self._progress(speech.end, utterance)
            return
        utterance, echoes = self._echoes.mark(source.reception_id, mark_repairs(utterance, self._repairs))
        self._metrics.utterances.labels(utterance.doubt[0] if utterance.doubt else "").inc()
        self._until, self._shown = max(self._until, speech.end), None
        while self._repairs and self._repairs[0].end <= speech.start:
            self._repairs.popleft()
        await self._send(LiveUtterance(utterance=utterance, until=self._until, echoes=echoes))

    async def _give_piece_up(self, speech: Speech) -> None:
        """One piece that cannot be decoded must not hold up all that comes after it."""
        self._metrics.given_up.inc()
        await self._withdraw(speech.end)
        start, self._until = max(speech.start, self._until), max(self._until, speech.end)
        await self._send(LiveGivenUp(start=start, until=self._until))

    async def _progress(self, until: float, unheard: tuple[float, float] | None = None) -> None:
        await self._withdraw(until)
        if until > self._until:
            self._until = until
            await self._send(LiveProgress(until=until, unheard=unheard))

    async def _send(self, reply: LiveReply) -> None:
        await self._socket.send_text(reply.model_dump_json())


async def _until_written(writer: asyncio.Task[None], *others: asyncio.Task[None]) -> None:
    """Wait until all is written, or one task fails; then stop the rest.  Raises the failure."""
    tasks = {writer, *others}
    try:
        waiting = set(tasks)
        while not writer.done():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        writer.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _request(message: RawMessage) -> LiveStart | LiveSeek | LiveRepaired | LiveEnd | bytes:
    """A message of the sender; raises LiveProtocolError, ValidationError, WebSocketDisconnect."""
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect
    sound = message.get("bytes")
    if isinstance(sound, bytes):
        if len(sound) % 2:
            raise LiveProtocolError("half a sample")
        return sound
    return live_request.validate_json(str(message.get("text")))
