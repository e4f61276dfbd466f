"""The office, a kiosk and a leader's desk, each in a network namespace of its own, and what happens to their lines.

Everything lives in a private network and mount namespace: when the command ends, however it ends, nothing is left.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

OFFICE = "10.77.0.1"
"""Address of the office's machine, the same from both places."""
TCP_PORTS = (8600, 8601)
"""First and last: the web program, the media node's signalling."""
_INSIDE = "JIETAN_CHAOS_INSIDE"
_NAMES = Path("/run/netns")
KIOSK = Path(__file__).parents[1] / "kiosk" / "files"


class NotPermitted(RuntimeError):
    """Namespaces cannot be made here; the message says what is missing."""


def isolate() -> None:
    """Start this command again inside its own namespaces; returns at once when it is inside.  Raises NotPermitted."""
    if os.environ.get(_INSIDE):
        _furnish()
        return
    if os.geteuid() != 0:
        raise NotPermitted("network namespaces need root: run this command as root")
    os.environ[_INSIDE] = "1"
    arguments = ["unshare", "--net", "--mount", "--propagation", "private", "--fork", "--kill-child"]
    os.execvp("unshare", [*arguments, sys.executable, "-m", "deploy.chaos", *sys.argv[1:]])


def _furnish() -> None:
    _NAMES.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "netns", str(_NAMES))
    run("ip", "link", "set", "lo", "up")
    run("ip", "address", "add", f"{OFFICE}/32", "dev", "lo")


def run(*command: str) -> None:
    """A command of the system; raises CalledProcessError with its words."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)


class Line:
    """The line between the office and one place: a pair of virtual network cards."""

    def __init__(self, place: str, number: int) -> None:
        self.place = place
        self._near = f"jt-{place}"[:15]
        self._gateway, self._far = f"10.77.{number}.1", f"10.77.{number}.2"
        run("ip", "netns", "add", place)
        run("ip", "link", "add", self._near, "type", "veth", "peer", "name", "eth0", "netns", place)
        run("ip", "address", "add", f"{self._gateway}/24", "dev", self._near)
        run("ip", "link", "set", self._near, "up")
        self._there("ip", "address", "add", f"{self._far}/24", "dev", "eth0")
        self._there("ip", "link", "set", "lo", "up")
        self._plug()
        self._reach_as_loopback()

    def _reach_as_loopback(self) -> None:
        """The office's TCP ports are found at 127.0.0.1, too: browsers open microphones for that without TLS."""
        self._there("sysctl", "-q", "-w", "net.ipv4.conf.all.route_localnet=1")
        match = ("-p", "tcp", "-d", "127.0.0.1", "--dport", ":".join(map(str, TCP_PORTS)))
        self._there("iptables", "-t", "nat", "-A", "OUTPUT", *match, "-j", "DNAT", "--to-destination", OFFICE)
        self._there(
            "iptables", "-t", "nat", "-A", "POSTROUTING", "-o", "eth0", "-j", "SNAT", "--to-source", self._far
        )  # fmt: skip

    def _there(self, *command: str) -> None:
        run("nsenter", f"--net={_NAMES / self.place}", *command)

    def _plug(self) -> None:
        self._there("ip", "link", "set", "eth0", "up")
        self._there("ip", "route", "replace", "default", "via", self._gateway)

    def _drop(self, *match: str) -> None:
        """Packets that match are lost on arrival, at both ends: a sender is never told."""
        run("iptables", "-A", "INPUT", "-i", self._near, *match, "-j", "DROP")
        self._there("iptables", "-A", "INPUT", "-i", "eth0", *match, "-j", "DROP")

    def lose(self, share: float) -> None:
        """This share of all packets is lost, each way."""
        self._drop("-m", "statistic", "--mode", "random", "--probability", str(share))

    def cut(self) -> None:
        """Nothing gets through, and nobody is told."""
        self._drop()

    def cut_media(self) -> None:
        """UDP does not get through."""
        self._drop("-p", "udp")

    def cut_port(self, port: int) -> None:
        """TCP to and from this port of the office does not get through."""
        run("iptables", "-A", "INPUT", "-i", self._near, "-p", "tcp", "--dport", str(port), "-j", "DROP")
        self._there("iptables", "-A", "INPUT", "-p", "tcp", "--sport", str(port), "-j", "DROP")

    def reset_port(self, port: int) -> None:
        """TCP connections to this port are reset and refused."""
        match = ("-i", self._near, "-p", "tcp", "--dport", str(port))
        run("iptables", "-A", "INPUT", *match, "-j", "REJECT", "--reject-with", "tcp-reset")

    def thin(self, kbit: int) -> None:
        """So many kbit/s each way, with a queue of 0.4 s."""
        shape = ("root", "tbf", "rate", f"{kbit}kbit", "burst", "6kb", "latency", "400ms")
        run("tc", "qdisc", "add", "dev", self._near, *shape)
        self._there("tc", "qdisc", "add", "dev", "eth0", *shape)

    def as_kiosk(self) -> None:
        """The computer there is a kiosk's, whose network deploy/kiosk/setup.sh settled."""
        settled = re.findall(r"(?m)^(net\.\S+) = (\S+)$", (KIOSK / "sysctl.conf").read_text("utf-8"))
        for name, value in settled:
            self._there("sysctl", "-q", "-w", f"{name}={value}")

    def unplug(self) -> None:
        """The place's cable is pulled: its machine knows that it has no network."""
        self._there("ip", "link", "set", "eth0", "down")

    def heal(self) -> None:
        """As at the beginning; may be called at any time."""
        run("iptables", "-F", "INPUT")
        self._there("iptables", "-F", "INPUT")
        for command in ((run, self._near), (self._there, "eth0")):
            _unshape(*command)
        self._plug()


def _unshape(call: object, device: str) -> None:
    try:
        call("tc", "qdisc", "del", "dev", device, "root")  # type: ignore[operator]
    except subprocess.CalledProcessError:
        return  # it had none


def inside(place: str, program: str, folder: Path, name: str = "") -> Path:
    """A script that runs this program at the place."""
    script = folder / f"at-{place}{name}"
    script.write_text(f'#!/bin/sh\nexec nsenter --net={_NAMES / place} {program} "$@"\n')
    script.chmod(0o755)
    return script
