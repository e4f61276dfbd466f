"""积案台账: hard matters that a leader takes on: 挂号 (listed), 化解 (resolved), 销号 (struck off, with approval).

One table of what can be done with an entry, read by the use-case (reception/ledger.py), the pages and the tests.  A risk
grade belongs to the matter and has its reason; there is none for a person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class LedgerState(StrEnum):
    LISTED = "listed"
    RESOLVED = "resolved"
    CLOSING = "closing"
    """Somebody asked to strike it off; a leader decides."""
    CLOSED = "closed"


class RiskGrade(StrEnum):
    """Of a matter: how likely it is to grow worse if nothing is done."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class LedgerDeed(StrEnum):
    LIST = "list"
    LEADER = "leader"
    RISK = "risk"
    MEASURE = "measure"
    PROGRESS = "progress"
    RESOLVE = "resolve"
    NOT_RESOLVED = "not_resolved"
    ASK_CLOSING = "ask_closing"
    APPROVE = "approve"
    REFUSE = "refuse"
    LIST_AGAIN = "list_again"


@dataclass(frozen=True)
class DeedRule:
    """`sources` empty: the matter is not on the ledger; `needs`: names of LedgerOrder that must be filled."""

    name: str
    said: str
    """In the history."""
    sources: tuple[LedgerState, ...]
    target: LedgerState | None = None
    needs: tuple[str, ...] = ("words",)
    approves: bool = False
    """Only a leader, and not who asked."""
    unit_too: bool = False
    """A unit that the matter was given to may do it, too."""


S = LedgerState
GOING = (S.LISTED, S.RESOLVED, S.CLOSING)
DEEDS: Mapping[LedgerDeed, DeedRule] = {
    LedgerDeed.LIST: DeedRule("挂号", "列入积案台账", (), S.LISTED, needs=("words", "risk", "risk_reason")),
    LedgerDeed.LEADER: DeedRule("定包案领导", "包案领导", GOING, needs=("leader_id",)),
    LedgerDeed.RISK: DeedRule("改风险等级", "风险等级", GOING, needs=("risk", "risk_reason")),
    LedgerDeed.MEASURE: DeedRule("定化解措施", "化解措施", (S.LISTED,)),
    LedgerDeed.PROGRESS: DeedRule("记进展", "进展", GOING, unit_too=True),
    LedgerDeed.RESOLVE: DeedRule("化解", "已化解", (S.LISTED,), S.RESOLVED),
    LedgerDeed.NOT_RESOLVED: DeedRule("没有化解，接着办", "没有化解", (S.RESOLVED,), S.LISTED),
    LedgerDeed.ASK_CLOSING: DeedRule("申请销号", "申请销号", (S.RESOLVED,), S.CLOSING),
    LedgerDeed.APPROVE: DeedRule("同意销号", "销号", (S.CLOSING,), S.CLOSED, needs=(), approves=True),
    LedgerDeed.REFUSE: DeedRule("不同意销号", "不同意销号", (S.CLOSING,), S.RESOLVED, approves=True),
    LedgerDeed.LIST_AGAIN: DeedRule("重新挂号", "重新列入积案台账", (S.CLOSED,), S.LISTED, needs=("words", "risk", "risk_reason")),
}
STATE_WORDS = {S.LISTED: "在办", S.RESOLVED: "已化解", S.CLOSING: "等批销号", S.CLOSED: "已销号"}
RISK_WORDS = {RiskGrade.HIGH: "高", RiskGrade.MEDIUM: "中", RiskGrade.LOW: "低"}
EVENT = "ledger_"
"""Before the deed's name, in a case's history."""


def open_deeds(state: LedgerState | None) -> list[LedgerDeed]:
    """What can be done with an entry in this state; None: the matter is not on the ledger."""
    return [deed for deed, rule in DEEDS.items() if (state in rule.sources if state else not rule.sources)]
