"""What goes into the film and into the export bundle of a filed case: the worker's plans, from the store."""

import base64
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from server import clock, signing_key
from server.archive.plan import BundlePlan, Caption, Notice, Packed, Seat, Source, VideoPlan, Voice, Written
from server.domain import captions, terms, undertakings
from server.domain.canonical import check_code
from server.domain.captions import Cue
from server.domain.gaps import fill_sentence, gap_sentence
from server.domain.states import Channel, Consent
from server.protocol.base import Role, TrackKind, in_talk
from server.protocol.canonical import canonical_json
from server.protocol.recording import MANIFEST_NAME
from server.reception.office import Office
from server.reception.paper import documents, subtitles
from server.reception.record import timestamps
from server.reception.talk import attendance
from server.store import copies, papersfiles, records
from server.store import papers as paper_store
from server.store.models import Participant, Reception, StoredArchive, StoredCase, StoredSegment

DOCUMENT_SOURCES = frozenset({"document", "screen"})
MOMENT = "%Y-%m-%d %H:%M:%S"


def video_plan(office: Office, case_id: int) -> VideoPlan:
    """The film of a case's reception."""
    with office.store.read() as session:
        case = session.get_one(StoredCase, case_id)
        reception = session.get_one(Reception, case.reception_id)
        sources = (
            *_sources(session, office.settings.recordings_dir, reception),
            *_fills(session, office.settings.copies_dir, reception.id),
        )
        seats = _seats(session, reception.id)
        return VideoPlan(
            heading=f"{reception.organization.name}　{reception.venue}　{case.case_no}",
            started_at=_started(reception),
            seconds=_seconds(reception, sources),
            audio_only=reception.consent == Consent.AUDIO_ONLY,
            seats=tuple(_seat(seat) for seat in seats if _shown(seat, sources)),
            sources=sources,
            notices=tuple(_notices(session, reception, seats)),
            captions=tuple(_captions(subtitles.corrected(session, case))),
            font_dir=office.settings.pdf_font_dir,
            reserve_mb=office.settings.disk_reserve_mb,
        )


def _started(reception: Reception) -> datetime | None:
    return reception.started_at.astimezone(clock.OFFICE_ZONE) if reception.started_at else None


def _seconds(reception: Reception, sources: Sequence[Source]) -> float:
    return max([reception.seconds, *(source.end for source in sources)])


def _seats(session: Session, reception_id: str) -> list[Participant]:
    return [seat for seat in records.participants(session, reception_id) if seat.role != Role.OBSERVER]


def _shown(seat: Participant, sources: Sequence[Source]) -> bool:
    """The two sides always have their place; others when something was recorded of them."""
    return seat.role in (Role.PETITIONER, Role.LEADER) or any(source.seat_id == seat.id for source in sources)


def _seat(seat: Participant) -> Seat:
    return Seat(id=seat.id, role=terms.ROLE[Role(seat.role)], name=seat.name)


def _sources(session: Session, recordings: Path, reception: Reception) -> Iterator[Source]:
    named = {one["id"]: one for one in (reception.manifest or {}).get("segments", ())}
    for found in records.segments(session, reception.id):
        yield Source(
            id=found.id,
            seat_id=found.participant_id,
            kind=TrackKind(found.kind),
            document=named.get(found.id, {}).get("source", "") in DOCUMENT_SOURCES,
            file=_path(recordings, found),
            start=found.start,
            seconds=found.seconds,
            size=found.size,
            sha256=found.sha256,
        )


def _fills(session: Session, folder: Path, reception_id: str) -> Iterator[Source]:
    """Pieces of the kiosk's own copy that belong to a gap."""
    for fill in copies.fills_of(session, reception_id):
        kinds = (TrackKind.AUDIO, *((TrackKind.VIDEO,) if fill.pictures else ())) if fill.size else ()
        for kind in kinds:
            yield Source(
                id=f"{fill.copy_id[:40]}-{fill.gap_id}-{kind}",
                seat_id=fill.participant_id,
                kind=kind,
                file=(folder / fill.reception_id / Path(fill.file).name).resolve(),
                start=fill.file_start,
                seconds=fill.file_seconds,
                size=fill.size,
                sha256=fill.sha256,
                only=(fill.start, fill.end),
            )


def _path(recordings: Path, segment: StoredSegment) -> Path:
    """Where the segment lies; a name that is no plain name leads nowhere."""
    return (recordings / segment.reception_id / Path(segment.file).name).resolve()


def _notices(session: Session, reception: Reception, seats: Sequence[Participant]) -> Iterator[Notice]:
    """What was not recorded, in the words of the record."""
    roles = {seat.id: Role(seat.role) for seat in seats}
    started, fills = _started(reception), copies.fills_of(session, reception.id)
    for gap in records.gaps(session, reception.id):
        if not gap.cause.startswith("recognition") and gap.cause != "nothing_understood":
            text = gap_sentence(started, gap.start, gap.end, gap.cause, roles.get(gap.participant_id or ""))
            had = (fill_sentence(started, one.start, one.end, one.outcome) for one in fills if one.gap_id == gap.id)
            start, end = in_talk(gap.start, gap.end)
            yield Notice(start=start, end=end, text=text + "".join(had))


# --- words ---------------------------------------------------------------------------------------------------


def _captions(cues: Sequence[Cue]) -> Iterator[Caption]:
    for begin, until, text in captions.one_at_a_time(cues):
        start, end = in_talk(begin, until)
        yield Caption(start=start, end=end, text=text)


# --- the bundle ----------------------------------------------------------------------------------------------


def bundle_plan(office: Office, archive: StoredArchive, video: StoredArchive) -> BundlePlan:
    """Everything of a case's recording; `video`: its film, which is there."""
    papers = tuple(_paper(office, archive.case_id, name) for name in documents.NAMES)
    with office.store.read() as session:
        case = session.get_one(StoredCase, archive.case_id)
        reception = session.get_one(Reception, case.reception_id)
        film = Packed(
            name="video/archive.mp4",
            file=(office.settings.archives_dir / video.file).resolve(),
            size=video.size,
            sha256=video.sha256,
        )
        tracks = (packed_track(source) for source in _sources(session, office.settings.recordings_dir, reception))
        pieces = {one.file: _piece(one) for one in _fills(session, office.settings.copies_dir, reception.id)}
        right, heard = subtitles.corrected(session, case), subtitles.recognised(session, case)
        key = public_key(office)
        stamps = timestamps.packed(session, office.settings, case, record=True)
        return BundlePlan(
            folder=case.case_no,
            about=(*_about(case, reception, archive.asked_by), *stamps.about),
            captions=tuple(_captions(right)),
            manifest=reception.manifest or {},
            public_key=base64.b64encode(key).decode(),
            signing_key=signing_key_of(office),
            files=(film, *papers, *tracks, *pieces.values(), *_materials(session, office.settings.papers_dir, reception.id)),
            texts=(*_texts(right, heard, reception, key), *stamps.texts),
            encoded=stamps.tokens,
            reserve_mb=office.settings.disk_reserve_mb,
        )


ONLY_TEXT = "现场接访时屋里的话都录在一起，录音里有别人的声音，所以这一份没有录音，只有笔录。要听录音，请到接谈单位来听。"
ONLY_OWN = "这一份里只有您自己的声音、画面和您给看的材料。别人的录音录像留在接谈单位，清单里有它们的校验值。"


def own_plan(session: Session, office: Office, case: StoredCase, asked_by: str) -> BundlePlan:
    """What the petitioner takes away: the record, their own voice and picture, the papers they showed, and a page that verifies it
    all offline.  Of everybody else there are the hashes in the signed manifest.

    To be consulted and copied on request: Personal Information Protection Law article 45.
    """
    reception = session.get_one(Reception, case.talk_id)
    together = reception.channel == Channel.ON_SITE
    tracks, pieces = ((), ()) if together else _own(session, office, reception)
    right, key = subtitles.corrected(session, case), public_key(office)
    stamps = timestamps.packed(session, office.settings, case, record=False)
    heard = [*map(packed_track, tracks), *map(_piece, pieces)]
    return BundlePlan(
        folder=f"{case.case_no} 本人留存",
        about=(("说明", ONLY_TEXT if together else ONLY_OWN), *_about(case, reception, asked_by), *stamps.about),
        captions=tuple(_captions(right)),
        manifest=reception.manifest or {},
        public_key=base64.b64encode(key).decode(),
        signing_key=signing_key_of(office),
        files=(
            _paper(office, case.id, "record.pdf"),
            *{one.name: one for one in heard}.values(),
            *_materials(session, office.settings.papers_dir, reception.id),
        ),
        texts=(*_texts(right, None, reception, key), *stamps.texts),
        encoded=stamps.tokens,
        partly=True,
        voice=tuple(
            Voice(name=packed_track(one).name, start=one.start, seconds=one.seconds) for one in tracks if one.kind is TrackKind.AUDIO
        ),
    )


def _own(session: Session, office: Office, reception: Reception) -> tuple[list[Source], list[Source]]:
    """Tracks of the petitioner's own seat, and pieces of the kiosk's copy of it."""
    own = {seat.id for seat in _seats(session, reception.id) if seat.role == Role.PETITIONER}
    tracks = _sources(session, office.settings.recordings_dir, reception)
    pieces = _fills(session, office.settings.copies_dir, reception.id)
    return [one for one in tracks if one.seat_id in own], [one for one in pieces if one.seat_id in own]


def _paper(office: Office, case_id: int, name: str) -> Packed:
    path = documents.fetch(office, case_id, name)
    return Packed(name=f"documents/{name}", file=path.resolve(), size=path.stat().st_size)


def packed_track(source: Source) -> Packed:
    """A recorded file as it goes into a bundle."""
    return Packed(name=f"recording/{source.file.name}", file=source.file, size=source.size, sha256=source.sha256)


def _piece(source: Source) -> Packed:
    return Packed(name=f"kiosk-copy/{source.file.name}", file=source.file, size=source.size, sha256=source.sha256)


def _materials(session: Session, folder: Path, reception_id: str) -> Iterator[Packed]:
    """What the petitioner showed: every page as it was photographed, and all of a set as one PDF."""
    for number, one in enumerate(paper_store.of_reception(session, reception_id), start=1):
        pdf = papersfiles.pdf_path(folder, one)
        yield Packed(name=f"materials/{number}.pdf", file=pdf.resolve(), size=one.pdf_size, sha256=one.sha256)
        for at, page in enumerate(one.pages, start=1):
            file = papersfiles.page_path(folder, one, at).resolve()
            yield Packed(name=f"materials/{number}-{at}.jpg", file=file, size=page["size"], sha256=page["sha256"])


def _texts(right: Sequence[Cue], heard: Sequence[Cue] | None, reception: Reception, key: bytes) -> Iterator[Written]:
    yield Written(name="captions/corrected.vtt", text=captions.vtt(right))
    if heard is not None:
        yield Written(name="captions/recognised.vtt", text=captions.vtt(heard))
    if reception.manifest:
        yield Written(name=f"recording/{MANIFEST_NAME}", text=canonical_json(reception.manifest).decode())
    if key:
        yield Written(name="recording/public-key.pem", text=signing_key.public_pem(key).decode())


def public_key(office: Office) -> bytes:
    """32 bytes; empty where no recording was ever signed."""
    try:
        return signing_key.read_public(signing_key.public_path(office.settings).read_bytes())
    except (OSError, ValueError):
        return b""


def signing_key_of(office: Office) -> Path | None:
    """The private half, where this machine has it."""
    path = office.settings.signing_key_path
    return path.resolve() if path.exists() else None


def _promises(case: StoredCase) -> Iterator[tuple[str, str]]:
    """What was undertaken and confirmed, as it is printed."""
    found = [undertakings.in_words(one["who"], one["what"], one["by"]) for one in case.filed_record.get("promises", ())]
    if found:
        yield "接访人当场答复", "\n".join(found)


def _about(case: StoredCase, reception: Reception, asked_by: str) -> tuple[tuple[str, str], ...]:
    started = _started(reception)
    return (
        ("信访事项", case.title),
        ("编号", case.case_no),
        ("信访人", case.petitioner),
        ("接谈单位", reception.organization.name),
        ("接谈地点", reception.venue),
        ("接谈时间", f"{started:{MOMENT}}" if started else ""),
        ("在场人员", "\n".join(attendance.lines(attendance.filed(case.filed_record)))),
        *_promises(case),
        ("导出人", asked_by),
        ("导出时间", f"{clock.today_in_office():{MOMENT}}"),
        ("笔录校验码", check_code(case.record_sha256)),
        ("笔录 SHA-256", case.record_sha256),
        ("录音录像清单 SHA-256", case.manifest_sha256),
    )
