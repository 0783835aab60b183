"""The state of a recommendation on a day: a pure function of its answers."""

from collections.abc import Sequence
from datetime import date

from services.governance.obstructions.rules import ACCEPTED, BodyPosition, Limits, find_obstructing
from services.governance.recommendations.models import RecommendationState


def state_of(
    consents: Sequence[BodyPosition], reply_by: date, *, on: date, limits: Limits | None
) -> RecommendationState:
    """Return the state of a recommendation that needs these consents, as they stand on a day."""
    answered = [one for one in consents if one.outcome]
    if all(one.outcome == ACCEPTED for one in consents):
        return RecommendationState.ACCEPTED
    if limits is not None and find_obstructing(consents, reply_by, on=on, limits=limits):
        return RecommendationState.OBSTRUCTED
    if len(answered) == len(consents) or on > reply_by:
        return RecommendationState.LAPSED
    return RecommendationState.ANSWERED if answered else RecommendationState.MADE
