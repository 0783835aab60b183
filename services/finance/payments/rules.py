"""Which entries bring what was paid of an item to what is due of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

MADE, REVERSED = "made", "reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is due of an item, as stated last; `corrects` names the item that it puts right.

    It takes money back where its payer is the corrected item's payee.
    """

    item: str
    contract: str
    payer: str
    payee: str
    amount_pence: int
    value_on: date
    corrects: str = ""
    takes_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentEntry:
    """Money that went from payer to payee for an item: made, or given back."""

    item: str
    sort: str
    payer: str
    payee: str
    amount_pence: int
    paid_on: date


def paid_pence(payer: str, payee: str, entries: Sequence[PaymentEntry]) -> int:
    """Return what went from payer to payee by these entries, less what came back."""
    there = sum(one.amount_pence for one in entries if (one.payer, one.payee) == (payer, payee))
    back = sum(one.amount_pence for one in entries if (one.payer, one.payee) == (payee, payer))
    return there - back


def entries_for(due: Due, entries: Sequence[PaymentEntry]) -> list[PaymentEntry]:
    """Return the entries that bring an item's own entries to what is due of it: none where they do already.

    What was paid otherwise than stated now is given back whole, then paid anew, so that each entry is a payment.
    """
    current = paid_pence(due.payer, due.payee, entries)
    others = {_pair(one.payer, one.payee) for one in entries} - {_pair(due.payer, due.payee)}
    undone = [
        one for payer, payee in sorted(others) if (one := _undone(due, payer, payee, paid_pence(payer, payee, entries)))
    ]
    if current == due.amount_pence:
        return undone
    if current and (back := _undone(due, due.payer, due.payee, current)):
        undone.append(back)
    if not due.amount_pence:
        return undone
    sort = REVERSED if due.takes_back else MADE
    return [*undone, _entry(due, sort, due.payer, due.payee, due.amount_pence)]


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _undone(due: Due, payer: str, payee: str, pence: int) -> PaymentEntry | None:
    if pence == 0:
        return None
    giver, taker = (payee, payer) if pence > 0 else (payer, payee)
    return _entry(due, MADE if due.takes_back else REVERSED, giver, taker, abs(pence))


def _entry(due: Due, sort: str, payer: str, payee: str, pence: int) -> PaymentEntry:
    return PaymentEntry(item=due.item, sort=sort, payer=payer, payee=payee, amount_pence=pence, paid_on=due.value_on)
