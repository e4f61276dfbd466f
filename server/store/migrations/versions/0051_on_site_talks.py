"""现场接访、下访、约访"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kiosks", sa.Column("kind", sa.String(10), nullable=False, server_default="kiosk"))
    op.add_column("receptions", sa.Column("place", sa.String(100), nullable=False, server_default=""))
    op.create_table(
        "on_site_talks",
        sa.Column("reception_id", sa.String(64), sa.ForeignKey("receptions.id"), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("leader_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("queued", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("notice", sa.String(500), nullable=False),
        sa.Column("agreed_words", sa.String(100), nullable=False),
        sa.Column("agreed_at", UtcMoment()),
        sa.Column("agreed_before", sa.String(64), nullable=False),
    )
    op.create_index("ix_on_site_talks_made_at", "on_site_talks", ["made_at"])


def downgrade() -> None:
    op.drop_table("on_site_talks")
    op.drop_column("receptions", "place")
    op.drop_column("kiosks", "kind")
