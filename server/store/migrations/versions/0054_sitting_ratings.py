"""How somebody was satisfied with the talk itself, asked at the kiosk right after the slip."""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sitting_ratings",
        sa.Column("reception_id", sa.String(64), sa.ForeignKey("receptions.id"), primary_key=True),
        sa.Column("score", sa.String(20), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("sitting_ratings")
