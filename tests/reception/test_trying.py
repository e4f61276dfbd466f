"""A word of the glossary is tried on the office's own clips before recognition expects it, and later again."""

from datetime import timedelta
from pathlib import Path

import pytest

from server import clock
from server.domain.states import RecordState
from server.reception.record import drafts, trying
from server.store.models import GlossaryEvidence, GlossaryWord, Line, VisitRecord
from tests.reception.copied_talk import Recording
from tests.reception.programs import Transcriber
from tests.reception.test_second_pass import PETITIONER, UNAVAILABLE, R, answer
from tests.records.office import World, add_reception, open_world

SAID = (("petitioner", 2.0, "我家住在刘林真上河村。"), ("petitioner", 6.0, "补偿款一分没给我们家。"))


@pytest.fixture(scope="module")
def talk_files(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return Recording(tmp_path_factory.mktemp("tried"))


@pytest.fixture
def world(tmp_path: Path, transcriber: Transcriber, talk_files: Recording) -> World:
    """An office with a signed record of two sentences, in one of which a name was put right."""
    world = open_world(tmp_path, transcriber_url=transcriber.url)
    with world.write() as session:
        reception = add_reception(session, R, said=SAID)
        talk_files.replace(session, world.office, R, PETITIONER)
        record_id = drafts.create_draft(session, reception).id
        record = session.get_one(VisitRecord, record_id)
        record.state, record.signed_at = RecordState.SIGNED, clock.now()
        line = session.query(Line).filter_by(record_id=record_id).order_by(Line.position).first()
        line.text = "我家住在柳林镇上河村。"
    return world


def word(world: World, state: str = "trying", days_ago: int = 0) -> int:
    with world.write() as session:
        added = GlossaryWord(
            organization_id=1, word="柳林镇", kind="place", state=state, at=clock.now() - timedelta(days=days_ago)
        )
        session.add(added)
        session.flush()
        return added.id


def tried(world: World, transcriber: Transcriber, word_id: int, *heard: str) -> tuple[str, str]:
    """State and note after a trial; `heard`: each clip without the word, then with it."""
    transcriber.answers = [answer((0.3, text, 0.9)) for text in heard]
    assert not trying.attempt(world.office, word_id).retry
    with world.read() as session:
        found = session.get_one(GlossaryWord, word_id)
        return found.state, found.note


OTHER = "补偿款一分没给我们家"


def test_a_word_that_puts_something_right_is_used(world: World, transcriber: Transcriber) -> None:
    heard = ("我家住在刘林真上河村", "我家住在柳林镇上河村", OTHER, OTHER)
    state, note = tried(world, transcriber, word(world), *heard)
    assert (state, note) == ("on", "试听 2 句：不用它错字 10.0%，用上它错字 0.0%。")
    assert [form["prompt"] for form in transcriber.forms] == ["", "柳林镇", "", "柳林镇"]
    assert {(form["quality"], form["led"]) for form in transcriber.forms} == {("careful", "True")}


def test_a_word_that_is_written_where_nobody_said_it_is_not_used(world: World, transcriber: Transcriber) -> None:
    heard = ("我家住在刘林真上河村", "我家住在柳林镇上河村", "补偿款一分没给我家", "补偿款柳林镇没给我们家")
    state, note = tried(world, transcriber, word(world), *heard)
    assert state == "off"
    assert note.endswith("有 1 句没说却写上了。")


def test_a_word_in_use_is_rolled_back_when_it_does_harm(world: World, transcriber: Transcriber) -> None:
    word_id = word(world, "on", days_ago=31)
    assert trying.due(world.office, R) == [word_id]
    heard = ("我家住在柳林镇上河村", "我家住在柳林镇上和村", OTHER, OTHER)
    assert tried(world, transcriber, word_id, *heard)[0] == "rolled_back"
    assert trying.due(world.office, R) == []


def test_a_word_in_use_that_does_no_harm_stays_and_has_its_turn_later(world: World, transcriber: Transcriber) -> None:
    word_id = word(world, "on", days_ago=31)
    found = tried(world, transcriber, word_id, OTHER, OTHER, OTHER, OTHER)
    assert found[0] == "on"
    assert trying.due(world.office, R) == []
    with world.write() as session:
        session.query(VisitRecord).one().state = RecordState.CORRECTING
        session.get_one(GlossaryWord, word_id).at -= timedelta(days=31)
    assert tried(world, transcriber, word_id) == found, "no clips are left, what was found stands"
    assert trying.due(world.office, R) == []


def test_while_nobody_listens_nothing_is_decided(world: World, transcriber: Transcriber) -> None:
    word_id = word(world)
    transcriber.answers = [UNAVAILABLE]
    assert trying.attempt(world.office, word_id).retry
    with world.read() as session:
        assert session.get_one(GlossaryWord, word_id).state == "trying"


def test_a_word_that_was_switched_off_meanwhile_stays_off(world: World, transcriber: Transcriber) -> None:
    assert tried(world, transcriber, word(world, "off"))[0] == "off"
    assert transcriber.forms == []


def test_the_sentence_that_proposed_a_word_does_not_try_it(world: World, transcriber: Transcriber) -> None:
    with world.write() as session:
        line = session.query(Line).filter(Line.text.contains("柳林镇")).one()
        session.add(GlossaryEvidence(organization_id=1, word="柳林镇", line_id=line.id, record_id=line.record_id))
    word_id = word(world)
    assert tried(world, transcriber, word_id, OTHER, OTHER) == ("on", "试听 1 句：不用它错字 0.0%，用上它错字 0.0%。")


def test_without_a_clip_a_word_waits_for_one_and_is_not_used(world: World, transcriber: Transcriber) -> None:
    with world.write() as session:
        record = session.query(VisitRecord).one()
        record.state = RecordState.CORRECTING
    word_id = word(world)
    state, note = tried(world, transcriber, word_id)
    assert (state, transcriber.forms) == ("trying", [])
    assert "还没有能拿来试听的录音" in note
    assert trying.due(world.office, R) == [word_id]
    with world.write() as session:
        session.query(VisitRecord).one().state = RecordState.SIGNED
    assert tried(world, transcriber, word_id, OTHER, OTHER, OTHER, OTHER)[0] == "on"
    assert trying.due(world.office, R) == []
