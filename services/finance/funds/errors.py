"""Refusals about funds."""

from libs.common.errors import Conflict, NotFound


class FundNotFound(NotFound):
    """There is no such fund.

    No fund has this reference, or none that you hold, pool or draw from, or not as known at the instant asked for.
    """


class DrawNotFound(NotFound):
    """There is no such draw.

    The fund has none of this reference, or none that you read.
    """


class FundReferenceTaken(Conflict):
    """Another fund has this reference.

    A reference names one fund for ever. Choose another, or allocate more: `POST /funds/{reference}/allocations`.
    """


class FundLineDiffers(Conflict):
    """The fund has a line of this name that is for something else.

    A line has one organisation, year and purpose, and is recurrent or not. Name another line.
    """


class AskCountedTwice(Conflict):
    """The scheme stands under another line already.

    What a scheme asks for is counted once. `reasons` name the scheme, and the line that has it where you read it.
    """


class FundLineUnknown(Conflict):
    """The fund has no such line.

    `GET /funds/{reference}` lists its lines.
    """


class DrawBeyondFund(Conflict):
    """The draw is more than the line has left.

    `detail` says what is left from its day on, later draws counted.
    """


class DrawOutsideYear(Conflict):
    """The draw's day is not in the line's financial year.

    Money is drawn in its year, and after it only where the line carries over.
    """


class RecurrentFromNonRecurrent(Conflict):
    """Non-recurrent money would pay for a recurrent liability.

    The recurrent cost is what the preferred option of the case adds to business as usual in the year of the most.
    Attach recurrent savings of named budget lines that cover it, or draw recurrent money for the case first; what draws
    for the same case have already counts. A buy-out needs a saving in any case.
    """


class CaseNotAppraisable(Conflict):
    """The case cannot be appraised as it stands, so that the recurrent cost that it leaves is not known.

    `reasons` say what is wrong with it by now. Correct its draft, then draw.
    """


class BudgetLineUnknown(Conflict):
    """The budget has no such recurrent line, or it is not the drawing organisation's.

    A recurrent saving is attached to a recurrent line of the budget that falls.
    """


class SavingBeyondLine(Conflict):
    """More savings would be attached to a budget line than it has.

    `detail` says what is left of it. A saving is attached once.
    """


class PoolHasEnded(Conflict):
    """The agreement that pools this fund has ended.

    Its last day lies before the day of the draw.
    """


class DrawTakenBack(Conflict):
    """The draw was taken back already.

    The fund has the money again. Draw anew.
    """
