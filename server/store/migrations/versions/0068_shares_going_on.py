"""A share says itself whether its matter goes on: desks looked through all that lie undone in matters that are over."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignments", sa.Column("going_on", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE assignments SET going_on = true WHERE case_id IN (SELECT id FROM cases WHERE state IN ('assigned', 'accepted'))")
    op.create_index(
        "ix_assignments_going_on", "assignments", ["organization_id", "state", "id"],
        sqlite_where=sa.text("going_on = 1"), postgresql_where=sa.text("going_on"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_assignments_going_on", "assignments")
    op.drop_column("assignments", "going_on")
