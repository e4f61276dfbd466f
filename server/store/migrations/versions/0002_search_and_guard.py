"""Search index; triggers that keep filed records as they are"""

from alembic import op

from server.store import guard, search

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    search.create_index(op.get_bind())
    guard.create_triggers(op.get_bind())


def downgrade() -> None:
    guard.drop_triggers(op.get_bind())
    search.drop_index(op.get_bind())
