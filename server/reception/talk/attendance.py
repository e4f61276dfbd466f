"""在场人员 of a reception: put together from what the media node journalled, and as it stands in a signed record."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain.attendance import Attendance, Span, plain_sentence, put_together, sentence
from server.protocol.base import Role
from server.protocol.receptions import Attendee
from server.store import receptions, records
from server.store.models import Reception, StoredPresence


def present(session: Session, reception: Reception) -> list[Attendance]:
    """Everybody who was in the room, observers last; times in the office's zone."""
    stays: dict[str, list[Span]] = {}
    for stay in receptions.presences_of(session, reception.id):
        stays.setdefault(stay.participant_id, []).append(_stay(stay, reception.ended_at))
    holds = _holds(session, reception)
    seats = sorted(records.participants(session, reception.id), key=lambda seat: seat.role == Role.OBSERVER)
    found = []
    for seat in seats:
        whole = put_together(stays.get(seat.id, ()), _local(reception.ended_at))
        if whole is not None:
            mine = tuple(holds.get(seat.id, ()))
            found.append(Attendance(seat.id, Role(seat.role), seat.name, whole[0], whole[1], mine))
    return found


def _stay(stay: StoredPresence, ended_at: datetime | None) -> Span:
    """Whoever was never seen leaving stayed to the end."""
    since = stay.since.astimezone(clock.OFFICE_ZONE)
    until = _local(stay.until) or _local(ended_at) or since
    return Span(since, max(since, until), stay.reason)


def _local(moment: datetime | None) -> datetime | None:
    return moment.astimezone(clock.OFFICE_ZONE) if moment else None


def _holds(session: Session, reception: Reception) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    started = _local(reception.started_at)
    if started is None:
        return found
    for hold in receptions.holds_of(session, reception.id):
        since = started + timedelta(seconds=hold.start)
        until = started + timedelta(seconds=hold.end) if hold.end is not None else _local(reception.ended_at)
        found.setdefault(hold.participant_id, []).append(Span(since, max(since, until or since)))
    return found


def views(found: Iterable[Attendance]) -> Iterator[Attendee]:
    """As pages show it."""
    for one in found:
        yield Attendee(
            participant_id=one.participant_id,
            role=one.role,
            who=one.who,
            text=sentence(one),
            plain=plain_sentence(one),
        )


def lines(found: Iterable[Attendance]) -> list[str]:
    """As papers show it: one line a person."""
    return [f"{one.who}：{sentence(one)}" for one in found]


def to_json(one: Attendance) -> dict[str, Any]:
    """For the canonical record."""
    return {
        "participant_id": one.participant_id,
        "role": one.role.value,
        "name": one.name,
        **_span_json(one.stay),
        "breaks": [_span_json(found) for found in one.breaks],
        "holds": [_span_json(found) for found in one.holds],
    }


def _span_json(span: Span) -> dict[str, str]:
    return {"since": span.since.isoformat(), "until": span.until.isoformat(), "reason": span.reason}


def filed(content: Mapping[str, Any]) -> list[Attendance]:
    """From a canonical record; none in one that was signed before presence was part of it."""
    return [_from_json(one) for one in content.get("attendance", ())]


def _from_json(one: Mapping[str, Any]) -> Attendance:
    return Attendance(
        participant_id=one["participant_id"],
        role=Role(one["role"]),
        name=one["name"],
        stay=_span(one),
        breaks=tuple(_span(found) for found in one["breaks"]),
        holds=tuple(_span(found) for found in one["holds"]),
    )


def _span(found: Mapping[str, str]) -> Span:
    since, until = (datetime.fromisoformat(found[end]).astimezone(clock.OFFICE_ZONE) for end in ("since", "until"))
    return Span(since, until, found["reason"])
