"""What a clerk says and sees when matters of another system are imported from a file."""

from typing import Annotated

from pydantic import Field

from server.protocol.base import Day, Message, Moment

FieldName = Annotated[str, Field(max_length=30)]
ColumnName = Annotated[str, Field(max_length=200)]


class ImportPlan(Message):
    """Which column is which field; what is not in the file may be told once for all rows."""

    channel: Annotated[str, Field(pattern="^(on_site|letter|online|mailbox|hotline)$")]
    columns: dict[FieldName, ColumnName] = Field(max_length=30)
    """Field of NewMatter (flow.py) → column."""
    received_on: Day | None = None
    """For rows that say no day."""
    save_as: Annotated[str, Field(max_length=50)] = ""
    """Keep the columns under this name for the next file."""


class BeginImport(Message):
    plan_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    """Of the plan that the clerk saw the dry run of."""


class ImportField(Message):
    field: str
    label: str
    required: bool


class WrongCell(Message):
    """What is wrong in one cell."""

    row: int
    """As a person counts in the file."""
    column: str
    value: str
    message: str


class ImportSummary(Message):
    """A file and what became of it."""

    id: int
    state: str
    """ImportState of domain/states.py."""
    file_name: str
    file_sha256: str
    author: str
    made_at: Moment
    done_at: Moment | None
    rows: int
    matters: int
    known: int
    handled: int
    added: int


class ImportView(ImportSummary):
    """The same with what is needed to go on."""

    wrong: int
    """Rows with errors; with one of them nothing is imported."""
    errors: tuple[WrongCell, ...]
    """The first ones."""
    errors_in_all: int
    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    proposed: dict[str, str]
    """Field → column, by the names of the columns."""
    plan: ImportPlan | None
    plan_sha256: str
    fields: tuple[ImportField, ...]


class MappingView(Message):
    """Columns that were kept under a name."""

    id: int
    name: str
    channel: str
    columns: dict[str, str]


class Imports(Message):
    imports: tuple[ImportSummary, ...]
    mappings: tuple[MappingView, ...]
