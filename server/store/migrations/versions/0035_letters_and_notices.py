"""Letters keep their words, deadlines the limit they began with; notices, reminders, changes of local limits"""

import sqlalchemy as sa
from alembic import op

from server.store import guard
from server.store.models import UtcMoment

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

LETTER_COLUMNS = ("number", "content", "content_sha256")
DEADLINE_COLUMNS = ("days", "unit", "local_source", "letter_id", "remind_on")


def upgrade() -> None:
    op.add_column("letters", sa.Column("number", sa.String(length=60), server_default="", nullable=False))
    op.add_column("letters", sa.Column("content", sa.JSON(), nullable=True))
    op.add_column("letters", sa.Column("content_sha256", sa.String(length=64), server_default="", nullable=False))
    guard.create_triggers(op.get_bind(), "letters")
    op.add_column("deadlines", sa.Column("days", sa.Integer(), nullable=True))
    op.add_column("deadlines", sa.Column("unit", sa.String(length=20), server_default="", nullable=False))
    op.add_column("deadlines", sa.Column("local_source", sa.String(length=200), server_default="", nullable=False))
    op.add_column("deadlines", sa.Column("letter_id", sa.Integer(), nullable=True))
    op.add_column("deadlines", sa.Column("remind_on", sa.Date(), nullable=True))
    op.create_index("ix_deadlines_remind_on", "deadlines", ["remind_on"])
    # Whatever runs is looked at once; the first look finds the day of the next.
    op.execute("UPDATE deadlines SET remind_on = starts_on WHERE done_at IS NULL AND dropped_at IS NULL")
    op.create_table("local_limit_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("at", UtcMoment(timezone=True), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("old", sa.JSON(), nullable=True),
        sa.Column("new", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_local_limit_changes_organization_id", "local_limit_changes", ["organization_id"])
    op.create_table("notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about", sa.String(length=40), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("at", UtcMoment(timezone=True), nullable=False),
        sa.Column("read_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_notices_user_read", "notices", ["user_id", "read_at", "id"])
    op.create_table("staff_contacts",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mail", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("user_id")
    )
    op.create_table("notice_deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcMoment(timezone=True), nullable=True),
        sa.Column("ended_at", UtcMoment(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("notice_id", "way")
    )
    op.create_index("ix_notice_deliveries_next_at", "notice_deliveries", ["next_at"])
    op.create_table("reminders",
        sa.Column("deadline_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("at", UtcMoment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadlines.id"]),
        sa.PrimaryKeyConstraint("deadline_id", "due_on", "stage")
    )


def downgrade() -> None:
    for table in ("reminders", "notice_deliveries", "staff_contacts", "notices", "local_limit_changes"):
        op.drop_table(table)
    op.drop_index("ix_deadlines_remind_on", "deadlines")
    for column in DEADLINE_COLUMNS:
        op.drop_column("deadlines", column)
    guard.drop_triggers(op.get_bind(), "letters")
    for column in LETTER_COLUMNS:
        op.drop_column("letters", column)
