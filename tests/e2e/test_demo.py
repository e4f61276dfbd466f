"""`make demo ONCE=1` on the first half minute of its dialogue, as a newcomer runs it: the last line says what came of it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
LAND = ROOT / "deploy/demo/land"
SECONDS = 33.0
"""Five sentences of both; KILL comes after 30 s."""
KEYS = {
    "reception_id", "case_no", "utterances", "cer", "speaker_errors", "start_error_p95_s", "caption_latency_p50_s",
    "caption_latency_p95_s", "draft_s", "recordings", "video_transcoded",
}  # fmt: skip


@pytest.fixture
def dialogue(tmp_path: Path) -> Path:
    """The beginning of the demo's own."""
    folder = tmp_path / "dialogue"
    folder.mkdir()
    whole = json.loads((LAND / "reference.json").read_text())
    said = [one for one in whole["utterances"] if one["end"] < SECONDS - 1]
    (folder / "reference.json").write_text(json.dumps(whole | {"duration": SECONDS, "utterances": said}))
    for role in ("petitioner", "leader"):
        cut = ["ffmpeg", "-v", "error", "-i", LAND / f"{role}.opus", "-t", str(SECONDS), "-c", "copy", folder / f"{role}.opus"]
        subprocess.run(cut, check=True)
    return folder


def demo(dialogue: Path, folder: Path, **choices: str) -> dict[str, Any]:
    """Its last line."""
    ports = {f"JIETAN_{name}_PORT": str(free_port()) for name in ("WEB", "MEDIA", "TRANSCRIBER")}
    surroundings = os.environ | ports | {"ONCE": "1", "DIALOGUE": str(dialogue), "JIETAN_DATA_DIR": str(folder)} | choices
    command = [sys.executable, ROOT / "deploy/demo/run.py"]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def rightly(figures: dict[str, Any]) -> None:
    assert set(figures) >= KEYS
    assert figures["case_no"]
    assert figures["speaker_errors"] == 0
    assert figures["video_transcoded"] is False
    assert all(one["playable"] for one in figures["recordings"])
    assert {(one["participant"], one["kind"]) for one in figures["recordings"]} == {
        (role, kind) for role in ("petitioner", "leader") for kind in ("audio", "video")
    }


def test_the_demo_holds_what_it_promises(dialogue: Path, tmp_path: Path) -> None:
    figures = demo(dialogue, tmp_path / "data")
    rightly(figures)
    assert figures["cer"] < 0.03
    assert figures["start_error_p95_s"] < 0.5
    assert figures["missing"] == []
    for one in figures["recordings"]:
        assert abs(one["seconds"] - figures["talk_s"]) < 0.3, one


@pytest.mark.nightly
@pytest.mark.parametrize("program", ["web", "media", "transcriber"])
def test_a_program_that_is_killed_costs_what_the_filed_record_says(dialogue: Path, tmp_path: Path, program: str) -> None:
    figures = demo(dialogue, tmp_path / "data", KILL=program)
    rightly(figures)
    assert bool(figures["missing"]) == (program == "media")
    kept = sum(one["seconds"] for one in figures["recordings"] if one["kind"] == "audio")
    assert kept > 2 * (figures["talk_s"] - 5.0)
