"""Counting of deadlines: a table done by hand on the calendar, and a slow counter of its own that must agree."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import chinese_calendar
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from server.domain.casenumbers import case_number
from server.domain.deadlines import Extension, Pause, check_extension, count
from server.domain.limits import PAUSES, RULES, LimitError, LocalRule, rules_for
from server.domain.workdays import OFFICIAL, Workdays

DAY = timedelta(days=1)


def on(text: str) -> date:
    year, *rest = text.split("-")
    return date(int(year), *map(int, rest))


def pause(kind: str, first: str, last: str = "") -> Pause:
    return Pause(kind, on(first), on(last) if last else None)


@pytest.mark.parametrize(("rule", "starts", "due"), [
    ("register_and_refer", "2026-06-09", "2026-06-24"),
    ("register_and_refer", "2024-02-20", "2024-03-06"),
    ("register_and_refer", "2023-02-20", "2023-03-07"),
    ("notify_acceptance", "2026-12-20", "2027-01-04"),
    # A duty that ends on a Saturday ends there; so does one that ends in the National Day week.
    ("conclude", "2026-06-09", "2026-08-08"),
    ("review", "2026-09-02", "2026-10-02"),
    # 31 days of January and 28 or 29 of February.
    ("conclude", "2026-12-31", "2027-03-01"),
    ("conclude", "2027-12-31", "2028-02-29"),
    ("extended_conclude", "2026-12-15", "2027-01-14"),
    # A right that ends on 2 October can be used until the 8th; on a Saturday until Monday; on a worked Sunday, until then.
    ("request_review", "2026-09-02", "2026-10-08"),
    ("request_review", "2026-10-15", "2026-11-16"),
    ("request_review", "2026-08-21", "2026-09-20"),
    ("request_reexamination", "2026-06-03", "2026-07-03"),
    ("object_to_assignment", "2026-06-05", "2026-06-12"),
    ("object_to_assignment", "2026-09-30", "2026-10-13"),
    # Make-up days: Saturdays 14 and 28 February, 9 May and 10 October, Sundays 4 January and 20 September 2026.
    ("simple_accept", "2026-02-12", "2026-02-24"),
    ("simple_conclude", "2026-02-13", "2026-03-05"),
    ("object_to_assignment", "2026-04-30", "2026-05-11"),
    ("object_to_assignment", "2026-09-18", "2026-09-24"),
    ("object_to_assignment", "2025-12-30", "2026-01-07"),
    ("simple_accept", "2026-10-07", "2026-10-10"),
    ("simple_accept", "2026-06-18", "2026-06-24"),
    # Leap day on a Thursday.
    ("object_to_assignment", "2024-02-28", "2024-03-06"),
    # Started on a day off.
    ("simple_accept", "2026-10-03", "2026-10-10"),
])
def test_counted_by_hand(rule, starts, due):
    assert count(RULES[rule], on(starts)).due_on == on(due)


@pytest.mark.parametrize(("rule", "starts", "pauses", "due"), [
    ("reexamination", "2026-06-01", [], "2026-07-01"),
    ("reexamination", "2026-06-01", [pause("hearing", "2026-06-10", "2026-06-12")], "2026-07-04"),
    # It began before the limit did.
    ("reexamination", "2026-06-10", [pause("hearing", "2026-06-08", "2026-06-12")], "2026-07-12"),
    ("reexamination", "2026-06-10", [pause("hearing", "2026-06-01", "2026-06-10")], "2026-07-10"),
    # They share the 12th, which is left out once.
    ("reexamination", "2026-06-01",
     [pause("supplement", "2026-06-12", "2026-06-15"), pause("hearing", "2026-06-10", "2026-06-12")], "2026-07-07"),
    # It begins on the last day, and it begins after it.
    ("reexamination", "2026-06-01", [pause("hearing", "2026-07-01", "2026-07-03")], "2026-07-04"),
    ("reexamination", "2026-06-01", [pause("hearing", "2026-07-02", "2026-07-09")], "2026-07-01"),
    # Thursday to Monday: three working days and a weekend; then the Dragon Boat Festival.
    ("simple_conclude", "2026-06-08", [pause("mediation", "2026-06-11", "2026-06-15")], "2026-06-26"),
    ("conclude", "2026-06-09", [pause("mediation", "2026-06-20", "2026-06-29")], "2026-08-18"),
])
def test_pauses_counted_by_hand(rule, starts, pauses, due):
    assert count(RULES[rule], on(starts), pauses=pauses).due_on == on(due)


def test_a_day_of_two_pauses_is_left_out_for_the_one_that_began_first():
    both = [pause("supplement", "2026-06-12", "2026-06-15"), pause("hearing", "2026-06-10", "2026-06-12")]
    found = count(RULES["reexamination"], on("2026-06-01"), pauses=both)
    assert [(span.why, span.first, span.days) for span in found.left_out] == [
        ("hearing", on("2026-06-10"), 3), ("supplement", on("2026-06-13"), 3),
    ]


def test_a_last_day_that_moves_does_not_move_onto_a_paused_one():
    found = count(PAUSED_RIGHT, on("2026-10-15"), pauses=[pause("hearing", "2026-11-16", "2026-11-17")])
    assert found.due_on == on("2026-11-18")


@pytest.mark.parametrize(("days", "approved", "pauses", "due"), [
    (30, "2026-08-01", [], "2026-09-07"),
    (10, "2026-06-09", [], "2026-08-18"),
    (30, "2026-08-08", [], "2026-09-07"),
    (30, "2026-08-18", [pause("mediation", "2026-06-20", "2026-06-29")], "2026-09-17"),
    (30, "2026-08-01", [pause("mediation", "2026-09-01", "2026-09-02")], "2026-09-09"),
])
def test_an_extension_runs_on_from_the_end(days, approved, pauses, due):
    found = count(RULES["conclude"], on("2026-06-09"), pauses=pauses, extension=Extension(days, on(approved)))
    assert (found.due_on, found.late_extension) == (on(due), False)


def test_an_extension_after_the_end_does_not_count_and_is_said_so():
    late = Extension(30, on("2026-08-09"))
    found = count(RULES["conclude"], on("2026-06-09"), extension=late)
    assert (found.due_on, found.extension, found.late_extension) == (on("2026-08-08"), None, True)
    with pytest.raises(LimitError, match="已经过了"):
        check_extension(count(RULES["conclude"], on("2026-06-09")), late)


@pytest.mark.parametrize(("rule", "extension", "said"), [
    ("review", Extension(5, on("2026-06-10")), "不能延长"),
    ("extended_conclude", Extension(5, on("2026-06-10")), "不能延长"),
    ("conclude", Extension(31, on("2026-06-10")), "最多 30 天"),
    ("conclude", Extension(0, on("2026-06-10")), "最少 1 天"),
    ("conclude", Extension(30, on("2026-06-08")), "不能早于"),
])
def test_an_extension_the_law_does_not_know_is_refused(rule, extension, said):
    before = count(RULES[rule], on("2026-06-09"))
    with pytest.raises(LimitError, match=said):
        check_extension(before, extension)
    with pytest.raises(LimitError, match=said):
        count(RULES[rule], on("2026-06-09"), extension=extension)


def test_it_is_extended_once_and_within_the_local_rule():
    once = count(RULES["conclude"], on("2026-06-09"), extension=Extension(5, on("2026-08-01")))
    with pytest.raises(LimitError, match="一次"):
        check_extension(once, Extension(5, on("2026-08-02")))
    local = rules_for({"extended_conclude": LocalRule(10, "本市办法")})["conclude"]
    with pytest.raises(LimitError, match="最多 10 天"):
        check_extension(count(local, on("2026-06-09")), Extension(11, on("2026-08-01")))
    check_extension(count(local, on("2026-06-09")), Extension(10, on("2026-08-08")))


@pytest.mark.parametrize(("given_pause", "said"), [
    (pause("hearing", "2026-06-10", "2026-06-12"), "不因为听证停算"),
    (pause("holiday", "2026-06-10", "2026-06-12"), "不因为holiday停算"),
    (pause("mediation", "2026-06-12", "2026-06-11"), "不能早于"),
])
def test_a_pause_the_law_does_not_know_is_refused(given_pause, said):
    with pytest.raises(LimitError, match=said):
        count(RULES["conclude"], on("2026-06-09"), pauses=[given_pause])


@pytest.mark.parametrize(("today", "due", "running"), [
    ("2026-06-09", "2026-07-01", ""),
    ("2026-06-10", "2026-07-02", "hearing"),
    ("2026-06-30", "2026-07-22", "hearing"),
    ("2026-08-30", "2026-09-21", "hearing"),
])
def test_a_pause_that_goes_on_moves_the_date_day_by_day(today, due, running):
    found = count(RULES["reexamination"], on("2026-06-01"), pauses=[pause("hearing", "2026-06-10")], today=on(today))
    assert (found.due_on, found.running) == (on(due), running)


def test_a_pause_that_began_too_late_does_not_go_on():
    found = count(
        RULES["reexamination"], on("2026-06-01"), pauses=[pause("hearing", "2026-07-02")], today=on("2026-08-01")
    )
    assert (found.due_on, found.running) == (on("2026-07-01"), "")
    with pytest.raises(ValueError, match="needs today"):
        count(RULES["reexamination"], on("2026-06-01"), pauses=[pause("hearing", "2026-06-10")])


KNOWN_TO_2026 = Workdays(
    {day: name for day, name in OFFICIAL.off.items() if day.year <= 2026},
    {day: name for day, name in OFFICIAL.worked.items() if day.year <= 2026},
    frozenset(range(2004, 2027)),
)


@pytest.mark.parametrize(("rule", "starts", "due", "unknown"), [
    # 1 January is a holiday, but the notice is not there: a plain Friday.
    ("object_to_assignment", "2026-12-28", "2027-01-04", (2027,)),
    # The notice for 2027 may also move the last days of December, as that for 2019 did.
    ("simple_accept", "2026-12-23", "2026-12-28", (2027,)),
    ("simple_accept", "2026-12-21", "2026-12-24", ()),
    ("object_to_assignment", "2040-01-06", "2040-01-13", (2040,)),
    ("request_review", "2026-12-03", "2027-01-04", (2027,)),
    # Calendar days do not ask for holidays.
    ("conclude", "2026-12-28", "2027-02-26", ()),
    ("request_review", "2026-11-11", "2026-12-11", ()),
])
def test_a_year_whose_notice_is_missing_counts_plain_weekends_and_says_so(rule, starts, due, unknown):
    found = count(RULES[rule], on(starts), calendar=KNOWN_TO_2026)
    assert (found.due_on, found.unknown_years, found.calendar_known) == (on(due), unknown, not unknown)


# --- a counter of its own: every candidate day counted anew from the first, with the library asked directly ----------


@cache
def works(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.isoweekday() <= 5


def slow_due(rule, starts: date, pauses: Sequence[Pause], extension: Extension | None, today: date, worked=works) -> date:
    paused = {
        day for each in pauses
        for day in map(date.fromordinal, range(each.first.toordinal(), (each.last or today).toordinal() + 1))
    }

    def reached(after: date, value: int, unit: str) -> date:
        candidate = after
        while True:
            candidate += DAY
            between = [date.fromordinal(n) for n in range(after.toordinal() + 1, candidate.toordinal() + 1)]
            if sum(day not in paused and (unit == "days" or worked(day)) for day in between) == value:
                return candidate

    due = reached(starts, rule.value, rule.unit)
    if extension is not None and extension.approved_on <= due:
        due = reached(due, extension.days, "days")
    if rule.whose == "petitioner":
        while due in paused or not worked(due):
            due += DAY
    return due


EDGES = [on(text) for text in (
    "2024-02-28", "2024-02-29", "2025-12-31", "2026-01-01", "2026-02-13", "2026-05-08", "2026-09-30", "2026-10-09",
    "2026-12-24", "2026-12-31", "2027-01-01", "2027-12-31", "2028-02-29",
)]
PAUSED_RIGHT = replace(RULES["request_review"], id="paused_right", stopped_by=("hearing",))
"""No limit of today has both: a last day that moves, and pauses, which may lie on the day it moves to."""
ALL_RULES = [*RULES.values(), PAUSED_RIGHT]
days = st.dates(date(2023, 12, 1), date(2028, 4, 1)) | st.sampled_from(EDGES)


@st.composite
def cases(draw):
    """A rule, its start, pauses that it knows (also before, across and after it, also open), and an extension."""
    rule, starts = draw(st.sampled_from(ALL_RULES)), draw(days)
    pauses = []
    for _ in range(draw(st.integers(0, 3)) if rule.stopped_by else 0):
        first = starts + draw(st.integers(-20, 100)) * DAY
        last = draw(st.none() | st.integers(0, 15).map(lambda n, first=first: first + n * DAY))
        pauses.append(Pause(draw(st.sampled_from(rule.stopped_by)), first, last))
    extension = None
    if rule.extended_by and draw(st.booleans()):
        extension = Extension(draw(st.integers(1, rule.extended_by.value)), starts + draw(st.integers(0, 130)) * DAY)
    return rule, starts, pauses, extension, starts + draw(st.integers(-5, 130)) * DAY


@settings(max_examples=100, deadline=None)
@given(cases())
@example((RULES["conclude"], date(2023, 12, 31), [], Extension(30, date(2024, 2, 29)), date(2024, 2, 29)))
def test_the_slow_counter_agrees(case):
    rule, starts, pauses, extension, today = case
    found = count(rule, starts, pauses=pauses, extension=extension, today=today)
    assert found.due_on == slow_due(rule, starts, pauses, extension, today)


@settings(max_examples=100, deadline=None)
@given(cases())
def test_every_day_between_start_and_end_is_accounted_for(case):
    rule, starts, pauses, extension, today = case
    found = count(rule, starts, pauses=pauses, extension=extension, today=today)
    counted = rule.value + (found.extension.days if found.extension else 0)
    assert (found.last_counted - starts).days == counted + sum(span.days for span in found.left_out)
    assert found.starts_on < found.plain_end <= found.last_counted <= found.due_on
    previous = starts
    for span in found.left_out:
        assert previous < span.first <= span.last < found.last_counted
        previous = span.last
        assert span.why in PAUSES if span.fate == "paused" else rule.unit == "working_days"
    assert all(not works(day) for span in found.left_out if span.fate == "off" for day in (span.first, span.last))
    assert all(day.isoweekday() > 5 and works(day) for day, _ in found.made_up)
    assert found.late_extension == (extension is not None and extension.approved_on > found.plain_end)


@settings(max_examples=100, deadline=None)
@given(cases(), st.integers(0, 40), st.integers(0, 10))
def test_a_pause_makes_it_later_by_no_more_than_its_days_and_one_more_never_earlier(case, after, length):
    rule, starts, pauses, _, today = case
    assume(rule.stopped_by)
    more = Pause(rule.stopped_by[0], starts + after * DAY, starts + (after + length) * DAY)
    first, without = count(rule, starts, pauses=[more]), count(rule, starts)
    assert without.due_on <= first.due_on
    if rule.unit == "days" and rule.last_day_off == "stays":
        assert first.due_on <= without.due_on + (length + 1) * DAY
    several = count(rule, starts, pauses=pauses, today=today)
    assert several.due_on <= count(rule, starts, pauses=[*pauses, more], today=today).due_on


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(RULES)), days)
def test_who_starts_a_day_later_is_never_due_earlier(rule, starts):
    assert count(RULES[rule], starts).due_on <= count(RULES[rule], starts + DAY).due_on


calendars = st.builds(
    lambda off, worked: Workdays(
        {date(2026, 1, 1) + n * DAY: "节" for n in off},
        {day: "节" for day in (date(2026, 1, 1) + n * DAY for n in worked - off) if day.isoweekday() > 5},
        frozenset({2026}),
    ),
    st.sets(st.integers(0, 364), max_size=120), st.sets(st.integers(0, 364), max_size=60),
)


@settings(max_examples=100, deadline=None)
@given(calendars, st.sampled_from(sorted(RULES)), st.dates(date(2025, 12, 20), date(2027, 1, 5)))
def test_the_slow_counter_agrees_on_any_calendar(calendar, rule, starts):
    found = count(RULES[rule], starts, calendar=calendar)

    def worked(day: date) -> bool:
        return (day.isoweekday() <= 5 or day in calendar.worked) and day not in calendar.off

    assert found.due_on == slow_due(RULES[rule], starts, [], None, starts, worked)


def test_case_numbers():
    assert case_number("LX", 2026, 418) == "LX-2026-000418"
    with pytest.raises(ValueError):
        case_number("LX", 2026, 0)
