"""Refusals about legal forms."""

from libs.common.errors import Conflict


class LegalFormUnknown(Conflict):
    """No rule pack in force on that day knows this legal form."""
