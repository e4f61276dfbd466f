"""A recording is heard again: a better draft while nobody works on it, suggestions for whoever does, nothing overwritten."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
import uvicorn
from sqlalchemy import delete, select

from server.domain import passes
from server.domain.states import RecognitionState
from server.errors import Conflict, InvalidInput
from server.jobs import workflows
from server.protocol import media_control as control
from server.protocol.base import Role
from server.protocol.edits import (
    EditDelete,
    EditDismiss,
    EditHeard,
    EditJoin,
    Edits,
    EditSplit,
    EditTake,
    EditText,
)
from server.protocol.records import Record, Suggestion
from server.reception.record import drafts, editing, hotwords, reading, records, second_pass, signing
from server.reception.record.transcriber import transcribe as transcriber_call
from server.store import second_pass as store
from server.store.models import (
    Participant,
    SecondPass,
    SecondUtterance,
    StoredSegment,
    StoredSuggestion,
    StoredUtterance,
)
from tests.office import running
from tests.reception.conftest import Neighbours, until
from tests.reception.copied_talk import LAND, Recording
from tests.reception.programs import Transcriber, segment, utterance
from tests.reception.test_closing import Talk
from tests.records.office import World, add_reception, open_world, sign
from transcription.drafting.written import written_text
from transcription.service import create_app, server_config
from transcription.settings import TranscriberSettings

R, PETITIONER = "r1", "r1-petitioner"
SAID = (
    ("petitioner", 2.0, "我要反映三河村的事。"),
    ("petitioner", 6.0, "补偿款三万六千七百元没给。"),
    ("petitioner", 25.0, "单子没给过。"),
)
"""Each character takes 0.2 s, and has a probability of 0.9."""
AGAIN = (
    (2.1, "我要反映山河村的事", 0.95),
    (6.0, "补偿款三万六千八百元没给", 0.5),
)
AFTER = ((3.0, "单子没给过", 0.9), (7.0, "他们不给看", 0.9))
"""In the second file, which begins at 22.0."""


def answer(*parts: tuple[float, str, float]) -> tuple[int, dict[str, Any]]:
    """What the transcriber hears in a file: start, text, probability of its words."""
    found = [
        {
            "start": start, "end": start + 0.2 * len(text), "text": text, "model": "strong",
            "words": [
                {"start": start + 0.2 * i, "end": start + 0.2 * (i + 1), "text": c, "probability": sure}
                for i, c in enumerate(text)
            ],
        }
        for start, text, sure in parts
    ]  # fmt: skip
    return 200, {"text": "".join(part[1] for part in parts), "utterances": found, "unheard": []}


UNAVAILABLE = (503, {"error": {"code": "model_missing", "message": "复听用的语音识别模型没有找到。"}})


@pytest.fixture(scope="session")
def talk_files(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return Recording(tmp_path_factory.mktemp("heard-again"))


@pytest.fixture
def world(tmp_path: Path, transcriber: Transcriber) -> World:
    second_pass._failures.clear()
    return open_world(tmp_path, transcriber_url=transcriber.url)


def lay_out(world: World, files: Recording, said: Any = SAID) -> str:
    """A closed reception with its draft, and its recording in two files; returns the record's id."""
    with world.write() as session:
        reception = add_reception(session, R, said=said)
        files.replace(session, world.office, R, PETITIONER)
        session.flush()
        record_id = drafts.create_draft(session, reception).id
    assert second_pass.plan(world.office, R)
    return record_id


def hear_all(world: World, transcriber: Transcriber, first: Any = AGAIN, second: Any = AFTER) -> None:
    transcriber.answers = [answer(*first), answer(*second)]
    assert not second_pass.hear(world.office, R).retry
    second_pass.conclude(world.office, R)


def shown(world: World, record_id: str) -> Record:
    with world.read() as session:
        return records.open_record(session, world.clerk, record_id)


def texts(world: World, record_id: str) -> list[str]:
    return [line.text for line in shown(world, record_id).body if not line.deleted]


def edit(world: World, record_id: str, *edits: Any) -> Record:
    with world.write() as session:
        return editing.edit(session, world.clerk, record_id, Edits(edits=edits))


def take(world: World, record_id: str, one: Suggestion) -> Record:
    version = next((line.version for line in shown(world, record_id).body if line.id == one.line_id), 0)
    return edit(world, record_id, EditTake(suggestion_id=one.id, line_id=one.line_id, version=version))


def kinds(world: World, record_id: str) -> list[str]:
    with world.read() as session:
        return [one.kind for one in records.history(session, world.clerk, record_id)]


def open_(world: World, record_id: str) -> list[tuple[str, str, int]]:
    return [(one.stands, one.text, one.pass_number) for one in shown(world, record_id).suggestions]


# --- nobody has begun ------------------------------------------------------------------------------------------


def test_an_untouched_draft_takes_the_better_reading_and_keeps_the_other_as_a_suggestion(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    hear_all(world, transcriber)
    record = shown(world, record_id)
    assert [line.text for line in record.body] == ["我要反映山河村的事。", "补偿款36700元没给。", "单子没给过。"]
    assert record.body[0].recognised == "我要反映山河村的事。"
    assert open_(world, record_id) == [("山", "三", 1), ("36700", "36800", 2), ("", "他们不给看", 2)]
    assert [line.doubt for line in record.body] == [("passes_differ",), ("passes_differ",), ()]
    assert record.second_pass is not None
    assert record.second_pass.text == "复听完成，有 3 处不同"
    assert kinds(world, record_id) == ["drafted", "reheard", "field"]
    with world.read() as session:
        assert [one.text for one in session.scalars(select(StoredUtterance).order_by(StoredUtterance.start))] == [
            text for _, _, text in SAID
        ], "what the first pass recognised stays as it was"
        assert len(session.scalars(select(SecondUtterance)).all()) == 4


def test_the_form_follows_the_better_draft_but_not_where_somebody_else_filled_it(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files, (("petitioner", 2.0, "我叫何守天，补偿款三万六千七百元一分没给，请求补发。"),))
    before = {value.field: value.value for value in shown(world, record_id).form}
    assert (before["name"], before["amount"]) == ("何守田", "三万六千七百元（36700元）")
    hear_all(world, transcriber, [(2.0, "我叫何守田，补偿款三万六千八百元一分没给，请求补发。", 0.99)], [])
    after = {value.field: value.value for value in shown(world, record_id).form}
    assert (after["name"], after["amount"]) == ("何守田", "三万六千八百元（36800元）")
    assert "field" in kinds(world, record_id)


def test_passes_that_agree_change_nothing(world: World, talk_files: Recording, transcriber: Transcriber) -> None:
    record_id = lay_out(world, talk_files)
    before = shown(world, record_id)
    hear_all(world, transcriber, [(2.1, "我要反映三河村的事", 0.9), (6.0, "补偿款36700元没给", 0.9)], [(3.1, "单子没给过", 0.9)])
    after = shown(world, record_id)
    assert after.second_pass is not None
    assert after.second_pass.text == "复听完成，两遍听得一样"
    assert (after.body, after.form, after.version, after.suggestions) == (before.body, before.form, before.version, ())


def test_what_only_the_first_pass_heard_stands_and_is_marked(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    hear_all(world, transcriber, [(2.0, "我要反映三河村的事", 0.9), (6.0, "补偿款三万六千七百元没给", 0.9)], [])
    record = shown(world, record_id)
    assert [line.text for line in record.body] == ["我要反映三河村的事。", "补偿款36700元没给。", "单子没给过。"]
    assert record.body[2].doubt == ("passes_differ",)
    assert open_(world, record_id) == [("单子没给过。", "", 2)]
    with pytest.raises(InvalidInput):
        take(world, record_id, record.suggestions[0])


def test_a_known_name_stands_beside_what_sounds_like_it_and_in_nothings_place(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files, (("petitioner", 2.0, "我叫何首田，家在十乔镇。"), ("petitioner", 25.0, "十乔镇都知道。")))
    line = shown(world, record_id).body[1]
    edit(world, record_id, EditText(line_id=line.id, version=line.version, text="十乔镇全都知道。"))
    hear_all(world, transcriber, [(2.0, "我叫何首田，家在十乔镇", 0.9)], [(3.0, "十乔镇都知道", 0.9)])
    assert shown(world, record_id).body[0].text == "我叫何首田，家在十乔镇。"
    assert open_(world, record_id) == [("何首田", "何守田", 0), ("十乔镇", "石桥镇", 0)]
    record = take(world, record_id, shown(world, record_id).suggestions[0])
    assert record.body[0].text == "我叫何守田，家在十乔镇。"
    assert "".join(word.text for word in record.body[0].words) == record.body[0].text
    assert open_(world, record_id) == [("十乔镇", "石桥镇", 0)]


# --- a clerk at work -------------------------------------------------------------------------------------------


def test_a_clerk_who_has_begun_is_not_overwritten_anywhere(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    line = shown(world, record_id).body[1]
    edit(world, record_id, EditText(line_id=line.id, version=line.version, text="补偿款36900元没给。"))
    before = shown(world, record_id)
    hear_all(world, transcriber)
    after = shown(world, record_id)
    assert [(line.text, line.version) for line in after.body] == [(line.text, line.version) for line in before.body]
    assert (after.version, after.form) == (before.version, before.form)
    assert open_(world, record_id) == [("三", "山", 2), ("", "他们不给看", 2)], "the sum was decided by the clerk"
    assert [line.doubt for line in after.body] == [("passes_differ",), (), ()]


def test_taking_a_suggestion_is_a_decision_of_the_clerk(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    hear_all(world, transcriber)
    one, two, new = shown(world, record_id).suggestions
    record = take(world, record_id, two)
    assert record.body[1].text == "补偿款36800元没给。"
    assert (record.body[1].edited_by, record.body[1].doubt) == (world.clerk.name, ())
    assert "".join(word.text for word in record.body[1].words) == record.body[1].text
    record = take(world, record_id, new)
    assert [line.text for line in record.body][2:] == ["单子没给过。", "他们不给看"]
    assert (record.body[3].recognised, record.body[3].start) == ("他们不给看", pytest.approx(29.0, abs=0.05))
    record = edit(world, record_id, EditDismiss(suggestion_id=one.id))
    assert (record.suggestions, record.body[0].doubt) == ((), ())
    assert [kind for kind in kinds(world, record_id)[3:] if kind != "follow"] == ["take", "take", "dismiss"]
    with world.read() as session:
        assert {one.decided_by for one in session.scalars(select(StoredSuggestion))} == {world.clerk.name}
    with pytest.raises(InvalidInput) as refused:
        take(world, record_id, two)
    assert "已经定过了" in refused.value.message


def test_a_suggestion_follows_its_place_through_other_changes(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files, (("petitioner", 2.0, "我要反映三河村的事，补偿款没给。"),))
    line = shown(world, record_id).body[0]
    edit(world, record_id, EditText(line_id=line.id, version=1, text="领导，我要反映三河村的事，补偿款没给。"))
    hear_all(world, transcriber, [(2.0, "我要反映三河村的事，补偿款都给", 0.9)], [])
    assert open_(world, record_id) == [("没", "都", 2)]
    record = edit(world, record_id, EditSplit(line_id=line.id, version=2, at=13))
    assert record.suggestions[0].line_id == record.body[1].id
    assert record.body[1].text[slice(record.suggestions[0].first, record.suggestions[0].last)] == "没"
    record = edit(world, record_id, EditJoin(line_id=line.id, version=record.body[0].version, next_version=1))
    assert record.suggestions[0].line_id == line.id
    record = take(world, record_id, record.suggestions[0])
    assert record.body[0].text == "领导，我要反映三河村的事，补偿款都给。"


def test_a_place_that_the_clerk_has_rewritten_meanwhile_is_not_written_over(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    hear_all(world, transcriber)
    one = shown(world, record_id).suggestions[0]
    record = edit(world, record_id, EditText(line_id=one.line_id, version=2, text="我要反映五河村的事。"))
    assert one.id not in [other.id for other in record.suggestions]
    with pytest.raises(InvalidInput) as refused:
        take(world, record_id, one)
    assert "后来改过" in refused.value.message
    with pytest.raises(Conflict):
        edit(world, record_id, EditTake(suggestion_id=one.id, line_id=one.line_id, version=2))


def test_a_line_heard_and_found_right_needs_no_further_decision(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    hear_all(world, transcriber)
    line = shown(world, record_id).body[1]
    record = edit(world, record_id, EditHeard(line_id=line.id, version=line.version, heard=True))
    assert [one.line_id for one in record.suggestions if one.line_id == line.id] == []
    other = record.body[0]
    record = edit(world, record_id, EditDelete(line_id=other.id, version=other.version, reason="杂音"))
    assert [one.text for one in record.suggestions] == ["他们不给看"], "nothing is proposed for a deleted line"


def test_a_signed_record_is_shown_without_suggestions(world: World, talk_files: Recording, transcriber: Transcriber) -> None:
    record_id = lay_out(world, talk_files)
    hear_all(world, transcriber)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
    with world.read() as session:
        read = reading.open_reading(session, world.kiosk, record_id).model_dump_json()
    assert "单子没给过" in read
    assert "他们不给看" not in read
    assert len(shown(world, record_id).suggestions) == 3
    with world.write() as session:
        sign(session, world, record_id, file_at_once=True)
    assert shown(world, record_id).suggestions == ()


@pytest.mark.parametrize("filed", [False, True])
def test_a_signed_record_stays_as_it_is_and_its_history_has_the_other_readings(
    world: World, talk_files: Recording, transcriber: Transcriber, filed: bool
) -> None:
    record_id = lay_out(world, talk_files)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
        sign(session, world, record_id, file_at_once=filed)
    before = shown(world, record_id)
    hear_all(world, transcriber)
    after = shown(world, record_id)
    assert (after.body, after.form, after.suggestions) == (before.body, before.form, ())
    with world.read() as session:
        late = [one for one in records.history(session, world.clerk, record_id) if one.kind == "late_reading"]
    assert [(one.before, one.after) for one in late] == [
        ("我要反映三河村的事。", "我要反映山河村的事。"), ("补偿款36700元没给。", "补偿款36800元没给。"), ("", "他们不给看"),
    ]  # fmt: skip


def test_a_confirmed_record_is_not_taken_from_the_petitioner(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
    before = shown(world, record_id)
    hear_all(world, transcriber)
    after = shown(world, record_id)
    assert (after.state, after.version) == ("confirmed", before.version)
    assert [line.text for line in after.body] == [line.text for line in before.body]
    assert len(after.suggestions) == 3


# --- waiting, crashes ------------------------------------------------------------------------------------------


def test_progress_is_told_and_a_missing_model_is_waited_for(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    progress = shown(world, record_id).second_pass
    assert progress is not None
    assert (progress.state, progress.share) == ("waiting", 0.0)
    transcriber.answers = [answer(*AGAIN), UNAVAILABLE]
    outcome = second_pass.hear(world.office, R)
    assert (outcome.retry, outcome.message) == (True, "复听用的语音识别模型没有找到。")
    progress = shown(world, record_id).second_pass
    assert progress is not None
    assert (progress.state, progress.text) == ("waiting", "复听用的语音识别模型没有找到。")
    assert progress.share == pytest.approx(12 / 23, abs=0.02)
    with world.write() as session:
        session.get_one(SecondPass, R).message = ""
        session.get_one(SecondPass, R).state = "running"
    progress = shown(world, record_id).second_pass
    assert progress is not None
    assert progress.text == "正在复听 52%…"


def test_what_was_heard_before_a_crash_is_not_heard_again(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    transcriber.answers = [answer(*AGAIN), UNAVAILABLE]
    second_pass.hear(world.office, R)
    transcriber.heard.clear()
    transcriber.answers = [answer(*AFTER)]
    second_pass.hear(world.office, R)
    assert len(transcriber.heard) == 1, "only the second file"
    for _ in range(2):
        second_pass.conclude(world.office, R)
    assert second_pass.hear(world.office, R).state == RecognitionState.DONE
    assert len(transcriber.heard) == 1
    assert len(open_(world, record_id)) == 3
    with world.read() as session:
        assert len(store.utterances(session, R)) == 4


def test_a_long_recording_is_heard_in_pieces_that_cut_no_sentence(
    world: World, talk_files: Recording, transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_pass, "PIECE_S", 11.5)
    lay_out(world, talk_files)
    transcriber.answers = [
        answer((2.0, "我要反映三河村的事", 0.9), (10.5, "被切断", 0.9)), answer((0.3, "被切断的一句", 0.9)), answer(), answer(),
    ]  # fmt: skip
    second_pass.hear(world.office, R)
    with world.read() as session:
        heard = [(round(one.start, 1), one.text) for one in store.utterances(session, R)]
    assert heard == [(2.0, "我要反映三河村的事"), (10.5, "被切断的一句")]


def test_words_of_the_kiosks_copy_are_no_difference_and_are_not_proposed_again(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    with world.write() as session:
        copied = StoredUtterance(
            id="copied", reception_id=R, participant_id=PETITIONER, start=21.0, end=23.0, text="断线的时候说的话啊",
            words=[[21.0 + 0.2 * i, 21.2 + 0.2 * i, c, 0.9] for i, c in enumerate("断线的时候说的话啊")], measures={}, copy_id="c1",
        )  # fmt: skip
        session.add(copied)
        session.flush()
        drafts.add_recognised(session, drafts.records.of_reception(session, R), [copied])
    hear_all(world, transcriber, second=[(0.2, "说的话", 0.9), (3.0, "单子没给过", 0.9)])
    assert [stands for stands, _, _ in open_(world, record_id)] == ["山", "36700"]


def test_an_echo_of_somebody_else_is_not_proposed(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files, (*SAID, ("leader", 28.0, "补偿款按规定要公示")))
    hear_all(world, transcriber, second=[(3.0, "单子没给过", 0.9), (6.3, "补偿款按规定要公示", 0.9)])
    assert [stands for stands, _, _ in open_(world, record_id)] == ["山", "36700"]


def test_a_stretch_at_which_the_transcriber_fails_is_left_out_and_not_called_a_difference(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    transcriber.answers = [answer(*AGAIN), (500, {}), (500, {}), (500, {})]
    for _ in range(3):
        assert second_pass.hear(world.office, R).retry
    assert not second_pass.hear(world.office, R).retry
    second_pass.conclude(world.office, R)
    assert [stands for stands, _, _ in open_(world, record_id)] == ["山", "36700"]


def test_names_of_the_reception_and_the_seats_language_are_sent_along(
    world: World, talk_files: Recording, transcriber: Transcriber
) -> None:
    lay_out(world, talk_files)
    with world.write() as session:
        words = hotwords.of_reception(session, R)
        session.get_one(Participant, PETITIONER).language = "yue"
    second_pass.hear(world.office, R)
    form = transcriber.forms[0]
    assert (form["quality"], form["language"], form["prompt"]) == ("careful", "yue", " ".join(words))
    assert words[:5] == ("何守田", "周文清", "副县长", "临溪县信访局", "石桥镇政府")
    assert second_pass.plan(open_world(world.office.settings.data_dir, second_pass=False).office, R) is False


# --- with the real small model ---------------------------------------------------------------------------------


def noisy_recording(target: Path) -> int:
    """Twelve seconds of the demo's petitioner in noise, as the office records it; its size."""
    with av.open(str(LAND / "petitioner.opus")) as source:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=48_000)
        sound = np.concatenate([r.to_ndarray()[0] for frame in source.decode(audio=0) for r in resampler.resample(frame)])
    cut = sound[45 * 48_000 : 57 * 48_000] + np.random.default_rng(2).normal(0, 0.08 * 32768, 12 * 48_000)
    samples = np.clip(cut, -32768, 32767).astype(np.int16)
    with av.open(str(target), "w", format="webm") as sink:
        stream = sink.add_stream("libopus", rate=48_000, layout="mono")
        for at in range(0, len(samples), 960):
            frame = av.AudioFrame.from_ndarray(samples[None, at : at + 960], format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, at
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return target.stat().st_size


@contextmanager
def real_transcriber(**settings: Any) -> Iterator[str]:
    """A transcriber with the small model beside this test; its address."""
    made = TranscriberSettings(model=str(LAND.parent / "model"), **settings)
    server = uvicorn.Server(server_config(create_app(made), "127.0.0.1", 0))
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, "the transcriber to start")
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    until(lambda: httpx.get(f"{address}/readyz", trust_env=False).is_success, "the model to be loaded")
    yield address
    server.should_exit = True
    thread.join(30)


@pytest.mark.nightly
def test_real_passes_over_a_noisy_recording(tmp_path: Path) -> None:
    key = open_world(tmp_path).office.settings.key("transcriber")
    with real_transcriber(key=key, beam_size=1, second_beam_size=10) as address:
        world = open_world(tmp_path, transcriber_url=address)
        folder = world.office.settings.recordings_dir / R
        folder.mkdir(parents=True)
        size = noisy_recording(folder / "noisy.webm")
        first = transcriber_call(world.office.settings, (folder / "noisy.webm").read_bytes(), timeout=60)
        with world.write() as session:
            reception = add_reception(session, R, said=())
            session.execute(delete(StoredSegment))
            session.add(StoredSegment(
                id="s1", reception_id=R, participant_id=PETITIONER, kind="audio", codec="audio/opus", file="noisy.webm",
                start=0.0, seconds=12.0, size=size, sha256="0" * 64, closed="clean",
            ))  # fmt: skip
            session.add_all(
                StoredUtterance(
                    id=f"u{n}", reception_id=R, participant_id=PETITIONER, start=one.start, end=one.end, text=one.text,
                    words=[[w.start, w.end, w.text, w.probability] for w in one.words], measures=one.measures,
                )
                for n, one in enumerate(first.utterances)
            )
            session.flush()
            record_id = drafts.create_draft(session, reception).id
        assert second_pass.plan(world.office, R)
        assert not second_pass.hear(world.office, R).retry
    with world.read() as session:
        again = "".join(one.text for one in store.utterances(session, R))
    assert passes.spoken(again) != passes.spoken("".join(one.text for one in first.utterances)), "noise makes them differ"
    second_pass.conclude(world.office, R)
    record = shown(world, record_id)
    assert record.second_pass is not None
    assert record.second_pass.differences == len(record.suggestions) > 0
    assert all("passes_differ" in line.doubt for line in record.body if line.id in {one.line_id for one in record.suggestions})
    while any(one.pass_number == 2 for one in record.suggestions):
        record = take(world, record_id, next(one for one in record.suggestions if one.pass_number == 2))
    said = "".join(written_text(one) for one in [again])
    assert passes.spoken("".join(line.text for line in record.body)) == passes.spoken(said), "taken, the record reads as the second pass heard it"


# --- by the durable job ----------------------------------------------------------------------------------------


def begin(talk: Talk, files: Recording) -> None:
    """A talk of which both files were recorded and everything was recognised."""
    segments = [
        segment(talk.petitioner, Role.PETITIONER, found.seconds, start=found.start, size=found.size).model_copy(
            update={"file": found.file}
        )
        for found in files.segments(talk.office.office, talk.id, talk.petitioner)
    ]
    said = utterance(talk.petitioner, 2.0, 4.0, "我要反映三河村的事。")
    talk.begin(
        control.Recognised(utterance=said), control.RecognitionUntil(participant_id=talk.petitioner, until=33.0)
    )
    talk.hang_up(seconds=33.0, segments=tuple(segments))


@pytest.mark.nightly
def test_an_office_that_stops_in_the_middle_goes_on_with_the_next_piece(
    neighbours: Neighbours, talk_files: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflows, "LATER_FIRST_PAUSE_S", 0.05)
    settings = neighbours.settings.model_copy(update={"second_pass": True})
    transcriber = neighbours.transcriber
    transcriber.answers = [answer((2.0, "我要反映山河村的事", 0.95))]
    transcriber.answer = UNAVAILABLE
    with running(settings) as office:
        until(lambda: office.office.media.connected, "the control connection")
        talk = Talk(office, neighbours.node)
        begin(talk, talk_files)
        record = talk.record()
        path = f"/api/records/{record['id']}/second-pass"
        until(lambda: "没有找到" in office.clerk.get(path).json()["second_pass"]["text"], "the first file to be heard")
        assert office.stranger.get(path).status_code == 404
        reception_id = talk.id
    transcriber.says()
    transcriber.heard.clear()
    with running(settings) as office:
        until(lambda: office.clerk.get(path).json()["second_pass"]["state"] == "done", "the second pass to end")
        record = office.clerk.get(f"/api/records/{record['id']}").json()
        with office.office.store.read() as session:
            assert [one.text for one in store.utterances(session, reception_id)] == ["我要反映山河村的事"]
    assert len(transcriber.heard) == 1, "only the second file"
    assert [line["text"] for line in record["body"]] == ["我要反映山河村的事。"]
    assert record["second_pass"]["text"] == "复听完成，有 1 处不同"
