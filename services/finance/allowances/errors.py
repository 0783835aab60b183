"""Every refusal of finance."""

from libs.common.errors import Conflict, NotFound


class OrganisationNotKnown(NotFound):
    """Finance has not heard of this organisation."""


class OrganisationNotOpen(Conflict):
    """The organisation is not open in this financial year."""


class NoRateYet(Conflict):
    """There was no running-cost allowance in this financial year."""


class AllowanceFromPredecessors(Conflict):
    """The organisation's allowance of this year is what its predecessors left."""


class SuccessorHasItsOwn(Conflict):
    """A successor has an allowance of its own for this year, which this one would count twice."""


class AllowanceNotFound(NotFound):
    """No allowance is known for this organisation and year."""


class PopulationNotFound(NotFound):
    """No population was stated for this organisation and year."""
