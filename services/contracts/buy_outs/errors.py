"""Refusals about buy-outs."""

from libs.common.errors import Conflict, NotFound


class BuyOutTermsNotFound(NotFound):
    """There are no terms of a buy-out.

    None were stated for this contract as at the day, or not as known at the instant asked for.
    """


class EquityMethodAmbiguous(Conflict):
    """One method of valuing equity is fixed in the contract.

    Terms with a voluntary right name exactly one of `base_case_irr`, `market_value` and `discounted_distributions`.
    None, two, the higher of two, or a term of another method are refused: the contractor is to be no better and no
    worse off.
    """


class NoVoluntaryRight(Conflict):
    """A contract without a right of voluntary termination has no terms of a buy-out.

    Leave the amounts and the method out: a buy-out is not available.
    """


class BuyOutTermMissing(Conflict):
    """The method of valuing equity needs a term that is missing.

    `base_case_irr` and `discounted_distributions` need `distributions_pence` and `irr`; `market_value` needs
    `equity_value_pence`. `reasons` name each. A missing amount is never taken for 0.
    """
