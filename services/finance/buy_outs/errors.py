"""Refusals about buy-outs."""

from libs.common.errors import Conflict, NotFound


class BuyOutNotFound(NotFound):
    """No terms of a buy-out are known of this contract.

    Contracts has published none as at the day, or not as known at the instant asked for, or you are no party of it.
    State the terms in contracts: `PUT /contracts/{reference}/buy-out-terms`.
    """


class BuyOutNotAvailable(Conflict):
    """The contract gives no right of voluntary termination.

    There is no sum to compare a saving with. `GET /buy-outs/{contract}` says so without a number.
    """


class SavingNeitherGrossNorNet(Conflict):
    """The saving does not say whether it is gross or net of borrowing.

    A buy-out is paid for by borrowing more often than not. A saving after loan service must not be compared with the
    price, which would count it twice. Say `gross` or `net_of_borrowing`.
    """


class LoanServiceMisplaced(Conflict):
    """Loan service is stated with a gross saving.

    A gross saving has none taken off. Leave `loan_service_pence` out, or say `net_of_borrowing`.
    """


class YearsNotInOrder(Conflict):
    """The last year of the saving lies before its first.

    Year 0 is the financial year in which the sum is paid. Send `first_year` and `last_year` in order.
    """


class SavingNotFound(NotFound):
    """No saving was stated for this buy-out.

    The customers have stated none, or not as known at the instant asked for, or you are none of them.
    """
