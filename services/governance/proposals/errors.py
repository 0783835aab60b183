"""Refusals about proposals."""

from libs.common.errors import Conflict, NotFound


class ProposalNotFound(NotFound):
    """There is no such proposal.

    No proposal has this reference, or none was known on the day and at the instant asked for.
    """


class SubjectUnknown(Conflict):
    """Nothing is known of what is to be decided on.

    The contract, plan, procurement, merger or case, or this version of it, was not published, or it has ended.
    Governance knows what contracts, finance and the registry have published: send the request again once it is.
    """


class ConsentMissing(Conflict):
    """A body whose consent is needed is missing.

    `reasons` name each member without a body that may decide for it, or each body that does not stand. Establish the
    body first.
    """


class ProposalNotOpen(Conflict):
    """The proposal is not in a state in which this can be done.

    `detail` names its state: it was not opened yet, was withdrawn, is void because its plan or merger ended, or was
    decided.
    """


class MinuteContradicts(Conflict):
    """The body's minute says otherwise.

    The position that is stated for a body is not the one that it decided. `detail` names the decision and its minute.
    """


class NotConsulted(Conflict):
    """Views that are to be sought before an approval are missing.

    `reasons` name whom the rule pack of the day asks for. Consult them, and record it with the proposal.
    """


class NotAsked(Conflict):
    """The proposal does not ask this body.

    Which bodies are asked was fixed when it was opened; read the proposal for them.
    """


class NoEvidence(Conflict):
    """There is no such evidence to take back.

    None of this condition counts on the day for the body that is named, or for none where none is. Read the proposal
    for its evidence, with the body of each.
    """


class NoSuchCondition(Conflict):
    """This is no condition of the proposal that waits for evidence.

    No decision on it made it a condition, and no rule pack lists it as one of rights; or evidence was given already.
    Read the proposal for the conditions that are not met yet.
    """
