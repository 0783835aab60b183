"""Refusals about accounts."""

from libs.common.errors import Conflict


class AccountUnknown(Conflict):
    """The national chart has no such account on this day.

    `GET /accounts` lists those that it has.
    """


class BatchTaken(Conflict):
    """Other postings were sent under this reference.

    The same postings may be sent again; others need a reference of their own.
    """


class PeriodClosed(Conflict):
    """The body's ledger is closed for this period.

    What was closed is never changed. Post a correction on a day of an open period.
    """


class CloseBlocked(Conflict):
    """Postings of the period are on local codes without an account.

    `reasons` lists each code with its body, amount and number of postings. Map them, and close again.
    """


class NothingPosted(Conflict):
    """There is nothing to close.

    No posting of this period is known for the body. Check the period and the series.
    """
