"""The two series and the bridge between them: pure functions on figures and on who succeeded whom."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from typing import TypeAlias

from libs.organisations.boundaries import Part, Step, Steps, divided, parts_on

Key: TypeAlias = tuple[str, int, str]
"""Of whom, the calendar year in which the financial year begins, and the account: empty where there is none."""

_KINDS = {"split": "split", "boundary_change": "boundary_change"}


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount of a body in a year, by account, of the day from which its boundaries are taken."""

    organisation: str
    year: int
    account: str
    amount: int
    day: date

    @property
    def key(self) -> Key:
        """Where it stands in the statutory series."""
        return self.organisation, self.year, self.account


@dataclass(frozen=True, slots=True)
class Move:
    """The part of a figure that lies with a body on the boundaries."""

    figure: Figure
    part: Part
    amount: int

    @property
    def key(self) -> Key:
        """Where it stands in the management series."""
        return self.part.code, self.figure.year, self.figure.account

    @property
    def stays(self) -> bool:
        """Whether it lies with its own body still."""
        return self.part.code == self.figure.organisation


@dataclass(frozen=True, slots=True)
class BridgeLine:
    """One reason why a body's management figure differs from its statutory one, and by how much."""

    kind: str
    """`merger`, `split`, `boundary_change`, `remapped_account` or `price_base`."""
    amount: int
    account: str = ""
    body: str = ""
    """The body from which it came, or to which it went."""
    share: str = ""
    effective_on: date | None = None
    merger: str = ""


def moves(figures: Iterable[Figure], boundaries: date, steps: Steps) -> list[Move]:
    """Return where each figure lies on the boundaries of a day, in whole units that sum to it."""

    @cache
    def parts(code: str, day: date) -> Sequence[Part]:
        return parts_on(boundaries, code, day, steps)

    return [
        Move(figure, part, amount)
        for figure in figures
        for part, amount in zip(
            parts(figure.organisation, figure.day),
            divided(figure.amount, parts(figure.organisation, figure.day)),
            strict=True,
        )
    ]


def summed(amounts: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """Return the sum of each key, in order."""
    sums: dict[Key, int] = defaultdict(int)
    for key, amount in amounts:
        sums[key] += amount
    return dict(sorted(sums.items()))


def bridge(
    code: str, year: int, own: Mapping[Key, int], figures: Iterable[Figure], moved: Iterable[Move]
) -> list[BridgeLine]:
    """Return the lines from a body's statutory figure of a year to its management figure; their sum is the difference.

    `own` is the statutory series: where it differs by account from the figures as known, a code was mapped anew.
    """
    return [*_remapped(code, year, own, figures), *_moved(code, year, moved)]


def _remapped(code: str, year: int, own: Mapping[Key, int], figures: Iterable[Figure]) -> list[BridgeLine]:
    known = summed((one.key, one.amount) for one in figures if (one.organisation, one.year) == (code, year))
    keys = sorted({*known, *(key for key in own if key[:2] == (code, year))})
    return [
        BridgeLine("remapped_account", difference, account=key[2])
        for key in keys
        if (difference := known.get(key, 0) - own.get(key, 0))
    ]


def _moved(code: str, year: int, moved: Iterable[Move]) -> list[BridgeLine]:
    sums: dict[BridgeLine, int] = defaultdict(int)
    for one in moved:
        if one.figure.year != year or one.stays or code not in (one.part.code, one.figure.organisation):
            continue
        comes = one.part.code == code
        step = one.part.steps[-1 if comes else 0]
        line = BridgeLine(
            kind=_KINDS.get(step.shape, "merger"),
            amount=0,
            account=one.figure.account,
            body=one.figure.organisation if comes else one.part.code,
            share=str(one.part.share),
            effective_on=step.effective_on,
            merger=step.merger,
        )
        sums[line] += one.amount if comes else -one.amount
    ordered = sorted(sums.items(), key=lambda one: (str(one[0].effective_on), one[0].body, one[0].account))
    return [replace(line, amount=amount) for line, amount in ordered]


def in_prices(amount: int, index_from: Fraction, index_to: Fraction) -> int:
    """Return an amount in the prices of another year, rounded once, half a unit away from zero."""
    exact = abs(amount) * index_to / index_from
    rounded = int(exact + Fraction(1, 2))
    return -rounded if amount < 0 else rounded


def unstated(moved: Iterable[Move]) -> list[Step]:
    """Return the successions that could not be followed, since a share is not stated."""
    found = {step for move in moved for step in move.part.unstated}
    return sorted(found, key=lambda one: (one.effective_on, one.code, one.successor))
