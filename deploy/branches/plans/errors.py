"""What is refused of promotion and plans."""

from libs.common.errors import Conflict, NotFound


class PlanNotFound(NotFound):
    """There is no such plan.

    There is none of this reference, or you act neither for a body of it nor for one that a step waits for.
    """


class PlanStepNotFound(NotFound):
    """The plan has no such step.

    Read the plan: it lists its steps by number.
    """


class PromotionRefused(Conflict):
    """The branch cannot be promoted.

    `reasons` say why: no command was carried out in it, one has no answer yet or states an earlier instant, or the same
    commands are a plan already, made of the branch that this one is a rebase of, or of another rebase. Refused commands
    are no steps.
    """


class BaseMoved(Conflict):
    """Life has moved on in what the plan touches.

    `reasons` name each fact that the branch's base did not have. Rebase the branch, which gives the same commands again
    in a branch of life as it is now; read what differs there; withdraw what is left of this plan, if there is one, and
    promote that branch.
    """


class RebaseRefused(Conflict):
    """The branch cannot be rebased.

    `reasons` say why: no command was carried out in it, or its plan is done. Open another branch.
    """


class NotRebased(NotFound):
    """This branch is no rebase of another one.

    It was opened for itself. What a rebase of it shows is read below the name that the rebase was given.
    """


class StepNotDue(Conflict):
    """The step cannot be given now.

    `reasons` say why: its day has not come, an earlier step waits, or the plan was withdrawn.
    """


class PlanEnded(Conflict):
    """The plan has ended.

    All its steps are done. What they did is undone by commands of its own.
    """
