"""The page of an evaluation: what was heard beside what was said, each sentence one click from its sound."""

import os
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment

from transcription.evaluation import Evaluation, Track, Written

_TILES = {
    "cer": "错字率", "invented_sentences": "凭空的句子", "inserted_per_minute": "静处每分钟多出的字", "missed_characters": "漏掉的字",
    "field_precision": "登记表填对的", "field_recall": "登记表填上的", "doubt_recall": "错字被标出", "doubt_share": "标出的占全文", "start_error_p95_s": "开始时间误差 p95（秒）",
    "caption_p95_s": "字幕延迟 p95（秒）", "rtf": "识别用时 / 录音时长", "unguarded_invented_sentences": "不设防时凭空的句子",
    "second_invented_sentences": "复听时凭空的句子", "second_unguarded_invented_sentences": "复听不设防时凭空的句子",
}  # fmt: skip
_RATES = ("cer", "field_precision", "field_recall", "doubt_recall", "doubt_share")


def page(evaluation: Evaluation, folder: Path, model: str, beside: Path) -> str:
    """HTML that stands in the folder `beside` and plays the sound where it lies."""
    figures = evaluation.figures
    tiles = [(name, _percent(figures[key]) if key in _RATES else figures[key]) for key, name in _TILES.items() if key in figures]
    template = Environment(autoescape=True).from_string(files("transcription").joinpath("evaluation.html").read_text("utf-8"))
    return template.render(
        folder=folder.name, model=model, tiles=tiles, percent=_percent,
        tables=[("按说话人", figures["by_speaker"]), ("按条件", figures["by_condition"])],
        tracks=[_track(track, beside) for track in evaluation.tracks],
    )  # fmt: skip


def _track(track: Track, beside: Path) -> dict[str, Any]:
    sound = Path(os.path.relpath(track.sound, beside)).as_posix()
    return {"dialogue": track.dialogue, "speaker": track.speaker, "sound": sound, "rows": list(_rows(track))}


def _rows(track: Track) -> Iterator[dict[str, Any]]:
    """What was heard, and sentences of which nothing was, in order of time."""
    missing = [s for s in track.sentences if not any(w.start < s.end and s.start < w.end for w in track.written)]
    silent = [Written(s.start, s.end, (), (), False) for s in missing]
    for written in sorted([*track.written, *silent], key=lambda w: w.start):
        said = [s.text for s in track.sentences if written.start < s.end and s.start < written.end]
        yield {**vars(written), "clock": f"{int(written.start // 60)}:{written.start % 60:04.1f}", "said": "".join(said)}


def _percent(rate: object) -> str:
    return f"{float(str(rate)):.1%}"
