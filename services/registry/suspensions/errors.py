"""Refusals to suspend or to resume a transfer scheme."""

from libs.common.errors import Conflict, NotFound


class SchemeNotFound(NotFound):
    """The merger has no such transfer scheme.

    No scheme with this reference was made of the merger. Read the merger for the references of its schemes.
    """


class SchemeSuspendedAlready(Conflict):
    """The transfer scheme is suspended already.

    `detail` names the day since which it is. Nothing was recorded. Resume it before it can be suspended again.
    """


class SchemeNotSuspended(Conflict):
    """The transfer scheme is not suspended.

    It never was, or was resumed; `detail` says which. Nothing was recorded.
    """


class SchemeEnded(Conflict):
    """The transfer scheme moves nothing that could wait or continue.

    Its merger was withdrawn, the succession was undone, it is a nil return, or its successor has closed.
    `reasons` names each that is so.
    """


class PauseNotAllowed(Conflict):
    """A transfer scheme cannot be suspended or resumed like this.

    A scheme of staff alone waits and continues, on a day that has come, in the order of its days. `reasons` names what
    is wrong.
    """
