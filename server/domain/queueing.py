"""Who is called next, why, and how long it may take: rules that anybody in the hall can read (data/queue.toml).

First come, first called.  A rule lets somebody count as having come some minutes earlier, or go before all others; who
booked a time and is there for it counts as having come some minutes before that time; who was not there when called lets
the next two pass and comes back behind them.  No score, no person's past, nothing hidden.
"""

import heapq
import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean, pstdev
from typing import Any, Literal, get_args

SaidBy = Literal["petitioner", "staff", "booking"]
BOOKED = "booked"
"""The rule for whoever booked a time: nobody says it of a person, the booking does."""
MOST_MINUTES = 120
"""A local rule cannot make anybody count as having come earlier than this: more would be another kind of rule."""
SPREAD = 1.28
"""Standard deviations to each side: four of five are called within the range if talks are like the latest ones."""
ROUND_TO = timedelta(minutes=5)
_TABLE = Path(__file__).parent / "data" / "queue.toml"


class RuleError(ValueError):
    """What was asked for cannot be a rule; the text is a Chinese sentence for the user."""


@dataclass(frozen=True)
class Rule:
    """Who may come earlier; the keys of data/queue.toml, which explains them."""

    id: str
    name: str
    who: str
    source: str
    said_by: SaidBy
    minutes: int = 0
    absolute: bool = False
    active: bool = True

    def __post_init__(self) -> None:
        if self.said_by not in get_args(SaidBy):
            raise ValueError(f"queue.toml: {self.id}: said_by must be one of {get_args(SaidBy)}")
        if self.absolute == bool(self.minutes):
            raise ValueError(f"queue.toml: {self.id}: minutes or absolute, one of them")

    @property
    def effect(self) -> str:
        """What it does, e.g. 算早到 30 分钟."""
        if self.said_by == "booking":
            return f"按约好的时间往前 {self.minutes} 分钟排"
        return "排在最前" if self.absolute else f"算早到 {self.minutes} 分钟"


@dataclass(frozen=True)
class Measures:
    """The other numbers of data/queue.toml."""

    let_pass: int
    talks: int
    least_talks: int
    days: int


@dataclass(frozen=True)
class LocalRule:
    """What an organization sets for itself."""

    minutes: int
    active: bool
    source: str


def read(table: Mapping[str, Any]) -> tuple[dict[str, Rule], Measures]:
    """Rules and measures of the table; ValueError or TypeError say which row is wrong."""
    return {name: Rule(id=name, **row) for name, row in table["rules"].items()}, Measures(**table["settings"])


RULES, MEASURES = read(tomllib.loads(_TABLE.read_text("utf-8")))


def rules_for(local: Mapping[str, LocalRule]) -> dict[str, Rule]:
    """The rules of an organization; rules that are off stay in the table, and do nothing."""
    return {name: _local(rule, local[name]) if name in local else rule for name, rule in RULES.items()}


def _local(rule: Rule, own: LocalRule) -> Rule:
    minutes = 0 if rule.absolute else own.minutes
    return replace(rule, minutes=minutes, active=own.active, source=own.source)


def check_local(rule_id: str, own: LocalRule) -> None:
    """Raises RuleError where an organization cannot have the rule so."""
    if rule_id not in RULES:
        raise RuleError("没有这一条规则。")
    if not own.source.strip():
        raise RuleError("请写明依据：哪个文件，或本单位哪天定的。")
    if not RULES[rule_id].absolute and not 1 <= own.minutes <= MOST_MINUTES:
        raise RuleError(f"早算的分钟数要在 1 到 {MOST_MINUTES} 之间。不用这一条，就把它停掉。")


# --- the order -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """Somebody who waits."""

    id: str
    number: str
    arrived_at: datetime
    hall_id: int = 0
    claims: tuple[str, ...] = ()
    """Ids of the rules that hold for the person."""
    wanted_id: int | None = None
    """The one leader or clerk whom the person waits for; None: whoever is free."""
    skipped_at: datetime | None = None
    lets_pass: tuple[str, ...] = ()
    """Ids of those who may go first because the person was not there when called."""
    called_by: int | None = None
    booked_at: datetime | None = None
    """The time that the person booked and came for before it was over."""


def strongest(entry: Entry, rules: Mapping[str, Rule]) -> Rule | None:
    """The rule of the person's claims that counts: the largest one."""
    held = [rules[name] for name in entry.claims if name in rules and rules[name].active]
    return max(held, key=lambda rule: (rule.absolute, rule.minutes, rule.id), default=None)


def counts_from(entry: Entry, rules: Mapping[str, Rule]) -> datetime:
    """The moment at which the person counts as having come."""
    rule = strongest(entry, rules)
    came = entry.arrived_at - timedelta(minutes=rule.minutes if rule else 0)
    return min(came, _by_booking(entry, rules) or came)


def _by_booking(entry: Entry, rules: Mapping[str, Rule]) -> datetime | None:
    rule = rules.get(BOOKED)
    return entry.booked_at - timedelta(minutes=rule.minutes) if entry.booked_at is not None and rule is not None and rule.active else None


def _key(entry: Entry, rules: Mapping[str, Rule]) -> tuple[bool, datetime, datetime, str]:
    rule = strongest(entry, rules)
    before_all = rule is not None and rule.absolute
    return not before_all, counts_from(entry, rules), entry.arrived_at, entry.id


RulesOf = Callable[[int], Mapping[str, Rule]]
"""The rules of a hall."""


def in_order(entries: Iterable[Entry], rules_of: RulesOf) -> list[Entry]:
    """All who wait, first to be called first: the same line for the same people, in whatever order they are given.

    Who was skipped stands behind those who were let pass and are still there, never before their own place.
    """
    keys = {entry.id: _key(entry, rules_of(entry.hall_id)) for entry in entries}
    everybody = sorted(entries, key=lambda entry: keys[entry.id])
    line = [entry for entry in everybody if entry.skipped_at is None]
    skipped = [entry for entry in everybody if entry.skipped_at is not None]
    for late in sorted(skipped, key=lambda entry: (entry.skipped_at, keys[entry.id])):
        own = next((at for at, entry in enumerate(line) if keys[entry.id] > keys[late.id]), len(line))
        passed = [at for at, entry in enumerate(line) if entry.id in late.lets_pass]
        line.insert(max([own, *(at + 1 for at in passed)]), late)
    return line


def may_call(entry: Entry, user_id: int, halls: Iterable[int]) -> bool:
    """Whether it falls to this leader or clerk, who serves these halls, to call the person."""
    return entry.wanted_id == user_id if entry.wanted_id is not None else entry.hall_id in halls


def passed_by(line: Sequence[Entry], entry_id: str, let_pass: int = MEASURES.let_pass) -> tuple[str, ...]:
    """Ids of the next few in a line behind somebody who is not there; who is being called already is not counted."""
    behind = [entry.id for entry in line if entry.called_by is None or entry.id == entry_id]
    at = behind.index(entry_id)
    return tuple(behind[at + 1 : at + 1 + let_pass])


# --- in words ------------------------------------------------------------------------------------------------------


def why_here(entry: Entry, rules: Mapping[str, Rule], present: Iterable[str], zone: Any, wanted: str = "") -> str:
    """Why somebody stands where they stand, in a sentence or two; `present`: ids of all who wait."""
    parts = [_by_rule(entry, rules, zone)]
    if entry.skipped_at is not None:
        there = len(set(entry.lets_pass) & set(present))
        parts.append(f"叫号时人不在，先让后面 {there} 位，再叫这个号。" if there else "叫号时人不在，让过的都办了，轮到这个号。")
    if wanted:
        parts.append(f"等的是{wanted}，先后不变。")
    return "".join(parts)


def _by_rule(entry: Entry, rules: Mapping[str, Rule], zone: Any) -> str:
    came = f"{entry.arrived_at.astimezone(zone):%H:%M}"
    counted = counts_from(entry, rules)
    rule = strongest(entry, rules)
    if rule is not None and rule.absolute:
        return f"{came} 取的号，{rule.name}，排在最前。"
    if entry.booked_at is not None and counted < entry.arrived_at and counted == _by_booking(entry, rules):
        booked = f"{entry.booked_at.astimezone(zone):%H:%M}"
        return f"{came} 取的号，约的是 {booked}，往前 {rules[BOOKED].minutes} 分钟，按 {counted.astimezone(zone):%H:%M} 排。"
    if rule is None:
        return f"{came} 取的号，按先来后到。"
    return f"{came} 取的号，{rule.name}，{rule.effect}，按 {counted.astimezone(zone):%H:%M} 排。"


# --- how long ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seat:
    """Somebody on duty who calls people."""

    user_id: int
    halls: frozenset[int]
    since: datetime | None = None
    """When the talk that is going on there began; None: free."""


@dataclass(frozen=True)
class Wait:
    """When somebody may be called: a range, or no ground for one."""

    earliest: datetime | None = None
    latest: datetime | None = None
    reason: str = ""
    """Why there is no range: "nobody" serves, "away" is whom the person waits for, "few" talks; empty where there is one."""


def forecast(line: Sequence[Entry], seats: Sequence[Seat], lengths: Sequence[float], now: datetime) -> dict[str, Wait]:
    """By entry id when the person may be called, if talks last as the latest ones did (`lengths`, seconds).

    Each seat takes the next of its line when it is free; a talk that is going on lasts as long as those of the latest
    ones that were longer than it is already.  The range grows with the root of the talks that come before.
    """
    if len(lengths) < MEASURES.least_talks:
        return {entry.id: Wait(reason="few") if any(may_call(entry, one.user_id, one.halls) for one in seats) else _unserved(entry) for entry in line}
    mean, deviation = fmean(lengths), pstdev(lengths)
    found: dict[str, Wait] = {}
    free = [(_rest(seat, lengths, now), seat.user_id, 0 if seat.since is None else 1, seat) for seat in seats]
    heapq.heapify(free)
    left = list(line)
    while free and left:
        wait, user_id, talks, seat = heapq.heappop(free)
        entry = next((one for one in left if may_call(one, user_id, seat.halls)), None)
        if entry is None:
            continue
        left.remove(entry)
        found[entry.id] = _range(now, wait, deviation * math.sqrt(talks))
        heapq.heappush(free, (wait + mean, user_id, talks + 1, seat))
    return found | {entry.id: _unserved(entry) for entry in left}


def _unserved(entry: Entry) -> Wait:
    """Nobody who serves may call this one."""
    return Wait(reason="nobody" if entry.wanted_id is None else "away")


def _rest(seat: Seat, lengths: Sequence[float], now: datetime) -> float:
    if seat.since is None:
        return 0.0
    gone = (now - seat.since).total_seconds()
    longer = [length - gone for length in lengths if length > gone]
    return fmean(longer) if longer else fmean(lengths) / 2


def _range(now: datetime, wait: float, deviation: float) -> Wait:
    early = now + timedelta(seconds=max(0.0, wait - SPREAD * deviation))
    return Wait(early, now + timedelta(seconds=wait + SPREAD * deviation))


def wait_in_words(wait: Wait, ahead: int, zone: Any) -> str:
    """The waiting time for whoever waits: a range in five minutes' steps, or that nothing can be said and why."""
    if wait.reason == "nobody":
        return "还说不好几点：现在没有人在岗叫号。有人上岗，就按次序叫。"
    if wait.reason == "away":
        return "还说不好几点：等的那一位还没有上岗叫号。上岗以后，按次序叫。"
    if wait.reason == "few":
        return "还说不好几点：最近谈过的太少，算不准。号按次序叫。"
    if wait.earliest is None or wait.latest is None:
        return "还说不好几点。号按次序叫。"
    early, late = _down(wait.earliest.astimezone(zone)), _up(wait.latest.astimezone(zone))
    if ahead == 0 and wait.latest - wait.earliest < ROUND_TO:
        return "前面没有人了，马上叫您。"
    return f"大约 {early:%H:%M} 到 {late:%H:%M} 之间叫您。"


def _down(moment: datetime) -> datetime:
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)


def _up(moment: datetime) -> datetime:
    down = _down(moment)
    return down if down == moment else down + ROUND_TO


def basis_in_words(lengths: Sequence[float], seats: int) -> str:
    """What the waiting time is reckoned from; empty where there is none."""
    if len(lengths) < MEASURES.least_talks or not seats:
        return ""
    return f"按最近谈的 {len(lengths)} 位算，一位平均 {max(1, round(fmean(lengths) / 60))} 分钟，现在 {seats} 个人在接。"
