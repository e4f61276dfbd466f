"""Where a kiosk stands, and what the administrators were told is wrong there"""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kiosks", sa.Column("room", sa.String(60), server_default="", nullable=False))
    op.add_column("kiosk_agents", sa.Column("alerts_told", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("kiosk_agents", "alerts_told")
    op.drop_column("kiosks", "room")
