"""A case says itself that something came back to its office: desks asked the shares of every open matter of an office for it."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

SHARE = "SELECT 1 FROM assignments WHERE assignments.case_id = cases.id"


def upgrade() -> None:
    op.add_column("cases", sa.Column("came_back", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        f"UPDATE cases SET came_back = true WHERE (state = 'registered' AND EXISTS ({SHARE}))"
        f" OR (state IN ('assigned', 'accepted') AND EXISTS ({SHARE} AND assignments.state = 'fed_back'))"
    )
    op.create_index(
        "ix_cases_came_back", "cases", ["organization_id", "state", "received_on", "id"],
        sqlite_where=sa.text("came_back = 1"), postgresql_where=sa.text("came_back"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_cases_came_back", "cases")
    op.drop_column("cases", "came_back")
