"""The sitting as the kiosk sees it: from the first touch to the slip with the query code."""

import secrets
from pathlib import Path

from sqlalchemy.orm import Session

from server import clock
from server.domain.commitments import CommitmentState
from server.domain.ratings import Score
from server.domain.states import CLOSED_RECORD, ReceptionState, RecognitionState, RecordState
from server.errors import NotAllowed, NotFound, WrongState
from server.protocol.base import Role
from server.protocol.sittings import NewSitting, Sitting, SlipPromise
from server.reception.kiosk import kiosk_lock
from server.reception.matter import progress
from server.reception.office import Office
from server.reception.paper import documents
from server.reception.talk import bookings, calling, waiting
from server.store import commitments, ratings, records
from server.store import receptions as store
from server.store.access import Actor
from server.store.models import Participant, Reception, SittingRating, StoredCase, StoredTold, VisitRecord
from server.store.querycodes import new_query_code


def begin(session: Session, actor: Actor, asked: NewSitting) -> Reception:
    """A petitioner sat down: give a queue number and a query code.  Raises WrongState while another is at the kiosk."""
    kiosk = store.lock_kiosk(session, actor.kiosk_id or 0)
    if store.sitting_of(session, actor) is not None:
        raise WrongState("这台机器上还有一位没有办完，请先结束那一位。", code="kiosk_busy")
    booking = bookings.at_kiosk(session, actor, asked.booking) if asked.booking else None
    now = clock.now()
    day = clock.today().isoformat()
    number = store.next_number(session, f"queue:{kiosk.organization_id}:{day}")
    reception = Reception(
        id=f"r{secrets.token_hex(10)}",
        organization_id=kiosk.organization_id,
        kiosk_id=kiosk.id,
        number=f"A{number:02d}",
        state=ReceptionState.WAITING,
        consent=asked.consent,
        matter=asked.matter.strip(),
        petitioner_name=asked.name.strip(),
        petitioner_phone=asked.phone,
        query_code=new_query_code(),
        asked_at=now,
    )
    reception.participants.append(seat(Role.PETITIONER, reception.petitioner_name, 0))
    session.add(reception)
    session.flush()
    if asked.card is not None or asked.earlier is not None:
        card = asked.card.model_dump() if asked.card else {}
        earlier = progress.case_id_of(session, asked.earlier) if asked.earlier else None
        session.add(StoredTold(reception_id=reception.id, earlier_case_id=earlier, **card))
    if booking is not None:
        bookings.sits_down(session, booking, reception)
    calling.enter(session, actor, reception, booking.day.leader_id if booking and booking.day else None)
    return reception


def seat(role: Role, name: str, position: int, user_id: int | None = None) -> Participant:
    """A new participant, not yet in any reception."""
    return Participant(
        id=f"p{secrets.token_hex(8)}", position=position, role=role, name=name[:64], user_id=user_id
    )


def current(session: Session, actor: Actor) -> Reception:
    """The reception at this kiosk; raises NotFound when nobody sits there."""
    reception = store.sitting_of(session, actor)
    if reception is None:
        raise NotFound("这台机器上现在没有人在办。", code="no_sitting")
    return reception


def leave(session: Session, actor: Actor) -> None:
    """The petitioner goes: a waiting reception is abandoned, a talk that is over is cleared from the kiosk.

    Raises WrongState in mid-talk: that is ended first.
    """
    reception = current(session, actor)
    now = clock.now()
    left = {"left_kiosk_at": now}
    still = (ReceptionState.WAITING,)
    over = (ReceptionState.CLOSING, ReceptionState.CLOSED)
    abandoned = store.change_state(session, reception.id, still, ReceptionState.ABANDONED, ended_at=now, **left)
    if not abandoned and reception.state not in over:
        raise WrongState("还在接谈，请先点“结束接谈”。")
    if abandoned:
        calling.left(session, actor, reception)
    else:
        reception.left_kiosk_at = now
    store.end_help(session, actor.kiosk_id or 0)


def rate(session: Session, actor: Actor, score: Score, words: str) -> Reception:
    """How satisfied the person with the slip is with the talk, and what they add: once.  Raises WrongState at another step or for a second time."""
    reception = _with_slip(session, actor)
    if ratings.of_sitting(session, reception.id) is not None:
        raise WrongState("今天的接谈已经评过了。", code="already_rated")
    session.add(SittingRating(reception_id=reception.id, score=score, words=words, at=clock.now()))
    session.flush()
    return reception


def record_on_paper(office: Office, actor: Actor) -> Path:
    """The record that was just signed, as PDF; that it was fetched is written down.

    Raises WrongState before it was signed and filed, NotAllowed for an accusation, Unavailable.
    """
    with office.store.write() as session:
        reception = _with_slip(session, actor)
        case = store.case_of(session, reception.id)
        if case is None:
            raise WrongState("记录还没有归档，归档以后找工作人员打印。", code="not_filed")
        if not _printable(case):
            raise NotAllowed("检举控告的内容不在这里打印，免得叫别人看到。请找工作人员。")
        records.note_access(session, actor, "download", "record", case.record_id or "", clock.now())
        case_id = case.id
    return documents.fetch(office, case_id, "record.pdf")


def _with_slip(session: Session, actor: Actor) -> Reception:
    """The sitting at this kiosk whose slip is shown now."""
    reception = current(session, actor)
    if kiosk_lock.is_locked(reception) or _step(reception, store.record_of(session, reception.id)) != "slip":
        raise WrongState("记录签好了，才能到这一步。", code="no_slip")
    return reception


def _printable(case: StoredCase | None) -> bool:
    """An accusation is not left in a printer."""
    return case is not None and not case.accusation


def view(session: Session, reception: Reception) -> Sitting:
    """All that the kiosk's screens need."""
    record = store.record_of(session, reception.id)
    case = store.case_of(session, reception.id)
    petitioner = next(p for p in reception.participants if p.role == Role.PETITIONER)
    step = _step(reception, record)
    standing = waiting.standing(session, reception) if step == "waiting" else None
    shown = Sitting(
        reception_id=reception.id,
        step=step,
        number=reception.number,
        ahead=standing.ahead if standing else 0,
        receiver=store.shown_name(reception.receiver),
        participant_id=petitioner.id,
        consent=reception.consent,
        record_id=record.id if record else None,
        query_code=reception.query_code,
        case_no=case.case_no if case else "",
        next_step=_next_step(session, case.id if case else None) if step == "slip" else "",
        promises=_promises(session, reception.id) if step == "slip" else (),
        may_rate=step == "slip" and ratings.of_sitting(session, reception.id) is None,
        may_print=step == "slip" and _printable(case),
        phone_last4=reception.petitioner_phone[-4:],
        preparing_message=_preparing(reception, record) if step == "preparing" else "",
        standing=standing,
    )
    return kiosk_lock.covered(reception, shown) if kiosk_lock.is_locked(reception) else shown


def _promises(session: Session, reception_id: str) -> tuple[SlipPromise, ...]:
    """What the petitioner takes home: what the leader undertook and did not take back, in the order of the talk."""
    return tuple(
        SlipPromise(unit=one.unit.name, what=one.what, due_on=one.due_on)
        for one in commitments.of_reception(session, reception_id)
        if one.state != CommitmentState.WITHDRAWN
    )


def _step(reception: Reception, record: VisitRecord | None) -> str:
    if reception.state == ReceptionState.ABANDONED or reception.left_kiosk_at is not None:
        return "ended"
    early = {ReceptionState.WAITING: "waiting", ReceptionState.RUNNING: "talk"}.get(ReceptionState(reception.state))
    if early:
        return early
    if record is None or record.state == RecordState.DRAFT:
        return "preparing"
    if record.state == RecordState.CORRECTING:
        return "read" if record.confirmed_at else "preparing"
    return "slip" if record.state in CLOSED_RECORD else "read"


def _preparing(reception: Reception, record: VisitRecord | None) -> str:
    if record is None or reception.state == ReceptionState.CLOSING:
        return "正在整理录音，写成笔录，请稍坐。"
    if record.recognition == RecognitionState.WAITING:
        return "录音都在，文字还要等一会儿才能转好。工作人员会对照录音写笔录。"
    return "工作人员正在对照录音核对笔录，好了就请您看。"


def _next_step(session: Session, case_id: int | None) -> str:
    deadline = store.first_deadline(session, case_id) if case_id is not None else None
    if deadline is None:
        return "您的笔录已经交给工作人员归档，可以用查询码查看进展。"
    due = deadline.due_on
    return f"{due.year}年{due.month}月{due.day}日前，信访部门会登记好并转给负责的单位，您可以用查询码查看进展。"
