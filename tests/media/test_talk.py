"""A whole talk through the node with real peers: forwarding, recording, captions, joining late, ending."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import av
import pytest

from server.media import recorder
from server.media.node import Node
from server.protocol.media_control import (
    CloseRoom,
    Follow,
)
from server.protocol.recording import Gap, Manifest, Segment
from server.protocol.signalling import AskTime, Ended, HangUp, Mark, Marked, Mute, Recognition, Time, Trouble
from server.protocol.transcript import LiveTrouble
from server.settings import Settings
from tests.media.client import BEHIND_S, caught_up, until
from tests.media.conftest import Make, ScriptedTranscriber
from tests.media.office import Office


def lengths(path: Path) -> tuple[float, int]:
    """Seconds from first to last packet, and packets, as FFmpeg sees them; decodes everything."""
    with av.open(str(path)) as container:
        times = [float(p.pts * p.time_base) for p in container.demux() if p.size]
        container.seek(0)
        assert sum(1 for _ in container.decode()) > 0.9 * len(times), "frames do not decode"
    return times[-1] - times[0], len(times)


async def test_talk_from_start_to_manifest(node: Node, settings: Settings, seat: Make) -> None:
    async with Office(node.port, settings) as office:
        assert (await office.ask(Follow(id=1))).ok
        petitioner = await seat("p1", "petitioner")
        await until(lambda: petitioner.room and petitioner.room.seats[0].connected, "own media seen")
        assert petitioner.room.state == "waiting"
        assert not list(settings.recordings_dir.glob("r1/*.webm")), "something was kept before the talk ran"
        before = time.monotonic()
        leader = await seat("l1", "leader")
        await until(lambda: leader.room and leader.room.recording, "recording")
        began = time.monotonic()
        await leader.send(AskTime(sent=7.25))
        await leader.send(Mark(note="要点"))
        await until(lambda: petitioner.last(Marked), "mark shown to the other")
        told = leader.last(Time)
        room = node.hub.rooms["r1"]
        assert told.sent == 7.25
        assert room.media_time(began) <= (told.now - leader.room.started_at).total_seconds() <= room.media_time(time.monotonic())
        await until(lambda: petitioner.first_picture and leader.first_picture, "pictures both ways")
        await until(lambda: len(petitioner.captions) >= 4, "captions of both on every screen")
        assert {c.utterance.participant_id for c in petitioner.captions} == {"p1", "l1"}
        assert {s.slot for s in leader.room.seats} == {None, 0}
        await caught_up(petitioner, leader)
        await leader.send(HangUp())
        talked = time.monotonic() - began
        await until(lambda: petitioner.last(Ended), "ended")
        at_most = time.monotonic() - before
        assert petitioner.last(Ended).reason == "hung_up"
        reply = await office.ask(CloseRoom(id=2, reception_id="r1"))
        again = await office.ask(CloseRoom(id=3, reception_id="r1"))
        await until(lambda: "closed" in office.kinds, "closed in the journal")
    manifest = Manifest.model_validate(reply.result)
    assert again.result == reply.result
    assert [e.entry.seq for e in office.entries] == list(range(1, len(office.entries) + 1))
    assert {"opened", "seat_taken", "recording_started", "mark", "recognised", "hung_up"} <= set(office.kinds)
    assert talked - 0.3 < manifest.seconds < at_most + 0.3
    _check_manifest(manifest, settings.recordings_dir / "r1")
    until_ends = {e.entry.fact.participant_id: e.entry.fact.until for e in office.entries
                  if e.entry.fact.kind == "recognition_until"}  # fmt: skip
    assert all(-0.5 < manifest.seconds - end < BEHIND_S for end in until_ends.values())
    assert len(until_ends) == 2


def until_the_end(segment: Segment, manifest: Manifest) -> bool:
    """It ends with the talk; what a busy machine had not sent yet when it ended is not there."""
    return -0.3 < manifest.seconds - segment.start - segment.seconds < BEHIND_S


def hardly_any(gaps: Iterable[Gap], seconds: float) -> bool:
    """No sound is missing but what a busy machine lost, and what it had not sent yet when the talk ended."""
    found = list(gaps)
    lost = sum(gap.end - gap.start for gap in found if gap.end < seconds - 0.1)
    late = sum(gap.end - gap.start for gap in found) - lost
    return {gap.cause for gap in found} <= {"packet_loss"} and lost < 0.1 * seconds and late < BEHIND_S


def _check_manifest(manifest: Manifest, folder: Path) -> None:
    assert json.loads((folder / "manifest.json").read_text()) == manifest.model_dump(mode="json")
    assert sorted((s.participant_id, s.kind) for s in manifest.segments) == [
        ("l1", "audio"), ("l1", "video"), ("p1", "audio"), ("p1", "video"),
    ]  # fmt: skip
    for segment in manifest.segments:
        seconds, _ = lengths(folder / segment.file)
        assert abs(segment.seconds - seconds) < 0.1
        assert until_the_end(segment, manifest), segment.kind
        if segment.kind == "audio":
            assert segment.start < 0.3
            assert hardly_any(segment.gaps, segment.seconds)
        assert segment.closed == "clean"


async def test_late_joiner_has_a_picture_within_a_second(seat: Make) -> None:
    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.first_picture, "first pair sees each other")
    await asyncio.sleep(1.0)
    clerk = await seat("c1", "clerk")
    worked = time.process_time()
    await until(lambda: clerk.first_picture, "late joiner's picture")
    assert time.process_time() - worked < 1.0, "no more than this process works in a second"


async def test_segments_follow_each_other(settings: Settings, seat: Make, node: Node) -> None:
    node.hub.tools.segment_seconds = 2.0
    petitioner = await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    await until(lambda: len(list(node.hub.folder("r1").glob("p1-audio-*.webm"))) >= 3, "three files")
    await asyncio.sleep(1.0)
    await caught_up(petitioner, leader)
    manifest = await node.hub.close_room("r1", "office")
    audio = [s for s in manifest.segments if s.participant_id == "p1" and s.kind == "audio"]
    assert len(audio) >= 3
    assert all(1.9 < one.seconds < 4.0 for one in audio[:-1])
    gaps = [gap for gap in manifest.gaps if gap.participant_id == "p1" and gap.kind == "audio"]
    for one, two in itertools.pairwise(audio):
        end = one.start + one.seconds
        told = sum(gap.end - gap.start for gap in gaps if end - 0.03 < gap.start < two.start)
        assert abs(end + told - two.start) < 0.03
    assert hardly_any(gaps, manifest.seconds)
    await until(lambda: leader.last(Ended), "ended")
    assert leader.last(Ended).reason == "office"


async def test_replaced_seat_goes_on(seat: Make, node: Node) -> None:
    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    await asyncio.sleep(1)
    again = await seat("l1", "leader")
    await until(lambda: leader.close_code == 4409, "old socket closed")
    assert leader.last(Ended).reason == "replaced"
    await until(lambda: again.first_picture, "picture on the new socket")
    await asyncio.sleep(1)
    await caught_up(again)
    await again.send(HangUp())
    manifest = await node.hub.close_room("r1", "office")
    audio = [s for s in manifest.segments if s.participant_id == "l1" and s.kind == "audio"]
    assert len(audio) == 2
    assert until_the_end(audio[-1], manifest)
    assert any(g.participant_id == "l1" for g in manifest.gaps) or audio[1].start - audio[0].seconds < 0.3


async def test_a_page_loaded_again_is_not_muted(seat: Make, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is what is missing later for another reason told as muted."""
    monkeypatch.setattr(recorder, "FILL_AT_MOST", 0.3)
    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    await leader.send(Mute(kind="audio", muted=True))
    await leader.send(Mute(kind="video", muted=True, reason="device"))
    await until(lambda: node.hub.rooms["r1"].participants["l1"].lost, "told")
    again = await seat("l1", "leader")
    await until(lambda: again.first_picture, "picture on the new socket")
    shown = next(one for one in again.room.seats if one.participant_id == "l1")
    assert (shown.audio_muted, shown.video_muted, shown.lost) == (False, False, ())
    room = node.hub.rooms["r1"]
    since = room.media_time(time.monotonic())
    again.tone.paused = True
    await asyncio.sleep(0.8)
    again.tone.paused = False

    def later() -> list[Gap]:
        return [gap for gap in room.manifest().gaps if gap.participant_id == "l1" and gap.end > since]

    await until(later, "what did not come is told")
    assert {gap.cause for gap in later()} == {"network_lost"}


async def test_mute_is_shown_and_only_some_may_end(seat: Make) -> None:
    petitioner = await seat("p1", "petitioner", publish=False, may_end=False)
    leader = await seat("l1", "leader", publish=False)
    await petitioner.send(Mute(kind="audio", muted=True))
    await until(lambda: leader.room and any(s.audio_muted for s in leader.room.seats), "mute shown")
    await petitioner.send(HangUp())
    await until(lambda: petitioner.last(Trouble), "refusal")
    assert petitioner.last(Trouble).code == "not_allowed"
    await leader.send(Mark())
    await until(lambda: leader.last(Trouble), "no mark before the recording")
    assert leader.last(Trouble).code == "not_recording"


async def test_audio_only_consent_keeps_no_picture(seat: Make, node: Node) -> None:
    await seat("p1", "petitioner", video=False)
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    await asyncio.sleep(1)
    manifest = await node.hub.close_room("r1", "office")
    assert [s.kind for s in manifest.segments if s.participant_id == "p1"] == ["audio"]
    assert leader.first_picture is None


async def test_a_rooms_one_microphone_is_recorded_from_its_first_sound(seat: Make, node: Node) -> None:
    room = await seat("m1", "room", video=False)
    await until(lambda: room.room and room.room.recording, "recording, with nobody else there")
    await room.send(Mark(note="说到钱数"))
    await until(lambda: room.last(Marked), "mark")
    await until(lambda: room.captions, "what is said in the room")
    assert {c.utterance.participant_id for c in room.captions} == {"m1"}
    manifest = await node.hub.close_room("r1", "office")
    assert [(s.role, s.kind) for s in manifest.segments] == [("room", "audio")]


async def test_transcriber_dies_and_nothing_is_lost_or_doubled(
    seat: Make, node: Node, transcriber: ScriptedTranscriber
) -> None:
    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: len(leader.captions) >= 4, "captions")
    port = transcriber.port
    await transcriber.stop()
    await until(lambda: leader.last(Recognition) and leader.last(Recognition).state == "waiting", "waiting shown")
    assert "录音" in leader.last(Recognition).message
    await asyncio.sleep(1.5)
    await transcriber.start(port)
    await until(lambda: leader.last(Recognition).state == "on", "recognition on again")
    await asyncio.sleep(1)
    await node.hub.close_room("r1", "office")
    for participant in ("p1", "l1"):
        starts = [round(c.utterance.start, 2) for c in leader.captions if c.utterance.participant_id == participant]
        assert starts == sorted(set(starts))
        assert one_after_another(starts, transcriber), starts


def one_after_another(starts: list[float], *heard_by: ScriptedTranscriber) -> bool:
    """Each begins a second after the one before, or where the node said that a sound which had stood still goes on."""
    seeks = [at for one in heard_by for at in one.seeks]
    return all(abs(b - a - 1.0) < 0.05 or any(abs(b - at) < 0.05 for at in seeks) for a, b in itertools.pairwise(starts))


async def test_stretch_that_was_given_up_is_in_the_journal_and_the_rest_is_heard(
    seat: Make, node: Node, transcriber: ScriptedTranscriber
) -> None:
    transcriber.gives_up = 2
    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: {c.utterance.participant_id for c in leader.captions} == {"p1", "l1"}, "heard after it")
    await node.hub.close_room("r1", "office")
    path = node.hub.folder("r1") / "journal.jsonl"
    facts = [json.loads(line)["fact"] for line in path.read_text().splitlines()]
    for participant in ("p1", "l1"):
        own = [f for f in facts if f["kind"] in ("recognition_until", "recognised")
               and f.get("participant_id", f.get("utterance", {}).get("participant_id")) == participant]  # fmt: skip
        start, end = own[2]["until"], own[3]["until"]
        assert [f["reason"] for f in own[:4]] == ["given_up", "", "given_up", ""]
        assert end - start == pytest.approx(1.0, abs=0.01)
        # What comes next begins there, or where the node said that a sound which had stood still goes on.
        heard = own[4]["utterance"]["start"]
        assert any(abs(heard - at) < 0.01 for at in (end, *transcriber.seeks)), (heard, end, transcriber.seeks)
    assert len(transcriber.starts) == 2, "the connection went on"


async def test_a_voice_without_words_is_a_gap_in_the_journal(
    seat: Make, node: Node, transcriber: ScriptedTranscriber
) -> None:
    transcriber.understands = False
    await seat("p1", "petitioner")
    await seat("l1", "leader")
    path = node.hub.folder("r1") / "journal.jsonl"

    def gaps() -> list[dict[str, Any]]:
        lines = path.read_text().splitlines(keepends=True) if path.exists() else []
        facts = [json.loads(line)["fact"] for line in lines if line.endswith("\n")]
        return [f["gap"] for f in facts if f["kind"] == "gap" and f["gap"]["cause"] == "nothing_understood"]

    await until(lambda: {gap["participant_id"] for gap in gaps()} == {"p1", "l1"}, "both have a gap")
    manifest = await node.hub.close_room("r1", "office")
    assert all(gap["end"] - gap["start"] == pytest.approx(0.9) for gap in gaps())
    assert [gap.cause for gap in manifest.gaps].count("nothing_understood") == len(gaps())


async def test_transcriber_says_why_it_waits(seat: Make, node: Node, transcriber: ScriptedTranscriber) -> None:
    transcriber.trouble = LiveTrouble(reason="model_missing", message="没有语音模型。", retry_s=0.5)
    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.last(Recognition) and leader.last(Recognition).reason == "model_missing", "the reason")
    await asyncio.sleep(0.5)
    manifest = await node.hub.close_room("r1", "office")
    assert manifest.segments
    path = node.hub.folder("r1") / "journal.jsonl"
    facts = [json.loads(line)["fact"] for line in path.read_text().splitlines()]
    ends = [f for f in facts if f["kind"] == "recognition_until"]
    assert {f["participant_id"]: f["until"] for f in ends} == {"p1": 0.0, "l1": 0.0}
    assert {f["reason"] for f in ends} == {"model_missing"}


