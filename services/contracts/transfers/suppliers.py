"""Replaces a contract's supplier by the body that took it over, and back where that is undone."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ContractTransferred
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.temporal.timeline import NewStatement
from libs.organisations.mergers import Merger, mergers_following
from services.contracts.core.charges import KNOWN_NOW, pence_then
from services.contracts.core.codes import AGREEMENTS
from services.contracts.core.models import FACET, known, supply
from services.contracts.transfers.commands import AT_ONCE, shares_on
from services.contracts.transfers.rules import differences, parties_by_day, parties_of

_MOMENT = timedelta(microseconds=1)

# Contracts that one of the bodies supplies, or supplied before another took over.
_SUPPLIED = f"""
SELECT c.id, c.reference, c.supplier_code, c.status, c.signed_on, c.signed_at, c.starts_on,
       coalesce(c.exit_day, c.term_end, c.last_day) AS ends_on,
       {pence_then("$2::date", KNOWN_NOW)} AS annual_pence,
       (SELECT max(s.stated_at) FROM contract_supplier_statement s WHERE s.subject_id = c.id) AS stated_at
  FROM contract c
 WHERE c.id > $5 AND coalesce(c.exit_day, c.term_end, c.last_day) >= $2 AND ($3::int[] IS NULL OR c.id = ANY($3))
   AND ($4::bool OR c.form IS NULL OR c.form NOT IN {AGREEMENTS})
   AND (c.supplier_code = ANY($1)
        OR EXISTS (SELECT FROM contract_supplier_belief b WHERE b.subject_id = c.id AND b.value = ANY($1)))
 ORDER BY c.id LIMIT $6 FOR UPDATE
"""  # noqa: S608  (what is put in is ours)

_BELIEVED = """
SELECT subject_id, value, lower(valid) AS first_day, upper(valid) AS end_day FROM contract_supplier_belief
 WHERE subject_id = ANY($1) AND upper_inf(known)
"""

_CUSTOMERS_ON = """
SELECT on_day.o, array_agg(cc.customer_code ORDER BY cc.customer_code) AS customers
  FROM unnest($1::int[], $2::date[]) WITH ORDINALITY AS on_day (contract_id, day, o)
  JOIN contract_customer cc USING (contract_id)
  JOIN contract_customer_belief b ON b.subject_id = cc.id AND upper_inf(b.known) AND b.valid @> on_day.day
 GROUP BY on_day.o
"""


async def settle_suppliers(
    session: AsyncSession,
    codes: Collection[str],
    *,
    on: date,
    stated_at: datetime,
    by: Caller,
    only: Sequence[int] | None = None,
    saved: bool = False,
) -> int:
    """Apply the takeovers of these suppliers, as believed, to their contracts; return the number that changed.

    A supplier that had closed when the contract was signed stays, because it was named all the same. `only` limits it
    to some contracts, by id. Agreements that name legal bodies are changed only where they are `saved`.
    """
    connection = await raw(session)
    changed, after = 0, 0
    while contracts := await connection.fetch(_SUPPLIED, list(codes), on, only, saved, after, AT_ONCE):
        changed += await _settle(session, contracts, on=on, stated_at=stated_at, by=by)
        after = contracts[-1]["id"]
        if len(contracts) < AT_ONCE:
            break
    return changed


async def _settle(
    session: AsyncSession, contracts: Sequence[asyncpg.Record], *, on: date, stated_at: datetime, by: Caller
) -> int:
    """Apply what is believed of these contracts' suppliers; return how many of them changed."""
    connection = await raw(session)
    mergers = await mergers_following(connection, known.successions, {row["supplier_code"] for row in contracts})
    drafts = await _replace_in_drafts(connection, contracts, [one for one in mergers if one.effective_on == on])
    changes = await _changes(connection, contracts, mergers, on=on, stated_at=stated_at)
    await supply.state(connection, [change for _, change in changes], source="succession", by=by.subject)
    changed = {contract["id"] for contract, _ in changes}
    await connection.execute("UPDATE contract SET version = version + 1 WHERE id = ANY($1)", list(changed))
    await outbox.add_all(session, await _events(connection, changes))
    return drafts + len(changed)


async def _replace_in_drafts(
    connection: asyncpg.Connection, contracts: Sequence[asyncpg.Record], mergers: Sequence[Merger]
) -> int:
    """Name the successor in drafts that name a supplier that it took over; return their number."""
    replaced = 0
    for merger in mergers:
        rows = await connection.fetch(
            "UPDATE contract SET supplier_code = $2, version = version + 1"
            " WHERE status = 'draft' AND supplier_code = ANY($1) AND id = ANY($3) RETURNING id",
            [code for code in merger.predecessors if code != merger.successor],
            merger.successor,
            [row["id"] for row in contracts],
        )
        replaced += len(rows)
    return replaced


async def _changes(
    connection: asyncpg.Connection,
    contracts: Sequence[asyncpg.Record],
    mergers: Sequence[Merger],
    *,
    on: date,
    stated_at: datetime,
) -> list[tuple[asyncpg.Record, NewStatement]]:
    """Return the suppliers of signed contracts from a day where they differ from the belief."""
    signed = {row["id"]: row for row in contracts if row["status"] != "draft"}
    pieces: dict[int, list[tuple[str, date | None, date | None]]] = defaultdict(list)
    for row in await connection.fetch(_BELIEVED, list(signed)):
        pieces[row["subject_id"]].append((row["value"], row["first_day"], row["end_day"]))
    changes: list[tuple[asyncpg.Record, NewStatement]] = []
    for key, contract in signed.items():
        first = frozenset({contract["supplier_code"]})
        own = [one for one in mergers if one.effective_on > contract["signed_on"]]
        wanted = parties_by_day(first, own, until=contract["ends_on"])
        at = stated_at if contract["stated_at"] is None else max(stated_at, contract["stated_at"] + _MOMENT)
        at = max(at, contract["signed_at"])
        for one in differences(parties_of(pieces[key], otherwise=first), wanted, on):
            [supplier] = one.after
            changes.append((contract, NewStatement(key, FACET, supplier, one.days, at)))
    return changes


async def _events(
    connection: asyncpg.Connection, changes: Sequence[tuple[asyncpg.Record, NewStatement]]
) -> list[ContractTransferred]:
    """Return the events of new suppliers. No customer changes, so `from_customers` is empty."""
    days = [max(change.days.start, contract["starts_on"]) for contract, change in changes]
    rows = await connection.fetch(_CUSTOMERS_ON, [contract["id"] for contract, _ in changes], days)
    customers = {row["o"]: tuple(row["customers"]) for row in rows}
    served = [customers.get(number, ()) for number in range(1, len(changes) + 1)]
    shares = await shares_on(connection, [contract["id"] for contract, _ in changes], days, served)
    return [
        ContractTransferred(
            effective_on=change.days.start,
            stated_at=change.stated_at,
            contract=contract["reference"],
            supplier=str(change.value),
            from_customers=(),
            customers=codes,
            merger="",
            annual_pence=contract["annual_pence"],
            customer_shares=parts,
            route="succession",
        )
        for (contract, change), codes, parts in zip(changes, served, shares, strict=True)
    ]
