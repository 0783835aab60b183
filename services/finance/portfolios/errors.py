"""Why a portfolio, or a run of one, is refused."""

from libs.common.errors import Conflict, NotFound


class PortfolioNotFound(NotFound):
    """No portfolio of this reference is known.

    It does not exist, was stated later than the instant asked for, or belongs to organisations that you do not act for.
    """


class RunNotFound(NotFound):
    """No run of this reference is known.

    It does not exist, or its portfolio belongs to organisations that you do not act for.
    """


class PortfolioReferenceTaken(Conflict):
    """A portfolio has this reference already.

    Choose another one, or restate the portfolio with If-Match.
    """


class PortfolioUnsound(Conflict):
    """The portfolio contradicts itself.

    `reasons` names each item, year or pair that does not fit. Correct the request.
    """


class ItemWithoutTerms(Conflict):
    """An exit or a buy-out cannot be valued, because its contract's terms are missing.

    `reasons` names each item. The terms, exit days and charges of a contract come from the contracts service; what
    replaces it is stated with its exit assessment, what a buy-out saves with `PUT /buy-outs/{contract}/saving`. State
    these first, or leave the item out.
    """


class RunNotDone(Conflict):
    """The run has no result yet, or has none.

    Read the run: its state says whether it waits, is computed, was cancelled or failed.
    """
