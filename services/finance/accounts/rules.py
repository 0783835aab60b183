"""The chart of accounts by its pack, and pure sums over postings: by account, and between bodies of one lens."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final, TypeVar

from libs.common.rulepacks import RulePack, in_force
from libs.organisations.boundaries import Steps, divided, parts_on
from services.finance.core.packs import PACKS

Key = TypeVar("Key", str, tuple[str, str])

CHART: Final = "chart-of-accounts"

NET_ASSETS: Final = ("asset", "liability")
"""The kinds of account whose sum is what a body has."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the national chart."""

    code: str
    title: str
    kind: str
    budget: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The national chart that is in force on a day, and its pack."""

    pack: str
    citation: str
    accounts: Mapping[str, Account]


NO_CHART: Final = Chart("", "", {})


def chart_on(day: date, *, as_known: datetime | None = None, packs: Iterable[RulePack] = PACKS) -> Chart:
    """Return the chart of a day, as known; an empty one before the first."""
    ruling = in_force(packs, day, subject=CHART, as_known=as_known)
    if not ruling:
        return NO_CHART
    pack = ruling[0]
    accounts = {code: Account(code, **one) for code, one in sorted(pack.values["accounts"].items())}
    return Chart(pack.id, pack.citation, accounts)


@dataclass(frozen=True, slots=True)
class Posted:
    """What is posted on a local code of a body on a day: its account, None where the code is not mapped."""

    organisation: str
    local_code: str
    posted_on: date
    account: str | None
    postings: int
    amount_pence: int
    counterparty: str = ""
    lies_with: str = ""
    """The body with which it lies on the boundaries that were asked for; empty: not restated."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of some postings."""

    postings: int
    amount_pence: int


def by_account(posted: Iterable[Posted]) -> dict[str, Sum]:
    """Return the sum of each account, by code; what has no account is left out."""
    return _sums((one.account, one) for one in posted if one.account is not None)


def unmapped(posted: Iterable[Posted]) -> dict[tuple[str, str], Sum]:
    """Return the sum of each local code without an account, by body and code."""
    return _sums(((one.organisation, one.local_code), one) for one in posted if one.account is None)


def _sums(keyed: Iterable[tuple[Key, Posted]]) -> dict[Key, Sum]:
    sums: dict[Key, Sum] = {}
    for key, one in keyed:
        before = sums.get(key, Sum(0, 0))
        sums[key] = Sum(before.postings + one.postings, before.amount_pence + one.amount_pence)
    return dict(sorted(sums.items()))


def restated(posted: Iterable[Posted], boundaries: date, steps: Steps) -> list[Posted]:
    """Return the postings as they lie on the boundaries of a day: their sum is the same, to the penny."""
    moved: list[Posted] = []
    for one in posted:
        parts = parts_on(boundaries, one.organisation, one.posted_on, steps)
        for part, amount in zip(parts, divided(one.amount_pence, parts), strict=True):
            moved.append(replace(one, amount_pence=amount, lies_with=part.code))
    return moved


@dataclass(frozen=True, slots=True)
class Pair:
    """What two bodies of a lens have posted with each other: equal amounts of opposite sign are eliminated.

    `difference_pence` is what does not match: the sum of both.
    """

    first: str
    second: str
    first_pence: int
    second_pence: int

    @property
    def difference_pence(self) -> int:
        """What is left of both after elimination."""
        return self.first_pence + self.second_pence

    @property
    def eliminated_pence(self) -> int:
        """What both agree on, without a sign."""
        if self.first_pence * self.second_pence >= 0:
            return 0
        return min(abs(self.first_pence), abs(self.second_pence))


def pairs(posted: Iterable[Posted], members: Collection[str]) -> list[Pair]:
    """Return each pair of members that posted with each other, by codes."""
    amounts: dict[tuple[str, str], int] = defaultdict(int)
    for one in posted:
        if one.organisation in members and one.counterparty in members and one.organisation != one.counterparty:
            amounts[one.organisation, one.counterparty] += one.amount_pence
    both = sorted({(min(pair), max(pair)) for pair in amounts})
    return [
        Pair(first, second, amounts.get((first, second), 0), amounts.get((second, first), 0)) for first, second in both
    ]


@dataclass(frozen=True, slots=True)
class Period:
    """A month, written `2017-04`."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `2017-04`."""
        year, _, month = text.partition("-")
        return cls(int(year), int(month))

    @classmethod
    def of(cls, day: date) -> "Period":
        """Return the month of a day."""
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"

    @property
    def first_day(self) -> date:
        """The first of the month."""
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        """The last day of the month."""
        return date(self.year, self.month, monthrange(self.year, self.month)[1])
