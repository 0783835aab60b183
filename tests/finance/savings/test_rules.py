"""No sequence of reductions, restorations, rises, mergers and claims realises more than what lines fell by."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.finance.core.years import FinancialYear
from services.finance.savings.rules import (
    Claim,
    LineEntry,
    PlanStatement,
    learned_rates,
    open_reductions,
    plan_figures,
    planned_to_date,
    realised,
)

START = datetime(2018, 4, 1, tzinfo=UTC)
LINES = st.integers(1, 4)
PENCE = st.integers(1, 1_000)


class Ledger(RuleBasedStateMachine):
    """Four lines; 1 and 2 can merge into 3, and 3 into 4."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[LineEntry] = []
        self.claims: list[Claim] = []
        self.level = dict.fromkeys(range(1, 5), 0)
        self.reduced = self.restored = 0
        self.merged: dict[int, int] = {}

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=len(self.entries) + len(self.claims))

    def add(self, line: int, kind: str, pence: int, **more: Any) -> None:
        self.entries.append(LineEntry(len(self.entries) + 1, line, kind, pence, self.now, **more))
        self.level[line] += pence

    @rule(line=LINES, pence=PENCE)
    def reduce(self, line: int, pence: int) -> None:
        self.add(line, "reduced", -pence)
        self.reduced += pence

    @rule(line=LINES, pence=PENCE)
    def rise(self, line: int, pence: int) -> None:
        self.add(line, "set", pence)

    @rule(line=LINES, pence=PENCE)
    def fall_otherwise(self, line: int, pence: int) -> None:
        self.add(line, "moved", -pence)

    @precondition(lambda self: any(one.kind == "reduced" for one in self.entries))
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        reductions = [one for one in self.entries if one.kind == "reduced"]
        one = data.draw(st.sampled_from(reductions))
        left = open_reductions(self.entries)[one.id].left_pence
        if left:
            pence = data.draw(st.integers(1, left))
            self.add(one.line, "restored", pence, reverses=one.id)
            self.restored += pence

    @rule(pair=st.sampled_from([(1, 3), (2, 3), (3, 4)]))
    def merge(self, pair: tuple[int, int]) -> None:
        self.entries.append(LineEntry(len(self.entries) + 1, pair[0], "restated", 0, self.now, other=pair[1]))
        self.merged[pair[0]] = pair[1]

    @rule(line=LINES, pence=PENCE, back=st.integers(0, 20))
    def claim(self, line: int, pence: int, back: int) -> None:
        since = self.now - timedelta(seconds=back)
        self.claims.append(Claim(len(self.claims) + 1, frozenset({line}), pence, since, self.now))

    def lines_of(self, claim: Claim) -> frozenset[int]:
        lines = set(claim.lines)
        for line in sorted(lines | {3}):
            if line in lines and line in self.merged:
                lines.add(self.merged[line])
                lines |= {self.merged[one] for one in lines if one in self.merged}
        return frozenset(lines)

    @invariant()
    def realised_never_exceeds_what_is_left_of_reductions(self) -> None:
        reductions = open_reductions(self.entries)
        claims = [Claim(one.id, self.lines_of(one), one.pence, one.since, one.stated_at) for one in self.claims]
        got = realised(claims, reductions)
        left = sum(one.left_pence for one in reductions.values())
        assert 0 <= left <= self.reduced - self.restored
        assert sum(got.values()) <= left
        assert all(0 <= got[one.id] <= one.pence for one in claims)
        before = {one.id: one for one in self.entries}
        for claim in claims:
            possible = sum(
                -before[one.id].amount_pence
                for one in reductions.values()
                if one.line in claim.lines and one.stated_at > claim.since
            )
            assert got[claim.id] <= possible


Ledger.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestLedger = Ledger.TestCase


def entry(number: int, line: int, kind: str, pence: int, **more: Any) -> LineEntry:
    return LineEntry(number, line, kind, pence, START + timedelta(seconds=number), **more)


def back(pence: int) -> list[LineEntry]:
    """Entry 2 is restored by an amount; below nothing: a restoration is taken back."""
    return [entry(9, 1, "restored", pence, reverses=2)]


@pytest.mark.parametrize(
    ("entries", "left"),
    [
        ([entry(1, 1, "set", 1_000, opening=True), entry(2, 1, "reduced", -400)], {2: 400}),
        ([entry(2, 1, "reduced", -400), entry(3, 1, "set", 150)], {2: 250}),
        ([entry(1, 1, "moved", -100), entry(2, 1, "reduced", -400), entry(3, 1, "moved", 150)], {2: 350}),
        ([entry(2, 1, "reduced", -400), entry(3, 1, "reduced", -50), entry(4, 1, "set", 100)], {2: 350, 3: 0}),
        ([entry(2, 1, "reduced", -400), entry(3, 2, "set", 100)], {2: 400}),
        ([entry(2, 1, "reduced", -400), entry(3, 1, "restated", 0, other=2), entry(4, 2, "set", 100)], {2: 300}),
        ([entry(2, 1, "reduced", -400), entry(3, 2, "set", 90, opening=True, programme_of=(1,))], {2: 310}),
        ([entry(2, 2, "set", 90, opening=True, programme_of=(1,)), entry(3, 1, "reduced", -400)], {3: 400}),
        # A restoration that is taken back gives back what it took, and nothing that the line had risen by otherwise.
        ([entry(2, 1, "reduced", -400), *back(150), *back(-150)], {2: 400}),
        ([entry(2, 1, "reduced", -400), *back(150), *back(100), *back(-150)], {2: 300}),
        ([entry(2, 1, "reduced", -400), entry(3, 1, "set", 400), *back(100), *back(-100)], {2: 0}),
        ([entry(2, 1, "reduced", -400), entry(3, 1, "set", 300), *back(100), *back(50), *back(-50)], {2: 0}),
    ],
)
def test_what_is_left_of_reductions(entries: list[LineEntry], left: dict[int, int]) -> None:
    assert {one.id: one.left_pence for one in open_reductions(entries).values()} == left


def test_golden_26_a_rate_is_learned_with_count_and_spread() -> None:
    [rate] = learned_rates([("hr", 1_000_000, 700_000), ("hr", 0, 0), ("hr", 500_000, 350_000)])
    assert (rate.count, rate.rate, rate.lowest, rate.median, rate.highest) == (2, *[Fraction(7, 10)] * 4)


def test_a_plan_is_divided_by_shares_and_functions_to_the_penny() -> None:
    plan = PlanStatement(
        *(
            "consolidated",
            "HR-1",
            ("10H", "10Y"),
            ("1/3", "2/3"),
            ("a", "b"),
            date(2017, 10, 1),
            0,
            120_000_000,
            0,
            START,
        )
    )
    figures = plan_figures([plan], 2)
    by_year = {
        year: sum(pence for key, pence in figures.items() if key[3:] == (year, "contracted")) for year in (2017, 2018)
    }
    assert by_year == {2017: 59_835_616, 2018: 120_000_000}
    assert figures["HR-1", "10H", "a", 2018, "contracted"] == 20_000_000


def test_what_is_due_by_days_is_exact() -> None:
    year = FinancialYear(2018)
    assert [
        planned_to_date(365, year, [], day) for day in (date(2018, 3, 31), date(2018, 4, 1), date(2018, 9, 30))
    ] == [
        0,
        1,
        183,
    ]
