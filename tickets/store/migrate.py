"""Bring a database to the newest schema, with Alembic's scripts from inside the package."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from tickets.store.database import Database

SCRIPTS: Final = Path(__file__).parent / "migrations"


def alembic_config(connection: Connection) -> Config:
    """Return a configuration that runs on `connection` and prints nothing."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade_on(connection: Connection) -> None:
    """Create or upgrade the schema within a transaction of the caller's."""
    command.upgrade(alembic_config(connection), "head")


def is_current(connection: Connection) -> bool:
    """Return whether the schema is this version's."""
    head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


async def migrate(database: Database) -> None:
    """Create or upgrade the schema in one transaction; a failure leaves the database as it was."""
    async with database.rebuild() as connection:
        await connection.run_sync(upgrade_on)
