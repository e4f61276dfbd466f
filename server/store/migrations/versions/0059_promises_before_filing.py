"""Promises are reminded of before their matter is filed; what a leader said later to be none; units that could not be given a matter."""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("promises", sa.Column("set_aside", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("commitments", sa.Column("remind_on", sa.Date(), nullable=True))
    op.add_column("commitments", sa.Column("reminded", sa.String(200), nullable=False, server_default=""))
    op.add_column("commitments", sa.Column("not_given", sa.String(200), nullable=False, server_default=""))
    op.create_index("ix_commitments_remind_on", "commitments", ["remind_on"])
    # Those that wait for their record: they are looked at on their day at the latest.
    op.execute("UPDATE commitments SET remind_on = due_on WHERE state = 'open' AND deadline_id IS NULL")


def downgrade() -> None:
    op.drop_index("ix_commitments_remind_on", "commitments")
    op.drop_column("commitments", "not_given")
    op.drop_column("commitments", "reminded")
    op.drop_column("commitments", "remind_on")
    op.drop_column("promises", "set_aside")
