"""What correcting took.  Paths: office.md."""

from server.protocol.base import Message


class DeskFigures(Message):
    """What correcting some records took, and whether the marks were right."""

    records: int
    audio_s: float
    work_s: float
    """Pauses are left out (domain/deskwork.py)."""
    marked: int
    changed: int
    offered: int
    """Other readings of the second pass that were decided."""
    taken: int


class OwnFigures(Message):
    """A clerk's own, for nobody else."""

    days: int
    now: DeskFigures
    before: DeskFigures


class OfficeFigures(Message):
    """Of offices, never of persons."""

    days: int
    offices: tuple[tuple[str, DeskFigures], ...]
    hidden_offices: int
    """Offices that are not shown because they would show a person."""
    least_clerks: int
