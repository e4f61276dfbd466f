"""A reception in the media node: who sits in it, what everybody is shown, and how it ends.

Recording and recognition are beside it (recording.py, recognition.py).
"""

import asyncio
import time
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

import structlog

from server import clock
from server.errors import JietanError, NotAllowed
from server.media import participant as seats
from server.media import rtp
from server.media.aiortc_internals import ForwardingReceiver
from server.media.history import OFFICE, RECEIVERS, History
from server.media.line import RoomLines
from server.media.participant import MediaLink, Outbox, Participant
from server.media.recognition import Recognition, all_of
from server.media.recording import Recording
from server.media.tokens import TokenExpired
from server.media.tools import Tools
from server.protocol.base import Message, Role, Source, TrackKind
from server.protocol.media_control import HungUp, MarkSet, SeatTaken
from server.protocol.recording import Manifest, Segment
from server.protocol.signalling import (
    MAX_OBSERVERS,
    MAX_PARTICIPANTS,
    Caption,
    CloseCode,
    Departed,
    Document,
    Ended,
    Marked,
    SeatClaims,
    ShareEnded,
    ShareSource,
    Stats,
    Wide,
)
from server.protocol.signalling import Room as RoomView

log = structlog.get_logger(__name__)
RESTARTING = 1012
DEVICE_LOST = {TrackKind.AUDIO: "microphone_lost", TrackKind.VIDEO: "camera_lost"}
FOR_GOOD = ("left", "kicked", "token_expired")
CLOCKS_DIFFER = 0.1
"""Seconds that a journal's clock, which runs on with the recording, may be ahead of the wall clock."""
"""Reasons after which only a new ticket brings somebody back."""


class ReceptionEnded(JietanError):
    status = 409
    code = "ended"
    message = "这次接谈已经结束。"


class RoomFull(JietanError):
    status = 409
    code = "room_full"
    message = f"这次接谈的人已经满了，最多 {MAX_PARTICIPANTS} 个人。"


class ObserversFull(RoomFull):
    message = f"这次接谈旁听的人已经满了，最多 {MAX_OBSERVERS} 个人。"


class NotRecording(JietanError):
    status = 409
    code = "not_recording"
    message = "现在没有录音，不能做标记。"


class ShareUnavailable(JietanError):
    status = 409
    code = "share_unavailable"
    message = "现在不能给大家看材料。请先接通音视频，再试一次。"


class OnHold(JietanError):
    status = 409
    code = "on_hold"
    message = "您现在在等候，要等请您回来以后才能做这个。"


class NobodyThere(JietanError):
    status = 404
    code = "nobody_there"
    message = "这个人不在这次接谈里。"


class Room:
    """One reception; all methods run in the node's event loop."""

    def __init__(self, reception_id: str, folder: Path, tools: Tools, history: History) -> None:
        self.reception_id = reception_id
        self.participants: dict[str, Participant] = {}
        self._tools, self._history = tools, history
        self._recording = Recording(reception_id, folder, tools, history, self._show)
        self._recognition = Recognition(reception_id, tools, self._recording, self._tell_present)
        self._document: Document | None = None
        self._ending: asyncio.Task[None] | None = None
        self._background: set[asyncio.Task[None]] = set()
        self._closing_lock = asyncio.Lock()
        self._barred: dict[str, float] = {}
        self._lines = RoomLines(self._recording)
        self._empty_since: float | None = None

    def begin(self, repaired: list[Segment]) -> None:
        """Tell the journal that this process has the room, and what the last one left undone."""
        self._recording.begin(repaired)

    def media_time(self, monotonic: float) -> float:
        """Media time of a moment of the monotonic clock, in seconds."""
        return self._recording.media_time(monotonic)

    def moment(self) -> datetime:
        """Now, by the recording's clock."""
        return self._recording.moment()

    def manifest(self) -> Manifest:
        """Everything recorded so far."""
        return self._recording.manifest()

    @property
    def ended(self) -> bool:
        return self._recording.ended

    # -- seats -------------------------------------------------------------------------------------------------

    def take_seat(self, claims: SeatClaims, outbox: Outbox, seconds: float, line: str = "") -> Participant:
        """Seat somebody for so long; on a seat that is taken the old socket gives way.  `line`: the media line that
        they still hold; if it stands, nobody went and nobody came.  Raises ReceptionEnded, RoomFull, TokenExpired for
        a token from before they left or were sent out."""
        if self.ended:
            raise ReceptionEnded
        if claims.iat <= self._barred.get(claims.participant_id, 0.0):
            raise TokenExpired
        seated = self.participants.get(claims.participant_id)
        if seated is not None and seated.holds(line):
            return seated.call_back(claims, outbox, seconds)
        if seated is not None:
            self._replace(seated, claims, outbox)
        else:
            self._check_space(claims.role)
            seated = self.participants[claims.participant_id] = Participant(claims, outbox)
        seated.held = seated.id in self._history.held
        seated.ends_at = time.monotonic() + seconds
        self._recording.append(SeatTaken(participant_id=claims.participant_id, role=claims.role))
        return seated

    def awaits(self, claims: SeatClaims) -> bool:
        """Whether a token for coming back that an earlier process issued is for a seat that was taken when it stopped;
        once somebody is back, and for tokens that were used before it was taken, it is not."""
        since = self._history.taken_at.get(claims.participant_id)
        waiting = claims.participant_id in self._history.interrupted
        return self.ended or (waiting and since is not None and claims.iat > since.timestamp() - CLOCKS_DIFFER)

    def _check_space(self, role: Role) -> None:
        observers = sum(p.claims.role is Role.OBSERVER for p in self.participants.values())
        if role is Role.OBSERVER and observers >= MAX_OBSERVERS:
            raise ObserversFull
        if role is not Role.OBSERVER and len(self.participants) - observers >= MAX_PARTICIPANTS:
            raise RoomFull

    def _replace(self, seated: Participant, claims: SeatClaims, outbox: Outbox) -> None:
        """The same person on a new socket; what they showed they have to show again."""
        self._recording.left(seated.id, "replaced")
        seated.send(Ended(reason="replaced"))
        if seated.outbox is not None:
            seated.outbox.close(CloseCode.REPLACED, "replaced")
            self._tell_departed(seated, "replaced")
        self._end_share_of(seated)
        self._forget_switches(seated)
        seated.outbox, seated.claims = outbox, claims
        seated.last_alive = time.monotonic()

    def _forget_switches(self, seated: Participant) -> None:
        """A new page has its microphone and camera on until it says otherwise; whoever was muted before a reload is not after it."""
        for kind in TrackKind:
            if seated.muted(kind) or kind in seated.lost:
                self._recording.withhold(seated.id, Source.of(kind), "")
        seated.audio_muted = seated.video_muted = False
        seated.lost.clear()

    def _tell_departed(self, gone: Participant, reason: str) -> None:
        told = Departed(participant_id=gone.id, role=gone.claims.role, name=gone.claims.name, reason=reason)
        for seated in self.participants.values():
            if seated is not gone:
                seated.send(told)

    def welcome(self, seated: Participant) -> None:
        """Show everybody the room as it is now, and the newcomer what was just said and how recognition is doing."""
        self._rearrange()
        self._retell(seated)
        if self._recognition.shown is not None:
            seated.send(self._recognition.shown)
        for participant_id, reason in self._history.interrupted.items():
            role = self._history.roles[participant_id]
            seated.send(Departed(participant_id=participant_id, role=role, name="", reason=reason))

    def _retell(self, seated: Participant) -> None:
        for utterance in self._history.heard_by(seated.id):
            seated.send(Caption(final=True, utterance=utterance))

    async def connect(self, seated: Participant, sdp: str) -> str:
        """Answer a participant's offer; its old connection gives way.  Raises OfferUnusable."""
        link, answer = await seats.accept(seated.claims, sdp, self._prepare)
        if self.participants.get(seated.id) is not seated or self.ended:
            await link.close()
            raise ReceptionEnded
        old, seated.link = seated.link, link
        seated.sound_alone_at = None
        link.connection.on_wide = lambda: seated.send(Wide())
        if old is not None:
            self._end_tracks(seated.id, old, self._history.silence_of(seated.id) or "network_lost")
            self._stop_listening(old)
            self._spawn(old.close())
        for kind in TrackKind:
            link.supply(kind, self._stand_in(seated, link, kind))
        self._listen_for_start(link)
        self._rearrange()
        return answer

    def _prepare(self, link: MediaLink) -> None:
        """Before a connection's answer is made."""

    # -- an encoder in the room (cameras.py) -------------------------------------------------------------------

    def _stand_in(self, seated: Participant, link: MediaLink, kind: TrackKind) -> ForwardingReceiver | None:
        """The encoder's track that is to be used instead of the seat's own; None: the own is used.

        Never what the petitioner did not agree to or has switched off.
        """
        own_sound = kind is TrackKind.AUDIO and not seated.claims.camera_sound
        if own_sound or seated.muted(kind) or not link.may_send(kind):
            return None
        return self._tools.cameras.tracks(seated.claims.camera).get(kind)

    def camera_changed(self, camera_id: str) -> None:
        """An encoder began or stopped to send."""
        for seated in self.participants.values():
            if seated.claims.camera == camera_id:
                self._supply(seated)

    def _supply(self, seated: Participant) -> None:
        """Let the encoder stand in for the seat's own tracks where it is to, and no longer where not."""
        link = seated.link
        changed = [kind for kind in TrackKind if link is not None and self._change_track(seated, link, kind)]
        if changed:
            self._rearrange()

    def _change_track(self, seated: Participant, link: MediaLink, kind: TrackKind) -> bool:
        wanted = self._stand_in(seated, link, kind)
        if wanted is link.track(kind) or (wanted is None and kind not in link.supplied):
            return False
        self._stop_listening(link)
        link.supply(kind, wanted)
        self._listen_for_start(link)
        if self._history.silence_of(seated.id) is None:
            cause = "muted_source" if seated.muted(kind) else "camera_changed"
            self._recording.end_tracks(seated.id, cause, Source.of(kind))
        return True

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
        if reason in FOR_GOOD:
            self._barred[seated.id] = time.time()
        self._end_share_of(seated)
        self._recording.left(seated.id, reason)
        self._recognition.forget(seated.id)
        self._bid_farewell(seated, reason, reason)
        link, seated.link = seated.link, None
        if link is not None:
            cause = "left" if reason != "network_lost" else reason
            self._end_tracks(seated.id, link, self._history.silence_of(seated.id) or cause)
            self._stop_listening(link)
            self._tools.close_soon(link)
        if reason in FOR_GOOD and seated.held:
            self._recording.hold(seated.id, None, held=False)
        self._tell_departed(seated, reason)
        self._rearrange()

    def set_language(self, participant_id: str, language: str) -> bool:
        """What is spoken on a seat from now on; False if nobody sits there."""
        seated = self.participants.get(participant_id)
        if seated is None:
            return False
        seated.claims = seated.claims.model_copy(update={"language": language})
        self._recognition.speaks(participant_id, language)
        return True

    def expect_words(self, words: tuple[str, ...]) -> None:
        """Names and places that recognition should expect from now on."""
        self._recognition.expect(words)

    async def kick(self, participant_id: str) -> bool:
        """Remove a participant, whose tokens are worth nothing then; False if nobody sits there."""
        self._barred[participant_id] = time.time()
        seated = self.participants.get(participant_id)
        if seated is None:
            if participant_id in self._history.interrupted:
                self._recording.left(participant_id, "kicked")
            return False
        await self.leave(seated, "kicked")
        return True

    def mute(self, seated: Participant, kind: TrackKind, *, muted: bool) -> None:
        """Show that a microphone or camera was switched off or on."""
        if kind is TrackKind.AUDIO:
            seated.audio_muted = muted
        else:
            seated.video_muted = muted
        self._recording.withhold(seated.id, Source.of(kind), "muted_source" if muted else "")
        self._supply(seated)
        self._show()

    def device_lost(self, seated: Participant, kind: TrackKind, *, lost: bool) -> None:
        """Show that a microphone or camera was pulled out or failed, or is there again."""
        (seated.lost.add if lost else seated.lost.discard)(kind)
        self._recording.withhold(seated.id, Source.of(kind), DEVICE_LOST[kind] if lost else "")
        track = seated.link.track(kind) if seated.link else None
        if track is not None and lost:
            track.timeline.arrivals.stands_still = True
        self._show()

    def sound_only(self, seated: Participant, *, alone: bool) -> None:
        """Show that somebody's line has no room for a picture now, or has it again."""
        seated.sends_sound_only(time.monotonic() if alone else None)
        self._show()

    def mark(self, seated: Participant, note: str) -> None:
        """Remember this moment; raises NotAllowed for guests, NotRecording, OnHold."""
        if seated.claims.role not in (Role.PETITIONER, *OFFICE):
            raise NotAllowed
        if not self._recording.running:
            raise NotRecording
        if seated.held:
            raise OnHold
        at = self._recording.now
        self._recording.append(MarkSet(participant_id=seated.id, at=at, note=note))
        self._tell_present(Marked(participant_id=seated.id, at=at, note=note))

    # -- what everybody sees and hears -------------------------------------------------------------------------

    def share(self, seated: Participant, source: ShareSource | None) -> None:
        """Show what this participant's document section sends, or nothing of it.  Raises OnHold, ShareUnavailable."""
        if source is None:
            self._end_share_of(seated, "stopped")
            self._rearrange()
            return
        if seated.held:
            raise OnHold
        if seated.link is None or seated.link.document is None:
            raise ShareUnavailable
        sharer = self._sharer
        if sharer is not None:
            self._end_share_of(sharer, "another" if sharer is not seated else None)
        self._document = Document(participant_id=seated.id, source=source)
        self._rearrange()

    @property
    def _sharer(self) -> Participant | None:
        return self.participants.get(self._document.participant_id) if self._document else None

    def _end_share_of(self, seated: Participant, told: Literal["stopped", "another", "held"] | None = None) -> None:
        """What this participant shows, if anything, is shown no more; `told`: the reason that they are told."""
        if self._document is None or self._document.participant_id != seated.id:
            return
        self._document = None
        self._recording.end_share()
        if told is not None:
            seated.send(ShareEnded(reason=told))

    def hold(self, by: Participant, participant_id: str, *, held: bool) -> None:
        """Put somebody on hold or take them back.  Raises NotAllowed, NobodyThere."""
        if not by.claims.may_hold or by.held or participant_id == by.id:
            raise NotAllowed
        seated = self.participants.get(participant_id)
        if seated is None and (held or participant_id not in self._history.held):
            raise NobodyThere
        if held == (participant_id in self._history.held):
            return
        # What came until now belongs to the time before the change.
        if held and seated is not None:
            self._end_share_of(seated, "held")
            seated.held = True
        self._recording.hold(participant_id, by.id, held=held)
        if not held:
            self._ignore_until_now()
        if not held and seated is not None:
            seated.held = False
            self._retell(seated)
        self._rearrange()

    def _ignore_until_now(self) -> None:
        """What was said or shown before this moment, and still comes, is for nobody: not for who comes back, nor for the
        record."""
        now = time.monotonic()
        for seated in self.participants.values():
            for receiver in seated.link.receivers if seated.link else ():
                receiver.ignore_before(now)

    def _rearrange(self) -> None:
        for viewer in self.participants.values():
            viewer.arrange([p for p in self.participants.values() if p is not viewer], self._sharer)
        self._keep()
        self._show()

    def _keep(self) -> None:
        """Record and recognise who is to be, and nobody else."""
        for seated in self.participants.values():
            if seated.link is not None:
                self._keep_one(seated, seated.link)
        sharer = self._sharer
        if not self._recording.running:
            self._recording.end_share()
        elif self._document is not None and sharer is not None and sharer.link is not None:
            self._recording.share(sharer.claims, self._document.source, sharer.link)

    def _keep_one(self, seated: Participant, link: MediaLink) -> None:
        silence = self._history.silence_of(seated.id)
        if silence is not None:
            self._end_tracks(seated.id, link, silence)
        elif self._recording.running and link.unfed:
            kinds = link.unfed
            self._recording.record(seated.claims, link, kinds)
            if TrackKind.AUDIO in kinds:
                self._recognition.hear(seated.id, seated.claims.language, link)

    def _show(self) -> None:
        for viewer in self.participants.values():
            viewer.send(self._view_for(viewer))

    @property
    def synced(self) -> int:
        """The last entry of the journal that is on the disk."""
        return self._recording.synced

    def _view_for(self, viewer: Participant) -> RoomView:
        return RoomView(
            state="ended" if self.ended else "running" if self._recording.begun else "waiting",
            recording=self._recording.running,
            recording_trouble=self._recording.trouble(viewer.claims.role),
            started_at=self._history.started_at,
            paused=self._history.paused_since is not None,
            document=None if viewer.held else self._document,
            seats=tuple(p.seat_for(viewer) for p in self.participants.values()),
        )

    def _tell_present(self, message: Message) -> None:
        """To everybody who may hear what is said now."""
        for seated in self.participants.values():
            if not seated.held:
                seated.send(message)

    # -- the start ---------------------------------------------------------------------------------------------

    def _listen_for_start(self, link: MediaLink) -> None:
        if not self._recording.begun and link.audio is not None:
            link.audio.sinks.append(self._maybe_start)

    def _stop_listening(self, link: MediaLink) -> None:
        if link.audio is not None and self._maybe_start in link.audio.sinks:
            link.audio.sinks.remove(self._maybe_start)

    def _maybe_start(self, packet: rtp.Packet) -> None:
        """The talk runs from the moment that petitioner and receiver both send sound; a room's one microphone hears both."""
        if self._recording.begun or self._history.paused_since is not None:
            return
        links = ((p.claims.role, p.link) for p in self.participants.values())
        sending = {role for role, link in links if link and link.alive and link.audio and link.audio.flowing}
        if Role.ROOM in sending or (Role.PETITIONER in sending and any(role in sending for role in RECEIVERS)):
            self._start(packet.arrival)

    def _start(self, arrival: float) -> None:
        self._recording.start(arrival)
        log.info("recording started", reception=self.reception_id)
        for seated in self.participants.values():
            if seated.link is not None:
                self._stop_listening(seated.link)
        self._rearrange()

    # -- time passes -------------------------------------------------------------------------------------------

    @property
    def _heard(self) -> Mapping[str, Participant]:
        """Whose lines are measured, and who is told of them."""
        return self.participants

    def client_says(self, seated: Participant, stats: Stats) -> None:
        """A client measured its own line."""
        self._lines.client_says(seated, stats)

    async def tick(self, now: float) -> None:
        """Called about four times a second by the node."""
        for seated in list(self.participants.values()):
            for sink in seated.link.inputs if seated.link else ():
                sink.tick(now)
        self._recording.tick(now)
        await self._watch_seats(now)
        self._lines.tick(now, self._heard)
        self._watch_emptiness(now)

    async def _watch_seats(self, now: float) -> None:
        changed = False
        for seated in list(self.participants.values()):
            alive = seated.link is not None and seated.link.alive
            changed |= seated.pictures_changed() or alive != seated.shown_connected or seated.picture_came_back(now)
            seated.shown_connected = alive
            if seated.outbox is not None:
                seated.outbox.tick(now)
            if alive or seated.outbox is not None:
                seated.last_alive = now
            elif now - seated.last_alive > self._tools.away_seconds:
                await self.leave(seated, "network_lost")
            if now > seated.ends_at:
                await self.leave(seated, "token_expired")
        if changed:
            self._show()

    @property
    def _deserted(self) -> bool:
        return not self.participants

    def _watch_emptiness(self, now: float) -> None:
        """A talk that everybody is gone from must not run for ever: in the end the node hangs up."""
        begun = self._recording.begun or self._history.received
        if not self._deserted or self.ended or not begun:
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
        self._lines.close()
        self._recording.ended = True
        for seated in leaving:
            self._bid_farewell(seated, reason, reason)
            if seated.link is not None:
                seated.link.stop_inputs()
                self._stop_listening(seated.link)
                self._tools.close_soon(seated.link)
        self._recording.finish()
        for participant_id in list(self._history.seated):
            self._recording.left(participant_id, "hung_up")
        await self._recognition.finish()
        await self._recording.files_closed()

    async def close(self, reason: str) -> Manifest:
        """End the reception if it is not ended, and complete its folder; may be called again."""
        async with self._closing_lock:
            if self._history.closed is not None:
                return await self._recording.complete()
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
            self._recording.left(seated.id, "shutdown")
            if seated.outbox is not None:
                seated.outbox.close(RESTARTING, "restarting")
                await seated.outbox.done()
        await self._recognition.cancel()
        await all_of(*(s.link.close() for s in leaving if s.link is not None))
        await self._recording.suspend()


def _went_wrong(task: asyncio.Task[None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
