"""Stores the moved clock in the database, so that other processes and a restart use the same day."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Database
from libs.common.process.clock import Clock

_KEEP = text("""
    INSERT INTO clock (id, moved_to) VALUES (1, :moved_to)
    ON CONFLICT (id) DO UPDATE SET moved_to = excluded.moved_to
""")

_FORGET = text("UPDATE clock SET moved_to = NULL WHERE moved_to IS NOT NULL")


async def keep_moved(session: AsyncSession, moved_to: date | None) -> None:
    """Store the day that the clock is moved to; None for the real day."""
    await session.execute(_KEEP, {"moved_to": moved_to})


async def forget_moved(database: Database) -> None:
    """Store the real day, if another was stored."""
    async with database.begin() as session:
        await session.execute(_FORGET)


async def read_moved(database: Database, clock: Clock) -> None:
    """Set the clock to the stored day, as moved by another process or before a restart."""
    row = await database.fetchrow("SELECT moved_to FROM clock")
    clock.moved_to = row["moved_to"] if row else None
