"""From the clerk's last look to the petitioner's signature, or the reason why there is none."""

import hmac
from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain.states import EDITABLE_RECORD, RecordState
from server.errors import Conflict, WrongState
from server.protocol.office import Record
from server.reception import deskwork, glossary, revisions
from server.reception.canonical import settle
from server.reception.filing import file_record
from server.reception.records import blocked_by, form_findings, form_values, require, view
from server.reception.signature_image import decode_signature
from server.store import records
from server.store.access import Actor
from server.store.models import StoredSignature, VisitRecord

CONFIRMED = (RecordState.CONFIRMED,)
REOPENABLE = (RecordState.CONFIRMED, RecordState.REFUSED)
NOT_NOW = "这份笔录现在不能签字，请叫工作人员看看。"


def _locked(session: Session, actor: Actor, record_id: str) -> VisitRecord:
    require(session, actor, record_id)
    return records.lock(session, record_id, clock.now())


def _move(
    session: Session, record: VisitRecord, old: Iterable[RecordState], new: RecordState, message: str, **values: Any
) -> None:
    """Change the state, or raise WrongState with `message`."""
    if not records.move(session, record.id, old, new, **values):
        raise WrongState(message)


def confirm(session: Session, actor: Actor, record_id: str) -> Record:
    """The clerk is done: the petitioner may read and sign.  Raises WrongState with what is missing in `blocked_by`."""
    record = _locked(session, actor, record_id)
    if record.state not in EDITABLE_RECORD:
        raise WrongState("这份笔录已经交给信访人看了。")
    counts = records.line_counts(session, [record.id]).get(record.id, records.LineCounts())
    missing = blocked_by(record, counts, form_findings(session, record, form_values(session, record)))
    if missing:
        raise WrongState(missing[0], code="not_ready", blocked_by=missing)
    clerk = record.clerk_id or actor.user_id
    _move(
        session, record, EDITABLE_RECORD, RecordState.CONFIRMED, "", confirmed_at=clock.now(), clerk_id=clerk
    )
    session.flush()
    session.refresh(record, ["clerk"])
    revisions.add(session, record, "confirm", actor=actor, after=settle(session, record))
    session.flush()
    return view(session, actor, record)


def reopen(session: Session, actor: Actor, record_id: str, reason: str) -> Record:
    """Take a record back for correcting; one that is signed or filed stays as it is."""
    record = _locked(session, actor, record_id)
    before = {"state": record.state, "reason": record.refusal_reason}
    message = "签了字的笔录不能再改。要补充，请在归档以后写补正。"
    _move(session, record, REOPENABLE, RecordState.CORRECTING, message, confirmed_at=None, refusal_reason="")
    revisions.add(session, record, "reopen", actor=actor, before=before, after={"reason": reason})
    session.flush()
    return view(session, actor, record)


def sign(session: Session, actor: Actor, record_id: str, image: str, *, sha256: str, file_at_once: bool) -> VisitRecord:
    """The petitioner signs exactly what they read, the canonical record of that hash; `image` is the drawn name as a
    data URL.  Raises NotFound, WrongState, Conflict `record_changed` for another version, InvalidInput."""
    # Decoded first: the writing transaction, which keeps out every other writer, begins with its first query.
    png = decode_signature(image)
    record, settled = _as_read(session, actor, record_id, sha256)
    now = clock.now()
    _move(session, record, CONFIRMED, RecordState.SIGNED, NOT_NOW, signed_at=now)
    session.add(
        StoredSignature(
            record_id=record.id, record_sha256=settled["record_sha256"], image=png, kiosk_id=actor.kiosk_id, at=now
        )
    )
    revisions.add(session, record, "sign", author=revisions.PETITIONER, after=settled)
    glossary.learn(session, record)
    deskwork.keep(session, record)
    return _filed_or_not(session, actor, record, file_at_once)


def refuse(session: Session, actor: Actor, record_id: str, reason: str, *, sha256: str, file_at_once: bool) -> VisitRecord:
    """The petitioner does not sign what they read; the reason is recorded and the matter goes on all the same.

    Raises as `sign` does.
    """
    record, settled = _as_read(session, actor, record_id, sha256)
    return _refused(session, actor, record, reason, settled, file_at_once, author=revisions.PETITIONER)


def note_refusal(session: Session, actor: Actor, record_id: str, reason: str, *, file_at_once: bool) -> VisitRecord:
    """A clerk writes down that the petitioner does not sign.  Raises NotFound, WrongState."""
    record = _locked(session, actor, record_id)
    if record.state != RecordState.CONFIRMED:
        raise WrongState("这份笔录现在不用签字，请刷新看看。")
    return _refused(session, actor, record, reason, settle(session, record), file_at_once, author=actor.name)


def _as_read(session: Session, actor: Actor, record_id: str, sha256: str) -> tuple[VisitRecord, dict[str, Any]]:
    """The record, locked, and what is to be kept of it: the person answers for what they read and nothing else."""
    record = _locked(session, actor, record_id)
    if record.state in EDITABLE_RECORD:
        raise Conflict("工作人员正在改这份笔录，改好了再请您看、再签。", code="record_changed")
    if record.state != RecordState.CONFIRMED:
        raise WrongState("这份笔录已经签过了，不用再签。", code="already_settled")
    settled = settle(session, record)
    if not hmac.compare_digest(settled["record_sha256"], sha256):
        raise Conflict("笔录刚刚改过，请再看一遍改过的地方。", code="record_changed")
    return record, settled


def _refused(
    session: Session, actor: Actor, record: VisitRecord, reason: str, settled: dict[str, Any], file_at_once: bool, *, author: str
) -> VisitRecord:
    _move(session, record, CONFIRMED, RecordState.REFUSED, NOT_NOW, refusal_reason=reason, signed_at=None)
    revisions.add(session, record, "refuse", actor=actor, author=author, after={"reason": reason, **settled})
    deskwork.keep(session, record)
    return _filed_or_not(session, actor, record, file_at_once)


def _filed_or_not(session: Session, actor: Actor, record: VisitRecord, file_at_once: bool) -> VisitRecord:
    session.flush()
    if not file_at_once:
        return record
    file_record(session, actor, record.id)
    return records.lock(session, record.id, clock.now())
