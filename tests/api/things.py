"""One of each kind of thing that an office keeps, for tests that ask who gets it; `words` stand in everything that somebody wrote."""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.domain.flow import LetterKind
from server.protocol.figures import Counted, Digest
from server.protocol.recording import Manifest
from server.reception.account import accounts
from server.reception.matter import clocks, issuing
from server.reception.record import drafts
from server.settings import Settings
from server.store import papersfiles
from server.store.access import Actor
from server.store.models import (
    AloneSitting,
    Booking,
    BookingEvent,
    CaseGroup,
    Commitment,
    GapFill,
    GlossaryWord,
    GroupCase,
    GroupEvent,
    GroupMeasure,
    HardCase,
    ImportMapping,
    IntakeKey,
    Invitation,
    JointDuty,
    KioskCopy,
    Lecture,
    LectureOffice,
    Line,
    LocalLimit,
    ModelCase,
    ModelCover,
    Organization,
    QueuePlace,
    ReceptionDay,
    SavedList,
    StoredArchive,
    StoredCase,
    StoredDigest,
    StoredDispute,
    StoredFinding,
    StoredGap,
    StoredImport,
    StoredPapers,
    StoredReview,
    StoredSignature,
    StoredSupplement,
    VisitRecord,
)
from tests.records.office import TALK, add_reception

FILM = b"\x1a\x45\xdf\xa3 no film"
GUEST, SCREEN = "guest-code", "screen-code"


@dataclass(frozen=True)
class Owner:
    """Whose the things are."""

    name: str
    """Makes their names different from those of other owners."""
    clerk: Actor
    leader_id: int
    unit_id: int
    """Which was given the matters."""
    reviewer_id: int
    kiosk_id: int
    words: str


def of_office(session: Session, settings: Settings, whose: Owner) -> dict[str, Any]:
    """What belongs to an office: days, bookings, lists, files of other systems, lectures, figures."""
    office, words = whose.clerk.organization_id, whose.words
    key = IntakeKey(organization_id=office, channel="hotline", name=words, key_sha256=accounts.digest(whose.name), author="x", made_at=TALK)
    session.merge(LocalLimit(organization_id=office, rule="conclude", value=50, unit="days", source=words))
    day = ReceptionDay(
        organization_id=office, leader_id=whose.leader_id, on_day=TALK.date(), kind="on_site", begins=540, slots=4,
        slot_minutes=30, place=words, charge=words, state="planned", author="x", made_at=TALK,
    )  # fmt: skip
    word = GlossaryWord(organization_id=office, word=f"{words[:18]}{whose.name[:2]}", kind="term", state="on", at=TALK, note=words)
    brought = StoredImport(
        organization_id=office, file_sha256=hashlib.sha256(whose.name.encode()).hexdigest(), file_name=f"{words}.csv", file_kind="csv",
        file_bytes=1, state="looked_at", author="x", user_id=whose.clerk.user_id, made_at=TALK, columns=[words], sample=[[words]],
        errors=[[2, words, words, words]], rows=1, wrong=1,
    )  # fmt: skip
    mapping = ImportMapping(organization_id=office, name=words, channel="hotline", columns={"statement": words}, author="x", made_at=TALK)
    duty = JointDuty(
        organization_id=office, kind="lawyer", way="on_duty", name=words, unit=words, weekdays=[0], begins=540, ends=1000, author="x",
        changed_at=TALK,
    )  # fmt: skip
    digest = StoredDigest(
        organization_id=office, kind="month", first=TALK.date(), period="2026-06", made_at=TALK, content=_digest(words).model_dump(mode="json")
    )
    kept = SavedList(user_id=whose.clerk.user_id, organization_id=office, name=words, query={"q": words}, at=TALK)
    made = [key, day, word, brought, mapping, duty, digest, kept]
    session.add_all(made)
    session.flush()
    return {
        "key_id": key.id, "day_id": day.id, "booking_id": _booking(session, whose, day).id, "word_id": word.id, "import_id": brought.id,
        "mapping_id": mapping.id, "duty_id": duty.id, "digest_id": digest.id, "list_id": kept.id,
        "lecture_id": _lecture(session, settings, whose).id,
    }  # fmt: skip


def _booking(session: Session, whose: Owner, day: ReceptionDay | None, reception_id: str | None = None) -> Booking:
    made = Booking(
        organization_id=whose.clerk.organization_id, name=whose.words[:50], phone="13800004321", matter=whose.words, state="approved",
        day_id=day.id if day else None, slot=0 if day else None, asked_at=TALK, reception_id=reception_id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add(BookingEvent(booking_id=made.id, at=TALK, author="x", kind="asked", why=whose.words))
    return made


def _digest(words: str) -> Digest:
    one = (Counted(name=words, now=1, before=0),)
    return Digest(
        title="月通报", organization=words, period="2026-06", words="2026年6月", span="6月", registered=one[0], by_category=one, by_place=one,
        by_unit=one, by_channel=one, figures=(), looks=(),
    )  # fmt: skip


def _lecture(session: Session, settings: Settings, whose: Owner) -> Lecture:
    name = f"l{whose.name}"
    film = settings.archives_dir / f"{name}.mp4"
    film.parent.mkdir(parents=True, exist_ok=True)
    film.write_bytes(FILM)
    made = Lecture(
        id=name, organization_id=whose.clerk.organization_id, title=whose.words, planned_at=TALK, speaker_id=whose.leader_id,
        made_by=whose.leader_id, made_at=TALK, state="ended", ended_at=TALK, film_state="ready", film_message=whose.words,
        film_file=film.name, film_size=len(FILM), film_sha256=hashlib.sha256(FILM).hexdigest(),
        manifest=Manifest(reception_id=name).model_dump(mode="json"),
        invited=[LectureOffice(organization_id=whose.unit_id, screen_sha256=accounts.digest(SCREEN + whose.name))],
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def of_case(session: Session, settings: Settings, whose: Owner, case: StoredCase) -> dict[str, Any]:
    """What hangs on a case: letters, the ledger, model cases, a review, the film."""
    words = whose.words
    letter = issuing.issue(session, whose.clerk, case, LetterKind.ACCEPTANCE, words)
    unit = session.get_one(Organization, whose.unit_id)
    urgent = issuing.issue(session, whose.clerk, case, LetterKind.SUPERVISION, words, to=unit)
    clocks.begin(session, case, "supervision", unit.id, clock.today(), days=5).letter_id = urgent.id
    film = settings.archives_dir / f"{case.id}/video-1.mp4"
    film.parent.mkdir(parents=True, exist_ok=True)
    film.write_bytes(FILM)
    archive = StoredArchive(
        case_id=case.id, kind="video", state="ready", progress=1, message=words, asked_by="x", asked_at=TALK, finished_at=TALK,
        file=f"{case.id}/video-1.mp4", sha256=hashlib.sha256(FILM).hexdigest(), size=len(FILM),
    )  # fmt: skip
    hard = HardCase(
        case_id=case.id, state="listed", risk="low", risk_reason=words, reason=words, measures=words, last_words=words, changed_at=TALK,
        listed_on=TALK.date(),
    )  # fmt: skip
    draft = ModelCase(
        case_id=case.id, organization_id=case.organization_id, state="draft", title=words, situation=words, handling=words, result=words,
        made_by="x", made_by_id=whose.clerk.user_id, made_at=TALK,
    )  # fmt: skip
    review = StoredReview(
        case_id=case.id, organization_id=case.organization_id, day=TALK.date(), reviewer_id=whose.reviewer_id, finished_at=TALK
    )
    session.add_all([archive, hard, draft, review])
    session.add(StoredSupplement(case_id=case.id, at=TALK, author="x", user_id=whose.clerk.user_id, reason=words, text=words))
    session.flush()
    cover = ModelCover(model_id=draft.id, kind="name", text=words, instead="某某")
    finding = StoredFinding(review_id=review.id, kind="missing", words=words, at=TALK)
    session.add_all([cover, finding])
    session.flush()
    return {
        "letter_id": letter.id, "urgent_id": urgent.id, "model_id": draft.id, "cover_id": cover.id, "review_id": review.id,
        "finding_id": finding.id,
    }  # fmt: skip


def published(session: Session, case: StoredCase, whose: Owner) -> int:
    """A model case that all staff of every office may read: nothing of the case is in it."""
    made = ModelCase(
        case_id=case.id, organization_id=case.organization_id, state="published", title="x", situation="x", handling="", result="",
        published={"title": "x", "situation": "x"}, published_text="x", made_by="x", made_by_id=whose.clerk.user_id, made_at=TALK,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made.id


def group_with(session: Session, whose: Owner, case: StoredCase) -> dict[str, Any]:
    """Like cases, with one of them in it and a measure."""
    group = CaseGroup(
        organization_id=whose.clerk.organization_id, name=whose.words[:60], lead_unit_id=whose.unit_id, author="x", made_at=TALK
    )
    session.add(group)
    session.flush()
    measure = GroupMeasure(group_id=group.id, text=whose.words, author="x", at=TALK)
    session.add_all([measure, GroupCase(group_id=group.id, case_id=case.id, added_at=TALK)])
    session.add(GroupEvent(group_id=group.id, at=TALK, author="x", kind="made", why=whose.words))
    session.flush()
    return {"group_id": group.id, "measure_id": measure.id}


def of_record(session: Session, settings: Settings, whose: Owner, record: VisitRecord) -> dict[str, Any]:
    """What hangs on a record and its talk: the kiosk's own copy, an objection with its sound, a film of the signing, papers, a
    promise, an invitation, the booking that it came of."""
    words, talk = whose.words, record.reception_id
    line = session.scalars(select(Line.id).where(Line.record_id == record.id).order_by(Line.position)).first()
    gap = session.scalars(select(StoredGap.id).where(StoredGap.reception_id == talk)).first()
    copy = KioskCopy(
        id=f"copy-{whose.name}", kiosk_id=whose.kiosk_id, reception_id=talk, participant_id=f"{talk}-petitioner", state="stored",
        announced_at=TALK, size=len(FILM), stored_at=TALK, settled=True,
    )  # fmt: skip
    session.add(copy)
    session.flush()
    _write(settings.copies_dir / talk / "piece.webm")
    session.add(GapFill(
        gap_id=gap, copy_id=copy.id, reception_id=talk, participant_id=copy.participant_id, outcome="silent", start=130, end=134,
        file="piece.webm", file_seconds=4, size=len(FILM), sha256=hashlib.sha256(FILM).hexdigest(),
    ))  # fmt: skip
    sha256 = hashlib.sha256(FILM).hexdigest()
    _write(settings.data_dir / "signing" / record.id / f"{sha256}.webm")
    session.add(StoredSignature(
        record_id=record.id, record_sha256="0" * 64, record_version=0, role="petitioner", name="何守田", way="handwritten", strokes=[],
        clip_sha256=sha256, place="kiosk", at=TALK,
    ))  # fmt: skip
    dispute = StoredDispute(
        record_id=record.id, line_id=line, before="x", piece=words, reason=words[:100], said=words, sound=FILM, sound_type="audio/webm", at=TALK
    )
    guest = Invitation(
        id=f"g{whose.name}", reception_id=talk, participant_id=f"{talk}-guest", role="joint", name=words, code_sha256=accounts.digest(GUEST + whose.name),
        invited_by=whose.leader_id, created_at=TALK, expires_at=TALK.replace(year=2090),
    )  # fmt: skip
    papers = StoredPapers(
        id=f"papers-{whose.name}", kiosk_id=whose.kiosk_id, reception_id=talk, state="stored", sha256=sha256, shown_at=TALK,
        pages=[{"size": len(FILM), "sha256": sha256}],
    )  # fmt: skip
    papersfiles.keep(settings.papers_dir, papers, [FILM], FILM)
    promise = Commitment(
        reception_id=talk, promise_id="typed-2", organization_id=whose.clerk.organization_id, unit_id=whose.unit_id, what=words,
        due_on=TALK.date(), promised_by_id=whose.leader_id, promised_at=TALK, state="open",
    )  # fmt: skip
    session.add_all([dispute, guest, papers, promise])
    if session.get(QueuePlace, talk) is None:
        session.add(QueuePlace(reception_id=talk, claims=[], lets_pass=[]))
    session.flush()
    return {
        "line_id": line, "copy_id": copy.id, "gap_id": gap, "sha256": sha256, "dispute_id": dispute.id, "papers_id": papers.id,
        "guest_code": GUEST + whose.name, "talks_booking_id": _booking(session, whose, None, talk).id, "commitment_id": promise.id,
    }  # fmt: skip


def _write(path: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(FILM)


def alone(session: Session, whose: Owner) -> str:
    """The record of somebody who sat at the kiosk alone."""
    talk = add_reception(
        session, f"alone{whose.name}", kiosk_id=whose.kiosk_id, organization_id=whose.clerk.organization_id, receiver_id=whose.leader_id
    )
    talk.channel = "alone"
    record = drafts.create_draft(session, talk)
    session.add(AloneSitting(
        id=f"sitting-{whose.name}", kiosk_id=whose.kiosk_id, reception_id=talk.id, arrived_at=TALK, size=1, sha256="0" * 64, ending="unsigned",
        answers=[], missing=[whose.words], summary=whose.words, strokes=[],
    ))  # fmt: skip
    session.flush()
    return record.id
