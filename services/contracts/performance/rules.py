"""Whether a target was reached, the credit for one that was not, and from when a duty needs attention."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction

from libs.common.money import apportion
from libs.common.rulepacks import in_force
from services.contracts.core.packs import PACKS
from services.contracts.payments.rules import DueItem

CREDIT = "credit"
OBLIGATION, MILESTONE = "obligation", "milestone"


def is_reached(reached: Fraction, target: Fraction, better: str) -> bool:
    """Whether a result is as good as its target; `better` is `higher` or `lower`."""
    return reached >= target if better == "higher" else reached <= target


def credits_of(
    contract: str,
    measure: str,
    period_from: date,
    *,
    pence: int,
    supplier: str,
    customers: Sequence[str],
    due_on: date,
) -> list[DueItem]:
    """Return the credit of a period as an item a customer, in equal parts to the penny, the earlier code first."""
    return [
        DueItem(
            item=f"{contract}/{CREDIT}/{measure}/{period_from.isoformat()}/{customer}",
            kind=CREDIT,
            payer=supplier,
            payee=customer,
            amount_pence=part,
            due_on=due_on,
        )
        for customer, part in zip(customers, apportion(pence, [1] * len(customers)), strict=True)
    ]


def attention_from(kind: str, due_on: date) -> date:
    """Return the day from which a duty that is not fulfilled is a finding.

    An obligation is one some days ahead, by the pack in force on its day; a milestone once its day has passed.
    """
    if kind == MILESTONE:
        return due_on + timedelta(days=1)
    packs = in_force(PACKS, due_on, subject="obligation-alerts")
    return due_on - timedelta(days=int(packs[0].values["days_ahead"]) if packs else 0)
