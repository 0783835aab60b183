"""Flags contracts with staff lists whose staff wait, because the staff scheme of their merger is suspended."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import zip_longest

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from libs.common.process.clock import day_of
from libs.organisations.schemes import changes_of
from services.contracts.findings.commands import NewFinding, clear_findings, raise_findings
from services.contracts.findings.models import FindingKind
from services.contracts.mergers.plans import MergerPlan, MergerStatus, find_plans

_ONE_DAY = timedelta(days=1)
_ALWAYS = datetime.max.replace(tzinfo=UTC)

_STATED = """
SELECT merger, scheme, what = 'suspended' AS suspended, predecessors, effective_on, stated_at
  FROM known_scheme_statement
 WHERE merger = ANY($1) AND sort = 'staff' AND what IN ('suspended', 'resumed')
"""

# The contracts that moved by the merger, or are of a body that is to merge, whose list of staff was known by then.
_IN_DOUBT = """
SELECT asked.n, c.reference, coalesce(c.exit_day, c.term_end, c.last_day) AS last_day,
       coalesce(supplier.value, c.supplier_code) AS supplier,
       ARRAY(SELECT cc.customer_code FROM contract_customer cc
               JOIN contract_customer_belief b ON b.subject_id = cc.id
                AND b.valid @> greatest(asked.day, c.starts_on) AND upper_inf(b.known)
              WHERE cc.contract_id = c.id ORDER BY cc.customer_code) AS customers
  FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[])
       WITH ORDINALITY AS asked (merger, codes, day, until, n)
  JOIN contract c ON c.status NOT IN ('draft', 'lapsed') AND coalesce(c.exit_day, c.term_end, c.last_day) >= asked.day
  LEFT JOIN contract_supplier_belief supplier
    ON supplier.subject_id = c.id AND upper_inf(supplier.known)
   AND supplier.valid @> greatest(asked.day, c.starts_on)
 WHERE c.id IN (SELECT cc.contract_id FROM contract_customer cc
                  JOIN contract_customer_belief b ON b.subject_id = cc.id
                   AND b.valid @> greatest(asked.day, c.starts_on) AND upper_inf(b.known)
                 WHERE cc.customer_code = ANY(string_to_array(asked.codes, ','))
                 UNION ALL
                SELECT h.contract_id FROM change_of_hands h
                 WHERE h.merger = asked.merger AND h.from_customers && string_to_array(asked.codes, ','))
   AND (SELECT jsonb_array_length(paper.content -> 'staff') > 0 FROM exit_paper paper
         WHERE paper.contract_id = c.id AND paper.kind = 'staff' AND paper.stated_at < asked.until
         ORDER BY paper.effective_on DESC, paper.stated_at DESC, paper.id DESC LIMIT 1)
 ORDER BY asked.n, c.reference
"""

# What was cleared and raised again has several rows.
KNOWN = """
SELECT asked.merger, key, bool_or(cleared_at IS NULL) AS is_open
  FROM unnest($1::text[], $2::text[], $3::text[]) AS asked (merger, prefix, after)
  JOIN finding ON kind = 'delivery_in_doubt' AND key >= asked.prefix AND key < asked.after GROUP BY asked.merger, key
"""

# Due work and what is heard take turns: due work that read before a resumption would raise again what it cleared.
_LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended('staff schemes of ' || merger, 0))
  FROM (SELECT unnest($1::text[]) AS merger ORDER BY 1) asked
"""

_SUSPENDED = """
SELECT DISTINCT merger
  FROM (SELECT DISTINCT ON (merger, scheme) merger, what, predecessors FROM known_scheme_statement
         WHERE sort = 'staff' AND what IN ('suspended', 'resumed')
         ORDER BY merger, scheme, effective_on DESC, stated_at DESC, what DESC) latest
 WHERE what = 'suspended' AND ($1::text[] IS NULL OR predecessors && $1) ORDER BY merger
"""


@dataclass(frozen=True, slots=True)
class _Pause:
    """What the registry published: a scheme is suspended from a day on, or resumed."""

    scheme: str
    suspended: bool
    predecessors: tuple[str, ...]
    effective_on: date
    stated_at: datetime


@dataclass(frozen=True, slots=True)
class _Wait:
    """The staff of a scheme wait from a suspension on, until it is resumed (None: they still do)."""

    suspension: _Pause
    resumption: _Pause | None
    codes: tuple[str, ...]

    def prefix(self, merger: str) -> str:
        """Return what the keys of its findings begin with."""
        return f"{_prefix(merger)}{self.suspension.scheme} {self.suspension.effective_on} "

    def finding(self, merger: str, row: asyncpg.Record) -> NewFinding:
        """Return what this puts in doubt of one contract."""
        scheme, since = self.suspension.scheme, self.suspension.effective_on
        return NewFinding(
            f"{self.prefix(merger)}{row['reference']}",
            FindingKind.DELIVERY_IN_DOUBT,
            [row["reference"], scheme],
            [*row["customers"], row["supplier"]],
            f"{row['reference']}: the staff of {scheme} wait since {since}",
            since,
        )


async def doubt_delivery(session: AsyncSession, merger: str, *, stated_at: datetime) -> bool:
    """Raise what the suspended staff schemes of a merger put in doubt, and clear what was resumed; return if any was.

    What has moved stays moved. What is in doubt follows from all that is known, so that events in any order, and twice,
    lead to the same.
    """
    return await _doubt(session, [merger], stated_at) > 0


async def _doubt(session: AsyncSession, mergers: Collection[str], stated_at: datetime) -> int:
    """Bring the findings about the staff schemes of these mergers in line; return how many changed."""
    connection = await raw(session)
    named = sorted(mergers)
    await connection.execute(_LOCK, named)
    plans = await find_plans(connection, named)
    stated: dict[str, list[_Pause]] = defaultdict(list)
    for row in await connection.fetch(_STATED, named):
        stated[row["merger"]].append(_Pause(*row[1:]))
    waits = [(merger, wait) for merger in named for wait in _waits(stated[merger], plans.get(merger))]
    contracts = await _in_doubt(connection, waits)
    known: dict[str, dict[str, bool]] = defaultdict(dict)
    prefixes = [_prefix(merger) for merger in named]
    # A prefix ends with a blank, which "!" follows: an index on keys finds what begins with it.
    for row in await connection.fetch(KNOWN, named, prefixes, [f"{one[:-1]}!" for one in prefixes]):
        known[row["merger"]][row["key"]] = row["is_open"]
    changed = 0
    for merger in named:
        own = [(wait, contracts[number]) for number, (one, wait) in enumerate(waits, 1) if one == merger]
        changed += await _bring_in_line(session, merger, own, known[merger], stated_at)
    return changed


async def _bring_in_line(
    session: AsyncSession,
    merger: str,
    waits: Sequence[tuple[_Wait, Sequence[asyncpg.Record]]],
    known: Mapping[str, bool],
    stated_at: datetime,
) -> int:
    """Raise and clear findings about one merger: its waits with the contracts of each, and its keys that are open."""
    today = day_of(stated_at)
    gone = {key for key, is_open in known.items() if is_open}
    changed = 0
    for wait, rows in waits:
        contracts = [(wait.finding(merger, row), row["last_day"]) for row in rows]
        found = {one.key: one for one, _ in contracts}
        ended = {one.key: last + _ONE_DAY for one, last in contracts if last < today}
        now = wait.suspension.stated_at if wait.resumption else max(wait.suspension.stated_at, stated_at)
        new = [
            one for key, one in found.items() if key not in known or not (known[key] or wait.resumption or key in ended)
        ]
        changed += await raise_findings(session, new, stated_at=now)
        gone -= found.keys()
        changed += await _clear_ended(session, ended, before=wait.resumption, stated_at=now)
        if end := wait.resumption:
            # Also what is no longer found: it was in doubt until then.
            mine = {key for key in gone if key.startswith(wait.prefix(merger))}
            gone -= mine
            changed += await clear_findings(
                session, {*mine, *found}, on=end.effective_on, reason="resumed", stated_at=end.stated_at
            )
    return changed + await clear_findings(session, gone, on=today, reason="superseded", stated_at=stated_at)


async def _in_doubt(
    connection: asyncpg.Connection, waits: Sequence[tuple[str, _Wait]]
) -> Mapping[int, Sequence[asyncpg.Record]]:
    """Return the contracts that each of these waits of mergers puts in doubt, by its number from one on."""
    rows = await connection.fetch(
        _IN_DOUBT,
        [merger for merger, _ in waits],
        [",".join(wait.codes) for _, wait in waits],
        [wait.suspension.effective_on for _, wait in waits],
        [wait.resumption.stated_at if wait.resumption else _ALWAYS for _, wait in waits],
    )
    found: dict[int, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        found[row["n"]].append(row)
    return found


async def _clear_ended(
    session: AsyncSession, ended: Mapping[str, date], *, before: _Pause | None, stated_at: datetime
) -> int:
    """Clear what was in doubt of contracts that ended before their staff continued; nothing is delivered any longer."""
    days = sorted({day for day in ended.values() if before is None or day <= before.effective_on})
    return sum(
        [
            await clear_findings(
                session,
                {key for key, last in ended.items() if last == day},
                on=day,
                reason="ended",
                stated_at=stated_at,
            )
            for day in days
        ]
    )


async def doubt_deliveries(session: AsyncSession, codes: Collection[str] | None = None, *, stated_at: datetime) -> int:
    """Look again at what the schemes put in doubt that are suspended, of these bodies alone; return what changed."""
    rows = await (await raw(session)).fetch(_SUSPENDED, None if codes is None else sorted(codes))
    return await _doubt(session, [row["merger"] for row in rows], stated_at) if rows else 0


async def find_doubts(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Find what suspended schemes put in doubt by a list of staff, or a contract, that came since. Due work."""
    return await doubt_deliveries(session, stated_at=stated_at)


def _prefix(merger: str) -> str:
    return f"staff-scheme {merger} "


def _waits(stated: Sequence[_Pause], plan: MergerPlan | None) -> list[_Wait]:
    """Return when the staff of each scheme wait: of a merger that was withdrawn or undone never, nor of such a body.

    Of waits that begin on one day the last counts: the keys of their findings are the same.
    """
    if plan and plan.status in (MergerStatus.WITHDRAWN, MergerStatus.UNDONE):
        return []
    by_scheme: dict[str, list[_Pause]] = defaultdict(list)
    for one in stated:
        by_scheme[one.scheme].append(one)
    waits = []
    for _, pauses in sorted(by_scheme.items()):
        changes = changes_of(pauses)
        of_day = {one.effective_on: (one, end) for one, end in zip_longest(changes[::2], changes[1::2])}
        for suspension, resumption in of_day.values():
            codes = tuple(code for code in suspension.predecessors if plan is None or code in plan.predecessors)
            if codes:
                waits.append(_Wait(suspension, resumption, codes))
    return waits
