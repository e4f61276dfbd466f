"""Queries over kiosks' copy programs, their copies, and the gaps that these fill."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session, joinedload

from server.domain.states import CopyState, ReceptionState
from server.store.access import Actor, visible_records
from server.store.models import (
    GapFill,
    Kiosk,
    KioskAgent,
    KioskCopy,
    OneTimeLink,
    Reception,
    StoredUtterance,
    VisitRecord,
)

OVER = (ReceptionState.CLOSING, ReceptionState.CLOSED)


def agent_by_key(session: Session, token_sha256: str) -> KioskAgent | None:
    """The program with this key, if its kiosk is active."""
    query = select(KioskAgent).join(Kiosk, Kiosk.id == KioskAgent.kiosk_id)
    return session.scalar(query.where(KioskAgent.token_sha256 == token_sha256, Kiosk.active))


def agent_of(session: Session, kiosk_id: int) -> KioskAgent | None:
    """The program of a kiosk."""
    return session.get(KioskAgent, kiosk_id)


def agents_of(session: Session, kiosk_ids: Sequence[int]) -> dict[int, KioskAgent]:
    """The programs of these kiosks, by kiosk."""
    found = session.scalars(select(KioskAgent).where(KioskAgent.kiosk_id.in_(kiosk_ids)))
    return {agent.kiosk_id: agent for agent in found}


def agents_in_use(session: Session) -> Sequence[tuple[Kiosk, KioskAgent]]:
    """The programs that reported, of kiosks that were not taken out of use."""
    query = select(Kiosk, KioskAgent).join(KioskAgent, KioskAgent.kiosk_id == Kiosk.id).where(Kiosk.active, KioskAgent.seen_at.is_not(None))
    return [(kiosk, agent) for kiosk, agent in session.execute(query.options(joinedload(Kiosk.organization)).order_by(Kiosk.id))]


def drop_agent(session: Session, kiosk_id: int) -> None:
    """Take a program's key away."""
    session.execute(delete(KioskAgent).where(KioskAgent.kiosk_id == kiosk_id))


def drop_links(session: Session, kiosk_id: int, purpose: str) -> None:
    """Take back links of one purpose that were not used."""
    unused = OneTimeLink.used_at.is_(None)
    session.execute(
        delete(OneTimeLink).where(OneTimeLink.kiosk_id == kiosk_id, OneTimeLink.purpose == purpose, unused)
    )


def copy(session: Session, copy_id: str) -> KioskCopy | None:
    """A copy by its name, whoever made it."""
    return session.get(KioskCopy, copy_id)


def known(session: Session, copy_ids: Sequence[str]) -> set[str]:
    """Which of these copies were heard of, whoever made them."""
    return set(session.scalars(select(KioskCopy.id).where(KioskCopy.id.in_(copy_ids))))


def copies_of(session: Session, reception_id: str) -> Sequence[KioskCopy]:
    """Copies of a sitting in the order of their beginning."""
    query = select(KioskCopy).where(KioskCopy.reception_id == reception_id)
    return session.scalars(query.order_by(KioskCopy.position, KioskCopy.id)).all()


def expected_from(session: Session, kiosk_id: int) -> Sequence[KioskCopy]:
    """Copies that a kiosk still has to send."""
    query = select(KioskCopy).where(KioskCopy.kiosk_id == kiosk_id, KioskCopy.state == CopyState.EXPECTED)
    return session.scalars(query).all()


def untalked(session: Session, kiosk_id: int, copy_ids: Sequence[str]) -> list[str]:
    """Which of these copies of a kiosk are of sittings in which nobody talked."""
    over_unrecorded = Reception.state.in_(OVER) & Reception.started_at.is_(None)
    query = select(KioskCopy.id).join(Reception, Reception.id == KioskCopy.reception_id)
    query = query.where(KioskCopy.kiosk_id == kiosk_id, KioskCopy.id.in_(copy_ids))
    return list(session.scalars(query.where((Reception.state == ReceptionState.ABANDONED) | over_unrecorded)))


def set_state(session: Session, copy_ids: Sequence[str], state: CopyState) -> None:
    """Change the state of copies."""
    session.execute(update(KioskCopy).where(KioskCopy.id.in_(copy_ids)).values(state=state))


def note_missing(session: Session, kiosk_id: int, held: Sequence[str], over_since: datetime) -> None:
    """Copies that the office waits for, of talks that ended before then, and that the kiosk does not hold."""
    ended = exists().where(Reception.id == KioskCopy.reception_id, Reception.ended_at < over_since)
    expected = update(KioskCopy).where(KioskCopy.kiosk_id == kiosk_id, KioskCopy.state == CopyState.EXPECTED)
    session.execute(expected.where(KioskCopy.id.not_in(held), ended).values(state=CopyState.MISSING))


def unsettled(session: Session, reception_id: str = "") -> list[str]:
    """Ids of copies that the office has and whose closed reception they have not been laid beside; of one or all."""
    query = select(KioskCopy.id).join(Reception, Reception.id == KioskCopy.reception_id)
    query = query.where(KioskCopy.state == CopyState.STORED, ~KioskCopy.settled)
    if reception_id:
        query = query.where(KioskCopy.reception_id == reception_id)
    return list(session.scalars(query.where(Reception.state == ReceptionState.CLOSED)))


def fills_of(session: Session, reception_id: str) -> Sequence[GapFill]:
    """What copies had for the gaps of a sitting, in the order of time."""
    query = select(GapFill).where(GapFill.reception_id == reception_id)
    return session.scalars(query.order_by(GapFill.start, GapFill.gap_id)).all()


def fill_for(session: Session, actor: Actor, record_id: str, gap_id: int, copy_id: str) -> GapFill | None:
    """A piece of a copy, if the actor may read the record."""
    seen = visible_records(actor).with_only_columns(VisitRecord.reception_id).where(VisitRecord.id == record_id)
    query = select(GapFill).where(GapFill.gap_id == gap_id, GapFill.copy_id == copy_id)
    return session.scalar(query.where(GapFill.reception_id.in_(seen)))


def utterances_between(
    session: Session, reception_id: str, participant_id: str, start: float, end: float
) -> Sequence[StoredUtterance]:
    """What one person was heard to say between two media times."""
    query = select(StoredUtterance).where(
        StoredUtterance.reception_id == reception_id,
        StoredUtterance.participant_id == participant_id,
        StoredUtterance.start < end,
        StoredUtterance.end > start,
    )
    return session.scalars(query.order_by(StoredUtterance.start)).all()


def copied_utterance_ids(session: Session, reception_id: str) -> set[str]:
    """Utterances that were heard in a copy."""
    query = select(StoredUtterance.id).where(StoredUtterance.reception_id == reception_id)
    return set(session.scalars(query.where(StoredUtterance.copy_id.is_not(None))))
