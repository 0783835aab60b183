"""Refusals about workbooks of estates."""

from libs.common.errors import Conflict, NotFound
from libs.common.http.problems import Unavailable


class WorkbookUnreadable(Conflict):
    """The file cannot be read as a workbook of this collection.

    `reasons` lists everything that is missing: it is neither .xls nor .xlsx, it lacks a sheet or a column that the rule
    pack of the year names, or no row of it names an organisation and a site.
    """


class WorkbookTooLarge(Conflict):
    """The workbook needs more memory or time than one may take.

    It unpacks to too much, has too many rows, or a cell far away from the others. Save its sheets anew without what
    does not belong to the collection.
    """


class WorkbookOfAnotherYear(Conflict):
    """The same file was stated for another year.

    `detail` names it. A file is the return of one year; check which one you have.
    """


class YearNotBegun(Conflict):
    """The financial year has not begun.

    What a year's backlog was is returned in it or after it.
    """


class WorkbookNotFound(NotFound):
    """No workbook of this digest is known.

    None was taken by the instant asked for. `GET /estates/workbooks` lists those that were.
    """


class TooManyWorkbooks(Unavailable):
    """Other workbooks are read first.

    Few are read at a time. Send the request again after the seconds that `Retry-After` names.
    """
