"""领导答复: heard, confirmed or struck by the receiver or a clerk, kept with the record."""

import time
from dataclasses import replace

import pytest

from server.domain.states import PromiseState
from server.errors import NotAllowed, NotFound
from server.protocol.office import PromiseDecision
from server.reception import promises, records
from server.store.models import Reception, StoredUtterance
from tests.records.office import World, add_reception

TOLD = (
    ("leader", 2.0, "请镇政府在五个工作日内拿出处理意见。"),
    ("petitioner", 9.0, "我让住建局一周内答复你。"),
    ("leader", 14.0, "这件事我来督办。如果不行，您再来。县住建局会派人核实。"),
    ("leader", 90.0, "十五日内书面告知您是否受理。"),
)


@pytest.fixture
def talk(world: World) -> World:
    with world.write() as session:
        add_reception(session, said=TOLD)
    return world


def decide(world: World, promise_id: str, state: str, **words: str) -> None:
    with world.write() as session:
        said = {"what": "拿出处理意见", **words}
        promises.decide(session, world.leader, "r1", promise_id, PromiseDecision(state=state, **said))  # type: ignore[arg-type]


def test_a_talk_that_runs(talk: World) -> None:
    with talk.read() as session:
        found = promises.listed(session, talk.leader, "r1", 0.0)
    assert [one.id for one in found.promises] == ["r1-u1-0", "r1-u3-0", "r1-u3-1", "r1-u4-0"]
    assert {one.state for one in found.promises} == {PromiseState.HEARD}
    assert (found.promises[0].who, found.promises[0].by) == ("镇政府", "五个工作日内")
    assert found.until == 90.0


def test_only_what_came_since_is_looked_at_and_what_was_decided_is_always_told(talk: World) -> None:
    decide(talk, "r1-u1-0", "confirmed", who="镇政府", by="三个工作日内")
    with talk.read() as session:
        found = promises.listed(session, talk.leader, "r1", 90.0)
    assert [(one.id, one.state) for one in found.promises] == [("r1-u1-0", "confirmed"), ("r1-u4-0", "heard")]
    assert (found.promises[0].by, found.promises[0].decided_by) == ("三个工作日内", talk.leader.name)
    assert found.promises[0].text == TOLD[0][2], "the sentence stays as it was heard"


def test_the_record_has_what_was_confirmed_and_what_was_only_heard(talk: World) -> None:
    decide(talk, "r1-u1-0", "confirmed", by="三个工作日内")
    decide(talk, "r1-u3-0", "struck")
    with talk.write() as session:
        record = records.create_draft(session, session.get_one(Reception, "r1"))
        shown = records.view(session, talk.clerk, record).promises
        assert records.view(session, talk.kiosk, record).promises == ()
    assert [(one.id, one.state) for one in shown] == [
        ("r1-u1-0", "confirmed"), ("r1-u3-1", "heard"), ("r1-u4-0", "heard"),
    ]  # fmt: skip
    decide(talk, "r1-u1-0", "struck")
    with talk.read() as session:
        assert [one.id for one in promises.of_reception(session, "r1")] == ["r1-u3-1", "r1-u4-0"]


def test_nobody_else_sees_or_decides(talk: World) -> None:
    other = replace(talk.leader, user_id=(talk.leader.user_id or 0) + 100)
    with talk.read() as session:
        assert promises.listed(session, talk.clerk, "r1", 0.0).promises
        with pytest.raises(NotAllowed):
            promises.listed(session, other, "r1", 0.0)
        with pytest.raises(NotFound):
            promises.listed(session, talk.other_clerk, "r1", 0.0)


@pytest.mark.parametrize("promise_id", ["r1-u2-0", "r1-u1-1", "nothing-0", "x"])
def test_what_was_not_undertaken_cannot_be_confirmed(talk: World, promise_id: str) -> None:
    with pytest.raises(NotFound):
        decide(talk, promise_id, "confirmed")


def test_asking_again_late_in_a_long_talk_is_quick(talk: World) -> None:
    with talk.write() as session:
        session.add_all(
            StoredUtterance(
                id=f"long-{i}", reception_id="r1", participant_id="r1-leader", start=100.0 + 3 * i, end=102.0 + 3 * i,
                text="我们会在十五日内书面告知您是否受理。", words=[], measures={},
            )
            for i in range(4000)
        )  # fmt: skip
    with talk.read() as session:
        before = time.perf_counter()
        found = promises.listed(session, talk.leader, "r1", 12_000.0)
        took = time.perf_counter() - before
    assert len(found.promises) < 60
    assert took < 0.5
