"""What was not recorded or not recognised, as the sentence that stands in the record."""

from datetime import datetime, timedelta

from server.domain import terms
from server.domain.states import FillOutcome
from server.protocol.base import Role

PLACES = {Role.PETITIONER: "接谈机", Role.ROOM: "现场话筒"}
"""Where something went wrong, by whose seat it was."""
FARTHEST_S = 1e9
"""Some thirty years: what is said to be farther away has no time of day that a calendar knows."""


def clock_time(started_at: datetime | None, media_time: float) -> str:
    """Time of day of a media time, HH:MM:SS in the zone of `started_at`; else minutes and seconds of the recording."""
    if started_at is not None and abs(media_time) < FARTHEST_S:
        return f"{started_at + timedelta(seconds=media_time):%H:%M:%S}"
    return f"录音 {int(media_time) // 60} 分 {int(media_time) % 60} 秒"


def gap_sentence(started_at: datetime | None, start: float, end: float, cause: str, role: Role | None) -> str:
    """E.g. 09:53:10 到 09:53:14，接谈机网络断开，这一段没有录上。"""
    span = _span(started_at, start, end)
    if cause == "nothing_understood":
        return f"{span}，{_whose_side(role)}有人说话，但没有听出内容，请听录音。"
    if cause.startswith("recognition"):
        return f"{span}，{_whose(role)}这一段录上了，还没有认出文字，要听录音补记。"
    if cause == "petitioner_on_hold":
        return f"{span}，接谈人员单独商量，信访人在等候，这一段没有录音。"
    if cause == "on_hold":
        return f"{span}，{_who(role)}在等候，没有参加谈话，这一段没有录音。"
    return f"{span}，{_place(role)}{terms.GAP_CAUSE.get(cause, '出了问题')}，这一段没有录上。"


def fill_sentence(started_at: datetime | None, start: float, end: float, outcome: str) -> str:
    """What the kiosk's own copy has for a gap; follows the gap's sentence."""
    return terms.GAP_FILL[FillOutcome(outcome)].format(span=_span(started_at, start, end))


def _span(started_at: datetime | None, start: float, end: float) -> str:
    """From when to when; what is shorter than the clock can show is given by its length."""
    if end - start < 1:
        return f"{clock_time(started_at, start)} 前后约 {max(end - start, 0.1):.1f} 秒"
    return f"{clock_time(started_at, start)} 到 {clock_time(started_at, end)}"


def _place(role: Role | None) -> str:
    if role is None:
        return ""
    return PLACES.get(role) or _whose_side(role)


def _whose_side(role: Role | None) -> str:
    if role == Role.ROOM:
        return "现场"
    return f"{terms.ROLE[role]}那边" if role else ""


def _who(role: Role | None) -> str:
    return terms.ROLE[role] if role else "有人"


def _whose(role: Role | None) -> str:
    if role == Role.ROOM:
        return "现场说的话，"
    return f"{terms.ROLE[role]}的话，" if role else ""
