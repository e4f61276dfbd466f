"""CSV files as rows: UTF-8 with or without its mark, UTF-16 with its mark, else GB18030."""

import codecs
import csv
import io
from collections.abc import Iterator

from server.domain.importing import Row, UnreadableFile

LONGEST_CELL = 1 << 20
"""The csv module refuses cells above 128 KiB; a statement may be longer than that allows."""
_DELIMITERS = ",\t;|，"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

csv.field_size_limit(LONGEST_CELL)


def decoded(content: bytes) -> str:
    """The text of a file.  Raises UnreadableFile where it is none of the encodings."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _in(content[len(mark) :], encoding) or _unreadable()
    return _in(content, "utf-8") or _in(content, "gb18030") or _unreadable()


def _in(content: bytes, encoding: str) -> str | None:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _unreadable() -> str:
    raise UnreadableFile("文字读不出来。CSV 文件请存成 UTF-8 或者 GB18030（GBK）编码。")


def rows(content: bytes, most_columns: int) -> Iterator[Row]:
    """Rows with the number of the line on which each begins.  Raises UnreadableFile."""
    text = decoded(content)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 1
    try:
        for cells in reader:
            yield Row(number, tuple(cells[:most_columns]))
            number = reader.line_num + 1
    except csv.Error:
        raise UnreadableFile(f"第 {number} 行读不下去：引号没有成对，或者一格太长。") from None


def _delimiter(text: str) -> str:
    """What stands most often in the first lines that are not empty."""
    head = "\n".join([line for line in text[:20_000].splitlines() if line.strip()][:5])
    return max(_DELIMITERS, key=lambda one: (head.count(one), -_DELIMITERS.index(one)))
