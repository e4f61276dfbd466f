"""What a reception leaves behind: its journal, the files of every track, and the manifest over them."""

import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from prometheus_client import Counter

from server import clock
from server.durable import replace_file
from server.media.aiortc_internals import ForwardingReceiver
from server.media.closing import NotClosed
from server.media.history import OFFICE, History
from server.media.inputs import AudioInput, VideoInput
from server.media.journal import Journal
from server.media.participant import MediaLink
from server.media.recorder import Events as RecorderEvents
from server.media.recorder import Store, TrackRecorder
from server.media.tools import Tools
from server.protocol.base import Role, Source, TrackKind
from server.protocol.media_control import (
    Closed,
    Fact,
    GapFound,
    HoldChanged,
    Opened,
    RecognitionUntil,
    RecordingStarted,
    SeatLeft,
    SegmentClosed,
    ShareEnded,
    ShareStarted,
)
from server.protocol.recording import MANIFEST_NAME, Gap, Manifest, Segment
from server.protocol.signalling import SeatClaims

log = structlog.get_logger(__name__)
_departures = Counter("jietan_media_departures_total", "Seats left, by reason", ["reason"])
UNKNOWN_BREAK = 1.0
"""Seconds that a break takes at least whose length the wall clock cannot tell."""
TROUBLE = {
    "": "",
    "disk_full": "录音没有存上：磁盘满了。谈话可以继续，但这一段不会留下录音，请马上找管理员。",
    "disk_error": "录音没有存上：磁盘出错。谈话可以继续，但这一段不会留下录音，请马上找管理员。",
    "disk_slow": "录音没有存上：磁盘太慢。谈话可以继续，但这一段不会留下录音，请马上找管理员。",
}


class Recording:
    """The journal, media time and tracks of one reception, over all processes that held it."""

    def __init__(
        self, reception_id: str, folder: Path, tools: Tools, history: History, changed: Callable[[], None]
    ) -> None:
        """`changed` is called when what the room shows of the recording changed."""
        self.history = history
        self.ended = history.hung_up_at is not None or history.closed is not None
        self._reception_id, self._folder, self._tools, self._changed = reception_id, folder, tools, changed
        self._journal = Journal(folder, reception_id, tools.writer, tools.on_entry, history.last_seq)
        self._store = Store(folder, tools.writer, tools.closer, tools.segment_seconds)
        self._events = RecorderEvents(self._segment_closed, self.gap_found, self._write_trouble)
        self._tracks: dict[tuple[str, Source], TrackRecorder] = {}
        self._shared: MediaLink | None = None
        """The connection whose document is being recorded."""
        self._trouble = ""
        self._warned = ""
        self._manifest_behind = False
        self._completed = history.closed is not None
        self._zero: float | None = None

    # -- coming into being -------------------------------------------------------------------------------------

    def begin(self, repaired: list[Segment]) -> None:
        """Tell the journal that this process has the room, and what the last one left undone."""
        generation = self.history.generation + 1
        self.append(Opened(generation=generation))
        unlinked = [segment for segment in self.history.segments.values() if not segment.chain]
        for segment in [*unlinked, *repaired]:
            self._segment_closed(segment)
        for gap in self.history.lost_files:
            self.gap_found(gap)
        if self.history.started_at is not None:
            self._set_zero(self.history.started_at)
        if generation > 1:
            self._take_over()

    def _take_over(self) -> None:
        for participant_id in list(self.history.seated):
            self.left(participant_id, "media_restarted")
        tracks = self.history.tracks()
        if self.history.shown is not None:
            shown = self.history.shown
            _, end = tracks.get((shown.participant_id, shown.source), (None, shown.at))
            self.append(ShareEnded(participant_id=shown.participant_id, source=shown.source, at=max(end, shown.at)))
        for (participant_id, source), (role, end) in tracks.items():
            if source.shared:
                continue
            cause = self.history.silence_of(participant_id) or "media_restarted"
            track = self._track(participant_id, role, source, cause)
            track.covered_until = end
            if source is Source.MICROPHONE:
                until = self.history.decided.get(participant_id, 0.0)
                fact = RecognitionUntil(participant_id=participant_id, until=until, reason="media_restarted")
                self.append(fact)
        for gap in self.history.lost_files:
            self._expect_again(gap)

    def _expect_again(self, lost: Gap) -> None:
        """A track whose every file is lost is missing from there on, too."""
        if lost.participant_id is None or lost.kind is None or lost.source is not None:
            return
        role = self.history.roles.get(lost.participant_id, Role.OBSERVER)
        track = self._track(lost.participant_id, role, Source.of(lost.kind), "media_restarted")
        track.covered_until = max(lost.end, track.covered_until or 0.0)

    def append(self, fact: Fact) -> None:
        """Write a fact to the journal."""
        at = self.moment() if isinstance(fact, SeatLeft) else None
        self.history.take(self._journal.append(fact, at))

    def left(self, participant_id: str, reason: str) -> None:
        """Somebody does not sit here any more."""
        role = self.history.roles.get(participant_id, Role.OBSERVER)
        _departures.labels(reason).inc()
        log.info("seat left", reception=self._reception_id, role=role.value, reason=reason)
        self.append(SeatLeft(participant_id=participant_id, reason=reason))

    # -- media time --------------------------------------------------------------------------------------------

    def moment(self) -> datetime:
        """Now; once the recording runs, by its own clock: somebody may set the wall clock in the middle of a talk."""
        started_at = self.history.started_at
        if started_at is None or self._zero is None:
            return clock.now()
        return started_at + timedelta(seconds=self.media_time(time.monotonic()))

    def _set_zero(self, started_at: datetime) -> None:
        """Media time 0 on this process's monotonic clock; what is recorded already never lies in the future."""
        passed, reached = (clock.now() - started_at).total_seconds(), self.history.reached
        if passed < reached:
            # The wall clock was set back meanwhile: nobody knows how long the break was, but there was one.
            passed = reached + UNKNOWN_BREAK
            if not self.ended:
                self.gap_found(Gap(start=reached, end=passed, cause="media_restarted"))
        self._zero = time.monotonic() - passed

    def media_time(self, monotonic: float) -> float:
        """Media time of a moment of the monotonic clock, in seconds."""
        return monotonic - (self._zero if self._zero is not None else monotonic)

    @property
    def begun(self) -> bool:
        """Whether media time runs."""
        return self._zero is not None

    @property
    def now(self) -> float:
        """Media time of this moment; 0 before the recording."""
        return self.media_time(time.monotonic())

    @property
    def running(self) -> bool:
        return self._zero is not None and not self.ended and self.history.paused_since is None

    def start(self, arrival: float) -> None:
        """Media time 0 is this moment of the monotonic clock."""
        self._zero = arrival
        self.append(RecordingStarted(started_at=clock.now()))

    # -- tracks ------------------------------------------------------------------------------------------------

    def record(self, claims: SeatClaims, link: MediaLink, kinds: Collection[TrackKind]) -> None:
        """Let the recorder take this connection's voice, picture or both."""
        if link.audio is not None and TrackKind.AUDIO in kinds:
            track = self._track(claims.participant_id, claims.role, Source.MICROPHONE)
            link.feed(link.audio, AudioInput(track, link.audio.timeline, self.media_time))
        if link.video is not None and TrackKind.VIDEO in kinds:
            track = self._track(claims.participant_id, claims.role, Source.CAMERA)
            link.feed(link.video, self._pictures(track, link.video))

    def _track(self, participant_id: str, role: Role, source: Source, cause: str = "") -> TrackRecorder:
        key = (participant_id, source)
        if key not in self._tracks:
            self._tracks[key] = TrackRecorder(self._store, self._events, participant_id, role, source, cause)
        return self._tracks[key]

    def _pictures(self, track: TrackRecorder, receiver: ForwardingReceiver) -> VideoInput:
        return VideoInput(track, receiver.timeline, self.media_time, receiver.request_keyframe)

    def end_tracks(self, participant_id: str, cause: str, *sources: Source) -> None:
        """Nothing more of these sources (voice and picture if none is named) comes for now; `cause` says why."""
        for source in sources or (Source.MICROPHONE, Source.CAMERA):
            track = self._tracks.get((participant_id, source))
            if track is not None:
                track.wait(self.now, cause)

    def withhold(self, participant_id: str, source: Source, cause: str) -> None:
        """A source that its owner switched off, or that came off, leaves a gap of another cause; empty: it is on again."""
        track = self._tracks.get((participant_id, source))
        if track is not None:
            track.withhold(cause)

    # -- what is shown now and then ----------------------------------------------------------------------------

    def share(self, claims: SeatClaims, source: Source, link: MediaLink) -> None:
        """Record this connection's document from now on, and stamp that it is shown."""
        if self._shared is not None or link.document is None:
            return
        self._shared = link
        self.append(ShareStarted(participant_id=claims.participant_id, source=source, at=self.now))
        track = self._track(claims.participant_id, claims.role, source)
        link.feed(link.document, self._pictures(track, link.document))

    def end_share(self, at: float | None = None) -> None:
        """What was shown is shown no more (since media time `at`, else now)."""
        shown, link, self._shared = self.history.shown, self._shared, None
        if shown is None or link is None:
            return
        at = self.now if at is None else at
        link.stop_inputs(link.document)
        self.append(ShareEnded(participant_id=shown.participant_id, source=shown.source, at=at))
        self._tracks.pop((shown.participant_id, shown.source)).finish(at)

    # -- holds -------------------------------------------------------------------------------------------------

    def hold(self, participant_id: str, by: str | None, *, held: bool) -> None:
        """Write down that somebody was put on hold or taken back."""
        since = self.history.paused_since
        self.append(HoldChanged(participant_id=participant_id, held=held, at=self.now, by=by))
        if self.history.paused_since is None:
            self._pause_over(since, self.now)

    def _pause_over(self, since: float | None, until: float) -> None:
        if since is not None and until > since:
            self.gap_found(Gap(start=since, end=until, cause="petitioner_on_hold"))

    # -- what the files became ---------------------------------------------------------------------------------

    def _segment_closed(self, segment: Segment) -> None:
        linked = self.history.linked(segment, self._reception_id)
        self.append(SegmentClosed(segment=linked))
        self._write_manifest(self.manifest())

    def gap_found(self, gap: Gap) -> None:
        """Write a gap to the journal."""
        self.append(GapFound(gap=gap))

    def _write_trouble(self, code: str) -> None:
        if code != self._trouble:
            self._trouble = code
            self._changed()

    @property
    def synced(self) -> int:
        """The last entry of the journal that is on the disk."""
        return self._journal.synced

    def trouble(self, role: Role) -> str:
        """Chinese sentence if something is wrong with the recording, else empty.  That the disk will be full some
        time is said to the office only: the others can do nothing about it, and all is still recorded."""
        if self._trouble or role not in OFFICE:
            return TROUBLE[self._trouble]
        return self._tools.space.words

    def tick(self, now: float) -> None:
        """Called about four times a second."""
        for track in self._tracks.values():
            track.tick(now)
        self._journal.retry()
        self._store.retry(now)
        words = self._tools.space.words
        if words != self._warned:
            self._warned = words
            self._changed()

    # -- manifest and end --------------------------------------------------------------------------------------

    def manifest(self) -> Manifest:
        """Everything recorded so far."""
        history = self.history
        started, seconds, ended_at = history.started_at, 0.0, None
        if started is not None:
            seconds = self.end_of_talk()
            ended_at = started + timedelta(seconds=seconds) if self.ended else None
        return Manifest(
            reception_id=self._reception_id,
            started_at=started,
            ended_at=ended_at,
            seconds=seconds,
            segments=tuple(sorted(history.segments.values(), key=lambda s: (s.start, s.id))),
            gaps=tuple(history.gaps),
            chain=history.last_link[1] if history.last_link else "",
            shares=tuple(history.shares),
        )

    def end_of_talk(self) -> float:
        """Media time of the hang-up; without one, of the last thing known: somebody leaving, or a file's end."""
        history = self.history
        if history.started_at is None:
            return 0.0
        if history.hung_up_at is not None:
            return max(0.0, (history.hung_up_at - history.started_at).total_seconds())
        left = history.last_left_at or history.started_at
        return max(history.recorded_until, (left - history.started_at).total_seconds())

    def _write_manifest(self, manifest: Manifest) -> None:
        """Sign the manifest and put it on the disk, both in the writer thread."""
        path = self._folder / MANIFEST_NAME

        def write() -> None:
            self._manifest_behind = True
            replace_file(path, self._tools.key.sign(manifest).model_dump_json(indent=1).encode())
            self._manifest_behind = False

        self._tools.writer.submit(write)

    def finish(self) -> None:
        """The talk is over: close all files and tell what is missing until its end."""
        end = self.end_of_talk()
        self.end_share(end)
        self._pause_over(self.history.paused_since, end)
        for track in self._tracks.values():
            track.finish(end)

    async def files_closed(self) -> None:
        """Wait until every file is a segment or told as a gap; raises NotClosed."""
        await self._store.closed()

    async def complete(self) -> Manifest:
        """Write the final manifest and the journal's last entry; raises NotClosed while the disk does not take them,
        and may then be called again."""
        manifest = self.history.closed
        if manifest is None:
            manifest = self._tools.key.sign(self.manifest())
            self.append(Closed(manifest=manifest))
        if self._completed:
            return manifest
        self._write_manifest(manifest)
        self._journal.retry()
        await self._tools.writer.barrier()
        if self._journal.behind or self._manifest_behind:
            raise NotClosed
        self._completed = True
        self._journal.close()
        return manifest

    def interrupt(self) -> None:
        """The process stops: nothing more comes until the next one goes on."""
        self.end_share()
        for (participant_id, _), track in self._tracks.items():
            track.end(self.history.silence_of(participant_id) or "media_restarted")

    async def suspend(self) -> None:
        """Wait for the files that can be closed, and let go of the journal."""
        await self._store.closed(for_good=False)
        self._journal.close()
