"""The record of a talk on site is read at a kiosk, which is not where it was held"""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receptions", sa.Column("read_at_kiosk_id", sa.Integer()))
    op.create_index("ix_receptions_read_at_kiosk_id", "receptions", ["read_at_kiosk_id"])


def downgrade() -> None:
    op.drop_index("ix_receptions_read_at_kiosk_id", "receptions")
    op.drop_column("receptions", "read_at_kiosk_id")
