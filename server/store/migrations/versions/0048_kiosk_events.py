"""What happened to kiosks' programs"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kiosk_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kiosk_id", sa.Integer(), sa.ForeignKey("kiosks.id"), nullable=False),
        sa.Column("log", sa.String(64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.String(30), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.UniqueConstraint("kiosk_id", "log", "number"),
    )
    op.create_index("ix_kiosk_events_kiosk_id_id", "kiosk_events", ["kiosk_id", "id"])


def downgrade() -> None:
    op.drop_table("kiosk_events")
