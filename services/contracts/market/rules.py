"""Rules of the market: what a count of units shows, what an assessment comes to, by when a customer has to act.

Pure functions over the packs of the day (`rules/market.toml`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from libs.common.errors import DomainError, Reason
from libs.common.rulepacks import RulePack, in_force
from libs.common.temporal.months import after_months
from services.contracts.core.errors import FunctionUnknown, NoRuleInForce
from services.contracts.core.packs import PACKS
from services.contracts.market.errors import CriterionUnassessed, CriterionUnknown, LastDayAmiss
from services.contracts.suppliers.rules import Scope


class Result(StrEnum):
    """What an assessment finds of one criterion, the worst last."""

    MET = "met"
    AT_RISK = "at_risk"
    NOT_MET = "not_met"


_WORSE = {Result.MET: 0, Result.AT_RISK: 1, Result.NOT_MET: 2}

STOP = "stop"
LEAVING = frozenset({"closing", "closed", "withdrawn"})
"""States in which a supplier takes over nothing more."""
GONE = frozenset({"closed", "withdrawn"})


class Assessment(BaseModel):
    """What an assessment found, as it is stored. `last_day`: the last day of service, of a stop."""

    model_config = ConfigDict(frozen=True)

    assessed_on: date
    pack: str
    results: Mapping[str, Result]
    outcome: str
    last_day: date | None = None


class Offer(BaseModel):
    """What a supplier would take over, as it is stored: functions with the criteria that it meets of each."""

    model_config = ConfigDict(frozen=True)

    functions: Mapping[str, tuple[str, ...]]
    commissioners: tuple[str, ...]
    regions: tuple[str, ...] = ()


def market_pack(day: date, *, subject: str) -> RulePack:
    """Return the pack on a subject of the market. Raises NoRuleInForce."""
    packs = in_force(PACKS, day, subject=subject)
    if not packs:
        raise NoRuleInForce(f"no rule on {subject} is in force on {day.isoformat()}")
    return packs[0]


def assess(
    pack: RulePack, results: Mapping[str, Result], *, on: date, last_day: date | None
) -> tuple[Assessment | None, list[DomainError]]:
    """Return what the results come to, or every reason why they are no assessment.

    The worst result gives the outcome. Who owns the supplier is no input.
    """
    found = why_not_assessed(pack, results)
    if found:
        return None, found
    outcome = str(pack.values["outcomes"][max(results.values(), key=_WORSE.__getitem__)])
    if (outcome == STOP) != (last_day is not None) or (last_day is not None and last_day < on):
        message = f"the outcome is {outcome}: " + (
            f"name the last day of service, {on} or later" if outcome == STOP else "no last day of service follows"
        )
        return None, [LastDayAmiss(message, reasons=[Reason(message, "last_day")])]
    return Assessment(assessed_on=on, pack=pack.id, results=results, outcome=outcome, last_day=last_day), []


def why_not_assessed(pack: RulePack, results: Collection[str]) -> list[DomainError]:
    """Return one refusal for each criterion that the pack does not have, and for each that has no result."""
    criteria: Mapping[str, str] = pack.values["criteria"]
    found: list[DomainError] = []
    for one in results:
        if one not in criteria:
            message = f"{one} is none of the criteria of {pack.id}: {', '.join(criteria)}"
            found.append(CriterionUnknown(message, reasons=[Reason(message, f"results.{one}")]))
    for one in criteria:
        if one not in results:
            message = f"{one} ({criteria[one]}) has no result"
            found.append(CriterionUnassessed(message, reasons=[Reason(message, "results")]))
    return found


def why_not_in_catalogue(functions: Iterable[str], catalogue: Collection[str], pack: str) -> list[DomainError]:
    """Return one refusal for each function of an offer that is not in the catalogue."""
    unknown = [one for one in functions if one not in catalogue]
    return [
        FunctionUnknown(message, reasons=[Reason(message, f"functions.{one}")])
        for one in unknown
        for message in (f"{one} is none of the functions of {pack}",)
    ]


def why_not_offered(pack: RulePack, functions: Mapping[str, Iterable[str]]) -> list[DomainError]:
    """Return one refusal for each criterion of an offer that the minimum standard of its function does not have."""
    standards: Mapping[str, Mapping[str, str]] = pack.values["criteria"]
    messages = [
        (f"{criterion} is none of the criteria of {pack.id} for {function}", f"functions.{function}")
        for function, met in functions.items()
        for criterion in met
        if criterion not in standards.get(function, {})
    ]
    return [CriterionUnknown(one, reasons=[Reason(one, field)]) for one, field in messages]


def below_standard(pack: RulePack, function: str, met: Collection[str]) -> list[str]:
    """Return the criteria of the minimum standard of a function that an offer does not meet, in the pack's order."""
    standards: Mapping[str, Mapping[str, str]] = pack.values["criteria"]
    return [criterion for criterion in standards.get(function, {}) if criterion not in met]


def is_to_be_replaced(found: Assessment, *, on: date, until: date) -> bool:
    """Say whether customers have to replace a supplier: on a day it is to stop by an assessment that lasts `until`."""
    return found.last_day is not None and found.assessed_on <= on <= found.last_day and on < until


@dataclass(frozen=True, slots=True)
class ReplaceBy:
    """By when a customer begins to replace a supplier on one route."""

    route: str
    title: str
    months: int
    begin_by: date


def replacement_deadlines(pack: RulePack, last_day: date) -> list[ReplaceBy]:
    """Return for each route the last day on which a replacement can begin to be there when the service stops.

    The corresponding day `months` earlier, or the last day of its month: a stop on 31.3.2016 begins by 31.12.2015 on a
    route of three months and by 30.6.2015 on one of nine.
    """
    months: Mapping[str, int] = pack.values["months"]
    return [
        ReplaceBy(route, pack.values["titles"][route], number, after_months(last_day, -number))
        for route, number in months.items()
    ]


@dataclass(frozen=True, slots=True)
class Unit:
    """A supplier on a day: what it is, and into which bodies it was succeeded by then."""

    code: str
    state: str | None = None
    scope: str | None = None
    is_closed: bool = False
    succeeded_by: tuple[str, ...] = ()
    is_supplier: bool = True
    """False of a body of which nothing was stated as of a supplier, and whose kind buys support."""


@dataclass(frozen=True, slots=True)
class Count:
    """The units of a day: counted by scope, and those that are not, each with the reason."""

    end_to_end: tuple[str, ...]
    niche: tuple[str, ...]
    not_stated: tuple[str, ...]
    not_counted: Mapping[str, str]

    def is_in_range(self, pack: RulePack) -> bool:
        """Say whether as many units as planned are there; both bounds are in the plan."""
        return bool(pack.values["least"] <= len(self.end_to_end) <= pack.values["most"])


def count(units: Sequence[Unit]) -> Count:
    """Count units: one that is closed or was succeeded by the day is not counted, its last successors are, each once.

    A successor of which no scope is stated has that of its predecessors, `end_to_end` where one of them had it. A
    commissioner, or another body that is no supplier, took the work in house, and is none of the market's units.
    """
    by_code = {one.code: one for one in units}
    inherited: dict[str, set[str]] = {}
    not_counted: dict[str, str] = {}
    for one in units:
        if one.succeeded_by:
            not_counted[one.code] = f"succeeded by {', '.join(one.succeeded_by)}"
            for last in _last_successors(one.code, by_code):
                inherited.setdefault(last, set()).update({one.scope} if one.scope else ())
        elif not one.is_supplier:
            not_counted[one.code] = "no supplier: it took over a unit's work for itself"
        elif one.is_closed or one.state in GONE:
            not_counted[one.code] = one.state if one.state in GONE else "closed"
    scopes: dict[str | None, list[str]] = {}
    for code in sorted(by_code.keys() | inherited):
        if code not in not_counted:
            own = by_code[code].scope if code in by_code else None
            scopes.setdefault(own or _widest(inherited.get(code, ())), []).append(code)
    return Count(
        end_to_end=tuple(scopes.get(Scope.END_TO_END, ())),
        niche=tuple(scopes.get(Scope.NICHE, ())),
        not_stated=tuple(scopes.get(None, ())),
        not_counted=not_counted,
    )


def _last_successors(code: str, units: Mapping[str, Unit]) -> set[str]:
    """Return the bodies in which a unit lives on and that were not succeeded themselves."""
    seen, found, left = {code}, set(), [code]
    while left:
        unit = units.get(left.pop())
        for successor in unit.succeeded_by if unit else ():
            if successor in seen:
                continue
            seen.add(successor)
            if (after := units.get(successor)) is None or not after.succeeded_by:
                found.add(successor)
            left.append(successor)
    return found


def _widest(scopes: Collection[str]) -> str | None:
    return next((one for one in Scope if one in scopes), None)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A supplier that may step in, as on the day on which it would begin; `offers_still`: its offer holds on it."""

    code: str
    is_hosted: bool
    state: str | None
    is_closed: bool
    offer: Offer
    offers_still: bool = True
    stops_after: date | None = None

    def offers_in(self, region: str | None) -> bool:
        """Say whether it offers in a region."""
        return region in self.offer.regions


@dataclass(frozen=True, slots=True)
class StepIn:
    """Who could take over one function: in order, and who could not, each with the reason."""

    function: str
    offered_by: tuple[Candidate, ...]
    excluded: tuple[tuple[Candidate, str, tuple[str, ...]], ...]


def step_in(
    candidates: Iterable[Candidate],
    *,
    function: str,
    customer: str,
    region: str | None,
    starts_on: date,
    standard: RulePack,
) -> StepIn:
    """Return who could take over a function for a commissioner from a day on.

    Hosted units whose offer covers both; those that offer in the commissioner's region first, then by code. Excluded
    are those that stop, or whose offer ends, before that day, and those below the minimum standard, with the criteria
    that they do not meet.
    """
    offered: list[Candidate] = []
    excluded: list[tuple[Candidate, str, tuple[str, ...]]] = []
    for one in sorted(candidates, key=lambda one: (not one.offers_in(region), one.code)):
        offer = one.offer
        if not one.is_hosted or function not in offer.functions:
            continue
        if customer not in offer.commissioners and not one.offers_in(region):
            continue
        missing = tuple(below_standard(standard, function, offer.functions[function]))
        if (reason := _why_it_stops(one, starts_on)) is not None:
            excluded.append((one, reason, ()))
        elif missing:
            excluded.append((one, f"below {standard.id}", missing))
        else:
            offered.append(one)
    return StepIn(function, tuple(offered), tuple(excluded))


def _why_it_stops(one: Candidate, starts_on: date) -> str | None:
    if one.is_closed:
        return "closed"
    if one.state in LEAVING:
        return str(one.state)
    if one.stops_after is not None and one.stops_after < starts_on:
        return f"stops after {one.stops_after}"
    return None if one.offers_still else f"its offer ends before {starts_on}"


@dataclass(frozen=True, slots=True)
class Viability:
    """A year of a supplier, in pence: what its customers pay, and what it costs. None: not known."""

    income_pence: int | None
    cost_pence: int | None

    @property
    def margin_pence(self) -> int | None:
        """Income less cost."""
        if self.income_pence is None or self.cost_pence is None:
            return None
        return self.income_pence - self.cost_pence

    @property
    def is_viable(self) -> bool | None:
        """Whether its customers pay what it costs. No assessment says so."""
        return None if self.margin_pence is None else self.margin_pence >= 0


def viability(
    income_pence: int | None, *, fixed_pence: int | None, per_head_pence: int | None, heads: int | None
) -> Viability:
    """Return a year of a supplier from its customers and costs alone."""
    if fixed_pence is None or per_head_pence is None or heads is None:
        return Viability(income_pence, None)
    return Viability(income_pence, fixed_pence + per_head_pence * heads)


def missed(deadline: Mapping[str, Any], states: Sequence[tuple[date, str]]) -> tuple[bool, date | None]:
    """Return whether a unit missed a deadline by its states (first day, state; in order), and since when it meets it.

    None: it does not meet it yet. A state that holds on the last day in time meets it.
    """
    by, met_by = deadline["by"], deadline["met_by"]
    current = [state for first, state in states if first <= by][-1:]
    if current and current[0] in met_by:
        return False, max(first for first, _ in states if first <= by)
    later = (first for first, state in states if first > by and state in met_by)
    return True, min(later, default=None)
