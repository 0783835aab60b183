"""Detects cost shifts: who gains and who loses by a set of flows, and what is left of a saving for all. Pure.

`detect_shift` takes increments over what would be otherwise (`flows.over_baseline`): a case's option, the end of a
contract, a team that moves. `counted_saving` is what may be called a saving of the lens.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from services.finance.core.flows import Flow, Nature
from services.finance.core.lenses import Lens, cost_in
from services.finance.core.years import FinancialYear


@dataclass(frozen=True, slots=True)
class PartyShift:
    """What one party gains by the flows, exact pence by financial year; a negative amount is a loss."""

    party: str
    by_year: tuple[tuple[FinancialYear, Fraction], ...]

    @property
    def gain(self) -> Fraction:
        """The sum over the years; negative: it loses."""
        return sum((amount for _, amount in self.by_year), Fraction(0))


@dataclass(frozen=True, slots=True)
class CostShift:
    """Who gains and who loses within a lens, each in order of its code, and what all its members gain together.

    `net` is the lens's own gain (transfers inside it net out); it is not the sum of what gainers gain.
    """

    lens: str
    gainers: tuple[PartyShift, ...]
    losers: tuple[PartyShift, ...]
    net: Fraction

    @property
    def gain(self) -> Fraction:
        """What the gainers gain."""
        return sum((each.gain for each in self.gainers), Fraction(0))

    @property
    def loss(self) -> Fraction:
        """What the losers lose, as a positive amount."""
        return -sum((each.gain for each in self.losers), Fraction(0))

    @property
    def shifted(self) -> bool:
        """Whether the saving of some is, wholly or in part, the cost of others."""
        return bool(self.gainers and self.losers)

    @property
    def counted_saving(self) -> Fraction:
        """What counts as a saving of the lens: what is left of it once the losers' cost is borne, never below 0.

        A £4m team that moves to another member at £4m counts nothing, at £3.5m half a million (S58).
        """
        return max(Fraction(0), min(self.gain, self.net))


def gains_of_parties(flows: Iterable[Flow]) -> dict[str, dict[FinancialYear, Fraction]]:
    """Return each party's gain by financial year: what it pays no longer or is paid, less what it pays or uses up.

    The payee of a resource neither gains nor loses by it: it is paid for what it uses up.
    """
    gains: dict[str, dict[FinancialYear, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for flow in flows:
        gains[flow.payer][flow.financial_year] -= flow.pence
        if flow.nature is Nature.TRANSFER:
            gains[flow.payee][flow.financial_year] += flow.pence
    return gains


def detect_shift(lens: Lens, increments: Iterable[Flow]) -> CostShift:
    """Return who in the lens gains and who loses by these increments, on the days on which they belong to it."""
    flows = list(increments)
    inside: dict[str, dict[FinancialYear, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for flow in flows:
        for party, by_year in gains_of_parties([flow]).items():
            if lens.has(party, flow.on):
                for year, amount in by_year.items():
                    inside[party][year] += amount
    shifts = [PartyShift(party, tuple(sorted(by_year.items()))) for party, by_year in sorted(inside.items())]
    return CostShift(
        lens=lens.name,
        gainers=tuple(each for each in shifts if each.gain > 0),
        losers=tuple(each for each in shifts if each.gain < 0),
        net=-sum((cost_in(lens, flow) for flow in flows), Fraction(0)),
    )
