"""A filed record as plain JSON, for whoever reads it without this software.

The schema beside it (record-export.schema.json) is made from these classes: `python -m server.protocol.export` writes
it, and a test holds the two together.  What a schema cannot say is checked when an export is made and when one is read:
see RecordExport.
"""

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from server.protocol.base import Identifier, Message, Moment, Role, Seconds, Sha256

SCHEMA_FILE = Path(__file__).with_name("record-export.schema.json")


class ExportPart(Message):
    """Part of an export: what is said of its fields here stands in the schema, too."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class ExportSpeaker(ExportPart):
    """Somebody who had a seat in the talk."""

    id: Identifier
    role: Role
    name: str


class ExportUtterance(ExportPart):
    """What was recognised of one person in one breath, as it was recognised; times are seconds of the recording."""

    id: Identifier
    speaker: Identifier
    start: Seconds
    end: Seconds
    text: str


class ExportLine(ExportPart):
    """A line of the record as it was signed."""

    id: Identifier
    kind: Literal["question", "answer", "note"]
    speaker: Identifier | None
    """None: a note that nobody said."""
    start: Seconds
    end: Seconds
    text: str
    recognised: str
    """What the line was before it was corrected; empty: typed by hand."""
    utterances: tuple[Identifier, ...]


class ExportRemoved(ExportLine):
    """A line that a clerk took out; nothing is thrown away."""

    reason: str


class ExportField(ExportPart):
    """A field of the registration form."""

    field: str
    label: str
    value: str
    """As stored: of a choice its identifier."""
    words: str
    """As printed."""
    source: Literal["", "speech", "kiosk", "card", "office", "clerk", "model"]
    utterances: tuple[Identifier, ...]
    """Where it was said."""


class ExportPromise(ExportPart):
    """What the receiving side undertook, as somebody confirmed it."""

    words: str
    start: Seconds


class ExportChange(ExportPart):
    """What is otherwise than when the record was first handed over for reading."""

    part: Literal["line", "field", "promise"]
    id: str
    """Of a line that is there or was, or the field's name."""
    words: str


class ExportGap(ExportPart):
    """A stretch that was not recorded, or not recognised."""

    start: Seconds
    end: Seconds
    words: str


class RecordExport(ExportPart):
    """A filed record.

    Besides the schema: ids are unique; every id that is referred to is there; an end never lies before its start;
    utterances and gaps are in the order of their starts; the lines are in the order of the record; a line has
    utterances or nothing was recognised of it; of one place at most one change is told; `text` is the lines' texts, one a
    row, and `characters` is their number without the ends of rows.
    """

    format: Literal["jietan-record"] = "jietan-record"
    version: Literal[1] = 1
    case_no: str
    office: str
    started_at: Moment | None
    """When second 0 of the recording was."""
    seconds: Seconds
    record_sha256: Sha256
    """Of the canonical JSON that was signed."""
    manifest_sha256: Sha256 | Literal[""]
    """Of the list of recordings; empty: nothing was recorded."""
    refusal_reason: str
    """Why it was not signed; empty: it was."""
    speakers: tuple[ExportSpeaker, ...]
    lines: tuple[ExportLine, ...]
    removed: tuple[ExportRemoved, ...]
    utterances: tuple[ExportUtterance, ...]
    form: tuple[ExportField, ...]
    promises: tuple[ExportPromise, ...]
    gaps: tuple[ExportGap, ...]
    changes: tuple[ExportChange, ...] = ()
    """Between the first reading and the version that was signed; `line` and `field` refer to what is changed or added, where it
    still is there."""
    text: str
    characters: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def holds(self) -> Self:
        """Raises ValueError naming the first invariant that does not hold."""
        for what, right in self._invariants():
            if not right:
                raise ValueError(what)
        return self

    def _invariants(self) -> tuple[tuple[str, bool], ...]:
        lines: tuple[ExportLine, ...] = (*self.lines, *self.removed)
        utterances = [one.id for one in self.utterances]
        speakers = [one.id for one in self.speakers]
        cited = [id_ for line in lines for id_ in line.utterances] + [id_ for field in self.form for id_ in field.utterances]
        spoken = [line.speaker for line in lines if line.speaker] + [one.speaker for one in self.utterances]
        times = [(line.start, line.end) for line in lines]
        times += [(one.start, one.end) for one in self.utterances] + [(gap.start, gap.end) for gap in self.gaps]
        return (
            ("ids are not unique", all(map(_unique, (speakers, utterances, [line.id for line in lines])))),
            ("an utterance is not there", set(cited) <= set(utterances)),
            ("a speaker is not there", set(spoken) <= set(speakers)),
            ("an end lies before its start", all(start <= end for start, end in times)),
            ("utterances are not in order", _ordered([one.start for one in self.utterances])),
            ("gaps are not in order", _ordered([one.start for one in self.gaps])),
            ("a change is told twice", _unique([f"{one.part} {one.id}" for one in self.changes])),
            ("a line was recognised from nothing", all(one.utterances or not one.recognised for one in lines)),
            ("the text is not that of the lines", self.text == "\n".join(one.text for one in self.lines)),
            ("the characters are not counted right", self.characters == sum(len(one.text) for one in self.lines)),
        )


def _unique(ids: list[str]) -> bool:
    return len(set(ids)) == len(ids)


def _ordered(starts: list[float]) -> bool:
    return starts == sorted(starts)


def schema() -> str:
    """The JSON Schema (2020-12) of an export."""
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **RecordExport.model_json_schema()}
    return json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema(), encoding="utf-8")
