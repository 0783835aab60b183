"""Values exits and buy-outs for a portfolio. Exits by the assessment of its organisations, against the term's end.

Value is the present cost of running to the term's end less that of leaving, through the portfolio's lens; cash is what
the portfolio's organisations pay once, less what the term's end would have cost them once. So a lens never makes an
exit affordable, and a budget never makes it worthless.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction

from libs.common.database.connection import Reads
from libs.common.errors import Reason
from libs.common.events.contracts import BuyOutTermsStated
from libs.common.money import nearest_penny
from services.finance.appraisals.discounting import Schedule, schedule_of
from services.finance.buy_outs.queries import savings_of, terms_of
from services.finance.buy_outs.views import SavingView
from services.finance.core.flows import Flow, parties_of
from services.finance.core.lenses import Lens
from services.finance.core.packs import pack_on
from services.finance.core.sight import Sight
from services.finance.core.terminations import PricedTermination, terminations_of
from services.finance.core.years import FinancialYear
from services.finance.exits.errors import BeyondHorizon, ContractNotKnown, ExitAssessmentNotFound, ExitTermsUnknown
from services.finance.exits.lines import period_on
from services.finance.exits.queries import (
    Subject,
    Version,
    assessable,
    list_versions,
    seen,
    subjects_of,
    version_for,
)
from services.finance.exits.queries import offers_of as offers_of_contract
from services.finance.exits.rules import ExitInputs, OfferedExit, flows_of_exit, open_exits, present_cost
from services.finance.parties.queries import lens_called, load_sectors
from services.finance.plans.problem import Problem
from services.finance.portfolios.assembly import ContractExits, ExitOffer, problem_of
from services.finance.portfolios.buy_outs import flows_by_day, offers_of, why_no_buy_out
from services.finance.portfolios.errors import ItemWithoutTerms
from services.finance.portfolios.terms import BuyOutItem, ExitItem, PortfolioTerms

_EVERY_YEAR = ("charge", "replacement")
"""The kinds of flows that come back every year: no non-recurrent money."""


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Whose money and sight, as at which day, as known when."""

    organisations: tuple[str, ...]
    sight: Sight
    as_at: date
    as_known: datetime | None


@dataclass(frozen=True, slots=True)
class _Exits:
    """A contract's exits as its assessment costs them: the flows of each, and which may still be chosen."""

    subject: Subject
    inputs: ExitInputs
    offers: tuple[OfferedExit, ...]
    flows: tuple[tuple[Flow, ...], ...]
    open: tuple[int, ...]


async def valued(db: Reads, terms: PortfolioTerms, question: Viewpoint) -> Problem:
    """Return the problem of a portfolio with its exits and buy-outs valued, by as many queries however many they are.

    Raises ItemWithoutTerms with every item at once, LensNotFound or PartyNotFound for its lens, NoPackInForce.
    """
    missing: list[Reason] = []
    exits = await _exits_of(db, terms, question, missing)
    buy_outs = await _buy_outs_of(db, terms, question, missing)
    if missing:
        raise ItemWithoutTerms("; ".join(reason.message for reason in missing[:20]), reasons=missing)
    paid = {contract: flows_by_day(terms, *stated, question.as_at) for contract, stated in buy_outs.items()}
    flows = [flow for one in exits.values() for of_exit in one.flows for flow in of_exit]
    flows += [flow for days in paid.values() for both in days.values() for of_day in both for flow in of_day]
    sectors = await load_sectors(db, parties_of(flows), as_known=question.as_known)
    lens = await lens_called(db, terms.lens, sectors=sectors, sight=question.sight, as_known=question.as_known)
    if not exits and not buy_outs:
        return problem_of(terms, {}, {})
    pack = pack_on(terms.start.first_day, subject="discounting-standard", as_known=question.as_known)
    schedule, payers = schedule_of(pack), question.organisations
    problem = problem_of(
        terms,
        {contract: _offers(one, lens, schedule, question) for contract, one in exits.items()},
        {
            contract: offers_of(
                *(terms, buy_outs[contract][0], days), lens=lens, schedule=schedule, payers=payers, as_at=question.as_at
            )
            for contract, days in paid.items()
        },
    )
    _must_have_years(terms, problem)
    return problem


async def _exits_of(db: Reads, terms: PortfolioTerms, question: Viewpoint, missing: list[Reason]) -> dict[str, _Exits]:
    """Return the exits of every contract that an exit names; those without terms are added to `missing`."""
    names = _names_by_contract(terms, ExitItem)
    subjects = await subjects_of(db, names, as_at=question.as_at, as_known=question.as_known)
    versions = await list_versions(db, names, as_known=question.as_known)
    ends = await terminations_of(db, names, as_known=question.as_known)
    found: dict[str, _Exits] = {}
    for contract in names:
        try:
            subject = seen(subjects[contract], question.sight)
            version = _version(subject, versions[contract], question)
            found[contract] = _costed(terms, subject, version, ends[contract], question)
        except (ContractNotKnown, ExitTermsUnknown, ExitAssessmentNotFound, BeyondHorizon) as error:
            missing.append(Reason(f"{names[contract]}: {error.message}", "items"))
    return found


async def _buy_outs_of(
    db: Reads, terms: PortfolioTerms, question: Viewpoint, missing: list[Reason]
) -> dict[str, tuple[list[BuyOutTermsStated], SavingView]]:
    """Return the terms and the saving of every buy-out; those without are added to `missing`."""
    names = _names_by_contract(terms, BuyOutItem)
    stated = await terms_of(db, names, sight=question.sight, as_known=question.as_known)
    savings = await savings_of(db, names, as_known=question.as_known)
    found: dict[str, tuple[list[BuyOutTermsStated], SavingView]] = {}
    for contract, name in names.items():
        saving = savings.get(contract)
        if why := why_no_buy_out(contract, stated[contract], saving, question.as_at):
            missing.append(Reason(f"{name}: {why}", "items"))
        elif saving is not None:
            found[contract] = stated[contract], saving
    return found


def _names_by_contract(terms: PortfolioTerms, kind: type[ExitItem] | type[BuyOutItem]) -> dict[str, str]:
    """Return the contracts of the items of a kind, each with the first of them."""
    names: dict[str, str] = {}
    for item in terms.items:
        if isinstance(item, kind):
            names.setdefault(item.contract, item.name)
    return names


def _must_have_years(terms: PortfolioTerms, problem: Problem) -> None:
    """Raise ItemWithoutTerms for what is committed to a year in which its contract cannot be bought out."""
    missing = [
        Reason(f"{item.name}: {item.contract} cannot be bought out in {item.committed_to}", "items")
        for item, of_item in zip(terms.items, problem.items, strict=True)
        if isinstance(item, BuyOutItem) and item.committed_to is not None and not of_item.starts
    ]
    if missing:
        raise ItemWithoutTerms("; ".join(reason.message for reason in missing[:20]), reasons=missing)


def _costed(
    terms: PortfolioTerms,
    subject: Subject,
    version: Version,
    ends: Sequence[PricedTermination],
    question: Viewpoint,
) -> _Exits:
    stated = assessable(subject)
    # The years reach beyond the term's end, which every exit is compared with.
    years = max(terms.years, version.inputs.years, FinancialYear.of(stated.term_ends_on).start - terms.start.start + 2)
    inputs = replace(version.inputs, base_year=terms.start, years=years)
    with_notice = _with_exit(subject, subject.exits.committed_on)
    offers = tuple(offers_of_contract(with_notice, inputs, ends, as_at=question.as_at))
    flows = tuple(
        tuple(flows_of_exit(subject.contract, subject.periods, stated.supplier, inputs, one)) for one in offers
    )
    return _Exits(subject, inputs, offers, flows, open_exits(offers, question.as_at, subject.exits.committed_on))


def _offers(of: _Exits, lens: Lens, schedule: Schedule, question: Viewpoint) -> ContractExits:
    noticed = of.subject.exits.committed_on
    cost_of_last = present_cost(lens, of.flows[-1], of.inputs, schedule)
    offers = {
        offered.exit_on: _offer(offered.exit_on, flows, of, cost_of_last - cost, question)
        for offered, flows in zip(of.offers, of.flows, strict=True)
        for cost in [present_cost(lens, flows, of.inputs, schedule)]
    }
    still_open = [of.offers[number].exit_on for number in of.open]
    if noticed is not None and noticed not in offers:
        still_open = []
    return ContractExits(
        supplier=of.subject.supplier,
        annual_pence=period_on(of.subject.periods, question.as_at).annual_pence,
        offers=tuple(offers[day] for day in still_open),
        committed=None if noticed is None else offers.get(noticed),
    )


def _version(subject: Subject, versions: Sequence[Version], question: Viewpoint) -> Version:
    """Return the latest assessment of one of the portfolio's organisations, in their order; or a published one."""
    for organisation in question.organisations:
        with suppress(ExitAssessmentNotFound):
            return version_for(subject, versions, sight=question.sight, organisation=organisation)
    return version_for(subject, versions, sight=question.sight)


def _with_exit(subject: Subject, noticed: date | None) -> Subject:
    """Return the contract with the day of its notice among those on offer, whatever its terms offer since."""
    dates = subject.exits.dates
    if noticed is None or noticed in {exit_on for exit_on, _ in dates}:
        return subject
    return replace(subject, exits=replace(subject.exits, dates=tuple(sorted([*dates, (noticed, date.min)]))))


def _offer(exit_on: date, flows: Sequence[Flow], of: _Exits, saved: Fraction, question: Viewpoint) -> ExitOffer:
    """Return what an exit is worth and costs once, each against the last one on offer."""
    cash: dict[FinancialYear, Fraction] = defaultdict(Fraction)
    for year, pence in _once(flows, question.organisations):
        cash[year] += pence
    for year, pence in _once(of.flows[-1], question.organisations):
        cash[year] -= pence
    return ExitOffer(
        exit_on=exit_on,
        value_pence=nearest_penny(saved),
        cash_pence=tuple((year, nearest_penny(pence)) for year, pence in sorted(cash.items()) if pence),
    )


def _once(flows: Sequence[Flow], payers: Collection[str]) -> list[tuple[FinancialYear, Fraction]]:
    return [
        (flow.financial_year, flow.pence) for flow in flows if flow.payer in payers and flow.kind not in _EVERY_YEAR
    ]
