"""Takes back by opposite entries what was done to budgets by a decision that no longer stands."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.finance import BudgetMoved, BudgetReduced, BudgetRestored, BudgetSet
from libs.common.events.governance import DecisionReversed
from libs.common.identity import Caller
from libs.common.messaging import outbox
from services.finance.budgets.commands import common_fields
from services.finance.budgets.entries import NAME_OF_VIREMENT, BudgetEntry, post, reckon
from services.finance.budgets.queries import get_lines
from services.finance.budgets.rules import BudgetLine
from services.finance.decisions.queries import lock_decision, was_reversed
from services.finance.lines.restatement import following, restate_budgets

_INSTANT: Final = timedelta(microseconds=1)

# Restorations come before reductions: what is left of one to restore is what was reduced, less what stays restored.
_BY_DECISION = """
SELECT id, line_id, other_line_id, kind, effective_on, stated_at, amount_pence, annual_pence, virement, initiative,
       reverses, coalesce((SELECT r.decision FROM budget_entry r WHERE r.id = e.reverses), '') AS reduced_by
  FROM budget_entry e
 WHERE decision = $1 AND decision <> '' AND source_id IS NULL AND undoes IS NULL
   AND NOT EXISTS (SELECT FROM budget_entry u WHERE u.undoes = e.id)
 ORDER BY kind = 'reduced', id
"""
_RESTORED = """
SELECT coalesce(sum(amount_pence), 0)::bigint AS amount, coalesce(sum(annual_pence), 0)::bigint AS annual,
       max(stated_at) AS stated_at
  FROM budget_entry WHERE reverses = $1
"""
_OWN = "SELECT coalesce(sum(amount_pence), 0)::bigint FROM budget_entry WHERE line_id = $1 AND kind = 'set'"
_BODIES = """
SELECT DISTINCT organisation_code FROM budget_line l JOIN budget_entry e ON e.line_id = l.id
 WHERE e.decision = $1 AND $1 <> ''
"""


async def budgets_follow_their_decision(event: DecisionReversed, session: AsyncSession, *, by: Caller) -> bool:
    """Take back what lines were set to, moved, reduced and restored by a decision; return whether there was anything.

    A line may have less than nothing then, since what it had was used: its budget says so.
    """
    connection = await raw(session)
    await lock_decision(connection, event.decision)
    bodies = [row["organisation_code"] for row in await connection.fetch(_BODIES, event.decision)]
    await following(connection, bodies)
    rows = await connection.fetch(_BY_DECISION, event.decision)
    if not rows:
        return False
    ids = {one for row in rows for one in (row["line_id"], row["other_line_id"]) if one is not None}
    lines = await get_lines(connection, ids)
    names: dict[str, str] = {}
    events: list[Event | None] = []
    for row in rows:
        entry = _opposite(row, lines, event)
        if entry.kind == "moved":
            if row["virement"] not in names:
                names[row["virement"]] = f"V-{await connection.fetchval(NAME_OF_VIREMENT)}"
            entry = replace(entry, virement=names[row["virement"]])
        elif entry.kind == "restored" and entry.reverses == row["id"]:
            entry = await _what_is_left(connection, entry)
        elif row["reduced_by"] not in ("", event.decision) and await was_reversed(connection, row["reduced_by"]):
            # The reduction itself is taken back: whichever reversal came first, all of it is restored.
            continue
        if entry.amount_pence or entry.annual_pence:
            await post(connection, [entry], by)
            events.append(await _event(connection, entry))
    await outbox.add_all(session, [one for one in events if one is not None])
    await restate_budgets(session, bodies, by=by)
    await reckon(session, sorted(ids))
    return bool(events)


def _opposite(row: asyncpg.Record, lines: Mapping[int, BudgetLine], event: DecisionReversed) -> BudgetEntry:
    line = lines[row["line_id"]]
    is_reduction = row["kind"] == "reduced"
    return BudgetEntry(
        line=line,
        kind="restored" if is_reduction else row["kind"],
        effective_on=_day(row["effective_on"], line, event),
        stated_at=max(event.stated_at, row["stated_at"] + _INSTANT),
        amount_pence=-row["amount_pence"],
        annual_pence=-row["annual_pence"],
        other=lines[row["other_line_id"]] if row["other_line_id"] is not None else None,
        initiative=row["initiative"],
        decision=event.by_decision,
        reverses=row["id"] if is_reduction else row["reverses"],
        undoes=row["id"],
    )


def _day(since: date, line: BudgetLine, event: DecisionReversed) -> date:
    """Return the day from which on an entry is taken back: of its year, and not before it."""
    return max(since, min(event.effective_on, line.year.last_day))


async def _what_is_left(connection: asyncpg.Connection, entry: BudgetEntry) -> BudgetEntry:
    """Return a restoration of what is not restored of its reduction already."""
    restored = await connection.fetchrow(_RESTORED, entry.reverses)
    assert restored is not None
    stated_at = max(entry.stated_at, (restored["stated_at"] or entry.stated_at - _INSTANT) + _INSTANT)
    amount = max(0, entry.amount_pence - restored["amount"])
    annual = max(0, entry.annual_pence - restored["annual"])
    return replace(entry, amount_pence=amount, annual_pence=annual, stated_at=stated_at)


async def _event(connection: asyncpg.Connection, entry: BudgetEntry) -> Event | None:
    """Return what is published of an entry; a move is published of the line that it leaves."""
    fields = common_fields(entry) | {"decision": entry.decision}
    pence = entry.amount_pence
    if entry.kind == "set":
        own: int = await connection.fetchval(_OWN, entry.line.id)
        return BudgetSet(**fields, amount_pence=own)
    if entry.kind == "moved":
        assert entry.other is not None
        return BudgetMoved(**fields, amount_pence=-pence, moved_to=entry.other.name) if pence < 0 else None
    reduction = f"R-{entry.reverses}"
    if not pence:
        return None
    if pence > 0:
        return BudgetRestored(**fields, amount_pence=pence, reverses=reduction)
    return BudgetReduced(**fields, amount_pence=-pence, initiative=entry.initiative, reduction=reduction)
