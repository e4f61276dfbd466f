"""The draft and the record, as the desk and readers get them.  Paths: office.md."""

from typing import Literal

from server.protocol.base import FileStart, Identifier, Message, Moment, Seconds, Source, TrackKind
from server.protocol.papers import PapersView
from server.protocol.receptions import Attendee, Participant, PromiseView


class Evidence(Message):
    """Where in the recording something was said."""

    utterance_id: Identifier
    participant_id: Identifier
    start: Seconds
    end: Seconds
    text: str


class LineWord(Message):
    start: Seconds
    end: Seconds
    text: str
    probability: float
    typed: bool = False
    """By hand: its time is what the words beside it leave."""


class LineState(Message):
    """What a line of a record says of itself, whichever way it is written."""

    id: Identifier
    start: Seconds
    end: Seconds
    text: str
    utterance_ids: tuple[Identifier, ...] = ()
    doubt: tuple[str, ...] = ()
    heard: bool = False
    """A clerk listened and found it right."""
    deleted: bool = False
    delete_reason: str = ""
    disputed: str = ""
    """What the petitioner says is not right; empty: nothing."""
    marked: str = ""
    """Why a clerk means to come back to it; empty: it is not marked."""
    version: int
    edited_by: str = ""
    copied: bool = False
    """Heard in the kiosk's own copy, because the recording has a gap there."""
    unboosted: str = ""
    """For the staff: what is heard without expecting any words, where an expected one is in the text and may not have been said."""


class RecordLine(LineState):
    """One line of the record: the words of one person, with what was recognised underneath."""

    position: float
    kind: Literal["question", "answer", "note"]
    participant_id: Identifier | None
    recognised: str
    """Text of the utterances it rests on; empty for a line typed by hand."""
    words: tuple[LineWord, ...] = ()


class FieldFinding(Message):
    """What is wrong or missing in a field of the form."""

    text: str
    """Chinese sentence for the clerk."""
    blocks: bool = False
    """The record is not handed over with it."""


class FormValue(Message):
    field: str
    label: str
    value: str
    choices: tuple[tuple[str, str], ...] = ()
    """(value, label) where the field is a choice."""
    source: Literal["", "speech", "kiosk", "card", "office", "clerk", "model"]
    """Empty: no source, and the value is empty.  model: proposed by a language model and taken by a clerk."""
    taken_by: str = ""
    """Of source model: the clerk who took it."""
    edited_by: str = ""
    """The clerk who wrote it last; empty: nobody did, or it is not known any more."""
    evidence: tuple[Evidence, ...] = ()
    version: int
    required: bool = False
    findings: tuple[FieldFinding, ...] = ()
    """For the staff, of the form as it stands."""


class PlayableSegment(Message):
    id: Identifier
    participant_id: Identifier
    kind: TrackKind
    source: Source
    start: FileStart
    seconds: Seconds
    url: str
    sha256: str
    size: int
    repaired: bool = False
    only: tuple[Seconds, Seconds] | None = None
    """A piece of the kiosk's own copy: played between these two times, where the recording has a gap."""


class RecordGap(Message):
    participant_id: Identifier | None
    start: Seconds
    end: Seconds
    cause: str
    text: str
    """Chinese sentence that stands in the record."""


class ModelView(Message):
    """What became of asking the office's language model."""

    state: Literal["waiting", "done", "failed"]
    text: str
    """A few Chinese words for the clerk; empty: nothing is to be told."""
    may_ask_again: bool = False


class FieldProposal(Message):
    """What a language model proposes for a field, and where that was said; nobody has decided it yet."""

    id: int
    field: str
    value: str
    evidence: tuple[Evidence, ...]
    of: Literal["model", "line"] = "model"
    """line: the sentence that the field quotes was corrected, this is the new wording."""


class RecordShare(Message):
    """From when to when somebody showed a paper or a screen to everybody."""

    participant_id: Identifier
    source: Source
    start: Seconds
    end: Seconds
    text: str
    """Chinese sentence."""


class SecondPassView(Message):
    """How far hearing the recording again is."""

    state: Literal["waiting", "running", "done"]
    share: float
    """0 to 1."""
    differences: int
    text: str
    """Chinese sentence."""


class Suggestion(Message):
    """Another reading of a place in the record, from hearing the recording again or from a name that the form or the
    office has; nobody has decided it yet."""

    id: int
    line_id: Identifier | None
    """None: a line that the record does not have."""
    first: int
    last: int
    """Characters of the line's text; equal: something is missing there."""
    stands: str
    text: str
    """What would stand there instead; empty: nothing was heard there."""
    pass_number: Literal[0, 1, 2]
    """Which pass heard it: 1 where the second pass's reading stands; 0: nobody, but a known name sounds like what stands."""
    participant_id: Identifier
    start: Seconds
    end: Seconds


class RecordRow(Message):
    id: Identifier
    reception_id: Identifier
    state: Literal["draft", "correcting", "confirmed", "signed", "refused", "filed"]
    recognition: Literal["running", "waiting", "done", "failed"]
    recognition_message: str = ""
    petitioner: str
    receiver: str
    matter: str
    talked_at: Moment | None
    seconds: Seconds
    lines: int
    heard_lines: int
    doubtful_lines: int
    case_no: str = ""
    clerk: str = ""
    """Who is correcting."""
    updated_at: Moment


class DisputeView(Message):
    """For the staff: what the petitioner says should stand in a line."""

    id: int
    line_id: Identifier
    before: str
    """Text of the line when it was objected to."""
    piece: str
    """The part of it that the person had before them."""
    reason: str
    said: str
    """What should stand there, spoken (as recognised) or typed."""
    sound_url: str = ""
    """Where it can be heard, if it was spoken."""
    at: Moment
    withdrawn: bool = False


class RecordHead(RecordRow):
    """All of a record but its lines, its form and what lies around them."""

    version: int
    """Number of the last revision; every edit raises it."""
    started_at: Moment | None
    participants: tuple[Participant, ...]
    copy_message: str = ""
    """While the kiosk's copy that may fill gaps is on its way: a sentence for the clerk."""
    second_pass: SecondPassView | None = None
    promises: tuple[PromiseView, ...] = ()
    model: ModelView | None = None
    """None: no language model is asked."""
    proposals: tuple[FieldProposal, ...] = ()
    disputes: tuple[DisputeView, ...] = ()
    refusal_reason: str = ""
    signed_at: Moment | None = None
    filed_at: Moment | None = None
    case_id: int | None = None
    may_edit: bool
    may_confirm: bool
    may_file: bool
    blocked_by: tuple[str, ...] = ()
    """Chinese sentences: what is missing before it can be confirmed."""


class RecordMark(Message):
    """打点: a moment that somebody marked during the sitting."""

    participant_id: Identifier
    at: Seconds
    note: str = ""


class RecordSurroundings(Message):
    """What lies around a record's lines; editing changes none of it."""

    segments: tuple[PlayableSegment, ...]
    gaps: tuple[RecordGap, ...]
    shares: tuple[RecordShare, ...] = ()
    marks: tuple[RecordMark, ...] = ()
    attendance: tuple[Attendee, ...] = ()
    papers: tuple[PapersView, ...] = ()
    """What the petitioner showed."""


class Record(RecordHead, RecordSurroundings):
    form: tuple[FormValue, ...]
    body: tuple[RecordLine, ...]
    suggestions: tuple[Suggestion, ...] = ()


class DeskLine(LineState):
    """A RecordLine written short: what is left out has the value given here."""

    participant_id: Identifier | None = None
    recognised: str | None = None
    """None: as the text."""
    words: tuple[tuple[float, float, str, float] | tuple[float, float, str, float, bool], ...] = ()
    """Start, end, text, probability; with a fifth `true` where a hand typed it."""


class DeskRecord(RecordHead, RecordSurroundings):
    """The record for the correction page."""

    form: tuple[FormValue, ...]
    form_stamp: str
    """Another one whenever anything in the form is."""
    partial: bool = False
    """The record has more lines than `body`: a DeskRest has them."""
    body: tuple[DeskLine, ...]
    suggestions: tuple[Suggestion, ...] = ()
    """Of a partial record only those of its lines, and all that would be new lines."""


class DeskRest(Message):
    """What a partial DeskRecord left out."""

    version: int
    """Another one than the DeskRecord's: they do not fit together."""
    body: tuple[DeskLine, ...]
    suggestions: tuple[Suggestion, ...] = ()


class RecordChanges(RecordHead):
    """What is new in a record for a page that knows an earlier version."""

    since: int
    """That version."""
    form: tuple[FormValue, ...] | None
    """None: it is as at the stamp that the page told."""
    form_stamp: str
    body: tuple[DeskLine, ...]
    """Lines that are new or may have changed."""
    order: tuple[Identifier, ...] | None = None
    """Ids of all lines as they stand now; None: as before."""
    suggestions: tuple[Suggestion, ...] = ()
    """Of the lines in `body`, and all that would be new lines; the page's others stand."""


class Revision(Message):
    number: int
    at: Moment
    author: str
    kind: str
    summary: str
    """Chinese sentence."""
    before: str = ""
    after: str = ""
    line_id: Identifier | None = None


class Fellow(Message):
    """Somebody else who has the record's page open just now."""

    name: str
    role: str
    line_id: str | None
    """Where they are."""
    choosing: str = ""
    """"line:…", "field:…" or "promise:…": somebody else wrote there at the same time, and they choose which is to stand."""


class RecordPulse(Message):
    """Enough to see whether a record is another one than a page shows; asking for it is not written down as reading."""

    version: int
    state: Literal["draft", "correcting", "confirmed", "signed", "refused", "filed"]
    recognition: Literal["running", "waiting", "done", "failed"]
    updated_at: Moment
    others: tuple[Fellow, ...] = ()
    undo: str = ""
    """What undo would take back, as a Chinese sentence; empty: nothing."""
    redo: str = ""
