"""Queries over receptions, their participants, utterances, segments and gaps."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Insert, Select, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload, selectinload

from server.domain.states import CLOSED_RECORD, ReceptionState, RecognitionState, RecordState
from server.protocol.base import Role
from server.store.access import Actor, visible_kiosk_lines, visible_kiosks, visible_receptions
from server.store.models import (
    Counter,
    HelpCall,
    Invitation,
    Kiosk,
    LeaderNote,
    ModelQuestion,
    Participant,
    Reception,
    SecondPass,
    StoredCase,
    StoredDeadline,
    StoredGap,
    StoredHold,
    StoredLine,
    StoredPresence,
    StoredSegment,
    StoredShare,
    StoredUtterance,
    User,
    VisitRecord,
)

OPEN_STATES = (ReceptionState.WAITING, ReceptionState.RUNNING, ReceptionState.CLOSING)


def next_number(session: Session, name: str) -> int:
    """Raise the counter `name` by one and return it; the row stays locked until the transaction ends."""
    insert: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    query: Insert = (
        insert(Counter)
        .values(name=name, value=1)
        .on_conflict_do_update(index_elements=[Counter.name], set_={"value": Counter.value + 1})
        .returning(Counter.value)
    )
    return int(session.execute(query).scalar_one())


def lock_kiosk(session: Session, kiosk_id: int) -> Kiosk:
    """The kiosk's row, locked: of two sittings begun at once at one kiosk only one comes about."""
    return session.execute(select(Kiosk).where(Kiosk.id == kiosk_id).with_for_update()).scalar_one()


def seats_at(session: Session, kiosk_id: int) -> list[tuple[str, str]]:
    """(reception id, participant id) of the petitioners of this kiosk's open receptions."""
    query = select(Reception.id, Participant.id).join(Participant, Participant.reception_id == Reception.id)
    mine = query.where(Reception.kiosk_id == kiosk_id, Participant.role == Role.PETITIONER)
    return [(row[0], row[1]) for row in session.execute(mine.where(Reception.state.in_(OPEN_STATES)))]


def sitting_of(session: Session, actor: Actor) -> Reception | None:
    """The reception that is at this kiosk now."""
    query = visible_receptions(actor).where(Reception.state != ReceptionState.ABANDONED)
    query = query.options(joinedload(Reception.receiver), selectinload(Reception.participants))
    return session.scalar(query.order_by(Reception.asked_at.desc()).limit(1))


def reception_of(session: Session, actor: Actor, reception_id: str) -> Reception | None:
    """One reception, if the actor may see it."""
    query = _with_people(visible_receptions(actor).where(Reception.id == reception_id))
    return session.scalar(query.options(selectinload(Reception.participants)))


def _with_people(query: Select[Reception]) -> Select[Reception]:
    return query.options(joinedload(Reception.receiver), joinedload(Reception.kiosk))


def receptions_in(session: Session, actor: Actor, state: ReceptionState, limit: int) -> Sequence[Reception]:
    """Visible receptions in one state: waiting ones in their order, others latest first."""
    order = Reception.asked_at if state == ReceptionState.WAITING else Reception.asked_at.desc()
    query = visible_receptions(actor).where(Reception.state == state).order_by(order).limit(limit)
    return session.scalars(_with_people(query)).all()


def receptions_since(session: Session, actor: Actor, since: datetime, limit: int) -> Sequence[Reception]:
    """Visible receptions that are open or were asked for since then, in the order of asking."""
    wanted = or_(Reception.state.in_(OPEN_STATES), Reception.asked_at >= since)
    query = visible_receptions(actor).where(wanted, Reception.state != ReceptionState.ABANDONED)
    return session.scalars(_with_people(query.order_by(Reception.asked_at).limit(limit))).all()


def earlier_of(session: Session, actor: Actor, reception: Reception, limit: int) -> Sequence[Reception]:
    """Earlier visible receptions of the same person: same name and telephone; none without a telephone."""
    if not reception.petitioner_phone:
        return ()
    query = visible_receptions(actor).where(
        Reception.petitioner_phone == reception.petitioner_phone,
        Reception.petitioner_name == reception.petitioner_name,
        Reception.asked_at < reception.asked_at,
        Reception.state != ReceptionState.ABANDONED,
    )
    return session.scalars(_with_people(query.order_by(Reception.asked_at.desc()).limit(limit))).all()


def records_of(session: Session, reception_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(record id, state) by reception id."""
    query = select(VisitRecord.reception_id, VisitRecord.id, VisitRecord.state)
    rows = session.execute(query.where(VisitRecord.reception_id.in_(reception_ids)))
    return {row[0]: (row[1], row[2]) for row in rows}


def change_state(
    session: Session, reception_id: str, old: Sequence[ReceptionState], new: ReceptionState, **values: Any
) -> bool:
    """Move a reception on if it is in one of the old states; False: it is not, nothing was changed."""
    query = update(Reception).where(Reception.id == reception_id, Reception.state.in_(old))
    return _rows(session.execute(query.values(state=new, **values))) == 1


def clear_kiosks(session: Session, ended_before: datetime, now: datetime) -> int:
    """Clear from their kiosks all sittings whose talk ended before then; returns how many."""
    query = update(Reception).where(
        Reception.left_kiosk_at.is_(None),
        Reception.state.in_((ReceptionState.CLOSING, ReceptionState.CLOSED)),
        Reception.ended_at < ended_before,
    )
    return _rows(session.execute(query.values(left_kiosk_at=now)))


def take_over(session: Session, reception_id: str, user_id: int, now: datetime) -> bool:
    """Make a leader the receiver of a waiting reception; of two leaders one wins."""
    query = update(Reception).where(
        Reception.id == reception_id, Reception.state == ReceptionState.WAITING, Reception.receiver_id.is_(None)
    )
    values = {"state": ReceptionState.RUNNING, "receiver_id": user_id, "joined_at": now}
    return _rows(session.execute(query.values(**values))) == 1


def advance_journal(session: Session, reception_id: str, seq: int) -> bool:
    """Note that entry `seq` is taken in; False if another already did or one before it is missing."""
    query = update(Reception).where(Reception.id == reception_id, Reception.journal_seq == seq - 1)
    return _rows(session.execute(query.values(journal_seq=seq))) == 1


def _rows(result: Any) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0


def journal_positions(session: Session, node: int = 0, nodes: int = 1) -> dict[str, int]:
    """Last journal entry taken in, of every reception of this media node (of so many) that is not over yet."""
    query = select(Reception.id, Reception.journal_seq, Reception.media_node).where(Reception.state.in_(OPEN_STATES))
    return {row[0]: row[1] for row in session.execute(query) if _lives_on(row[2], nodes) == node}


def _lives_on(media_node: int | None, nodes: int) -> int:
    """Where a reception is: nobody has a seat yet, or its node is no more: the first one would take it."""
    return media_node if media_node is not None and media_node < nodes else 0


def node_of(session: Session, reception_id: str, nodes: int) -> int:
    """The media node that a reception lives on."""
    return _lives_on(session.scalar(select(Reception.media_node).where(Reception.id == reception_id)), nodes)


def open_by_node(session: Session) -> dict[int, int]:
    """How many receptions that are not over live on each media node."""
    query = select(Reception.media_node, func.count()).where(Reception.state.in_(OPEN_STATES))
    rows = session.execute(query.group_by(Reception.media_node))
    return {node: count for node, count in rows if node is not None}


def place(session: Session, reception_id: str, node: int, nodes: int) -> None:
    """Put a reception on a media node unless it has one; of two that do so at once one wins."""
    homeless = or_(Reception.media_node.is_(None), Reception.media_node >= nodes)
    session.execute(update(Reception).where(Reception.id == reception_id, homeless).values(media_node=node))


def ids_in(session: Session, state: ReceptionState) -> list[str]:
    """Ids of all receptions in a state that does not last."""
    return list(session.scalars(select(Reception.id).where(Reception.state == state)))


def ids_not_recognised(session: Session) -> list[str]:
    """Ids of all receptions whose record waits for something to be recognised; a signed one is not told any more
    when that is done, so that there only what is still open counts."""
    waiting = VisitRecord.recognition.in_((RecognitionState.RUNNING, RecognitionState.WAITING))
    unsigned = VisitRecord.state.in_((RecordState.DRAFT, RecordState.CORRECTING, RecordState.CONFIRMED))
    missing = exists().where(
        StoredGap.reception_id == VisitRecord.reception_id, StoredGap.cause == "recognition_missing"
    )
    return list(session.scalars(select(VisitRecord.reception_id).where(waiting, or_(unsigned, missing))))


def state_of(session: Session, reception_id: str) -> str | None:
    """The state of a reception, for programs."""
    return session.scalar(select(Reception.state).where(Reception.id == reception_id))


def journal_position(session: Session, reception_id: str) -> int:
    """Last journal entry of a reception that was taken in."""
    return session.scalar(select(Reception.journal_seq).where(Reception.id == reception_id)) or 0


def manifest_hash(session: Session, reception_id: str) -> str:
    """Hash of the reception's complete manifest; empty while there is none, or no such reception."""
    query = select(Reception.manifest_sha256).where(Reception.id == reception_id)
    return session.scalar(query) or ""


def manifest_known(session: Session, reception_id: str) -> bool:
    """Whether the journal's last entry has been taken in."""
    return bool(manifest_hash(session, reception_id))


def receiver_seat(session: Session, reception_id: str, user_id: int) -> Participant | None:
    """The seat of an account as the one who receives; one that it has as a guest of another is not meant."""
    query = select(Participant).where(Participant.reception_id == reception_id, Participant.user_id == user_id)
    invited = exists().where(Invitation.participant_id == Participant.id)
    return session.scalar(query.where(Participant.role.in_((Role.LEADER, Role.CLERK)), ~invited))


def in_the_room(session: Session, reception_id: str, user_id: int) -> bool:
    """Whether an account has a seat in a talk and is there now, for all to see."""
    query = select(StoredPresence.id).join(Participant, Participant.id == StoredPresence.participant_id)
    there = query.where(Participant.reception_id == reception_id, Participant.user_id == user_id, StoredPresence.until.is_(None))
    return session.scalar(there.limit(1)) is not None


def presences_of(session: Session, reception_id: str) -> Sequence[StoredPresence]:
    """From when to when somebody was in the room, in order of time."""
    query = select(StoredPresence).where(StoredPresence.reception_id == reception_id)
    return session.scalars(query.order_by(StoredPresence.since, StoredPresence.id)).all()


def open_presence(session: Session, reception_id: str, participant_id: str) -> StoredPresence | None:
    """The stay of somebody who has not left."""
    query = select(StoredPresence).where(
        StoredPresence.reception_id == reception_id,
        StoredPresence.participant_id == participant_id,
        StoredPresence.until.is_(None),
    )
    return session.scalar(query)


def holds_of(session: Session, reception_id: str) -> Sequence[StoredHold]:
    """From when to when somebody was on hold, in order of time."""
    query = select(StoredHold).where(StoredHold.reception_id == reception_id)
    return session.scalars(query.order_by(StoredHold.start, StoredHold.id)).all()


def note_of(session: Session, reception_id: str, user_id: int) -> LeaderNote | None:
    """A leader's own notes."""
    return session.get(LeaderNote, (reception_id, user_id))


def shares_of(session: Session, reception_id: str) -> Sequence[StoredShare]:
    """What was shown to everybody, in order of time."""
    query = select(StoredShare).where(StoredShare.reception_id == reception_id)
    return session.scalars(query.order_by(StoredShare.start, StoredShare.id)).all()


def lines_of(session: Session, reception_id: str) -> Sequence[StoredLine]:
    """How each seat's line did, in order of time."""
    query = select(StoredLine).where(StoredLine.reception_id == reception_id)
    return session.scalars(query.order_by(StoredLine.start, StoredLine.id)).all()


Seats = dict[tuple[Role, str], list[StoredLine]]
"""Lines in order of time, per role and seat."""


def last_kiosk_lines(session: Session, actor: Actor) -> list[tuple[Kiosk, datetime | None, Seats]]:
    """Each of the actor's kiosks, when its last talk began, and how the line of each seat did in it."""
    kiosks = session.scalars(visible_kiosks(actor).options(joinedload(Kiosk.organization)).order_by(Kiosk.id)).all()
    last = select(Reception.kiosk_id, func.max(Reception.started_at).label("at")).group_by(Reception.kiosk_id)
    at = last.where(Reception.kiosk_id.in_([kiosk.id for kiosk in kiosks])).subquery()
    began = {row.kiosk_id: row.at for row in session.execute(select(at.c.kiosk_id, at.c.at))}
    query = visible_kiosk_lines(actor).join(Participant, Participant.id == StoredLine.participant_id)
    query = query.join(at, (at.c.kiosk_id == Reception.kiosk_id) & (at.c.at == Reception.started_at))
    measured = query.add_columns(Reception.kiosk_id, Participant.role).order_by(Participant.position, StoredLine.start, StoredLine.id)
    seats: dict[int, Seats] = {kiosk.id: {} for kiosk in kiosks}
    for line, kiosk_id, role in session.execute(measured):
        seats[kiosk_id].setdefault((Role(role), line.participant_id), []).append(line)
    return [(kiosk, began.get(kiosk.id), seats[kiosk.id]) for kiosk in kiosks]


def kiosks_in_use(session: Session, actor: Actor) -> Sequence[Kiosk]:
    """The actor's kiosks that were not taken out of use, with their organizations."""
    query = visible_kiosks(actor).where(Kiosk.active).options(joinedload(Kiosk.organization))
    return session.scalars(query.order_by(Kiosk.id)).all()


def kiosks_talking(session: Session, kiosk_ids: Sequence[int]) -> set[int]:
    """At which of these kiosks somebody talks now."""
    query = select(Reception.kiosk_id).where(Reception.state == ReceptionState.RUNNING)
    return set(session.scalars(query.where(Reception.kiosk_id.in_(kiosk_ids))))


def segments_of(session: Session, reception_id: str) -> Sequence[StoredSegment]:
    """Recorded files in the order of time."""
    query = select(StoredSegment).where(StoredSegment.reception_id == reception_id)
    return session.scalars(query.order_by(StoredSegment.start, StoredSegment.id)).all()


def gaps_of(session: Session, reception_id: str) -> Sequence[StoredGap]:
    """Gaps in the order of time."""
    query = select(StoredGap).where(StoredGap.reception_id == reception_id)
    return session.scalars(query.order_by(StoredGap.start, StoredGap.id)).all()


def utterances_of(session: Session, ids: Sequence[str]) -> Sequence[StoredUtterance]:
    """Utterances by id, in the order of time."""
    query = select(StoredUtterance).where(StoredUtterance.id.in_(ids))
    return session.scalars(query.order_by(StoredUtterance.start)).all()


def record_of(session: Session, reception_id: str) -> VisitRecord | None:
    """The record of a reception, for programs: who may read it is not asked here."""
    return session.scalar(select(VisitRecord).where(VisitRecord.reception_id == reception_id))


def case_of(session: Session, reception_id: str) -> StoredCase | None:
    """The case of a reception, for the slip of its own petitioner."""
    return session.scalar(select(StoredCase).where(StoredCase.reception_id == reception_id))


def first_deadline(session: Session, case_id: int) -> StoredDeadline | None:
    """The next deadline that is still open."""
    query = select(StoredDeadline).where(StoredDeadline.case_id == case_id, StoredDeadline.done_at.is_(None))
    return session.scalar(query.order_by(StoredDeadline.due_on).limit(1))


def call_help(session: Session, kiosk_id: int, now: datetime) -> None:
    """Somebody at this kiosk needs a member of staff."""
    session.merge(HelpCall(kiosk_id=kiosk_id, at=now))


def end_help(session: Session, kiosk_id: int) -> None:
    """Somebody is there now."""
    session.execute(delete(HelpCall).where(HelpCall.kiosk_id == kiosk_id))


def help_calls(session: Session, actor: Actor, since: datetime) -> list[str]:
    """Names of the actor's kiosks that called since then, in the order of calling."""
    query = visible_kiosks(actor).join(HelpCall, HelpCall.kiosk_id == Kiosk.id).where(HelpCall.at >= since)
    return [kiosk.name for kiosk in session.scalars(query.order_by(HelpCall.at))]


def shown_name(user: User | None) -> str:
    """Post and name as petitioners see them; empty for nobody."""
    return "" if user is None else f"{user.title} {user.name}".strip()


def utterance_starts_near(session: Session, reception_id: str, participant_id: str, at: float) -> bool:
    """Whether an utterance of this participant starts within 10 ms of `at`."""
    query = select(StoredUtterance.id).where(
        StoredUtterance.reception_id == reception_id,
        StoredUtterance.participant_id == participant_id,
        StoredUtterance.start.between(at - 0.01, at + 0.01),
    )
    return session.scalar(query.limit(1)) is not None


def wholly_recognised(row: type[SecondPass] | type[ModelQuestion]) -> Select[str]:
    """Receptions noted in `row` that are over and of which nothing more will be recognised for the record."""
    recognised = or_(VisitRecord.recognition == RecognitionState.DONE, VisitRecord.state.in_(CLOSED_RECORD))
    return (
        select(row.reception_id)
        .join(Reception, Reception.id == row.reception_id)
        .join(VisitRecord, VisitRecord.reception_id == Reception.id)
        .where(Reception.state == ReceptionState.CLOSED, recognised)
    )
