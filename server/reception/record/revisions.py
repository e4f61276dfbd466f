"""Every change of a record as a revision that is only ever added, and the sentences that tell it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import masking, terms
from server.domain.states import FormField, RecordState
from server.protocol.records import Revision
from server.store import records
from server.store.access import Actor
from server.store.models import StoredRevision, VisitRecord

RECOGNITION = "识别"
PETITIONER = "信访人"


def add(
    session: Session,
    record: VisitRecord,
    kind: str,
    *,
    actor: Actor | None = None,
    author: str = "",
    line_id: str | None = None,
    field: str | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Append one revision and raise the record's version; the caller holds the record's lock."""
    record.version += 1
    session.add(
        StoredRevision(
            record_id=record.id,
            number=record.version,
            at=clock.now(),
            author=author or (actor.name if actor else RECOGNITION),
            user_id=actor.user_id if actor else None,
            kind=kind,
            line_id=line_id,
            field=field,
            before=dict(before or {}),
            after=dict(after or {}),
        )
    )


SENTENCES = {
    "drafted": "根据录音生成了草稿",
    "recognised": "录音里又认出一句，加进了笔录",
    "late_speech": "笔录定下以后又认出一句，没有改笔录，留在这里",
    "reheard": "复听以后，换成了复听的文字",
    "late_reading": "笔录定下以后复听，这里听得不一样，没有改笔录，留在这里",
    "take": "采用了复听的文字",
    "dismiss": "没有采用复听的文字",
    "take_proposal": "采用了模型建议",
    "dismiss_proposal": "没有采用模型建议",
    "follow": "跟着改过的那句话改了",
    "take_wording": "换成了改过的那句话",
    "dismiss_wording": "那句话改过了，这一栏没有跟着改",
    "promise_confirmed": "核对领导答复：属实",
    "promise_corrected": "核对领导答复：改过再记下",
    "promise_struck": "核对领导答复：这一句不是答复",
    "text": "改了这句话的文字",
    "speaker": "改了说话的人",
    "split": "把一句分成两句",
    "join": "把两句连成一句",
    "delete": "删去一句",
    "restore": "恢复了删去的一句",
    "heard": "听过录音，和文字一样",
    "unheard": "撤回了“听过”",
    "mark": "做了记号，回头再听",
    "unmark": "去掉了记号",
    "insert": "补记了一句",
    "undo": "撤回了刚才的改动",
    "redo": "把撤回的又改了回来",
    "confirm": "校对完，交给信访人看",
    "reopen": "退回来再改",
    "dispute": "信访人说这一句不对",
    "withdraw": "信访人又看过，收回了刚才说的",
    "sign": "信访人签了字",
    "refuse": "信访人没有签字",
    "signature": "信访人一方有一位看过、签过了",
    "staff_signature": "接谈人或者记录人签了字",
    "file": "登记归档",
}


def listed(session: Session, record: VisitRecord) -> list[Revision]:
    """All revisions of a record, oldest first; numbers in the form of a filed one are opened at its case only."""
    filed = record.state == RecordState.FILED
    names = {seat.id: seat.name for seat in records.participants(session, record.reception_id)}
    return [_view(stored, names, filed) for stored in records.revisions(session, record.id)]


def _view(stored: StoredRevision, names: Mapping[str, str], filed: bool) -> Revision:
    return Revision(
        number=stored.number,
        at=stored.at,
        author=stored.author,
        kind=stored.kind,
        summary=_sentence(stored),
        before=_shown(stored, stored.before, names, filed),
        after=_shown(stored, stored.after, names, filed),
        line_id=stored.line_id,
    )


def _sentence(stored: StoredRevision) -> str:
    if stored.field in terms.FIELD:
        label = terms.FIELD[FormField(stored.field)]
        return f"填写了“{label}”" if stored.kind == "field" else f"“{label}”{SENTENCES.get(stored.kind, stored.kind)}"
    reason = stored.after.get("reason", "")
    return SENTENCES.get(stored.kind, stored.kind) + (f"：{reason}" if reason else "")


def _shown(stored: StoredRevision, state: Mapping[str, Any], names: Mapping[str, str], filed: bool) -> str:
    if stored.kind == "speaker":
        return names.get(state.get("participant_id") or "", "")
    if stored.field in terms.FIELD:
        words = terms.choice_label(FormField(stored.field), str(state.get("value", "")))
        return masking.in_form(stored.field, words) if filed else words
    return "／".join(state["texts"]) if "texts" in state else str(state.get("text", ""))
