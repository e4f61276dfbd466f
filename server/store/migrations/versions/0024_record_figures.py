"""What correcting a record took"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "record_figures",
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("settled_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("audio_s", sa.Float(), nullable=False),
        sa.Column("work_s", sa.Float(), nullable=False),
        sa.Column("marked", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("offered", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("ix_record_figures_settled_at", "record_figures", ["settled_at"])


def downgrade() -> None:
    op.drop_index("ix_record_figures_settled_at", "record_figures")
    op.drop_table("record_figures")
