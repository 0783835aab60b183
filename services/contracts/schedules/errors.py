"""Refusals about payment schedules."""

from libs.common.errors import Conflict, NotFound


class ScheduleNotFound(NotFound):
    """There is no schedule of payments.

    None was stated for this contract, or not as known at the instant asked for.
    """


class AchievementUnknown(Conflict):
    """No balance waits for this achievement.

    The contract has no schedule of payments, or its schedule names no such payee. State the schedule first, or check
    the payee's code.
    """


class PayerNotACustomer(Conflict):
    """The payer of a schedule is a customer of the contract.

    Name one that is a customer today, or on the first day of the term where that is to come; it may be left out where
    there is only one.
    """
