"""Refusals about care models."""

from libs.common.errors import Conflict, NotFound


class CareModelNotFound(NotFound):
    """There is no such care model.

    No care model has this reference, or none was known at the instant asked for.
    """


class CareModelTaken(Conflict):
    """Another care model has this reference.

    A reference names one care model for ever. Choose another.
    """


class CareModelNotPlanned(Conflict):
    """The care model was established or has ended already.

    Only one that is planned or delayed can be re-planned, delayed or established. `detail` says what became of it.
    """


class NotEstablished(Conflict):
    """The care model is not established by that day.

    A care model is established when it begins, and ends after that. Choose a day that has come, and an end after the
    beginning.
    """
