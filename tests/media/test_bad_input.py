"""What a client should not send: each has its sentence and its close code, and the others notice nothing."""

import asyncio
import time
from pathlib import Path

import av
import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from server.media import webm
from server.media.node import Node
from server.protocol.media_control import CloseRoom, Kick, Status
from server.protocol.signalling import Answer, Candidate, Ended, Join, Joined, Offer, Trouble
from server.settings import Settings
from tests.media.client import Client, token, until
from tests.media.conftest import Make
from tests.media.office import Office


async def _refused(client: Client, code: str, close_code: int) -> None:
    await until(lambda: client.close_code is not None, "socket closed")
    assert client.last(Trouble).code == code
    assert client.last(Trouble).fatal
    assert client.close_code == close_code
    assert chinese(client.last(Trouble).message)


def chinese(message: str) -> bool:
    return any("\u4e00" <= c <= "\u9fff" for c in message)


FRAMES_ON_THE_WAY = 25
NONSENSE: list[str | bytes] = ["{", '{"type": "dance"}', '{"type": "mark", "note": "' + "x" * 300_000 + '"}', b"\xff\xfe\x00"]


async def test_a_talk_that_is_recorded_loses_nothing_by_what_others_send(seat: Make, node: Node, settings: Settings) -> None:
    """Strangers with used-up, expired and forged tokens, and a third seat that sends nonsense and comes back each time."""
    petitioner, leader, third = [await seat(name, role, publish=False) for name, role in (("p1", "petitioner"), ("l1", "leader"), ("c1", "clerk"))]
    for one in (petitioner, leader, third):
        await one.publish(video=False)
    await until(lambda: leader.room and leader.room.recording, "recording")
    before = {one.id: one.tone._at // 960 for one in (petitioner, leader)}
    for text in NONSENSE:
        await third.socket.send(text)
        await until(lambda: third.close_code is not None, "socket closed")
        third.close_code = None
        await third._new_socket()
    for unusable in ("", "m=audio\r\nm=video\r\n" * 400):
        await third.send(Offer(sdp=unusable))
        await until(lambda: third.last(Trouble).code == "offer_unusable", "refused")
        await third._new_socket()
    ours = settings.key("seat")
    for key, given in ((ours, petitioner._token), (ours, token(ours, "p1", "petitioner", exp=1)), ("0" * 64, None)):
        stranger = Client(petitioner._url, key, "p1", "petitioner")
        await stranger.join(given)
        await until(lambda stranger=stranger: stranger.close_code == 4401, "refused")
        await stranger.close()
    assert (petitioner.close_code, leader.close_code) == (None, None)
    sent = {one.id: one.tone._at // 960 - before[one.id] for one in (petitioner, leader)}
    manifest = await node.hub.close_room("r1", "office")
    for who, count in sent.items():
        (sound,) = (one for one in manifest.segments if one.participant_id == who and one.kind == "audio")
        with av.open(str(node.hub.folder("r1") / sound.file)) as container:
            written = sum(bytes(packet) != webm.SILENCE for packet in container.demux() if packet.size)
        assert written >= count - FRAMES_ON_THE_WAY


@pytest.mark.parametrize("text", ["{", "[]", '{"type": "dance"}', '{"type": "join"}', '{"type": "mark", "note": 3}'])
async def test_malformed_message(seat: Make, text: str) -> None:
    client = await seat("p1", "petitioner", publish=False)
    await client.socket.send(text)
    await _refused(client, "message_malformed", 4400)


@pytest.mark.parametrize("length", [70_000, 300_000])
async def test_oversized_message(seat: Make, length: int) -> None:
    client = await seat("p1", "petitioner", publish=False)
    await client.socket.send('{"type": "mark", "note": "' + "x" * length + '"}')
    await _refused(client, "message_too_large", 1009)


async def test_binary_garbage(seat: Make) -> None:
    client = await seat("p1", "petitioner", publish=False)
    await client.socket.send(b"\xff\xfe\x00")
    await _refused(client, "message_malformed", 4400)


async def test_too_many_messages(seat: Make) -> None:
    client = await seat("p1", "petitioner", publish=False)
    for _ in range(250):
        await client.socket.send('{"type": "mark"}')
    await _refused(client, "too_often", 4400)


async def test_message_before_join(node: Node, settings: Settings) -> None:
    client = Client(f"ws://127.0.0.1:{node.port}/signal", settings.key("seat"), "p1", "petitioner")
    client.socket = await connect(client._url, proxy=None)
    client._tasks.append(asyncio.ensure_future(client._read()))
    await client.socket.send('{"type": "leave"}')
    await _refused(client, "join_missing", 4400)
    await client.close()


async def test_token_used_twice(seat: Make, node: Node, settings: Settings) -> None:
    first = await seat("p1", "petitioner", publish=False)
    await until(lambda: first.last(Joined), "joined")
    second = Client(first._url, settings.key("seat"), "p1", "petitioner")
    await second.join(first._token)
    await _refused(second, "token_used", 4401)
    assert first.close_code is None
    await second.close()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"exp": time.time() - 5}, "token_expired"),
        ({"iat": time.time() - 3600}, "token_expired"),
        ({"role": "king"}, "token_bad"),
        ({"reception_id": "../../etc"}, "token_bad"),
    ],
)
async def test_token_refused(seat: Make, changes: dict[str, object], code: str) -> None:
    client = await seat("p1", publish=False, **{"role": "petitioner", **changes})
    await _refused(client, code, 4401)


async def test_token_of_a_wrong_key(node: Node) -> None:
    client = Client(f"ws://127.0.0.1:{node.port}/signal", "0" * 64, "p1", "petitioner")
    await client.join()
    await _refused(client, "token_bad", 4401)
    await client.close()


async def test_resume_token_brings_back(seat: Make, settings: Settings) -> None:
    first = await seat("p1", "petitioner", publish=False)
    await until(lambda: first.last(Joined), "joined")
    again = Client(first._url, settings.key("seat"), "p1", "petitioner")
    await again.join(first.last(Joined).resume)
    await until(lambda: again.last(Joined), "joined again")
    await until(lambda: first.close_code == 4409, "old socket replaced")
    await again.close()


@pytest.mark.parametrize(
    "sdp",
    [
        "",
        "v=0\r\n",
        "not sdp at all",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
        "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\na=mid:0\r\na=rtpmap:0 PCMU/8000\r\n"
        "m=video 9 UDP/TLS/RTP/SAVPF 99\r\nc=IN IP4 0.0.0.0\r\na=sendonly\r\na=mid:1\r\na=rtpmap:99 AV1/90000\r\n",
        "m=audio\r\nm=video\r\n" * 400,
    ],
)
async def test_offer_with_nothing_usable(seat: Make, sdp: str) -> None:
    client = await seat("p1", "petitioner", publish=False)
    await client.send(Offer(sdp=sdp))
    await until(lambda: client.last(Trouble), "trouble")
    assert client.last(Trouble).code == "offer_unusable"
    assert not client.last(Trouble).fatal
    assert chinese(client.last(Trouble).message)
    await client.publish()
    assert client.last(Answer)


async def test_senseless_candidates_do_no_harm(seat: Make) -> None:
    client = await seat("p1", "petitioner", publish=False)
    for text in ("", "candidate:", "candidate:1 1 udp x y", "candidate:1 1 udp 1 999.1.1.1 99999 typ host", "\x00" * 500):
        await client.send(Candidate(candidate=text, sdp_mid="0"))
    await client.publish()
    await client.send(Candidate(candidate="candidate:1 1 udp", sdp_mid="77"))
    await client.send(Candidate(candidate="candidate:1 1 udp 1 127.0.0.1 9 typ host", sdp_mid="77"))
    await until(lambda: client.room and client.room.seats[0].connected, "connected all the same")


async def test_a_client_that_hides_its_addresses_gets_through(seat: Make) -> None:
    client = await seat("p1", "petitioner", publish=False)
    await client.publish(hidden=True)
    await until(lambda: client.room and client.room.seats[0].connected, "connected from an address nobody named")


async def test_ended_reception_lets_nobody_in(seat: Make, node: Node) -> None:
    first = await seat("p1", "petitioner", publish=False)
    await until(lambda: first.last(Joined), "joined")
    await node.hub.close_room("r1", "office")
    late = await seat("l1", "leader", publish=False)
    await until(lambda: late.close_code == 4410, "closed as ended")
    assert late.last(Ended)


async def test_origins(node: Node) -> None:
    url = f"ws://127.0.0.1:{node.port}/signal"
    for good in ("http://127.0.0.1:8600", "http://localhost:1234"):
        await (await connect(url, origin=good, proxy=None)).close()
    for bad in ("http://evil.example", "http://127.0.0.1.evil.example", "null"):
        with pytest.raises(InvalidStatus, match="403"):
            await connect(url, origin=bad, proxy=None)


async def test_control_needs_its_key_and_survives_nonsense(node: Node, settings: Settings, seat: Make) -> None:
    with pytest.raises(InvalidStatus, match="401"):
        await connect(f"ws://127.0.0.1:{node.port}/control", proxy=None)
    async with Office(node.port, settings) as office:
        assert (await office.ask(CloseRoom(id=1, reception_id="never"))).error == "not_found"
        assert (await office.ask(Kick(id=2, reception_id="never", participant_id="x"))).error == "not_found"
        client = await seat("p1", "petitioner", publish=False)
        await until(lambda: client.last(Joined), "joined")
        assert (await office.ask(Status(id=3))).result["participants"] == 1
        assert (await office.ask(Kick(id=4, reception_id="r1", participant_id="p1"))).ok
        await until(lambda: client.close_code == 4410, "kicked")
        await office.socket.send("{")
        await until(lambda: office.socket.close_code == 4400, "closed")


async def test_health_and_metrics(node: Node) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{node.port}", trust_env=False) as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 200
        assert "jietan_media_video_codecs_created" in (await http.get("/metrics")).text
        assert (await http.get("/anything")).status_code == 404


async def test_full_disk_is_told_and_the_talk_goes_on(
    seat: Make, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.media import recorder

    await seat("p1", "petitioner")
    leader = await seat("l1", "leader")
    await until(lambda: leader.room and leader.room.recording, "recording")
    await until(lambda: len(leader.captions) >= 2, "captions")
    real = recorder._File._put

    def full(self: object, file: object, data: bytes) -> None:
        file.write(data[: len(data) // 2])  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    failing = time.monotonic()
    monkeypatch.setattr(recorder._File, "_put", full)
    await until(lambda: "磁盘满了" in leader.room.recording_trouble, "trouble shown")
    await asyncio.sleep(1.5)
    heard = len(leader.captions)
    await until(lambda: len(leader.captions) > heard, "captions go on")
    monkeypatch.setattr(recorder._File, "_put", real)
    await until(lambda: not leader.room.recording_trouble, "trouble over")
    failed = time.monotonic() - failing
    manifest = await node.hub.close_room("r1", "office")
    gaps = [g for g in manifest.gaps if g.cause == "disk_full" and g.kind == "audio"]
    assert {g.participant_id for g in gaps} == {"p1", "l1"}
    assert all(0.3 < g.end - g.start < failed + 1 for g in gaps)
    for segment in manifest.segments:
        assert (Path(node.hub.folder("r1")) / segment.file).stat().st_size == segment.size


async def test_bad_join_text_is_not_echoed(seat: Make, settings: Settings) -> None:
    client = await seat("p1", "petitioner", publish=False)
    await client.send(Join(token=token(settings.key("seat"), "p1", "petitioner")))
    await _refused(client, "joined_already", 4400)
