"""Reacts to what the registry publishes: knows bodies and populations, restates allowances and budgets."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.registry import (
    MERGED,
    CareModelStated,
    Merged,
    OrganisationSucceeded,
    PopulationPublished,
    SuccessionUndone,
    TransferSchemeResumed,
    TransferSchemeSuspended,
)
from libs.common.identity import Caller
from services.finance.allowances import counts
from services.finance.allowances.restatement import restate_allowances
from services.finance.budgets.models import known_care_models
from services.finance.budgets.projection import know_care_models
from services.finance.core.models import bodies_with_allowances, known
from services.finance.core.years import LAST_YEAR, FinancialYear
from services.finance.lines.models import bodies_with_budgets, known_scheme_pauses
from services.finance.lines.projection import know_pauses
from services.finance.lines.restatement import restate_budgets
from services.finance.parties.models import known_parties
from services.finance.parties.projection import EVENTS as PARTY_EVENTS
from services.finance.parties.projection import know_parties
from services.finance.reactions.base import subscriptions
from services.finance.savings.commands import reckon_savings_of
from services.finance.series.models import known_agreed_mergers
from services.finance.series.plans import EVENTS as AGREEMENTS
from services.finance.series.plans import know_agreed_mergers

subscriptions.knows(known.projection, *known.events)(known.know)
# A sector follows from what both publishers state: one projection, so that one rebuild fills it again.
subscriptions.knows(known_parties, *PARTY_EVENTS)(know_parties)
subscriptions.knows(counts.projection, PopulationPublished)(counts.know)
subscriptions.knows(known_care_models, CareModelStated)(know_care_models)
subscriptions.knows(known_agreed_mergers, *AGREEMENTS)(know_agreed_mergers)
subscriptions.knows(known_scheme_pauses, TransferSchemeSuspended, TransferSchemeResumed)(know_pauses)


@subscriptions.on(*MERGED, holding=bodies_with_allowances)
async def successor_takes_over_allowances(event: Merged, session: AsyncSession, *, by: Caller) -> bool:  # noqa: ARG001  (every reaction gets the caller)
    """Restate the allowances of the merger's year and of those after it."""
    years = (FinancialYear.of(event.effective_on).start, LAST_YEAR)
    return await restate_allowances(session, [event.successor, *event.predecessors], years=years)


@subscriptions.on(SuccessionUndone, holding=bodies_with_allowances)
async def allowances_go_back(event: SuccessionUndone, session: AsyncSession, *, by: Caller) -> bool:  # noqa: ARG001  (every reaction gets the caller)
    """Restate the allowances without the amounts moved by an undone merger."""
    years = (FinancialYear.of(event.effective_on).start, LAST_YEAR)
    return await restate_allowances(session, [event.successor, event.code], years=years)


@subscriptions.on(OrganisationSucceeded, holding=bodies_with_allowances)
async def allowances_follow_shares(event: OrganisationSucceeded, session: AsyncSession, *, by: Caller) -> bool:  # noqa: ARG001  (every reaction gets the caller)
    """Restate the allowances by the exact shares of a split or a boundary change."""
    years = (FinancialYear.of(event.effective_on).start, LAST_YEAR)
    return await restate_allowances(session, [event.successor, event.code], years=years)


@subscriptions.on(*MERGED, holding=bodies_with_budgets)
async def successor_takes_over_budgets(event: Merged, session: AsyncSession, *, by: Caller) -> bool:
    """Restate the lines of the budgets of the merger's year and of those after it."""
    return await _restate(session, event.predecessors, by=by)


@subscriptions.on(OrganisationSucceeded, SuccessionUndone, holding=bodies_with_budgets)
async def budgets_follow_successions(
    event: OrganisationSucceeded | SuccessionUndone, session: AsyncSession, *, by: Caller
) -> bool:
    """Restate lines by the exact shares of a split or boundary change, whole otherwise; take back what was undone."""
    return await _restate(session, [event.code], by=by)


@subscriptions.on(TransferSchemeSuspended, TransferSchemeResumed, holding=bodies_with_budgets)
async def pay_follows_staff(
    event: TransferSchemeSuspended | TransferSchemeResumed, session: AsyncSession, *, by: Caller
) -> bool:
    """Take restated lines of pay back while a transfer of staff waits, and post them again when it continues."""
    return await _restate(session, event.predecessors, by=by)


async def _restate(session: AsyncSession, codes: Sequence[str], *, by: Caller) -> bool:
    """Restate the budgets of these bodies, and reckon again what their savings realise."""
    changed = await restate_budgets(session, codes, by=by)
    if changed:
        await reckon_savings_of(session, codes)
    return changed
