"""The refusal of rule packs."""

from libs.common.errors import NotFound


class RulePackNotFound(NotFound):
    """There is no rule pack of this id.

    Every answer names the packs that it was computed by; use the id as it is there.
    """
