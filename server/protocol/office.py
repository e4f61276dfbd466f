"""JSON of the office's HTTP API: what pages and native clients send and get.  Paths: office.md."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from server.protocol.base import (
    FileStart,
    Identifier,
    Kept,
    Message,
    Moment,
    Role,
    Seconds,
    Source,
    TrackKind,
)
from server.protocol.flow import (
    AskedExtension,
    AssignmentView,
    CaseRating,
    LetterView,
    NewRating,
    PreparedUnit,
    RequestView,
    StepOffer,
)
from server.protocol.papers import PapersView
from server.protocol.queueing import Standing
from server.protocol.signalling import LineWord as LineWordName
from server.protocol.strokes import Aspect, Strokes
from server.protocol.transcript import SeatLanguage

Text = Annotated[str, Field(max_length=10_000)]
Line = Annotated[str, Field(max_length=200)]


class ErrorBody(Message):
    """Every error answer is {"error": ErrorBody}."""

    code: str
    message: str
    """Chinese, says what to do."""
    reference: str = ""
    """For an unexpected error: the number under which the log has it."""
    details: dict[str, Any] = {}


# --- accounts ------------------------------------------------------------------------------------------------

class LogIn(Message):
    username: Line
    password: Line
    code: Annotated[str, Field(max_length=40)] = ""
    """Of the second step, where the account has one: six digits, or a recovery code."""


StaffRoleName = Literal["leader", "clerk", "handler", "supervisor", "administrator", "security", "auditor"]


class Me(Message):
    user_id: int
    name: str
    role: StaffRoleName
    organization: str
    home: str
    """Path of this role's first page."""


class SetUp(Message):
    """The first administrator, through the one-time link."""

    token: Line
    username: Annotated[str, Field(min_length=2, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=10, max_length=200)]
    organization: Annotated[str, Field(min_length=2, max_length=100)]


class NewUser(Message):
    username: Annotated[str, Field(min_length=2, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    role: StaffRoleName
    title: Annotated[str, Field(max_length=64)] = ""
    """Post shown to petitioners, e.g. 副县长."""
    organization_id: int
    password: Annotated[str, Field(min_length=10, max_length=200)]


class GivenPassword(Message):
    """For somebody who forgot theirs."""

    password: Annotated[str, Field(min_length=10, max_length=200)]


class Account(Message):
    """One's own account."""

    name: str
    username: str
    title: str
    role: StaffRoleName
    organization: str
    home: str
    two_step: bool
    recovery_left: int
    other_browsers: int
    """In so many others the account is logged in."""
    must: list[Literal["password", "two_step"]]
    """What comes before anything else: to change a password that somebody else chose, to set up the second step."""


class NewPassword(Message):
    password: Line
    """The one until now."""
    new: Annotated[str, Field(min_length=10, max_length=200)]


class TwoStepStart(Message):
    secret: str
    """In base32, for typing."""
    picture: str
    """The same as a QR code (SVG)."""


class TwoStepOn(Message):
    password: Line
    secret: Annotated[str, Field(min_length=32, max_length=64, pattern="^[A-Z2-7]+$")]
    code: Annotated[str, Field(min_length=6, max_length=8)]


class RecoveryCodes(Message):
    codes: list[str]


class TwoStepOff(Message):
    password: Line
    code: Annotated[str, Field(min_length=6, max_length=40)]


class AccountRights(Message):
    """What the security administrator lets an account do."""

    role: StaffRoleName
    active: bool


class AccountRow(Message):
    id: int
    username: str
    name: str
    title: str
    organization: str
    role: StaffRoleName
    active: bool
    own: bool
    """The caller's own, which somebody else changes."""
    two_step: bool


class AccessRow(Message):
    """Who looked at what, or changed what of accounts and kiosks."""

    id: int
    at: Moment
    who: str
    organization: str
    action: str
    thing: str
    thing_id: str


class AccessLog(Message):
    entries: tuple[AccessRow, ...]
    before: int | None
    """Where the next page begins; null: there are no older ones."""


class NewKiosk(Message):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    organization_id: int
    """The township where it stands."""


class NewOrganization(Message):
    name: Annotated[str, Field(min_length=2, max_length=100)]
    parent_id: int
    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,12}$")]
    """Short code that opens every case number of this office."""
    level: Literal["", "city", "county", "township", "department"] = ""
    """Where it stands; empty: not told."""


WordKind = Literal["person", "place", "unit", "term"]
WordState = Literal["proposed", "trying", "on", "off", "rolled_back"]


class NewWord(Message):
    """A word for the glossary of the clerk's office."""

    word: Annotated[str, Field(min_length=1, max_length=40)]
    kind: WordKind


class ChangedWord(Message):
    """What is to hold of a word of the glossary: on (it is tried first) or off, and what it names."""

    state: Literal["on", "off"]
    kind: WordKind


class GlossarySentence(Message):
    """A corrected sentence of a signed record."""

    record_id: str
    recognised: str
    text: str


class GlossaryEntry(Message):
    """A word of the glossary; of a proposal, the sentences it comes from."""

    id: int
    word: str
    kind: WordKind
    state: WordState
    decided_by: str
    at: Moment
    note: str
    sentences: tuple[GlossarySentence, ...] = ()


class Enrolment(Message):
    """A kiosk's one-time link."""

    kiosk_id: int
    url: str
    code: str


class AgentCode(Message):
    """A one-time code for a kiosk's copy program."""

    kiosk_id: int
    code: str


class KioskCopies(Message):
    """Whether a kiosk keeps copies of its talks, and what waits there to be sent."""

    state: Literal["none", "keeps", "silent", "full"]
    """none: no program was ever enrolled; silent: it has not reported for a while; full: its disk is full."""
    waiting: int = 0
    waiting_bytes: int = 0
    oldest: Moment | None = None
    seen_at: Moment | None = None


class NewCamera(Message):
    """An encoder is to be a kiosk's camera."""

    sound: bool = False
    """It brings the sound, too."""


class CameraKey(Message):
    """Where a kiosk's encoder connects (WHIP) and its bearer token, which is told this once."""

    kiosk_id: int
    url: str
    token: str


# --- kiosk ---------------------------------------------------------------------------------------------------

class Enrol(Message):
    code: Line


class BookingKey(Message):
    """What opens a booking at a kiosk: its code and the last digits of its telephone number."""

    code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{6,20}$")]
    phone_last4: Annotated[str, Field(pattern=r"^\d{4}$")]


class SaidCard(Message):
    """What an identity card said at the kiosk and its holder confirmed."""

    number: Annotated[str, Field(pattern=r"^[0-9A-Z]{6,18}$")]
    """Also of a permanent residence or residence permit, which have letters."""
    sex: Literal["male", "female", ""] = ""
    ethnic_group: Annotated[Kept, Field(max_length=20)] = ""
    address: Annotated[Kept, Field(max_length=200)] = ""


class NewSitting(Message):
    consent: Literal["audio_video", "audio_only"]
    name: Annotated[str, Field(min_length=1, max_length=50)]
    phone: Annotated[str, Field(pattern=r"^(1\d{10}|0\d{2,3}-?\d{7,8}|)$")] = ""
    """Empty: the petitioner has none."""
    matter: Annotated[str, Field(max_length=200)] = ""
    """In one sentence what it is about, if they wish to say."""
    booking: BookingKey | None = None
    """Of a booking for today: the sitting is the talk that was booked, with its matter, number and code."""
    card: SaidCard | None = None
    """Where a card was read; it fills the record's form."""
    earlier: BookingKey | None = None
    """Code and digits of an earlier matter that this goes on with."""


class RecordToRead(Message):
    """Where an own record stands that was asked for by code and digits."""

    state: Literal["opened", "preparing", "done"]
    """opened: this kiosk shows it now; preparing: the clerk still works on it; done: signed or refused."""
    words: str


class SlipPromise(Message):
    """What a leader undertook, on the petitioner's slip."""

    unit: str
    what: str
    due_on: date


class Sitting(Message):
    """All that the kiosk's screens need; read again every two seconds and after every step."""

    reception_id: Identifier
    step: Literal["waiting", "talk", "preparing", "read", "sign", "slip", "ended"]
    """waiting: nobody has joined; talk: a receiver is there; preparing: the draft is being made or corrected;
    read: the clerk confirmed, the petitioner reads; sign: (client side after read); slip: signed or refused;
    ended: abandoned or cleared."""
    number: str
    """Queue number of the day, e.g. A07."""
    ahead: int
    receiver: str = ""
    """Name and post of the leader who joined."""
    participant_id: Identifier
    consent: Literal["audio_video", "audio_only"]
    record_id: Identifier | None = None
    query_code: str
    case_no: str = ""
    next_step: str = ""
    """Chinese sentence for the slip: what happens next and by when."""
    promises: tuple[SlipPromise, ...] = ()
    """On the slip: what the leader undertook."""
    may_rate: bool = False
    """With the slip: nobody has said yet how satisfied they are with the talk."""
    may_print: bool = False
    """With the slip: the record can be had on paper (GET /api/kiosk/sitting/record.pdf)."""
    phone_last4: str = ""
    preparing_message: str = ""
    standing: Standing | None = None
    """While waiting: the place in the line, why, and for how long."""
    locked: bool = False
    """Nobody has touched the kiosk for a while since the talk ended: code, numbers and record are not shown."""
    unlock_with: Literal["", "phone", "number"] = ""
    """What opens a locked kiosk: the last four digits of the phone, without a phone the queue number's digits."""
    unlock_tries_left: int = 0


class SittingScore(Message):
    """How satisfied somebody is with the talk, and what they add; supervisors alone read that."""

    score: Annotated[str, Field(pattern="^(satisfied|basically|dissatisfied)$")]
    words: Annotated[Kept, Field(max_length=500)] = ""


class Unlock(Message):
    answer: Annotated[str, Field(pattern=r"^\s*[A-Za-z]?\d{1,4}\s*$")]


class Heard(Message):
    """What was understood from a short spoken answer; never stored."""

    text: str
    digits: str = ""
    """Digits in it, for a telephone number."""


class JoinTicket(Message):
    token: str
    signalling_url: str
    participant_id: Identifier


# --- receptions ------------------------------------------------------------------------------------------------

class ReceptionRow(Message):
    id: Identifier
    number: str
    state: Literal["waiting", "running", "closing", "closed", "abandoned"]
    petitioner: str
    kiosk: str
    matter: str
    asked_at: Moment
    started_at: Moment | None = None
    ended_at: Moment | None = None
    receiver: str = ""
    record_id: Identifier | None = None
    record_state: str = ""
    waiting_minutes: int = 0
    mine: bool = False
    """The account that asks is its receiver."""
    unconfirmed: int = 0
    """Promises of the draft that its leader, who asks, has not confirmed yet."""
    on_site: str = ""
    """How it is held, in words, where all sit in one room; empty: by the kiosk."""


class Participant(Message):
    id: Identifier
    role: Role
    name: str


class Reception(ReceptionRow):
    consent: Literal["audio_video", "audio_only"]
    participants: tuple[Participant, ...]
    notes: str = ""
    """The leader's private notes: only their author gets them."""
    earlier: tuple[ReceptionRow, ...] = ()
    booked: str = ""
    """Who was booked for when, e.g. 9:30–10:00 周建国（副县长）; empty: nobody."""


class Notes(Message):
    text: Text


class PromiseView(Message):
    """领导答复: what the receiving side undertook.  `state`: a value of server.domain.states.PromiseState."""

    id: str
    who: str
    """Empty: the speaker's own side."""
    what: str
    by: str
    text: str
    """The sentence as it was heard."""
    start: Seconds
    state: str
    version: int = 1
    """Raised by every decision."""
    decided_by: str = ""
    decided_at: Moment | None = None


class Promises(Message):
    """`until`: start of the last utterance that was looked at; ask with `after` for what came since."""

    promises: tuple[PromiseView, ...]
    until: Seconds


class NewPromise(Message):
    """Something promised that nobody heard; the page names it (`typed-…`), so that sent twice it is one."""

    id: Annotated[str, Field(pattern=r"^typed-[A-Za-z0-9-]{1,60}$")]
    who: Annotated[str, Field(max_length=100)] = ""
    what: Annotated[str, Field(min_length=1, max_length=1000)]
    by: Annotated[str, Field(max_length=100)] = ""


class PromiseDecision(Message):
    """A promise confirmed, in these words, or struck."""

    state: Literal["confirmed", "struck"]
    who: str = Field("", max_length=100)
    what: str = Field(min_length=1, max_length=1000)
    by: str = Field("", max_length=100)


InvitationState = Literal["open", "used", "expired", "declined"]
"""`declined`: the colleague said that they cannot come now; they may change their mind."""
InvitedRole = Literal[Role.CLERK, Role.JOINT, Role.INTERPRETER, Role.OBSERVER]


class NewInvitation(Message):
    """Ask a colleague (`user_id`), a guest (`name`) or somebody of the duty list (`duty_id`) to a reception; one of the three.
    Whoever is on the duty list plays the part and speaks the language that stands there."""

    role: InvitedRole = Role.JOINT
    duty_id: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    user_id: int | None = None
    name: Annotated[str, Field(max_length=30)] = ""
    language: SeatLanguage = "zh"
    """What they will speak."""


class SeatSpeaks(Message):
    """What is spoken on a seat from now on."""

    language: SeatLanguage


class Invitation(Message):
    """An invitation as those who may invite see it."""

    id: Identifier
    participant_id: Identifier
    role: Role
    name: str
    guest: bool
    state: InvitationState
    expires_at: Moment
    url: str = ""
    """A guest's link; told this once, when it is made."""


class Invited(Message):
    """What whoever was invited is told before they join: no word of the matter."""

    id: Identifier
    role: Role
    name: str
    inviter: str
    office: str
    """The inviter's organization."""
    kiosk: str
    """Where the petitioner sits."""
    reception_state: Literal["waiting", "running", "closing", "closed", "abandoned"]
    video: bool
    """Pictures are recorded, too."""
    rings: bool = False
    """Asked lately and not answered yet."""


class RunningTalk(Message):
    """A talk under way as those see it who may observe it."""

    id: Identifier
    number: str
    kiosk: str
    receiver: str
    joined_at: Moment | None


class Colleague(Message):
    """An account that may be invited."""

    id: int
    role: StaffRoleName
    name: str
    title: str
    organization: str


# --- records -----------------------------------------------------------------------------------------------------

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


class Attendee(Message):
    """在场: somebody who was in the room during the talk."""

    participant_id: str
    role: Role
    who: str
    """Role and name in Chinese."""
    text: str
    """From when to when, with breaks, holds and how it ended: a Chinese sentence."""
    plain: str
    """The same for the petitioner."""


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


class NewReadingLink(Message):
    """For reading and signing on a telephone of one's own."""

    whom: Annotated[str, Field(max_length=50)] = ""
    """Empty: the petitioner."""
    phone_last4: Annotated[str, Field(pattern=r"^(\d{4})?$")] = ""
    """Empty: of the petitioner's number."""


class ReadingLinkView(Message):
    """Shown once."""

    whom: str
    code: str
    url: str
    phone_last4: str
    expires_at: Moment


class Refusal(Message):
    """As a clerk writes down that somebody does not sign, or cannot."""

    whom: Annotated[str, Field(max_length=64)] = ""
    """Name of the reader; empty: the first who has not signed yet."""
    way: Literal["refused", "unable"] = "refused"
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    witness: Annotated[str, Field(max_length=64)] = ""


class PaperSignature(Message):
    """As a clerk writes down that a reader signed the printed sheet."""

    whom: Annotated[str, Field(max_length=64)] = ""
    """Name of the reader; empty: the first who has not signed yet."""
    check: Annotated[str, Field(pattern=r"^ *([0-9A-Fa-f] *){4,16}$", max_length=40)]
    """The check code at the foot of that sheet, or how it begins."""


class SignatureView(Message):
    """How somebody signed, or that they did not."""

    name: str
    role: Literal["petitioner", "representative", "receiver", "recorder"]
    way: Literal["handwritten", "fingerprint", "paper", "confirmed", "refused", "unable"]
    words: str
    """Chinese sentence."""
    at: Moment
    place: Literal["kiosk", "phone", "desk"]
    present: bool
    """Under the version that stands now; others are of earlier ones."""
    clip_url: str = ""
    """Where the film of it is, if there is one."""


class TimestampView(Message):
    """When an outside authority saw a record or the list of its recording's files."""

    kind: Literal["record", "manifest"]
    at: Moment | None
    """None: it is still to be had."""
    authority: str


class Signatures(Message):
    """Who signs a record and who has, for the staff."""

    sha256: str
    """Of the version that is with the petitioner, or was signed; empty while it is corrected."""
    waiting: tuple[str, ...]
    """Readers who have not signed the present version."""
    signatures: tuple[SignatureView, ...]
    may_sign_as: Literal["", "receiver", "recorder"] = ""
    """What the caller may sign it as, and has not yet."""
    timestamps: tuple[TimestampView, ...] = ()
    """Of that version and of its recording; none where no authority is asked."""


class StaffSignature(Message):
    """The leader or the recorder signs the same version: with a drawn name, or by being logged in."""

    strokes: Strokes = ()
    """Empty: confirmed by the account."""
    aspect: Aspect = 0.5
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Reopen(Message):
    reason: Annotated[str, Field(min_length=1, max_length=500)]


# --- cases --------------------------------------------------------------------------------------------------------

class DeadlineView(Message):
    name: str
    due: str
    """ISO date of the last day."""
    weekday: str
    days_left: int
    article: str
    starts: str
    counted: str
    """Chinese sentences for the citizen."""
    left_out: tuple[str, ...] = ()
    """One sentence for each run of days that did not count, and for each make-up workday that did."""
    extension: str
    notes: tuple[str, ...] = ()
    """What may still change about the date."""
    calendar_known: bool = True
    """False: the official holidays of a year that decides about it are not known yet."""
    overdue: bool
    """Somebody owes it and is late; a right that was not used in time is nobody's delay."""
    stands_still: bool = False
    """A pause goes on: the last day is what it would be if it ended today."""
    starts_on: str = ""
    """ISO date of the starting event."""


class CaseDeadline(DeadlineView):
    """One limit of a case that is not met yet."""

    rule: str
    organization_id: int | None
    """Whose duty it is; null: the petitioner's own."""


class MergedInto(Message):
    """The matter in which a merged one is handled, where the actor may read it."""

    id: int
    case_no: str


class CaseRow(Message):
    id: int
    case_no: str
    title: str
    petitioner: str
    purpose: str
    state: str
    filed_at: Moment
    organization: str
    channel: str
    unit: str
    """The main unit's name; empty: nobody's yet."""
    deadline: DeadlineView | None
    excerpt: str = ""
    """Where a search found it."""
    merged_into: MergedInto | None = None


class CaseEvent(Message):
    at: Moment
    author: str
    kind: str
    what: str
    why: str = ""
    unit: str = ""
    """Where the author works; empty: not told."""
    details: tuple[str, ...] = ()
    """Further facts, each a short Chinese phrase."""
    about: tuple[str, ...] = ()
    """`units`: about who is responsible; `letters`: a letter was issued or delivered."""


class Supplement(Message):
    id: int
    at: Moment
    author: str
    reason: str
    text: str
    finding_id: int | None = None
    """The reviewer's finding that it answers."""


class NewSupplement(Message):
    reason: Annotated[str, Field(min_length=1, max_length=500)]
    text: Annotated[str, Field(min_length=1, max_length=10_000)]
    finding_id: int | None = None
    """The reviewer's finding that it answers; one of this case, told to this clerk."""


FindingKindName = Literal["wrong_word", "missing", "invented", "wrong_speaker", "form", "other"]


class NewFinding(Message):
    """What a reviewer found in a filed record."""

    kind: FindingKindName
    line_id: Identifier | None = None
    words: Annotated[str, Field(min_length=1, max_length=500)]
    """What was said, or how it should be."""


class Finding(Message):
    id: int
    kind: FindingKindName
    label: str
    line_id: Identifier | None
    line: str
    """The line's text as it was filed; empty: it is about no line."""
    words: str
    at: Moment
    seen: bool
    supplement_id: int | None


class ReviewRow(Message):
    """A filed record that was drawn for a second pair of ears."""

    id: int
    case_id: int
    case_no: str
    title: str
    office: str
    day: str
    """ISO date on which it was filed."""
    seconds: Seconds
    clerk: str
    """Who corrected it; empty while it is open, so that nobody chooses by the person."""
    reviewer: str
    state: Literal["open", "taken", "finished"]
    findings: tuple[Finding, ...] = ()


class Reviews(Message):
    """What there is for a clerk: to hear, being heard by them, and what colleagues found in their own records."""

    open: tuple[ReviewRow, ...]
    mine: tuple[ReviewRow, ...]
    returned: tuple[ReviewRow, ...]
    unseen: int


class Review(ReviewRow):
    record: Record


class FindingCounts(Message):
    """Of offices, never of persons: reviews finished, and findings by kind."""

    days: int
    kinds: tuple[tuple[FindingKindName, str], ...]
    offices: tuple[tuple[str, int, dict[FindingKindName, int]], ...]
    hidden_offices: int
    least_clerks: int


class CaseDocument(Message):
    name: str
    url: str
    sha256: str
    size: int


class ArchiveView(Message):
    """The film or the export bundle of a case."""

    state: str
    """waiting, running, ready, failed, cancelled, expired."""
    progress: float = 0
    """0 to 1."""
    messages: tuple[str, ...] = ()
    """Why it failed, or what is missing in it."""
    asked_by: str
    asked_at: Moment
    finished_at: Moment | None = None
    expires_at: Moment | None = None
    size: int = 0
    sha256: str = ""
    url: str = ""
    """Where the file is, once it is there."""


class Archives(Message):
    """What there is of a case for the archive; None: nobody asked for it."""

    video: ArchiveView | None = None
    bundle: ArchiveView | None = None
    captions_url: str
    seconds: float
    """Length of the recording."""


class BadStretch(Message):
    """From when to when a line was poor or lost."""

    start: Seconds
    end: Seconds
    word: LineWordName
    text: str
    """Chinese sentence with the times of day."""


class LineReport(Message):
    """How one seat's line did over a whole talk: the worst of delay, loss and jitter, mean rates, all frozen time, and how
    loud its microphone was at its loudest (linear, 0 to 1)."""

    participant_id: str
    name: str
    word: LineWordName
    shares: dict[LineWordName, float]
    """Share of the time for each word."""
    text: str
    """Chinese sentence."""
    bad: tuple[BadStretch, ...]
    """The worst ones, in order of time."""
    more: int = 0
    """Further bad stretches that are not among them."""
    round_trip_ms: float | None = None
    loss_up: float | None = None
    loss_down: float | None = None
    jitter_ms: float | None = None
    up_kbps: float | None = None
    down_kbps: float | None = None
    frozen_s: float | None = None
    level: float | None = None


class LineBar(Message):
    """A piece of a line's course, with its worst moment."""

    start: Seconds
    end: Seconds
    word: LineWordName
    loss: float
    round_trip_ms: float | None


class KioskLine(Message):
    """How a kiosk's line did in its last talk that was measured, or does in the one that runs."""

    kiosk_id: int
    kiosk: str
    organization: str
    talked_at: Moment | None
    talking: bool
    """Somebody talks there now; what is measured comes every half minute."""
    report: LineReport | None
    """None: no talk was measured yet."""
    bars: tuple[LineBar, ...]
    others: tuple[LineReport, ...] = ()
    """The other seats of that talk, by their role and without names or ids."""


class CasePersonView(Message):
    id: int
    name: str
    phone: str
    id_number: str
    """Both masked, unless they were opened."""
    address: str


class Case(CaseRow):
    version: int
    stage: str
    """CaseState of domain/states.py."""
    category: str
    place: str
    accused_unit: str = ""
    """被反映单位, in the words of whoever wrote it down."""
    hidden_from: tuple[str, ...] | None = None
    """Of an accusation, for the office: the units that do not see it for that (条例第三十条), found by these words."""
    purpose_value: str
    """Purpose of domain/states.py; empty: not chosen yet."""
    litigation: bool
    simple: bool
    received_on: str
    """ISO date."""
    source_ref: str
    """The matter's number where it came from."""
    people: int
    received_by: str = ""
    """The leader who received whoever came to the office; of a talk the record says who."""
    deadlines: tuple[CaseDeadline, ...]
    """Limits that are not met yet, the nearest first."""
    extension: AskedExtension | None
    """Asked for and not decided."""
    mediation: str = ""
    """访调对接: who mediates or mediated, since when, how the petitioner agreed, and what came of it; empty: nobody."""
    statement: str
    """What was written, of a matter that did not come by a talk."""
    record: Record | None
    may_hear: bool
    """Whether the actor may hear the recording; a handling unit reads the record only."""
    persons: tuple[CasePersonView, ...]
    assignments: tuple[AssignmentView, ...]
    letters: tuple[LetterView, ...]
    offers: tuple[StepOffer, ...]
    ratings: tuple[CaseRating, ...] = ()
    requests: tuple[RequestView, ...] = ()
    """Only for the office, which takes them on."""
    events: tuple[CaseEvent, ...]
    supplements: tuple[Supplement, ...]
    documents: tuple[CaseDocument, ...]
    changed: tuple[str, ...] = ()
    """What stands in the filed record otherwise than when it was first handed over for reading, a sentence each."""
    signed: tuple[str, ...] = ()
    """Who signed the filed version and how, or did not, in words."""
    record_sha256: str
    """SHA-256 of the canonical JSON of the filed record."""
    manifest_sha256: str
    timestamps: tuple[TimestampView, ...] = ()
    """Of the filed record and of its recording; none where no authority is asked."""
    intact: bool
    """The stored record still has its hash."""
    prepared: tuple[PreparedUnit, ...] = ()
    """Only for the office: whom the leader's promises name and who has no share yet."""


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


class SentWord(Message):
    """A correction of a line goes to the glossary's proposals."""

    line_id: Identifier
    word: Annotated[str, Field(max_length=20)] = ""
    """Empty: what was changed in the line."""


class SentWords(Message):
    words: tuple[str, ...]
    text: str
    """Chinese sentence: what came of it."""


class ProgressQuery(Message):
    code: Annotated[str, Field(pattern=r"^[A-Z0-9-]{6,20}$")]
    phone_last4: Annotated[str, Field(pattern=r"^\d{4}$")]


class ProgressStep(Message):
    at: str
    what: str
    done: bool
    note: str = ""


class RatingOffer(Message):
    """The office or the unit, as the petitioner may rate it."""

    body: str
    name: str
    given: bool = False
    """The petitioner rated it themselves; how is not told again, for others may know the code."""
    why_not: str = ""
    """Empty: it can be rated."""


class ReviewOffer(Message):
    """复查 or 复核, as the petitioner may ask for it."""

    name: str
    until: str
    """The last day, in Chinese; empty: it is not known yet."""
    asked: str = ""
    """On which day it was asked for."""
    why_not: str = ""
    """Empty: it can be asked for now."""


class OwnCopy(Message):
    """A document that the petitioner may take home."""

    name: str
    title: str


class Progress(Message):
    """No names and no content: what a citizen may see with code and digits alone."""

    number: str
    state: str
    office: str
    now: str = ""
    """Where it is, in one sentence."""
    steps: tuple[ProgressStep, ...]
    next_step: str
    deadline: DeadlineView | None
    ratings: tuple[RatingOffer, ...] = ()
    review: ReviewOffer | None = None
    copies: tuple[OwnCopy, ...] = ()
    copies_why_not: str = ""


class ProgressRating(ProgressQuery):
    """The petitioner rates the office or the unit."""

    rating: NewRating


class ProgressReview(ProgressQuery):
    """The petitioner asks for a review or re-examination."""

    words: Annotated[str, Field(max_length=2000)] = ""


class ProgressCopy(ProgressQuery):
    """The petitioner takes a document home; it holds what they said, so it asks for more than the code."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}\.pdf$")]
    id_last6: Annotated[str, Field(pattern=r"^[0-9A-Z]{6}$")]


edits: TypeAdapter[Edits] = TypeAdapter(Edits)
