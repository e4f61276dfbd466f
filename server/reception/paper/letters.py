"""What the printed record and form say: the filed record put into the words of a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from server import clock
from server.domain import agreed, terms, undertakings
from server.domain.canonical import check_code
from server.domain.gaps import clock_time, fill_sentence, gap_sentence
from server.domain.signers import READERS, SIGNED, WAY_WORDS, SignerRole, SigningWay, reasons
from server.domain.states import Consent, FormField, LineKind
from server.protocol.base import Role
from server.reception.record.signatures import Signed
from server.reception.talk import attendance

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
    signatures: tuple[Signed, ...] = ()
    """Under this version, in order of time."""
    query_code: str = ""
    """With which the petitioner asks how the matter stands."""
    changes: tuple[agreed.Change, ...] = ()
    """Since it was first handed over for reading."""
    office_path: str = "/"
    """Whose templates it is printed by."""
    timestamps: tuple[str, ...] = ()
    """Those that were there when it was printed, a line each."""


SAMPLE = Filed(
    case_no="LX-2026-000418",
    content={
        "office": "样县信访局", "clerk": "记录样", "consent": "audio_video", "seconds": 1448.0,
        "started_at": "2026-06-09T01:41:00+00:00", "gaps": [], "removed": [], "attendance": [],
        "participants": [{"id": "p", "role": "petitioner", "name": "样本人"}, {"id": "l", "role": "leader", "name": "接谈样"}],
        "lines": [
            {"kind": "question", "text": "样句问：您今天要反映什么事？", "start": 2.0},
            {"kind": "answer", "text": "样句答：补偿款没有给。", "start": 5.0},
        ],
        "promises": [{"who": "样镇政府", "what": "拿出处理意见", "by": "三个工作日内", "start": 9.0}],
        "form": [{"field": field.value, "value": f"样{terms.FIELD[field]}"} for field in FormField],
    },
    record_sha256="0123456789abcdef" * 4, manifest_sha256="fedcba9876543210" * 4,
    settled_at=datetime(2026, 6, 9, 10, 5, tzinfo=clock.OFFICE_ZONE), refusal_reason="", query_code="QC-SAMPLE",
)  # fmt: skip
"""What templates are tried with; nobody's words."""


def letter_data(filed: Filed) -> dict[str, Any]:
    """All words of both documents, as plain JSON."""
    content = filed.content
    raw = {value["field"]: value["value"] for value in content["form"]}
    form = {field.value: terms.choice_label(field, raw.get(field, "")) for field in FormField}
    return {
        "office": content["office"],
        "case_no": filed.case_no,
        "check": check_code(filed.record_sha256),
        "query_code": filed.query_code,
        "record_sha256": filed.record_sha256,
        "manifest_sha256": filed.manifest_sha256,
        "timestamps": list(filed.timestamps),
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
        "notes": [*_notes(content), *filter(None, [agreed.note(filed.changes)])],
        "closing": _closing(filed),
        "signatures": _signatures(filed),
        "date": _day(filed.settled_at),
    }


def template_words(data: dict[str, Any]) -> dict[str, Any]:
    """The same under the names that a template of Word uses, which an office reads and writes (deploy/letters.zh-CN.md).

    Every field of the form is there under its label; one that is a choice is spelled with ticks.
    """
    ticks = {terms.FIELD[FormField(name)]: _ticks(choices) for name, choices in data["choices"].items()}
    return {
        **{terms.FIELD[FormField(name)]: value for name, value in data["form"].items()},
        **ticks,
        "机关": data["office"],
        "编号": data["case_no"],
        "查询码": data["query_code"],
        "校验码": data["check"],
        "笔录校验值": data["record_sha256"],
        "录音校验值": data["manifest_sha256"] or "（没有录音录像）",
        "记录人": data["clerk"],
        "方式": data["form_of_visit"],
        "信访人": data["petitioner"],
        "在场人员": "\n".join(data["attendance"]),
        "录音时长": data["minutes"],
        "告知": data["consent"],
        "笔录": [{"问答": line["label"], "话": line["text"], "时刻": line["at"]} for line in data["lines"]],
        "答复": [{"序号": str(i), "话": one["text"], "时刻": one["at"]} for i, one in enumerate(data["promises"], start=1)],
        "注": "注：方括号内为录音时刻。" + "".join(data["notes"]),
        "信访人签字时间": signed_at(data["signatures"]["readers"]),
        "接谈人签字时间": signed_at(data["signatures"]["receiver"]),
        "记录人签字时间": signed_at(data["signatures"]["recorder"]),
        "结尾": data["closing"],
        "日期": data["date"],
    }


def signed_at(names: Sequence[dict[str, str]]) -> str:
    """When those in one place signed, or room to write it by hand."""
    signed = [one for one in names if one["at"]]
    if not signed:
        return "　　　　年　　月　　日"
    return signed[0]["at"] if len(names) == 1 else "\n".join(f"{one['words'] or one['name']} {one['at']}" for one in signed)


def _ticks(choices: list[dict[str, Any]]) -> str:
    return "　".join(("☑ " if choice["on"] else "☐ ") + choice["label"] for choice in choices)


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


def began(content: dict[str, Any]) -> datetime | None:
    """When second 0 of a filed record's recording was, in the office's time."""
    started = content["started_at"]
    return datetime.fromisoformat(started).astimezone(clock.OFFICE_ZONE) if started else None


def _lines(content: dict[str, Any]) -> list[dict[str, str]]:
    started = began(content)
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
    started = began(content)
    return [
        {"text": undertakings.in_words(one["who"], one["what"], one["by"]), "at": clock_time(started, one["start"])}
        for one in content.get("promises", ())
    ]


def _notes(content: dict[str, Any]) -> list[str]:
    started = began(content)
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
    """What the readers say, with those who did not sign, why, and who saw it."""
    readers = [one for one in filed.signatures if one.role in READERS]
    left_out = [one for one in readers if one.way not in SIGNED]
    agreed = "以上笔录我看过，和我说的一样。签名不等于同意处理结果。"
    if len(left_out) < len(readers) or not (left_out or filed.refusal_reason):
        return agreed + (f"其中{_reasons(left_out)}。" if left_out else "")
    if len(readers) > 1:
        return f"以上笔录看过了。{_reasons(left_out)}。"
    way, reason = (left_out[0].way, left_out[0].reason) if left_out else (SigningWay.REFUSED, filed.refusal_reason)
    seen = f"。见证人：{left_out[0].witness}" if left_out and left_out[0].witness else ""
    return f"信访人看过以上笔录，{WAY_WORDS[way]}。原因：{reason}{seen}"


def _reasons(left_out: Sequence[Signed]) -> str:
    return reasons({"name": one.name, "way": one.way, "reason": one.reason, "witness": one.witness} for one in left_out)


def _places(filed: Filed) -> dict[str, list[Signed | None]]:
    """Where names go: one place for each reader, one for the leader, one for the recorder; None: it is empty."""
    readers: list[Signed | None] = [one for one in filed.signatures if one.role in READERS]
    staff = {one.role: one for one in filed.signatures if one.role not in READERS}
    return {"readers": readers or [None], "receiver": [staff.get(SignerRole.RECEIVER)], "recorder": [staff.get(SignerRole.RECORDER)]}


def _signatures(filed: Filed) -> dict[str, list[dict[str, str]]]:
    """Each place with a picture, or with words where there is none."""
    return {
        place: [_signature(f"{place}-{number}", one) for number, one in enumerate(found)]
        for place, found in _places(filed).items()
    }


def _signature(place: str, one: Signed | None) -> dict[str, str]:
    if one is None:
        return {"name": "", "picture": "", "words": "", "at": ""}
    at = _minute(one.at) if one.at else ""
    if one.image is not None:
        return {"name": one.name, "picture": f"{place}.png", "words": "", "at": at}
    way = WAY_WORDS[one.way]
    if one.way in SIGNED:
        return {"name": one.name, "picture": "", "words": one.name, "at": f"{way} {at}".strip()}
    return {"name": one.name, "picture": "", "words": f"{one.name}（{way}）", "at": at}


def pictures(filed: Filed) -> dict[str, bytes]:
    """The pictures that `letter_data` names."""
    return {
        f"{place}-{number}.png": one.image
        for place, found in _places(filed).items()
        for number, one in enumerate(found)
        if one is not None and one.image is not None
    }


def _day(moment: datetime) -> str:
    day = moment.astimezone(clock.OFFICE_ZONE)
    return f"{day.year}年{day.month}月{day.day}日"


def _minute(moment: datetime) -> str:
    at = moment.astimezone(clock.OFFICE_ZONE)
    return f"{_day(at)} {at:%H:%M}"
