"""Refusals about decisions."""

from libs.common.errors import Conflict, NotFound
from services.governance.core.errors import NoPower
from services.governance.decision_rights.errors import ConditionUnmet, LimitExceeded, SplitToStayUnder
from services.governance.proposals.errors import NotAsked, NotConsulted, ProposalNotFound, ProposalNotOpen


class DecisionNotFound(NotFound):
    """There is no such decision.

    No decision has this id, or none was known on the day and at the instant asked for.
    """


class DecidedAlready(Conflict):
    """The body has decided on the proposal.

    Its decision stands, and `detail` names it. Another decision needs a new proposal, and can then reverse this one.
    """


class BindsNoOne(Conflict):
    """A decision of the body would bind no organisation.

    `detail` says why: the body's members did not delegate the function, or no power lets them.
    """


class NoLongerStands(Conflict):
    """The decision was reversed already.

    Read it for the decision that took its place.
    """


class NotALaterDecision(Conflict):
    """A decision is reversed by a later one of the same body, for the same organisations, on the same subject.

    `by_decision` is another body's, about something else, earlier, or was reversed itself.
    """


BY_DECISION = (
    ProposalNotFound,
    ProposalNotOpen,
    NotAsked,
    DecidedAlready,
    NotConsulted,
    BindsNoOne,
    NoPower,
    LimitExceeded,
    SplitToStayUnder,
    ConditionUnmet,
)
"""What a route answers that takes a decision: by a vote or an urgent action."""
