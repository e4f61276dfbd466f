"""An encoder in the interview room may be a kiosk's camera"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kiosks", sa.Column("camera_key_sha256", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("kiosks", sa.Column("camera_sound", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("kiosks", "camera_sound")
    op.drop_column("kiosks", "camera_key_sha256")
