"""Who sits in a room and what they see: five and three, documents, holds, and why somebody is gone.  Real peers."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from prometheus_client import REGISTRY

from kiosk import seat as native_seat
from kiosk.publisher import ClipTrack, Speech, SpeechTrack, read_clip
from server import clock
from server.media import participant, webm
from server.media.node import Node
from server.protocol.base import Role, Source
from server.protocol.kiosks import JoinTicket
from server.protocol.media_control import HoldChanged, Opened, RecordingStarted, SeatTaken, ShareStarted
from server.protocol.recording import Manifest
from server.protocol.signalling import (
    SLOTS,
    Departed,
    Ended,
    Hold,
    Joined,
    Leave,
    Mark,
    Share,
    ShareEnded,
    Trouble,
)
from server.settings import Settings
from tests.media import encoded
from tests.media.client import BEHIND_S, Client, Picture, caught_up, token, until
from tests.media.conftest import Make, ScriptedTranscriber
from tests.media.lossy import LossyLine
from tests.media.test_lost_words import write_journal
from tests.patience import PATIENCE_S

PAPER = 2 * SLOTS
"""Number of the receiving section that carries a document."""


async def talk(seat: Make, *roles: str) -> list[Client]:
    """Petitioner, leader and more people who all send sound, in a room that is recorded."""
    people = [await seat(f"{role[0]}1", role, publish=False) for role in ("petitioner", "leader", *roles)]
    for person in people:
        await person.publish(video=False)
    await until(lambda: people[0].room and people[0].room.recording, "recording")
    return people


def seat_of(client: Client, participant_id: str):
    return next(s for s in client.room.seats if s.participant_id == participant_id)


async def hears(client: Client, participant_id: str) -> None:
    """Sound of this participant comes in."""
    place = 2 * seat_of(client, participant_id).slot
    before = client.received.get(place, 0)
    await until(lambda: client.received.get(place, 0) > before + 5, f"{client.id} hears {participant_id}")


async def hears_nothing(client: Client, participant_id: str) -> None:
    """Sound of this participant comes in no more; on a busy machine some is under way for a while."""
    place = 2 * seat_of(client, participant_id).slot
    for _ in range(round(PATIENCE_S / 0.4)):
        before = client.received.get(place, 0)
        await asyncio.sleep(0.4)
        if client.received.get(place, 0) - before <= 5:
            return
    raise AssertionError(f"{client.id} still hears {participant_id}")


# --- five, and three who watch ------------------------------------------------------------------------------------


async def test_five_are_seen_by_everybody_and_a_sixth_is_told_that_the_room_is_full(seat: Make, node: Node) -> None:
    people = await talk(seat, "clerk", "joint", "interpreter")
    observers = [await seat(f"o{n}", "observer") for n in range(3)]
    everybody = {person.id for person in (*people, *observers)}
    for client in (*people, *observers):
        await until(lambda c=client: {s.participant_id for s in c.room.seats} == everybody, "all are shown")
    await people[3].send(Mark(note="要点"))
    await until(lambda: people[3].last(Trouble), "a guest sets no marks")
    assert people[3].last(Trouble).code == "not_allowed"
    watcher = observers[0]
    await until(lambda: {s.slot for s in watcher.room.seats} == {0, 1, 2, 3, 4, None}, "all five have a slot")
    await until(lambda: all(watcher.received.get(2 * n) for n in range(5)), "all five are heard by an observer")
    assert node.hub.rooms["r1"].participants["o0"].link.audio is None, "an observer sends nothing, whatever it offers"
    sixth, fourth = await seat("x1", "joint", publish=False), await seat("o4", "observer", publish=False)
    for refused, words in ((sixth, "最多 5 个人"), (fourth, "最多 3 个人")):
        await until(lambda r=refused: r.close_code, "refused")
        assert refused.last(Trouble).code == "room_full"
        assert words in refused.last(Trouble).message


async def test_an_offer_of_the_older_shape_is_taken_and_one_of_no_shape_is_not(seat: Make) -> None:
    petitioner = await seat("p1", "petitioner", publish=False)
    await petitioner.publish(video=False, documents=False)
    leader = await seat("l1", "leader", publish=False)
    await leader.publish(video=False)
    await until(lambda: petitioner.received.get(0) and leader.received.get(0), "both hear each other")
    await petitioner.send(Share(source="document"))
    await until(lambda: petitioner.last(Trouble), "refusal")
    assert petitioner.last(Trouble).code == "share_unavailable"
    for kinds in (["audio", "video", "video"], ["audio", "video", "video", "audio", "video"], ["video", "audio"],
                  ["audio", "video"] * 7, ["audio", "video", "video", *["audio", "video"] * 6, "video"]):  # fmt: skip
        sdp = "v=0\r\n" + "".join(f"m={kind} 9 X\r\na=sendonly\r\n" for kind in kinds)
        with pytest.raises(participant.OfferUnusable):
            participant.check_offer(sdp, publishes=True)


# --- documents ----------------------------------------------------------------------------------------------------


async def test_a_document_is_shown_to_all_and_recorded_as_what_it_is(seat: Make, node: Node) -> None:
    petitioner, leader = await talk(seat)
    leader.document.replaceTrack(Picture())
    await asyncio.sleep(0.5)
    assert not petitioner.received.get(PAPER), "nothing is shown before it is shared"
    await leader.send(Share(source="document"))
    await until(lambda: petitioner.room.document, "the room says who shows what")
    assert (petitioner.room.document.participant_id, petitioner.room.document.source) == ("l1", "document")
    await until(lambda: petitioner.received.get(PAPER, 0) > 5, "the paper is seen")
    assert not leader.received.get(PAPER), "it is not sent back"

    clerk = await seat("c1", "clerk", publish=False)
    await clerk.publish(video=False)
    worked = time.process_time()
    await until(lambda: clerk.received.get(PAPER), "somebody who comes late sees it too")
    assert time.process_time() - worked < 3.0
    clerk.document.replaceTrack(Picture())
    await clerk.send(Share(source="screen"))
    await until(lambda: leader.last(ShareEnded), "the first one is told")
    assert leader.last(ShareEnded).reason == "another"
    await until(lambda: leader.received.get(PAPER, 0) > 5, "now the clerk's screen is seen")
    await clerk.send(Share(source=None))
    await until(lambda: leader.room.document is None, "nothing is shown any more")
    assert clerk.last(ShareEnded).reason == "stopped"

    manifest = await node.hub.close_room("r1", "office")
    shares = [(s.participant_id, s.source) for s in manifest.shares]
    assert shares == [("l1", Source.DOCUMENT), ("c1", Source.SCREEN)]
    for share in manifest.shares:
        (file,) = [s for s in manifest.segments if (s.participant_id, s.source) == (share.participant_id, share.source)]
        assert file.file == f"{share.participant_id}-{share.source}-001.webm"
        assert share.start <= file.start <= file.start + file.seconds <= share.end + 0.1
        with av.open(str(node.hub.folder("r1") / file.file)) as container:
            assert sum(1 for _ in container.decode(video=0)) > 5
    assert not [g for g in manifest.gaps if g.source], "a document that is not shown is not missing"


async def test_a_share_ends_with_its_seat(seat: Make, node: Node) -> None:
    petitioner, leader = await talk(seat)
    leader.document.replaceTrack(Picture())
    await leader.send(Share(source="screen"))
    await until(lambda: petitioner.room.document, "shown")
    again = await seat("l1", "leader", publish=False)
    await until(lambda: petitioner.room.document is None, "a new socket has to show it again")
    await again.publish(video=False)
    again.document.replaceTrack(Picture())
    await again.send(Share(source="screen"))
    await until(lambda: petitioner.room.document, "shown again")
    await again.send(Leave())
    await until(lambda: petitioner.room.document is None, "gone with who showed it")
    assert len((await node.hub.close_room("r1", "office")).shares) == 2


async def test_the_native_client_shows_a_clip(seat: Make, node: Node, settings: Settings) -> None:
    leader = await seat("l1", "leader", publish=False)
    await leader.publish(video=False)
    ticket = JoinTicket(
        token=token(settings.key("seat"), "p1", "petitioner"), participant_id="p1",
        signalling_url=f"ws://127.0.0.1:{node.port}/signal",
    )  # fmt: skip

    async def give() -> JoinTicket:
        return ticket

    native = native_seat.Seat(give, lambda: (SpeechTrack(Speech()), None))
    running = asyncio.ensure_future(native.run())
    await until(lambda: native.joins, "the native client sits")
    clip = read_clip(Path(__file__).parents[2] / "deploy/demo/leader.webm")
    assert await native.share(Source.DOCUMENT, lambda: ClipTrack(clip))
    await until(lambda: leader.received.get(PAPER, 0) > 3, "its clip is seen")
    assert leader.room.document.source == "document"
    await native.unshare()
    await until(lambda: leader.room.document is None, "shown no more")
    await native.leave()
    await native.close()
    await running


async def test_a_share_that_the_node_died_in_has_an_end(node: Node, settings: Settings) -> None:
    folder = settings.recordings_dir / "r1"
    folder.mkdir(parents=True)
    write_journal(
        folder, Opened(generation=1), SeatTaken(participant_id="p1", role=Role.PETITIONER),
        RecordingStarted(started_at=clock.now()), ShareStarted(participant_id="p1", source=Source.SCREEN, at=2.0),
    )  # fmt: skip
    for source, number, at in (("screen", 1, 2.0), ("document", 1, 1.0)):
        head = {"id": f"p1-{source}-00{number}", "participant_id": "p1", "role": "petitioner", "kind": "video",
                "source": source, "codec": "video/VP8", "start": at}  # fmt: skip
        pictures = webm.cluster(encoded.vp8(1.0)) if source == "screen" else b""
        (folder / f"{head['id']}.webm").write_bytes(webm.head(webm.vp8_track(160, 120), head) + pictures)
    manifest = await node.hub.close_room("r1", "office")
    (share,) = manifest.shares
    assert (share.source, share.start, round(share.end)) == ("screen", 2.0, 3)
    assert [(s.source, s.closed) for s in manifest.segments] == [("screen", "repaired")]
    (lost,) = [gap for gap in manifest.gaps if gap.source]
    assert (lost.source, lost.start, lost.end, lost.cause) == ("document", 1.0, 1.5, "truncated")


# --- holds --------------------------------------------------------------------------------------------------------


def missing(manifest: Manifest, participant_id: str | None) -> list[tuple[str, float, float]]:
    """Cause, start and end of the gaps in somebody's sound that somebody meant."""
    gaps = [g for g in manifest.gaps if g.participant_id == participant_id and g.kind in (None, "audio")]
    return [(g.cause, g.start, g.end) for g in gaps if "hold" in g.cause]


async def test_who_is_on_hold_hears_nobody_and_is_heard_by_nobody(
    seat: Make, node: Node, transcriber: ScriptedTranscriber
) -> None:
    petitioner, leader, joint = await talk(seat, "joint")
    room = node.hub.rooms["r1"]
    await until(lambda: joint.received.get(0), "the joint receiver hears")
    await caught_up(petitioner, leader, joint)
    began = room.media_time(time.monotonic())
    await leader.send(Hold(participant_id="j1", held=True))
    await until(lambda: seat_of(petitioner, "j1").held and seat_of(joint, "j1").held, "all see it")
    captions = len(joint.captions)
    apart_at = room.media_time(time.monotonic())
    await hears_nothing(joint, "p1")
    await hears_nothing(petitioner, "j1")
    await hears(petitioner, "l1")
    await joint.send(Share(source="document"))
    await until(lambda: joint.last(Trouble) and joint.last(Trouble).code == "on_hold", "no papers either")

    back = await seat("j1", "joint", publish=False)
    await back.publish(video=False)
    await until(lambda: seat_of(petitioner, "j1").connected, "back on a new line")
    assert seat_of(back, "j1").held, "and still on hold"
    await hears_nothing(back, "p1")
    said = len(petitioner.captions)
    await until(lambda: len(petitioner.captions) >= said + 2, "the others are recognised")
    await caught_up(petitioner, leader)
    ended = room.media_time(time.monotonic())
    apart = [c.utterance for c in [*joint.captions[captions:], *back.captions]]
    assert not [u for u in apart if u.start > began], "nothing that was said meanwhile is on their screen"
    await leader.send(Hold(participant_id="j1", held=False))
    await until(lambda: not seat_of(back, "j1").held, "taken back")
    back_at = room.media_time(time.monotonic())
    await until(lambda: back.received.get(0), "they hear again")
    await hears(petitioner, "j1")
    manifest = await node.hub.close_room("r1", "office")
    ((cause, start, end),) = missing(manifest, "j1")
    assert cause == "on_hold"
    assert began - BEHIND_S < start < apart_at + 0.5
    assert ended - BEHIND_S < end < back_at + 1.5
    assert not missing(manifest, "p1")
    assert not missing(manifest, None)
    under_way = 0.1  # a packet that was said before they were taken back and came after it
    assert not [at for at, _ in transcriber.sound["j1"] if apart_at + 0.5 < at < min(end, ended) - under_way]


async def test_what_is_said_while_the_petitioner_waits_is_no_part_of_the_record(
    seat: Make, node: Node, transcriber: ScriptedTranscriber, settings: Settings
) -> None:
    petitioner, leader, joint = await talk(seat, "joint")
    room = node.hub.rooms["r1"]
    secret = Pitch(SECRET)
    petitioner.on_frame = lambda number, frame: secret.note("petitioner", frame)
    joint.on_frame = lambda number, frame: secret.note("joint", frame)
    line = LossyLine(leader.peer)
    await until(lambda: {c.utterance.participant_id for c in leader.captions} == {"p1", "l1", "j1"}, "all recognised")
    leader.document.replaceTrack(Picture())
    await leader.send(Share(source="document"))
    await until(lambda: petitioner.received.get(PAPER), "a paper is shown")
    await caught_up(petitioner, leader, joint)
    began = room.media_time(time.monotonic())
    await leader.send(Hold(participant_id="p1", held=True))
    for person in (petitioner, leader, joint):
        await until(lambda p=person: p.room.paused and not p.room.recording, "everybody is told that nothing is kept")
    apart_at = room.media_time(time.monotonic())
    assert petitioner.room.document is None
    assert leader.room.document
    leader.tone.hertz = SECRET
    await hears(joint, "l1")  # the officers talk
    await hears_nothing(petitioner, "l1")
    await until(lambda: secret.heard["joint"] > 40, "and hear each other")
    line.up.delay = 0.15
    await asyncio.sleep(0.3)
    await caught_up(petitioner, leader)
    ended = room.media_time(time.monotonic())
    leader.tone.hertz = 440
    line.up.delay = 0.0
    await leader.send(Hold(participant_id="p1", held=False))
    await until(lambda: petitioner.room.recording and petitioner.room.document, "the talk goes on")
    back_at = room.media_time(time.monotonic())
    await until(lambda: await_later(leader, ended), "and is recognised")
    manifest = await node.hub.close_room("r1", "office")
    ends = []
    for who in ("p1", "l1", "j1", None):
        ((cause, start, end),) = missing(manifest, who)
        assert cause == "petitioner_on_hold"
        assert began - BEHIND_S < start < apart_at + 0.5
        assert ended - BEHIND_S < end < back_at + 1.0
        ends.append(end)
    for segment in manifest.segments:
        until_end = segment.start + segment.seconds
        assert until_end < apart_at + 0.5 or segment.start > min(ends) - 0.1, "no file reaches into it"
    assert len(manifest.shares) == 2, "shown on the record before and after"
    heard = [at for sound in transcriber.sound.values() for at, _ in sound]
    assert not [at for at in heard if apart_at + 0.5 < at < min(ends) - 0.1], "nobody is heard in it"
    assert secret.heard["petitioner"] == 0, "not even of what was under way when they came back"
    assert not [1 for sound in transcriber.sound.values() for _, data in sound if secret.in_pcm(data)]
    for segment in manifest.segments:
        if segment.kind == "audio":
            for frame in decoded(settings.recordings_dir / "r1" / segment.file):
                secret.note("recording", frame)
    assert secret.heard["recording"] == 0


SECRET = 1500.0
"""Hertz: what the leader sounds like while the petitioner waits; otherwise as everybody."""


class Pitch:
    """Listens for one tone, wherever sound comes out."""

    def __init__(self, hertz: float) -> None:
        self.heard: Counter[str] = Counter()
        self._hertz = hertz

    def note(self, where: str, frame: av.AudioFrame | av.VideoFrame) -> None:
        if isinstance(frame, av.AudioFrame):
            samples = frame.to_ndarray().reshape(-1)[:: len(frame.layout.channels) if frame.format.is_packed else 1]
            self.heard[where] += self._sounds(samples[: frame.samples], frame.sample_rate)

    def in_pcm(self, data: bytes) -> bool:
        samples = np.frombuffer(data, np.int16)
        return any(self._sounds(samples[at : at + 320], 16_000) for at in range(0, len(samples) - 319, 320))

    def _sounds(self, samples: np.ndarray, rate: int) -> bool:
        x = samples.astype(np.float64)
        if len(x) < rate / 100 or np.abs(x).max() < 1e-6:
            return False
        wave = np.exp(-2j * np.pi * self._hertz * np.arange(len(x)) / rate)
        return bool(2 * abs(np.dot(x, wave)) ** 2 / len(x) > 0.5 * np.dot(x, x))


def decoded(path: Path) -> Iterator[av.AudioFrame]:
    with av.open(str(path)) as container:
        yield from container.decode(audio=0)


def await_later(client: Client, moment: float) -> bool:
    return any(c.utterance.start > moment for c in client.captions)


async def test_a_hold_outlives_the_node_that_it_was_set_on(seat: Make, node: Node, settings: Settings) -> None:
    folder = settings.recordings_dir / "r1"
    folder.mkdir(parents=True)
    write_journal(
        folder, Opened(generation=1), SeatTaken(participant_id="p1", role=Role.PETITIONER),
        SeatTaken(participant_id="l1", role=Role.LEADER), RecordingStarted(started_at=clock.now()),
        HoldChanged(participant_id="p1", held=True, at=1.0, by="l1"),
    )  # fmt: skip
    leader = await seat("l1", "leader", publish=False)
    await until(lambda: leader.room, "the room")
    assert leader.room.paused
    assert not leader.room.recording
    gone = next(m for m in leader.got if isinstance(m, Departed))
    assert (gone.participant_id, gone.role, gone.reason) == ("p1", "petitioner", "media_restarted")
    await seat("p1", "petitioner", publish=False)
    await until(lambda: len(leader.room.seats) == 2, "the petitioner is back")
    assert seat_of(leader, "p1").held
    await leader.send(Hold(participant_id="p1", held=False))
    await until(lambda: not leader.room.paused, "taken back")


@pytest.mark.parametrize(("by", "whom", "code"), [
    ("p1", "l1", "not_allowed"), ("j1", "p1", "not_allowed"), ("l1", "l1", "not_allowed"),
    ("l1", "x9", "nobody_there"),
])  # fmt: skip
async def test_holds_that_are_refused(seat: Make, by: str, whom: str, code: str) -> None:
    people = [await seat(f"{role[0]}1", role, publish=False) for role in ("petitioner", "leader", "joint")]
    sender = next(person for person in people if person.id == by)
    await until(lambda: sender.last(Joined), "joined")
    await sender.send(Hold(participant_id=whom, held=True))
    await until(lambda: sender.last(Trouble), "refusal")
    assert sender.last(Trouble).code == code
    assert not any(s.held for s in sender.room.seats)


@pytest.mark.parametrize("text", [
    '{"type":"share","source":"camera"}', '{"type":"share"}', '{"type":"hold","participant_id":"p1"}',
    '{"type":"hold","participant_id":"../p1","held":true}', '{"type":"hold","participant_id":"p1","held":true,"x":1}',
])  # fmt: skip
async def test_messages_that_make_no_sense_close_the_socket(seat: Make, text: str) -> None:
    leader = await seat("l1", "leader", publish=False)
    await until(lambda: leader.last(Joined), "joined")
    await leader.socket.send(text)
    await until(lambda: leader.close_code == 4400, "closed")
    assert leader.last(Trouble).code == "message_malformed"


# --- why somebody is gone -----------------------------------------------------------------------------------------


def counted(reason: str) -> float:
    return REGISTRY.get_sample_value("jietan_media_departures_total", {"reason": reason}) or 0.0


@pytest.mark.parametrize("reason", ["left", "kicked", "network_lost", "token_expired", "replaced"])
async def test_everybody_is_told_why_somebody_is_gone(seat: Make, node: Node, settings: Settings, reason: str) -> None:
    node.hub.tools.away_seconds = 0.3
    before = counted(reason)
    leader = await seat("l1", "leader", publish=False)
    until_when = time.time() + (2.5 if reason == "token_expired" else 60.0)
    joint = await seat("j1", "joint", publish=False, until=until_when)
    await until(lambda: joint.last(Joined) and leader.last(Joined), "both sit")
    if reason == "left":
        await joint.send(Leave())
    elif reason == "kicked":
        await node.hub.kick("r1", "j1")
    elif reason == "network_lost":
        await joint.socket.close()
    elif reason == "replaced":
        await joint_again(seat)
    await until(lambda: leader.last(Departed), "told")
    told = leader.last(Departed)
    assert (told.participant_id, told.role, told.name, told.reason) == ("j1", "joint", "某人", reason)
    if reason != "network_lost":
        await until(lambda: joint.last(Ended), "they are told themselves")
        assert joint.last(Ended).reason == reason
    assert counted(reason) == before + 1
    assert not joint.last(Departed)


async def joint_again(seat: Make) -> None:
    again = await seat("j1", "joint", publish=False)
    await until(lambda: again.last(Joined), "on another socket")
