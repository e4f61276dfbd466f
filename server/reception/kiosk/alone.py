"""语音自助登记 at the office: a sitting alone is taken in piece by piece and becomes a reception, exactly once.

Everything that is made of it has a name that follows from the kiosk's name for it, so that a program killed in the middle
makes the same again (protocol/copies.md).
"""

import hashlib
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from server import clock, signing_key
from server.domain.alone import (
    ENDING_WORDS,
    LOST_WORDS,
    NOTHING_WORDS,
    PHOTO_WORDS,
    SPOILT_WORDS,
    AloneEnding,
)
from server.domain.gaps import clock_time
from server.domain.states import Channel, Consent, ReceptionState
from server.durable import make_folder, replace_file
from server.errors import InvalidInput, NotAllowed
from server.protocol import alone, chain, sealed
from server.protocol.base import Role, TrackKind
from server.protocol.copies import CopyOffset
from server.protocol.recording import MANIFEST_NAME, Gap, Manifest, Segment
from server.protocol.transcript import Utterance
from server.reception.kiosk import alone_papers, unpacking, unsealing
from server.reception.kiosk.copies import check_piece
from server.reception.office import Office
from server.reception.record import ingest
from server.reception.record.signature_image import draw_name
from server.store import alone as store
from server.store import cases, copyfiles, takes
from server.store import receptions as reception_store
from server.store.models import AloneSitting, Participant, Reception, StoredPapers, StoredTold
from server.store.querycodes import new_query_code

log = structlog.get_logger()

CLOCK_WRONG = timedelta(minutes=2)
"""A kiosk's clock that is off by more is put right by the office's."""
CUT_OFF_S = 1.0
"""What a power cut costs at most: the page hands over every second."""
KIOSK_SEAT = "接谈机（语音提问）"
CHARACTERS_PER_S = 4.5
"""How fast the kiosk's voice speaks, for the length of a question on the timeline."""
CAUSES = {
    "camera": (TrackKind.VIDEO, "camera_lost"),
    "microphone": (TrackKind.AUDIO, "microphone_lost"),
    "disk": (TrackKind.AUDIO, "disk_full"),
}


# --- taking it in ---------------------------------------------------------------------------------------------------


def _path(office: Office, kiosk_id: int, sitting_id: str) -> Path:
    return office.settings.copies_dir / "alone" / f"{kiosk_id}-{sitting_id}.sitting"


def _folder_of(office: Office, reception_id: str) -> Path:
    """Where sound and photographs of a sitting lie on their way into recording and papers."""
    return office.settings.copies_dir / "alone" / reception_id


def reception_id_of(kiosk_id: int, sitting_id: str) -> str:
    """The reception that a sitting becomes: the same however often it arrives."""
    return "r" + hashlib.sha256(f"{kiosk_id} {sitting_id}".encode()).hexdigest()[:20]


def _arrived(session: Session, kiosk_id: int, sitting_id: str) -> AloneSitting | None:
    """Raises NotAllowed for the name of another kiosk's."""
    found = store.sitting(session, sitting_id)
    if found is not None and found.kiosk_id != kiosk_id:
        raise NotAllowed("这份登记不是这台终端的。", code="foreign_copy")
    return found


def offset(office: Office, kiosk_id: int, sitting_id: str) -> CopyOffset:
    """How much of a sitting is here."""
    with office.store.read() as session:
        found = _arrived(session, kiosk_id, sitting_id)
    if found is not None:
        return CopyOffset(received=found.size, stored=True)
    return CopyOffset(received=copyfiles.received(_path(office, kiosk_id, sitting_id)))


def take_piece(office: Office, kiosk_id: int, sitting_id: str, at: int, data: bytes, sha256: str) -> CopyOffset:
    """Add a piece; one of a sitting that is whole already changes nothing.

    Raises InvalidInput for a piece that is damaged, TooLarge, copyfiles.WrongOffset, copyfiles.DiskFull.
    """
    check_piece(office.settings, at, data, sha256)
    place = offset(office, kiosk_id, sitting_id)
    if place.stored:
        return place
    reserve = office.settings.disk_reserve_mb * 1_000_000
    return CopyOffset(received=copyfiles.append(_path(office, kiosk_id, sitting_id), at, data, reserve))


def finish(office: Office, kiosk_id: int, sitting_id: str, told: alone.FinishSitting) -> CopyOffset:
    """Check the whole sitting and make a reception of it; told again, nothing more is done.

    Raises copyfiles.WrongOffset, copyfiles.CopyDamaged, copyfiles.DiskFull, unsealing.NotForUs.
    """
    path = _path(office, kiosk_id, sitting_id)
    reception_id = reception_id_of(kiosk_id, sitting_id)
    with copyfiles.alone_with(path):
        if not offset(office, kiosk_id, sitting_id).stored:
            copyfiles.complete(path, told.size, told.sha256)
            _keep(office, path, kiosk_id, sitting_id, reception_id, told)
            log.info("sitting alone arrived", sitting=sitting_id, reception=reception_id)
    office.jobs.close_reception(reception_id)
    _tidy(office, path, reception_id)
    return CopyOffset(received=told.size, stored=True)


def _tidy(office: Office, path: Path, reception_id: str) -> None:
    """What was only needed on the way."""
    for left in (copyfiles.sealed_of(path), path.with_suffix(".lock")):
        left.unlink(missing_ok=True)
    shutil.rmtree(_folder_of(office, reception_id), ignore_errors=True)


# --- from pieces to a reception ---------------------------------------------------------------------------------------


def _keep(
    office: Office, path: Path, kiosk_id: int, sitting_id: str, reception_id: str, told: alone.FinishSitting
) -> None:
    begun_at = _put_right(told)
    people = (f"{reception_id}-p", f"{reception_id}-k")
    try:
        key = unsealing.private_key(office.settings)
        found = unpacking.read(copyfiles.sealed_of(path), sitting_id, key, _folder_of(office, reception_id))
        manifest = _manifest(office, reception_id, people[0], begun_at, found)
        papers = alone_papers.kept(office, kiosk_id, reception_id, begun_at, found.photos)
    except sealed.Unreadable:
        raise unsealing.NotForUs from None
    except OSError as error:
        raise copyfiles.DiskFull from error
    with office.store.write() as session:
        reception = _reception(session, kiosk_id, reception_id, people, begun_at, told.number, found)
        session.add(reception)
        session.flush()
        if found.person.card is not None:
            session.add(StoredTold(reception_id=reception_id, **found.person.card.model_dump()))
        ingest.take_manifest(session, reception, manifest)
        session.add_all(ingest.stored_utterance(reception_id, one, source=source) for one, source in _words(found, people))
        session.add(_sitting(kiosk_id, sitting_id, reception_id, begun_at, told, found, _missing(begun_at, found, manifest, papers)))
        if papers is not None:
            session.add(papers)


def _put_right(told: alone.FinishSitting) -> datetime:
    """When it began: by the kiosk's clock, unless that one is wrong."""
    off = clock.now() - told.now
    return told.begun_at + off if abs(off) > CLOCK_WRONG else told.begun_at


def _reception(
    session: Session, kiosk_id: int, reception_id: str, people: tuple[str, str], begun_at: datetime, number: str,
    found: unpacking.Sitting,
) -> Reception:  # fmt: skip
    kiosk = reception_store.lock_kiosk(session, kiosk_id)
    begun = found.begun
    code = begun.query_code if begun else ""
    if not code or cases.reception_by_code(session, code) is not None:
        code = new_query_code()
    ended_at = begun_at + timedelta(seconds=found.until)
    name = found.person.name or (found.signed.name if found.signed else "")
    reception = Reception(
        id=reception_id, organization_id=kiosk.organization_id, kiosk_id=kiosk.id,
        number=begun.number if begun else number, state=ReceptionState.CLOSING, channel=Channel.ALONE,
        consent=begun.consent if begun else Consent.AUDIO_ONLY,
        petitioner_name=name.strip(), petitioner_phone=found.person.phone, query_code=code, asked_at=begun_at,
        joined_at=begun_at, started_at=begun_at, ended_at=ended_at, left_kiosk_at=ended_at,
    )  # fmt: skip
    reception.participants += [
        Participant(id=people[0], position=0, role=Role.PETITIONER, name=reception.petitioner_name),
        Participant(id=people[1], position=1, role=Role.CLERK, name=KIOSK_SEAT),
    ]
    return reception


def _words(found: unpacking.Sitting, people: tuple[str, str]) -> Iterator[tuple[Utterance, str]]:
    """What nobody needs to recognise: what the kiosk asked, and what was typed; with where it comes from."""
    petitioner, kiosk = people
    for number, asked in enumerate(found.asked):
        end = asked.at + len(asked.words) / CHARACTERS_PER_S
        yield Utterance(id=f"{kiosk}-q{number}", participant_id=kiosk, start=asked.at, end=end, text=asked.words), "kiosk"
    for number, typed in enumerate(found.typed):
        if typed.words.strip():
            yield Utterance(
                id=f"{petitioner}-t{number}", participant_id=petitioner, start=typed.at, end=typed.at, text=typed.words.strip()
            ), "typed"  # fmt: skip


def _sitting(
    kiosk_id: int, sitting_id: str, reception_id: str, begun_at: datetime, told: alone.FinishSitting,
    found: unpacking.Sitting, missing: Iterator[str],
) -> AloneSitting:  # fmt: skip
    begun, signed = found.begun, found.signed
    image = _signature(signed)
    return AloneSitting(
        id=sitting_id, kiosk_id=kiosk_id, reception_id=reception_id, arrived_at=clock.now(), size=told.size,
        sha256=told.sha256, notice=begun.notice if begun else "",
        agreed_at=begun_at + (begun.agreed_at - begun.begun_at) if begun else None,
        questions=begun.questions if begun else "", ending=_ending(found),
        answers=[
            *([run.question, run.start, max(run.end, run.start)] for run in found.runs.values()),
            *([typed.question, typed.at, typed.at] for typed in found.typed),
        ],
        missing=list(missing),
        signed_name=signed.name.strip() if signed else "", summary=signed.summary if signed else "", signature=image,
        strokes=[[list(point) for point in stroke] for stroke in signed.strokes] if signed else [],
        signed_at=begun_at + timedelta(seconds=signed.at) if signed and image else None,
    )  # fmt: skip


def _signature(signed: alone.Signed | None) -> bytes | None:
    """The name as a picture; None where nothing that can be a name was drawn."""
    try:
        return draw_name(signed.strokes, signed.aspect) if signed else None
    except InvalidInput:
        return None


def _ending(found: unpacking.Sitting) -> AloneEnding:
    if found.ended is None:
        return AloneEnding.CUT_OFF
    if found.ended.how == "signed" and _signature(found.signed) is None:
        return AloneEnding.UNSIGNED
    return AloneEnding(found.ended.how)


def _missing(
    begun_at: datetime, found: unpacking.Sitting, manifest: Manifest, papers: StoredPapers | None
) -> Iterator[str]:
    """In sentences, what could not be kept."""
    if _ending(found) in (AloneEnding.LEFT, AloneEnding.CUT_OFF):
        yield ENDING_WORDS[_ending(found)]
    started = begun_at.astimezone(clock.OFFICE_ZONE)
    for lost in found.lost:
        end = found.until if lost.end is None else lost.end
        yield LOST_WORDS[lost.what].format(span=f"{clock_time(started, lost.start)} 到 {clock_time(started, end)}")
    if found.spoilt:
        yield SPOILT_WORDS.format(count=len(found.spoilt))
    if count := alone_papers.unreadable(found.photos, papers):
        yield PHOTO_WORDS.format(count=count)
    if not manifest.segments and not found.typed:
        yield NOTHING_WORDS


# --- the recording ----------------------------------------------------------------------------------------------------


def _manifest(
    office: Office, reception_id: str, participant_id: str, begun_at: datetime, found: unpacking.Sitting
) -> Manifest:
    """The recording folder as the media node would leave it: files by track, a chain through them, a signed manifest."""
    folder = office.settings.recordings_dir / reception_id
    make_folder(folder)
    gaps = list(_gaps(participant_id, found))
    segments, link = list[Segment](), ""
    for run in sorted(found.runs.values(), key=lambda run: (run.start, run.take)):
        tracks = takes.split(run.file, folder, f"{participant_id}-{{kind}}-{run.take + 1:03d}")
        if not any(track.kind == TrackKind.AUDIO for track in tracks):
            end = max(run.end, run.start + CUT_OFF_S)
            gaps.append(Gap(participant_id=participant_id, kind=TrackKind.AUDIO, start=run.start, end=end, cause="truncated"))
        for track in tracks:
            segment = chain.linked(_segment(participant_id, run, track), len(segments) + 1, link or chain.start(reception_id))
            link = segment.chain
            segments.append(segment)
            found.until = max(found.until, segment.start + segment.seconds)
            run.end = max(run.end, segment.start + segment.seconds)
    if found.ended is None:
        end = found.until + CUT_OFF_S
        gaps.append(Gap(participant_id=participant_id, kind=TrackKind.AUDIO, start=found.until, end=end, cause="cut_off"))
    manifest = Manifest(
        reception_id=reception_id, started_at=begun_at, ended_at=begun_at + timedelta(seconds=found.until),
        seconds=round(found.until, 3), segments=tuple(segments), gaps=tuple(gaps), chain=link,
    )  # fmt: skip
    path = office.settings.signing_key_path
    signed = signing_key.read(path).sign(manifest) if path.exists() else manifest
    written = signed.model_dump_json(indent=1).encode()
    replace_file(folder / MANIFEST_NAME, written)
    return Manifest.model_validate_json(written)  # the store keeps exactly what was written


def _segment(participant_id: str, run: unpacking.Run, track: takes.Track) -> Segment:
    return Segment(
        id=f"{participant_id}-{track.kind.value[0]}{run.take + 1:03d}", participant_id=participant_id, role=Role.PETITIONER,
        kind=track.kind, codec=track.codec, file=track.file, start=round(run.start + track.first, 3),
        seconds=round(track.last - track.first, 3), size=track.size, sha256=track.sha256,
        closed="clean" if run.end else "repaired",
    )  # fmt: skip


def _gaps(participant_id: str, found: unpacking.Sitting) -> Iterator[Gap]:
    for lost in found.lost:
        kind, cause = CAUSES[lost.what]
        end = max(lost.start, found.until if lost.end is None else lost.end)
        yield Gap(participant_id=participant_id, kind=kind, start=lost.start, end=end, cause=cause)
    for at in found.spoilt:
        yield Gap(participant_id=participant_id, kind=TrackKind.AUDIO, start=at, end=at + CUT_OFF_S, cause="disk_error")


