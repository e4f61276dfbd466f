"""Ratings: once per body, only where they count, and the petitioner's own word before that of the staff."""

import pytest
from sqlalchemy import func, select, update

from server.domain.flow import Step
from server.domain.ratings import RATABLE, RatedBody
from server.domain.states import CaseState
from server.errors import NotFound, WrongState
from server.protocol.flow import NewRating
from server.reception.matter import ratings
from server.store import ratings as store
from server.store.models import StoredCase
from tests.records.test_flow import HANDLER, LAND, PLANNER, Matter, refused


@pytest.fixture
def matter(world) -> Matter:
    return Matter(world)


def rate(matter: Matter, body: str, score: str, *, staff=None) -> None:
    new = NewRating(body=body, score=score, words="来回跑了三趟")
    with matter.world.write() as session:
        if staff is None:
            ratings.rate(session, session.get_one(StoredCase, matter.id), new)
        else:
            ratings.rate_for(session, staff, matter.id, new)


def kept(matter: Matter) -> list[tuple]:
    with matter.world.read() as session:
        found = store.of_case(session, matter.id)
        return [(one.body, one.organization_id, one.score, one.entered_by, one.user_id) for one in found]


def test_office_and_unit_are_rated_apart_and_once(matter: Matter):
    with refused(WrongState, "还没有转出去"):
        rate(matter, "office", "satisfied")
    matter.accept()
    rate(matter, "office", "satisfied")
    with refused(WrongState, "有了答复再评"):
        rate(matter, "unit", "dissatisfied")
    matter.take(HANDLER, Step.REPLY, text="补偿款已经补发。")
    rate(matter, "unit", "dissatisfied")
    with refused(WrongState, "只评一次"):
        rate(matter, "office", "basically")
    assert kept(matter) == [("office", 1, "satisfied", "petitioner", None), ("unit", LAND, "dissatisfied", "petitioner", None)]


def test_what_staff_wrote_down_gives_way_to_the_petitioner_and_never_the_other_way_round(matter: Matter):
    matter.reply()
    with pytest.raises(NotFound):
        rate(matter, "unit", "satisfied", staff=PLANNER)
    rate(matter, "unit", "satisfied", staff=HANDLER)
    assert kept(matter) == [("unit", LAND, "satisfied", "staff", HANDLER.user_id)]
    shown = {one.body: (one.name, one.entered_by, one.words, one.may_enter) for one in matter.view(HANDLER).ratings}
    assert shown["unit"] == ("县自然资源局", "staff", "工作人员代填的", False)
    assert shown["office"] == ("临溪县信访局", "", "还没有评", True)
    with refused(WrongState, "只评一次"):
        rate(matter, "unit", "satisfied", staff=matter.world.clerk)
    rate(matter, "unit", "dissatisfied")
    assert kept(matter) == [("unit", LAND, "dissatisfied", "petitioner", None)]
    with refused(WrongState, "只评一次"):
        rate(matter, "unit", "satisfied", staff=HANDLER)
    told = matter.view(HANDLER).model_dump_json()
    assert "代填评价" in told
    assert "来回跑了三趟" not in told
    assert "不满意" not in told


@pytest.mark.parametrize("changed", [{"litigation": True}, {"repeat_of_id": 1}])
def test_litigation_and_repeats_are_not_rated(matter: Matter, changed):
    matter.reply()
    with matter.world.write() as session:
        session.execute(update(StoredCase).values(**changed))
    with refused(WrongState, "不评"):
        rate(matter, "office", "satisfied")


@pytest.mark.parametrize("body", list(RatedBody))
def test_what_figures_count_as_ratable_is_what_can_be_rated(matter: Matter, body):
    matter.reply()
    for state in CaseState:
        for changed in ({}, {"litigation": True}, {"repeat_of_id": matter.id}, {"merged_into_id": matter.id}, {"unit_id": None}):
            with matter.world.write() as session:
                plain = {"litigation": False, "repeat_of_id": None, "merged_into_id": None, "unit_id": LAND}
                session.execute(update(StoredCase).values(state=state, **(plain | changed)))
            with matter.world.read() as session:
                case = session.get_one(StoredCase, matter.id)
                counted = session.scalar(select(func.count(StoredCase.id)).where(store.could_be_rated(body)))
                assert bool(counted) == (not ratings.why_not(case, body)), (state, changed)
    assert CaseState.REGISTERED not in RATABLE[body]
