"""Refusals of splits, acquisitions, boundary changes, abolitions and their undoing."""

from libs.common.errors import Conflict, NotFound


class SuccessionNotAllowed(Conflict):
    """One body cannot succeed another in this way.

    The days, the kinds, the shares or the lists of practices and areas stand against it. `reasons` names each.
    """


class SuccessionNotFound(NotFound):
    """There is no such succession.

    None was stated by hand under this reference, or none was known at the instant asked for. Those of mergers are found
    under the merger.
    """


class SuccessionNotUndoable(Conflict):
    """This succession cannot be undone.

    It was undone already, or undoing it would leave a practice or area without exactly one commissioner. `reasons`
    names each.
    """
