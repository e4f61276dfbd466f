"""登记、甄别、流转: which step leads a matter from which state to which, who may take it, and what it does to the clocks.

One table for the whole flow, read by the use-case that takes a step (reception/flow.py), by the pages that offer it and
by the tests.  Articles are those of 信访工作条例.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from server.domain.states import AssignmentState, CaseState

Who = Literal["office", "unit", "head"]
"""`office`: who registered the matter; `unit`: a unit it was given to; `head`: a leader of that unit, or the office."""


class Step(StrEnum):
    """What can be done with a matter."""

    SCREEN = "screen"
    GUIDE = "guide"
    ASSIGN = "assign"
    RECEIVE = "receive"
    OBJECT = "object"
    UPHOLD_OBJECTION = "uphold_objection"
    REJECT_OBJECTION = "reject_objection"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    NOT_ACCEPT = "not_accept"
    NO_LONGER_ACCEPT = "no_longer_accept"
    FEED_BACK = "feed_back"
    SEND_BACK = "send_back"
    TO_ORDINARY = "to_ordinary"
    ASK_EXTENSION = "ask_extension"
    GRANT_EXTENSION = "grant_extension"
    REFUSE_EXTENSION = "refuse_extension"
    BEGIN_PAUSE = "begin_pause"
    END_PAUSE = "end_pause"
    BEGIN_MEDIATION = "begin_mediation"
    END_MEDIATION = "end_mediation"
    REPLY = "reply"
    CONTACT = "contact"
    DELIVER = "deliver"
    EXPLAIN = "explain"
    INVITE_RATING = "invite_rating"
    CONCLUDE = "conclude"
    FOLLOW_UP = "follow_up"
    IMPROVE = "improve"
    REQUEST_REVIEW = "request_review"
    REFUSE_REVIEW = "refuse_review"
    REVIEW_OPINION = "review_opinion"
    REQUEST_REEXAMINATION = "request_reexamination"
    REFUSE_REEXAMINATION = "refuse_reexamination"
    REEXAMINATION_OPINION = "reexamination_opinion"
    HANDLE_ANEW = "handle_anew"


class LetterKind(StrEnum):
    """文书 that a step issues (domain.md, Letters)."""

    ACCEPTANCE = "acceptance"
    NON_ACCEPTANCE = "non_acceptance"
    NO_LONGER_ACCEPTANCE = "no_longer_acceptance"
    PASS_ON = "pass_on"
    ASSIGNMENT = "assignment"
    EXTENSION = "extension"
    HANDLING_OPINION = "handling_opinion"
    REVIEW_REFUSAL = "review_refusal"
    REVIEW_OPINION = "review_opinion"
    REEXAMINATION_REFUSAL = "reexamination_refusal"
    REEXAMINATION_OPINION = "reexamination_opinion"
    HANDLE_ANEW = "handle_anew"
    """重新办理通知书, to the unit"""
    SUPERVISION = "supervision"
    """督办函"""
    RISK_WARNING = "risk_warning"
    """风险提醒函, about a matter"""
    ACCOUNTABILITY = "accountability"
    """问责建议函"""


@dataclass(frozen=True)
class StepRule:
    """One row of the table.

    `needs`: names of StepOrder (protocol/flow.py) that must be filled; `meets`: limits that the step fulfils;
    `starts`: limits that begin on its day, for whoever the value names: `petitioner`, or `taker`, the organization that takes
    the step (an office above takes a review up itself, and owes the opinion).
    """

    name: str
    """On the button."""
    said: str
    """In the history."""
    sources: frozenset[CaseState]
    who: tuple[Who, ...]
    target: CaseState | None = None
    needs: tuple[str, ...] = ()
    letter: LetterKind | None = None
    meets: tuple[str, ...] = ()
    starts: tuple[tuple[str, str], ...] = ()
    share: frozenset[AssignmentState] = frozenset()
    """Not empty: the step is about one unit's share, which must be in one of these states."""
    may: tuple[str, ...] = ()
    """Names of StepOrder that may be filled, too."""


def _from(*states: CaseState) -> frozenset[CaseState]:
    return frozenset(states)


S, A = CaseState, AssignmentState
GOING_ON = _from(S.ASSIGNED, S.ACCEPTED)
ANSWERED = _from(S.REPLIED, S.CONCLUDED)
REVIEWS = _from(S.REVIEWING, S.REVIEWED, S.REEXAMINING, S.REEXAMINED)
MEDIATED = _from(S.REGISTERED, *GOING_ON)
"""States in which somebody may mediate: before acceptance, too, but not once an answer was given."""
ENDED = _from(S.GUIDED, S.NOT_ACCEPTED, S.NO_LONGER_ACCEPTED, S.MERGED, S.CONCLUDED, S.REVIEWED, S.REEXAMINED)
"""Nothing is owed to the petitioner any more, unless they ask for a review."""
REFERRAL_LIMITS = ("register_and_refer", "refer_again")
ACCEPTANCE_LIMITS = ("notify_acceptance", "simple_accept")
CONCLUSION_LIMITS = ("conclude", "simple_conclude", "conclude_anew")

STEPS: Mapping[Step, StepRule] = {
    Step.SCREEN: StepRule("甄别", "甄别", _from(S.REGISTERED), ("office",), needs=("purpose", "category"), may=("place", "accused_unit", "litigation", "simple")),
    Step.GUIDE: StepRule(
        "引导到法定途径", "诉访分离，引导到", _from(S.REGISTERED), ("office",), S.GUIDED, needs=("route",),
        meets=REFERRAL_LIMITS, may=("reason",),
    ),
    Step.ASSIGN: StepRule(
        "转送、交办", "转送、交办", _from(S.REGISTERED, *GOING_ON), ("office",), S.ASSIGNED, needs=("units",),
        meets=REFERRAL_LIMITS,
    ),
    Step.RECEIVE: StepRule("签收", "签收", GOING_ON, ("unit",), share=frozenset({A.SENT})),
    Step.OBJECT: StepRule(
        "提出异议", "认为不归本单位办，提出异议", GOING_ON, ("unit",), needs=("reason",),
        share=frozenset({A.SENT, A.RECEIVED}),
    ),
    Step.UPHOLD_OBJECTION: StepRule(
        "同意异议", "同意异议，收回", GOING_ON, ("office",), needs=("reason",), share=frozenset({A.OBJECTED})
    ),
    Step.REJECT_OBJECTION: StepRule(
        "不同意异议", "不同意异议，仍由原单位办", GOING_ON, ("office",), needs=("reason",), share=frozenset({A.OBJECTED})
    ),
    Step.WITHDRAW: StepRule(
        "收回", "收回交办", GOING_ON, ("office",), needs=("reason",),
        share=frozenset({A.SENT, A.RECEIVED, A.FED_BACK, A.SENT_BACK, A.ANEW}),
    ),
    Step.ACCEPT: StepRule(
        "受理", "受理", _from(S.ASSIGNED), ("unit",), S.ACCEPTED, letter=LetterKind.ACCEPTANCE, meets=ACCEPTANCE_LIMITS, may=("text",),
    ),
    Step.NOT_ACCEPT: StepRule(
        "不予受理", "不予受理", _from(S.ASSIGNED), ("unit",), S.NOT_ACCEPTED, needs=("reason",),
        letter=LetterKind.NON_ACCEPTANCE, meets=ACCEPTANCE_LIMITS,
    ),
    Step.NO_LONGER_ACCEPT: StepRule(
        "不再受理", "不再受理", _from(S.REGISTERED, S.ASSIGNED), ("office", "unit"), S.NO_LONGER_ACCEPTED, needs=("reason",),
        letter=LetterKind.NO_LONGER_ACCEPTANCE, meets=(*REFERRAL_LIMITS, *ACCEPTANCE_LIMITS),
    ),
    Step.FEED_BACK: StepRule(
        "反馈", "反馈", GOING_ON, ("unit",), needs=("reason",), share=frozenset({A.SENT, A.RECEIVED, A.SENT_BACK, A.ANEW})
    ),
    Step.SEND_BACK: StepRule(
        "退回反馈", "退回反馈", GOING_ON, ("office",), needs=("reason",), share=frozenset({A.FED_BACK})
    ),
    Step.TO_ORDINARY: StepRule("转为普通程序", "转为普通程序", GOING_ON, ("office", "unit"), needs=("reason",)),
    Step.ASK_EXTENSION: StepRule("申请延期", "申请延期", _from(S.ACCEPTED), ("unit",), needs=("days", "reason")),
    Step.GRANT_EXTENSION: StepRule(
        "批准延期", "批准延期", _from(S.ACCEPTED), ("head",), letter=LetterKind.EXTENSION, may=("text",)
    ),
    Step.REFUSE_EXTENSION: StepRule("不批准延期", "不批准延期", _from(S.ACCEPTED), ("head",), needs=("reason",)),
    Step.BEGIN_PAUSE: StepRule(
        "停算期限", "停算期限", _from(S.ACCEPTED, S.REVIEWING, S.REEXAMINING), ("office", "unit"), needs=("pause", "reason"), may=("day",)
    ),
    Step.END_PAUSE: StepRule(
        "恢复计算期限", "恢复计算期限", _from(S.ACCEPTED, S.REVIEWING, S.REEXAMINING), ("office", "unit"), needs=("outcome",), may=("day",)
    ),
    Step.BEGIN_MEDIATION: StepRule(
        "转入调解", "访调对接，转入调解", MEDIATED, ("office", "unit"), needs=("by_whom", "how"), may=("reason", "day"),
    ),
    Step.END_MEDIATION: StepRule(
        "写明调解结果", "调解结束", MEDIATED, ("office", "unit"), needs=("result", "outcome"), may=("day",),
    ),
    Step.REPLY: StepRule(
        "出处理意见", "出具处理意见书", _from(S.ACCEPTED), ("unit",), S.REPLIED, needs=("text",),
        letter=LetterKind.HANDLING_OPINION, meets=CONCLUSION_LIMITS,
    ),
    Step.CONTACT: StepRule(
        "联系信访人", "联系信访人", _from(*GOING_ON, *ANSWERED, *REVIEWS), ("office", "unit"), needs=("how",), may=("outcome",)
    ),
    Step.DELIVER: StepRule(
        "送达", "送达", _from(S.NOT_ACCEPTED, S.NO_LONGER_ACCEPTED, S.ACCEPTED, *ANSWERED, S.REVIEWED, S.REEXAMINED),
        ("office", "unit"), needs=("day", "how"),
    ),
    Step.EXPLAIN: StepRule(
        "讲给信访人听", "把决定讲给信访人听", _from(S.NOT_ACCEPTED, S.NO_LONGER_ACCEPTED, *ANSWERED, S.REVIEWED, S.REEXAMINED),
        ("office", "unit"), needs=("day", "how", "outcome"), may=("by_whom",),
    ),
    Step.INVITE_RATING: StepRule("请他评价", "请信访人评价", ANSWERED, ("office", "unit"), needs=("how",)),
    Step.CONCLUDE: StepRule("办结", "办结", _from(S.REPLIED), ("office",), S.CONCLUDED, may=("outcome",)),
    Step.FOLLOW_UP: StepRule("回访", "回访", ANSWERED, ("office",), needs=("outcome",), may=("score",)),
    Step.IMPROVE: StepRule("整改提升", "整改提升", ANSWERED, ("office", "unit"), needs=("outcome",)),
    Step.REQUEST_REVIEW: StepRule(
        "收到复查申请", "信访人申请复查", ANSWERED, ("office",), S.REVIEWING, needs=("day",), meets=("request_review",),
        starts=(("review", "taker"),), may=("reason",),
    ),
    Step.REFUSE_REVIEW: StepRule(
        "不受理复查申请", "复查申请不予受理", ANSWERED, ("office",), needs=("day", "ground", "reason"), may=("by_whom",),
        letter=LetterKind.REVIEW_REFUSAL,
    ),
    Step.REVIEW_OPINION: StepRule(
        "出复查意见", "出具复查意见书", _from(S.REVIEWING), ("office",), S.REVIEWED, needs=("text",),
        letter=LetterKind.REVIEW_OPINION, meets=("review",),
    ),
    Step.REQUEST_REEXAMINATION: StepRule(
        "收到复核申请", "信访人申请复核", _from(S.REVIEWED), ("office",), S.REEXAMINING, needs=("day",),
        meets=("request_reexamination",), starts=(("reexamination", "taker"),), may=("reason",),
    ),
    Step.REFUSE_REEXAMINATION: StepRule(
        "不受理复核申请", "复核申请不予受理", _from(S.REVIEWED), ("office",), needs=("day", "ground", "reason"), may=("by_whom",),
        letter=LetterKind.REEXAMINATION_REFUSAL,
    ),
    Step.REEXAMINATION_OPINION: StepRule(
        "出复核意见", "出具复核意见书", _from(S.REEXAMINING), ("office",), S.REEXAMINED, needs=("text",),
        letter=LetterKind.REEXAMINATION_OPINION, meets=("reexamination",),
    ),
    Step.HANDLE_ANEW: StepRule(
        "交回重新办理", "按意见交回重新办理", _from(S.REVIEWED, S.REEXAMINED), ("office",), S.ACCEPTED, needs=("reason",),
    ),
}  # fmt: skip


class MediationResult(StrEnum):
    AGREED = "agreed"
    NOT_AGREED = "not_agreed"
    WITHDRAWN = "withdrawn"


MEDIATION_RESULTS: Mapping[MediationResult, str] = {
    MediationResult.AGREED: "达成协议", MediationResult.NOT_AGREED: "没有达成协议", MediationResult.WITHDRAWN: "不再调解",
}  # fmt: skip

ORDINARY = {"simple_accept": "notify_acceptance", "simple_conclude": "conclude"}
"""The limit that a limit of the simple procedure becomes when the matter turns out not to be simple."""

GROUNDS = {"late": "过了申请的期限。", "not_theirs": "申请的人不是这件事的信访人，也没有受他委托。"}
"""Why a request for review or re-examination is not taken up, as its letter says it."""

DELIVERED = {LetterKind.HANDLING_OPINION: "request_review", LetterKind.REVIEW_OPINION: "request_reexamination"}
"""The petitioner's own limit that begins when a letter of this kind is delivered."""

SHARE_AFTER: Mapping[Step, AssignmentState] = {
    Step.RECEIVE: A.RECEIVED,
    Step.OBJECT: A.OBJECTED,
    Step.UPHOLD_OBJECTION: A.WITHDRAWN,
    Step.REJECT_OBJECTION: A.RECEIVED,
    Step.WITHDRAW: A.WITHDRAWN,
    Step.FEED_BACK: A.FED_BACK,
    Step.SEND_BACK: A.SENT_BACK,
}


NEXT = (
    Step.RECEIVE, Step.UPHOLD_OBJECTION, Step.REJECT_OBJECTION, Step.GRANT_EXTENSION, Step.REFUSE_EXTENSION, Step.SCREEN,
    Step.ASSIGN, Step.GUIDE, Step.ACCEPT, Step.OBJECT, Step.NOT_ACCEPT, Step.DELIVER, Step.END_PAUSE, Step.END_MEDIATION, Step.FEED_BACK,
    Step.REVIEW_OPINION, Step.REEXAMINATION_OPINION, Step.REPLY, Step.CONCLUDE, Step.EXPLAIN, Step.INVITE_RATING, Step.FOLLOW_UP,
    Step.REQUEST_REVIEW, Step.REQUEST_REEXAMINATION, Step.HANDLE_ANEW, Step.REFUSE_REVIEW, Step.REFUSE_REEXAMINATION, Step.CONTACT, Step.SEND_BACK, Step.ASK_EXTENSION, Step.BEGIN_MEDIATION, Step.BEGIN_PAUSE,
    Step.TO_ORDINARY,
)  # fmt: skip
"""What is offered first when several steps can be taken: what others wait for, then what takes the matter on."""

ABOUT_UNITS = frozenset({Step.ASSIGN, Step.HANDLE_ANEW, *(step for step, rule in STEPS.items() if rule.share)})
"""Steps about who is responsible."""
ABOUT_LETTERS = frozenset({Step.ASSIGN, Step.HANDLE_ANEW, Step.DELIVER, Step.EXPLAIN, *(step for step, rule in STEPS.items() if rule.letter)})
"""Steps that issue, deliver or explain letters."""


def open_steps(state: CaseState) -> list[Step]:
    """Steps that a matter in this state has before it, in the order of the table."""
    return [step for step, rule in STEPS.items() if state in rule.sources]
