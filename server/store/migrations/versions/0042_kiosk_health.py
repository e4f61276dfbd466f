"""How kiosks are doing, and orders to open their pages again"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("kiosk_agents") as table:
        table.add_column(sa.Column("health", sa.JSON(), nullable=True))
        table.add_column(sa.Column("restart", sa.String(40), nullable=False, server_default=""))
        table.add_column(sa.Column("restart_asked_at", UtcMoment(), nullable=True))
        table.add_column(sa.Column("restarted_at", UtcMoment(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("kiosk_agents") as table:
        for name in ("restarted_at", "restart_asked_at", "restart", "health"):
            table.drop_column(name)
