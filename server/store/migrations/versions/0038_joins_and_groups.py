"""Merged and split cases, and groups of like cases"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

MOMENT = UtcMoment(timezone=True)
TABLES = ("group_events", "group_measures", "group_cases", "case_groups", "case_joins")


def upgrade() -> None:
    _joins()
    _groups()
    op.create_index("ix_cases_merged_into_id", "cases", ["merged_into_id"])


def downgrade() -> None:
    op.drop_index("ix_cases_merged_into_id", "cases")
    for name in TABLES:
        op.drop_table(name)


def _joins() -> None:
    op.create_table("case_joins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("case_version", sa.Integer(), nullable=False),
        sa.Column("other_event_id", sa.Integer(), nullable=False),
        sa.Column("kept", sa.JSON(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["other_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_joins_case_id", "case_joins", ["case_id"])
    op.create_index("ix_case_joins_other_id", "case_joins", ["other_id"])


def _groups() -> None:
    op.create_table("case_groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("lead_unit_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=500), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.ForeignKeyConstraint(["lead_unit_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_case_groups_organization_id", "case_groups", ["organization_id"])
    op.create_index("ix_case_groups_lead_unit_id", "case_groups", ["lead_unit_id"])
    op.create_table("group_cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("left_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["case_groups.id"]),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_group_cases_case_id", "group_cases", ["case_id"])
    op.create_index("ix_group_cases_group_left_case", "group_cases", ["group_id", "left_at", "case_id"])
    standing = sa.text("left_at IS NULL")
    op.create_index(
        "ix_group_cases_one_at_a_time", "group_cases", ["case_id"], unique=True, sqlite_where=standing, postgresql_where=standing
    )
    op.create_table("group_measures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=500), server_default="", nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["case_groups.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_group_measures_group_id", "group_measures", ["group_id"])
    op.create_table("group_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(length=500), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["case_groups.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_group_events_group_id", "group_events", ["group_id"])
