"""联合接访值班, and colleagues who cannot come"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "joint_duties",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("organization_id", sa.Integer(), sa.ForeignKey("organizations.id"), nullable=False, index=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("way", sa.String(20), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id")),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("unit", sa.String(60), nullable=False),
        sa.Column("phone", sa.String(30), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("weekdays", sa.JSON(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("begins", "ends")),
        *(sa.Column(name, sa.Date()) for name in ("first_on", "last_on")),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("changed_at", UtcMoment(), nullable=False),
    )
    op.add_column("invitations", sa.Column("declined_at", UtcMoment()))
    op.add_column("invitations", sa.Column("duty_id", sa.Integer()))


def downgrade() -> None:
    op.drop_column("invitations", "duty_id")
    op.drop_column("invitations", "declined_at")
    op.drop_table("joint_duties")
