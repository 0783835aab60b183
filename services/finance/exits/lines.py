"""What an exit costs once, line by line: from contracts' price of the day, or from what the contract's terms say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from libs.common.money import apportion, nearest_penny
from libs.common.temporal.months import after_months, last_day_of_term, share_of_a_year
from services.finance.charges.rules import ChargePeriod
from services.finance.core.flows import HOUSEHOLDS, Flow, Nature

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedTerms:
    """What a contract says about the price of leaving it, as contracts published it; None: it says nothing of it.

    `dual_running_pence` is a month's; with `dual_running_of_charge` a month's is a twelfth of the charge that ends.
    `breakage` is who is paid how much of `breakage_pence`, "" no organisation.
    """

    supplier: str
    term_ends_on: date
    payment_share: Fraction | None = None
    payment_schedule_from: date | None = None
    payment_schedule_pence: tuple[int, ...] = ()
    stranded_pence: tuple[int, ...] = ()
    stranded_ends_with_term: bool = True
    breakage_pence: int | None = None
    dual_running_pence: int | None = None
    redundancy_pence: int | None = None
    redundancy_payer: str = ""
    reprocurement_pence: int | None = None
    pack: str = ""
    breakage: tuple[tuple[str, int], ...] | None = None
    dual_running_months: int | None = None
    dual_running_of_charge: bool = False


@dataclass(frozen=True, slots=True)
class ExitLine:
    """One line of an exit's price, in whole pence."""

    component: str
    nature: Nature
    payer: str
    payee: str
    pence: int
    due_on: date

    def flow(self, contract: str) -> Flow:
        """Return the line as a flow of the ledger; without payee it is a resource."""
        nature = self.nature if self.payee else Nature.RESOURCE
        return Flow(self.payer, self.payee, self.due_on, Fraction(self.pence), nature, self.component, contract)


@dataclass(frozen=True, slots=True)
class ExitPrice:
    """The lines of an exit, and the components for which the contract states no terms: they are not in the sum.

    `assumptions` say what stands for something that the contract does not state.
    """

    lines: tuple[ExitLine, ...]
    unpriced: tuple[str, ...]
    source: str
    """`terms`, or the termination whose price it is."""
    assumptions: tuple[str, ...] = ()


def remaining_charges(periods: Sequence[ChargePeriod], exit_on: date, term_ends_on: date) -> Fraction:
    """Return the undiscounted charges from an exit to the term's end, exact; whole months count as twelfths."""
    remaining = Fraction(0)
    for period in periods:
        last_day = term_ends_on if period is periods[-1] else min(period.last_day, term_ends_on)
        remaining += share_of_a_year(max(period.first_day, exit_on), last_day) * period.annual_pence
    return remaining


class TermsPrice:
    """Prices the end of a whole contract by its stated terms, each component rounded once and split to the penny.

    The conventions are those of contracts, which prices offers: both give the same pence on every day on offer. An end
    that notice still reaches (`by_notice`) costs no contractual payment where the terms state none.
    """

    def __init__(
        self,
        terms: StatedTerms,
        periods: Sequence[ChargePeriod],
        exit_on: date,
        *,
        dual_running_months: int | None = None,
        breakage_by_payee: Sequence[tuple[str, int]] = (),
        by_notice: bool = False,
    ) -> None:
        self._terms, self._periods, self._exit_on = terms, periods, exit_on
        self._months = dual_running_months
        self._by_notice = by_notice
        self._breakages = breakage_by_payee
        self._payers = period_on(periods, exit_on - _A_DAY)
        self._lines: list[ExitLine] = []
        self._unpriced: list[str] = []
        self._assumptions: list[str] = []

    def price(self) -> ExitPrice:
        """Return the price."""
        self._contractual()
        self._redundancy()
        self._breakage()
        self._stranded()
        self._dual_running()
        self._by_customers("reprocurement", Nature.RESOURCE, "", self._terms.reprocurement_pence)
        return ExitPrice(tuple(self._lines), tuple(self._unpriced), "terms", tuple(self._assumptions))

    def _by_customers(self, component: str, nature: Nature, payee: str, pence: int | None) -> None:
        if pence is None:
            self._unpriced.append(component)
        elif pence > 0:
            parts = apportion(pence, self._payers.weights)
            for payer, part in zip(self._payers.customers, parts, strict=True):
                of_nature = nature if payee else Nature.RESOURCE
                self._lines.append(ExitLine(component, of_nature, payer, payee, part, self._exit_on))

    def _by_supplier(self, component: str, nature: Nature, payee: str, pence: int, due_on: date) -> None:
        if pence > 0:
            self._lines.append(ExitLine(component, nature, self._terms.supplier, payee, pence, due_on))

    def _contractual(self) -> None:
        terms = self._terms
        if terms.payment_share is not None:
            remaining = remaining_charges(self._periods, self._exit_on, terms.term_ends_on)
            pence = nearest_penny(terms.payment_share * remaining)
        elif terms.payment_schedule_from is not None:
            pence = _scheduled(terms.payment_schedule_from, terms.payment_schedule_pence, self._exit_on)
        elif self._by_notice or self._exit_on > terms.term_ends_on:
            pence = 0
        else:
            self._unpriced.append("contractual_payment")
            return
        self._by_customers("contractual_payment", Nature.TRANSFER, terms.supplier, pence)

    def _redundancy(self) -> None:
        terms = self._terms
        if terms.redundancy_pence is None or (terms.redundancy_pence and not terms.redundancy_payer):
            self._unpriced.append("redundancy")
        elif terms.redundancy_payer == "customers":
            self._by_customers("redundancy", Nature.TRANSFER, HOUSEHOLDS, terms.redundancy_pence)
        else:
            self._by_supplier("redundancy", Nature.TRANSFER, HOUSEHOLDS, terms.redundancy_pence, self._exit_on)

    def _breakage(self) -> None:
        """Add what is paid for breaking licences and leases: to whom the terms name, else a price of this contract."""
        whole, paid = self._terms.breakage_pence, self._terms.breakage
        if paid is None and sum(pence for _, pence in self._breakages) == whole:
            paid = tuple(self._breakages)
        if whole is None or paid is None:
            self._by_customers("breakage", Nature.TRANSFER, "", whole)
            if whole:
                self._assumptions.append("breakage: who is paid is not known, so that it counts as a resource")
            return
        for payee, pence in paid:
            self._by_customers("breakage", Nature.TRANSFER, payee, pence)

    def _stranded(self) -> None:
        terms = self._terms
        if not terms.stranded_pence:
            self._unpriced.append("stranded")
        for number, pence in enumerate(terms.stranded_pence):
            first = after_months(self._exit_on, 12 * number)
            share = Fraction(1)
            if terms.stranded_ends_with_term:
                share = min(share, share_of_a_year(first, terms.term_ends_on))
            self._by_supplier("stranded", Nature.RESOURCE, "", nearest_penny(pence * share), first)

    def _dual_running(self) -> None:
        terms, months = self._terms, self._terms.dual_running_months
        if months is None and self._months is not None:
            months = self._months
            self._assumptions.append(f"dual_running: {months} months by the assessment, the contract states none")
        pence = None
        if months is not None:
            month = Fraction(self._payers.annual_pence, 12)
            if terms.dual_running_pence is not None and not terms.dual_running_of_charge:
                month = Fraction(terms.dual_running_pence)
            elif not terms.dual_running_of_charge:
                self._assumptions.append("dual_running: a month is a twelfth of the charge, the contract states none")
            pence = nearest_penny(month * months)
        self._by_customers("dual_running", Nature.RESOURCE, terms.supplier, pence)


def breakage_by_payee(lines: Sequence[ExitLine]) -> tuple[tuple[str, int], ...]:
    """Return the breakage of a price by its payees."""
    sums: dict[str, int] = {}
    for line in lines:
        if line.component == "breakage":
            sums[line.payee] = sums.get(line.payee, 0) + line.pence
    return tuple(sums.items())


def _scheduled(first: date, payments: Sequence[int], exit_on: date) -> int:
    """Return the payment of the schedule's year in which an end lies; none before it or after it."""
    for number, pence in enumerate(payments):
        if after_months(first, 12 * number) <= exit_on <= last_day_of_term(first, 12 * (number + 1)):
            return pence
    return 0


def period_on(periods: Sequence[ChargePeriod], day: date) -> ChargePeriod:
    """Return the period of charges of a day: after the last one, while the contract renews, that one."""
    return next((one for one in reversed(periods) if one.first_day <= day), periods[0])
