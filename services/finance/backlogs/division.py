"""Divides backlog among footprints, to the penny: pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from libs.common.money import apportion
from libs.organisations.boundaries import Part
from services.finance.estates.sheets import Amounts, Return

UNASSIGNED = ""
"""In place of a footprint: none is known."""


class Manner(StrEnum):
    """How an organisation's backlog comes to footprints."""

    ONE = "one"
    SEVERAL = "several"
    SUCCESSOR_IN_ONE = "successor_in_one"
    SUCCESSOR_IN_SEVERAL = "successor_in_several"
    UNASSIGNED = "unassigned"


@dataclass(frozen=True, slots=True)
class Key:
    """Weights of organisations by footprint, and where they are from; without weights all shares are equal."""

    source: str = ""
    weights: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def of(self, codes: Iterable[str], footprints: Sequence[str]) -> dict[str, Fraction] | None:
        """Return the shares of footprints by the weights of the first of the codes that has some; None: there are none.

        Only the footprints given count: weights of others say nothing about the day.
        """
        for code in codes:
            given = {one: self.weights.get(code, {}).get(one, 0) for one in footprints}
            if total := sum(given.values()):
                return {one: Fraction(weight, total) for one, weight in given.items() if weight}
        return None


@dataclass(frozen=True, slots=True)
class FootprintPart:
    """The part of an organisation's backlog that a footprint has."""

    footprint: str
    share: Fraction
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Division:
    """An organisation's backlog, divided among footprints to the penny."""

    of: Return
    manner: Manner
    by_key: bool
    through: tuple[str, ...]
    """The successors by which it is in its footprints; none where it is in them itself."""
    parts: tuple[FootprintPart, ...]


def divide(one: Return, footprints: Mapping[str, Sequence[str]], parts: Sequence[Part], key: Key) -> Division:
    """Divide an organisation's backlog among the footprints that it, else its successors on the day, are in.

    `footprints` are by code, `parts` where the organisation lies on the day. Each category is divided by largest
    remainder, so that footprints and what is unassigned sum to it to the penny.
    """
    own = footprints.get(one.organisation, ())
    lies = [Part(one.organisation, Fraction(1))] if own else list(parts) or [Part(one.organisation, Fraction(1))]
    shares: dict[str, Fraction] = defaultdict(Fraction)
    by_key = False
    for part in lies:
        several = footprints.get(part.code, ())
        named = key.of((one.organisation, part.code), several) if len(several) > 1 else None
        by_key = by_key or named is not None
        equal = {footprint: Fraction(1, len(several)) for footprint in several} or {UNASSIGNED: Fraction(1)}
        for footprint, share in (named or equal).items():
            shares[footprint] += part.share * share
    ordered = sorted(shares)
    columns = [apportion(amount, [shares[each] for each in ordered]) for amount in one.amounts.each]
    through = () if own else tuple(sorted({part.code for part in lies if part.steps and footprints.get(part.code)}))
    return Division(
        of=one,
        manner=_manner(len({each for part in lies for each in footprints.get(part.code, ())}), is_itself=bool(own)),
        by_key=by_key,
        through=through,
        parts=tuple(
            FootprintPart(each, shares[each], Amounts(*row))
            for each, row in zip(ordered, zip(*columns, strict=True), strict=True)
        ),
    )


def _manner(footprints: int, *, is_itself: bool) -> Manner:
    if not footprints:
        return Manner.UNASSIGNED
    if is_itself:
        return Manner.ONE if footprints == 1 else Manner.SEVERAL
    return Manner.SUCCESSOR_IN_ONE if footprints == 1 else Manner.SUCCESSOR_IN_SEVERAL


def by_footprint(divisions: Iterable[Division]) -> dict[str, list[tuple[Division, FootprintPart]]]:
    """Return the parts of each footprint, UNASSIGNED included, by its code."""
    found: dict[str, list[tuple[Division, FootprintPart]]] = defaultdict(list)
    for division in divisions:
        for part in division.parts:
            found[part.footprint].append((division, part))
    return dict(sorted(found.items()))


def ranks(totals: Mapping[str, int]) -> dict[str, int]:
    """Return the rank of each footprint, the largest first; equal ones share a rank."""
    return {code: 1 + sum(other > total for other in totals.values()) for code, total in totals.items()}
