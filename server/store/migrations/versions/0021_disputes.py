"""What the petitioner says should stand in a line"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("line_id", sa.String(length=64), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("piece", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("said", sa.String(length=400), nullable=False),
        sa.Column("sound", sa.LargeBinary(), nullable=True),
        sa.Column("sound_type", sa.String(length=20), nullable=False),
        sa.Column("at", UtcMoment(timezone=True), nullable=False),
        sa.Column("withdrawn_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_disputes_record_id", "disputes", ["record_id"])


def downgrade() -> None:
    op.drop_index("ix_disputes_record_id", "disputes")
    op.drop_table("disputes")
