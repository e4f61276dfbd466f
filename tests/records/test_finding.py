"""Finding cases by words and filters, page by page, and kept lists."""

from datetime import date

import pytest
from sqlalchemy import select

from server.api import ledger, lists, models
from server.domain.casequery import CaseQuery
from server.domain.states import CaseState
from server.errors import InvalidInput, NotFound
from server.protocol.finding import KeptQuery, NewList
from server.protocol.flow import NewMatter
from server.reception.matter import cases, registering, saved_lists
from server.store import finding
from server.store.finding import Cursor
from server.store.models import AccessEntry, StoredCase, StoredLetter
from tests.records.office import World
from tests.records.test_api import Caller
from tests.records.test_flow import HANDLER, LAND, TOWN_HANDLER, Matter, refused

SAID = ("征地补偿没有发到手里", "工地拖欠工资四个月", "自来水经常停，出来的水是黄的")


@pytest.fixture
def matter(world: World) -> Matter:
    """A matter, and thirty more in the county and the township, one after the other."""
    made = Matter(world)
    with world.write() as session:
        for number in range(30):
            actor = world.town_clerk if number % 3 == 0 else world.clerk
            registering.register(session, actor, NewMatter.model_validate({
                "channel": "online" if number % 2 else "hotline", "received_on": "2026-06-09", "name": ("何守田", "郑玉梅", "罗建民")[number % 3],
                "phone": f"100000000{number:02d}", "statement": f"{SAID[number % 3]}，第{number}户。", "purpose": "request",
                "category": "征地补偿" if number % 3 == 0 else "劳动报酬", "place": "石桥镇柳湾村" if number % 5 == 0 else "青岭乡",
            }))  # fmt: skip
    return made


def ids(world: World, asked: CaseQuery, actor=None) -> list[int]:
    """Every case that fits, through all the pages, forwards; backwards they are the same."""
    found: list[int] = []
    with world.read() as session:
        page = cases.list_cases(session, actor or world.clerk, asked)
        total = page.total
        while page.rows:
            found += [row.id for row in page.rows]
            if not page.older:
                break
            page = cases.list_cases(session, actor or world.clerk, asked, Cursor(before=found[-1]))
        back = [row.id for row in page.rows]
        while page.newer:
            page = cases.list_cases(session, actor or world.clerk, asked, Cursor(after=back[0]))
            back = [row.id for row in page.rows] + back
    assert back == found == sorted(found, reverse=True)
    assert total == len(found)
    return found


def fitting(world: World, fits) -> list[int]:
    """The same, by looking at each row."""
    with world.read() as session:
        return sorted((case.id for case in session.scalars(select(StoredCase)) if fits(case)), reverse=True)


def test_filters_and_words_find_what_fits_and_nothing_else(matter: Matter):
    world = matter.world
    matter.give((LAND, "main"))
    land = "征地补偿"
    assert ids(world, CaseQuery()) == fitting(world, lambda case: True)
    assert ids(world, CaseQuery(words="拖欠")) == fitting(world, lambda case: "拖欠" in case.statement)
    assert ids(world, CaseQuery(words="拖欠", channel="online")) == fitting(
        world, lambda case: "拖欠" in case.statement and case.channel == "online"
    )
    assert ids(world, CaseQuery(category="补偿", place="石桥")) == fitting(world, lambda case: case.category == land and "石桥" in case.place)
    assert ids(world, CaseQuery(person="郑玉梅")) == fitting(world, lambda case: case.petitioner == "郑玉梅")
    assert ids(world, CaseQuery(person="郑玉")) == []
    assert ids(world, CaseQuery(state=CaseState.ASSIGNED)) == ids(world, CaseQuery(unit=LAND)) == [matter.id]
    assert ids(world, CaseQuery(office=2)) == ids(world, CaseQuery(), world.town_clerk) == fitting(world, lambda case: case.organization_id == 2)
    assert ids(world, CaseQuery(), HANDLER) == ids(world, CaseQuery(words="补偿"), HANDLER) == [matter.id]
    assert ids(world, CaseQuery(), TOWN_HANDLER) == ids(world, CaseQuery(), world.other_clerk) == []
    day = date(2026, 6, 9)
    assert ids(world, CaseQuery(since=day, until=day)) == ids(world, CaseQuery())
    assert ids(world, CaseQuery(since=date(2026, 6, 10))) == ids(world, CaseQuery(until=date(2026, 6, 8))) == []


WRITTEN = {"statement": "x" * 2047 + "，柳湾村３组，ＷＰＳ表里写「12.5亩」🙏，“没给”。A区的路口", "place": "石桥镇Ａ区3组", "category": "征地－ABC"}
ODD = (("x" * 100, 1), ("3组", 1), ("３组", 1), ("wps", 1), ("ｗｐｓ表", 1), ("12.5亩", 1), ("１２．５", 1), ("“没给”", 1), ("没给\"' OR 1=1 --", 0), ("路", 1), ("口", 1),
       ("a", 1), ("🙏", 0), ("🙏 没给", 1), ("，。", 0), ("%", 0), ("没_", 1), ("没给*", 1), ("\u3000没给\u3000路口", 1), ("村" * 100, 0), ("没 " * 50, 1))  # fmt: skip


def test_odd_words_find_the_same_on_both_databases(world: World):
    with world.write() as session:
        registering.register(session, world.clerk, NewMatter.model_validate({"channel": "letter", "received_on": "2026-06-09", "name": "何守田", **WRITTEN}))
    assert [(words, len(ids(world, CaseQuery(words=words)))) for words, _ in ODD] == list(ODD)
    for asked in (CaseQuery(place="a区 ３组"), CaseQuery(place="Ａ区", category="abc"), CaseQuery(category="ＡＢＣ", person=" 何守田 ")):
        assert len(ids(world, asked)) == 1, asked
    assert ids(world, CaseQuery(place="A区4组")) == ids(world, CaseQuery(place="🙏")) == []


def test_a_county_of_many_organizations_finds_the_same(matter: Matter, monkeypatch):
    """The ways that are taken with many organizations and many cases give what the others give."""
    world = matter.world
    matter.give((LAND, "main"))
    asked = [CaseQuery(), CaseQuery(words="补偿"), CaseQuery(words="没有发到", channel="online"), CaseQuery(place="石桥", words="工资")]
    actors = (world.clerk, world.town_clerk, HANDLER)
    before = [ids(world, one, actor) for one in asked for actor in actors]
    assert any(before)
    monkeypatch.setattr(finding, "FEW_CASES", 0)
    assert [ids(world, one, actor) for one in asked for actor in actors] == before
    monkeypatch.setattr(finding, "FEW_ORGANIZATIONS", 0)
    assert [ids(world, one, actor) for one in asked for actor in actors] == before


def test_a_unit_finds_what_it_was_given_in_the_index_itself(matter: Matter, monkeypatch):
    """Also after the text was read anew, and in a state; what it was not given, it does not find."""
    monkeypatch.setattr(finding, "FEW_CASES", 0)
    world = matter.world
    assert ids(world, CaseQuery(words="补偿"), HANDLER) == []
    matter.give((LAND, "main"))
    in_state = CaseQuery(words="补偿", state=CaseState.ASSIGNED)
    assert ids(world, CaseQuery(words="补偿"), HANDLER) == ids(world, in_state, HANDLER) == [matter.id]
    with world.write() as session:
        registering.search_again(session, session.get_one(StoredCase, matter.id))
    assert ids(world, CaseQuery(words="补偿"), HANDLER) == ids(world, CaseQuery(state=CaseState.ASSIGNED), HANDLER) == [matter.id]
    assert ids(world, CaseQuery(words="补偿"), world.town_clerk) == fitting(world, lambda case: case.organization_id == 2 and "补偿" in case.statement)


def test_counting_stops(matter: Matter, monkeypatch):
    monkeypatch.setattr(finding, "COUNT_UP_TO", 25)
    with matter.world.read() as session:
        assert cases.list_cases(session, matter.world.clerk).total is None
        assert cases.list_cases(session, matter.world.clerk, "拖欠").total == 10


def test_what_a_letter_says_is_found_and_a_number_only_as_a_whole(matter: Matter):
    world = matter.world
    matter.reply()
    with world.read() as session:
        letter = session.scalars(select(StoredLetter).where(StoredLetter.text.contains("经查"))).one()
        (found,) = cases.list_cases(session, world.clerk, "经查 补发").rows
        assert (found.id, found.excerpt) == (matter.id, f"处理意见书{letter.number}：经查，补偿款已经补发。")
        assert [row.id for row in cases.list_cases(session, world.clerk, letter.number).rows] == [matter.id]
        assert [row.id for row in cases.find_by_number(session, world.clerk, "13800004321")] == [matter.id]
        assert cases.find_by_number(session, world.clerk, "1380000") == []
        assert cases.find_by_number(session, world.other_clerk, "13800004321") == []
    with world.read() as session:
        noted = session.scalars(select(AccessEntry).where(AccessEntry.action == "find_number")).all()
        assert [one.user_id for one in noted] == [1, 1, 3]
        assert not any(one.thing_id for one in noted)


def test_lists_are_kept_shared_and_dropped(matter: Matter):
    world = matter.world
    query = KeptQuery(q="补偿", state="concluded")
    with world.write() as session:
        made = saved_lists.keep(session, world.clerk, NewList(name="补偿，办结了的", query=query))
        with refused(InvalidInput, "先选好"):
            saved_lists.keep(session, world.clerk, NewList(name="空的", query=KeptQuery()))
        with refused(InvalidInput, "没有这样的条件"):
            saved_lists.keep(session, world.clerk, NewList(name="x", query=KeptQuery(state="no")))
        assert saved_lists.listed(session, world.leader) == []
        saved_lists.share(session, world.clerk, made.id, True)
        assert [(one.query, one.own, one.by) for one in saved_lists.listed(session, world.leader)] == [(query, False, "林晓")]
        assert saved_lists.listed(session, world.other_clerk) == saved_lists.listed(session, world.town_clerk) == []
        with pytest.raises(NotFound):
            saved_lists.drop(session, world.leader, made.id)
        saved_lists.drop(session, world.clerk, made.id)
        session.flush()
        assert saved_lists.listed(session, world.clerk) == []


def test_the_api_takes_filters_and_refuses_nonsense(matter: Matter):
    caller = Caller(matter.world, lists.router, ledger.router, models.router)
    found = caller.get("/cases?q=拖欠&state=registered&channel=hotline&since=2026-06-09").json()
    assert (found["total"], found["older"], len(found["cases"])) == (5, False, 5)
    for nonsense in ("until=9999-12-31", "since=0001-01-01", "state=none", "q=%00", "person=%00", "before=0", "office=99999999999"):
        assert caller.get(f"/cases?{nonsense}").status_code == 422, nonsense
    assert caller.post("/cases/find-number", {"number": "13800004321"}).json()["cases"][0]["id"] == matter.id
    kept = caller.post("/lists", {"name": "拖欠", "query": {"q": "拖欠"}})
    assert (kept.status_code, caller.get("/lists").json()["lists"]) == (201, [kept.json()])
    assert caller.post("/lists", {"name": "谁", "query": {"person": "何守田"}}).status_code == 422
    listed = caller.post(f"/ledger/{matter.id}/list", {"version": 0, "words": "难", "risk": "low", "risk_reason": "一户"})
    assert (listed.status_code, len(caller.get("/ledger?risk=low").json()["rows"])) == (200, 1)
    assert caller.post(f"/ledger/{matter.id}/list", {"version": 0, "words": "\x00", "risk": "low", "risk_reason": "x"}).status_code == 422
    assert caller.post("/models", {"case_id": matter.id}).status_code == 409
    assert caller.get("/models?q=x").json() == {"rows": [], "more": False, "in_work": []}
