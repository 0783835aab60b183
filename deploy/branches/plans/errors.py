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

    `reasons` say why: no command was carried out in it, one has no answer yet, or one states an earlier instant.
    Refused commands are no steps.
    """


class BaseMoved(Conflict):
    """Life has moved on in what the plan touches.

    `reasons` name each fact that the branch's base did not have. Open a branch of life as it is now, give the same
    steps in it, compare, and promote that one.
    """


class StepNotDue(Conflict):
    """The step cannot be given now.

    `reasons` say why: its day has not come, an earlier step waits, or the plan was withdrawn.
    """


class PlanEnded(Conflict):
    """The plan has ended.

    All its steps are done. What they did is undone by commands of its own.
    """
