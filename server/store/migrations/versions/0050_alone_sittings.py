"""语音自助登记"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alone_sittings",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kiosk_id", sa.Integer(), sa.ForeignKey("kiosks.id"), nullable=False),
        sa.Column("reception_id", sa.String(64), sa.ForeignKey("receptions.id"), nullable=False, unique=True),
        sa.Column("arrived_at", UtcMoment(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("notice", sa.String(40), nullable=False),
        sa.Column("agreed_at", UtcMoment()),
        sa.Column("questions", sa.String(40), nullable=False),
        sa.Column("ending", sa.String(20), nullable=False),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in ("answers", "photos", "missing")),
        sa.Column("signed_name", sa.String(50), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary()),
        sa.Column("strokes", sa.JSON(), nullable=False),
        sa.Column("signed_at", UtcMoment()),
    )
    op.create_index("ix_alone_sittings_kiosk_id", "alone_sittings", ["kiosk_id"])


def downgrade() -> None:
    op.drop_table("alone_sittings")
