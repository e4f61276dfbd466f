"""How the words of a letter may begin, so that whoever writes it fills in and need not find the order.

Only what the officer says: title, opening, limits and remedies are the letter's own (letterkinds.py).  What stands in
〔〕 is to be written; a letter that still has it is not issued.
"""

from collections.abc import Mapping

from server.domain.flow import LetterKind

BLANK = "〔"
STARTS: Mapping[LetterKind, str] = {
    LetterKind.HANDLING_OPINION: "一、调查核实的情况\n〔查明了什么，有什么材料〕\n\n二、处理意见和依据\n〔怎么处理，依据哪一条，什么时候办到〕",
    LetterKind.REVIEW_OPINION: "一、复查查明的情况\n〔和原来的处理意见哪里一样、哪里不一样〕\n\n二、复查意见和依据\n〔维持、变更还是撤销，依据哪一条〕",
    LetterKind.REEXAMINATION_OPINION: "一、复核查明的情况\n〔和复查意见哪里一样、哪里不一样〕\n\n二、复核意见和依据\n〔维持、变更还是撤销，依据哪一条〕",
}


def start(kind: LetterKind, why_extended: str = "") -> str:
    """The beginning of a letter of this kind; `why_extended`: as the unit asked for it; empty where there is none."""
    return why_extended if kind is LetterKind.EXTENSION else STARTS.get(kind, "")
