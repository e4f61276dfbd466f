"""What desks look for: when a petitioner was last spoken to, which office a deadline belongs to, and the indexes"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

OPEN = "done_at IS NULL AND dropped_at IS NULL"
PARTS = (
    ("ix_cases_repeats", "cases", ["organization_id", "received_on", "id"], "repeat_of_id IS NOT NULL"),
    ("ix_cases_uncontacted", "cases", ["organization_id", "concluded_on", "id"], "concluded_on IS NOT NULL AND contacted_on IS NULL"),
    ("ix_assignments_objected", "assignments", ["id"], "state = 'objected'"),
    ("ix_deadlines_open", "deadlines", ["due_on", "id", "organization_id", "office_id"], OPEN),
    ("ix_deadlines_open_organization", "deadlines", ["organization_id", "due_on", "id"], OPEN),
    ("ix_deadlines_open_office", "deadlines", ["office_id", "due_on", "id", "organization_id"], OPEN),
    ("ix_deadlines_open_rule", "deadlines", ["rule", "due_on", "id", "organization_id", "office_id"], OPEN),
    ("ix_extensions_open", "extensions", ["id"], "granted IS NULL"),
    ("ix_letters_undelivered", "letters", ["organization_id", "id"], "delivered_on IS NULL AND to_organization_id IS NULL"),
)
LONGER = (
    ("ix_cases_organization_state", "cases", ["organization_id", "state"], ["received_on", "id"]),
    ("ix_assignments_organization_state", "assignments", ["organization_id", "state"], ["id"]),
)
SPOKEN = "SELECT date(max(e.at)) FROM case_events e WHERE e.case_id = cases.id AND e.kind = 'contact'"


def upgrade() -> None:
    op.add_column("cases", sa.Column("contacted_on", sa.Date(), nullable=True))
    op.add_column("deadlines", sa.Column("office_id", sa.Integer(), nullable=True))
    op.execute(f"UPDATE cases SET contacted_on = ({SPOKEN})")
    op.execute("UPDATE deadlines SET office_id = (SELECT c.organization_id FROM cases c WHERE c.id = deadlines.case_id)")
    for name, table, columns, more in LONGER:
        op.drop_index(name, table)
        op.create_index(name, table, columns + more)
    for name, table, columns, where in PARTS:
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_index("ix_receptions_receiver_id_asked_at", "receptions", ["receiver_id", "asked_at"])


def downgrade() -> None:
    op.drop_index("ix_receptions_receiver_id_asked_at", "receptions")
    for name, table, _columns, _where in PARTS:
        op.drop_index(name, table)
    for name, table, columns, _more in LONGER:
        op.drop_index(name, table)
        op.create_index(name, table, columns)
    op.drop_column("deadlines", "office_id")
    op.drop_column("cases", "contacted_on")
