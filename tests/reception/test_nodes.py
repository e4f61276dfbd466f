"""Several media nodes: each reception gets one when its first seat is handed out, and keeps it."""

import jwt
import pytest
from fastapi.testclient import TestClient

from server.api.deps import COOKIE
from server.protocol.kiosks import NewKiosk
from server.protocol.signalling import SeatClaims
from server.reception.account import accounts
from server.reception.kiosk import cameras, kiosks
from server.store import receptions
from tests.office import OWN_PAGE, root_actor, running, settings_for
from tests.reception.conftest import until
from tests.reception.programs import Node


@pytest.fixture
def nodes(tmp_path):
    key = settings_for(tmp_path).key("control")
    made = [Node(key).start(), Node(key).start()]
    yield made
    for node in made:
        node.stop()


@pytest.fixture
def settings(tmp_path, nodes):
    return settings_for(
        tmp_path, media_url="", media_nodes=2, media_port=nodes[0].port, media_more_port=nodes[1].port
    )


@pytest.fixture
def office(settings):
    with running(settings) as started:
        until(lambda: started.office.media.connected, "both control connections")
        yield started


def more_kiosks(office, count: int) -> list[TestClient]:
    made = []
    for number in range(count):
        with office.office.store.write() as session:
            place = accounts.store.organization_by_code(session, "LH")
            asked = NewKiosk(name=f"{number + 2} 号机", organization_id=office.ids["town"])
            kiosk = kiosks.create_kiosk(session, root_actor(place), asked)
            token = kiosks.enrol(session, kiosks.enrolment(session, kiosk, "").code)[1]
        client = TestClient(office.anonymous.app, headers=OWN_PAGE, raise_server_exceptions=False)
        client.cookies.set(COOKIE, token)
        made.append(client)
    return made


def sit(kiosk: TestClient) -> str:
    answer = kiosk.post("/api/kiosk/sittings", json={"consent": "audio_video", "name": "王"})
    assert answer.status_code == 201, answer.text
    return answer.json()["reception_id"]


def ticket(client: TestClient, reception_id: str) -> tuple[str, int]:
    """The address that a ticket names, and the node that its token is for."""
    found = client.post(f"/api/receptions/{reception_id}/join").json()
    claims = SeatClaims(**jwt.decode(found["token"], options={"verify_signature": False}))
    return found["signalling_url"], claims.node


def test_receptions_are_spread_by_load_and_stay_where_they_are(office, nodes):
    here, there = (f"ws://127.0.0.1:{node.port}/signal" for node in nodes)
    kiosks_ = [office.kiosk, *more_kiosks(office, 3)]
    rooms = [sit(kiosk) for kiosk in kiosks_[:3]]
    assert [ticket(k, r) for k, r in zip(kiosks_, rooms, strict=False)] == [(here, 0), (there, 1), (here, 0)]
    assert office.leader.put("/api/queue/duty", json={"halls": [office.ids["town"]]}).status_code == 200
    out_of_turn = office.leader.post(f"/api/queue/{rooms[1]}/call", json={"version": 1, "why": "身体不舒服"})
    assert out_of_turn.status_code == 200, out_of_turn.text
    assert ticket(office.leader, rooms[1]) == (there, 1), "everybody meets at the same node"
    assert ticket(kiosks_[0], rooms[0]) == (here, 0), "a kiosk that comes back finds its room"
    assert ticket(kiosks_[3], sit(kiosks_[3])) == (there, 1), "the node with fewer rooms"


def test_each_node_is_followed_and_asked_for_its_own_receptions_only(office, nodes, settings):
    kiosks_ = [office.kiosk, *more_kiosks(office, 1)]
    rooms = [sit(kiosk) for kiosk in kiosks_]
    for kiosk, room in zip(kiosks_, rooms, strict=True):
        ticket(kiosk, room)
    with office.office.store.read() as session:
        for number, room in enumerate(rooms):
            assert list(receptions.journal_positions(session, number, 2)) == [room]
        assert set(receptions.journal_positions(session)) == set(rooms), "one node is left: it takes all"
    office.office.media.kick(rooms[1], "somebody", timeout=60)
    assert (nodes[0].kicked, nodes[1].kicked) == ([], [(rooms[1], "somebody")])
    status = office.administrator.get("/api/admin/overview")
    assert status.status_code == 200


def test_of_two_who_choose_at_once_one_wins(office):
    room = sit(office.kiosk)
    with office.office.store.write() as session:
        receptions.place(session, room, 1, 2)
        receptions.place(session, room, 0, 2)
        assert receptions.node_of(session, room, 2) == 1
        receptions.place(session, room, 0, 1)
        assert receptions.node_of(session, room, 1) == 0, "its node is no more"


def test_pages_may_connect_to_every_node(office, nodes):
    policy = office.anonymous.get("/").headers["content-security-policy"]
    assert all(f"ws://127.0.0.1:{node.port}" in policy for node in nodes)


def test_addresses_behind_a_proxy_and_settings_that_do_not_fit(tmp_path):
    behind = settings_for(tmp_path, media_url="", media_nodes=3, signalling_url="wss://xf.example.gov.cn/signal")
    assert [behind.client_signalling_url(n) for n in range(3)] == [
        "wss://xf.example.gov.cn/signal", "wss://xf.example.gov.cn/signal/1", "wss://xf.example.gov.cn/signal/2"
    ]  # fmt: skip
    assert [behind.media_port_of(n) for n in range(3)] == [8601, 8620, 8621]
    with pytest.raises(ValueError, match="media_url names one media node"):
        settings_for(tmp_path, media_nodes=2)
    with pytest.raises(ValueError, match="media_node counts from 0"):
        settings_for(tmp_path, media_node=1)


def test_a_kiosk_with_an_encoder_meets_it_at_its_node(office, nodes):
    kiosks_ = [office.kiosk, *more_kiosks(office, 1)]
    with office.office.store.write() as session:
        for kiosk in accounts.store.kiosks_under(session, "/"):
            cameras.new_key(kiosk, "", sound=False)
        ids = [kiosk.id for kiosk in accounts.store.kiosks_under(session, "/")]
    wanted = [cameras.node_of(cameras.camera_id(number), 2) for number in ids]
    assert [ticket(k, sit(k))[1] for k in kiosks_] == wanted
    assert {cameras.node_of(cameras.camera_id(number), 2) for number in range(1, 9)} == {0, 1}, "encoders are spread, too"
