"""Every query about merged, split, repeated cases."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from server.store.access import Actor, visible_cases
from server.store.models import CaseAccused, CaseJoin, StoredCase, StoredCaseEvent

CHAIN = 100
"""Cases that are followed from one to the next."""


def standing(session: Session, kind: str, case_id: int) -> CaseJoin | None:
    """The merger (splitting, guiding back) of this case that was not undone."""
    query = select(CaseJoin).where(CaseJoin.case_id == case_id, CaseJoin.kind == kind, CaseJoin.undone_at.is_(None))
    return session.scalars(query.order_by(CaseJoin.id.desc())).first()


def standing_into(session: Session, kind: str, other_id: int) -> Sequence[CaseJoin]:
    """Those that hold and lead to this case."""
    query = select(CaseJoin).where(CaseJoin.other_id == other_id, CaseJoin.kind == kind, CaseJoin.undone_at.is_(None))
    return session.scalars(query.order_by(CaseJoin.id).limit(1000)).all()


def last_event_id(session: Session, case_id: int) -> int:
    """The last that happened to a case."""
    return session.scalar(select(func.max(StoredCaseEvent.id)).where(StoredCaseEvent.case_id == case_id)) or 0


def first_since(session: Session, case_id: int, event_id: int, kinds: frozenset[str]) -> StoredCaseEvent | None:
    """The first event of these kinds after that one."""
    query = select(StoredCaseEvent).where(
        StoredCaseEvent.case_id == case_id, StoredCaseEvent.id > event_id, StoredCaseEvent.kind.in_(sorted(kinds))
    )
    return session.scalars(query.order_by(StoredCaseEvent.id)).first()


def accused(session: Session, case_id: int) -> frozenset[int]:
    """Ids of the organizations that the case may be against."""
    return frozenset(session.scalars(select(CaseAccused.organization_id).where(CaseAccused.case_id == case_id)))


def target_of(session: Session, case: StoredCase) -> StoredCase:
    """Where a merged case goes on, in the end."""
    for _ in range(CHAIN):
        if case.merged_into_id is None:
            break
        case = session.get_one(StoredCase, case.merged_into_id)
    return case


def repeats_in_the_end(session: Session, case: StoredCase, wanted_id: int) -> bool:
    """Whether the chain of repeats from this case leads to the wanted one."""
    at: StoredCase | None = case
    for _ in range(CHAIN):
        if at is None:
            return False
        if at.id == wanted_id:
            return True
        at = session.get(StoredCase, at.repeat_of_id) if at.repeat_of_id is not None else None
    return True


def around(session: Session, actor: Actor, case: StoredCase, most: int) -> list[tuple[str, StoredCase]]:
    """Visible cases that hang together with this one, each with how (LinkedCase.how); one more than `most` where there are
    more."""
    split = CaseJoin.kind == "split"
    ways = [
        ("repeat_of", select(StoredCase.id).where(StoredCase.id == case.repeat_of_id)),
        ("merged_into", select(StoredCase.id).where(StoredCase.id == case.merged_into_id)),
        ("repeated_by", select(StoredCase.id).where(StoredCase.repeat_of_id == case.id)),
        ("merged_in", select(StoredCase.id).where(StoredCase.merged_into_id == case.id)),
        ("split_from", select(CaseJoin.other_id).where(CaseJoin.case_id == case.id, split, CaseJoin.undone_at.is_(None))),
        ("split_off", select(CaseJoin.case_id).where(CaseJoin.other_id == case.id, split, CaseJoin.undone_at.is_(None))),
    ]
    found: list[tuple[str, StoredCase]] = []
    for how, ids in ways:
        query = visible_cases(actor).where(StoredCase.id.in_(ids), StoredCase.id != case.id)
        query = query.order_by(StoredCase.id.desc()).limit(most + 1 - len(found)).options(joinedload(StoredCase.organization))
        found += [(how, one) for one in session.scalars(query)]
        if len(found) > most:
            break
    return found
