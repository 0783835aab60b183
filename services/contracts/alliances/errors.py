"""Refusals about alliances."""

from libs.common.errors import Conflict, NotFound


class AllianceNotFound(NotFound):
    """No terms of an alliance are known of this contract that are yours to read.

    Its parties and the alliance's members read them, from when they were proposed: check the reference and the day.
    """


class NotAnAlliance(Conflict):
    """The contract is none of the form `alliance`, or is not signed.

    Draft it with `form` `alliance`, and sign it; then propose its terms.
    """


class WeightsNotWhole(Conflict):
    """The members' weights do not make up the whole.

    They are exact parts that total 1: `1/2`, `3/10` and `1/5`. `reasons` says what these make.
    """


class PayerNotOfContract(Conflict):
    """Who pays the gain is none of the contract's customers on the first day of the terms.

    Name one of them as `payer`.
    """


class NotUnanimous(Conflict):
    """No terms are in force for the whole period.

    Terms need the consent of every member. `reasons` names who is against, and who has not answered: silence is no
    consent.
    """


class TermsSettled(Conflict):
    """These terms are agreed or were replaced, and no vote on them counts any longer.

    Propose other terms, or vote on those that were proposed last.
    """


class PeriodAmiss(Conflict):
    """The period has not ended, or overlaps one that was settled and is not the same.

    Settle it once it has ended. State the same period again to correct it.
    """
