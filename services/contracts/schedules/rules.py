"""Divides a contract's sum into advances and balances, and says what of it is due (golden figures: seed 004).

Pennies go to the largest remainders, the earlier first. The advance and the balances are each divided as a whole, so
that they make the contract's sum. A balance is divided into what was earned and what was not, which make the balance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from libs.common.money import apportion
from services.contracts.payments.rules import DueItem, PlannedItem, bring_to

ADVANCE, BALANCE = "advance", "balance"
KINDS = [ADVANCE, BALANCE]
ON_ACHIEVEMENT = "achievement"
"""The condition that a balance waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleTerms:
    """What a schedule states; `payees` and `weights` are in one order."""

    contract: str
    payer: str
    payees: tuple[str, ...]
    weights: tuple[int, ...]
    sum_pence: int
    advance: Fraction
    advance_on: date
    balance_on: date


@dataclass(frozen=True, slots=True)
class Achieved:
    """The part that a payee achieved, and the day on which it was measured."""

    part: Fraction
    on: date


def item_of(contract: str, kind: str, payee: str) -> str:
    """Return the id of the item of a payee."""
    return f"{contract}/{kind}/{payee}"


def planned(terms: ScheduleTerms) -> list[PlannedItem]:
    """Return every item of a schedule, the advances first, each in the order of the payees."""
    in_advance, on_balance = apportion(terms.sum_pence, [terms.advance, 1 - terms.advance])
    parts = ((ADVANCE, in_advance, terms.advance_on, ""), (BALANCE, on_balance, terms.balance_on, ON_ACHIEVEMENT))
    return [
        PlannedItem(
            item=item_of(terms.contract, kind, payee),
            kind=kind,
            payer=terms.payer,
            payee=payee,
            most_pence=most,
            due_on=day,
            condition=condition,
        )
        for kind, pence, day, condition in parts
        for payee, most in zip(terms.payees, apportion(pence, terms.weights), strict=True)
    ]


def earned_pence(most_pence: int, part: Fraction) -> int:
    """Return the part of a balance that was earned: it and the rest make the balance to the penny."""
    return apportion(most_pence, [part, 1 - part])[0]


def with_withdrawn(items: Sequence[PlannedItem], before: Sequence[PlannedItem]) -> list[PlannedItem]:
    """Return the items of a schedule, and at 0 those of the one before that it no longer has."""
    current = {one.item for one in items}
    return [*items, *(replace(one, most_pence=0) for one in before if one.item not in current)]


def falls_due(
    items: Sequence[PlannedItem],
    achievements: Mapping[str, Achieved],
    due: Sequence[DueItem],
    *,
    payer: str,
    stated_on: date,
    up_to: date,
) -> list[DueItem]:
    """Return what has to fall due by a day, beside what fell due already: items, and corrections of items.

    An item falls due on its day, or on `stated_on` where what makes it due was stated later; a balance waits for its
    achievement. What fell due already is corrected at once.
    """
    already = {one.item for one in due}
    new: list[DueItem] = []
    for item in items:
        target = _target(item, achievements.get(item.payee), payer=payer)
        if target is None or (item.most_pence == 0 and item.item not in already):
            continue
        day = stated_on if item.item in already else max(target.due_on, stated_on)
        if day <= up_to and (one := bring_to(replace(target, due_on=day), due)) is not None:
            new.append(one)
    return new


def _target(item: PlannedItem, achieved: Achieved | None, *, payer: str) -> DueItem | None:
    """Return what is due of an item in all, and from when; None of a balance without an achievement."""
    amount, since, achievement = item.most_pence, item.due_on, ""
    if item.condition == ON_ACHIEVEMENT:
        if achieved is None:
            return None
        amount, achievement = earned_pence(item.most_pence, achieved.part), str(achieved.part)
        since = max(item.due_on, achieved.on)
    return DueItem(
        item=item.item,
        kind=item.kind,
        payer=payer,
        payee=item.payee,
        amount_pence=amount,
        due_on=since,
        achievement=achievement,
    )
