"""Matters that other systems register over HTTP: with a key per office and channel, which opens nothing else."""

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.states import CaseState, Channel
from server.errors import InvalidInput, NotFound, TooOften
from server.protocol.flow import NewMatter
from server.protocol.intake import (
    IntakeAnswer,
    IntakeKeyView,
    IntakeMatter,
    IntakeState,
    MadeIntakeKey,
    NewIntakeKey,
)
from server.reception.account.accounts import digest, new_token, own_organization
from server.reception.matter import registering
from server.reception.office import Office
from server.store import cases
from server.store import imports as store
from server.store.access import Actor
from server.store.models import IntakeKey, StoredCase

CALLS_A_MINUTE = 120
KEY_BEGINS = "jietan-"
"""So that whoever finds one in a file knows what it is."""


# --- keys ----------------------------------------------------------------------------------------------------------


def new_key(session: Session, actor: Actor, asked: NewIntakeKey, base_url: str) -> MadeIntakeKey:
    """A key for one of the administrator's organizations, told this once; raises NotFound for another's."""
    organization = own_organization(session, actor, asked.organization_id)
    token = KEY_BEGINS + new_token()
    made = IntakeKey(
        organization_id=organization.id, channel=asked.channel, name=asked.name, key_sha256=digest(token), author=actor.name,
        made_at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return MadeIntakeKey(id=made.id, url=f"{base_url}/api/intake/matters", key=token)


def keys(session: Session, actor: Actor) -> list[IntakeKeyView]:
    """Keys of the administrator's organizations, newest first, also those that were revoked."""
    return [
        IntakeKeyView(
            id=one.id, organization=one.organization.name, channel=terms.CHANNEL[Channel(one.channel)], name=one.name,
            author=one.author, made_at=one.made_at, used_at=one.used_at, revoked_at=one.revoked_at,
        )
        for one in store.keys_under(session, actor.organization_path)
    ]  # fmt: skip


def revoke(session: Session, actor: Actor, key_id: int) -> None:
    """From now on this key opens nothing; raises NotFound."""
    if not store.revoke_key(session, actor.organization_path, key_id, clock.now()):
        raise NotFound("没有这把密钥，或者已经停用了。")


def use_key(office: Office, token: str) -> IntakeKey | None:
    """The key, if it works; the call is counted, whatever comes of it.

    Raises TooOften beyond 120 calls in a minute; a wrong key costs no write.
    """
    with office.store.read() as session:
        if not token or store.working_key(session, digest(token)) is None:
            return None
    now = clock.now()
    with office.store.write() as session:
        key = store.working_key(session, digest(token), lock=True)
        if key is None:
            return None
        minute = now.replace(second=0, microsecond=0)
        key.minute, key.calls = minute, key.calls + 1 if key.minute == minute else 1
        if key.calls <= CALLS_A_MINUTE:
            key.used_at = now
            return key
    raise TooOften(f"一分钟最多 {CALLS_A_MINUTE} 次，请过一会儿再发。", retry_after_s=60 - now.second)


# --- matters -------------------------------------------------------------------------------------------------------


def receive(session: Session, key: IntakeKey, sent: IntakeMatter) -> IntakeAnswer:
    """Register a matter of the key's channel in its office, once; raises as registering.register does."""
    actor = Actor(name=key.name, organization_id=key.organization_id, organization_path=key.organization.path)
    new = NewMatter(channel=key.channel, **sent.model_dump())
    try:
        registering.check(new)
    except InvalidInput as error:
        raise InvalidInput(error.message, fields=dict.fromkeys(error.details["fields"], error.message)) from None
    try:
        with session.begin_nested():
            case, added = registering.register(session, actor, new)
    except IntegrityError:  # the same number came at the same moment
        case, added = _required(session, key, sent.source_ref), False
    return IntakeAnswer(**_state(case, sent.source_ref).model_dump(), added=added)


def state(session: Session, key: IntakeKey, source_ref: str) -> IntakeState:
    """How far a matter of the key's channel and office is; raises NotFound for any other."""
    return _state(_required(session, key, source_ref), source_ref)


def _required(session: Session, key: IntakeKey, source_ref: str) -> StoredCase:
    case = cases.by_source(session, key.organization_id, key.channel, source_ref.strip())
    if case is None:
        raise NotFound("没有这个编号的事项。")
    return case


def _state(case: StoredCase, source_ref: str) -> IntakeState:
    name = terms.CASE_STATE[CaseState(case.state)]
    return IntakeState(source_ref=source_ref, case_no=case.case_no, state=case.state, state_name=name)
