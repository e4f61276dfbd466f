"""What the petitioner says against a line, in one sentence for the clerk."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST = 500
SHORT = 16
UNHEARD = "说了一遍，没有认出字来，请听"
NOTHING = "信访人说这一句不对"


@dataclass(frozen=True)
class Objection:
    """To one piece of a line."""

    piece: str
    """Empty: the whole line."""
    reason: str
    said: str
    """What should stand there."""
    spoken: bool = False


def sentence(line: str, objections: Iterable[Objection]) -> str:
    """All objections to a line, the last one for each piece; at most 500 characters, empty where there are none."""
    last = {one.piece: one for one in objections}
    return "；".join(_phrase(line, one) for one in last.values())[:MOST]


def _phrase(line: str, one: Objection) -> str:
    where = f"“{_short(one.piece)}”这里，" if one.piece and one.piece != line else ""
    should = f"应该是：{one.said}" if one.said else UNHEARD if one.spoken else ""
    what = "，".join(part for part in (one.reason, should) if part)
    return where + (what or NOTHING)


def _short(piece: str) -> str:
    """Enough of a piece to find it in its line."""
    return piece if len(piece) <= SHORT else f"{piece[: SHORT // 2]}…{piece[-SHORT // 2 :]}"
