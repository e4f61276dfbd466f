"""XLSX files as rows, by openpyxl, which nothing else here knows: the first sheet, what cells show, no formula is run.

A file is a zip archive of XML, so one that would unpack to very much, or brings its own XML entities, is refused before
openpyxl sees it; sheets are read row by row (read-only mode) and whatever size they claim is not believed.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from server.domain.importing import Broken, Cell, Row, UnreadableFile

MOST_UNPACKED = 256 << 20
MOST_PARTS = 2_000
MOST_DIGITS = 15
"""A number of a spreadsheet keeps so many digits (IEEE 754 double); an ID number has 18."""
_PIECE = 1 << 20
_NO_VALUE = "是公式，文件里没有算好的数。请在表格软件里打开、保存一次，再拿来导入"
_CUT = "在表里存成了数，15 位以后的数字已经没有了。请把这一列设成“文本”再填一遍"
_BROKEN = "这份 .xlsx 文件打不开，可能没有存完。请在表格软件里打开，另存一份再试。"


def rows(content: bytes, most_columns: int) -> Iterator[Row]:
    """Rows of the first sheet, numbered as in the sheet.  Raises UnreadableFile."""
    _check_size(content)
    try:
        yield from _rows(content, most_columns)
    except UnreadableFile:
        raise
    except Exception:  # openpyxl raises whatever the broken part of the file leads to
        raise UnreadableFile(_BROKEN) from None


def _check_size(content: bytes) -> None:
    """Unpack every part once, keeping nothing: what the archive says of their sizes need not be true."""
    left = MOST_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > left:
                raise UnreadableFile("这份表格解开以后太大，请分成几份。")
            for part in parts:
                left -= _unpacked(archive, part, left)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError):
        raise UnreadableFile(_BROKEN) from None


def _unpacked(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    size, tail = 0, b""
    with archive.open(part) as opened:
        while piece := opened.read(_PIECE):
            size += len(piece)
            if size > left:
                raise UnreadableFile("这份表格解开以后太大，请分成几份。")
            if b"<!DOCTYPE" in tail + piece or b"<!ENTITY" in tail + piece:
                raise UnreadableFile("这份表格里有不该有的东西，不能导入。")
            tail = piece[-9:]
    return size


def _rows(content: bytes, most_columns: int) -> Iterator[Row]:
    formulas = False
    book = _opened(content, shown=False)
    try:
        for number, cells in _cells(book, most_columns):
            formulas = formulas or any(cell.data_type == "f" for cell in cells)
            if formulas:
                break
            yield Row(number, tuple(map(_cell, cells)))
    finally:
        book.close()
    if formulas:
        yield from _with_formulas(content, most_columns, number)


def _with_formulas(content: bytes, most_columns: int, first: int) -> Iterator[Row]:
    """From row `first` on: where a formula stands, what the spreadsheet program had computed when it saved."""
    written, shown = _opened(content, shown=False), _opened(content, shown=True)
    try:
        pairs = zip(_cells(written, most_columns), _cells(shown, most_columns), strict=True)
        for (number, formulas), (_, values) in pairs:
            if number >= first:
                yield Row(number, tuple(map(_computed, formulas, values)))
    finally:
        written.close()
        shown.close()


def _opened(content: bytes, *, shown: bool) -> Any:
    import openpyxl  # a tenth of the web program's start, and few files come

    return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=shown, keep_links=False)


def _cells(book: Any, most_columns: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Rows of the first sheet in which anything stands, as wide as each is, or as is allowed."""
    sheet = book.worksheets[0] if book.worksheets else None
    if sheet is None:
        raise UnreadableFile("这份表格里没有工作表。")
    sheet.reset_dimensions()
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        if any(cell.value is not None for cell in cells):
            yield number, cells[:most_columns]


def _computed(formula: Any, shown: Any) -> Cell:
    if formula.data_type == "f" and shown.value is None:
        return Broken("", _NO_VALUE)
    return _cell(shown)


def _cell(cell: Any) -> Cell:
    value = cell.value
    if cell.data_type == "e":
        return Broken(str(value), f"算出来是 {value}，请在表格里改好")
    if isinstance(value, bool) or value is None or isinstance(value, str | datetime | date):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < 10**MOST_DIGITS else Broken(str(value), _CUT)
    return str(value)  # a time of day, or a length of time
