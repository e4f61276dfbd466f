"""What a language model proposes for the form"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_questions",
        sa.Column("reception_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("message", sa.String(length=200), nullable=False),
        sa.Column("asked_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("finished_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.PrimaryKeyConstraint("reception_id"),
    )
    op.create_index(op.f("ix_model_questions_state"), "model_questions", ["state"])
    op.create_table(
        "proposals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=30), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("utterance_ids", sa.JSON(), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_proposals_record_id"), "proposals", ["record_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_proposals_record_id"), table_name="proposals")
    op.drop_table("proposals")
    op.drop_index(op.f("ix_model_questions_state"), table_name="model_questions")
    op.drop_table("model_questions")
