"""Reads the market as at a day and as known at an instant, over all suppliers by one statement each."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from libs.common.temporal.believed import ALL_DAYS, holds
from libs.common.temporal.history import LAST_DAY
from libs.organisations.relations import HOSTS
from libs.organisations.successions import BOTH_CONTINUE
from services.contracts.core.models import known
from services.contracts.core.queries import ContractFilter, list_contracts
from services.contracts.core.sight import reads_through
from services.contracts.core.views import PartyView
from services.contracts.market.errors import AssessmentNotFound, OfferNotFound
from services.contracts.market.rules import (
    Assessment,
    Candidate,
    Offer,
    StepIn,
    Unit,
    count,
    market_pack,
    replacement_deadlines,
    step_in,
    viability,
)
from services.contracts.market.views import (
    AssessmentView,
    CoveredFunctionView,
    CriterionResultView,
    MarketPlanView,
    MarketUnitView,
    OfferView,
    ReplaceByView,
    SafetyNetView,
    StepInExcludedView,
    StepInView,
    UnitNotCountedView,
    ViabilityView,
)
from services.contracts.suppliers.models import Aspect
from services.contracts.suppliers.queries import NOW, get_supplier, periods_of
from services.contracts.suppliers.rules import first_day_of, next_value, parts_of, period_on

CAUTION: Final = "The outcome is an assessment of its day; that the supplier will last does not follow from it."

_VALUES = f"""
SELECT o.code, b.facet, b.value FROM supplier o JOIN supplier_belief b ON b.subject_id = o.id
 WHERE b.facet = ANY($3::smallint[]) AND {holds("b")}
 ORDER BY o.code, b.facet
"""  # noqa: S608  (what is put in is ours)

# From each supplier along the successions by the day; a body that continues for itself was not succeeded.
_SUCCESSIONS = f"""
WITH RECURSIVE step AS (
     SELECT s.code, s.successor FROM known_succession s
      WHERE s.effective_on <= $1::date AND s.shape <> ALL($4::text[]) AND s.code <> s.successor
        AND {holds("s", ALL_DAYS, "$2::timestamptz")}),
 reached AS (
     SELECT code FROM supplier WHERE $3::text[] IS NULL OR code = ANY($3)
      UNION SELECT step.successor FROM reached JOIN step ON step.code = reached.code)
SELECT step.code, step.successor FROM step JOIN reached ON reached.code = step.code ORDER BY 1, 2
"""  # noqa: S608  (what is put in is ours)

# A period ends also where it was offered until a day: that there is no offer is a statement of its own.
_TAKEN_BACK = """
SELECT min(lower(s.valid)) AS day FROM supplier o JOIN supplier_statement s ON s.subject_id = o.id
 WHERE o.code = $1 AND s.facet = $2 AND s.value IS NULL AND lower(s.valid) > $3
"""

_HOSTED = f"""
SELECT r.other AS code, r.code AS host FROM known_relation r JOIN known_relation_belief b ON b.subject_id = r.id
 WHERE r.relation = $3 AND r.other = ANY($4::text[]) AND {holds("b")}
"""  # noqa: S608  (what is put in is ours)


async def market_plan(db: Reads, *, as_at: date, as_known: datetime | None) -> MarketPlanView:
    """Return the units of a day beside the plan. Raises NoRuleInForce."""
    pack = market_pack(as_at, subject="market-plan")
    instant = as_known or NOW
    values = await values_on(db, (Aspect.STATE, Aspect.SCOPE), as_at=as_at, instant=instant)
    succeeded: dict[str, list[str]] = defaultdict(list)
    for row in await db.fetch(_SUCCESSIONS, as_at, instant, list(values), list(BOTH_CONTINUE)):
        succeeded[row["code"]].append(row["successor"])
    codes = {*values, *succeeded, *(one for several in succeeded.values() for one in several)}
    bodies = await known.statuses(db, codes, as_at=as_at, as_known=as_known)
    units = [
        Unit(
            code,
            state=_state(values.get(code, {})),
            scope=values.get(code, {}).get(Aspect.SCOPE),
            is_closed=bodies[code].status == "closed",
            succeeded_by=tuple(succeeded.get(code, ())),
            is_supplier=code in values or bodies[code].kind not in pack.values["buyers"],
        )
        for code in sorted(codes)
    ]
    found, states = count(units), {one.code: one.state for one in units}

    def shown(codes: Sequence[str]) -> list[MarketUnitView]:
        return [
            MarketUnitView(supplier=PartyView.model_validate(bodies[code]), state=states.get(code)) for code in codes
        ]

    return MarketPlanView(
        end_to_end=shown(found.end_to_end),
        niche=shown(found.niche),
        scope_not_stated=shown(found.not_stated),
        not_counted=[UnitNotCountedView(code=code, reason=reason) for code, reason in found.not_counted.items()],
        count=len(found.end_to_end),
        least=pack.values["least"],
        most=pack.values["most"],
        is_in_range=found.is_in_range(pack),
        rule_pack=pack.id,
        as_at=as_at,
        as_known=as_known,
    )


async def get_assessment(db: Reads, code: str, *, by: Caller, as_at: date, as_known: datetime | None) -> AssessmentView:
    """Return a supplier's last assessment by a day. Raises AssessmentNotFound."""
    period = period_on(await periods_of(db, code, as_known or NOW), Aspect.ASSESSMENT, as_at)
    if period is None:
        raise AssessmentNotFound(f"no assessment of {code} by {as_at} is known")
    one = Assessment.model_validate_json(period.value)
    titles = market_pack(one.assessed_on, subject="supplier-assessment").values["criteria"]
    deadlines, packs, customers = [], [one.pack], list[str]()
    if one.last_day is not None:
        lead_times = market_pack(one.assessed_on, subject="replacement-lead-time")
        deadlines = [ReplaceByView.model_validate(each) for each in replacement_deadlines(lead_times, one.last_day)]
        packs.append(lead_times.id)
        customers = await customers_on(db, code, one.last_day, by=by, as_known=as_known)
    [body] = (await known.statuses(db, [code], as_at=as_at, as_known=as_known)).values()
    return AssessmentView(
        supplier=PartyView.model_validate(body),
        assessed_on=one.assessed_on,
        criteria=[
            CriterionResultView(criterion=each, title=titles.get(each, each), result=result)
            for each, result in one.results.items()
        ],
        outcome=one.outcome,
        last_day=one.last_day,
        replace_by=deadlines,
        customers=customers,
        caution=CAUTION,
        source=period.source,
        rule_packs=packs,
        as_at=as_at,
        as_known=as_known,
    )


async def get_viability(db: Reads, code: str, *, by: Caller, as_at: date, as_known: datetime | None) -> ViabilityView:
    """Return whether a supplier's customers pay what it costs. Raises SupplierNotFound."""
    supplier = await get_supplier(db, code, by=by, as_at=as_at, as_known=as_known)
    wanted = ContractFilter(supplier=code, status="active")
    contracts = await list_contracts(db, wanted, by=by, as_at=as_at, as_known=as_known)
    codes = await reads_through(db, by)
    sees_all = codes is None or code in codes
    costs = supplier.costs
    year = viability(
        sum(one["annual_pence"] for one in contracts) if sees_all else None,
        fixed_pence=costs.fixed_pence if costs else None,
        per_head_pence=costs.per_head_pence if costs else None,
        heads=costs.heads if costs else None,
    )
    not_known = [] if sees_all else ["the contracts of its other customers"]
    if year.cost_pence is None:
        not_known.append("its fixed cost, cost a head and heads")
    return ViabilityView(
        supplier=supplier.supplier,
        customers=len({customer.code for one in contracts for customer in one["customers"]}),
        income_pence=year.income_pence,
        cost_pence=year.cost_pence,
        margin_pence=year.margin_pence,
        is_viable=year.is_viable,
        not_known=not_known,
        as_at=as_at,
        as_known=as_known,
    )


async def get_offer(db: Reads, code: str, *, as_at: date, as_known: datetime | None) -> OfferView:
    """Return what a supplier would take over on a day. Raises OfferNotFound."""
    period = period_on(await periods_of(db, code, as_known or NOW), Aspect.OFFER, as_at)
    if period is None:
        raise OfferNotFound(f"no offer of {code} on {as_at} is known")
    one = Offer.model_validate_json(period.value)
    [body] = (await known.statuses(db, [code], as_at=as_at, as_known=as_known)).values()
    return OfferView(
        supplier=PartyView.model_validate(body),
        functions={function: list(met) for function, met in one.functions.items()},
        commissioners=list(one.commissioners),
        regions=list(one.regions),
        first_day=first_day_of(period),
        source=period.source,
        as_at=as_at,
        as_known=as_known,
    )


async def next_offer(db: Reads, code: str, day: date) -> date:
    """Return the first day after a day of which another offer was stated, or that there is none."""
    [row] = await db.fetch(_TAKEN_BACK, code, int(Aspect.OFFER), day)
    return min(next_value(await periods_of(db, code, NOW), Aspect.OFFER, day), row["day"] or LAST_DAY)


async def offer_as_stated(db: Reads, code: str, day: date) -> OfferView:
    """Return an offer as at its first day; of one that has just been taken back, that nothing is offered."""
    try:
        return await get_offer(db, code, as_at=day, as_known=None)
    except OfferNotFound:
        [body] = (await known.statuses(db, [code], as_at=day)).values()
        return OfferView(
            supplier=PartyView.model_validate(body),
            functions={},
            commissioners=[],
            regions=[],
            first_day=day,
            source=None,
            as_at=day,
            as_known=None,
        )


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a safety net is asked for: a commissioner, the supplier that fails, functions, a region, a first day."""

    customer: str
    supplier: str | None
    functions: Sequence[str]
    region: str | None
    starts_on: date


async def safety_net(
    db: Reads, asked: Fallback, *, by: Caller, as_at: date, as_known: datetime | None
) -> SafetyNetView:
    """Return who could take over a commissioner's functions. Raises NoRuleInForce."""
    standard = market_pack(as_at, subject="minimum-standard")
    functions, contracts = list(dict.fromkeys(asked.functions)), []
    if asked.supplier is not None:
        wanted = ContractFilter(customer=asked.customer, supplier=asked.supplier, status="active")
        contracts = await list_contracts(db, wanted, by=by, as_at=as_at, as_known=as_known)
        if not functions:
            functions = sorted({line["function"] for one in contracts for line in one["lines"]})
    candidates = await _candidates(db, asked, as_at=as_at, as_known=as_known)
    found = [
        step_in(
            candidates,
            function=function,
            customer=asked.customer,
            region=asked.region,
            starts_on=asked.starts_on,
            standard=standard,
        )
        for function in functions
    ]
    codes = {asked.customer, *([asked.supplier] if asked.supplier else []), *(one.code for one in candidates)}
    bodies = await known.statuses(db, codes, as_at=as_at, as_known=as_known)
    parties = {code: PartyView.model_validate(body) for code, body in bodies.items()}
    return SafetyNetView(
        customer=parties[asked.customer],
        supplier=parties[asked.supplier] if asked.supplier else None,
        contracts=[one["reference"] for one in contracts],
        functions=[_covered(one, parties, asked.region) for one in found],
        uncovered=[one.function for one in found if not one.offered_by],
        starts_on=asked.starts_on,
        rule_packs=[standard.id],
        as_at=as_at,
        as_known=as_known,
    )


async def values_on(
    db: Reads, aspects: Collection[Aspect], *, as_at: date, instant: datetime = NOW
) -> Mapping[str, Mapping[Aspect, str]]:
    """Return what is stated of these aspects on a day, of every supplier that has one of them."""
    found: dict[str, dict[Aspect, str]] = defaultdict(dict)
    for row in await db.fetch(_VALUES, as_at, instant, [int(one) for one in aspects]):
        found[row["code"]][Aspect(row["facet"])] = row["value"]
    return found


async def hosts_on(
    db: Reads, values: Mapping[str, Mapping[Aspect, str]], *, as_at: date, instant: datetime = NOW
) -> Mapping[str, Collection[str]]:
    """Return who hosts each supplier on a day: by its own sources, else by the registry."""
    unsaid = [code for code, one in values.items() if Aspect.HOST not in one]
    registered: dict[str, list[str]] = defaultdict(list)
    for row in await db.fetch(_HOSTED, as_at, instant, HOSTS, unsaid):
        registered[row["code"]].append(row["host"])
    own = {code: one[Aspect.HOST] for code, one in values.items() if Aspect.HOST in one}
    return {**registered, **{code: [host] if host else [] for code, host in own.items()}}


async def customers_on(db: Reads, code: str, day: date, *, by: Caller, as_known: datetime | None = None) -> list[str]:
    """Return the customers of a supplier on a day under active contracts that the caller may see."""
    wanted = ContractFilter(supplier=code, status="active")
    rows = await list_contracts(db, wanted, by=by, as_at=day, as_known=as_known)
    return sorted({customer.code for row in rows for customer in row["customers"]})


async def _candidates(db: Reads, asked: Fallback, *, as_at: date, as_known: datetime | None) -> list[Candidate]:
    """Return the suppliers with an offer: hosted as at the day, as they are when they would begin."""
    instant = as_known or NOW
    boards = market_pack(as_at, subject="supplier-deadline").values["boards"]
    now = await values_on(db, (Aspect.OFFER, Aspect.HOST), as_at=as_at, instant=instant)
    offering = {code: one for code, one in now.items() if Aspect.OFFER in one and code != asked.supplier}
    hosts = await hosts_on(db, offering, as_at=as_at, instant=instant)
    then = await values_on(db, (Aspect.STATE, Aspect.ASSESSMENT, Aspect.OFFER), as_at=asked.starts_on, instant=instant)
    bodies = await known.statuses(db, list(offering), as_at=asked.starts_on, as_known=as_known)
    return [
        Candidate(
            code,
            is_hosted=any(host in boards for host in hosts.get(code, ())),
            state=_state(then.get(code, {})),
            is_closed=bodies[code].status == "closed",
            offer=Offer.model_validate_json(then.get(code, one).get(Aspect.OFFER, one[Aspect.OFFER])),
            offers_still=Aspect.OFFER in then.get(code, {}),
            stops_after=_stops_after(then.get(code, {})),
        )
        for code, one in offering.items()
    ]


def _covered(one: StepIn, parties: Mapping[str, PartyView], region: str | None) -> CoveredFunctionView:
    return CoveredFunctionView(
        function=one.function,
        is_covered=bool(one.offered_by),
        offered_by=[
            StepInView(supplier=parties[each.code], is_same_region=each.offers_in(region), state=each.state)
            for each in one.offered_by
        ],
        excluded=[
            StepInExcludedView(supplier=parties[each.code], reason=reason, below=list(below))
            for each, reason, below in one.excluded
        ],
    )


def _state(values: Mapping[Aspect, str]) -> str | None:
    state = values.get(Aspect.STATE)
    return None if state is None else parts_of(state)[0]


def _stops_after(values: Mapping[Aspect, str]) -> date | None:
    found = values.get(Aspect.ASSESSMENT)
    return None if found is None else Assessment.model_validate_json(found).last_day
