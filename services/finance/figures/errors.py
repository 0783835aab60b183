"""Refusals about figures."""

from libs.common.errors import NotFound


class FigureNotFound(NotFound):
    """There is no such figure.

    The id is the digest of an answer, a tilde, and the JSON pointer of the figure with dots for slashes. What was
    published is known by its digest alone; of any other answer name its path, with the day and the instant that were
    asked for. An answer that you do not read has no figures for you.
    """
