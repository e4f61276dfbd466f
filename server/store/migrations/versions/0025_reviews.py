"""Filed records that a second pair of ears hears"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("drawn_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("filed", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.ForeignKeyConstraint(["reviewer_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("case_id"),
    )
    op.create_index("ix_reviews_organization_id", "reviews", ["organization_id"])
    op.create_index("ix_reviews_reviewer_id", "reviews", ["reviewer_id"])
    op.create_table(
        "review_findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("line_id", sa.String(length=64), nullable=True),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("at", UtcMoment(timezone=True), nullable=False),
        sa.Column("seen_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["review_id"], ["reviews.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_review_findings_review_id", "review_findings", ["review_id"])
    op.add_column("supplements", sa.Column("finding_id", sa.Integer(), nullable=True))
    op.create_index("ix_supplements_finding_id", "supplements", ["finding_id"])


def downgrade() -> None:
    op.drop_index("ix_supplements_finding_id", "supplements")
    op.drop_column("supplements", "finding_id")
    op.drop_table("review_findings")
    op.drop_table("reviews")
    op.drop_table("review_days")
