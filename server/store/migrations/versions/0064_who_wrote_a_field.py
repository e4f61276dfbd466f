"""Who wrote a field of the form stands with it; of fields written before, the revisions alone tell"""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("form_entries", sa.Column("edited_by", sa.String(64), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("form_entries", "edited_by")
