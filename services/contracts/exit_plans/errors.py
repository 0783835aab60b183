"""Refusals about exit plans and settlements."""

from libs.common.errors import Conflict


class ReturnNotPlanned(Conflict):
    """The exit plan names no such return of data.

    `GET /contracts/{reference}/exit-plan` lists what is to be returned.
    """


class StepNotPlanned(Conflict):
    """The exit plan names no such step.

    `GET /contracts/{reference}/exit-plan` lists its steps.
    """


class ReceiptNotUploaded(Conflict):
    """No document of the contract has this SHA-256, though the receipt says that one has.

    Put it there with `POST /contracts/{reference}/documents`, or leave `uploaded` out.
    """


class NotTheReceiver(Conflict):
    """The plan names a body that is no party of the contract, or returns data to who has them.

    Name the contract's customers and its supplier of the exit day.
    """


class NotAgreedYet(Conflict):
    """The price of this end is not agreed: nothing can be settled before the offer is accepted.

    Have the other side accept it at `POST /contracts/{reference}/terminations/{termination}/acceptance`.
    """


class LinesDiffer(Conflict):
    """The amounts are not those of the lines that the party pays or is paid.

    `detail` names the lines; state each of them once, with 0 where nothing was paid.
    """
