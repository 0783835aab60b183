"""Refusals about cost shares."""

from libs.common.errors import NotFound


class CostSharesNotFound(NotFound):
    """No charge of this contract is known on the day.

    Contracts has published none as at the day, or not as known at the instant asked for, or you are no party of it.
    """
