"""Whether a target was reached, the credit for one that was not, and from when a duty needs attention."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from libs.common.rulepacks import in_force
from services.contracts.core.packs import PACKS
from services.contracts.payments.rules import DueItem, bring_to

CREDIT = "credit"
OBLIGATION, MILESTONE = "obligation", "milestone"


def is_reached(reached: Fraction, target: Fraction, better: str) -> bool:
    """Whether a result is as good as its target; `better` is `higher` or `lower`."""
    return reached >= target if better == "higher" else reached <= target


def credits_due(
    period: str, parts: Mapping[str, int], due: Sequence[DueItem], *, supplier: str, due_on: date
) -> list[DueItem]:
    """Return what has to fall due so that each customer has its part of a period's credit, corrections among it.

    `period` is the beginning of the items' ids. Who has no part any longer is brought to 0.
    """
    own = {one.item: one.payee for one in due if not one.corrects and one.item.startswith(f"{period}/")}
    wanted = {f"{period}/{customer}": (customer, pence) for customer, pence in parts.items()}
    targets = {item: (customer, 0) for item, customer in own.items()} | wanted
    new: list[DueItem] = []
    for item, (customer, pence) in sorted(targets.items()):
        target = DueItem(item=item, kind=CREDIT, payer=supplier, payee=customer, amount_pence=pence, due_on=due_on)
        one = bring_to(target, due) if pence or item in own else None
        if one is not None:
            new.append(one)
    return new


def attention_from(kind: str, due_on: date) -> date:
    """Return the day from which a duty that is not fulfilled is a finding.

    An obligation is one some days ahead, by the pack in force on its day; a milestone once its day has passed.
    """
    if kind == MILESTONE:
        return due_on + timedelta(days=1)
    packs = in_force(PACKS, due_on, subject="obligation-alerts")
    return due_on - timedelta(days=int(packs[0].values["days_ahead"]) if packs else 0)
