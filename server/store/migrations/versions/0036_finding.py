"""Indexes by which cases are found, stretches of ids in PostgreSQL's full-text index, and lists that are kept"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

TOKENS = "string_to_array(search_texts.tokens, ' ')"
STRETCH = "ARRAY['s' || CAST(search_texts.case_id / 4096 AS text)]"
INDEXES = (
    ("ix_cases_organization_id_id", "cases", ["organization_id", "id"]),
    ("ix_cases_state_id", "cases", ["state", "id"]),
    ("ix_cases_unit_id_id", "cases", ["unit_id", "id"]),
    ("ix_cases_filed_at_id", "cases", ["filed_at", "id"]),
    ("ix_assignments_organization_case", "assignments", ["organization_id", "case_id"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    op.drop_index("ix_cases_filed_at", "cases")
    _vector(f"{TOKENS} || {STRETCH}")
    op.create_table(
        "saved_lists",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("at", UtcMoment(), nullable=False),
    )
    for column in ("user_id", "organization_id"):
        op.create_index(f"ix_saved_lists_{column}", "saved_lists", [column])


def _vector(tokens: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_search_texts_vector")
        op.execute(f"CREATE INDEX ix_search_texts_vector ON search_texts USING gin (array_to_tsvector({tokens}))")


def downgrade() -> None:
    op.drop_table("saved_lists")
    _vector(TOKENS)
    op.create_index("ix_cases_filed_at", "cases", ["filed_at"])
    for name, table, _ in INDEXES:
        op.drop_index(name, table)
