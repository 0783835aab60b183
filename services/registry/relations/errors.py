"""Refusals of relations."""

from libs.common.errors import Conflict


class RelationNotAllowed(Conflict):
    """These bodies cannot stand in this relation."""
