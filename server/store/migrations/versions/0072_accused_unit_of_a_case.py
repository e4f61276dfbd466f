"""What was said of the unit complained about stays with a matter that did not come by a talk: it was forgotten."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("accused_unit", sa.String(500), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("cases", "accused_unit")
