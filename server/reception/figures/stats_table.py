"""Figures as a workbook (.xlsx): figures, months, units, what to look at, and the matters that missed their day.

Nothing in it is a formula: what begins like one was typed by somebody and stays text.
"""

from collections.abc import Iterable, Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.figures import DEFINITIONS, Figure
from server.domain.printable import printable
from server.domain.states import CaseState
from server.protocol.figures import ShareView, Stats
from server.reception.figures import stats
from server.settings import Settings
from server.store import case_figures as store
from server.store import records
from server.store.access import Actor

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_MATTERS = 5000
A4 = 9
LINE = 15
"""Points."""
NARROW = 13
WIDE = {"什么事": 52, "怎么算": 52, "什么": 34, "指标": 36, "依据": 40, "说明": 24, "单位": 26, "编号": 18, "登记单位": 22, "承办单位": 26}
"""Widths of columns, in digits."""
MISSED = (Figure.ACCEPTED_IN_TIME, Figure.CONCLUDED_IN_TIME)
_LIKE_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Value = str | int | float | None


def make(session: Session, settings: Settings, actor: Actor, key: str, organization_id: int | None) -> tuple[bytes, str]:
    """The workbook and its name; that it was taken away is written down.  Raises as stats.overview does."""
    told = stats.overview(session, settings, actor, key, organization_id)
    book = Workbook(write_only=True)
    until = f"，算到 {told.until.month} 月 {told.until.day} 日" if told.until else ""
    of = f"{told.organization}　{told.words}（{told.span}{until}）"
    _sheet(book, of, "指标", ("指标", "分子", "分母", "百分比", "去年同期", "说明", "怎么算", "依据"), _figures(told))
    _sheet(book, of, "按月", ("月份", "按期办结", "应办结", "按期办结率%", "及时受理", "应受理", "及时受理率%"), _months(told))
    _sheet(
        book, of, "各单位",
        ("单位", "按期办结", "应办结", "及时受理", "应受理", "满意", "评了", "能评", "满意率%", "参评率%", "作不作数"), _units(told),
    )  # fmt: skip
    _sheet(book, of, "要人看一眼的", ("什么", "件数"), [(one.name, one.cases) for one in told.looks])
    _sheet(
        book, of, "没有按期的", ("指标", "编号", "什么事", "登记单位", "承办单位", "到哪一步", "收到"),
        _missed(session, settings, actor, told),
    )  # fmt: skip
    records.note_access(session, actor, "export", "figures", f"{told.organization_id}/{told.period}", clock.now())
    made = BytesIO()
    book.save(made)
    return made.getvalue(), f"统计-{told.organization}-{told.period}.xlsx"


def _sheet(book: Workbook, of: str, title: str, heads: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """A sheet that prints whole across a page, with whose figures they are above it and its heads on every page."""
    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = "landscape", A4, False
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.HeaderFooter.oddHeader.center.text = f"{printable(of).replace('&', '&&')}　{title}"
    sheet.HeaderFooter.oddFooter.center.text = "第 &P 页，共 &N 页"
    for number, head in enumerate(heads, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = WIDE.get(head, NARROW)
    sheet.append([_cell(sheet, head, head=True) for head in heads])
    for number, row in enumerate(rows, start=2):
        if (lines := max(map(_lines, row, heads))) > 1:
            sheet.row_dimensions[number].height = LINE * lines
        sheet.append([_cell(sheet, value) for value in row])


def _lines(value: Value, head: str) -> int:
    """How many lines a text takes in its column; a Chinese character is as wide as two digits."""
    return -(-sum(1 if one.isascii() else 2 for one in str(value)) // WIDE.get(head, NARROW)) if isinstance(value, str) else 1


def _cell(sheet: object, value: Value, *, head: bool = False) -> WriteOnlyCell:
    """A cell that is a number or text, never a formula."""
    cell = WriteOnlyCell(sheet, value=printable(value) if isinstance(value, str) else value)
    if isinstance(value, str):
        cell.data_type = "s"
        if value.startswith(_LIKE_A_FORMULA):
            cell.style = "Normal"
            cell.quotePrefix = True
    cell.alignment = Alignment(wrap_text=True, vertical="top", horizontal="center" if head else None)
    if head:
        cell.font = Font(bold=True)
    return cell


def _share(share: ShareView) -> tuple[Value, ...]:
    return share.part, share.whole, share.percent


def _figures(told: Stats) -> list[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = [
        (one.name, *_share(one.now), one.a_year_before.percent, one.remark, one.formula, one.source) for one in told.figures
    ]
    levels = [(f"{DEFINITIONS[Figure.VIDEO].name}，{one.name}", *_share(one.share), None, _target(one.target, one.short), "", "") for one in told.video]
    entered = [
        (f"{one.body}的满意率，{who}", *_share(share), None, "", "", "")
        for one in told.entered
        for who, share in (("群众自己评的", one.by_petitioner), ("工作人员代填的", one.by_staff))
    ]
    return [*rows, *entered, *levels, ("登记", told.registered, None, None, None, "", "", "")]


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
        found = store.behind(session, scope, store.rows(session, scope, figure), False, None, MOST_MATTERS + 1)
        for one in found[:MOST_MATTERS]:
            yield (
                DEFINITIONS[figure].name, one.case_no, one.title, one.organization.name, one.unit.name if one.unit else "",
                terms.CASE_STATE[CaseState(one.state)], one.received_on.isoformat(),
            )  # fmt: skip
        if len(found) > MOST_MATTERS:
            yield DEFINITIONS[figure].name, "", f"只列最新的 {MOST_MATTERS} 件，其余的在网页上看。", "", "", "", ""
