"""Counting a time limit: from the day after its event to its last day.

Pure: days in, a deadline out.  A day is a day in the office's time zone (`clock.day_in_office`), and a deadline lasts
until its last day ends at midnight (民法典 art. 201 and 203; the regulation has no rule of its own, and art. 204 applies
these where a law is silent).  The limits themselves are in limits.py, the words for a citizen in deadline_words.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Literal

from server.domain.limits import PAUSES, LimitError, Rule, Unit
from server.domain.workdays import OFFICIAL, Workdays

_ONE = timedelta(days=1)


@dataclass(frozen=True)
class Pause:
    """Days on which a limit stands still, `first` and `last` included; without `last` it still goes on."""

    kind: str
    first: date
    last: date | None = None


@dataclass(frozen=True)
class Extension:
    """So many days more, in the unit of the rule that extends; approved on that day."""

    days: int
    approved_on: date


@dataclass(frozen=True)
class Span:
    """Days in a row that were left out for one reason: the kind of a pause, or the name of the days off."""

    first: date
    last: date
    fate: Literal["paused", "off"]
    why: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Deadline:
    """A last day and everything that led to it."""

    rule: Rule
    starts_on: date
    plain_end: date
    """Last day without extension."""
    last_counted: date
    """With it."""
    due_on: date
    """Later than `last_counted` only where a last day off moves."""
    extension: Extension | None
    late_extension: bool
    """One was approved when the limit had already run out: it is not counted."""
    left_out: tuple[Span, ...]
    made_up: tuple[tuple[date, str], ...]
    """Weekend days that counted because they were worked, with the holiday they pay for."""
    unknown_years: tuple[int, ...]
    """Years whose holidays decide about this deadline and are not known yet: plain weekends were counted."""
    running: str
    """The kind of a pause that still goes on: the date moves with every day of it."""

    @property
    def calendar_known(self) -> bool:
        return not self.unknown_years


@dataclass(frozen=True)
class _Day:
    day: date
    fate: Literal["counted", "paused", "off"]
    why: str = ""


def count(
    rule: Rule,
    starts_on: date,
    *,
    pauses: Sequence[Pause] = (),
    extension: Extension | None = None,
    today: date | None = None,
    calendar: Workdays = OFFICIAL,
) -> Deadline:
    """The deadline of a limit whose event was on `starts_on`.

    `today` is needed for a pause that still goes on: it is counted as if today were its last day.  LimitError for a
    pause that does not stop this limit or ends before it begins, and for an extension that the law does not know or
    that is too long; one that came too late is left out and said so.
    """
    stopped = _stopped(rule, pauses, today)
    days = list(_stretch(starts_on, rule.value, rule.unit, stopped, calendar))
    plain_end, granted = days[-1].day, None
    if extension is not None:
        longer = _extending(rule, extension, starts_on)
        if extension.approved_on <= plain_end:
            granted = extension
            days += _stretch(plain_end, extension.days, longer.unit, stopped, calendar)
    last_counted = days[-1].day
    moves = rule.last_day_off == "moves"
    due_on = _next_worked(last_counted, stopped, calendar) if moves else last_counted
    judged = _judged(rule, days, due_on)
    return Deadline(
        rule=rule,
        starts_on=starts_on,
        plain_end=plain_end,
        last_counted=last_counted,
        due_on=due_on,
        extension=granted,
        late_extension=extension is not None and granted is None,
        left_out=tuple(_spans(days)),
        made_up=tuple(_made_up(rule, days, calendar)),
        unknown_years=tuple(sorted({calendar.missing_notice(day) for day in judged} - {0})),
        running=_running(pauses, today, due_on),
    )


def check_extension(deadline: Deadline, extension: Extension) -> None:
    """Before an extension is written down: LimitError says in Chinese why it cannot be given."""
    _extending(deadline.rule, extension, deadline.starts_on)
    if deadline.extension is not None:
        raise LimitError("这一步已经延长过一次，不能再延。")
    if extension.approved_on > deadline.plain_end:
        raise LimitError("期限已经过了，不能再批延长。")


def _stopped(rule: Rule, pauses: Iterable[Pause], today: date | None) -> dict[date, str]:
    """The kind of pause of each day that stands still; a day of two pauses belongs to the one that began first."""
    stopped: dict[date, str] = {}
    for pause in sorted(pauses, key=lambda pause: (pause.first, pause.kind)):
        if pause.kind not in rule.stopped_by:
            name = PAUSES[pause.kind].name if pause.kind in PAUSES else pause.kind
            raise LimitError(f"“{rule.name}”的期限不因为{name}停算。")
        if pause.last is not None and pause.last < pause.first:
            raise LimitError("停算结束的日子不能早于开始的日子。")
        last = pause.last or today
        if last is None:
            raise ValueError("a pause that goes on needs today")
        for offset in range((last - pause.first).days + 1):
            stopped.setdefault(pause.first + offset * _ONE, pause.kind)
    return stopped


def _stretch(
    after: date, value: int, unit: Unit, stopped: dict[date, str], calendar: Workdays
) -> Iterator[_Day]:
    """Days from the one after `after` until `value` of them counted."""
    day, left = after, value
    while left:
        day += _ONE
        if day in stopped:
            yield _Day(day, "paused", stopped[day])
        elif unit == "working_days" and not calendar.works(day):
            yield _Day(day, "off", calendar.why_off(day))
        else:
            yield _Day(day, "counted")
            left -= 1


def _next_worked(day: date, stopped: dict[date, str], calendar: Workdays) -> date:
    while day in stopped or not calendar.works(day):
        day += _ONE
    return day


def _extending(rule: Rule, extension: Extension, starts_on: date) -> Rule:
    longer = rule.extended_by
    if longer is None:
        raise LimitError(f"“{rule.name}”这一步不能延长。")
    if not 1 <= extension.days <= longer.value:
        raise LimitError(f"延长最少 1 天，最多 {longer.limit}（{longer.article}）。")
    if extension.approved_on < starts_on:
        raise LimitError("批准延长的日子不能早于期限开始的日子。")
    return longer


def _spans(days: Iterable[_Day]) -> Iterator[Span]:
    """What was left out, days in a row for one reason together."""
    for (fate, why), group in groupby(days, key=lambda each: (each.fate, each.why)):
        run = list(group)
        if fate != "counted":
            yield Span(run[0].day, run[-1].day, fate, why)


def _made_up(rule: Rule, days: Iterable[_Day], calendar: Workdays) -> Iterator[tuple[date, str]]:
    if rule.unit == "working_days":
        for each in days:
            if each.fate == "counted" and each.day in calendar.worked:
                yield each.day, calendar.worked[each.day]


def _judged(rule: Rule, days: Sequence[_Day], due_on: date) -> list[date]:
    """Days about which it mattered whether they are worked."""
    judged = [each.day for each in days if each.fate != "paused"] if rule.unit == "working_days" else []
    if rule.last_day_off == "moves":
        last = days[-1].day
        judged += [last + offset * _ONE for offset in range((due_on - last).days + 1)]
    return judged


def _running(pauses: Iterable[Pause], today: date | None, due_on: date) -> str:
    """The kind of the pause without an end that moved this deadline, if there is one."""
    return next((p.kind for p in pauses if p.last is None and today and p.first <= min(today, due_on)), "")
