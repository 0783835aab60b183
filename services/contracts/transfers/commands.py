"""Transfers running contracts to the successor of merged, acquired or abolished bodies.

All contracts of a merger are transferred in one transaction, by a handful of statements for each 500 of them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TypeAlias

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ContractTransferred
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process import context
from libs.common.temporal.believed import about
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from libs.organisations.mergers import Merger, mergers_following
from services.contracts.core.charges import KNOWN_NOW, pence_then
from services.contracts.core.codes import AGREEMENTS
from services.contracts.core.models import FACET, Status, customership, known
from services.contracts.core.parties import PartyChange, follow_parties
from services.contracts.core.schemes import ALWAYS, property_schemes
from services.contracts.core.shares import ShareFacet, ShareTable, table_of
from services.contracts.transfers.rules import Difference, parties_of, replaced

_MOMENT = timedelta(microseconds=1)

AT_ONCE = 500
"""Contracts in memory at once: reads of the same process wait for what is computed without a statement between."""

_LOCK = f"""
SELECT c.id FROM contract c
 WHERE c.id IN (SELECT contract_id FROM contract_customer WHERE customer_code = ANY($1))
   AND coalesce(c.exit_day, c.term_end, c.last_day) >= $2 AND ($3::int[] IS NULL OR c.id = ANY($3))
   AND ($4::bool OR c.form IS NULL OR c.form NOT IN {AGREEMENTS})
 ORDER BY c.id FOR UPDATE
"""  # noqa: S608  (what is put in is ours)

# A statement of its own after the lock, so that what was committed during the wait is seen.
_HELD = f"""
SELECT c.id, c.reference, c.status,
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND b.valid @> $2::date AND upper_inf(b.known)),
                c.supplier_code) AS supplier,
       cc.id AS customer_id, cc.customer_code,
       {pence_then("$2::date", KNOWN_NOW)} AS annual_pence,
       (SELECT max(s.stated_at) FROM contract_customer_statement s WHERE s.subject_id = cc.id) AS stated_at,
       (SELECT max(s.stated_at) FROM contract_customer_statement s
         WHERE s.subject_id = cc.id AND lower(s.valid) >= $2) AS restated_at,
       (SELECT max(h.stated_at) FROM change_of_hands h
         WHERE h.contract_id = c.id AND c.status = 'draft') AS changed_at
  FROM contract c JOIN contract_customer cc ON cc.contract_id = c.id
 WHERE c.id = ANY($1)
   AND (c.status = 'draft' OR EXISTS (
        SELECT FROM contract_customer_belief b
         WHERE b.subject_id = cc.id AND upper_inf(b.known) AND b.valid && daterange($2, NULL)))
 ORDER BY c.id, cc.customer_code
"""  # noqa: S608  (what is put in is ours)

_JOIN = """
INSERT INTO contract_customer (contract_id, customer_code) SELECT unnest($1::int[]), $2 ON CONFLICT DO NOTHING
"""

_SCHEMES = f"SELECT {property_schemes('$1', '$2::text[]', ALWAYS)} AS schemes"

_HANDS = (
    "contract_id",
    "merger",
    "from_customers",
    "to_customer",
    "customers_before",
    "customers",
    "effective_on",
    "stated_at",
    "event",
    "caused_by",
    "schemes",
)

_COSTS = f"""
SELECT b.value FROM unnest($1::int[], $2::date[]) WITH ORDINALITY AS asked (contract_id, day, n)
  LEFT JOIN contract_share_belief b
    ON b.subject_id = asked.contract_id AND {about("b", ShareFacet.COST)} AND upper_inf(b.known)
   AND b.valid @> asked.day
 ORDER BY asked.n
"""  # noqa: S608  (what is put in is ours)

# The days after $2 within the term from which lines, shares or customers are others, as believed now.
_LATER = """
SELECT DISTINCT c.id, bound.day
  FROM (SELECT subject_id, lower(valid) AS day FROM contract_terms_belief
         WHERE subject_id = ANY($1) AND upper_inf(known)
         UNION ALL
        SELECT subject_id, lower(valid) FROM contract_share_belief WHERE subject_id = ANY($1) AND upper_inf(known)
         UNION ALL
        SELECT cc.contract_id, ends.day
          FROM contract_customer cc JOIN contract_customer_belief b ON b.subject_id = cc.id
         CROSS JOIN LATERAL (VALUES (lower(b.valid)), (upper(b.valid))) AS ends (day)
         WHERE cc.contract_id = ANY($1) AND upper_inf(b.known)) bound
  JOIN contract c ON c.id = bound.subject_id
 WHERE bound.day > $2::date AND bound.day <= coalesce(c.exit_day, c.term_end, c.last_day) ORDER BY c.id, bound.day
"""

_PIECES = """
SELECT cc.contract_id, cc.customer_code, lower(b.valid) AS first_day, upper(b.valid) AS end_day
  FROM contract_customer cc JOIN contract_customer_belief b ON b.subject_id = cc.id
 WHERE cc.contract_id = ANY($1) AND upper_inf(b.known)
"""

_CHARGED = f"""
SELECT coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND b.valid @> asked.day AND upper_inf(b.known)),
                c.supplier_code) AS supplier,
       {pence_then("asked.day", KNOWN_NOW)} AS annual_pence
  FROM unnest($1::int[], $2::date[]) WITH ORDINALITY AS asked (contract_id, day, n)
  JOIN contract c ON c.id = asked.contract_id ORDER BY asked.n
"""  # noqa: S608  (what is put in is ours)

_JOINED = "SELECT contract_id, id FROM contract_customer WHERE contract_id = ANY($1) AND customer_code = $2"


ChangeRow: TypeAlias = tuple[int, str, list[str], str, list[str], list[str], date, datetime, str | None, str, list[str]]
"""A change of hands as a row: contract, merger, customers before and after, its day, ..., the schemes published."""


@dataclass(frozen=True, slots=True)
class _Change:
    """One contract, and who leaves it, who is its customer before and who afterwards.

    `days` are those on which the successor has what they had: none after what they had has ended.
    """

    contract: asyncpg.Record
    leaving: dict[str, int]
    before: tuple[str, ...]
    customers: tuple[str, ...]
    stated_at: datetime
    days: tuple[Difference, ...] = ()

    @property
    def is_draft(self) -> bool:
        return bool(self.contract["status"] == Status.DRAFT)


async def transfer_contracts(
    session: AsyncSession, merger: Merger, *, by: Caller, only: Sequence[int] | None = None, saved: bool = False
) -> int:
    """Replace the predecessors by the successor in every contract that runs on the day or later.

    The predecessors are customers until the day before. A contract that ended before the day is unchanged. A draft
    simply names the successor. Where the successor itself is known to have merged later, its successor follows. A
    repetition changes nothing. `only` limits it to some contracts, by id. A section 75 or data-sharing agreement is
    moved only where it is `saved`. Returns the number transferred.
    """
    connection = await raw(session)
    leaving = [code for code in merger.predecessors if code != merger.successor]
    locked = [row["id"] for row in await connection.fetch(_LOCK, leaving, merger.effective_on, only, saved)]
    changed = 0
    for start in range(0, len(locked), AT_ONCE):
        changed += await _transfer(session, merger, leaving, locked[start : start + AT_ONCE], by=by)
    return changed


async def _transfer(
    session: AsyncSession, merger: Merger, leaving: Sequence[str], contracts: Sequence[int], *, by: Caller
) -> int:
    """Transfer these contracts, which are locked, and let them follow the successor's own later mergers."""
    connection = await raw(session)
    held = await connection.fetch(_HELD, contracts, merger.effective_on)
    changes = [
        change
        for _, rows in groupby(held, key=lambda row: row["id"])
        if (change := _change(list(rows), leaving, merger)).leaving
    ]
    if not changes:
        return 0
    changed = [change.contract["id"] for change in changes]
    await connection.execute(_JOIN, changed, merger.successor)
    joined = {row["contract_id"]: row["id"] for row in await connection.fetch(_JOINED, changed, merger.successor)}
    await _replace_in_drafts(connection, [change for change in changes if change.is_draft])
    signed = await _by_days(connection, [change for change in changes if not change.is_draft], merger)
    await customership.state(
        connection,
        [statement for change in signed for statement in _statements(change, joined, merger.effective_on)],
        source=f"merger {merger.key}",
        by=by.subject,
    )
    costs = await follow_parties(
        connection,
        [one for change in signed for one in _party_changes(change, merger)],
        source=f"merger {merger.key}",
        by=by,
    )
    await connection.execute("UPDATE contract SET version = version + 1 WHERE id = ANY($1)", changed)
    await _publish(session, changes, signed, merger, await _schemes(connection, merger, leaving), costs)
    await follow_mergers(session, [merger.successor], since=merger.effective_on, by=by, only=changed)
    return len(changed)


async def _publish(
    session: AsyncSession,
    changes: Sequence[_Change],
    signed: Sequence[_Change],
    merger: Merger,
    schemes: Mapping[str, str],
    costs: Mapping[int, ShareTable],
) -> None:
    """Publish the transfer of signed contracts, and record every change with its event."""
    told = await outbox.add_all(session, [_transferred(change, merger, schemes, costs) for change in signed])
    await _publish_later(session, signed, merger)
    events = dict(zip((change.contract["id"] for change in signed), told, strict=True))
    rows = [_record(change, merger, events.get(change.contract["id"]), schemes) for change in changes]
    await record_changes(await raw(session), rows)


async def follow_mergers(
    session: AsyncSession, codes: Sequence[str], *, since: date, by: Caller, only: Sequence[int]
) -> None:
    """Transfer some contracts, by id, by every later merger of these customers that is known and not undone."""
    for merger in await mergers_following(await raw(session), known.successions, codes, after=since):
        await transfer_contracts(session, merger, by=by, only=only)


def _change(rows: Sequence[asyncpg.Record], leaving: Sequence[str], merger: Merger) -> _Change:
    """Return the effect of the merger on one contract, whose rows are its customers."""
    gone = {row["customer_code"]: row["customer_id"] for row in rows if row["customer_code"] in leaving}
    staying = {row["customer_code"] for row in rows} - set(gone)
    # Where the contract was signed after the merger was stated, the change is known since the signature: an earlier
    # statement would be superseded by it.
    stated = [row["stated_at"] for row in rows if row["stated_at"]]
    # Of two statements of one instant and the same days, the one that names a customer counts: this one is later.
    stated += [row["restated_at"] + _MOMENT for row in rows if row["restated_at"]]
    # A draft that was put back changes hands by the same merger again, later.
    stated += [row["changed_at"] + _MOMENT for row in rows if row["changed_at"]]
    after = tuple(sorted(staying | {merger.successor}))
    return _Change(rows[0], gone, tuple(sorted(staying.union(gone))), after, max([merger.stated_at, *stated]))


async def _by_days(connection: asyncpg.Connection, changes: Sequence[_Change], merger: Merger) -> list[_Change]:
    """Return the changes with the days on which the successor has what its predecessors had."""
    on = merger.effective_on
    later = await later_days(connection, [change.contract["id"] for change in changes], on)
    pieces: dict[int, list[tuple[str, date | None, date | None]]] = defaultdict(list)
    for row in await connection.fetch(_PIECES, list(later)) if later else []:
        pieces[row["contract_id"]].append((row["customer_code"], row["first_day"], row["end_day"]))
    found = []
    for change in changes:
        key = change.contract["id"]
        days = [Difference(Days(on), frozenset(change.before), frozenset(change.customers))]
        if key in later:
            days = replaced(parties_of(pieces[key]), list(change.leaving), merger.successor, [on, *later[key]])
        found.append(replace(change, days=tuple(days)))
    return found


async def later_days(connection: asyncpg.Connection, contracts: Sequence[int], on: date) -> dict[int, list[date]]:
    """Return the later days from which contracts have other lines, shares or customers; none of the others."""
    days: dict[int, list[date]] = defaultdict(list)
    for row in await connection.fetch(_LATER, list(contracts), on):
        days[row["id"]].append(row["day"])
    return days


async def charged_on(
    connection: asyncpg.Connection, contracts: Sequence[int], days: Sequence[date]
) -> list[asyncpg.Record]:
    """Return the supplier and the charge a year of contracts on days, in their order, as believed now."""
    rows: list[asyncpg.Record] = await connection.fetch(_CHARGED, contracts, days)
    return rows


async def _publish_later(session: AsyncSession, changes: Sequence[_Change], merger: Merger) -> None:
    """Publish the parties of later days anew, since what was published of those days names the ones before."""
    found = [(change, one) for change in changes for one in change.days if one.days.start > merger.effective_on]
    if not found:
        return
    contracts, days = [change.contract["id"] for change, _ in found], [one.days.start for _, one in found]
    connection = await raw(session)
    shares = await shares_on(connection, contracts, days, [sorted(one.after) for _, one in found])
    charged = await charged_on(connection, contracts, days)
    await outbox.add_all(
        session,
        [
            ContractTransferred(
                effective_on=one.days.start,
                stated_at=change.stated_at,
                contract=change.contract["reference"],
                supplier=now["supplier"],
                from_customers=tuple(sorted(one.before - one.after)) or tuple(sorted(change.leaving)),
                customers=tuple(sorted(one.after)),
                merger=merger.reference,
                annual_pence=now["annual_pence"],
                customer_shares=parts,
                route="succession",
            )
            for (change, one), parts, now in zip(found, shares, charged, strict=True)
        ],
    )


def _statements(change: _Change, joined: dict[int, int], on: date) -> list[NewStatement]:
    joins = joined[change.contract["id"]]
    return [
        *(NewStatement(customer, FACET, None, Days(on), change.stated_at) for customer in change.leaving.values()),
        *(NewStatement(joins, FACET, "customer", one.days, change.stated_at) for one in change.days),
    ]


def _party_changes(change: _Change, merger: Merger) -> list[PartyChange]:
    key, heir = change.contract["id"], merger.successor
    return [PartyChange(key, one.days, one.before, one.after, change.stated_at, heir) for one in change.days]


async def _replace_in_drafts(connection: asyncpg.Connection, drafts: Sequence[_Change]) -> None:
    left = [customer for draft in drafts for customer in draft.leaving.values()]
    await connection.execute("DELETE FROM contract_customer WHERE id = ANY($1)", left)


async def record_changes(connection: asyncpg.Connection, changes: Sequence[ChangeRow]) -> None:
    """Insert changes of hands, however many, by one COPY."""
    await connection.copy_records_to_table("change_of_hands", records=changes, columns=_HANDS)


async def _schemes(connection: asyncpg.Connection, merger: Merger, leaving: Sequence[str]) -> dict[str, str]:
    """Return the property scheme of each predecessor, as known now, empty for one that has none."""
    if not merger.reference:
        return dict.fromkeys(leaving, "")
    return dict(zip(leaving, await connection.fetchval(_SCHEMES, merger.reference, list(leaving)), strict=True))


async def shares_on(
    connection: asyncpg.Connection, contracts: Sequence[int], days: Sequence[date], customers: Sequence[Sequence[str]]
) -> list[tuple[str, ...]]:
    """Return what each of the customers of contracts pays on days, in their order; empty where no table is agreed."""
    rows = await connection.fetch(_COSTS, contracts, days)
    return [
        table_of(row["value"]).fractions(codes) if row["value"] and codes else ()
        for row, codes in zip(rows, customers, strict=True)
    ]


def route_of(schemes: Sequence[str]) -> str:
    """Return how a contract came to its new party: by a transfer scheme, or by the succession alone."""
    return "scheme" if any(schemes) else "succession"


def _transferred(
    change: _Change, merger: Merger, schemes: Mapping[str, str], costs: Mapping[int, ShareTable]
) -> ContractTransferred:
    cost = costs.get(change.contract["id"])
    moved_by = tuple(schemes[code] for code in sorted(change.leaving))
    return ContractTransferred(
        effective_on=merger.effective_on,
        stated_at=change.stated_at,
        contract=change.contract["reference"],
        supplier=change.contract["supplier"],
        from_customers=tuple(sorted(change.leaving)),
        customers=change.customers,
        merger=merger.reference,
        annual_pence=change.contract["annual_pence"],
        customer_shares=cost.fractions(change.customers) if cost else (),
        schemes=moved_by if any(moved_by) else (),
        route=route_of(moved_by),
    )


def _record(change: _Change, merger: Merger, event: str | None, schemes: Mapping[str, str]) -> ChangeRow:
    leaving = sorted(change.leaving)
    return (
        change.contract["id"],
        merger.key,
        leaving,
        merger.successor,
        list(change.before),
        list(change.customers),
        merger.effective_on,
        change.stated_at,
        event,
        context.origin().causation,
        [schemes[code] for code in leaving] if event else [],
    )
