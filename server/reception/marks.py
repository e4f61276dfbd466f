"""Where a page of a list ended: its last row's place, as one text that the page keeps and sends back for what follows."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from server.errors import InvalidInput

HIGHEST = 2**31 - 1
"""No number of a row is higher."""


def mark(places: Sequence[date | int | str]) -> str:
    """Moments, days, numbers and names of a place as one text."""
    return "~".join(one.isoformat() if isinstance(one, date) else str(one) for one in places)


def places(text: str, kinds: Sequence[type]) -> tuple[Any, ...]:
    """What `mark` made a text of; () for "", InvalidInput for what is no place of such a list."""
    if not text:
        return ()
    parts = text.split("~")
    try:
        return tuple(_READ[kind](part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, OverflowError):
        raise InvalidInput("没有这一页，请从头看。") from None


def _moment(part: str) -> datetime:
    """With its offset: without one nobody knows which moment it is."""
    moment = datetime.fromisoformat(part)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment.astimezone(UTC)


def _number(part: str) -> int:
    number = int(part)
    if not 0 <= number <= HIGHEST:
        raise ValueError("no number of a row")
    return number


_READ: Mapping[type, Callable[[str], Any]] = {datetime: _moment, date: date.fromisoformat, int: _number, str: str}
