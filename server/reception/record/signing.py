"""From the clerk's last look to the petitioner's signature, or the reason why there is none."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy.orm import Session

from server import clock
from server.domain.canonical import check_code
from server.domain.signers import SIGNED, Signer, SignerRole, SigningWay, outcome, reasons
from server.domain.states import EDITABLE_RECORD, RecordState, StaffRole
from server.domain.strokes import Point
from server.errors import Conflict, InvalidInput, NotAllowed, WrongState
from server.protocol.canonical import fingerprint
from server.protocol.reading import Fingerprint, Refused, Signature
from server.protocol.records import Record
from server.protocol.signing import PaperSignature, Refusal, Signatures, StaffSignature
from server.reception.matter.filing import file_record
from server.reception.record import deskwork, glossary, revisions, signatures, timestamps
from server.reception.record.canonical import canonical_record, settle, settled
from server.reception.record.records import blocked_by, form_findings, form_values, require, view
from server.reception.record.signature_image import decode_fingerprint, draw_name
from server.store import cases, records
from server.store.access import Actor
from server.store.models import StoredSignature, VisitRecord

CONFIRMED = (RecordState.CONFIRMED,)
REOPENABLE = (RecordState.CONFIRMED, RecordState.REFUSED, RecordState.SIGNED)
SIGNED_DOCUMENTS = ("record.docx", "record.pdf", "form.docx", "form.pdf")
"""Made again when a leader or recorder signs after filing."""
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
    missing = blocked_by(session, record, counts, form_findings(session, record, form_values(session, record)))
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
    """Take a record back for correcting: it is read again and signed again, and what was signed before is kept.  One that is
    filed stays as it is."""
    record = _locked(session, actor, record_id)
    before = {"state": record.state, "reason": record.refusal_reason}
    message = "归了档的笔录不能再改。要补充，请写补正。"
    values: dict[str, Any] = {"confirmed_at": None, "signed_at": None, "refusal_reason": ""}
    _move(session, record, REOPENABLE, RecordState.CORRECTING, message, **values)
    revisions.add(session, record, "reopen", actor=actor, before=before, after={"reason": reason})
    session.flush()
    return view(session, actor, record)


@dataclass(frozen=True)
class _Act:
    """What one person does under a record; `drawn` and `image` where there is a name or a fingerprint."""

    way: SigningWay
    drawn: Sequence[Sequence[Point]] = ()
    image: bytes | None = None
    reason: str = ""
    witness: str = ""
    device: str = ""
    clip_sha256: str = ""


def sign(session: Session, actor: Actor, record_id: str, drawn: Signature, *, file_at_once: bool) -> VisitRecord:
    """A reader signs exactly what they read, the canonical record of that hash.

    Raises NotFound, WrongState, Conflict `record_changed` for another version and `already_signed`, InvalidInput.
    """
    # Drawn first: the writing transaction, which keeps out every other writer, begins with its first query.
    act = _Act(
        SigningWay.HANDWRITTEN, drawn.strokes, draw_name(drawn.strokes, drawn.aspect), clip_sha256=drawn.clip_sha256
    )
    return _read_and(session, actor, record_id, drawn.signer, drawn.sha256, act, file_at_once)


def press(session: Session, actor: Actor, record_id: str, pressed: Fingerprint, *, file_at_once: bool) -> VisitRecord:
    """A reader who does not write puts a finger on the kiosk's pad.  Raises as `sign` does, NotAllowed elsewhere."""
    if not actor.is_kiosk:
        raise NotAllowed("按手印要在接谈室的终端上。")
    act = _Act(SigningWay.FINGERPRINT, image=decode_fingerprint(pressed.image), device=pressed.device)
    return _read_and(session, actor, record_id, pressed.signer, pressed.sha256, act, file_at_once)


def refuse(session: Session, actor: Actor, record_id: str, said: Refused, *, file_at_once: bool) -> VisitRecord:
    """A reader does not sign, or cannot; the reason is recorded and the matter goes on all the same.

    Raises as `sign` does.
    """
    act = _not_signing(said)
    return _read_and(session, actor, record_id, said.signer, said.sha256, act, file_at_once)


def note_refusal(session: Session, actor: Actor, record_id: str, said: Refusal, *, file_at_once: bool) -> VisitRecord:
    """A clerk writes down that a reader does not sign.  Raises NotFound, WrongState, Conflict, InvalidInput."""
    act = _not_signing(said)
    record, settled = _handed_over(session, actor, record_id)
    return _keep(session, actor, record, settled, _reader(session, record, settled, said.whom), act, file_at_once)


def note_paper(session: Session, actor: Actor, record_id: str, said: PaperSignature, *, file_at_once: bool) -> VisitRecord:
    """A clerk has the sheet that a reader signed.

    Raises NotFound, WrongState, InvalidInput, Conflict `already_signed`, and `record_changed` where that sheet is of another
    version than the one that is to be signed.
    """
    record, settled = _handed_over(session, actor, record_id)
    on_paper, now = ("".join(code.split()).upper() for code in (said.check, check_code(settled["record_sha256"])))
    if not now.startswith(on_paper):
        raise Conflict("校验码对不上，纸上的不是现在这一版。请重新打印，请本人再看、再签。", code="record_changed")
    signer = _reader(session, record, settled, said.whom)
    return _keep(session, actor, record, settled, signer, _Act(SigningWay.PAPER), file_at_once)


def _handed_over(session: Session, actor: Actor, record_id: str) -> tuple[VisitRecord, dict[str, Any]]:
    """The record that a clerk deals with while it is to be signed, locked, and what is to be kept of it."""
    record = _locked(session, actor, record_id)
    if record.state != RecordState.CONFIRMED:
        raise WrongState("这份笔录现在不用签字，请刷新看看。")
    return record, settle(session, record)


def _not_signing(said: Refused | Refusal) -> _Act:
    """Raises InvalidInput where nobody saw that somebody cannot sign."""
    reason, witness = said.reason.strip(), said.witness.strip()
    if not reason:
        raise InvalidInput("请说一句原因，如实记上。", code="reason_missing")
    if said.way == "unable" and not witness:
        raise InvalidInput("不能签名的，要有一位见证人，请写上见证人的姓名。", code="witness_missing")
    return _Act(SigningWay(said.way), reason=reason, witness=witness)


def _read_and(
    session: Session, actor: Actor, record_id: str, number: int, sha256: str, act: _Act, file_at_once: bool
) -> VisitRecord:
    """Whoever came by a link is the one it was made for."""
    record, settled = _as_read(session, actor, record_id, sha256)
    signer = _reader(session, record, settled, actor.name if actor.reads else number)
    return _keep(session, actor, record, settled, signer, act, file_at_once)


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


def _reader(
    session: Session, record: VisitRecord, settled: dict[str, Any], which: int | str
) -> Signer:
    """The reader of this number or name; "": the first who has not signed.  Raises InvalidInput, Conflict."""
    found = signatures.present(session, record, settled["record_sha256"])
    all_ = signatures.readers_of(session, record)
    if which == "":
        wanted = next((one for one in all_ if signatures.of_reader(found, one) is None), None)
    else:
        wanted = next((one for one in all_ if which in (one.number, one.name)), None)
    if wanted is None:
        raise InvalidInput("没有找到是哪一位在签，请重新打开这份记录。", code="no_such_signer")
    if signatures.of_reader(found, wanted) is not None:
        raise Conflict("这一位已经签过了，不用再签。", code="already_signed")
    return wanted


def _keep(
    session: Session, actor: Actor, record: VisitRecord, settled: dict[str, Any], signer: Signer, act: _Act, file_at_once: bool
) -> VisitRecord:
    """Keep what this reader did; once all have done something, the record is signed, or refused by all."""
    sha256 = settled["record_sha256"]
    session.add(_stored(actor, record, sha256, signer.role, signer.name, act))
    session.flush()
    found = signatures.present(session, record, sha256)
    done = [signatures.of_reader(found, one) for one in signatures.readers_of(session, record)]
    state = outcome([SigningWay(one.way) if one else None for one in done])
    author = actor.name if actor.role else signer.name
    after = {"reason": act.reason, "name": signer.name, "way": act.way.value}
    if state is None:
        revisions.add(session, record, "signature", actor=actor, author=author, after=after)
        session.flush()
        return record
    left_out = [one for one in done if one is not None and one.way not in SIGNED]
    values = _settled_values(state, left_out)
    _move(session, record, CONFIRMED, state, NOT_NOW, **values)
    kind = "sign" if state == RecordState.SIGNED else "refuse"
    revisions.add(session, record, kind, actor=actor, author=author, after={**after, **settled})
    if state == RecordState.SIGNED:
        glossary.learn(session, record)
    deskwork.keep(session, record)
    return _filed_or_not(session, actor, record, file_at_once)


def _settled_values(state: RecordState, left_out: Sequence[StoredSignature]) -> dict[str, Any]:
    """When it was signed, or why nobody did."""
    if state == RecordState.SIGNED:
        return {"signed_at": clock.now(), "refusal_reason": ""}
    plain = len(left_out) == 1 and left_out[0].way == SigningWay.REFUSED and not left_out[0].witness
    rows = [{"name": one.name, "way": one.way, "reason": one.reason, "witness": one.witness} for one in left_out]
    return {"signed_at": None, "refusal_reason": left_out[0].reason if plain else reasons(rows)[:500]}


def _stored(
    actor: Actor, record: VisitRecord, sha256: str, role: SignerRole, name: str, act: _Act
) -> StoredSignature:
    return StoredSignature(
        record_id=record.id,
        record_sha256=sha256,
        record_version=record.version,
        role=role,
        name=name,
        way=act.way,
        image=act.image,
        strokes=[[[round(x, 4), round(y, 4), at, round(pressure, 3)] for x, y, at, pressure in stroke] for stroke in act.drawn],
        reason=act.reason,
        witness=act.witness,
        device=act.device,
        clip_sha256=act.clip_sha256,
        place="kiosk" if actor.is_kiosk else "phone" if actor.reads else "desk",
        kiosk_id=actor.kiosk_id,
        link_id=actor.link_id,
        user_id=actor.user_id,
        at=clock.now(),
    )


def _filed_or_not(session: Session, actor: Actor, record: VisitRecord, file_at_once: bool) -> VisitRecord:
    session.flush()
    if not file_at_once:
        return record
    file_record(session, actor, record.id)
    return records.lock(session, record.id, clock.now())


# --- the staff: the leader and the recorder under the same version ---------------------------------------------------


def overview(session: Session, actor: Actor, record_id: str) -> Signatures:
    """Who signs a record and who has, and as what the caller may.  Raises NotFound."""
    record = require(session, actor, record_id)
    sha256 = _hash_now(session, record)
    found = signatures.present(session, record, sha256) if sha256 else []
    role = _role_of(actor, record)
    mine = any(one.role == role for one in found)
    waiting = [one.name for one in signatures.readers_of(session, record) if signatures.of_reader(found, one) is None]
    return Signatures(
        sha256=sha256,
        waiting=tuple(waiting) if sha256 else (),
        signatures=signatures.views(session, record, sha256),
        may_sign_as=role if role and sha256 and not mine else "",
        timestamps=timestamps.views(session, record.reception_id, sha256, record.reception.manifest_sha256),
    )


def staff_sign(session: Session, actor: Actor, record_id: str, drawn: StaffSignature) -> VisitRecord:
    """The leader who received the person, or the clerk who wrote the record, signs the version that is with the petitioner
    or was signed.

    Raises NotFound, NotAllowed for anybody else, Conflict `record_changed` for another version and `already_signed`,
    InvalidInput.
    """
    image = draw_name(drawn.strokes, drawn.aspect) if drawn.strokes else None
    act = _Act(SigningWay.HANDWRITTEN if image else SigningWay.CONFIRMED, drawn.strokes, image)
    record = _locked(session, actor, record_id)
    role = _role_of(actor, record)
    if not role:
        raise NotAllowed("接谈人栏由接谈的领导签，记录人栏由校对这份笔录的接谈员签。")
    sha256 = _hash_now(session, record)
    if not hmac.compare_digest(sha256, drawn.sha256):
        raise Conflict("笔录已经不是您看的那一版，请刷新再签。", code="record_changed")
    if any(one.role == role for one in signatures.present(session, record, sha256)):
        raise Conflict("您已经签过这一版了。", code="already_signed")
    session.add(_stored(actor, record, sha256, SignerRole(role), actor.name, act))
    if record.state == RecordState.FILED:
        cases.forget_documents(session, record.id, SIGNED_DOCUMENTS)
    else:
        after = {"name": actor.name, "way": act.way.value}
        revisions.add(session, record, "staff_signature", actor=actor, after=after)
    session.flush()
    return record


def _hash_now(session: Session, record: VisitRecord) -> str:
    """Of the version that is with the petitioner, or was settled; empty while it is corrected."""
    if record.state in EDITABLE_RECORD:
        return ""
    content = canonical_record(session, record) if record.state == RecordState.CONFIRMED else settled(session, record)
    return fingerprint(content) if content is not None else ""


def _role_of(actor: Actor, record: VisitRecord) -> Literal["", "receiver", "recorder"]:
    if actor.user_id is None:
        return ""
    if actor.role == StaffRole.CLERK and record.clerk_id == actor.user_id:
        return "recorder"
    return "receiver" if record.reception.receiver_id == actor.user_id else ""
