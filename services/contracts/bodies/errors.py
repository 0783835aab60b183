"""Refusals about what a body is."""

from libs.common.errors import Conflict


class FormCannotHold(Conflict):
    """A body of this legal form cannot hold such a contract.

    `detail` names the form and the rule pack. Only individuals, partnerships and companies limited by shares can hold
    GMS or PMS; APMS is open to any form.
    """
