"""Refusals about gifts."""

from libs.common.errors import Conflict, NotFound


class GiftNotFound(NotFound):
    """There is no such gift.

    No gift has this reference, it was purged or corrected, or its register does not show it to you on that day.
    """


class GiftCorrected(Conflict):
    """The gift was corrected already, or is another person's or register's.

    Correct the latest entry of the same person, in the same register. `detail` says which it is.
    """


class GiftToCome(Conflict):
    """The gift is offered after the day of the declaration.

    Declare what was offered: `offered_on` is today or earlier.
    """


class GiftApprovedByItsReceiver(Conflict):
    """The post that approved the gift is held by the person whom it was offered.

    Another senior post approves it: name that one in `approved_by`.
    """
