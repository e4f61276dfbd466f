"""现场接访: what is read to the petitioner before the one microphone of the room records, and who else may sit there."""

from collections.abc import Mapping
from enum import StrEnum

from server.domain.reception_days import DAY_KIND, DayKind
from server.protocol.base import Role

NOTICE = (
    "今天谈话，从开始到结束都录音，用来如实写笔录，也记清楚谁答应了什么。只有办这件事的人能听，谁听过都有记录。"
    "写好的笔录先给您看，说错了可以改，看过再签字。中途想停，随时说一声。您同意录音吗？"
)
ON_SITE_KINDS: Mapping[DayKind, str] = {kind: words for kind, words in DAY_KIND.items() if kind is not DayKind.VIDEO}
ROOM_NAME = "现场接访室"
"""What the place of receptions on site is called where nobody said where."""


class Part(StrEnum):
    """Who somebody in the room is, besides the petitioner and the leader."""

    COMPANION = "companion"
    JOINT = "joint"
    INTERPRETER = "interpreter"
    CLERK = "clerk"


PART_WORDS: Mapping[Part, str] = {
    Part.COMPANION: "和信访人一起来的", Part.JOINT: "部门、律师、调解员", Part.INTERPRETER: "翻译", Part.CLERK: "记录的人",
}  # fmt: skip
PART_ROLE: Mapping[Part, Role] = {
    Part.COMPANION: Role.PETITIONER, Part.JOINT: Role.JOINT, Part.INTERPRETER: Role.INTERPRETER, Part.CLERK: Role.CLERK,
}


def agreement(reader: str, petitioner: str, words: str) -> str:
    """The first line of a record of a reception on site."""
    return f"录音以前，{reader or '工作人员'}念了录音告知。问：您同意录音吗？{petitioner}答：“{words.strip('“”')}”"
