"""Refusals about populations, allowances and rule packs."""

from libs.common.errors import Conflict, NotFound


class OrganisationNotKnown(NotFound):
    """Finance does not know this organisation.

    The registry has published nothing about it yet. Check the code, or try again when the registry has opened or
    proposed it.
    """


class OrganisationNotOpen(Conflict):
    """The organisation is not open in this financial year.

    Only a body that is open on some day of the year has an allowance for it. `detail` says when it is.
    """


class NoRateYet(Conflict):
    """There was no running-cost allowance in this financial year.

    `detail` names the first year that has one, or the day by which none had been stated.
    """


class AllowanceFromPredecessors(Conflict):
    """The organisation's allowance of this year comes from its predecessors.

    A merger within the year carried it over. Correct the populations of the predecessors instead; the change carries
    over to this one.
    """


class SuccessorHasItsOwn(Conflict):
    """A successor has an allowance of its own for this year.

    This one would carry over to it and count twice. Correct the successor's population instead.
    """


class AllowanceNotFound(NotFound):
    """No allowance is known for this organisation and year.

    Its population was not stated for the year, or not as known at the instant asked for.
    """


class PopulationNotFound(NotFound):
    """No population was stated for this organisation and year.

    State it first, or ask as known at a later instant.
    """


class RulePackNotFound(NotFound):
    """There is no rule pack of this id.

    Every answer names the packs that it was computed by; use the id as it is there.
    """
