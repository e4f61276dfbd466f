"""Every deadline and every figure of a journal, worked out a second time from the domain's rules alone.

Nothing of the product is imported: the limits are written down again here, days are counted with the raw tables of the
holiday package, and figures are loops over what the journal says.  What the product keeps must agree exactly.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import itemgetter
from typing import Any, NamedTuple

from chinese_calendar.constants import holidays, workdays

ONE = timedelta(days=1)
CALENDAR, WORKING = "days", "working_days"
LIMITS: dict[str, tuple[int, str]] = {
    "register_and_refer": (15, CALENDAR),
    "refer_again": (15, CALENDAR),
    "notify_acceptance": (15, CALENDAR),
    "object_to_assignment": (5, WORKING),
    "conclude": (60, CALENDAR),
    "request_review": (30, CALENDAR),
    "review": (30, CALENDAR),
    "request_reexamination": (30, CALENDAR),
    "reexamination": (30, CALENDAR),
    "simple_accept": (3, WORKING),
    "simple_conclude": (10, WORKING),
    "conclude_anew": (60, CALENDAR),
}
"""What a supervision letter asks for and what a leader promises has the days that they name."""
RIGHTS = ("request_review", "request_reexamination")
"""The petitioner's own: a last day on which the door is closed moves to the next one that is worked."""
STOPPED_BY = {
    "conclude": {"mediation"}, "simple_conclude": {"mediation"}, "conclude_anew": {"mediation"}, "review": {"supplement"}, "reexamination": {"hearing", "supplement"},
}  # fmt: skip
REFERRAL = ("register_and_refer", "refer_again")
ACCEPTANCE = ("notify_acceptance", "simple_accept")
CONCLUSION = ("conclude", "simple_conclude", "conclude_anew")
ORDINARY = {"simple_accept": "notify_acceptance", "simple_conclude": "conclude"}
PROMISE = "promise"
"""Only the leader takes it back, wherever the matter goes on."""
ENDED = {"guided", "not_accepted", "no_longer_accepted", "merged", "concluded", "reviewed", "reexamined"}
RIGHT_AFTER = {"handling_opinion": ("request_review", {"replied", "concluded"}), "review_opinion": ("request_reexamination", {"reviewed"})}
"""What the petitioner may ask for once they have the letter, and in which states they still may."""
ANSWERED = {"not_accepted", "replied", "concluded", "reviewing", "reviewed", "reexamining", "reexamined"}
PLEASED = {"satisfied", "basically"}


class Entry(NamedTuple):
    """Something that happened on a day of the office to a case; `refused`: the product did not let it happen."""

    day: date
    case: int
    what: str
    data: dict[str, Any]
    refused: bool = False


LAPSES = ("object_to_assignment",)
"""Not a duty but a chance: nobody is late with it."""


@dataclass
class Limit:
    """One deadline of a case."""

    rule: str
    who: int | None
    starts: date
    due: date
    plain: date
    done: date | None = None
    dropped: date | None = None
    extended: int = 0
    days: int | None = None
    told: set[tuple[date, str]] = field(default_factory=set)
    """Reminders of it: the last day that it had then, and the stage."""

    @property
    def open(self) -> bool:
        return self.done is None and self.dropped is None


@dataclass
class Matter:
    """What is known of a case."""

    office: int
    registered: date
    received: date
    channel: str
    receiver: int | None = None
    state: str = "registered"
    simple: bool = False
    litigation: bool = False
    unit: int | None = None
    repeat_of: int | None = None
    contacted: bool = False
    concluded: date | None = None
    first_concluded: date | None = None
    anew: bool = False
    opinion: date | None = None
    """The day of the last opinion of a review or re-examination."""
    merged_into: int | None = None
    kept: tuple[list[Limit], str, int | None] = field(default_factory=lambda: ([], "", None))
    """While it goes on elsewhere: limits that ended by that, its state and its unit before."""
    asked: int | None = None
    limits: list[Limit] = field(default_factory=list)
    pauses: list[list[Any]] = field(default_factory=list)
    letters: list[list[Any]] = field(default_factory=list)
    ratings: dict[str, tuple[str, str, date]] = field(default_factory=dict)
    denied: bool = False


def works(day: date) -> bool:
    return day in workdays or (day.weekday() < 5 and day not in holidays)


class Books:
    """The second bookkeeping: it takes the journal entry by entry."""

    def __init__(self, parents: dict[int, int | None], levels: dict[int, str], local: dict[int, dict[str, int]]) -> None:
        self.parents, self.levels, self.local = parents, levels, local
        self.matters: dict[int, Matter] = {}
        self.talks: list[tuple[date, int]] = []
        """Day of a leader's reception by video, and the leader's organization."""
        self._judged: dict[tuple[frozenset[str], date, int], list[tuple[date, int, int | None, bool]]] = {}
        self._taken = 0

    # --- reminders -----------------------------------------------------------------------------------------------

    def remind(self, today: date, before: Iterable[int], late: tuple[int, int]) -> list[tuple[int, str, int, date, str]]:
        """What is to be said at the end of a day: (case, rule, who has to act, last day, stage).

        Of each audience's stages only the furthest that has come; each once for each last day that a limit has had.
        """
        said = []
        for number, matter in self.matters.items():
            if any(end is None for _, _, end in matter.pauses):
                self._recount(matter, today)
            for limit in matter.limits:
                if not limit.open or limit.who is None or _stands_still(matter, limit):
                    continue
                for stage in _stages((today - limit.due).days, limit.rule in LAPSES, before, late):
                    if (limit.due, stage) not in limit.told:
                        limit.told.add((limit.due, stage))
                        said.append((number, limit.rule, limit.who, limit.due, stage))
        return said

    # --- organizations -------------------------------------------------------------------------------------------

    def above(self, organization: int) -> Iterator[int]:
        here: int | None = organization
        while here is not None:
            yield here
            here = self.parents[here]

    def under(self, top: int) -> set[int]:
        return {one for one in self.parents if top in self.above(one)}

    def level(self, organization: int) -> str:
        return next((self.levels[one] for one in self.above(organization) if self.levels[one] in ("city", "county", "township")), "")

    # --- days ----------------------------------------------------------------------------------------------------

    def _value(self, matter: Matter, limit: Limit) -> tuple[int, str]:
        if limit.days is not None:
            return limit.days, CALENDAR
        rule = limit.rule
        value, unit = LIMITS[rule]
        for one in self.above(matter.office):
            if rule in self.local.get(one, {}):
                return self.local[one][rule], unit
        return value, unit

    def _count(self, matter: Matter, limit: Limit, today: date) -> tuple[date, date]:
        """Last day without the extension, and with it."""
        stopped = set()
        for kind, first, last in matter.pauses:
            if kind in STOPPED_BY.get(limit.rule, set()):
                day = first
                while day <= (last or today):
                    stopped.add(day)
                    day += ONE
        value, unit = self._value(matter, limit)
        plain = day = _after(limit.starts, value, unit, stopped)
        if limit.extended:
            day = _after(plain, limit.extended, CALENDAR, stopped)
        while limit.rule in RIGHTS and not works(day):
            day += ONE
        return plain, day

    def _begin(self, matter: Matter, rule: str, who: int | None, starts: date, today: date, days: int | None = None) -> None:
        limit = Limit(rule, who, starts, starts, starts, days=days)
        limit.plain, limit.due = self._count(matter, limit, today)
        matter.limits.append(limit)

    def _recount(self, matter: Matter, today: date) -> None:
        for limit in matter.limits:
            if limit.open:
                limit.plain, limit.due = self._count(matter, limit, today)

    # --- what happened -------------------------------------------------------------------------------------------

    def take(self, entry: Entry) -> None:
        """One entry; AssertionError where the product let happen what it must not, or the other way round."""
        self._taken += 1
        if entry.what == "talk":
            self.talks.append((entry.day, entry.data["organization"]))
            return
        if entry.what == "registered":
            self._registered(entry)
            return
        matter = self.matters[entry.case]
        allowed = self._allowed(matter, entry)
        assert allowed is not entry.refused, f"{entry.what} on {entry.day}: {entry}"
        if allowed:
            getattr(self, f"_{entry.what}")(matter, entry)

    def _registered(self, entry: Entry) -> None:
        found = Matter(registered=entry.day, **entry.data)
        self.matters[entry.case] = found
        self._begin(found, "register_and_refer", found.office, found.received, entry.day)

    def _allowed(self, matter: Matter, entry: Entry) -> bool:
        if entry.what == "object":
            limit = next(one for one in matter.limits if one.rule == "object_to_assignment" and one.open and one.who == entry.data["unit"])
            return entry.day <= limit.due
        if entry.what == "unmerge":
            return bool(entry.data["untouched"]) and self.matters[matter.merged_into or 0].merged_into is None
        if entry.what == "unsplit":
            return self._where_it_goes_on(entry.data["of"]).state not in ENDED
        if entry.what == "answer":
            return any(one.rule == "supervision" and one.open and one.starts == entry.data["of"] for one in matter.limits)
        if entry.what in ("ask_extension", "grant_extension"):
            limit = next(one for one in matter.limits if one.rule in CONCLUSION and one.open)
            return limit.rule == "conclude" and not limit.extended and entry.day <= limit.plain
        return True

    def _where_it_goes_on(self, number: int) -> Matter:
        found = self.matters[number]
        while found.merged_into is not None:
            found = self.matters[found.merged_into]
        return found

    def _meet(self, matter: Matter, rules: Iterable[str], day: date, who: int | None = None) -> None:
        for limit in matter.limits:
            if limit.open and limit.rule in rules and who in (None, limit.who):
                limit.done = day

    def _drop(self, matter: Matter, day: date, who: int | None = None, rule: str = "") -> None:
        for limit in matter.limits:
            if limit.open and who in (None, limit.who) and rule in ("", limit.rule) and (limit.rule != PROMISE or rule == PROMISE):
                limit.dropped = day

    def _screen(self, matter: Matter, entry: Entry) -> None:
        matter.simple, matter.litigation = entry.data["simple"], entry.data["litigation"]

    def _guide(self, matter: Matter, entry: Entry) -> None:
        matter.state = "guided"
        self._meet(matter, REFERRAL, entry.day)
        self._drop(matter, entry.day)

    def _assign(self, matter: Matter, entry: Entry) -> None:
        for unit, part in entry.data["units"]:
            if part == "main":
                matter.unit = unit
                self._begin(matter, "simple_accept" if matter.simple else "notify_acceptance", unit, entry.day, entry.day)
            self._begin(matter, "object_to_assignment", unit, entry.day, entry.day)
        self._meet(matter, REFERRAL, entry.day)
        matter.state = "assigned"

    def _object(self, matter: Matter, entry: Entry) -> None:
        self._meet(matter, ("object_to_assignment",), entry.day, entry.data["unit"])

    def _take_back(self, matter: Matter, entry: Entry) -> None:
        self._drop(matter, entry.day, matter.unit)
        matter.unit, matter.state = None, "registered"
        self._begin(matter, "refer_again", matter.office, entry.day, entry.day)

    def _accept(self, matter: Matter, entry: Entry) -> None:
        self._drop(matter, entry.day, matter.unit, "object_to_assignment")
        self._begin(matter, "simple_conclude" if matter.simple else "conclude", matter.unit, entry.day, entry.day)
        self._meet(matter, ACCEPTANCE, entry.day)
        matter.state = "accepted"

    def _feed_back(self, matter: Matter, entry: Entry) -> None:
        self._drop(matter, entry.day, entry.data["unit"], "object_to_assignment")

    def _not_accept(self, matter: Matter, entry: Entry) -> None:
        self._meet(matter, ACCEPTANCE, entry.day)
        self._drop(matter, entry.day)
        matter.state = "not_accepted"
        matter.letters.append(["non_acceptance", None])

    def _no_longer_accept(self, matter: Matter, entry: Entry) -> None:
        self._meet(matter, (*REFERRAL, *ACCEPTANCE), entry.day)
        self._drop(matter, entry.day)
        matter.state = "no_longer_accepted"

    def _ask_extension(self, matter: Matter, entry: Entry) -> None:
        matter.asked = entry.data["days"]

    def _grant_extension(self, matter: Matter, _entry: Entry) -> None:
        limit = next(one for one in matter.limits if one.rule in CONCLUSION and one.open)
        limit.extended = matter.asked or 0
        self._recount(matter, _entry.day)

    def _begin_pause(self, matter: Matter, entry: Entry) -> None:
        matter.pauses.append([entry.data["kind"], entry.day, None])
        self._recount(matter, entry.day)

    def _end_pause(self, matter: Matter, entry: Entry) -> None:
        matter.pauses[-1][2] = entry.day
        self._recount(matter, entry.day)

    def _reply(self, matter: Matter, entry: Entry) -> None:
        self._meet(matter, CONCLUSION, entry.day)
        self._drop(matter, entry.day, None, "object_to_assignment")
        matter.state = "replied"
        matter.letters.append(["handling_opinion", None])

    def _to_ordinary(self, matter: Matter, entry: Entry) -> None:
        matter.simple = False
        for limit in [one for one in matter.limits if one.open and one.rule in ORDINARY]:
            limit.dropped = entry.day
            self._begin(matter, ORDINARY[limit.rule], limit.who, limit.starts, entry.day)

    def _refuse_extension(self, matter: Matter, _entry: Entry) -> None:
        matter.asked = None

    def _refuse_review(self, matter: Matter, _entry: Entry) -> None:
        matter.letters.append(["refusal", None])

    _refuse_reexamination = _refuse_review

    def _handle_anew(self, matter: Matter, entry: Entry) -> None:
        """Its unit has it again; it is neither concluded nor talked about with the petitioner, this time."""
        self._drop(matter, entry.day, rule="request_reexamination")
        assert matter.opinion is not None
        self._begin(matter, "conclude_anew", matter.unit, matter.opinion, entry.day)
        matter.state, matter.simple, matter.anew, matter.concluded, matter.contacted = "accepted", False, True, None, False

    # --- going on elsewhere --------------------------------------------------------------------------------------

    def _leave(self, matter: Matter, day: date, state: str) -> None:
        owed = [one for one in matter.limits if one.open and one.rule != PROMISE]
        matter.kept = (owed, matter.state, matter.unit)
        for limit in owed:
            limit.dropped = day
        matter.state = state

    def _come_back(self, matter: Matter, _entry: Entry) -> None:
        owed, matter.state, matter.unit = matter.kept
        for limit in owed:
            limit.done = limit.dropped = None
        matter.merged_into = None

    _unmerge = _unguide_back = _come_back

    def _merge(self, matter: Matter, entry: Entry) -> None:
        self._leave(matter, entry.day, "merged")
        matter.merged_into, matter.unit = entry.data["into"], None

    def _guide_back(self, matter: Matter, entry: Entry) -> None:
        self._leave(matter, entry.day, "guided")
        for limit in matter.kept[0]:
            if limit.rule in REFERRAL:
                limit.done, limit.dropped = entry.day, None

    def _unsplit(self, matter: Matter, entry: Entry) -> None:
        self._leave(matter, entry.day, "merged")
        matter.merged_into = next(number for number, one in self.matters.items() if one is self._where_it_goes_on(entry.data["of"]))

    # --- supervision and promises --------------------------------------------------------------------------------

    def _supervise(self, matter: Matter, entry: Entry) -> None:
        self._begin(matter, "supervision", entry.data["unit"], entry.day, entry.day, (entry.data["due"] - entry.day).days)

    def _answer(self, matter: Matter, entry: Entry) -> None:
        for limit in matter.limits:
            if limit.open and limit.rule == "supervision" and limit.starts == entry.data["of"]:
                limit.done = entry.day

    def _promise(self, matter: Matter, entry: Entry) -> None:
        due = entry.data["due"]
        starts = min(entry.day, due - ONE)
        self._begin(matter, PROMISE, entry.data["unit"], starts, entry.day, (due - starts).days)

    def _keep_promise(self, matter: Matter, entry: Entry) -> None:
        self._meet(matter, (PROMISE,), entry.day)

    def _break_promise(self, matter: Matter, entry: Entry) -> None:
        self._drop(matter, entry.day, rule=PROMISE)

    # --- the answer and what follows it --------------------------------------------------------------------------

    def _contact(self, matter: Matter, _entry: Entry) -> None:
        matter.contacted = True

    def _deliver(self, matter: Matter, entry: Entry) -> None:
        for letter in matter.letters:
            if letter[1] is None:
                letter[1] = entry.day
                right, states = RIGHT_AFTER.get(letter[0], ("", set()))
                if matter.state in states:
                    self._begin(matter, right, None, entry.day, entry.day)

    def _conclude(self, matter: Matter, entry: Entry) -> None:
        matter.state, matter.concluded = "concluded", entry.day
        matter.first_concluded = matter.first_concluded or entry.day

    def _follow_up(self, matter: Matter, entry: Entry) -> None:
        matter.denied |= entry.data["score"] == "dissatisfied"

    def _rate(self, matter: Matter, entry: Entry) -> None:
        matter.ratings[entry.data["body"]] = (entry.data["score"], entry.data["by"], entry.day)

    def _request_review(self, matter: Matter, entry: Entry) -> None:
        self._meet(matter, ("request_review",), entry.data["day"])
        self._begin(matter, "review", matter.office, entry.data["day"], entry.day)
        matter.state = "reviewing"

    def _review_opinion(self, matter: Matter, entry: Entry) -> None:
        self._meet(matter, ("review",), entry.day)
        matter.state, matter.opinion = "reviewed", entry.day
        matter.letters.append(["review_opinion", None])

    def _request_reexamination(self, matter: Matter, entry: Entry) -> None:
        self._meet(matter, ("request_reexamination",), entry.data["day"])
        self._begin(matter, "reexamination", matter.office, entry.data["day"], entry.day)
        matter.state = "reexamining"

    def _reexamination_opinion(self, matter: Matter, entry: Entry) -> None:
        self._meet(matter, ("reexamination",), entry.day)
        matter.state, matter.opinion = "reexamined", entry.day
        matter.letters.append(["reexamination_opinion", None])

    def _repeats(self, matter: Matter, entry: Entry) -> None:
        matter.repeat_of = entry.data["of"]

    # --- figures: name -> (numerator, denominator) as sets of cases, or numbers of receptions ----------------------

    def in_time(self, rules: Iterable[str], orgs: set[int], first: date, last: date, today: date) -> tuple[set[int], set[int]]:
        """及时受理率, 按期办结率: whose limits fell due, and of them those that were kept."""
        fell, late = set(), set()
        judged = self._fallen_due(frozenset(rules), today)
        for place in range(bisect_left(judged, first, key=itemgetter(0)), bisect_right(judged, last, key=itemgetter(0))):
            _, number, who, is_late = judged[place]
            if who in orgs:
                fell.add(number)
                if is_late:
                    late.add(number)
        return fell - late, fell

    def _fallen_due(self, rules: frozenset[str], today: date) -> list[tuple[date, int, int | None, bool]]:
        """Limits that fell due before today: last day, case, who had to act, whether it was late.  By last day, and worked
        out once for all that is asked of the same books."""
        key = (rules, today, self._taken)
        if key not in self._judged:
            found = [
                (limit.due, number, limit.who, limit.dropped is not None or limit.done is None or limit.done > limit.due)
                for number, matter in self.matters.items() for limit in matter.limits
                if limit.rule in rules and limit.due < today and _counts(matter, limit)
            ]  # fmt: skip
            self._judged[key] = sorted(found, key=itemgetter(0, 1))
        return self._judged[key]

    def rated(self, body: str, orgs: set[int], first: date, last: date) -> tuple[set[int], set[int], set[int]]:
        """满意率 and 参评率 of one body: pleased, rated, could be rated."""
        could = {
            number for number, one in self.matters.items()
            if first <= one.registered <= last and not one.litigation and one.repeat_of is None and one.state != "merged"
            and (one.office if body == "office" else one.unit) in orgs
            and (one.state in ANSWERED if body == "unit" else one.state not in ("registered", "guided"))
        }  # fmt: skip
        rated = {number for number in could if body in self.matters[number].ratings}
        return {number for number in rated if self.matters[number].ratings[body][0] in PLEASED}, rated, could

    def repeats(self, orgs: set[int], first: date, last: date) -> tuple[set[int], set[int]]:
        came = {number for number, one in self.matters.items() if first <= one.registered <= last and one.office in orgs and one.state != "merged"}
        return {number for number in came if self.matters[number].repeat_of is not None}, came

    def resolved(self, orgs: set[int], first: date, last: date, window: int) -> tuple[set[int], set[int]]:
        """一次性化解率: by the day of the first conclusion; handled anew or come again, it was not resolved at once."""
        ended = {
            number: one.first_concluded for number, one in self.matters.items()
            if one.first_concluded is not None and first <= one.first_concluded <= last and one.office in orgs and one.repeat_of is None
        }  # fmt: skip
        again = {number for number in ended if self.matters[number].anew}
        for one in self.matters.values():
            if one.state == "merged":
                continue
            first_time = self._first_time(one)
            if first_time in ended and ended[first_time] <= one.received <= ended[first_time] + timedelta(days=window):
                again.add(first_time)
        return set(ended) - again, set(ended)

    def _first_time(self, matter: Matter) -> int | None:
        """The matter that a repeat, or a repeat of a repeat, goes back to."""
        found = matter.repeat_of
        while found is not None and self.matters[found].repeat_of is not None:
            found = self.matters[found].repeat_of
        return found

    def receptions(self, orgs: set[int], first: date, last: date) -> dict[str, tuple[int, int]]:
        """远程视频接访比重 per level of leader: by video, all."""
        found: dict[str, list[int]] = {}
        for day, organization in self.talks:
            if organization in orgs and first <= day <= last:
                both = found.setdefault(self.level(organization), [0, 0])
                both[0] += 1
                both[1] += 1
        for one in self.matters.values():
            if one.receiver in orgs and first <= one.received <= last and one.state != "merged":
                found.setdefault(self.level(one.receiver), [0, 0])[1] += 1
        return {level: (video, whole) for level, (video, whole) in found.items()}

    def looks(self, orgs: set[int], first: date, last: date) -> dict[str, set[int]]:
        """What somebody has to look at."""
        found: dict[str, set[int]] = {"no_contact": set(), "contradicted": set(), "by_staff": set(), "taken_back_late": set(), "merged": set()}
        for number, one in self.matters.items():
            if one.concluded is not None and first <= one.concluded <= last and one.office in orgs and not one.contacted:
                found["no_contact"].add(number)
            if one.state == "merged" and first <= one.registered <= last and one.office in orgs:
                found["merged"].add(number)
            for body, (score, by, day) in one.ratings.items():
                if (one.office if body == "office" else one.unit) in orgs and first <= day <= last:
                    if score in PLEASED and one.denied:
                        found["contradicted"].add(number)
                    if by == "staff":
                        found["by_staff"].add(number)
            for limit in one.limits:
                judged = limit.rule in (*ACCEPTANCE, *CONCLUSION) and limit.who in orgs and first <= limit.due <= last
                if judged and limit.dropped is not None and limit.dropped > limit.due:
                    found["taken_back_late"].add(number)
        return found


def _counts(matter: Matter, limit: Limit) -> bool:
    """Neither taken back in time nor standing still since before its last day."""
    if limit.dropped is not None and limit.dropped <= limit.due:
        return False
    return not (limit.open and _stands_still(matter, limit))


def _stands_still(matter: Matter, limit: Limit) -> bool:
    """A pause goes on that began before it ran out."""
    stops = STOPPED_BY.get(limit.rule, set())
    return any(kind in stops and end is None and begin <= limit.due for kind, begin, end in matter.pauses)


def _stages(gone: int, lapses: bool, before: Iterable[int], late: tuple[int, int]) -> list[str]:
    """The furthest stage of each audience, so many days after the last day."""
    if lapses and gone > 0:
        return []
    unit = [f"before-{days}" for days in sorted(before, reverse=True) if gone >= -days]
    if not lapses:
        unit += ["due"] * (gone >= 0) + ["late"] * (gone >= late[0])
    above = [] if lapses else ["late-supervisor"] * (gone >= late[0]) + ["late-leader"] * (gone >= late[1])
    return unit[-1:] + above


def _after(day: date, value: int, unit: str, stopped: set[date]) -> date:
    """The day on which so many days after `day` have been counted."""
    while value:
        day += ONE
        if day not in stopped and (unit == CALENDAR or works(day)):
            value -= 1
    return day
