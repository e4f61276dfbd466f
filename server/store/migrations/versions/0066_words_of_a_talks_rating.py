"""Who says at the kiosk how the talk was may add a sentence, which supervisors read"""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sitting_ratings", sa.Column("words", sa.String(500), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("sitting_ratings", "words")
