"""Tables of the case store (SQLAlchemy 2).

Rules: media time in seconds as float; moments aware, stored in UTC; states as the strings of domain/states.py.
Immutable once written: utterances, marks, revisions, signatures, supplements, case_events, documents, segments.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates

from server import clock
from server.domain.telephones import plain
from server.store.querycodes import new_query_code


class UtcMoment(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC on databases that know no time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """SQLAlchemy says `object` of a decorated type."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its UTC offset")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is not None and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {datetime: UtcMoment, dict[str, Any]: JSON, list[Any]: JSON, bytes: LargeBinary}


class Organization(Base):
    """机构, a tree; `path` is "/1/4/9/": ids from the root to itself, so a subtree is a prefix."""

    __tablename__ = "organizations"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str] = mapped_column(String(100))
    code: Mapped[str] = mapped_column(String(12), unique=True)
    path: Mapped[str] = mapped_column(String(200), index=True)
    level: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """OrganizationLevel of domain/states.py; empty: not told."""


class User(Base):
    """An account of the staff."""

    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(64), default="")
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(200))
    password_given: Mapped[bool] = mapped_column(Boolean, default=False)
    """Somebody else chose it, and the account's owner changes it before anything else."""
    two_step: Mapped[str] = mapped_column(String(200), default="")
    """The encrypted secret of the log-in's second step; empty: a password is enough."""
    two_step_used: Mapped[int] = mapped_column(BigInteger, default=0)
    """The half minute (from 1970) whose code was used last: a code opens once."""
    recovery_codes: Mapped[list[Any]] = mapped_column(default=list)
    """Keyed hashes of codes for a lost telephone that were not used."""
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    created_at: Mapped[datetime]
    organization: Mapped[Organization] = relationship()


class LogInFailures(Base):
    """Wrong passwords from one address, for one name or in all; the source is a keyed hash of them."""

    __tablename__ = "log_in_failures"
    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime] = mapped_column(index=True)
    count: Mapped[int] = mapped_column(Integer)
    locked_until: Mapped[datetime | None]


class LogInSession(Base):
    """A browser that logged in; only the SHA-256 of its cookie is kept."""

    __tablename__ = "sessions"
    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kiosk_id: Mapped[int | None] = mapped_column(ForeignKey("kiosks.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class OneTimeLink(Base):
    """A link that works once: the first administrator's set-up, a kiosk's enrolment."""

    __tablename__ = "one_time_links"
    token_sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    kiosk_id: Mapped[int | None] = mapped_column(ForeignKey("kiosks.id"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Kiosk(Base):
    """接谈终端, or the place of an organization's receptions that are held without one (现场接访)."""

    __tablename__ = "kiosks"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str] = mapped_column(String(100))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    kind: Mapped[str] = mapped_column(String(10), default="kiosk", server_default="kiosk")
    """KioskKind of domain/states.py."""
    camera_key_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Of the key of the encoder that is this kiosk's camera; empty: the kiosk has its own."""
    room: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """Where it stands, as the administrator wrote it; empty: nobody did."""
    phone: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """What people call from home, as the administrator wrote it: printed on slips; empty: none."""
    camera_sound: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """The encoder brings the sound, too."""
    created_at: Mapped[datetime]
    organization: Mapped[Organization] = relationship()


class KioskAgent(Base):
    """The copy program of a kiosk: its key (of which only the hash is kept), and what it last told."""

    __tablename__ = "kiosk_agents"
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    enrolled_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    secret: Mapped[str] = mapped_column(String(100), default="")
    """What the kiosk's page shows to the program; empty until it first reported."""
    waiting: Mapped[int] = mapped_column(Integer, default=0)
    """Copies that it holds."""
    waiting_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    oldest: Mapped[datetime | None]
    full: Mapped[bool] = mapped_column(Boolean, default=False)
    health: Mapped[dict[str, Any] | None]
    """Health of protocol/health.py as it last told it."""
    restart: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """Name of an order (protocol/health.py) that was not obeyed yet."""
    restart_asked_at: Mapped[datetime | None]
    restarted_at: Mapped[datetime | None]
    alerts_told: Mapped[dict[str, Any] | None]
    """What the administrators were told is wrong there, and when (reception/fleet.py)."""


class KioskEvent(Base):
    """Something that happened to a kiosk's program, as it told (protocol/health.py)."""

    __tablename__ = "kiosk_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id"))
    log: Mapped[str] = mapped_column(String(64))
    """Of a computer that was set up anew, another."""
    number: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    code: Mapped[str] = mapped_column(String(30))
    what: Mapped[str] = mapped_column(String(64))
    count: Mapped[int] = mapped_column(Integer)
    __table_args__ = (
        UniqueConstraint("kiosk_id", "log", "number"),
        Index("ix_kiosk_events_kiosk_id_id", "kiosk_id", "id"),
    )


class KioskCopy(Base):
    """接谈机备份: what the kiosk's page recorded itself, in one run of its recorder."""

    __tablename__ = "kiosk_copies"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id"))
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20))
    """CopyState of domain/states.py."""
    announced_at: Mapped[datetime]
    begun_at: Mapped[datetime | None]
    position: Mapped[float] = mapped_column(Float, default=0)
    """Media time at which it begins, as the kiosk thought; negative: before the talk."""
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    stored_at: Mapped[datetime | None]
    settled: Mapped[bool] = mapped_column(Boolean, default=False)
    """Every gap that it may fill was looked at."""
    __table_args__ = (Index("ix_kiosk_copies_kiosk_state", "kiosk_id", "state"),)


class StoredPapers(Base):
    """材料: a set of pages that the petitioner showed, photographed at the kiosk; never changed once it is stored."""

    __tablename__ = "papers"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id"))
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    state: Mapped[str] = mapped_column(String(20))
    """PapersState of domain/states.py."""
    shown_at: Mapped[datetime]
    """When the petitioner handed it over."""
    position: Mapped[float | None] = mapped_column(Float)
    """Media time of that; None: not during the talk."""
    pages: Mapped[list[Any]]
    """Per page its size and SHA-256 (PaperPage of protocol/papers.py)."""
    sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Of the pages as one PDF."""
    pdf_size: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    stored_at: Mapped[datetime | None]


class AloneSitting(Base):
    """语音自助登记: a sitting alone that arrived from a kiosk, once, and what it brought beside its recording."""

    __tablename__ = "alone_sittings"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    """As the kiosk named it: what is sent twice is there once."""
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id"), index=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), unique=True)
    arrived_at: Mapped[datetime]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the sealed file as it arrived."""
    notice: Mapped[str] = mapped_column(String(40), default="")
    """Version of the notice that was agreed to."""
    agreed_at: Mapped[datetime | None]
    questions: Mapped[str] = mapped_column(String(40), default="")
    ending: Mapped[str] = mapped_column(String(20))
    """AloneEnding of domain/alone.py."""
    answers: Mapped[list[Any]]
    """[question, start, end] of every run of the recorder and everything typed; media time."""
    missing: Mapped[list[Any]]
    """Sentences: what of it could not be kept."""
    signed_name: Mapped[str] = mapped_column(String(50), default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    """What stood above the signature, word for word."""
    signature: Mapped[bytes | None]
    """PNG, drawn from the strokes."""
    strokes: Mapped[list[Any]]
    signed_at: Mapped[datetime | None]


class GapFill(Base):
    """What the kiosk's copy had for a gap of the recording, and the piece that was cut from it."""

    __tablename__ = "gap_fills"
    gap_id: Mapped[int] = mapped_column(ForeignKey("gaps.id"), primary_key=True)
    copy_id: Mapped[str] = mapped_column(ForeignKey("kiosk_copies.id"), primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(20))
    """FillOutcome of domain/states.py."""
    start: Mapped[float] = mapped_column(Float)
    end: Mapped[float] = mapped_column(Float)
    """The part of the gap that the copy covers; media time."""
    file: Mapped[str] = mapped_column(String(200), default="")
    file_start: Mapped[float] = mapped_column(Float, default=0)
    """Media time of the piece's first moment."""
    file_seconds: Mapped[float] = mapped_column(Float, default=0)
    size: Mapped[int] = mapped_column(Integer, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    pictures: Mapped[bool] = mapped_column(Boolean, default=False)


class HelpCall(Base):
    """Somebody at a kiosk called a member of staff."""

    __tablename__ = "help_calls"
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id"), primary_key=True)
    at: Mapped[datetime]


class Counter(Base):
    """Gapless numbers: a row is raised in the same transaction that uses the number."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[int] = mapped_column(Integer, default=0)


class Reception(Base):
    """接访: one sitting."""

    __tablename__ = "receptions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    kiosk_id: Mapped[int] = mapped_column(ForeignKey("kiosks.id"), index=True)
    number: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20), index=True)
    consent: Mapped[str] = mapped_column(String(20))
    matter: Mapped[str] = mapped_column(String(200), default="")
    petitioner_name: Mapped[str] = mapped_column(String(50))
    petitioner_phone: Mapped[str] = mapped_column(String(20), default="", index=True)
    query_code: Mapped[str] = mapped_column(String(20), unique=True)
    receiver_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime] = mapped_column(index=True)
    joined_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    """When media time was 0."""
    ended_at: Mapped[datetime | None]
    left_kiosk_at: Mapped[datetime | None]
    """When the petitioner was done at the kiosk and its screen was cleared."""
    kiosk_open_until: Mapped[datetime | None]
    """Until when the kiosk may show what was said; None: for a while after `ended_at` (store/access.py)."""
    unlock_tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """Wrong answers in a row to the question by which a locked kiosk is opened."""
    seconds: Mapped[float] = mapped_column(Float, default=0)
    manifest: Mapped[dict[str, Any] | None]
    manifest_sha256: Mapped[str] = mapped_column(String(64), default="")
    journal_seq: Mapped[int] = mapped_column(Integer, default=0)
    """Last journal entry taken in."""
    media_node: Mapped[int | None]
    """Number of the media node that it lives on; None until the first seat is handed out."""
    channel: Mapped[str] = mapped_column(String(20), default="video", server_default="video")
    """Channel of domain/states.py: video, on_site where the leader sits with the petitioner, or alone."""
    place: Mapped[str] = mapped_column(String(100), default="", server_default="")
    """Where it was held, if not at the kiosk."""
    read_at_kiosk_id: Mapped[int | None] = mapped_column(Integer, index=True)
    """The kiosk at which the record of a talk on site is read, where its petitioner opened it at one."""
    kiosk: Mapped[Kiosk] = relationship()
    organization: Mapped[Organization] = relationship()
    receiver: Mapped[User | None] = relationship()
    participants: Mapped[list["Participant"]] = relationship(order_by="Participant.position")

    @property
    def venue(self) -> str:
        """Where it was held, as everybody reads it."""
        return self.place or self.kiosk.name

    __table_args__ = (
        Index("ix_receptions_state_asked_at", "state", "asked_at"),
        Index("ix_receptions_kiosk_id_left", "kiosk_id", "left_kiosk_at"),
        Index("ix_receptions_receiver_id_asked_at", "receiver_id", "asked_at"),
        Index("ix_receptions_started_at", "started_at"),
        Index("ix_receptions_organization_id_state", "organization_id", "state"),
        Index("ix_receptions_organization_id_ended_at", "organization_id", "ended_at"),
    )


class OnSiteTalk(Base):
    """现场接访、下访、约访: a reception in one room, heard by one microphone, and how its petitioner agreed to that."""

    __tablename__ = "on_site_talks"
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    """DayKind of domain/reception_days.py."""
    leader_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    queued: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """They had taken a number at a kiosk and waited."""
    author: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    notice: Mapped[str] = mapped_column(String(500), default="")
    """What was read to the petitioner before the recording; empty: nothing yet."""
    agreed_words: Mapped[str] = mapped_column(String(100), default="")
    """What the petitioner said to it, word for word."""
    agreed_at: Mapped[datetime | None]
    agreed_before: Mapped[str] = mapped_column(String(64), default="")
    """Who read it, and heard them agree."""
    leader: Mapped[User] = relationship()
    reception: Mapped[Reception] = relationship()
    __table_args__ = (Index("ix_on_site_talks_made_at", "made_at"),)


class StoredTold(Base):
    """What the kiosk was told before a sitting beside name, telephone and matter: the identity card that was read, the
    earlier matter that was opened by its code."""

    __tablename__ = "told_at_kiosk"
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), primary_key=True)
    number: Mapped[str] = mapped_column(String(30), default="")
    """Of the card; empty: none was read."""
    sex: Mapped[str] = mapped_column(String(10), default="")
    ethnic_group: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    earlier_case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))


class Participant(Base):
    """参与人: a seat in a reception."""

    __tablename__ = "participants"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    recognised_until: Mapped[float] = mapped_column(Float, default=0)
    """Media time up to which this person's sound is decided."""
    language: Mapped[str] = mapped_column(String(10), default="zh", server_default="zh")
    """SeatLanguage of protocol/transcript.py."""


class Invitation(Base):
    """邀请: a seat that the office offers to a colleague or, by a one-time link, to a guest; for one reception only."""

    __tablename__ = "invitations"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(64), unique=True)
    """The seat; its row comes into being when it is taken for the first time."""
    role: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(10), default="zh", server_default="zh")
    """What will be spoken on the seat."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    """The colleague; None: a guest."""
    code_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the code in the guest's link."""
    key_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Of the cookie of the browser that used the link: only it comes back."""
    invited_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Until when it may be used for the first time."""
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    """When the colleague said that they cannot come now."""
    duty_id: Mapped[int | None]
    """The row of the duty list by which they were asked; it may be gone since."""
    inviter: Mapped[User] = relationship(foreign_keys=[invited_by])
    reception: Mapped[Reception] = relationship()


class JointDuty(Base):
    """联合接访值班: somebody who can be asked into talks in these hours, on the list of one office."""

    __tablename__ = "joint_duties"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    """Whose list it is: it is offered in talks there and below."""
    kind: Mapped[str] = mapped_column(String(20))
    """DutyKind of domain/joint_duty.py."""
    way: Mapped[str] = mapped_column(String(20))
    """DutyWay."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """Null: no account."""
    name: Mapped[str] = mapped_column(String(64))
    unit: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(30), default="")
    language: Mapped[str] = mapped_column(String(10), default="zh")
    weekdays: Mapped[list[Any]]
    """0 is Monday."""
    begins: Mapped[int]
    """Minute of the day in the office."""
    ends: Mapped[int]
    first_on: Mapped[date | None] = mapped_column(Date)
    last_on: Mapped[date | None] = mapped_column(Date)
    author: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime]
    organization: Mapped[Organization] = relationship()
    user: Mapped[User | None] = relationship()


class StoredPresence(Base):
    """在场: from when to when somebody sat in the room, as the media node journalled it; of people who sat in one room on site,
    as the office told it."""

    __tablename__ = "presences"
    id: Mapped[int] = mapped_column(primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(40), default="")
    """Why they left, SeatLeft's word (protocol/media_control.py)."""


class StoredHold(Base):
    """From when to when somebody had to wait outside the talk; `end` is None until it is known."""

    __tablename__ = "holds"
    id: Mapped[int] = mapped_column(primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    start: Mapped[float] = mapped_column(Float)
    end: Mapped[float | None] = mapped_column(Float)


class LeaderNote(Base):
    """A leader's private notes on a reception; nobody else reads them."""

    __tablename__ = "leader_notes"
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    text: Mapped[str] = mapped_column(Text, default="")
    updated_at: Mapped[datetime]


class StoredPromise(Base):
    """领导答复: what the receiving side undertook: decided by somebody during the talk, or heard when the draft was made."""

    __tablename__ = "promises"
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    """The first utterance it rests on, and which of that line's promises it is."""
    who: Mapped[str] = mapped_column(String(100))
    what: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(100))
    text: Mapped[str] = mapped_column(Text)
    """The sentence as it was heard."""
    start: Mapped[float] = mapped_column(Float)
    state: Mapped[str] = mapped_column(String(20))
    """PromiseState of domain/states.py."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Raised by every decision."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    decided_at: Mapped[datetime | None]
    set_aside: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """The leader said that it is none when the record stood already, which is why it is not struck there."""


class Commitment(Base):
    """领导答复, confirmed: what a unit is to do until which day, followed until it is done or taken back with a reason."""

    __tablename__ = "commitments"
    id: Mapped[int] = mapped_column(primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"))
    promise_id: Mapped[str] = mapped_column(String(80))
    """Of the promise it came from; one that was typed has a name that its page made, so that sending twice makes one."""
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    """Where the talk was held."""
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    """Null until the record is filed."""
    unit_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    what: Mapped[str] = mapped_column(String(1000))
    said: Mapped[str] = mapped_column(Text, default="")
    """The sentence as it was heard; empty where it was typed."""
    start: Mapped[float] = mapped_column(Float, default=0)
    due_on: Mapped[date] = mapped_column(Date)
    promised_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    promised_at: Mapped[datetime]
    assign: Mapped[bool] = mapped_column(Boolean, default=False)
    """The leader wants the unit to have it as soon as there is a case."""
    state: Mapped[str] = mapped_column(String(20))
    """CommitmentState of domain/commitments.py."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    words: Mapped[str] = mapped_column(String(500), default="")
    """What was done, or why it cannot be."""
    ended_by: Mapped[str] = mapped_column(String(64), default="")
    ended_on: Mapped[date | None] = mapped_column(Date)
    """The day it was done or taken back."""
    deadline_id: Mapped[int | None] = mapped_column(Integer)
    remind_on: Mapped[date | None] = mapped_column(Date, default=lambda: clock.today())
    """When it is to be looked at for a reminder while it has no deadline; null: nothing more is to be said of it."""
    reminded: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Names of the stages of domain/reminding.py that were said, each with a space behind it."""
    not_given: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Why its unit could not be given the matter at once; told to the leader and the clerks once."""
    reception: Mapped[Reception] = relationship()
    unit: Mapped[Organization] = relationship(foreign_keys=[unit_id])
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id])
    promised_by: Mapped[User] = relationship()
    __table_args__ = (
        UniqueConstraint("reception_id", "promise_id"),
        Index("ix_commitments_state", "state", "due_on", "id"),
        Index("ix_commitments_unit", "unit_id", "state", "due_on", "id"),
        Index("ix_commitments_leader", "promised_by_id", "state", "due_on", "id"),
        Index("ix_commitments_organization", "organization_id", "state", "due_on", "id"),
        Index("ix_commitments_remind_on", "remind_on"),
    )


class StoredSegment(Base):
    """A closed file of a recording."""

    __tablename__ = "segments"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str] = mapped_column(ForeignKey("participants.id"))
    kind: Mapped[str] = mapped_column(String(10))
    source: Mapped[str | None] = mapped_column(String(20))
    """document or screen; null where the kind says it: microphone, camera."""
    codec: Mapped[str] = mapped_column(String(40))
    file: Mapped[str] = mapped_column(String(200))
    start: Mapped[float] = mapped_column(Float)
    seconds: Mapped[float] = mapped_column(Float)
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    closed: Mapped[str] = mapped_column(String(10))


class StoredGap(Base):
    """A stretch that was not recorded, or not recognised (cause recognition_…)."""

    __tablename__ = "gaps"
    id: Mapped[int] = mapped_column(primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str | None] = mapped_column(String(64))
    start: Mapped[float] = mapped_column(Float)
    end: Mapped[float] = mapped_column(Float)
    cause: Mapped[str] = mapped_column(String(40))


class StoredShare(Base):
    """From when to when somebody showed a paper or a screen to everybody."""

    __tablename__ = "shares"
    id: Mapped[int] = mapped_column(primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(20))
    start: Mapped[float] = mapped_column(Float)
    end: Mapped[float | None] = mapped_column(Float)
    """Null while it is shown."""


class StoredTimestamp(Base):
    """可信时间戳: what an outside authority is asked to sign the time of, and what it answered (RFC 3161)."""

    __tablename__ = "timestamps"
    id: Mapped[int] = mapped_column(primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"))
    kind: Mapped[str] = mapped_column(String(10))
    """StampKind of domain/states.py."""
    sha256: Mapped[str] = mapped_column(String(64))
    noted_at: Mapped[datetime]
    """When it was closed or signed."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is to be asked for; null: it is there, or no authority is set up."""
    why: Mapped[str] = mapped_column(String(100), default="")
    """What was wrong the last time."""
    at: Mapped[datetime | None]
    """The time that the authority signed; null: it has not yet."""
    authority: Mapped[str] = mapped_column(String(200), default="")
    """Its name, as its certificate has it."""
    answer: Mapped[bytes | None] = mapped_column(deferred=True)
    """The whole answer with the token, as it came."""
    __table_args__ = (UniqueConstraint("reception_id", "kind", "sha256"),)


class StoredLine(Base):
    """How a seat's line did over a stretch of a talk; null: not known."""

    __tablename__ = "seat_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    start: Mapped[float] = mapped_column(Float)
    end: Mapped[float] = mapped_column(Float)
    word: Mapped[str] = mapped_column(String(10))
    round_trip_ms: Mapped[float | None] = mapped_column(Float)
    loss_up: Mapped[float | None] = mapped_column(Float)
    loss_down: Mapped[float | None] = mapped_column(Float)
    jitter_ms: Mapped[float | None] = mapped_column(Float)
    up_kbps: Mapped[float | None] = mapped_column(Float)
    down_kbps: Mapped[float | None] = mapped_column(Float)
    frozen_s: Mapped[float | None] = mapped_column(Float)
    level: Mapped[float | None] = mapped_column(Float)
    """How loud the seat's own microphone was at its loudest, linear, 0 to 1."""


class StoredUtterance(Base):
    """语句 as recognised."""

    __tablename__ = "utterances"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"))
    participant_id: Mapped[str] = mapped_column(ForeignKey("participants.id"))
    start: Mapped[float] = mapped_column(Float)
    end: Mapped[float] = mapped_column(Float)
    text: Mapped[str] = mapped_column(Text)
    words: Mapped[list[Any]]
    """[[start, end, text, probability], …]"""
    measures: Mapped[dict[str, Any]]
    """avg_logprob, no_speech_prob, compression_ratio, doubt, model, source (live, recording or copy)."""
    copy_id: Mapped[str | None] = mapped_column(String(64))
    """The kiosk's copy in which it was heard; None: the office's recording."""
    __table_args__ = (Index("ix_utterances_reception_start", "reception_id", "start"),)


class SecondPass(Base):
    """复听: a recording is recognised once more after the talk."""

    __tablename__ = "second_passes"
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    """SecondPassState of domain/states.py."""
    message: Mapped[str] = mapped_column(String(200), default="")
    """Chinese, why it waits."""
    seconds: Mapped[float] = mapped_column(Float, default=0)
    """Sound that there is to hear."""
    heard: Mapped[float] = mapped_column(Float, default=0)
    """Seconds of it that were heard."""
    heard_until: Mapped[dict[str, Any]]
    """Media time up to which each segment was heard, by its id: here it goes on after a crash."""
    left_out: Mapped[list[Any]]
    """[[participant, start, end], …] that could not be heard."""
    differences: Mapped[int] = mapped_column(Integer, default=0)
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class SecondUtterance(Base):
    """What the second pass heard, as recognised; never among the utterances of the first."""

    __tablename__ = "second_utterances"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"))
    participant_id: Mapped[str] = mapped_column(ForeignKey("participants.id"))
    start: Mapped[float] = mapped_column(Float)
    end: Mapped[float] = mapped_column(Float)
    text: Mapped[str] = mapped_column(Text)
    words: Mapped[list[Any]]
    measures: Mapped[dict[str, Any]]
    __table_args__ = (Index("ix_second_utterances_reception_start", "reception_id", "start"),)


class StoredSuggestion(Base):
    """Another reading of a place in a record, for a clerk to take or to dismiss."""

    __tablename__ = "suggestions"
    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    line_id: Mapped[str | None] = mapped_column(String(64))
    """None: a line that the record does not have."""
    line_text: Mapped[str] = mapped_column(Text, default="")
    """The line as it stood when this was proposed."""
    first: Mapped[int] = mapped_column(Integer, default=0)
    last: Mapped[int] = mapped_column(Integer, default=0)
    """Characters of `line_text` that are read otherwise; equal: something is missing there."""
    text: Mapped[str] = mapped_column(Text)
    """What would stand there instead; of a new line, all of it.  Empty: nothing was heard there."""
    words: Mapped[list[Any]]
    utterance_id: Mapped[str | None] = mapped_column(String(64))
    """Of a new line: what the second pass heard."""
    participant_id: Mapped[str] = mapped_column(String(64))
    start: Mapped[float] = mapped_column(Float)
    end: Mapped[float] = mapped_column(Float)
    pass_number: Mapped[int] = mapped_column(Integer)
    """Which pass heard it: 2, or 1 where the second pass's reading stands; 0: a known name sounds like it."""
    reason: Mapped[str] = mapped_column(String(20))
    """Kind of domain/passes.py, or reception/naming.py's."""
    state: Mapped[str] = mapped_column(String(20))
    """SuggestionState of domain/states.py."""
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]


class ModelQuestion(Base):
    """A language model is asked what it proposes for a reception's form."""

    __tablename__ = "model_questions"
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    """QuestionState of domain/states.py."""
    message: Mapped[str] = mapped_column(String(200), default="")
    """Chinese, what became of the last time where it failed."""
    asked: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often it was asked since somebody wanted it."""
    again_at: Mapped[datetime | None]
    """While it waits after a question without a usable answer: not before then."""
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class StoredProposal(Base):
    """模型建议: a value for a field of the form that its utterances carry, for a clerk to take or to dismiss; or the new
    wording of a field whose sentence was corrected (server/reception/record/following.py)."""

    __tablename__ = "proposals"
    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    field: Mapped[str] = mapped_column(String(30))
    value: Mapped[str] = mapped_column(Text)
    utterance_ids: Mapped[list[Any]]
    model: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(20))
    """SuggestionState of domain/states.py."""
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]


class StoredMark(Base):
    """打点: a moment somebody marked during the sitting."""

    __tablename__ = "marks"
    id: Mapped[int] = mapped_column(primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    participant_id: Mapped[str] = mapped_column(String(64))
    at: Mapped[float] = mapped_column(Float)
    note: Mapped[str] = mapped_column(String(500), default="")


class VisitRecord(Base):
    """接谈笔录 with its form."""

    __tablename__ = "records"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), index=True)
    version: Mapped[int] = mapped_column(Integer, default=0)
    recognition: Mapped[str] = mapped_column(String(20))
    recognition_message: Mapped[str] = mapped_column(String(200), default="")
    clerk_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(index=True)
    confirmed_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]
    refusal_reason: Mapped[str] = mapped_column(String(500), default="")
    accusation: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Purpose 揭发控告; with accused_units kept in step with the form by store/accusations.py."""
    reception: Mapped[Reception] = relationship()
    clerk: Mapped[User | None] = relationship()


class AccusedUnit(Base):
    """An organization that the form of a record names as the unit complained about; several where it is not clear."""

    __tablename__ = "accused_units"
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)


class Line(Base):
    """A line of a record as it stands now; how it came to be is in revisions."""

    __tablename__ = "record_lines"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"))
    position: Mapped[float] = mapped_column(Float)
    kind: Mapped[str] = mapped_column(String(10))
    participant_id: Mapped[str | None] = mapped_column(String(64))
    start: Mapped[float] = mapped_column(Float)
    end: Mapped[float] = mapped_column(Float)
    text: Mapped[str] = mapped_column(Text)
    recognised: Mapped[str] = mapped_column(Text, default="")
    words: Mapped[list[Any]]
    utterance_ids: Mapped[list[Any]]
    doubt: Mapped[list[Any]]
    heard: Mapped[bool] = mapped_column(Boolean, default=False)
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)
    delete_reason: Mapped[str] = mapped_column(String(200), default="")
    disputed: Mapped[str] = mapped_column(String(500), default="")
    marked: Mapped[str] = mapped_column(String(200), default="", server_default="")
    version: Mapped[int] = mapped_column(Integer, default=1)
    edited_by: Mapped[str] = mapped_column(String(64), default="")
    __table_args__ = (Index("ix_record_lines_record_position", "record_id", "position"),)


class FormEntry(Base):
    """A field of the registration form as it stands now."""

    __tablename__ = "form_entries"
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(30), primary_key=True)
    value: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(String(10), default="")
    utterance_ids: Mapped[list[Any]]
    version: Mapped[int] = mapped_column(Integer, default=1)
    edited_by: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Who wrote it; empty: no person did, or it is not known any more."""


class StoredRevision(Base):
    """One change of a record: append-only."""

    __tablename__ = "revisions"
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(20))
    line_id: Mapped[str | None] = mapped_column(String(64))
    field: Mapped[str | None] = mapped_column(String(30))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


class RecordStep(Base):
    """What one request of a clerk changed in a record, to be taken back."""

    __tablename__ = "record_steps"
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    """Of its first revision."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    action: Mapped[str] = mapped_column(String(4))
    """do, undo or redo."""
    kind: Mapped[str] = mapped_column(String(20))
    """Of the edit, or of the edit that was taken back."""
    done: Mapped[int | None] = mapped_column(Integer)
    """The clerk's step that undo takes back next, after this one."""
    undone: Mapped[int | None] = mapped_column(Integer)
    """The clerk's undo that redo takes back next."""
    below: Mapped[int | None] = mapped_column(Integer)
    """What comes next when this one was taken back (of an undo: done again)."""
    before: Mapped[dict[str, Any]]
    """Rows as they stood (store/steps.py)."""
    left: Mapped[dict[str, Any]]
    """Hashes of the rows as the step left them."""
    __table_args__ = (Index("ix_record_steps_of_user", "record_id", "user_id", "number"),)


class StoredDispute(Base):
    """What the petitioner said should stand in a line, while reading the record."""

    __tablename__ = "disputes"
    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    line_id: Mapped[str] = mapped_column(String(64))
    before: Mapped[str] = mapped_column(Text)
    """Text of the line when it was objected to."""
    piece: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(String(100), default="")
    said: Mapped[str] = mapped_column(String(400), default="")
    sound: Mapped[bytes | None] = mapped_column(deferred=True)
    """As it was spoken; how it is packed is in sound_type."""
    sound_type: Mapped[str] = mapped_column(String(20), default="")
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class ReadingLink(Base):
    """By which somebody reads one record on their own telephone."""

    __tablename__ = "reading_links"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    code_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    digits: Mapped[str] = mapped_column(String(64))
    """Keyed hash of code and the telephone's last four digits."""
    key_sha256: Mapped[str] = mapped_column(String(64), default="", index=True)
    """Of the browser that opened it last."""
    whom: Mapped[str] = mapped_column(String(50))
    wrong_tries: Mapped[int] = mapped_column(Integer, default=0)
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RecordFigures(Base):
    """What correcting a record took, measured when it was signed or refused; nobody's name is in it."""

    __tablename__ = "record_figures"
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    settled_at: Mapped[datetime] = mapped_column(index=True)
    audio_s: Mapped[float] = mapped_column(Float)
    work_s: Mapped[float] = mapped_column(Float)
    marked: Mapped[int] = mapped_column(Integer)
    changed: Mapped[int] = mapped_column(Integer)
    offered: Mapped[int] = mapped_column(Integer)
    taken: Mapped[int] = mapped_column(Integer)


class StoredSignature(Base):
    """Somebody's signature under exactly the record with this hash, or why there is none; those of earlier versions stay."""

    __tablename__ = "signatures"
    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    record_sha256: Mapped[str] = mapped_column(String(64))
    record_version: Mapped[int] = mapped_column(Integer)
    """Of the record then: a record that was handed over again is signed again, also where nothing was changed."""
    role: Mapped[str] = mapped_column(String(20))
    """SignerRole of domain/signers.py."""
    name: Mapped[str] = mapped_column(String(64))
    way: Mapped[str] = mapped_column(String(20))
    """SigningWay of domain/signers.py."""
    image: Mapped[bytes | None]
    """PNG of the name, drawn from the strokes, or of a fingerprint: attached, compared with nothing."""
    strokes: Mapped[list[Any]]
    """As domain/strokes.py; empty where nothing was drawn."""
    reason: Mapped[str] = mapped_column(String(500), default="")
    witness: Mapped[str] = mapped_column(String(64), default="")
    device: Mapped[str] = mapped_column(String(100), default="")
    """Which fingerprint pad."""
    clip_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Of the film of their signing, where they agreed to one; the file is in data_dir/signing."""
    place: Mapped[str] = mapped_column(String(10))
    """kiosk, phone or desk."""
    kiosk_id: Mapped[int | None] = mapped_column(ForeignKey("kiosks.id"))
    link_id: Mapped[str] = mapped_column(String(64), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]


REPEAT = "repeat_of_id IS NOT NULL"
UNCONTACTED = "concluded_on IS NOT NULL AND contacted_on IS NULL"
OPEN_DEADLINE = "done_at IS NULL AND dropped_at IS NULL"


def _part(name: str, *columns: str, where: str) -> Index:
    """An index of the rows that a desk asks for only: small however many rows were settled long ago."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


class StoredCase(Base):
    """信访事项: a thin row; what happened is in case_events, who is to do what in assignments and deadlines."""

    __tablename__ = "cases"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    year: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    case_no: Mapped[str] = mapped_column(String(40), unique=True)
    channel: Mapped[str] = mapped_column(String(20))
    """Channel of domain/states.py."""
    source_ref: Mapped[str | None] = mapped_column(String(100))
    """The matter's number where it came from; null: it has none."""
    reception_id: Mapped[str | None] = mapped_column(ForeignKey("receptions.id"), unique=True)
    record_id: Mapped[str | None] = mapped_column(ForeignKey("records.id"), unique=True)
    query_code: Mapped[str | None] = mapped_column(String(20), unique=True, index=True, default=new_query_code)
    """With which whoever brings the matter asks how it stands; that of the talk where there was one."""
    state: Mapped[str] = mapped_column(String(20))
    """CaseState of domain/states.py."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    """Raised by every step, so that of two officers who act at once one is told."""
    title: Mapped[str] = mapped_column(String(200))
    petitioner: Mapped[str] = mapped_column(String(50))
    purpose: Mapped[str] = mapped_column(String(20), default="")
    category: Mapped[str] = mapped_column(String(100), default="")
    place: Mapped[str] = mapped_column(String(200), default="")
    """Of the problem."""
    accused_unit: Mapped[str] = mapped_column(String(500), default="", server_default="")
    """被反映单位 as the office wrote it down; what the form of a talk says of it stands in the filed record."""
    people: Mapped[int] = mapped_column(Integer, default=1)
    litigation: Mapped[bool] = mapped_column(Boolean, default=False)
    simple: Mapped[bool] = mapped_column(Boolean, default=False)
    """简易办理"""
    accusation: Mapped[bool] = mapped_column(Boolean, default=False)
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    """The main unit (主办); null: nobody's yet."""
    repeat_of_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    """The earlier case that this one repeats, as a person decided."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    received_on: Mapped[date] = mapped_column(Date)
    """From which the first limit runs."""
    filed_at: Mapped[datetime]
    received_by_id: Mapped[int | None] = mapped_column(Integer)
    """The leader who received whoever came to the office (现场接访); of a talk by video, the reception says who."""
    accepted_on: Mapped[date | None] = mapped_column(Date)
    concluded_on: Mapped[date | None] = mapped_column(Date)
    """Null again while it is handled anew."""
    first_concluded_on: Mapped[date | None] = mapped_column(Date)
    """For the first time: that day stays, whatever happens later, and with it the period that counts it."""
    handled_anew: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """A review or re-examination has sent it back to its unit (交回重新办理)."""
    contacted_on: Mapped[date | None] = mapped_column(Date)
    """When somebody last spoke to the petitioner (联系信访人); null: nobody has, since it was handed back where it was."""
    came_back: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """What a unit was given lies with the office again: the matter itself while it is registered, a unit's report while it
    goes on (store/flow.py says when)."""
    statement: Mapped[str] = mapped_column(Text, default="")
    """What was written, of a matter that did not come by a talk."""
    filed_record: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    """The canonical record as it was signed, never changed; empty where the matter did not come by a talk."""
    record_sha256: Mapped[str] = mapped_column(String(64), default="")
    manifest_sha256: Mapped[str] = mapped_column(String(64), default="")
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id])
    unit: Mapped[Organization | None] = relationship(foreign_keys=[unit_id])
    __table_args__ = (
        UniqueConstraint("organization_id", "year", "number"),
        UniqueConstraint("organization_id", "channel", "source_ref"),
        Index("ix_cases_organization_state", "organization_id", "state", "received_on", "id"),
        Index("ix_cases_unit_state", "unit_id", "state"),
        Index("ix_cases_repeat_of_id", "repeat_of_id"),
        _part("ix_cases_repeats", "organization_id", "received_on", "id", where=REPEAT),
        _part("ix_cases_all_repeats", "received_on", "id", "organization_id", where=REPEAT),
        _part("ix_cases_uncontacted", "organization_id", "concluded_on", "id", where=UNCONTACTED),
        _part("ix_cases_all_uncontacted", "concluded_on", "id", "organization_id", where=UNCONTACTED),
        Index(
            "ix_cases_came_back", "organization_id", "state", "received_on", "id",
            sqlite_where=text("came_back = 1"), postgresql_where=text("came_back"),
        ),
        Index("ix_cases_organization_filed_at", "organization_id", "filed_at"),
        Index("ix_cases_unit_filed_at", "unit_id", "filed_at"),
        Index("ix_cases_organization_first_concluded_on", "organization_id", "first_concluded_on"),
        Index("ix_cases_received_by_id", "received_by_id", "received_on"),
        Index("ix_cases_accusation", "accusation", sqlite_where=text("accusation = 1"), postgresql_where=text("accusation")),
        Index("ix_cases_organization_id_id", "organization_id", "id"),
        Index("ix_cases_state_id", "state", "id"),
        Index("ix_cases_unit_id_id", "unit_id", "id"),
        Index("ix_cases_filed_at_id", "filed_at", "id"),
        Index("ix_cases_merged_into_id", "merged_into_id"),
    )

    @property
    def talk_id(self) -> str:
        """The reception it came by; only for cases of a talk."""
        assert self.reception_id is not None
        return self.reception_id

    @property
    def talk_record_id(self) -> str:
        """The record that was filed; only for cases of a talk."""
        assert self.record_id is not None
        return self.record_id


class CasePerson(Base):
    """Whoever brings a matter, and the representatives of a group; telephone and ID are masked wherever they are shown."""

    __tablename__ = "case_persons"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    """0: the petitioner."""
    name: Mapped[str] = mapped_column(String(50))
    phone: Mapped[str] = mapped_column(String(20), default="", index=True)
    id_type: Mapped[str] = mapped_column(String(20), default="")
    id_number: Mapped[str] = mapped_column(String(30), default="", index=True)
    address: Mapped[str] = mapped_column(String(200), default="")
    __table_args__ = (Index("ix_case_persons_name_address", "name", "address"),)

    @validates("phone")
    def _plain(self, _name: str, phone: str) -> str:
        """Kept so that the same number is found however it is typed; what was typed stands in the record that was signed."""
        return plain(phone)


class CaseAccused(Base):
    """An organization that a matter of purpose 揭发控告 may be against: it and all below it do not see the case."""

    __tablename__ = "case_accused"
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)


class StoredCaseEvent(Base):
    """What somebody did with a case, and why; never changed."""

    __tablename__ = "case_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    why: Mapped[str] = mapped_column(String(500), default="")
    user_id: Mapped[int | None] = mapped_column(Integer)
    organization_id: Mapped[int | None] = mapped_column(Integer)
    """Of the author."""
    from_state: Mapped[str] = mapped_column(String(20), default="", server_default="")
    to_state: Mapped[str] = mapped_column(String(20), default="", server_default="")
    """Both empty: the state stayed."""
    details: Mapped[dict[str, Any] | None]
    """What the step was told, by the names of protocol/flow.py."""


class StoredAssignment(Base):
    """交办、转送: one unit's share of a case."""

    __tablename__ = "assignments"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """AssignmentKind of domain/states.py."""
    part: Mapped[str] = mapped_column(String(20))
    """AssignmentPart."""
    state: Mapped[str] = mapped_column(String(20))
    """AssignmentState."""
    going_on: Mapped[bool] = mapped_column(Boolean, default=True, server_default=false())
    """The matter goes on (domain/flow.py), as far as the share was told (store/flow.py): false only where it does not."""
    task: Mapped[str] = mapped_column(Text, default="")
    """What the unit is asked to do."""
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """经办人"""
    given_by: Mapped[str] = mapped_column(String(64))
    given_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    fed_back_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    organization: Mapped[Organization] = relationship()
    officer: Mapped[User | None] = relationship()
    __table_args__ = (
        Index("ix_assignments_case_state", "case_id", "state", "organization_id"),
        Index("ix_assignments_organization_state", "organization_id", "state", "id"),
        Index(
            "ix_assignments_going_on", "organization_id", "state", "id",
            sqlite_where=text("going_on = 1"), postgresql_where=text("going_on"),
        ),
        _part("ix_assignments_objected", "state", "id", where="state = 'objected'"),
        _part("ix_assignments_sent_back", "state", "id", where="state = 'sent_back'"),
        Index("ix_assignments_organization_case", "organization_id", "case_id"),
    )


LOOK_AHEAD = timedelta(days=30)
"""No reminder comes earlier before its day than this."""


def _first_look(context: Any) -> date | None:
    """For rows that are written without the class below."""
    due_on: date | None = context.get_current_parameters().get("due_on")
    return due_on - LOOK_AHEAD if due_on else None


class StoredDeadline(Base):
    """A deadline with the rule it came from, so that it can explain itself."""

    __tablename__ = "deadlines"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    organization_id: Mapped[int | None] = mapped_column(Integer)
    """Who has to act; null: the petitioner."""
    office_id: Mapped[int | None] = mapped_column(Integer)
    """Where the case is registered, so that an office finds what is due in its matters, whoever has to act."""
    rule: Mapped[str] = mapped_column(String(40))
    starts_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date, index=True)
    done_at: Mapped[datetime | None]
    done_on: Mapped[date | None] = mapped_column(Date)
    """The day that counts for being in time."""
    dropped_at: Mapped[datetime | None]
    """It does not hold any more, for instance because the matter went to another unit."""
    dropped_on: Mapped[date | None] = mapped_column(Date)
    """That day: what is dropped after it fell due still counts as late."""
    extended_days: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    extended_on: Mapped[date | None] = mapped_column(Date)
    days: Mapped[int | None] = mapped_column(Integer)
    """How long it was when it began, in `unit`: a limit that changes later changes nothing that runs.  Null: as the law says."""
    unit: Mapped[str] = mapped_column(String(20), default="", server_default="")
    local_source: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """The document of the stricter local limit that held when it began."""
    letter_id: Mapped[int | None] = mapped_column(Integer)
    """The supervision letter that set it."""
    remind_on: Mapped[date | None] = mapped_column(Date, index=True, default=_first_look)
    """When it is to be looked at for a reminder (reception/reminders.py); null: nothing more is to be said of it."""
    __table_args__ = (
        Index("ix_deadlines_organization_due_on", "organization_id", "due_on"),
        _part("ix_deadlines_open", "due_on", "id", "organization_id", "office_id", where=OPEN_DEADLINE),
        _part("ix_deadlines_open_organization", "organization_id", "due_on", "id", where=OPEN_DEADLINE),
        _part("ix_deadlines_open_office", "office_id", "due_on", "id", "organization_id", where=OPEN_DEADLINE),
        _part("ix_deadlines_open_rule", "rule", "due_on", "id", "organization_id", "office_id", where=OPEN_DEADLINE),
        Index("ix_deadlines_figures", "organization_id", "rule", "due_on", "case_id", "done_on", "dropped_on"),
        _part("ix_deadlines_taken_back_late", "organization_id", "rule", "due_on", "case_id", "dropped_on", where="dropped_on > due_on"),
    )

    @validates("dropped_at")
    def _dropped(self, _name: str, at: datetime | None) -> datetime | None:
        """The day goes with the moment."""
        self.dropped_on = None if at is None else clock.day_in_office(at)
        return at

    @validates("due_on")
    def _moved(self, _name: str, due_on: date) -> date:
        """Whoever moves the day has it looked at anew."""
        self.remind_on = due_on - LOOK_AHEAD
        return due_on

    def hold_again(self) -> None:
        """It runs again as if it had been neither met nor dropped: what was to be said of it meanwhile is still to be said."""
        self.done_at = self.done_on = self.dropped_at = None
        self.remind_on = self.due_on - LOOK_AHEAD


class StoredExtension(Base):
    """延期申请: asked for by the unit, decided by its head."""

    __tablename__ = "extensions"
    id: Mapped[int] = mapped_column(primary_key=True)
    deadline_id: Mapped[int] = mapped_column(ForeignKey("deadlines.id"), index=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    days: Mapped[int] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(500))
    asked_by: Mapped[str] = mapped_column(String(64))
    asked_at: Mapped[datetime]
    granted: Mapped[bool | None] = mapped_column(Boolean)
    """Null: not decided yet."""
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    decided_at: Mapped[datetime | None]
    __table_args__ = (_part("ix_extensions_open", "granted", "id", where="granted IS NULL"),)


class CasePause(Base):
    """Days that do not count: PauseKind of domain/limits.py; `last` is null while it goes on."""

    __tablename__ = "case_pauses"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    first: Mapped[date] = mapped_column(Date)
    last: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(String(500), default="")
    outcome: Mapped[str] = mapped_column(String(500), default="")
    """What came of it, such as a mediation's result."""


class StoredLetter(Base):
    """文书: a letter to the petitioner or a unit, as it was issued."""

    __tablename__ = "letters"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    """LetterKind of domain/flow.py."""
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    """Who issued it."""
    to_organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    """The unit it goes to; null: the petitioner."""
    text: Mapped[str] = mapped_column(Text, default="")
    """What its author wrote into it."""
    author: Mapped[str] = mapped_column(String(64))
    issued_at: Mapped[datetime]
    delivered_on: Mapped[date | None] = mapped_column(Date)
    delivered_how: Mapped[str] = mapped_column(String(200), default="")
    number: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """文号: of its kind, office and year, without gaps (domain/letterkinds.py)."""
    content: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    """All its words as they were issued (reception/issuing.py); never changed.  Null: it was issued before words were kept."""
    content_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")
    __table_args__ = (
        _part("ix_letters_undelivered", "organization_id", "id", where="delivered_on IS NULL AND to_organization_id IS NULL"),
    )


class StoredRating(Base):
    """满意度评价: of one case by one body once; what the petitioner says themselves takes the place of what staff wrote
    down for them, and nothing takes its place."""

    __tablename__ = "ratings"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    body: Mapped[str] = mapped_column(String(10))
    """RatedBody of domain/ratings.py."""
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    """Who is rated."""
    score: Mapped[str] = mapped_column(String(20))
    """Score."""
    words: Mapped[str] = mapped_column(String(500), default="")
    """What was added; for supervisors alone."""
    entered_by: Mapped[str] = mapped_column(String(20))
    """EnteredBy."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """Who of the staff wrote it down."""
    at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("case_id", "body"), Index("ix_ratings_organization_at", "organization_id", "at"))


class SittingRating(Base):
    """How somebody was satisfied with the talk itself, said at the kiosk after the slip; of one sitting once.  The matter is
    rated apart from it (StoredRating), once there is something to rate."""

    __tablename__ = "sitting_ratings"
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), primary_key=True)
    score: Mapped[str] = mapped_column(String(20))
    """Score."""
    words: Mapped[str] = mapped_column(String(500), default="", server_default="")
    """What they added; for supervisors alone."""
    at: Mapped[datetime]


class StoredDigest(Base):
    """日研判、周会办、月通报、季核查: what happened in a period, counted once when it was over and kept as it was."""

    __tablename__ = "digests"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[str] = mapped_column(String(10))
    """Kind of domain/periods.py: day, week, month, quarter."""
    first: Mapped[date] = mapped_column(Date)
    period: Mapped[str] = mapped_column(String(12))
    """Its short name."""
    made_at: Mapped[datetime]
    content: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    """Digest of protocol/figures.py."""
    organization: Mapped[Organization] = relationship()
    __table_args__ = (UniqueConstraint("organization_id", "kind", "first"), Index("ix_digests_first", "first", "kind"))


class PetitionerRequest(Base):
    """What a petitioner asked for by query code: a review or a re-examination, until the office takes it on."""

    __tablename__ = "petitioner_requests"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    """The office that is to take it on."""
    step: Mapped[str] = mapped_column(String(40))
    """Step of domain/flow.py that takes it on."""
    words: Mapped[str] = mapped_column(Text, default="")
    asked_at: Mapped[datetime]
    asked_on: Mapped[date] = mapped_column(Date)
    """The day that counts for being in time."""
    taken_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_petitioner_requests_organization_taken", "organization_id", "taken_at"),)


class LocalLimit(Base):
    """本地规定: a limit that an organization sets stricter than the law (domain/limits.py LocalRule)."""

    __tablename__ = "local_limits"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    rule: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(Integer)
    unit: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(200))
    """The document it stands in."""


class LocalLimitChange(Base):
    """What was changed about a local limit, and by whom; never changed itself."""

    __tablename__ = "local_limit_changes"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    rule: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(Integer)
    old: Mapped[dict[str, Any] | None]
    """value, unit and source until then; null: the law's."""
    new: Mapped[dict[str, Any] | None]


class Notice(Base):
    """提醒: something that an officer is told in the page; words name no person and nothing of what was said."""

    __tablename__ = "notices"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """NoticeKind of domain/states.py."""
    about: Mapped[str] = mapped_column(String(40), default="")
    """Name of the step or letter: what goes out by e-mail or SMS beside the case's number, and nothing else."""
    words: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    __table_args__ = (Index("ix_notices_user_read", "user_id", "read_at", "id"),)


class StaffContact(Base):
    """Where an officer wants notices sent besides the page."""

    __tablename__ = "staff_contacts"
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    mail: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(20), default="")


class NoticeDelivery(Base):
    """On its way by e-mail or SMS, handed over at most once: a notice to an officer, or a matter's query code to whoever brings it."""

    __tablename__ = "notice_deliveries"
    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notices.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    """Whose query code it is; null: it is a notice."""
    way: Mapped[str] = mapped_column(String(10))
    """mail or sms."""
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """DeliveryState of domain/states.py."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is to be tried; null: it is not tried any more."""
    ended_at: Mapped[datetime | None]
    why: Mapped[str] = mapped_column(String(100), default="")
    """What was wrong the last time."""
    __table_args__ = (UniqueConstraint("notice_id", "way"),)


class StoredReminder(Base):
    """A reminder of a deadline that was given: once for each stage and each day that the deadline has had."""

    __tablename__ = "reminders"
    deadline_id: Mapped[int] = mapped_column(ForeignKey("deadlines.id"), primary_key=True)
    due_on: Mapped[date] = mapped_column(Date, primary_key=True)
    stage: Mapped[str] = mapped_column(String(20), primary_key=True)
    """Stage of domain/reminding.py."""
    at: Mapped[datetime]


class StoredSupplement(Base):
    """补正: added after filing; the filed record stays as it is."""

    __tablename__ = "supplements"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)
    finding_id: Mapped[int | None] = mapped_column(Integer, index=True)
    """The reviewer's finding that it answers."""


class ReviewDay(Base):
    """每日评查: a day whose filed records were drawn from; one row a day, so that it is drawn once."""

    __tablename__ = "review_days"
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    drawn_at: Mapped[datetime]
    filed: Mapped[int] = mapped_column(Integer)
    drawn: Mapped[int] = mapped_column(Integer)


class StoredReview(Base):
    """A filed record that was drawn for a second pair of ears."""

    __tablename__ = "reviews"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    day: Mapped[date] = mapped_column(Date)
    """On which the record was filed."""
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    finished_at: Mapped[datetime | None]
    case: Mapped[StoredCase] = relationship()
    reviewer: Mapped[User | None] = relationship()


class StoredFinding(Base):
    """What a reviewer found; it goes to the clerk when the review is finished, and does not change after that."""

    __tablename__ = "review_findings"
    id: Mapped[int] = mapped_column(primary_key=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    """FindingKind of domain/states.py."""
    line_id: Mapped[str | None] = mapped_column(String(64))
    words: Mapped[str] = mapped_column(String(500))
    """What was said, or how it should be."""
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    """When the clerk put it aside; a supplement to it says the same."""


class StoredDocument(Base):
    """A printed document made at filing, in data_dir/documents."""

    __tablename__ = "documents"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    name: Mapped[str] = mapped_column(String(40))
    """One of reception/documents.py."""
    file: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(Integer)


class StoredArchive(Base):
    """The film or the export bundle of a case: asked for, being made, there, or gone again."""

    __tablename__ = "archives"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(10), index=True)
    progress: Mapped[float] = mapped_column(Float, default=0)
    """0 to 1."""
    message: Mapped[str] = mapped_column(Text, default="")
    """Why it failed, or what is missing in it; Chinese sentences, one a line."""
    asked_by: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    file: Mapped[str] = mapped_column(String(200), default="")
    """In data_dir/archives."""
    sha256: Mapped[str] = mapped_column(String(64), default="")
    size: Mapped[int] = mapped_column(BigInteger, default=0)


class GlossaryWord(Base):
    """词表: a word that recognition at an office should expect, or that corrections propose for it."""

    __tablename__ = "glossary"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    word: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10))
    """WordKind of domain/states.py."""
    state: Mapped[str] = mapped_column(String(12))
    """WordState of domain/states.py."""
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    """Since when it has this state."""
    note: Mapped[str] = mapped_column(String(200), default="")
    __table_args__ = (UniqueConstraint("organization_id", "word"),)


class GlossaryEvidence(Base):
    """A line of a signed record in which a clerk put characters right that may be this word."""

    __tablename__ = "glossary_evidence"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    word: Mapped[str] = mapped_column(String(20), primary_key=True)
    line_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"))


class SearchText(Base):
    """What full-text search reads of a case: overlapping two-character tokens (store/search.py)."""

    __tablename__ = "search_texts"
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    tokens: Mapped[str] = mapped_column(Text)


class HardCase(Base):
    """积案台账: a matter that a leader takes on; what was done is in case_events (kinds that begin with "ledger_")."""

    __tablename__ = "hard_cases"
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    """LedgerState of domain/ledger.py."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    risk: Mapped[str] = mapped_column(String(10))
    """RiskGrade, of the matter."""
    risk_reason: Mapped[str] = mapped_column(String(500))
    reason: Mapped[str] = mapped_column(String(500))
    """Why it is on the ledger."""
    leader_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """包案领导"""
    measures: Mapped[str] = mapped_column(String(500), default="")
    last_words: Mapped[str] = mapped_column(String(500), default="")
    """Of the newest entry."""
    changed_at: Mapped[datetime]
    listed_on: Mapped[date] = mapped_column(Date)
    asked_by_id: Mapped[int | None] = mapped_column(Integer)
    """Who asked to strike it off: somebody else approves."""
    closed_on: Mapped[date | None] = mapped_column(Date)
    case: Mapped[StoredCase] = relationship()
    leader: Mapped[User | None] = relationship()
    __table_args__ = (Index("ix_hard_cases_state", "state", "case_id"), Index("ix_hard_cases_leader_id", "leader_id", "state"))


class ModelCase(Base):
    """典型案例: what can be learned from a case, without anybody's personal data."""

    __tablename__ = "model_cases"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    state: Mapped[str] = mapped_column(String(20))
    """ModelState of domain/models_of_cases.py."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    category: Mapped[str] = mapped_column(String(100), default="")
    title: Mapped[str] = mapped_column(String(200))
    situation: Mapped[str] = mapped_column(Text)
    handling: Mapped[str] = mapped_column(Text)
    result: Mapped[str] = mapped_column(Text)
    lesson: Mapped[str] = mapped_column(Text, default="")
    """All five as their author has them, before anything is covered."""
    published: Mapped[dict[str, Any] | None]
    """The same fields as everybody reads them; null: nobody may yet."""
    published_text: Mapped[str] = mapped_column(Text, default="")
    """For searching."""
    made_by: Mapped[str] = mapped_column(String(64))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    approved_by: Mapped[str] = mapped_column(String(64), default="")
    approved_at: Mapped[datetime | None]
    organization: Mapped[Organization] = relationship()
    __table_args__ = (Index("ix_model_cases_state", "state", "id"),)


class ModelCover(Base):
    """A stretch of a model case's text that may be personal data, and what a person decided about it."""

    __tablename__ = "model_covers"
    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model_cases.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """Private of domain/covering.py."""
    text: Mapped[str] = mapped_column(String(300))
    instead: Mapped[str] = mapped_column(String(100))
    """What is to stand there."""
    decision: Mapped[str] = mapped_column(String(10), default="")
    """cover, keep; empty: nobody has decided."""
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    decided_at: Mapped[datetime | None]
    __table_args__ = (UniqueConstraint("model_id", "text"),)


class SavedList(Base):
    """存下的清单: filters that an officer keeps under a name; no petitioner's name among them."""

    __tablename__ = "saved_lists"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    """Whose officers see it where it is shared."""
    name: Mapped[str] = mapped_column(String(40))
    query: Mapped[dict[str, Any]]
    """Fields of protocol/finding.py KeptQuery that are filled."""
    shared: Mapped[bool] = mapped_column(Boolean, default=False)
    at: Mapped[datetime]
    user: Mapped[User] = relationship()


class AccessEntry(Base):
    """Who looked at what, kept at least six months."""

    __tablename__ = "access_log"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    kiosk_id: Mapped[int | None] = mapped_column(ForeignKey("kiosks.id"))
    action: Mapped[str] = mapped_column(String(20))
    thing: Mapped[str] = mapped_column(String(20))
    thing_id: Mapped[str] = mapped_column(String(64))


class ProgressTry(Base):
    """Wrong guesses at the public progress page, to slow guessing down."""

    __tablename__ = "progress_tries"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(64), index=True)
    code: Mapped[str] = mapped_column(String(64), default="", server_default="", index=True)
    """Which code was tried, as a keyed hash, whether there is one or not."""


# --- imports and the interface for channels ------------------------------------------------------------------------


class StoredImport(Base):
    """导入: a file of matters from another system, whose rows become cases all or not at all."""

    __tablename__ = "imports"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    file_sha256: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(200))
    file_kind: Mapped[str] = mapped_column(String(10))
    file_bytes: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(20))
    """ImportState of domain/states.py."""
    author: Mapped[str] = mapped_column(String(64))
    """Who brought the file; from `begun_at` on, who had it imported."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime] = mapped_column(index=True)
    begun_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    plan: Mapped[dict[str, Any] | None]
    """ImportPlan of protocol/importing.py, once rows were looked at."""
    columns: Mapped[list[Any]] = mapped_column(deferred=True)
    sample: Mapped[list[Any]] = mapped_column(deferred=True)
    """The first rows as text; emptied when the import is done."""
    errors: Mapped[list[Any]] = mapped_column(deferred=True)
    """[row, column, value, message], as many as are kept."""
    rows: Mapped[int] = mapped_column(Integer)
    """Below the heading."""
    wrong: Mapped[int] = mapped_column(Integer, default=0)
    """Rows with errors."""
    matters: Mapped[int] = mapped_column(Integer, default=0)
    """Different matters in rows without errors."""
    known: Mapped[int] = mapped_column(Integer, default=0)
    """Of them, those that came before."""
    handled: Mapped[int] = mapped_column(Integer, default=0)
    """While rows are looked at, how many were; once they are registered, all of them."""
    added: Mapped[int] = mapped_column(Integer, default=0)
    __table_args__ = (UniqueConstraint("organization_id", "file_sha256"), Index("ix_imports_organization", "organization_id", "id"))


class ImportFile(Base):
    """The file itself, until its import is done or given up."""

    __tablename__ = "import_files"
    import_id: Mapped[int] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    content: Mapped[bytes]


class ImportMapping(Base):
    """Which columns of a system's files are which fields, kept under a name."""

    __tablename__ = "import_mappings"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str] = mapped_column(String(50))
    channel: Mapped[str] = mapped_column(String(20))
    columns: Mapped[dict[str, Any]]
    """Field → column."""
    author: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("organization_id", "name"),)


class IntakeKey(Base):
    """The key with which another system registers matters of one channel; only its hash is kept."""

    __tablename__ = "intake_keys"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(64))
    """Which system has it."""
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    author: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    minute: Mapped[datetime | None]
    """The beginning of the minute that `calls` counts."""
    calls: Mapped[int] = mapped_column(Integer, default=0)
    organization: Mapped[Organization] = relationship()


# --- repeats, merged and split cases, groups of like cases --------------------------------------------------------


class CaseJoin(Base):
    """A case that was merged into another, split off from another, or guided back to an earlier one; as a person decided."""

    __tablename__ = "case_joins"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    """JoinKind of domain/joins.py."""
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    """The one that was merged, split off or guided back."""
    other_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    case_version: Mapped[int] = mapped_column(Integer)
    """Of the first case after it: another one means that something has happened since."""
    other_event_id: Mapped[int] = mapped_column(Integer)
    """The last event of the other case then."""
    kept: Mapped[dict[str, Any]]
    """What was there before, for undoing it (reception/joining.py)."""
    author: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class CaseGroup(Base):
    """类案: like cases of many people that are solved together."""

    __tablename__ = "case_groups"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    lead_unit_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"), index=True)
    """牵头单位"""
    version: Mapped[int] = mapped_column(Integer, default=1)
    author: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    closed_on: Mapped[date | None] = mapped_column(Date)
    outcome: Mapped[str] = mapped_column(String(500), default="", server_default="")
    """How it was solved."""
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id])
    lead_unit: Mapped[Organization | None] = relationship(foreign_keys=[lead_unit_id])


class GroupCase(Base):
    """From when to when a case belonged to a group; to one at a time."""

    __tablename__ = "group_cases"
    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("case_groups.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    added_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_group_cases_group_left_case", "group_id", "left_at", "case_id"),
        Index(
            "ix_group_cases_one_at_a_time", "case_id", unique=True, sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
    )  # fmt: skip


class GroupMeasure(Base):
    """A measure for all cases of a group: who does what by when, and what came of it."""

    __tablename__ = "group_measures"
    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("case_groups.id"), index=True)
    text: Mapped[str] = mapped_column(String(500))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    due_on: Mapped[date | None] = mapped_column(Date)
    done_on: Mapped[date | None] = mapped_column(Date)
    outcome: Mapped[str] = mapped_column(String(500), default="", server_default="")
    author: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    unit: Mapped[Organization | None] = relationship()


class GroupEvent(Base):
    """What somebody did with a group, and why; never changed."""

    __tablename__ = "group_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("case_groups.id"), index=True)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))
    case_id: Mapped[int | None] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(String(500), default="", server_default="")


class QueuePlace(Base):
    """What decides when a waiting person is called, beside when they came; it counts while the reception waits."""

    __tablename__ = "queue_places"
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), primary_key=True)
    claims: Mapped[list[Any]]
    """Ids of the rules of domain/data/queue.toml that hold for the person."""
    interpreter: Mapped[str] = mapped_column(String(10), default="", server_default="")
    """Interpreter of protocol/queueing.py that the person asked for."""
    wanted_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    """The one whom the person waits for; None: whoever is free."""
    called_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    called_at: Mapped[datetime | None]
    skipped_at: Mapped[datetime | None]
    lets_pass: Mapped[list[Any]]
    """Receptions that may go first because the person was not there when called."""
    skips: Mapped[int] = mapped_column(Integer, default=0)
    version: Mapped[int] = mapped_column(Integer, default=1)
    reception: Mapped[Reception] = relationship()
    wanted: Mapped[User | None] = relationship(foreign_keys=[wanted_id])
    called_by: Mapped[User | None] = relationship(foreign_keys=[called_by_id])


class QueueEvent(Base):
    """What happened to somebody who waits, and who did it; never changed."""

    __tablename__ = "queue_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    reception_id: Mapped[str] = mapped_column(ForeignKey("receptions.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(Integer)
    """None: the kiosk, for the person."""
    kind: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(String(200), default="", server_default="")
    details: Mapped[dict[str, Any]]
    """What decided: `before` (who stood before a person who was called), `lets_pass`, `claims`, `to_id`."""
    __table_args__ = (Index("ix_queue_events_organization_id_at", "organization_id", "at"),)


class QueueDuty(Base):
    """From when to when a leader or clerk called people of a hall."""

    __tablename__ = "queue_duties"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    since: Mapped[datetime]
    until: Mapped[datetime | None]
    user: Mapped[User] = relationship()
    organization: Mapped[Organization] = relationship()
    __table_args__ = (
        Index("ix_queue_duties_organization_id_until", "organization_id", "until"),
        Index(
            "ix_queue_duties_one_at_a_time", "user_id", "organization_id", unique=True, sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )  # fmt: skip


class QueueRule(Base):
    """What an organization set for itself and those below it about a rule of domain/data/queue.toml."""

    __tablename__ = "queue_rules"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    rule_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    minutes: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(Boolean)
    source: Mapped[str] = mapped_column(String(200))
    author: Mapped[str] = mapped_column(String(64))
    changed_at: Mapped[datetime]


# --- reception days and bookings -----------------------------------------------------------------------------------


class ReceptionDay(Base):
    """接访日: when a leader receives people; its office is the leader's."""

    __tablename__ = "reception_days"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    leader_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    on_day: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(20))
    """DayKind of domain/reception_days.py."""
    begins: Mapped[int] = mapped_column(Integer)
    """Minute of the office's day."""
    slots: Mapped[int] = mapped_column(Integer)
    slot_minutes: Mapped[int] = mapped_column(Integer)
    place: Mapped[str] = mapped_column(String(100), default="", server_default="")
    charge: Mapped[str] = mapped_column(String(100), default="", server_default="")
    """What the leader is in charge of."""
    state: Mapped[str] = mapped_column(String(20))
    """DayState of domain/reception_days.py."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    why: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Why it was cancelled."""
    author: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    organization: Mapped[Organization] = relationship()
    leader: Mapped[User] = relationship()
    __table_args__ = (
        Index("ix_reception_days_organization_day", "organization_id", "on_day"),
        Index("ix_reception_days_leader_day", "leader_id", "on_day"),
        Index("ix_reception_days_on_day", "on_day"),
    )


class ReceptionDuty(Base):
    """How often the leaders of an organization receive people, where it set that stricter than the rule of its level."""

    __tablename__ = "reception_duties"
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    times: Mapped[int] = mapped_column(Integer)
    period: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(200))


class Booking(Base):
    """预约: somebody wants to speak with a leader; `slot` is theirs until it is given back, and nobody else's."""

    __tablename__ = "bookings"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    place_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    """Where they will sit for a talk by video, or who booked for them."""
    code: Mapped[str] = mapped_column(String(20), unique=True, default=new_query_code)
    name: Mapped[str] = mapped_column(String(50))
    phone: Mapped[str] = mapped_column(String(20))
    matter: Mapped[str] = mapped_column(String(200))
    category: Mapped[str] = mapped_column(String(100), default="", server_default="")
    state: Mapped[str] = mapped_column(String(20))
    """BookingState of domain/bookings.py."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    day_id: Mapped[int | None] = mapped_column(ForeignKey("reception_days.id"))
    slot: Mapped[int | None] = mapped_column(Integer)
    """Number of the slot of that day, from 0."""
    why: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Why it was moved or cancelled, as the petitioner is told."""
    asked_at: Mapped[datetime]
    reception_id: Mapped[str | None] = mapped_column(ForeignKey("receptions.id"), unique=True)
    organization: Mapped[Organization] = relationship(foreign_keys=[organization_id])
    room: Mapped[Organization | None] = relationship(foreign_keys=[place_id])
    day: Mapped[ReceptionDay | None] = relationship()
    __table_args__ = (
        Index("ix_bookings_slot", "day_id", "slot", unique=True),
        Index("ix_bookings_organization_state", "organization_id", "state", "id"),
        Index("ix_bookings_place_state", "place_id", "state", "id"),
    )


class BookingEvent(Base):
    """What was done with a booking, by whom; never changed."""

    __tablename__ = "booking_events"
    id: Mapped[int] = mapped_column(primary_key=True)
    booking_id: Mapped[int] = mapped_column(ForeignKey("bookings.id"), index=True)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))
    """asked, or BookingDeed of domain/bookings.py."""
    why: Mapped[str] = mapped_column(String(200), default="", server_default="")
    day_id: Mapped[int | None] = mapped_column(Integer)
    slot: Mapped[int | None] = mapped_column(Integer)
    """The slot after it."""


class Lecture(Base):
    """讲座: one speaks to many offices; never a reception, so never a record and never a case."""

    __tablename__ = "lectures"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    """The office that holds it."""
    title: Mapped[str] = mapped_column(String(100))
    planned_at: Mapped[datetime]
    speaker_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    made_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(20), index=True)
    """LectureState of domain/lectures.py."""
    media_node: Mapped[int | None]
    journal_seq: Mapped[int] = mapped_column(Integer, default=0)
    """Last journal entry taken in."""
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    seconds: Mapped[float] = mapped_column(Float, default=0)
    manifest: Mapped[dict[str, Any] | None]
    manifest_sha256: Mapped[str] = mapped_column(String(64), default="")
    film_state: Mapped[str] = mapped_column(String(10), default="")
    """ArchiveState of domain/states.py; empty: none was asked for."""
    film_progress: Mapped[float] = mapped_column(Float, default=0)
    film_message: Mapped[str] = mapped_column(Text, default="")
    """Why it failed, or what is missing in it; Chinese sentences, one a line."""
    film_file: Mapped[str] = mapped_column(String(200), default="")
    """In data_dir/archives."""
    film_size: Mapped[int] = mapped_column(BigInteger, default=0)
    film_sha256: Mapped[str] = mapped_column(String(64), default="")
    organization: Mapped[Organization] = relationship()
    speaker: Mapped[User] = relationship(foreign_keys=[speaker_id])
    invited: Mapped[list["LectureOffice"]] = relationship(order_by="LectureOffice.organization_id")
    __table_args__ = (
        Index("ix_lectures_organization_planned", "organization_id", "planned_at"),
        Index("ix_lectures_planned", "planned_at", "id"),
    )


class LectureOffice(Base):
    """An office that is invited to a lecture."""

    __tablename__ = "lecture_offices"
    lecture_id: Mapped[str] = mapped_column(ForeignKey("lectures.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    screen_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the code in the link for the screen in its hall."""
    came_at: Mapped[datetime | None]
    """When the first of it came in."""
    organization: Mapped[Organization] = relationship()
    lecture: Mapped[Lecture] = relationship(back_populates="invited")
    __table_args__ = (Index("ix_lecture_offices_organization", "organization_id", "lecture_id"),)
