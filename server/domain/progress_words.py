"""How far a matter has come, in the words of somebody at a counter: what was done when, what comes next and until when.

Of what officers wrote only that is told which the law wants told (why it takes longer, which way is open instead).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.domain import terms
from server.domain.deadline_words import chinese_day
from server.domain.flow import LetterKind, MediationResult, Step
from server.domain.limits import PAUSES, Rule
from server.domain.states import CaseState
from server.protocol.progress import ProgressStep

ASKED = {Step.REQUEST_REVIEW: "asked_review", Step.REQUEST_REEXAMINATION: "asked_reexamination"}
"""Kind of the event by which a petitioner asks for what this step takes on."""
OWN_LIMITS = {"request_review": Step.REQUEST_REVIEW, "request_reexamination": Step.REQUEST_REEXAMINATION}
"""Limits that are the petitioner's own."""
NAMES = {Step.REQUEST_REVIEW: "复查", Step.REQUEST_REEXAMINATION: "复核"}
BETWEEN_OFFICES = ("object_to_assignment", "supervision")
"""Limits that are nothing to the petitioner."""


STANDS_STILL = "现在期限停着，停几天，这一天就往后移几天。"


@dataclass(frozen=True)
class Happened:
    """One event of a case."""

    kind: str
    day: date
    unit: str
    """Name of the author's unit."""
    why: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def _units(one: Happened) -> str:
    return "、".join(str(name) for name in one.details.get("units", ())) or "承办单位"


def _pause(one: Happened) -> str:
    pause = PAUSES.get(str(one.details.get("pause", "")))
    return f"{pause.name}的日子不算在期限里。" if pause else ""


def _letters(one: Happened) -> str:
    return "、".join(terms.LETTER[LetterKind(kind)] for kind in one.details.get("letters", ()))


_MEDIATED = {
    MediationResult.AGREED: "谈成了，达成了协议。", MediationResult.NOT_AGREED: "没有谈成，接着依法办。",
    MediationResult.WITHDRAWN: "不再调解，接着依法办。",
}  # fmt: skip


def _mediated(one: Happened) -> str:
    result = _MEDIATED[MediationResult(str(one.details.get("result")))]
    return result + ("期限接着算。" if one.details.get("pause") else "")


Words = Callable[[Happened], tuple[str, str]]
"""What was done, and what more is to be said of it."""
_SAID: Mapping[str, Words] = {
    "registered": lambda one: ("登记", f"编号 {one.why}"),
    Step.GUIDE: lambda one: ("引导到法定途径", str(one.details.get("route", ""))),
    Step.ASSIGN: lambda one: (f"转给{_units(one)}", ""),
    Step.RECEIVE: lambda one: (f"{one.unit}收到", ""),
    Step.UPHOLD_OBJECTION: lambda one: ("换一个单位办", "原来的单位说不归它办，信访局查过，另外转。"),
    Step.WITHDRAW: lambda one: ("换一个单位办", ""),
    Step.ACCEPT: lambda one: (f"{one.unit}受理", "给您出了受理告知书。"),
    Step.NOT_ACCEPT: lambda one: ("不予受理", "原因写在告知书上。"),
    Step.NO_LONGER_ACCEPT: lambda one: ("不再受理", "原因写在告知书上。"),
    Step.TO_ORDINARY: lambda one: ("改按普通程序办", "这件事不简单，期限按普通程序算。"),
    Step.GRANT_EXTENSION: lambda one: (f"延长 {one.details.get('days', '')} 天", f"原因：{one.details['reason']}" if one.details.get("reason") else ""),
    Step.BEGIN_PAUSE: lambda one: ("期限停下来", _pause(one)),
    Step.END_PAUSE: lambda one: ("期限接着算", ""),
    Step.BEGIN_MEDIATION: lambda one: ("开始调解", "您同意调解。谈不成的，接着依法办。"),
    Step.END_MEDIATION: lambda one: ("调解结束", _mediated(one)),
    Step.REPLY: lambda one: (f"{one.unit}出了处理意见书", ""),
    Step.CONTACT: lambda one: (f"{one.unit}联系您", ""),
    Step.DELIVER: lambda one: ("文书送到", _letters(one)),
    Step.EXPLAIN: lambda one: (f"{one.unit}把决定讲给您听", ""),
    Step.CONCLUDE: lambda one: ("办结", ""),
    Step.FOLLOW_UP: lambda one: (f"{one.unit}回访", ""),
    ASKED[Step.REQUEST_REVIEW]: lambda one: ("您申请复查", ""),
    Step.REQUEST_REVIEW: lambda one: ("收下您的复查申请", ""),
    Step.REFUSE_REVIEW: lambda one: ("一个复查申请没有受理", "原因写在告知书上。"),
    Step.REVIEW_OPINION: lambda one: ("出了复查意见书", ""),
    ASKED[Step.REQUEST_REEXAMINATION]: lambda one: ("您申请复核", ""),
    Step.REQUEST_REEXAMINATION: lambda one: ("收下您的复核申请", ""),
    Step.REFUSE_REEXAMINATION: lambda one: ("一个复核申请没有受理", "原因写在告知书上。"),
    Step.REEXAMINATION_OPINION: lambda one: ("出了复核意见书", ""),
    Step.HANDLE_ANEW: lambda one: (f"交回{one.details.get('unit') or '承办单位'}重新办", "意见书要求重新办，办好了给您新的处理意见书。"),
    "merge": lambda one: ("并到您的另一件事里一起办", ""),
    "unmerge": lambda one: ("从那一件事里分回来，单独办", ""),
    "split": lambda one: ("拆出一件来另外办", ""),
    "split_back": lambda one: ("拆出去的一件合回来一起办", ""),
    "guide_back": lambda one: ("前面一件还在办，这件不另外办", ""),
    "unguide_back": lambda one: ("这件接着单独办", ""),
}  # fmt: skip
_ON_DAY = (Step.DELIVER, Step.EXPLAIN, Step.REQUEST_REVIEW, Step.REQUEST_REEXAMINATION, Step.BEGIN_PAUSE, Step.END_PAUSE,
           Step.BEGIN_MEDIATION, Step.END_MEDIATION)  # fmt: skip
"""Steps whose own day counts, not the one on which they were written down."""


def told(events: Iterable[Happened]) -> tuple[ProgressStep, ...]:
    """What has happened, oldest first; what officers do among themselves is left out."""
    return tuple(_told(one) for one in events if one.kind in _SAID)


def _told(one: Happened) -> ProgressStep:
    what, note = _SAID[one.kind](one)
    given = str(one.details.get("day", "")) if one.kind in _ON_DAY else ""
    return ProgressStep(at=chinese_day(date.fromisoformat(given) if given else one.day), what=what, note=note, done=True)


def now(state: CaseState, unit: str, office: str) -> str:
    """Where the matter is, in one sentence."""
    who = unit or "承办单位"
    return {
        CaseState.REGISTERED: f"{office}登记好了，正在看归哪个单位办。",
        CaseState.GUIDED: "这件事要走别的法定途径，怎么走已经告诉您。",
        CaseState.ASSIGNED: f"已经转给{who}，等它答复受理不受理。",
        CaseState.ACCEPTED: f"{who}正在办。",
        CaseState.NOT_ACCEPTED: f"{who}不予受理，原因写在告知书上。",
        CaseState.NO_LONGER_ACCEPTED: "不再受理，原因写在告知书上。",
        CaseState.REPLIED: f"{who}已经出了处理意见书。",
        CaseState.CONCLUDED: "办结了。",
        CaseState.REVIEWING: "正在复查。",
        CaseState.REVIEWED: "复查意见书出了。",
        CaseState.REEXAMINING: "正在复核。",
        CaseState.REEXAMINED: "复核意见书出了，这件事办到了最后一步。",
        CaseState.MERGED: "并到您的另一件事里一起办。",
    }[state]


def guided_back(number: str) -> str:
    """Of a matter that came again while it is being handled; `number`: of the earlier one, where they may know it."""
    return f"您前面反映的那一件{f'（编号 {number}）' if number else ''}还在办，这件不另外办，请等那一件的结果。"


def due(rule: str, day: date, unit: str, office: str, late: int = 0) -> str:
    """What comes until that day, and from whom; `late`: so many days ago it should have come."""
    who, until = unit or "承办单位", f"{chinese_day(day)}以前"
    will, end = ("应当", f"，过了 {late} 天了。") if late else ("会", "。")
    return {
        "register_and_refer": f"{until}，{office}{will}转给该办的单位{end}",
        "refer_again": f"{until}，{office}{will}转给别的单位{end}",
        "notify_acceptance": f"{until}，{who}{will}书面告诉您受理不受理、怎么办{end}",
        "simple_accept": f"{until}，{who}{will}告诉您受理不受理{end}",
        "conclude": f"{until}，{who}{will}给您一份写好的处理意见{end}",
        "simple_conclude": f"{until}，{who}{will}答复您{end}",
        "conclude_anew": f"{until}，{who}{will}重新办完，给您新的处理意见书{end}",
        "promise": f"{until}，{who}{will}办成领导当面答应您的事{end}",
        "review": f"{until}，{will}给您复查意见{end}",
        "reexamination": f"{until}，{will}给您复核意见{end}",
        "request_review": f"对处理意见不服的，{until}可以申请复查。",
        "request_reexamination": f"对复查意见不服的，{until}可以申请复核。",
    }.get(rule, "")


def over(rule: str, day: date) -> str:
    """Of a right of the petitioner's that lapsed after this day."""
    return f"申请{NAMES[OWN_LIMITS[rule]]}的最后一天是{chinese_day(day)}，已经过了。"


_AHEAD: Mapping[CaseState, tuple[str, ...]] = {
    CaseState.REGISTERED: ("转给该办的单位", "告诉您受理不受理", "书面答复"),
    CaseState.ASSIGNED: ("告诉您受理不受理", "书面答复", "不服可以申请复查"),
    CaseState.ACCEPTED: ("书面答复", "不服可以申请复查"),
    CaseState.REPLIED: ("不服可以申请复查",),
    CaseState.CONCLUDED: ("不服可以申请复查",),
    CaseState.REVIEWING: ("复查意见", "不服可以申请复核"),
    CaseState.REVIEWED: ("不服可以申请复核",),
    CaseState.REEXAMINING: ("复核意见",),
}


def ahead(
    state: CaseState, due_on: date | None, rules: Mapping[str, Rule], *, simple: bool = False, asked: bool = False
) -> tuple[ProgressStep, ...]:
    """What is still to come under the limits of its office; the first of it has its day.

    `asked`: for the review or re-examination that is open now.
    """
    steps = []
    if asked and _AHEAD.get(state, ())[:1] == ("不服可以申请复查",):
        return ahead(CaseState.REVIEWING, due_on, rules)
    if asked and _AHEAD.get(state, ())[:1] == ("不服可以申请复核",):
        return ahead(CaseState.REEXAMINING, due_on, rules)
    notes = {
        "书面答复": f"受理以后 {rules['simple_conclude' if simple else 'conclude'].limit}里",
        "不服可以申请复查": f"收到处理意见书 {rules['request_review'].limit}里",
        "不服可以申请复核": f"收到复查意见书 {rules['request_reexamination'].limit}里",
    }
    for number, what in enumerate(_AHEAD.get(state, ())):
        until = f"最迟 {chinese_day(due_on)}" if number == 0 and due_on is not None else ""
        steps.append(ProgressStep(at=until, what=what, note="" if until else notes.get(what, ""), done=False))
    return tuple(steps)
