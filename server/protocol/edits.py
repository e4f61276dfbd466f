"""What the desk sends when a clerk corrects a record.  Paths: office.md."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from server.protocol.base import Identifier, Line, Message, Text
from server.protocol.receptions import PromiseDecision


class EditText(Message):
    kind: Literal["text"] = "text"
    line_id: Identifier
    version: int
    text: Text


class EditSpeaker(Message):
    kind: Literal["speaker"] = "speaker"
    line_id: Identifier
    version: int
    participant_id: Identifier


class EditSplit(Message):
    """Cut before character `at` of the line's text; times follow the words."""

    kind: Literal["split"] = "split"
    line_id: Identifier
    version: int
    at: Annotated[int, Field(ge=1)]


class EditJoin(Message):
    """Join with the next line that is not deleted."""

    kind: Literal["join"] = "join"
    line_id: Identifier
    version: int
    next_version: int


class EditDelete(Message):
    kind: Literal["delete"] = "delete"
    line_id: Identifier
    version: int
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class EditRestore(Message):
    kind: Literal["restore"] = "restore"
    line_id: Identifier
    version: int


class EditHeard(Message):
    """Listened to and right (or not after all)."""

    kind: Literal["heard"] = "heard"
    line_id: Identifier
    version: int
    heard: bool


class EditMark(Message):
    """Come back to it later, and why; or that is done."""

    kind: Literal["mark"] = "mark"
    line_id: Identifier
    version: int
    marked: bool
    note: Annotated[str, Field(max_length=200)] = ""


class EditInsert(Message):
    """A line typed by hand, after `after_id` (null: first)."""

    kind: Literal["insert"] = "insert"
    after_id: Identifier | None
    participant_id: Identifier | None
    text: Text


class EditField(Message):
    kind: Literal["field"] = "field"
    field: Line
    version: int
    value: Text
    evidence: tuple[Identifier, ...] = ()
    """Utterance ids the clerk names as its source."""


class EditTake(Message):
    """A suggestion is right: its text stands from now on."""

    kind: Literal["take"] = "take"
    suggestion_id: int
    line_id: Identifier | None = None
    version: int = 0
    """Of the line; a new one has none."""


class EditDismiss(Message):
    """A suggestion is not right: what stands stays."""

    kind: Literal["dismiss"] = "dismiss"
    suggestion_id: int


class EditTakeProposal(Message):
    """What is proposed is right: it is the field's value from now on.  take_wording: of a corrected sentence."""

    kind: Literal["take_proposal", "take_wording"] = "take_proposal"
    proposal_id: int
    version: int
    """Of the field."""


class EditDismissProposal(Message):
    """What is proposed is not wanted: the field stays as it is.  dismiss_wording: of a corrected sentence."""

    kind: Literal["dismiss_proposal", "dismiss_wording"] = "dismiss_proposal"
    proposal_id: int


class EditPromise(PromiseDecision):
    """What the receiving side undertook, confirmed in these words by a clerk, or struck because it is no promise."""

    kind: Literal["promise"] = "promise"
    promise_id: Annotated[str, Field(min_length=1, max_length=80)]
    version: int


class EditUndo(Message):
    """The clerk's own last step is taken back; alone in its request."""

    kind: Literal["undo"] = "undo"


class EditRedo(Message):
    """What was taken back last is done again; alone in its request."""

    kind: Literal["redo"] = "redo"


Edit = Annotated[
    EditText
    | EditSpeaker
    | EditSplit
    | EditJoin
    | EditDelete
    | EditRestore
    | EditHeard
    | EditMark
    | EditInsert
    | EditField
    | EditTake
    | EditDismiss
    | EditTakeProposal
    | EditDismissProposal
    | EditPromise
    | EditUndo
    | EditRedo,
    Field(discriminator="kind"),
]


class Edits(Message):
    """All or none of them are done; one replacement over a long record is some hundreds."""

    edits: Annotated[tuple[Edit, ...], Field(min_length=1, max_length=1000)]


edits: TypeAdapter[Edits] = TypeAdapter(Edits)
