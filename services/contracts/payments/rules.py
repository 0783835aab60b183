"""Payments as values: what may fall due, what did, and what puts an earlier amount right."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedItem:
    """One item that may fall due; `most_pence` is the most that it can be."""

    item: str
    kind: str
    payer: str
    payee: str
    most_pence: int
    due_on: date
    condition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueItem:
    """One item that fell due, or a correction of one."""

    item: str
    kind: str
    payer: str
    payee: str
    amount_pence: int
    due_on: date
    achievement: str = ""
    corrects: str = ""


def net_pence(item: str, payee: str, due: Sequence[DueItem]) -> int:
    """Return what has fallen due as one item, its corrections counted: what went back to the payer is taken off."""
    own = [one for one in due if item in (one.item, one.corrects)]
    return sum(one.amount_pence if one.payee == payee else -one.amount_pence for one in own)


def bring_to(target: DueItem, due: Sequence[DueItem]) -> DueItem | None:
    """Return the item that has to fall due so that `target` is what is due in all; None where it is already.

    The first time it is the item itself. After that it is a correction, from the payee to the payer where too much fell
    due; amounts are never negative.
    """
    own = [one for one in due if target.item in (one.item, one.corrects)]
    if not own:
        return target
    difference = target.amount_pence - net_pence(target.item, target.payee, own)
    if difference == 0:
        return None
    payer, payee = (target.payer, target.payee) if difference > 0 else (target.payee, target.payer)
    return DueItem(
        item=f"{target.item}/{len(own)}",
        kind=target.kind,
        payer=payer,
        payee=payee,
        amount_pence=abs(difference),
        due_on=target.due_on,
        achievement=target.achievement,
        corrects=target.item,
    )
