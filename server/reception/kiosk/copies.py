"""The kiosk's own copy of a talk: who keeps one, and taking it in (protocol/copies.md)."""

import hashlib
from datetime import timedelta

from sqlalchemy.orm import Session

from server import clock, signing_key
from server.domain.states import CopyState
from server.errors import InvalidInput, NotAllowed, NotFound, TooLarge
from server.protocol.base import Role
from server.protocol.copies import (
    PIECE_BYTES,
    AgentDoor,
    AgentKey,
    AgentReport,
    CopyOffset,
    FinishCopy,
    ReportAnswer,
    Uploading,
)
from server.protocol.kiosks import AgentCode, KioskCopies
from server.reception.account import accounts
from server.reception.account.accounts import digest, new_token
from server.reception.kiosk import kiosk_health, kiosk_log, unsealing
from server.reception.office import Office
from server.settings import Settings
from server.store import accounts as account_store
from server.store import copies as store
from server.store import copyfiles
from server.store.access import Actor
from server.store.models import Kiosk, KioskAgent, KioskCopy, OneTimeLink, Reception

ENROL_AGENT = "agent"
ENROL_HOURS = 72
SILENT_AFTER = timedelta(minutes=2)
"""An agent that reports every 20 s and has not for so long is not running."""
SETTLED_AFTER = timedelta(minutes=2)
"""So long after a talk, what the agent does not hold will not come."""
WAITING_WORDS = "接谈机备份还没有传完。没有录上的几段，传完以后会自己补进来。"


# --- who keeps copies ---


def agent_code(session: Session, kiosk: Kiosk) -> AgentCode:
    """A one-time code for the copy program of a kiosk; the one before it stops working, its key does not."""
    store.drop_links(session, kiosk.id, ENROL_AGENT)
    code = new_token()
    expires = clock.now() + timedelta(hours=ENROL_HOURS)
    session.add(OneTimeLink(token_sha256=digest(code), purpose=ENROL_AGENT, kiosk_id=kiosk.id, expires_at=expires))
    return AgentCode(kiosk_id=kiosk.id, code=code)


def enrol_agent(session: Session, settings: Settings, code: str) -> AgentKey:
    """Use a code: the agent's key, and the public key that it trusts from now on; raises InvalidInput for a code that
    no longer works."""
    now = clock.now()
    link = account_store.use_link(session, digest(code), ENROL_AGENT, now)
    kiosk = account_store.kiosk_with_organization(session, link.kiosk_id) if link and link.kiosk_id else None
    if kiosk is None:
        raise InvalidInput("这个接入码已经用过或过期了，请管理员再给一个新的。", code="link_used")
    store.drop_agent(session, kiosk.id)
    token = new_token()
    session.add(KioskAgent(kiosk_id=kiosk.id, token_sha256=digest(token), enrolled_at=now))
    return AgentKey(
        token=token, kiosk=kiosk.name, screens_key=signing_key.published(settings).hex(),
        office=unsealing.told_office(settings, kiosk.id),
    )  # fmt: skip


def kiosk_of(session: Session, token: str) -> int | None:
    """The kiosk whose agent has this key."""
    agent = store.agent_by_key(session, accounts.digest(token)) if token else None
    return agent.kiosk_id if agent is not None else None


def actor_of_agent(session: Session, token: str) -> Actor | None:
    """The kiosk whose agent has this key, as it calls for its page."""
    kiosk_id = kiosk_of(session, token)
    kiosk = account_store.kiosk_with_organization(session, kiosk_id) if kiosk_id is not None else None
    return None if kiosk is None else accounts.actor_of_kiosk(kiosk)


def shown(agent: KioskAgent | None) -> KioskCopies:
    """What the administrator sees of a kiosk's copies."""
    if agent is None:
        return KioskCopies(state="none")
    return KioskCopies(
        state="silent" if _silent(agent) else "full" if agent.full else "keeps",
        waiting=agent.waiting,
        waiting_bytes=agent.waiting_bytes,
        oldest=agent.oldest,
        seen_at=agent.seen_at,
    )


def _silent(agent: KioskAgent) -> bool:
    return agent.seen_at is None or clock.now() - agent.seen_at > SILENT_AFTER


def uploading(session: Session, settings: Settings, kiosk_id: int) -> Uploading:
    """How far the agent of a kiosk is with what it has to send; what it holds is known from its last report."""
    agent = store.agent_of(session, kiosk_id)
    if agent is None or not agent.waiting or _silent(agent):
        return Uploading(copies=0)
    paths = [copyfiles.path_of(settings.copies_dir, copy) for copy in store.expected_from(session, kiosk_id)]
    here = sum(copyfiles.received(path) for path in paths)
    # What it holds is a little more than what it sends, and not done before it is hashed.
    return Uploading(copies=agent.waiting, share=min(0.99, here / max(1, agent.waiting_bytes)))


def door(session: Session, settings: Settings, kiosk_id: int) -> AgentDoor:
    """Where the kiosk's page finds its own program, for its devices; raises NotFound where there is none."""
    agent = store.agent_of(session, kiosk_id)
    if agent is None or not agent.secret:
        raise NotFound("这台机器没有装设备程序。", code="no_agent")
    return AgentDoor(url=f"ws://127.0.0.1:{settings.kiosk_agent_port}/", secret=agent.secret)


# --- taking copies in ---


def _announce(session: Session, kiosk_id: int, told: AgentReport) -> None:
    """Note the copies that the office has not heard of: the page begins them without asking, so that it needs no line."""
    held = {one.id: one.reception_id for one in told.held if one.reception_id}
    for copy_id in held.keys() - store.known(session, list(held)):
        reception = session.get(Reception, held[copy_id])
        if reception is not None and reception.kiosk_id == kiosk_id:
            session.add(_announced(reception, copy_id))
    session.flush()


def _announced(reception: Reception, copy_id: str) -> KioskCopy:
    petitioner = next(seat for seat in reception.participants if seat.role == Role.PETITIONER)
    return KioskCopy(
        id=copy_id,
        kiosk_id=reception.kiosk_id,
        reception_id=reception.id,
        participant_id=petitioner.id,
        state=CopyState.EXPECTED,
        announced_at=clock.now(),
    )


def report(office: Office, session: Session, kiosk_id: int, told: AgentReport) -> ReportAnswer:
    """Keep what the agent says of itself; answers which of its copies nobody needs."""
    agent = store.agent_of(session, kiosk_id)
    if agent is None:
        raise NotAllowed
    now = clock.now()
    agent.seen_at, agent.secret, agent.full, agent.oldest = now, told.secret, told.full, told.oldest
    agent.waiting, agent.waiting_bytes = len(told.held), sum(held.bytes for held in told.held)
    ids = [held.id for held in told.held]
    _announce(session, kiosk_id, told)
    unwanted = store.untalked(session, kiosk_id, ids)
    store.set_state(session, unwanted, CopyState.UNWANTED)
    for copy_id in unwanted:
        copyfiles.remove(copyfiles.path_of(office.settings.copies_dir, _own(session, kiosk_id, copy_id)))
    store.note_missing(session, kiosk_id, ids, now - SETTLED_AFTER)
    order, events_to = kiosk_health.remember(agent, told.health, now), kiosk_log.take(session, kiosk_id, told)
    return ReportAnswer(
        office=unsealing.told_office(office.settings, kiosk_id), unwanted=tuple(unwanted), restart=order, events_to=events_to
    )


def _own(session: Session, kiosk_id: int, copy_id: str) -> KioskCopy:
    copy = store.copy(session, copy_id)
    if copy is None:
        raise NotFound("办公室不知道这份备份。", code="copy_unknown")
    if copy.kiosk_id != kiosk_id:
        raise NotAllowed("这份备份不是这台终端的。", code="foreign_copy")
    return copy


def offset(office: Office, kiosk_id: int, copy_id: str) -> CopyOffset:
    """How much of a copy is here."""
    with office.store.read() as session:
        copy = _own(session, kiosk_id, copy_id)
    if copy.state == CopyState.STORED:
        return CopyOffset(received=copy.size, stored=True)
    return CopyOffset(received=copyfiles.received(copyfiles.path_of(office.settings.copies_dir, copy)))


def take_piece(office: Office, kiosk_id: int, copy_id: str, at: int, data: bytes, sha256: str) -> CopyOffset:
    """Add a piece; one of a copy that is whole already changes nothing.

    Raises InvalidInput for a piece that is damaged, TooLarge, copyfiles.WrongOffset, copyfiles.DiskFull.
    """
    check_piece(office.settings, at, data, sha256)
    with office.store.read() as session:
        copy = _own(session, kiosk_id, copy_id)
    if copy.state == CopyState.STORED:
        return CopyOffset(received=copy.size, stored=True)
    path = copyfiles.path_of(office.settings.copies_dir, copy)
    return CopyOffset(received=copyfiles.append(path, at, data, office.settings.disk_reserve_mb * 1_000_000))


def check_piece(settings: Settings, at: int, data: bytes, sha256: str) -> None:
    """Raises InvalidInput for a piece that is damaged, TooLarge."""
    if len(data) > PIECE_BYTES or at + len(data) > settings.copy_max_mb * 1_000_000:
        raise TooLarge("这份备份太大，办公室收不下。")
    check_intact(data, sha256)


def check_intact(data: bytes, sha256: str) -> None:
    """Raises InvalidInput for a piece that is not as it was sent."""
    if not data or hashlib.sha256(data).hexdigest() != sha256:
        raise InvalidInput("这一段在路上坏了，会再传一次。", code="piece_damaged")


def finish(office: Office, kiosk_id: int, copy_id: str, told: FinishCopy) -> CopyOffset:
    """Check the whole copy, unseal it and keep it for good; whatever it can fill is filled by a durable job.

    Raises copyfiles.WrongOffset, copyfiles.CopyDamaged, copyfiles.DiskFull, unsealing.NotForUs.
    """
    with office.store.read() as session:
        copy = _own(session, kiosk_id, copy_id)
    path = copyfiles.path_of(office.settings.copies_dir, copy)
    if copy.state != CopyState.STORED:
        copyfiles.complete(path, told.size, told.sha256)
        size, sha256 = unsealing.unseal(office.settings, path, copy_id)
        with office.store.write() as session:
            stored = _own(session, kiosk_id, copy_id)
            stored.state, stored.stored_at = CopyState.STORED, clock.now()
            stored.size, stored.sha256 = size, sha256
            stored.begun_at, stored.position = told.begun_at, _position(session, stored, told)
        office.jobs.fill_gaps(copy_id)
    copyfiles.sealed_of(path).unlink(missing_ok=True)
    return CopyOffset(received=told.size, stored=True)


def _position(session: Session, copy: KioskCopy, told: FinishCopy) -> float:
    """Media time of a copy's beginning; one that was begun before the page knew of the talk may begin before that."""
    began = session.get_one(Reception, copy.reception_id).started_at
    if told.position is not None or began is None:
        return told.position or 0.0
    return (told.begun_at - began).total_seconds()


def waiting_words(session: Session, reception_id: str, any_gap: bool) -> str:
    """What a clerk is told while the copy that may fill the record's gaps is on its way; else nothing."""
    expected = any(copy.state == CopyState.EXPECTED for copy in store.copies_of(session, reception_id))
    return WAITING_WORDS if expected and any_gap else ""
