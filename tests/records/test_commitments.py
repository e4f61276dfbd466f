"""Promises confirmed at the end of a talk: one step, a deadline and a unit once there is a case, done or taken back."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from server import clock
from server.domain.commitments import due_of, due_within, unit_of
from server.domain.joins import Deed
from server.domain.reminding import Plan
from server.domain.states import FormField
from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.alike import LinkOrder
from server.protocol.commitments import CommitmentEnd, CommitmentSheet, ConfirmCommitments
from server.protocol.flow import NewMatter
from server.reception.kiosk import sittings
from server.reception.matter import alike, cases, commitments, joining, registering, reminders
from server.reception.record import records, signing
from server.reception.talk import own_talks, queue
from server.store import records as stored
from server.store.access import Actor
from server.store.models import (
    Commitment,
    FormEntry,
    Notice,
    Reception,
    StoredCase,
    StoredDeadline,
    VisitRecord,
)
from tests.records.office import TALK, World, add_reception, sign
from tests.records.test_promises import TOLD

TODAY = date(2026, 6, 9)


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("五个工作日内", "2026-06-16"), ("一周内", "2026-06-16"), ("两个星期之内", "2026-06-23"), ("十五日内", "2026-06-24"),
        ("三天内", "2026-06-12"), ("半个月", "2026-06-24"), ("一个月内", "2026-07-09"), ("6月18日前", "2026-06-18"),
        ("六月十八号以前", "2026-06-18"), ("下周五以前", "2026-06-19"), ("这周五", "2026-06-12"), ("周日前", "2026-06-14"),
        ("星期天", "2026-06-14"), ("月底前", "2026-06-30"), ("下个月底", "2026-07-31"), ("年底", "2026-12-31"), ("明天", "2026-06-10"),
        ("后天", "2026-06-11"), ("大后天", "2026-06-12"), ("今天", "2026-06-09"), ("18号前", "2026-06-18"), ("3号", "2026-07-03"),
        ("3月1日前", "2027-03-01"), ("尽快", ""), ("", ""), ("周一", ""), ("13月40日", ""), ("三千天", ""), ("几天内", ""),
    ],
)  # fmt: skip
def test_words_are_turned_into_a_day_or_into_none(words: str, due: str) -> None:
    assert due_of(words, TODAY) == (date.fromisoformat(due) if due else None)


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("十天以内把复核结果送到家", "2026-06-19"), ("请县里五个工作日内答复他", "2026-06-16"), ("6月18日前把账核清", "2026-06-18"),
        ("目前没有的材料，下周五以前补上", "2026-06-19"), ("月底之前张榜公布", "2026-06-30"), ("查清三天前的事", ""), ("两个月以前欠的补上", ""),
        ("核对5月3日前的账", ""), ("回访一次", ""), ("把3号楼的电接上", ""),
    ],
)  # fmt: skip
def test_the_day_stands_in_what_was_typed_where_it_says_until_when(words: str, due: str) -> None:
    assert due_within(words, TODAY) == (date.fromisoformat(due) if due else None)


def test_a_unit_is_proposed_only_where_one_goes_by_these_words() -> None:
    units = {1: "临溪县信访局", 2: "石桥镇政府", 3: "县自然资源局", 4: "白沙镇政府"}
    assert unit_of("石桥镇政府", units) == 2
    assert unit_of("县自然资源局", units) == unit_of("自然资源局", units) == 3
    assert unit_of("镇政府", units) is None, "there are two"
    towns = {7: "临溪县信访局", 2: "石桥镇人民政府", 5: "柳湾乡", 6: "石桥镇信访办公室"}
    assert unit_of("镇政府", towns, 6) == unit_of("你们镇上", towns, 2) == 2, "the one where they sit and talk"
    assert unit_of("乡政府", towns, 5) == 5
    assert unit_of("镇政府", {6: "石桥镇信访办公室", 5: "柳湾乡"}, 6) == 6
    assert unit_of("街道办", towns, 2) is None
    assert unit_of("乡政府", {7: "临溪县信访局", 5: "柳湾乡", 8: "石桥乡"}, 7) is None, "nobody is guessed from a county's room"
    assert unit_of("住建局", units) is unit_of("局", units) is None


@pytest.fixture
def talk(world: World) -> World:
    with world.write() as session:
        add_reception(session, said=TOLD)
    return world


def sheet(world: World) -> CommitmentSheet:
    with world.read() as session:
        return commitments.sheet(session, world.leader, "r1")


def order(items: tuple[dict[str, object], ...] = (), struck: tuple[str, ...] = (), *, assign: bool = False) -> ConfirmCommitments:
    first = {"promise_id": "r1-u1-0", "unit_id": 2, "what": "拿出处理意见", "due_on": "2026-06-16"}
    return ConfirmCommitments.model_validate({"items": [first, *items], "struck": struck, "assign": assign})


def confirm(world: World, what: ConfirmCommitments, actor: Actor | None = None) -> CommitmentSheet:
    with world.write() as session:
        return commitments.confirm(session, actor or world.leader, "r1", what)


TYPED = {"promise_id": "typed-1", "unit_id": 1, "what": "回访一次", "due_on": "2026-06-09"}


def test_what_is_proposed_can_be_confirmed_as_it_stands(talk: World) -> None:
    found = sheet(talk)
    assert [(one.promise_id, one.unit_id, one.due_on) for one in found.cards] == [
        ("r1-u1-0", 2, date(2026, 6, 16)), ("r1-u3-0", 1, None), ("r1-u3-1", None, None), ("r1-u4-0", 1, date(2026, 6, 24)),
    ]  # fmt: skip
    assert found.units[0].id == 1, "the office itself is first"
    assert found.days_off["2026-06-19"] == "端午节"
    assert found.may_confirm


def test_all_is_confirmed_in_one_step_and_again_changes_nothing(talk: World) -> None:
    sent = order((TYPED,), ("r1-u3-0",))
    first = confirm(talk, sent)
    assert confirm(talk, sent).cards == first.cards
    assert [(one.promise_id, one.id is not None) for one in first.cards] == [
        ("r1-u1-0", True), ("r1-u3-1", False), ("r1-u4-0", False), ("typed-1", True),
    ]  # fmt: skip
    with talk.write() as session:
        record = records.create_draft(session, session.get_one(Reception, "r1"))
        said = {one.id: (one.state, one.who, one.by) for one in records.view(session, talk.clerk, record).promises}
    assert said["r1-u1-0"] == ("confirmed", "石桥镇政府", "2026年6月16日前"), "the record says what was confirmed"
    assert said["typed-1"][:2] == ("confirmed", "临溪县信访局")
    assert said["r1-u3-0"][0] == "struck"
    changed = {**sent.items[0].model_dump(), "what": "别的"}
    with pytest.raises(Conflict):
        confirm(talk, ConfirmCommitments.model_validate({"items": [changed]}))


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"due_on": "2026-06-08"}, InvalidInput), ({"due_on": "2036-06-08"}, InvalidInput), ({"unit_id": 3}, InvalidInput),
        ({"what": "  "}, InvalidInput), ({"promise_id": "r1-u2-0"}, NotFound), ({"promise_id": "r1-u3-0", "version": 4}, Conflict),
    ],
)  # fmt: skip
def test_with_one_that_is_wrong_nothing_is_confirmed(talk: World, wrong: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        confirm(talk, order(({**TYPED, **wrong},)))
    with talk.read() as session:
        assert session.query(Commitment).count() == 0
    with pytest.raises(NotAllowed):
        confirm(talk, order(), talk.clerk)


def file(world: World) -> StoredCase:
    with world.write() as session:
        record_id = records.create_draft(session, session.get_one(Reception, "r1")).id
        signing.confirm(session, world.clerk, record_id)
        sign(session, world, record_id, file_at_once=True)
        case = stored.case_of(session, record_id)
        assert case is not None
        return case


def test_a_case_gets_the_deadlines_and_the_unit_its_share_prepared(talk: World) -> None:
    confirm(talk, order((TYPED,)))
    case = file(talk)
    with talk.write() as session:
        case = session.get_one(StoredCase, case.id)
        commitments.filed(session, case)
        due = [(one.organization_id, one.due_on) for one in session.query(StoredDeadline).filter_by(case_id=case.id, rule="promise").order_by(StoredDeadline.id)]
        assert due == [(2, date(2026, 6, 16)), (1, TODAY)]
        (prepared,) = commitments.prepared(session, case)
        assert (prepared.organization_id, prepared.task) == (2, "拿出处理意见，6月16日前")
        reception = session.get_one(Reception, "r1")
        shown = [(one.unit, one.what) for one in sittings.view(session, reception).promises]
    assert shown == [("石桥镇政府", "拿出处理意见"), ("临溪县信访局", "回访一次")]


def test_where_the_leader_wants_it_the_unit_has_it_as_soon_as_there_is_a_case(talk: World) -> None:
    confirm(talk, order((TYPED,), assign=True))
    case = file(talk)
    with talk.read() as session:
        case = session.get_one(StoredCase, case.id)
        assert (case.state, case.unit_id, commitments.prepared(session, case)) == ("assigned", 2, ())


def test_a_promise_runs_on_while_its_matter_goes_on_in_another(talk: World) -> None:
    confirm(talk, order())
    case = file(talk)
    with talk.write() as session:
        letter = {"channel": "letter", "received_on": "2026-06-09", "name": "何守田", "statement": "补偿款没有给。"}
        earlier = registering.register(session, talk.clerk, NewMatter.model_validate(letter))[0]
        merge = LinkOrder(version=case.version, other_id=earlier.id, other_version=earlier.version, reason="是一回事")
        joining.decide(session, talk.clerk, case.id, Deed.MERGE, merge)
        merged = {one.rule: one.dropped_on for one in session.query(StoredDeadline).filter_by(case_id=case.id)}
    assert merged == {"register_and_refer": TODAY, "promise": None}
    end(talk, talk.town_clerk, "finish")
    with talk.write() as session:
        version = session.get_one(StoredCase, case.id).version
        joining.decide(session, talk.clerk, case.id, Deed.UNMERGE, LinkOrder(version=version, reason="不是一回事"))
        back = {one.rule: (one.dropped_on, one.done_on) for one in session.query(StoredDeadline).filter_by(case_id=case.id)}
    assert back == {"register_and_refer": (None, None), "promise": (None, TODAY)}


def test_before_the_talk_the_leader_sees_earlier_matters_of_the_same_person(talk: World) -> None:
    case = file(talk)
    with talk.write() as session:
        add_reception(session, "r2")
    with talk.read() as session:
        (found,) = alike.of_reception(session, talk.leader, "r2")
        assert (found.case_id, found.same_person) == (case.id, True)
        assert alike.of_reception(session, talk.leader, "r1") == []


def end(world: World, actor: Actor, deed: str, words: str = "量过了，签字单在卷里", **what: object):  # type: ignore[no-untyped-def]
    with world.write() as session:
        return getattr(commitments, deed)(session, actor, 1, CommitmentEnd.model_validate({"version": 1, "words": words, **what}))


def test_it_is_done_by_the_unit_or_taken_back_by_the_leader_and_counts(talk: World) -> None:
    confirm(talk, order((TYPED,)))
    case = file(talk)
    with pytest.raises(NotAllowed):
        end(talk, talk.clerk, "withdraw")
    with pytest.raises(InvalidInput):
        end(talk, talk.town_clerk, "finish", day="2026-06-10")
    with pytest.raises(NotFound):
        end(talk, talk.other_clerk, "finish")
    done = end(talk, talk.town_clerk, "finish")
    assert (done.state_words, done.ended_by, done.case_id, done.petitioner) == ("办成了", "镇上", None, "")
    with pytest.raises(WrongState):
        end(talk, talk.leader, "withdraw")
    with talk.read() as session:
        assert {one.done_on for one in session.query(StoredDeadline).filter_by(case_id=case.id, rule="promise")} == {TODAY, None}
    clock.set_source(lambda: TALK + timedelta(days=2))
    with talk.read() as session:
        late = commitments.ledger(session, talk.leader, "late", 2, None, "")
        found = commitments.figures(session, talk.leader, "")
        assert commitments.ledger(session, talk.other_clerk, "all", None, None, "").rows == ()
        assert commitments.ledger(session, talk.leader, "open", None, None, "2026-06-09~9").rows == ()
        of_office = [commitments.ledger(session, talk.leader, "all", None, None, "", office) for office in (1, 2)]
        assert [(len(one.rows), one.counts.done, one.office) for one in of_office] == [(2, 1, "临溪县信访局"), (0, 0, "石桥镇政府")]
    assert [(one.what, one.days_left, one.mine, one.case_id) for one in late.rows] == [("回访一次", -2, True, case.id)]
    assert late.counts.model_dump() == {"done": 1, "open": 1, "late": 1, "withdrawn": 0}
    assert (found.share.part, found.share.whole, found.leaders[0].name) == (1, 2, "周文清")


def test_an_accusation_hides_its_promises_from_whom_it_is_against(talk: World) -> None:
    confirm(talk, order())

    def of_the_unit() -> int:
        with talk.read() as session:
            return len(commitments.ledger(session, talk.town_clerk, "all", None, None, "").rows)

    assert of_the_unit() == 0, "nobody has said yet that it is no accusation"
    with talk.write() as session:
        drafted = records.create_draft(session, session.get_one(Reception, "r1"))
    assert of_the_unit() == 0, "a draft is a machine's guess"
    with talk.write() as session:
        session.get_one(VisitRecord, drafted.id).state = "confirmed"
    assert of_the_unit() == 1
    with talk.write() as session:
        session.get_one(VisitRecord, drafted.id).accusation = True
    with talk.read() as session:
        assert commitments.ledger(session, talk.town_clerk, "all", None, None, "").rows == ()
        assert len(commitments.ledger(session, talk.leader, "all", None, None, "").rows) == 1


def left(world: World) -> int:
    with world.read() as session:
        (row,) = queue.rows(session, world.leader, [session.get_one(Reception, "r1")])
        (own,) = own_talks.listed(session, world.leader, "").rows
        assert row.unconfirmed == own.unconfirmed
        return row.unconfirmed


def test_what_is_not_confirmed_is_counted_until_it_is_and_late_is_called_late(talk: World) -> None:
    case = file(talk)
    assert left(talk) == 4
    found = sheet(talk)
    assert found.late.startswith("笔录已经归档，现在确认的写不进笔录，回执也可能已经拿走了。")
    assert not any(one.on_record for one in confirm(talk, order(struck=("r1-u3-0", "r1-u3-1"))).cards if one.id is not None)
    assert left(talk) == 1
    assert [one.promise_id for one in sheet(talk).cards] == ["r1-u1-0", "r1-u4-0"], "nobody is asked again about what is none"
    with talk.read() as session:
        assert cases.open_case(session, talk.leader, case.id).intact, "the record stands as it was signed"


def test_who_said_nothing_before_is_known_by_the_forms_summary_to_whoever_held_the_talk(talk: World) -> None:
    summary = "修村道占了地，" * 12
    with talk.write() as session:
        session.get_one(Reception, "r1").matter = ""
        record = records.create_draft(session, session.get_one(Reception, "r1"))
        entry = session.scalars(select(FormEntry).where(FormEntry.record_id == record.id, FormEntry.field == FormField.SUMMARY)).one()
        entry.value = summary
    with talk.read() as session:
        reception = session.get_one(Reception, "r1")
        told = f"{summary[:59]}…"
        assert own_talks.listed(session, talk.leader, "").rows[0].matter == told
        assert [one.matter for one in queue.rows(session, talk.leader, [reception])] == [told]
        assert queue.view(session, talk.leader, reception).matter == told
        assert [one.matter for one in queue.rows(session, talk.clerk, [reception])] == [""], "others read what was said beforehand alone"


def test_what_is_confirmed_in_time_stands_on_the_record(talk: World) -> None:
    with talk.write() as session:
        records.create_draft(session, session.get_one(Reception, "r1"))
    assert left(talk) == 4
    confirmed = confirm(talk, order(struck=("r1-u3-0", "r1-u3-1")))
    assert (confirmed.late, [one.on_record for one in confirmed.cards if one.id is not None]) == ("", [True])
    assert left(talk) == 1


def notices_of(world: World, kind: str) -> list[tuple[int, str]]:
    with world.read() as session:
        return [(one.user_id, one.words) for one in session.query(Notice).filter_by(kind=kind).order_by(Notice.id)]


def test_before_its_matter_is_filed_a_promise_is_reminded_of_by_its_own_day_once(talk: World) -> None:
    confirm(talk, order())
    plan = Plan(before=(3, 1), late=(1, 3))
    for _ in range(2):
        with talk.write() as session:
            assert reminders.promises(session, plan, TODAY) <= 1
    assert notices_of(talk, "before") == []
    for _ in range(2):
        with talk.write() as session:
            reminders.promises(session, plan, date(2026, 6, 13))
    told = notices_of(talk, "before")
    assert {user for user, _ in told} == {1, 2}, "its leader and the office; the unit may be the accused one"
    assert len(told) == 2
    assert "还有 3 天到期，最后一天是2026年6月16日" in told[0][1]
    assert "处理意见" not in told[0][1], "what it is stands where rights are looked at"
    with talk.write() as session:
        records.create_draft(session, session.get_one(Reception, "r1")).state = "confirmed"
    with talk.write() as session:
        reminders.promises(session, plan, date(2026, 6, 16))
    assert {user for user, _ in notices_of(talk, "due")} == {1, 2, 4}, "its unit, too, once a clerk has handed over what is no accusation"
    with talk.write() as session:
        session.query(Commitment).update({"state": "done"})
        reminders.promises(session, plan, date(2026, 6, 30))
    assert notices_of(talk, "late") == []


def test_where_the_unit_cannot_be_given_the_matter_people_are_told_once(talk: World) -> None:
    case = file(talk)
    with talk.write() as session:
        session.get_one(StoredCase, case.id).state = "concluded"
    for _ in range(2):
        confirm(talk, order(assign=True))
    told = notices_of(talk, "promise")
    assert [user for user, _ in told] == [2, 1]
    assert "没能直接交办给石桥镇政府" in told[0][1]
    with talk.read() as session:
        assert commitments.prepared(session, session.get_one(StoredCase, case.id)), "it stays prepared"
