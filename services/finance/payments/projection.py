"""Copies what contracts publishes of payments: one row an event, in whatever order and however often it comes."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.contracts import PaymentFellDue, PaymentScheduled

EVENTS = (PaymentScheduled, PaymentFellDue)

_KNOW = """
INSERT INTO known_payment
       (what, item, contract, payer, payee, kind, amount_pence, due_on, condition, achievement, corrects, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::date[],
                     $9::text[], $10::text[], $11::text[], $12::timestamptz[])
    ON CONFLICT DO NOTHING
"""


async def know_payments(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events say of items."""
    rows = [_row(one) for one in events if isinstance(one, PaymentScheduled | PaymentFellDue)]
    if rows:
        await connection.execute(_KNOW, *(list(column) for column in zip(*rows, strict=True)))


def _row(event: PaymentScheduled | PaymentFellDue) -> tuple[object, ...]:
    parties = (event.item, event.contract, event.payer, event.payee, event.kind, event.amount_pence, event.due_on)
    if isinstance(event, PaymentScheduled):
        return ("planned", *parties, event.condition, "", "", event.stated_at)
    return ("due", *parties, "", event.achievement, event.corrects, event.stated_at)
