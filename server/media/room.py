"""A reception in the media node: who sits in it, what everybody is shown, and how it ends.

Recording and recognition are beside it (recording.py, recognition.py).
"""

import asyncio
import time
from collections.abc import Coroutine
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from server import clock
from server.errors import JietanError, NotAllowed
from server.media import participant as seats
from server.media import rtp
from server.media.history import RECEIVERS, History
from server.media.participant import MediaLink, Outbox, Participant
from server.media.recognition import Recognition, all_of
from server.media.recording import Recording
from server.media.tokens import TokenExpired
from server.media.tools import Tools
from server.protocol.base import Message, Role, TrackKind
from server.protocol.media_control import HungUp, MarkSet, SeatLeft, SeatTaken
from server.protocol.recording import Manifest, Segment
from server.protocol.signalling import Caption, CloseCode, Ended, Marked, SeatClaims
from server.protocol.signalling import Room as RoomView

log = structlog.get_logger(__name__)
MAX_PARTICIPANTS = 8
RESTARTING = 1012


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


class Room:
    """One reception; all methods run in the node's event loop."""

    def __init__(self, reception_id: str, folder: Path, tools: Tools, history: History) -> None:
        self.reception_id = reception_id
        self.participants: dict[str, Participant] = {}
        self._tools, self._history = tools, history
        self._recording = Recording(reception_id, folder, tools, history, self._show)
        self._recognition = Recognition(reception_id, tools, self._recording, self._tell_all)
        self._ending: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._closing_lock = asyncio.Lock()
        self._barred: dict[str, float] = {}
        self._empty_since: float | None = None

    def begin(self, repaired: list[Segment]) -> None:
        """Tell the journal that this process has the room, and what the last one left undone."""
        self._recording.begin(repaired)

    def media_time(self, monotonic: float) -> float:
        """Media time of a moment of the monotonic clock, in seconds."""
        return self._recording.media_time(monotonic)

    def manifest(self) -> Manifest:
        """Everything recorded so far."""
        return self._recording.manifest()

    @property
    def ended(self) -> bool:
        return self._recording.ended

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
        self._recording.append(SeatTaken(participant_id=claims.participant_id, role=claims.role))
        return seated

    def _replace(self, seated: Participant, claims: SeatClaims, outbox: Outbox) -> None:
        self._recording.append(SeatLeft(participant_id=seated.id, reason="replaced"))
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
        if self._recognition.shown is not None:
            seated.send(self._recognition.shown)

    async def connect(self, seated: Participant, sdp: str) -> str:
        """Answer a participant's offer; its old connection gives way.  Raises OfferUnusable."""
        link, answer = await seats.accept(seated.claims, sdp)
        if self.participants.get(seated.id) is not seated or self.ended:
            await link.close()
            raise ReceptionEnded
        old, seated.link = seated.link, link
        if old is not None:
            self._end_tracks(seated.id, old, "network_lost")
            self._spawn(old.close())
        self._listen_for_start(link)
        if self._recording.running:
            self._record(seated, link)
        self._rearrange()
        return answer

    def _end_tracks(self, participant_id: str, link: MediaLink, cause: str) -> None:
        """End a connection's part in recording and recognition."""
        link.stop_inputs()
        self._recording.end_tracks(participant_id, cause)

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
        self._recording.append(SeatLeft(participant_id=seated.id, reason=reason))
        self._recognition.forget(seated.id)
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
        self._recording.mute(seated.id, kind, muted=muted)
        self._show()

    def mark(self, seated: Participant, note: str) -> None:
        """Remember this moment; raises NotRecording."""
        if not self._recording.running:
            raise NotRecording
        at = self.media_time(time.monotonic())
        self._recording.append(MarkSet(participant_id=seated.id, at=at, note=note))
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
            state="ended" if self.ended else "running" if self._recording.begun else "waiting",
            recording=self._recording.running,
            recording_trouble=self._recording.trouble,
            started_at=self._history.started_at,
            seats=tuple(p.seat_for(viewer) for p in self.participants.values()),
        )

    def _tell_all(self, message: Message) -> None:
        for seated in self.participants.values():
            seated.send(message)

    # -- the start ---------------------------------------------------------------------------------------------

    def _listen_for_start(self, link: MediaLink) -> None:
        if not self._recording.begun and link.audio is not None:
            link.audio.sinks.append(self._maybe_start)

    def _maybe_start(self, packet: rtp.Packet) -> None:
        """The talk runs from the moment that petitioner and receiver both send sound."""
        if self._recording.begun:
            return
        sending = {p.claims.role for p in self.participants.values() if p.link and p.link.audio and p.link.audio.flowing}
        if Role.PETITIONER in sending and any(role in sending for role in RECEIVERS):
            self._start(packet.arrival)

    def _start(self, arrival: float) -> None:
        self._recording.start(arrival)
        log.info("recording started", reception=self.reception_id)
        for seated in self.participants.values():
            if seated.link is not None:
                if seated.link.audio is not None and self._maybe_start in seated.link.audio.sinks:
                    seated.link.audio.sinks.remove(self._maybe_start)
                self._record(seated, seated.link)
        self._show()

    def _record(self, seated: Participant, link: MediaLink) -> None:
        """Let recording and recognition take this connection's packets."""
        self._recording.record(seated.claims, link)
        self._recognition.hear(seated.id, link)

    # -- time passes -------------------------------------------------------------------------------------------

    async def tick(self, now: float) -> None:
        """Called about four times a second by the node."""
        for seated in list(self.participants.values()):
            for sink in seated.link.inputs if seated.link else ():
                sink.tick(now)
        self._recording.tick(now)
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
        begun = self._recording.begun or self._history.received
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
        return history.started_at + timedelta(seconds=self._recording.end_of_talk())

    # -- the end -----------------------------------------------------------------------------------------------

    async def hang_up(self, seated: Participant) -> None:
        """A participant ends the reception for all; raises NotAllowed."""
        if not seated.claims.may_end:
            raise NotAllowed
        self._hang_up(seated.id)
        self._begin_ending("hung_up")

    def _hang_up(self, participant_id: str | None, at: datetime | None = None) -> None:
        if self._history.hung_up_at is None:
            self._recording.append(HungUp(participant_id=participant_id, at=at or self._recording.moment()))

    def _begin_ending(self, reason: str) -> asyncio.Task[None]:
        if self._ending is None or _went_wrong(self._ending):
            self._ending = asyncio.ensure_future(self._end(reason))
        return self._ending

    async def _end(self, reason: str) -> None:
        """Everybody out; files closed; what was said decided if that does not take long."""
        leaving, self.participants = list(self.participants.values()), {}
        self._recording.ended = True
        for seated in leaving:
            self._bid_farewell(seated, reason, reason)
            if seated.link is not None:
                seated.link.stop_inputs()
                self._tools.close_soon(seated.link)
        self._recording.finish()
        for participant_id in list(self._history.seated):
            self._recording.append(SeatLeft(participant_id=participant_id, reason="hung_up"))
        await self._recognition.finish()
        await self._recording.files_closed()

    async def close(self, reason: str) -> Manifest:
        """End the reception if it is not ended, and complete its folder; may be called again."""
        async with self._closing_lock:
            if self._history.closed is not None:
                return self._history.closed
            if self.participants:
                self._hang_up(None)
            await self._begin_ending(reason if reason in ("hung_up", "office", "shutdown") else "office")
            return await self._recording.complete()

    async def suspend(self) -> None:
        """The node stops: close the files; clients come back to the next process, which goes on."""
        leaving, self.participants = list(self.participants.values()), {}
        for seated in leaving:
            if seated.link is not None:
                seated.link.stop_inputs()
        self._recording.interrupt()
        for seated in leaving:
            self._recording.append(SeatLeft(participant_id=seated.id, reason="shutdown"))
            if seated.outbox is not None:
                seated.outbox.close(RESTARTING, "restarting")
                await seated.outbox.done()
        await self._recognition.cancel()
        await all_of(*(s.link.close() for s in leaving if s.link is not None))
        await self._recording.suspend()


def _went_wrong(task: asyncio.Task[None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
