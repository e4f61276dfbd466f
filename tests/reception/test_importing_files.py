"""Files as tables: CSV in the encodings of offices, XLSX with its traps, JSON."""

import io
import zipfile
from datetime import datetime

import openpyxl
import pytest

from server.domain.importing import Broken, Table, UnreadableFile
from server.reception.matter import importing_files, importing_xlsx

CSV = '姓名,内容\r\n何守田,"补偿款，没给。\r\n找过三回。"\r\n\r\n罗建民,外墙渗水𠮷\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_encoding(encoding):
    table = importing_files.table(CSV.encode(encoding))
    assert table.columns == ("姓名", "内容")
    assert [(row.number, row.cells[0]) for row in table.rows] == [(2, "何守田"), (5, "罗建民")]
    assert table.rows[1].cells[1] == "外墙渗水𠮷"


@pytest.mark.parametrize("delimiter", [";", "\t", "，"])
def test_csv_with_other_signs_between_cells(delimiter):
    table = importing_files.table(f"姓名{delimiter}电话\n何守田{delimiter}138\n".encode())
    assert (table.columns, table.rows[0].cells) == (("姓名", "电话"), ("何守田", "138"))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "空的"),
        (b"\xff\xfe\xff\x00\xd8", "读不出来"),
        (b"a\0b,c\n1,2\n", "读不出来"),
        ('姓名,内容\n"何,没完'.encode(), "第 2 行读不下去"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "旧版 Excel"),
        (b"PK\x03\x04 no archive", "打不开"),
        (b"[" * 100_000, "JSON 读不下去"),
        (b'[{"a": NaN}]', "JSON 读不下去"),
        (b'{"a": 1}', "要是一个数组"),
        (b"[1]", "要是一个数组"),
    ],
)
def test_what_is_no_table_is_told_in_chinese(content, why):
    with pytest.raises(UnreadableFile, match=why):
        importing_files.table(content)


def test_json_objects_with_different_members():
    content = '[{"姓名": "何守田", "人数": 3}, {"姓名": "罗建民", "电话": 13800004321, "住址": {"x": 1}, "x": "\\ud800"}]'.encode()
    table = importing_files.table(content)
    assert table.columns == ("姓名", "人数", "电话", "住址", "x")
    assert table.rows[1].cells[:3] == ("罗建民", None, 13800004321)
    assert [type(cell) for cell in table.rows[1].cells[3:]] == [Broken, Broken]


def xlsx(*rows: tuple[object, ...]) -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(made)
    return made.getvalue()


def read(*rows: tuple[object, ...]) -> Table:
    return importing_files.table(xlsx(*rows))


def test_xlsx_with_days_numbers_and_a_title_above():
    table = read(("热线登记表",), (), ("姓名", "来电时间", "人数", "电话"), ("何守田", datetime(2026, 6, 9, 10, 3), 3, 13800004321), (), ("罗建民",))
    assert table.columns == ("姓名", "来电时间", "人数", "电话")
    assert [(row.number, row.cells) for row in table.rows] == [
        (4, ("何守田", datetime(2026, 6, 9, 10, 3), 3, 13800004321)),
        (6, ("罗建民",)),
    ]


def test_an_id_number_that_was_cut_is_not_taken_for_one():
    cells = read(("姓名", "身份证"), ("何守田", 110101195903075110), ("罗建民", "110101195903075110")).rows
    assert isinstance(cells[0].cells[1], Broken)
    assert cells[1].cells[1] == "110101195903075110"


def with_value(content: bytes, value: str) -> bytes:
    """The same file, as if a spreadsheet program had computed its formula."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for part in old.infolist():
            new.writestr(part, old.read(part).replace(b"<v></v>", f"<v>{value}</v>".encode()).replace(b"<v />", f"<v>{value}</v>".encode()))
    return made.getvalue()


def test_a_formula_counts_with_what_the_file_says_it_comes_to():
    plain = ("何守田", 2)
    content = xlsx(("姓名", "人数"), plain, ("罗建民", "=1+2"), plain)
    without = importing_files.table(content).rows
    assert isinstance(without[1].cells[1], Broken)
    assert "公式" in without[1].cells[1].why
    computed = importing_files.table(with_value(content, "3")).rows
    assert [(row.number, row.cells[1]) for row in computed] == [(2, 2), (3, 3), (4, 2)]


def archive(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr(name, content)
    return made.getvalue()


def test_a_bomb_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(importing_xlsx, "MOST_UNPACKED", 1 << 20)
    with pytest.raises(UnreadableFile, match="太大"):
        importing_files.table(archive("xl/workbook.xml", b"0" * (2 << 20)))
    with pytest.raises(UnreadableFile, match="不该有"):
        importing_files.table(archive("xl/workbook.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'))


def test_too_many_rows(monkeypatch):
    monkeypatch.setattr(importing_files, "MOST_ROWS", 2)
    with pytest.raises(UnreadableFile, match="最多 2 行"):
        importing_files.table("姓名\n甲\n乙\n丙\n".encode())
