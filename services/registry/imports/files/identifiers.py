"""Reads codes of other systems in lists: which body has one, when a newer code ends it, and clashes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.events import Event
from libs.common.events.registry import OrganisationIdentified, OrganisationIdentifierEnded
from services.registry.core.codes import ByCode
from services.registry.core.links import CODE_OF
from services.registry.imports.report import FileReport

ONS = "ons"
"""The system of the Office for National Statistics, which gives a new code where a boundary changes."""

_BORNE = "SELECT other, code FROM tie WHERE sort = $1"

_SAID = """
SELECT t.code, t.other, lower(s.valid) AS since, s.stated_at, s.source, s.rank
  FROM tie t JOIN tie_statement s ON s.subject_id = t.id AND s.value IS NOT NULL
 WHERE t.sort = $1 AND t.code = ANY($2)
"""


@dataclass(frozen=True, slots=True)
class _Borne:
    """A source's statement, at `stated_at`, that a body has an identifier from a day."""

    code: str
    identifier: str
    since: date
    stated_at: datetime
    source: str
    rank: int


async def bodies_with(connection: asyncpg.Connection, system: str) -> ByCode[str]:
    """Return the code of the body that has, or had, each identifier of a system."""
    rows = await connection.fetch(_BORNE, CODE_OF + system)
    return {row["other"]: row["code"] for row in rows}


async def with_ends(connection: asyncpg.Connection, events: Sequence[Event], report: FileReport) -> list[Event]:
    """Return the events without identifiers of other bodies, and with the ends of identifiers that are replaced.

    A body has one code of a system at a time: the one seen last begins, and the one before it ends, on the day on which
    the later was first seen. All pairs in the sources are compared, so that it does not matter which of two tables was
    imported first.
    """
    kept = list(events)
    for system in sorted({event.system for event in events if isinstance(event, OrganisationIdentified)}):
        owners = await bodies_with(connection, system)
        kept = [event for event in kept if not _is_borne_by_another(event, system, owners, report)]
        new = [one for one in kept if isinstance(one, OrganisationIdentified) and one.system == system]
        codes = sorted({one.code for one in new})
        held = [_Borne(*row) for row in await connection.fetch(_SAID, CODE_OF + system, codes)]
        said = [_Borne(e.code, e.identifier, e.effective_on, e.stated_at, e.source, e.rank) for e in new]
        kept.extend(_ends({*held, *said}, system))
    return kept


def _is_borne_by_another(event: Event, system: str, owners: dict[str, str], report: FileReport) -> bool:
    """Whether an event gives a body the code of another, which becomes a finding instead."""
    if not isinstance(event, OrganisationIdentified) or event.system != system:
        return False
    owner = owners.setdefault(event.identifier, event.code)
    if owner == event.code:
        return False
    report.find("identifier of another", event.code, f"{system} {event.identifier} is the code of {owner}")
    return True


def _ends(said: Iterable[_Borne], system: str) -> Iterable[OrganisationIdentifierEnded]:
    by_code: dict[str, list[_Borne]] = defaultdict(list)
    for one in said:
        by_code[one.code].append(one)
    ends: set[OrganisationIdentifierEnded] = set()
    for code, borne in by_code.items():
        for earlier in borne:
            for later in borne:
                if earlier.identifier != later.identifier and earlier.since < later.since:
                    ends.add(
                        OrganisationIdentifierEnded(
                            code=code,
                            system=system,
                            identifier=earlier.identifier,
                            effective_on=later.since,
                            stated_at=later.stated_at,
                            source=later.source,
                            rank=later.rank,
                        )
                    )
    return sorted(ends, key=lambda end: (end.code, end.effective_on, end.identifier, end.source))
