"""Where everybody who waits stands, as the kiosk, the staff and the hall's screen see it.

Halls hang together by those who serve several of them, so a line is always reckoned over a circle: the halls asked about,
whoever is on duty there, the other halls that they serve, and so on.  Nothing of it is kept but what queue_places holds.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain import queueing
from server.domain.organizations import own_and_above
from server.domain.queueing import MEASURES, Entry, LocalRule, Rule, Seat, Wait
from server.errors import NotFound
from server.protocol.queueing import Hall, HallDisplay, Queue, QueueRow, QueueRuleView, Shown, Standing
from server.reception.talk import bookings
from server.settings import Settings
from server.store import accounts
from server.store import queueing as store
from server.store import receptions as stored
from server.store.access import Actor
from server.store.models import Organization, QueuePlace, Reception

BEFORE_SHOWN = 3
NEXT_SHOWN = 8


@dataclass(frozen=True)
class Circle:
    """Who waits in some halls that hang together, in order, and who calls them."""

    line: list[Entry]
    seats: tuple[Seat, ...]
    rules: Mapping[int, Mapping[str, Rule]]
    """By hall."""
    places: Mapping[str, QueuePlace]
    lengths: list[float]
    now: datetime

    def falls_to(self, entry: Entry, user_id: int) -> bool:
        """Whether this account calls the person."""
        seat = next((seat for seat in self.seats if seat.user_id == user_id), None)
        return queueing.may_call(entry, user_id, seat.halls if seat else ())

    def line_of(self, user_id: int, halls: Collection[int] = ()) -> list[Entry]:
        """Those whom an account may call, in order; `halls`: as if it served these, too."""
        return [one for one in self.line if self.falls_to(one, user_id) or queueing.may_call(one, user_id, halls)]

    def before(self, entry: Entry) -> list[Entry]:
        """Those who are called before the person by somebody who could also call the person."""
        at = next(at for at, one in enumerate(self.line) if one.id == entry.id)
        return [one for one in self.line[:at] if one.called_by is None and self._rivals(one, entry)]

    def _rivals(self, one: Entry, other: Entry) -> bool:
        if one.wanted_id == other.wanted_id and (one.wanted_id is not None or one.hall_id == other.hall_id):
            return True
        can = (seat for seat in self.seats if queueing.may_call(one, seat.user_id, seat.halls))
        return any(queueing.may_call(other, seat.user_id, seat.halls) for seat in can)

    def waits(self) -> dict[str, Wait]:
        """When each may be called, by reception."""
        uncalled = [entry for entry in self.line if entry.called_by is None]
        return queueing.forecast(uncalled, self.seats, self.lengths, self.now)

    def why(self, entry: Entry) -> str:
        """Why somebody stands where they stand."""
        wanted = stored.shown_name(self.places[entry.id].wanted)
        present = [one.id for one in self.line]
        return queueing.why_here(entry, self.rules[entry.hall_id], present, clock.OFFICE_ZONE, wanted)


def circle(session: Session, halls: Collection[int], users: Collection[int] = ()) -> Circle:
    """The lines of these halls and accounts, and of all that they hang together with."""
    now = clock.now()
    every, served, places = _hanging_together(session, set(halls), set(users))
    rules = rules_by_hall(session, every)
    booked = bookings.booked_times(session, [place.reception for place in places])
    entries = [_entry(place, booked.get(place.reception_id)) for place in places]
    line = queueing.in_order(entries, rules.__getitem__)
    since = now - timedelta(days=MEASURES.days)
    return Circle(
        line, _seats(session, served, places), rules, {place.reception_id: place for place in places},
        store.lengths(session, every, since, MEASURES.talks), now,
    )  # fmt: skip


def _hanging_together(
    session: Session, halls: set[int], users: set[int]
) -> tuple[set[int], dict[int, set[int]], Sequence[QueuePlace]]:
    """All halls, who serves which, and who waits: widened until nothing is added.

    A circle that was cut off would depend on who asks: somebody who lets people of another hall pass stands behind them
    only where these are seen.
    """
    while True:
        serving = users | {duty.user_id for duty in store.on_duty(session, halls)}
        served: dict[int, set[int]] = {}
        for duty in store.duties_of(session, serving):
            served.setdefault(duty.user_id, set()).add(duty.organization_id)
        every = halls.union(*served.values())
        places = store.waiting(session, every, serving)
        wider = every | {place.reception.organization_id for place in places}
        known = serving | {place.wanted_id for place in places if place.wanted_id is not None}
        if (wider, known) == (halls, users):
            return every, served, places
        halls, users = wider, known


def _entry(place: QueuePlace, booked_at: datetime | None) -> Entry:
    reception = place.reception
    return Entry(
        reception.id, reception.number, reception.asked_at, reception.organization_id, tuple(place.claims), place.wanted_id,
        place.skipped_at, tuple(place.lets_pass), place.called_by_id,
        booked_at,
    )  # fmt: skip


def _seats(session: Session, served: Mapping[int, set[int]], places: Collection[QueuePlace]) -> tuple[Seat, ...]:
    busy = {place.called_by_id: place.called_at for place in places if place.called_by_id is not None}
    busy |= store.talking_since(session, served)
    return tuple(Seat(user, frozenset(halls), busy.get(user)) for user, halls in sorted(served.items()))


def rules_by_hall(session: Session, halls: Collection[int]) -> dict[int, dict[str, Rule]]:
    """The rules of each hall: its own, else those of the nearest organization above that set some, else the table's."""
    paths = {hall.id: own_and_above(hall.path) for hall in accounts.named(session, halls).values()}
    stored_rules = store.rules_of(session, {one for path in paths.values() for one in path})
    own = {(row.organization_id, row.rule_id): LocalRule(row.minutes, row.active, row.source) for row in stored_rules}
    found = {}
    for hall, path in paths.items():
        local = {rule: own[place, rule] for place in path for rule in queueing.RULES if (place, rule) in own}
        found[hall] = queueing.rules_for(local)
    return found


def rule_views(rules: Mapping[str, Rule]) -> tuple[QueueRuleView, ...]:
    """Rules as anybody reads them."""
    return tuple(
        QueueRuleView(
            id=rule.id, name=rule.name, who=rule.who, effect=rule.effect, minutes=rule.minutes, absolute=rule.absolute,
            active=rule.active, said_by=rule.said_by, source=rule.source,
        )
        for rule in rules.values()
    )  # fmt: skip


def _active(rules: Mapping[str, Rule]) -> tuple[QueueRuleView, ...]:
    return tuple(view for view in rule_views(rules) if view.active)


# --- at the kiosk --------------------------------------------------------------------------------------------------


def standing(session: Session, reception: Reception) -> Standing | None:
    """Where the person at a kiosk stands; None for one who does not wait."""
    users = [place.wanted_id] if (place := store.place_of(session, reception.id)) and place.wanted_id else []
    around = circle(session, [reception.organization_id], users)
    entry = next((one for one in around.line if one.id == reception.id), None)
    if entry is None:
        return None
    before, caller = around.before(entry), around.places[entry.id].called_by
    return Standing(
        ahead=0 if caller else len(before), called=caller is not None, caller=stored.shown_name(caller), why=around.why(entry),
        wait="" if caller else queueing.wait_in_words(around.waits()[entry.id], len(before), clock.OFFICE_ZONE),
        basis="" if caller else queueing.basis_in_words(around.lengths, len(around.seats)),
        before=tuple(one.number for one in before[-BEFORE_SHOWN:]), claims=entry.claims,
        interpreter=around.places[entry.id].interpreter, rules=_active(around.rules[entry.hall_id]),
    )  # fmt: skip


# --- for leaders and clerks ----------------------------------------------------------------------------------------


def queue_of(session: Session, actor: Actor, settings: Settings) -> Queue:
    """The line of a leader or clerk, and the halls that they can serve.

    Somebody off duty sees the lines of all their halls and calls from them only who waits for them alone.
    """
    halls = store.halls_under(session, actor)
    user_id = actor.user_id or 0
    serving = {duty.organization_id for duty in store.duties_of(session, [user_id])}
    around = circle(session, [hall.id for hall in halls], [user_id])
    waits = around.waits()
    visible = {hall.id for hall in halls} | serving
    booked = store.readable(session, actor, [one.id for one in around.line if one.wanted_id == user_id and one.hall_id not in visible])
    seen = [one for one in around.line if one.hall_id in visible or one.id in booked]
    mine = [one.id for one in seen if one.called_by in (None, user_id) and around.falls_to(one, user_id)]
    in_turn = [one.id for one in seen if one.called_by is None and one.id in mine]
    rows = [_row(around, one, user_id, in_turn, waits) for one in seen]
    rows.sort(key=lambda row: (not row.mine, row.place == 0))
    own_rules = rules_by_hall(session, [actor.organization_id])[actor.organization_id]
    return Queue(
        halls=tuple(_hall(hall, serving, around, settings) for hall in halls) or (_own_office(session, actor, serving, len(booked)),),
        line=tuple(rows),
        basis=queueing.basis_in_words(around.lengths, len(around.seats)), rules=rule_views(own_rules),
    )  # fmt: skip


def _hall(hall: Organization, serving: Collection[int], around: Circle, settings: Settings) -> Hall:
    waiting = sum(one.hall_id == hall.id for one in around.line)
    return Hall(id=hall.id, name=hall.name, on_duty=hall.id in serving, waiting=waiting, display=f"/hall/{display_token(settings, hall.id)}")


def _own_office(session: Session, actor: Actor, serving: Collection[int], booked: int) -> Hall:
    """Where somebody is on duty whose office has no kiosk: for those who booked with them and sit elsewhere."""
    office = accounts.organization_or_none(session, actor.organization_id)
    return Hall(id=actor.organization_id, name=office.name if office else "", on_duty=actor.organization_id in serving, waiting=booked, display="")


def _row(around: Circle, entry: Entry, user_id: int, in_turn: list[str], waits: Mapping[str, Wait]) -> QueueRow:
    place = around.places[entry.id]
    reception = place.reception
    called = place.called_by is not None
    at = in_turn.index(entry.id) + 1 if entry.id in in_turn else 0
    ahead = len(around.before(entry))
    return QueueRow(
        reception_id=entry.id, version=place.version, number=entry.number, petitioner=reception.petitioner_name,
        kiosk=reception.kiosk.name, matter=reception.matter, hall=reception.organization.name, asked_at=reception.asked_at,
        place=at, why=around.why(entry), wait="" if called else queueing.wait_in_words(waits[entry.id], ahead, clock.OFFICE_ZONE),
        claims=entry.claims, interpreter=place.interpreter, wanted=stored.shown_name(place.wanted), called_by=stored.shown_name(place.called_by),
        called_at=place.called_at, mine=place.called_by_id == user_id, skips=place.skips,
    )  # fmt: skip


# --- in the hall ---------------------------------------------------------------------------------------------------


def display_token(settings: Settings, hall_id: int) -> str:
    """What the address of a hall's screen carries: nobody can guess another hall's."""
    seal = hmac.new(settings.key("hall").encode(), str(hall_id).encode(), hashlib.sha256).hexdigest()[:20]
    return f"{hall_id}-{seal}"


def display(session: Session, settings: Settings, token: str) -> HallDisplay:
    """Numbers of a hall, without a name; NotFound for a token that was not given out."""
    head = token.partition("-")[0]
    if not head.isdecimal() or len(head) > 9 or not hmac.compare_digest(display_token(settings, int(head)), token):
        raise NotFound("没有这个大厅的屏幕，请从“今天接谈”里重新打开。")
    hall = accounts.organization_or_none(session, int(head))
    if hall is None:
        raise NotFound("没有这个大厅的屏幕，请从“今天接谈”里重新打开。")
    around = circle(session, [hall.id])
    here = [one for one in around.line if one.hall_id == hall.id]
    called = [around.places[one.id].reception for one in here if one.called_by is not None]
    uncalled = [one.number for one in here if one.called_by is None]
    return HallDisplay(
        hall=hall.name, called=tuple(Shown(number=one.number, kiosk=one.kiosk.name) for one in called),
        talking=tuple(Shown(number=number, kiosk=kiosk) for number, kiosk in store.talks_in(session, hall.id)),
        next=tuple(uncalled[:NEXT_SHOWN]), waiting=len(uncalled),
        seats=sum(hall.id in seat.halls for seat in around.seats), rules=_active(around.rules.get(hall.id) or queueing.RULES),
    )  # fmt: skip
