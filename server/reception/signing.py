"""From the clerk's last look to the petitioner's signature, or the reason why there is none."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain.states import EDITABLE_RECORD, RecordState
from server.errors import Conflict, InvalidInput, NotFound, WrongState
from server.protocol.office import Dispute, Record
from server.reception import glossary, revisions
from server.reception.canonical import settle
from server.reception.filing import file_record
from server.reception.records import blocked_by, form_findings, form_values, require, view
from server.reception.signature_image import decode_signature
from server.store import records
from server.store.access import Actor
from server.store.models import StoredSignature, VisitRecord

CONFIRMED = (RecordState.CONFIRMED,)
REOPENABLE = (RecordState.CONFIRMED, RecordState.REFUSED)


def _locked(session: Session, actor: Actor, record_id: str) -> VisitRecord:
    require(session, actor, record_id)
    return records.lock(session, record_id, clock.now())


def _require_seen(actor: Actor, record: VisitRecord, version: int | None) -> None:
    """The petitioner answers for what the kiosk showed: raises Conflict when the record was changed since then,
    InvalidInput when a kiosk does not say what it showed.  The record must be locked."""
    if record.state != RecordState.CONFIRMED:
        return
    if version is None and actor.is_kiosk:
        raise InvalidInput("终端没有说明显示的是哪一版笔录，请叫工作人员。", code="version_missing")
    if version is not None and version != record.version:
        raise Conflict("笔录刚刚改过，请再看一遍改过的地方。", code="record_changed")


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
    rows = records.line_rows(session, record.id)
    missing = blocked_by(record, rows, form_findings(record, rows, form_values(session, record)))
    if missing:
        raise WrongState(missing[0], code="not_ready", blocked_by=missing)
    clerk = record.clerk_id or actor.user_id
    _move(
        session, record, EDITABLE_RECORD, RecordState.CONFIRMED, "", confirmed_at=clock.now(), clerk_id=clerk
    )
    revisions.add(session, record, "confirm", actor=actor)
    session.flush()
    session.refresh(record, ["clerk"])
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


def dispute(session: Session, actor: Actor, record_id: str, disputes: Iterable[Dispute], *, version: int | None) -> Record:
    """The petitioner says which lines are wrong: they are marked and the record goes back to the clerk."""
    record = _locked(session, actor, record_id)
    _require_seen(actor, record, version)
    _move(session, record, CONFIRMED, RecordState.CORRECTING, "现在不能改了，请叫工作人员。", confirmed_at=None)
    for one in disputes:
        _mark_disputed(session, record, one)
    session.flush()
    return view(session, actor, record)


def _mark_disputed(session: Session, record: VisitRecord, disputed: Dispute) -> None:
    line = records.line(session, record.id, disputed.line_id)
    if line is None or line.deleted:
        raise NotFound("没有找到这一句，请再看一遍。")
    line.disputed = disputed.note.strip() or "信访人说这一句不对。"
    line.heard = False
    line.version += 1
    after = {"reason": line.disputed}
    revisions.add(session, record, "dispute", author=revisions.PETITIONER, line_id=line.id, after=after)


def sign(
    session: Session, actor: Actor, record_id: str, image: str, *, version: int | None, file_at_once: bool
) -> Record:
    """The petitioner signs exactly what stands in the record now, which is the `version` that was shown; `image` is
    the drawn name as a data URL."""
    # Decoded first: the writing transaction, which keeps out every other writer, begins with its first query.
    png = decode_signature(image)
    record = _locked(session, actor, record_id)
    _require_seen(actor, record, version)
    message = "这份笔录现在不能签字，请叫工作人员看看。"
    if record.state != RecordState.CONFIRMED:
        raise WrongState(message)
    now = clock.now()
    settled = settle(session, record)
    _move(session, record, CONFIRMED, RecordState.SIGNED, message, signed_at=now)
    session.add(
        StoredSignature(
            record_id=record.id, record_sha256=settled["record_sha256"], image=png, kiosk_id=actor.kiosk_id, at=now
        )
    )
    revisions.add(session, record, "sign", author=revisions.PETITIONER, after=settled)
    glossary.learn(session, record)
    return _filed_or_not(session, actor, record, file_at_once)


def refuse(
    session: Session, actor: Actor, record_id: str, reason: str, *, version: int | None = None, file_at_once: bool
) -> Record:
    """The petitioner does not sign; the reason is recorded and the matter goes on all the same."""
    record = _locked(session, actor, record_id)
    _require_seen(actor, record, version)
    message = "这份笔录现在不用签字，请刷新看看。"
    _move(session, record, CONFIRMED, RecordState.REFUSED, message, refusal_reason=reason, signed_at=None)
    author = revisions.PETITIONER if actor.is_kiosk else actor.name
    after = {"reason": reason, **settle(session, record)}
    revisions.add(session, record, "refuse", actor=actor, author=author, after=after)
    return _filed_or_not(session, actor, record, file_at_once)


def _filed_or_not(session: Session, actor: Actor, record: VisitRecord, file_at_once: bool) -> Record:
    session.flush()
    if file_at_once:
        file_record(session, actor, record.id)
        record = records.lock(session, record.id, clock.now())
    return view(session, actor, record)
