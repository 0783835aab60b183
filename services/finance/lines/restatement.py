"""Restates budgets at mergers, splits and boundary changes, by entries and set-based.

What follows from a succession is a function of all entries and all beliefs, in whatever order they arrived. Each entry
of a body's line is moved by itself: its part for the days from the succession on is released by an entry of the line
and taken by an entry of the successor's, in whole pence, so that both sum to the penny at every point of both times. An
undoing takes these entries back by entries; a suspended transfer of staff those of pay, which a resumed one posts
again. What was never believed as computed now is removed: it follows from statements, and states nothing itself.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import lcm
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.finance import BudgetRestated
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import start_of
from libs.organisations.mergers import BelievedSuccession
from libs.organisations.schemes import changes_of
from services.finance.core.models import known
from services.finance.core.years import FIRST_YEAR, FinancialYear
from services.finance.lines.models import WHAT_A_LINE_IS
from services.finance.lines.successions import BudgetStep, key_of, steps_of

_IS = ", ".join(WHAT_A_LINE_IS)
_OF_LINE = ", ".join(f"l.{name}" for name in WHAT_A_LINE_IS)
_SAME = " AND ".join(f"s.{name} = p.{name}" for name in WHAT_A_LINE_IS)

_FOLLOWING = f"""
WITH RECURSIVE line (code) AS (
    SELECT unnest($1::text[])
     UNION
    SELECT s.successor FROM {known.successions.beliefs} s JOIN line USING (code)
)
SELECT code, successor, effective_on, shape, share, merger, lower(known) AS known_from, upper(known) AS known_to
  FROM {known.successions.beliefs} WHERE code IN (SELECT code FROM line)
"""  # noqa: S608  (names of ours)

# The pence of an entry for its days from $3 on: all of a year that begins later.
_DAYS = """
CASE WHEN e.effective_on >= $3 THEN e.amount_pence
     ELSE round(e.amount_pence::numeric * (make_date(l.financial_year + 1, 4, 1) - $3)
                / (make_date(l.financial_year + 1, 4, 1)
                   - greatest(e.effective_on, make_date(l.financial_year, 4, 1)))) END::bigint
"""

_NEW_LINES = f"""
INSERT INTO budget_line (organisation_code, financial_year, {_IS})
SELECT s, l.financial_year, {_OF_LINE} FROM budget_line l, unnest($4::text[]) AS s
 WHERE l.organisation_code = $1 AND l.financial_year >= $2 AND l.id BETWEEN $5 AND $6
   AND EXISTS (SELECT FROM budget_entry e WHERE e.line_id = l.id AND e.succession IS DISTINCT FROM $3)
 ORDER BY l.id, s
    ON CONFLICT DO NOTHING
"""  # noqa: S608  (names of ours)

# One body, one succession, one belief. $1 code, $2 first year, $3 day, $4 key, $5 believed from, $6 cause, $7
# recorded by, $8 the instant before which a continuing body's entries of later days are shared too (null: all are),
# $9 and $10 the first and the last of its lines that are moved now.
_MOVED = f"""
p AS (
    SELECT e.id, e.line_id, l.financial_year, {_OF_LINE}, e.annual_pence, greatest(e.effective_on, $3) AS effective_on,
           greatest(e.stated_at, $5) AS stated_at, {_DAYS} AS amount_pence
      FROM budget_entry e JOIN budget_line l ON l.id = e.line_id
     WHERE l.organisation_code = $1 AND l.financial_year >= $2 AND l.id BETWEEN $9 AND $10
       AND e.succession IS DISTINCT FROM $4
       AND ($8::timestamptz IS NULL OR e.effective_on < $3 OR (e.source_id IS NULL AND e.stated_at < $8))
       AND NOT EXISTS (SELECT FROM budget_entry d WHERE d.source_id = e.id AND d.cause = $6)
)
"""  # noqa: S608  (names of ours)

_WHOLE = f"""
parts AS (
    SELECT p.*, s.id AS successor_line
      FROM p JOIN budget_line s ON s.organisation_code = $11 AND s.financial_year = p.financial_year AND {_SAME}
)
"""  # noqa: S608  (names of ours)

# By largest remainder over the successors and what stays ($11 without a code); $12 are numerators over $13.
_SHARED = f"""
shared AS (
    SELECT p.*, n.code, n.number, n.share,
           div(abs(p.amount_pence) * n.share, $13) AS part, mod(abs(p.amount_pence) * n.share, $13) AS rest,
           div(abs(p.annual_pence) * n.share, $13) AS annual_part,
           mod(abs(p.annual_pence) * n.share, $13) AS annual_rest
      FROM p, unnest($11::text[], $12::numeric[]) WITH ORDINALITY AS n (code, share, number)
), ranked AS (
    SELECT *, abs(amount_pence) - sum(part) OVER each AS over,
           row_number() OVER (PARTITION BY id ORDER BY rest DESC, number) AS place,
           abs(annual_pence) - sum(annual_part) OVER each AS annual_over,
           row_number() OVER (PARTITION BY id ORDER BY annual_rest DESC, number) AS annual_place
      FROM shared WINDOW each AS (PARTITION BY id)
), parts AS (
    SELECT p.id, p.line_id, p.effective_on, p.stated_at, s.id AS successor_line,
           (sign(p.amount_pence) * (part + (place <= over)::int))::bigint AS amount_pence,
           (sign(p.annual_pence) * (annual_part + (annual_place <= annual_over)::int))::bigint AS annual_pence
      FROM ranked p
      JOIN budget_line s ON s.organisation_code = p.code AND s.financial_year = p.financial_year AND {_SAME}
)
"""  # noqa: S608  (names of ours)

_POST = """
WITH {moved}, {parts}, new AS (
    INSERT INTO budget_entry (line_id, other_line_id, kind, effective_on, stated_at, amount_pence, annual_pence,
                              source_id, succession, believed_from, cause, released, recorded_by)
    SELECT own, other, 'restated', effective_on, stated_at, sign * amount_pence, sign * annual_pence,
           id, $4::text, $5::timestamptz, $6::text, sign < 0, $7::text
      FROM parts,
           LATERAL (VALUES (line_id, successor_line, -1), (successor_line, line_id, 1)) AS half (own, other, sign)
     WHERE amount_pence <> 0 OR annual_pence <> 0
    RETURNING line_id, effective_on, stated_at, amount_pence, released
)
{told}
"""

# What a paused transfer of staff takes back, or posts again: $1 succession, $2 day, $3 stated, $4 cause, $5 kind,
# $6 sign, $7 recorded by, $8 and $9 the first and the last entry that is looked at now.
_PAUSE = """
WITH new AS (
    INSERT INTO budget_entry (line_id, other_line_id, kind, effective_on, stated_at, amount_pence, annual_pence,
                              source_id, succession, believed_from, cause, released, recorded_by)
    SELECT e.line_id, e.other_line_id, $5::text, greatest(e.effective_on, $2), greatest(e.stated_at, $3),
           $6::int * e.amount_pence, $6 * e.annual_pence, e.id, e.succession, e.believed_from, $4::text, e.released,
           $7::text
      FROM budget_entry e JOIN budget_line l ON l.id = e.line_id
     WHERE e.succession = $1 AND e.id BETWEEN $8 AND $9 AND e.kind = 'restated' AND l.pay
        ON CONFLICT DO NOTHING
    RETURNING line_id, effective_on, stated_at, amount_pence, released
)
{told}
"""

# $6 and $7 are the first and the last entry that is looked at now.
_UNDO = """
WITH new AS (
    INSERT INTO budget_entry (line_id, other_line_id, kind, effective_on, stated_at, amount_pence, annual_pence,
                              source_id, succession, believed_from, cause, released, recorded_by)
    SELECT line_id, other_line_id, 'undone', effective_on, greatest(stated_at, $3), -amount_pence, -annual_pence,
           id, succession, believed_from, $4::text, released, $5::text
      FROM budget_entry
     WHERE succession = $1 AND id BETWEEN $6 AND $7 AND believed_from = $2 AND kind <> 'undone'
        ON CONFLICT DO NOTHING
    RETURNING line_id, effective_on, stated_at, amount_pence, released
)
{told}
"""

# With what follows from each, also by later successions: $5 to $7 are all successions, their names and their bodies.
_FORGET = """
WITH RECURSIVE doomed AS (
    SELECT id FROM budget_entry WHERE succession = $1 AND id BETWEEN $3 AND $4 AND cause <> ALL($2)
     UNION
    SELECT e.id FROM budget_entry e JOIN doomed d ON e.source_id = d.id
), gone AS (
    DELETE FROM budget_entry WHERE id IN (SELECT id FROM doomed)
    RETURNING line_id, effective_on, stated_at, amount_pence, released, succession
)
INSERT INTO restated (line_id, name, code, effective_on, stated_at, amount_pence)
SELECT line_id, s.name, s.code, effective_on, max(stated_at), -sum(amount_pence)
  FROM gone JOIN unnest($5::text[], $6::text[], $7::text[]) AS s (succession, name, code) USING (succession)
 WHERE NOT released GROUP BY line_id, s.name, s.code, effective_on ORDER BY line_id, effective_on
"""

# The first and the last of at most so many entries of a succession after one, and before one.
_NEXT = """
SELECT min(id), max(id)
  FROM (SELECT id FROM budget_entry WHERE succession = $1 AND id > $2 ORDER BY id LIMIT $3) piece
"""
_BEFORE = """
SELECT min(id), max(id)
  FROM (SELECT id FROM budget_entry WHERE succession = $1 AND id < $2 ORDER BY id DESC LIMIT $3) piece
"""
_LAST = "SELECT coalesce(max(id), 0) FROM budget_entry WHERE succession = $1"

# What is to be published: by line, succession and day the amounts of each predecessor, which no process has in memory.
_TOLD = """
CREATE TEMPORARY TABLE IF NOT EXISTS restated (
    n bigint GENERATED ALWAYS AS IDENTITY, line_id integer, name text, code text, effective_on date,
    stated_at timestamptz, amount_pence bigint
) ON COMMIT DROP
"""
_TELL = """
INSERT INTO restated (line_id, name, code, effective_on, stated_at, amount_pence)
SELECT line_id, ${name}::text, ${code}::text, effective_on, max(stated_at), sum(amount_pence)
  FROM new WHERE NOT released GROUP BY line_id, effective_on ORDER BY line_id, effective_on
"""
_EVENTS = """
DECLARE restatements NO SCROLL CURSOR FOR
SELECT l.id, l.organisation_code, l.financial_year, l.account, l.function, l.pay, l.recurrent, name, effective_on,
       max(stated_at) AS stated_at, array_agg(code ORDER BY code) AS codes,
       array_agg(amount_pence ORDER BY code) AS amounts
  FROM (SELECT line_id, name, code, effective_on, max(stated_at) AS stated_at,
               sum(amount_pence)::bigint AS amount_pence, min(n) AS n
          FROM restated GROUP BY line_id, name, code, effective_on) told
  JOIN budget_line l ON l.id = told.line_id
 GROUP BY l.id, name, effective_on HAVING bool_or(amount_pence <> 0) ORDER BY min(n)
"""

# The last of each so many lines that a body has from a year on.
_PIECES = """
SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS number, count(*) OVER () AS lines
                  FROM budget_line WHERE organisation_code = $1 AND financial_year >= $2) numbered
 WHERE number % $3 = 0 OR number = lines ORDER BY id
"""
_PAUSES = """
SELECT merger, scheme, successor, predecessors, suspended, effective_on, stated_at
  FROM known_scheme_pause WHERE merger = ANY($1)
"""

_LINES_AT_ONCE = 20_000
"""Lines moved by one statement: one over a million lines was given up after a minute, and begun anew, for ever."""
_ENTRIES_AT_ONCE = 20_000
"""Entries of a succession that one statement takes back, posts again or removes."""
_AT_ONCE = 1_000
"""Events built and inserted at once: reads wait for what is built at once, which takes 10 ms."""


_NO_ENTRY = 2**63 - 1
"""After every entry."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A transfer of staff waits from a day on, or continues."""

    merger: str
    scheme: str
    successor: str
    predecessors: tuple[str, ...]
    suspended: bool
    effective_on: date
    stated_at: datetime

    @property
    def cause(self) -> str:
        """What tells its entries from those of every other one."""
        return f"{self.scheme} {'waits' if self.suspended else 'continues'} {self.effective_on} {self.stated_at}"


@dataclass(frozen=True, slots=True)
class _Followed:
    """A body that was followed on a day: `steps` are how its budgets move by it, one belief after the other."""

    key: str
    name: str
    code: str
    steps: Sequence[BudgetStep] = ()


async def following(connection: asyncpg.Connection, codes: Collection[str]) -> list[BudgetStep]:
    """Lock these bodies and all that they live on in; return how budgets move among them, in order."""
    return steps_of(await _believed(connection, codes))


async def _believed(connection: asyncpg.Connection, codes: Collection[str]) -> list[BelievedSuccession]:
    """Lock these bodies and all that they live on in; return every succession of theirs that was believed."""
    locked: frozenset[str] = frozenset()
    while True:
        rows = [BelievedSuccession(*row) for row in await connection.fetch(_FOLLOWING, sorted(codes))]
        line = frozenset(codes).union(*((row.code, row.successor) for row in rows))
        if line == locked:
            return rows
        await known.lock(connection, line)
        locked = line


async def restate_budgets(session: AsyncSession, codes: Collection[str], *, by: Caller) -> bool:
    """Bring what follows from successions of these bodies in line with all that is known; publish what is new.

    Returns whether anything changed.
    """
    await session.flush()
    connection = await raw(session)
    followed = _followed(await _believed(connection, codes))
    pauses = await _pauses(connection, {step.merger for one in followed for step in one.steps if step.merger})
    if not followed:
        return False
    await connection.execute(_TOLD)
    await connection.execute("TRUNCATE restated RESTART IDENTITY")
    for one in followed:
        own = [pause for pause in pauses if one.steps and _concerns(pause, one.steps)]
        await _forget(connection, one, own, followed)
        for step in one.steps:
            await _move(connection, step, by)
        for pause in own:
            await _pause(connection, one.steps[-1], pause, by)
        for step in one.steps:
            await _undo(connection, step, by)
    await _publish(session, connection)
    changed: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM restated)")
    return changed


def _followed(rows: Sequence[BelievedSuccession]) -> list[_Followed]:
    """Return the bodies that were followed on a day, in the order in which their budgets move.

    In front those of which nothing moves by what is believed now: something may have moved by what was believed before.
    """
    steps: dict[str, list[BudgetStep]] = defaultdict(list)
    for step in steps_of(rows):
        steps[step.key].append(step)
    still: dict[tuple[str, date], list[BelievedSuccession]] = defaultdict(list)
    for row in rows:
        still[row.code, row.effective_on].append(row)
    left = [
        _Followed(key, next((row.merger for row in about if row.merger), key), code)
        for (code, day), about in still.items()
        if (key := key_of(code, day)) not in steps
    ]
    return [*left, *(_Followed(key, own[-1].name, own[-1].code, own) for key, own in steps.items())]


async def _tell(connection: asyncpg.Connection, sql: str, step: BudgetStep, name: str, *arguments: Any) -> None:
    """Run a statement that adds entries, and note what it added to lines that received: to be published."""
    told = _TELL.format(name=len(arguments) + 1, code=len(arguments) + 2)
    await connection.execute(sql.replace("{told}", told), *arguments, name, step.code)


async def _forget(
    connection: asyncpg.Connection, one: _Followed, pauses: Sequence[Pause], every: Sequence[_Followed]
) -> None:
    """Remove what followed from a belief that is computed otherwise now, with all that followed from it."""
    causes = [cause for step in one.steps for cause in (_cause(step), _end(step))] + [pause.cause for pause in pauses]
    told = [[other.key for other in every], [other.name for other in every], [other.code for other in every]]
    # The latest in front: what follows from an entry comes after it, and may be of the same succession.
    before = _NO_ENTRY
    while (piece := await connection.fetchrow(_BEFORE, one.key, before, _ENTRIES_AT_ONCE)) and piece["min"]:
        await connection.execute(_FORGET, one.key, causes, piece["min"], piece["max"], *told)
        before = piece["min"]


async def _pieces(connection: asyncpg.Connection, succession: str) -> AsyncIterator[tuple[int, int]]:
    """Yield the first and the last of each so many entries that a succession has now, without those added meanwhile."""
    after, last = 0, await connection.fetchval(_LAST, succession)
    while after < last:
        first, after = await connection.fetchrow(_NEXT, succession, after, _ENTRIES_AT_ONCE)
        after = min(after, last)
        yield first, after


async def _move(connection: asyncpg.Connection, step: BudgetStep, by: Caller) -> None:
    year = max(FIRST_YEAR, FinancialYear.of(step.effective_on).start)
    codes = [successor for successor, _ in step.shares]
    until = start_of(step.effective_on) if step.continues else None
    if [share for _, share in step.shares] == [1]:
        parts, more = _WHOLE, [codes[0]]
    else:
        parts, more = _SHARED, _weights(step)
    sql = _POST.replace("{moved}", _MOVED).replace("{parts}", parts)
    first = 0
    for row in await connection.fetch(_PIECES, step.code, year, _LINES_AT_ONCE):
        await connection.execute(_NEW_LINES, step.code, year, step.key, codes, first, row["id"])
        arguments = [step.code, year, step.effective_on, step.key, step.known_from, _cause(step), by.subject, until]
        await _tell(connection, sql, step, step.name, *arguments, first, row["id"], *more)
        first = row["id"] + 1


def _weights(step: BudgetStep) -> list[Any]:
    """Return the successors and what stays, with their shares as whole numbers over one denominator."""
    over = lcm(*(share.denominator for _, share in step.shares))
    weights = [int(share * over) for _, share in step.shares]
    return [[*(code for code, _ in step.shares), ""], [*weights, over - sum(weights)], over]


async def _pause(connection: asyncpg.Connection, step: BudgetStep, pause: Pause, by: Caller) -> None:
    kind, sign = ("suspended", -1) if pause.suspended else ("resumed", 1)
    arguments = [step.key, pause.effective_on, pause.stated_at, pause.cause, kind, sign, by.subject]
    async for piece in _pieces(connection, step.key):
        await _tell(connection, _PAUSE, step, pause.scheme, *arguments, *piece)


async def _undo(connection: asyncpg.Connection, step: BudgetStep, by: Caller) -> None:
    if step.known_to is None:
        return
    arguments = [step.key, step.known_from, step.known_to, _end(step), by.subject]
    async for piece in _pieces(connection, step.key):
        await _tell(connection, _UNDO, step, step.name, *arguments, *piece)


def _cause(step: BudgetStep) -> str:
    """Name a belief with all that its entries depend on."""
    shares = ",".join(f"{successor}:{share}" for successor, share in step.shares)
    return f"{shares} {step.known_from.isoformat()}"


def _end(step: BudgetStep) -> str:
    return f"{_cause(step)} {step.known_to.isoformat() if step.known_to else ''}"


def _concerns(pause: Pause, steps: Sequence[BudgetStep]) -> bool:
    step = steps[-1]
    return (pause.merger, pause.successor) == (step.merger, step.shares[0][0]) and step.code in pause.predecessors


async def _pauses(connection: asyncpg.Connection, mergers: Collection[str]) -> list[Pause]:
    """Return what changes whether transfers of staff wait: of two suspensions in a row the first alone does."""
    of_scheme: dict[tuple[str, str], list[Pause]] = defaultdict(list)
    for row in await connection.fetch(_PAUSES, sorted(mergers)) if mergers else ():
        pause = Pause(row["merger"], row["scheme"], row["successor"], tuple(row["predecessors"]), *row[4:])
        of_scheme[pause.merger, pause.scheme].append(pause)
    return [change for _, pauses in sorted(of_scheme.items()) for change in changes_of(pauses)]


async def _publish(session: AsyncSession, connection: asyncpg.Connection) -> None:
    await connection.execute(_EVENTS)
    while rows := await connection.fetch(f"FETCH {_AT_ONCE} FROM restatements"):
        await outbox.add_rows(session, await outbox.rows_of([_event(row) for row in rows]))
    await connection.execute("CLOSE restatements")


def _event(row: asyncpg.Record) -> BudgetRestated:
    return BudgetRestated(
        effective_on=row["effective_on"],
        stated_at=row["stated_at"],
        organisation=row["organisation_code"],
        financial_year=str(FinancialYear(row["financial_year"])),
        line=f"BL-{row['id']}",
        account=row["account"],
        function=row["function"],
        pay=row["pay"],
        recurrent=row["recurrent"],
        amount_pence=sum(row["amounts"]),
        predecessors=tuple(row["codes"]),
        released_pence=tuple(row["amounts"]),
        merger=row["name"],
    )
