"""Publishes a transfer again where its property schemes become known after the contract changed hands."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import ContractTransferred
from libs.common.messaging import outbox
from services.contracts.core.charges import KNOWN_NOW, pence_then
from services.contracts.core.schemes import ALWAYS, property_schemes
from services.contracts.transfers.commands import AT_ONCE, route_of, shares_on

_MOMENT = timedelta(microseconds=1)

# Only the last change of a contract on the day: a repetition of an earlier one would put its customers back.
_NAMED_SINCE = f"""
SELECT h.id, h.contract_id, c.reference, h.from_customers, h.customers, h.effective_on, h.stated_at, now.schemes,
       coalesce((SELECT b.value FROM contract_supplier_belief b
                  WHERE b.subject_id = c.id AND b.valid @> h.effective_on AND upper_inf(b.known)),
                c.supplier_code) AS supplier,
       {pence_then("h.effective_on", KNOWN_NOW)} AS annual_pence
  FROM change_of_hands h JOIN contract c ON c.id = h.contract_id
 CROSS JOIN LATERAL (SELECT {property_schemes("h.merger", "h.from_customers", ALWAYS)} AS schemes OFFSET 0) now
 WHERE h.merger = $1 AND h.id > $2 AND h.event IS NOT NULL
   AND NOT EXISTS (SELECT FROM change_of_hands later
                    WHERE later.contract_id = h.contract_id AND later.effective_on = h.effective_on AND later.id > h.id)
   AND h.schemes <> now.schemes AND NOT (h.schemes = '{{}}' AND '' = ALL(now.schemes))
 ORDER BY h.id LIMIT $3 FOR UPDATE OF c
"""  # noqa: S608  (what is put in is ours)


async def publish_schemes(session: AsyncSession, merger: str, *, stated_at: datetime) -> int:
    """Publish the transfers of a merger again whose schemes are others than published; return their number."""
    connection = await raw(session)
    published, after = 0, 0
    while rows := await connection.fetch(_NAMED_SINCE, merger, after, AT_ONCE):
        await _publish_again(session, rows, merger, stated_at)
        published, after = published + len(rows), rows[-1]["id"]
    return published


async def _publish_again(
    session: AsyncSession, rows: Sequence[asyncpg.Record], merger: str, stated_at: datetime
) -> None:
    connection = await raw(session)
    await connection.execute(
        "UPDATE change_of_hands h SET schemes = string_to_array(new.schemes, ',')"
        "  FROM unnest($1::int[], $2::text[]) AS new (id, schemes) WHERE h.id = new.id",
        [row["id"] for row in rows],
        [",".join(row["schemes"]) for row in rows],
    )
    shares = await shares_on(
        connection,
        [row["contract_id"] for row in rows],
        [row["effective_on"] for row in rows],
        [row["customers"] for row in rows],
    )
    events = [
        ContractTransferred(
            effective_on=row["effective_on"],
            stated_at=max(stated_at, row["stated_at"] + _MOMENT),
            contract=row["reference"],
            supplier=row["supplier"],
            from_customers=tuple(row["from_customers"]),
            customers=tuple(row["customers"]),
            merger=merger,
            annual_pence=row["annual_pence"],
            customer_shares=parts,
            schemes=tuple(row["schemes"]),
            route=route_of(row["schemes"]),
        )
        for row, parts in zip(rows, shares, strict=True)
    ]
    await outbox.add_all(session, events)
