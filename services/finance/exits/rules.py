"""Assesses every exit that a contract offers: flows of each, present cost by lens, best days, who would pay whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from services.finance.appraisals.discounting import Schedule, discount_factor
from services.finance.charges.rules import ChargePeriod
from services.finance.core.flows import Flow, Nature
from services.finance.core.lenses import Lens, OrganisationLens, cost_in
from services.finance.core.years import FinancialYear
from services.finance.exits.lines import ExitPrice, StatedTerms, period_on, remaining_charges

PAYMENT, TRANSITION = "contractual_payment", "transition"
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitInputs:
    """What the assessment adds to what contracts publishes, in prices of the base year.

    Year 0 is `base_year`; `years` counts it. The replacement costs `replacement_pence` a year from the exit on, and
    `transition_pence` once. `dual_running_months` stands for what the contract does not state; None: not known.
    """

    base_year: FinancialYear
    years: int
    replacement_pence: int
    transition_pence: int
    dual_running_months: int | None = None

    @property
    def horizon(self) -> tuple[FinancialYear, ...]:
        """The years that count."""
        return tuple(FinancialYear(self.base_year.start + number) for number in range(self.years))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedExit:
    """A first day without the contract that it offers, the last day for notice, and what it costs once."""

    exit_on: date
    last_notice_on: date
    price: ExitPrice


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitCosts:
    """What one exit costs: its flows, and the exact present cost through each lens, in their order.

    `without_transition` is the present cost of the first lens if the replacement needed no transition then.
    `break_even_share` is the payment as a fraction of the remaining charges at which the first lens is as well off as
    at the term's end; `break_even_without_transition` the same against a term's end that needs no transition.
    """

    offered: OfferedExit
    flows: tuple[Flow, ...]
    present_costs: tuple[Fraction, ...]
    without_transition: Fraction
    break_even_share: Fraction | None
    break_even_without_transition: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """What the first lens loses by the day that is best for all, and what the supplier gains by it.

    Any payment from the supplier between the two leaves both better off than the day that is best for the first lens;
    none does where the loss is more than the gain.
    """

    penalty: Fraction
    supplier_gain: Fraction

    @property
    def suits_both(self) -> bool:
        """Whether there is such a payment."""
        return 0 < self.penalty <= self.supplier_gain


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Every exit on offer with its costs, and the index of the best one still open under each lens.

    `at_stake` is what the wider lens loses by the day that is best for the first one.
    """

    lenses: tuple[str, ...]
    exits: tuple[ExitCosts, ...]
    open: tuple[int, ...]
    best: Mapping[str, int]
    wider: str
    at_stake: Fraction
    compensation: Compensation
    missed_notice: Fraction | None


def flows_of_exit(
    contract: str, periods: Sequence[ChargePeriod], supplier: str, inputs: ExitInputs, offered: OfferedExit
) -> list[Flow]:
    """Return every flow of leaving on a day: charges before it, the price, transition and replacement from it on.

    Charges are resources that the supplier uses up. Within a year they go by days; a lump is due on its day.
    """
    flows = list[Flow]()
    for year in inputs.horizon:
        flows += _charges(contract, periods, supplier, year, offered.exit_on - _A_DAY)
        first = max(year.first_day, offered.exit_on)
        pence = Fraction(inputs.replacement_pence * year.overlap(first, year.last_day), year.days)
        flows += _by_customers(contract, period_on(periods, first), "", "replacement", first, pence)
    last = period_on(periods, offered.exit_on - _A_DAY)
    flows += _by_customers(contract, last, "", TRANSITION, offered.exit_on, Fraction(inputs.transition_pence))
    for line in offered.price.lines:
        # What contracts has due with the last day of service falls, like every lump of an exit, on the first without.
        flow = line.flow(contract)
        on = max(flow.on, offered.exit_on)
        flows.append(Flow(flow.payer, flow.payee, on, flow.pence, flow.nature, flow.kind, flow.cause))
    return flows


def _charges(
    contract: str, periods: Sequence[ChargePeriod], supplier: str, year: FinancialYear, last_day: date
) -> list[Flow]:
    flows = list[Flow]()
    for period in periods:
        until = last_day if period is periods[-1] else min(period.last_day, last_day)
        first = max(period.first_day, year.first_day)
        pence = Fraction(period.annual_pence * year.overlap(first, until), year.days)
        flows += _by_customers(contract, period, supplier, "charge", first, pence)
    return flows


def _by_customers(contract: str, period: ChargePeriod, payee: str, kind: str, on: date, pence: Fraction) -> list[Flow]:
    if not pence:
        return []
    whole = sum(period.weights)
    return [
        Flow(customer, payee, on, pence * weight / whole, Nature.RESOURCE, kind, contract)
        for customer, weight in zip(period.customers, period.weights, strict=True)
        if weight and customer != payee
    ]


def present_cost(lens: Lens, flows: Sequence[Flow], inputs: ExitInputs, schedule: Schedule) -> Fraction:
    """Return the present cost of flows through a lens; what falls before year 0 or after the horizon does not count."""
    cost = Fraction(0)
    for flow in flows:
        year = flow.financial_year.start - inputs.base_year.start
        if 0 <= year < inputs.years:
            cost += cost_in(lens, flow) * discount_factor(schedule, year)
    return cost


def assess(
    contract: str,
    terms: StatedTerms,
    periods: Sequence[ChargePeriod],
    offers: Sequence[OfferedExit],
    lenses: Sequence[Lens],
    *,
    inputs: ExitInputs,
    schedule: Schedule,
    as_at: date,
    wider: str,
    committed_on: date | None = None,
) -> Assessment:
    """Assess the exits on offer. The first lens is who decides; `wider` names the one whose loss is at stake.

    The last exit on offer is what leaving earlier is compared with. Exits whose last notice day has passed are costed,
    but none of them is best. Where notice stands, that exit and earlier ones alone are open, and none can be missed.
    """
    flows = [tuple(flows_of_exit(contract, periods, terms.supplier, inputs, one)) for one in offers]
    costs = [tuple(present_cost(lens, of_exit, inputs, schedule) for lens in lenses) for of_exit in flows]
    own = _Own(contract, terms, periods, lenses[0], inputs, schedule)
    names = tuple(lens.name for lens in lenses)
    still_open = open_exits(offers, as_at, committed_on)
    best = {
        name: min(still_open, key=lambda number: (costs[number][index], number))
        for index, name in enumerate(names)
        if still_open
    }
    supplier = OrganisationLens(terms.supplier)
    supplier_costs = [present_cost(supplier, of_exit, inputs, schedule) for of_exit in flows]
    at_stake, compensation = _between(best, names, wider, costs, supplier_costs)
    return Assessment(
        lenses=names,
        exits=own.exits(offers, flows, costs),
        open=still_open,
        best=best,
        wider=wider,
        at_stake=at_stake,
        compensation=compensation,
        missed_notice=None if committed_on else cost_of_missing(offers, still_open, [each[0] for each in costs]),
    )


def open_exits(offers: Sequence[OfferedExit], as_at: date, committed_on: date | None = None) -> tuple[int, ...]:
    """Return the indices of the exits that may still be chosen: a standing notice leaves itself and earlier ones."""
    return tuple(number for number, one in enumerate(offers) if _is_open(one, as_at, committed_on))


def _is_open(offered: OfferedExit, as_at: date, committed_on: date | None) -> bool:
    if committed_on is not None and offered.exit_on >= committed_on:
        return offered.exit_on == committed_on
    return offered.last_notice_on >= as_at


@dataclass(frozen=True, slots=True)
class _Own:
    """Costs through the lens of who decides, of parts of an exit."""

    contract: str
    terms: StatedTerms
    periods: Sequence[ChargePeriod]
    lens: Lens
    inputs: ExitInputs
    schedule: Schedule

    def cost_without(self, kind: str, flows: Sequence[Flow]) -> Fraction:
        """Return the present cost of an exit without the flows of one kind."""
        return present_cost(self.lens, [flow for flow in flows if flow.kind != kind], self.inputs, self.schedule)

    def cost_of_all_charges(self, offered: OfferedExit) -> Fraction:
        """Return the present cost of paying all remaining charges on an exit."""
        whole = _whole_payment(self.contract, self.terms, self.periods, offered)
        return present_cost(self.lens, whole, self.inputs, self.schedule)

    def exits(
        self,
        offers: Sequence[OfferedExit],
        flows: Sequence[tuple[Flow, ...]],
        costs: Sequence[tuple[Fraction, ...]],
    ) -> tuple[ExitCosts, ...]:
        """Return every exit with its break-even payments against the last one on offer."""
        bare = [self.cost_without(TRANSITION, of_exit) for of_exit in flows]
        exits = []
        for offered, of_exit, by_lens, without in zip(offers, flows, costs, bare, strict=True):
            unpaid, lever = self.cost_without(PAYMENT, of_exit), self.cost_of_all_charges(offered)
            exits.append(
                ExitCosts(
                    offered=offered,
                    flows=of_exit,
                    present_costs=by_lens,
                    without_transition=without,
                    break_even_share=(costs[-1][0] - unpaid) / lever if lever else None,
                    break_even_without_transition=(bare[-1] - unpaid) / lever if lever else None,
                )
            )
        return tuple(exits)


def _between(
    best: Mapping[str, int],
    names: Sequence[str],
    wider: str,
    costs: Sequence[Sequence[Fraction]],
    supplier_costs: Sequence[Fraction],
) -> tuple[Fraction, Compensation]:
    """Return what the wider lens loses by the first one's best day, and what a compensation could make good."""
    if not best:
        return Fraction(0), Compensation(penalty=Fraction(0), supplier_gain=Fraction(0))
    own, other, at_wider = best[names[0]], best[wider], names.index(wider)
    compensation = Compensation(
        penalty=costs[other][0] - costs[own][0], supplier_gain=supplier_costs[own] - supplier_costs[other]
    )
    return costs[own][at_wider] - costs[other][at_wider], compensation


def _whole_payment(
    contract: str, terms: StatedTerms, periods: Sequence[ChargePeriod], offered: OfferedExit
) -> list[Flow]:
    """Return a payment of all remaining charges, of which the break-even payment is a fraction."""
    remaining = remaining_charges(periods, offered.exit_on, terms.term_ends_on)
    last = period_on(periods, offered.exit_on - _A_DAY)
    whole = sum(last.weights)
    return [
        Flow(customer, terms.supplier, offered.exit_on, remaining * weight / whole, Nature.TRANSFER, PAYMENT, contract)
        for customer, weight in zip(last.customers, last.weights, strict=True)
        if remaining and weight and customer != terms.supplier
    ]


def next_notice(offers: Sequence[OfferedExit], as_at: date) -> date | None:
    """Return the next last notice day on or after a day; None where there is none."""
    later = (one.last_notice_on for one in offers if one.last_notice_on >= as_at)
    return min(later, default=None)


def cost_of_missing(
    offers: Sequence[OfferedExit], still_open: Sequence[int], costs: Sequence[Fraction]
) -> Fraction | None:
    """Return what it costs the first lens to miss the next notice day; None where no exit would be left."""
    if not still_open:
        return None
    due = min(offers[number].last_notice_on for number in still_open)
    left = [costs[number] for number in still_open if offers[number].last_notice_on > due]
    return min(left) - min(costs[number] for number in still_open) if left else None


def charges_until_next_exit(
    periods: Sequence[ChargePeriod], offers: Sequence[OfferedExit], as_at: date
) -> Fraction | None:
    """Return the charges from the exit of the next notice day to the one after it, of all customers together.

    It is what missing the notice costs where nothing is known of a replacement; None where no exit follows.
    """
    due = next_notice(offers, as_at)
    days = sorted(one.exit_on for one in offers if due is not None and one.last_notice_on >= due)
    if len(days) < 2:
        return None
    return remaining_charges(periods, days[0], days[1] - _A_DAY)
