"""An index says whose the shares of a case are and in what state: desks and lists ask it of thousands of cases."""

from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_assignments_case_state", "assignments", ["case_id", "state", "organization_id"])
    op.drop_index("ix_assignments_case_id", "assignments")


def downgrade() -> None:
    op.create_index("ix_assignments_case_id", "assignments", ["case_id"])
    op.drop_index("ix_assignments_case_state", "assignments")
