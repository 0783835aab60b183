"""Refusals about transfers."""

from libs.common.errors import Conflict, NotFound


class MergerNotFound(NotFound):
    """There is no such merger.

    The registry has published no merger under this reference, or had not at the instant asked for.
    """


class AgreementNotFlagged(Conflict):
    """The agreement is not to be made again.

    Only an agreement under section 75 or about data, of a body that a merger or a takeover ends, is.
    """


class AgreementAlreadySettled(Conflict):
    """A party has stated what became of the agreement.

    It has taken effect. What is agreed since is a contract of its own.
    """


class AgreementUnsettled(Conflict):
    """It is not settled what became of the agreement when a party of it ended.

    A merger moves no such agreement. State that it was remade, saved by a scheme, or ended.
    """


class SchemeUnknown(Conflict):
    """No such scheme of the merger is known.

    The registry has published no transfer scheme under this id, or only a nil return.
    """
