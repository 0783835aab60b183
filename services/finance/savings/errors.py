"""Refusals about savings."""

from libs.common.errors import Conflict, NotFound


class InitiativeNotFound(NotFound):
    """No saving of this initiative is known.

    You read savings of your organisations and of those that they succeeded. State one first, or wait until contracts
    has published the plan.
    """


class SavingNotStated(Conflict):
    """The initiative has no saving of this body, function and year.

    A claim names a saving that was stated before: state it, or wait until contracts has published the plan.
    """


class LineOfAnotherBudget(Conflict):
    """The line is not one of this body's budget of this year.

    A saving is realised by a line of the same body and year.
    """


class ReductionClaimed(Conflict):
    """Other initiatives have claimed all that the line fell by.

    What a line fell by is claimed once, in the order of the statements. `detail` says by whom.
    """


class ClaimAboveSaving(Conflict):
    """More is claimed than the saving has left.

    The claims of a saving sum to its amount at most, less what it costs elsewhere.
    """


class CaseNotFrozen(Conflict):
    """The version of the case is a draft.

    A forecast rests on what no longer changes: publish the version, or open a proposal on it.
    """


class CaseSavesNothing(Conflict):
    """The case has no such cash-releasing benefit of the body.

    Its preferred option has lines of type `cash_releasing` with the body as `payer`. `reasons` name what is not one.
    """
