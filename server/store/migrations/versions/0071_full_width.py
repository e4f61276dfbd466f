"""Search reads letters and digits in full width (３６Ａ) as those in half width, also in what came before"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from server.domain import searchtokens

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

WIDE = "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ"
TEXTS = (
    ("cases", "id", ("petitioner", "title", "statement", "place", "category")),
    ("supplements", "case_id", ("reason", "text")),
    ("letters", "case_id", ("text",)),
)
PRIVATE = ("phone", "id_number")
AT_ONCE = 1000


def upgrade() -> None:
    connection = op.get_bind()
    parts: dict[int, list[str]] = defaultdict(list)
    for case_id, said in _said(connection):
        if searchtokens.half_width(said) != said:
            parts[case_id].append(said)
    texts = sa.table("search_texts", sa.column("case_id", sa.Integer), sa.column("tokens", sa.Text))
    numbers = sorted(parts)
    for first in range(0, len(numbers), AT_ONCE):
        some = sa.select(texts).where(texts.c.case_id.in_(numbers[first : first + AT_ONCE]))
        for case_id, tokens in connection.execute(some).all():
            read = _with(tokens, searchtokens.tokens(parts[case_id]))
            connection.execute(texts.update().where(texts.c.case_id == case_id).values(tokens=read))


def _said(connection: sa.Connection) -> Iterator[tuple[int, str]]:
    """What has such a letter, or may have one, with the number of its case."""
    pattern, same = (f"[{WIDE}]", "~") if connection.dialect.name == "postgresql" else (f"*[{WIDE}]*", "GLOB")
    for name, number, columns in TEXTS:
        table = sa.table(name, sa.column(number, sa.Integer), *(sa.column(one, sa.Text) for one in columns))
        for column in (table.c[one] for one in columns):
            for row in connection.execute(sa.select(table.c[number], column).where(column.op(same)(pattern))):
                yield row[0], row[1]
    cases = sa.table("cases", sa.column("id", sa.Integer), sa.column("filed_record", sa.JSON))
    for case_id, record in connection.execute(sa.select(cases).where(sa.cast(cases.c.filed_record, sa.Text).contains("\\uff", autoescape=True))):
        for said in _of_record(record):
            yield case_id, said


def _of_record(record: Any) -> Iterator[str]:
    if isinstance(record, dict):
        yield from (one["value"] for one in record.get("form", ()) if one["field"] not in PRIVATE and one["value"])
        yield from (one["text"] for one in record.get("lines", ()))


def _with(tokens: str, more: str) -> str:
    """The tokens with more before those of the organizations, which stand last."""
    places = re.search(r"(?: o\d+)*$", tokens)
    at = places.start() if places else len(tokens)
    return f"{tokens[:at]} {more}{tokens[at:]}"


def downgrade() -> None:
    """What search reads more than before does no harm: it was never asked for."""
