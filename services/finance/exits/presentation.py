"""Shows assessments: exact figures become pence here, once; the digest is that of the inputs and figures shown."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from libs.common.database.connection import Reads
from libs.common.money import nearest_penny
from services.finance.appraisals.discounting import schedule_of
from services.finance.core.errors import NoPackInForce
from services.finance.core.lenses import SetLens
from services.finance.core.models import known
from services.finance.core.packs import pack_on
from services.finance.core.sight import Sight
from services.finance.core.terminations import PricedTermination, terminations_of
from services.finance.exits.errors import BeyondHorizon
from services.finance.exits.lines import ExitPrice, period_on
from services.finance.exits.queries import OWN, Assessed, Subject, Version, list_versions, offers_of
from services.finance.exits.rules import (
    Assessment,
    ExitCosts,
    OfferedExit,
    charges_until_next_exit,
    cost_of_missing,
    flows_of_exit,
    next_notice,
    open_exits,
    present_cost,
)
from services.finance.exits.views import (
    BestExitView,
    CompensationView,
    ExitAssessmentView,
    ExitCalendarItemView,
    ExitLineView,
    ExitView,
    InputsView,
    LensCostView,
    MissedNoticeView,
)

_PLACES = 6
_NO_PRICE = ExitPrice((), (), "")


def share_text(share: Fraction | None) -> str | None:
    """Return a share as a decimal of six places, half a unit rounded up; None for none."""
    if share is None:
        return None
    units = nearest_penny(share * 10**_PLACES)
    sign, units = ("-" if units < 0 else ""), abs(units)
    return f"{sign}{units // 10**_PLACES}.{units % 10**_PLACES:0{_PLACES}d}"


def view_of(assessed: Assessed, *, as_at: date, as_known: datetime | None) -> ExitAssessmentView:
    """Return an assessment as it is shown."""
    version, subject, found = assessed.version, assessed.subject, assessed.assessment
    best = _best_views(found)
    view = ExitAssessmentView(
        contract=version.contract,
        organisation=version.organisation,
        version=version.version,
        stated_at=version.stated_at,
        published_at=version.published_at,
        inputs=inputs_view(version),
        prices_of=str(version.inputs.base_year),
        supplier=assessed.terms.supplier,
        customers=list(subject.customers_on(as_at)),
        tiers=dict(period_on(subject.periods, as_at).tiers),
        as_at=as_at,
        as_known=as_known,
        committed_on=subject.exits.committed_on,
        exits=[_exit_view(one, found.lenses, as_at) for one in found.exits],
        best=best,
        is_contested=len({one.best_on for one in best}) > 1,
        wider_lens=found.wider,
        at_stake_pence=nearest_penny(found.at_stake),
        compensation=_compensation_view(found),
        next_notice=_missed_view(assessed, as_at),
        rule_packs=list(assessed.packs),
        events=[
            *(f"{one.what} {one.effective_on} {one.stated_at.isoformat()}" for one in subject.statements),
            *subject.exits.sources,
        ],
        digest="",
    )
    shown = view.model_dump_json(exclude={"as_known", "published_at", "digest", "stated_at"})
    return view.model_copy(update={"digest": hashlib.sha256(shown.encode()).hexdigest()})


def _best_views(found: Assessment) -> list[BestExitView]:
    return [
        BestExitView(
            lens=lens,
            best_on=found.exits[number].offered.exit_on,
            present_cost_pence=nearest_penny(found.exits[number].present_costs[found.lenses.index(lens)]),
        )
        for lens, number in found.best.items()
    ]


def _compensation_view(found: Assessment) -> CompensationView:
    return CompensationView(
        penalty_pence=nearest_penny(found.compensation.penalty),
        supplier_gain_pence=nearest_penny(found.compensation.supplier_gain),
        suits_both=found.compensation.suits_both,
    )


def inputs_view(version: Version) -> InputsView:
    """Return the inputs of a version as they are shown."""
    inputs = version.inputs
    return InputsView(
        base_year=str(inputs.base_year),
        years=inputs.years,
        replacement_pence=inputs.replacement_pence,
        transition_pence=inputs.transition_pence,
        dual_running_months=inputs.dual_running_months,
        lenses=list(version.lenses),
    )


def _exit_view(one: ExitCosts, lenses: Sequence[str], as_at: date) -> ExitView:
    offered = one.offered
    left = (offered.last_notice_on - as_at).days
    return ExitView(
        exit_on=offered.exit_on,
        last_notice_on=offered.last_notice_on,
        is_passed=left < 0,
        days_left=left if left >= 0 else None,
        price_source=offered.price.source,
        lines=[
            ExitLineView(
                component=line.component,
                nature=line.nature,
                payer=line.payer,
                payee=line.payee,
                pence=line.pence,
                due_on=line.due_on,
            )
            for line in offered.price.lines
        ],
        unpriced=list(offered.price.unpriced),
        assumptions=list(offered.price.assumptions),
        costs=[
            LensCostView(lens=lens, present_cost_pence=nearest_penny(cost))
            for lens, cost in zip(lenses, one.present_costs, strict=True)
        ],
        without_transition_pence=nearest_penny(one.without_transition),
        break_even_share=share_text(one.break_even_share),
        break_even_without_transition=share_text(one.break_even_without_transition),
    )


def _missed_view(assessed: Assessed, as_at: date) -> MissedNoticeView | None:
    due = next_notice([one.offered for one in assessed.assessment.exits], as_at)
    if due is None or assessed.subject.exits.committed_on is not None:
        return None
    cost = assessed.assessment.missed_notice
    return MissedNoticeView(
        due_on=due, days_left=(due - as_at).days, cost_pence=None if cost is None else nearest_penny(cost)
    )


async def calendar_of(
    db: Reads, subjects: Sequence[Subject], *, sight: Sight, as_at: date, as_known: datetime | None
) -> list[ExitCalendarItemView]:
    """Return these contracts sorted by what missing the next notice costs, the most first, then those without a figure.

    The caller's own assessment of a contract counts; without one, the charges to the next exit on offer.
    """
    known_of = await _load_known(db, subjects, sight=sight, as_known=as_known)
    items = [_item(one, known_of, as_at=as_at, as_known=as_known) for one in subjects]
    return sorted(items, key=calendar_key)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a calendar needs of its contracts, read by as many queries however many they are.

    `latest` is the last assessment of each contract that the caller wrote, `bearers` who pays what its author does.
    """

    latest: Mapping[str, Version]
    ends: Mapping[str, Sequence[PricedTermination]]
    bearers: Mapping[str, frozenset[str]]


async def _load_known(db: Reads, subjects: Sequence[Subject], *, sight: Sight, as_known: datetime | None) -> _Known:
    contracts = [one.contract for one in subjects]
    latest = {
        contract: max(own, key=lambda one: (one.stated_at, one.version))
        for contract, versions in (await list_versions(db, contracts, as_known=as_known)).items()
        if (own := [one for one in versions if sight.sees(one.organisation)])
    }
    ends = await terminations_of(db, contracts, as_known=as_known)
    authors = {one.organisation for one in latest.values()}
    return _Known(latest, ends, await known.successors_of_each(db, authors, as_known=as_known))


def calendar_key(item: ExitCalendarItemView) -> tuple[int, str]:
    """Return what a calendar is sorted by: the cost, the highest first and an unknown one last, then the contract."""
    return (1 if item.cost_of_missing_pence is None else -item.cost_of_missing_pence, item.contract)


def _item(subject: Subject, known_of: _Known, *, as_at: date, as_known: datetime | None) -> ExitCalendarItemView:
    offers = [OfferedExit(exit_on=exit_on, last_notice_on=due, price=_NO_PRICE) for exit_on, due in subject.exits.dates]
    due = next_notice(offers, as_at)
    item = ExitCalendarItemView(
        contract=subject.contract,
        title=subject.title,
        supplier=subject.supplier,
        customers=list(subject.customers_on(as_at)),
        next_notice_on=due,
        days_left=None if due is None else (due - as_at).days,
        exit_on=min((one.exit_on for one in offers if one.last_notice_on == due), default=None),
        cost_of_missing_pence=None,
        basis="no_exit_terms",
        organisation=None,
    )
    if subject.exits.committed_on is not None:
        committed = {"exit_on": subject.exits.committed_on, "next_notice_on": None, "days_left": None}
        return item.model_copy(update={"basis": "committed", **committed})
    priced = _by_assessment(subject, known_of, as_at=as_at, as_known=as_known)
    if priced is not None:
        return item.model_copy(update=priced)
    charges = charges_until_next_exit(subject.periods, offers, as_at)
    if charges is not None:
        return item.model_copy(update={"basis": "charges", "cost_of_missing_pence": nearest_penny(charges)})
    return item.model_copy(update={"basis": "last_exit" if offers else "no_exit_terms"})


def _by_assessment(
    subject: Subject, known_of: _Known, *, as_at: date, as_known: datetime | None
) -> Mapping[str, object] | None:
    """Return what the latest assessment that the caller wrote says of the next notice; None where there is none."""
    latest = known_of.latest.get(subject.contract)
    if latest is None or subject.exits.terms is None or not subject.exits.dates:
        return None
    inputs = latest.inputs
    try:
        offers = offers_of(subject, inputs, known_of.ends[subject.contract], as_at=as_at)
        pack = pack_on(inputs.base_year.first_day, subject="discounting-standard", as_known=as_known)
    except (BeyondHorizon, NoPackInForce):
        # One assessment that cannot be computed as known then does not take the others' figures away.
        return None
    own = SetLens(OWN, known_of.bearers[latest.organisation] | {latest.organisation})
    schedule = schedule_of(pack)
    costs = [
        present_cost(
            own,
            flows_of_exit(subject.contract, subject.periods, subject.exits.terms.supplier, inputs, one),
            inputs,
            schedule,
        )
        for one in offers
    ]
    cost = cost_of_missing(offers, open_exits(offers, as_at), costs)
    return {
        "basis": "last_exit" if cost is None else "assessment",
        "organisation": latest.organisation,
        "cost_of_missing_pence": None if cost is None else nearest_penny(cost),
    }
