"""Reacts to governance: what a body decided verifies its acts, and what it reversed is a finding."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.governance import DecisionReversed, DecisionTaken
from libs.common.identity import Caller
from services.contracts.authorities import commands as authorities
from services.contracts.authorities import projection
from services.contracts.authorities.models import known_decisions
from services.contracts.plans.membership import body_decides, decision_is_reversed
from services.contracts.reactions.base import subscriptions
from services.contracts.signing.ratifications import decision_ratifies

_OnDecision: TypeAlias = Callable[..., Awaitable[bool]]

ON_DECISION: tuple[_OnDecision, ...] = (body_decides, decision_ratifies)
"""What packages do when a body has decided: called with `(session, event, by=)`, each returns whether it wrote."""
ON_REVERSAL: tuple[_OnDecision, ...] = (decision_is_reversed,)
"""The same where a decision was reversed."""

subscriptions.knows(known_decisions, DecisionTaken, DecisionReversed)(projection.know)


@subscriptions.on(DecisionTaken)
async def acts_are_verified(event: DecisionTaken, session: AsyncSession, *, by: Caller) -> bool:
    """Verify what was done by the decision's authority, and do what waited for it."""
    changed = await authorities.take_in(session, event)
    for act in ON_DECISION:
        changed |= await act(session, event, by=by)
    return changed


@subscriptions.on(DecisionReversed)
async def acts_are_questioned(event: DecisionReversed, session: AsyncSession, *, by: Caller) -> bool:
    """Say of what was done by the decision's authority that it stands without one."""
    changed = await authorities.take_in(session, event)
    for act in ON_REVERSAL:
        changed |= await act(session, event, by=by)
    return changed
