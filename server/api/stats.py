"""Figures that offices are judged by, and the matters behind them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from server.api.deps import Db, MatterReader, OfficeDep
from server.api.saving import saved_as
from server.domain.states import OrganizationLevel
from server.protocol.base import NO_NUL
from server.protocol.figures import Behind, HeldPage, ReceptionFigures, Stats, StatsChoices
from server.reception.figures import reception_stats, stats, stats_report

router = APIRouter(prefix="/stats")

PeriodKey = Annotated[str, Query(max_length=12)]
Number = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("")
def overview(db: Db, actor: MatterReader, office: OfficeDep, period: PeriodKey = "", organization: Number = None) -> Stats:
    """The figures of an organization and all below it over a period; of the actor's own and this half-year if not told."""
    return stats.overview(db, office.settings, actor, period, organization)


@router.get("/choices")
def choices(db: Db, actor: MatterReader) -> StatsChoices:
    """Periods and organizations that can be asked for."""
    return stats.choices(db, actor)


@router.get("/cases")
def behind(
    db: Db,
    actor: MatterReader,
    office: OfficeDep,
    what: Annotated[str, Query(max_length=40)] = "",
    part: Annotated[str, Query(max_length=10)] = "all",
    period: PeriodKey = "",
    organization: Number = None,
    after: Number = None,
    alone: bool = False,
    by: Annotated[str, Query(max_length=10)] = "",
    value: Annotated[str, Query(max_length=200, pattern=NO_NUL)] = "",
) -> Behind:
    """Matters behind a number, newest first, with those below the organization unless it is asked for `alone`; of what was
    registered those that have a value (`by` category, place, unit or channel).  403 where the list would tell how somebody rated."""
    asked = stats.Asked(what, part, alone, by, value)
    return stats.behind(db, office.settings, actor, asked, period, organization, after)


@router.get("/receptions")
def receptions(db: Db, actor: MatterReader, office: OfficeDep, period: PeriodKey = "", organization: Number = None) -> ReceptionFigures:
    """Leaders' receptions: held, by video, waited for, rated, and what was promised in them."""
    return reception_stats.figures(db, office.settings, actor, period, organization)


@router.get("/receptions/list")
def held(
    db: Db,
    actor: MatterReader,
    office: OfficeDep,
    what: Annotated[str, Query(max_length=20)] = "held",
    period: PeriodKey = "",
    organization: Number = None,
    leader: Number = None,
    after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    level: Annotated[OrganizationLevel | Literal[""] | None, Query()] = None,
) -> HeldPage:
    """Receptions behind a number, newest first; 403 where the list would tell how somebody rated."""
    return reception_stats.behind(db, office.settings, actor, what, period, organization, leader, after, level)


@router.get("/table.xlsx")
def table(db: Db, actor: MatterReader, office: OfficeDep, period: PeriodKey = "", organization: Number = None) -> Response:
    """The figures as a workbook."""
    from server.reception.figures import stats_table  # openpyxl, as in importing_xlsx

    return _file(*stats_table.make(db, office.settings, actor, period, organization), stats_table.MEDIA_TYPE)


@router.get("/report.pdf")
def report(db: Db, actor: MatterReader, office: OfficeDep, period: PeriodKey = "", organization: Number = None) -> Response:
    """The figures as a printed report."""
    return _file(*stats_report.make(db, office.settings, actor, period, organization), "application/pdf")


def _file(content: bytes, name: str, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers=saved_as(name))
