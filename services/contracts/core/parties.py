"""Lets what customers agreed among themselves follow them: who coordinates a contract after one is succeeded."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.identity import Caller
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.core.models import FACET, coordination

# All that was ever believed, so that what held before comes back where a succession is undone; the latest first.
_COORDINATORS = """
SELECT subject_id, value, lower(valid) AS first_day, upper(valid) AS end_day, upper_inf(known) AS is_current
  FROM contract_coordinator_belief WHERE subject_id = ANY($1) ORDER BY lower(known) DESC, id DESC
"""


@dataclass(frozen=True, slots=True)
class PartyChange:
    """On these days the customers of a signed contract are `after` where they were `before`, by a succession."""

    contract_id: int
    days: Days
    before: frozenset[str]
    after: frozenset[str]
    stated_at: datetime


async def follow_parties(
    connection: asyncpg.Connection, changes: Sequence[PartyChange], *, source: str, by: Caller
) -> None:
    """State who coordinates contracts whose customers changed: a successor in the place of its predecessor."""
    believed: dict[int, list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch(_COORDINATORS, sorted({change.contract_id for change in changes})):
        believed[row["subject_id"]].append(row)
    statements = [
        NewStatement(change.contract_id, FACET, lead, change.days, change.stated_at)
        for change in changes
        if (lead := _coordinator(believed[change.contract_id], change)) is not None
    ]
    await coordination.state(connection, statements, source=source, by=by.subject)


def _coordinator(believed: Iterable[asyncpg.Record], change: PartyChange) -> str | None:
    """Return the coordinating commissioner after a change, None where it stays or nothing says who it was."""
    then = [row for row in believed if _covers(row, change.days.start)]
    now = next((row["value"] for row in then if row["is_current"]), None)
    if now is None or now in change.after:
        return None
    before = next((str(row["value"]) for row in then if row["value"] in change.after), None)
    return before or min(change.after - change.before or change.after)


def _covers(row: asyncpg.Record, day: date) -> bool:
    return (row["first_day"] is None or row["first_day"] <= day) and (row["end_day"] is None or day < row["end_day"])
