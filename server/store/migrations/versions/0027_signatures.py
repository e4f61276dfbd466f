"""Signatures of several people on several versions, with strokes, reasons and witnesses"""

import sqlalchemy as sa
from alembic import op

from server.store import guard
from server.store.models import UtcMoment

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

COLUMNS = (
    "record_id, record_sha256, image, kiosk_id, at, record_version, role, name, way, strokes, reason, witness, device, place, link_id"
)
OLD = (
    "s.record_id, s.record_sha256, s.image, s.kiosk_id, s.at, r.version, 'petitioner', p.petitioner_name, 'handwritten', {none}, '', '', '',"
    " 'kiosk', ''"
)
NONE = {"sqlite": "'[]'", "postgresql": "CAST('[]' AS JSON)"}
"""No strokes; SQLite would make a number of a cast to JSON."""


def upgrade() -> None:
    guard.drop_triggers(op.get_bind(), "signatures")
    op.create_table(
        "new_signatures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("record_sha256", sa.String(length=64), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=True),
        sa.Column("strokes", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("witness", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=100), nullable=False),
        sa.Column("place", sa.String(length=10), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), nullable=True),
        sa.Column("link_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcMoment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosks.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    old = OLD.format(none=NONE[op.get_bind().dialect.name])
    op.execute(
        f"INSERT INTO new_signatures ({COLUMNS}) SELECT {old} FROM signatures s"
        " JOIN records r ON r.id = s.record_id JOIN receptions p ON p.id = r.reception_id"
    )
    op.drop_table("signatures")
    op.rename_table("new_signatures", "signatures")
    op.create_index("ix_signatures_record_id", "signatures", ["record_id"])
    guard.create_triggers(op.get_bind(), "signatures")


def downgrade() -> None:
    guard.drop_triggers(op.get_bind(), "signatures")
    op.drop_index("ix_signatures_record_id", "signatures")
    op.create_table(
        "old_signatures",
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("record_sha256", sa.String(length=64), nullable=False),
        sa.Column("image", sa.LargeBinary(), nullable=False),
        sa.Column("kiosk_id", sa.Integer(), nullable=True),
        sa.Column("at", UtcMoment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["kiosk_id"], ["kiosks.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.execute(
        "INSERT INTO old_signatures (record_id, record_sha256, image, kiosk_id, at) SELECT record_id, record_sha256, image, kiosk_id, at"
        " FROM signatures WHERE id IN (SELECT max(id) FROM signatures WHERE role = 'petitioner' AND image IS NOT NULL GROUP BY record_id)"
    )
    op.drop_table("signatures")
    op.rename_table("old_signatures", "signatures")
    guard.create_triggers(op.get_bind(), "signatures")
