"""Reminders: before, on and after a deadline's day, once each, also after downtime and when the day moves."""

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update

from server.domain.flow import Step
from server.domain.joins import Deed
from server.domain.reminding import Plan, next_look, reached
from server.domain.states import NoticeKind, StaffRole
from server.protocol.alike import LinkOrder
from server.protocol.flow import NewMatter, StepOrder
from server.reception.matter import cases, delivering, joining, notices, registering, reminders, work
from server.store.models import Notice, StaffContact, StoredCase, StoredDeadline, StoredReminder, User
from tests import databases
from tests.records.office import TALK, World
from tests.records.test_flow import HANDLER, LAND, LAND_HEAD, LETTER, PLANNING, Matter, at

PLAN = Plan(before=(3, 1), late=(1, 3))
DUE = date(2026, 6, 24)
SUPERVISOR, HEAD, LEADER = "督查员", "局长", "周文清"


@pytest.fixture
def matter(world: World) -> Matter:
    made = Matter(world)
    people = ((20, "韦国良", StaffRole.HANDLER, LAND), (21, SUPERVISOR, StaffRole.SUPERVISOR, 1), (22, HEAD, StaffRole.LEADER, LAND),
              (23, "规划员", StaffRole.HANDLER, PLANNING))  # fmt: skip
    with world.write() as session:
        for number, name, role, unit in people:
            session.add(User(id=number, organization_id=unit, username=f"u{number}", name=name, role=role, password_hash="", created_at=TALK))
    return made


def said(matter: Matter, day: str) -> list[tuple[str, str]]:
    """(who, what) of every notice that the reminders of that day make."""
    at(day)
    with matter.world.read() as session:
        last = session.scalar(select(func.max(Notice.id))) or 0
    reminders.remind(matter.world.office)
    with matter.world.read() as session:
        found = session.execute(select(User.name, Notice.words).join(User, User.id == Notice.user_id).where(Notice.id > last))
        return [(name, words) for name, words in found]


def lists(matter: Matter) -> dict[str, int]:
    """What waits for the unit."""
    with matter.world.read() as session:
        return {one.key: one.count for one in work.overview(session, HANDLER, work.of_page(HANDLER, False)) if one.count}


def test_each_stage_once_on_its_day(matter: Matter):
    matter.give((LAND, "main"))
    with matter.world.write() as session:
        session.execute(update(StoredDeadline).where(StoredDeadline.rule != "notify_acceptance").values(remind_on=None))
    told = {}
    for offset in (-20, *range(-4, 5), 9):
        day = (DUE + timedelta(days=offset)).isoformat()
        found = said(matter, day)
        assert said(matter, day) == []
        if found:
            told[offset] = {name for name, _ in found}
            assert all("LX-2026-000001 “告知是否受理”" in words and "何守田" not in words for _, words in found)
    assert told == {-3: {"韦国良"}, -1: {"韦国良"}, 0: {"韦国良"}, 1: {"韦国良", SUPERVISOR}, 3: {HEAD, LEADER}}
    with matter.world.read() as session:
        assert set(session.scalars(select(StoredDeadline.remind_on))) == {None}


def test_after_downtime_each_audience_is_told_once_with_todays_words(matter: Matter):
    matter.give((LAND, "main"))
    with matter.world.write() as session:
        session.execute(update(StoredDeadline).where(StoredDeadline.rule != "notify_acceptance").values(remind_on=None))
    found = said(matter, "2026-07-20")
    assert sorted(name for name, _ in found) == sorted(["韦国良", SUPERVISOR, HEAD, LEADER])
    assert all("过期 26 天了，应当在2026年6月24日（星期三）前办完" in words for _, words in found)
    assert dict(found)["韦国良"].count("县自然资源局") == 0
    assert "（县自然资源局）" in dict(found)[LEADER]
    assert said(matter, "2026-07-21") == []


def test_nothing_for_what_was_met_or_dropped_or_merely_lapses(matter: Matter):
    matter.accept()
    matter.take(HANDLER, Step.REPLY, text="补发。")
    matter.take(HANDLER, Step.DELIVER, day="2026-06-09", how="当面")
    assert said(matter, "2027-01-01") == []
    with matter.world.read() as session:
        assert {one.rule for one in session.scalars(select(StoredDeadline).where(StoredDeadline.done_at.is_(None), StoredDeadline.dropped_at.is_(None)))} == {"request_review"}


def test_again_when_an_extension_moves_the_day(matter: Matter):
    matter.accept()
    assert [name for name, _ in said(matter, "2026-08-07")] == ["韦国良"]
    matter.take(HANDLER, Step.ASK_EXTENSION, days=30, reason="要重新测量")
    matter.take(LAND_HEAD, Step.GRANT_EXTENSION)
    assert said(matter, "2026-08-09") == []
    (_, words), = said(matter, "2026-09-06")
    assert "还有 1 天到期，最后一天是2026年9月7日（星期一）" in words


def test_nothing_falls_due_while_the_days_stand_still(matter: Matter):
    matter.accept()
    matter.mediate()
    matter.take(HANDLER, Step.BEGIN_PAUSE, pause="mediation", reason="双方同意调解")
    assert said(matter, "2026-08-20") == []
    assert (matter.deadlines()["conclude"].due_on, lists(matter)) == (date(2026, 10, 19), {"working": 1, "undelivered": 1})
    (shown,) = [one for one in matter.view(HANDLER).deadlines if one.rule == "conclude"]
    assert (shown.due, shown.overdue, len(shown.notes)) == ("2026-10-19", False, 1)
    matter.take(HANDLER, Step.END_PAUSE, outcome="没有谈成")
    due = matter.deadlines()["conclude"].due_on
    assert due > date(2026, 10, 1)
    (name, words), = said(matter, (due - timedelta(days=3)).isoformat())
    assert name == "韦国良"
    assert "还有 3 天" in words


def test_who_ran_out_of_time_is_late_though_the_days_stand_still_now(matter: Matter):
    matter.accept()
    assert {name for name, _ in said(matter, "2026-08-09")} == {"韦国良", SUPERVISOR}
    matter.mediate()
    matter.take(HANDLER, Step.BEGIN_PAUSE, pause="mediation", reason="双方同意调解")
    assert {name for name, _ in said(matter, "2026-08-11")} == {HEAD, LEADER}
    assert lists(matter)["late"] == 1


@pytest.mark.parametrize(("there", "back"), [(Deed.MERGE, Deed.UNMERGE), (Deed.GUIDE_BACK, Deed.UNGUIDE_BACK)])
def test_what_was_not_said_while_it_went_on_elsewhere_is_said_once_it_is_back(matter: Matter, there: Deed, back: Deed):
    """Both limits are due on 24 June; the second is looked at while it is dropped or met, and is late once it holds again."""
    clerk = matter.world.clerk

    def do(deed: Deed, **order: object) -> None:
        with matter.world.write() as session:
            case = session.get_one(StoredCase, second)
            joining.decide(session, clerk, second, deed, LinkOrder.model_validate({"version": case.version, "reason": "是一回事", **order}))

    with matter.world.write() as session:
        second = registering.register(session, clerk, NewMatter.model_validate(LETTER))[0].id
        session.execute(update(StoredDeadline).where(StoredDeadline.case_id != second).values(remind_on=None))
    do(there, other_id=matter.id, other_version=1)
    assert said(matter, "2026-06-23") == []
    do(back)
    words = [words for _, words in said(matter, "2026-06-25")]
    assert words
    assert all("LX-2026-000002 “登记并转送、交办”" in one and "过期 1 天" in one for one in words)


def test_whom_a_matter_is_against_hears_nothing_of_it(world: World, matter: Matter):
    accusation = Matter.__new__(Matter)
    accusation.world = world
    with world.write() as session:
        body = {**LETTER, "purpose": "accusation", "statement": "县自然资源局的人收钱。", "accused_unit": "县自然资源局"}
        accusation.id = registering.register(session, world.clerk, NewMatter.model_validate(body))[0].id
        session.execute(update(StoredDeadline).where(StoredDeadline.case_id == accusation.id).values(organization_id=LAND))
        session.execute(update(StoredDeadline).where(StoredDeadline.case_id != accusation.id).values(remind_on=None))
    assert {name for name, _ in said(matter, "2026-07-20")} == {SUPERVISOR, LEADER}
    with world.write() as session:
        assert notices.tell(session, session.get_one(User, 20), "urged", session.get_one(StoredCase, accusation.id), "催一下") == []


def test_those_above_are_told_of_an_accusation_against_the_office_itself(world: World, matter: Matter):
    body = {**LETTER, "statement": "镇政府的人收钱。", "accused_unit": "石桥镇政府"}
    with world.write() as session:
        session.execute(update(StoredDeadline).values(remind_on=None))
        number = registering.register(session, world.town_clerk, NewMatter.model_validate(body | {"purpose": "accusation"}))[0].case_no
        later = registering.register(session, world.town_clerk, NewMatter.model_validate(body))[0]
        order = StepOrder(version=1, purpose="accusation", category="干部作风")
        cases.take_step(session, world.town_clerk, later.id, Step.SCREEN, order)
        for _ in range(2):
            order = order.model_copy(update={"version": later.version})
            cases.take_step(session, world.clerk, later.id, Step.SCREEN, order)
        numbers = [number, later.case_no]
    with world.read() as session:
        found = session.execute(select(Notice.user_id, Notice.words).where(Notice.kind == NoticeKind.HANDED_UP).order_by(Notice.id)).all()
    assert [(one, words.split(" ")[0]) for one, words in found] == [(1, number) for number in numbers]
    assert [(name, words.split(" ")[0]) for name, words in said(matter, "2026-06-23")] == [("林晓", number) for number in numbers]


def test_what_a_unit_was_told_before_is_hidden_once_the_matter_turns_out_to_be_against_it(world: World, matter: Matter):
    with world.write() as session:
        session.execute(update(StoredCase).where(StoredCase.id == matter.id).values(statement="县自然资源局的人收了钱才肯量地。"))
        session.add(StaffContact(user_id=20, mail="wei@example.gov.cn"))
    officer = replace(HANDLER, user_id=20)
    matter.give((LAND, "main"))
    with world.write() as session:
        user, case = session.get_one(User, 20), session.get_one(StoredCase, matter.id)
        notices.tell(session, user, NoticeKind.URGED, case, "快一点。")
        notices.announce(session, [user], NoticeKind.LECTURE, "明天讲课。")

    def told() -> tuple[list[str], int]:
        with world.read() as session:
            page = notices.page(session, officer, None)
        return [one.words for one in page.notices], page.unread

    assert told() == (["明天讲课。", "快一点。"], 2)
    matter.take(world.clerk, Step.WITHDRAW, reason="反映的就是它")
    matter.take(world.clerk, Step.SCREEN, purpose="accusation", category="干部作风")
    assert told() == (["明天讲课。"], 1)
    sent: list[delivering.Message] = []
    delivering.send_due(world.office, {notices.MAIL: SimpleNamespace(send=sent.append)})
    assert [one.text for one in sent] == ["讲座通知。请登录查看。"], "nor does it go out"


def test_a_killed_run_says_nothing_twice(matter: Matter, monkeypatch):
    for number in range(7):
        with matter.world.write() as session:
            session.add(StoredDeadline(case_id=matter.id, organization_id=LAND, office_id=1, rule="review", starts_on=DUE, due_on=DUE + timedelta(days=number)))
    monkeypatch.setattr(reminders, "BATCH", 2)
    whole, calls = reminders.batch, []

    def dies(*args: object, **kwargs: object) -> int:
        calls.append(1)
        found = whole(*args[:3], 2)  # type: ignore[arg-type]
        if len(calls) == 3:
            raise OSError("killed")
        return found

    monkeypatch.setattr(reminders, "batch", dies)
    at("2026-07-20")
    with pytest.raises(OSError, match="killed"):
        reminders.remind(matter.world.office)
    reminders.remind(matter.world.office)
    with matter.world.read() as session:
        told = session.scalar(select(func.count()).select_from(Notice).where(Notice.user_id == 20))
        stages = session.scalar(select(func.count()).select_from(StoredReminder).where(StoredReminder.stage == "late"))
    assert told == 7
    assert stages == 8  # the case's own first deadline is the office's, which has no handler


@pytest.mark.parametrize(("day", "names", "following"), [
    (-10, [], -3), (-3, ["before-3"], -1), (-2, ["before-3"], -1), (-1, ["before-1"], 0), (0, ["due"], 1),
    (1, ["late", "late-supervisor"], 3), (2, ["late", "late-supervisor"], 3), (3, ["late", "late-supervisor", "late-leader"], None),
])  # fmt: skip
def test_of_each_audience_the_furthest_stage(day, names, following):
    today = DUE + timedelta(days=day)
    assert [one.name for one in reached(PLAN, DUE, today, False)] == names
    assert next_look(PLAN, DUE, today, False) == (None if following is None else DUE + timedelta(days=following))


@pytest.mark.skipif(databases.ON_POSTGRESQL, reason="asks SQLite for its plan")
def test_many_deadlines_are_looked_at_by_their_index_only(matter: Matter):
    """What is not due to be looked at is not read, however much of it there is."""
    with matter.world.write() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT * FROM deadlines WHERE remind_on <= '2026-06-09' ORDER BY remind_on LIMIT 300"
        ).all()
    assert "USING INDEX ix_deadlines_remind_on" in str(plan)
