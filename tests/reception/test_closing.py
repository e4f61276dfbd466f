"""From the journal to the draft: taken in once, closed durably, nothing missing without the record saying so."""

import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import av
import httpx
import numpy as np
import pytest

from server.jobs import workflows
from server.protocol import media_control as control
from server.protocol.base import Role, TrackKind
from server.protocol.recording import Gap, Manifest
from server.reception import ingest
from server.store import receptions
from server.store.models import Reception, StoredUtterance, VisitRecord
from tests.office import OWN_PAGE, PASSWORD, running
from tests.reception.conftest import until
from tests.reception.programs import STARTED, Journal, segment, utterance


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

    def state(self) -> str:
        return str(self.office.clerk.get(self.path).json()["state"])

    def record(self) -> dict[str, Any]:
        """The record, once the draft is there."""
        until(lambda: self.state() == "closed", "the reception to be closed")
        record_id = self.office.clerk.get(self.path).json()["record_id"]
        return dict(self.office.clerk.get(f"/api/records/{record_id}").json())

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
    began = time.monotonic()
    talk.hang_up(seconds=6.0)
    assert talk.texts() == ["您有什么事？", "我家的宅基地被占了。"]
    assert time.monotonic() - began < 5
    assert talk.node.closed[0] == talk.id
    record = talk.record()
    assert (record["recognition"], record["gaps"]) == ("done", [])
    sitting = talk.office.kiosk.get("/api/kiosk/sitting").json()
    assert (sitting["step"], sitting["record_id"]) == ("preparing", record["id"])


def test_ending_through_the_api_closes_the_room(talk):
    talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 1.0, 2.0, "好。")))
    talk.node.manifests[talk.id] = Manifest(reception_id=talk.id, started_at=STARTED, seconds=2.0)
    assert talk.office.kiosk.post(f"{talk.path}/end").status_code == 202
    talk.office.leader.post(f"/api/receptions/{talk.id}/unlock")  # this talk is long ago
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
    talk.begin(heard, broken)
    neighbours.transcriber.says((0.5, 2.0, "后面一句。"))
    talk.hang_up(seconds=6.0, segments=(segment(talk.petitioner, Role.PETITIONER, 6.0, size=size),))
    record = talk.record()
    assert [line["text"] for line in record["body"]] == ["前面一句。", "后面一句。"]
    assert record["body"][1]["start"] == pytest.approx(3.5, abs=0.05)
    assert (record["recognition"], record["gaps"]) == ("done", [])


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


def test_a_killed_web_program_goes_on_closing_when_it_starts_again(neighbours, tmp_path):
    with running(neighbours.settings) as office:
        talk = Talk(office, neighbours.node)
        talk.begin(control.Recognised(utterance=utterance(talk.petitioner, 1.0, 2.0, "不能丢。")))
        until(lambda: position(office, talk.id) == 3, "the talk to be taken in")
    neighbours.node.stop()
    port = free_port()
    first = start_web(neighbours.settings, port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=OWN_PAGE) as client:
        until(lambda: answers(client), "the web program", 30)
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
