"""A matter's query code goes out by SMS as notices do."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notice_deliveries") as table:
        table.alter_column("notice_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("case_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_notice_deliveries_case_id", "cases", ["case_id"], ["id"])
        table.create_index("ix_notice_deliveries_case_id", ["case_id"])


def downgrade() -> None:
    op.execute("DELETE FROM notice_deliveries WHERE notice_id IS NULL")
    with op.batch_alter_table("notice_deliveries") as table:
        table.drop_index("ix_notice_deliveries_case_id")
        table.drop_constraint("fk_notice_deliveries_case_id", type_="foreignkey")
        table.drop_column("case_id")
        table.alter_column("notice_id", existing_type=sa.Integer(), nullable=False)
