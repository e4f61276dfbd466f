"""Documents and screens that were shown: their files, and from when to when"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("segments", sa.Column("source", sa.String(length=20), nullable=True))
    op.create_table(
        "shares",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reception_id", sa.String(length=64), nullable=False),
        sa.Column("participant_id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_shares_reception_id"), "shares", ["reception_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_shares_reception_id"), table_name="shares")
    op.drop_table("shares")
    op.drop_column("segments", "source")
