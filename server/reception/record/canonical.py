"""A record in its one canonical form: what the petitioner's signature and the filed hash are about."""

from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from server.protocol.canonical import fingerprint
from server.protocol.receptions import PromiseView
from server.reception.kiosk import papers
from server.reception.record import promises
from server.reception.record.records import form_values
from server.reception.talk import attendance
from server.store import copies, receptions, records
from server.store.models import GapFill, StoredSegment, VisitRecord

VERSION = 1


def canonical_record(session: Session, record: VisitRecord) -> dict[str, Any]:
    """Everything that was said, by whom and when, who was present, the form, and the recording it comes from, as plain JSON.

    Of what the receiving side undertook, what somebody confirmed is in it.  Lines that a clerk took out stay in it with
    their reasons.  States, versions and signatures are not in it.
    """
    reception = record.reception
    rows = records.line_rows(session, record.id)
    return {
        "version": VERSION,
        "record_id": record.id,
        "reception_id": reception.id,
        "office": reception.organization.name,
        "kiosk": reception.venue,
        "consent": reception.consent,
        "started_at": reception.started_at.isoformat() if reception.started_at else None,
        "ended_at": reception.ended_at.isoformat() if reception.ended_at else None,
        "seconds": reception.seconds,
        "clerk": record.clerk.name if record.clerk else "",
        "participants": [
            {"id": seat.id, "role": seat.role, "name": seat.name}
            for seat in records.participants(session, reception.id)
        ],
        "attendance": [attendance.to_json(one) for one in attendance.present(session, reception)],
        "lines": [_line(row) for row in rows if not row.deleted],
        "removed": [{**_line(row), "reason": row.delete_reason} for row in rows if row.deleted],
        "form": [_form_value(value) for value in form_values(session, record)],
        "promises": [_promise(one) for one in promises.of_record(session, record, confirmed_only=True)],
        "gaps": _gaps(session, reception.id),
        "shares": [
            {"participant_id": share.participant_id, "source": share.source, "start": share.start, "end": share.end}
            for share in receptions.shares_of(session, reception.id)
        ],
        "papers": papers.to_json(session, reception.id),
        "recordings": [_segment(found) for found in records.segments(session, reception.id)],
        "manifest_sha256": reception.manifest_sha256,
    }


def settle(session: Session, record: VisitRecord) -> dict[str, Any]:
    """What a revision keeps at the moment of signing or refusing: the canonical record and its SHA-256."""
    content = canonical_record(session, record)
    return {"record_sha256": fingerprint(content), "record": content}


def settled(session: Session, record: VisitRecord) -> dict[str, Any] | None:
    """The canonical record as it was last signed or refused; None when its hash is not right any more."""
    kept = next((one.after for one in reversed(records.revisions(session, record.id)) if "record" in one.after), None)
    if kept is None or fingerprint(kept["record"]) != kept["record_sha256"]:
        return None
    return dict(kept["record"])


def same_words(content: dict[str, Any], session: Session, record: VisitRecord) -> bool:
    """Whether lines, form and promises of the record still are those of `content`; older ones were filed without promises."""
    now = canonical_record(session, record)
    parts = ("lines", "removed", "form", *(("promises",) if "promises" in content else ()))
    return all(now[part] == content[part] for part in parts)


def _line(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "participant_id": row.participant_id,
        "start": row.start,
        "end": row.end,
        "text": row.text,
        "recognised": row.recognised,
    }


def _gaps(session: Session, reception_id: str) -> list[dict[str, Any]]:
    """The gaps, each with what the kiosk's own copy had for it, if there was one."""
    fills = copies.fills_of(session, reception_id)
    found = []
    for gap in records.gaps(session, reception_id):
        about = {"participant_id": gap.participant_id, "start": gap.start, "end": gap.end, "cause": gap.cause}
        had = [_fill(fill) for fill in fills if fill.gap_id == gap.id]
        found.append(about | ({"copies": had} if had else {}))
    return found


def _fill(fill: GapFill) -> dict[str, Any]:
    return {"outcome": fill.outcome, "start": fill.start, "end": fill.end, "file": fill.file, "sha256": fill.sha256}


def _form_value(value: Any) -> dict[str, Any]:
    return {
        "field": value.field,
        "value": value.value,
        "source": value.source,
        "utterance_ids": [found.utterance_id for found in value.evidence],
    } | ({"taken_by": value.taken_by} if value.taken_by else {})


def _promise(one: PromiseView) -> dict[str, Any]:
    """With the sentence as it was heard, and who confirmed it."""
    return one.model_dump(mode="json", include={"id", "who", "what", "by", "text", "start", "decided_by", "decided_at"})


def _segment(found: StoredSegment) -> dict[str, Any]:
    return {
        "id": found.id,
        "participant_id": found.participant_id,
        "kind": found.kind,
        "source": found.source,
        "file": found.file,
        "start": found.start,
        "seconds": found.seconds,
        "size": found.size,
        "sha256": found.sha256,
        "closed": found.closed,
    }
