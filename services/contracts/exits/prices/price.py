"""Prices the end of a contract, or of a part of it, one line a component (rules EXIT-3 and EXIT-5).

Each line has a payer, a payee, and a nature: a resource is used up, a transfer changes hands. A component for which the
contract states no term is not in the sum: `unpriced` names it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal

from libs.common.money import apportion
from libs.common.temporal.months import after_months, last_day_of_term, share_of_a_year
from services.contracts.exits.prices.redundancy import StaffMember, redundancies
from services.contracts.exits.rules import ONE_DAY, Leaving, rounded

ComponentName = Literal["contractual_payment", "redundancy", "breakage", "stranded", "dual_running", "reprocurement"]
Nature = Literal["resource", "transfer"]
STAFF = "staff"
"""Who is paid redundancy pay: households, no organisation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One line of the price. An empty payee: paid to no organisation, a resource that is used up."""

    component: ComponentName
    nature: Nature
    payer: str
    payee: str
    pence: int
    due_on: date
    basis: str
    recurrent_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What ends, when, and who pays: `ended` and `staying` are charges a year by function.

    `payers` are the customers whose part ends with their exact shares of the whole contract. `is_free` where notice
    allows the end and the contract states no payment for it; `payment_pence` is a payment on which the sides agree.
    """

    exit_day: date
    ended: tuple[tuple[str, int], ...]
    staying: tuple[tuple[str, int], ...] = ()
    payers: tuple[tuple[str, Fraction], ...]
    supplier: str
    staff: tuple[StaffMember, ...] | None = None
    is_free: bool = False
    payment_pence: int | None = None
    as_known: datetime | None = None

    @property
    def ended_pence(self) -> Fraction:
        """The charge a year that ends: of the ended lines, the part of those who leave."""
        return sum(pence for _, pence in self.ended) * self.ended_share

    @property
    def ended_share(self) -> Fraction:
        """The part of an ended line that ends: of those who leave, else 1."""
        return sum((share for _, share in self.payers), Fraction(0))

    @property
    def remaining(self) -> tuple[tuple[str, Fraction], ...]:
        """The charge a year of each line that stays, of an ended one what those who stay have of it."""
        rest = 1 - self.ended_share
        of_ended = [(function, pence * rest) for function, pence in self.ended] if rest else []
        return tuple(sorted([*of_ended, *((function, Fraction(pence)) for function, pence in self.staying)]))

    @property
    def part(self) -> Fraction:
        """The part of the contract that ends, by its charge."""
        total = sum(pence for _, pence in (*self.ended, *self.staying))
        return self.ended_pence / total if total else Fraction(1)


@dataclass(slots=True, kw_only=True)
class Price:
    """The lines of a price, what is missing in it, and the packs that it rests on.

    `respread_pence` is what each line that stays pays more a year for the overhead of those that end; where the
    contract is silent it stands beside `stranded_if_pence`, and neither is in the sum.
    """

    components: list[Component] = field(default_factory=list)
    unpriced: list[ComponentName] = field(default_factory=list)
    packs: set[str] = field(default_factory=set)
    respread_pence: dict[str, int] = field(default_factory=dict)
    stranded_if_pence: int | None = None

    @property
    def total_pence(self) -> int:
        """The sum of all lines: of what is priced."""
        return sum(line.pence for line in self.components)

    def add(self, ending: Ending, name: ComponentName, nature: Nature, payee: str, pence: int, basis: str) -> None:
        """Add a component that the customers pay, divided among them to the penny."""
        if pence <= 0:
            return
        parts = apportion(pence, [share for _, share in ending.payers])
        for (payer, _), part in zip(ending.payers, parts, strict=True):
            line = Component(
                component=name,
                nature=nature if payee else "resource",
                payer=payer,
                payee=payee,
                pence=part,
                due_on=ending.exit_day,
                basis=basis,
            )
            self.components.append(line)


def price_of(contract: Leaving, ending: Ending) -> Price:
    """Return the price of an end. Raises NoRuleInForce where staff leave on a day for which no pack rules."""
    price = Price()
    _contractual(contract, ending, price)
    _redundancy(contract, ending, price)
    _breakage(contract, ending, price)
    _stranded(contract, ending, price)
    _dual_running(contract, ending, price)
    _reprocurement(contract, ending, price)
    return price


def _contractual(contract: Leaving, ending: Ending, price: Price) -> None:
    terms, first_without = contract.terms, ending.exit_day + ONE_DAY
    if ending.payment_pence is not None:
        pence, basis = ending.payment_pence, "as offered"
    elif terms.payment_share is not None:
        remaining = share_of_a_year(first_without, contract.payment_ends_on(ending.exit_day))
        pence = rounded(Fraction(terms.payment_share) * remaining * ending.ended_pence)
        basis = f"{terms.payment_share} of the charges that remain"
    elif terms.payment_schedule_from is not None:
        pence = _scheduled(terms.payment_schedule_from, terms.payment_schedule_pence, first_without)
        pence, basis = rounded(pence * ending.part), "the schedule of payments"
    else:
        if not ending.is_free:
            price.unpriced.append("contractual_payment")
        return
    price.add(ending, "contractual_payment", "transfer", ending.supplier, pence, basis)


def _scheduled(first: date, payments: Sequence[int], exit_on: date) -> int:
    """Return the payment of the schedule's year in which an end lies; none before it or after it."""
    for number, pence in enumerate(payments):
        if after_months(first, 12 * number) <= exit_on <= last_day_of_term(first, 12 * (number + 1)):
            return pence
    return 0


def _redundancy(contract: Leaving, ending: Ending, price: Price) -> None:
    terms = contract.terms
    if ending.staff is not None:
        functions = {function for function, _ in ending.ended}
        leaving = [one for one in ending.staff if not one.function or one.function in functions]
        due = redundancies(leaving, ending.exit_day, as_known=ending.as_known) if leaving else []
        # A list names lines, not customers: of one who leaves it is the same part as of the charge.
        pence = rounded(sum(one.pence for one in due) * ending.ended_share)
        basis = f"staff list of {len(leaving)}"
        price.packs.update(pack for one in due for pack in one.packs)
    elif terms.redundancy_pence is not None:
        pence, basis = rounded(terms.redundancy_pence * ending.part), "as the contract states"
    else:
        price.unpriced.append("redundancy")
        return
    if pence and terms.redundancy_payer is None:
        price.unpriced.append("redundancy")
    elif terms.redundancy_payer == "customers":
        price.add(ending, "redundancy", "transfer", STAFF, pence, basis)
    elif pence:
        price.components.append(_by_supplier(ending, "redundancy", "transfer", STAFF, pence, ending.exit_day, basis))


def _by_supplier(
    ending: Ending, name: ComponentName, nature: Nature, payee: str, pence: int, due_on: date, basis: str
) -> Component:
    return Component(
        component=name, nature=nature, payer=ending.supplier, payee=payee, pence=pence, due_on=due_on, basis=basis
    )


def _breakage(contract: Leaving, ending: Ending, price: Price) -> None:
    if contract.terms.breakage is None:
        price.unpriced.append("breakage")
        return
    functions = {function for function, _ in ending.ended}
    for one in contract.terms.breakage:
        if one.function is None or one.function in functions:
            share = ending.ended_share if one.function else ending.part
            price.add(
                ending, "breakage", "transfer", one.payee or "", rounded(one.pence * share), one.function or "the whole"
            )


def _stranded(contract: Leaving, ending: Ending, price: Price) -> None:
    terms = contract.terms
    if terms.stranded_pence:
        for due_on, pence in _stranded_by_year(contract, ending):
            price.components.append(_by_supplier(ending, "stranded", "resource", "", pence, due_on, "by year"))
        return
    if terms.overhead_pence is None:
        price.unpriced.append("stranded")
        return
    yearly = terms.overhead_pence * ending.part
    ends_on = contract.payment_ends_on(ending.exit_day)
    if terms.overhead_sheds_after_months is not None:
        ends_on = min(ends_on, last_day_of_term(ending.exit_day + ONE_DAY, terms.overhead_sheds_after_months))
    stranded = rounded(yearly * share_of_a_year(ending.exit_day + ONE_DAY, ends_on))
    remaining = ending.remaining
    is_whole = not remaining
    if any(pence for _, pence in remaining) and terms.overhead_on_part != "stranded":
        more = apportion(rounded(yearly), [pence for _, pence in remaining])
        price.respread_pence = {function: part for (function, _), part in zip(remaining, more, strict=True)}
    if not is_whole and terms.overhead_on_part is None:
        price.unpriced.append("stranded")
        price.stranded_if_pence = stranded
    elif stranded and (is_whole or terms.overhead_on_part == "stranded"):
        due_on = ending.exit_day + ONE_DAY
        line = _by_supplier(ending, "stranded", "resource", "", stranded, due_on, f"{ending.part} of the overhead")
        price.components.append(line)


def _stranded_by_year(contract: Leaving, ending: Ending) -> list[tuple[date, int]]:
    """Return the stranded cost of each year after the end, cut off at the term's end where the contract says so."""
    found = []
    ends_on = contract.payment_ends_on(ending.exit_day)
    for number, pence in enumerate(contract.terms.stranded_pence):
        first = after_months(ending.exit_day + ONE_DAY, 12 * number)
        share = Fraction(1)
        if contract.terms.stranded_ends_with_term:
            share = min(share, share_of_a_year(first, ends_on))
        if part := rounded(pence * share * ending.part):
            found.append((first, part))
    return found


def _dual_running(contract: Leaving, ending: Ending, price: Price) -> None:
    terms = contract.terms
    if terms.dual_running_months is None:
        price.unpriced.append("dual_running")
        return
    month = ending.ended_pence / 12 if terms.dual_running_pence is None else terms.dual_running_pence * ending.part
    price.add(
        ending,
        "dual_running",
        "resource",
        ending.supplier,
        rounded(month * terms.dual_running_months),
        f"{terms.dual_running_months} months",
    )


def _reprocurement(contract: Leaving, ending: Ending, price: Price) -> None:
    if contract.terms.reprocurement_pence is None:
        price.unpriced.append("reprocurement")
        return
    price.add(ending, "reprocurement", "resource", "", contract.terms.reprocurement_pence, "as the contract states")


def stored(price: Price) -> dict[str, Any]:
    """Return a price as it is kept: JSON."""
    return {
        "components": [
            asdict(line) | {"due_on": line.due_on.isoformat(), "recurrent_to": None} for line in price.components
        ],
        "unpriced": list(price.unpriced),
        "rule_packs": sorted(price.packs),
        "respread_pence": dict(sorted(price.respread_pence.items())),
        "stranded_if_pence": price.stranded_if_pence,
    }


def components_in(price: Mapping[str, Any]) -> list[Component]:
    """Return the lines of a price that was kept."""
    return [
        Component(**line | {"due_on": date.fromisoformat(line["due_on"]), "recurrent_to": None})
        for line in price["components"]
    ]


def price_in(price: Mapping[str, Any]) -> Price:
    """Return a price that was kept; of an earlier one no overhead is known."""
    return Price(
        components=components_in(price),
        unpriced=list(price["unpriced"]),
        packs=set(price["rule_packs"]),
        respread_pence=dict(price.get("respread_pence", {})),
        stranded_if_pence=price.get("stranded_if_pence"),
    )


def columns_of(lines: Sequence[Component]) -> dict[str, Any]:
    """Return the lines of a price as events have them: one tuple a column, in one order."""
    return {
        "components": tuple(line.component for line in lines),
        "natures": tuple(line.nature for line in lines),
        "payers": tuple(line.payer for line in lines),
        "payees": tuple(line.payee for line in lines),
        "component_pence": tuple(line.pence for line in lines),
        "due_on": tuple(line.due_on for line in lines),
    }
