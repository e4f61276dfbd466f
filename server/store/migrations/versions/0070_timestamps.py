"""An outside authority signs when a recording was closed and a record signed (RFC 3161)"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "timestamps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reception_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("authority", sa.String(200), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("reception_id", "kind", "sha256"),
    )
    op.create_index("ix_timestamps_next_at", "timestamps", ["next_at"])


def downgrade() -> None:
    op.drop_table("timestamps")
