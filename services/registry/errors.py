"""Every refusal of the registry, one line each."""

from libs.common.errors import Conflict, NotFound


class OrganisationNotFound(NotFound):
    """The registry has no such organisation."""


class MergerNotFound(NotFound):
    """The registry has no such merger."""


class CodeTaken(Conflict):
    """This code names a body already, and a code is never used again."""


class NotOpen(Conflict):
    """The organisation is not open on that day."""


class ClosedBeforeItOpened(Conflict):
    """An organisation cannot close before its first day, or on it."""


class MergerAgreed(Conflict):
    """The organisation is part of an agreed merger, which decides its last day."""


class MergerNotAllowed(Conflict):
    """The NHS Act 2006, s.14G, or what the registry knows of these bodies, does not allow this merger."""


class NotAgreedAnyMore(Conflict):
    """The merger was carried out or withdrawn already."""


class SameDay(Conflict):
    """The merger takes effect on that day already."""


class NothingChanges(Conflict):
    """That is what the registry says already."""
