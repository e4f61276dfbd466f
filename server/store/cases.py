"""Every query about filed cases, their numbers, events, deadlines, supplements and documents."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import BindParameter, Select, bindparam, delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload, undefer

from server.domain import searchtokens
from server.domain.casenumbers import counter_name
from server.domain.organizations import own_and_above
from server.store.access import ACTORS, Actor, visible_cases
from server.store.among import among
from server.store.engine import once_per_reading
from server.store.models import (
    CaseAccused,
    CasePerson,
    Counter,
    ProgressTry,
    Reception,
    SearchText,
    StoredAssignment,
    StoredCase,
    StoredCaseEvent,
    StoredDocument,
    StoredSupplement,
)


def next_number(session: Session, organization_id: int, year: int, count: int = 1) -> int:
    """The next running number of an office's cases of a year, the first of `count`."""
    return raise_counter(session, counter_name(organization_id, year), count)


def raise_counter(session: Session, name: str, count: int = 1) -> int:
    """The next number of a counter, the first of `count`; whoever comes meanwhile waits for this transaction, so none is
    lost or doubled."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    query = insert(Counter).values(name=name, value=count)
    raised = query.on_conflict_do_update(index_elements=[Counter.name], set_={"value": Counter.value + count})
    return session.execute(raised.returning(Counter.value)).scalar_one() - count + 1


# Statements that do not change are made once: to make one takes as long as to ask it.
_CASE: BindParameter[int] = bindparam("case")
_PERSONS = select(CasePerson).where(CasePerson.case_id == _CASE).order_by(CasePerson.position)
_EVENTS = select(StoredCaseEvent).where(StoredCaseEvent.case_id == _CASE).order_by(StoredCaseEvent.at, StoredCaseEvent.id)
_ADDED = select(StoredSupplement).where(among(StoredSupplement.case_id, "cases")).order_by(StoredSupplement.id)
_SUPPLEMENTS = select(StoredSupplement).where(StoredSupplement.case_id == _CASE).order_by(StoredSupplement.id)
_DOCUMENTS = select(StoredDocument).where(StoredDocument.case_id == _CASE).order_by(StoredDocument.name)

@lru_cache(ACTORS)
def _visible(actor: Actor) -> Select[StoredCase]:
    return visible_cases(actor).where(StoredCase.id == _CASE).options(joinedload(StoredCase.organization), joinedload(StoredCase.unit))


def find(session: Session, actor: Actor, case_id: int) -> StoredCase | None:
    """The case, with its office and its main unit, if the actor may read it."""
    return session.scalars(_visible(actor), {"case": case_id}).one_or_none()


def readable(session: Session, actor: Actor, case_ids: Collection[int]) -> Sequence[StoredCase]:
    """Those of these cases that the actor may read; asks nothing for none."""
    if not case_ids:
        return ()
    return session.scalars(visible_cases(actor).where(StoredCase.id.in_(case_ids))).all()


def accused_by(session: Session, case_id: int, path: str) -> bool:
    """Whether the matter is against the organization at `path` or one above it."""
    ids = own_and_above(path)
    query = select(CaseAccused.case_id).where(CaseAccused.case_id == case_id, CaseAccused.organization_id.in_(ids))
    return session.scalars(query).first() is not None


def forget_accused(session: Session, case_id: int) -> None:
    """Whom a matter is against is found anew."""
    session.execute(delete(CaseAccused).where(CaseAccused.case_id == case_id))


def persons(session: Session, case_id: int) -> Sequence[CasePerson]:
    """Whoever brings the matter, the petitioner first."""
    return session.scalars(_PERSONS, {"case": case_id}).all()


def by_source(session: Session, organization_id: int, channel: str, source_ref: str) -> StoredCase | None:
    """The case that came under this number before."""
    query = select(StoredCase).where(
        StoredCase.organization_id == organization_id, StoredCase.channel == channel, StoredCase.source_ref == source_ref
    )
    return session.scalars(query).one_or_none()


def sources_known(session: Session, organization_id: int, channel: str, refs: Collection[str]) -> set[str]:
    """Those of these numbers (at most a few hundred) under which a case came before."""
    query = select(StoredCase.source_ref).where(
        StoredCase.organization_id == organization_id, StoredCase.channel == channel, StoredCase.source_ref.in_(refs)
    )
    return {ref for ref in session.scalars(query) if ref is not None}


@once_per_reading
def events(session: Session, case_id: int) -> Sequence[StoredCaseEvent]:
    """What happened to a case, oldest first."""
    return session.scalars(_EVENTS, {"case": case_id}).all()


def supplements(session: Session, case_id: int) -> Sequence[StoredSupplement]:
    """What was added after filing, oldest first."""
    return session.scalars(_SUPPLEMENTS, {"case": case_id}).all()


def added_to(session: Session, case_ids: Sequence[int]) -> Sequence[StoredSupplement]:
    """What was added to these cases after filing, oldest first."""
    return session.scalars(_ADDED, {"cases": case_ids}).all() if case_ids else ()


def documents(session: Session, case_id: int) -> Sequence[StoredDocument]:
    """The printed documents that have been made."""
    return session.scalars(_DOCUMENTS, {"case": case_id}).all()


def reception_by_code(session: Session, code: str) -> Reception | None:
    """The reception with this query code; for the public page, which shows no names and no content."""
    query = select(Reception).where(Reception.query_code == code).options(joinedload(Reception.organization))
    return session.scalars(query).one_or_none()


def by_query_code(session: Session, code: str) -> StoredCase | None:
    """The case with this query code; for the public page."""
    query = select(StoredCase).where(StoredCase.query_code == code).options(joinedload(StoredCase.organization))
    return session.scalars(query).one_or_none()


def case_of_reception(session: Session, reception_id: str) -> StoredCase | None:
    """The case of a reception; for the public page."""
    return session.scalars(select(StoredCase).where(StoredCase.reception_id == reception_id)).one_or_none()


def wrong_tries(session: Session, source: str, since: datetime) -> int:
    """How often this source guessed wrong since then."""
    query = select(func.count()).where(ProgressTry.source == source, ProgressTry.at >= since)
    return session.scalar(query) or 0


def wrong_tries_of_code(session: Session, code: str, since: datetime) -> int:
    """How often anybody guessed at this code (as a keyed hash) since then."""
    return session.scalar(select(func.count()).where(ProgressTry.code == code, ProgressTry.at >= since)) or 0


def drop_tries(session: Session, before: datetime) -> None:
    """Forget wrong guesses that no longer count."""
    session.execute(delete(ProgressTry).where(ProgressTry.at < before))


def forget_documents(session: Session, record_id: str, names: Collection[str]) -> None:
    """Printed documents of a record's case that are to be made again; their files stay."""
    case = select(StoredCase.id).where(StoredCase.record_id == record_id).scalar_subquery()
    session.execute(delete(StoredDocument).where(StoredDocument.case_id == case, StoredDocument.name.in_(names)))


def concerned(session: Session, case: StoredCase) -> set[int]:
    """Who registered the case, and every unit that was ever given it."""
    units = select(StoredAssignment.organization_id).where(StoredAssignment.case_id == case.id)
    return {case.organization_id, *session.scalars(units)}


def found_by(session: Session, case_id: int, organization_id: int) -> None:
    """Have the searches of this unit find the case as well; one that search does not read yet gets all of it later."""
    text, token = session.get(SearchText, case_id), searchtokens.place_token(organization_id)
    if text is not None and token not in text.tokens.rsplit(searchtokens.BOUNDARY, 1)[-1].split():
        text.tokens += f" {token}"
    session.flush()


def set_search_tokens(session: Session, case_id: int, tokens: str) -> None:
    """Replace what search reads of a case; of one that it does not read yet nothing is to be replaced."""
    text = session.get(SearchText, case_id)
    if text is not None:
        text.tokens = tokens
    session.flush()


def numbered(session: Session, organization_id: int, year: int, first: int, how_many: int) -> list[StoredCase]:
    """So many cases of an office's year from this number on, with the records they were made of."""
    query = select(StoredCase).where(
        StoredCase.organization_id == organization_id, StoredCase.year == year, StoredCase.number >= first,
        StoredCase.number < first + how_many,
    )  # fmt: skip
    return list(session.scalars(query.order_by(StoredCase.number).options(undefer(StoredCase.filed_record))))


def not_findable(session: Session, organization_id: int, since: datetime, most: int) -> Sequence[StoredCase]:
    """Cases that an office registered since then and that search does not read yet; nobody adds to them meanwhile."""
    query = select(StoredCase).where(
        StoredCase.organization_id == organization_id, StoredCase.filed_at >= since,
        ~exists().where(SearchText.case_id == StoredCase.id),
    )  # fmt: skip
    return session.scalars(query.order_by(StoredCase.id).limit(most).options(undefer(StoredCase.filed_record)).with_for_update()).all()


def lock(session: Session, case_id: int) -> None:
    """Keep others from adding to this case until the transaction ends."""
    session.execute(select(StoredCase.id).where(StoredCase.id == case_id).with_for_update())
