"""Finding the same person and like matters: what is found, why, for whom, and through which indexes."""

import pytest
from sqlalchemy import event, text

from server.domain.likeness import Person, Told, Weights, compare
from server.domain.searchtokens import text_of, tokens
from server.protocol.alike import LookedFor
from server.protocol.flow import NewMatter
from server.reception.matter import alike, registering
from server.store import alike as store
from server.store.models import CasePerson
from tests.databases import ON_POSTGRESQL
from tests.records.office import World
from tests.records.test_flow import LETTER

LAND = "村里修路占了我家河边长田一亩二分，补偿款三万六千八百元没给，石桥镇政府说已经发到村里。"
AGAIN = "去年修村道占了我的河边长田，到现在补偿款36800元还没有发到我手里，镇政府一直推。"
PROPERTY = "小区电梯坏了一个月没人修，物业只收停车费，找社区也不管。"


def add(world: World, **changed: object) -> int:
    with world.write() as session:
        return registering.register(session, world.clerk, NewMatter.model_validate({**LETTER, "statement": LAND, **changed}))[0].id


def look(world: World, actor=None, **wanted: object):
    with world.read() as session:
        return alike.while_typing(session, actor or world.clerk, LookedFor.model_validate(wanted))


def test_the_same_matter_again_is_found_with_its_reasons(world: World):
    first = add(world, place="石桥镇", category="征地补偿")
    add(world, name="李四", phone="13911112222", id_number="", statement=PROPERTY)
    found = look(
        world, persons=[{"name": "何守田", "id_number": "110101195903075110"}], statement=AGAIN, place="石桥镇", category="征地补偿"
    )
    assert [one.case_id for one in found] == [first]
    assert (found[0].strength, found[0].strength_words, found[0].same_person) == ("strong", "很像同一件事", True)
    assert found[0].reasons[0] == "同一个身份证号"
    assert "36800元" in found[0].reasons[1]
    assert "河边长田" in found[0].reasons[1]
    assert "110101" not in "".join(found[0].reasons)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"id_number": "110101195903075110"}, "同一个身份证号"),
        ({"phone": "13800004321"}, "同一个手机号"),
        ({"phone": "+86 13800004321"}, "同一个手机号"),
        ({"name": "何守田", "address": "石桥镇柳湾村四组"}, "同名的人，都在石桥镇柳湾村四组"),
        ({"name": "何守田", "address": "石桥镇柳湾村"}, "同名的人，都在石桥镇柳湾村"),
        ({"name": "何守田", "address": "石桥镇柳湾村四组17号"}, "同名的人，都在石桥镇柳湾村四组"),
        ({"name": "何守田", "address": "石桥镇"}, "同名的人，都在石桥镇"),
    ],
)
def test_the_same_person_about_something_else(world: World, person, reason):
    first = add(world, address="石桥镇柳湾村四组", phone="138-0000-4321")
    found = look(world, persons=[person], statement=PROPERTY)
    assert [(one.case_id, one.reasons[0], one.strength in ("weak", "middle")) for one in found] == [(first, reason, True)]


def test_anybody_of_a_group_is_found(world: World):
    first = add(world)
    with world.write() as session:
        session.add(CasePerson(case_id=first, position=1, name="黄桂兰", phone="13700001111"))
    found = look(world, persons=[{"name": "李四", "phone": "13911112222"}, {"name": "黄桂兰", "phone": "13700001111"}])
    assert found[0].reasons == ("同一个手机号（黄桂兰）",)


def test_like_matters_of_other_people_are_told_apart_from_others(world: World):
    like = add(world, name="李四", phone="13911112222", id_number="")
    add(world, name="王五", phone="13911113333", id_number="", statement=PROPERTY)
    found = look(world, persons=[{"name": "何守田", "phone": "13800004321"}], statement=AGAIN)
    assert [(one.case_id, one.same_person, one.reasons) for one in found] == [(like, False, ("都说到 36800元、河边长田、补偿款、镇政府",))]
    assert look(world, statement="想问一下办护照要带什么") == []
    assert look(world) == []


def test_only_what_the_officer_may_read(world: World):
    """Another county sees nothing; those an accusation is against see nothing of it; the county does."""
    add(world, purpose="accusation", accused_unit="石桥镇政府")
    wanted = {"persons": [{"name": "何守田", "phone": "13800004321"}], "statement": LAND}
    assert len(look(world, **wanted)) == 1
    assert look(world, world.other_clerk, **wanted) == []
    assert look(world, world.town_clerk, **wanted) == []


def test_a_record_before_it_is_filed(world: World, record_id: str):
    first = add(world)
    with world.read() as session:
        found = alike.of_record(session, world.clerk, record_id)
    assert [(one.case_id, one.reasons[0]) for one in found] == [(first, "同一个手机号")]
    assert "补偿款三万六千八" in found[0].reasons[1]


def test_what_may_be_decided_about_each(world: World):
    first, second = add(world, received_on="2026-06-01"), add(world)
    with world.read() as session:
        later, earlier = alike.of_case(session, world.clerk, second), alike.of_case(session, world.clerk, first)
    assert later[0].may == ("guide_back", "repeat", "merge")
    assert earlier[0].may == ()


def test_text_comes_back_from_its_tokens():
    assert text_of(tokens(["补偿款36800元，没给", "石桥镇"])).split() == ["补偿款", "36800元", "没给", "石桥镇"]


def test_the_same_in_other_words_is_like_and_something_else_is_not():
    found = compare(Told((), AGAIN), Told((), LAND), Weights())
    assert (found.strength, found.person) == ("middle", ())
    assert compare(Told((), AGAIN), Told((), PROPERTY), Weights()) is None


def test_common_words_count_less():
    """Two texts that have only what every matter has are not alike; a rare word makes them so."""
    weights = Weights(dict.fromkeys(Told(text="请领导帮忙解决一下这个问题").pairs, 480), 500)
    new = Told((), "请领导帮忙解决一下这个问题")
    assert compare(new, Told((), "请领导帮忙解决一下这个问题，狗叫"), Weights()) is not None
    rare = Told((), "请领导帮忙解决一下这个问题，河边长田的树")
    other = Told((), "请领导帮忙解决一下这个问题，电梯坏了三个月")
    assert compare(rare, other, weights) is None
    assert compare(rare, Told((Person("x"),), "河边长田的树砍了，请领导帮忙解决一下这个问题"), weights) is not None


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite enters at once whatever is written")
def test_nothing_waits_to_be_entered_in_the_index_where_every_look_up_would_read_it(world: World):
    with world.read() as session:
        options = session.scalar(text("SELECT reloptions FROM pg_class WHERE relname = 'ix_search_texts_vector'"))
    assert options == ["fastupdate=off"]


@pytest.mark.skipif(ON_POSTGRESQL, reason="asks SQLite for its plan")
def test_every_look_up_goes_through_an_index(world: World):
    """No statement of a look-up reads a whole table, whatever the planner knows of it."""
    add(world, place="石桥镇", address="柳湾村")
    asked: list[tuple[str, object]] = []
    engine = world.office.store.engine

    def note(_connection, _cursor, statement, parameters, *_rest) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert look(world, persons=[{"name": "何守田", "phone": "13800004321", "id_number": "x", "address": "柳湾村"}], statement=LAND, place="石桥镇")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        plans = [
            row[3]
            for statement, parameters in asked
            if statement.startswith(("SELECT", "WITH"))
            for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
        ]
    no_table = ("VIRTUAL TABLE INDEX", "organizations", "SCAN CONSTANT ROW", "SCAN (subquery")
    scans = [plan for plan in plans if plan.startswith("SCAN") and not any(words in plan for words in no_table)]
    assert scans == []
    assert any("ix_case_persons_phone" in plan for plan in plans)
    assert any("search_index VIRTUAL TABLE INDEX" in plan for plan in plans)


def test_the_sample_is_read_again_when_the_store_has_grown(world: World):
    add(world)
    with world.read() as session:
        before = store.weights_of(session)
        assert store.weights_of(session) is before
    for _ in range(2):
        add(world, statement=PROPERTY)
    with world.read() as session:
        assert (before.documents, store.weights_of(session).documents) == (1, 3)
        assert session.scalar(text("SELECT count(*) FROM search_texts")) == 3
