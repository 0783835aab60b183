"""What a line has left, and what non-recurrent money may pay for, beside sums made by hand."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.finance.funds.rules import FundEntry, contributions, lacks_a_saving, room, unfunded_pence

FIRST = date(2017, 4, 1)
DAYS = st.integers(0, 364)


def on(day: int, pence: int) -> FundEntry:
    return FundEntry(FIRST + timedelta(days=day), pence)


def test_a_later_draw_leaves_less_for_an_earlier_day() -> None:
    entries = [on(0, 1000), on(200, -700), on(300, 200)]
    assert [room(entries, FIRST + timedelta(days=day)) for day in (-1, 0, 199, 200, 300)] == [0, 300, 300, 300, 500]
    assert room([], FIRST) == 0


@given(st.lists(st.tuples(DAYS, st.integers(-1000, 1000)), max_size=12), DAYS)
@settings(max_examples=100)
def test_room_is_the_least_balance_from_the_day_on(entries: list[tuple[int, int]], day: int) -> None:
    balances = [sum(pence for when, pence in entries if when <= each) for each in range(day, 366)]
    assert room([on(*entry) for entry in entries], FIRST + timedelta(days=day)) == max(0, min(balances))


@pytest.mark.parametrize(
    ("recurrent", "cost", "savings", "unfunded"),
    [
        (False, 20_000_000, [], 20_000_000),
        (False, 20_000_000, [19_999_999], 1),
        (False, 20_000_000, [12_000_000, 8_000_000], 0),
        (False, 0, [], 0),
        (True, 20_000_000, [], 0),
    ],
)
def test_s11_recurrent_cost_needs_recurrent_money_or_savings(
    recurrent: bool, cost: int, savings: list[int], unfunded: int
) -> None:
    assert unfunded_pence(recurrent=recurrent, recurrent_cost=cost, savings=savings) == unfunded


def test_a_buy_out_from_non_recurrent_money_needs_a_recurrent_saving() -> None:
    assert lacks_a_saving(recurrent=False, purpose="buy_out", savings=[])
    assert not lacks_a_saving(recurrent=False, purpose="buy_out", savings=[1])
    assert not lacks_a_saving(recurrent=True, purpose="buy_out", savings=[])
    assert not lacks_a_saving(recurrent=False, purpose="premises", savings=[])


def test_a_pool_is_paid_by_exact_shares_to_the_penny() -> None:
    assert contributions(100, ("10Y", "10H", "11X"), ("1/3", "1/3", "1/3")) == [("10H", 34), ("10Y", 33), ("11X", 33)]
    parts = contributions(1_000_000_01, ("10H", "10Y"), ("2/7", "5/7"))
    assert sum(pence for _, pence in parts) == 1_000_000_01
    assert abs(parts[0][1] - Fraction(2, 7) * 1_000_000_01) < 1


class Line(RuleBasedStateMachine):
    """A line is allocated to, drawn from and given back to on any days: it is never overdrawn."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[FundEntry] = []
        self.draws: list[tuple[int, int]] = []

    @rule(pence=st.integers(1, 1000))
    def is_allocated(self, pence: int) -> None:
        """Money of the year, from its first day."""
        self.entries.append(on(0, pence))

    @rule(day=DAYS, part=st.fractions(0, 2, max_denominator=4))
    def is_drawn(self, day: int, part: Fraction) -> None:
        """A draw of up to twice what is left: accepted only within it."""
        left = room(self.entries, FIRST + timedelta(days=day))
        pence = int(left * part)
        if 0 < pence <= left:
            self.entries.append(on(day, -pence))
            self.draws.append((day, pence))

    @precondition(lambda self: self.draws)
    @rule(later=DAYS)
    def is_taken_back(self, later: int) -> None:
        """The draw made last comes back, on its day or later."""
        day, pence = self.draws.pop()
        self.entries.append(on(max(day, later), pence))

    @invariant()
    def it_is_never_overdrawn(self) -> None:
        """On no day of the year is the balance below nothing."""
        for day in range(0, 366, 7):
            until = FIRST + timedelta(days=day)
            assert sum(entry.pence for entry in self.entries if entry.on <= until) >= 0


TestLine = Line.TestCase
TestLine.settings = settings(max_examples=40, stateful_step_count=15)
