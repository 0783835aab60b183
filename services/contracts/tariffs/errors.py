"""Refusals about tariffs."""

from libs.common.errors import Conflict


class LineUnknown(Conflict):
    """The contract has no line for this function.

    `detail` lists the functions of its lines on that day.
    """


class TariffUnknown(Conflict):
    """No tariff of this publisher is in force for this function.

    None was published for the day, in any tier. Check the code of the publisher, or have it publish one.
    """
