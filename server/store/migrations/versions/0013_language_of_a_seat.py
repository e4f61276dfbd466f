"""What is spoken on a seat"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("participants", "invitations"):
        op.add_column(table, sa.Column("language", sa.String(length=10), server_default="zh", nullable=False))


def downgrade() -> None:
    for table in ("participants", "invitations"):
        op.drop_column(table, "language")
