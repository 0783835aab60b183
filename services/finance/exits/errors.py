"""Refusals about exits and their assessments."""

from libs.common.errors import Conflict, NotFound


class ContractNotKnown(NotFound):
    """Finance does not know this contract.

    Contracts has published nothing about it, or nothing that you may read. Check the reference, or try again later.
    """


class NotACustomer(Conflict):
    """The organisation is no customer of this contract.

    Only a customer assesses leaving a contract: `detail` names those that it has.
    """


class ExitTermsUnknown(Conflict):
    """What leaving this contract costs, or when it may be left, is not known.

    Contracts has published no exit terms or no notice days of it, so that no figure can be given. State its exit terms
    there first.
    """


class BeyondHorizon(Conflict):
    """No exit that the contract offers lies within the years of the assessment.

    `detail` names the days on offer. Choose another base year, or more years.
    """


class ExitAssessmentNotFound(NotFound):
    """There is no such assessment of leaving this contract.

    No version was stated by the instant asked for, or none that you read: a version that was not published is its
    author's alone.
    """
