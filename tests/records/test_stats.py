"""Figures as people get them: who may open what, the workbook, the report, and digests that are kept."""

from datetime import date, datetime, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.domain import periods
from server.domain.figures import Figure, Look
from server.domain.flow import LetterKind, Step
from server.domain.states import StaffRole
from server.errors import InvalidInput, NotAllowed, NotFound
from server.protocol.flow import NewMatter, NewRating
from server.reception.figures import digests, reception_stats, stats, stats_report, stats_table
from server.reception.figures.stats import Asked
from server.reception.matter import ratings, registering, supervision
from server.store import case_figures
from server.store.access import Actor
from server.store.models import AccessEntry, Commitment, Organization, StoredCase, StoredDigest
from tests import databases
from tests.records.office import TALK, World, add_reception
from tests.records.test_flow import HANDLER, LAND, Matter, refused

SUPERVISOR = Actor(name="沈岚", user_id=2, role=StaffRole.SUPERVISOR, organization_id=1, organization_path="/1/")
LAND_CLERK = Actor(name="局里", user_id=2, role=StaffRole.CLERK, organization_id=LAND, organization_path=f"/1/{LAND}/")


def at(day: str) -> None:
    clock.set_source(lambda: datetime.fromisoformat(day + "T10:00:00+08:00"))


def overview(world: World, actor: Actor, key: str = "2026-06", organization: int | None = None):
    with world.read() as session:
        return stats.overview(session, world.office.settings, actor, key, organization)


def figure(told, name: str) -> tuple[int, int]:
    one = next(one for one in told.figures if one.id == name)
    return one.now.part, one.now.whole


@pytest.fixture
def matter(world: World) -> Matter:
    """A letter of 9 June that was answered at once, rated well, and of which a call heard the contrary."""
    made = Matter(world, title="=HYPERLINK(\"http://x\")")
    made.reply()
    made.take(HANDLER, Step.DELIVER, day="2026-06-09", how="当面送达")
    made.take(world.clerk, Step.CONCLUDE)
    with world.write() as session:
        ratings.rate(session, session.get_one(StoredCase, made.id), NewRating(body="unit", score="satisfied"), staff=world.clerk)
    made.take(world.clerk, Step.FOLLOW_UP, outcome="钱没有到", score="dissatisfied")
    return made


def test_a_limit_counts_once_its_last_day_is_over(world: World, matter: Matter):
    assert figure(overview(world, world.clerk), "accepted_in_time") == (0, 0)
    at("2026-06-24")
    assert figure(overview(world, world.clerk), "accepted_in_time") == (0, 0)
    at("2026-06-25")
    assert figure(overview(world, world.clerk), "accepted_in_time") == (1, 1)
    assert figure(overview(world, world.clerk, "2026-05"), "accepted_in_time") == (0, 0)


@pytest.mark.skipif(databases.ON_POSTGRESQL, reason="asks SQLite for its plan")
def test_limits_are_counted_without_their_rows_and_the_few_taken_back_late_by_themselves(world: World):
    with world.read() as session:
        scope, _ = stats.scope_of(session, world.office.settings, SUPERVISOR, "2026", None)
        for query, index in (
            (case_figures.rows(session, scope, Figure.CONCLUDED_IN_TIME), "COVERING INDEX ix_deadlines_figures"),
            (case_figures.looks(scope, Look.TAKEN_BACK_LATE), "ix_deadlines_taken_back_late"),
        ):
            asked = str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
            plan = [row[-1] for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}")]
            assert any(index in line for line in plan), plan


def test_what_looks_better_than_it_is_stands_out(world: World, matter: Matter):
    told = overview(world, SUPERVISOR)
    assert {one.id: one.cases for one in told.looks} == {"no_contact": 1, "contradicted": 1, "by_staff": 1, "taken_back_late": 0, "merged": 0}
    by = next(one for one in told.entered if one.body == "承办单位")
    assert ((by.by_petitioner.part, by.by_petitioner.whole), (by.by_staff.part, by.by_staff.whole)) == ((0, 0), (1, 1))
    office = next(one for one in told.figures if one.id == "satisfied_office")
    assert (office.now.percent, office.counts) == (None, False)
    with world.write() as session:
        session.get_one(StoredCase, matter.id).state = "merged"
    told = overview(world, SUPERVISOR)
    assert (told.registered, next(one.cases for one in told.looks if one.id == "merged")) == (0, 1)


def test_a_matter_that_is_handled_anew_was_not_resolved_at_once_and_its_second_round_is_looked_at_by_itself(world: World, matter: Matter):
    def told() -> tuple[tuple[int, int], tuple[int, int], int, int]:
        june, july = overview(world, SUPERVISOR), overview(world, SUPERVISOR, "2026-07")
        looks = [next(one.cases for one in found.looks if one.id == "no_contact") for found in (june, july)]
        return figure(june, "resolved_once"), figure(july, "resolved_once"), *looks

    matter.take(world.clerk, Step.CONTACT, how="电话")
    assert told() == ((1, 1), (0, 0), 0, 0)
    at("2026-06-20")
    matter.take(world.clerk, Step.REQUEST_REVIEW, day="2026-06-20")
    matter.take(world.clerk, Step.REVIEW_OPINION, text="撤销，重新办。")
    matter.take(world.clerk, Step.HANDLE_ANEW, reason="面积没有量")
    assert told() == ((0, 1), (0, 0), 0, 0)
    at("2026-07-10")
    with world.read() as session:
        facts = supervision.draft(session, SUPERVISOR, session.get_one(StoredCase, matter.id), LetterKind.SUPERVISION)
    assert "交回重新办以后没有联系过信访人" in facts.units[0].text
    matter.take(HANDLER, Step.REPLY, text="重新丈量，补发。")
    matter.take(HANDLER, Step.DELIVER, day="2026-07-10", how="当面送达")
    matter.take(world.clerk, Step.CONCLUDE)
    assert told() == ((0, 1), (0, 0), 0, 1)


def test_only_supervisors_open_how_somebody_rated_and_who_did_where_few_did(world: World, matter: Matter, monkeypatch):
    def behind(actor: Actor, what: str, part: str):
        with world.read() as session:
            return [one.id for one in stats.behind(session, world.office.settings, actor, Asked(what, part), "2026-06", None, None).rows]

    assert behind(SUPERVISOR, "rated_unit", "good") == behind(world.clerk, "rated_unit", "all") == [matter.id]
    assert behind(world.clerk, "rated_office", "bad") == [matter.id], "nobody rated"
    for what, part in (("rated_unit", "good"), ("rated_unit", "bad"), ("satisfied_unit", "all")):
        with refused(NotAllowed, "太少"):
            behind(world.clerk, what, part)
    monkeypatch.setattr(stats, "LEAST_RATED", 1)
    assert behind(world.clerk, "rated_unit", "good") == behind(world.clerk, "satisfied_unit", "all") == [matter.id]
    assert behind(SUPERVISOR, "satisfied_unit", "good") == [matter.id]
    assert behind(SUPERVISOR, "contradicted", "all") == [matter.id]
    for what, part in (("satisfied_unit", "good"), ("satisfied_unit", "bad"), ("contradicted", "all")):
        with pytest.raises(NotAllowed):
            behind(world.clerk, what, part)
    with pytest.raises(InvalidInput):
        behind(world.clerk, "repeats", "some")
    with pytest.raises(NotFound):
        behind(world.clerk, "x", "all")


def test_only_supervisors_read_what_was_added_to_a_rating(world: World, matter: Matter):
    def said(actor: Actor, what: str):
        with world.read() as session:
            return [one.said for one in stats.behind(session, world.office.settings, actor, Asked(what), "2026-06", None, None).rows]

    assert said(SUPERVISOR, "rated_unit") == [()]
    with world.write() as session:
        ratings.rate(session, session.get_one(StoredCase, matter.id), NewRating(body="office", score="basically", words=" 等了两个小时 "))
    added = ("评信访部门时说：「等了两个小时」",)
    assert (said(SUPERVISOR, "satisfied_office"), said(SUPERVISOR, "rated_office"), said(SUPERVISOR, "contradicted")) == ([added], [added], [added])
    assert (said(SUPERVISOR, "rated_unit"), said(SUPERVISOR, "repeats"), said(world.clerk, "rated_office")) == ([()], [()], [()])


def test_a_number_of_one_unit_and_of_what_was_registered_opens_to_just_these(world: World, matter: Matter):
    """The office above a unit has none of the unit's own; what was registered is told apart as the digests tell it."""
    def behind(asked: Asked, organization: int | None = None):
        with world.read() as session:
            return [one.id for one in stats.behind(session, world.office.settings, SUPERVISOR, asked, "2026-06", organization, None).rows]

    told = overview(world, SUPERVISOR)
    assert [(one.organization_id, one.rated.part, one.rated.whole) for one in told.units if one.rated.whole] == [(LAND, 1, 1)]
    assert behind(Asked("rated_unit", alone=True), LAND) == behind(Asked("rated_unit")) == [matter.id]
    assert behind(Asked("rated_unit", alone=True)) == []
    with world.write() as session:
        case = session.get_one(StoredCase, matter.id)
        case.place, case.category = "柳湾村", ""
    found = {by: behind(Asked("registered", by=by, value=value)) for by, value in (
        ("", ""), ("category", ""), ("place", "柳湾村"), ("unit", str(LAND)), ("channel", "letter"))}  # fmt: skip
    assert list(found.values()) == [[matter.id]] * 5
    assert [behind(Asked("registered", by=by, value=value)) for by, value in (("category", "x"), ("place", "柳湾"), ("unit", ""), ("channel", "x"))] == [[]] * 4
    for asked in (Asked("registered", by="petitioner", value="何守田"), Asked("registered", by="unit", value="x")):
        with pytest.raises(InvalidInput):
            behind(asked)


def test_a_digest_leaves_nothing_out_of_its_sums(world: World, monkeypatch):
    """Of more values than are named the rest is one line, also of those that came most often in the other period."""
    monkeypatch.setattr(digests, "MOST", 2)
    with world.write() as session:
        for day, places in (("2026-06-02", "乙乙乙丙丁"), ("2026-06-09", "甲甲甲丙丙乙戊己")):
            for place in places:
                at(day)
                registering.register(session, world.clerk, NewMatter(channel="letter", received_on=date.fromisoformat(day), name="何守田", statement="路", place=place))
        session.flush()
        at("2026-06-16")
        period = periods.parse("2026-W24")
        made = digests._count(session, world.office.settings, session.get_one(Organization, 1), period)
    assert [(one.name, one.now, one.before) for one in made.by_place] == [("甲", 3, 0), ("丙", 2, 1), ("其余", 3, 4)]
    assert (made.registered.now, made.registered.before) == (8, 5)


def test_nobody_asks_for_what_is_not_below_them(world: World, matter: Matter):
    assert overview(world, LAND_CLERK).organization == "县自然资源局"
    for actor, organization in ((LAND_CLERK, 1), (world.other_clerk, 1), (world.clerk, 99)):
        with pytest.raises(NotFound):
            overview(world, actor, organization=organization)
    with pytest.raises(InvalidInput):
        overview(world, world.clerk, "2026-13")


def test_an_accusation_is_in_no_figure_of_whom_it_is_against(world: World):
    Matter(world, purpose="accusation", accused_unit="县自然资源局")
    assert overview(world, world.clerk).registered == 1
    with world.write() as session:
        session.scalars(select(StoredCase)).one().organization_id = LAND
    assert overview(world, SUPERVISOR).registered == 1
    assert overview(world, LAND_CLERK).registered == 0


def test_the_workbook_has_no_formulas_and_taking_it_is_written_down(world: World, matter: Matter, monkeypatch):
    with world.write() as session:
        session.get_one(Organization, LAND).name = "=1+\x0b1\ufffe"
    at("2026-09-01")
    monkeypatch.setattr(stats_table, "MOST_MATTERS", 0)
    monkeypatch.setattr(stats_table, "MISSED", (Figure.SATISFIED_UNIT, Figure.REPEATS))
    with world.read() as session:
        content, name = stats_table.make(session, world.office.settings, SUPERVISOR, "2026", None)
    book = load_workbook(BytesIO(content))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert name.endswith("-2026.xlsx")
    assert book.sheetnames[0] == "指标"
    assert ("及时受理率", 1, 1, 100) in [tuple(cell.value for cell in row[:4]) for row in book["指标"].iter_rows()]
    assert ("承办单位的满意率，工作人员代填的", 1, 1, 100) in [tuple(cell.value for cell in row[:4]) for row in book["指标"].iter_rows()]
    assert [row[2].value for row in book["没有按期的"].iter_rows(min_row=2)] == ["只列最新的 0 件，其余的在网页上看。"], "what is left out is said"
    assert book["按月"].HeaderFooter.oddHeader.center.text == "临溪县信访局　2026 年（2026 年 1 月 1 日至 12 月 31 日，算到 8 月 31 日）　按月"
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert [cell.quotePrefix for cell in cells if cell.value == "=1+1"] == [True]
    with world.read() as session:
        assert [one.thing_id for one in session.scalars(select(AccessEntry)) if one.action == "export"] == ["1/2026"]


def test_the_report_is_a_pdf(world: World, matter: Matter):
    with world.read() as session:
        content, name = stats_report.make(session, world.office.settings, SUPERVISOR, "2026-06", None)
    assert content.startswith(b"%PDF-")
    assert name == "信访工作情况-临溪县信访局-2026-06.pdf"


def kept(world: World) -> list[tuple[str, int]]:
    with world.read() as session:
        return [(one.period, one.organization_id) for one in session.scalars(select(StoredDigest).order_by(StoredDigest.id))]


def test_a_period_is_counted_once_when_it_is_over_also_after_downtime(world: World, matter: Matter):
    assert "2026-06-09" not in {one.key for one in digests.due(world.office)}
    assert digests.make(world.office, "2026-06-09") == 0
    at("2026-06-16")
    due = {one.key for one in digests.due(world.office)}
    assert {"2026-06-09", "2026-06-15", "2026-W24"} <= due
    assert digests.make(world.office, "2026-W24") == 1
    assert digests.make(world.office, "2026-W24") == 0
    assert kept(world) == [("2026-W24", 1)]
    assert "2026-W24" not in {one.key for one in digests.due(world.office)}
    with world.read() as session:
        row = digests.listed(session, SUPERVISOR, "week", None, None)[0]
        told = digests.open_digest(session, SUPERVISOR, row.id).digest
        with pytest.raises(NotFound):
            digests.open_digest(session, LAND_CLERK, row.id)
    assert (row.title, row.registered, told.span) == ("周会办", 1, "2026 年 6 月 8 日至 6 月 14 日")
    assert [(one.name, one.now, one.before) for one in told.by_unit] == [("县自然资源局", 1, 0)]
    with world.read() as session:
        assert session.scalars(select(StoredDigest.first)).one() == date(2026, 6, 8)


def undertake(session: Session, reception: str, *, due: date, state: str = "open", ended_on: date | None = None, office: int = 1) -> None:
    session.add(
        Commitment(
            reception_id=reception, promise_id=f"typed-{reception}-{due}-{state}", organization_id=office, unit_id=2, what="核对账目", due_on=due,
            promised_by_id=2, promised_at=TALK, state=state, ended_on=ended_on,
        )
    )  # fmt: skip


def test_receptions_of_a_leader_and_what_is_behind_each_number(world: World):
    at("2026-06-20")
    with world.write() as session:
        add_reception(session, "r1")
        add_reception(session, "r2").asked_at = TALK - timedelta(minutes=45)
        add_reception(session, "r3").channel = "on_site"
        add_reception(session, "r4", receiver_id=1)  # a clerk's talk is no leader's
        session.get_one(Organization, 1).level = "county"
        undertake(session, "r1", due=date(2026, 6, 15), state="done", ended_on=date(2026, 6, 14))
        undertake(session, "r2", due=date(2026, 6, 15), state="done", ended_on=date(2026, 6, 14))
        undertake(session, "r2", due=date(2026, 6, 16))
        undertake(session, "r3", due=date(2026, 6, 30))
    made = Matter(world, channel="on_site", received_by_id=2)
    assert made.view(world.clerk).received_by == "周文清"
    with world.read() as session:
        told = reception_stats.figures(session, world.office.settings, world.clerk, "2026-06", None)
        (leader,) = told.leaders
        assert (leader.name, leader.level, leader.video.part, leader.video.whole) == ("周文清", "县级领导", 2, 4)
        assert [(one.level, one.target, one.short) for one in told.video] == [("county", 60, 1)]
        assert (told.waits.people, told.waits.half, told.waits.nine_tenths, told.waits.long) == (3, 9, 45, 1)
        assert (leader.satisfied, told.satisfied.whole) == (None, 0)

        def behind(what: str, actor: Actor = world.clerk, after: int = 0):
            found = reception_stats.behind(session, world.office.settings, actor, what, "2026-06", None, 2, after)
            return [(one.how, one.waited, one.case_id) for one in found.rows]

        assert behind("video") == [("视频接访", 9, None), ("视频接访", 45, None)]
        assert (told.organization, told.words) == (session.get_one(Organization, 1).name, "2026 年 6 月")

        def of_level(level: str) -> tuple[str, int]:
            found = reception_stats.behind(session, world.office.settings, world.clerk, "video", "2026-06", None, None, 0, level)
            return found.heading.split(" ", 1)[1], len(found.rows)

        assert of_level("county")[1] == told.video[0].share.part == 2
        assert of_level("city")[1] == of_level("")[1] == 0
        assert "县级领导 领导视频接访，2 次" in of_level("county")[0]
        assert behind("long") == [("视频接访", 45, None)]
        assert [minutes for _, minutes, _ in behind("waited")] == [45, 9, 9], "all that the median is of, the longest first"
        assert behind("said", SUPERVISOR) == []
        with pytest.raises(NotAllowed):
            behind("said")  # of so few the sum would tell how they rated
        assert sorted(behind("other"), key=str) == [("现场接访", 9, None), ("现场接访", None, made.id)]
        assert (len(behind("held")), behind("held", after=4), behind("rated")) == (4, [], [])
        assert (told.promises.part, told.promises.whole) == (2, 3), "what is not due yet is not counted"
        found = reception_stats.behind(session, world.office.settings, world.clerk, "promised", "2026-06", None, None, 0)
        assert sorted(one.promised for one in found.rows) == ["1 件里按时办成 1 件", "2 件里按时办成 1 件"]
        found = reception_stats.behind(session, world.office.settings, world.clerk, "unkept", "2026-06", None, 2, 0)
        assert ([one.promised for one in found.rows], found.next) == (["2 件里按时办成 1 件"], None)
        with pytest.raises(NotAllowed):
            behind("displeased")
        assert behind("displeased", SUPERVISOR) == []
        assert reception_stats.figures(session, world.office.settings, world.town_clerk, "2026-06", None).leaders == ()
    with world.write() as session:
        undertake(session, "r4", due=date(2026, 6, 15), office=2)
        told = reception_stats.figures(session, world.office.settings, world.town_clerk, "2026-06", None)
        assert [(one.name, one.level, one.promises.part, one.promises.whole) for one in told.leaders] == [("周文清", "县级领导", 0, 1)]
