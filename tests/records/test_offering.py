"""What the case page offers and shows: steps in their order, letters begun, units within reach, history in words."""

import pytest

from server.domain.flow import NEXT, STEPS, LetterKind, Step
from server.domain.letterstarts import STARTS
from server.domain.states import StaffRole
from server.errors import InvalidInput
from server.protocol.flow import UnitOrder
from server.reception.matter import choices
from server.store.access import Actor
from server.store.models import Organization, StoredCase
from tests.records.office import World
from tests.records.test_flow import (
    HANDLER,
    LAND,
    LAND_HEAD,
    PLANNING,
    TOWN,
    TOWN_HANDLER,
    Matter,
    refused,
    share,
)

TOWN_CLERK = Actor(name="镇信访办", user_id=5, role=StaffRole.CLERK, organization_id=TOWN, organization_path="/1/2/")


@pytest.fixture
def matter(world: World) -> Matter:
    return Matter(world)


def offered(matter: Matter, actor: Actor) -> list[str]:
    return [one.step for one in matter.view(actor).offers]


def test_the_likeliest_step_comes_first_all_the_way(matter: Matter):
    clerk = matter.world.clerk
    assert offered(matter, clerk)[0] == "screen"
    matter.take(clerk, Step.SCREEN, purpose="request", category="征地补偿")
    assert offered(matter, clerk)[:3] == ["assign", "screen", "guide"]
    matter.give((LAND, "main"), (TOWN, "township"))
    assert offered(matter, HANDLER)[0] == "receive"
    assert offered(matter, clerk)[-1] != "assign" or len(offered(matter, clerk)) == 1
    matter.take(HANDLER, Step.RECEIVE)
    assert offered(matter, HANDLER)[0] == "accept"
    matter.take(HANDLER, Step.ACCEPT)
    assert offered(matter, HANDLER)[0] == "deliver"
    assert offered(matter, TOWN_HANDLER)[0] == "receive"
    matter.take(TOWN_HANDLER, Step.FEED_BACK, reason="核对过了")
    matter.take(HANDLER, Step.DELIVER, day="2026-06-09", how="邮寄")
    assert offered(matter, HANDLER)[0] == "reply"
    matter.take(HANDLER, Step.REPLY, text="已经补发。")
    assert "conclude" not in offered(matter, clerk)
    matter.take(HANDLER, Step.DELIVER, day="2026-06-09", how="邮寄")
    assert matter.view(clerk).events[-1].details == ("处理意见书",)
    assert offered(matter, clerk)[0] == "conclude"
    matter.take(clerk, Step.CONCLUDE)
    assert offered(matter, clerk)[:3] == ["explain", "invite_rating", "follow_up"]
    matter.take(clerk, Step.EXPLAIN, day="2026-06-09", how="电话里讲", outcome="听明白了")
    assert offered(matter, clerk)[0] == "invite_rating"
    matter.take(clerk, Step.INVITE_RATING, how="电话")
    assert offered(matter, clerk)[0] == "follow_up"
    matter.take(clerk, Step.FOLLOW_UP, outcome="落实了")
    assert offered(matter, clerk)[0] == "request_review"


def test_nobody_is_invited_to_rate_what_is_not_rated(matter: Matter):
    matter.reply()
    assert "invite_rating" in offered(matter, HANDLER)
    with matter.world.write() as session:
        session.get_one(StoredCase, matter.id).litigation = True
    assert "invite_rating" not in offered(matter, HANDLER)


def test_what_units_below_should_do_is_offered_last_and_says_for_whom(matter: Matter):
    matter.give((LAND, "main"))
    offers = matter.view(matter.world.clerk).offers
    behalf = [one.behalf for one in offers]
    assert behalf == sorted(behalf, key=bool)
    assert {one.behalf for one in offers if one.step in ("receive", "accept")} == {"县自然资源局"}
    assert not any(one.behalf for one in matter.view(HANDLER).offers)


def test_an_extension_that_was_asked_for_stands_before_the_head(matter: Matter):
    matter.accept()
    matter.take(HANDLER, Step.ASK_EXTENSION, days=15, reason="要重新丈量")
    case = matter.view(LAND_HEAD)
    assert (case.extension.days, case.extension.reason) == (15, "要重新丈量")
    grant = case.offers[0]
    assert (grant.step, grant.letter) == ("grant_extension", "延期告知书")
    assert grant.start == "要重新丈量"
    assert matter.view(matter.world.leader).offers[0].step == "grant_extension"


def test_every_opinion_has_a_beginning():
    assert {rule.letter for rule in STEPS.values() if rule.letter and "text" in rule.needs} == set(STARTS)
    assert set(NEXT) <= set(STEPS)
    assert len(set(NEXT)) == len(NEXT)


def test_a_letter_is_not_issued_while_something_in_it_is_to_be_written(matter: Matter):
    matter.accept()
    start = next(one.start for one in matter.view(HANDLER).offers if one.step == "reply")
    with refused(InvalidInput, "方括号"):
        matter.take(HANDLER, Step.REPLY, text=start)
    assert LetterKind.HANDLING_OPINION not in {one.kind for one in matter.view(HANDLER).letters}


def test_an_office_gives_to_those_below_and_beside_it(matter: Matter):
    with matter.world.write() as session:
        session.add(Organization(id=20, parent_id=TOWN, name="石桥镇财政所", code="SQCZ", path="/1/2/20/"))
        session.add(Organization(id=30, parent_id=LAND, name="县自然资源局测绘队", code="CH", path="/1/10/30/"))

    def found(actor: Actor, words: str = "") -> list[str]:
        with matter.world.read() as session:
            return [one.name for one in choices.find_units(session, actor, matter.id, words)]

    assert found(matter.world.clerk, "县自然资源局") == ["县自然资源局", "县自然资源局测绘队"]
    matter.give((TOWN, "main"))
    names = found(TOWN_CLERK)
    assert {"石桥镇财政所", "县自然资源局"} <= set(names)
    assert not {"县自然资源局测绘队", "临溪县信访局"} & set(names)
    assert found(TOWN_CLERK, "财政 石桥") == ["石桥镇财政所"]
    assert found(TOWN_CLERK, "%") == []


def test_units_that_a_matter_is_against_are_not_among_them(world: World):
    matter = Matter(world, purpose="accusation", accused_unit="县自然资源局")
    with world.read() as session:
        assert "县自然资源局" not in [one.name for one in choices.find_units(session, world.clerk, matter.id, "局")]


def test_history_says_who_did_what_about_which_unit(matter: Matter):
    clerk = matter.world.clerk
    matter.take(clerk, Step.SCREEN, purpose="request", category="征地补偿", simple=True)
    matter.give((LAND, "main"), (TOWN, "township"))
    matter.take(TOWN_HANDLER, Step.FEED_BACK, reason="底册登记 1.2 亩")
    matter.take(clerk, Step.SEND_BACK, reason="没有领款签字", assignment_id=share(matter, TOWN))
    screened, given, fed_back, sent_back = matter.view(clerk).events[1:]
    assert screened.details == ("求决", "征地补偿", "简易办理")
    assert given.why.startswith("县自然资源局、石桥镇政府")
    assert given.about == ("units", "letters")
    assert (fed_back.details, fed_back.why, fed_back.about) == (("石桥镇政府",), "底册登记 1.2 亩", ("units",))
    assert sent_back.unit == "临溪县信访局"


def test_every_open_limit_is_there_and_the_right_to_object_is_no_duty(matter: Matter):
    matter.give((LAND, "main"))
    case = matter.view(matter.world.clerk)
    assert [(one.rule, one.organization_id) for one in case.deadlines] == [("object_to_assignment", LAND), ("notify_acceptance", LAND)]
    assert case.deadlines[1].starts_on == "2026-06-09"
    assert case.deadline.name == "告知是否受理"


def test_who_has_fed_back_and_nobody_after_the_answer_has_a_right_to_object(matter: Matter):
    matter.give((LAND, "main"), (TOWN, "township"))
    matter.take(matter.world.clerk, Step.ASSIGN, units=[UnitOrder(organization_id=PLANNING, kind="pass_on", part="support")])
    matter.take(HANDLER, Step.ACCEPT)
    assert rights(matter) == {TOWN, PLANNING}
    matter.take(TOWN_HANDLER, Step.FEED_BACK, reason="核对过了")
    assert rights(matter) == {PLANNING}
    matter.take(HANDLER, Step.REPLY, text="已经补发。")
    assert rights(matter) == set()


def rights(matter: Matter) -> set[int | None]:
    return {one.organization_id for one in matter.view(matter.world.clerk).deadlines if one.rule == "object_to_assignment"}


def test_a_number_that_looks_wrong_is_told(world: World):
    typed = choices.MatterCheck(id_type="identity_card", id_number="110101195903075111", phone="1380000432")
    assert set(choices.check(typed)) == {"id_number", "phone"}
    assert choices.check(choices.MatterCheck(id_number="110101195903075119", phone="13800004321")) == {}


def test_an_offices_own_list_of_routes_that_is_none_is_left_out(tmp_path, world: World):
    assert choices.choices(tmp_path / "none.toml") == choices.choices(None)
