"""PostgreSQL enters what search reads of a case in its index at once: what waited to be entered was read by every look-up."""

from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX ix_search_texts_vector SET (fastupdate = off)")
        op.execute("SELECT gin_clean_pending_list('ix_search_texts_vector')")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX ix_search_texts_vector RESET (fastupdate)")
