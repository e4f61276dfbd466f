"""Wrong passwords are counted by where they come from, no longer by account"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "log_in_failures",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_index("ix_log_in_failures_since", "log_in_failures", ["since"])
    op.drop_column("users", "failures")
    op.drop_column("users", "locked_until")


def downgrade() -> None:
    op.add_column("users", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_log_in_failures_since", "log_in_failures")
    op.drop_table("log_in_failures")
