"""Fills gaps of the recording from the kiosk's own copy of the talk, once the reception is closed.

The kiosk's clock is not trusted: where the copy belongs is found by laying its sound over the recording before and
after the gap.  A copy that does not fit is not used.  Nothing that stands in a record is changed: lines are added.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from av.error import FFmpegError
from sqlalchemy.orm import Session

from server import clock
from server.domain import alignment
from server.domain.overlap import fresh_words
from server.domain.states import (
    CLOSED_RECORD,
    Consent,
    CopyState,
    FillOutcome,
    ReceptionState,
    RecognitionState,
    RecordState,
)
from server.durable import sync_folder
from server.errors import InvalidInput, Unavailable
from server.protocol.base import TrackKind
from server.protocol.transcript import Utterance, Word
from server.reception.office import Office
from server.reception.record import records, transcriber
from server.reception.record.closing import LATER_WAIT_S, PIECE_S, Outcome, language_of, words_of
from server.reception.record.ingest import stored_utterance
from server.store import copies as store
from server.store import copyfiles, files, receptions, sound
from server.store.models import (
    GapFill,
    KioskCopy,
    Reception,
    StoredCaseEvent,
    StoredGap,
    StoredSegment,
    StoredUtterance,
    VisitRecord,
)

log = structlog.get_logger()

FILLABLE = frozenset({
    "packet_loss", "network_lost", "media_restarted", "disk_full", "disk_error", "truncated", "recording_missing",
    "recording_lost",
})  # fmt: skip
"""Causes by which speech was lost that the kiosk may have heard; never that somebody was muted, on hold or away."""
WITHHELD = frozenset({"muted_source", "on_hold", "petitioner_on_hold", "left"})
"""Causes by which nothing of this time is taken, though a loss reaches into it."""
SHORTEST_S = 0.3
SEARCH_S = 8.0
"""How far the kiosk's clock may be off."""
WINDOW_S = 20.0
WINDOWS = 6
"""So many stretches of sound before and after a gap are looked at for one that has a voice in it."""
AGREE_S = 0.5
"""The places found before and after a gap differ by less: clocks drift, sound cards are started again."""
CONTEXT_S = 2.5
"""Sound around a gap by which its first and last words are understood."""
KNOWN_S = CONTEXT_S + 2.0
"""The record's words around a gap, beside which those of the copy are laid: some are placed wrongly."""
PLAY_AROUND_S = 1.0
COPY_AUTHOR = "接谈机备份"


@dataclass(frozen=True)
class _Work:
    """A gap that a copy may fill, and the sound to lay it beside."""

    gap: StoredGap
    copy: KioskCopy
    path: Path
    length: float
    segments: Sequence[StoredSegment]
    recordings: Path
    pictures: bool
    """Whether the petitioner agreed to be filmed."""


def fill(office: Office, copy_id: str) -> Outcome:
    """Fill every gap that this copy covers; says whether to try again.  Done once, it does nothing more."""
    with office.store.read() as session:
        copy = store.copy(session, copy_id)
        works = _works(office, session, copy) if copy is not None and _is_due(session, copy) else None
    if copy is None or works is None:
        return Outcome(RecognitionState.DONE)
    for work in works:
        try:
            _fill_gap(office, work)
        except Unavailable as error:
            return Outcome(RecognitionState.WAITING, error.message, retry=True)
    with office.store.write() as session:
        session.get_one(KioskCopy, copy_id).settled = True
    log.info("copy laid beside the recording", reception=copy.reception_id, gaps=len(works))
    return Outcome(RecognitionState.DONE)


def _is_due(session: Session, copy: KioskCopy) -> bool:
    closed = receptions.state_of(session, copy.reception_id) == ReceptionState.CLOSED
    return closed and copy.state == CopyState.STORED and not copy.settled


def _works(office: Office, session: Session, copy: KioskCopy) -> list[_Work]:
    done = {one.gap_id for one in store.fills_of(session, copy.reception_id) if one.copy_id == copy.id}
    gaps = [gap for gap in receptions.gaps_of(session, copy.reception_id) if _fits(gap, copy) and gap.id not in done]
    if not gaps:
        return []
    path = copyfiles.path_of(office.settings.copies_dir, copy)
    length = sound.length(path)
    segments = [s for s in receptions.segments_of(session, copy.reception_id) if _is_sound_of(s, copy)]
    filmed = session.get_one(Reception, copy.reception_id).consent == Consent.AUDIO_VIDEO
    return [_Work(gap, copy, path, length, segments, office.settings.recordings_dir, filmed) for gap in gaps]


def _fits(gap: StoredGap, copy: KioskCopy) -> bool:
    own = gap.participant_id in (None, copy.participant_id)
    return own and gap.cause in FILLABLE and gap.end - gap.start >= SHORTEST_S


def _is_sound_of(segment: StoredSegment, copy: KioskCopy) -> bool:
    return segment.participant_id == copy.participant_id and segment.kind == TrackKind.AUDIO


def _fill_gap(office: Office, work: _Work) -> None:
    """Find the copy's place, cut and recognise what it has for the gap, and keep it; raises Unavailable."""
    if not _may_cover(work):
        return
    zero = _place_of(work)
    if zero is None:
        log.warning("copy does not match the recording", reception=work.gap.reception_id)
        _keep(office, work, _decided(work, FillOutcome.UNMATCHED), [])
        return
    log.info("copy placed", reception=work.gap.reception_id, clock_off_ms=round(1000 * (zero - work.copy.position)))
    start, end = max(work.gap.start, zero), min(work.gap.end, zero + work.length)
    if end - start < SHORTEST_S:
        return
    row = _cut_piece(work, zero, start, end)
    heard = _heard(office, work, zero, start, end) if row.size else []
    row.outcome = FillOutcome.FILLED if heard else FillOutcome.SILENT
    _keep(office, work, row, heard)


def _may_cover(work: _Work) -> bool:
    zero = work.copy.position
    return zero - SEARCH_S < work.gap.end and work.gap.start < zero + work.length + SEARCH_S


# --- where the copy belongs ------------------------------------------------------------------------------------


def _place_of(work: _Work) -> float | None:
    """Media time of the copy's first moment, as its sound around this gap tells; None: it does not match.

    Where the recording has no sound to compare, the kiosk's clock stands: then no word of it is near the gap.
    """
    before, after = (_match(work, windows) for windows in (_before(work.gap), _after(work.gap)))
    found = [zero for zero, _ in (before, after) if zero is not None]
    if not found:
        return None if before[1] or after[1] else work.copy.position
    if max(found) - min(found) > AGREE_S:
        log.warning("copy lies elsewhere after the gap than before it", reception=work.gap.reception_id, by=round(found[1] - found[0], 2))
        return None
    return sum(found) / len(found)


def _before(gap: StoredGap) -> Iterator[tuple[float, float]]:
    for n in range(WINDOWS):
        if gap.start - n * WINDOW_S > 0:
            yield max(0.0, gap.start - (n + 1) * WINDOW_S), gap.start - n * WINDOW_S


def _after(gap: StoredGap) -> Iterator[tuple[float, float]]:
    for n in range(WINDOWS):
        yield gap.end + n * WINDOW_S, gap.end + (n + 1) * WINDOW_S


def _match(work: _Work, windows: Iterator[tuple[float, float]]) -> tuple[float | None, bool]:
    """(media time of the copy's beginning by the nearest window that matches, whether any could be compared)."""
    compared = False
    for start, end in windows:
        reference = _recorded(work, start, end)
        searched = sound.samples(work.path, start - work.copy.position - SEARCH_S, end - work.copy.position + SEARCH_S)
        if not alignment.is_comparable(reference) or alignment.is_quiet(searched):
            continue
        compared = True
        found = alignment.find(reference, searched)
        if found.likeness >= alignment.ALIKE:
            return work.copy.position + SEARCH_S - found.lag, True
    return None, compared


def _recorded(work: _Work, start: float, end: float) -> alignment.Samples:
    """The office's own sound of this person; 0 where there is none."""
    whole = sound.samples(Path(), 0.0, 0.0)
    for segment in work.segments:
        if segment.start < end and segment.start + segment.seconds > start:
            path = files.path_of(work.recordings, segment)
            part = sound.samples(path, start - segment.start, end - segment.start)
            whole = part if not len(whole) else whole + part
    return whole


# --- what it has for the gap -------------------------------------------------------------------------------------


def _decided(work: _Work, outcome: FillOutcome) -> GapFill:
    gap = work.gap
    return GapFill(
        gap_id=gap.id, copy_id=work.copy.id, reception_id=gap.reception_id, participant_id=work.copy.participant_id,
        outcome=outcome, start=gap.start, end=gap.end, file="", file_start=0.0, file_seconds=0.0, size=0, sha256="",
        pictures=False,
    )  # fmt: skip


def _cut_piece(work: _Work, zero: float, start: float, end: float) -> GapFill:
    """The piece that the desk plays, without pictures where they were not agreed to."""
    row = _decided(work, FillOutcome.SILENT)
    row.start, row.end = round(start, 3), round(end, 3)
    target = work.path.with_name(f"{work.copy.id}-{work.gap.id}.webm")
    try:
        first = max(start - PLAY_AROUND_S, zero, 0.0)
        piece = sound.cut(work.path, target, first - zero, end - zero + PLAY_AROUND_S, pictures=work.pictures)
    except (FFmpegError, OSError, IndexError):
        piece = None
    if piece is not None:
        sync_folder(target.parent)
        row.file, row.file_start, row.file_seconds = target.name, round(piece.start + zero, 3), round(piece.seconds, 3)
        row.size, row.sha256, row.pictures = piece.size, piece.sha256, piece.pictures
    return row


def _heard(office: Office, work: _Work, zero: float, start: float, end: float) -> list[Utterance]:
    """What is said between two media times and was not heard in the recording; raises Unavailable."""
    found: list[Utterance] = []
    while start < end:
        until = end if end - start <= PIECE_S else start + PIECE_S
        found += _heard_in_piece(office, work, zero, start, until, found)
        start = until
    return found


def _heard_in_piece(
    office: Office, work: _Work, zero: float, start: float, end: float, before: Sequence[Utterance]
) -> list[Utterance]:
    """What is new in one piece; `before`: what the pieces before it gave, which reaches over its edge."""
    language, expected = language_of(office, work.copy.participant_id), words_of(office, work.gap.reception_id)
    try:
        piece = files.cut_file(work.path, zero, start - CONTEXT_S, end + CONTEXT_S)
        if piece is None:
            return []
        heard = transcriber.transcribe(
            office.settings, piece.data, timeout=LATER_WAIT_S, language=language, hotwords=expected
        )
    except (InvalidInput, files.RecordingDamaged):
        return []
    with office.store.read() as session:
        known = store.utterances_between(
            session, work.gap.reception_id, work.copy.participant_id, start - KNOWN_S, end + KNOWN_S
        )
        withheld = _withheld(session, work)
    placed = [[_moved(word, piece.start) for word in _words(item)] for item in heard.utterances]
    fresh = iter(fresh_words(_spoken(known, before), [word for words in placed for word in words], start, end))
    found = []
    for item, words in zip(heard.utterances, placed, strict=True):
        new = [word for word in (next(fresh) for _ in words) if word is not None and not _lies_in(word, withheld)]
        if new:
            found.append(_utterance(work, item, words, new))
    return found


def _withheld(session: Session, work: _Work) -> list[tuple[float, float]]:
    own = (None, work.copy.participant_id)
    gaps = receptions.gaps_of(session, work.gap.reception_id)
    return [(gap.start, gap.end) for gap in gaps if gap.cause in WITHHELD and gap.participant_id in own]


def _lies_in(word: Word, spans: Sequence[tuple[float, float]]) -> bool:
    middle = (word.start + word.end) / 2
    return any(start <= middle <= end for start, end in spans)


def _words(item: transcriber.HeardUtterance | Utterance) -> tuple[Word, ...]:
    """Its words; an engine that tells none is taken by characters."""
    return item.words or _by_character(item.text, item.start, item.end)


def _by_character(text: str, start: float, end: float) -> tuple[Word, ...]:
    step = (end - start) / max(len(text), 1)
    return tuple(
        Word(start=start + step * i, end=start + step * (i + 1), text=c, probability=0.0) for i, c in enumerate(text)
    )


def _moved(word: Word, by: float) -> Word:
    return word.model_copy(update={"start": word.start + by, "end": word.end + by})


def _spoken(known: Sequence[StoredUtterance], before: Sequence[Utterance]) -> list[Word]:
    """Words that the record has already, in order: of the recording, and of what copies gave for gaps beside this one."""
    recorded: list[Word] = []
    copied: list[Word] = []
    for one in known:
        words = tuple(Word(start=w[0], end=w[1], text=w[2], probability=w[3]) for w in one.words)
        stream = recorded if one.copy_id is None else copied
        stream += words or _by_character(one.text, one.start, one.end)
    for utterance in before:
        copied += _words(utterance)
    return list(heapq.merge(recorded, copied, key=lambda word: word.start))  # each keeps its own order


def _utterance(work: _Work, item: transcriber.HeardUtterance, words: Sequence[Word], kept: Sequence[Word]) -> Utterance:
    """The new part of what was heard; its id is the same however often this is done."""
    text = item.text if kept == words else "".join(word.text for word in kept).strip()
    return Utterance(
        id=f"{work.copy.participant_id[:30]}-k{work.gap.id}-{round(kept[0].start * 1000)}",
        participant_id=work.copy.participant_id,
        start=kept[0].start,
        end=kept[-1].end,
        text=text,
        words=tuple(kept) if item.words else (),
        **{**item.measures, "doubt": tuple(item.measures.get("doubt") or ()), "model": item.measures.get("model") or ""},
    )


# --- keeping it ----------------------------------------------------------------------------------------------------


def _keep(office: Office, work: _Work, row: GapFill, heard: Sequence[Utterance]) -> None:
    """What was found, its lines and the piece: all or nothing, once."""
    with office.store.write() as session:
        if session.get(GapFill, (row.gap_id, row.copy_id)) is not None:
            return
        new = [stored_utterance(row.reception_id, one, source="copy") for one in heard]
        for utterance in new:
            utterance.copy_id = row.copy_id
        session.add_all(new)
        session.flush()
        record = receptions.record_of(session, row.reception_id)
        if record is not None and new:
            _into_record(session, record, row, new)
        session.add(row)


def _into_record(session: Session, record: VisitRecord, row: GapFill, new: Sequence[StoredUtterance]) -> None:
    if record.state in CLOSED_RECORD:
        row.outcome = FillOutcome.LATE
    records.add_recognised(session, record, new)
    case = receptions.case_of(session, record.reception_id) if record.state == RecordState.FILED else None
    if case is not None:
        session.add(StoredCaseEvent(case_id=case.id, at=clock.now(), author=COPY_AUTHOR, kind="late_speech", why=""))
