"""Where media comes in: the range of ports, announced addresses, IPv6; and what clients are told to get through."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from server.media import addresses
from server.media.addresses import MediaAddresses, NoPort
from server.media.node import Node
from server.media.turn import ice_servers
from server.protocol.base import Role
from server.protocol.signalling import Answer, Joined, Room, Trouble
from server.settings import Settings, UnusableSecret
from tests.media.client import Client, until
from tests.media.conftest import Make

ME = "127.0.0.1"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture
def taken() -> Iterator[list[socket.socket]]:
    """Two neighbouring UDP ports that somebody else holds."""
    first, second = _neighbours()
    yield [first, second]
    first.close()
    second.close()


def _neighbours() -> tuple[socket.socket, socket.socket]:
    while True:
        first, second = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        first.bind((ME, 0))
        with contextlib.suppress(OSError, OverflowError):
            second.bind((ME, first.getsockname()[1] + 1))
            return first, second
        first.close()
        second.close()


class TestPortsUsedUp:
    @pytest.fixture
    def settings(self, settings: Settings, taken: list[socket.socket]) -> Settings:
        first = taken[0].getsockname()[1]
        return settings.model_copy(update={"media_port_min": first, "media_port_max": first + 1})

    async def test_who_comes_is_told_and_gets_in_as_soon_as_a_port_is_free(
        self, seat: Make, taken: list[socket.socket]
    ) -> None:
        client = await seat("p1", "petitioner", publish=False)
        trying = asyncio.ensure_future(client.publish())
        await until(lambda: client.last(Trouble), "told")
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)
        trouble = client.last(Trouble)
        assert (trouble.code, trouble.fatal) == ("media_full", False)
        assert "人太多" in trouble.message
        free = taken[1].getsockname()[1]
        taken[1].close()
        await client.publish()
        assert f"{ME} {free} typ host" in client.last(Answer).sdp
        await until(lambda: client.room and client.room.seats[0].connected, "connected")


class Socket(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport


async def test_every_socket_is_in_the_range_and_one_bad_address_does_not_stop_the_others() -> None:
    ports = range(40100, 40120)
    opened = MediaAddresses((ME, "192.0.2.1"), (), ports).open(1, Socket)
    assert [c.host for _, told in opened for c in told] == [ME]
    assert opened[0][1][0].port in ports
    for protocol, _ in opened:
        protocol.transport.close()
    with pytest.raises(NoPort):
        MediaAddresses(("192.0.2.1",)).open(1, Socket)


def test_announced_addresses_replace_those_of_their_own_version() -> None:
    behind = MediaAddresses(("10.0.0.8", "fd00::8"), ("203.0.113.8", "10.0.0.8"))
    assert behind.told("10.0.0.8") == ["203.0.113.8", "10.0.0.8"]
    assert behind.told("fd00::8") == ["fd00::8"]
    assert addresses.host_candidate(1, "fd00::8", 4000).to_sdp().endswith("fd00::8 4000 typ host")


class TestIpv6:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"media_host": "::1", "media_bind": ["::1"]})

    async def test_two_people_talk_over_ipv6_alone(self, node: Node, settings: Settings) -> None:
        at = settings.model_copy(update={"media_port": node.port}).client_signalling_url()
        assert at == f"ws://[::1]:{node.port}/signal"
        clients = [Client(at, settings.key("seat"), f"c{n}", role) for n, role in enumerate(("petitioner", "leader"))]
        for client in clients:
            await (await client.join()).publish(video=False)
            assert "127.0.0.1" not in client.last(Answer).sdp
        await until(lambda: all(c.room and c.room.recording for c in clients), "recording")
        for client in clients:
            await client.close()


# --- what clients are told ------------------------------------------------------------------------------------


def _settings(**given: object) -> Settings:
    return Settings(secret="x" * 32, **given)  # type: ignore[arg-type]


def test_credentials_are_those_that_coturn_reckons() -> None:
    settings = _settings(turn_urls=["turn:t:3478"], turn_secret="s" * 16, turn_hours=2, ice_servers=["stun:t:3478"])
    stun, turn = ice_servers(settings, "p-1", NOW)
    assert stun == {"urls": ["stun:t:3478"]}
    username = f"{int(NOW.timestamp()) + 7200}:p-1"
    password = base64.b64encode(hmac.new(b"s" * 16, username.encode(), hashlib.sha1).digest()).decode()
    assert turn == {"urls": ["turn:t:3478"], "username": username, "credential": password}
    assert ice_servers(_settings(), "p-1", NOW) == ()


def test_the_secret_may_stand_in_a_file_and_must_be_one(tmp_path: Path) -> None:
    file = tmp_path / "turn.secret"
    file.write_text("  a secret in a file  \n")
    assert _settings(turn_urls=["turn:t"], turn_secret_file=file).turn_key == "a secret in a file"
    file.write_text("short\n")
    with pytest.raises(UnusableSecret):
        ice_servers(_settings(turn_urls=["turn:t"], turn_secret_file=file), "p", NOW)


@pytest.mark.parametrize(
    "given",
    [
        {"turn_urls": ["turn:t:3478"]},
        {"turn_urls": ["https://t"], "turn_secret": "s" * 16},
        {"media_port_min": 40000},
        {"media_port_min": 40001, "media_port_max": 40000},
        {"media_bind": ["localhost"]},
        {"media_announce": ["203.0.113.300"]},
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _settings(**given)


class TestJoined:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"turn_urls": ["turn:t:3478"], "turn_secret": "s" * 16})

    async def test_whoever_sits_down_gets_credentials_of_their_own(self, seat: Make) -> None:
        for role in (Role.PETITIONER, Role.LEADER):
            client = await seat(f"c-{role.value}", role.value, publish=False)
            await until(lambda client=client: client.last(Room), "room")
            server = client.last(Joined).ice_servers[0]
            assert str(server["username"]).endswith(f":c-{role.value}")
            assert server["credential"]
