"""The queue: places, what happened to them, who is on duty, an office's own rules; whoever waits now has a place."""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("state", "ended_at"):
        op.create_index(f"ix_receptions_organization_id_{column}", "receptions", ["organization_id", column])
    op.create_table(
        "queue_places",
        sa.Column("reception_id", sa.String(64), sa.ForeignKey("receptions.id"), primary_key=True),
        sa.Column("claims", sa.JSON(), nullable=False),
        sa.Column("wanted_id", sa.Integer(), sa.ForeignKey("users.id")),
        sa.Column("called_by_id", sa.Integer(), sa.ForeignKey("users.id")),
        sa.Column("called_at", UtcMoment()),
        sa.Column("skipped_at", UtcMoment()),
        sa.Column("lets_pass", sa.JSON(), nullable=False),
        sa.Column("skips", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    for column in ("wanted_id", "called_by_id"):
        op.create_index(f"ix_queue_places_{column}", "queue_places", [column])
    op.create_table(
        "queue_events",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("reception_id", sa.String(64), sa.ForeignKey("receptions.id"), nullable=False),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("why", sa.String(200), nullable=False, server_default=""),
        sa.Column("details", sa.JSON(), nullable=False),
    )
    op.create_index("ix_queue_events_reception_id", "queue_events", ["reception_id"])
    op.create_index("ix_queue_events_organization_id_at", "queue_events", ["organization_id", "at"])
    op.create_table(
        "queue_duties",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("since", UtcMoment(), nullable=False),
        sa.Column("until", UtcMoment()),
    )
    op.create_index("ix_queue_duties_organization_id_until", "queue_duties", ["organization_id", "until"])
    op.create_index(
        "ix_queue_duties_one_at_a_time", "queue_duties", ["user_id", "organization_id"], unique=True,
        sqlite_where=sa.text("until IS NULL"), postgresql_where=sa.text("until IS NULL"),
    )  # fmt: skip
    op.create_table(
        "queue_rules",
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), primary_key=True),
        sa.Column("rule_id", sa.String(40), primary_key=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("changed_at", UtcMoment(), nullable=False),
    )
    waiting = "SELECT id, '[]', '[]', 0, 1 FROM receptions WHERE state = 'waiting'"
    columns = "reception_id, claims, lets_pass, skips, version"
    op.execute(f"INSERT INTO queue_places ({columns}) {waiting}")


def downgrade() -> None:
    for table in ("queue_rules", "queue_duties", "queue_events", "queue_places"):
        op.drop_table(table)
    for column in ("state", "ended_at"):
        op.drop_index(f"ix_receptions_organization_id_{column}", "receptions")
