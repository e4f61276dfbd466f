"""积案台账 and 典型案例"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hard_cases",
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id"), primary_key=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("risk", sa.String(10), nullable=False),
        sa.Column("risk_reason", sa.String(500), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("leader_id", sa.Integer(), sa.ForeignKey("users.id")),
        sa.Column("measures", sa.String(500), nullable=False),
        sa.Column("last_words", sa.String(500), nullable=False),
        sa.Column("changed_at", UtcMoment(), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("asked_by_id", sa.Integer()),
        sa.Column("closed_on", sa.Date()),
    )
    op.create_index("ix_hard_cases_state", "hard_cases", ["state", "case_id"])
    op.create_index("ix_hard_cases_leader_id", "hard_cases", ["leader_id", "state"])
    op.create_table(
        "model_cases",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("case_id", sa.Integer(), sa.ForeignKey("cases.id"), nullable=False),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(100), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("situation", "handling", "result", "lesson")),
        sa.Column("published", sa.JSON()),
        sa.Column("published_text", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_by_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("approved_by", sa.String(64), nullable=False),
        sa.Column("approved_at", UtcMoment()),
    )
    op.create_index("ix_model_cases_case_id", "model_cases", ["case_id"])
    op.create_index("ix_model_cases_state", "model_cases", ["state", "id"])
    op.create_table(
        "model_covers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("model_id", sa.Integer(), sa.ForeignKey("model_cases.id"), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("instead", sa.String(100), nullable=False),
        sa.Column("decision", sa.String(10), nullable=False),
        sa.Column("decided_by", sa.String(64), nullable=False),
        sa.Column("decided_at", UtcMoment()),
        sa.UniqueConstraint("model_id", "text"),
    )


def downgrade() -> None:
    for table in ("model_covers", "model_cases", "hard_cases"):
        op.drop_table(table)
