"""`make bench-noises`: what is written while nobody speaks, live and when it is heard again, with the guard and without.

Every noise of noises.py goes through a real transcriber as `jietan transcriber evaluate` has it.  Progress goes to
standard error, the table into transcription/FIGURES.md, one line of JSON to standard output.
"""

import argparse
import asyncio
import datetime
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from deploy.bench import report
from deploy.bench.noises import NOISES, SECONDS, write
from transcription.evaluation import evaluate_folder
from transcription.settings import TranscriberSettings

FIGURES = Path(__file__).parents[2] / "transcription" / "FIGURES.md"
MODEL = Path(__file__).parents[1] / "demo" / "model"
_KEPT = (
    "invented_sentences", "second_invented_sentences", "noise_windows", "unguarded_invented_sentences",
    "second_unguarded_invented_sentences", "noises",
)  # fmt: skip


def part(figures: dict[str, Any], model: str, window_s: float) -> str:
    """What transcription/FIGURES.md tells of it."""
    rows = [_row(name, figures["by_condition"][name]["invented_sentences"], one) for name, one in figures["noises"].items()]
    total = {
        "second": figures["second_invented_sentences"], "windows": figures["noise_windows"],
        "unguarded": figures["unguarded_invented_sentences"], "second_unguarded": figures["second_unguarded_invented_sentences"],
    }  # fmt: skip
    rows.append(_row("together", figures["invented_sentences"], total))
    return _PART.format(date=datetime.date.today().isoformat(), model=model, window=window_s, seconds=SECONDS, rows="\n".join(rows))


def _row(name: str, live: int, one: dict[str, int]) -> str:
    words = (NOISES[name].__doc__ or "").rstrip(".") if name in NOISES else f"**{name}**"
    alone = f"{one['unguarded']} / {one['second_unguarded']} of {one['windows']}"
    return f"| {words} | {live} | {one['second']} | {alone} |"


_PART = """# What is written while nobody speaks

Written by `make bench-noises` ({date}) with {model}: sentences over {seconds} s of each noise, live and when the recording is
heard again (wanted: none), and beside them in how many windows of {window:g} s the same model writes something, live / heard again,
with neither voice detection nor guard.

| noise | live | heard again | without the guard |
|---|---|---|---|
{rows}
"""


def main() -> None:
    """Make the noises, have them heard, keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--figures", type=Path, default=FIGURES, help="the page that gets the table")
    asked = parser.parse_args()
    settings = TranscriberSettings(model=str(asked.model), key="bench")
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder))
        found = asyncio.run(evaluate_folder(settings, Path(folder), 0.0, lambda text: print(text, file=sys.stderr)))
    named = "the small model of the demo" if asked.model == MODEL else asked.model.name
    report.write(asked.figures, part(found.figures, named, settings.max_utterance_s))
    print(json.dumps({"bench": "noises", **{name: found.figures[name] for name in _KEPT}}, ensure_ascii=False))


if __name__ == "__main__":
    main()
