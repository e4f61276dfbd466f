"""Brings the tables of the case store to the newest shape (alembic); run at every start of the web program."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config() -> Config:
    """Alembic's settings without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def migrate(engine: Engine) -> None:
    """Upgrade to the newest revision in one transaction."""
    with engine.begin() as connection:
        command.upgrade(_config_over(connection), "heads")


def downgrade(connection: Connection, to: str) -> None:
    """Take the tables back to an older revision: what came since is lost.  For tests."""
    command.downgrade(_config_over(connection), to)


def _config_over(connection: Connection) -> Config:
    config = alembic_config()
    config.attributes["connection"] = connection
    return config


def revision(connection: Connection) -> str:
    """The revision that the tables have."""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


def revisions() -> list[str]:
    """Every revision that this program knows, the newest first."""
    return [script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()]
