"""What leaders promised, followed until it is done"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commitments",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("reception_id", sa.String(64), sa.ForeignKey("receptions.id"), nullable=False),
        sa.Column("promise_id", sa.String(80), nullable=False),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id")),
        sa.Column("unit_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("what", sa.String(1000), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("promised_by_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("promised_at", UtcMoment(), nullable=False),
        sa.Column("assign", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("ended_by", sa.String(64), nullable=False),
        sa.Column("ended_on", sa.Date()),
        sa.Column("deadline_id", sa.Integer()),
        sa.UniqueConstraint("reception_id", "promise_id"),
    )
    op.create_index("ix_commitments_case_id", "commitments", ["case_id"])
    for name, column in (("unit", "unit_id"), ("leader", "promised_by_id"), ("organization", "organization_id")):
        op.create_index(f"ix_commitments_{name}", "commitments", [column, "state", "due_on", "id"])
    op.create_index("ix_commitments_state", "commitments", ["state", "due_on", "id"])


def downgrade() -> None:
    op.drop_table("commitments")
