"""What the kiosk asks of somebody alone (语音自助登记), and which field of the form an answer goes to: data/alone.toml."""

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from server.domain.states import FormField
from server.protocol.alone import Question, Questions


class AloneEnding(StrEnum):
    """How a sitting alone came to its end."""

    SIGNED = "signed"
    UNSIGNED = "unsigned"
    LEFT = "left"
    CUT_OFF = "cut_off"
    """The power, or the program, was gone in the middle of it."""


ENDING_WORDS = {
    AloneEnding.SIGNED: "本人说完，看过小结，签了名。",
    AloneEnding.UNSIGNED: "本人说完，没有签名。",
    AloneEnding.LEFT: "本人没有办完就走了，说到哪里记到哪里。",
    AloneEnding.CUT_OFF: "机器断电或者程序中断，没有办完，说到哪里记到哪里。",
}
SPOILT_WORDS = "接谈机的硬盘坏了一小段，{count} 小段内容读不出来。"
PHOTO_WORDS = "拍的材料有 {count} 张打不开，没有存下来。"
NOTHING_WORDS = "没有录下一句话。"
LOST_WORDS = {
    "camera": "{span}，摄像头断开，这一段没有画面。",
    "microphone": "{span}，话筒断开，这一段没有声音。",
    "disk": "{span}，接谈机的硬盘满了，这一段没有存下来。",
}

NOTICE = "2026-11"
"""Version of the notice (web/templates/kiosk/screens_alone.html): to be raised when it says something else."""
_TABLE = Path(__file__).with_name("data") / "alone.toml"
FORMS = frozenset({"", *FormField})


def read(table: Mapping[str, Any]) -> Questions:
    """The questions of a table; raises ValueError for one that is told wrongly."""
    found = Questions.model_validate({"version": table["version"], "questions": tuple(table["questions"])})
    names = [one.id for one in found.questions]
    if len(set(names)) < len(names):
        raise ValueError("two questions have the same id")
    if wrong := {one.field for one in found.questions} - FORMS:
        raise ValueError(f"no field of the form: {sorted(wrong)}")
    return found


QUESTIONS = read(tomllib.loads(_TABLE.read_text("utf-8")))


def question(name: str) -> Question | None:
    """The question of this name, as it is asked now."""
    return next((one for one in QUESTIONS.questions if one.id == name), None)


@dataclass(frozen=True)
class Answer:
    """From when to when (media time) a question was being answered, and the field that the answer goes to."""

    question: str
    field: str
    start: float
    end: float


@dataclass(frozen=True)
class Said:
    """Something that the petitioner said or typed."""

    id: str
    start: float
    text: str


def values(answers: Iterable[Answer], said: Sequence[Said], filled: Collection[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Field → (value, ids of what it rests on), for fields that nothing has filled yet: the words of the answer as they
    were said, of all its takes; an answer without words gives nothing."""
    found = dict[str, tuple[str, tuple[str, ...]]]()
    by_field: dict[str, list[Answer]] = {}
    for answer in answers:
        by_field.setdefault(answer.field, []).append(answer)
    for field, own in by_field.items():
        words = [one for one in said if any(answer.start <= one.start < answer.end for answer in own) and one.text.strip()]
        if field and field not in filled and words:
            found[field] = "".join(one.text for one in words), tuple(one.id for one in words)
    return found
