"""Refusals about obligations, milestones, measures and documents."""

from libs.common.errors import Conflict, NotFound


class DutyNotFound(NotFound):
    """The contract has no such obligation or milestone.

    None of this code was stated, or not as known at the instant asked for.
    """


class MeasureNotFound(NotFound):
    """The contract has no such measure.

    None of this code was stated for the first day of the period.
    """


class DocumentNotFound(NotFound):
    """The contract has no such document.

    No document with this SHA-256 was put there, or not as known at the instant asked for.
    """


class NotAParty(Conflict):
    """Who owes an obligation or a milestone is a party of the contract.

    Name its supplier or one of its customers.
    """


class DigestDiffers(Conflict):
    """The document is not the one that was announced.

    The SHA-256 of the bytes that arrived is not the one in `sha256`. Send the document again.
    """


class PeriodOverlaps(Conflict):
    """A result of the measure has some of these days already.

    A day is credited once. State the result of that period anew, or of days that have none.
    """
