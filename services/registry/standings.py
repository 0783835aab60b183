"""Which organisations there are and what is believed of their life now: what a command checks, under lock."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database import raw
from libs.common.stated import Facet, Status
from libs.common.temporal import FIRST_DAY, LAST_DAY, Days
from services.registry.errors import OrganisationNotFound
from services.registry.kinds import Kind
from services.registry.models import Organisation

_LIFE = """
SELECT o.code, coalesce(kind.value, 'unknown') AS kind, b.value, lower(b.valid) AS start, upper(b.valid) AS "end"
  FROM organisation o
  LEFT JOIN LATERAL (SELECT k.value FROM organisation_belief k
                      WHERE k.subject_id = o.id AND k.facet = 4 AND upper_inf(k.known)
                      ORDER BY k.valid DESC LIMIT 1) kind ON true
  LEFT JOIN organisation_belief b ON b.subject_id = o.id AND b.facet = $2 AND upper_inf(b.known)
 WHERE o.code = ANY($1)
 ORDER BY o.code, b.valid
"""

_LATEST = """
SELECT max(s.stated_at) FROM organisation_statement s JOIN organisation o ON o.id = s.subject_id WHERE o.code = ANY($1)
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is believed of one organisation's life now. No life at all: the code names nothing yet."""

    code: str
    kind: Kind = Kind.UNKNOWN
    life: tuple[tuple[Days, Status], ...] = ()

    @property
    def exists(self) -> bool:
        """Whether the code was ever given to a body."""
        return bool(self.life)

    def on(self, day: date) -> Status:
        """Return the status on a day."""
        return next((status for days, status in self.life if day in days), "unknown")

    def is_open_through(self, last: date) -> bool:
        """Whether the body is open on `last`, and is not said to close the day after."""
        return self.on(last) == "open" and self.on(last + timedelta(days=1)) == "open"

    def ever(self, status: Status) -> bool:
        """Whether it had, has or will have this status on some day."""
        return any(held == status for _, held in self.life)

    def first_day_open(self) -> date | None:
        """Return the first day on which it operates."""
        return next((days.start for days, status in self.life if status == "open"), None)


async def get_organisations_to_change(session: AsyncSession, codes: Collection[str]) -> dict[str, Organisation]:
    """Lock those of the organisations that exist, in sorted order, and return them by code as they are now."""
    found = await session.scalars(
        select(Organisation)
        .where(Organisation.code.in_(sorted(set(codes))))
        .order_by(Organisation.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {organisation.code: organisation for organisation in found}


async def get_organisation_to_change(session: AsyncSession, code: str) -> Organisation:
    """Lock one organisation. Raises OrganisationNotFound."""
    found = await get_organisations_to_change(session, [code])
    if code not in found:
        raise OrganisationNotFound(f"no organisation has the code {code}")
    return found[code]


async def standings(connection: asyncpg.Connection, codes: Collection[str]) -> dict[str, Standing]:
    """Return how each of the codes stands by what is known now; the caller has locked those that exist."""
    return lives(await connection.fetch(_LIFE, sorted(set(codes)), Facet.LIFE), codes)


def lives(rows: Iterable[asyncpg.Record], codes: Collection[str]) -> dict[str, Standing]:
    """Return standings from rows of code, kind, value, start and end, in the order of their days."""
    found = {code: Standing(code) for code in codes}
    for code, kind, status, start, end in rows:
        life = found[code].life
        if status is not None:
            life = (*life, (Days(start or FIRST_DAY, end or LAST_DAY), status))
        found[code] = Standing(code, Kind(kind), life)
    return found


async def next_instant(
    session: AsyncSession, codes: Collection[str], stated_at: datetime, *, in_its_place: bool
) -> datetime:
    """Return when a command states its facts about these organisations, which the caller has locked.

    A command comes after all that was stated of them before, by a microsecond at least. A loader's statement about the
    past stands in the place where it belongs (`in_its_place`).
    """
    if in_its_place:
        return stated_at
    latest: datetime | None = await (await raw(session)).fetchval(_LATEST, sorted(set(codes)))
    return stated_at if latest is None else max(stated_at, latest + timedelta(microseconds=1))
