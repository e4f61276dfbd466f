"""讲座"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lectures",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("planned_at", UtcMoment(), nullable=False),
        sa.Column("speaker_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("made_by", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("made_at", UtcMoment(), nullable=False),
        sa.Column("state", sa.String(20), nullable=False, index=True),
        sa.Column("media_node", sa.Integer()),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcMoment()),
        sa.Column("ended_at", UtcMoment()),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("manifest", sa.JSON()),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("film_state", sa.String(10), nullable=False),
        sa.Column("film_progress", sa.Float(), nullable=False),
        sa.Column("film_message", sa.Text(), nullable=False),
        sa.Column("film_file", sa.String(200), nullable=False),
        sa.Column("film_size", sa.BigInteger(), nullable=False),
        sa.Column("film_sha256", sa.String(64), nullable=False),
    )
    op.create_index("ix_lectures_organization_planned", "lectures", ["organization_id", "planned_at"])
    op.create_index("ix_lectures_planned", "lectures", ["planned_at", "id"])
    op.create_table(
        "lecture_offices",
        sa.Column("lecture_id", sa.String(64), sa.ForeignKey("lectures.id"), primary_key=True),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), primary_key=True),
        sa.Column("screen_sha256", sa.String(64), unique=True),
        sa.Column("came_at", UtcMoment()),
    )
    op.create_index("ix_lecture_offices_organization", "lecture_offices", ["organization_id", "lecture_id"])


def downgrade() -> None:
    op.drop_table("lecture_offices")
    op.drop_table("lectures")
