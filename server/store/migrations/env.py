"""Alembic's entry: runs migrations over the connection that server/store/migrate.py hands it."""

from alembic import context
from sqlalchemy import text

from server.store.models import Base

MIGRATION_LOCK = 7305214
"""Key of the PostgreSQL advisory lock: of several web programs that start at once, one migrates."""

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, transactional_ddl=False)
context.run_migrations()
