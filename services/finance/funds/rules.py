"""What a line of a fund has left, and which liabilities its money may pay for. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate, groupby
from operator import itemgetter

from libs.common.money import apportion

BUY_OUT = "buy_out"


@dataclass(frozen=True, slots=True)
class FundEntry:
    """Money that a line gets or gives on a day: positive where it gets it."""

    on: date
    pence: int


def room(entries: Iterable[FundEntry], day: date) -> int:
    """Return the most that can be drawn on a day, so that the line is overdrawn neither then nor on any later day."""
    ordered = sorted(entries, key=lambda entry: entry.on)
    by_day = [(on, sum(one.pence for one in same)) for on, same in groupby(ordered, key=lambda entry: entry.on)]
    balances = list(accumulate(pence for _, pence in by_day))
    days = [on for on, _ in by_day]
    before = [balance for on, balance in zip(days, balances, strict=True) if on <= day]
    after = [balance for on, balance in zip(days, balances, strict=True) if on > day]
    return max(0, min([before[-1] if before else 0, *after]))


def unfunded_pence(*, recurrent: bool, recurrent_cost: int, savings: Sequence[int]) -> int:
    """Return the recurrent cost a year that neither recurrent money nor attached savings pay for."""
    return 0 if recurrent else max(0, recurrent_cost - sum(savings))


def lacks_a_saving(*, recurrent: bool, purpose: str, savings: Sequence[int]) -> bool:
    """Whether a buy-out from non-recurrent money has no recurrent saving at all."""
    return not recurrent and purpose == BUY_OUT and sum(savings) == 0


def contributions(pence: int, members: Sequence[str], shares: Sequence[str]) -> list[tuple[str, int]]:
    """Return what each member of a pool pays of an amount by the exact shares: they sum to the penny."""
    pairs = sorted(zip(members, map(Fraction, shares), strict=True), key=itemgetter(0))
    parts = apportion(pence, [share for _, share in pairs])
    return [(member, part) for (member, _), part in zip(pairs, parts, strict=True)]
