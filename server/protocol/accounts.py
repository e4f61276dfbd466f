"""Accounts, log-ins and organizations, as pages send and get them.  Paths: office.md."""

from typing import Annotated, Literal

from pydantic import Field

from server.protocol.base import Line, Message, Moment


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


class NewOrganization(Message):
    name: Annotated[str, Field(min_length=2, max_length=100)]
    parent_id: int
    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,12}$")]
    """Short code that opens every case number of this office."""
    level: Literal["", "city", "county", "township", "department"] = ""
    """Where it stands; empty: not told."""
