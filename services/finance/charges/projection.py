"""Finance's copy of support contracts, from the events of contracts: one row an event, folded when read."""

from collections.abc import Sequence
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

# Arrays of arrays must be rectangular, so that each list of customers travels as one text.
_KNOW = """
INSERT INTO known_contract
       (contract, what, effective_on, stated_at, title, supplier, customers, annual_pence, last_day, shares)
SELECT contract, what, effective_on, stated_at, title, supplier, string_to_array(customers, ','), annual_pence,
       last_day, string_to_array(shares, ',')
  FROM unnest($1::text[], $2::text[], $3::date[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::bigint[],
              $9::date[], $10::text[]) WITH ORDINALITY
       AS new (contract, what, effective_on, stated_at, title, supplier, customers, annual_pence, last_day, shares, n)
 ORDER BY n
    ON CONFLICT DO NOTHING
"""

_OF_CUSTOMER = """
SELECT contract, what, effective_on, stated_at, id, title, supplier, customers, annual_pence, last_day, shares
  FROM known_contract
 WHERE stated_at <= $2
   AND contract IN (SELECT contract FROM known_contract WHERE customers @> ARRAY[$1::text])
 ORDER BY id
"""


async def know(connection: asyncpg.Connection, events: Sequence[Event]) -> None:
    """Insert these events about contracts by one statement. A repeated event is not inserted twice."""
    rows = [row for event in events for row in _facts(event)]
    await connection.execute(_KNOW, *([list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 10))


async def list_contract_statements(
    db: Reads, code: str, *, as_known: datetime | None = None
) -> list[ContractStatement]:
    """Return the changes, up to an instant, of the contracts of which a body is or was a customer."""
    return [
        ContractStatement(
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
        )
        for row in await db.fetch(_OF_CUSTOMER, code, as_known or _ALWAYS)
    ]


def _facts(event: Event) -> list[tuple[object, ...]]:
    """Return the rows of an event; a consolidation that sums up what other events published has none."""
    when = (event.effective_on, event.stated_at)
    match event:
        case ServiceConsolidated(summary=True):
            return []
        case ContractSigned() | ServiceConsolidated():
            charged = (",".join(event.customers), event.annual_pence, event.last_day, ",".join(event.customer_shares))
            signed = (event.contract, "signed", *when, event.title, event.supplier, *charged)
            replaced = event.replaced if isinstance(event, ServiceConsolidated) else ()
            return [signed, *((contract, "ended", *when, "", event.supplier, "", 0, None, "") for contract in replaced)]
        case ContractVaried():
            charged = (",".join(event.customers), event.annual_pence, event.last_day, ",".join(event.customer_shares))
            return [(event.contract, "varied", *when, "", event.supplier, *charged)]
        case ContractTransferred():
            customers, shares = ",".join(event.customers), ",".join(event.customer_shares)
            changed = (event.supplier, customers, event.annual_pence, None, shares)
            return [(event.contract, "transferred", *when, "", *changed)]
        case ContractTerminated():
            return [(event.contract, "ended", *when, "", event.supplier, "", 0, None, "")]
        case _:
            return []
