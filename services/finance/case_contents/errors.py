"""Refusals about the content of a case."""

from libs.common.errors import Conflict


class ContractNotHeard(Conflict):
    """Finance does not know this contract from contracts.

    A contract, its parties and the price of its end are the contracts service's: sign and price it there. A contract
    that none of your organisations is a party to counts as unknown.
    """


class TerminationNotPriced(Conflict):
    """Finance has not heard what this end of the contract costs.

    Ask contracts for its price: finance posts no figure that contracts owns. `reasons` name the contract, and the
    components whose terms are missing; a missing amount is never taken for 0.
    """


class PartyNotKnown(Conflict):
    """A line names a party that finance does not know.

    A party is an organisation of the registry, a supplier of a contract, `households` or `exchequer`.
    """


class PaysItself(Conflict):
    """A line is paid by a party to itself.

    Without a payee something is used up; name another party where the amount changes hands.
    """


class AmountTooLarge(Conflict):
    """A line has more than 10^13 pence in a year.

    It counts after units are valued, amounts indexed and prices brought to the base year.
    """


class NominalWithRealRate(Conflict):
    """A nominal amount never meets a real rate.

    The case has nominal amounts, and no deflator to bring them to prices of the base year. Name a vintage, or state the
    amounts in base-year prices.
    """


class PriceYearWithoutDeflator(Conflict):
    """The deflator has no index of this year.

    Amounts are brought from their price year to the base year; the vintage must have an index of both.
    """


class RampBeyondHorizon(Conflict):
    """A profile ends after the last year of the case.

    Years count from 0; the last one is the number of years less one. Shorten the ramp, or appraise more years.
    """


class PackNotKnown(Conflict):
    """There is no such rule pack, or none that values this.

    A case names packs of discount rates, deflators, categories of optimism bias and units by what finance's rule packs
    have.
    """


class MetbNotAllowed(Conflict):
    """A rate of the marginal excess tax burden of one's own is for private finance alone.

    From the Green Book of 2026 on no uplift applies otherwise.
    """


class LensUnknown(Conflict):
    """There is no such lens.

    A footprint has parts in the registry; a set has been named, and is read by whom it is open to.
    """


class InputUnknown(Conflict):
    """A scenario changes an input that its option does not have.

    Inputs are the codes of the option's lines and risks, and `realisation`.
    """


CONTENT_REFUSALS = (
    ContractNotHeard,
    TerminationNotPriced,
    PartyNotKnown,
    PaysItself,
    AmountTooLarge,
    NominalWithRealRate,
    PriceYearWithoutDeflator,
    RampBeyondHorizon,
    PackNotKnown,
    MetbNotAllowed,
    LensUnknown,
    InputUnknown,
)
"""What may be wrong with the content of a case."""
