"""From the steps of a bench to its JSON line and its page, deploy/performance.md."""

import datetime
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from server.media import compiled

Step = dict[str, Any]
Steps = list[Step]
PAGE = Path(__file__).parents[1] / "performance.md"
"""Each bench writes a part of it."""
NO_LOSS = 0.001
DELIVERED = 0.99
"""Of what is sent so much arrives at least; the rest is on its way when counting stops."""
NEARLY_FULL, FULL = 0.9, 0.97
"""A pinned process that uses so much of its core has no more."""
COMPILED = "Our media node ran with its packet path compiled (`make compile`)."
INTERPRETED = "Our media node ran interpreted; `make compile` lowers its price."
LABELS = {
    "stock": "stock aiortc, MediaRelay",
    "ours": "Jietan, forwarding only",
    "ours_recorded": "Jietan, recording and audio tap",
    "janus": "Janus videoroom, forwarding only",
    "janus_recorded": "Janus videoroom, recording",
    "one_node": "one process, recording and audio tap",
    "two_nodes": "one of two processes, recording and audio tap",
}

SERVERS = ("stock", "ours", "ours_recorded", "janus", "janus_recorded")


def at(steps: Steps, rooms: int) -> Step | None:
    """The step with so many rooms."""
    return next((s for s in steps if s["rooms"] == rooms), None)


def highest_whole(steps: Steps) -> Step | None:
    """The last step that lost nothing worth speaking of."""
    whole = [s for s in steps if (s["lost_fraction"] or 0.0) <= NO_LOSS and (s["delivered_fraction"] or 0.0) >= DELIVERED]
    return max(whole, key=lambda s: s["rooms"]) if whole else None


def capacity(steps: Steps) -> tuple[float | None, str]:
    """Rooms until one core is full, and how that is known."""
    best = highest_whole(steps)
    if best is None:
        return None, "not known"
    failed = (s for s in steps if s["rooms"] > best["rooms"])
    # Who loses packets without a full core was kept from running: that says nothing about the server.
    if best["server_cores"] >= FULL or any(s["server_cores"] >= NEARLY_FULL for s in failed):
        return float(best["rooms"]), "measured"
    return round(best["rooms"] / best["server_cores"], 1), "extrapolated"


def half_load(steps: Steps) -> Step | None:
    """The step nearest to half of a core."""
    return min(steps, key=lambda s: abs(s["server_cores"] - 0.5), default=None)


def summary(found: dict[str, Steps], alike: int) -> dict[str, Any]:
    """The figures of the whole run; null where something was not measured."""

    def price(name: str, rooms: int = alike) -> float | None:
        step = at(found.get(name, []), rooms)
        return step["core_per_room"] if step else None

    def five(name: str) -> float | None:
        steps = found.get(name + "_five", [])
        return steps[0]["core_per_room"] if steps else None

    half, recorded = half_load(found.get("ours", [])), found.get("ours_recorded", [])
    half_recorded = half_load(recorded)
    rooms, known = capacity(found.get("ours", []))
    rooms_recorded, known_recorded = capacity(recorded)
    compared = at(found.get("ours", []), alike)
    return {
        "bench": "media",
        "ours_compiled": compiled.usable(),
        "stock_core_per_room": price("stock", 1),
        "ours_core_per_room": price("ours"),
        "ours_recorded_core_per_room": price("ours_recorded"),
        "janus_core_per_room": price("janus"),
        "janus_recorded_core_per_room": price("janus_recorded"),
        "stock_over_ours": ratio(price("stock", 1), price("ours")),
        "stock_over_ours_recorded": ratio(price("stock", 1), price("ours_recorded")),
        "stock_over_ours_per_mbit": ratio(per_mbit(found.get("stock", []), 1), per_mbit(found.get("ours", []), alike)),
        "ours_over_janus": ratio(price("ours"), price("janus")),
        "ours_recorded_over_janus_recorded": ratio(price("ours_recorded"), price("janus_recorded")),
        "delay_p50_ms": half["delay_p50_ms"] if half else None,
        "delay_p95_ms": half["delay_p95_ms"] if half else None,
        "delay_p99_ms": half["delay_p99_ms"] if half else None,
        "delay_at_cores": half["server_cores"] if half else None,
        "recorded_delay_p95_ms": half_recorded["delay_p95_ms"] if half_recorded else None,
        "recorded_delay_at_cores": half_recorded["server_cores"] if half_recorded else None,
        "lost_fraction": compared["lost_fraction"] if compared else None,
        "rooms_per_core": rooms,
        "rooms_per_core_is": known,
        "rooms_per_core_recorded": rooms_recorded,
        "rooms_per_core_recorded_is": known_recorded,
        "janus_rooms_per_core": capacity(found.get("janus", []))[0],
        "janus_recorded_rooms_per_core": capacity(found.get("janus_recorded", []))[0],
        "memory_mb_per_room": compared["memory_mb_per_room"] if compared else None,
        **two_nodes(found.get("one_node", []), found.get("two_nodes", [])),
        "five_stock_core_per_room": five("stock"),
        "five_ours_core_per_room": five("ours"),
        "five_ours_recorded_core_per_room": five("ours_recorded"),
        "five_janus_core_per_room": five("janus"),
        "five_janus_recorded_core_per_room": five("janus_recorded"),
    }


def per_mbit(steps: Steps, rooms: int) -> float | None:
    """Cores for each Mbit/s that arrives: servers compared at equal delivered bitrate."""
    step = at(steps, rooms)
    if step is None or not step["received_mbps_each"]:
        return None
    return float(step["server_cores"] / (step["received_mbps_each"] * rooms * step["seats"] * (step["seats"] - 1)))


def two_nodes(one: Steps, two: Steps) -> dict[str, Any]:
    """What one media process carried on one core together with its load, and two on two."""
    whole = len(one) == 1 and len(two) == 2
    rooms, cores = sum(s["rooms"] for s in two), sum(s["server_cores"] for s in two)
    return {
        "one_node_rooms": one[0]["rooms"] if whole else None,
        "one_node_core_per_room": one[0]["core_per_room"] if whole else None,
        "one_node_delay_p95_ms": one[0]["delay_p95_ms"] if whole else None,
        "two_nodes_rooms": rooms if whole else None,
        "two_nodes_core_per_room": round(cores / rooms, 5) if whole else None,
        "two_nodes_delay_p95_ms": max(s["delay_p95_ms"] for s in two) if whole else None,
        "two_nodes_lost_fraction": max(s["lost_fraction"] for s in two) if whole else None,
        "two_nodes_delivered_fraction": min(s["delivered_fraction"] for s in two) if whole else None,
    }


def ratio(above: float | None, below: float | None) -> float | None:
    return round(above / below, 2) if above and below else None


# --- the page -------------------------------------------------------------------------------------------------

_COLUMNS = (
    ("rooms", "rooms"), ("server_cores", "cores"), ("core_per_room", "cores per room"),
    ("user_per_room", "of it own"), ("system_per_room", "of it kernel"),
    ("lost_fraction", "lost"), ("delivered_fraction", "delivered"), ("received_mbps_each", "Mbit/s each"),
    ("recorded_mbps_each", "recorded Mbit/s each"), ("delay_p50_ms", "delay p50 ms"), ("delay_p95_ms", "p95"),
    ("delay_p99_ms", "p99"), ("memory_mb_per_room", "MB per room"), ("client_cores", "client cores"),
    ("client_lag_p95_ms", "client late p95 ms"),
)  # fmt: skip


def page(
    found: dict[str, Steps], figures: dict[str, Any], missing: dict[str, str], loads: tuple[float, float] = (0.0, 0.0)
) -> str:
    """deploy/performance.md; `loads`: load average before and after."""
    head = {"date": datetime.date.today().isoformat(), "machine": machine(), "versions": versions()}
    parts = [_HEAD.format(**head, path=COMPILED if compiled.usable() else INTERPRETED)]
    parts.append(_busy(loads))
    parts += ["## Rooms of two\n", _table([(name, s) for name in SERVERS for s in found.get(name, [])])]
    parts += ["## Rooms of five\n", _table([(name, s) for name in SERVERS for s in found.get(name + "_five", [])])]
    nodes = [("one_node", s) for s in found.get("one_node", [])] + [("two_nodes", s) for s in found.get("two_nodes", [])]
    parts += ["## One media process on one core, two on two\n", _TWO, _table(nodes)]
    parts += ["## In short\n", _short(figures)]
    parts += [f"Not measured: {name}: {why}\n" for name, why in missing.items()]
    parts.append(_NOTES)
    return "\n".join(parts)


def write(path: Path, part: str) -> None:
    """Put a part of the page, which begins with its heading, in the place of the one of this heading; the others stay."""
    heading = part.lstrip().partition("\n")[0]
    known = re.split(r"^(?=# )", path.read_text(), flags=re.MULTILINE) if path.exists() else []
    parts = [one for one in known if one.strip()]
    at = next((n for n, one in enumerate(parts) if one.partition("\n")[0] == heading), len(parts))
    path.write_text("\n\n".join(one.strip() for one in [*parts[:at], part, *parts[at + 1 :]]) + "\n")


def _table(rows: list[tuple[str, Step]]) -> str:
    lines = ["| server | " + " | ".join(title for _, title in _COLUMNS) + " |", "|---" * (len(_COLUMNS) + 1) + "|"]
    for name, step in rows:
        cells = ["–" if step[key] is None else str(step[key]) for key, _ in _COLUMNS]
        lines.append(f"| {LABELS[name]} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _short(figures: dict[str, Any]) -> str:
    return "\n".join(f"- {key}: {'not measured' if value is None else value}" for key, value in figures.items()) + "\n"


def _busy(loads: tuple[float, float]) -> str:
    """How quiet the machine was; the bench itself makes about 1.5 of the load at its end."""
    before, after = loads
    said = f"Load average before and after: {before:.1f}, {after:.1f}.\n"
    if before < 1.0 and after < 2.5:
        return said
    return said + (
        "\n**The machine was not quiet: other work took time on both cores.**  Losses, delays and rooms per core then\n"
        "tell of that work, too, and CPU time grows with cold caches; only ratios within the run say something.\n"
    )


def machine() -> str:
    """Processor, cores, kernel."""
    model = next(
        (line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    return f"{model}, {os.cpu_count()} cores, Linux {platform.release()}"


def versions() -> str:
    """What was measured."""
    named = [f"{name} {importlib.metadata.version(name)}" for name in ("aiortc", "aioice", "pylibsrtp", "uvloop")]
    janus = shutil.which("janus")
    if janus:
        said = subprocess.run([janus, "--version"], capture_output=True, text=True, timeout=10, check=False).stdout
        named.append("Janus " + next((w for w in said.split() if w[:1].isdigit()), "?"))
    return f"Python {platform.python_version()}, " + ", ".join(named)


_HEAD = """# What a room costs

Written by `make bench-media` ({date}); run it again rather than believe it.  {machine}; {versions}.

{path}

Each participant sends 1280x720 VP8 at 1.2 Mbit/s and Opus with 50 packets a second from a clip that was encoded
before, and sees all others of the room.  The server has one core to itself, the load client another; both share the
machine with whatever else runs.
"""

_TWO = """Each process is on a core of its own together with the load client of its own rooms: what a second core adds is
a second server and its whole load (setting `media_nodes`), and nothing is shared but the machine.  Two processes scale
with the cores where each carries, at the same price and delay, what the one carried alone.
"""

_NOTES = """## How it is measured

- `cores` is the CPU time of the server's process (all threads, from /proc) for each second.  The kernel delivers
  packets within one machine in the sender's time: a server pays for what it sends, the client for what it sends.
  "Own" is the program itself, "kernel" what the kernel does for it: that part is alike for everybody who receives
  and sends the packets one by one.
- `lost` counts holes in the sequence numbers that receivers saw.  `delivered` is what came, of what was sent to
  everybody else in the room; stock aiortc encodes anew, so it delivers other packets than were sent.
- `delay` is from sending to receiving in the one client process, over encryption, server and decryption.  It includes
  the client's own lateness in reading.  Stock aiortc's packets cannot be matched with what was sent.
- Receivers of stock aiortc ask for the bitrate that is sent (REMB); without that it would send 0.5 Mbit/s.
- "Recording and audio tap" records every track and sends 16 kHz sound over the live protocol to a sink in the
  client's core that stands for the transcriber.  Recognition itself is not part of this (`make bench-asr`).
- Rooms without recording have no receiver, so that no talk begins: five people see and hear each other all the same.
- Janus records .mjr files: `record` and an absolute, existing `rec_dir` at the room's creation.
- Rooms per core: the highest step without loss when the core was full there or at the next one, which lost packets
  ("measured"), else that step divided by its cores ("extrapolated": the steps ended, or something else lost packets).
"""
