"""Refusals about notices and offers to end."""

from libs.common.errors import Conflict, NotFound


class NoticeFormWrong(Conflict):
    """The contract asks for notice of another form.

    `detail` names the forms of the contract's exit terms. Serve notice in one of them, or record what was served with
    `without_effect`: it is kept with its fault and changes nothing.
    """


class NoticeUnproved(Conflict):
    """The contract asks for proof of service.

    Name it in `proof`, such as the receipt of a recorded letter.
    """


class ExitNotOffered(Conflict):
    """The contract's terms allow no end on this day.

    `detail` names the next day that they allow; `GET /contracts/{reference}/exits` lists them.
    """


class NoticeStands(Conflict):
    """A notice of this contract stands already.

    The contract ends on its day unless it is withdrawn with the other side's consent.
    """


class NoticeNotFound(NotFound):
    """There is no such notice of this contract.

    Its notices are listed by `GET /contracts/{reference}/exits`.
    """


class NoticeSpent(Conflict):
    """The notice cannot be withdrawn.

    It had no effect, was withdrawn before, the contract has ended by it, or a plan served it that only goes forward.
    """


class WithdrawalNotAgreed(Conflict):
    """A notice is withdrawn only with the other side's consent.

    The other side consents by the same route, or you name the document in which it agrees.
    """


class TerminationNotFound(NotFound):
    """There is no such offer to end this contract.

    `GET /contracts/{reference}/terminations` lists those that you may read.
    """


class OfferSettled(Conflict):
    """The offer was accepted or recalled before.

    An offer is answered once. Make another.
    """


class OfferIsYourOwn(Conflict):
    """An offer is accepted by the other side.

    Its own side can recall it.
    """


class StillRunning(Conflict):
    """A contract is closed after its end.

    Service still runs, or the contract was never signed. Close it once its last day of service has passed.
    """


class AlreadyClosed(Conflict):
    """The contract is closed already.

    Nothing more is expected of it.
    """


class ExtensionNotOffered(Conflict):
    """The contract's terms offer no extension on this day.

    `detail` says why: all options have been used, there were none, or the option had to be used earlier.
    """
