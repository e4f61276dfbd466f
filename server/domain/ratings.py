"""满意度评价: who rates what, and when it can be rated (domain.md, Figures that offices are judged by)."""

from enum import StrEnum

from server.domain.states import CaseState


class RatedBody(StrEnum):
    """Of a matter the letters-and-visits office and the handling unit are rated separately."""

    OFFICE = "office"
    UNIT = "unit"


class Score(StrEnum):
    SATISFIED = "satisfied"
    BASICALLY = "basically"
    DISSATISFIED = "dissatisfied"


PLEASED = (Score.SATISFIED, Score.BASICALLY)
"""What counts for 群众满意率."""


class EnteredBy(StrEnum):
    """Figures tell ratings by petitioners apart from those that staff wrote down for them."""

    PETITIONER = "petitioner"
    STAFF = "staff"


RATABLE = {
    RatedBody.OFFICE: frozenset(set(CaseState) - {CaseState.REGISTERED, CaseState.GUIDED, CaseState.MERGED}),
    RatedBody.UNIT: frozenset(
        {CaseState.NOT_ACCEPTED, CaseState.REPLIED, CaseState.CONCLUDED, CaseState.REVIEWING, CaseState.REVIEWED,
         CaseState.REEXAMINING, CaseState.REEXAMINED}
    ),
}  # fmt: skip
"""States in which each can be rated: the office once it has passed the matter on or said why not, the unit once it has
answered."""


def counts(*, litigation: bool, repeat: bool) -> bool:
    """Whether a matter is rated at all: only those registered for the first time, and none that is for the courts."""
    return not litigation and not repeat
