"""Links by which a record is read on a petitioner's own telephone"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_links",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("digits", sa.String(length=64), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("whom", sa.String(length=50), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("expires_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("opened_at", UtcMoment(timezone=True), nullable=True),
        sa.Column("revoked_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code_sha256"),
    )
    op.create_index("ix_reading_links_record_id", "reading_links", ["record_id"])
    op.create_index("ix_reading_links_key_sha256", "reading_links", ["key_sha256"])


def downgrade() -> None:
    op.drop_index("ix_reading_links_key_sha256", "reading_links")
    op.drop_index("ix_reading_links_record_id", "reading_links")
    op.drop_table("reading_links")
