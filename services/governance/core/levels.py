"""Reads an organisation's level of co-commissioning primary medical services: 1 influence, 2 jointly, 3 delegated."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime

from libs.common.database.connection import Reads
from libs.common.rulepacks import in_force
from services.governance.core.believed import believed
from services.governance.core.catalogue import packs_about
from services.governance.core.chains import covers
from services.governance.core.models import Facet, level_time

_NOW = datetime.max.replace(tzinfo=UTC)
_LEVELS = "co-commissioning-levels"
_LEVEL = f"""
SELECT s.value, lower(s.valid) AS first_day, upper(s.valid) - 1 AS last_day
  FROM co_commissioning c JOIN {believed(level_time, "s", Facet.STANDS, "c.id")}
 WHERE c.organisation = $3
"""  # noqa: S608  (only names of ours are put in)

_VERSION = "SELECT version FROM co_commissioning WHERE organisation = $1"


@dataclass(frozen=True, slots=True)
class Level:
    """A level of co-commissioning with its functions, as dotted actions, and the safeguards that were shown."""

    level: int
    functions: tuple[str, ...]
    safeguards: tuple[str, ...]
    first_day: date | None = None
    last_day: date | None = None

    @property
    def text(self) -> str:
        """The value on the timeline: one text for one level."""
        content = {"functions": sorted(self.functions), "level": self.level, "safeguards": sorted(self.safeguards)}
        return json.dumps(content)


async def version_of(db: Reads, organisation: str) -> int:
    """Return the version of what was stated of an organisation's levels, 0 where nothing was."""
    rows = await db.fetch(_VERSION, organisation)
    return int(rows[0]["version"]) if rows else 0


async def find_level(db: Reads, organisation: str, *, on: date, as_known: datetime | None) -> Level | None:
    """Return an organisation's level of a day, None where it has none."""
    rows = await db.fetch(_LEVEL, on, as_known or _NOW, organisation)
    if not rows:
        return None
    value = json.loads(rows[0]["value"])
    return Level(
        value["level"], tuple(value["functions"]), tuple(value["safeguards"]), rows[0]["first_day"], rows[0]["last_day"]
    )


async def notes_on(db: Reads, organisation: str, action: str, *, on: date, as_known: datetime | None) -> list[str]:
    """Return what an organisation's level of a day says of an action; empty for what is no matter of primary care."""
    if not level_notes(action, None, on, as_known=as_known):
        return []
    found = await find_level(db, organisation, on=on, as_known=as_known)
    notes = level_notes(action, found.level if found else None, on, as_known=as_known)
    if found is not None and found.level > 1 and not any(covers(one, action) for one in found.functions):
        notes.append(f"{action} is no function of its level from {found.first_day}: {', '.join(found.functions)} are.")
    return notes


def level_notes(action: str, level: int | None, day: date, *, as_known: datetime | None = None) -> list[str]:
    """Return what the rule pack of the day says on an action of primary care at a level; empty for other actions."""
    return [
        one["says"]
        for pack in in_force(packs_about(_LEVELS), day, subject=_LEVELS, as_known=as_known)
        if any(covers(function, action) for function in pack.values["functions"])
        for one in pack.values["levels"]
        if one["level"] == (level or 0)
    ]
