"""Refusals of commitments and of reports of pressure."""

from libs.common.errors import Conflict


class NotACommitment(Conflict):
    """The contract is no commitment of this organisation.

    Contracts published no commitment of this contract's reference with the organisation as a customer.
    """


class NotAReporter(Conflict):
    """The organisation is neither a practice nor a local medical committee.

    Only those on whom pressure may be put report it here. `GET /rule-packs` has the kinds of a day.
    """
