"""领导答复: heard, confirmed or struck by the receiver or a clerk, kept with the record."""

import time
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.domain.states import PromiseState
from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.edits import EditPromise, EditRedo, Edits, EditUndo
from server.protocol.receptions import PromiseDecision, PromiseView
from server.reception.matter import cases, commitments
from server.reception.record import editing, promises, reading, records, signing
from server.store import records as stored
from server.store.models import (
    Participant,
    Reception,
    StoredCase,
    StoredPresence,
    StoredPromise,
    StoredUtterance,
    VisitRecord,
)
from tests.records.office import TALK, World, add_reception, sign

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
        assert [one.by for one in reading.view(session, record).promises] == ["三个工作日内"]
    assert [(one.id, one.state) for one in shown] == [
        ("r1-u1-0", "confirmed"), ("r1-u3-0", "struck"), ("r1-u3-1", "heard"), ("r1-u4-0", "heard"),
    ]  # fmt: skip
    decide(talk, "r1-u1-0", "struck")
    with talk.read() as session:
        assert promises.of_record(session, session.get_one(VisitRecord, shown_id(session)), confirmed_only=True) == ()


def shown_id(session: Session) -> str:
    record = stored.of_reception(session, "r1")
    assert record is not None
    return record.id


@pytest.fixture
def drafted(talk: World) -> str:
    """The talk's record: the leader hung up without a look at the promises."""
    with talk.write() as session:
        return records.create_draft(session, session.get_one(Reception, "r1")).id


def edit(world: World, record_id: str, version: int, promise_id: str = "r1-u1-0", **what: str) -> PromiseView:
    said = {"state": "confirmed", "who": "镇政府", "what": "拿出处理意见", "by": "五个工作日内", **what}
    one = EditPromise(promise_id=promise_id, version=version, **said)  # type: ignore[arg-type]
    with world.write() as session:
        record = editing.edit(session, world.clerk, record_id, Edits(edits=(one,)))
    return next(one for one in record.promises if one.id == promise_id)


def test_a_clerk_confirms_corrects_strikes_and_takes_it_back(talk: World, drafted: str) -> None:
    with talk.read() as session:
        heard = records.view(session, talk.clerk, session.get_one(VisitRecord, drafted)).promises[0]
    said = {"who": heard.who, "what": heard.what, "by": heard.by}
    assert edit(talk, drafted, 1, **said).decided_by == talk.clerk.name
    assert edit(talk, drafted, 2, by="三个工作日内").by == "三个工作日内"
    assert edit(talk, drafted, 3, state="struck", by="三个工作日内").state == "struck"
    assert edit(talk, drafted, 4, by="三个工作日内").state == "confirmed"
    with talk.read() as session:
        told = [one for one in records.history(session, talk.clerk, drafted) if one.kind.startswith("promise_")]
    assert [one.kind for one in told] == ["promise_confirmed", "promise_corrected", "promise_struck", "promise_confirmed"]
    assert {one.author for one in told} == {talk.clerk.name}
    assert told[1].after.endswith("，由镇政府办，三个工作日内")
    assert told[1].before.endswith("，由镇政府办，五个工作日内")


def test_who_decided_meanwhile_is_told_and_nothing_is_overwritten(talk: World, drafted: str) -> None:
    decide(talk, "r1-u1-0", "confirmed", who="镇政府", by="三个工作日内")
    with pytest.raises(Conflict) as caught:
        edit(talk, drafted, 1, by="十日内")
    stands = caught.value.details["promise"]
    assert (stands["by"], stands["decided_by"], stands["version"]) == ("三个工作日内", talk.leader.name, 2)
    assert edit(talk, drafted, 2, by="十日内").by == "十日内"
    for step, by in ((EditUndo(), "三个工作日内"), (EditRedo(), "十日内")):
        with talk.write() as session:
            shown = editing.edit(session, talk.clerk, drafted, Edits(edits=(step,)))
        assert next(one.by for one in shown.promises if one.id == "r1-u1-0") == by


@pytest.mark.parametrize("said", [{"promise_id": "r1-u2-0"}, {"what": "  "}])
def test_a_clerk_adds_no_promise_and_empties_none(talk: World, drafted: str, said: dict[str, str]) -> None:
    with pytest.raises((NotFound, InvalidInput)):
        edit(talk, drafted, 1, **said)
    with talk.read() as session:
        assert {one.kind for one in records.history(session, talk.clerk, drafted)} == {"drafted"}


def test_what_the_petitioner_reads_and_signs_stands_still(talk: World, drafted: str) -> None:
    edit(talk, drafted, 1)
    with talk.write() as session:
        signing.confirm(session, talk.clerk, drafted)
    for settled, words in ((False, "重新打开"), (True, "已经签字")):
        if settled:
            with talk.write() as session:
                sign(session, talk, drafted, file_at_once=True)
        with pytest.raises(WrongState):
            edit(talk, drafted, 2, state="struck")
        with pytest.raises(WrongState) as caught:
            decide(talk, "r1-u1-0", "struck")
        assert words in caught.value.message
    with talk.write() as session:
        case = session.scalars(select(StoredCase)).one()
        (kept,) = case.filed_record["promises"]
        assert (kept["who"], kept["what"], kept["by"]) == ("镇政府", "拿出处理意见", "五个工作日内")
        assert cases.open_case(session, talk.clerk, case.id).intact
        session.get_one(StoredPromise, ("r1", "r1-u1-0")).by = "明年"
        session.flush()
        assert not cases.open_case(session, talk.clerk, case.id).intact


def test_nobody_else_sees_or_decides(talk: World) -> None:
    other = replace(talk.leader, user_id=(talk.leader.user_id or 0) + 100)
    with talk.read() as session:
        assert promises.listed(session, talk.clerk, "r1", 0.0).promises
        with pytest.raises(NotAllowed):
            promises.listed(session, other, "r1", 0.0)
        with pytest.raises(NotFound):
            promises.listed(session, talk.other_clerk, "r1", 0.0)


def test_what_is_said_while_a_talk_runs_is_for_those_who_sit_in_it(talk: World) -> None:
    with talk.write() as session:
        session.get_one(Reception, "r1").state = "running"
        session.flush()
        for ask in (lambda who: promises.listed(session, who, "r1", 0.0), lambda who: commitments.sheet(session, who, "r1")):
            ask(talk.leader)
            with pytest.raises(NotAllowed, match="not_seated"):
                ask(talk.clerk)
        session.add(Participant(id="r1-clerk", reception_id="r1", position=2, role="clerk", name="陈", user_id=talk.clerk.user_id))
        stay = StoredPresence(reception_id="r1", participant_id="r1-clerk", since=TALK)
        session.add(stay)
        session.flush()
        assert promises.listed(session, talk.clerk, "r1", 0.0).promises, "a clerk who sits there, too"
        stay.until = TALK
        session.flush()
        with pytest.raises(NotAllowed, match="not_seated"):
            promises.listed(session, talk.clerk, "r1", 0.0)


@pytest.mark.parametrize("promise_id", ["r1-u2-0", "r1-u1-1", "nothing-0", "x"])
def test_what_was_not_undertaken_cannot_be_confirmed(talk: World, promise_id: str) -> None:
    with pytest.raises(NotFound):
        decide(talk, promise_id, "confirmed")


@pytest.mark.slow
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
        before = time.process_time()
        found = promises.listed(session, talk.leader, "r1", 12_000.0)
        took = time.process_time() - before
    assert len(found.promises) < 60
    assert took < 0.5
