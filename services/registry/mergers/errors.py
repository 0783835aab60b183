"""Refusals of mergers."""

from libs.common.errors import Conflict, NotFound


class MergerNotFound(NotFound):
    """The registry has no such merger."""


class MergerNotAllowed(Conflict):
    """The NHS Act 2006, s.14G, or what the registry knows of these bodies, does not allow this merger."""


class MergerNotOpen(Conflict):
    """The merger was carried out or withdrawn already."""


class EffectiveDateUnchanged(Conflict):
    """The merger takes effect on that day already."""


class MergerNotReady(Conflict):
    """The merger lacks what has to be there before it takes effect: conditions met, transfer schemes or nil returns."""


class WrongEffectiveDate(Conflict):
    """The merger takes effect on another day."""


class SchemeMadeAlready(Conflict):
    """There is a transfer scheme of this sort for this body already, or its nil return."""


class SchemeNotAllowed(Conflict):
    """A transfer scheme moves what the bodies of its merger have, on a day that has come."""


class NoSuchCondition(NotFound):
    """The merger was approved without such a condition."""


class ConditionMetAlready(Conflict):
    """The condition was met before."""
