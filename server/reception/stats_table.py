"""Figures as a workbook (.xlsx): figures, months, units, what to look at, and the matters that missed their day.

Nothing in it is a formula: what begins like one was typed by somebody and stays text.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.figures import DEFINITIONS, Figure
from server.domain.printable import printable
from server.domain.states import CaseState
from server.protocol.figures import ShareView, Stats
from server.reception import stats
from server.settings import Settings
from server.store import case_figures as store
from server.store import records
from server.store.access import Actor

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_MATTERS = 5000
MISSED = (Figure.ACCEPTED_IN_TIME, Figure.CONCLUDED_IN_TIME)
_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Value = str | int | float | None


def make(session: Session, settings: Settings, actor: Actor, key: str, organization_id: int | None) -> tuple[bytes, str]:
    """The workbook and its name; that it was taken away is written down.  Raises as stats.overview does."""
    told = stats.overview(session, settings, actor, key, organization_id)
    book = Workbook(write_only=True)
    _sheet(book, "指标", ("指标", "分子", "分母", "百分比", "去年同期", "说明", "怎么算", "依据"), _figures(told))
    _sheet(book, "按月", ("月份", "按期办结", "应办结", "按期办结率%", "及时受理", "应受理", "及时受理率%"), _months(told))
    _sheet(
        book, "各单位",
        ("单位", "按期办结", "应办结", "及时受理", "应受理", "满意", "评了", "能评", "满意率%", "参评率%", "作不作数"), _units(told),
    )  # fmt: skip
    _sheet(book, "要人看一眼的", ("什么", "件数"), [(one.name, one.cases) for one in told.looks])
    _sheet(
        book, "没有按期的", ("指标", "编号", "什么事", "登记单位", "承办单位", "到哪一步", "收到"),
        _missed(session, settings, actor, told),
    )  # fmt: skip
    records.note_access(session, actor, "export", "figures", f"{told.organization_id}/{told.period}", clock.now())
    made = BytesIO()
    book.save(made)
    return made.getvalue(), f"统计-{told.organization}-{told.period}.xlsx"


def _sheet(book: Workbook, title: str, heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for number, head in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = 34 if head in ("什么事", "怎么算", "什么", "指标") else 16
    sheet.append([_cell(sheet, head, bold=True) for head in heads])
    for row in rows:
        sheet.append([_cell(sheet, value) for value in row])


def _cell(sheet: object, value: Value, *, bold: bool = False) -> WriteOnlyCell:
    """A cell that is a number or text, never a formula."""
    cell = WriteOnlyCell(sheet, value=printable(value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"
        if value.startswith(_LIKE_A_FORMULA):
            cell.style = "Normal"
            cell.quotePrefix = True
    if bold:
        cell.font = Font(bold=True)
    return cell


def _share(share: ShareView) -> tuple[Value, ...]:
    return share.part, share.whole, share.percent


def _figures(told: Stats) -> list[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = [
        (one.name, *_share(one.now), one.a_year_before.percent, one.remark, one.formula, one.source) for one in told.figures
    ]
    levels = [(f"{DEFINITIONS[Figure.VIDEO].name}，{one.name}", *_share(one.share), None, _target(one.target, one.short), "", "") for one in told.video]
    return [*rows, *levels, ("登记", told.registered, None, None, None, "", "", "")]


def _target(target: int | None, short: int) -> str:
    return "" if target is None else f"目标 {target}%" + (f"，差 {short} 次" if short else "，够")


def _months(told: Stats) -> list[tuple[Value, ...]]:
    return [(one.words, *_share(one.concluded), *_share(one.accepted)) for one in told.months]


def _units(told: Stats) -> list[tuple[Value, ...]]:
    return [
        (one.name, one.concluded.part, one.concluded.whole, one.accepted.part, one.accepted.whole, one.satisfied.part, one.satisfied.whole,
         one.rated.whole, one.satisfied.percent, one.rated.percent, "作数" if one.counts else "不作数")
        for one in told.units
    ]  # fmt: skip


def _missed(session: Session, settings: Settings, actor: Actor, told: Stats) -> Iterable[tuple[Value, ...]]:
    scope, _ = stats.scope_of(session, settings, actor, told.period, told.organization_id)
    for figure in MISSED:
        for one in store.behind(session, scope, store.rows(session, scope, figure), False, None, MOST_MATTERS):
            yield (
                DEFINITIONS[figure].name, one.case_no, one.title, one.organization.name, one.unit.name if one.unit else "",
                terms.CASE_STATE[CaseState(one.state)], one.received_on.isoformat(),
            )  # fmt: skip
