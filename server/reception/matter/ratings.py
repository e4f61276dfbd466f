"""满意度评价: of the letters-and-visits office and of the handling unit, once each, by the petitioner or written down by staff.

How somebody rated stands on no page of the matter and in no history: whoever handles it is not to know (figures count it).  What was added to it is read by supervisors, in the lists behind the figures (stats.behind).
"""

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.ratings import RATABLE, EnteredBy, RatedBody, Score, counts
from server.domain.states import CaseState, StaffRole
from server.errors import NotFound, WrongState
from server.protocol.flow import CaseRating, NewRating
from server.store import cases
from server.store import ratings as store
from server.store.access import Actor
from server.store.models import StoredCase, StoredCaseEvent, StoredRating

ENTERS = (StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER)
"""Who may write down what a petitioner said."""


def rate(session: Session, case: StoredCase, new: NewRating, *, staff: Actor | None = None) -> StoredRating:
    """Keep a rating.  Raises WrongState where this body cannot be rated (yet) or was rated before.

    What staff wrote down gives way to what the petitioner says themselves, never the other way round.
    """
    body = RatedBody(new.body)
    if (why := why_not(case, body)):
        raise WrongState(why, code="not_ratable")
    cases.lock(session, case.id)
    earlier = next((one for one in store.of_case(session, case.id) if one.body == body), None)
    if earlier is not None and (staff is not None or earlier.entered_by == EnteredBy.PETITIONER):
        raise WrongState(f"{terms.RATED_BODY[body]}已经评过了，一件事只评一次。", code="already_rated")
    rating = earlier or StoredRating(case_id=case.id, body=body)
    rating.organization_id = _rated(case, body)
    rating.score, rating.words, rating.at = Score(new.score), new.words.strip(), clock.now()
    rating.entered_by = EnteredBy.PETITIONER if staff is None else EnteredBy.STAFF
    rating.user_id = staff.user_id if staff is not None else None
    session.add(rating)
    session.flush()
    return rating


def rate_for(session: Session, actor: Actor, case_id: int, new: NewRating) -> None:
    """What a petitioner said of the office or the unit, written down by somebody of the staff who may see the case."""
    case = cases.find(session, actor, case_id)
    if case is None:
        raise NotFound
    rate(session, case, new, staff=actor)
    session.add(
        StoredCaseEvent(
            case_id=case.id, at=clock.now(), author=actor.name, kind="rated_by_staff", why=terms.RATED_BODY[RatedBody(new.body)],
            user_id=actor.user_id, organization_id=actor.organization_id,
        )
    )  # fmt: skip


def views(session: Session, actor: Actor, case: StoredCase) -> tuple[CaseRating, ...]:
    """Per body whether it was rated and by whom; nothing where the matter is not rated at all."""
    if not is_rated(case):
        return ()
    given = {one.body: EnteredBy(one.entered_by) for one in store.of_case(session, case.id)}
    names = {RatedBody.OFFICE: case.organization.name, RatedBody.UNIT: case.unit.name if case.unit else "承办单位"}
    found = []
    for body, name in names.items():
        entered, why = given.get(body), why_not(case, body)
        words = terms.ENTERED_BY[entered] if entered else why or "还没有评"
        may = entered is None and not why and actor.role in ENTERS
        found.append(CaseRating(body=body, name=name, entered_by=entered or "", words=words, may_enter=may))
    return tuple(found)


def is_rated(case: StoredCase) -> bool:
    """Whether the case is one that is rated at all, now or later."""
    first = counts(litigation=case.litigation, repeat=case.repeat_of_id is not None)
    return first and case.merged_into_id is None and case.state not in (CaseState.MERGED, CaseState.GUIDED)


def why_not(case: StoredCase, body: RatedBody) -> str:
    """Why this body cannot be rated for the case as it is; empty where it can."""
    if not counts(litigation=case.litigation, repeat=case.repeat_of_id is not None):
        return "涉法涉诉的事和重复反映的事不评。"
    if not is_rated(case):
        return "这件事不在这里评。"
    if case.state not in RATABLE[body] or (body is RatedBody.UNIT and case.unit_id is None):
        return "还没有办到这一步，有了答复再评。" if body is RatedBody.UNIT else "还没有转出去，转出去以后再评。"
    return ""


def _rated(case: StoredCase, body: RatedBody) -> int:
    return case.organization_id if body is RatedBody.OFFICE else case.unit_id or case.organization_id
