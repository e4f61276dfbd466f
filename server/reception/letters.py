"""What the printed record and form say: the filed record put into the words of a page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server import clock
from server.domain import terms, undertakings
from server.domain.canonical import check_code
from server.domain.gaps import clock_time, fill_sentence, gap_sentence
from server.domain.states import Consent, FormField, LineKind
from server.protocol.base import Role
from server.reception import attendance

NONE = "无"
CHOSEN = (FormField.FORM_OF_VISIT, FormField.FIRST_OR_REPEAT, FormField.PURPOSE, FormField.LITIGATION)


@dataclass(frozen=True)
class Filed:
    """A filed case as printing needs it."""

    case_no: str
    content: dict[str, Any]
    record_sha256: str
    manifest_sha256: str
    settled_at: datetime
    """When it was signed or refused."""
    refusal_reason: str
    signature: bytes | None


def letter_data(filed: Filed) -> dict[str, Any]:
    """All words of both documents, as plain JSON."""
    content = filed.content
    raw = {value["field"]: value["value"] for value in content["form"]}
    form = {field.value: terms.choice_label(field, raw.get(field, "")) for field in FormField}
    return {
        "office": content["office"],
        "case_no": filed.case_no,
        "check": check_code(filed.record_sha256),
        "record_sha256": filed.record_sha256,
        "manifest_sha256": filed.manifest_sha256,
        "clerk": content["clerk"],
        "form": form,
        "choices": _choices(raw),
        "visit_time": form[FormField.VISIT_TIME],
        "form_of_visit": "远程视频接访" if raw.get(FormField.FORM_OF_VISIT) == "video" else form[FormField.FORM_OF_VISIT],
        "place": form[FormField.PLACE],
        "received_by": form[FormField.RECEIVED_BY],
        "petitioner": _petitioner(form),
        "address": form[FormField.ADDRESS],
        "attendance": _attendance(content),
        "minutes": _minutes(content["seconds"]),
        "consent": _consent(content),
        "lines": _lines(content),
        "promises": _promises(content),
        "notes": _notes(content),
        "closing": _closing(filed),
        "signed": filed.signature is not None,
        "date": _day(filed.settled_at),
    }


def _choices(raw: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    found = {
        field.value: [{"on": raw.get(field) == value, "label": label} for value, label in terms.CHOICES[field]]
        for field in CHOSEN
    }
    for choice, label in zip(found[FormField.FORM_OF_VISIT], ("视频", "现场", "自助"), strict=True):
        choice["label"] = label
    found[FormField.GROUP_VISIT] = [{"on": raw.get(FormField.GROUP_VISIT) == "yes", "label": "集体访"}]
    return found


def _petitioner(form: dict[str, str]) -> str:
    parts = (form[FormField.NAME], form[FormField.SEX], form[FormField.ETHNIC_GROUP])
    return "，".join(part for part in parts if part)


def _attendance(content: dict[str, Any]) -> list[str]:
    """One line a person; names alone where it was filed without times, or nobody was seen to come."""
    found = attendance.lines(attendance.filed(content))
    return found or [f"{terms.ROLE[Role(seat['role'])]} {seat['name']}" for seat in content["participants"]]


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60} 分 {int(seconds) % 60} 秒" if seconds else NONE


def _consent(content: dict[str, Any]) -> str:
    agreed = terms.CONSENT[Consent(content["consent"])].removeprefix("同意")
    return f"开始前，已向信访人说明录音录像的内容、目的和权利，信访人同意{agreed}。"


def _start(content: dict[str, Any]) -> datetime | None:
    started = content["started_at"]
    return datetime.fromisoformat(started).astimezone(clock.OFFICE_ZONE) if started else None


def _lines(content: dict[str, Any]) -> list[dict[str, str]]:
    started = _start(content)
    return [
        {
            "label": terms.LINE_KIND[LineKind(line["kind"])],
            "text": line["text"],
            "at": clock_time(started, line["start"]),
        }
        for line in content["lines"]
    ]


def _promises(content: dict[str, Any]) -> list[dict[str, str]]:
    """What the receiving side undertook and somebody confirmed; records filed earlier carry none."""
    started = _start(content)
    return [
        {"text": undertakings.in_words(one["who"], one["what"], one["by"]), "at": clock_time(started, one["start"])}
        for one in content.get("promises", ())
    ]


def _notes(content: dict[str, Any]) -> list[str]:
    started = _start(content)
    roles = {seat["id"]: Role(seat["role"]) for seat in content["participants"]}
    found = [
        gap_sentence(started, gap["start"], gap["end"], gap["cause"], roles.get(gap["participant_id"] or ""))
        + "".join(fill_sentence(started, had["start"], had["end"], had["outcome"]) for had in gap.get("copies", ()))
        for gap in content["gaps"]
    ]
    if content["removed"]:
        found.append(f"校对时删去 {len(content['removed'])} 句，原因和原话都留在系统的修改记录里。")
    return found


def _closing(filed: Filed) -> str:
    if filed.refusal_reason:
        return f"信访人看过以上笔录，没有签名。原因：{filed.refusal_reason}"
    return "以上笔录我看过，和我说的一样。签名不等于同意处理结果。"


def _day(moment: datetime) -> str:
    day = moment.astimezone(clock.OFFICE_ZONE)
    return f"{day.year}年{day.month}月{day.day}日"
