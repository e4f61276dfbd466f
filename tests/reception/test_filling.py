"""Gaps of the recording filled from the kiosk's copy: at the right place, nothing twice, nothing overwritten."""

import re
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from sqlalchemy import select

from server.domain import alignment
from server.domain.states import RecognitionState
from server.protocol import media_control as control
from server.protocol.base import Role
from server.protocol.edits import Edits, EditText
from server.protocol.recording import Gap
from server.protocol.records import Record
from server.reception.matter import cases
from server.reception.record import closing, drafts, editing, filling, records, signing
from server.store import sound
from server.store.models import (
    GapFill,
    KioskCopy,
    StoredGap,
    StoredRevision,
    StoredUtterance,
)
from tests.api.test_copies import Kiosk
from tests.browser.programs import Programs
from tests.office import TestOffice
from tests.reception.conftest import Neighbours, until
from tests.reception.copied_talk import COPY_BEGINS, GAP, KIOSK_SAYS, Files
from tests.reception.programs import Transcriber, segment, utterance
from tests.reception.test_closing import Talk
from tests.records.office import World, add_reception, open_world, sign

pytestmark = pytest.mark.slow

R, PETITIONER = "r1", "r1-petitioner"
CONTEXT_S = filling.CONTEXT_S
SAID = (
    ("petitioner", 10.9, "征地的时候"),
    ("petitioner", 26.0, "补偿款一共是十九万"),
)
"""Each character takes 0.2 s."""


@pytest.fixture(scope="session")
def talk_files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("copied-talk"))


@pytest.fixture
def world(tmp_path: Path, transcriber: Transcriber) -> World:
    return open_world(tmp_path, transcriber_url=transcriber.url)


def lay_out(world: World, files: Files, copy: str = "copy", cause: str = "network_lost", **what: Any) -> str:
    """A closed reception with its draft, the recording with its gap, and the copy; returns the record's id."""
    with world.write() as session:
        reception = add_reception(session, R, said=what.pop("said", SAID))
        for name, value in what.items():
            setattr(reception, name, value)
        files.replace(session, world.office, R, PETITIONER)
        session.add(files.gap(R, PETITIONER, cause))
        session.add(files.copy(world.office, R, PETITIONER, copy))
        session.flush()
        return drafts.create_draft(session, reception).id


def lost(cause: str, start: float, end: float) -> StoredGap:
    return StoredGap(reception_id=R, participant_id=None, start=start, end=end, cause=cause)


def shown(world: World, record_id: str) -> Record:
    with world.read() as session:
        return records.open_record(session, world.clerk, record_id)


def piece_of(world: World) -> Path:
    """What was cut for the gap of the recording."""
    with world.read() as session:
        gap = session.scalars(select(StoredGap.id).where(StoredGap.start == GAP[0])).one()
    return world.office.settings.copies_dir / R / f"c1-{gap}.webm"


def texts(world: World, record_id: str) -> list[tuple[str, bool]]:
    """Each line as it was heard, or as a clerk wrote it."""
    return [(line.text if line.edited_by else line.recognised, line.copied) for line in shown(world, record_id).body]


def in_gap(transcriber: Transcriber, *parts: tuple[float, str]) -> None:
    """The copy says this at these media times."""
    begins = GAP[0] - CONTEXT_S
    transcriber.says(*((at - begins, at - begins + 0.2 * len(text), text) for at, text in parts))


@pytest.mark.nightly
def test_a_gap_is_filled_at_its_place_and_nothing_is_said_twice(
    world: World, talk_files: Files, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    in_gap(transcriber, (10.9, "征地的时候说每亩补偿四万二千元"), (16.0, "到现在只给了一万八千元"))
    assert filling.fill(world.office, "c1").state == RecognitionState.DONE
    assert texts(world, record_id) == [
        ("征地的时候", False), ("说每亩补偿四万二千元", True), ("到现在只给了一万八千元", True), ("补偿款一共是十九万", False),
    ]  # fmt: skip
    record = shown(world, record_id)
    assert record.body[1].start == pytest.approx(11.9, abs=0.05)
    assert record.body[1].text == "说每亩补偿42000元"
    assert record.gaps[0].text.endswith("补上的话写着“来自接谈机备份”。")
    assert "这一段没有录上" in record.gaps[0].text
    with world.read() as session:
        heard = session.scalars(select(StoredUtterance).where(StoredUtterance.copy_id == "c1")).all()
        assert {one.measures["source"] for one in heard} == {"copy"}
        assert session.get_one(KioskCopy, "c1").settled


def test_the_copy_is_placed_by_its_sound_and_its_piece_can_be_played(
    world: World, talk_files: Files, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    filling.fill(world.office, "c1")
    record = shown(world, record_id)
    pieces = [segment for segment in record.segments if segment.only]
    assert [(piece.kind.value, piece.only) for piece in pieces] == [("audio", GAP), ("video", GAP)]
    assert pieces[0].start <= GAP[0] - 0.9
    path = piece_of(world)
    piece = sound.samples(path, 14.0 - pieces[0].start, 17.0 - pieces[0].start)
    copy = sound.samples(path.with_name("c1.webm"), 14.0 - COPY_BEGINS, 17.0 - COPY_BEGINS)
    assert alignment.find(piece, np.pad(copy, 800)).lag == pytest.approx(0.2, abs=0.02), "placed to a fiftieth of a second"
    with av.open(str(path)) as whole:
        assert whole.duration is not None, "it seeks"


def test_a_gap_as_the_talk_begins_has_a_piece_that_opens_with_the_record(
    world: World, talk_files: Files, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    with world.write() as session:
        session.add(lost("network_lost", 0.3, COPY_BEGINS + 0.7))
    filling.fill(world.office, "c1")
    pieces = [segment for segment in shown(world, record_id).segments if segment.only and segment.only[1] < GAP[0]]
    assert [round(piece.start, 1) for piece in pieces] == [COPY_BEGINS, COPY_BEGINS], "nothing is heard before the copy begins"
    with world.write() as session:
        for fill in session.scalars(select(GapFill)):
            fill.file_start = -0.4
    assert -0.4 in [segment.start for segment in shown(world, record_id).segments]


def test_who_did_not_want_to_be_filmed_is_not_shown(world: World, talk_files: Files, transcriber: Transcriber) -> None:
    record_id = lay_out(world, talk_files, consent="audio_only")
    filling.fill(world.office, "c1")
    assert [segment.kind.value for segment in shown(world, record_id).segments if segment.only] == ["audio"]
    with av.open(str(piece_of(world))) as piece:
        assert not piece.streams.video


def test_a_copy_that_is_not_of_this_talk_is_not_used_and_that_is_said(
    world: World, talk_files: Files, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files, "other")
    in_gap(transcriber, (15.0, "别人说的话"))
    filling.fill(world.office, "c1")
    assert not any(copied for _, copied in texts(world, record_id))
    assert shown(world, record_id).gaps[0].text.endswith("对不上，没有用。")
    assert transcriber.heard == []


@pytest.mark.parametrize("cause", ["left", "muted_source", "on_hold", "recognition_missing"])
def test_what_was_not_to_be_heard_is_not_fetched_from_the_copy(
    world: World, talk_files: Files, transcriber: Transcriber, cause: str
) -> None:
    record_id = lay_out(world, talk_files, cause=cause)
    in_gap(transcriber, (15.0, "没有要录的话"))
    filling.fill(world.office, "c1")
    assert not any(copied for _, copied in texts(world, record_id))
    assert transcriber.heard == []


def test_what_was_said_on_hold_is_not_fetched_though_the_line_was_lost_then(
    world: World, talk_files: Files, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    with world.write() as session:
        session.add(lost("petitioner_on_hold", 17.0, GAP[1] + 1.0))
    in_gap(transcriber, (15.0, "到现在只给了"), (18.0, "私下说的话"))
    filling.fill(world.office, "c1")
    assert [text for text, copied in texts(world, record_id) if copied] == ["到现在只给了"]


def test_gaps_that_lie_over_each_other_are_filled_once(world: World, talk_files: Files, transcriber: Transcriber) -> None:
    record_id = lay_out(world, talk_files)
    with world.write() as session:
        session.add(lost("media_restarted", *GAP))
    in_gap(transcriber, (15.0, "到现在只给了一万八千元"))
    filling.fill(world.office, "c1")
    assert len(transcriber.heard) == 2
    assert texts(world, record_id).count(("到现在只给了一万八千元", True)) == 1


def test_filling_twice_or_after_being_killed_adds_nothing_twice(
    world: World, talk_files: Files, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    in_gap(transcriber, (15.0, "到现在只给了一万八千元"))
    filling.fill(world.office, "c1")
    with world.write() as session:
        session.get_one(KioskCopy, "c1").settled = False
    filling.fill(world.office, "c1")
    assert [copied for _, copied in texts(world, record_id)].count(True) == 1
    assert len(transcriber.heard) == 1


def test_while_the_transcriber_is_away_it_is_tried_again(world: World, talk_files: Files, transcriber: Transcriber) -> None:
    record_id = lay_out(world, talk_files)
    transcriber.cannot("model_missing", "识别模型的文件夹不在。")
    outcome = filling.fill(world.office, "c1")
    assert (outcome.retry, outcome.message) == (True, "识别模型的文件夹不在。")
    in_gap(transcriber, (15.0, "到现在只给了一万八千元"))
    assert not filling.fill(world.office, "c1").retry
    assert ("到现在只给了一万八千元", True) in texts(world, record_id)


def test_before_the_reception_is_closed_nothing_is_done(world: World, talk_files: Files, transcriber: Transcriber) -> None:
    record_id = lay_out(world, talk_files, state="closing")
    in_gap(transcriber, (15.0, "到现在只给了一万八千元"))
    filling.fill(world.office, "c1")
    with world.read() as session:
        assert not session.get_one(KioskCopy, "c1").settled
    assert not any(copied for _, copied in texts(world, record_id))


def test_what_a_clerk_has_corrected_stays(world: World, talk_files: Files, transcriber: Transcriber) -> None:
    record_id = lay_out(world, talk_files)
    line = shown(world, record_id).body[0]
    with world.write() as session:
        edit = EditText(line_id=line.id, version=line.version, text="接谈员改过的话")
        editing.edit(session, world.clerk, record_id, Edits(edits=(edit,)))
    in_gap(transcriber, (15.0, "到现在只给了一万八千元"))
    filling.fill(world.office, "c1")
    assert texts(world, record_id)[:2] == [("接谈员改过的话", False), ("到现在只给了一万八千元", True)]


def test_a_signed_record_stays_as_it_was_signed_and_the_office_is_told(
    world: World, talk_files: Files, transcriber: Transcriber
) -> None:
    record_id = lay_out(world, talk_files)
    with world.write() as session:
        signing.confirm(session, world.clerk, record_id)
        signed = sign(session, world, record_id, file_at_once=True)
    in_gap(transcriber, (15.0, "到现在只给了一万八千元"))
    filling.fill(world.office, "c1")
    assert not any(copied for _, copied in texts(world, record_id))
    with world.write() as session:
        case = cases.open_case(session, world.clerk, signed.case_id or 0)
        late = session.scalars(select(StoredRevision.after).where(StoredRevision.kind == "late_speech")).all()
    assert case.intact
    assert case.events[-1].what == "归档以后又认出一些话，留在接谈室记录里"
    assert "笔录签过字才传到" in case.record.gaps[0].text
    assert [(after["recognised"], after["text"]) for after in late] == [("到现在只给了一万八千元", "到现在只给了18000元")]
    assert any(segment.only for segment in case.record.segments), "it can be heard"


def test_two_thousandths_of_a_second_of_loss_are_not_looked_for(world: World, talk_files: Files, transcriber: Transcriber) -> None:
    record_id = lay_out(world, talk_files)
    with world.write() as session:
        session.scalars(select(StoredGap)).one().end = GAP[0] + 0.25
    filling.fill(world.office, "c1")
    with world.read() as session:
        assert session.scalars(select(GapFill)).all() == []
    assert transcriber.heard == []
    assert record_id


def test_another_speech_is_not_taken_for_the_same(talk_files: Files) -> None:
    recorded = sound.samples(talk_files.folder / "before.webm", 2.0, 12.0)
    same = sound.samples(talk_files.folder / "copy.webm", -6.0, 18.0)
    other = sound.samples(talk_files.folder / "other.webm", -6.0, 18.0)
    assert alignment.find(recorded, same).likeness > 0.8
    assert alignment.find(recorded, same).lag == pytest.approx(2.0 - COPY_BEGINS + 6.0, abs=0.02)
    assert alignment.find(recorded, other).likeness < 0.3
    assert alignment.is_comparable(recorded)


def test_sounds_that_slide_by_milliseconds_are_still_found(talk_files: Files) -> None:
    recorded = sound.samples(talk_files.folder / "before.webm", 2.0, 12.0)
    copy = sound.samples(talk_files.folder / "copy.webm", -6.0, 18.0)
    slid = np.concatenate([part[12 * (n % 2) :] for n, part in enumerate(np.split(copy, range(7000, len(copy), 7000)))])
    assert alignment.find(recorded, slid).likeness > 0.7
    assert alignment.find(recorded, slid).lag == pytest.approx(2.0 - COPY_BEGINS + 6.0, abs=0.03)


def test_half_a_word_is_alike_to_another_speech_and_is_not_compared(talk_files: Files) -> None:
    recorded = sound.samples(talk_files.folder / "before.webm", 2.0, 12.0)
    other = sound.samples(talk_files.folder / "other.webm", -6.0, 18.0)
    size = int(0.1 * alignment.RATE)
    loud = [part for at in range(0, len(recorded) - size, size) if not alignment.is_quiet(part := recorded[at : at + size])]
    assert any(alignment.find(part, other).likeness >= alignment.ALIKE for part in loud)
    assert not any(alignment.is_comparable(part) for part in loud)
    begun = np.concatenate([np.zeros(20 * alignment.RATE, np.float32), loud[0]])
    assert not alignment.is_comparable(begun), "what was not recorded before it does not count"


SENTENCES = (
    "前年我家的四亩六分承包地被征用了说是修工业园区"
    "征地的时候说每亩补偿四万二千元到现在只给了一万八千元"
    "补偿款一共是十九万三千元还差十一万元没有给"
)


@pytest.mark.nightly
def test_with_the_real_model_the_lost_words_are_back_once(tmp_path: Path, talk_files: Files) -> None:
    (tmp_path / "secret.key").write_text("s" * 32)
    programs = Programs(tmp_path)
    programs.start("transcriber")
    try:
        programs.wait_ready("transcriber", programs.settings.transcriber_port)
        world = open_world(tmp_path / "office", transcriber_url=programs.settings.transcriber_bases[0])
        record_id = lay_out(world, talk_files, said=())
        closing.find_unrecognised(world.office, R)
        assert closing.recognise_later(world.office, R).state == RecognitionState.DONE
        missing = len(SENTENCES) - same(spoken(world, record_id), SENTENCES)
        filling.fill(world.office, "c1")
    finally:
        programs.stop()
    words = spoken(world, record_id)
    assert missing >= 15, "ten seconds are missing before"
    print(missing, words)
    assert same(words, SENTENCES) >= len(SENTENCES) - 4, words
    assert len(words) <= len(SENTENCES) + 3, words


def spoken(world: World, record_id: str) -> str:
    return "".join(re.findall(r"\w", "".join(text for text, _ in texts(world, record_id))))


def same(found: str, wanted: str) -> int:
    """How many characters are there, in order."""
    return sum(block.size for block in SequenceMatcher(None, found, wanted, autojunk=False).get_matching_blocks())


@pytest.mark.parametrize("late", [True, False], ids=["after the draft", "before the draft"])
@pytest.mark.nightly
def test_from_the_upload_to_the_line_by_the_durable_job(
    office: TestOffice, neighbours: Neighbours, talk_files: Files, late: bool
) -> None:
    talk = Talk(office, neighbours.node)
    agent = Kiosk(office)
    agent.report()
    assert agent.begin(talk.id).status_code == 200
    segments = [
        segment(talk.petitioner, Role.PETITIONER, found.seconds, start=found.start, size=found.size).model_copy(
            update={"file": found.file}
        )
        for found in talk_files.segments(office.office, talk.id, talk.petitioner)
    ]
    gap = Gap(participant_id=talk.petitioner, start=GAP[0], end=GAP[1], cause="network_lost")
    until_end = control.RecognitionUntil(participant_id=talk.petitioner, until=33.0)
    talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 2.0, 4.0, "前面一句。")), until_end)
    begins = GAP[0] - CONTEXT_S
    neighbours.transcriber.says((15.0 - begins, 17.0 - begins, "断线的时候说的。"))
    agent.content = agent.sealed((talk_files.folder / "copy.webm").read_bytes())
    if late:
        talk.hang_up(seconds=33.0, segments=tuple(segments), gaps=(gap,))
        talk.record()
    agent.piece(0, agent.content)
    assert agent.finish(position=KIOSK_SAYS).json()["stored"]
    if not late:
        talk.hang_up(seconds=33.0, segments=tuple(segments), gaps=(gap,))
    until(lambda: "断线的时候说的。" in talk.texts(), "the words of the copy")
    line = talk.record()["body"][1]
    assert (line["copied"], line["start"]) == (True, pytest.approx(15.0, abs=0.1))
    piece = next(found for found in talk.record()["segments"] if found["only"])
    answer = office.clerk.get(piece["url"], headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"\x1a\x45\xdf\xa3")
    assert office.stranger.get(piece["url"]).status_code == 404


def test_the_clerk_is_told_while_a_copy_is_on_its_way(office: TestOffice, neighbours: Neighbours) -> None:
    talk = Talk(office, neighbours.node)
    agent = Kiosk(office)
    agent.report()
    agent.begin(talk.id)
    gap = Gap(participant_id=talk.petitioner, start=2.0, end=6.0, cause="network_lost")
    talk.begin(control.GapFound(gap=gap))
    talk.hang_up(seconds=9.0, gaps=(gap,))
    assert talk.record()["copy_message"].startswith("接谈机备份还没有传完")
    record = f"/api/records/{talk.record()['id']}"
    assert office.leader.get(record).json()["copy_message"] == ""
    agent.report()
    assert office.clerk.get(record).json()["copy_message"] == "", "the kiosk holds none"
