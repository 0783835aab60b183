"""Refusals about imports of payments."""

from libs.common.errors import NotFound
from libs.common.http.problems import Unavailable


class FileRefused(ValueError):
    """A file that cannot be imported as a whole; the message says why."""


class ImportNotFound(NotFound):
    """You asked for no such import.

    An import is followed by the caller who asked for it. Send the file again: what is known already is taken once.
    """


class TooManyImports(Unavailable):
    """Other files come first.

    Files are imported one at a time, and a few may wait. Send the request again after the seconds that `Retry-After`
    names.
    """
