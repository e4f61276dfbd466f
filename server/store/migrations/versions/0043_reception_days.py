"""接访日 and 预约"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("receptions", sa.Column("channel", sa.String(20), nullable=False, server_default="video"))
    op.create_table(
        "reception_days",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("leader_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("begins", "slots", "slot_minutes")),
        sa.Column("place", sa.String(100), nullable=False, server_default=""),
        sa.Column("charge", sa.String(100), nullable=False, server_default=""),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(200), nullable=False, server_default=""),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
    )
    op.create_index("ix_reception_days_organization_day", "reception_days", ["organization_id", "on_day"])
    op.create_index("ix_reception_days_leader_day", "reception_days", ["leader_id", "on_day"])
    op.create_index("ix_reception_days_on_day", "reception_days", ["on_day"])
    op.create_table(
        "reception_duties",
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), primary_key=True),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(10), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("place_id", sa.Integer(), sa.ForeignKey("organizations.id")),
        sa.Column("code", sa.String(20), nullable=False, unique=True),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("phone", sa.String(20), nullable=False),
        sa.Column("matter", sa.String(200), nullable=False),
        sa.Column("category", sa.String(100), nullable=False, server_default=""),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("day_id", sa.Integer(), sa.ForeignKey("reception_days.id")),
        sa.Column("slot", sa.Integer()),
        sa.Column("why", sa.String(200), nullable=False, server_default=""),
        sa.Column("asked_at", UtcMoment(), nullable=False),
        sa.Column("reception_id", sa.String(64), sa.ForeignKey("receptions.id"), unique=True),
    )
    op.create_index("ix_bookings_slot", "bookings", ["day_id", "slot"], unique=True)
    op.create_index("ix_bookings_organization_state", "bookings", ["organization_id", "state", "id"])
    op.create_index("ix_bookings_place_state", "bookings", ["place_id", "state", "id"])
    op.create_table(
        "booking_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("booking_id", sa.Integer(), sa.ForeignKey("bookings.id"), nullable=False, index=True),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("why", sa.String(200), nullable=False, server_default=""),
        sa.Column("day_id", sa.Integer()),
        sa.Column("slot", sa.Integer()),
    )


def downgrade() -> None:
    for table in ("booking_events", "bookings", "reception_duties", "reception_days"):
        op.drop_table(table)
    op.drop_column("receptions", "channel")
