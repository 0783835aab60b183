"""Routes about a body's tier, and about what it may hold."""

from typing import Annotated

from fastapi import Query

from libs.common.http.dependencies import AsAt, AsKnown, By, Rows, commands_router, problems
from services.contracts.bodies import queries
from services.contracts.bodies.rules import PRIMARY_CARE, holding_warning, may_hold, tier_of
from services.contracts.bodies.views import HoldingsView, HoldingView, TariffTierView
from services.contracts.core import errors
from services.contracts.core.codes import OdsCode

router = commands_router(tags=["Tariffs"])

Organisation = Annotated[OdsCode, Query(description="ODS code of the organisation.")]


@router.get("/tariff-tiers", summary="Get the tariff tier of an organisation", responses=problems(errors.NoRuleInForce))
async def get_tariff_tier(
    organisation: Organisation, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown
) -> TariffTierView:
    """Return the tier by the registered population that the registry published, and the rule pack of the day.

    An organisation below the least cluster must share; one that no source counted has no tier.
    """
    found = await queries.populations_of(rows, [organisation], basis=queries.REGISTERED, as_at=as_at, as_known=as_known)
    count = found.get(organisation)
    tier = tier_of(count.people if count else 0, as_at)
    return TariffTierView(
        organisation=organisation,
        people=count.people if count else None,
        counted_on=count.effective_on if count else None,
        source=count.source if count else None,
        tier=tier.name if count else None,
        must_share=count is not None and tier.name == "below_minimum",
        rule_pack=tier.pack.id,
        citation=tier.pack.citation,
        as_at=as_at,
        as_known=as_known,
    )


@router.get("/holdings", summary="Get which contracts for primary care an organisation may hold", responses=problems())
async def get_holdings(organisation: Organisation, rows: Rows, _: By, as_at: AsAt, as_known: AsKnown) -> HoldingsView:
    """Return whether its legal form may hold GMS, PMS and APMS on the day, with a warning where no source says."""
    form = await queries.legal_form_of(rows, organisation, as_at=as_at, as_known=as_known)
    holdings = [(one, may_hold(form, one, as_at)) for one in PRIMARY_CARE]
    warnings = (holding_warning(organisation, form, one, as_at) for one in PRIMARY_CARE)
    return HoldingsView(
        organisation=organisation,
        legal_form=form,
        holdings=[
            HoldingView(form=one, may_hold=holding.answer, rule_pack=holding.pack and holding.pack.id)
            for one, holding in holdings
        ],
        warnings=[warning for warning in warnings if warning],
        as_at=as_at,
        as_known=as_known,
    )
