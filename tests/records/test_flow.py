"""The flow of a matter from registration to re-examination, as officers of the office and of units take it on."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from server import clock
from server.domain import flow
from server.domain.flow import STEPS, LetterKind, Step
from server.domain.states import CaseState, StaffRole
from server.errors import Conflict, InvalidInput, JietanError, NotAllowed, NotFound, WrongState
from server.protocol.flow import NewMatter, StepOrder, UnitOrder
from server.reception.matter import cases, registering
from server.store.access import Actor
from server.store.guard import FiledRecordFixed
from server.store.models import (
    AccessEntry,
    LocalLimit,
    Organization,
    StoredAssignment,
    StoredCase,
    StoredCaseEvent,
    StoredDeadline,
    StoredLetter,
)
from tests.records.office import World

TOWN, LAND, PLANNING = 2, 10, 11
HANDLER = Actor(name="韦国良", user_id=1, role=StaffRole.HANDLER, organization_id=LAND, organization_path="/1/10/")
LAND_HEAD = Actor(name="局长", user_id=2, role=StaffRole.LEADER, organization_id=LAND, organization_path="/1/10/")
TOWN_HANDLER = Actor(name="柳志平", user_id=4, role=StaffRole.HANDLER, organization_id=TOWN, organization_path="/1/2/")
PLANNER = Actor(name="规划", user_id=3, role=StaffRole.HANDLER, organization_id=PLANNING, organization_path="/1/11/")
SUPERVISOR = Actor(name="沈岚", user_id=2, role=StaffRole.SUPERVISOR, organization_id=1, organization_path="/1/")
LETTER = {
    "channel": "letter", "received_on": "2026-06-09", "name": "何守田", "phone": "13800004321", "id_number": "110101195903075110",
    "statement": "村里修路占了我家的地，补偿款没给。", "purpose": "request",
}  # fmt: skip


class Matter:
    """One matter, with everybody's hands on it."""

    def __init__(self, world: World, **changed: object) -> None:
        self.world = world
        with world.write() as session:
            session.add(Organization(id=LAND, parent_id=1, name="县自然资源局", code="LXZR", path="/1/10/", level="department"))
            session.add(Organization(id=PLANNING, parent_id=1, name="县规划局", code="LXGH", path="/1/11/", level="department"))
        with world.write() as session:
            made, added = registering.register(session, world.clerk, NewMatter.model_validate({**LETTER, **changed}))
            assert added
            self.id = made.id

    def take(self, actor: Actor, step: Step, **order: object) -> None:
        with self.world.write() as session:
            order.setdefault("version", session.get_one(StoredCase, self.id).version)
            cases.take_step(session, actor, self.id, step, StepOrder.model_validate(order))

    def give(self, *units: tuple[int, str]) -> None:
        self.take(self.world.clerk, Step.ASSIGN, units=[UnitOrder(organization_id=one, part=part) for one, part in units])

    def accept(self) -> None:
        self.give((LAND, "main"))
        self.take(HANDLER, Step.ACCEPT)

    def mediate(self) -> None:
        self.take(HANDLER, Step.BEGIN_MEDIATION, by_whom="石桥镇人民调解委员会", how="信访人签了同意书")

    def reply(self) -> None:
        self.accept()
        self.take(HANDLER, Step.REPLY, text="经查，补偿款已经补发。")

    @property
    def state(self) -> str:
        with self.world.read() as session:
            return session.get_one(StoredCase, self.id).state

    def deadlines(self) -> dict[str, StoredDeadline]:
        with self.world.read() as session:
            found = session.scalars(select(StoredDeadline).where(StoredDeadline.case_id == self.id))
            return {one.rule: one for one in found}

    def view(self, actor: Actor):
        with self.world.read() as session:
            return cases.open_case(session, actor, self.id)


@pytest.fixture
def matter(world: World) -> Matter:
    return Matter(world)


def at(day: str) -> None:
    clock.set_source(lambda: datetime.fromisoformat(day + "T10:00:00+08:00"))


def test_from_a_letter_to_the_end_of_every_stage(matter: Matter):
    clerk = matter.world.clerk
    matter.take(clerk, Step.SCREEN, purpose="request", category="征地补偿", place="石桥镇")
    matter.give((LAND, "main"), (TOWN, "township"))
    assert matter.state == CaseState.ASSIGNED
    found = matter.deadlines()
    assert found["register_and_refer"].done_on == date(2026, 6, 9)
    assert (found["notify_acceptance"].due_on, found["notify_acceptance"].organization_id) == (date(2026, 6, 24), LAND)
    matter.take(HANDLER, Step.RECEIVE)
    at("2026-06-18")
    matter.take(HANDLER, Step.ACCEPT)
    assert matter.deadlines()["conclude"].due_on == date(2026, 8, 17)
    with refused(WrongState, "石桥镇政府还没有反馈"):
        matter.take(HANDLER, Step.REPLY, text="已经补发。")
    matter.take(TOWN_HANDLER, Step.FEED_BACK, reason="底册登记 1.2 亩")
    matter.take(clerk, Step.SEND_BACK, reason="没有领款签字", assignment_id=share(matter, TOWN))
    matter.take(TOWN_HANDLER, Step.FEED_BACK, reason="补上了")
    matter.take(HANDLER, Step.REPLY, text="已经补发。")
    assert matter.deadlines()["conclude"].done_on == date(2026, 6, 18)
    with refused(WrongState, "还没有送达"):
        matter.take(clerk, Step.CONCLUDE)
    matter.take(HANDLER, Step.CONTACT, how="电话")
    matter.take(HANDLER, Step.DELIVER, day="2026-06-18", how="当面送达")
    assert matter.deadlines()["request_review"].organization_id is None
    explained = {"how": "上门讲", "outcome": "听明白了，不认可"}
    with refused(InvalidInput, "出文书那天到今天"):
        matter.take(HANDLER, Step.EXPLAIN, day="2026-06-17", **explained)
    matter.take(HANDLER, Step.EXPLAIN, day="2026-06-18", by_whom="法律顾问韦律师", **explained)
    told = matter.view(clerk).events[-1]
    assert (told.what, told.why, told.details) == (
        "把决定讲给信访人听", "上门讲；听明白了，不认可", ("法律顾问韦律师 2026年6月18日（星期四）讲的",)
    )
    matter.take(clerk, Step.INVITE_RATING, how="短信")
    matter.take(clerk, Step.CONCLUDE)
    matter.take(clerk, Step.FOLLOW_UP, outcome="说没有收到钱", score="dissatisfied")
    assert matter.view(clerk).events[-1].details == ("他说不满意",)
    matter.take(HANDLER, Step.IMPROVE, outcome="补办领款签字")
    at("2026-07-02")
    matter.take(clerk, Step.REQUEST_REVIEW, day="2026-07-01")
    assert matter.deadlines()["review"].due_on == date(2026, 7, 31)
    matter.take(clerk, Step.REVIEW_OPINION, text="维持。")
    matter.take(clerk, Step.DELIVER, day="2026-07-02", how="邮寄")
    matter.take(clerk, Step.REQUEST_REEXAMINATION, day="2026-07-02")
    matter.take(clerk, Step.BEGIN_PAUSE, pause="hearing", reason="开听证会", day="2026-07-03")
    with refused(WrongState, "还在停算"):
        matter.take(clerk, Step.REEXAMINATION_OPINION, text="维持。")
    at("2026-07-12")
    matter.take(clerk, Step.END_PAUSE, outcome="听证完了")
    assert matter.deadlines()["reexamination"].due_on == date(2026, 8, 11)
    matter.take(clerk, Step.REEXAMINATION_OPINION, text="维持。")
    case = matter.view(clerk)
    assert (case.state, case.stage) == ("已复核", "reexamined")
    kinds = [one.kind for one in case.letters]
    assert kinds == ["assignment", "assignment", "acceptance", "handling_opinion", "review_opinion", "reexamination_opinion"]
    assert [event.kind for event in case.events][:3] == ["registered", "screen", "assign"]
    assert len(case.events) == case.version


@contextmanager
def refused(kind: type[JietanError], words: str) -> Iterator[None]:
    """The user is told an error of this kind, with these words in it."""
    with pytest.raises(kind) as told:
        yield
    assert words in told.value.message


def share(matter: Matter, unit: int) -> int:
    with matter.world.read() as session:
        return session.scalars(
            select(StoredAssignment.id).where(StoredAssignment.case_id == matter.id, StoredAssignment.organization_id == unit)
        ).one()


def test_of_two_who_act_at_once_one_wins_and_the_other_is_told(matter: Matter):
    def give(unit: int) -> str:
        try:
            matter.take(matter.world.clerk, Step.ASSIGN, version=1, units=[UnitOrder(organization_id=unit)])
        except Conflict as error:
            return error.message
        return "given"

    with ThreadPoolExecutor(2) as both:
        found = sorted(both.map(give, (LAND, PLANNING)))
    assert found[0] == "given"
    assert "林晓刚刚办了“转送、交办”" in found[1]
    with matter.world.read() as session:
        assert len(session.scalars(select(StoredAssignment)).all()) == 1


@pytest.mark.parametrize("step", list(Step))
def test_no_step_from_a_state_that_does_not_lead_there(matter: Matter, step: Step):
    """Every state that is not a source of the step refuses it, and nothing changes."""
    matter.give((LAND, "main"))
    everything = {
        "reason": "x", "text": "x", "how": "x", "outcome": "x", "day": "2026-06-09", "units": [UnitOrder(organization_id=PLANNING)],
        "purpose": "request", "category": "x", "route": "x", "days": 3, "pause": "mediation", "ground": "late",
    }  # fmt: skip
    actors = (matter.world.clerk, matter.world.leader, HANDLER)
    for state in set(CaseState) - STEPS[step].sources:
        with matter.world.write() as session:
            session.execute(update(StoredCase).values(state=state))
        for actor in actors:
            with pytest.raises((WrongState, NotAllowed)):
                matter.take(actor, step, **everything)
        assert matter.state == state


@pytest.mark.parametrize(("step", "rule"), [(step, rule) for step, rule in STEPS.items() if rule.needs])
def test_what_a_step_needs_is_asked_for(matter: Matter, step, rule):
    matter.give((LAND, "main"))
    with matter.world.write() as session:
        session.execute(update(StoredCase).values(state=min(rule.sources)))
        session.execute(update(StoredAssignment).values(state=min(rule.share, default="sent")))
    actor = HANDLER if rule.who == ("unit",) else LAND_HEAD if rule.who == ("head",) else matter.world.clerk
    with pytest.raises(InvalidInput) as told:
        matter.take(actor, step)
    assert told.value.details["fields"] == list(rule.needs)


def test_an_objection_within_five_working_days_and_another_unit(matter: Matter):
    matter.give((LAND, "main"))
    matter.take(HANDLER, Step.OBJECT, reason="归规划局管")
    with pytest.raises(NotAllowed):
        matter.take(HANDLER, Step.UPHOLD_OBJECTION, reason="x")
    matter.take(matter.world.clerk, Step.UPHOLD_OBJECTION, reason="确实不归他们")
    assert matter.state == CaseState.REGISTERED
    assert matter.deadlines()["notify_acceptance"].dropped_at is not None
    with pytest.raises(NotFound):
        matter.view(HANDLER)
    matter.give((PLANNING, "main"))
    assert matter.view(PLANNER).unit == "县规划局"


def test_a_matter_that_comes_back_has_a_day_by_which_it_goes_out_again(matter: Matter):
    matter.give((LAND, "main"))
    at("2026-06-12")
    matter.take(HANDLER, Step.OBJECT, reason="归规划局管")
    matter.take(matter.world.clerk, Step.UPHOLD_OBJECTION, reason="确实不归他们")
    again = matter.deadlines()["refer_again"]
    assert (again.due_on, again.organization_id) == (date(2026, 6, 27), 1)
    at("2026-06-15")
    matter.give((PLANNING, "main"))
    assert matter.deadlines()["refer_again"].done_on == date(2026, 6, 15)


def test_a_supporting_unit_may_object_after_the_main_unit_has_accepted(matter: Matter):
    matter.give((LAND, "main"), (TOWN, "township"))
    matter.take(HANDLER, Step.ACCEPT)
    assert "object" not in {one.step for one in matter.view(HANDLER).offers}
    with refused(WrongState, "已经受理"):
        matter.take(HANDLER, Step.OBJECT, reason="归规划局管")
    assert "object" in {one.step for one in matter.view(TOWN_HANDLER).offers}
    at("2026-06-16")
    matter.take(TOWN_HANDLER, Step.OBJECT, reason="那块地在邻镇")
    with refused(WrongState, "石桥镇政府还没有反馈"):
        matter.take(HANDLER, Step.REPLY, text="已经补发。")
    matter.take(matter.world.clerk, Step.UPHOLD_OBJECTION, reason="在邻镇")
    assert matter.state == CaseState.ACCEPTED
    assert "refer_again" not in matter.deadlines()
    matter.take(HANDLER, Step.REPLY, text="已经补发。")


def test_a_unit_that_accepts_after_all_objects_no_longer(matter: Matter):
    matter.give((LAND, "main"))
    matter.take(HANDLER, Step.OBJECT, reason="归规划局管")
    matter.take(HANDLER, Step.ACCEPT)
    with pytest.raises(WrongState):
        matter.take(matter.world.clerk, Step.UPHOLD_OBJECTION, reason="不归他们")
    matter.take(HANDLER, Step.REPLY, text="已经补发。")


def test_what_was_passed_on_need_not_be_fed_back(matter: Matter):
    units = [UnitOrder(organization_id=LAND), UnitOrder(organization_id=TOWN, part="support", kind="pass_on")]
    matter.take(matter.world.clerk, Step.ASSIGN, units=units)
    matter.take(HANDLER, Step.ACCEPT)
    matter.take(HANDLER, Step.REPLY, text="已经补发。")
    assert matter.state == CaseState.REPLIED


def test_no_step_is_dated_by_whoever_takes_it_unless_it_asks_for_a_day(matter: Matter):
    matter.give((LAND, "main"))
    at("2026-07-20")
    matter.take(HANDLER, Step.ACCEPT, day="2026-06-10")
    assert matter.deadlines()["notify_acceptance"].done_on == date(2026, 7, 20)
    at("2026-12-01")
    matter.take(HANDLER, Step.REPLY, text="已经补发。", day="2026-07-21")
    assert matter.deadlines()["conclude"].done_on == date(2026, 12, 1)


def test_a_pause_does_not_end_in_the_future_and_a_request_does_not_come_before_its_opinion(matter: Matter):
    matter.accept()
    matter.mediate()
    matter.take(HANDLER, Step.BEGIN_PAUSE, pause="mediation", reason="双方同意调解")
    with refused(InvalidInput, "今天以后"):
        matter.take(HANDLER, Step.END_PAUSE, outcome="先停着", day="2027-06-09")
    matter.take(HANDLER, Step.END_PAUSE, outcome="达成协议")
    matter.take(HANDLER, Step.END_MEDIATION, result="agreed", outcome="达成协议")
    at("2026-06-20")
    matter.take(HANDLER, Step.REPLY, text="已经补发。")
    with refused(InvalidInput, "不能早于出意见书那天"):
        matter.take(matter.world.clerk, Step.REQUEST_REVIEW, day="2026-06-19")
    matter.take(matter.world.clerk, Step.REQUEST_REVIEW, day="2026-06-20")


def test_more_days_that_a_unit_asked_for_are_nobody_elses(matter: Matter):
    matter.accept()
    matter.take(HANDLER, Step.ASK_EXTENSION, days=10, reason="要重新测量")
    matter.take(matter.world.clerk, Step.WITHDRAW, reason="换规划局办")
    matter.give((PLANNING, "main"))
    matter.take(PLANNER, Step.ACCEPT)
    case = matter.view(matter.world.leader)
    assert "grant_extension" not in {one.step for one in case.offers}
    with refused(WrongState, "没有等着批准"):
        matter.take(matter.world.leader, Step.GRANT_EXTENSION)
    matter.take(PLANNER, Step.ASK_EXTENSION, days=20, reason="刚接手")


def test_an_objection_after_five_working_days_is_too_late(matter: Matter):
    matter.give((LAND, "main"))
    at("2026-06-17")
    assert "object" not in {one.step for one in matter.view(HANDLER).offers}
    with refused(WrongState, "5 个工作日"):
        matter.take(HANDLER, Step.OBJECT, reason="归规划局管")


def test_an_extension_is_asked_for_and_approved_by_the_head(matter: Matter):
    matter.accept()
    assert [one.limit for one in matter.view(HANDLER).offers if one.step == "ask_extension"] == ["30 天"]
    with refused(InvalidInput, "最多 30 天"):
        matter.take(HANDLER, Step.ASK_EXTENSION, days=31, reason="要重新测量")
    matter.take(HANDLER, Step.ASK_EXTENSION, days=30, reason="要重新测量")
    with refused(WrongState, "已经有一个"):
        matter.take(HANDLER, Step.ASK_EXTENSION, days=10, reason="再要")
    with pytest.raises(NotAllowed):
        matter.take(HANDLER, Step.GRANT_EXTENSION)
    assert [one.step for one in matter.view(LAND_HEAD).offers if "extension" in one.step] == ["grant_extension", "refuse_extension"]
    matter.take(LAND_HEAD, Step.GRANT_EXTENSION)
    assert matter.deadlines()["conclude"].due_on == date(2026, 8, 8) + timedelta(days=30)
    assert matter.view(HANDLER).letters[-1].kind == LetterKind.EXTENSION
    assert "ask_extension" not in {one.step for one in matter.view(HANDLER).offers}
    with refused(InvalidInput, "已经延长过一次"):
        matter.take(HANDLER, Step.ASK_EXTENSION, days=5, reason="还要")


def test_mediation_that_the_petitioner_agreed_to_stops_the_clock(matter: Matter):
    matter.accept()
    with refused(InvalidInput, "不因为听证停算"):
        matter.take(HANDLER, Step.BEGIN_PAUSE, pause="hearing", reason="x")
    with refused(WrongState, "先把这件事转入调解"):
        matter.take(HANDLER, Step.BEGIN_PAUSE, pause="mediation", reason="x")
    matter.mediate()
    matter.take(HANDLER, Step.BEGIN_PAUSE, pause="mediation", reason="双方同意调解")
    at("2026-06-18")
    with refused(WrongState, "还在调解"):
        matter.take(HANDLER, Step.REPLY, text="x")
    with refused(InvalidInput, "转入调解那天到今天之间"):
        matter.take(HANDLER, Step.END_MEDIATION, result="agreed", outcome="x", day="2026-06-08")
    matter.take(HANDLER, Step.END_MEDIATION, result="agreed", outcome="补发三万元")
    assert matter.deadlines()["conclude"].due_on == date(2026, 8, 17)
    matter.take(HANDLER, Step.REPLY, text="照协议办。")


def test_a_mediation_that_ended_has_ended_although_the_clock_was_set_back_meanwhile(matter: Matter):
    matter.accept()
    matter.mediate()
    clock.set_source(lambda: datetime.fromisoformat("2026-06-09T10:20:00+08:00"))
    matter.take(HANDLER, Step.END_MEDIATION, result="agreed", outcome="谈成了")
    matter.take(HANDLER, Step.REPLY, text="补发了。")
    assert matter.state == CaseState.REPLIED


def test_a_matter_is_mediated_before_it_is_accepted_and_no_clock_stands_still(matter: Matter):
    clerk = matter.world.clerk
    assert "end_mediation" not in {one.step for one in matter.view(clerk).offers}
    matter.take(clerk, Step.BEGIN_MEDIATION, by_whom="石桥镇人民调解委员会", how="信访人签了同意书")
    assert matter.deadlines()["register_and_refer"].due_on == date(2026, 6, 24)
    with refused(WrongState, "已经在调解"):
        matter.take(clerk, Step.BEGIN_MEDIATION, by_whom="x", how="x")
    with refused(WrongState, "还在调解，先写明调解结果，再“引导到法定途径”"):
        matter.take(clerk, Step.GUIDE, route="向人民法院起诉")
    matter.give((LAND, "main"))
    view = matter.view(HANDLER)
    assert view.mediation == "石桥镇人民调解委员会，2026年6月9日（星期二）起，信访人签了同意书；还在调解"
    assert {"end_mediation"} == {one.step for one in view.offers} & {"begin_mediation", "end_mediation"}
    at("2026-06-12")
    matter.take(HANDLER, Step.END_MEDIATION, result="not_agreed", outcome="钱数差太多", day="2026-06-11")
    view = matter.view(clerk)
    assert view.mediation.endswith("2026年6月11日（星期四）没有达成协议：钱数差太多")
    assert (view.events[-1].what, view.events[-1].why, view.events[-1].details) == ("调解结束", "钱数差太多", ("没有达成协议",))
    with refused(WrongState, "没有在调解"):
        matter.take(HANDLER, Step.END_MEDIATION, result="agreed", outcome="x")


def test_simple_procedure_counts_working_days(matter: Matter):
    matter.take(matter.world.clerk, Step.SCREEN, purpose="request", category="物业纠纷", simple=True)
    matter.give((LAND, "main"))
    assert matter.deadlines()["simple_accept"].due_on == date(2026, 6, 12)
    matter.take(HANDLER, Step.ACCEPT)
    found = matter.deadlines()
    assert (found["simple_accept"].done_on, found["simple_conclude"].due_on) == (date(2026, 6, 9), date(2026, 6, 24))


def test_what_is_not_simple_after_all_goes_on_by_the_ordinary_procedure(matter: Matter):
    matter.take(matter.world.clerk, Step.SCREEN, purpose="request", category="物业纠纷", simple=True)
    matter.give((LAND, "main"))
    matter.take(HANDLER, Step.ACCEPT)
    at("2026-06-20")
    assert "to_ordinary" in {one.step for one in matter.view(HANDLER).offers}
    matter.take(HANDLER, Step.TO_ORDINARY, reason="要先做鉴定")
    found = matter.deadlines()
    assert (found["simple_conclude"].dropped_on, found["conclude"].due_on) == (date(2026, 6, 20), date(2026, 8, 8))
    assert "to_ordinary" not in {one.step for one in matter.view(HANDLER).offers}
    with refused(WrongState, "不是简易办理"):
        matter.take(HANDLER, Step.TO_ORDINARY, reason="x")
    matter.take(HANDLER, Step.ASK_EXTENSION, days=10, reason="鉴定没有出来")


def test_stricter_local_limits_count_for_those_below(matter: Matter):
    with matter.world.write() as session:
        session.add(LocalLimit(organization_id=1, rule="notify_acceptance", value=5, unit="days", source="县里的规定"))
    matter.give((LAND, "main"))
    assert matter.deadlines()["notify_acceptance"].due_on == date(2026, 6, 14)


def test_litigation_is_not_given_to_units(matter: Matter):
    matter.take(matter.world.clerk, Step.SCREEN, purpose="request", category="征地补偿", litigation=True)
    assert [one.step for one in matter.view(matter.world.clerk).offers][:2] == ["guide", "screen"]
    assert "assign" not in {one.step for one in matter.view(matter.world.clerk).offers}
    with refused(WrongState, "涉法涉诉"):
        matter.give((LAND, "main"))
    matter.take(matter.world.clerk, Step.SCREEN, purpose="request", category="征地补偿")
    matter.give((LAND, "main"))


def test_litigation_is_guided_and_owes_nothing(matter: Matter):
    matter.take(matter.world.clerk, Step.GUIDE, route="向县人民法院起诉")
    assert matter.state == CaseState.GUIDED
    assert all(one.done_at or one.dropped_at for one in matter.deadlines().values())
    assert matter.view(matter.world.clerk).deadline is None


def test_whoever_takes_a_review_up_owes_its_opinion(matter: Matter):
    """A matter of the township's office: the county's, above it, reviews, and writes in its own name."""
    with matter.world.write() as session:
        made, _ = registering.register(session, matter.world.town_clerk, NewMatter.model_validate(LETTER))
        matter.id = made.id
    matter.take(matter.world.town_clerk, Step.ASSIGN, units=[UnitOrder(organization_id=TOWN)])
    matter.take(matter.world.town_clerk, Step.ACCEPT)
    matter.take(matter.world.town_clerk, Step.REPLY, text="经查，补偿款已经补发。")
    matter.take(matter.world.town_clerk, Step.DELIVER, day="2026-06-09", how="当面送达")
    matter.take(matter.world.clerk, Step.REQUEST_REVIEW, day="2026-06-09")
    assert matter.deadlines()["review"].organization_id == 1
    matter.take(matter.world.clerk, Step.REVIEW_OPINION, text="维持。")
    with matter.world.read() as session:
        assert session.scalars(select(StoredLetter)).all()[-1].organization_id == 1


def test_a_late_request_for_review_needs_a_reason(matter: Matter):
    matter.reply()
    matter.take(HANDLER, Step.DELIVER, day="2026-06-09", how="当面送达")
    at("2026-08-01")
    with refused(InvalidInput, "过了 30 天"):
        matter.take(matter.world.clerk, Step.REQUEST_REVIEW, day="2026-08-01")
    matter.take(matter.world.clerk, Step.REQUEST_REVIEW, day="2026-08-01", reason="住院")
    assert matter.state == CaseState.REVIEWING


@pytest.mark.parametrize("delivered", [True, False])
def test_what_a_review_orders_anew_goes_back_to_its_unit_with_days_of_its_own(matter: Matter, delivered: bool):
    clerk = matter.world.clerk
    matter.reply()
    matter.take(HANDLER, Step.DELIVER, day="2026-06-09", how="当面送达")
    matter.take(clerk, Step.REQUEST_REVIEW, day="2026-06-09")
    at("2026-06-20")
    matter.take(clerk, Step.REVIEW_OPINION, text="撤销，六十天里重新作出处理意见。")
    if delivered:
        matter.take(clerk, Step.DELIVER, day="2026-06-20", how="邮寄")
    at("2026-06-30")
    matter.take(clerk, Step.HANDLE_ANEW, reason="面积没有量，重新丈量后再作处理意见。")
    if not delivered:
        matter.take(clerk, Step.DELIVER, day="2026-06-30", how="邮寄")
    found = matter.deadlines()
    assert (found["conclude_anew"].due_on, found["conclude_anew"].organization_id) == (date(2026, 8, 19), LAND)
    assert ("request_reexamination" not in found) or found["request_reexamination"].dropped_on == date(2026, 6, 30)
    assert any(one.why.endswith("再作处理意见；LX重办〔2026〕1号") for one in matter.view(clerk).events)
    case = matter.view(HANDLER)
    assert (case.state, case.assignments[0].state, case.letters[-1].name) == ("正在办", "重新办", "重新办理通知书")
    with refused(InvalidInput, "不能延长"):
        matter.take(HANDLER, Step.ASK_EXTENSION, days=10, reason="要重新测量")
    at("2026-07-20")
    matter.take(HANDLER, Step.REPLY, text="重新丈量，补发 0.3 亩。")
    matter.take(HANDLER, Step.DELIVER, day="2026-07-20", how="当面送达")
    found = matter.deadlines()
    assert (found["conclude_anew"].done_on, found["request_review"].due_on) == (date(2026, 7, 20), date(2026, 8, 19))


def test_a_request_that_is_too_late_or_somebody_elses_is_refused_with_its_letter(matter: Matter):
    clerk, reason = matter.world.clerk, "没有说为什么晚"
    matter.reply()
    with refused(WrongState, "先送达"):
        matter.take(clerk, Step.REFUSE_REVIEW, day="2026-06-09", ground="late", reason=reason)
    matter.take(HANDLER, Step.DELIVER, day="2026-06-09", how="当面送达")
    at("2026-08-01")
    with refused(InvalidInput, "没有过期"):
        matter.take(clerk, Step.REFUSE_REVIEW, day="2026-07-09", ground="late", reason=reason)
    with refused(InvalidInput, "申请的人是谁"):
        matter.take(clerk, Step.REFUSE_REVIEW, day="2026-07-20", ground="not_theirs", reason="邻居自己来的")
    matter.take(clerk, Step.REFUSE_REVIEW, day="2026-07-20", ground="not_theirs", by_whom="何大年", reason="邻居自己来的")
    matter.take(clerk, Step.REFUSE_REVIEW, day="2026-08-01", ground="late", reason=reason)
    case = matter.view(clerk)
    assert (case.state, [one.to for one in case.letters[-2:]]) == ("已答复", ["何大年", "何守田"])
    with matter.world.read() as session:
        strangers, own = [one.content for one in session.scalars(select(StoredLetter).where(StoredLetter.kind == "review_refusal"))]
    assert (strangers["query_code"], strangers["progress"], strangers["text"][1]) == ("", "", "邻居自己来的")
    assert (own["title"], own["text"]) == ("复查申请不予受理告知书", ["过了申请的期限。", reason])
    assert own["query_code"]
    assert "handle_anew" not in {one.step for one in case.offers}


def test_a_pause_begins_where_its_limit_ran_and_saves_none_that_has_run_out(matter: Matter):
    matter.accept()
    begin = {"pause": "mediation", "reason": "双方同意调解"}
    matter.mediate()
    with refused(InvalidInput, "才开始算"):
        matter.take(HANDLER, Step.BEGIN_PAUSE, day="2026-06-08", **begin)
    at("2026-06-15")
    matter.take(HANDLER, Step.BEGIN_PAUSE, day="2026-06-12", **begin)
    matter.take(HANDLER, Step.END_PAUSE, outcome="没有谈成")
    assert matter.deadlines()["conclude"].due_on == date(2026, 8, 12)
    with refused(InvalidInput, "停算过了"):
        matter.take(HANDLER, Step.BEGIN_PAUSE, day="2026-06-14", **begin)
    at("2026-08-20")
    with refused(InvalidInput, "不能倒着填"):
        matter.take(HANDLER, Step.BEGIN_PAUSE, day="2026-08-01", **begin)


@pytest.mark.parametrize(
    ("units", "words"),
    [
        ([(LAND, "support")], "主办单位要有一个"),
        ([(LAND, "main"), (PLANNING, "main")], "主办单位要有一个"),
        ([(LAND, "main"), (LAND, "support")], "同一个单位只能给一次"),
        ([(99, "main")], "不在您能交办的范围里"),
    ],
)
def test_units_that_cannot_be_given_it(matter: Matter, units, words):
    with refused(InvalidInput, words):
        matter.give(*units)


def test_an_accusation_is_never_given_to_whom_it_is_against(world: World):
    matter = Matter(world, purpose="accusation", accused_unit="县自然资源局")
    with refused(InvalidInput, "第三十条"):
        matter.give((LAND, "main"))
    matter.give((PLANNING, "main"))
    assert matter.view(PLANNER).petitioner == "何守田"
    with pytest.raises(NotFound):
        matter.view(HANDLER)
    with pytest.raises(NotFound):
        matter.view(LAND_HEAD)


@pytest.mark.parametrize("purpose", ["accusation", ""])
def test_whom_a_letter_is_against_is_known_when_it_is_screened(world: World, purpose: str):
    """The letter does not name the unit, whoever registered it did."""
    matter = Matter(world, purpose=purpose, accused_unit="县自然资源局")
    for _ in range(2):
        matter.take(world.clerk, Step.SCREEN, purpose="accusation", category="征地补偿")
        with refused(InvalidInput, "第三十条"):
            matter.give((LAND, "main"))
    case = matter.view(world.clerk)
    assert (case.accused_unit, case.hidden_from) == ("县自然资源局", ("县自然资源局",))
    matter.take(world.clerk, Step.SCREEN, purpose="accusation", category="征地补偿", accused_unit="县规划局")
    with refused(InvalidInput, "第三十条"):
        matter.give((PLANNING, "main"))
    matter.give((LAND, "main"))
    told = matter.view(HANDLER)
    assert (told.accused_unit, told.hidden_from) == ("县规划局", None)


def test_an_accusation_says_whom_it_is_against(world: World):
    matter = Matter(world, purpose="accusation")
    with refused(WrongState, "先甄别"):
        matter.give((LAND, "main"))
    with refused(InvalidInput, "写明反映的是哪个单位"):
        matter.take(world.clerk, Step.SCREEN, purpose="accusation", category="干部作风")
    matter.take(world.clerk, Step.SCREEN, purpose="accusation", category="干部作风", accused_unit="何家村的会计")
    assert matter.view(world.clerk).hidden_from == ()


def test_units_see_what_was_given_to_them_and_nothing_else(matter: Matter):
    for actor in (HANDLER, PLANNER, TOWN_HANDLER):
        with pytest.raises(NotFound):
            matter.view(actor)
    matter.give((LAND, "main"), (TOWN, "support"))
    assert matter.view(HANDLER).may_hear is False
    assert matter.view(TOWN_HANDLER).unit == "县自然资源局"
    assert matter.view(SUPERVISOR).offers == ()
    with pytest.raises(NotFound):
        matter.view(PLANNER)
    with matter.world.read() as session:
        assert cases.list_cases(session, HANDLER)[1] == 1
        assert cases.list_cases(session, PLANNER)[1] == 0
    with pytest.raises(NotAllowed):
        matter.take(TOWN_HANDLER, Step.ACCEPT)


def test_the_same_letter_a_second_time_adds_nothing(world: World):
    matter = Matter(world, source_ref="来信-77")
    with world.write() as session:
        again, added = registering.register(session, world.clerk, NewMatter.model_validate({**LETTER, "source_ref": "来信-77"}))
        assert (again.id, added) == (matter.id, False)


@pytest.mark.parametrize(("changed", "field"), [({"received_on": "2026-06-11"}, "received_on"), ({"purpose": "x"}, "purpose")])
def test_a_matter_that_cannot_be_registered(world: World, changed, field):
    with world.write() as session, pytest.raises(InvalidInput) as told:
        registering.register(session, world.clerk, NewMatter.model_validate({**LETTER, **changed}))
    assert told.value.details["fields"] == [field]


def test_numbers_are_masked_and_opening_them_is_written_down(matter: Matter):
    person = matter.view(matter.world.clerk).persons[0]
    assert (person.phone, person.id_number) == ("138****4321", "110*************10")
    with matter.world.write() as session:
        opened = cases.open_person(session, matter.world.clerk, matter.id, person.id)
    assert (opened.phone, opened.id_number) == ("13800004321", "110101195903075110")
    with matter.world.read() as session:
        assert [(one.thing, one.thing_id) for one in session.scalars(select(AccessEntry)) if one.action == "open_numbers"] == [
            ("case_person", str(person.id))
        ]


def test_history_cannot_be_changed(matter: Matter):
    with pytest.raises(FiledRecordFixed), matter.world.write() as session:
        session.scalars(select(StoredCaseEvent)).first().why = "别的"


def test_the_table_of_steps_for_people_is_that_of_the_program():
    document = (Path(flow.__file__).parents[1] / "protocol" / "rights.md").read_text("utf-8")
    written = [line for line in document.splitlines() if re.match(r"\| [a-z_]+ \| [^|]+ \| [a-z_, ]+ \| (office|unit|head)", line)]
    assert written == [
        f"| {step} | {rule.name} | {', '.join(state for state in CaseState if state in rule.sources)} | {', '.join(rule.who)} "
        f"| {rule.target or '-'} | {rule.letter or '-'} |"
        for step, rule in STEPS.items()
    ]


def test_offers_are_what_can_be_taken(matter: Matter):
    """Each step that is offered can be taken with what it needs; each that is not offered is refused."""
    matter.give((LAND, "main"))
    offered = {one.step for one in matter.view(HANDLER).offers}
    assert offered == {"receive", "object", "accept", "not_accept", "no_longer_accept", "feed_back", "contact", "begin_mediation"}
    for step in set(Step) - offered:
        with pytest.raises(JietanError):
            matter.take(HANDLER, step, reason="x", text="x", how="x", outcome="x", day="2026-06-09", route="x", days=1, pause="mediation",
                        purpose="request", category="x", units=[UnitOrder(organization_id=PLANNING)])  # fmt: skip
