"""Refusals of mergers."""

from libs.common.errors import Conflict, NotFound


class MergerNotFound(NotFound):
    """There is no such merger.

    No merger has this reference, or none was known at the instant asked for.
    """


class MergerNotAllowed(Conflict):
    """The law, or the state of these bodies, does not allow this merger.

    NHS Act 2006, s.14G (CCGs) or s.14Z25 (ICBs). `reasons` names every body and day that stands against it: mend them
    all and agree the merger again.
    """


class MergerNotOpen(Conflict):
    """The merger was carried out or withdrawn already.

    Only an agreed merger can be re-dated, withdrawn, made ready or carried out. Read it to see what became of it.
    """


class EffectiveDateUnchanged(Conflict):
    """The merger takes effect on that day already.

    Nothing was recorded, since nothing would change.
    """


class MergerNotReady(Conflict):
    """The merger is not ready to take effect.

    A condition of its approval is not met, or a transfer scheme or nil return is missing. `reasons` names each; record
    them, then carry the merger out.
    """


class WrongEffectiveDate(Conflict):
    """The merger takes effect on another day.

    The request names a day other than the one agreed. Read the merger again; re-date it first if the day has moved.
    """


class SchemeMadeAlready(Conflict):
    """A transfer scheme of this type was made for this body already.

    A nil return counts as one. Read the merger's schemes; each predecessor has one for property and one for staff.
    """


class SchemeNotAllowed(Conflict):
    """A transfer scheme or condition cannot be recorded like this.

    A scheme names predecessors of this merger, each once; it is made, and a condition met, on a day that has come.
    `reasons` names what is wrong.
    """


class NoSuchCondition(NotFound):
    """The merger was approved without such a condition.

    Read the merger for the numbers of its conditions.
    """


class ConditionMetAlready(Conflict):
    """The condition was met before.

    `detail` names the day. Nothing was recorded.
    """
