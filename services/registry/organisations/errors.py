"""Refusals of what would change one organisation."""

from libs.common.errors import Conflict


class NotOpen(Conflict):
    """The organisation is not open on that day."""


class ClosedBeforeItOpened(Conflict):
    """An organisation cannot close before its first day, or on it."""


class MergerAgreed(Conflict):
    """The organisation is part of an agreed merger, which decides its last day."""


class LegalDatesDisagree(Conflict):
    """What is stated in law does not fit what is known of the organisation's life."""
