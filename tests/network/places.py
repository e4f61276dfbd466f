"""Three network namespaces: the clients' network, the office's network, and between them a machine with a firewall
and the real coturn.  Nothing of it touches the machine's own network."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ROOT = Path(__file__).parents[2]
CLIENT, RELAY = "10.77.1.2", "10.77.1.1"
BETWEEN, NODE = "10.77.2.1", "10.77.2.2"
CLIENT6, RELAY6, BETWEEN6, NODE6 = "fd77:1::2", "fd77:1::1", "fd77:2::1", "fd77:2::2"
PUBLIC = "10.77.1.100"
"""What the node is called on the clients' side, by 1:1 NAT."""
SECRET = "a secret shared with the test's TURN server"
TOOLS = ("turnserver", "ip", "iptables", "ip6tables")


def missing() -> str:
    """What keeps these tests from running here; empty: nothing."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    lacking = [tool for tool in TOOLS if not shutil.which(tool)]
    if lacking:
        return f"not installed: {' '.join(lacking)} (deploy/test-tools.sh)"
    made = subprocess.run(["ip", "netns", "add", f"jt{os.getpid()}probe"], capture_output=True, text=True)
    if made.returncode:
        return "no network namespaces here: " + made.stderr.strip()[:80]
    subprocess.run(["ip", "netns", "del", f"jt{os.getpid()}probe"], check=True)
    return ""


class Places:
    """The namespaces by name: `client`, `relay`, `office`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._names = {place: f"jt{os.getpid()}{place[0]}" for place in ("client", "relay", "office")}
        self._processes: list[subprocess.Popen[bytes]] = []

    def sh(self, place: str, command: str) -> None:
        """Run a command in a place; raises with what it said."""
        done = subprocess.run(
            ["ip", "netns", "exec", self._names[place], "sh", "-ec", command], capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"

    def prefix(self, place: str) -> list[str]:
        """What goes before a command line to run it in a place."""
        return ["ip", "netns", "exec", self._names[place]]

    def start(self, place: str, log: str, argv: list[str], **environment: str) -> "subprocess.Popen[bytes]":
        """Start a program in a place; it ends with the test."""
        with (self.folder / log).open("ab") as output:
            process = subprocess.Popen(
                self.prefix(place) + argv, cwd=ROOT, env=os.environ | environment, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=output,
            )  # fmt: skip
        self._processes.append(process)
        return process

    @contextlib.contextmanager
    def standing(self) -> Iterator["Places"]:
        """The namespaces, joined in a row."""
        try:
            for name in self._names.values():
                subprocess.run(["ip", "netns", "add", name], check=True)
            self._join()
            yield self
        finally:
            for process in self._processes:
                process.terminate()
                process.wait(10)
            for name in self._names.values():
                subprocess.run(["ip", "netns", "del", name], check=False)

    def _join(self) -> None:
        for place in self._names:
            self.sh(place, "ip link set lo up")
        self._cable("client", CLIENT, CLIENT6, RELAY, RELAY6)
        self._cable("office", NODE, NODE6, BETWEEN, BETWEEN6)
        self.sh("relay", "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        self.sh("relay", f"iptables -t nat -A PREROUTING -d {PUBLIC} -j DNAT --to {NODE}")
        self.sh("relay", f"ip addr add {PUBLIC}/32 dev client")

    def _cable(self, place: str, here: str, here6: str, there: str, there6: str) -> None:
        self.sh("relay", f"ip link add {place} type veth peer name up netns {self._names[place]}")
        for at, device, address, address6 in (("relay", place, there, there6), (place, "up", here, here6)):
            self.sh(at, f"ip addr add {address}/24 dev {device}")
            self.sh(at, f"ip addr add {address6}/64 dev {device} nodad")
            self.sh(at, f"ip link set dev {device} up")
        self.sh(place, f"ip route add default via {there}; ip -6 route add default via {there6}")

    def let_through(self, *, to_relay: str = "", to_office: str = "", to_office6: str = "") -> None:
        """From the clients' network: signalling, and nothing else but these iptables matches."""
        rules = ["-P FORWARD DROP", "-F FORWARD", "-F INPUT", "-A INPUT -i client -p tcp --tcp-flags RST RST -j ACCEPT"]
        rules += [f"-A INPUT -i client {to_relay} -j ACCEPT"] if to_relay else []
        rules += ["-A INPUT -i client -j DROP", "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT"]
        rules += [f"-A FORWARD {to_office} -j ACCEPT"] if to_office else []
        self.sh("relay", "; ".join(f"iptables {rule}" for rule in rules) + "; conntrack -F 2>/dev/null || true")
        rules6 = ["-P FORWARD DROP", "-F FORWARD", "-A FORWARD -p tcp -j ACCEPT", "-A FORWARD -p icmpv6 -j ACCEPT"]
        rules6 += [f"-A FORWARD {to_office6} -j ACCEPT"] if to_office6 else []
        self.sh("relay", "; ".join(f"ip6tables {rule}" for rule in rules6))
        self.sh("relay", "ip6tables -C FORWARD -m conntrack --ctstate ESTABLISHED -p udp --sport 40000:40019 -j ACCEPT"
                " 2>/dev/null || ip6tables -A FORWARD -i office -j ACCEPT")

    def start_coturn(self) -> None:
        """The shipped configuration, filled in; it keeps listening in `relay`."""
        made = self.folder / "turnserver.conf"
        filled = {
            "static-auth-secret": SECRET, "listening-ip": RELAY, "relay-ip": BETWEEN, "allowed-peer-ip": NODE,
            "cert": str(self.folder / "turn.pem"), "pkey": str(self.folder / "turn.key"),
        }  # fmt: skip
        lines = (ROOT / "deploy/coturn/turnserver.conf").read_text().splitlines()
        made.write_text("\n".join(_fill(line, filled) for line in lines if line != "syslog") + "\n")
        make_certificate(self.folder, RELAY)
        extra = ["--log-file", "stdout", "--simple-log", "--pidfile", str(self.folder / "turn.pid"), "--userdb", ":memory:"]
        with (self.folder / "coturn.log").open("ab") as output:
            argv = [*self.prefix("relay"), "turnserver", "-c", str(made), *extra]
            self._processes.append(subprocess.Popen(argv, stdout=output, stderr=output, cwd=self.folder))
        self._wait_for("tcp", RELAY, (3478, 443))

    def _wait_for(self, what: str, address: str, ports: tuple[int, ...]) -> None:
        end = time.monotonic() + 20
        for port in ports:
            probe = f"import socket; socket.create_connection(('{address}', {port}), 1)"
            while subprocess.run([*self.prefix("relay"), sys.executable, "-Sc", probe], capture_output=True).returncode:
                assert time.monotonic() < end, f"coturn listens on {what} {port}: {(self.folder / 'coturn.log').read_text()[-2000:]}"


def _fill(line: str, values: dict[str, str]) -> str:
    name = line.partition("=")[0]
    return f"{name}={values[name]}" if name in values else line


def make_certificate(folder: Path, address: str) -> None:
    """An own authority (ca.pem) and its certificate for an address (turn.pem, turn.key)."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "authority of a test")])
    now = datetime.now(UTC)

    def begun(subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder().subject_name(subject).issuer_name(name).public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=2))
        )  # fmt: skip

    own = begun(name, authority.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
    own = own.add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), False)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)])
    lent = begun(subject, key.public_key()).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), False
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(own.sign(authority, hashes.SHA256()).public_bytes(pem))
    (folder / "turn.pem").write_bytes(lent.sign(authority, hashes.SHA256()).public_bytes(pem))
    (folder / "turn.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
