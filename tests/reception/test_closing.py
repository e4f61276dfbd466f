"""From the journal to the draft: taken in once, closed durably, nothing missing without the record saying so."""

import os
import signal
import subprocess
import sys
import time
from typing import Any

import av
import httpx
import numpy as np
import pytest
from dbos import DBOS
from sqlalchemy.exc import OperationalError

from server.jobs import node, workflows
from server.protocol import media_control as control
from server.protocol.base import Role, Source, TrackKind
from server.protocol.recording import Gap, Manifest, Share
from server.reception.record import closing, ingest
from server.store import receptions
from server.store.models import Reception, StoredUtterance, VisitRecord
from tests.granted import Granted
from tests.office import OWN_PAGE, PASSWORD, running
from tests.ports import free_port
from tests.reception.conftest import until
from tests.reception.programs import STARTED, Journal, heard, segment, utterance


class Talk:
    """A reception with both people in it, and the node's journal of it."""

    def __init__(self, office: Any, node: Any) -> None:
        self.office, self.node = office, node
        sitting = office.sitting()
        self.id: str = sitting["reception_id"]
        self.petitioner: str = sitting["participant_id"]
        joined = office.leader.post(f"/api/receptions/{self.id}/join").json()
        self.leader: str = joined["participant_id"]

    @property
    def path(self) -> str:
        return f"/api/receptions/{self.id}"

    def begin(self, *facts: Any) -> None:
        started = control.RecordingStarted(started_at=STARTED)
        self.node.write(self.id, control.Opened(generation=1), started, *facts)

    def hang_up(self, **manifest: Any) -> None:
        self.node.manifests[self.id] = Manifest(
            reception_id=self.id, started_at=STARTED, ended_at=STARTED, **manifest
        )
        self.node.write(self.id, control.HungUp(participant_id=self.petitioner, at=STARTED))

    def hang_up_with_sound(self, seconds: float, *facts: Any) -> None:
        """Both hang up after a talk of which the petitioner's sound was recorded."""
        size = self.write_sound(self.petitioner, seconds)
        self.begin(*facts)
        self.hang_up(seconds=seconds, segments=(segment(self.petitioner, Role.PETITIONER, seconds, size=size),))

    def state(self) -> str:
        return str(self.office.clerk.get(self.path).json()["state"])

    def record(self) -> dict[str, Any]:
        """The record, once the draft is there."""
        until(lambda: self.state() == "closed", "the reception to be closed")
        record_id = self.office.clerk.get(self.path).json()["record_id"]
        return dict(self.office.clerk.get(f"/api/records/{record_id}").json())

    def shares(self) -> list[tuple[float, float | None]]:
        with self.office.office.store.read() as session:
            return [(share.start, share.end) for share in receptions.shares_of(session, self.id)]

    def texts(self) -> list[str]:
        return [line["text"] for line in self.record()["body"]]

    def write_sound(self, participant_id: str, seconds: float) -> int:
        """A real Opus file in the recording folder; returns its size."""
        folder = self.office.settings.recordings_dir / self.id
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{participant_id}-0.webm"
        write_opus(str(path), seconds)
        return path.stat().st_size


def write_opus(path: str, seconds: float) -> None:
    with av.open(path, "w") as sink:
        stream = sink.add_stream("libopus", rate=48_000, layout="mono")
        for start in range(0, int(seconds * 48_000), 960):
            times = (np.arange(960) + start) / 48_000
            samples = (np.sin(times * 440 * 2 * np.pi) * 8000).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
            frame.sample_rate, frame.pts = 48_000, start
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))


@pytest.fixture
def talk(office, neighbours) -> Talk:
    return Talk(office, neighbours.node)


def test_hang_up_to_draft(talk):
    asked = utterance(talk.leader, 1.0, 3.0, "您有什么事？")
    answered = utterance(talk.petitioner, 4.0, 6.0, "我家的宅基地被占了。")
    talk.begin(control.Recognised(utterance=asked), control.Recognised(utterance=answered))
    with Granted() as granted:
        talk.hang_up(seconds=6.0)
        assert talk.texts() == ["您有什么事？", "我家的宅基地被占了。"]
    assert granted.seconds < 5
    assert talk.node.closed[0] == talk.id
    record = talk.record()
    assert (record["recognition"], record["gaps"]) == ("done", [])
    talk.office.leader.post(f"/api/receptions/{talk.id}/unlock")  # this talk is long ago
    sitting = talk.office.kiosk.get("/api/kiosk/sitting").json()
    assert (sitting["step"], sitting["record_id"]) == ("preparing", record["id"])


def test_ending_through_the_api_closes_the_room(talk):
    talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 1.0, 2.0, "好。")))
    talk.node.manifests[talk.id] = Manifest(reception_id=talk.id, started_at=STARTED, seconds=2.0)
    assert talk.office.kiosk.post(f"{talk.path}/end").status_code == 202
    assert talk.texts() == ["好。"]


def test_entries_that_come_twice_are_taken_in_once(talk):
    talk.node.send_twice = True
    said = utterance(talk.petitioner, 1.0, 2.0, "一次就够。")
    mark = control.MarkSet(participant_id=talk.leader, at=1.5, note="要紧")
    talk.begin(control.Recognised(utterance=said), mark)
    talk.hang_up(seconds=2.0)
    assert talk.texts() == ["一次就够。"]


def test_an_entry_is_taken_in_strictly_in_order(talk):
    journal = Journal(talk.id)
    journal.add(control.Opened(generation=1), control.RecordingStarted(started_at=STARTED))
    with talk.office.office.store.write() as session:
        assert ingest.take_in(session, journal.entries[0])
        assert not ingest.take_in(session, journal.entries[0])
        late = journal.entries[1].model_copy(update={"seq": 5})
        with pytest.raises(ingest.JournalHole):
            ingest.take_in(session, late)
        assert session.get_one(Reception, talk.id).journal_seq == 1


def test_an_entry_of_a_reception_that_is_not_ours_is_passed_over(office, neighbours):
    neighbours.node.write("nobodys", control.Opened(generation=1))
    talk = Talk(office, neighbours.node)
    talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 1.0, 2.0, "还在收。")))
    talk.hang_up(seconds=2.0)
    assert talk.texts() == ["还在收。"]


def test_what_was_not_recognised_live_is_recognised_from_the_recording(talk, neighbours):
    size = talk.write_sound(talk.petitioner, 6.0)
    heard = control.Recognised(utterance=utterance(talk.petitioner, 0.5, 3.0, "前面一句。"))
    broken = control.RecognitionUntil(participant_id=talk.petitioner, until=3.0, reason="overloaded")
    talk.begin(control.SeatTaken(participant_id=talk.petitioner, role=Role.PETITIONER), heard, broken)
    until(lambda: talk.id in neighbours.node.words, "the words to expect")
    spoken = talk.office.clerk.put(f"{talk.path}/seats/{talk.petitioner}/language", json={"language": "bo"})
    assert (spoken.status_code, neighbours.node.languages) == (204, {talk.petitioner: "bo"})
    neighbours.transcriber.says((0.5, 2.0, "后面一句。"))
    talk.hang_up(seconds=6.0, segments=(segment(talk.petitioner, Role.PETITIONER, 6.0, size=size),))
    record = talk.record()
    assert [line["text"] for line in record["body"]] == ["前面一句。", "后面一句。"]
    assert record["body"][1]["start"] == pytest.approx(3.5, abs=0.05)
    assert (record["recognition"], record["gaps"]) == ("done", [])
    assert set(neighbours.transcriber.languages) == {"bo"}
    words = neighbours.node.words[talk.id]
    assert len(words) > 2
    assert [form["prompt"] for form in neighbours.transcriber.forms] == [" ".join(words)]


def test_a_stretch_in_the_middle_that_nobody_heard_is_recognised_too(talk, neighbours):
    size = talk.write_sound(talk.petitioner, 9.0)
    talk.begin(
        control.RecognitionUntil(participant_id=talk.petitioner, until=2.0, reason="overloaded"),
        control.Recognised(utterance=utterance(talk.petitioner, 6.0, 8.0, "后来又听见了。")),
        control.RecognitionUntil(participant_id=talk.petitioner, until=9.0, reason=""),
    )
    neighbours.transcriber.says((0.5, 3.0, "中间这一句。"))
    talk.hang_up(seconds=9.0, segments=(segment(talk.petitioner, Role.PETITIONER, 9.0, size=size),))
    assert talk.texts() == ["中间这一句。", "后来又听见了。"]
    assert len(neighbours.transcriber.heard) == 1


def test_what_an_unreadable_line_may_have_said_is_recognised_from_the_recording(talk, neighbours):
    size = talk.write_sound(talk.petitioner, 9.0)
    talk.begin(
        control.Recognised(utterance=utterance(talk.petitioner, 0.5, 2.0, "前面一句。")),
        control.LineLost(),
        control.Recognised(utterance=utterance(talk.petitioner, 6.0, 8.0, "后来又听见了。")),
        control.RecognitionUntil(participant_id=talk.petitioner, until=9.0),
    )
    neighbours.transcriber.says((0.5, 3.0, "丢了的这一句。"))
    talk.hang_up(seconds=9.0, segments=(segment(talk.petitioner, Role.PETITIONER, 9.0, size=size),))
    assert talk.texts() == ["前面一句。", "丢了的这一句。", "后来又听见了。"]
    assert len(neighbours.transcriber.heard) == 1


def test_a_stretch_that_was_given_up_is_tried_from_the_recording_and_else_is_a_gap(talk, neighbours):
    size = talk.write_sound(talk.petitioner, 9.0)
    talk.begin(
        control.Recognised(utterance=utterance(talk.petitioner, 0.5, 2.0, "前面一句。")),
        control.RecognitionUntil(participant_id=talk.petitioner, until=3.0, reason="given_up"),
        control.RecognitionUntil(participant_id=talk.petitioner, until=5.0),
        control.Recognised(utterance=utterance(talk.petitioner, 6.0, 8.0, "后来又听见了。")),
        control.RecognitionUntil(participant_id=talk.petitioner, until=9.0),
    )
    error = {"code": "piece_failed", "message": "这段录音里有一处转不成文字。"}
    neighbours.transcriber.answer = (422, {"error": error})
    talk.hang_up(seconds=9.0, segments=(segment(talk.petitioner, Role.PETITIONER, 9.0, size=size),))
    record = talk.record()
    assert [line["text"] for line in record["body"]] == ["前面一句。", "后来又听见了。"]
    assert [(gap["cause"], gap["start"], gap["end"]) for gap in record["gaps"]] == [("recognition_failed", 3.0, 5.0)]


def test_without_a_model_the_draft_comes_and_the_words_follow(talk, neighbours, monkeypatch):
    monkeypatch.setattr(workflows, "LATER_FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr(workflows, "TURN_PAUSE_S", 0.1)
    neighbours.transcriber.cannot("model_missing", "识别模型的文件夹不在，装好以后会自动接着转写。")
    size = talk.write_sound(talk.petitioner, 3.0)
    talk.begin()
    talk.hang_up(seconds=3.0, segments=(segment(talk.petitioner, Role.PETITIONER, 3.0, size=size),))
    record = talk.record()
    assert (record["recognition"], record["body"]) == ("waiting", [])
    assert "识别模型的文件夹不在" in record["recognition_message"]
    assert [gap["cause"] for gap in record["gaps"]] == ["recognition_missing"]
    insert = {"kind": "insert", "after_id": None, "participant_id": talk.petitioner, "text": "接谈员先记的一句。"}
    edited = talk.office.clerk.post(f"/api/records/{record['id']}/edits", json={"edits": [insert]})
    assert edited.status_code == 200, edited.text
    neighbours.transcriber.says((0.2, 2.0, "后来认出来的话。"))
    until(lambda: talk.record()["recognition"] == "done", "the model to be used")
    later = talk.record()
    assert {line["text"] for line in later["body"]} == {"接谈员先记的一句。", "后来认出来的话。"}
    assert later["gaps"] == []


def test_a_transcriber_that_is_not_there_does_not_hold_the_draft_up(talk, neighbours):
    neighbours.transcriber.stop()
    size = talk.write_sound(talk.petitioner, 3.0)
    talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 0.2, 1.0, "有一句。")))
    talk.hang_up(seconds=3.0, segments=(segment(talk.petitioner, Role.PETITIONER, 3.0, size=size),))
    record = talk.record()
    assert record["recognition"] == "waiting"
    assert [line["text"] for line in record["body"]] == ["有一句。"]


@pytest.mark.parametrize(("harm", "cause"), [("cut", "truncated"), ("remove", "recording_missing")])
def test_a_damaged_recording_is_said_and_loses_nothing_else(talk, neighbours, harm, cause):
    size = talk.write_sound(talk.petitioner, 6.0)
    path = talk.office.settings.recordings_dir / talk.id / f"{talk.petitioner}-0.webm"
    if harm == "cut":
        os.truncate(path, size // 2)
    else:
        path.unlink()
    said = utterance(talk.petitioner, 0.2, 5.9, "这句话听清楚了。")
    talk.begin(control.Recognised(utterance=said))
    talk.hang_up(seconds=6.0, segments=(segment(talk.petitioner, Role.PETITIONER, 6.0, size=size),))
    record = talk.record()
    assert [line["text"] for line in record["body"]] == ["这句话听清楚了。"]
    assert [gap["cause"] for gap in record["gaps"]] == [cause]
    answer = talk.office.clerk.get(record["segments"][0]["url"])
    assert answer.status_code == 410
    assert "录音录像" in answer.json()["error"]["message"]


def test_gaps_in_the_sound_stand_in_the_record_and_holes_of_milliseconds_do_not(talk):
    lost = Gap(participant_id=talk.petitioner, kind=TrackKind.AUDIO, start=2.0, end=6.0, cause="network_lost")
    tiny = Gap(participant_id=talk.petitioner, kind=TrackKind.AUDIO, start=7.0, end=7.05, cause="packet_loss")
    picture = Gap(participant_id=talk.petitioner, kind=TrackKind.VIDEO, start=1.0, end=9.0, cause="network_lost")
    talk.begin(*(control.GapFound(gap=gap) for gap in (lost, tiny, picture)))
    talk.hang_up(seconds=9.0, gaps=(lost, tiny, picture))
    gaps = talk.record()["gaps"]
    assert [(gap["start"], gap["end"], gap["cause"]) for gap in gaps] == [(2.0, 6.0, "network_lost")]


def test_a_hold_stands_in_the_record_once(talk):
    """Everybody's own gap is told by the one for all."""
    spoken = Gap(participant_id=talk.leader, kind=TrackKind.AUDIO, start=2.0, end=6.0, cause="petitioner_on_hold")
    for_all = Gap(start=2.0, end=6.0, cause="petitioner_on_hold")
    held = Gap(participant_id=talk.leader, kind=TrackKind.AUDIO, start=7.0, end=8.0, cause="on_hold")
    talk.begin(*(control.GapFound(gap=gap) for gap in (spoken, for_all, held)))
    talk.hang_up(seconds=9.0, gaps=(spoken, for_all, held))
    gaps = talk.record()["gaps"]
    assert [(gap["participant_id"], gap["start"]) for gap in gaps] == [(None, 2.0), (talk.leader, 7.0)]
    assert gaps[0]["text"].endswith("，接谈人员单独商量，信访人在等候，这一段没有录音。")
    assert gaps[1]["text"].endswith("，接访领导在等候，没有参加谈话，这一段没有录音。")


def test_what_was_shown_stands_in_the_record_with_its_times_and_its_file(talk):
    shown = {"participant_id": talk.leader, "source": Source.DOCUMENT}
    paper = segment(talk.leader, Role.LEADER, 4.0, start=2.0).model_copy(
        update={"kind": TrackKind.VIDEO, "source": Source.DOCUMENT, "codec": "video/VP8"}
    )
    talk.begin(control.ShareStarted(**shown, at=2.0), control.ShareEnded(**shown, at=6.0))
    until(lambda: talk.shares() == [(2.0, 6.0)], "the share to be taken in")
    lost_in_the_journal = Share(**shown, start=7.0, end=8.0)
    talk.hang_up(seconds=9.0, segments=(paper,), shares=(Share(**shown, start=2.0, end=6.0), lost_in_the_journal))
    record = talk.record()
    assert [(s["source"], s["start"], s["end"]) for s in record["shares"]] == [
        ("document", 2.0, 6.0), ("document", 7.0, 8.0),
    ]  # fmt: skip
    assert record["shares"][0]["text"].endswith("，接访领导给大家看了材料。")
    assert [s["source"] for s in record["segments"]] == ["document"]


def test_a_talk_of_which_nothing_was_kept_can_be_closed(talk):
    talk.begin()
    talk.office.leader.post(f"{talk.path}/end")
    record = talk.record()
    assert record["body"] == []
    assert [gap["cause"] for gap in record["gaps"]] == ["recording_lost"]


def test_closing_twice_makes_one_record(talk):
    talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 1.0, 2.0, "一份。")))
    talk.hang_up(seconds=2.0)
    talk.record()
    for step in (workflows.check_files, workflows.find_unrecognised):
        step(talk.id)
    workflows.build_draft(talk.id, workflows.recognise_at_once(talk.id))
    with talk.office.office.store.read() as session:
        assert session.query(VisitRecord).count() == 1
        assert session.query(StoredUtterance).count() == 1


def test_following_goes_on_after_the_last_entry_when_the_web_program_was_away(neighbours):
    with running(neighbours.settings) as office:
        talk = Talk(office, neighbours.node)
        talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 1.0, 2.0, "第一句。")))
        until(lambda: position(office, talk.id) == 3, "three entries")
    said = utterance(talk.petitioner, 3.0, 4.0, "没有人听的时候说的。")
    neighbours.node.manifests[talk.id] = Manifest(reception_id=talk.id, started_at=STARTED, seconds=4.0)
    neighbours.node.write(
        talk.id, control.Recognised(utterance=said), control.HungUp(participant_id=None, at=STARTED)
    )
    with running(neighbours.settings) as office:
        talk.office = office
        assert talk.texts() == ["第一句。", "没有人听的时候说的。"]
        assert neighbours.node.follows[-1] == {talk.id: 3}


def position(office: Any, reception_id: str) -> int:
    with office.office.store.read() as session:
        return receptions.journal_positions(session).get(reception_id, 0)


@pytest.mark.nightly
def test_a_killed_web_program_goes_on_closing_when_it_starts_again(neighbours, tmp_path):
    with running(neighbours.settings) as office:
        talk = Talk(office, neighbours.node)
        talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 1.0, 2.0, "不能丢。")))
        until(lambda: position(office, talk.id) == 3, "the talk to be taken in")
    neighbours.node.stop()
    port = free_port()
    first = start_web(neighbours.settings, port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=OWN_PAGE) as client:
        until(lambda: answers(client), "the web program", 180)
        client.post("/api/session", json={"username": "leader", "password": PASSWORD})
        assert client.post(f"{talk.path}/end").status_code == 202
    first.send_signal(signal.SIGKILL)
    first.wait()
    node = type(neighbours.node)(neighbours.node.key, neighbours.node.port)
    node.journals = neighbours.node.journals
    node.manifests[talk.id] = Manifest(reception_id=talk.id, started_at=STARTED, seconds=2.0)
    node.start()
    neighbours.node = node
    with running(neighbours.settings) as office:
        talk.office = office
        assert talk.texts() == ["不能丢。"]


def start_web(settings: Any, port: int) -> subprocess.Popen[bytes]:
    values = settings.model_dump(include={"data_dir", "media_url", "transcriber_url", "secret"})
    environment = {f"JIETAN_{name.upper()}": str(value) for name, value in values.items()}
    environment["JIETAN_WEB_PORT"] = str(port)
    return subprocess.Popen([sys.executable, "-m", "server.cli", "web"], env=os.environ | environment)


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.HTTPError:
        return False


# --- what must not stop closing -------------------------------------------------------------------------------------


def test_a_step_that_fails_for_a_moment_is_done_again(talk, monkeypatch):
    left = [OperationalError("BEGIN", None, Exception("disk I/O error"))] * 2
    find = closing.find_unrecognised

    def failing(*arguments: Any) -> None:
        if left:
            raise left.pop()
        find(*arguments)

    monkeypatch.setattr(closing, "find_unrecognised", failing)
    talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 1.0, 2.0, "不能丢。")))
    talk.hang_up(seconds=2.0)
    assert talk.texts() == ["不能丢。"]
    assert left == []


def test_a_job_that_ended_with_an_error_is_taken_up_at_launch(neighbours, monkeypatch):
    """As an older program left it, whose steps were not tried again."""
    with running(neighbours.settings) as office:
        until(lambda: office.office.media.connected, "the control connection")
        talk = Talk(office, neighbours.node)
        with monkeypatch.context() as patch:
            patch.setattr(workflows, "check_files", broken)
            talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 1.0, 2.0, "还在。")))
            talk.hang_up(seconds=2.0)
            until(lambda: status_of(f"closing-{talk.id}") == "ERROR", "the job to fail")
        assert talk.state() == "closing"
    with running(neighbours.settings) as office:
        talk.office = office
        assert talk.texts() == ["还在。"]


@pytest.mark.slow
def test_recognition_whose_job_failed_is_taken_up_at_launch(neighbours, monkeypatch):
    with running(neighbours.settings) as office:
        until(lambda: office.office.media.connected, "the control connection")
        talk = Talk(office, neighbours.node)
        neighbours.transcriber.cannot("model_missing", "识别模型的文件夹不在。")
        with monkeypatch.context() as patch:
            patch.setattr(workflows, "recognise_rest", broken)
            talk.hang_up_with_sound(3.0)
            assert talk.record()["recognition"] == "waiting"
            until(lambda: status_of(f"recognise-{talk.id}") == "ERROR", "the job to fail")
    neighbours.transcriber.says((0.2, 2.0, "后来认出来的话。"))
    with running(neighbours.settings) as office:
        talk.office = office
        until(lambda: talk.record()["recognition"] == "done", "the words to follow")
        assert talk.texts() == ["后来认出来的话。"]


def broken(*_: Any) -> None:
    raise OperationalError("BEGIN", None, Exception("database is locked"))


def status_of(workflow_id: str) -> str:
    found = DBOS.get_workflow_status(workflow_id)
    return found.status if found is not None else ""


# --- a journal that comes late ------------------------------------------------------------------------------------


def test_live_words_after_the_manifest_are_not_there_twice(talk, neighbours, monkeypatch):
    """The journal stands still before its end, closing recognises the recording; then the journal goes on."""
    monkeypatch.setattr(workflows, "JOURNAL_WAIT_S", 0.2)
    neighbours.transcriber.says((0.2, 2.0, "只说过一遍。"))
    size = talk.write_sound(talk.petitioner, 3.0)
    talk.begin()
    until(lambda: position(talk.office, talk.id) == 2, "the beginning to be taken in")
    neighbours.node.silent = True
    segments = (segment(talk.petitioner, Role.PETITIONER, 3.0, size=size),)
    neighbours.node.manifests[talk.id] = Manifest(
        reception_id=talk.id, started_at=STARTED, seconds=3.0, segments=segments
    )
    assert talk.office.kiosk.post(f"{talk.path}/end").status_code == 202
    assert talk.texts() == ["只说过一遍。"]
    late = control.Recognised(utterance=utterance(talk.petitioner, 0.2, 2.0, "只说过一遍。"))
    unheard = Gap(participant_id=talk.petitioner, start=2.2, end=2.9, cause="nothing_understood")
    store = talk.office.office.store
    with store.write() as session:
        seq = receptions.journal_position(session, talk.id)
        for number, fact in enumerate((late, control.GapFound(gap=unheard)), start=seq + 1):
            assert ingest.take_in(session, control.Entry(reception_id=talk.id, seq=number, at=STARTED, fact=fact))
    with store.read() as session:
        assert [row.text for row in session.query(StoredUtterance)] == ["只说过一遍。"]
        assert receptions.gaps_of(session, talk.id) == []


@pytest.mark.slow
def test_a_journal_that_moves_on_is_waited_for(talk, neighbours, monkeypatch):
    """The office ends the talk while the node's entries are still on their way, one after the other."""
    monkeypatch.setattr(workflows, "JOURNAL_WAIT_S", 30.0)
    talk.begin()
    take_in = ingest.take_in

    def slowly(*arguments: Any) -> bool:
        time.sleep(0.4)
        return take_in(*arguments)

    monkeypatch.setattr(ingest, "take_in", slowly)
    monkeypatch.setattr(node, "BATCH", 1)
    said = [utterance(talk.petitioner, float(n), n + 0.9, f"第{n}句。") for n in range(1, 6)]
    size = talk.write_sound(talk.petitioner, 7.0)
    segments = (segment(talk.petitioner, Role.PETITIONER, 7.0, size=size),)
    neighbours.node.manifests[talk.id] = Manifest(
        reception_id=talk.id, started_at=STARTED, seconds=7.0, segments=segments
    )
    neighbours.node.write(talk.id, *(control.Recognised(utterance=one) for one in said))
    assert talk.office.kiosk.post(f"{talk.path}/end").status_code == 202
    assert talk.texts() == [f"第{n}句。" for n in range(1, 6)]


# --- recognised later, in pieces ----------------------------------------------------------------------------------


def test_what_a_piece_s_end_may_cut_is_heard_again_whole(talk, neighbours, monkeypatch):
    monkeypatch.setattr(closing, "PIECE_S", 15.0)
    neighbours.transcriber.answers = [
        heard((1.0, 4.0, "第一句。"), (13.0, 14.9, "补偿款三万")),
        heard((0.3, 4.0, "补偿款三万六千。")),
    ]
    talk.hang_up_with_sound(20.0)
    record = talk.record()
    assert [line["text"] for line in record["body"]] == ["第一句。", "补偿款三万六千。"]
    assert record["body"][1]["start"] == pytest.approx(13.0, abs=0.05)
    assert record["gaps"] == []


def test_one_bad_piece_costs_only_itself(talk, neighbours, monkeypatch):
    monkeypatch.setattr(closing, "PIECE_S", 12.0)
    monkeypatch.setattr(closing, "CUT_MARGIN_S", 0.0)
    unreadable = (422, {"error": {"code": "piece_failed", "message": "x"}})
    neighbours.transcriber.answers = [heard((1.0, 4.0, "前一句。")), unreadable, heard((1.0, 3.0, "后一句。"))]
    talk.hang_up_with_sound(29.0)
    record = talk.record()
    assert [line["text"] for line in record["body"]] == ["前一句。", "后一句。"]
    assert [(gap["start"], gap["end"], gap["cause"]) for gap in record["gaps"]] == [
        (12.0, 24.0, "recognition_failed")
    ]


@pytest.mark.slow
def test_a_long_piece_that_cannot_be_read_is_tried_in_smaller_ones(talk, neighbours, monkeypatch):
    monkeypatch.setattr(closing, "SMALL_PIECE_S", 10.0)
    monkeypatch.setattr(closing, "SHORTEST_PIECE_S", 1.0)
    monkeypatch.setattr(closing, "CUT_MARGIN_S", 0.0)
    unreadable = (422, {"error": {"code": "piece_failed", "message": "x"}})
    neighbours.transcriber.answers = [unreadable, heard((1.0, 4.0, "前一句。")), unreadable]
    talk.hang_up_with_sound(20.0)
    record = talk.record()
    assert [line["text"] for line in record["body"]] == ["前一句。"]
    assert [(gap["start"], gap["end"]) for gap in record["gaps"]] == [(10.0, 20.0)]


def test_a_voice_without_words_stands_in_the_record(talk, neighbours):
    live = Gap(participant_id=talk.petitioner, start=1.0, end=2.5, cause="nothing_understood")
    neighbours.transcriber.answer = heard((0.5, 2.0, "后面一句。"), unheard=((2.5, 4.0),))
    broken_off = control.RecognitionUntil(participant_id=talk.petitioner, until=3.0, reason="overloaded")
    talk.hang_up_with_sound(8.0, control.GapFound(gap=live), broken_off)
    record = talk.record()
    assert [line["text"] for line in record["body"]] == ["后面一句。"]
    starts = [gap["start"] for gap in record["gaps"]]
    assert starts == pytest.approx([1.0, 5.5], abs=0.05)
    assert {gap["cause"] for gap in record["gaps"]} == {"nothing_understood"}
    assert "没有听出内容，请听录音" in record["gaps"][0]["text"]


# --- a transcriber that fails at one place ------------------------------------------------------------------------


@pytest.mark.slow
def test_a_piece_that_always_fails_is_left_out_and_the_rest_is_recognised(talk, neighbours, monkeypatch):
    monkeypatch.setattr(workflows, "TURN_PAUSE_S", 0.05)
    failed = (500, {"error": {"code": "failed", "message": "识别程序出了错。"}})
    word = heard((0.5, 2.0, "听得清的话。"))
    neighbours.transcriber.answers = [failed, failed, word, failed, failed, failed]
    until_ = [
        control.Recognised(utterance=utterance(talk.petitioner, 5.0, 6.0, "中间。")),
        control.RecognitionUntil(participant_id=talk.petitioner, until=6.0, reason="overloaded"),
    ]
    broken_off = control.RecognitionUntil(participant_id=talk.petitioner, until=0.0, reason="overloaded")
    talk.hang_up_with_sound(10.0, broken_off, *until_)
    until(lambda: talk.record()["recognition"] == "done", "recognition to come to an end")
    record = talk.record()
    assert sorted(line["text"] for line in record["body"]) == ["中间。", "听得清的话。"]
    assert [gap["cause"] for gap in record["gaps"]] == ["recognition_failed"]
    assert len(neighbours.transcriber.heard) <= 7


@pytest.mark.slow
def test_a_reception_that_waits_does_not_hold_up_the_others(office, neighbours, monkeypatch):
    monkeypatch.setattr(workflows, "TURN_PAUSE_S", 0.3)
    monkeypatch.setattr(closing, "MOST_FAILURES", 1000)
    monkeypatch.setattr(closing, "AT_ONCE_S", 1.0)
    neighbours.transcriber.says((0.5, 2.0, "轮到我了。"))
    stuck = Talk(office, neighbours.node)
    neighbours.transcriber.fails_from = stuck.write_sound(stuck.petitioner, 12.0) // 2
    stuck.hang_up_with_sound(12.0)
    stuck.record()
    until(lambda: len(neighbours.transcriber.heard) >= 2, "the first to fail twice")
    with office.office.store.write() as session:
        session.get_one(Reception, stuck.id).left_kiosk_at = STARTED
    other = Talk(office, neighbours.node)
    other.hang_up_with_sound(3.0)
    until(lambda: other.record()["recognition"] == "done", "the other's turn")
    assert other.texts() == ["轮到我了。"]
    assert stuck.record()["recognition"] == "waiting"
