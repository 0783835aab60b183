"""Refusals about legal forms."""

from libs.common.errors import Conflict


class LegalFormUnknown(Conflict):
    """No rule pack in force on that day knows this legal form.

    `detail` lists those that it knows. A new form needs a rule pack with its citation.
    """
