"""Alembic, set up in code: each service's migrations, one at a time, never waiting long for a lock."""

from importlib import import_module
from pathlib import Path

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_SERVICES = Path(__file__).parents[2] / "services"
_LOCK = "hashtextextended('footprint-migrations', 0)"
_LOCK_TIMEOUT = "10s"


def configuration(service: str, connection: Connection | None = None) -> Config:
    """Return Alembic's configuration for one service's migrations."""
    config = Config()
    config.set_main_option("script_location", str(_SERVICES / service / "migrations").replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


def metadata_of(service: str) -> MetaData:
    """Return everything that the service's models define."""
    metadata: MetaData = import_module(f"services.{service}.models").Base.metadata
    return metadata


async def migrate(url: str, service: str) -> None:
    """Bring a database to the newest version. Who comes second waits for the first, then finds nothing to do.

    Raises sqlalchemy.exc.DBAPIError where a lock on a table is not had within 10 seconds; nothing is changed then.
    """
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            await connection.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'"))
            await connection.run_sync(lambda sync: command.upgrade(configuration(service, sync), "head"))
    finally:
        await engine.dispose()


def run_migrations(metadata: MetaData) -> None:
    """Do what Alembic wants of a service's `env.py`, on the connection that it was given."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, compare_type=True, compare_server_default=True)
    with context.begin_transaction():
        context.run_migrations()


async def new_revision(url: str, service: str, message: str) -> None:
    """Write the next migration from the difference between the models and a database, which is migrated first.

    Exclusion and check constraints, ranges' operators and partial indexes are not seen: write those by hand.
    """
    await migrate(url, service)
    number = len(list((_SERVICES / service / "migrations" / "versions").glob("[0-9]*.py"))) + 1
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(
                lambda sync: command.revision(
                    configuration(service, sync), message, autogenerate=True, rev_id=f"{number:04}"
                )
            )
    finally:
        await engine.dispose()
