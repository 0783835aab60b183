"""Refusals of the contracts service."""

from collections.abc import Sequence

from libs.common.errors import Conflict, DomainError, NotFound, Reason


class ContractNotFound(NotFound):
    """There is no such contract.

    No contract has this reference, or none of which you are a party on the day, as known at the instant asked for.
    """


class ProposalUnconfirmed(Conflict):
    """A proposal of a contract is no contract.

    It was inferred from what is published. Nothing is signed, moved or charged under it before a person who acts for
    its customer has confirmed it: `POST /contract-proposals/{reference}/confirmation`. Use the contract's reference
    then.
    """


class ConsolidationNotFound(NotFound):
    """There is no such consolidation.

    No shared service was set up under this reference, or none of which you are a party on the day, or not as known at
    the instant asked for.
    """


class ReferenceTaken(Conflict):
    """Another contract has this reference.

    A reference names one contract for ever. Choose another.
    """


class NotADraft(Conflict):
    """Only a draft can be edited, signed or deleted.

    The contract was signed. It can be terminated, or replaced by a shared service.
    """


class NotSigned(Conflict):
    """Only a signed contract can be ended.

    The contract is a draft: delete it, or sign it first.
    """


class ContractAlreadyEnded(Conflict):
    """The contract was terminated or replaced already.

    Its last day is settled; `detail` names it.
    """


class CustomerNotOpen(Conflict):
    """A customer is not open when the contract is signed or begins.

    The registry does not show it as open on that day. Check the code and the days, or wait until the registry has
    opened it.
    """


class SignedInTheFuture(Conflict):
    """A signature cannot be recorded before its day.

    `signed_on` lies after today. Record the signature when it has taken place.
    """


class DocumentMissing(Conflict):
    """An act of an earlier day needs its document.

    `signed_on` or `notice_served_on` lies before the day on which it is recorded. Name the paper in `document`.
    """


class ExitReasonUnknown(Conflict):
    """This is no reason for ending a contract.

    `detail` lists the codes of the rule pack in force on that day; `GET /exit-reasons` gives their titles. Put further
    words into `note`.
    """


class ExitOutsideTerm(Conflict):
    """The last day of service lies outside the contract's term.

    Name a day from the contract's first to its last.
    """


class NoticeTooLate(Conflict):
    """The notice period does not allow so early an exit.

    Notice counts from the day on which it is recorded. `detail` says which day would be the earliest, and by when
    notice was due for the day asked for. Name a later day, or the agreement by which the supplier waives the notice.
    """


class NoticeNotYetServed(Conflict):
    """Notice cannot be dated before the signature or after today.

    Record the notice when it has been served, with its own day.
    """


class StatedBeforeSignature(Conflict):
    """Nothing can be stated about a contract before its signature was.

    `Stated-At` lies before the instant from which the signature is known. Send a later one, or none.
    """


class NotRunningThen(Conflict):
    """A contract to be replaced does not run until the day before.

    The shared service takes over on the day after a contract's last day. Choose a first day within the term of every
    contract that it replaces.
    """


class FunctionUnknown(Conflict):
    """A line names a function that is not in the catalogue.

    `detail` lists the functions of the catalogue in force on that day.
    """


class PartUnknown(Conflict):
    """The contract has no such part.

    A line or a customer that is named is none of the contract's on the day. `GET /contracts/{reference}` shows them.
    """


class NoRuleInForce(Conflict):
    """No rule is in force on this day.

    No rule pack covers the day asked for. Choose a later one, or have a rule pack added with its citation.
    """


class ChangingHands(Conflict):
    """The contract's customers keep changing while it is being changed.

    One merger follows another at this moment. Send the request again; nothing was changed.
    """


def refuse(found: Sequence[DomainError]) -> None:
    """Raise the first refusal with the reasons of all of them; return where there is none."""
    if not found:
        return
    reasons = [reason for error in found for reason in (error.reasons or (Reason(error.message),))]
    raise type(found[0])("; ".join(error.message for error in found), reasons=reasons)
