"""Refusals about drafts."""

from libs.common.errors import Conflict


class AlreadyAwarded(Conflict):
    """The draft was awarded already.

    All whom it names read it since then, and may sign it.
    """


class CoordinatorMissing(Conflict):
    """A contract of several customers needs a coordinating commissioner.

    You act for some of its customers, not for exactly one and not for all: name in `coordinating_commissioner` which
    of them acts for all.
    """


class SharesNotWhole(Conflict):
    """The shares do not make up the whole among the customers.

    The weights make up the total, and each holder is a customer on the day. Of a draft each customer has a share; of a
    signed contract a customer without a share of the cost leaves from the day.
    """


class NoCustomerThen(Conflict):
    """Who would coordinate is no customer then, or the only one.

    `detail` names the customers who stay on the day. Choose one of them.
    """
