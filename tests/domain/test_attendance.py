"""在场人员: stays put together, and the sentences about them."""

from datetime import datetime, timedelta

import pytest

from server.clock import OFFICE_ZONE
from server.domain.attendance import Attendance, Span, plain_sentence, put_together, sentence
from server.protocol.base import Role

START = datetime(2026, 6, 9, 9, 41, tzinfo=OFFICE_ZONE)
END = START + timedelta(minutes=24)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def stay(since: float, until: float, reason: str = "network_lost") -> Span:
    return Span(at(since), at(until), reason)


def attendance(*stays: Span, role: Role = Role.JOINT, holds: tuple[Span, ...] = ()) -> Attendance:
    whole = put_together(stays, END)
    assert whole is not None
    return Attendance("p1", role, "王芳", *whole, holds)


def test_who_stayed_to_the_end_is_said_to_have_whatever_took_the_seat_away_then():
    for until, reason in ((1440, ""), (1439, "network_lost"), (1500, "left")):
        assert sentence(attendance(stay(2, until, reason))) == "09:41:02 到 10:05:00，谈到结束。"


@pytest.mark.parametrize(("reason", "words"), [
    ("left", "自己离开"), ("kicked", "被主持的人请出"), ("token_expired", "参加时间到了，离开"),
    ("network_lost", "线路断开，没有再回来"),
])  # fmt: skip
def test_the_reason_of_a_departure_is_named(reason: str, words: str):
    assert sentence(attendance(stay(0, 600, reason))) == f"09:41:00 到 09:51:00，{words}。"


def test_a_stay_that_broke_off_is_one_with_its_break_told_once():
    one = attendance(stay(0, 100), stay(104, 200, "replaced"), stay(200.5, 300, "left"), stay(360, 1440, ""))
    assert sentence(one) == (
        "09:41:00 到 10:05:00，谈到结束。其间 09:46:00 到 09:47:00 离开。其间 09:42:40 到 09:42:44 线路断开。"
    )
    assert plain_sentence(one) == "9:41 到 10:05，谈到结束。中间离开 1 次，一共 1 分钟。中间线路断开 1 次，一共 4 秒。"


def test_many_breaks_are_told_by_number_sum_and_the_longest():
    stays = [stay(20 * i, 20 * i + (15 if i else 4)) for i in range(12)]
    assert sentence(attendance(*stays, stay(240, 1440, ""))) == (
        "09:41:00 到 10:05:00，谈到结束。其间线路断开 12 次，共 1 分 11 秒，最长一次 09:41:04 到 09:41:20。"
    )


def test_holds_are_told_and_observers_are_named_as_such():
    one = attendance(stay(0, 1440, ""), role=Role.OBSERVER, holds=(stay(60, 180),))
    assert one.who == "旁听 王芳"
    assert sentence(one) == "09:41:00 到 10:05:00，听到结束。其间 09:42:00 到 09:44:00 在外等候。只看只听，不发言。"
    assert plain_sentence(one) == "9:41 到 10:05，听到结束。中间在外面等了 2 分钟。只看只听，不说话。"


def test_who_came_after_the_talk_was_not_there():
    assert put_together([stay(1500, 1600)], END) is None
    assert put_together([], END) is None
