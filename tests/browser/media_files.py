"""Sound and dialogue files for tests, cut from the demo's dialogues."""

import json
import subprocess
from pathlib import Path
from typing import Any

import av

ROOT = Path(__file__).parents[2]
LAND = ROOT / "deploy/demo/land"


def cut_dialogue(folder: Path, seconds: float, source: Path = LAND) -> Path:
    """The beginning of a dialogue, in the same form: petitioner.opus, leader.opus, reference.json."""
    folder.mkdir(parents=True, exist_ok=True)
    reference: dict[str, Any] = json.loads((source / "reference.json").read_text("utf-8"))
    reference["utterances"] = [u for u in reference["utterances"] if u["end"] < seconds]
    reference["duration"] = seconds
    (folder / "reference.json").write_text(json.dumps(reference, ensure_ascii=False), "utf-8")
    for role in ("petitioner", "leader"):
        _cut_opus(source / f"{role}.opus", folder / f"{role}.opus", seconds)
    return folder


def _cut_opus(source: Path, target: Path, seconds: float) -> None:
    with av.open(str(source)) as whole, av.open(str(target), "w") as part:
        stream = part.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(audio=0):
            if packet.size and packet.pts * packet.time_base < seconds:
                packet.stream = stream
                part.mux(packet)


def microphone_wav(target: Path, role: str, *, start: float = 0, seconds: float | None = None) -> Path:
    """One person of the dialogue as a file for Chromium's fake microphone (48 kHz WAV; Chromium repeats it)."""
    length = [] if seconds is None else ["-t", str(seconds)]
    command = ["ffmpeg", "-v", "error", "-y", "-ss", str(start), *length, "-i", str(LAND / f"{role}.opus")]
    subprocess.run([*command, "-ar", "48000", "-ac", "1", str(target)], check=True, timeout=120)
    return target


def camera_mjpeg(target: Path, role: str, *, fps: int = 15, width: int | None = None) -> Path:
    """The demo's drawn person as a file for Chromium's fake camera; `width` in pixels makes it smaller."""
    source = ROOT / f"deploy/demo/{role}.webm"
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(source), "-c:v", "mjpeg", "-q:v", "5", "-r", str(fps)]
    command += ["-vf", f"scale={width}:-2"] if width else []
    subprocess.run([*command, "-pix_fmt", "yuvj420p", str(target)], check=True, timeout=120)
    return target
