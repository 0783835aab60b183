"""Prices leaving a contract of a plan before it may be left free of charge, one line a component (rule EXIT-3)."""

from collections.abc import Sequence
from datetime import date, datetime

from libs.common.events.contracts import TerminationPriced
from libs.common.money import apportion
from services.contracts.exits.prices.price import Component, Ending, Price, columns_of, price_of
from services.contracts.plans.contracts import OldContract, day_before, leaving_of
from services.contracts.plans.rules import Step

AGREED = "agreed with the supplier"


def price_to_leave(old: OldContract, exit_on: date) -> Price:
    """Return the price of an end by the contract's own terms, which its customers divide as its cost."""
    ending = Ending(
        exit_day=day_before(exit_on),
        ended=tuple(old.charges.items()),
        payers=old.payers,
        supplier=old.parties.supplier,
        staff=old.staff,
        as_known=old.as_known,
    )
    return price_of(leaving_of(old), ending)


def paid_by_customers(lines: Sequence[Component], old: OldContract) -> int:
    """Return what the customers pay of a price: what the supplier pays itself is no price to them."""
    return sum(line.pence for line in lines if line.payer in old.customers)


def lines_of(old: OldContract, step: Step) -> list[Component]:
    """Return the lines of a step's price: by the contract's terms, or the sum that its supplier agreed to."""
    price = price_to_leave(old, step.exit_on)
    if step.price_pence in (None, paid_by_customers(price.components, old)):
        return price.components
    parts = apportion(step.price_pence or 0, [share for _, share in old.payers])
    return [
        Component(
            component="contractual_payment",
            nature="transfer",
            payer=payer,
            payee=old.parties.supplier,
            pence=pence,
            due_on=step.exit_on,
            basis=AGREED,
        )
        for (payer, _), pence in zip(old.payers, parts, strict=True)
        if pence
    ]


def priced(
    old: OldContract, step: Step, *, termination: str, status: str, on: date, stated_at: datetime
) -> TerminationPriced:
    """Return the event of what leaving costs; its supplier does not read an estimate."""
    lines = lines_of(old, step)
    return TerminationPriced(
        effective_on=on,
        stated_at=stated_at,
        contract=old.reference,
        termination=termination,
        supplier="" if status == "estimate" else old.parties.supplier,
        customers=old.customers,
        functions=(),
        leaving=(),
        exit_on=step.exit_on,
        status=status,
        **columns_of(lines),
        recurrent_to=tuple(line.recurrent_to for line in lines),
        unpriced=step.unpriced,
        pack="; ".join(sorted(price_to_leave(old, step.exit_on).packs)),
    )
