"""待办、督办、到期: what waits for whom, narrowed, page by page, and one thing done with several matters."""

import pytest
from sqlalchemy import select, text

from server import clock
from server.domain.desks import Desk, DueGroup, days_of, desks_of
from server.domain.flow import Step
from server.domain.joins import Deed
from server.domain.states import StaffRole
from server.errors import InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.alike import LinkOrder
from server.protocol.flow import NewMatter, UnitOrder
from server.protocol.work import BulkItem, BulkOrder
from server.reception.matter import bulk, joining, registering, work
from server.store import desks as store
from server.store.access import Actor
from server.store.migrate import downgrade, migrate
from server.store.models import StoredAssignment, StoredCase, StoredPromise, User
from tests.databases import ON_POSTGRESQL
from tests.records.office import TALK, World, add_reception
from tests.records.test_flow import (
    HANDLER,
    LAND,
    LAND_HEAD,
    LETTER,
    SUPERVISOR,
    TOWN,
    TOWN_HANDLER,
    Matter,
    at,
)

TOWN_LEADER = Actor(name="镇长", user_id=4, role=StaffRole.LEADER, organization_id=TOWN, organization_path="/1/2/")


@pytest.fixture
def matter(world: World) -> Matter:
    return Matter(world)


def another(matter: Matter, **changed: object) -> int:
    """A second matter of the same office."""
    with matter.world.write() as session:
        return registering.register(session, matter.world.clerk, NewMatter.model_validate({**LETTER, **changed}))[0].id


def ids(world: World, actor: Actor, desk: Desk) -> list[int]:
    with world.read() as session:
        return [row.id for row in work.listed(session, actor, desk, "").rows]


def full(world: World, actor: Actor, *, supervision: bool = False) -> dict[str, int]:
    """The lists that have something in them."""
    with world.read() as session:
        shown = work.overview(session, actor, work.of_page(actor, supervision))
    return {one.key: one.count for one in shown if one.count}


def going_on(world: World) -> set[bool]:
    """What the shares say of their matters."""
    with world.read() as session:
        return set(session.scalars(select(StoredAssignment.going_on)))


def test_a_matter_moves_from_desk_to_desk(matter: Matter):
    world, clerk = matter.world, matter.world.clerk
    assert full(world, clerk) == {"arrived": 1}
    matter.give((LAND, "main"), (TOWN, "township"))
    assert full(world, clerk) == {}
    assert full(world, HANDLER) == full(world, TOWN_HANDLER) == {"to_receive": 1}
    matter.take(HANDLER, Step.RECEIVE)
    assert full(world, HANDLER) == {"to_accept": 1}
    matter.take(HANDLER, Step.OBJECT, reason="归规划局管")
    assert full(world, HANDLER) == {}
    with world.read() as session:
        row = work.listed(session, clerk, Desk.OBJECTIONS, "").rows[0]
    assert (row.who, row.what, row.said) == ("县自然资源局", "主办，定同意不同意", "归规划局管")
    matter.take(clerk, Step.UPHOLD_OBJECTION, reason="重新分")
    assert full(world, clerk) == {"came_back": 1}
    matter.take(clerk, Step.ASSIGN, units=[UnitOrder(organization_id=LAND)])
    matter.take(HANDLER, Step.ACCEPT)
    assert full(world, HANDLER) == {"working": 1, "undelivered": 1}
    matter.take(HANDLER, Step.ASK_EXTENSION, days=10, reason="要测量")
    assert full(world, HANDLER) == {"working": 1, "undelivered": 1}
    assert full(world, LAND_HEAD)["extensions"] == full(world, world.leader)["extensions"] == 1
    matter.take(TOWN_HANDLER, Step.FEED_BACK, reason="底册在")
    assert full(world, clerk) == {"feedback": 1}
    matter.take(clerk, Step.SEND_BACK, reason="没有签字", assignment_id=share_of(matter, TOWN))
    assert full(world, TOWN_HANDLER) == {"sent_back": 1}
    assert full(world, SUPERVISOR, supervision=True) == {"returned": 1}
    matter.take(TOWN_HANDLER, Step.FEED_BACK, reason="补上了")
    matter.take(HANDLER, Step.REPLY, text="补发了。")
    matter.take(HANDLER, Step.DELIVER, day=clock.today_in_office().date().isoformat(), how="当面")
    matter.take(clerk, Step.CONCLUDE)
    assert (full(world, clerk), full(world, HANDLER)) == ({}, {})
    assert full(world, SUPERVISOR, supervision=True) == {"uncontacted": 1}
    matter.take(clerk, Step.CONTACT, how="电话")
    assert full(world, SUPERVISOR, supervision=True) == {}


def test_what_came_back_is_known_again_when_a_merger_is_undone_and_where_the_store_is_older(matter: Matter):
    world, clerk = matter.world, matter.world.clerk
    earlier, third = another(matter), another(matter)

    def decide(deed: Deed, other_id: int | None = None) -> None:
        with world.write() as session:
            version = session.get_one(StoredCase, matter.id).version
            other = session.get_one(StoredCase, other_id).version if other_id else None
            joining.decide(session, clerk, matter.id, deed, LinkOrder(version=version, reason="同一件", other_id=other_id, other_version=other))

    matter.give((LAND, "main"), (TOWN, "township"))
    matter.take(TOWN_HANDLER, Step.FEED_BACK, reason="底册在")
    assert ids(world, clerk, Desk.FEEDBACK) == [matter.id]
    decide(Deed.MERGE, earlier)
    assert ids(world, clerk, Desk.FEEDBACK) == ids(world, clerk, Desk.CAME_BACK) == ids(world, HANDLER, Desk.TO_RECEIVE) == []
    assert going_on(world) == {False}
    decide(Deed.UNMERGE)
    assert (ids(world, clerk, Desk.FEEDBACK), ids(world, HANDLER, Desk.TO_RECEIVE)) == ([matter.id], [matter.id])
    assert going_on(world) == {True}
    returned = Matter.__new__(Matter)
    returned.world, returned.id = world, third
    returned.give((LAND, "main"))
    returned.take(clerk, Step.WITHDRAW, reason="重新分", assignment_id=share_of(returned, LAND))
    with world.office.store.engine.begin() as connection:
        downgrade(connection, "0060")
    migrate(world.office.store.engine)
    assert (ids(world, clerk, Desk.FEEDBACK), ids(world, clerk, Desk.CAME_BACK)) == ([matter.id], [third])
    assert ids(world, HANDLER, Desk.TO_RECEIVE) == [matter.id]
    assert ids(world, clerk, Desk.ARRIVED) == [earlier]


def share_of(matter: Matter, unit: int) -> int:
    with matter.world.read() as session:
        found = select(StoredAssignment.id).where(
            StoredAssignment.case_id == matter.id, StoredAssignment.organization_id == unit, StoredAssignment.state != "withdrawn"
        )
        return session.scalars(found).one()


def test_due_says_who_has_to_do_what_and_why_on_that_day(matter: Matter):
    world = matter.world
    matter.give((LAND, "main"))
    second = another(matter)
    at("2026-06-16")
    with world.read() as session:
        assert [row.what for row in work.due(session, HANDLER, None, "").parts[1].page.rows] == ["对交办提出异议"]
    at("2026-06-23")
    with world.read() as session:
        found = work.due(session, world.clerk, None, "")
        narrowed = work.due(session, world.clerk, LAND, "notify_acceptance")
        for_unit = work.due(session, HANDLER, None, "")
        town = work.due(session, TOWN_HANDLER, None, "")
        others = work.due(session, world.other_clerk, LAND, "")
    parts = {part.key: [(row.id, row.who, row.what) for row in part.page.rows] for part in found.parts}
    assert parts == {
        "overdue": [],
        "today": [],
        "three_days": [(matter.id, "县自然资源局", "告知是否受理"), (second, "临溪县信访局", "登记并转送、交办")],
        "week": [],
    }
    row = found.parts[2].page.rows[0]
    assert (row.basis, row.deadline.days_left, row.deadline.overdue) == ("第二十三条 15 天", 1, False)
    assert (LAND, "县自然资源局") in {(one.id, one.name) for one in found.units}
    assert [part.count for part in narrowed.parts] == [0, 0, 1, 0]
    assert [part.count for part in for_unit.parts] == [0, 0, 1, 0]
    assert [part.count for part in town.parts] == [part.count for part in others.parts] == [0, 0, 0, 0]


def test_an_office_sees_what_is_due_in_its_matters_at_units_beside_it(world: World, matter: Matter):
    with world.write() as session:
        registered, _ = registering.register(session, world.town_clerk, NewMatter.model_validate(LETTER))
        other = registered.id
    one = Matter.__new__(Matter)
    one.world, one.id = world, other
    one.take(world.town_clerk, Step.ASSIGN, units=[UnitOrder(organization_id=LAND)])
    at("2026-06-24")
    with world.read() as session:
        found = work.due(session, world.town_clerk, None, "")
    assert [(row.id, row.who) for part in found.parts for row in part.page.rows] == [(other, "县自然资源局")]


@pytest.mark.parametrize("few", [24, 0])
def test_pages_follow_one_another_without_gap_or_repeat(matter: Matter, monkeypatch, few):
    """With the organizations one by one, and from the index over all of them."""
    monkeypatch.setattr(store, "FEW", few)
    monkeypatch.setattr(store, "PAGE_ROWS", 2)
    monkeypatch.setattr(work, "DUE_ROWS", 2)
    cases = [matter.id, *(another(matter, received_on=f"2026-06-0{8 - n}") for n in range(4))]
    at("2026-07-20")
    world = matter.world
    with world.read() as session:
        for desk, actor, order in ((Desk.ARRIVED, world.clerk, cases[:0:-1] + cases[:1]), (Desk.ALL_LATE, SUPERVISOR, cases[:0:-1] + cases[:1])):
            assert walked(lambda after, d=desk, a=actor: work.listed(session, a, d, after)) == order
        late = walked(lambda after: work.due_part(session, world.clerk, DueGroup.OVERDUE, None, "", after))
        assert late == cases[:0:-1] + cases[:1]
        for actor, desk, odd in NO_PLACES:
            with pytest.raises(InvalidInput, match="invalid_input"):
                work.listed(session, actor or world.leader, desk, odd)


NO_PLACES = (
    (LAND_HEAD, Desk.TO_RECEIVE, "gestern"), (LAND_HEAD, Desk.TO_RECEIVE, "2026-06-09~1"), (LAND_HEAD, Desk.TO_RECEIVE, "99999999999999999999"),
    (SUPERVISOR, Desk.ALL_LATE, "gestern~1"), (SUPERVISOR, Desk.ALL_LATE, "1"), (SUPERVISOR, Desk.ALL_LATE, "2026-06-09~1~1"),
    (None, Desk.RECEPTIONS, "2026-06-09T10:00:00~a"), (None, Desk.RECEPTIONS, "0001-01-01T00:00:00+08:00~a"), (None, Desk.RECEPTIONS, "a"),
)  # fmt: skip
"""What no page of such a list ends with; None: the leader."""


def walked(page) -> list[int]:
    found, after = [], ""
    while True:
        got = page(after)
        found += [row.id for row in got.rows]
        after = got.next
        if not after:
            return found


def test_a_list_of_another_role_is_not_there(matter: Matter):
    with matter.world.read() as session, pytest.raises(NotFound):
        work.listed(session, HANDLER, Desk.ARRIVED, "")


def test_repeats_are_the_supervisors_and_accusations_stay_hidden(matter: Matter):
    again = another(matter)
    with matter.world.write() as session:
        session.get_one(StoredCase, again).repeat_of_id = matter.id
    assert ids(matter.world, SUPERVISOR, Desk.REPEATED) == [again]
    with matter.world.write() as session:
        case = session.get_one(StoredCase, again)
        case.purpose = "accusation"
        registering.keep_accused(session, case, "临溪县信访局")
    assert ids(matter.world, SUPERVISOR, Desk.REPEATED) == []
    assert ids(matter.world, matter.world.clerk, Desk.ARRIVED) == [matter.id]


def test_a_leader_sees_what_became_of_what_they_promised(world: World):
    with world.write() as session:
        add_reception(session)
        for number, state in ((1, "confirmed"), (2, "struck"), (3, "heard")):
            session.add(StoredPromise(
                reception_id="r1", id=f"p{number}", who="石桥镇政府", what="拿出领款单", by="6月18日", text="6月18日前拿出来",
                start=float(number), state=state, version=1,
            ))  # fmt: skip
    with world.read() as session:
        (row,) = work.listed(session, world.leader, Desk.RECEPTIONS, "").rows
        assert work.listed(session, TOWN_LEADER, Desk.RECEPTIONS, "").rows == ()
    assert (row.id, row.title, row.state) == (0, "修村道占地，补偿款没到手", "笔录还没有归档")
    assert [(one.id, one.confirmed) for one in row.promises] == [("p1", True), ("p3", False)]


# --- several at once ---------------------------------------------------------------------------------------------


def items(matter: Matter, *cases: int) -> tuple[BulkItem, ...]:
    with matter.world.read() as session:
        return tuple(BulkItem(id=one, version=session.get_one(StoredCase, one).version) for one in cases)


def test_the_preview_says_what_the_doing_does_and_changes_nothing(matter: Matter):
    world, store_ = matter.world, matter.world.office.store
    second, third = another(matter), another(matter)
    order = BulkOrder(action="assign", items=items(matter, matter.id, second, third), units=(UnitOrder(organization_id=LAND),))
    Moved = Matter.__new__(Matter)
    Moved.world, Moved.id = world, second
    Moved.take(world.clerk, Step.SCREEN, purpose="request", category="征地")
    before = bulk.preview(store_, world.clerk, order)
    assert [(row.id, row.done) for row in before.rows] == [(matter.id, True), (second, False), (third, True)]
    assert "刚刚办了“甄别”" in before.rows[1].words
    assert len(ids(world, world.clerk, Desk.ARRIVED)) == 3
    assert bulk.do(store_, world.clerk, order) == before
    assert ids(world, world.clerk, Desk.ARRIVED) == [second]
    assert sorted(ids(world, HANDLER, Desk.TO_RECEIVE)) == [matter.id, third]
    signed = bulk.do(store_, HANDLER, BulkOrder(action="receive", items=items(matter, matter.id, third)))
    assert [row.words for row in signed.rows] == ["签收", "签收"]
    twice = bulk.do(store_, HANDLER, BulkOrder(action="receive", items=items(matter, matter.id)))
    assert [(row.done, row.words) for row in twice.rows] == [(False, "本单位这一份现在是“已签收”。")]


def test_urging_is_written_down_once_a_day(matter: Matter):
    world, store_ = matter.world, matter.world.office.store
    second = another(matter)
    matter.give((LAND, "main"))
    order = BulkOrder(action="urge", items=(*items(matter, matter.id, second), BulkItem(id=999, version=1)), reason="期限快到了")
    found = bulk.do(store_, SUPERVISOR, order)
    assert [(row.done, row.words) for row in found.rows] == [
        (True, "催县自然资源局"), (False, "现在没有别的单位要办的，不用催。"), (False, NotFound.message)
    ]  # fmt: skip
    assert bulk.do(store_, SUPERVISOR, order).rows[0].words == "今天已经催过了，明天再催。"
    with pytest.raises(NotAllowed):
        bulk.do(store_, HANDLER, order)
    at("2026-06-25")
    with world.read() as session:
        rows = work.due(session, SUPERVISOR, None, "").parts[0].page.rows
    assert [(row.id, row.urged) for row in rows] == [(second, 0), (matter.id, 1)]
    assert matter.view(SUPERVISOR).events[-1].why == "县自然资源局：期限快到了"


def test_a_unit_says_who_works_on_its_share(matter: Matter):
    world, store_ = matter.world, matter.world.office.store
    matter.give((LAND, "main"), (TOWN, "township"))
    with world.write() as session:
        session.add(User(id=50, organization_id=LAND, username="wei", name="韦国良", role="handler", password_hash="", created_at=TALK))
    order = BulkOrder(action="officer", items=items(matter, matter.id), officer_id=50)
    assert bulk.do(store_, HANDLER, order).rows[0].words == "由韦国良办"
    with world.read() as session:
        assert work.listed(session, HANDLER, Desk.TO_RECEIVE, "").rows[0].officer == "韦国良"
    with world.write() as session, pytest.raises(InvalidInput):
        bulk.set_officer(session, HANDLER, matter.id, share_of(matter, LAND), 1)
    with world.write() as session, pytest.raises(NotAllowed):
        bulk.set_officer(session, TOWN_HANDLER, matter.id, share_of(matter, LAND), 50)
    with world.write() as session, pytest.raises(WrongState, match="wrong_state"):
        bulk.set_officer(session, HANDLER, matter.id, share_of(matter, LAND), 50)


# --- how the database goes about it ------------------------------------------------------------------------------


@pytest.mark.skipif(ON_POSTGRESQL, reason="asks SQLite for its plan")
@pytest.mark.parametrize("few", [24, 0])
def test_every_list_walks_an_index_and_sorts_nothing_but_merged_pages(world: World, monkeypatch, few):
    """What SQLite says it would do, with the organizations one by one and all at once."""
    monkeypatch.setattr(store, "FEW", few)
    today = clock.today_in_office().date()
    with world.read() as session:
        for actor, desks in ((world.leader, desks_of(StaffRole.LEADER)), (HANDLER, [Desk.TO_RECEIVE, Desk.WORKING, Desk.UNDELIVERED])):
            for desk in desks:
                plans = check_plan(session, store.streams(actor, desk, store.below(session, actor), today), desk)
                if desk in (Desk.CAME_BACK, Desk.FEEDBACK):
                    assert all("ix_cases_came_back" in plan for plan in plans), "not all that is open is looked through for the few"
                if desk in (Desk.TO_RECEIVE, Desk.WORKING):
                    assert all("ix_assignments_going_on" in plan for plan in plans), "nor what lies undone in matters that are over"
            for narrowed in (store.Narrowed(), store.Narrowed(rule="conclude"), store.Narrowed(unit_id=LAND)):
                streams = store.due(actor, DueGroup.WEEK, store.below(session, actor), days_of(DueGroup.WEEK, today), narrowed)
                check_plan(session, streams, DueGroup.WEEK)


def check_plan(session, streams, name: str) -> list[str]:
    found = []
    for one in streams:
        ordered = one.rows.order_by(*(column.desc() if one.newest_first else column for column in one.by)).limit(31)
        asked = str(ordered.compile(session.get_bind(), compile_kwargs={"literal_binds": True})).replace(":", r"\:")
        plan = [row[-1] for row in session.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
        assert plan[0].startswith("SEARCH"), (name, plan)
        assert "USING INDEX" in plan[0] or "COVERING INDEX" in plan[0], (name, plan)
        assert "USE TEMP B-TREE FOR ORDER BY" not in plan, (name, plan)
        found.append(plan[0])
    return found
