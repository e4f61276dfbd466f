"""Limits are counted from an index alone, and those that were taken back late are found without looking at all others."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

FIGURES = ["organization_id", "rule", "due_on"]


def upgrade() -> None:
    op.drop_index("ix_deadlines_figures", "deadlines")
    op.create_index("ix_deadlines_figures", "deadlines", [*FIGURES, "case_id", "done_on", "dropped_on"])
    late = sa.text("dropped_on > due_on")
    op.create_index(
        "ix_deadlines_taken_back_late", "deadlines", [*FIGURES, "case_id", "dropped_on"], sqlite_where=late, postgresql_where=late
    )


def downgrade() -> None:
    op.drop_index("ix_deadlines_taken_back_late", "deadlines")
    op.drop_index("ix_deadlines_figures", "deadlines")
    op.create_index("ix_deadlines_figures", "deadlines", FIGURES)
