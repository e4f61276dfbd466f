"""Files of other systems as tables: which kind a file is, by what is in it, and the limits that hold for all kinds."""

from collections.abc import Callable, Iterable, Mapping

from server.domain.importing import Row, Table, UnreadableFile, is_empty, table_of
from server.reception.matter import importing_csv, importing_json, importing_xlsx

MOST_BYTES = 20 << 20
MOST_ROWS = 20_000
"""All of them are registered by one transaction, for which other writers wait: 0.25 ms of a core each, 5 s of the most."""
MOST_COLUMNS = 200

XLSX, CSV, JSON = "xlsx", "csv", "json"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_READERS: Mapping[str, Callable[[bytes, int], Iterable[Row]]] = {
    XLSX: importing_xlsx.rows,
    CSV: importing_csv.rows,
    JSON: importing_json.rows,
}


def kind_of(content: bytes) -> str:
    """xlsx, json or csv.  Raises UnreadableFile for what is none of them."""
    if content.startswith(b"PK\x03\x04"):
        return XLSX
    if content.startswith(_OLD_EXCEL):
        raise UnreadableFile("这是旧版 Excel（.xls）或者加了密码的文件。请在表格软件里去掉密码，另存为 .xlsx，再拿来导入。")
    begin = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    return JSON if begin[:1] in (b"[", b"{") else CSV


def table(content: bytes) -> Table:
    """The file as a table, rows in which nothing stands left out.  Raises UnreadableFile."""
    if not content:
        raise UnreadableFile("这份文件是空的。")
    rows: list[Row] = []
    for count, row in enumerate(_READERS[kind_of(content)](content, MOST_COLUMNS), start=1):
        if count > MOST_ROWS + 1:
            raise UnreadableFile(f"一份文件最多 {MOST_ROWS} 行，请分成几份。")
        width = next((place for place in range(len(row.cells), 0, -1) if not is_empty(row.cells[place - 1])), 0)
        if width:
            rows.append(Row(row.number, row.cells[:width]))
    return table_of(rows)
