"""JSON files as rows: an array of objects, of text, numbers and true or false."""

import json
from collections.abc import Iterator
from typing import Any

from server.domain.importing import Broken, Cell, Row, UnreadableFile
from server.reception.matter.importing_csv import decoded

_NOT_ROWS = "JSON 文件要是一个数组，里面每一件是一个对象：[{…}, {…}]。"


def rows(content: bytes, most_columns: int) -> Iterator[Row]:
    """First the names of all members, then each object, counted from 1.  Raises UnreadableFile."""
    try:
        found = json.loads(decoded(content), parse_constant=_no_number)
    except (json.JSONDecodeError, RecursionError, ValueError):
        raise UnreadableFile("JSON 读不下去，请让对方系统重新导出一份。") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UnreadableFile(_NOT_ROWS)
    names = list(dict.fromkeys(name for one in found for name in one))
    if len(names) > most_columns:
        raise UnreadableFile(f"一件最多 {most_columns} 项。")
    yield Row(0, tuple(names))
    for number, one in enumerate(found, start=1):
        yield Row(number, tuple(_cell(one.get(name)) for name in names))


def _no_number(name: str) -> float:
    raise ValueError(name)


def _cell(value: Any) -> Cell:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value if value.isprintable() or _whole(value) else Broken("", "有半个字，读不出来")
    if isinstance(value, float):
        return value if abs(value) < 1e15 else Broken(str(value), "是一个太长的数，后几位靠不住。请让对方系统按文字导出")
    return Broken("", "不是文字，也不是数")


def _whole(value: str) -> bool:
    """Whether no half of a pair of UTF-16 units stands alone in it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
