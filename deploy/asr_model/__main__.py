"""`make asr-model`: the small Whisper model again, from an empty folder to its card; a run that was broken off goes on."""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from deploy.asr_model.card import card
from deploy.asr_model.scale import SCALES, Scale
from deploy.asr_model.sentences import (
    HELD_PHRASES,
    Sentences,
    all_characters,
    build,
    common_words,
    dialogue_sentences,
)
from deploy.asr_model.steps import make_step, say, write_whole

_DEMO = Path(__file__).parents[1] / "demo"
DIALOGUES = [_DEMO / name for name in ("land", "wage", "free-land")]
_PACKAGES = ("torch", "ctranslate2", "faster-whisper", "pypinyin", "jieba")


def main() -> int:
    """Make the model; one line of JSON on stdout, progress on stderr."""
    asked = _arguments()
    begun = time.monotonic()
    settings = {
        "scale": asked.scale,
        "minutes": asked.minutes,
        "start_from": str(asked.start_from) if asked.start_from else None,
        "start_position": asked.start_position if asked.start_from else 0.0,
    }
    asked.folder.mkdir(parents=True, exist_ok=True)
    if not claim(asked.folder, settings):
        print(f"{asked.folder} holds a run with other settings (run.json); take an empty folder", file=sys.stderr)
        return 2
    found = _make(asked.folder, SCALES[asked.scale], settings)
    line = {"folder": str(asked.folder), "scale": asked.scale, **_summary(found), "took_s": round(time.monotonic() - begun)}
    print(json.dumps(line, ensure_ascii=False))
    return 0


def claim(folder: Path, settings: Mapping[str, Any]) -> bool:
    """Whether the folder is free for, or belongs to, a run with these settings."""
    path = folder / "run.json"
    if path.exists():
        return bool(json.loads(path.read_text("utf-8")) == settings)
    write_whole(path, json.dumps(settings, ensure_ascii=False, indent=1))
    return True


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.asr_model", description=__doc__)
    parser.add_argument("folder", type=Path, help="empty, or that of a run that was broken off")
    parser.add_argument("--minutes", type=float, default=None, help="of training (180; for a small run 1)")
    parser.add_argument("--scale", choices=SCALES, default="full", help="small: a try-out of every step, not a model")
    parser.add_argument("--start-from", type=Path, default=None, help="folder with checkpoint.pt and vocab.json to train on")
    parser.add_argument("--start-position", type=float, default=0.6, help="where in the schedule to train on, 0 to 1")
    asked = parser.parse_args()
    if asked.minutes is None:
        asked.minutes = SCALES[asked.scale].minutes
    if asked.minutes <= 0 or not 0 <= asked.start_position < 1:
        parser.error("minutes must be above 0, the position from 0 to below 1")
    return asked


def _make(folder: Path, scale: Scale, settings: Mapping[str, Any]) -> dict[str, Any]:
    # The training's packages are imported only here: whoever tests the text needs none of them.
    from deploy.asr_model.bank import Bank, synthesise
    from deploy.asr_model.conversion import convert
    from deploy.asr_model.evaluation import measure
    from deploy.asr_model.speech import HELD_VOICES
    from deploy.asr_model.training import RESUME, THREADS, VOCABULARY, Start, train
    from deploy.asr_model.vocabulary import Vocabulary

    start = Start(Path(settings["start_from"]), settings["start_position"]) if settings["start_from"] else None
    known = Vocabulary.read(start.folder / VOCABULARY).characters if start else ""

    def write_text(part: Path) -> None:
        build(scale, common_words(known or all_characters()), dialogue_sentences(DIALOGUES), known).write(part)

    def write_training(part: Path) -> None:
        bank = Bank(folder / "speech")
        say(f"training: {len(bank.clips)} clips, {bank.hours:.1f} h, {len(bank.voices)} voices")
        facts = train(bank, Vocabulary(sentences.characters), settings["minutes"], start, part)
        facts |= {"clips": len(bank.clips), "hours": bank.hours, "voices": len(bank.voices)}
        write_whole(part / "facts.json", json.dumps(facts))

    def write_figures(part: Path) -> None:
        figures = measure(folder / "model", sentences, DIALOGUES, scale.clips)
        write_whole(part / "figures.json", json.dumps(figures, ensure_ascii=False, indent=1))

    sentences = Sentences.read(make_step(folder, "text", write_text))
    make_step(folder, "speech", lambda part: synthesise(sentences, scale, part, os.cpu_count() or 1), resume=True)
    trained = make_step(folder, "training", write_training, resume=True)
    (trained / RESUME).unlink(missing_ok=True)
    model = make_step(folder, "model", lambda part: convert(trained, part))
    measured = make_step(folder, "evaluation", write_figures)
    figures = json.loads((measured / "figures.json").read_text("utf-8"))
    facts = json.loads((trained / "facts.json").read_text("utf-8"))
    facts |= {
        **settings,
        "threads": THREADS,
        "sentences": {kind: len(set(said)) for kind, said in sentences.training.items()},
        "characters": len(Vocabulary(sentences.characters).characters),
        "size_mb": sum(path.stat().st_size for path in model.iterdir()) / 1e6,
        "held_sentences": len(sentences.held) + len(sentences.held_talk),
        "held_phrases": len(HELD_PHRASES),
        "held_voices": len(HELD_VOICES),
        "versions": _versions(),
    }
    write_whole(folder / "README.md", card(facts, figures))
    return {**figures, "steps": facts["steps"]}


def _versions() -> str:
    espeak = subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True, check=True).stdout
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"Python {platform.python_version()}, {packages}, {espeak.split('Data')[0].strip()}"


def _summary(found: Mapping[str, Any]) -> dict[str, Any]:
    rates = {name: round(part["cer"], 4) for group in ("sentences", "dialogues") for name, part in found[group].items()}
    invented = sum(part["with_filter"] for part in found["no_speech"].values())
    return {"steps": found["steps"], "cer": rates, "invented_characters": invented}


if __name__ == "__main__":
    sys.exit(main())
