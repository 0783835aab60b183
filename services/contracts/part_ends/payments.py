"""Makes the price of an end due: what one organisation pays another for it, once a line.

A line by which staff are paid, or no organisation, is no payment. Each payment is planned when the price is agreed,
falls due when the end comes, and is put right where the sides settle other amounts.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from services.contracts.agreements.commands import ContractParties, lock_contracts, parties_on
from services.contracts.agreements.parts import WHOLE
from services.contracts.agreements.variations import division_on
from services.contracts.bodies.queries import standing_bodies
from services.contracts.core.models import Contract
from services.contracts.exits.prices.price import STAFF, Component
from services.contracts.exits.queries import NOW
from services.contracts.part_ends.commands import StandingEnd, heir_of, price_then
from services.contracts.payments.commands import make_due, plan_payments
from services.contracts.payments.queries import list_due, list_planned
from services.contracts.payments.rules import DueItem, PlannedItem, bring_to

TERMINATION: Final = "termination"
"""The kind of these payments."""
ON_THE_END: Final = "end"
"""The condition of a payment that waits until a part has ended, or a plan has moved the contract."""

_SUPPLIERS = """
SELECT value FROM contract_supplier_belief WHERE subject_id = $1 AND upper_inf(known) AND value IS NOT NULL
"""

# The contract of the next payment that waits for its day alone: planned as stated last, and not yet due.
_NEXT_PRICE = """
SELECT c.reference FROM planned_payment p JOIN contract c ON c.id = p.contract_id
 WHERE p.kind = 'termination' AND p.condition = '' AND p.amount_pence > 0 AND p.due_on <= $1
   AND NOT EXISTS (SELECT FROM due_payment d WHERE d.item = p.item)
   AND NOT EXISTS (SELECT FROM planned_payment l WHERE l.item = p.item AND (l.stated_at, l.id) > (p.stated_at, p.id))
 ORDER BY p.due_on, p.item LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class AgreedPrice:
    """The price of one end of a contract; `termination` is the offer, the notice or the plan's step that brings it."""

    contract: Contract
    termination: str
    lines: Sequence[Component]

    @property
    def prefix(self) -> str:
        """What the items of this end begin with."""
        return f"{self.contract.reference}/{TERMINATION}/{self.termination}/"

    def items(self, condition: str) -> list[PlannedItem]:
        """Return what organisations pay each other by it; several lines of one kind between two are one payment."""
        found: dict[str, PlannedItem] = {}
        for line in self.lines:
            if line.payee in ("", STAFF):
                continue
            item = f"{self.prefix}{line.component}/{line.payer}/{line.payee}"
            before = found[item].most_pence if item in found else 0
            found[item] = PlannedItem(
                item=item,
                kind=TERMINATION,
                payer=line.payer,
                payee=line.payee,
                most_pence=before + line.pence,
                due_on=line.due_on,
                condition=condition,
            )
        return list(found.values())


async def plan_price(session: AsyncSession, price: AgreedPrice, *, waits_for: str = "", stated_at: datetime) -> None:
    """Plan what is paid for an end that is agreed; it falls due on its day, or with what it waits for."""
    items = [one for one in price.items(waits_for) if one.most_pence]
    await plan_payments(session, price.contract, items, stated_at=stated_at)


async def plan_price_by_terms(
    session: AsyncSession, contract: Contract, last_day: date, *, asked_on: date, stated_at: datetime, by: Caller
) -> AgreedPrice | None:
    """Plan what an end of the whole on notice costs by its terms, and return it; None where they ask nothing."""
    ending = StandingEnd(f"T-{uuid.uuid4()}", WHOLE, last_day)
    found = await price_then(session, contract, ending, asked_on=asked_on, by=by)
    price = AgreedPrice(contract, ending.cause, found.components)
    await plan_price(session, price, stated_at=stated_at)
    return price if price.lines else None


async def price_falls_due(session: AsyncSession, price: AgreedPrice, *, stated_at: datetime, by: Caller) -> int:
    """Make due what was planned for an end that has come, else what its lines say; return how many payments are new.

    Who pays and is paid is who took over by the day: whose part of the contract it became, else its one successor.
    """
    planned = await _planned(await raw(session), price) or price.items("")
    return await _fall_due(session, price.contract, planned, stated_at=stated_at, by=by)


async def prices_fall_due(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:
    """Make due what is paid by now for the ends of the next contract; return how many payments, 0 where none is due.

    The price of a part falls due with its end, that of a plan's contract with its move.
    """
    row = await (await raw(session)).fetchrow(_NEXT_PRICE, up_to)
    if row is None:
        return 0
    [contract] = await lock_contracts(session, [row["reference"]])
    planned = await list_planned(await raw(session), contract.id, [TERMINATION], known=NOW)
    come = [one for one in planned if not one.condition and one.due_on <= up_to]
    return await _fall_due(session, contract, come, stated_at=stated_at, by=by)


async def _fall_due(
    session: AsyncSession, contract: Contract, planned: Sequence[PlannedItem], *, stated_at: datetime, by: Caller
) -> int:
    due = await list_due(await raw(session), contract.id, [TERMINATION], known=NOW)
    targets = [await _target(session, contract, one, due) for one in planned if one.most_pence]
    new = [one for target in targets if (one := bring_to(target, due)) is not None]
    return await make_due(session, contract.id, contract.reference, new, stated_at=stated_at, by=by)


async def settle_price(
    session: AsyncSession, price: AgreedPrice, *, stated_on: date, stated_at: datetime, by: Caller
) -> None:
    """Plan the amounts on which the sides have settled, and put right at once what fell due of other amounts."""
    connection, contract = await raw(session), price.contract
    planned = {one.item: one for one in await _planned(connection, price)}
    final = [replace(one, condition=planned[one.item].condition) for one in price.items("") if one.item in planned]
    changed = [one for one in final if one != planned[one.item]]
    await plan_payments(session, contract, changed, stated_at=stated_at)
    due = await list_due(connection, contract.id, [TERMINATION], known=NOW)
    already = {one.item for one in due}
    targets = [await _target(session, contract, one, due) for one in changed if one.item in already]
    new = [bring_to(replace(one, due_on=max(one.due_on, stated_on)), due) for one in targets]
    await make_due(session, contract.id, contract.reference, [one for one in new if one], stated_at=stated_at, by=by)


async def drop_price(session: AsyncSession, price: AgreedPrice, *, stated_at: datetime) -> None:
    """Plan at nothing what has not fallen due for an end that does not come: what was to end had ended otherwise."""
    await _drop(session, price.contract, await _planned(await raw(session), price), stated_at=stated_at)


async def drop_other_prices(session: AsyncSession, contract: Contract, *, but: str = "", stated_at: datetime) -> None:
    """Do so for the ends of a contract from its last day on, but for the priced one by which it ends as a whole."""
    own = AgreedPrice(contract, but, ()).prefix
    planned = await list_planned(await raw(session), contract.id, [TERMINATION], known=NOW)
    others = [one for one in planned if one.due_on >= contract.ends_on and not one.item.startswith(own)]
    await _drop(session, contract, others, stated_at=stated_at)


async def _drop(
    session: AsyncSession, contract: Contract, planned: Sequence[PlannedItem], *, stated_at: datetime
) -> None:
    if not planned:
        return
    due = {one.item for one in await list_due(await raw(session), contract.id, [TERMINATION], known=NOW)}
    dropped = [replace(one, most_pence=0) for one in planned if one.most_pence and one.item not in due]
    await plan_payments(session, contract, dropped, stated_at=stated_at)


async def _planned(connection: asyncpg.Connection, price: AgreedPrice) -> list[PlannedItem]:
    planned = await list_planned(connection, price.contract.id, [TERMINATION], known=NOW)
    return [one for one in planned if one.item.startswith(price.prefix)]


async def _target(session: AsyncSession, contract: Contract, planned: PlannedItem, due: Sequence[DueItem]) -> DueItem:
    """Return what is due of a payment in all; what fell due already stays with who paid it and was paid."""
    before = next((one for one in due if one.item == planned.item), None)
    if before is not None:
        return replace(before, amount_pence=planned.most_pence)
    payer, payee = await _parties_then(session, contract, planned)
    return DueItem(
        item=planned.item,
        kind=planned.kind,
        payer=payer,
        payee=payee,
        amount_pence=planned.most_pence,
        due_on=planned.due_on,
    )


async def _parties_then(session: AsyncSession, contract: Contract, planned: PlannedItem) -> tuple[str, str]:
    """Return who pays and who is paid on the day on which it falls due."""
    connection, day = await raw(session), planned.due_on
    parties = (await parties_on(session, [contract], min(day, contract.ends_on)))[contract.id]
    suppliers = {row["value"] for row in await connection.fetch(_SUPPLIERS, contract.id)} | {contract.supplier_code}
    payer = await _payer_then(session, contract, parties, planned.payer, day) if planned.payer not in suppliers else ""
    payee = planned.payee if planned.payee not in suppliers else ""
    payer, payee = payer or parties.supplier, payee or parties.supplier
    standing = await standing_bodies(connection, [payer, payee], on=day)
    return standing[payer], standing[payee]


async def _payer_then(session: AsyncSession, contract: Contract, parties: ContractParties, code: str, day: date) -> str:
    division = await division_on(await raw(session), contract, parties, min(day, contract.ends_on))
    heir, _ = await heir_of(session, contract, code, division, day)
    return heir or code
