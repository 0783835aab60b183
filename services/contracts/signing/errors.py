"""Refusals of signatures."""

from libs.common.errors import Conflict


class AlreadySigned(Conflict):
    """The party has signed this text already.

    A signature is given once. It counts no longer where the draft is revised: the new text is signed anew.
    """


class PartyNotNamed(Conflict):
    """A loader's signature names its party and its document.

    No body signs for all: who acts for every organisation records what a document shows, as a loader, one party at a
    time. Name the party in `party`.
    """


class NotASignatory(Conflict):
    """The body is no party whose signature this is.

    `party` is neither a customer nor the supplier of the draft, or you do not act for it. A customer may record the
    signature of a supplier that the draft makes no signatory, with its document.
    """


class NotConditional(Conflict):
    """The contract waits for no ratification.

    Only a contract that a body signed before it was established is ratified or refused, once.
    """


class NotEstablished(Conflict):
    """The body is not established when it ratifies the contract, or when it begins.

    The registry does not show it as open on that day. Ratify the contract once the registry has opened it.
    """
