"""Refusals about identifiers and roles."""

from libs.common.errors import Conflict, NotFound


class RoleNotHeld(Conflict):
    """The organisation does not have this role on that day."""


class IdentifierTaken(Conflict):
    """This code of another system names another organisation, and a code is never used again."""


class IdentifierNotFound(NotFound):
    """No organisation bears this code of that system on that day, as known then."""
