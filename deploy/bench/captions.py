"""`make bench-captions`: how far captions are behind the speakers, and how many streams one core carries.

Two receptions at a time, four speakers in real time, against a transcriber in a process of its own with one decoding
thread.  Then more and more streams until unfinished captions are more than 1.0 s behind (95 %) or finished ones more
than 1.5 s.  Beside it, in the same run, a plain loop on one thread that calls faster-whisper on each stream's growing
buffer.  Progress goes to standard error, one line of JSON to standard output.
"""

import argparse
import asyncio
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import httpx

from server.protocol.transcript import LivePartial, LiveStart, LiveUtterance, Utterance
from transcription.client import recognise_live
from transcription.engine import open_model
from transcription.evaluate import percentile, spoken_characters
from transcription.measuring import load_dialogue
from transcription.settings import TranscriberSettings
from transcription.voice import RATE, Samples, to_float

DEMO = Path(__file__).parents[1] / "demo"
PARTIAL_S, FINAL_S = 1.0, 1.5
STEPS = (4, 6, 8, 12, 16, 24, 32)
PLAIN_STEPS = (1, 2, 3, 4, 6, 8)
BUFFER_S = 30.0
"""Where the plain loop's buffer begins again: Whisper's window."""


@dataclass
class Lags:
    """Seconds from the end of a character to its first sight, and from the end of an utterance to its final text."""

    partial: list[float] = field(default_factory=list)
    final: list[float] = field(default_factory=list)
    changed: int = 0
    """Characters of the last unfinished texts that the finished ones have otherwise."""
    unfinished: int = 0

    def add(self, other: "Lags") -> None:
        """Count the other's too."""
        self.partial += other.partial
        self.final += other.final
        self.unfinished += other.unfinished
        self.changed += other.changed

    @property
    def kept_up(self) -> bool:
        """Whether both stayed within their limits."""
        return bool(self.partial) and percentile(self.partial, 95) <= PARTIAL_S and percentile(self.final, 95) <= FINAL_S


class Screen:
    """One stream as it is seen: texts with when they came, in seconds of the sound."""

    def __init__(self) -> None:
        self.lags = Lags()
        self._shown: list[tuple[float, str]] = []

    def partial(self, at: float, text: str) -> None:
        """An unfinished text; without one, what was shown is taken away."""
        self._shown = [*self._shown, (at, text)] if text else []

    def final(self, at: float, utterance: Utterance) -> None:
        """The finished one: when was each of its characters first on the screen?"""
        characters = spoken_characters(utterance)
        text = "".join(c.text for c in characters)
        first = dict.fromkeys(range(len(characters)), at)
        for seen_at, seen in reversed(self._shown):
            first |= dict.fromkeys(_places(seen, text), seen_at)
        ends = [c.at for c in characters[1:]] + [utterance.end]
        self.lags.partial += [first[i] - end for i, end in enumerate(ends)]
        self.lags.final.append(at - utterance.end)
        if self._shown:
            last = "".join(c for c in self._shown[-1][1] if c.isalnum())
            self.lags.unfinished += len(last)
            self.lags.changed += len(last) - len(_places(last, text))
        self._shown.clear()


def _places(seen: str, text: str) -> set[int]:
    """Characters of `text` that are in `seen`."""
    shown = "".join(c for c in seen if c.isalnum())
    blocks = SequenceMatcher(None, shown, text, autojunk=False).get_matching_blocks()
    return {block.b + i for block in blocks for i in range(block.size)}


# --- ours -------------------------------------------------------------------------------------------------------


@contextmanager
def transcriber(model: str) -> Iterator[tuple[str, str, int]]:
    """A transcriber of its own process: address, key, process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    key = secrets.token_hex(8)
    settings = {"MODEL": model, "KEY": key, "PORT": str(port), "HOST": "127.0.0.1", "WORKERS": "1", "CPU_THREADS": "1"}
    environment = os.environ | {f"JIETAN_TRANSCRIBER_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "server.cli", "transcriber"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait_ready(f"http://127.0.0.1:{port}/readyz")
            yield f"ws://127.0.0.1:{port}", key, process.pid
        finally:
            process.terminate()


def _wait_ready(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("the transcriber did not get ready")


async def ours(address: str, key: str, sounds: Sequence[Samples]) -> Lags:
    """All sounds at the same time, in real time."""
    screens = await asyncio.gather(*(_stream(address, key, n, sound) for n, sound in enumerate(sounds)))
    return _together(screens)


async def _stream(address: str, key: str, number: int, sound: Samples) -> Screen:
    screen, began = Screen(), list[float]()
    start = LiveStart(reception_id=f"bench{number}", participant_id=f"p{number}", offset=0.0)
    async for arrival in recognise_live(address, key, start, sound, speed=1.0, began=began.append):
        at = arrival.at - began[0]
        if isinstance(arrival.reply, LivePartial):
            screen.partial(at, arrival.reply.text)
        elif isinstance(arrival.reply, LiveUtterance):
            screen.final(at, arrival.reply.utterance)
    return screen


def _together(screens: Sequence[Screen]) -> Lags:
    lags = Lags()
    for screen in screens:
        lags.add(screen.lags)
    return lags


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- the plain loop ---------------------------------------------------------------------------------------------


def plain(model: Any, sounds: Sequence[Samples]) -> Lags:
    """One thread, each stream in turn: transcribe all that its buffer holds by now; a full buffer begins again."""
    screens = [Screen() for _ in sounds]
    from_s = [0.0] * len(sounds)
    length, began, end = len(sounds[0]) / RATE, time.monotonic(), False
    while not end:
        for n, sound in enumerate(sounds):
            now = time.monotonic() - began
            end = now >= length
            text, words = _transcribed(model, sound[round(from_s[n] * RATE) : round(min(now, length) * RATE)])
            shown_at = time.monotonic() - began
            if end or now - from_s[n] > BUFFER_S:
                _show_all(screens[n], shown_at, text, words, from_s[n])
                from_s[n] = now
            else:
                screens[n].partial(shown_at, text)
    return _together(screens)


def _transcribed(model: Any, sound: Samples) -> tuple[str, list[Any]]:
    if len(sound) < RATE // 2:
        return "", []
    segments, _ = model.transcribe(to_float(sound), language="zh", vad_filter=True, word_timestamps=True)
    found = list(segments)
    return "".join(s.text for s in found), [w for s in found for w in s.words or ()]


def _show_all(screen: Screen, at: float, text: str, words: Sequence[Any], start: float) -> None:
    if not words:
        return
    timed = tuple(
        {"start": start + w.start, "end": start + w.end, "text": w.word, "probability": min(w.probability, 1.0)} for w in words
    )
    spelled = "".join(w.word for w in words)
    ends = {"start": timed[0]["start"], "end": timed[-1]["end"]}
    screen.final(at, Utterance.model_validate({"id": "plain", "participant_id": "p", "text": spelled, "words": timed, **ends}))


# --- the bench --------------------------------------------------------------------------------------------------


def speech(seconds: float) -> list[Samples]:
    """Stretches of the demo's dialogues in which somebody speaks a good half of the time."""
    tracks = [t for name in ("land", "wage") for t in load_dialogue(DEMO / name).tracks.values()]
    size = round(seconds * RATE)
    return [t[round(first * RATE) :][:size] for first in (46.0, 66.0, 120.0) for t in tracks]


def measure(model: str, seconds: float) -> dict[str, object]:
    """The figures of the bench, ready to be printed."""
    sounds = speech(seconds)
    with transcriber(model) as (address, key, pid):
        before = _cpu_s(pid)
        two = asyncio.run(ours(address, key, sounds[:4]))
        cores = (_cpu_s(pid) - before) / seconds
        _progress("two receptions", two)
        carried = 4 if two.kept_up else 0
        for streams in STEPS[1:] if carried else ():
            lags = asyncio.run(ours(address, key, [sounds[n % len(sounds)] for n in range(streams)]))
            _progress(f"{streams} streams", lags)
            if not lags.kept_up:
                break
            carried = streams
    return {
        "bench": "captions", "partial_p95_s": round(percentile(two.partial, 95), 3), "final_p95_s": round(percentile(two.final, 95), 3),
        "partial_p50_s": round(percentile(two.partial, 50), 3), "final_p50_s": round(percentile(two.final, 50), 3),
        "unfinished_but_changed": round(two.changed / max(two.unfinished, 1), 4), "cores_of_four_streams": round(cores, 3),
        "streams_per_core": carried, "plain_streams_per_core": _plain_streams(model, sounds),
    }  # fmt: skip


def _plain_streams(model: str, sounds: Sequence[Samples]) -> int:
    loaded, carried = open_model(model, TranscriberSettings(model=model, key="bench")), 0
    for streams in PLAIN_STEPS:
        lags = plain(loaded, sounds[:streams])
        _progress(f"plain loop, {streams} streams", lags)
        if percentile(lags.partial, 95) > PARTIAL_S or not lags.partial:
            return carried
        carried = streams
    return carried


def _progress(what: str, lags: Lags) -> None:
    sys.stderr.write(f"{what}: unfinished {percentile(lags.partial, 95):.2f} s, finished {percentile(lags.final, 95):.2f} s\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=str(DEMO / "model"))
    parser.add_argument("--seconds", type=float, default=24.0)
    asked = parser.parse_args()
    sys.stdout.write(json.dumps(measure(asked.model, asked.seconds)) + "\n")


if __name__ == "__main__":
    main()
