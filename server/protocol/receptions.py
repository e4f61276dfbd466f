"""Receptions: who waits, who is asked in, what was promised.  Paths: office.md."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.accounts import StaffRoleName
from server.protocol.base import Identifier, Message, Moment, Role, Seconds, Text
from server.protocol.transcript import SeatLanguage


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
