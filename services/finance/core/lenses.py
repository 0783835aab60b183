"""Lenses: sets of parties through which a ledger of flows is read. Pure; sectors are looked up on the flow's day."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Protocol

from services.finance.core.flows import EXCHEQUER, HOUSEHOLDS, Flow, Nature
from services.finance.core.years import FinancialYear

PUBLIC = "public"


class Lens(Protocol):
    """A set of parties, which may differ from day to day."""

    @property
    def name(self) -> str:
        """What the lens is called in answers."""

    def has(self, party: str, day: date) -> bool:
        """Return whether a party belongs to it on a day."""


@dataclass(frozen=True, slots=True)
class OrganisationLens:
    """One organisation's own view."""

    code: str

    @property
    def name(self) -> str:
        """The organisation's code."""
        return self.code

    def has(self, party: str, day: date) -> bool:  # noqa: ARG002  (the same on every day)
        """Return whether the party is this organisation."""
        return party == self.code


@dataclass(frozen=True, slots=True)
class SetLens:
    """A fixed set of parties, such as the customers of one contract or a set that a user names."""

    name: str
    codes: frozenset[str]

    def has(self, party: str, day: date) -> bool:  # noqa: ARG002  (the same on every day)
        """Return whether the party is in the set."""
        return party in self.codes


@dataclass(frozen=True, slots=True)
class DatedLens:
    """A set whose members change: `members_on` returns those of a day, such as the members of a footprint."""

    name: str
    members_on: Callable[[date], frozenset[str]]

    def has(self, party: str, day: date) -> bool:
        """Return whether the party is in the set on that day."""
        return party in self.members_on(day)


@dataclass(frozen=True, slots=True)
class SectorLens:
    """Every party of one sector: `sector_of` returns a party's sector on a day."""

    sector_of: Callable[[str, date], str]
    sector: str = PUBLIC
    name: str = "public_sector"

    def has(self, party: str, day: date) -> bool:
        """Return whether the party belongs to the sector on that day; households never do, the Exchequer is public."""
        if party in {HOUSEHOLDS, EXCHEQUER}:
            return party == EXCHEQUER and self.sector == PUBLIC
        return self.sector_of(party, day) == self.sector


@dataclass(frozen=True, slots=True)
class SocietyLens:
    """UK society: all parties, so that transfers net out and only resources count."""

    name: str = "uk_society"

    def has(self, party: str, day: date) -> bool:  # noqa: ARG002  (the same on every day)
        """Return True."""
        return bool(party)


def cost_in(lens: Lens, flow: Flow) -> Fraction:
    """Return what one flow costs the members of a lens: resources that they use up, transfers that leave them.

    A resource without payee costs the payer's lens. With a payee it is a transfer to whoever uses it up: it costs the
    payer's lens in every case, and a lens with the payee alone nothing, since what it uses up is paid for. A transfer
    counts where it crosses the border: positive out of the lens, negative into it.
    """
    pays = lens.has(flow.payer, flow.on)
    if flow.nature is Nature.RESOURCE:
        return flow.pence if pays else Fraction(0)
    receives = lens.has(flow.payee, flow.on)
    return flow.pence * (pays - receives)


def costs_in(lens: Lens, flows: Iterable[Flow]) -> list[Fraction]:
    """Return the cost of each flow, in their order."""
    return [cost_in(lens, flow) for flow in flows]


def costs_by_year(lens: Lens, flows: Iterable[Flow]) -> dict[FinancialYear, Fraction]:
    """Return what the members of a lens bear by financial year, exact, undiscounted."""
    found: dict[FinancialYear, Fraction] = defaultdict(Fraction)
    for flow in flows:
        found[flow.financial_year] += cost_in(lens, flow)
    return dict(sorted(found.items()))
