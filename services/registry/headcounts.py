"""How many people commissioners serve, as one number each: what mergers are judged and previewed by."""

from collections.abc import Iterable
from datetime import date, datetime

from libs.common.known import Reads
from services.registry.populations import counts_of

REGISTERED = "registered"
"""The basis of the counts that tell how many people a commissioner serves."""


async def people_of(
    db: Reads, codes: Iterable[str], *, as_at: date, as_known: datetime | None
) -> dict[str, int | None]:
    """Return the registered population of each code on a day, None where none is known."""
    wanted = list(codes)
    counts = await counts_of(db, wanted, as_at=as_at, as_known=as_known)
    ruling = {code: counts.get(code, {}).get(REGISTERED) for code in wanted}
    return {code: found[0].people if found else None for code, found in ruling.items()}
