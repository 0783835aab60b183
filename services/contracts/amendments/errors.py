"""Refusals about amendments."""

from libs.common.errors import Conflict


class ModificationTooLarge(Conflict):
    """The change is larger than the law of its procurement allows without a new one.

    `detail` says how far it goes and names the rule pack. Procure the service anew, or name the ground that applies.
    """


class TermsDisagree(Conflict):
    """The amended exit terms do not fit the term of the contract, which an amendment does not change.

    `detail` names what stays. Extend the contract, or agree on its end, to change its term.
    """


class ModificationGroundUnknown(Conflict):
    """This is no ground on which a running contract can be changed.

    `detail` lists those of the rule pack that governs the contract's procurement.
    """
