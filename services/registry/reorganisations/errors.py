"""Refusals of splits, acquisitions, boundary changes, abolitions and their undoing."""

from libs.common.errors import Conflict, NotFound


class SuccessionNotAllowed(Conflict):
    """One body cannot follow another in this way."""


class SuccessionNotFound(NotFound):
    """The registry knows of no such succession."""


class SuccessionNotUndoable(Conflict):
    """This succession cannot be undone in this way."""
