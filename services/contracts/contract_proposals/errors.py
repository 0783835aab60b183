"""Refusals about proposals of contracts."""

from libs.common.errors import Conflict, NotFound


class ProposalNotFound(NotFound):
    """There is no such proposal of a contract that is yours to read.

    `GET /contract-proposals` lists those of your organisations, and of the bodies that they succeeded.
    """


class ProposalDecided(Conflict):
    """The proposal was confirmed or rejected already.

    It is decided once. `GET /contract-proposals/{reference}` shows how; a contract that is missing can be drafted.
    """


class OtherParties(Conflict):
    """The contract has other parties than its proposal.

    The evidence is of this customer, or who has taken it over, and of this supplier. For others, draft a contract.
    """
