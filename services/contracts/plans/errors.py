"""Refusals of plans to consolidate."""

from libs.common.errors import Conflict


class PastThePivot(Conflict):
    """The members have committed to the plan: from there it only goes forward.

    The shared contract is signed and the way out of every old one is agreed. Who wants to leave ends its part of the
    shared contract, as of any other.
    """


class PlanEnded(Conflict):
    """The plan has ended.

    It was withdrawn, or fewer than two members were left. Begin another under a reference of its own.
    """


class NotYetFeasible(Conflict):
    """A contract cannot be left by the day of the plan, or not without a choice.

    `reasons` name for each contract the two options: to wait for its earliest free exit, or to pay for an earlier one.
    No day of the plan moves by itself.
    """


class NotYetApproved(Conflict):
    """A plan is submitted, accepted and committed to in this order.

    `detail` says what is missing: the submission, or the members that have not accepted the current revision.
    """


class NotAMember(Conflict):
    """A body takes no part in the plan.

    Every customer of a contract that is replaced is a member, and only members enter, accept and withdraw.
    """


class NotYetEntered(Conflict):
    """A contract comes into the plan when all its customers have entered.

    `detail` names those that have not. Its terms are shown to the other members from then on.
    """


class PlanReferenceTaken(Conflict):
    """Another plan or contract has this reference.

    A reference names one plan for ever. Choose another.
    """


class AlreadySubmitted(Conflict):
    """The current revision was submitted already.

    Its tolerance is settled: the members accept on it. Assess the plan again to have it submitted anew.
    """
