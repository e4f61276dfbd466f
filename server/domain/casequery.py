"""What an officer looks for among the cases: words, and filters that all have to hold."""

from dataclasses import dataclass, fields
from datetime import date


@dataclass(frozen=True)
class CaseQuery:
    """Empty fields ask for nothing.

    `words`: every word of it stands in the case (form, record, letters, supplements).  `person`: the whole name of one
    who brings the matter.  `place`, `category`: part of what the case says.  `unit`: the main unit; `office`: where it is
    registered, with what is below.  `since`, `until`: days of registration in the office's time, both included.
    """

    words: str = ""
    person: str = ""
    place: str = ""
    category: str = ""
    unit: int | None = None
    office: int | None = None
    since: date | None = None
    until: date | None = None
    state: str = ""
    channel: str = ""
    purpose: str = ""

    @property
    def empty(self) -> bool:
        """Whether it asks for everything."""
        return all(not getattr(self, field.name) for field in fields(self))
