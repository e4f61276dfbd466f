"""The kiosk's own copy: its program, what it uploads, and the gaps that this fills"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kiosk_agents",
        sa.Column("kiosk_id", sa.Integer(), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("waiting_bytes", sa.BigInteger(), nullable=False),
        sa.Column("oldest", sa.DateTime(timezone=True), nullable=True),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosks.id"]),
        sa.PrimaryKeyConstraint("kiosk_id"),
        sa.UniqueConstraint("token_sha256"),
    )
    op.create_table(
        "kiosk_copies",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), nullable=False),
        sa.Column("reception_id", sa.String(length=64), nullable=False),
        sa.Column("participant_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Float(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosks.id"]),
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_kiosk_copies_reception_id", "kiosk_copies", ["reception_id"])
    op.create_index("ix_kiosk_copies_kiosk_state", "kiosk_copies", ["kiosk_id", "state"])
    op.create_table(
        "gap_fills",
        sa.Column("gap_id", sa.Integer(), nullable=False),
        sa.Column("copy_id", sa.String(length=64), nullable=False),
        sa.Column("reception_id", sa.String(length=64), nullable=False),
        sa.Column("participant_id", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("file", sa.String(length=200), nullable=False),
        sa.Column("file_start", sa.Float(), nullable=False),
        sa.Column("file_seconds", sa.Float(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("pictures", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["copy_id"], ["kiosk_copies.id"]),
        sa.ForeignKeyConstraint(["gap_id"], ["gaps.id"]),
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.PrimaryKeyConstraint("gap_id", "copy_id"),
    )
    op.create_index("ix_gap_fills_reception_id", "gap_fills", ["reception_id"])
    op.add_column("utterances", sa.Column("copy_id", sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column("utterances", "copy_id")
    op.drop_index("ix_gap_fills_reception_id", "gap_fills")
    op.drop_table("gap_fills")
    op.drop_index("ix_kiosk_copies_kiosk_state", "kiosk_copies")
    op.drop_index("ix_kiosk_copies_reception_id", "kiosk_copies")
    op.drop_table("kiosk_copies")
    op.drop_table("kiosk_agents")
