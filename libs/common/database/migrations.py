"""Runs each service's Alembic migrations, one at a time, never waiting long for a lock."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_SERVICES = Path(__file__).parents[3] / "services"
_SCRIPTS = Path(__file__).parent / "migrating"
_alembic = asyncio.Lock()
"""Alembic keeps its state in module globals: only one migration at a time in a process, whatever the database."""
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('footprint migrations', 0))")
_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '10s'")


def versions_of(service: str) -> Path:
    """Return the folder of a service's migrations."""
    return _SERVICES / service / "migrations" / "versions"


async def migrate(url: str, service: str) -> None:
    """Migrate a service's database to its newest version; see `migrate_by`."""
    await migrate_by(url, versions_of(service))


async def migrate_by(url: str, versions: Path) -> None:
    """Migrate a database to the newest version, in one transaction.

    A second process waits for the first, then finds nothing to do. Raises sqlalchemy.exc.DBAPIError if a table lock is
    not granted within 10 seconds: waiting longer would block everyone queued behind it.
    """
    await _run(url, lambda connection: command.upgrade(configuration(versions, connection), "head"))


async def new_revision(url: str, service: str, message: str) -> Path:
    """Write the next migration from the difference between the models and a database, which is migrated first.

    Alembic does not see exclusion and check constraints: add those by hand. Returns the file.
    """
    metadata: MetaData = import_module(f"services.{service}.tables").METADATA
    return await new_revision_by(url, versions_of(service), metadata, message)


async def new_revision_by(url: str, versions: Path, metadata: MetaData, message: str) -> Path:
    """Write the next migration into this folder; see `new_revision`."""
    await migrate_by(url, versions)
    written: list[Path] = []

    def write(connection: Connection) -> None:
        number = f"{len(list(versions.glob('[0-9]*.py'))) + 1:04}"
        command.revision(configuration(versions, connection, metadata), message, autogenerate=True, rev_id=number)
        written.extend(versions.glob(f"{number}_*.py"))

    await _run(url, write)
    return written[0]


def configuration(versions: Path, connection: Connection, metadata: MetaData | None = None) -> Config:
    """Return Alembic's configuration: scripts are common, versions are the service's own."""
    config = Config()
    options = {
        "script_location": _SCRIPTS,
        "version_locations": versions,
        "path_separator": "newline",  # folders may have spaces and colons in their names
        "file_template": "%(rev)s_%(slug)s",
    }
    for name, value in options.items():
        config.set_main_option(name, str(value).replace("%", "%%"))
    config.attributes["connection"], config.attributes["metadata"] = connection, metadata
    return config


def run_migrations(config: Config) -> None:
    """Do what Alembic expects of an `env.py`."""
    context.configure(
        connection=config.attributes["connection"],
        target_metadata=config.attributes["metadata"],
        compare_type=True,
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run(url: str, work: Callable[[Connection], object]) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with _alembic, engine.begin() as connection:
            await connection.execute(_LOCK)
            await connection.execute(_LOCK_TIMEOUT)
            await connection.run_sync(work)
    finally:
        await engine.dispose()
