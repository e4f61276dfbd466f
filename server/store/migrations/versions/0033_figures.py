"""Figures: the day a limit stopped to hold, who received on site, digests, and indexes by which is counted"""

import sqlalchemy as sa
from alembic import op

from server.store import guard
from server.store.models import UtcMoment

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_cases_organization_filed_at": ("cases", ["organization_id", "filed_at"]),
    "ix_cases_unit_filed_at": ("cases", ["unit_id", "filed_at"]),
    "ix_cases_organization_concluded_on": ("cases", ["organization_id", "concluded_on"]),
    "ix_cases_received_by_id": ("cases", ["received_by_id", "received_on"]),
    "ix_deadlines_figures": ("deadlines", ["organization_id", "rule", "due_on"]),
    "ix_receptions_started_at": ("receptions", ["started_at"]),
}
DAY = {"sqlite": "date(dropped_at, '+8 hours')", "postgresql": "CAST(dropped_at AT TIME ZONE 'Asia/Shanghai' AS date)"}


def upgrade() -> None:
    op.add_column("deadlines", sa.Column("dropped_on", sa.Date(), nullable=True))
    op.execute(f"UPDATE deadlines SET dropped_on = {DAY[op.get_bind().dialect.name]} WHERE dropped_at IS NOT NULL")
    guard.drop_triggers(op.get_bind(), "cases")
    op.add_column("cases", sa.Column("received_by_id", sa.Integer(), nullable=True))
    guard.create_triggers(op.get_bind(), "cases")
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)
    op.create_index(
        "ix_cases_accusation", "cases", ["accusation"],
        sqlite_where=sa.text("accusation = 1"), postgresql_where=sa.text("accusation"),
    )  # fmt: skip
    op.create_table("digests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("period", sa.String(length=12), nullable=False),
        sa.Column("made_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "kind", "first")
    )
    op.create_index("ix_digests_first", "digests", ["first", "kind"])


def downgrade() -> None:
    op.drop_table("digests")
    op.drop_index("ix_cases_accusation", "cases")
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table)
    guard.drop_triggers(op.get_bind(), "cases")
    op.drop_column("cases", "received_by_id")
    guard.create_triggers(op.get_bind(), "cases")
    op.drop_column("deadlines", "dropped_on")
