"""How each seat's line did over a talk"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None
NUMBERS = ("round_trip_ms", "loss_up", "loss_down", "jitter_ms", "up_kbps", "down_kbps", "frozen_s")


def upgrade() -> None:
    op.create_table(
        "seat_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reception_id", sa.String(length=64), nullable=False),
        sa.Column("participant_id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("word", sa.String(length=10), nullable=False),
        *[sa.Column(name, sa.Float(), nullable=True) for name in NUMBERS],
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_seat_lines_reception_id"), "seat_lines", ["reception_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_seat_lines_reception_id"), table_name="seat_lines")
    op.drop_table("seat_lines")
