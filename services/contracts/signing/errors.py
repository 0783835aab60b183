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
