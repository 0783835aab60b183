"""Every refusal of the contracts service, one line each."""

from collections.abc import Sequence

from libs.common.errors import Conflict, DomainError, Forbidden, NotFound, Reason


class ContractNotFound(NotFound):
    """There is no such contract, or none was known then."""


class ConsolidationNotFound(NotFound):
    """There is no such consolidation."""


class NotAParty(Forbidden):
    """Only the parties to a contract see it."""


class ReferenceTaken(Conflict):
    """Another contract bears this reference."""


class NotADraft(Conflict):
    """Only a draft can be edited, signed or deleted."""


class NotSigned(Conflict):
    """Only a signed contract can be ended."""


class ContractAlreadyEnded(Conflict):
    """The contract was terminated or replaced already."""


class CustomerNotOpen(Conflict):
    """A customer is not open on a day on which it has to be."""


class SignedInTheFuture(Conflict):
    """A signature cannot be recorded before its day."""


class ExitOutsideTerm(Conflict):
    """The last day of service lies outside the contract's term."""


class NoticeTooLate(Conflict):
    """The notice does not allow so early an exit."""


class NoticeNotYetServed(Conflict):
    """Notice cannot be recorded before its day, nor have been served before the contract was signed."""


class StatedBeforeSignature(Conflict):
    """Nothing can be stated of a contract before its signature was."""


class NotRunningThen(Conflict):
    """A contract that is to be replaced does not run until the day before."""


class FunctionUnknown(Conflict):
    """A line names a function that is not in the catalogue."""


class NoRuleInForce(Conflict):
    """No rule is in force on this day."""


class ChangingHands(Conflict):
    """The contract's customers keep changing while it is being changed; try again."""


def refuse(found: Sequence[DomainError]) -> None:
    """Raise the first refusal with the reasons of all of them; return where there is none."""
    if not found:
        return
    reasons = [reason for error in found for reason in (error.reasons or (Reason(error.message),))]
    raise type(found[0])("; ".join(error.message for error in found), reasons=reasons)
