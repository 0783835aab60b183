"""The typed ledger of flows: who pays whom how much on which day, and whether something is used up by it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from services.finance.core.years import FinancialYear

NOT_AN_ORGANISATION = ""
HOUSEHOLDS = "households"
EXCHEQUER = "exchequer"
"""Parties that have no code: a resource without payee is paid to none; staff and patients; taxes and duties."""


class Nature(StrEnum):
    """Whether a flow uses something up, or only changes hands."""

    RESOURCE = "resource"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Flow:
    """What one party pays on one day: `pence` is exact, positive where `payer` pays it, negative where it saves it.

    `payer` and `payee` are codes of organisations or suppliers, `households` or `exchequer`. Without a payee a flow is
    a resource. A resource with a payee is both: the payer pays, and the payee uses it up (charges, dual running).
    `kind` says what it is for (`charge`, `replacement`, `stranded`); `cause` is the contract, line of a case or event
    that it comes from.
    """

    payer: str
    payee: str
    on: date
    pence: Fraction
    nature: Nature
    kind: str
    cause: str = ""

    def __post_init__(self) -> None:
        if not self.payer:
            raise ValueError(f"{self.kind}: a flow has a payer")
        if self.payee == NOT_AN_ORGANISATION and self.nature is Nature.TRANSFER:
            raise ValueError(f"{self.kind}: what is paid to no organisation is a resource")
        if self.payer == self.payee:
            raise ValueError(f"{self.kind}: {self.payer} would pay itself")

    @property
    def financial_year(self) -> FinancialYear:
        """The financial year in which it flows."""
        return FinancialYear.of(self.on)

    @property
    def parties(self) -> tuple[str, ...]:
        """The payer, and the payee where there is one."""
        return (self.payer, self.payee) if self.payee else (self.payer,)


def parties_of(flows: Iterable[Flow]) -> set[str]:
    """Return every party that pays or is paid in these flows."""
    return {party for flow in flows for party in flow.parties}


def over_baseline(option: Iterable[Flow], baseline: Iterable[Flow]) -> list[Flow]:
    """Return an option's flows as increments over a baseline: the baseline's own are subtracted."""
    return [*option, *(replace(flow, pence=-flow.pence) for flow in baseline)]
