"""Each reception lives on one of several media nodes"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receptions", sa.Column("media_node", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("receptions", "media_node")
