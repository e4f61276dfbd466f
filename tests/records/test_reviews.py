"""每日评查: drawn once a day, never heard by whoever corrected it, told to them, put right by a supplement."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from server import clock
from server.domain.states import StaffRole
from server.errors import Conflict, InvalidInput, NotFound, WrongState
from server.protocol.cases import NewSupplement
from server.protocol.edits import Edits, EditText
from server.protocol.reviews import NewFinding
from server.reception.matter import cases
from server.reception.record import editing, reviews, signing
from server.store import records
from server.store.access import Actor
from server.store.models import ReviewDay, StoredCase, StoredReview, User, VisitRecord
from tests.records.office import TALK, World, draft, open_world, sign

NEXT_DAY = TALK + timedelta(days=1)
DAY = date(2026, 6, 9)


def filed(world: World, name: str = "r1", *, by: Actor | None = None) -> int:
    record_id = draft(world, name, organization_id=(by or world.clerk).organization_id)
    with world.write() as session:
        signing.confirm(session, by or world.clerk, record_id)
        sign(session, world, record_id, file_at_once=True)
        return session.scalars(select(StoredCase.id).where(StoredCase.record_id == record_id)).one()


@pytest.fixture
def colleague(world: World) -> Actor:
    with world.write() as session:
        session.add(User(id=11, organization_id=1, username="u11", name="王芳", role="clerk", password_hash="", created_at=TALK))
    return Actor(name="王芳", user_id=11, role=StaffRole.CLERK, organization_id=1, organization_path="/1/")


def drawn(world: World) -> list[int]:
    """After midnight of the day on which everything here was filed."""
    clock.set_source(lambda: NEXT_DAY)
    reviews.draw_due(world.office)
    with world.read() as session:
        return list(session.scalars(select(StoredReview.case_id).order_by(StoredReview.id)))


def listed(world: World, actor: Actor):
    with world.read() as session:
        return reviews.listed(session, actor)


def test_a_day_is_drawn_from_once_and_only_when_it_is_over(world):
    filed(world)
    assert DAY not in reviews.days_due(world.office), "today is not over"
    clock.set_source(lambda: NEXT_DAY)
    assert DAY in reviews.days_due(world.office)
    first = drawn(world)
    assert len(first) == 1
    assert drawn(world) == first
    assert DAY not in reviews.days_due(world.office)
    with world.read() as session:
        day = session.get_one(ReviewDay, DAY)
        assert (day.filed, day.drawn) == (1, 1)
    assert reviews.days_due(world.office) == []
    clock.set_source(lambda: NEXT_DAY + timedelta(days=20))
    assert len(reviews.days_due(world.office)) == 14, "two weeks are made up for"


def test_what_was_filed_just_before_midnight_in_the_office_is_of_that_day(world):
    clock.set_source(lambda: TALK.replace(hour=15, minute=59))
    before = filed(world, "r1")
    clock.set_source(lambda: TALK.replace(hour=16, minute=1))
    filed(world, "r2")
    clock.set_source(lambda: TALK.replace(hour=16, minute=2))
    reviews.draw_due(world.office)
    with world.read() as session:
        assert list(session.scalars(select(StoredReview.case_id))) == [before]


def test_the_share_is_a_setting_and_every_office_has_its_own_draw(tmp_path):
    world = open_world(tmp_path / "none", review_share=0.0)
    clock.set_source(lambda: TALK + timedelta(hours=1))
    filed(world)
    assert drawn(world) == []
    clock.set_source(lambda: TALK + timedelta(hours=1))
    world = open_world(tmp_path / "all", review_share=1.0, review_most=2)
    for name in ("r1", "r2", "r3"):
        filed(world, name)
    assert len(drawn(world)) == 2


def test_nobody_hears_what_they_corrected_or_changed(world, colleague):
    record_id = draft(world)
    with world.write() as session:
        line = records.line_rows(session, record_id)[1]
        edit = EditText(line_id=line.id, version=line.version, text=line.text + "的")
        editing.edit(session, colleague, record_id, Edits(edits=(edit,)))
        session.get_one(VisitRecord, record_id).clerk_id = world.clerk.user_id
        signing.confirm(session, world.clerk, record_id)
        sign(session, world, record_id, file_at_once=True)
    drawn(world)
    for actor in (world.clerk, colleague, world.other_clerk):
        assert listed(world, actor).open == ()
        with world.write() as session, pytest.raises(NotFound):
            reviews.take(session, actor, 1)


def test_a_finding_goes_from_the_listener_to_the_clerk_and_into_a_supplement(world, colleague):
    case_id = filed(world)
    drawn(world)
    (row,) = listed(world, colleague).open
    assert (row.case_no, row.clerk, row.state) == ("LX-2026-000001", "", "open")
    with world.write() as session:
        review = reviews.take(session, colleague, row.id)
        line = review.record.body[1]
        reviews.add_finding(session, colleague, row.id, NewFinding(kind="wrong_word", line_id=line.id, words="是三万八千六"))
        slip = reviews.add_finding(session, colleague, row.id, NewFinding(kind="other", words="手误"))
        reviews.drop_finding(session, colleague, row.id, slip.id)
    assert listed(world, world.clerk).returned == (), "not told before it is finished"
    with world.write() as session, pytest.raises(NotFound):
        reviews.opened(session, world.clerk, row.id)
    with world.write() as session:
        reviews.finish(session, colleague, row.id)
    mine = listed(world, world.clerk)
    ((told,),) = (one.findings for one in mine.returned)
    assert (mine.unseen, told.label, told.line, told.words, told.supplement_id) == (1, "字不对", line.text, "是三万八千六", None)
    with world.read() as session:
        before = session.get_one(StoredCase, case_id)
        filed_then, hash_then = before.filed_record, before.record_sha256
    new = NewSupplement(reason="评查：字不对", text="补偿款应为三万八千六百元。", finding_id=told.id)
    with world.write() as session:
        (added,) = cases.add_supplement(session, world.clerk, case_id, new).supplements
    assert added.finding_id == told.id
    after = listed(world, world.clerk)
    assert (after.unseen, after.returned[0].findings[0].supplement_id) == (0, added.id)
    with world.read() as session:
        case = session.get_one(StoredCase, case_id)
        assert (case.filed_record, case.record_sha256) == (filed_then, hash_then), "the filed record never changes"
        assert cases.open_case(session, world.clerk, case_id).intact


def test_only_the_clerk_answers_a_finding_and_only_in_its_own_case(world, colleague):
    first, second = filed(world, "r1"), filed(world, "r2")
    drawn(world)
    with world.write() as session:
        review_id, case_id = session.execute(select(StoredReview.id, StoredReview.case_id)).first()
        reviews.take(session, colleague, review_id)
        found = reviews.add_finding(session, colleague, review_id, NewFinding(kind="form", words="住址不对"))
        reviews.finish(session, colleague, review_id)
    other = second if case_id == first else first
    new = NewSupplement(reason="评查", text="住址", finding_id=found.id)
    with world.write() as session, pytest.raises(NotFound, match="not_found"):
        cases.add_supplement(session, world.clerk, other, new)
    with world.write() as session, pytest.raises(NotFound):
        cases.add_supplement(session, colleague, case_id, new)
    with world.write() as session:
        reviews.put_aside(session, world.clerk, found.id)
    assert listed(world, world.clerk).unseen == 0


def test_one_listener_has_it_and_a_finished_one_stays_as_it_is(world, colleague):
    filed(world, by=world.town_clerk)
    drawn(world)
    with world.write() as session:
        review_id = reviews.take(session, colleague, 1).id
    with world.write() as session, pytest.raises((Conflict, NotFound)):
        reviews.take(session, world.clerk, review_id)
    with world.write() as session:
        with pytest.raises(InvalidInput):
            reviews.add_finding(session, colleague, review_id, NewFinding(kind="missing", line_id="nowhere", words="少一句"))
        reviews.add_finding(session, colleague, review_id, NewFinding(kind="missing", words="少一句"))
        with pytest.raises(WrongState):
            reviews.release(session, colleague, review_id)
        reviews.finish(session, colleague, review_id)
        with pytest.raises(WrongState):
            reviews.add_finding(session, colleague, review_id, NewFinding(kind="other", words="又一条"))


def test_what_is_put_back_can_be_heard_by_another(world, colleague):
    filed(world, by=world.town_clerk)
    drawn(world)
    with world.write() as session:
        reviews.take(session, colleague, 1)
        reviews.release(session, colleague, 1)
    assert len(listed(world, world.clerk).open) == 1


def leaves(world: World, user_id: int) -> None:
    """Their account is closed."""
    with world.write() as session:
        session.get_one(User, user_id).active = False


def test_what_waits_for_a_clerk_who_left_waits_for_a_colleague(world, colleague):
    third = Actor(name="接谈员三", user_id=31, role=StaffRole.CLERK, organization_id=1, organization_path="/1/")
    with world.write() as session:
        session.add(User(id=31, organization_id=1, username="u31", name=third.name, role="clerk", password_hash="", created_at=TALK))
    case_id = filed(world)
    drawn(world)
    with world.write() as session:
        review_id = reviews.take(session, colleague, 1).id
        found = reviews.add_finding(session, colleague, review_id, NewFinding(kind="missing", words="少一句"))
    assert listed(world, third).open == ()
    leaves(world, colleague.user_id)
    assert [row.id for row in listed(world, third).open] == [review_id]
    assert listed(world, world.clerk).open == (), "nobody hears what they corrected"
    with world.write() as session:
        assert [one.words for one in reviews.take(session, third, review_id).findings] == ["少一句"]
        reviews.finish(session, third, review_id)
    assert listed(world, third).returned == ()
    leaves(world, world.clerk.user_id)
    assert listed(world, third).unseen == 1
    assert listed(world, world.town_clerk).returned == ()
    with world.write() as session:
        (added,) = cases.add_supplement(session, third, case_id, NewSupplement(reason="评查", text="少了一句。", finding_id=found.id)).supplements
        assert added.finding_id == found.id
    assert listed(world, third).unseen == 0


def test_findings_are_counted_by_office_and_kind_and_never_of_a_person(world, colleague):
    for number, name in enumerate(("r1", "r2", "r3"), start=21):
        with world.write() as session:
            session.add(User(id=number, organization_id=1, username=f"u{number}", name=name, role="clerk", password_hash="", created_at=TALK))
        filed(world, name, by=Actor(name=name, user_id=number, role=StaffRole.CLERK, organization_id=1, organization_path="/1/"))
    with world.write() as session:
        for case_id in session.scalars(select(StoredCase.id)).all():
            session.add(StoredReview(case_id=case_id, organization_id=1, day=DAY))
        session.flush()
        ids = session.scalars(select(StoredReview.id).order_by(StoredReview.id)).all()
        for review_id in ids[:2]:
            reviews.take(session, colleague, review_id)
            reviews.add_finding(session, colleague, review_id, NewFinding(kind="wrong_word", words="字"))
            reviews.finish(session, colleague, review_id)
        few = reviews.counts(session, world.leader)
        assert (few.offices, few.hidden_offices) == ((), 1), "two clerks: it would be known whose"
        reviews.take(session, colleague, ids[2])
        reviews.finish(session, colleague, ids[2])
        ((office, reviewed, kinds),) = reviews.counts(session, world.leader).offices
        assert (office, reviewed, kinds["wrong_word"], kinds["missing"]) == ("临溪县信访局", 3, 2, 0)
        assert session.scalar(select(func.count()).select_from(ReviewDay)) == 0
