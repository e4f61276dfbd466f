"""Whatever a row says, of a program of another version, an engine or a clock that was set: a record, its desk, its reading, its case
and what is handed out of them can be opened, and the lists that it stands in."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import ValidationError
from sqlalchemy import select

from server.archive.plan import plan_adapter
from server.domain import captions
from server.errors import InvalidInput
from server.jobs import archiving as archiving_job
from server.jobs import node, workflows
from server.protocol import alone
from server.protocol import media_control as control
from server.protocol.base import Message, Role, TrackKind
from server.protocol.copies import FinishCopy
from server.protocol.edits import EditField, Edits, EditSplit, EditText
from server.protocol.health import Health
from server.protocol.recording import Segment
from server.protocol.sealed import Sealer
from server.protocol.transcript import Utterance, Word
from server.reception.kiosk import kiosk_health, unpacking
from server.reception.matter import cases, filing
from server.reception.paper import archive_plans, documents, exports, subtitles
from server.reception.record import desk, drafts, editing, ingest, promises, reading, records, signing
from server.store.models import (
    KioskAgent,
    Participant,
    Reception,
    StoredArchive,
    StoredCase,
    StoredGap,
    StoredHold,
    StoredMark,
    StoredPromise,
    StoredSegment,
    StoredShare,
    StoredSuggestion,
    StoredUtterance,
    VisitRecord,
)
from tests.records.office import TALK, World, add_reception, sign, strokes

UNSEEN = "河边\x0b长田\x07 --> <b>一亩二分\ufffe\u2028\U0001f33e"
FAR = 1e12
"""Seconds: a time that no calendar has."""


def odd_utterance(number: int, start: float, end: float, text: str, words: Any = ()) -> StoredUtterance:
    return StoredUtterance(
        id=f"r1-odd{number}", reception_id="r1", participant_id="r1-petitioner", start=start, end=end, text=text, words=list(words),
        measures={"model": "", "doubt": None, "avg_logprob": None},
    )


def odd_talk(world: World) -> str:
    """The record of a talk of which everything odd was kept that some program could keep."""
    with world.write() as session:
        reception = add_reception(session)
        reception.petitioner_name = "何守田" + "·长" * 20
        session.add(Participant(id="r1-ghost", reception_id="r1", position=9, role="observer", name=""))
        session.flush()
        session.add_all([
            odd_utterance(1, 30.0, 30.0, "一瞬间。"),
            odd_utterance(2, 40.0, 39.0, "先完后说。", [[50.0, 52.0, "先完", 0.5], [49.0, 48.0, "后说。", 0.5]]),
            odd_utterance(3, -1.5, -0.5, "还没有开始。", [[-1.5, -1.0, "还没有", 0.9], [-1.0, -0.5, "开始。", 0.0]]),
            odd_utterance(4, 60.0, 61.0, ""),
            odd_utterance(5, 70.0, 71.0, UNSEEN),
            odd_utterance(6, 80.0, 90.0, "很长的话，" * 400),
            odd_utterance(7, FAR, FAR + 1, "哪一天都不是。"),
            StoredMark(reception_id="r1", participant_id="nobody", at=-2.0, note=UNSEEN),
            StoredGap(reception_id="r1", participant_id="nobody", start=-3.0, end=-4.0, cause="not_a_known_cause"),
            StoredGap(reception_id="r1", participant_id=None, start=FAR, end=FAR, cause=""),
            StoredShare(reception_id="r1", participant_id="nobody", source="screen", start=-1.0, end=None),
            StoredHold(reception_id="r1", participant_id="r1-petitioner", start=9.0, end=3.0),
            StoredPromise(
                reception_id="r1", id="r1-u1-0", who="", what=UNSEEN, by="", text="", start=-1.0, state="confirmed",
                decided_by="林晓", decided_at=TALK - timedelta(days=9),
            ),
            StoredSegment(
                id="r1-s2", reception_id="r1", participant_id="r1-ghost", kind="video", source="document", codec="", file="../x",
                start=0.0, seconds=0.0, size=0, sha256="", closed="repaired",
            ),
        ])  # fmt: skip
        session.flush()
        record_id = drafts.create_draft(session, reception).id
        session.add(StoredSuggestion(
            record_id=record_id, line_id=None, text=UNSEEN, words=[], participant_id="nobody", start=-5.0, end=-6.0, pass_number=2,
            reason="missing", state="open", utterance_id="gone",
        ))  # fmt: skip
        return record_id


@pytest.fixture
def odd(world: World) -> str:
    return odd_talk(world)


def opened(world: World, record_id: str) -> dict[str, Any]:
    """Everything that the staff and the petitioner open of a record; as the staff's page has it."""
    with world.read() as session:
        whole = json.loads(records.open_record(session, world.clerk, record_id).model_dump_json())
        at_desk = json.loads(desk.open_record(session, world.clerk, record_id, 3))
        rest = json.loads(desk.rest(session, world.clerk, record_id, 3))
        read = json.loads(reading.view(session, session.get_one(VisitRecord, record_id)).model_dump_json())
        assert [row.id for row in records.list_records(session, world.clerk)] == [record_id]
        assert promises.listed(session, world.clerk, "r1", 0.0).promises
        assert records.history(session, world.clerk, record_id)
    assert [line["id"] for line in whole["body"]] == [line["id"] for line in at_desk["body"] + rest["body"]]
    assert len(read["lines"]) == len(whole["body"])
    return dict(whole)


def test_a_record_with_odd_rows_is_opened_corrected_signed_filed_and_handed_out(world: World, odd: str) -> None:
    whole = opened(world, odd)
    assert [gap["start"] for gap in whole["gaps"]] == [-3.0, 130.0, FAR]
    by_text = {line["text"]: line for line in whole["body"]}
    back = by_text["先完后说。"]
    with world.write() as session:
        done = editing.edit(session, world.clerk, odd, Edits(edits=(EditSplit(line_id=back["id"], version=1, at=2),)))
        other = next(line for line in done.body if line.text == "后说。")
        editing.edit(session, world.clerk, odd, Edits(edits=(EditText(line_id=other.id, version=1, text="后说的。"),)))
        signing.confirm(session, world.clerk, odd)
    opened(world, odd)
    with world.write() as session:
        sign(session, world, odd, file_at_once=False)
        case_id = filing.file_record(session, world.clerk, odd).case_id
    opened(world, odd)
    with world.read() as session:
        case = session.get_one(StoredCase, case_id)
        assert json.loads(cases.open_case(session, world.clerk, case_id).model_dump_json())["record"]["body"]
        assert cases.list_cases(session, world.clerk, "补偿款").rows
        told = exports.export_of(session, case)
        assert [line.text for line in told.lines].count("后说的。") == 1
        assert all(one.start <= one.end for one in (*told.lines, *told.utterances, *told.gaps))
        for cues in (subtitles.corrected(session, case), subtitles.recognised(session, case)):
            assert "-->" not in captions.vtt(cues).replace(" --> ", "", len(list(cues)))
    film = archive_plans.video_plan(world.office, case_id)
    assert plan_adapter.validate_json(film.model_dump_json()) == film


@pytest.mark.nightly
def test_papers_and_bundle_of_a_record_with_odd_rows_are_made(world: World, odd: str) -> None:
    with world.write() as session:
        signing.confirm(session, world.clerk, odd)
        sign(session, world, odd, file_at_once=False)
        case_id = filing.file_record(session, world.clerk, odd).case_id
    for name in documents.NAMES:
        path = documents.fetch(world.office, case_id, name)
        assert path.stat().st_size
        if path.suffix == ".docx":
            assert "长田" in ZipFile(path).read("word/document.xml").decode()
    asked = StoredArchive(case_id=case_id, kind="bundle", state="running", asked_by="林晓", asked_at=TALK, file="")
    bundle = archive_plans.bundle_plan(world.office, asked, StoredArchive(case_id=case_id, kind="video", file="x.mp4", size=1, sha256=""))
    assert plan_adapter.validate_json(bundle.model_dump_json()) == bundle


# --- on the way in ---------------------------------------------------------------------------------------------------


class Newer(Message):
    """What a node of a later version might tell."""

    kind: str = "weather"
    words: str = "下雨"


def entry(seq: int, fact: Any) -> control.Entry:
    return control.Entry.model_construct(reception_id="r1", seq=seq, at=TALK, fact=fact)


def said(number: int, text: str) -> control.Recognised:
    return control.Recognised(utterance=Utterance(id=f"said{number}", participant_id="r1-petitioner", start=900.0, end=901.0, text=text))


def too_big() -> control.SegmentClosed:
    """No database has a number for its size."""
    segment = Segment(
        id="r1-s9", participant_id="r1-petitioner", role=Role.PETITIONER, kind=TrackKind.AUDIO, codec="audio/opus", file="x.webm", start=0.0,
        seconds=1.0, size=2**70, sha256="",
    )  # fmt: skip
    return control.SegmentClosed(segment=segment)


def test_one_entry_of_a_journal_that_cannot_be_kept_or_read_keeps_back_nothing_else(world: World) -> None:
    """Asked for again and again, it would stand before everything that its node ever tells, of every reception."""
    with world.write() as session:
        reception = add_reception(session)
        reception.manifest_sha256 = ""
    batch = [
        entry(1, said(1, "前面一句。")), entry(2, control.MarkSet(participant_id="r1-petitioner", at=900.5, note="要\0紧")),
        entry(3, too_big()), entry(4, said(2, "后面\0一句。")), entry(5, control.HungUp(participant_id=None, at=TALK)),
    ]  # fmt: skip
    closed: list[str] = []

    async def take() -> None:
        node.NodeLink(world.office.settings, world.office.store, closed.append)._take_in(batch)

    asyncio.run(take())
    with world.read() as session:
        assert session.get_one(Reception, "r1").journal_seq == 5
        assert session.get(StoredSegment, "r1-s9") is None
        assert [session.get_one(StoredUtterance, f"said{n}").text for n in (1, 2)] == ["前面一句。", "后面一句。"]
        assert session.scalars(select(StoredMark.note)).one() == "要紧"
    assert closed == ["r1"]


def test_an_entry_of_a_newer_node_stands_as_a_line_that_was_lost() -> None:
    told = {"type": "entry", "entry": {"reception_id": "r1", "seq": 7, "at": TALK.isoformat(), "fact": Newer().model_dump()}}
    found = node._unread(json.dumps(told))
    assert found is not None
    assert (found.reception_id, found.seq, found.fact) == ("r1", 7, control.LineLost())
    assert node._unread('{"type": "weather"}') is None
    assert node._unread("no JSON") is None


def test_an_utterance_never_ends_before_it_begins_and_every_database_keeps_it(world: World) -> None:
    word = Word(start=5.0, end=4.0, text="嗯\0", probability=0.5)
    told = Utterance(id="u", participant_id="r1-petitioner", start=5.0, end=4.0, text="嗯\0\ud800", words=(word,), avg_logprob=float("nan"))
    assert (told.end, told.text, told.words[0].text, told.words[0].end, told.avg_logprob) == (5.0, "嗯", "嗯", 5.0, None)
    with world.write() as session:
        add_reception(session)
        session.add(ingest.stored_utterance("r1", told, source="live"))


def test_an_utterance_and_its_words_begin_with_the_talk_at_the_earliest() -> None:
    words = (Word(start=-2.0, end=-1.0, text="喂", probability=0.5), Word(start=-0.5, end=0.5, text="喂", probability=0.5))
    told = Utterance(id="u", participant_id="r1-petitioner", start=-2.0, end=-1.0, text="喂喂", words=words)
    assert (told.start, told.end) == (0.0, 0.0)
    assert [(word.start, word.end) for word in told.words] == [(0.0, 0.0), (0.0, 0.5)]
    with pytest.raises(ValidationError):
        Utterance(id="u", participant_id="r1-petitioner", start=float("nan"), end=1.0, text="喂")


# --- on the way out, one for all ---------------------------------------------------------------------------------------


def test_what_fails_again_and_again_gives_its_turn_to_those_who_wait_behind_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflows, "growing_pauses", lambda *_: lambda: None)
    tried: list[str] = []

    @workflows.in_its_turn("later")
    def work(what: str) -> str:
        tried.append(what)
        if what == "odd" or len(tried) == 1:
            raise ValueError(what)
        return "done"

    assert (work("even"), tried) == ("done", ["even", "even"])
    assert (work("odd"), tried[2:]) == ("later", ["odd"] * workflows.MOST_TRIES)


def test_a_film_that_cannot_be_planned_is_told_and_the_next_one_is_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, str]] = []
    monkeypatch.setattr(archiving_job, "office_at_work", lambda: world.office)
    monkeypatch.setattr(archiving_job.archiving, "begin", lambda *_: Segment.model_validate({}))
    monkeypatch.setattr(archiving_job.archiving, "fail", lambda _office, archive_id, why: told.append((archive_id, why)))
    archiving_job.work.__wrapped__(7)
    assert told == [(7, archiving_job.archiving.WHY["internal"])]


def test_a_kiosk_of_another_version_is_shown_without_what_it_tells() -> None:
    agent = KioskAgent(kiosk_id=1, health={"of": "another version"}, restart="")
    assert kiosk_health.health_of(agent) is None
    told = Health(started_at=TALK, disk_free=1)
    kiosk_health.remember(agent, told, TALK)
    assert kiosk_health.health_of(agent) == told


def test_a_time_without_its_offset_or_at_the_end_of_the_calendar_is_refused() -> None:
    for sent in ("2026-06-09T01:41:00", "0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-12:00"):
        with pytest.raises(ValidationError):
            FinishCopy(size=1, sha256="0" * 64, begun_at=sent, position=None)


def test_words_of_a_sitting_alone_keep_within_it_whatever_the_page_counts(tmp_path: Path) -> None:
    key = X25519PrivateKey.generate()
    sealer = Sealer("a1", key.public_key().public_bytes_raw())
    pieces = (
        alone.Typed(question="what", at=FAR, words="我家\0的地"), alone.Lost(what="disk", start=FAR, end=3.0),
        alone.Signed(at=FAR, name="王桂兰\0", summary="", strokes=strokes(), aspect=0.3),
    )  # fmt: skip
    file = tmp_path / "a1.sealed"
    file.write_bytes(sealer.key_record + b"".join(sealer.piece(number, alone.pack(one)) for number, one in enumerate(pieces)))
    found = unpacking.read(file, "a1", key, tmp_path / "out")
    assert found.spoilt == []
    assert [(one.at, one.words) for one in found.typed] == [(unpacking.LONGEST_S, "我家的地")]
    assert [(one.start, one.end) for one in found.lost] == [(unpacking.LONGEST_S, unpacking.LONGEST_S)]
    assert found.signed is not None
    assert (found.signed.at, found.signed.name) == (unpacking.LONGEST_S, "王桂兰")


@pytest.mark.parametrize(("field", "before"), [("name", ""), ("representatives", "何守田、")])
def test_a_name_that_no_signature_can_be_kept_under_is_refused_at_the_desk(world: World, record_id: str, field: str, before: str) -> None:
    with world.write() as session, pytest.raises(InvalidInput) as refused:
        editing.edit(session, world.clerk, record_id, Edits(edits=(EditField(field=field, version=1, value=before + "长" * 51),)))
    assert "太长" in refused.value.message
