"""每日评查: a sample of each day's filed records is heard again by a colleague; what they find goes back to the clerk.

The filed record never changes: what has to be put right is written as a supplement (补正) that names the finding.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain import sampling, terms
from server.domain.states import FindingKind
from server.errors import Conflict, InvalidInput, NotFound, WrongState
from server.protocol.reviews import Finding, FindingCounts, NewFinding, Review, ReviewRow, Reviews
from server.reception.office import Office
from server.reception.record.deskwork import DAYS, LEAST_CLERKS, OTHERS
from server.reception.record.records import view
from server.settings import Settings
from server.store import records
from server.store import reviews as store
from server.store.access import Actor
from server.store.models import ReviewDay, StoredFinding, StoredReview, VisitRecord

LOOK_BACK = timedelta(days=14)
"""Days that are drawn from when nothing ran for a while."""
MOST_FINDINGS = 100


# --- the daily draw ---------------------------------------------------------------------------------------------


def days_due(office: Office) -> list[date]:
    """Days that are over and were not drawn from."""
    today = clock.today()
    first = today - LOOK_BACK
    with office.store.read() as session:
        drawn = store.days_drawn(session, first)
    return [day for n in range(LOOK_BACK.days) if (day := first + timedelta(days=n)) not in drawn]


def draw_due(office: Office) -> None:
    """Draw from what was filed on each day that is over, once; doing it again changes nothing."""
    due = days_due(office)
    if not due:
        return
    with office.store.write() as session:
        drawn = store.days_drawn(session, due[0])
        for day in due:
            if day not in drawn:
                _draw(session, office.settings, day)


def _draw(session: Session, settings: Settings, day: date) -> None:
    start = datetime.combine(day, time(), clock.OFFICE_ZONE)
    filed = store.filed_between(session, start, start + timedelta(days=1))
    chosen = [(office_id, case_id) for office_id, ids in filed.items() for case_id in _chosen(settings, ids, day)]
    session.add(ReviewDay(day=day, drawn_at=clock.now(), filed=sum(map(len, filed.values())), drawn=len(chosen)))
    session.add_all(StoredReview(case_id=case_id, organization_id=office_id, day=day) for office_id, case_id in chosen)


def _chosen(settings: Settings, case_ids: Iterable[int], day: date) -> list[int]:
    found = sampling.draw(map(str, case_ids), share=settings.review_share, most=settings.review_most, seed=_seed(settings), day=day)
    return [int(id_) for id_ in found]


def _seed(settings: Settings) -> str:
    """The office's own, or one that only the installation knows."""
    return settings.review_seed or settings.key("review")


# --- hearing ----------------------------------------------------------------------------------------------------


def listed(session: Session, actor: Actor) -> Reviews:
    """What there is for a clerk."""
    returned = _rows(session, store.returned_to(session, actor))
    return Reviews(
        open=tuple(_rows(session, store.open_for(session, actor))),
        mine=tuple(_rows(session, store.of_reviewer(session, actor))),
        returned=tuple(returned),
        unseen=sum(not one.seen for row in returned for one in row.findings),
    )


def take(session: Session, actor: Actor, review_id: int) -> Review:
    """The actor hears it; raises NotFound where it is not theirs to hear, Conflict when somebody else was first."""
    review = _require(session, actor, review_id)
    if review.reviewer_id != actor.user_id:
        is_open = review.id in {one.id for one in store.open_for(session, actor)}
        if not is_open and review.reviewer_id is None:
            raise NotFound("自己校对过的笔录，由别人来听。")
        if not is_open or not store.take(session, review.id, actor.user_id or 0):
            raise Conflict("这一份已经有人在听了，请换一份。")
    session.expire(review)
    return opened(session, actor, review_id)


def release(session: Session, actor: Actor, review_id: int) -> None:
    """Put it back for somebody else; what was noted stays with it only if there is nothing noted: raises WrongState."""
    review = _own(session, actor, review_id)
    if store.findings(session, [review.id]):
        raise WrongState("已经记了意见，请听完交回去，或者先把意见去掉。")
    review.reviewer_id = None


def opened(session: Session, actor: Actor, review_id: int) -> Review:
    """The filed record with what was found, for whoever hears it and, once that is done, for the clerk who answers it."""
    review = _require(session, actor, review_id)
    record = session.get_one(VisitRecord, review.case.record_id)
    returned = review.finished_at is not None and store.answers(session, actor, record.id)
    if review.reviewer_id != actor.user_id and not returned:
        raise NotFound
    records.note_access(session, actor, "review", "record", record.id, clock.now())
    (row,) = _rows(session, [review])
    return Review.model_construct(**dict(row), record=view(session, actor, record))


def add_finding(session: Session, actor: Actor, review_id: int, new: NewFinding) -> Finding:
    """Note what is wrong; raises NotFound, WrongState after it was finished, InvalidInput for a line that is not there."""
    review = _own(session, actor, review_id)
    lines = {line["id"] for line in review.case.filed_record["lines"]}
    if new.line_id is not None and new.line_id not in lines:
        raise InvalidInput("笔录里没有这一句。")
    if len(store.findings(session, [review.id]).get(review.id, ())) >= MOST_FINDINGS:
        raise InvalidInput(f"一份最多记 {MOST_FINDINGS} 条。")
    found = StoredFinding(review_id=review.id, kind=new.kind, line_id=new.line_id, words=new.words.strip(), at=clock.now())
    session.add(found)
    session.flush()
    return _finding(found, review, {})


def drop_finding(session: Session, actor: Actor, review_id: int, finding_id: int) -> None:
    """Take a finding back before it is finished; raises NotFound and WrongState."""
    review = _own(session, actor, review_id)
    known = store.finding_of(session, finding_id)
    if known is None or known[1].id != review.id:
        raise NotFound("没有这一条。")
    session.delete(known[0])


def finish(session: Session, actor: Actor, review_id: int) -> None:
    """Heard to the end: what was found goes to the clerk."""
    _own(session, actor, review_id).finished_at = clock.now()


def put_aside(session: Session, actor: Actor, finding_id: int) -> None:
    """The clerk has seen a finding and needs no supplement for it; raises NotFound."""
    told_to(session, actor, finding_id)[0].seen_at = clock.now()


def told_to(session: Session, actor: Actor, finding_id: int) -> tuple[StoredFinding, StoredReview]:
    """A finding of a finished review that this actor answers: the clerk who corrected the record, or a colleague of one who
    left; raises NotFound."""
    known = store.finding_of(session, finding_id)
    review = known and store.find(session, actor, known[1].id)
    if known is None or review is None or review.finished_at is None:
        raise NotFound("没有这一条意见。")
    if review.case.record_id is None or not store.answers(session, actor, review.case.record_id):
        raise NotFound("这一条意见是给别人的。")
    return known[0], review


def _require(session: Session, actor: Actor, review_id: int) -> StoredReview:
    review = store.find(session, actor, review_id)
    if review is None:
        raise NotFound
    return review


def _own(session: Session, actor: Actor, review_id: int) -> StoredReview:
    """A review that the actor has taken and not finished."""
    review = _require(session, actor, review_id)
    if review.reviewer_id != actor.user_id:
        raise NotFound
    if review.finished_at is not None:
        raise WrongState("这一份已经交回去了，不能再改。")
    return review


# --- as they are shown ------------------------------------------------------------------------------------------


def _rows(session: Session, reviews: Sequence[StoredReview]) -> list[ReviewRow]:
    found = store.findings(session, [review.id for review in reviews])
    answered = store.supplements_to(session, [one.id for some in found.values() for one in some])
    return [_row(review, found.get(review.id, ()), answered) for review in reviews]


def _row(review: StoredReview, found: Iterable[StoredFinding], answered: dict[int, int]) -> ReviewRow:
    case = review.case
    taken = review.reviewer is not None
    return ReviewRow(
        id=review.id,
        case_id=case.id,
        case_no=case.case_no,
        title=case.title,
        office=case.organization.name,
        day=review.day.isoformat(),
        seconds=case.filed_record["seconds"],
        clerk=case.filed_record["clerk"] if taken else "",
        reviewer=review.reviewer.name if review.reviewer else "",
        state="finished" if review.finished_at else "taken" if taken else "open",
        findings=tuple(_finding(one, review, answered) for one in found),
    )


def _finding(one: StoredFinding, review: StoredReview, answered: dict[int, int]) -> Finding:
    text = next((line["text"] for line in review.case.filed_record["lines"] if line["id"] == one.line_id), "")
    kind = FindingKind(one.kind)
    return Finding(
        id=one.id, kind=kind.value, label=terms.FINDING_KIND[kind], line_id=one.line_id, line=text, words=one.words, at=one.at,
        seen=one.seen_at is not None or one.id in answered, supplement_id=answered.get(one.id),
    )  # fmt: skip


def counts(session: Session, actor: Actor) -> FindingCounts:
    """Findings of the last thirty days by office and kind; offices in which it would be a person's only together."""
    since = clock.now() - timedelta(days=DAYS)
    by_kind, clerks = store.finding_counts(session, since), store.clerks_reviewed(session, since)
    every = [
        (frozenset(clerks.get(office_id, ())), (name, reviewed, {kind.value: by_kind.get((office_id, kind), 0) for kind in FindingKind}))
        for name, office_id, reviewed in store.finished_counts(session, actor, since)
    ]
    rows = [row for who, row in every if len(who) >= LEAST_CLERKS]
    few = [(who, row) for who, row in every if len(who) < LEAST_CLERKS]
    hidden = len(few)
    if len(frozenset[int]().union(*(who for who, _ in few))) >= LEAST_CLERKS:
        together = {kind.value: sum(row[2][kind.value] for _, row in few) for kind in FindingKind}
        rows.append((OTHERS, sum(row[1] for _, row in few), together))
        hidden = 0
    return FindingCounts(
        days=DAYS, kinds=tuple((kind.value, terms.FINDING_KIND[kind]) for kind in FindingKind),
        offices=tuple(rows), hidden_offices=hidden, least_clerks=LEAST_CLERKS,
    )  # fmt: skip
