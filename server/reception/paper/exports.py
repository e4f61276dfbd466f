"""A filed record as plain JSON (protocol/export.py): the content that was signed, with the utterances under it."""

from typing import Any

from sqlalchemy.orm import Session

from server.domain import terms, undertakings
from server.domain.gaps import gap_sentence
from server.domain.states import FormField
from server.protocol.base import Role, in_talk
from server.protocol.export import (
    ExportChange,
    ExportField,
    ExportGap,
    ExportLine,
    ExportPromise,
    ExportRemoved,
    ExportSpeaker,
    ExportUtterance,
    RecordExport,
)
from server.reception.paper.letters import began
from server.reception.record.agreeing import changes_of
from server.store import records
from server.store.models import StoredCase, VisitRecord


def export_of(session: Session, case: StoredCase) -> RecordExport:
    """The export of a filed case; raises pydantic.ValidationError where its invariants do not hold."""
    content = case.filed_record
    heard = [
        ExportUtterance(id=one.id, speaker=one.participant_id, text=one.text, **_span(one.start, one.end))
        for one in records.utterances(session, case.talk_id)
    ]
    under = {row.id: tuple(row.utterance_ids) for row in records.line_rows(session, case.talk_record_id)}
    lines = tuple(ExportLine(**_line(line, under)) for line in content["lines"])
    return RecordExport(
        case_no=case.case_no,
        office=content["office"],
        started_at=content["started_at"],
        seconds=content["seconds"],
        record_sha256=case.record_sha256,
        manifest_sha256=case.manifest_sha256,
        refusal_reason=session.get_one(VisitRecord, case.talk_record_id).refusal_reason,
        speakers=tuple(ExportSpeaker(id=seat["id"], role=seat["role"], name=seat["name"]) for seat in content["participants"]),
        lines=lines,
        removed=tuple(ExportRemoved(**_line(line, under), reason=line["reason"]) for line in content["removed"]),
        utterances=tuple(sorted(heard, key=lambda one: (one.start, one.id))),
        form=tuple(_field(value) for value in content["form"]),
        promises=tuple(
            ExportPromise(words=undertakings.in_words(one["who"], one["what"], one["by"]), start=in_talk(one["start"], one["start"])[0])
            for one in content.get("promises", ())
        ),
        gaps=tuple(_gaps(content)),
        changes=tuple(ExportChange(part=one.part, id=one.id, words=one.words) for one in changes_of(session, case)),
        text="\n".join(line.text for line in lines),
        characters=sum(len(line.text) for line in lines),
    )


def _line(line: dict[str, Any], under: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    return {
        "id": line["id"],
        "kind": line["kind"],
        "speaker": line["participant_id"],
        **_span(line["start"], line["end"]),
        "text": line["text"],
        "recognised": line["recognised"],
        "utterances": under.get(line["id"], ()),
    }


def _span(start: float, end: float) -> dict[str, float]:
    """As the export promises it, whatever was signed: a record is handed out also where one of its times is odd."""
    return dict(zip(("start", "end"), in_talk(start, end), strict=True))


def _field(value: dict[str, Any]) -> ExportField:
    field = FormField(value["field"])
    return ExportField(
        field=field,
        label=terms.FIELD[field],
        value=value["value"],
        words=terms.choice_label(field, value["value"]),
        source=value["source"],
        utterances=tuple(value["utterance_ids"]),
    )


def _gaps(content: dict[str, Any]) -> list[ExportGap]:
    roles = {seat["id"]: Role(seat["role"]) for seat in content["participants"]}
    started = began(content)
    found = [
        ExportGap(
            **_span(gap["start"], gap["end"]),
            words=gap_sentence(started, gap["start"], gap["end"], gap["cause"], roles.get(gap["participant_id"] or "")),
        )
        for gap in content["gaps"]
    ]
    return sorted(found, key=lambda gap: gap.start)
