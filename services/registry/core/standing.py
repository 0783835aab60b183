"""Reads the present state of organisations, which a command checks under lock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import asyncpg

from libs.common.temporal.believed import NOW, as_known
from libs.common.temporal.history import FIRST_DAY, LAST_DAY, Days
from libs.organisations.statements import Facet, Status
from services.registry.core.codes import ByCode
from services.registry.core.kinds import Kind

_BELIEVED = f"""
SELECT o.code, b.facet, b.value, lower(b.valid) AS start, upper(b.valid) AS "end"
  FROM organisation o JOIN organisation_belief b ON b.subject_id = o.id AND b.facet = ANY($2) AND {as_known("b", NOW)}
 WHERE o.code = ANY($1)
 ORDER BY o.code, b.valid
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is believed of one organisation now: its life, kinds and legal status.

    Without a life the code names no organisation yet. `kind` is the latest one.
    """

    code: str
    kind: Kind = Kind.UNKNOWN
    life: tuple[tuple[Days, Status], ...] = ()
    kinds: tuple[tuple[Days, Kind], ...] = ()
    legal: tuple[tuple[Days, str], ...] = ()

    @property
    def exists(self) -> bool:
        """Whether the code was ever used for a body."""
        return bool(self.life)

    def on(self, day: date) -> Status:
        """Return the status on a day."""
        return next((status for days, status in self.life if day in days), "unknown")

    def kind_on(self, day: date) -> Kind:
        """Return the kind on a day, the latest one where nothing is stated about that day."""
        return next((kind for days, kind in self.kinds if day in days), self.kind)

    def is_open_through(self, last: date) -> bool:
        """Whether the body is open on `last`, and is not stated to close the day after."""
        return self.on(last) == "open" and self.on(last + timedelta(days=1)) == "open"

    def ever(self, status: Status) -> bool:
        """Whether it had, has or will have this status on some day."""
        return any(held == status for _, held in self.life)

    def first_day_open(self) -> date | None:
        """Return the first day on which it operates."""
        return next((days.start for days, status in self.life if status == "open"), None)

    def in_law_since(self, status: str) -> date | None:
        """Return the first day on which it is `established`, or `abolished`, in law."""
        return next((days.start for days, held in self.legal if held == status), None)


async def standings(connection: asyncpg.Connection, codes: Collection[str]) -> ByCode[Standing]:
    """Return the standing of each code as known now; the caller has locked those that exist."""
    facets = [Facet.LIFE, Facet.KIND, Facet.LEGAL]
    believed: dict[str, dict[Facet, list[tuple[Days, Any]]]] = {code: {facet: [] for facet in facets} for code in codes}
    for code, facet, value, start, end in await connection.fetch(_BELIEVED, sorted(set(codes)), facets):
        believed[code][Facet(facet)].append((Days(start or FIRST_DAY, end or LAST_DAY), value))
    return {code: _standing(code, facts) for code, facts in believed.items()}


def _standing(code: str, believed: Mapping[Facet, Sequence[tuple[Days, Any]]]) -> Standing:
    kinds = tuple((days, Kind(value)) for days, value in believed[Facet.KIND])
    return Standing(
        code,
        kinds[-1][1] if kinds else Kind.UNKNOWN,
        tuple(believed[Facet.LIFE]),
        kinds,
        tuple(believed[Facet.LEGAL]),
    )
