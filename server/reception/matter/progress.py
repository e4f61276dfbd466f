"""For whoever holds a query code: how far the matter has come, and what its petitioner may do from home.

No names and no content are shown.  Every request brings code and digits again, so nothing of it stays on a telephone or a
kiosk that others use.
"""

import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from server import clock
from server.domain import progress_words, terms
from server.domain.deadline_words import chinese_day
from server.domain.flow import STEPS, LetterKind, Step
from server.domain.joins import JoinKind
from server.domain.limits import RULES
from server.domain.progress_words import BETWEEN_OFFICES, Happened
from server.domain.ratings import EnteredBy, RatedBody
from server.domain.states import CaseState, ReceptionState, RecordState
from server.errors import InvalidInput, WrongState
from server.protocol.cases import DeadlineView
from server.protocol.progress import (
    OwnCopy,
    Progress,
    ProgressCopy,
    ProgressQuery,
    ProgressRating,
    ProgressReview,
    ProgressStep,
    RatingOffer,
    ReviewOffer,
)
from server.protocol.sittings import BookingKey
from server.reception import tries
from server.reception.matter import clocks, issued, mediation, ratings
from server.reception.office import Office
from server.reception.paper import documents
from server.store import cases, joins, records
from server.store import flow as flow_store
from server.store import progress as store
from server.store import ratings as rating_store
from server.store.models import (
    PetitionerRequest,
    Reception,
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
    VisitRecord,
)

NO_PHONE = "0000"
"""Printed on the slip of somebody without a telephone."""
WRONG = "没有查到。请照着回执，把查询码和手机号最后 4 位再核对一遍；没有留手机号的，填 0000。"
WRONG_ID = "证件号码的最后 6 位对不上，请照着证件再核对一遍。"
COPIES = {"record.pdf": documents.TITLES["record"], "form.pdf": documents.TITLES["form"]}
LETTER_COPY = re.compile(r"letter-([1-9]\d{0,8})\.pdf")
"""Name of a letter among the petitioner's own copies."""


@dataclass(frozen=True)
class Matter:
    """What a query code is for: a talk, and the case that it became; or a case that came without a talk."""

    reception: Reception | None
    record: VisitRecord | None
    case: StoredCase | None
    digits: str
    """Of the telephone, as whoever holds the code gave them: right ones."""


# --- who --------------------------------------------------------------------------------------------------------


def look_up(office: Office, query: ProgressQuery, address: str) -> Progress:
    """Progress of a matter.  Raises NotFound, the same for a wrong code and for wrong digits, and TooOften after
    ten wrong tries in 15 minutes from one address or twenty at one code.

    A wrong try is kept although the answer is an error; the address and the code only as keyed hashes.
    """
    source, code = tries.sources(office, query, address)
    with office.store.read() as session:
        tries.require_left(session, source, code)
        found = _opened(session, query)
        if found is not None:
            return _progress(session, found)
    raise tries.missed(office, source, code, WRONG)


def _opened(session: Session, query: ProgressQuery) -> Matter | None:
    reception = cases.reception_by_code(session, query.code)
    case = cases.case_of_reception(session, reception.id) if reception else cases.by_query_code(session, query.code)
    if not _digits_fit(session, case, reception, query.phone_last4):
        return None
    record = records.of_reception(session, reception.id) if reception else None
    return Matter(reception, record, _followed(session, case, query.phone_last4), query.phone_last4)


def case_id_of(session: Session, key: BookingKey) -> int | None:
    """The case of this code, where the digits are right; None also for a talk of which no case has come yet."""
    found = _opened(session, ProgressQuery(**key.model_dump()))
    return found.case.id if found is not None and found.case is not None else None


def record_of(session: Session, query: BookingKey) -> tuple[Reception | None, VisitRecord | None] | None:
    """The talk of this code and its record; None where code or digits are wrong."""
    found = _opened(session, ProgressQuery(**query.model_dump()))
    return (found.reception, found.record) if found is not None else None


def _digits_fit(session: Session, case: StoredCase | None, reception: Reception | None, given: str) -> bool:
    """Whether these are the last digits of a number that was left; where none was, NO_PHONE; never for an unknown code."""
    there = case is not None or reception is not None
    known = [phone[-4:] for phone in store.phones(session, case, reception)] or ([NO_PHONE] if there else [])
    return any(hmac.compare_digest(digits.encode(), given.encode()) for digits in known or [""])


def _followed(session: Session, case: StoredCase | None, digits: str) -> StoredCase | None:
    """The case that this one went on in, if it is the same person's."""
    for _ in range(5):
        if case is None or case.merged_into_id is None:
            return case
        other = session.get_one(StoredCase, case.merged_into_id)
        if not _digits_fit(session, other, None, digits):
            return case
        case = other
    return case


def _act(office: Office, query: ProgressQuery, address: str, do: Callable[[Session, StoredCase], None]) -> Progress:
    """Do something for whoever holds code and digits, and show how things stand then."""
    source, code = tries.sources(office, query, address)
    with office.store.write() as session:
        tries.require_left(session, source, code)
        found = _opened(session, query)
        if found is not None:
            if found.case is None:
                raise WrongState("笔录还没有登记成信访事项，登记好了再办这一步。")
            do(session, found.case)
            return _progress(session, found)
    raise tries.missed(office, source, code, WRONG)


# --- what it looks like -------------------------------------------------------------------------------------------


def _progress(session: Session, matter: Matter) -> Progress:
    case, reception = matter.case, matter.reception
    place = case.organization if case is not None else reception.organization  # type: ignore[union-attr]
    if case is None:
        return Progress(
            number=reception.number if reception else "", state=_talk_state(matter), office=place.name,
            steps=_talk_steps(matter), next_step=_talk_next(matter), deadline=None,
        )  # fmt: skip
    waiting = flow_store.open_requests(session, case.id)
    deadline = store.next_deadline(session, case.id, BETWEEN_OFFICES)
    if waiting and deadline is not None and deadline.organization_id is None:
        deadline = None  # it is met: the petitioner asked
    view = clocks.views(session, [case], {case.id: deadline})[case.id] if deadline else None
    unit = case.unit.name if case.unit else ""
    return Progress(
        number=case.case_no,
        state=terms.CASE_STATE[CaseState(case.state)],
        office=place.name,
        now=_now(session, case, unit, matter.digits) + _mediated(session, case),
        steps=(*_talk_steps(matter), *_case_steps(session, case, deadline, asked=bool(waiting))),
        next_step=_waiting(waiting, place.name) + _next(deadline, view, unit, place.name),
        deadline=view,
        ratings=_ratings(session, case),
        review=_review(session, case),
        copies=() if _no_copies(session, case) else _copies(session, case),
        copies_why_not=_no_copies(session, case),
    )


def _now(session: Session, case: StoredCase, unit: str, digits: str) -> str:
    back = joins.standing(session, JoinKind.GUIDE_BACK, case.id) if case.state == CaseState.GUIDED else None
    if back is None:
        return progress_words.now(CaseState(case.state), unit, case.organization.name)
    earlier = session.get_one(StoredCase, back.other_id)
    return progress_words.guided_back(earlier.case_no if _digits_fit(session, earlier, None, digits) else "")


def _next(deadline: StoredDeadline | None, view: DeadlineView | None, unit: str, office: str) -> str:
    if deadline is None or view is None:
        return ""
    day = date.fromisoformat(view.due)
    if _lapsed(deadline):
        return progress_words.over(deadline.rule, day)
    return progress_words.due(deadline.rule, day, unit, office, -view.days_left if view.overdue else 0) + (progress_words.STANDS_STILL if view.stands_still else "")


def _lapsed(deadline: StoredDeadline | None) -> bool:
    """Whether it was a right of the petitioner's that is over: nothing comes of it any more."""
    return deadline is not None and deadline.rule in progress_words.OWN_LIMITS and deadline.due_on < clock.today()


def _mediated(session: Session, case: StoredCase) -> str:
    return "现在有人在给您调解。" if mediation.standing(session, case) is not None else ""


def _waiting(requests: Sequence[PetitionerRequest], office: str) -> str:
    names = "、".join(progress_words.NAMES[Step(one.step)] for one in requests)
    return f"您申请了{names}，{office}收到了。" if names else ""


def _case_steps(session: Session, case: StoredCase, deadline: StoredDeadline | None, *, asked: bool) -> tuple[ProgressStep, ...]:
    happened = [
        Happened(
            kind=event.kind, day=clock.day_in_office(event.at), unit=unit or case.organization.name, why=event.why,
            details=event.details or {},
        )
        for event, unit in store.events(session, case.id)
    ]  # fmt: skip
    if _lapsed(deadline):
        return progress_words.told(happened)
    due = deadline.due_on if deadline is not None else None
    rules = clocks.rules_of(session, case.organization.path)
    ahead = progress_words.ahead(CaseState(case.state), due, rules, simple=case.simple, asked=asked)
    return (*progress_words.told(happened), *ahead)


# --- before there is a case ---------------------------------------------------------------------------------------


def _talk_state(matter: Matter) -> str:
    reception, record = matter.reception, matter.record
    if reception is None:
        return ""
    if reception.state == ReceptionState.ABANDONED:
        return "这一次没有谈"
    if record is None:
        return "正在整理谈话" if reception.ended_at else "正在接谈" if reception.joined_at else "正在等候"
    return "笔录" + terms.RECORD_STATE[RecordState(record.state)]


def _talk_steps(matter: Matter) -> tuple[ProgressStep, ...]:
    reception, record, case = matter.reception, matter.record, matter.case
    if reception is None:
        return ()
    settled = record.signed_at or (record.updated_at if record.state == RecordState.REFUSED else None) if record else None
    refused = record is not None and bool(record.refusal_reason)
    steps = (
        _step("来访", reception.asked_at),
        _step("接谈", reception.ended_at),
        _step("笔录没有签字，原因已记下" if refused else "看过笔录并签字", case.filed_at if refused and case else settled),
    )
    return steps if case is not None else (*steps, _step("登记", None), _step("转给该办的单位", None))


def _step(what: str, at: datetime | None) -> ProgressStep:
    shown = chinese_day(clock.day_in_office(at)) if at else ""
    return ProgressStep(at=shown, what=what, done=at is not None)


def _talk_next(matter: Matter) -> str:
    if matter.reception is not None and matter.reception.state == ReceptionState.ABANDONED:
        return "想谈的话，可以再到接谈室来。"
    if matter.record is not None and matter.record.state == RecordState.CONFIRMED:
        return "请看一遍笔录，对的话签上名字。"
    return "谈完以后，工作人员会把笔录核对好，请您看过再签字。"


# --- rating -------------------------------------------------------------------------------------------------------


def rate(office: Office, asked: ProgressRating, address: str) -> Progress:
    """The petitioner rates the office or the unit.  Raises as `look_up`, and WrongState where it cannot be rated."""
    return _act(office, asked, address, lambda session, case: _rate(session, case, asked))


def _rate(session: Session, case: StoredCase, asked: ProgressRating) -> None:
    ratings.rate(session, case, asked.rating)


def _ratings(session: Session, case: StoredCase) -> tuple[RatingOffer, ...]:
    """Nothing where the matter is not rated at all."""
    given = {one.body for one in rating_store.of_case(session, case.id) if one.entered_by == EnteredBy.PETITIONER}
    if not ratings.is_rated(case):
        return ()
    names = {RatedBody.OFFICE: case.organization.name, RatedBody.UNIT: case.unit.name if case.unit else "承办单位"}
    return tuple(
        RatingOffer(body=body, name=names[body], given=body in given, why_not=ratings.why_not(case, body)) for body in RatedBody
    )


# --- asking for a review ------------------------------------------------------------------------------------------


def ask_review(office: Office, asked: ProgressReview, address: str) -> Progress:
    """The petitioner asks for a review, or after that for a re-examination; the office sees it on the case.

    Raises as `look_up`, and WrongState where nothing can be asked for now.
    """
    return _act(office, asked, address, lambda session, case: _ask_review(session, case, asked.words.strip()))


def _ask_review(session: Session, case: StoredCase, words: str) -> None:
    cases.lock(session, case.id)
    step, offer = _reviewable(case), _review(session, case)
    if step is None or offer is None or offer.why_not:
        raise WrongState(offer.why_not if offer else "现在还不能申请，收到处理意见书以后才能申请复查。", code="not_reviewable")
    now = clock.now()
    day = clock.day_in_office(now)
    session.add(
        PetitionerRequest(
            case_id=case.id, organization_id=case.organization_id, step=step, words=words, asked_at=now, asked_on=day,
        )
    )  # fmt: skip
    # The opinion is due from the request on, however long nobody takes the request up.
    clocks.meet(session, case, STEPS[step].meets, day)
    for limit, _ in STEPS[step].starts:
        clocks.begin_once(session, case, limit, case.organization_id, day)
    session.add(StoredCaseEvent(case_id=case.id, at=now, author="信访人", kind=progress_words.ASKED[step]))
    session.flush()


def _reviewable(case: StoredCase) -> Step | None:
    return next((step for step in progress_words.ASKED if case.state in STEPS[step].sources), None)


def _review(session: Session, case: StoredCase) -> ReviewOffer | None:
    """Until when what may be asked for; None where nothing may."""
    step = _reviewable(case)
    if step is None:
        return None
    name = progress_words.NAMES[step]
    asked = next((one for one in flow_store.open_requests(session, case.id) if one.step == step), None)
    limit = next(iter(flow_store.open_deadlines_of(session, case.id, STEPS[step].meets)), None)
    return ReviewOffer(
        name=name,
        until=chinese_day(limit.due_on) if limit is not None else "",
        asked=chinese_day(asked.asked_on) if asked is not None else "",
        why_not=_why_no_review(name, limit, asked),
    )


def _why_no_review(name: str, limit: StoredDeadline | None, asked: PetitionerRequest | None) -> str:
    if asked is not None:
        return f"您已经申请了{name}，信访局收到了，会告诉您怎么办。"
    if limit is not None and limit.due_on < clock.today():
        return f"申请{name}的 {RULES[limit.rule].limit}已经过了。有正当理由的，请到接谈室来说。"
    return ""


# --- own copies ---------------------------------------------------------------------------------------------------


def fetch_copy(office: Office, asked: ProgressCopy, address: str) -> tuple[bytes, str]:
    """A document of the petitioner's own as PDF and a name to save it under.

    Raises as `look_up`, NotFound also for wrong ID digits (counted as a wrong try), WrongState where there are none,
    Unavailable.
    """
    source, code = tries.sources(office, asked, address)
    with office.store.read() as session:
        tries.require_left(session, source, code)
        found = _opened(session, asked)
        case = found.case if found is not None else None
        if found is not None and (case is None or (why := _no_copies(session, case))):
            raise WrongState(why if case is not None else "笔录还没有登记成信访事项，还没有能带走的文书。", code="no_copies")
        known = store.id_number(session, case.id) if case is not None else ""
    if case is None:
        raise tries.missed(office, source, code, WRONG)
    if not hmac.compare_digest(known[-6:].upper().encode(), asked.id_last6.encode()):
        raise tries.missed(office, source, code, WRONG_ID)
    return _copy(office, case, asked.name)


def _copy(office: Office, case: StoredCase, name: str) -> tuple[bytes, str]:
    """One of `_copies`; a letter is typeset outside of the transaction."""
    with office.store.read() as session:
        if name not in {one.name for one in _copies(session, case)}:
            raise InvalidInput("没有这份文书。")
        letter = LETTER_COPY.fullmatch(name)
        make, saved_as = issued.own_copy(session, office.settings, case, int(letter[1])) if letter else (None, "")
    if make is not None:
        return make(), saved_as
    return documents.fetch(office, case.id, name).read_bytes(), f"{COPIES[name]}-{case.case_no}.pdf"


def _copies(session: Session, case: StoredCase) -> tuple[OwnCopy, ...]:
    """Record and form of a talk, and the letters that were delivered."""
    talk = [OwnCopy(name=name, title=title) for name, title in COPIES.items()] if case.record_id else []
    letters = [
        OwnCopy(name=f"letter-{one.id}.pdf", title=f"{terms.LETTER[LetterKind(one.kind)]}（{one.number}）")
        for one in issued.own_letters(session, case)
    ]  # fmt: skip
    return (*talk, *letters)


def _no_copies(session: Session, case: StoredCase) -> str:
    """Why nothing can be taken home by code; empty where it can."""
    if case.accusation:
        return "检举控告的内容不在网上给，免得叫别人看到。请带身份证到接谈室来拿。"
    if len(store.id_number(session, case.id)) < 6:
        return "没有登记您的证件号码，网上没法核对是不是您本人。请带身份证到接谈室来拿。"
    return ""
