"""The network of these tests with everything in it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from server.media.turn import ice_servers
from server.settings import Settings
from tests.network import places as net
from tests.network.places import Places

UDP, TCP, TLS = "turn:10.77.1.1:3478?transport=udp", "turn:10.77.1.1:3478?transport=tcp", "turns:10.77.1.1:443?transport=tcp"
ONLY = {
    "udp": "-p udp --dport 3478",
    "tcp": "-p tcp --dport 3478",
    "tls on 443": "-p tcp --dport 443",
}
PORT = 8601


class Network:
    """All of it: namespaces, coturn, a media node in the office, clients in the clients' network."""

    def __init__(self, places: Places, settings: Settings, clients: "subprocess.Popen[bytes]") -> None:
        self.places, self.settings, self._clients = places, settings, clients
        self._receptions = 0

    def ask(self, **order: Any) -> dict[str, Any]:
        assert self._clients.stdin is not None
        assert self._clients.stdout is not None
        self._clients.stdin.write(json.dumps(order).encode() + b"\n")
        self._clients.stdin.flush()
        line = self._clients.stdout.readline()
        assert line, (self.places.folder / "clients.log").read_text()[-3000:]
        return json.loads(line)

    def talk(self, seconds: float = 40, bind: str = net.CLIENT) -> dict[str, Any]:
        """Whether a petitioner and a leader in the clients' network hear each other."""
        self._receptions += 1
        return self.ask(
            do="talk", reception=f"r{self._receptions}", key=self.settings.key("seat"), seconds=seconds,
            url=self.settings.client_signalling_url(), bind=[bind],
        )  # fmt: skip

    def turn(self, now: datetime | None = None, **changes: Any) -> dict[str, str]:
        """A client's TURN credentials."""
        settings = self.settings.model_copy(update=changes)
        made = ice_servers(settings, "p1", now or datetime.now(UTC))[-1]
        return {"username": str(made["username"]), "credential": str(made["credential"])}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    reason = net.missing()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("network")
    given: dict[str, Any] = {
        "data_dir": folder, "secret": "a secret of the tests, and a long one", "media_host": net.NODE6,
        "media_port": PORT, "media_bind": [net.NODE, net.NODE6], "media_announce": [net.NODE, net.PUBLIC],
        "media_port_min": 40000, "media_port_max": 40019, "turn_urls": [UDP, TCP, TLS], "turn_secret": net.SECRET,
    }  # fmt: skip
    settings = Settings(**given)
    environment = {
        f"JIETAN_{name.upper()}": json.dumps(value) if isinstance(value, list) else str(value)
        for name, value in given.items()
    }
    with Places(folder).standing() as places:
        places.start_coturn()
        places.start("office", "node.log", [sys.executable, "-m", "server.cli", "media"], **environment)
        authority = {"SSL_CERT_FILE": str(folder / "ca.pem")}
        clients = places.start("client", "clients.log", [sys.executable, "-m", "tests.network.clients"], **authority)
        running = Network(places, settings, clients)
        assert clients.stdout is not None
        assert json.loads(clients.stdout.readline())["ready"]
        yield running


