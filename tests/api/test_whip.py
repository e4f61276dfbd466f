"""WHIP over HTTP (RFC 9725) with a real media node: an encoder's way in, and everything that is refused."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import jwt
import pytest

from server.media.node import Node
from server.settings import Settings
from tests.media.client import until
from tests.media.encoder import Encoder
from tests.office import TestOffice, running, settings_for

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}


@pytest.fixture
def settings(tmp_path) -> Settings:
    return settings_for(
        tmp_path, media_port=0, media_bind=["127.0.0.1"], disk_reserve_mb=0, turn_secret="s" * 16,
        turn_urls=["turn:t:3478?transport=udp"], ice_servers=["stun:t:3478"], public_url="https://office.example",
    )  # fmt: skip


@pytest.fixture
async def node(settings: Settings) -> AsyncIterator[Node]:
    node = Node(settings)
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def office(settings: Settings, node: Node) -> AsyncIterator[TestOffice]:
    """The web program in threads of its own, over the same data folder."""
    opening = running(settings.model_copy(update={"media_url": f"ws://127.0.0.1:{node.port}"}))
    office = await asyncio.to_thread(opening.__enter__)
    await until(lambda: office.office.media.connected, "the office has the node")
    yield office
    await asyncio.to_thread(opening.__exit__, None, None, None)


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> Iterator[TestOffice]:
    """An office whose media node is away."""
    with running(settings_for(tmp_path_factory.mktemp("whip"))) as started:
        yield started


def new_camera(office: TestOffice, **asked: Any) -> dict[str, Any]:
    answer = office.administrator.post(f"/api/admin/kiosks/{office.ids['kiosk']}/camera", json=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(key: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['token']}", "X-Jietan": ""}


def path_of(key: dict[str, Any]) -> str:
    return f"/whip/{key['kiosk_id']}"


async def test_an_encoder_connects_is_shown_and_leaves(office: TestOffice, node: Node) -> None:
    key = await asyncio.to_thread(new_camera, office)
    assert key["url"] == f"https://office.example{path_of(key)}"
    encoder = Encoder()
    offer = await encoder.offer()
    made = await asyncio.to_thread(office.anonymous.post, path_of(key), content=offer, headers=SDP | bearer(key))
    assert (made.status_code, made.headers["content-type"]) == (201, "application/sdp")
    assert made.headers["etag"].strip('"') in made.headers["location"]
    links = made.headers.get_list("link")
    assert links[0] == '<stun:t:3478>; rel="ice-server"'
    assert f':kiosk-{key["kiosk_id"]}"; credential="' in links[1]
    assert "a=recvonly" in made.text
    await encoder.answered(made.text)
    await until(lambda: len(node.hub.cameras.tracks(f"kiosk-{key['kiosk_id']}")) == 2, "the encoder sends")
    overview = (await asyncio.to_thread(office.administrator.get, "/api/admin/overview")).json()
    kiosk = next(k for k in overview["kiosks"] if k["id"] == key["kiosk_id"])
    assert kiosk["camera"] is True
    assert overview["status"]["media"]["cameras"] == [{"camera_id": kiosk["camera_id"], "sends": ["audio", "video"]}]

    for wanted in (200, 404):
        ended = await asyncio.to_thread(office.anonymous.delete, made.headers["location"], headers=bearer(key))
        assert ended.status_code == wanted
    await until(lambda: encoder.peer.connectionState == "closed", "the connection ends")
    await encoder.close()


async def test_an_encoder_tells_its_addresses_after_its_offer(office: TestOffice, node: Node) -> None:
    key = await asyncio.to_thread(new_camera, office)
    encoder = Encoder("video/H264")
    offer = await encoder.offer()
    addresses = re.findall("a=candidate:.*127.0.0.1.*", offer)
    assert addresses
    bare = re.sub("a=(candidate:|end-of-candidates).*\r\n", "", offer)
    made = await asyncio.to_thread(office.anonymous.post, path_of(key), content=bare, headers=SDP | bearer(key))
    assert made.status_code == 201
    where, tag = made.headers["location"], made.headers["etag"]
    credentials = "".join(re.findall("a=ice-(?:ufrag|pwd):.*\r\n", offer)[:2])
    fragment = f"{credentials}m=audio 9 RTP/AVP 0\r\na=mid:0\r\n{addresses[0].strip()}\r\na=end-of-candidates\r\n"

    async def patched(content: str, **headers: str) -> int:
        given = FRAGMENT | bearer(key) | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await asyncio.to_thread(office.anonymous.patch, where, content=content, headers=given)
        assert (answer.headers.get("content-type") == "application/problem+json") == (answer.status_code >= 400)
        return answer.status_code

    assert await patched(fragment) == 428
    assert await patched(fragment, If_Match='"other"') == 412
    assert await patched(fragment, If_Match="*") == 422, "a restart of ICE"
    assert await patched(fragment, If_Match=tag, Content_Type="application/sdp") == 415
    for senseless in ("", "nonsense", fragment.replace("ice-ufrag", "x"), fragment + f"{addresses[0]}{'0' * 2000}\r\n"):
        assert await patched(senseless, If_Match=tag) == 400
    assert await patched(fragment, If_Match=tag, Authorization="Bearer wrong") == 401
    await encoder.answered(made.text)
    assert await patched(fragment, If_Match=tag) == 204
    await until(lambda: encoder.peer.connectionState == "connected", "it connects")
    await asyncio.to_thread(office.anonymous.delete, where, headers=bearer(key))
    assert await patched(fragment, If_Match=tag) == 404
    await encoder.close()


async def test_a_key_that_is_taken_back_ends_the_connection(office: TestOffice, node: Node) -> None:
    key = await asyncio.to_thread(new_camera, office)
    encoder = Encoder()
    offer = await encoder.offer()
    made = await asyncio.to_thread(office.anonymous.post, path_of(key), content=offer, headers=SDP | bearer(key))
    await encoder.answered(made.text)
    await until(lambda: node.hub.cameras.tracks(f"kiosk-{key['kiosk_id']}"), "the encoder sends")
    where = f"/api/admin/kiosks/{key['kiosk_id']}/camera"
    assert (await asyncio.to_thread(office.administrator.delete, where)).status_code == 204
    await until(lambda: encoder.peer.connectionState == "closed", "the connection ends")
    again = await asyncio.to_thread(office.anonymous.post, path_of(key), content=offer, headers=SDP | bearer(key))
    assert again.status_code == 401
    assert node.hub.cameras.states() == ()
    await encoder.close()


async def test_an_offer_without_a_usable_codec_is_told_in_words(office: TestOffice) -> None:
    key = await asyncio.to_thread(new_camera, office)
    encoder = Encoder()
    offer = (await encoder.offer()).replace("VP8", "AV1")
    await encoder.close()
    refused = await asyncio.to_thread(office.anonymous.post, path_of(key), content=offer, headers=SDP | bearer(key))
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    assert "H.264" in refused.json()["title"]


def test_a_kiosk_with_an_encoder_gets_tickets_that_name_it(alone: TestOffice) -> None:
    new_camera(alone, sound=True)
    sitting = alone.sitting()
    path = f"/api/receptions/{sitting['reception_id']}/join"
    claims = [
        jwt.decode(client.post(path).json()["token"], alone.settings.key("seat"), ["HS256"])
        for client in (alone.kiosk, alone.leader)
    ]
    assert [(c["camera"], c["camera_sound"]) for c in claims] == [(f"kiosk-{alone.ids['kiosk']}", True), (None, False)]


def test_without_the_node_the_encoder_is_asked_to_come_again(alone: TestOffice) -> None:
    key = new_camera(alone)
    answer = alone.anonymous.post(path_of(key), content="v=0\r\n", headers=SDP | bearer(key))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(
    ("headers", "body", "status", "code"),
    [
        ({"Authorization": ""}, "v=0\r\n", 401, "camera_key"),
        ({"Authorization": "Bearer wrong"}, "v=0\r\n", 401, "camera_key"),
        ({"Authorization": "Basic {token}"}, "v=0\r\n", 401, "camera_key"),
        ({"Content-Type": "application/json"}, "v=0\r\n", 415, "not_sdp"),
        ({}, "", 422, "sdp_malformed"),
        ({}, b"\xff\xfe\x00", 422, "sdp_malformed"),
        ({}, "v=0\r\n" + "a" * 60_000, 413, "too_large"),
        ({}, "v=0\r\n" + "a" * (1 << 20), 413, "too_large"),
    ],
)
def test_what_is_no_offer_of_the_kiosks_encoder_is_refused(
    alone: TestOffice, headers: dict[str, str], body: Any, status: int, code: str
) -> None:
    key = new_camera(alone)
    given = SDP | bearer(key) | {name: value.replace("{token}", key["token"]) for name, value in headers.items()}
    answer = alone.anonymous.post(path_of(key), content=body, headers=given)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"].endswith(("。", "）。"))
    assert ("www-authenticate" in answer.headers) == (status == 401)
    assert key["token"] not in answer.text


def test_a_key_opens_its_own_kiosk_only(alone: TestOffice) -> None:
    key = new_camera(alone)
    other = alone.administrator.post("/api/admin/kiosks", json={"name": "另一间", "organization_id": alone.ids["town"]})
    answer = alone.anonymous.post(f"/whip/{other.json()['kiosk_id']}", content="v=0\r\n", headers=SDP | bearer(key))
    assert answer.status_code == 401
    assert alone.anonymous.post("/whip/999999", content="v=0\r\n", headers=SDP | bearer(key)).status_code == 401


def test_a_page_elsewhere_may_ask_what_is_possible_and_reserved_methods_are_refused(alone: TestOffice) -> None:
    reserved = {"/whip/1": ("GET", "PUT", "PATCH", "DELETE"), "/whip/1/session": ("GET", "PUT", "POST")}
    allowed = {"/whip/1": "POST, OPTIONS", "/whip/1/session": "PATCH, DELETE, OPTIONS"}
    for path, methods in reserved.items():
        answer = alone.anonymous.options(path)
        assert (answer.status_code, answer.headers["accept-post"]) == (204, "application/sdp")
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert answer.headers["accept-patch"] == "application/trickle-ice-sdpfrag"
        refused = [alone.anonymous.request(method, path) for method in methods]
        assert {(one.status_code, one.headers["allow"]) for one in refused} == {(405, allowed[path])}
