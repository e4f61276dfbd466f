"""Indexes of the desks in the order in which they are walked, also over all organizations"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

OBJECTED = "state = 'objected'"
UNDECIDED = "granted IS NULL"
NEW = (
    ("ix_cases_all_repeats", "cases", ["received_on", "id", "organization_id"], "repeat_of_id IS NOT NULL"),
    ("ix_cases_all_uncontacted", "cases", ["concluded_on", "id", "organization_id"], "concluded_on IS NOT NULL AND contacted_on IS NULL"),
    ("ix_assignments_sent_back", "assignments", ["state", "id"], "state = 'sent_back'"),
)
WIDER = (
    ("ix_assignments_objected", "assignments", "state", OBJECTED),
    ("ix_extensions_open", "extensions", "granted", UNDECIDED),
)
"""An equality at the front, or SQLite walks the table in its own order instead."""


def upgrade() -> None:
    for name, table, column, where in WIDER:
        op.drop_index(name, table)
        _make(name, table, [column, "id"], where)
    for name, table, columns, where in NEW:
        _make(name, table, columns, where)


def downgrade() -> None:
    for name, table, _columns, _where in NEW:
        op.drop_index(name, table)
    for name, table, _column, where in WIDER:
        op.drop_index(name, table)
        _make(name, table, ["id"], where)


def _make(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
