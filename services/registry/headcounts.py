"""How many people commissioners serve, as one number each: what mergers are judged and previewed by."""

from collections.abc import Iterable
from datetime import date, datetime

from libs.common.database.connection import Reads
from services.registry.carried_populations import populations_of

REGISTERED = "registered"
"""The basis of the counts that tell how many people a commissioner serves."""


async def people_of(
    db: Reads, codes: Iterable[str], *, as_at: date, as_known: datetime | None
) -> dict[str, int | None]:
    """Return the registered population of each code on a day, None where none is known."""
    people: dict[str, int | None] = dict.fromkeys(codes)
    for code in people:
        found = await populations_of(db, code, as_at=as_at, as_known=as_known)
        people[code] = next((one.people for one in found if one.basis == REGISTERED), None)
    return people
