"""Refusals about papers."""

from libs.common.errors import Forbidden, NotFound


class PapersNotYours(Forbidden):
    """Papers are for the members of the bodies that are asked.

    You are neither a member or deputy of one of them by your account, nor a governance lead of an organisation that
    proposes or is asked. A draft's are for its proposer's leads alone.
    """


class NotAnAward(NotFound):
    """The decision is not one to award a contract.

    The register of procurement decisions has those on `contract.award` and every action that begins with it.
    """
