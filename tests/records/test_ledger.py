"""积案台账 and 典型案例: who may do what when, and that nothing is published that a person did not look at."""

import pytest
from sqlalchemy import select

from server.domain.covering import Found, Private, covered, find
from server.domain.flow import Step
from server.domain.ledger import DEEDS, LedgerDeed, LedgerState, open_deeds
from server.domain.states import StaffRole
from server.errors import Conflict, InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.ledger import CoverDecision, LedgerOrder, ModelEdit, NewCover
from server.reception.matter import ledger, modelcases
from server.store.access import Actor
from server.store.models import AccessEntry, StoredCase
from tests.records.office import World
from tests.records.test_flow import HANDLER, PLANNER, SUPERVISOR, Matter, refused

DEPUTY = Actor(name="副局长", user_id=3, role=StaffRole.LEADER, organization_id=1, organization_path="/1/")


@pytest.fixture
def matter(world: World) -> Matter:
    return Matter(world)


def do(matter: Matter, actor: Actor, deed: LedgerDeed, **order):
    with matter.world.write() as session:
        order.setdefault("version", ledger.opened(session, actor, matter.id).version)
        return ledger.do(session, actor, matter.id, deed, LedgerOrder.model_validate(order))


def test_a_hard_matter_is_listed_taken_on_resolved_and_struck_off(matter: Matter):
    clerk, leader = matter.world.clerk, matter.world.leader
    with refused(InvalidInput, "写明为什么是这个等级"):
        do(matter, clerk, LedgerDeed.LIST, words="三年没有解决", risk="high")
    made = do(matter, clerk, LedgerDeed.LIST, words="三年没有解决", risk="high", risk_reason="涉及四十户")
    assert (made.row.risk_words, made.row.reason, made.row.leader) == ("高", "三年没有解决", "")
    with refused(InvalidInput, "从名单里选"):
        do(matter, clerk, LedgerDeed.LEADER, leader_id=1)
    assert do(matter, clerk, LedgerDeed.LEADER, leader_id=2).row.leader == "周文清"
    do(matter, clerk, LedgerDeed.MEASURE, words="镇里重新丈量，6 月底前")
    with refused(WrongState, "不能“申请销号”"):
        do(matter, clerk, LedgerDeed.ASK_CLOSING, words="x")
    do(matter, clerk, LedgerDeed.RESOLVE, words="补偿款发了，信访人认")
    do(matter, leader, LedgerDeed.ASK_CLOSING, words="三个月没有再来")
    with refused(NotAllowed, "不能自己批"):
        do(matter, leader, LedgerDeed.APPROVE)
    with refused(NotAllowed, "不归您办"):
        do(matter, clerk, LedgerDeed.APPROVE)
    do(matter, DEPUTY, LedgerDeed.REFUSE, words="再回访一次")
    do(matter, clerk, LedgerDeed.ASK_CLOSING, words="回访过了")
    closed = do(matter, leader, LedgerDeed.APPROVE)
    assert (closed.row.state, [one.deed for one in closed.offers]) == ("closed", ["list_again"])
    said = [one.what for one in closed.events]
    assert said == ["列入积案台账", "包案领导", "化解措施", "已化解", "申请销号", "不同意销号", "申请销号", "销号"]
    with matter.world.read() as session:
        assert ledger.listed(session, SUPERVISOR) == ([], False)
        assert [row.case_id for row in ledger.listed(session, SUPERVISOR, state="closed")[0]] == [matter.id]
        assert ledger.listed(session, matter.world.other_clerk, state="closed")[0] == []
        with pytest.raises(NotFound):
            ledger.opened(session, PLANNER, matter.id)


def test_a_unit_notes_progress_and_no_more(matter: Matter):
    matter.accept()
    do(matter, matter.world.clerk, LedgerDeed.LIST, words="难", risk="low", risk_reason="一户")
    assert [one.deed for one in do(matter, HANDLER, LedgerDeed.PROGRESS, words="量过了").offers] == ["progress"]
    with refused(NotAllowed, "不归您办"):
        do(matter, HANDLER, LedgerDeed.RESOLVE, words="x")
    with refused(Conflict, "看过再办"):
        do(matter, matter.world.clerk, LedgerDeed.PROGRESS, words="x", version=1)


def test_the_table_of_deeds_leads_everywhere_and_back():
    reached = {rule.target for rule in DEEDS.values()} - {None}
    assert reached == set(LedgerState)
    assert open_deeds(None) == [LedgerDeed.LIST]
    assert all(open_deeds(state) for state in LedgerState)


TEXT = "何守田住临溪县石桥镇柳湾村四组，电话 13800004321，身份证 110101195903075110，车号桂A12345。包工头罗建民说没有钱，张主任来过。12345 没有接。"


def test_personal_data_is_proposed_to_be_covered():
    found = find(TEXT, [Found(Private.NAME, "何守田")])
    assert [(one.kind, one.text) for one in found] == [
        (Private.NAME, "何守田"), (Private.ADDRESS, "临溪县石桥镇柳湾村四组"), (Private.PHONE, "13800004321"),
        (Private.ID_NUMBER, "110101195903075110"), (Private.PLATE, "桂A12345"), (Private.NAME, "罗建民"), (Private.NAME, "张主任"),
    ]  # fmt: skip
    assert [one.text for one in find("我去过柳林镇上河村3组，也在石桥镇东湖村二组住过。")] == ["柳林镇上河村3组", "石桥镇东湖村二组"]
    assert find("补偿款 36800 元，2026年6月9日，3 号楼渗水，第12号文件。") == []
    assert covered("何守田和何守田一家", [("何守田", "何某"), ("何守", "x")]) == "何某和何某一家"


def test_nothing_is_published_that_nobody_decided(matter: Matter):
    world = matter.world
    matter.reply()
    matter.take(HANDLER, Step.DELIVER, day="2026-06-09", how="当面送达")
    with refused(WrongState, "办结了的"), world.write() as session:
        modelcases.make(session, world.clerk, matter.id)
    matter.take(world.clerk, Step.CONCLUDE)
    with world.write() as session:
        made = modelcases.make(session, world.clerk, matter.id)
        text = made.draft.model_copy(update={"situation": "何守田的地被占了，电话 13800004321。刘小五也一样。", "lesson": "先丈量，再补偿。"})
        made = modelcases.edit(session, world.clerk, made.id, ModelEdit(version=made.version, text=text))
    assert [(one.kind, one.instead, one.decision) for one in made.covers] == [("姓名", "何某", ""), ("电话", "（电话略）", "")]
    with refused(WrongState, "还有 2 处没有定"), world.write() as session:
        modelcases.ready(session, world.clerk, made.id, made.version)
    with world.write() as session:
        for one in made.covers:
            made = modelcases.decide(session, world.clerk, made.id, one.id, CoverDecision(version=made.version, decision="cover"))
        made = modelcases.add_cover(session, world.clerk, made.id, NewCover(version=made.version, text="刘小五", instead="刘某"))
        made = modelcases.ready(session, world.clerk, made.id, made.version)
    with refused(NotAllowed, ""), world.write() as session:
        modelcases.publish(session, world.clerk, made.id, made.version)
    with world.write() as session:
        published = modelcases.publish(session, world.leader, made.id, made.version)
    assert published.shown.situation == "何某的地被占了，电话 （电话略）。刘某也一样。"
    with world.read() as session:
        theirs = modelcases.opened(session, world.other_clerk, made.id)
        assert (theirs.draft, theirs.covers, theirs.case_id, theirs.made_by, theirs.may) == (None, (), None, "", ())
        assert "何守田" not in theirs.model_dump_json()
        assert "13800004321" not in theirs.model_dump_json()
        assert [row.id for row in modelcases.listed(session, world.other_clerk, "先丈 补偿", None)[0]] == [made.id]
        assert modelcases.listed(session, world.other_clerk, "何守田", None)[0] == []
        modelcases.opened(session, world.clerk, made.id)
    with world.write() as session:
        assert [one.thing for one in session.scalars(select(AccessEntry).where(AccessEntry.thing == "model_case"))] == ["model_case"]
        modelcases.withdraw(session, world.leader, made.id, published.version)
        assert modelcases.listed(session, world.other_clerk, "", None)[0] == []
        with pytest.raises(NotFound):
            modelcases.opened(session, world.other_clerk, made.id)


def test_an_accusation_is_no_model(matter: Matter):
    with matter.world.write() as session:
        case = session.get_one(StoredCase, matter.id)
        case.state, case.accusation = "concluded", True
    with refused(InvalidInput, "揭发控告"), matter.world.write() as session:
        modelcases.make(session, matter.world.clerk, matter.id)
