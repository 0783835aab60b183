"""Refusals of novations."""

from libs.common.errors import Conflict, NotFound


class NovationNotFound(NotFound):
    """No novation of this contract is proposed.

    None was proposed, or none of which you are a party, or not as known at the instant asked for.
    """


class ConsentMissing(Conflict):
    """A party has not consented to the novation.

    `reasons` names each. Every customer, the supplier and who takes a place consent for themselves, by an act of their
    own.
    """


class NovationNotPossible(Conflict):
    """The contract cannot be novated so.

    `detail` says why: its day lies outside the term or has passed, the body that leaves is no party then, the one that
    enters already is, or the novation was completed.
    """
