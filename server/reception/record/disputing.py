"""While somebody reads: a sentence is not right, what should stand there, and that it is right after all.

The record goes back to the clerk with the first objection; the person reads on.
"""

import base64
import binascii

from sqlalchemy.orm import Session

from server import clock
from server.domain.objections import Objection, sentence
from server.domain.states import RecordState
from server.errors import Conflict, InvalidInput, NotFound, TooOften, WrongState
from server.protocol.canonical import fingerprint
from server.protocol.reading import Dispute, Disputed, Withdrawal
from server.reception.record import revisions
from server.reception.record.canonical import canonical_record
from server.reception.record.reading import state_of
from server.reception.record.records import require
from server.store import reading as store
from server.store import records
from server.store.access import Actor
from server.store.models import Line, StoredDispute, VisitRecord

OPEN = (RecordState.CONFIRMED, RecordState.CORRECTING)
MOST = 500
"""Objections to one record: each may bring half a megabyte of sound."""
CHANGED = "工作人员刚改过这一句，请再看一遍。"


def dispute(session: Session, actor: Actor, record_id: str, said: Dispute) -> Disputed:
    """A line is wrong: it is marked, the clerk's desk sees it, the record goes back to correcting.

    Raises NotFound, WrongState once it is signed, Conflict `line_changed` when the line is another than was read, and
    InvalidInput when nothing was said, TooOften after 500 of them.
    """
    sound, kind = _sound(said.sound)
    record, line = _line(session, actor, record_id, said.line_id)
    if line.version != said.version or line.deleted:
        raise Conflict(CHANGED, code="line_changed")
    if not (said.reason.strip() or said.said.strip() or sound):
        raise InvalidInput("请点一个原因，或者说一遍，工作人员才知道怎么改。", code="nothing_said")
    if store.dispute_count(session, record.id) >= MOST:
        raise TooOften("说不对的太多了，请叫工作人员，当面一句一句改。", code="disputes_many")
    now = clock.now()
    session.add(
        StoredDispute(
            record_id=record.id, line_id=line.id, before=line.text, piece=said.piece, reason=said.reason.strip(),
            said=said.said.strip(), sound=sound or None, sound_type=kind, at=now,
        )
    )  # fmt: skip
    session.flush()
    records.move(session, record.id, [RecordState.CONFIRMED], RecordState.CORRECTING)
    line.heard = False
    _mark(session, record, line, "dispute")
    return _answer(record, line)


def withdraw(session: Session, actor: Actor, record_id: str, said: Withdrawal) -> Disputed:
    """What was objected to is right after all.  When nothing else was said and nothing changed, the record can be
    signed again as it stands.  Raises NotFound, WrongState."""
    record, line = _line(session, actor, record_id, said.line_id)
    if line.disputed:
        for one in store.disputes_of_line(session, record.id, line.id, line.text):
            if one.piece == said.piece:
                one.withdrawn_at = clock.now()
        session.flush()
        _mark(session, record, line, "withdraw")
        _hand_over_again(session, record)
    return _answer(record, line)


def _line(session: Session, actor: Actor, record_id: str, line_id: str) -> tuple[VisitRecord, Line]:
    """The record, locked, and a line of it."""
    require(session, actor, record_id)
    record = records.lock(session, record_id, clock.now())
    if record.state not in OPEN or record.confirmed_at is None:
        raise WrongState("这份笔录现在不能改了，请叫工作人员。")
    line = records.line(session, record.id, line_id)
    if line is None:
        raise NotFound("没有找到这一句，请再看一遍。", code="line_gone")
    return record, line


def _mark(session: Session, record: VisitRecord, line: Line, kind: str) -> None:
    """The line says what is left of the objections to it.  A clerk who is just typing in it is told by its version."""
    left = store.disputes_of_line(session, record.id, line.id, line.text)
    found = [Objection(one.piece, one.reason, one.said, spoken=bool(one.sound_type)) for one in left]
    line.disputed = sentence(line.text, found)
    line.version += 1
    after = {"reason": line.disputed} if line.disputed else {}
    before = {"text": line.text}
    revisions.add(session, record, kind, author=revisions.PETITIONER, line_id=line.id, before=before, after=after)
    session.flush()


def _hand_over_again(session: Session, record: VisitRecord) -> None:
    """Back to the petitioner, where it is to the letter what the clerk last handed over."""
    last = store.handed_over(session, record.id, last=True)
    if last is None or records.disputed_lines(session, record.id):
        return
    if fingerprint(canonical_record(session, record)) == last["record_sha256"]:
        records.move(session, record.id, [RecordState.CORRECTING], RecordState.CONFIRMED)


def _answer(record: VisitRecord, line: Line) -> Disputed:
    return Disputed(line_id=line.id, version=line.version, at=clock.now(), state=state_of(record))


def _sound(data_url: str) -> tuple[bytes, str]:
    """Sound and its media type; raises InvalidInput for what is no base64."""
    if not data_url:
        return b"", ""
    head, _, body = data_url.partition(",")
    try:
        return base64.b64decode(body, validate=True), head.removeprefix("data:").split(";")[0]
    except binascii.Error:
        raise InvalidInput("录的这一句没有传完整，请再说一遍。", code="sound_unreadable") from None


def sound(session: Session, actor: Actor, record_id: str, dispute_id: int) -> tuple[bytes, str]:
    """How an objection was spoken, and its media type; for the staff.  Raises NotFound."""
    found = store.dispute_sound(session, require(session, actor, record_id).id, dispute_id)
    if found is None:
        raise NotFound
    return found
