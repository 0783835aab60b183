"""Refusals about procurements."""

from libs.common.errors import Conflict, NotFound


class ProcurementNotFound(NotFound):
    """There is no such procurement.

    None has this reference, or none that you buy in or run, or not as known at the instant asked for.
    """


class ProcurementExists(Conflict):
    """Another procurement has this reference.

    A reference names one procurement for ever. Choose another.
    """


class StageOutOfOrder(Conflict):
    """The stage does not follow the one of that day.

    A procurement goes from `design` by `invited`, `bids_received` and `award_proposed` to `awarded`. It may leave some
    out, and be abandoned before its award. A stage is stated once its day is reached.
    """


class WinnerDoesNotBid(Conflict):
    """A bidder is named as winner that does not bid on that day.

    State the bidder first, or name one that is listed.
    """


class BidderBuys(Conflict):
    """A buyer, or who runs a procurement, does not bid in it.

    It would read its rivals' bids. A service that the buyer does itself is no bid.
    """


class RegimeUnknown(Conflict):
    """This is no regime of procurement of that day.

    `detail` lists those of the rule pack in force on the day on which the procurement begins.
    """


class ContractOfOthers(Conflict):
    """The contract that was awarded is none of the buyers'.

    None of those for whom the procurement runs, nor a body that took one over, is a customer of it.
    """
