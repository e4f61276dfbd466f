"""What clerks' corrections propose for the glossary of their office, and what is kept in it."""

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from server.api import glossary as routes
from server.api.deps import get_actor
from server.api.errors import add_handlers
from server.domain.states import StaffRole
from server.errors import InvalidInput
from server.protocol.edits import Edits, EditText
from server.protocol.glossary import GlossaryEntry, SentWord, SentWords
from server.reception.record import editing, glossary, hotwords, signing, trying
from server.store import records
from server.store.access import Actor
from server.store.models import GlossaryEvidence, GlossaryWord, VisitRecord
from tests.records.office import World, draft, sign

SAID = (("petitioner", 5.0, "我家住在刘林真上河村。"), ("petitioner", 12.0, "我去流林真问过何受田。"))
RIGHT = ("我家住在柳林镇上河村。", "我去柳林镇问过何守田。")


def corrected(world: World, name: str, said=SAID, right=RIGHT, *, accusation: bool = False) -> str:
    """A record that was corrected and signed."""
    record_id = draft(world, name, said=said)
    with world.write() as session:
        lines = {line.text: line for line in records.line_rows(session, record_id)}
        edits = [
            EditText(kind="text", line_id=lines[before].id, version=lines[before].version, text=after)
            for (_, _, before), after in zip(said, right, strict=True)
            if before != after
        ]
        if edits:
            editing.edit(session, world.clerk, record_id, Edits(edits=edits))
        session.get_one(VisitRecord, record_id).accusation = accusation
        signing.confirm(session, world.clerk, record_id)
        sign(session, world, record_id, file_at_once=False)
    return record_id


def listed(world: World, actor: Actor | None = None) -> list[GlossaryEntry]:
    with world.read() as session:
        return glossary.listed(session, actor or world.clerk)


def test_a_word_put_right_in_two_signed_sentences_is_proposed_with_them(world: World) -> None:
    record_id = corrected(world, "r1")
    found = listed(world)
    assert [(one.word, one.kind, one.state) for one in found] == [("柳林镇", "place", "proposed")]
    assert [(s.record_id, s.recognised, s.text) for s in found[0].sentences] == [
        (record_id, before[2], after) for before, after in zip(SAID, RIGHT, strict=True)
    ]
    assert listed(world, world.other_clerk) == []


def test_one_sentence_proposes_nothing_until_another_record_has_it(world: World) -> None:
    corrected(world, "r1", SAID[:1], RIGHT[:1])
    assert listed(world) == []
    corrected(world, "r2", (("petitioner", 3.0, "流林镇管这件事。"),), ("柳林镇管这件事。",))
    assert [one.word for one in listed(world)] == ["柳林镇"]


def test_accusations_and_uncorrected_records_teach_nothing(world: World) -> None:
    corrected(world, "r1", accusation=True)
    corrected(world, "r2", SAID, tuple(text for _, _, text in SAID))
    assert listed(world) == []
    with world.read() as session:
        assert session.query(GlossaryEvidence).count() == 0


def test_more_of_the_same_is_not_kept(world: World) -> None:
    for number in range(4):
        corrected(world, f"r{number}")
    with world.read() as session:
        assert session.query(GlossaryEvidence).filter_by(word="柳林镇").count() == glossary.MOST_EVIDENCE


@pytest.fixture
def client(world: World) -> TestClient:
    app = FastAPI()
    app.state.office = world.office
    app.include_router(routes.router, prefix="/api")
    add_handlers(app)
    app.dependency_overrides[get_actor] = lambda: app.state.actor
    app.state.actor = world.clerk
    return TestClient(app, raise_server_exceptions=False)


def test_a_clerk_decides_and_recognition_expects_what_is_on(world: World, client: TestClient) -> None:
    corrected(world, "r1")
    (word,) = client.get("/api/glossary").json()["words"]
    assert "柳林镇" not in words_of(world)
    changed = client.put(f"/api/glossary/{word['id']}", json={"state": "on", "kind": "place"}).json()
    assert (changed["state"], changed["decided_by"]) == ("trying", "林晓")
    world.office.jobs.try_word.assert_called_once_with(word["id"])
    assert "柳林镇" not in words_of(world), "not before it was tried"
    with world.write() as session:
        trying.decide(session.get_one(GlossaryWord, word["id"]), trying.Trial())
    assert "柳林镇" not in words_of(world), "not without a clip"
    with world.write() as session:
        trying.decide(session.get_one(GlossaryWord, word["id"]), trying.Trial(clips=1))
    assert "柳林镇" in words_of(world)
    client.put(f"/api/glossary/{word['id']}", json={"state": "off", "kind": "place"})
    assert "柳林镇" not in words_of(world)
    corrected(world, "r2")
    assert [one.state for one in listed(world)] == ["off"], "what was turned down is not proposed again"


def test_words_are_added_once_and_wrong_ones_are_told(world: World, client: TestClient) -> None:
    assert client.post("/api/glossary", json={"word": " 上河村 ", "kind": "place"}).status_code == 201
    again = client.post("/api/glossary", json={"word": "上河村", "kind": "place"})
    assert (again.status_code, again.json()["error"]["details"]["fields"]) == (422, {"word": "词表里已经有这个词了。"})
    assert client.post("/api/glossary", json={"word": "村", "kind": "place"}).status_code == 422
    assert client.post("/api/glossary", json={"word": "上河，村", "kind": "place"}).status_code == 422
    assert client.put("/api/glossary/99", json={"state": "on", "kind": "place"}).status_code == 404
    assert client.put("/api/glossary/1", json={"state": "rolled_back", "kind": "place"}).status_code == 422


def test_only_clerks_of_the_office_see_its_glossary(world: World, client: TestClient) -> None:
    client.post("/api/glossary", json={"word": "上河村", "kind": "place"})
    admin = Actor(name="管理", user_id=9, role=StaffRole.ADMINISTRATOR, organization_id=1, organization_path="/1/")
    for actor in (world.leader, world.kiosk, admin):
        client.app.state.actor = actor
        assert client.get("/api/glossary").status_code == 403
    client.app.state.actor = world.other_clerk
    assert client.get("/api/glossary").json()["words"] == []
    assert client.put("/api/glossary/1", json={"state": "off", "kind": "place"}).status_code == 404


def words_of(world: World) -> tuple[str, ...]:
    with world.read() as session:
        return hotwords.of_reception(session, "r1")


def sent(world: World, record_id: str, text: str, word: str = "") -> SentWords:
    with world.write() as session:
        line = next(line for line in records.line_rows(session, record_id) if text in line.text)
        return glossary.send(session, world.clerk, record_id, SentWord(line_id=line.id, word=word))


def test_a_clerk_sends_a_correction_to_the_proposals_from_the_desk(world: World) -> None:
    record_id = draft(world, "r1", said=SAID)
    with world.write() as session:
        line = records.line_rows(session, record_id)[0]
        editing.edit(session, world.clerk, record_id, Edits(edits=(EditText(line_id=line.id, version=1, text=RIGHT[0]),)))
    answer = sent(world, record_id, "柳林镇")
    assert answer.words == ("柳林镇",)
    assert answer.text == "“柳林镇”送到词表了，在那里定用不用。"
    found = listed(world)
    assert [(one.word, one.kind, one.state, [s.text for s in one.sentences]) for one in found] == [("柳林镇", "place", "proposed", [RIGHT[0]])]
    assert sent(world, record_id, "柳林镇", "上河村").words == ("上河村",), "a word that was chosen"
    assert "词表里已经有了" in sent(world, record_id, "柳林镇").text
    with world.write() as session:
        line = records.line_rows(session, record_id)[1]
        editing.edit(session, world.clerk, record_id, Edits(edits=(EditText(line_id=line.id, version=1, text=RIGHT[1]),)))
        signing.confirm(session, world.clerk, record_id)
        sign(session, world, record_id, file_at_once=False)
    assert sorted(one.word for one in listed(world)) == ["上河村", "柳林镇"], "what was sent is not learned twice"


def test_what_must_not_or_cannot_be_sent_is_told(world: World) -> None:
    record_id = draft(world, "r1", said=SAID)
    for text, word, why in (("上河村", "", "没有改对的词"), ("上河村", "何守田", "选 2 到 20 个字"), ("上河村", "村。", "不带标点")):
        with pytest.raises(InvalidInput) as caught:
            sent(world, record_id, text, word)
        assert why in caught.value.message
    with world.write() as session:
        session.get_one(VisitRecord, record_id).accusation = True
    with pytest.raises(InvalidInput) as caught:
        sent(world, record_id, "上河村", "上河村")
    assert "揭发控告" in caught.value.message
    assert listed(world) == []
