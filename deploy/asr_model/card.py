"""The model card: what was made, how, what it was kept away from, and what it was measured to do."""

from collections.abc import Mapping
from typing import Any

_TRY_OUT = """**This is a try-out of the tool, not a model: a few sentences, a minute or two of training. Its figures say
only that every step ran. Use it for nothing.**
"""
_SETS = {
    "template_sentences": "held-out template sentences, voices of training",
    "held_out_voices": "held-out template sentences, held-out voices",
    "conversation": "held-out conversational sentences, held-out voices",
    "opus_and_noise": "held-out sentences after Opus 24 kbit/s, noise at 15 dB",
}


def card(run: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """Markdown; `run` says how the model was made, `figures` what `evaluation.measure` found."""
    return "\n".join([*_head(run), *_made(run), *_held_out(run), *_measured(figures), *_beyond(figures)]) + "\n"


def _head(run: Mapping[str, Any]) -> list[str]:
    return [
        "# A small Whisper trained on synthetic Mandarin",
        "",
        *([_TRY_OUT] if run["scale"] != "full" else []),
        "For tests and the demo of Jietan. It has never heard a human voice; its output is never a record.",
        "",
    ]


def _made(run: Mapping[str, Any]) -> list[str]:
    begun = f"from `{run['start_from']}`" if run["start_from"] else "from random weights"
    return [
        "## How it was made",
        "",
        f"Trained {begun} for {run['minutes']:g} minutes ({run['steps']} steps, {run['threads']} threads) on "
        f"{run['clips']} clips ({run['hours']:.1f} h) of espeak-ng speech: "
        + ", ".join(f"{count} {kind}" for kind, count in run["sentences"].items())
        + f" sentences, {run['voices']} voices. {run['parameters'] / 1e6:.1f} M parameters, {run['characters']} characters, "
        f"{run['size_mb']:.1f} MB in int8, 10 s window. {run['versions']}.",
        "",
    ]


def _held_out(run: Mapping[str, Any]) -> list[str]:
    return [
        "## What it never heard",
        "",
        f"{run['held_sentences']} sentences, {run['held_phrases']} pairs of phrases and {run['held_voices']} voices, listed in "
        "`text/held-out-sentences.txt`, `text/held-out-phrases.txt` and `speech/held-out-voices.txt`.",
        "",
    ]


def _measured(figures: Mapping[str, Any]) -> list[str]:
    rows = [f"| {_SETS[name]} | {_row(found)} |" for name, found in figures["sentences"].items()]
    rows += [f"| reception `{name}`, whole tracks | {_row(found)} |" for name, found in figures["dialogues"].items()]
    return [
        "## What it was measured to do",
        "",
        "faster-whisper, int8, one thread, beam 5, temperature 0, its voice activity filter, no conditioning on previous",
        "text; character error rate without punctuation, error of the start of characters that were right.",
        "",
        "| what | clips | error rate | start, median | start, 90 % | real-time factor |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _row(found: Mapping[str, Any]) -> str:
    median, most = (_milliseconds(found[key]) for key in ("start_error_median_s", "start_error_p90_s"))
    return f"{found['clips']} | {found['cer']:.1%} | {median} | {most} | {found['rtf']:.3f}"


def _milliseconds(seconds: float | None) -> str:
    return "none right" if seconds is None else f"{seconds * 1000:.0f} ms"


def _beyond(figures: Mapping[str, Any]) -> list[str]:
    rows = [f"| {name} | {found['with_filter']} | {found['without_filter']} |" for name, found in figures["no_speech"].items()]
    return [
        "Characters written where nobody speaks (8 s each):",
        "",
        "| sound | with the voice activity filter | without |",
        "|---|---|---|",
        *rows,
        "",
    ]
