"""Somebody who waits asks for an interpreter"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("queue_places", sa.Column("interpreter", sa.String(10), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("queue_places", "interpreter")
