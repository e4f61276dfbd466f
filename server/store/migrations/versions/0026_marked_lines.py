"""Lines that a clerk marked to come back to"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("record_lines", sa.Column("marked", sa.String(length=200), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("record_lines", "marked")
