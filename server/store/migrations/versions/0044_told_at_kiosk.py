"""身份证 read at the kiosk, and the earlier matter that a talk goes on with"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told_at_kiosk",
        sa.Column("reception_id", sa.String(64), sa.ForeignKey("receptions.id"), primary_key=True),
        sa.Column("number", sa.String(30), nullable=False),
        sa.Column("sex", sa.String(10), nullable=False),
        sa.Column("ethnic_group", sa.String(20), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("earlier_case_id", sa.Integer(), sa.ForeignKey("cases.id")),
    )


def downgrade() -> None:
    op.drop_table("told_at_kiosk")
