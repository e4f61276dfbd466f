"""Who may read what: the one place that decides it.

Every query for receptions, records, cases and recordings starts from one of the `visible_*` selects; a use-case
never writes a select of its own over these tables.  What an actor may not see does not exist for them (404).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Exists,
    Select,
    and_,
    exists,
    false,
    func,
    inspect,
    or_,
    select,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from server import clock
from server.domain.organizations import own_and_above
from server.domain.states import AssignmentState, KioskKind, RecordState, StaffRole
from server.store.models import (
    AccusedUnit,
    Booking,
    CaseAccused,
    Commitment,
    Invitation,
    Kiosk,
    Lecture,
    LectureOffice,
    Notice,
    Organization,
    QueuePlace,
    Reception,
    ReceptionDay,
    StoredAssignment,
    StoredCase,
    StoredLine,
    StoredPapers,
    VisitRecord,
)

T = TypeVar("T")


def shared_alias(entity: type[T]) -> type[T]:
    """The table of an entity under another name, made once for all threads.

    SQLAlchemy lists its columns by what they stand for when it is first asked for one; another thread that asks meanwhile
    finds the list half filled and gets the column of the table itself, with which a condition holds for no matter which row
    of it.  So the list is filled before any thread has the alias (measured: 6 of 300 aliases went wrong under four threads).
    """
    alias: type[T] = aliased(entity)
    inspect(alias).selectable.corresponding_column(inspect(entity).local_table.c[0])
    return alias


_RECEPTION, _KIOSK = shared_alias(Reception), shared_alias(Kiosk)
_RECORD, _SHARE, _CASE = shared_alias(VisitRecord), shared_alias(StoredAssignment), shared_alias(StoredCase)
"""For subqueries beside the tables themselves, made once: to make them with every question took half of its time."""
ACTORS = 256
"""Conditions of so many actors are kept: they depend on nothing else, and to make one takes longer than to ask with it."""
HANDED_OVER = (RecordState.CONFIRMED, RecordState.SIGNED, RecordState.REFUSED, RecordState.FILED)
OPEN_FOR = timedelta(minutes=5)
"""Without a touch for so long, a kiosk shows nothing of a talk that is over until its petitioner is there again."""


@dataclass(frozen=True)
class Actor:
    """Who is asking: an account of the staff, a kiosk on behalf of the person in front of it, or a reader with a link."""

    name: str
    organization_id: int
    organization_path: str
    """Path of the actor's organization, e.g. "/1/4/": what lies under it is theirs to see."""
    user_id: int | None = None
    role: StaffRole | None = None
    kiosk_id: int | None = None
    title: str = ""
    reads: str = ""
    """The one record that somebody with a link reads on their own telephone."""
    link_id: str = ""
    password_given: bool = False
    """Somebody else chose the account's password."""
    two_step: bool = False
    """The account logs in with a second step."""

    @property
    def is_kiosk(self) -> bool:
        return self.kiosk_id is not None


@lru_cache(ACTORS)
def organizations_under(actor: Actor) -> Select[int]:
    """Ids of the actor's own organization and all below it."""
    return select(Organization.id).where(Organization.path.startswith(actor.organization_path, autoescape=True))


def _reads_matters(actor: Actor) -> bool:
    return actor.role in (StaffRole.LEADER, StaffRole.CLERK, StaffRole.SUPERVISOR)


def _reads_cases(actor: Actor) -> bool:
    return _reads_matters(actor) or actor.role is StaffRole.HANDLER


@lru_cache(ACTORS)
def _hidden(actor: Actor, record: type[VisitRecord]) -> ColumnElement[bool]:
    """Whether a record is an accusation that this actor must not know of, from the draft on (条例 art. 30).

    Where the accused unit is one of ours, it and all below it are shut out, even who received or wrote the record.
    Where it is not known, it may be the very place where the kiosk stands: that place sees nothing then, except the
    leader who received the person and the clerk who works on the record.  What the office said of the case when it screened
    it counts as what the form says: a filed record itself never changes.
    """
    here = _of_the_place(actor, record)
    said_later = exists().where(CaseAccused.case_id == _CASE.id)
    against_later = said_later.where(CaseAccused.organization_id.in_(own_and_above(actor.organization_path)))
    screened = exists().where(_CASE.record_id == record.id, _CASE.accusation)
    # `here` stands beside the question for the case, not within it: two levels down SQLAlchemy no longer ties it to this record.
    return or_(
        and_(record.accusation, or_(_form_against(actor, record), and_(~_form_names(record), here))),
        and_(record.state == RecordState.FILED, or_(screened.where(against_later), and_(screened.where(~said_later), here))),
    )


def _form_names(record: type[VisitRecord]) -> Exists:
    """Whether the record's form says whom it is against."""
    return exists().where(AccusedUnit.record_id == record.id)


def _form_against(actor: Actor, record: type[VisitRecord]) -> ColumnElement[bool]:
    return _form_names(record).where(AccusedUnit.organization_id.in_(own_and_above(actor.organization_path)))


def _of_the_place(actor: Actor, record: type[VisitRecord]) -> ColumnElement[bool]:
    """Whether an accusation of nobody known may be against the actor's own place, which the actor has nothing to do with."""
    return and_(_from_kiosk_of(actor, record), ~_worked_on_by(actor, record))


def _from_kiosk_of(actor: Actor, record: type[VisitRecord]) -> ColumnElement[bool]:
    """Whether the kiosk stands at the actor's organization or one above it, unless nobody is above that one."""
    below_the_root = own_and_above(actor.organization_path)[1:]
    if not below_the_root:
        return false()
    return exists().where(
        _RECEPTION.id == record.reception_id, _KIOSK.id == _RECEPTION.kiosk_id, _KIOSK.organization_id.in_(below_the_root)
    )


def _worked_on_by(actor: Actor, record: type[VisitRecord]) -> ColumnElement[bool]:
    received = exists().where(_RECEPTION.id == record.reception_id, _RECEPTION.receiver_id == actor.user_id)
    return or_(func.coalesce(record.clerk_id == actor.user_id, false()), received)


def _at_kiosk(actor: Actor) -> ColumnElement[bool]:
    here = or_(Reception.kiosk_id == actor.kiosk_id, Reception.read_at_kiosk_id == actor.kiosk_id)
    return and_(here, Reception.left_kiosk_at.is_(None))


def kiosk_open(now: datetime) -> ColumnElement[bool]:
    """Whether the kiosk may show what was said: somebody touched it, or the talk ended, less than 5 minutes ago."""
    ended = and_(Reception.kiosk_open_until.is_(None), Reception.ended_at > now - OPEN_FOR)
    return or_(Reception.kiosk_open_until > now, ended)


def _handed_over() -> ColumnElement[bool]:
    """Whether the clerk has handed the record to the petitioner: it stays with them while what they object to is put right."""
    reading_on = and_(VisitRecord.state == RecordState.CORRECTING, VisitRecord.confirmed_at.is_not(None))
    return or_(VisitRecord.state.in_(HANDED_OVER), reading_on)


@lru_cache(ACTORS)
def booked_with(actor: Actor) -> Select[str | None]:
    """Talks of those who came with a booking for one of the actor's own reception days, as long as it is them whom the person
    waits for or talked with: wherever a person sits down, the leader receives them whose office gave them the time."""
    query = select(Booking.reception_id).join(QueuePlace, QueuePlace.reception_id == Booking.reception_id)
    return query.join(ReceptionDay, ReceptionDay.id == Booking.day_id).where(
        QueuePlace.wanted_id == actor.user_id, ReceptionDay.leader_id == actor.user_id, ReceptionDay.organization_id == actor.organization_id
    )


def _theirs_to_receive(actor: Actor, organization: InstrumentedAttribute[int], reception: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Of the actor's organization and below; of a leader's also what was booked with them."""
    here = organization.in_(organizations_under(actor))
    return or_(here, reception.in_(booked_with(actor))) if actor.role is StaffRole.LEADER else here


def visible_receptions(actor: Actor) -> Select[Reception]:
    """Receptions the actor may read.

    Leaders and clerks: those of their organization and below, leaders those booked with them, too; a kiosk: those held at it until
    its screen was cleared; a reader with a link: that of the one record; administrators: none.  An accusation against the actor's
    own unit stays hidden (条例 art. 30).
    """
    query = select(Reception)
    if actor.is_kiosk:
        return query.where(_at_kiosk(actor))
    if actor.reads:
        theirs = exists().where(_RECORD.reception_id == Reception.id, _RECORD.id == actor.reads)
        return query.where(theirs)
    if not _reads_matters(actor):
        return query.where(false())
    return query.where(
        _theirs_to_receive(actor, Reception.organization_id, Reception.id),
        ~exists().where(_RECORD.reception_id == Reception.id, _hidden(actor, _RECORD)),
    )


def visible_records(actor: Actor) -> Select[VisitRecord]:
    """Records the actor may read: as with receptions; a kiosk only once the clerk has handed it over, and while unlocked."""
    query = select(VisitRecord)
    if actor.is_kiosk:
        here = query.join(Reception, Reception.id == VisitRecord.reception_id).where(_at_kiosk(actor))
        return here.where(kiosk_open(clock.now()), _handed_over())
    if actor.reads:
        return query.where(VisitRecord.id == actor.reads, _handed_over())
    if not _reads_matters(actor):
        return query.where(false())
    return query.where(
        _theirs_to_receive(actor, VisitRecord.organization_id, VisitRecord.reception_id), ~_hidden(actor, VisitRecord)
    )


def visible_papers(actor: Actor) -> Select[StoredPapers]:
    """Papers that were photographed at a kiosk: once there is a case of their reception for the staff who may read the case,
    before that for those who may read the reception; a kiosk and a reader with a link get none."""
    query = select(StoredPapers)
    if not _reads_cases(actor):
        return query.where(false())
    case = exists().where(StoredCase.reception_id == StoredPapers.reception_id)
    here = visible_receptions(actor).with_only_columns(Reception.id)
    return query.where(or_(case.where(reads_case(actor)), and_(~case, StoredPapers.reception_id.in_(here))))


@lru_cache(ACTORS)
def visible_cases(actor: Actor) -> Select[StoredCase]:
    """Filed cases the actor may read: leaders, clerks and supervisors, those of their organization and below; these and
    handling officers, those that a unit of theirs was given.  An accusation stays hidden from whom it is against."""
    query = select(StoredCase)
    if not _reads_cases(actor):
        return query.where(false())
    return query.where(_matter_of(actor, _given_to(actor)), _not_against(actor))


@lru_cache(ACTORS)
def reads_case(actor: Actor) -> ColumnElement[bool]:
    """The same as `visible_cases` as a condition, for queries that have found a few cases by something else already.

    Whether a unit of the actor's has a share is looked up as a scalar: PostgreSQL may make a list of all the cases that it
    was ever given out of an EXISTS, which costs more than the few that are asked about.
    """
    if not _reads_cases(actor):
        return false()
    share = select(_SHARE.id).where(*_theirs(actor)).limit(1).correlate(StoredCase).scalar_subquery()
    return and_(_matter_of(actor, share.is_not(None)), _not_against(actor))


def _matter_of(actor: Actor, given: ColumnElement[bool]) -> ColumnElement[bool]:
    own = StoredCase.organization_id.in_(organizations_under(actor))
    return given if actor.role is StaffRole.HANDLER else or_(own, given)


def reads_registered(actor: Actor) -> ColumnElement[bool]:
    """The same as `reads_case` of cases that are known to be registered at or under the actor's organization: the database
    has less to plan and to look at."""
    return _not_against(actor) if _reads_matters(actor) else false()


def reads_given(actor: Actor) -> ColumnElement[bool]:
    """The same of cases of which a unit at or under the actor's organization is known to have a share."""
    return _not_against(actor) if _reads_cases(actor) else false()


def own_cases(actor: Actor, organization_id: int) -> Select[StoredCase]:
    """Those of `visible_cases` that are registered at one organization at or under the actor's: what an index finds in order."""
    return select(StoredCase).where(StoredCase.organization_id == organization_id, reads_registered(actor))


def given_cases(actor: Actor, organization_id: int) -> Select[StoredCase]:
    """Those of `visible_cases` that one unit at or under the actor's organization was given, once for each share."""
    query = select(StoredCase).join(StoredAssignment, StoredAssignment.case_id == StoredCase.id)
    share = (StoredAssignment.organization_id == organization_id, StoredAssignment.state != AssignmentState.WITHDRAWN)
    return query.where(*share, reads_given(actor))


def cases_given(actor: Actor, organizations: Sequence[int]) -> Select[StoredCase]:
    """Those of `visible_cases` that any of these units at or under the actor's organization was given: asked case by
    case, for queries that begin with something rarer, such as a state."""
    share = (_SHARE.case_id == StoredCase.id, _SHARE.organization_id.in_(organizations), _SHARE.state != AssignmentState.WITHDRAWN)
    return select(StoredCase).where(exists().where(*share), reads_given(actor))


@lru_cache(ACTORS)
def _not_against(actor: Actor) -> ColumnElement[bool]:
    return ~_against(actor)


@lru_cache(ACTORS)
def _against(actor: Actor) -> ColumnElement[bool]:
    """Whether a case is an accusation that this actor must not know of (条例 art. 30)."""
    return and_(StoredCase.accusation, or_(_case_against(actor), _case_unknown(actor)))


@lru_cache(ACTORS)
def _given_to(actor: Actor) -> ColumnElement[bool]:
    """Whether a unit of the actor's has a share of the case; asked case by case, so that opening one reads one."""
    return exists().where(*_theirs(actor))


def _theirs(actor: Actor) -> tuple[ColumnElement[bool], ...]:
    return (
        _SHARE.case_id == StoredCase.id, _SHARE.organization_id.in_(organizations_under(actor)),
        _SHARE.state != AssignmentState.WITHDRAWN,
    )  # fmt: skip


def _case_against(actor: Actor) -> ColumnElement[bool]:
    return exists().where(
        CaseAccused.case_id == StoredCase.id, CaseAccused.organization_id.in_(own_and_above(actor.organization_path))
    )


def _case_unknown(actor: Actor) -> ColumnElement[bool]:
    """Whether nobody knows whom a talk's accusation is against, and the talk's record is hidden for that.

    It is `_hidden` of the record of a case that is an accusation itself and of which nothing was said later: what is left of
    it then is less than half, which PostgreSQL has to plan for every list of a desk.
    """
    known = exists().where(CaseAccused.case_id == StoredCase.id)
    hidden = or_(and_(_RECORD.accusation, _form_against(actor, _RECORD)), _of_the_place(actor, _RECORD))
    return and_(~known, exists().where(_RECORD.id == StoredCase.record_id, hidden))


def visible_commitments(actor: Actor) -> Select[Commitment]:
    """Promises of leaders: those of talks of the actor's organization and below, those of talks booked with the actor, and those
    that a unit of the actor's is to keep; hidden with the record or the case that they came from (条例 art. 30).

    A unit sees its own only once a clerk has handed the record over: before that nobody has said that it is no accusation.
    """
    query = select(Commitment)
    if not _reads_cases(actor):
        return query.where(false())
    own = _theirs_to_receive(actor, Commitment.organization_id, Commitment.reception_id)
    handed_over = exists().where(_RECORD.reception_id == Commitment.reception_id, _RECORD.state.in_(HANDED_OVER))
    told = or_(Commitment.case_id.is_not(None), handed_over)
    given = and_(Commitment.unit_id.in_(organizations_under(actor)), told)
    record = exists().where(_RECORD.reception_id == Commitment.reception_id, _hidden(actor, _RECORD))
    matter = exists().where(StoredCase.id == Commitment.case_id, _against(actor))
    return query.where(given if actor.role is StaffRole.HANDLER else or_(own, given), ~record, ~matter)


def visible_kiosks(actor: Actor) -> Select[Kiosk]:
    """Kiosks of the actor's organization and below."""
    return select(Kiosk).where(Kiosk.organization_id.in_(organizations_under(actor)), Kiosk.kind == KioskKind.KIOSK)


def visible_invitations(actor: Actor) -> Select[Invitation]:
    """Invitations addressed to the actor's own account, and those to receptions that the actor may read; hidden with the
    record (条例 art. 30)."""
    query = select(Invitation)
    if actor.is_kiosk or not _reads_cases(actor):
        return query.where(false())
    theirs = visible_receptions(actor).with_only_columns(Reception.id)
    own = and_(Invitation.user_id == actor.user_id, ~exists().where(_RECORD.reception_id == Invitation.reception_id, _hidden(actor, _RECORD)))
    return query.where(or_(own, Invitation.reception_id.in_(theirs)))


def visible_kiosk_lines(actor: Actor) -> Select[StoredLine]:
    """How the lines of talks at kiosks did, for administrators of their organization and above: figures of machines, nothing
    of who sat there or what was said."""
    query = select(StoredLine).join(Reception, Reception.id == StoredLine.reception_id)
    if actor.role is not StaffRole.ADMINISTRATOR:
        return query.where(false())
    here = exists().where(_KIOSK.id == Reception.kiosk_id, _KIOSK.organization_id.in_(organizations_under(actor)))
    return query.where(here)


def hidden_cases(actor: Actor) -> CompoundSelect[int]:
    """Accusations that the actor must not know of (条例 art. 30): figures leave them out as lists do."""
    against = select(CaseAccused.case_id).join(StoredCase, StoredCase.id == CaseAccused.case_id)
    of_talk = select(StoredCase.id).where(StoredCase.accusation, StoredCase.record_id.is_not(None), _case_unknown(actor))
    return union(against.where(CaseAccused.organization_id.in_(own_and_above(actor.organization_path)), StoredCase.accusation), of_talk)


def visible_bookings(actor: Actor) -> Select[Booking]:
    """Bookings the actor may read: leaders and clerks, those for their organization and below and those of whoever will
    sit there; hidden with the record of the talk that came of it (条例 art. 30).  Everybody else none: a booking is opened with
    its code (reception/bookings.py)."""
    query = select(Booking)
    if actor.role not in (StaffRole.LEADER, StaffRole.CLERK):
        return query.where(false())
    here = organizations_under(actor)
    hidden = exists().where(_RECORD.reception_id == Booking.reception_id, _hidden(actor, _RECORD))
    return query.where(or_(Booking.organization_id.in_(here), Booking.place_id.in_(here)), ~hidden)


@lru_cache(ACTORS)
def visible_notices(actor: Actor) -> Select[Notice]:
    """What the actor was told, but for matters that turned out later to be accusations against their own unit (条例 art. 30)."""
    matter = exists().where(StoredCase.id == Notice.case_id, _against(actor))
    return select(Notice).where(Notice.user_id == actor.user_id, ~matter)


def visible_lectures(actor: Actor) -> Select[Lecture]:
    """Lectures that the actor's office holds or is invited to, or that the actor speaks in; none for administrators."""
    invited = exists().where(LectureOffice.lecture_id == Lecture.id, LectureOffice.organization_id == actor.organization_id)
    own = or_(Lecture.organization_id == actor.organization_id, Lecture.speaker_id == actor.user_id, invited)
    return select(Lecture).where(own if _reads_cases(actor) else false())
