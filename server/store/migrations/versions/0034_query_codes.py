"""Query codes of all cases, and what petitioners ask for with them"""

import sqlalchemy as sa
from alembic import op

from server.store.models import UtcMoment
from server.store.querycodes import new_query_code

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("query_code", sa.String(length=20), nullable=True))
    op.execute("UPDATE cases SET query_code = (SELECT r.query_code FROM receptions r WHERE r.id = cases.reception_id)")
    connection = op.get_bind()
    for number in connection.scalars(sa.text("SELECT id FROM cases WHERE query_code IS NULL")).all():
        connection.execute(sa.text("UPDATE cases SET query_code = :code WHERE id = :id"), {"code": new_query_code(), "id": number})
    op.create_index("ix_cases_query_code", "cases", ["query_code"], unique=True)
    op.add_column("progress_tries", sa.Column("code", sa.String(length=64), server_default="", nullable=False))
    op.create_index("ix_progress_tries_code", "progress_tries", ["code"])
    op.create_table("petitioner_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("asked_at", UtcMoment(timezone=True), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("taken_at", UtcMoment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"]),
        sa.PrimaryKeyConstraint("id")
    )
    op.create_index("ix_petitioner_requests_case_id", "petitioner_requests", ["case_id"])
    op.create_index("ix_petitioner_requests_organization_taken", "petitioner_requests", ["organization_id", "taken_at"])


def downgrade() -> None:
    op.drop_table("petitioner_requests")
    op.drop_index("ix_progress_tries_code", "progress_tries")
    op.drop_column("progress_tries", "code")
    op.drop_index("ix_cases_query_code", "cases")
    op.drop_column("cases", "query_code")
