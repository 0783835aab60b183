"""Refusals about identifiers and roles."""

from libs.common.errors import Conflict, NotFound


class RoleNotHeld(Conflict):
    """The organisation does not have this role on that day.

    Read its roles for the days on which it has it.
    """


class IdentifierTaken(Conflict):
    """This identifier names another organisation already.

    A code of another system names one body for ever. Check both codes.
    """


class IdentifierNotFound(NotFound):
    """No organisation has this identifier on that day.

    Check the system, the identifier and the day; it may have been recorded later than the instant asked for.
    """
