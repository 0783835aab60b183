"""Refusals of relations."""

from libs.common.errors import Conflict


class RelationNotAllowed(Conflict):
    """These bodies cannot have this relation.

    Both bodies have to be open from the first day, and shares of one body sum to at most the whole. `reasons` names
    each fault.
    """
