"""Figures that offices are judged by (domain.md), each defined once: what is counted, over what, and where it stands.

Pure: the counting itself is store/case_figures.py.  A period of a figure is the days on which what it counts over fell:
a limit's last day, a registration, a conclusion, a reception.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from server.domain.ratings import RatedBody
from server.domain.states import OrganizationLevel

REGULATION = "《信访工作条例》"
INDICATORS = "本单位的考核办法（条例没有写这个口径）"


class Figure(StrEnum):
    ACCEPTED_IN_TIME = "accepted_in_time"
    CONCLUDED_IN_TIME = "concluded_in_time"
    SATISFIED_OFFICE = "satisfied_office"
    SATISFIED_UNIT = "satisfied_unit"
    RATED_OFFICE = "rated_office"
    RATED_UNIT = "rated_unit"
    VIDEO = "video"
    REPEATS = "repeats"
    RESOLVED_ONCE = "resolved_once"


class Look(StrEnum):
    """What somebody has to look at, because a figure looks better than what happened."""

    NO_CONTACT = "no_contact"
    CONTRADICTED = "contradicted"
    BY_STAFF = "by_staff"
    TAKEN_BACK_LATE = "taken_back_late"
    MERGED = "merged"


@dataclass(frozen=True)
class Definition:
    """One figure in words: numerator ÷ denominator, the days that put a matter into a period, and its source."""

    name: str
    numerator: str
    denominator: str
    day: str
    source: str
    measure: str = "件"
    missed: str = "没有按期的"
    """Denominator without numerator."""
    less_is_better: bool = False

    @property
    def formula(self) -> str:
        return f"{self.numerator} ÷ {self.denominator}"


_RATABLE = "可以评价的：第一次登记、不是涉法涉诉、没有并到别的件里，"
DEFINITIONS: Mapping[Figure, Definition] = {
    Figure.ACCEPTED_IN_TIME: Definition(
        "及时受理率", "期限里告知了受理不受理的", "告知受理的期限到了的", "期限的最后一天", f"{REGULATION}第二十三条",
    ),
    Figure.CONCLUDED_IN_TIME: Definition(
        "按期办结率", "期限里给了处理意见的，批准的延期算在内", "办结的期限到了的", "期限的最后一天", f"{REGULATION}第三十四条",
    ),
    Figure.SATISFIED_OFFICE: Definition(
        "群众满意率（信访部门）", "评信访部门满意、基本满意的", "评了信访部门的", "登记那天", INDICATORS, missed="评信访部门不满意的",
    ),
    Figure.SATISFIED_UNIT: Definition(
        "群众满意率（承办单位）", "评承办单位满意、基本满意的", "评了承办单位的", "登记那天", INDICATORS, missed="评承办单位不满意的",
    ),
    Figure.RATED_OFFICE: Definition(
        "参评率（信访部门）", "评了信访部门的", _RATABLE + "已经转出去或者说明了的", "登记那天", INDICATORS, missed="没有评信访部门的",
    ),
    Figure.RATED_UNIT: Definition(
        "参评率（承办单位）", "评了承办单位的", _RATABLE + "承办单位已经答复的", "登记那天", INDICATORS, missed="没有评承办单位的",
    ),
    Figure.VIDEO: Definition(
        "远程视频接访比重", "领导视频接访的次数", "领导接访的次数", "接访那天", INDICATORS, measure="次", missed="不是视频接访的",
    ),
    Figure.REPEATS: Definition(
        "重复信访占比", "重复以前一件的", "登记的全部，并到别的件里的不算", "登记那天", INDICATORS, less_is_better=True, missed="不是重复的",
    ),
    Figure.RESOLVED_ONCE: Definition(
        "一次性化解率", "办结以后没有再来、也没有经复查复核交回重新办的", "第一次登记、办结了的", "第一次办结那天", INDICATORS,
        missed="办结以后又来的、交回重新办的",
    ),
}  # fmt: skip
LOOKS: Mapping[Look, str] = {
    Look.NO_CONTACT: "报办结，没有和群众联系过",
    Look.CONTRADICTED: "报满意，回访说不满意",
    Look.BY_STAFF: "评价是工作人员代填的",
    Look.TAKEN_BACK_LATE: "过了期才收回，期限不见了",
    Look.MERGED: "并到别的件里，登记、重复都不再算",
}
PARTICIPATION = {Figure.SATISFIED_OFFICE: Figure.RATED_OFFICE, Figure.SATISFIED_UNIT: Figure.RATED_UNIT}
"""What a satisfaction rate is shown beside."""
PRIVATE = frozenset({*PARTICIPATION, Look.CONTRADICTED})
"""Which matters are behind the numerator says how somebody rated: only supervisors open it (ratings are private)."""
TELLS_WHO: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(PARTICIPATION, ("all",)), **dict.fromkeys(PARTICIPATION.values(), ("good", "bad")),
}  # fmt: skip
"""Lists of who rated: where few did, the rate beside it says how."""
RATES: Mapping[str, tuple[RatedBody, ...]] = {
    Figure.SATISFIED_OFFICE: (RatedBody.OFFICE,),
    Figure.RATED_OFFICE: (RatedBody.OFFICE,),
    Figure.SATISFIED_UNIT: (RatedBody.UNIT,),
    Figure.RATED_UNIT: (RatedBody.UNIT,),
    Look.CONTRADICTED: tuple(RatedBody),
    Look.BY_STAFF: tuple(RatedBody),
}
"""Whose ratings are behind a figure or a look; supervisors read there what was added to them."""


@dataclass(frozen=True)
class Policy:
    """What an office may set about its figures; per cent and days."""

    least_participation: int = 30
    """Below it a satisfaction rate does not count (不作数)."""
    repeat_window_days: int = 90
    """A matter that comes again within so many days of its conclusion was not resolved at once."""
    target_in_time: int = 95
    video_targets: tuple[tuple[OrganizationLevel, int], ...] = ((OrganizationLevel.CITY, 40), (OrganizationLevel.COUNTY, 60))


PERCENT = "percent"
VIDEO_TARGETS: Mapping[str, tuple[OrganizationLevel, str]] = {
    "video_city": (OrganizationLevel.CITY, "市级领导视频接访至少占"),
    "video_county": (OrganizationLevel.COUNTY, "县级领导视频接访至少占"),
}
"""Names that an organization's own targets stand under among its 本地规定."""


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    part: int = 0
    whole: int = 0

    @property
    def percent(self) -> Decimal | None:
        """To one decimal, halves up; None of nothing."""
        if not self.whole:
            return None
        return (Decimal(100) * self.part / self.whole).quantize(Decimal("0.1"), ROUND_HALF_UP)

    @property
    def words(self) -> str:
        return "暂无" if self.percent is None else f"{self.percent}%"

    def short_of(self, target: int) -> int:
        """How many more would have reached the target of so many per cent; 0: reached."""
        return max(0, -(-self.whole * target // 100) - self.part)


def counts(participation: Share, policy: Policy) -> bool:
    """Whether enough people rated for a satisfaction rate to say something; exact, before any rounding."""
    return participation.whole > 0 and participation.part * 100 >= policy.least_participation * participation.whole
