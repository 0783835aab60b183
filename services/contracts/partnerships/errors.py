"""Refusals about the routes of a project."""

from libs.common.errors import Conflict, NotFound


class ComparisonNotFound(NotFound):
    """There is no such comparison of routes that is yours to read.

    `GET /route-comparisons` lists those of your organisations by the day.
    """


class ComparisonExists(Conflict):
    """A comparison of routes has this reference.

    What was compared is never changed. Compare again under a reference of its own.
    """


class NoBetterThan(Conflict):
    """The partnership's route is not better than the best alternative.

    It has to cost less, the stated value of other reasons taken off; a tie is not less, and without an alternative
    there is nothing to be better than. `reasons` says by how much it misses.
    """


class RouteNotQuoted(Conflict):
    """The route that was chosen has no quote.

    Add its net present cost, or choose a route that was quoted.
    """
