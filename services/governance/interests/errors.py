"""Refusals about interests."""

from libs.common.errors import Conflict, NotFound


class InterestNotFound(NotFound):
    """There is no such interest.

    No interest has this reference, it was purged, or its register does not show it to you on that day.
    """


class NatureNotListed(Conflict):
    """The nature of the interest is in no rule pack of that day.

    Everybody may read what an interest is, so it is a code. `detail` lists those of the day; the person's own words
    belong to `words`.
    """


class NotAwareYet(Conflict):
    """The person becomes aware of the interest after the day of the declaration.

    Declare an interest once the person is aware of it: `aware_on` is today or earlier.
    """


class InterestsInForce(Conflict):
    """A nil return says that there is no interest, and one is in force.

    `detail` names those that are declared. End what is over first, or confirm the register by `confirms`.
    """


class InterestEnded(Conflict):
    """The interest is in force on none of these days.

    Read it for its days.
    """
