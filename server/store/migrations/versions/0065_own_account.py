"""A password that somebody else chose is changed first; a second step of the log-in, and its codes for a lost telephone"""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("password_given", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("users", sa.Column("two_step", sa.String(200), server_default="", nullable=False))
    op.add_column("users", sa.Column("two_step_used", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("users", sa.Column("recovery_codes", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    for column in ("recovery_codes", "two_step_used", "two_step", "password_given"):
        op.drop_column("users", column)
