"""Which matters can hang together how: repeats, merging, splitting, guiding back.  Decided by a person, never by a machine."""

from collections.abc import Mapping
from enum import StrEnum

from server.domain.flow import Step
from server.domain.states import CaseState

S = CaseState


class JoinKind(StrEnum):
    MERGE = "merge"
    SPLIT = "split"
    GUIDE_BACK = "guide_back"


class Deed(StrEnum):
    """What an officer can decide about a matter and another one."""

    REPEAT = "repeat"
    UNREPEAT = "unrepeat"
    MERGE = "merge"
    UNMERGE = "unmerge"
    SPLIT = "split"
    UNSPLIT = "unsplit"
    GUIDE_BACK = "guide_back"
    UNGUIDE_BACK = "unguide_back"


NAMES: Mapping[Deed, str] = {
    Deed.REPEAT: "登记为重复",
    Deed.UNREPEAT: "不算重复了",
    Deed.MERGE: "并到那一件",
    Deed.UNMERGE: "分回来",
    Deed.SPLIT: "拆成两件",
    Deed.UNSPLIT: "合回去",
    Deed.GUIDE_BACK: "引导回原渠道",
    Deed.UNGUIDE_BACK: "撤回引导",
}
"""On buttons."""
SAID: Mapping[str, str] = {
    "repeat": "登记为重复信访，前一件是",
    "unrepeat": "不再算重复信访，前一件是",
    "merge": "并到另一件里办",
    "merged_in": "另一件并进来一起办",
    "unmerge": "从另一件里分回来，照原来的办",
    "unmerged": "并进来的一件分回去了",
    "split": "拆出一件另外办",
    "split_off": "从另一件里拆出来",
    "unsplit": "合回原来那一件",
    "split_back": "拆出去的一件合回来了",
    "guide_back": "前一件还在办，引导回原渠道",
    "unguide_back": "撤回引导，照原来的办",
    "grouped": "归到类案",
    "ungrouped": "从类案里退出来",
}
"""In the history (terms.CASE_EVENT)."""
OPEN = frozenset({S.REGISTERED, S.ASSIGNED, S.ACCEPTED})
"""Matters that can still be merged, split, or have another merged into them: nothing was answered yet."""
BEING_HANDLED = OPEN | {S.REPLIED, S.REVIEWING, S.REEXAMINING}
"""A matter that comes again meanwhile can be guided back to this one."""
HAPPENED = frozenset({*(step.value for step in Step), "guide_back"})
"""Events of the other matter after which a merger is not undone any more."""
