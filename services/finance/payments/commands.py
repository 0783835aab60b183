"""Pays what fell due: the part of payments in the due work."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import asyncpg
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.finance import PaymentMade, PaymentReversed
from libs.common.identity import Caller
from libs.common.messaging import outbox
from libs.common.process.clock import day_of
from services.finance.payments.models import payment_entry
from services.finance.payments.rules import MADE, Due, PaymentEntry, entries_for

AT_ONCE = 500
"""Items paid in one transaction."""

# Due by a day and not paid as stated last. A correction waits for the item that it corrects, however late that comes,
# and stands after it; what is due of nothing and was never paid has no entry.
_UNPAID = """
SELECT d.item, d.contract, d.payer, d.payee, d.amount_pence, d.due_on, d.corrects, d.stated_at,
       coalesce(c.payee = d.payer AND c.payer = d.payee, false) AS takes_back
  FROM (SELECT DISTINCT ON (item) * FROM known_payment WHERE what = 'due'
         ORDER BY item, stated_at DESC, amount_pence DESC, payer, payee, due_on) d
  LEFT JOIN LATERAL (SELECT payer, payee FROM known_payment k
                      WHERE k.what = 'due' AND k.item = d.corrects AND k.due_on <= $1
                      ORDER BY stated_at DESC, amount_pence DESC, payer, payee, due_on LIMIT 1) c ON true
  LEFT JOIN LATERAL (
       SELECT bool_or(s.a = least(d.payer, d.payee) AND s.b = greatest(d.payer, d.payee)) AS is_paid,
              bool_or(s.net <> CASE WHEN s.a = d.payer AND s.b = d.payee THEN d.amount_pence
                                    WHEN s.a = d.payee AND s.b = d.payer THEN -d.amount_pence ELSE 0 END) AS is_wrong
         FROM (SELECT least(payer, payee) AS a, greatest(payer, payee) AS b,
                      sum(CASE WHEN payer < payee THEN amount_pence ELSE -amount_pence END) AS net
                 FROM payment_entry e WHERE e.item = d.item GROUP BY 1, 2) s) paid ON true
 WHERE d.due_on <= $1 AND (d.corrects = '' OR c.payer IS NOT NULL)
   AND (paid.is_wrong OR (paid.is_paid IS NOT TRUE AND d.amount_pence > 0))
 ORDER BY d.corrects <> '', d.item LIMIT $2
"""

_ENTRIES = """
SELECT item, sort, payer, payee, amount_pence, paid_on FROM payment_entry WHERE item = ANY($1) ORDER BY item, number
"""


async def pay_what_is_due(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001  (as every routine of the due work)
    """Pay items that fell due by a day and are not paid as they are stated now; return how many entries there are.

    The due work's lock keeps two processes from paying at once; the entries' numbers would refuse it besides.
    """
    connection = await raw(session)
    rows = await connection.fetch(_UNPAID, up_to, AT_ONCE)
    paid = await _entries(connection, [row["item"] for row in rows])
    new = [
        (row, one, len(paid[row["item"]]) + number)
        for row in rows
        for number, one in enumerate(entries_for(_due(row), paid[row["item"]]), 1)
    ]
    if not new:
        return 0
    events = await outbox.add_all(session, [_event(row, one, stated_at) for row, one, _ in new])
    values = [
        {
            "item": one.item,
            "number": number,
            "sort": one.sort,
            "payer": one.payer,
            "payee": one.payee,
            "amount_pence": one.amount_pence,
            "paid_on": one.paid_on,
            "stated_at": stated_at,
            "event": event,
        }
        for (_, one, number), event in zip(new, events, strict=True)
    ]
    await session.execute(insert(payment_entry), values)
    return len(values)


async def _entries(connection: asyncpg.Connection, items: Sequence[str]) -> Mapping[str, list[PaymentEntry]]:
    found: dict[str, list[PaymentEntry]] = defaultdict(list)
    for row in await connection.fetch(_ENTRIES, items):
        found[row["item"]].append(PaymentEntry(**row))
    return found


def _due(row: asyncpg.Record) -> Due:
    return Due(
        item=row["item"],
        contract=row["contract"],
        payer=row["payer"],
        payee=row["payee"],
        amount_pence=row["amount_pence"],
        # The first day on which it could be paid, on whatever day this runs.
        value_on=max(row["due_on"], day_of(row["stated_at"])),
        corrects=row["corrects"],
        takes_back=row["takes_back"],
    )


def _event(row: asyncpg.Record, entry: PaymentEntry, stated_at: datetime) -> PaymentMade | PaymentReversed:
    """Return the event of an entry; a reversal names the item, payer and payee of the payment that is taken back."""
    common = {
        "effective_on": entry.paid_on,
        "stated_at": stated_at,
        "contract": row["contract"],
        "amount_pence": entry.amount_pence,
        "paid_on": entry.paid_on,
    }
    if entry.sort == MADE:
        return PaymentMade(item=entry.item, payer=entry.payer, payee=entry.payee, **common)
    item = row["corrects"] if row["takes_back"] else entry.item
    return PaymentReversed(item=item, payer=entry.payee, payee=entry.payer, **common)
