"""What codes live on in, by the recorded successions alone."""

from collections.abc import Collection
from datetime import date, datetime

from libs.common.database.connection import Reads
from services.registry.lineage.queries import steps_from
from services.registry.lineage.tracing import Ends, living


async def resolve(db: Reads, codes: Collection[str], day: date, as_known: datetime | None = None) -> dict[str, Ends]:
    """The bodies that each code lives on in on a day, with their shares; without a successor, itself."""
    return living(await steps_from(db, codes, day, as_known), codes)
