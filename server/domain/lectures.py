"""What a lecture can be: its states, and how they are called."""

from enum import StrEnum


class LectureState(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    """The speaker has begun."""
    CLOSING = "closing"
    """It is over; its recording is being closed."""
    ENDED = "ended"
    CANCELLED = "cancelled"


OPEN = (LectureState.PLANNED, LectureState.RUNNING)
"""Whoever is invited may come in."""
LECTURE_STATE = {
    LectureState.PLANNED: "还没开始", LectureState.RUNNING: "正在讲", LectureState.CLOSING: "讲完了",
    LectureState.ENDED: "讲完了", LectureState.CANCELLED: "取消了",
}  # fmt: skip
