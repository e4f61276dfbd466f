"""Whom a record accuses, and until when a kiosk may show a record

Records that are there already are worked out here by the same rule as new ones.
"""

import sqlalchemy as sa
from alembic import op

from server.domain.accused import Named, accused_in

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

VALUES = sa.text(
    "SELECT record_id, field, value FROM form_entries WHERE field IN ('purpose', 'accused_unit') AND value <> ''"
)


def upgrade() -> None:
    op.add_column("records", sa.Column("accusation", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("receptions", sa.Column("kiosk_open_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("receptions", sa.Column("unlock_tries", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "accused_units",
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("record_id", "organization_id"),
    )
    _work_out(op.get_bind())


def _work_out(connection: sa.Connection) -> None:
    known = [Named(*row) for row in connection.execute(sa.text("SELECT id, path, name FROM organizations"))]
    accused = sa.text("INSERT INTO accused_units (record_id, organization_id) VALUES (:record, :organization)")
    accusation = sa.text("UPDATE records SET accusation = :true WHERE id = :record")
    for record, field, value in connection.execute(VALUES).all():
        if field == "purpose" and value == "accusation":
            connection.execute(accusation, {"record": record, "true": True})
        elif field == "accused_unit":
            for number in accused_in(value, known):
                connection.execute(accused, {"record": record, "organization": number})


def downgrade() -> None:
    op.drop_table("accused_units")
    op.drop_column("receptions", "unlock_tries")
    op.drop_column("receptions", "kiosk_open_until")
    op.drop_column("records", "accusation")
