"""Refusals about budgets."""

from libs.common.errors import Conflict, NotFound


class BudgetLineNotFound(NotFound):
    """No such line of a budget is known.

    You read the lines of your organisations and of those that they succeeded. List them, or set the line first.
    """


class BudgetNotFound(NotFound):
    """No budget of this organisation and year is known.

    No line was set for the year, or not as known at the instant asked for.
    """


class BudgetLineExists(Conflict):
    """The budget has this line already.

    A line is what its account, function, service, locality and kind say. `detail` names it: correct its amount instead.
    """


class CeilingExceeded(Conflict):
    """Running costs would exceed the ceiling of the organisation.

    The lines of administration of a year, those of its localities included, sum to the allowance at most, less the
    saving required of it. `detail` has both sums.
    """


class LineWouldBeNegative(Conflict):
    """The line has less than this.

    No line falls below nothing, neither this one nor the one that a merger made of it. `detail` says what it has.
    """


class CareModelUnknown(Conflict):
    """Finance does not know this care model.

    The registry has published nothing about it. Check its reference.
    """


class ExcludedFromCareModel(Conflict):
    """The care model excludes this service.

    Its plan leaves the service out, so that no budget of it goes to the model. Leave the line out.
    """


class DayOutsideYear(Conflict):
    """The day is not one of the budget's year.

    A financial year is from 1 April to 31 March. `detail` has both.
    """


class ReductionNotFound(NotFound):
    """No such reduction of a budget line is known.

    Read the line: its entries name their reductions.
    """


class MoreThanReduced(Conflict):
    """More would be restored than was taken away.

    `detail` says what is left of the reduction.
    """


class StatedOutOfOrder(Conflict):
    """A later statement about this line is on record.

    Entries of a line are stated in their order. State it with an instant after the last one.
    """


class InitiativeUnknown(Conflict):
    """No saving of this initiative is known for the body.

    A reduction names an initiative whose saving it can realise: state the saving first, or wait until contracts has
    published its plan. A line also falls without one.
    """
