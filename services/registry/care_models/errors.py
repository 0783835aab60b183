"""Refusals about care models."""

from libs.common.errors import Conflict, NotFound


class CareModelNotFound(NotFound):
    """The registry has no such care model."""


class CareModelTaken(Conflict):
    """This reference names a care model already."""


class CareModelNotPlanned(Conflict):
    """The care model was established or has ended already."""


class NotEstablished(Conflict):
    """The care model was never established, or not by that day, or has ended already."""
