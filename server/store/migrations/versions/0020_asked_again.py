"""How often a language model was asked, and when it is asked again"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("model_questions", sa.Column("asked", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("model_questions", sa.Column("again_at", UtcMoment(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("model_questions", "again_at")
    op.drop_column("model_questions", "asked")
