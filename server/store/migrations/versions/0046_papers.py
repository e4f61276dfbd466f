"""材料 that were photographed at a kiosk"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kiosk_id", sa.Integer(), sa.ForeignKey("kiosks.id"), nullable=False),
        sa.Column("reception_id", sa.String(64), sa.ForeignKey("receptions.id"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("shown_at", UtcMoment(), nullable=False),
        sa.Column("position", sa.Float()),
        sa.Column("pages", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False, server_default=""),
        sa.Column("pdf_size", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("stored_at", UtcMoment()),
    )
    op.create_index("ix_papers_reception_id", "papers", ["reception_id"])


def downgrade() -> None:
    op.drop_table("papers")
