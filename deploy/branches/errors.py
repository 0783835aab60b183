"""What the process of branches refuses, beside what a branch's own services do."""

from libs.common.errors import Conflict, Forbidden, NotFound
from libs.common.http.problems import Unprocessable


class BranchNotFound(NotFound):
    """There is no such branch.

    It was never opened, was dropped, or is for bodies that you do not all act for. The list shows yours.
    """


class BranchRefused(Conflict):
    """The branch cannot be opened.

    `reasons` say why: the name is in use, the base is gone, or there are as many branches as there may be. Drop one
    that is no longer needed, or choose another name or base.
    """


class BranchNotOpen(Conflict):
    """The branch is not open.

    It is still being copied: ask again. Or it could not be, and its failure says why: drop it, and open it again.
    """


class BranchMoves(Conflict):
    """The clock of this branch is being moved.

    No command is taken until it has arrived, and it is not compared, since each service would be at a day of its own.
    Reads are answered.
    """


class ComparisonRefused(Unprocessable):
    """These branches cannot be compared.

    `reasons` say why: there are too many or none, one is named twice, or they are not of one base. Open a branch with
    the `base` of another one, so that both begin with the same life.
    """


class PublishedInLifeAlone(Forbidden):
    """Nothing is published in a branch.

    What a contract's customers publish is read by everybody. In a branch they may be assumed, and a day may come on
    which more is published: read in life what is published, and in the branch the contract, by your own rights.
    """


class OneClock(Conflict):
    """A branch has one clock.

    Its services are not moved one by one. Send `PUT /branches/{name}/day`.
    """


class DayPassed(Unprocessable):
    """The branch is past this day.

    A clock of a branch goes forwards only. Open another branch of the same base to be at an earlier day.
    """


class DayTooFar(Unprocessable):
    """The day lies further ahead than a branch goes.

    `detail` names the last day.
    """
