"""The second pass over a recording, and what it proposes"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_passes",
        sa.Column("reception_id", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("message", sa.String(length=200), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("heard", sa.Float(), nullable=False),
        sa.Column("heard_until", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("asked_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("finished_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.PrimaryKeyConstraint("reception_id"),
    )
    op.create_index(op.f("ix_second_passes_state"), "second_passes", ["state"])
    op.create_table(
        "second_utterances",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("reception_id", sa.String(length=64), nullable=False),
        sa.Column("participant_id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participants.id"]),
        sa.ForeignKeyConstraint(["reception_id"], ["receptions.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_second_utterances_reception_start", "second_utterances", ["reception_id", "start"])
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(length=64), nullable=False),
        sa.Column("line_id", sa.String(length=64), nullable=True),
        sa.Column("line_text", sa.Text(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("utterance_id", sa.String(length=64), nullable=True),
        sa.Column("participant_id", sa.String(length=64), nullable=False),
        sa.Column("start", sa.Float(), nullable=False),
        sa.Column("end", sa.Float(), nullable=False),
        sa.Column("pass_number", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("decided_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_suggestions_record_id"), "suggestions", ["record_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_suggestions_record_id"), table_name="suggestions")
    op.drop_table("suggestions")
    op.drop_index("ix_second_utterances_reception_start", table_name="second_utterances")
    op.drop_table("second_utterances")
    op.drop_index(op.f("ix_second_passes_state"), table_name="second_passes")
    op.drop_table("second_passes")
