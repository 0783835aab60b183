"""Refusals about decisions that a command names."""

from libs.common.errors import Conflict


class DecisionUnknown(Conflict):
    """No decision of this id is known that binds the body.

    Finance knows what governance has published. Name the decision by governance's id, once it is published, or leave it
    out.
    """


class DecisionNotApproved(Conflict):
    """The decision that is named was rejected.

    It carries nothing. Name one that was approved.
    """


class DecisionNoLongerStands(Conflict):
    """The decision that is named was reversed.

    Act by the decision that took its place.
    """


BY_DECISION = (DecisionUnknown, DecisionNotApproved, DecisionNoLongerStands)
"""What a route answers that takes the id of a decision."""
