"""A lecture in the media node: one speaker, many who watch, and at times one of them who is given the floor.

It is a room in which only the speaker is recorded and shown, and whoever has the floor; nothing is recognised.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from server.errors import JietanError, NotAllowed
from server.media import rtp
from server.media.aiortc_internals import ForwardingReceiver
from server.media.fan import Fan
from server.media.history import History
from server.media.participant import MediaLink, Outbox, Participant
from server.media.room import NobodyThere, Room, RoomFull
from server.media.tools import Tools
from server.protocol.base import Role
from server.protocol.media_control import SeatTaken
from server.protocol.signalling import MAX_HANDS, OfficePresent, SeatClaims, ShareSource, Viewer
from server.protocol.signalling import Lecture as LectureView

SHOW_EVERY = 0.5
"""Seconds between two messages of the lecture's state: a hundred who come within a minute are told of together."""


class LectureFull(RoomFull):
    code = "lecture_full"
    message = "看这个讲座的屏幕已经满了。请和同单位的人一起看，或者过一会儿再进。"


class HandsFull(JietanError):
    status = 409
    code = "hands_full"
    message = f"已经有 {MAX_HANDS} 个人举手，请过一会儿再举。"


class NotBegun(JietanError):
    status = 409
    code = "lecture_not_begun"
    message = "讲座还没有开始，开始以后才能请人发言。"


class _Channel:
    """One of the streams that all viewers get, whatever it carries at present."""

    def __init__(self, clock_rate: int) -> None:
        self.fan = Fan(clock_rate)
        self._forward = self.fan.forward
        self._source: ForwardingReceiver | None = None

    def point(self, source: ForwardingReceiver | None) -> None:
        """Carry this receiver's track from now on, or nothing."""
        if source is self._source:
            return
        if self._source is not None and self._forward in self._source.sinks:
            self._source.sinks.remove(self._forward)
        self._source = source
        self.fan.switch()
        if source is not None:
            source.watched_by_many(True)
            source.sinks.append(self._forward)


class _Pair:
    """The channels of a slot."""

    def __init__(self) -> None:
        self.audio, self.video = _Channel(rtp.AUDIO_CLOCK), _Channel(rtp.VIDEO_CLOCK)


class Lecture(Room):
    """One lecture; all methods run in the node's event loop."""

    def __init__(self, reception_id: str, folder: Path, tools: Tools, history: History) -> None:
        super().__init__(reception_id, folder, tools, history)
        self._hands: dict[str, None] = {}
        self._floor = ""
        """Who has it; empty: nobody."""
        self._pairs = (_Pair(), _Pair())
        """Of the speaker, and of whoever has the floor."""
        self._paper = _Channel(rtp.VIDEO_CLOCK)
        self._stale = False
        self._shown_at = 0.0

    # -- who is there ------------------------------------------------------------------------------------------

    @property
    def _speaker(self) -> Participant | None:
        return next((p for p in self.participants.values() if p.claims.role is Role.LEADER), None)

    @property
    def _asker(self) -> Participant | None:
        return self.participants.get(self._floor)

    @property
    def viewers(self) -> int:
        """How many watch."""
        return len(self.participants) - (self._speaker is not None)

    @property
    def _heard(self) -> Mapping[str, Participant]:
        return {p.id: p for p in (self._speaker, self._asker) if p is not None}

    @property
    def _deserted(self) -> bool:
        """Without a speaker there is nothing to wait for."""
        return self._speaker is None

    def take_seat(self, claims: SeatClaims, outbox: Outbox, seconds: float, line: str = "") -> Participant:
        """As in any room; whoever has the floor has it still."""
        role = Role.JOINT if claims.participant_id == self._floor else claims.role
        return super().take_seat(claims.model_copy(update={"role": role}), outbox, seconds, line)

    def _check_space(self, role: Role) -> None:
        if role is not Role.LEADER and self._tools.viewers_left() <= 0:
            raise LectureFull

    def welcome(self, seated: Participant) -> None:
        """Show the newcomer the lecture as it is now."""
        self._rearrange()
        seated.send(self._view())

    async def leave(self, seated: Participant, reason: str) -> None:
        """Somebody goes; the floor and a raised hand go with them."""
        if self.participants.get(seated.id) is seated:
            self._hands.pop(seated.id, None)
            if seated.id == self._floor:
                self._floor = ""
        await super().leave(seated, reason)

    def _tell_departed(self, gone: Participant, reason: str) -> None:
        """A hundred come and go: the number of those who are there says enough."""

    # -- the floor ---------------------------------------------------------------------------------------------

    def hand(self, seated: Participant, *, raised: bool) -> None:
        """A viewer asks to speak, or no longer; who has the floor gives it back by it.  Raises NotAllowed for a screen in
        a hall, HandsFull."""
        if not raised and seated is self._asker:
            self._take_floor_back()
            self._rearrange()
        elif not raised:
            self._hands.pop(seated.id, None)
        elif not self._may_be_asked(seated):
            raise NotAllowed
        elif seated.id not in self._hands and seated.id != self._floor:
            if len(self._hands) >= MAX_HANDS:
                raise HandsFull
            self._hands[seated.id] = None
        self._show()

    def _may_be_asked(self, seated: Participant) -> bool:
        return seated.claims.publishes and seated.claims.role is not Role.LEADER

    def lower(self, by: Participant, participant_id: str) -> None:
        """The speaker passes over a raised hand; raises NotAllowed."""
        self._require_speaker(by)
        self._hands.pop(participant_id, None)
        self._show()

    def give_floor(self, by: Participant, participant_id: str | None) -> None:
        """Let this viewer be heard and seen, or nobody any more.  Raises NotAllowed, NobodyThere, NotBegun."""
        self._require_speaker(by)
        wanted = None if participant_id is None else self.participants.get(participant_id)
        if participant_id is not None and (wanted is None or not self._may_be_asked(wanted)):
            raise NobodyThere
        if wanted is not None and not self._recording.running:
            raise NotBegun
        if wanted is not None and wanted is self._asker:
            return
        self._take_floor_back()
        if wanted is not None:
            self._floor = wanted.id
            self._hands.pop(wanted.id, None)
            self._become(wanted, Role.JOINT)
        self._rearrange()

    def _require_speaker(self, by: Participant) -> None:
        if by is not self._speaker:
            raise NotAllowed

    def _take_floor_back(self) -> None:
        """What still comes from who had it is for nobody."""
        asker, self._floor = self._asker, ""
        if asker is None:
            return
        if asker.link is not None:
            self._end_tracks(asker.id, asker.link, "left")
            asker.link.withdraw()
        self._become(asker, Role.OBSERVER)

    def _become(self, seated: Participant, role: Role) -> None:
        seated.claims = seated.claims.model_copy(update={"role": role})
        seated.audio_muted = seated.video_muted = False
        self._recording.append(SeatTaken(participant_id=seated.id, role=role))

    # -- what everybody sees and hears -------------------------------------------------------------------------

    def share(self, seated: Participant, source: ShareSource | None) -> None:
        """Only the speaker shows a screen.  Raises NotAllowed, ShareUnavailable."""
        self._require_speaker(seated)
        super().share(seated, source)

    def hold(self, by: Participant, participant_id: str, *, held: bool) -> None:
        """Nobody is put on hold in a lecture."""
        raise NotAllowed

    def mark(self, seated: Participant, note: str) -> None:
        """There is no record that marks would be for."""
        raise NotAllowed

    def _prepare(self, link: MediaLink) -> None:
        for slot, pair in zip(link.slots, self._pairs, strict=False):
            slot.audio.share_numbers(pair.audio.fan)
            slot.video.share_numbers(pair.video.fan)
        if link.document_slot is not None:
            link.document_slot.share_numbers(self._paper.fan)

    def _rearrange(self) -> None:
        shown = (self._speaker, self._asker)
        for person, pair in zip(shown, self._pairs, strict=True):
            pair.audio.point(person.link.audio if person and person.link else None)
            pair.video.point(person.link.video if person and person.link else None)
        sharer = self._sharer
        self._paper.point(sharer.link.document if sharer and sharer.link else None)
        for seated in self.participants.values():
            if seated.link is not None:
                self._arrange(seated, seated.link, shown)
        self._keep()
        self._show()

    def _arrange(self, seated: Participant, link: MediaLink, shown: tuple[Participant | None, ...]) -> None:
        for slot, person in zip(link.slots, shown, strict=False):
            seen = person if person is not None and person is not seated else None
            slot.show(seen.id if seen else None, seen.link if seen else None)
        sharer = self._sharer
        link.show_document(sharer.link.document if sharer and sharer is not seated and sharer.link else None)

    def _keep_one(self, seated: Participant, link: MediaLink) -> None:
        if self._recording.running and link.unfed:
            self._recording.record(seated.claims, link, link.unfed)

    def _maybe_start(self, packet: rtp.Packet) -> None:
        """The lecture runs from the speaker's first sound: nobody else has a track before."""
        if not self._recording.begun:
            self._start(packet.arrival)

    def _show(self) -> None:
        self._stale = True

    async def tick(self, now: float) -> None:
        """Called about four times a second by the node."""
        await super().tick(now)
        if self._stale and now - self._shown_at >= SHOW_EVERY:
            self._stale, self._shown_at = False, now
            text = self._view().model_dump_json()
            for seated in self.participants.values():
                if seated.outbox is not None:
                    seated.outbox.send_text(text)

    def _view(self) -> LectureView:
        speaker, asker = self._speaker, self._asker
        present = Counter(p.claims.office for p in self.participants.values() if p is not speaker)
        return LectureView(
            state="ended" if self.ended else "running" if self._recording.begun else "waiting",
            recording=self._recording.running,
            recording_trouble=self._recording.trouble(Role.LEADER),
            started_at=self._history.started_at,
            speaker=_viewer(speaker) if speaker else None,
            speaking=speaker is not None and speaker.shown_connected,
            floor=_viewer(asker) if asker else None,
            document=self._document,
            viewers=self.viewers,
            offices=tuple(OfficePresent(name=name, seats=seats) for name, seats in sorted(present.items())),
            hands=tuple(_viewer(self.participants[known]) for known in self._hands if known in self.participants),
        )


def _viewer(seated: Participant) -> Viewer:
    return Viewer(participant_id=seated.id, name=seated.claims.name, office=seated.claims.office)
