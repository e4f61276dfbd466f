"""When somebody showed a paper or a screen to everybody, as a sentence."""

from datetime import datetime

from server.domain import terms
from server.domain.gaps import clock_time
from server.protocol.base import Role, Source


def share_sentence(started_at: datetime | None, start: float, end: float, source: Source, role: Role | None) -> str:
    """E.g. 09:53:10 到 09:54:02，接访领导给大家看了材料。"""
    who = terms.ROLE[role] if role else "有人"
    what = "屏幕" if source is Source.SCREEN else "材料"
    return f"{clock_time(started_at, start)} 到 {clock_time(started_at, end)}，{who}给大家看了{what}。"
