"""Reads watch lists, and which bodies each of them follows on a day."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.temporal.history import ALWAYS
from services.registry.core.models import successions
from services.registry.lineage.queries import successors_of
from services.registry.search import members
from services.registry.search.views import MOST_IN_A_TREE
from services.registry.watch_lists.errors import WatchListNotFound
from services.registry.watch_lists.models import WatchList
from services.registry.watch_lists.views import WatchListView

_DEPTH = 5


async def get_watch_list(session: AsyncSession, number: int, *, by: Caller) -> WatchList:
    """Return a list of the caller's. Raises WatchListNotFound, also for another caller's list."""
    found = await session.scalar(select(WatchList).where(WatchList.id == number, WatchList.owner == by.subject))
    if found is None:
        raise WatchListNotFound(f"you have no watch list {number}")
    return found


async def list_watch_lists(session: AsyncSession, *, by: Caller, after: int, limit: int) -> list[WatchListView]:
    """Return the caller's lists in the order in which they were created."""
    mine = select(WatchList).where(WatchList.owner == by.subject, WatchList.id > after)
    rows = await session.scalars(mine.order_by(WatchList.id).limit(limit))
    return [WatchListView.model_validate(row) for row in rows]


async def watched_codes(
    db: Reads, codes: Collection[str], footprints: Collection[str], *, as_at: date, as_known: datetime | None = None
) -> list[str]:
    """Return every code that a list follows on a day: its own, and all below its footprints.

    Their predecessors and successors are followed too, so that a merger ends nothing that is watched.
    """
    asked = {*codes, *footprints}
    level: Collection[str] = list(footprints)
    for _ in range(_DEPTH):
        if not level:
            break
        found = await members.list_members(db, level, as_at=as_at, as_known=as_known, limit=MOST_IN_A_TREE * 10)
        level = sorted({member.code for member in found} - asked)
        asked.update(level)
    before = await successions.predecessors(db, sorted(asked), as_known=as_known, ahead=True)
    after = await successors_of(db, sorted(asked), as_known=as_known or ALWAYS)
    return sorted(asked | before | after)


async def watched_by(db: Reads, owner: str, number: int, as_at: date) -> frozenset[str] | None:
    """Return every code that a caller's list follows on a day; None if the caller has no such list."""
    rows = await db.fetch("SELECT codes, footprints FROM watch_list WHERE id = $1 AND owner = $2", number, owner)
    if not rows:
        return None
    return frozenset(await watched_codes(db, rows[0]["codes"], rows[0]["footprints"], as_at=as_at))
