"""Follows the price of a shared unit as customers leave: the shift of cost, the domino, the order that costs least."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import permutations

from services.finance.core.flows import Flow, Nature, over_baseline

MOST_IN_ORDER = 6
"""So many exits are put into every order: 720 of them."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a supplier costs a year and charges, in pence: a fixed sum, and amounts a head."""

    code: str
    fixed_pence: int
    per_head_pence: int
    price_per_head_pence: int

    def price(self, heads: int) -> Fraction | None:
        """Return the price a head at which so many heads cover the cost, at least today's; None without heads."""
        if not heads:
            return None
        covering = Fraction(self.fixed_pence, heads) + self.per_head_pence
        return max(covering, Fraction(self.price_per_head_pence))


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with its heads; it leaves when the price a head is above its trigger (None: it has stated none)."""

    code: str
    heads: int
    trigger_pence: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A round of the domino: who leaves together, and the price a head for those who stay (None: the unit closes)."""

    leaving: tuple[str, ...]
    staying: tuple[str, ...]
    price: Fraction | None


def deficit_after(unit: Unit, customers: Sequence[Customer], leaving: Collection[str]) -> Fraction:
    """Return what the unit lacks a year at today's price once these have left; 0 where it lacks nothing."""
    heads = _heads(customers, leaving)
    cost = unit.fixed_pence + unit.per_head_pence * heads
    return max(Fraction(0), Fraction(cost - unit.price_per_head_pence * heads))


def increments_of_exit(
    unit: Unit, customers: Sequence[Customer], replacements: Mapping[str, int], on: date
) -> list[Flow]:
    """Return what changes in a year by the exits of the customers in `replacements`, who then pay so much a head.

    What customers pay the unit is a transfer; the unit's own cost and each replacement are resources. Where no customer
    stays, the unit closes with its fixed cost.
    """
    price = unit.price(_heads(customers, replacements))
    after = [
        flow
        for one in customers
        for flow in (
            _replacement(one, replacements[one.code], on)
            if one.code in replacements
            else _charge(one, unit, price or Fraction(0), on)
        )
    ]
    before = [flow for one in customers for flow in _charge(one, unit, Fraction(unit.price_per_head_pence), on)]
    before += _cost(unit, _heads(customers, ()), on)
    return over_baseline([*after, *_cost(unit, _heads(customers, replacements), on)], before)


def _heads(customers: Sequence[Customer], leaving: Collection[str]) -> int:
    return sum(one.heads for one in customers if one.code not in leaving)


def _charge(customer: Customer, unit: Unit, price: Fraction, on: date) -> list[Flow]:
    return [Flow(customer.code, unit.code, on, price * customer.heads, Nature.TRANSFER, "charge", unit.code)]


def _replacement(customer: Customer, per_head: int, on: date) -> list[Flow]:
    return [Flow(customer.code, "", on, Fraction(per_head * customer.heads), Nature.RESOURCE, "replacement")]


def _cost(unit: Unit, heads: int, on: date) -> list[Flow]:
    cost = unit.fixed_pence + unit.per_head_pence * heads if heads else 0
    return [Flow(unit.code, "", on, Fraction(cost), Nature.RESOURCE, "supplier_cost", unit.code)]


def domino(unit: Unit, customers: Sequence[Customer], leaving: Collection[str]) -> list[Step]:
    """Return the rounds that follow when some leave, until no trigger is passed or the unit closes.

    In each round all whose trigger is below the new price leave at once.
    """
    steps, gone = [_step(unit, customers, frozenset(), frozenset(leaving))], frozenset(leaving)
    while (price := steps[-1].price) is not None:
        next_out = frozenset(
            one.code
            for one in customers
            if one.code not in gone and one.trigger_pence is not None and price > one.trigger_pence
        )
        if not next_out:
            break
        steps.append(_step(unit, customers, gone, next_out))
        gone |= next_out
    return steps


def _step(unit: Unit, customers: Sequence[Customer], gone: frozenset[str], leaving: frozenset[str]) -> Step:
    staying = tuple(sorted(one.code for one in customers if one.code not in gone | leaving))
    return Step(tuple(sorted(leaving)), staying, unit.price(_heads(customers, gone | leaving)))


@dataclass(frozen=True, slots=True)
class Order:
    """An order in which customers leave, one a year, and what all parties together use up in those years."""

    codes: tuple[str, ...]
    pence: int


def orders_by_cost(unit: Unit, customers: Sequence[Customer], replacements: Mapping[str, int]) -> list[Order]:
    """Return every order of these exits, the one that costs least first. Raises ValueError for too many of them.

    One customer leaves at the start of each year, and the years count until the last has left, that year included:
    the unit's cost while it has a customer, and the replacements of those who are gone.
    """
    if len(replacements) > MOST_IN_ORDER:
        raise ValueError(f"{len(replacements)} exits have too many orders: at most {MOST_IN_ORDER}")
    heads = {one.code: one.heads for one in customers}
    found = []
    for codes in permutations(sorted(replacements)):
        cost = 0
        for number in range(1, len(codes) + 1):
            gone = codes[:number]
            left = _heads(customers, gone)
            cost += unit.fixed_pence + unit.per_head_pence * left if left else 0
            cost += sum(replacements[code] * heads[code] for code in gone)
        found.append(Order(codes, cost))
    return sorted(found, key=lambda one: (one.pence, one.codes))
