"""在场人员: who was present from when to when, put together from single stays, and the sentences that say so.

A stay that broke off is one presence with its break, so that a thin line does not fill the head of a record.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from server.domain import terms
from server.protocol.base import Role

UNNOTICED = timedelta(seconds=2)
"""A shorter break (a page loaded again, a media line exchanged) is none that anybody noticed."""
SINGLY = 3
"""So many breaks of one kind are told each with its times, more of them by number, sum and the longest."""


@dataclass(frozen=True)
class Span:
    """From when to when; `reason` is SeatLeft's word for its end (of a break: its beginning), "" where the talk's end
    ended it."""

    since: datetime
    until: datetime
    reason: str = ""

    @property
    def length(self) -> timedelta:
        return self.until - self.since


@dataclass(frozen=True)
class Attendance:
    """One person's presence: from the first moment to the last, less breaks and holds."""

    participant_id: str
    role: Role
    name: str
    stay: Span
    breaks: tuple[Span, ...] = ()
    holds: tuple[Span, ...] = ()

    @property
    def who(self) -> str:
        """E.g. 接访领导 周文清."""
        return f"{terms.ROLE[self.role]} {self.name or '（没有登记姓名）'}"


def put_together(stays: Sequence[Span], ended_at: datetime | None) -> tuple[Span, tuple[Span, ...]] | None:
    """One person's stays, in order of time, as a whole stay and its breaks; None: never there during the talk.

    Whoever is there within `UNNOTICED` of the talk's end stayed to its end, whatever took them out of their seat then.
    """
    stays = [_within(stay, ended_at) for stay in stays if ended_at is None or stay.since < ended_at]
    if not stays:
        return None
    breaks = (Span(before.until, after.since, before.reason) for before, after in pairwise(stays))
    whole = Span(stays[0].since, max(stay.until for stay in stays), stays[-1].reason)
    return whole, tuple(one for one in breaks if one.length >= UNNOTICED)


def _within(stay: Span, ended_at: datetime | None) -> Span:
    if ended_at is None or stay.until < ended_at - UNNOTICED:
        return stay
    return Span(stay.since, ended_at)


def sentence(one: Attendance) -> str:
    """For records and papers, e.g. 09:41:02 到 10:05:33，谈到结束。其间 09:53:10 到 09:53:14 线路断开。"""
    parts = [f"{_span(one.stay)}，{_end(one)}。", *_breaks(one.breaks)]
    if one.holds:
        parts.append(f"{_listed(one.holds, '在外等候')}。")
    if one.role is Role.OBSERVER:
        parts.append("只看只听，不发言。")
    return "".join(parts)


def plain_sentence(one: Attendance) -> str:
    """For the petitioner, without seconds, e.g. 9:41 到 10:05，谈到结束。中间线路断过 2 次，一共 14 秒。"""
    since, until = (f"{moment.hour}:{moment:%M}" for moment in (one.stay.since, one.stay.until))
    # Somebody who was there for less than a minute.
    span = since if since == until else f"{since} 到 {until}"
    parts = [f"{span}，{_end(one)}。"]
    for word, breaks in _by_word(one.breaks):
        parts.append(f"中间{word} {len(breaks)} 次，一共 {_length(_sum(breaks))}。")
    if one.holds:
        parts.append(f"中间在外面等了 {_length(_sum(one.holds))}。")
    if one.role is Role.OBSERVER:
        parts.append("只看只听，不说话。")
    return "".join(parts)


def _end(one: Attendance) -> str:
    if not one.stay.reason:
        return "听到结束" if one.role is Role.OBSERVER else "谈到结束"
    return terms.STAY_END.get(one.stay.reason, "离开")


def _breaks(breaks: Iterable[Span]) -> Iterable[str]:
    return (f"{_listed(found, word)}。" for word, found in _by_word(breaks))


def _by_word(breaks: Iterable[Span]) -> list[tuple[str, list[Span]]]:
    """Breaks by what is said of them."""
    order = sorted(breaks, key=lambda one: (_word(one), one.since))
    return [(word, list(found)) for word, found in groupby(order, key=_word)]


def _word(one: Span) -> str:
    return terms.STAY_BREAK.get(one.reason, "离开")


def _listed(spans: Sequence[Span], word: str) -> str:
    if len(spans) <= SINGLY:
        return f"其间 {'、'.join(_span(one) for one in spans)} {word}"
    longest = max(spans, key=lambda one: one.length)
    return f"其间{word} {len(spans)} 次，共 {_length(_sum(spans))}，最长一次 {_span(longest)}"


def _sum(spans: Iterable[Span]) -> timedelta:
    return sum((one.length for one in spans), timedelta())


def _span(one: Span) -> str:
    return f"{one.since:%H:%M:%S} 到 {one.until:%H:%M:%S}"


def _length(length: timedelta) -> str:
    seconds = max(1, round(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} 秒"
    return f"{seconds // 60} 分 {seconds % 60} 秒" if seconds % 60 else f"{seconds // 60} 分钟"
