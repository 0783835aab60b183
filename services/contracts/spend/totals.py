"""Publishes what each payer paid each supplier in a month, once that has changed.

Only lines with a day and an amount count whose payer and supplier are known bodies. They are those of a contract where
a person has confirmed that, the contract is signed, and the day is one of its term.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import SpendRecorded
from libs.common.messaging import outbox
from services.contracts.spend.queries import OF_CONTRACT, RESOLVED
from services.contracts.suppliers.queries import NOW

_MOMENT = timedelta(microseconds=1)

_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('published payments', 0))"

_CHANGED = f"""
WITH counted AS (
    SELECT payer_now AS payer, supplier_now AS supplier, coalesce(c.reference, '') AS contract,
           date_trunc('month', paid_on)::date AS month, count(*)::int AS rows,
           sum(amount_pence)::bigint AS amount_pence,
           coalesce(sum(amount_pence) FILTER (WHERE 'duplicate' = ANY(flags)), 0)::bigint AS duplicate_pence,
           (array_agg(import_reference ORDER BY import_id DESC))[1] AS source
      FROM ({RESOLVED}) r {OF_CONTRACT}
     WHERE supplier_now = ANY($2::text[]) AND payer_now IS NOT NULL AND amount_pence IS NOT NULL
     GROUP BY 1, 2, 3, 4),
before AS (SELECT * FROM spend_total WHERE supplier = ANY($2::text[]))
SELECT payer, supplier, contract, month, coalesce(n.rows, 0) AS rows, coalesce(n.amount_pence, 0) AS amount_pence,
       coalesce(n.duplicate_pence, 0) AS duplicate_pence, coalesce(n.source, b.source) AS source,
       b.stated_at AS before_at
  FROM counted n FULL JOIN before b USING (payer, supplier, contract, month)
 WHERE (n.rows, n.amount_pence, n.duplicate_pence) IS DISTINCT FROM (b.rows, b.amount_pence, b.duplicate_pence)
   AND (n.rows IS NOT NULL OR b.rows > 0)
 ORDER BY 1, 2, 3, 4
"""  # noqa: S608  (what is put in is ours)

_STORE = """
INSERT INTO spend_total (payer, supplier, contract, month, rows, amount_pence, duplicate_pence, source, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::int[], $6::bigint[], $7::bigint[],
                     $8::text[], $9::timestamptz[])
    ON CONFLICT (payer, supplier, contract, month) DO UPDATE
   SET rows = EXCLUDED.rows, amount_pence = EXCLUDED.amount_pence, duplicate_pence = EXCLUDED.duplicate_pence,
       source = EXCLUDED.source, stated_at = EXCLUDED.stated_at
"""


async def lock_payments(connection: asyncpg.Connection) -> None:
    """Let one change of payments and aliases go before the next, until the transaction ends."""
    await connection.execute(_ONE_AT_A_TIME)


async def publish_changes(session: AsyncSession, suppliers: Collection[str], *, stated_at: datetime) -> int:
    """Publish the totals of these suppliers that changed; return how many. The caller has locked the payments.

    A total is the whole of its month, so that each event is stated after the one that it supersedes.
    """
    if not suppliers:
        return 0
    connection = await raw(session)
    rows = await connection.fetch(_CHANGED, NOW, sorted(suppliers))
    events = [
        SpendRecorded(
            effective_on=row["month"],
            stated_at=stated_at if row["before_at"] is None else max(stated_at, row["before_at"] + _MOMENT),
            payer=row["payer"],
            supplier=row["supplier"],
            contract=row["contract"],
            month=row["month"],
            rows=row["rows"],
            amount_pence=row["amount_pence"],
            duplicate_pence=row["duplicate_pence"],
            source=row["source"],
        )
        for row in rows
    ]
    fields = ("payer", "supplier", "contract", "month", "rows", "amount_pence", "duplicate_pence", "source")
    columns = [[getattr(event, name) for event in events] for name in (*fields, "stated_at")]
    await connection.execute(_STORE, *columns)
    await outbox.add_all(session, events)
    return len(events)
