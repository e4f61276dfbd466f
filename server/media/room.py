"""A reception in the media node: who sits in it, what is recorded and recognised, and how it ends."""

import asyncio
import os
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from server import clock
from server.errors import JietanError, NotAllowed
from server.media import participant as seats
from server.media import rtp
from server.media.history import RECEIVERS, History
from server.media.journal import Journal, OnEntry
from server.media.participant import MediaLink, Outbox, Participant
from server.media.recorder import AudioInput, Store, TrackRecorder, VideoInput
from server.media.recorder import Events as RecorderEvents
from server.media.tap import Access, State, Tap, TapInput
from server.media.tap import Events as TapEvents
from server.media.tokens import TokenExpired
from server.media.writer import Writer
from server.protocol.base import Message, Role, TrackKind
from server.protocol.media_control import (
    Closed,
    GapFound,
    HungUp,
    MarkSet,
    Opened,
    Recognised,
    RecognitionUntil,
    RecordingStarted,
    SeatLeft,
    SeatTaken,
    SegmentClosed,
)
from server.protocol.recording import MANIFEST_NAME, Gap, Manifest, Segment
from server.protocol.signalling import (
    Caption,
    CloseCode,
    Ended,
    Marked,
    Recognition,
    SeatClaims,
)
from server.protocol.signalling import Room as RoomView
from server.protocol.transcript import LivePartial, Utterance

log = structlog.get_logger(__name__)
AWAY_SECONDS = 30.0
EMPTY_SECONDS = 600.0
FAREWELL_SECONDS = 0.3
"""How long a line outlives the message that it ends, so that nobody sees it fail first."""
FINISH_SECONDS = 3.0
UNKNOWN_BREAK = 1.0
"""Seconds that a break takes at least whose length the wall clock cannot tell."""
MAX_PARTICIPANTS = 8
RESTARTING = 1012
TROUBLE = {
    "": "",
    "disk_full": "录音没有存上：磁盘满了。谈话可以继续，但这一段不会留下录音，请马上找管理员。",
    "disk_error": "录音没有存上：磁盘出错。谈话可以继续，但这一段不会留下录音，请马上找管理员。",
    "disk_slow": "录音没有存上：磁盘太慢。谈话可以继续，但这一段不会留下录音，请马上找管理员。",
    "disk_low": "磁盘空间快满了。录音还在继续，请找管理员。",
}
GIVEN_UP = "given_up"
NOTHING_UNDERSTOOD = "nothing_understood"
_WORST = ("on", "behind", "waiting")


class ReceptionEnded(JietanError):
    status = 409
    code = "ended"
    message = "这次接谈已经结束。"


class RoomFull(JietanError):
    status = 409
    code = "room_full"
    message = "这次接谈的人已经满了。"


class NotRecording(JietanError):
    status = 409
    code = "not_recording"
    message = "录音还没有开始，现在不能做标记。"


@dataclass
class Tools:
    """What all rooms of a node share."""

    writer: Writer
    closer: ThreadPoolExecutor
    transcriber: Access
    segment_seconds: float
    on_entry: OnEntry
    disk_low: Callable[[], bool]
    finish_seconds: float = FINISH_SECONDS
    away_seconds: float = AWAY_SECONDS
    empty_seconds: float = EMPTY_SECONDS
    farewells: set[asyncio.Task[None]] = field(default_factory=set)

    def close_soon(self, link: MediaLink) -> None:
        """Silence a connection at once and close it when its farewell has arrived."""
        link.silence()
        task = asyncio.ensure_future(_close_after(FAREWELL_SECONDS, link))
        self.farewells.add(task)
        task.add_done_callback(self.farewells.discard)


class Room:
    """One reception; all methods run in the node's event loop."""

    def __init__(self, reception_id: str, folder: Path, tools: Tools, history: History) -> None:
        self.reception_id = reception_id
        self.participants: dict[str, Participant] = {}
        self.ended = history.hung_up_at is not None or history.closed is not None
        self._folder, self._tools, self._history = folder, tools, history
        self._journal = Journal(folder, reception_id, tools.writer, tools.on_entry, history.last_seq)
        self._store = Store(folder, tools.writer, tools.closer, tools.segment_seconds)
        self._events = RecorderEvents(self._segment_closed, self._gap_found, self._write_trouble)
        self._tracks: dict[tuple[str, TrackKind], TrackRecorder] = {}
        self._taps: dict[str, Tap] = {}
        self._states: dict[str, State] = {}
        self._recognition: Recognition | None = None
        self._trouble = ""
        self._zero: float | None = None
        self._ending: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._closing_lock = asyncio.Lock()
        self._barred: dict[str, float] = {}
        self._empty_since: float | None = None

    # -- coming into being -------------------------------------------------------------------------------------

    def begin(self, repaired: list[Segment]) -> None:
        """Tell the journal that this process has the room, and what the last one left undone."""
        generation = self._history.generation + 1
        self._append_fact(Opened(generation=generation))
        for segment in repaired:
            self._segment_closed(segment)
        for gap in self._history.lost_files:
            self._gap_found(gap)
        if self._history.started_at is not None:
            self._set_zero(self._history.started_at)
        if generation > 1:
            self._take_over()

    def _take_over(self) -> None:
        for participant_id in list(self._history.seated):
            self._append_fact(SeatLeft(participant_id=participant_id, reason="media_restarted"))
        for (participant_id, kind), (role, end) in self._history.tracks().items():
            track = self._track(participant_id, role, kind, "media_restarted")
            track.covered_until = end
            if kind is TrackKind.AUDIO:
                until = self._history.decided.get(participant_id, 0.0)
                fact = RecognitionUntil(participant_id=participant_id, until=until, reason="media_restarted")
                self._append_fact(fact)
        for gap in self._history.lost_files:
            self._expect_again(gap)

    def _expect_again(self, lost: Gap) -> None:
        """A track whose every file is lost is missing from there on, too."""
        if lost.participant_id is None or lost.kind is None:
            return
        role = self._history.roles.get(lost.participant_id, Role.OBSERVER)
        track = self._track(lost.participant_id, role, lost.kind, "media_restarted")
        track.covered_until = max(lost.end, track.covered_until or 0.0)

    def _append_fact(self, fact: object) -> None:
        at = self._moment() if isinstance(fact, SeatLeft) else None
        self._history.take(self._journal.append(fact, at))  # type: ignore[arg-type]

    def _moment(self) -> datetime:
        """Now; once the recording runs, by its own clock: somebody may set the wall clock in the middle of a talk."""
        started_at = self._history.started_at
        if started_at is None or self._zero is None:
            return clock.now()
        return started_at + timedelta(seconds=self.media_time(time.monotonic()))

    def _set_zero(self, started_at: datetime) -> None:
        """Media time 0 on this process's monotonic clock; what is recorded already never lies in the future."""
        passed, reached = (clock.now() - started_at).total_seconds(), self._history.reached
        if passed < reached:
            # The wall clock was set back meanwhile: nobody knows how long the break was, but there was one.
            passed = reached + UNKNOWN_BREAK
            if not self.ended:
                self._gap_found(Gap(start=reached, end=passed, cause="media_restarted"))
        self._zero = time.monotonic() - passed

    def media_time(self, monotonic: float) -> float:
        """Media time of a moment of the monotonic clock, in seconds."""
        return monotonic - (self._zero if self._zero is not None else monotonic)

    @property
    def recording(self) -> bool:
        return self._zero is not None and not self.ended

    # -- seats -------------------------------------------------------------------------------------------------

    def take_seat(self, claims: SeatClaims, outbox: Outbox) -> Participant:
        """Seat somebody; on a seat that is taken the old socket gives way.  Raises ReceptionEnded, RoomFull,
        TokenExpired for a token from before they left or were sent out."""
        if self.ended:
            raise ReceptionEnded
        if claims.iat <= self._barred.get(claims.participant_id, 0.0):
            raise TokenExpired
        seated = self.participants.get(claims.participant_id)
        if seated is None and len(self.participants) >= MAX_PARTICIPANTS:
            raise RoomFull
        if seated is not None:
            self._replace(seated, claims, outbox)
        else:
            seated = self.participants[claims.participant_id] = Participant(claims, outbox)
        self._append_fact(SeatTaken(participant_id=claims.participant_id, role=claims.role))
        return seated

    def _replace(self, seated: Participant, claims: SeatClaims, outbox: Outbox) -> None:
        self._append_fact(SeatLeft(participant_id=seated.id, reason="replaced"))
        seated.send(Ended(reason="replaced"))
        if seated.outbox is not None:
            seated.outbox.close(CloseCode.REPLACED, "replaced")
        seated.outbox, seated.claims = outbox, claims
        seated.last_alive = time.monotonic()

    def welcome(self, seated: Participant) -> None:
        """Show everybody the room as it is now, and the newcomer what was just said and how recognition is doing."""
        self._rearrange()
        for utterance in self._history.said:
            seated.send(Caption(final=True, utterance=utterance))
        if self._recognition is not None:
            seated.send(self._recognition)

    async def connect(self, seated: Participant, sdp: str) -> str:
        """Answer a participant's offer; its old connection gives way.  Raises OfferUnusable."""
        link, answer = await seats.accept(seated.claims, sdp)
        if self.participants.get(seated.id) is not seated or self.ended:
            await link.close()
            raise ReceptionEnded
        old, seated.link = seated.link, link
        if old is not None:
            await self._drop_link(seated.id, old, "network_lost")
        self._listen_for_start(seated, link)
        if self.recording:
            self._record(seated, link)
        self._rearrange()
        return answer

    async def _drop_link(self, participant_id: str, link: MediaLink, cause: str) -> None:
        """End a connection's part in recording and recognition, and close it."""
        self._end_tracks(participant_id, link, cause)
        self._spawn(link.close())

    def _end_tracks(self, participant_id: str, link: MediaLink, cause: str) -> None:
        link.stop_inputs()
        for kind in TrackKind:
            track = self._tracks.get((participant_id, kind))
            if track is not None:
                track.end(cause)

    def _bid_farewell(self, seated: Participant, ended: str, reason: str) -> None:
        seated.send(Ended(reason=ended))
        if seated.outbox is not None:
            seated.outbox.close(CloseCode.ENDED, reason)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def socket_gone(self, seated: Participant, outbox: Outbox) -> None:
        """A socket closed; the seat stays while its media flows."""
        if seated.outbox is outbox:
            seated.outbox = None

    async def leave(self, seated: Participant, reason: str) -> None:
        """A participant goes; the others stay."""
        if self.participants.get(seated.id) is not seated:
            return
        del self.participants[seated.id]
        if reason in ("left", "kicked"):
            self._barred[seated.id] = time.time()
        self._append_fact(SeatLeft(participant_id=seated.id, reason=reason))
        self._states.pop(seated.id, None)
        self._bid_farewell(seated, "left" if reason == "left" else "office", reason)
        link, seated.link = seated.link, None
        if link is not None:
            self._end_tracks(seated.id, link, "left" if reason != "network_lost" else reason)
            self._tools.close_soon(link)
        self._rearrange()

    async def kick(self, participant_id: str) -> bool:
        """Remove a participant, whose tokens are worth nothing then; False if nobody sits there."""
        self._barred[participant_id] = time.time()
        seated = self.participants.get(participant_id)
        if seated is None:
            return False
        await self.leave(seated, "kicked")
        return True

    def mute(self, seated: Participant, kind: TrackKind, *, muted: bool) -> None:
        """Show that a microphone or camera was switched off or on."""
        if kind is TrackKind.AUDIO:
            seated.audio_muted = muted
        else:
            seated.video_muted = muted
        track = self._tracks.get((seated.id, kind))
        if track is not None:
            track.muted = muted
        self._show()

    def mark(self, seated: Participant, note: str) -> None:
        """Remember this moment; raises NotRecording."""
        if not self.recording:
            raise NotRecording
        at = self.media_time(time.monotonic())
        self._append_fact(MarkSet(participant_id=seated.id, at=at, note=note))
        self._tell_all(Marked(participant_id=seated.id, at=at, note=note))

    def _rearrange(self) -> None:
        for viewer in self.participants.values():
            viewer.arrange([p for p in self.participants.values() if p is not viewer])
        self._show()

    def _show(self) -> None:
        for viewer in self.participants.values():
            viewer.send(self._view_for(viewer))

    def _view_for(self, viewer: Participant) -> RoomView:
        return RoomView(
            state="ended" if self.ended else "running" if self._zero is not None else "waiting",
            recording=self.recording,
            recording_trouble=TROUBLE[self._shown_trouble],
            started_at=self._history.started_at,
            seats=tuple(p.seat_for(viewer) for p in self.participants.values()),
        )

    def _tell_all(self, message: Message) -> None:
        for seated in self.participants.values():
            seated.send(message)

    # -- recording ---------------------------------------------------------------------------------------------

    def _listen_for_start(self, seated: Participant, link: MediaLink) -> None:
        if self._zero is None and link.audio is not None:
            link.audio.sinks.append(self._maybe_start)

    def _maybe_start(self, packet: rtp.Packet) -> None:
        """The talk runs from the moment that petitioner and receiver both send sound."""
        if self._zero is not None:
            return
        sending = {p.claims.role for p in self.participants.values() if p.link and p.link.audio and p.link.audio.flowing}
        if Role.PETITIONER in sending and any(role in sending for role in RECEIVERS):
            self._start(packet.arrival)

    def _start(self, arrival: float) -> None:
        self._zero = arrival
        self._append_fact(RecordingStarted(started_at=clock.now()))
        log.info("recording started", reception=self.reception_id)
        for seated in self.participants.values():
            if seated.link is not None:
                if seated.link.audio is not None and self._maybe_start in seated.link.audio.sinks:
                    seated.link.audio.sinks.remove(self._maybe_start)
                self._record(seated, seated.link)
        self._show()

    def _record(self, seated: Participant, link: MediaLink) -> None:
        """Let recording and recognition take this connection's packets."""
        role = seated.claims.role
        if link.audio is not None:
            track = self._track(seated.id, role, TrackKind.AUDIO)
            link.feed(link.audio, AudioInput(track, self.media_time))
            link.feed(link.audio, TapInput(self._tap(seated.id), self.media_time))
        if link.video is not None:
            track = self._track(seated.id, role, TrackKind.VIDEO)
            video = VideoInput(track, self.media_time, link.video.request_keyframe)
            link.feed(link.video, video)

    def _track(self, participant_id: str, role: Role, kind: TrackKind, cause: str = "") -> TrackRecorder:
        key = (participant_id, kind)
        if key not in self._tracks:
            self._tracks[key] = TrackRecorder(self._store, self._events, participant_id, role, kind, cause)
        return self._tracks[key]

    def _segment_closed(self, segment: Segment) -> None:
        self._append_fact(SegmentClosed(segment=segment))
        self._write_manifest(self.manifest())

    def _gap_found(self, gap: Gap) -> None:
        self._append_fact(GapFound(gap=gap))

    def _write_trouble(self, code: str) -> None:
        if code != self._trouble:
            self._trouble = code
            self._show()

    @property
    def _shown_trouble(self) -> str:
        return self._trouble or ("disk_low" if self._tools.disk_low() else "")

    def manifest(self) -> Manifest:
        """Everything recorded so far."""
        history = self._history
        started, seconds, ended_at = history.started_at, 0.0, None
        if started is not None:
            seconds = self._end_of_talk()
            ended_at = started + timedelta(seconds=seconds) if self.ended else None
        return Manifest(
            reception_id=self.reception_id,
            started_at=started,
            ended_at=ended_at,
            seconds=seconds,
            segments=tuple(sorted(history.segments.values(), key=lambda s: (s.start, s.id))),
            gaps=tuple(history.gaps),
        )

    def _end_of_talk(self) -> float:
        """Media time of the hang-up; without one, of the last thing known: somebody leaving, or a file's end."""
        history = self._history
        if history.started_at is None:
            return 0.0
        if history.hung_up_at is not None:
            return max(0.0, (history.hung_up_at - history.started_at).total_seconds())
        left = history.last_left_at or history.started_at
        return max(history.recorded_until, (left - history.started_at).total_seconds())

    def _write_manifest(self, manifest: Manifest) -> None:
        path = self._folder / MANIFEST_NAME
        data = manifest.model_dump_json(indent=1).encode()
        self._tools.writer.submit(lambda: replace_file(path, data))

    # -- recognition -------------------------------------------------------------------------------------------

    def _tap(self, participant_id: str) -> Tap:
        """The participant's tap.  After a break that cannot be bridged (this process took the room over in the
        middle) its captions are shown but not stored: from the break on the recording is recognised instead."""
        if participant_id not in self._taps:
            heard_before = (participant_id, TrackKind.AUDIO) in self._history.tracks()
            known = heard_before or participant_id in self._history.decided
            self._taps[participant_id] = self._new_tap(participant_id, stored=not known)
        return self._taps[participant_id]

    def _new_tap(self, participant_id: str, *, stored: bool) -> Tap:
        def heard(utterance: Utterance) -> None:
            if stored:
                self._append_fact(Recognised(utterance=utterance))
            self._tell_all(Caption(final=True, utterance=utterance))

        def broken_off(until: float, reason: str) -> None:
            if stored:
                self._append_fact(RecognitionUntil(participant_id=participant_id, until=until, reason=reason))

        def partial(message: LivePartial) -> None:
            self._tell_all(Caption(final=False, utterance=_partial(participant_id, message)))

        def state(new: State) -> None:
            self._states[participant_id] = new
            self._show_recognition()

        def given_up(start: float, until: float) -> None:
            if stored:
                self._leave_out(participant_id, start, until)

        def unheard(start: float, end: float) -> None:
            if stored:
                gap = Gap(participant_id=participant_id, start=start, end=end, cause=NOTHING_UNDERSTOOD)
                self._append_fact(GapFound(gap=gap))

        events = TapEvents(heard, partial, state, broken_off, given_up, unheard)
        tap = Tap(self._tools.transcriber, self.reception_id, participant_id, events)
        tap.stored = stored
        return tap

    def _leave_out(self, participant_id: str, start: float, until: float) -> None:
        """The transcriber gave this stretch up: closing tries it once more from the recording, or notes the gap."""
        stops = RecognitionUntil(participant_id=participant_id, until=start, reason=GIVEN_UP)
        self._append_fact(stops)
        self._append_fact(RecognitionUntil(participant_id=participant_id, until=until))

    def _show_recognition(self) -> None:
        worst = max(self._states.values(), key=lambda s: (_WORST.index(s.state), s.behind_s), default=State())
        message = Recognition(state=worst.state, reason=worst.reason, message=worst.message, behind_s=worst.behind_s)
        if message != self._recognition:
            self._recognition = message
            self._tell_all(message)

    # -- time passes -------------------------------------------------------------------------------------------

    async def tick(self, now: float) -> None:
        """Called about four times a second by the node."""
        media_now = self.media_time(now)
        for seated in list(self.participants.values()):
            for sink in seated.link.inputs if seated.link else ():
                sink.tick(now)
        for track in self._tracks.values():
            track.tick(now, media_now)
        self._journal.retry()
        self._store.retry(now)
        await self._watch_seats(now)
        self._watch_emptiness(now)

    async def _watch_seats(self, now: float) -> None:
        changed = False
        for seated in list(self.participants.values()):
            alive = seated.link is not None and seated.link.alive
            changed |= alive != seated.shown_connected
            seated.shown_connected = alive
            if alive or seated.outbox is not None:
                seated.last_alive = now
            elif now - seated.last_alive > self._tools.away_seconds:
                await self.leave(seated, "network_lost")
        if changed:
            self._show()

    def _watch_emptiness(self, now: float) -> None:
        """A talk that everybody is gone from must not run for ever: in the end the node hangs up."""
        begun = self._zero is not None or self._history.received
        if self.participants or self.ended or not begun:
            self._empty_since = None
            return
        if self._empty_since is None:
            self._empty_since = now
        if now - self._empty_since >= self._tools.empty_seconds and self._ending is None:
            log.info("empty room hung up", reception=self.reception_id)
            self._hang_up(None, self._last_heard_at())
            self._begin_ending("office")

    def _last_heard_at(self) -> datetime:
        """When the last one was gone: the waiting since then is no part of the talk."""
        history = self._history
        if history.started_at is None:
            return history.last_left_at or clock.now()
        return history.started_at + timedelta(seconds=self._end_of_talk())

    # -- the end -----------------------------------------------------------------------------------------------

    async def hang_up(self, seated: Participant) -> None:
        """A participant ends the reception for all; raises NotAllowed."""
        if not seated.claims.may_end:
            raise NotAllowed
        self._hang_up(seated.id)
        self._begin_ending("hung_up")

    def _hang_up(self, participant_id: str | None, at: datetime | None = None) -> None:
        if self._history.hung_up_at is None:
            self._append_fact(HungUp(participant_id=participant_id, at=at or self._moment()))

    def _begin_ending(self, reason: str) -> asyncio.Task[None]:
        if self._ending is None or _went_wrong(self._ending):
            self._ending = asyncio.ensure_future(self._end(reason))
        return self._ending

    async def _end(self, reason: str) -> None:
        """Everybody out; files closed; what was said decided if that does not take long."""
        leaving, self.participants = list(self.participants.values()), {}
        self.ended = True
        for seated in leaving:
            self._bid_farewell(seated, reason, reason)
            if seated.link is not None:
                seated.link.stop_inputs()
                self._tools.close_soon(seated.link)
        for track in self._tracks.values():
            track.finish(self._end_of_talk())
        for participant_id in list(self._history.seated):
            self._append_fact(SeatLeft(participant_id=participant_id, reason="hung_up"))
        await _all(*(self._finish_tap(p, t) for p, t in self._taps.items()))
        await self._store.closed()

    async def _finish_tap(self, participant_id: str, tap: Tap) -> None:
        until, reason = tap.until, "failed"
        try:
            until = await tap.finish(self._tools.finish_seconds)
            reason = tap.reason
        except Exception:
            log.exception("recognition not finished", reception=self.reception_id)
        if tap.stored:
            self._append_fact(RecognitionUntil(participant_id=participant_id, until=until, reason=reason))

    async def close(self, reason: str) -> Manifest:
        """End the reception if it is not ended, and complete its folder; may be called again."""
        async with self._closing_lock:
            if self._history.closed is not None:
                return self._history.closed
            if self.participants:
                self._hang_up(None)
            await self._begin_ending(reason if reason in ("hung_up", "office", "shutdown") else "office")
            manifest = self.manifest()
            self._write_manifest(manifest)
            self._append_fact(Closed(manifest=manifest))
            await self._tools.writer.barrier()
            self._journal.close()
            return manifest

    async def suspend(self) -> None:
        """The node stops: close the files; clients come back to the next process, which goes on."""
        leaving, self.participants = list(self.participants.values()), {}
        for seated in leaving:
            if seated.link is not None:
                seated.link.stop_inputs()
        for track in self._tracks.values():
            track.end("media_restarted")
        for seated in leaving:
            self._append_fact(SeatLeft(participant_id=seated.id, reason="shutdown"))
            if seated.outbox is not None:
                seated.outbox.close(RESTARTING, "restarting")
                await seated.outbox.done()
        await _all(*(tap.cancel() for tap in self._taps.values()))
        await _all(*(s.link.close() for s in leaving if s.link is not None))
        await self._store.closed(for_good=False)
        self._journal.close()


async def _close_after(seconds: float, link: MediaLink) -> None:
    await asyncio.sleep(seconds)
    await link.close()


def _went_wrong(task: asyncio.Task[None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


async def _all(*work: Coroutine[None, None, None]) -> None:
    """Do all of it, whatever fails."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            log.error("part of an ending failed", error=type(outcome).__name__)


def _partial(participant_id: str, message: LivePartial) -> Utterance:
    return Utterance(
        id=f"partial-{participant_id}"[:64],
        participant_id=participant_id,
        start=message.start,
        end=message.start,
        text=message.text,
    )


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old or the new one, whole, whatever happens."""
    temporary = path.with_suffix(path.suffix + ".tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
