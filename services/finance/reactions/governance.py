"""Reacts to governance: knows rights, proposals and pools, freezes what is proposed, takes back what was undone."""

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.governance import (
    DecisionReversed,
    DecisionRightEnded,
    DecisionRightGranted,
    PooledFundAgreed,
    ProposalOpened,
    ProposalWithdrawn,
)
from libs.common.identity import Caller
from services.finance.budgets.reversals import budgets_follow_their_decision
from services.finance.cases.commands import freeze_for_proposal
from services.finance.cases.models import known_proposals
from services.finance.cases.proposals import know_proposals
from services.finance.decisions.models import known_decisions
from services.finance.decisions.projection import EVENTS as DECISION_EVENTS
from services.finance.decisions.projection import know_decisions
from services.finance.delays.models import known_delays
from services.finance.delays.projection import EVENTS as DELAY_EVENTS
from services.finance.delays.projection import know_delays
from services.finance.funds.draws import draws_follow_their_decision
from services.finance.funds.models import known_pools
from services.finance.funds.projection import know_pools
from services.finance.reactions.base import subscriptions
from services.finance.virements.models import known_rights
from services.finance.virements.projection import know_rights

subscriptions.knows(known_rights, DecisionRightGranted, DecisionRightEnded)(know_rights)
subscriptions.knows(known_proposals, ProposalOpened, ProposalWithdrawn)(know_proposals)
subscriptions.knows(known_pools, PooledFundAgreed)(know_pools)
subscriptions.knows(known_decisions, *DECISION_EVENTS)(know_decisions)
subscriptions.knows(known_delays, *DELAY_EVENTS)(know_delays)


@subscriptions.on(ProposalOpened)
async def version_is_frozen(event: ProposalOpened, session: AsyncSession, *, by: Caller) -> bool:
    """Freeze the version of a case that a decision is asked on, where it is still a draft."""
    return await freeze_for_proposal(session, event, by=by)


@subscriptions.on(DecisionReversed)
async def reversed_decision_takes_its_draws_back(event: DecisionReversed, session: AsyncSession, *, by: Caller) -> bool:
    """Take back by entries what was drawn from funds by a decision that no longer stands."""
    return await draws_follow_their_decision(event, session, by=by)


@subscriptions.on(DecisionReversed)
async def reversed_decision_takes_budgets_back(event: DecisionReversed, session: AsyncSession, *, by: Caller) -> bool:
    """Take back by entries what was done to budgets by a decision that no longer stands."""
    return await budgets_follow_their_decision(event, session, by=by)
