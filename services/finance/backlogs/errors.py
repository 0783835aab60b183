"""Refusals about backlog by footprint, and keys."""

from libs.common.errors import NotFound


class BacklogNotFound(NotFound):
    """No workbook of that year is known.

    None was taken by the instant asked for. `GET /estates/years` lists the years of which there are some.
    """


class FootprintBacklogNotFound(NotFound):
    """The footprint has no part of the backlog of that year.

    No body in it on that day is named by a workbook of the year. `GET /estates/footprints` lists those that have one.
    """


class EstateKeyNotFound(NotFound):
    """There is no such key.

    No key of this name was stated by that organisation, by the instant asked for, or it holds on no such day.
    """
