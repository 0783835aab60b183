"""Refusals of an act for want of a right."""

from libs.common.errors import Conflict, NotFound


class LimitExceeded(Conflict):
    """The value is above the limit of the right.

    `detail` names the right and its limit. Ask the body whose right it comes from, or one that may decide more.
    """


class SplitToStayUnder(Conflict):
    """With what was decided for the same purpose before, the value is above the limit of the right.

    The parts of one purpose (the same supplier and function, or one named series) count together, whoever decided them.
    `detail` names them. Have all of it decided by a body that may decide the sum.
    """


class ConditionUnmet(Conflict):
    """A condition of the right is not met.

    `detail` names the condition. Meet it first.
    """


class PermitNotFound(NotFound):
    """There is no such permit.

    No act was permitted under this id.
    """
