"""Stricter local limits: what an administrator may set, what it changes, and that running deadlines keep theirs."""

from datetime import date

import pytest

from server.domain.flow import Step
from server.domain.states import StaffRole
from server.domain.workdays import OFFICIAL, Workdays
from server.errors import InvalidInput, JietanError, NotFound
from server.protocol.flow import NewMatter
from server.protocol.limits import LimitOrder, Limits
from server.reception.figures import stats
from server.reception.matter import cases, local_limits, registering
from server.store.access import Actor
from tests.records.office import World
from tests.records.test_flow import HANDLER, LAND, LAND_HEAD, LETTER, TOWN, Matter, at, refused

ADMIN = Actor(name="管理", user_id=9, role=StaffRole.ADMINISTRATOR, organization_id=1, organization_path="/1/")
SOURCE = "临信发〔2026〕3号"


def put(world: World, rule: str, value: int, *, unit: str = "days", source: str = SOURCE, place: int = 1) -> Limits:
    with world.write() as session:
        return local_limits.set_limit(session, world.office.settings, ADMIN, place, rule, LimitOrder(value=value, unit=unit, source=source))


def row(found: Limits, rule: str):
    return next(one for one in found.limits if one.rule == rule)


def test_a_stricter_limit_holds_for_what_begins_from_now_on_and_is_explained(world: World):
    before = Matter(world)
    put(world, "register_and_refer", 5)
    with world.write() as session:
        later, _ = registering.register(session, world.clerk, NewMatter.model_validate(LETTER))
        first = cases.open_case(session, world.clerk, before.id).deadline
        second = cases.open_case(session, world.clerk, later.id).deadline
    assert (first.due, second.due) == ("2026-06-24", "2026-06-14")
    assert "15 天" in first.counted
    assert first.notes == ()
    assert SOURCE not in first.article
    assert "5 天" in second.counted
    assert second.article.endswith(f"本地定得更紧：{SOURCE}")


def test_what_runs_keeps_its_limit_when_days_stand_still_or_are_added(world: World):
    matter = Matter(world)
    matter.accept()
    matter.take(HANDLER, Step.ASK_EXTENSION, days=30, reason="要重新测量")
    matter.take(LAND_HEAD, Step.GRANT_EXTENSION)
    put(world, "conclude", 20)
    put(world, "extended_conclude", 10)
    matter.mediate()
    matter.take(HANDLER, Step.BEGIN_PAUSE, pause="mediation", reason="双方同意")
    at("2026-06-18")
    matter.take(HANDLER, Step.END_PAUSE, outcome="谈成了")
    assert matter.deadlines()["conclude"].due_on == date(2026, 9, 16)
    assert "60 天" in matter.view(HANDLER).deadline.counted


@pytest.mark.parametrize(("rule", "order", "why"), [
    ("conclude", {"value": 61}, "比法律宽"),
    ("conclude", {"value": 20, "unit": "working_days"}, "也要按日历天写"),
    ("conclude", {"value": 20, "source": "  "}, "依据本地哪个文件"),
    ("request_review", {"value": 20}, "信访人自己的期限"),
    ("nothing", {"value": 20}, "没有“nothing”这个期限"),
])  # fmt: skip
def test_what_the_law_does_not_allow_is_refused_with_the_reason(world: World, rule, order, why):
    with refused(InvalidInput, why):
        put(world, rule, **order)
    with world.read() as session:
        assert local_limits.view(session, world.office.settings, ADMIN, 1).changes == ()


def test_nobody_below_is_laxer_than_what_stands_above(world: World):
    put(world, "conclude", 30)
    with refused(InvalidInput, "上级定的是 30 天"):
        put(world, "conclude", 40, place=TOWN)
    found = row(put(world, "conclude", 20, place=TOWN), "conclude")
    assert (found.holds, found.set_by, found.own) == ("20 天", "石桥镇政府", True)
    with world.read() as session:
        assert row(local_limits.view(session, world.office.settings, ADMIN, 1), "conclude").holds == "30 天"


def test_changes_are_kept_and_the_law_holds_again(world: World):
    put(world, "conclude", 30)
    put(world, "conclude", 20)
    put(world, "conclude", 20)
    with world.write() as session:
        found = local_limits.drop(session, world.office.settings, ADMIN, 1, "conclude")
    assert row(found, "conclude").holds == "60 天"
    assert [(one.old, one.new) for one in found.changes] == [
        (f"20 天（{SOURCE}）", "照法律规定"), (f"30 天（{SOURCE}）", f"20 天（{SOURCE}）"), ("照法律规定", f"30 天（{SOURCE}）"),
    ]  # fmt: skip
    with pytest.raises(NotFound), world.write() as session:
        local_limits.drop(session, world.office.settings, ADMIN, 1, "conclude")


def test_an_administrator_of_another_organization_sees_and_sets_nothing(world: World):
    town = Actor(name="镇管理", user_id=9, role=StaffRole.ADMINISTRATOR, organization_id=TOWN, organization_path="/1/2/")
    for place in (1, 3, 999):
        with pytest.raises(JietanError), world.read() as session:
            local_limits.view(session, world.office.settings, town, place)


@pytest.mark.parametrize(("today", "year"), [("2026-09-30", 0), ("2026-10-09", 2027), ("2027-02-01", 2027)])
def test_a_year_without_its_holidays_is_told_before_it_matters(today, year):
    until_2026 = Workdays(OFFICIAL.off, OFFICIAL.worked, frozenset(one for one in OFFICIAL.years if one <= 2026))
    assert until_2026.missing_ahead(date.fromisoformat(today)) == year


def test_units_of_the_office_are_the_ones_meant(world: World):
    Matter(world)
    assert row(put(world, "notify_acceptance", 5, place=LAND), "notify_acceptance").set_by == "县自然资源局"


def test_an_office_aims_higher_by_video_than_is_asked_of_everybody(world: World):
    def targets(place: str) -> dict[str, int]:
        with world.read() as session:
            return local_limits.video_targets(session, world.office.settings, place)

    assert targets("/1/2/") == {"video_city": 40, "video_county": 60}
    with refused(InvalidInput, "至少 60%"):
        put(world, "video_county", 59, unit="percent")
    with refused(InvalidInput, "不能过 100%"):
        put(world, "video_county", 101, unit="percent")
    with refused(InvalidInput, "至少 60%"):
        put(world, "video_county", 70, unit="days")
    with refused(InvalidInput, "按天写"):
        put(world, "conclude", 20, unit="percent")
    with refused(InvalidInput, "依据本地哪个文件"):
        put(world, "video_county", 70, unit="percent", source=" ")
    found = put(world, "video_county", 70, unit="percent")
    assert (row(found, "video_county").holds, found.changes[0].old, found.changes[0].new) == ("70%", "照规定", f"70%（{SOURCE}）")
    assert targets("/1/2/")["video_county"] == 70
    with refused(InvalidInput, "至少 70%"):
        put(world, "video_county", 65, unit="percent", place=2)
    with world.read() as session:
        scope, _ = stats.scope_of(session, world.office.settings, world.clerk, "2026-06", None)
    assert dict(scope.policy.video_targets)["county"] == 70, "the figures are drawn against it"
    assert Matter(world).deadlines(), "limits go on beside it"
    with world.write() as session:
        assert row(local_limits.drop(session, world.office.settings, ADMIN, 1, "video_county"), "video_county").holds == "60%"
