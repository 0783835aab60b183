"""Finds functions for which a body has two contracts at once, which a merger brings about."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Supplied:
    """One function under one contract, and what it costs a year."""

    contract: str
    supplier: str
    function: str
    annual_pence: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """A function that one body buys under several contracts, ordered by reference."""

    organisation: str
    function: str
    contracts: tuple[Supplied, ...]

    @property
    def annual_pence(self) -> int:
        """What the function costs a year under all of them."""
        return sum(one.annual_pence for one in self.contracts)


def overlaps_of(organisation: str, supplied: Iterable[Supplied]) -> list[Overlap]:
    """Return the functions that are supplied to a body under more than one contract, ordered by code."""
    by_function: dict[str, dict[str, Supplied]] = defaultdict(dict)
    for one in supplied:
        by_function[one.function][one.contract] = one
    return [
        Overlap(organisation, function, tuple(contracts[reference] for reference in sorted(contracts)))
        for function, contracts in sorted(by_function.items())
        if len(contracts) > 1
    ]
