"""类案: who puts what together, who sees what of it, measures, leaving, closing."""

import pytest
from sqlalchemy import select

from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.alike import GroupAdd, GroupChange, GroupLeave, MeasureDone, NewGroup, NewMeasure
from server.reception.matter import groups
from server.store.guard import FiledRecordFixed
from server.store.models import GroupEvent
from tests.records.office import World
from tests.records.test_flow import HANDLER, LAND, PLANNER, PLANNING, SUPERVISOR, refused
from tests.records.test_joining import Office


@pytest.fixture
def office(world: World):
    with world.write() as session:
        yield Office(session, world)


def make(office: Office, *cases: int, **changed: object) -> int:
    new = NewGroup.model_validate({"name": "石桥镇修路占地", "reason": "十几户都在反映", "lead_unit_id": LAND, "case_ids": cases, **changed})
    return groups.make(office.session, office.clerk, new).id


def view(office: Office, group: int, actor=None):
    return groups.view(office.session, actor or office.clerk, group)


def test_a_group_from_its_founding_to_its_end(office: Office):
    first, second = office.register(), office.register(name="李四")
    group = make(office, first)
    groups.add(office.session, office.clerk, group, GroupAdd(case_id=second, version=1, reason="同一条路"))
    found = view(office, group)
    assert [one.row.petitioner for one in found.cases] == ["何守田", "李四"]
    assert (found.lead_unit, found.states, found.cases[0].last) == ("县自然资源局", (("已登记", 2),), "归到类案")
    groups.add_measure(office.session, office.clerk, group, NewMeasure(text="统一量地", unit_id=LAND, due_on="2026-06-01"))
    measure = view(office, group, HANDLER).measures[0]
    assert (measure.late, measure.unit) == (True, "县自然资源局")
    groups.finish_measure(office.session, HANDLER, group, measure.id, MeasureDone(outcome="量了 14 户"))
    with refused(WrongState, "已经办好"):
        groups.finish_measure(office.session, HANDLER, group, measure.id, MeasureDone(outcome="x"))
    groups.leave(office.session, office.clerk, group, second, GroupLeave(version=2, reason="是另一条路"))
    groups.change(office.session, office.clerk, group, GroupChange(version=1, reason="都补发了", close=True))
    ended = view(office, group)
    assert (len(ended.cases), ended.closed_on is not None, ended.outcome) == (1, True, "都补发了")
    assert [one.what for one in ended.events][:2] == ["一起解决了，销号", "退出一件"]
    with refused(WrongState, "销号"):
        groups.add(office.session, office.clerk, group, GroupAdd(case_id=second, version=3, reason="x"))
    assert office.kinds(second) == ["registered", "grouped", "ungrouped"]


def test_a_unit_sees_only_its_own_cases_of_a_group_it_leads(office: Office):
    first, second = office.register(), office.register()
    office.give(first, (LAND, "main"))
    group = make(office, first, second)
    assert [one.row.id for one in view(office, group, HANDLER).cases] == [first]
    assert view(office, group, HANDLER).states == (("已转办", 1),)
    with pytest.raises(NotFound):
        view(office, group, PLANNER)
    assert len(view(office, group, SUPERVISOR).cases) == 2
    assert [len(groups.rows(office.session, actor)) for actor in (office.clerk, SUPERVISOR, HANDLER, PLANNER)] == [1, 1, 1, 0]
    for actor in (HANDLER, SUPERVISOR):
        with pytest.raises(NotAllowed):
            groups.add_measure(office.session, actor, group, NewMeasure(text="x"))


def test_what_cannot_be_put_into_a_group(office: Office):
    first = office.register()
    group = make(office, first)
    accusation = office.register(purpose="accusation", accused_unit="县规划局")
    with refused(InvalidInput, "揭发控告不归到类案"):
        groups.add(office.session, office.clerk, group, GroupAdd(case_id=accusation, version=1, reason="x"))
    with refused(WrongState, "已经在一个类案里"):
        make(office, first)
    with pytest.raises(Conflict):
        groups.add(office.session, office.clerk, group, GroupAdd(case_id=office.register(), version=7, reason="x"))
    with refused(Conflict, "别人刚刚改过"):
        groups.change(office.session, office.clerk, group, GroupChange(version=9, reason="x", lead_unit_id=PLANNING))
    for unit in (99, 3):  # nobody's, and the other county's, whose name is not told and which is told nothing
        with refused(InvalidInput, "没有这个单位"):
            groups.change(office.session, office.clerk, group, GroupChange(version=1, reason="x", lead_unit_id=unit))
        with refused(InvalidInput, "没有这个单位"):
            groups.add_measure(office.session, office.clerk, group, NewMeasure(text="x", unit_id=unit))


def test_a_groups_history_cannot_be_changed(office: Office):
    make(office)
    office.session.scalars(select(GroupEvent)).first().why = "别的"
    with pytest.raises(FiledRecordFixed):
        office.session.flush()
    office.session.rollback()
