"""Refusals of merger applications."""

from libs.common.errors import Conflict, NotFound


class ApplicationNotFound(NotFound):
    """The registry has no such merger application."""


class ApplicationNotAllowed(Conflict):
    """The law, or a procedure in force, does not allow this application; each reason says which."""


class DeterminedAlready(Conflict):
    """The application was determined or withdrawn already."""


class NoSuchApplicant(NotFound):
    """This body is no applicant."""
