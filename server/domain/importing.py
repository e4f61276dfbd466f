"""导入: which column of another system's file is which field, and what its cells mean; nothing is guessed.

The names and words are data: data/import_columns.toml.
"""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from server.domain import titles
from server.protocol.flow import NewMatter

_TABLE = Path(__file__).parent / "data" / "import_columns.toml"
OFFICE_HOURS_AHEAD = timezone(timedelta(hours=8))
"""A moment with an offset is of the day that it was in China."""
SHOWN_VALUE = 60
EXCEL_ZERO = date(1899, 12, 30)
"""Day 0 of Excel's count, which has a 29 February 1900 (ECMA-376 part 1, 18.17.4.1)."""
EXCEL_FIRST, EXCEL_LAST = 36_526, 73_050
"""1 January 2000 and 2100: outside of them a number is no day of receipt."""


@dataclass(frozen=True)
class Broken:
    """A cell that cannot be read; `why` is a Chinese sentence."""

    shown: str
    why: str


Cell = str | int | float | bool | date | datetime | Broken | None


class Row(NamedTuple):
    """A row and its number as a person counts it in the file, from 1."""

    number: int
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Table:
    """A file as columns and rows; no two columns have one name."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class FieldWords:
    """A field of a matter, what it is called, and how columns that hold it are called."""

    field: str
    label: str
    names: frozenset[str]
    parts: tuple[str, ...]
    required: bool = False


class RowError(NamedTuple):
    """What is wrong in one cell; `column` is empty where no column is mapped to the field."""

    row: int
    column: str
    value: str
    message: str


class Wrong(ValueError):
    """A cell does not hold what its field needs; the text is a Chinese sentence."""


class UnreadableFile(ValueError):
    """A file that is no table we can read; the text is a Chinese sentence."""


# --- columns -----------------------------------------------------------------------------------------------------


def read(table: Mapping[str, Any]) -> tuple[dict[str, FieldWords], dict[str, dict[str, str]]]:
    """Fields and, per field, word → value; ValueError where a word stands for two values or a field is none."""
    unknown = set(table["fields"]) - set(NewMatter.model_fields)
    if unknown:
        raise ValueError(f"import_columns.toml: no such field: {sorted(unknown)[0]}")
    fields = {
        name: FieldWords(
            field=name, label=row["label"], names=frozenset(map(plain_name, row["names"])),
            parts=tuple(map(plain_name, row["parts"])), required=row.get("required", False),
        )
        for name, row in table["fields"].items()
    }  # fmt: skip
    return fields, {name: _inverted(name, values) for name, values in table["words"].items()}


def _inverted(name: str, values: Mapping[str, Sequence[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value, words in values.items():
        for word in map(plain_name, words):
            if found.setdefault(word, value) != value:
                raise ValueError(f"import_columns.toml: {name}: {word} stands for two values")
    return found


def plain_name(name: str) -> str:
    """A column's name without widths, case, blanks, and what stands in brackets: 联系电话（必填） is 联系电话."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"\([^)]*\)|【[^】]*】|\[[^\]]*\]|[\s*:：、/\\\-]", "", plain)


FIELDS, WORDS = read(tomllib.loads(_TABLE.read_text("utf-8")))
WHOLE_FILE = frozenset({"channel", "received_on"})
"""May be told once for the whole file."""


def proposed(columns: Sequence[str]) -> dict[str, str]:
    """Per field the column that its name fits; a column is for one field, names that are equal go first."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for fits in (_is_named, _has_part):
        for field in FIELDS.values():
            column = next((one for one in columns if one not in taken and fits(field, plain_name(one))), None)
            if field.field not in found and column is not None:
                found[field.field] = column
                taken.add(column)
    return found


def _is_named(field: FieldWords, name: str) -> bool:
    return name in field.names


def _has_part(field: FieldWords, name: str) -> bool:
    return any(part in name for part in field.parts)


def known_columns(cells: Iterable[Cell]) -> int:
    """How many of these cells are called like a field: which row of a file is the heading."""
    names = {plain_name(cell) for cell in cells if isinstance(cell, str)}
    return sum(1 for field in FIELDS.values() if field.names & names)


HEADING_WITHIN = 10
"""Titles and notes stand above the heading in at most so many rows."""


def table_of(rows: Sequence[Row]) -> Table:
    """Rows that are not empty as a table; the heading is the row that knows most names.  Raises UnreadableFile."""
    if not rows:
        raise UnreadableFile("这份文件是空的。")
    place = max(range(min(len(rows), HEADING_WITHIN)), key=lambda i: (known_columns(rows[i].cells), -i))
    width = max(len(row.cells) for row in rows[place:])
    columns = _column_names([*rows[place].cells, *[None] * (width - len(rows[place].cells))])
    below = tuple(row for row in rows[place + 1 :])
    if not below:
        raise UnreadableFile("表头下面一行也没有。")
    return Table(columns, below)


def _column_names(cells: Sequence[Cell]) -> tuple[str, ...]:
    names: list[str] = []
    for number, cell in enumerate(cells, start=1):
        name = " ".join(as_text(cell).split())[:100] if cell is not None and not isinstance(cell, Broken) else ""
        name = name or f"第 {number} 列"
        while name in names:
            name = f"{name}（第 {number} 列）"
        names.append(name)
    return tuple(names)


# --- cells -------------------------------------------------------------------------------------------------------


def is_empty(cell: Cell) -> bool:
    """Whether nothing stands there."""
    return cell is None or (isinstance(cell, str) and not cell.strip())


def as_text(cell: Cell) -> str:
    """What a cell says; whole numbers without a point, invisible signs left out.  Raises Wrong."""
    if isinstance(cell, Broken):
        raise Wrong(cell.why)
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds") if cell.time() != datetime.min.time() else cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int | float):
        return str(int(cell)) if float(cell).is_integer() and abs(cell) < 1e15 else str(cell)
    return _visible(cell)


def _visible(text: str) -> str:
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ufeff\u200b]", "", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def as_number_text(cell: Cell) -> str:
    """A telephone or ID number, without blanks and widths.  Raises Wrong where a spreadsheet has cut it off."""
    text = "".join(unicodedata.normalize("NFKC", as_text(cell)).split())
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
        raise Wrong("表格软件把它变成了科学计数法，后几位已经没有了。请把这一列设成“文本”再填一遍")
    return text


_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?=$|[\sT(（星周])")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?=$|[\sT]|\d{6}$)")


def as_day(cell: Cell) -> date:
    """The day that a cell says: a date, 2026-06-09 10:23, 2026年6月9日, 20260609, Excel's count.  Raises Wrong."""
    if isinstance(cell, datetime):
        return cell.astimezone(OFFICE_HOURS_AHEAD).date() if cell.tzinfo else cell.date()
    if isinstance(cell, date):
        return cell
    text = unicodedata.normalize("NFKC", as_text(cell))
    if re.fullmatch(r"\d{5}(\.\d+)?", text):
        return _excel_day(float(text))
    if re.fullmatch(r"\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:?\d\d)", text):
        return _iso_day(text)
    found = _DAY.match(text) or _COMPACT.match(text)
    if found is None:
        raise Wrong("看不出是哪一天。请写成 2026-06-09 这样")
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        raise Wrong("日历上没有这一天") from None


def _excel_day(count: float) -> date:
    if not EXCEL_FIRST <= count < EXCEL_LAST:
        raise Wrong("看不出是哪一天。请写成 2026-06-09 这样")
    return EXCEL_ZERO + timedelta(days=int(count))


def _iso_day(text: str) -> date:
    try:
        return datetime.fromisoformat(text).astimezone(OFFICE_HOURS_AHEAD).date()
    except (ValueError, OverflowError):
        raise Wrong("看不出是哪一天。请写成 2026-06-09 这样") from None


def as_people(cell: Cell) -> int:
    """How many people, 1 where nothing stands.  Raises Wrong."""
    text = unicodedata.normalize("NFKC", as_text(cell))
    if not text:
        return 1
    found = re.fullmatch(r"(\d{1,6})\s*人?", text)
    if found is None or not 1 <= int(found[1]) <= 100_000:
        raise Wrong("要写一个整数，比如 3")
    return int(found[1])


def as_word(field: str, cell: Cell) -> str:
    """The value that a word of the file stands for, "" for none.  Raises Wrong."""
    text = as_text(cell)
    if not text:
        return ""
    if (value := WORDS[field].get(plain_name(text))) is None:
        raise Wrong(f"不认得这种{FIELDS[field].label}。认得的有：{_examples(field)}")
    return value


@cache
def _examples(field: str) -> str:
    table = tomllib.loads(_TABLE.read_text("utf-8"))["words"][field]
    return "、".join(words[1] for words in table.values())


# --- rows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """Which column is which field, and what holds for the whole file."""

    columns: Mapping[str, str]
    """Field → name of the column."""
    channel: str
    received_on: date | None = None


@dataclass(frozen=True)
class Ready:
    """A row as a matter that can be registered."""

    row: int
    new: NewMatter


def plan_problems(plan: Plan, table: Table) -> dict[str, str]:
    """Per field a sentence about what is missing before rows can be looked at."""
    found = {}
    for field, column in plan.columns.items():
        if field not in FIELDS:
            found[field] = "没有这一项。"
        elif column not in table.columns:
            found[field] = f"这份文件里没有“{column}”这一列。"
    for one in FIELDS.values():
        told = one.field in plan.columns or (one.field == "received_on" and plan.received_on is not None)
        if one.required and not told:
            found[one.field] = f"请选“{one.label}”是哪一列。"
    columns = list(plan.columns.values())
    for field, column in plan.columns.items():
        if columns.count(column) > 1:
            found.setdefault(field, f"“{column}”这一列选了两次。")
    return found


class Translator:
    """Makes matters of rows, by a plan that has no problems, as of a day in the office."""

    def __init__(self, plan: Plan, table: Table, today: date) -> None:
        self.plan = plan
        self.today = today
        self._places = {field: table.columns.index(column) for field, column in plan.columns.items()}

    def matter(self, row: Row) -> Ready | list[RowError]:
        """The row as a matter, or everything that is wrong with it."""
        values: dict[str, Any] = {"channel": self.plan.channel, "received_on": self.plan.received_on}
        wrong: dict[str, str] = {}
        for field, place in self._places.items():
            cell = row.cells[place] if place < len(row.cells) else None
            try:
                self._take(values, field, cell)
            except Wrong as error:
                wrong[field] = str(error)
        _shorten_title(values)
        made = self._made(values, wrong)
        if made is None or wrong:
            return [self._error(row, field, message) for field, message in wrong.items()]
        return Ready(row.number, made if made.source_ref else made.model_copy(update={"source_ref": content_ref(made)}))

    def _take(self, values: dict[str, Any], field: str, cell: Cell) -> None:
        if is_empty(cell) and field in WHOLE_FILE and values[field]:
            return
        if is_empty(cell) and FIELDS[field].required:
            raise Wrong("没有填；不肯留姓名的写“匿名”" if field == "name" else "没有填")
        value = _MEANING.get(field, lambda one: as_word(field, one) if field in WORDS else as_text(one))(cell)
        if field == "received_on" and isinstance(value, date):
            self._check_day(value)
        values[field] = value

    def _check_day(self, day: date) -> None:
        if day > self.today:
            raise Wrong("收到的日子在今天以后")

    def _made(self, values: Mapping[str, Any], wrong: dict[str, str]) -> NewMatter | None:
        try:
            return NewMatter.model_validate({name: value for name, value in values.items() if name not in wrong})
        except ValidationError as error:
            for item in error.errors():
                field = str(item["loc"][0])
                wrong.setdefault(field, _said(item["type"], item.get("ctx") or {}, values.get(field)))
            return None

    def _error(self, row: Row, field: str, message: str) -> RowError:
        place = self._places.get(field)
        cell = row.cells[place] if place is not None and place < len(row.cells) else None
        try:
            shown = cell.shown if isinstance(cell, Broken) else as_text(cell)
        except Wrong:  # pragma: no cover - only Broken raises
            shown = ""
        return RowError(row.number, self.plan.columns.get(field, ""), shown[:SHOWN_VALUE], f"“{FIELDS[field].label}”{message}。")


_MEANING: Mapping[str, Any] = {
    "received_on": as_day, "people": as_people, "phone": as_number_text, "id_number": as_number_text, "source_ref": as_number_text,
}  # fmt: skip


def _shorten_title(values: dict[str, Any]) -> None:
    """A title that is too long for a line stands whole before what was written: nothing of it is lost."""
    title, statement = values.get("title", ""), values.get("statement", "")
    if len(title) > titles.LENGTH:
        values["title"] = titles.short(title)
        if title not in statement:
            values["statement"] = f"{title}\n{statement}"


def _said(kind: str, context: Mapping[str, Any], value: Any) -> str:
    if kind == "string_too_long":
        return f"太长，最多 {context['max_length']} 个字，这里有 {len(str(value))} 个"
    if kind in ("string_too_short", "missing", "date_type"):
        return "没有填"
    return "不对，请改一改"


CONTENT_REF = "内容-"


def content_ref(new: NewMatter) -> str:
    """A number for a matter that has none where it came from: the same for the same person, day and words."""
    words = "".join(new.statement.split())
    told = "\x1f".join((new.received_on.isoformat(), new.name, new.id_number, new.phone, words))
    return CONTENT_REF + hashlib.sha256(told.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Looked:
    """What a dry run found."""

    ready: tuple[Ready, ...]
    """Each once."""
    errors: tuple[RowError, ...]
    wrong_rows: int
    twice: int
    """Rows that say for the second time what another one says; they add nothing."""


TOLD_EVERY = 250
"""Rows, a tenth of a second or so."""


def look(plan: Plan, table: Table, today: date, told: Callable[[int], object] = lambda rows: None) -> Looked:
    """Every row of the table as a matter, or what is wrong with it; `told` hears now and then how many were looked at."""
    translator = Translator(plan, table, today)
    ready: dict[tuple[str, str], Ready] = {}
    errors: list[RowError] = []
    wrong = twice = 0
    for number, row in enumerate(table.rows):
        if number % TOLD_EVERY == 0:
            told(number)
        made = translator.matter(row)
        if isinstance(made, Ready):
            first = ready.setdefault((made.new.channel, made.new.source_ref), made)
            if first is made:
                continue
            if first.new == made.new:
                twice += 1
                continue
            made = [_same_number(plan, made, first)]
        wrong += 1
        errors += made
    return Looked(tuple(ready.values()), tuple(errors), wrong, twice)


def _same_number(plan: Plan, made: Ready, first: Ready) -> RowError:
    if made.new.source_ref.startswith(CONTENT_REF):
        message = f"和第 {first.row} 行是同一个人、同一天、同样的内容，别的栏却不一样。请留一行。"
        return RowError(made.row, plan.columns["statement"], made.new.statement[:SHOWN_VALUE], message)
    column = plan.columns["source_ref"]
    return RowError(made.row, column, made.new.source_ref, f"“编号”和第 {first.row} 行一样，内容却不一样。")
