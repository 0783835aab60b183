"""Copies what contracts publishes of payments: one row an event, in whatever order and however often it comes."""

from collections.abc import Sequence

import asyncpg

from libs.common.events import Event
from libs.common.events.contracts import AllianceSettled, PaymentFellDue, PaymentScheduled, SpendRecorded

EVENTS = (PaymentScheduled, PaymentFellDue)

_KNOW = """
INSERT INTO known_payment
       (what, item, contract, payer, payee, kind, amount_pence, due_on, condition, achievement, corrects, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::date[],
                     $9::text[], $10::text[], $11::text[], $12::timestamptz[])
    ON CONFLICT DO NOTHING
"""

_KNOW_RECKONING = """
INSERT INTO known_reckoning (contract, period_from, period_to, members, amounts_pence, stated_at)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
"""


async def know_reckonings(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events say of periods of alliances."""
    rows = [
        (one.contract, one.period_from, one.period_to, one.members, one.amounts_pence, one.stated_at)
        for one in events
        if isinstance(one, AllianceSettled)
    ]
    await connection.executemany(_KNOW_RECKONING, rows)


_KNOW_ACTUALS = """
INSERT INTO known_actual (payer, supplier, contract, month, rows, amount_pence, duplicate_pence, source, stated_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::int[], $6::bigint[], $7::bigint[],
                     $8::text[], $9::timestamptz[])
    ON CONFLICT DO NOTHING
"""
_ACTUAL = (
    *("payer", "supplier", "contract", "month", "rows", "amount_pence", "duplicate_pence"),
    *("source", "stated_at"),
)


async def know_actuals(events: Sequence[Event], connection: asyncpg.Connection) -> None:
    """Insert what these events say of payments in fact."""
    spent = [one for one in events if isinstance(one, SpendRecorded)]
    await connection.execute(_KNOW_ACTUALS, *([getattr(one, name) for one in spent] for name in _ACTUAL))


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
