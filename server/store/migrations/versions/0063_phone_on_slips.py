"""The number that people call from home stands on their slip"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kiosks", sa.Column("phone", sa.String(40), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("kiosks", "phone")
