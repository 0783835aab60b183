"""Refusals about instruments."""

from libs.common.errors import Conflict, NotFound


class InstrumentNotFound(NotFound):
    """There is no such instrument.

    No instrument has this reference, or none was known at the instant asked for.
    """


class NotAParty(Conflict):
    """The organisation is no party to the instrument.

    `detail` names the parties. A seat, a host and an agreement are a party's.
    """


class InstrumentNotStanding(Conflict):
    """The instrument does not stand on this day.

    Not every party has agreed yet, or it ended earlier. Read it for its days.
    """


class NothingToAgree(Conflict):
    """The party has agreed already, or nothing waits for it.

    `GET /instruments/{instrument}` lists which parties have agreed, and what is proposed.
    """
