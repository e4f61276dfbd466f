"""What search reads of a case ends with a token for each organization that registered it or was given it"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

PORTION = 1000


def upgrade() -> None:
    together = "string_agg(unit, '')" if op.get_bind().dialect.name == "postgresql" else "group_concat(unit, '')"
    op.execute(
        "UPDATE search_texts SET tokens = tokens || ("
        f" SELECT {together} FROM ("
        "  SELECT ' o' || organization_id AS unit FROM cases WHERE cases.id = search_texts.case_id"
        "  UNION SELECT ' o' || organization_id FROM assignments WHERE assignments.case_id = search_texts.case_id"
        " ) AS units)"
    )


def downgrade() -> None:
    connection, last = op.get_bind(), 0
    texts = sa.table("search_texts", sa.column("case_id", sa.Integer), sa.column("tokens", sa.Text))
    some = sa.select(texts).where(texts.c.case_id > sa.bindparam("last")).order_by(texts.c.case_id).limit(PORTION)
    while rows := connection.execute(some, {"last": last}).all():
        for case_id, tokens in rows:
            left = " ".join(token for token in tokens.split(" ") if not token.startswith("o"))
            connection.execute(texts.update().where(texts.c.case_id == case_id).values(tokens=left))
        last = rows[-1].case_id
