"""Refusals about suppliers."""

from libs.common.errors import Conflict, NotFound


class SupplierNotFound(NotFound):
    """There is no such supplier.

    Nothing was stated of a supplier with this code, no contract that you may see names it, and the registry does not
    have it. Check the code.
    """


class SupplierHasEnded(Conflict):
    """The supplier is closed or withdrawn by that day.

    No state follows closed or withdrawn. Where that was wrong, state the right one from the same day on.
    """


class CheckpointUnknown(Conflict):
    """This is no checkpoint of the life cycle.

    `detail` names the checkpoints and outcomes of the rule pack that is in force on that day.
    """


class NoLifeCycle(Conflict):
    """No rule pack describes the life cycle of suppliers on that day.

    The first is of October 2011. Choose a later day, or have a rule pack added with its citation.
    """
