"""Finance's copy of support contracts, from the events of contracts: one row an event, folded when read."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.events import Event
from libs.common.events.contracts import (
    ContractSigned,
    ContractTerminated,
    ContractTransferred,
    ContractVaried,
    ServiceConsolidated,
)
from services.finance.charges.rules import ContractStatement

_ALWAYS = datetime.max.replace(tzinfo=UTC)
_ENDED = ("", 0, None, "", "")
"""Customers, charge, last day, shares and tiers of a contract that has ended."""

# Arrays of arrays must be rectangular, so that each list of customers travels as one text.
_KNOW = """
INSERT INTO known_contract
       (contract, what, effective_on, stated_at, title, supplier, customers, annual_pence, last_day, shares,
        tiers)
SELECT contract, what, effective_on, stated_at, title, supplier, string_to_array(customers, ','), annual_pence,
       last_day, string_to_array(shares, ','), string_to_array(tiers, ',')
  FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::bigint[],
              $9::date[], $10::text[], $11::text[]) WITH ORDINALITY
       AS new (contract, what, effective_on, stated_at, title, supplier, customers, annual_pence, last_day, shares,
               tiers, n)
 ORDER BY n
    ON CONFLICT DO NOTHING
"""

_OF_CUSTOMER = """
SELECT contract, what, effective_on, stated_at, id, title, supplier, customers, annual_pence, last_day, shares, tiers
  FROM known_contract
 WHERE stated_at <= $2
   AND contract IN (SELECT contract FROM known_contract WHERE customers @> ARRAY[$1::text])
 ORDER BY id
"""

_OF_CONTRACTS = """
SELECT contract, what, effective_on, stated_at, id, title, supplier, customers, annual_pence, last_day, shares, tiers
  FROM known_contract
 WHERE stated_at <= $2 AND contract = ANY($1)
 ORDER BY id
"""

_CONTRACTS = """
SELECT DISTINCT contract FROM known_contract
 WHERE stated_at <= $2 AND customers && $1::text[] ORDER BY contract LIMIT $3
"""


async def know(connection: asyncpg.Connection, events: Sequence[Event]) -> None:
    """Insert these events about contracts by one statement. A repeated event is not inserted twice."""
    rows = [row for event in events for row in _facts(event)]
    await connection.execute(_KNOW, *([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 11))


async def list_contract_statements(
    db: Reads, code: str, *, as_known: datetime | None = None
) -> list[ContractStatement]:
    """Return the changes, up to an instant, of the contracts of which a body is or was a customer."""
    return [_statement(row) for row in await db.fetch(_OF_CUSTOMER, code, as_known or _ALWAYS)]


async def statements_of_contracts(
    db: Reads, contracts: Collection[str], *, as_known: datetime | None = None
) -> dict[str, list[ContractStatement]]:
    """Return the changes, up to an instant, of each of these contracts; none of one that is not known."""
    found: dict[str, list[ContractStatement]] = {contract: [] for contract in contracts}
    for row in await db.fetch(_OF_CONTRACTS, sorted(contracts), as_known or _ALWAYS):
        found[row["contract"]].append(_statement(row))
    return found


async def contracts_of(
    db: Reads, codes: Collection[str], *, as_known: datetime | None = None, limit: int = 2000
) -> list[str]:
    """Return the contracts of which one of these bodies is or was a customer, in order, `limit` at most."""
    rows = await db.fetch(_CONTRACTS, sorted(codes), as_known or _ALWAYS, limit)
    return [row["contract"] for row in rows]


def _statement(row: asyncpg.Record) -> ContractStatement:
    return ContractStatement(
        contract=row["contract"],
        what=row["what"],
        effective_on=row["effective_on"],
        order=row["id"],
        title=row["title"],
        supplier=row["supplier"],
        customers=tuple(row["customers"]),
        annual_pence=row["annual_pence"],
        last_day=row["last_day"],
        shares=tuple(row["shares"]),
        stated_at=row["stated_at"],
        tiers=tuple(_tier(each) for each in row["tiers"]),
    )


def _tier(written: str) -> tuple[str, str]:
    function, _, tier = written.partition("=")
    return function, tier


def _tiers(event: ContractSigned | ContractVaried) -> str:
    """Return the tier of each function, as one text; empty where contracts placed none."""
    if len(event.function_tiers) != len(event.functions):
        return ""
    return ",".join(f"{name}={tier}" for name, tier in zip(event.functions, event.function_tiers, strict=True) if tier)


def _facts(event: Event) -> list[tuple[object, ...]]:
    """Return the rows of an event; a consolidation that sums up what other events published has none."""
    when = (event.effective_on, event.stated_at)
    match event:
        case ServiceConsolidated(summary=True):
            return []
        case ContractSigned() | ServiceConsolidated():
            charged = (",".join(event.customers), event.annual_pence, event.last_day, ",".join(event.customer_shares))
            tiers = _tiers(event) if isinstance(event, ContractSigned) else ""
            signed = (event.contract, "signed", *when, event.title, event.supplier, *charged, tiers)
            replaced = event.replaced if isinstance(event, ServiceConsolidated) else ()
            return [signed, *((contract, "ended", *when, "", event.supplier, *_ENDED) for contract in replaced)]
        case ContractVaried():
            charged = (",".join(event.customers), event.annual_pence, event.last_day, ",".join(event.customer_shares))
            return [(event.contract, "varied", *when, "", event.supplier, *charged, _tiers(event))]
        case ContractTransferred():
            customers, shares = ",".join(event.customers), ",".join(event.customer_shares)
            changed = (event.supplier, customers, event.annual_pence, None, shares, "")
            return [(event.contract, "transferred", *when, "", *changed)]
        case ContractTerminated():
            return [(event.contract, "ended", *when, "", event.supplier, *_ENDED)]
        case _:
            return []
