"""Figures as the page, the table, the report and the digests show them (server/protocol/office.md, Figures)."""

from datetime import date

from server.protocol.base import Message, Moment


class ShareView(Message):
    """So many of so many; `percent` has one decimal and is null of nothing."""

    part: int
    whole: int
    percent: float | None


class FigureView(Message):
    """One figure; `id` and the words are those of domain/figures.py."""

    id: str
    name: str
    formula: str
    day: str
    source: str
    measure: str
    less_is_better: bool
    now: ShareView
    a_year_before: ShareView
    counts: bool
    """False: too few rated for it to say something (不作数)."""
    remark: str
    """One sentence that belongs beside it; empty: none."""
    private: bool
    """Only supervisors may open what is behind its numerator."""


class MonthView(Message):
    period: str
    words: str
    concluded: ShareView
    accepted: ShareView


class UnitView(Message):
    """What an organization did itself, without those below it."""

    organization_id: int
    name: str
    accepted: ShareView
    concluded: ShareView
    satisfied: ShareView
    rated: ShareView
    counts: bool


class LevelView(Message):
    """Leaders of one level; `target` in per cent, null: none set; `short`: receptions by video that are missing to it."""

    level: str
    name: str
    share: ShareView
    target: int | None
    short: int


class LookView(Message):
    id: str
    name: str
    cases: int
    private: bool


class EnteredView(Message):
    """Satisfaction of one body as petitioners told it themselves, and as staff wrote it down for them."""

    body: str
    by_petitioner: ShareView
    by_staff: ShareView


class Stats(Message):
    """The figures of an organization and all below it over a period."""

    organization_id: int
    organization: str
    period: str
    words: str
    span: str
    until: date | None
    """Of a period that is not over: the last day that is counted."""
    registered: int
    figures: tuple[FigureView, ...]
    months: tuple[MonthView, ...]
    units: tuple[UnitView, ...]
    video: tuple[LevelView, ...]
    looks: tuple[LookView, ...]
    entered: tuple[EnteredView, ...]
    target_in_time: int
    least_participation: int
    least_rated: int
    """Where fewer rated, only supervisors open who did."""


class OrganizationChoice(Message):
    id: int
    name: str
    depth: int
    """Below the actor's own."""


class StatsChoices(Message):
    """What can be asked for: (short name, words) of periods, and organizations."""

    periods: tuple[tuple[str, str], ...]
    organizations: tuple[OrganizationChoice, ...]


class BehindRow(Message):
    id: int
    case_no: str
    title: str
    organization: str
    unit: str
    state: str
    received_on: date
    concluded_on: date | None
    said: tuple[str, ...] = ()
    """What was added to its ratings, for supervisors alone."""


class Behind(Message):
    """Matters behind a number, newest first; `next`: ask again with after=next, null: that was all."""

    heading: str
    explanation: str
    rows: tuple[BehindRow, ...]
    next: int | None


class Counted(Message):
    """How often something came, in the period and in the one before."""

    name: str
    now: int
    before: int
    value: str | None = None
    """What the matters have that it counts, for the list of them; null: several things, or counted before values were kept."""


class Digest(Message):
    """日研判、周会办、月通报、季核查, as it was counted when the period was over."""

    title: str
    organization: str
    period: str
    words: str
    span: str
    registered: Counted
    by_category: tuple[Counted, ...]
    by_place: tuple[Counted, ...]
    by_unit: tuple[Counted, ...]
    by_channel: tuple[Counted, ...]
    figures: tuple[FigureView, ...]
    """`a_year_before` of a digest is the period before."""
    looks: tuple[LookView, ...]


class DigestRow(Message):
    id: int
    title: str
    organization: str
    words: str
    span: str
    registered: int
    made_at: Moment


class DigestView(Message):
    id: int
    organization_id: int
    made_at: Moment
    digest: Digest


class WaitView(Message):
    """How long people waited between taking a number and being spoken with, in minutes."""

    people: int
    half: int
    nine_tenths: int
    long: int


class LeaderHeld(Message):
    """What one leader held."""

    id: int
    name: str
    title: str
    organization: str
    level: str
    """Name of the level of leader."""
    video: ShareView
    """By video, of all."""
    waits: WaitView
    promises: ShareView
    """Kept in time, of those that have come to their day."""
    rated: ShareView
    """Of what could be rated."""
    satisfied: ShareView | None
    """None: too few rated to be told of one person."""


class ReceptionFigures(Message):
    """Receptions of leaders of an organization and below over a period."""

    organization: str
    words: str
    """The period."""
    video: tuple[LevelView, ...]
    leaders: tuple[LeaderHeld, ...]
    """Who received most first."""
    waits: WaitView
    long_minutes: int
    promises: ShareView
    rated: ShareView
    satisfied: ShareView
    counts: bool
    """Enough rated for the satisfaction to count."""
    least_rated: int
    at_the_end: ShareView
    """满意 and 基本满意 of those who rated the talk itself at the kiosk, right after their slip."""
    could_say: int
    """Talks by video that could be rated so."""


class HeldRow(Message):
    """One reception behind a number."""

    at: Moment
    leader: str
    how: str
    waited: int | None
    """Minutes; null: on site."""
    title: str
    """Empty: the actor may not read it."""
    case_id: int | None
    case_no: str
    promised: str = ""
    """Of a list of promises: what was kept in time, in words."""
    said: str = ""
    """Of a list of talks that were rated at the kiosk: what the person added, for supervisors alone."""


class HeldPage(Message):
    """Receptions behind a number, the newest first; `next`: ask again with after=next, null: that was all."""

    heading: str
    rows: tuple[HeldRow, ...]
    next: int | None
