"""Photographs of a sitting alone are papers like all others."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("alone_sittings") as table:
        table.drop_column("photos")


def downgrade() -> None:
    with op.batch_alter_table("alone_sittings") as table:
        table.add_column(sa.Column("photos", sa.JSON(), nullable=False, server_default="[]"))
