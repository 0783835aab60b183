"""Plans payments and makes them due, once an item."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.events.contracts import PaymentFellDue, PaymentScheduled
from libs.common.identity import Caller
from libs.common.messaging import outbox
from services.contracts.core.models import Contract
from services.contracts.payments.models import DuePayment, PlannedPayment
from services.contracts.payments.rules import DueItem, PlannedItem

_MOMENT: Final = timedelta(microseconds=1)

_IS_STATED = "SELECT EXISTS (SELECT FROM planned_payment WHERE item = ANY($1) AND stated_at = $2)"


async def plan_payments(
    session: AsyncSession, contract: Contract, items: Sequence[PlannedItem], *, stated_at: datetime
) -> None:
    """State what may fall due under a locked contract; an item of an earlier plan is replaced.

    What a loader states of one instant counts in the order in which it comes: each a moment after the one before.
    """
    connection = await raw(session)
    while items and await connection.fetchval(_IS_STATED, [one.item for one in items], stated_at):
        stated_at += _MOMENT
    session.add_all(
        PlannedPayment(
            item=one.item,
            contract_id=contract.id,
            payer=one.payer,
            payee=one.payee,
            kind=one.kind,
            amount_pence=one.most_pence,
            due_on=one.due_on,
            condition=one.condition,
            stated_at=stated_at,
        )
        for one in items
    )
    events = [
        PaymentScheduled(
            effective_on=one.due_on,
            stated_at=stated_at,
            contract=contract.reference,
            item=one.item,
            payer=one.payer,
            payee=one.payee,
            kind=one.kind,
            amount_pence=one.most_pence,
            due_on=one.due_on,
            condition=one.condition,
        )
        for one in items
    ]
    await outbox.add_all(session, events)


async def make_due(
    session: AsyncSession,
    contract_id: int,
    reference: str,
    items: Sequence[DueItem],
    *,
    stated_at: datetime,
    by: Caller,
) -> int:
    """Record what falls due and publish it; an item that fell due already does nothing. Return how many are new."""
    return await make_due_under(session, {contract_id: reference}, {contract_id: items}, stated_at=stated_at, by=by)


async def make_due_under(
    session: AsyncSession,
    contracts: Mapping[int, str],
    items: Mapping[int, Sequence[DueItem]],
    *,
    stated_at: datetime,
    by: Caller,
) -> int:
    """Do the same under several contracts, whose references and items are given by their ids."""
    common = {"stated_at": stated_at, "recorded_by": by.subject}
    rows = [asdict(one) | common | {"contract_id": key} for key, under in items.items() for one in under]
    if not rows:
        return 0
    table = DuePayment.metadata.tables[DuePayment.__tablename__]
    new = await session.execute(insert(table).on_conflict_do_nothing().returning(table.c.item), rows)
    inserted = set(new.scalars().all())
    events = [
        PaymentFellDue(effective_on=one.due_on, stated_at=stated_at, contract=contracts[key], **asdict(one))
        for key, under in items.items()
        for one in under
        if one.item in inserted
    ]
    await outbox.add_all(session, events)
    return len(events)
