"""Publishes that a contract varies: the whole of its terms from a day on, as believed now."""

from datetime import date, datetime

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ContractVaried
from libs.common.messaging import outbox
from services.contracts.agreements.commands import ContractParties, parties_on
from services.contracts.agreements.parts import Division
from services.contracts.bodies.queries import tiers_of_functions
from services.contracts.core.charges import charges_on
from services.contracts.core.models import Contract
from services.contracts.core.shares import FACETS, ShareKind, ShareTable, table_of

_TABLES = """
SELECT facet, value FROM contract_share_belief WHERE subject_id = $1 AND valid @> $2::date AND upper_inf(known)
"""


async def tables_on(connection: asyncpg.Connection, contract: Contract, on: date) -> dict[ShareKind, ShareTable]:
    """Return the tables of a contract on a day, as believed now."""
    rows = {row["facet"]: row["value"] for row in await connection.fetch(_TABLES, contract.id, on)}
    return {kind: table_of(rows[facet]) for kind, facet in FACETS.items() if rows.get(facet) is not None}


async def division_on(
    connection: asyncpg.Connection, contract: Contract, parties: ContractParties, on: date
) -> Division:
    """Return the lines, customers and cost table of a contract on a day, as believed now."""
    cost = (await tables_on(connection, contract, on)).get("cost")
    return Division(await charges_on(connection, contract, on), parties.customers, cost)


async def publish_variation(
    session: AsyncSession,
    contract: Contract,
    on: date,
    *,
    last_day: date,
    reason: str,
    stated_at: datetime,
    amendment: str = "",
    decision: str | None = None,
    division: Division | None = None,
) -> None:
    """Publish the parties, shares, lines and last day of a contract from a day; what varied is stated before.

    `reason` and `amendment` are those of `ContractVaried`; `decision` is the minute that was named. The shares are
    empty where the customers agreed on none: equal parts. `division` is what is left from the day where a part of the
    contract ends before it.
    """
    connection = await raw(session)
    parties = (await parties_on(session, [contract], on))[contract.id]
    division = division or await division_on(connection, contract, parties, on)
    charges, customers, cost = division.charges, division.customers, division.table
    event = ContractVaried(
        effective_on=on,
        stated_at=stated_at,
        contract=contract.reference,
        supplier=parties.supplier,
        customers=customers,
        customer_shares=cost.fractions(customers) if cost else (),
        functions=tuple(charges),
        function_pence=tuple(charges.values()),
        function_tiers=await tiers_of_functions(connection, customers, tuple(charges), as_at=on),
        annual_pence=sum(charges.values()),
        last_day=last_day,
        reason=reason,
        amendment=amendment,
        previous_supplier="",
        decisions=(decision,) if decision else (),
    )
    await outbox.add(session, event, version=contract.version)
