"""Refusals of changes to one organisation."""

from libs.common.errors import Conflict


class NotOpen(Conflict):
    """The organisation is not open on that day.

    Read its history for the days on which it is, and choose one of them.
    """


class ClosedBeforeItOpened(Conflict):
    """An organisation cannot close on its first day or before it.

    `detail` names its first day. Choose a later one.
    """


class MergerAgreed(Conflict):
    """The organisation is part of an agreed merger.

    The merger decides its last day. Withdraw or re-date the merger instead; `detail` names it.
    """


class LegalDatesDisagree(Conflict):
    """The legal dates do not fit the organisation's life.

    A body is established in law no later than it opens, and abolished after that. `reasons` names the days that
    disagree.
    """
