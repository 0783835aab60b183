"""Refusals about dossiers."""

from libs.common.errors import NotFound


class DossierNotFound(NotFound):
    """There is no such dossier.

    No decision has this id, or its dossier is not begun yet: it is, when the service next does what is due.
    """
