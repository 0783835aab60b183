"""Reads further roles and codes of other systems, with their days, as known at an instant."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from libs.common.database.connection import Reads
from libs.common.temporal.believed import ALL_DAYS
from libs.common.temporal.history import ALWAYS, LAST_DAY
from services.registry.core.believed import believed_link
from services.registry.core.links import CODE_OF, ROLE
from services.registry.core.queries import get_organisation
from services.registry.identifiers.errors import IdentifierNotFound
from services.registry.identifiers.views import (
    BearerView,
    IdentifierPeriodView,
    IdentifiersView,
    RolePeriodView,
    RolesView,
)

ODS, ONS = "ods", "ons"

_PERIODS = f"""
SELECT t.sort, t.other, lower(b.valid) AS start, upper(b.valid) AS "end"
  FROM tie t JOIN {believed_link("b", day=ALL_DAYS, known="$3")}
 WHERE t.code = $1 AND (t.sort = $2 OR right($2, 1) = ':' AND starts_with(t.sort, $2))
 ORDER BY t.sort, lower(b.valid), t.other
"""  # noqa: S608  (only names of ours are put in)

_PERIODS_OF_EACH = f"""
SELECT t.code, t.sort, t.other, lower(b.valid) AS start, upper(b.valid) AS "end"
  FROM tie t JOIN {believed_link("b", day=ALL_DAYS, known="$3")}
 WHERE t.code = ANY($1) AND t.sort = ANY($2)
 ORDER BY t.code, t.sort, lower(b.valid), t.other
"""  # noqa: S608  (only names of ours are put in)

_BEARERS = f"""
SELECT t.code, lower(b.valid) AS start, upper(b.valid) AS "end"
  FROM tie t JOIN {believed_link("b", day=ALL_DAYS, known="$3")}
 WHERE t.sort = $1 AND t.other = $2
 ORDER BY lower(b.valid)
"""  # noqa: S608  (only names of ours are put in)

_ODS = "SELECT code FROM organisation WHERE code = $1"


@dataclass(frozen=True, slots=True)
class BornePeriod:
    """A role or code (`other`) of a body, from a day to the day before `end` if known."""

    sort: str
    other: str
    first_day: date | None
    end: date | None

    @property
    def last_day(self) -> date | None:
        """The last day, None where none is known."""
        return None if self.end in (None, LAST_DAY) else self.end - timedelta(days=1)

    def holds_on(self, day: date) -> bool:
        """Whether the day is one of its days."""
        return (self.first_day is None or self.first_day <= day) and (self.end is None or day < self.end)


async def periods_of(
    db: Reads, code: str, sort: str, *, as_at: date | None = None, as_known: datetime | None = None
) -> list[BornePeriod]:
    """Return a body's links of one type, on a day or on any (None), as known at an instant.

    The type `code:` stands for every system of codes.
    """
    periods = [BornePeriod(*row) for row in await db.fetch(_PERIODS, code, sort, as_known or ALWAYS)]
    return periods if as_at is None else [one for one in periods if one.holds_on(as_at)]


async def periods_of_each(db: Reads, codes: Collection[str], sorts: Collection[str]) -> list[tuple[str, BornePeriod]]:
    """Return the links of some types of many bodies, each with its body, as known now."""
    rows = await db.fetch(_PERIODS_OF_EACH, sorted(codes), sorted(sorts), ALWAYS)
    return [(code, BornePeriod(*period)) for code, *period in rows]


async def list_roles(db: Reads, code: str, *, as_at: date | None, as_known: datetime | None) -> RolesView:
    """Return the further roles of a body, on a day or on any (None)."""
    periods = await periods_of(db, code, ROLE, as_at=as_at, as_known=as_known)
    roles = [RolePeriodView(role=one.other, first_day=one.first_day, last_day=one.last_day) for one in periods]
    return RolesView(code=code, as_at=as_at, as_known=as_known, roles=roles)


async def list_identifiers(db: Reads, code: str, *, as_at: date | None, as_known: datetime | None) -> IdentifiersView:
    """Return the codes of a body in other systems, on a day or on any (None)."""
    identifiers = [
        IdentifierPeriodView(
            system=one.sort.removeprefix(CODE_OF),
            identifier=one.other,
            first_day=one.first_day,
            last_day=one.last_day,
        )
        for one in await periods_of(db, code, CODE_OF, as_at=as_at, as_known=as_known)
    ]
    return IdentifiersView(code=code, as_at=as_at, as_known=as_known, identifiers=identifiers)


def as_stored(system: str, identifier: str) -> str:
    """Return an identifier as it is stored: ODS's and ONS's in upper case, those of a user's own system as given."""
    return identifier.upper() if system in (ODS, ONS) else identifier


async def get_bearer(db: Reads, system: str, identifier: str, *, as_at: date, as_known: datetime | None) -> BearerView:
    """Return the body with a code of another system on a day, as known at an instant.

    Raises IdentifierNotFound; where a body has it on other days, the message says which and when.
    """
    identifier = as_stored(system, identifier)
    code, period = await _bearer(db, system, identifier, as_at=as_at, as_known=as_known)
    body = await get_organisation(db, code, as_at=as_at, as_known=as_known)
    return BearerView(
        system=system,
        identifier=identifier,
        first_day=period.first_day,
        last_day=period.last_day,
        code=code,
        name=body.name,
        as_at=as_at,
        as_known=as_known,
    )


async def _bearer(
    db: Reads, system: str, identifier: str, *, as_at: date, as_known: datetime | None
) -> tuple[str, BornePeriod]:
    if system == ODS:
        if await db.fetch(_ODS, identifier):
            return identifier, BornePeriod(system, identifier, None, None)
        raise IdentifierNotFound(f"no organisation has the code {identifier}")
    rows = await db.fetch(_BEARERS, f"{CODE_OF}{system}", identifier, as_known or ALWAYS)
    bearers = [(code, BornePeriod(system, identifier, start, end)) for code, start, end in rows]
    for code, period in bearers:
        if period.holds_on(as_at):
            return code, period
    others = "; ".join(
        f"{code} has it from {period.first_day} to {period.last_day or 'no last day'}" for code, period in bearers
    )
    message = f"{identifier} of {system} names no organisation on {as_at}"
    raise IdentifierNotFound(f"{message} ({others})" if others else message)
