"""How loud a seat's microphone was, beside the other numbers of its line."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("seat_lines", sa.Column("level", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("seat_lines", "level")
