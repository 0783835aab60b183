"""Refusals about suppliers' prices, shifts of cost and exit triggers."""

from libs.common.errors import Conflict, NotFound


class SupplierPriceNotFound(NotFound):
    """What this supplier costs and charges is not known.

    Contracts has published no costs of it for that day, or none that you read: they are read by the supplier and by its
    customers.
    """


class SupplierCustomerUnknown(Conflict):
    """An organisation that the request names is no customer of this supplier on that day.

    `detail` names each of them, and the customers that there are.
    """


class HeadsUnknown(Conflict):
    """How many heads a customer has is not known.

    Heads are divided among customers by the registry's lists of registered people; `detail` names each customer of
    which no list is published by that day.
    """


class TooManyExits(Conflict):
    """So many exits have too many orders.

    `detail` says how many can be compared. Name fewer customers.
    """


class ExitTriggerNotFound(NotFound):
    """There is no such exit trigger.

    None was stated by the instant asked for, or none that you read: a trigger is its organisation's own.
    """
