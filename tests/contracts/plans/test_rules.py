"""Where a plan stands, by any order of acts: against an independent reading, and by a machine that tries every act."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.plans.models import Cause, ExitChoice, Kind, PlanState, Preparation
from services.contracts.plans.rules import (
    History,
    Revision,
    StatedAct,
    Step,
    joined_parts,
    months_between,
    prepared,
    state,
    without,
)

DAY = date(2018, 1, 1)
START = datetime(2018, 1, 1, 9, tzinfo=UTC)
MEMBERS = ("A", "B", "C")
OF = {"K-A": "A", "K-B": "B", "K-C": "C"}
"""Each contract's customer."""


def a_step(contract: str) -> Step:
    return Step(contract, ExitChoice.WAIT, DAY, DAY)


@dataclass
class Diary:
    """The plan as somebody would keep it by hand: present state only, overwritten by each act."""

    weights: dict[str, int]
    contracts: set[str]
    annual_pence: int
    assessed: bool = False
    submitted: Fraction | None = None
    accepted: dict[str, tuple[Fraction, Fraction]] = field(default_factory=dict)
    committed: bool = False
    moved: set[str] = field(default_factory=set)
    done: bool = False
    over: bool = False

    def share(self, member: str) -> Fraction:
        return Fraction(self.weights[member], sum(self.weights.values()))

    def anew(self, *, assessed: bool) -> None:
        self.assessed, self.submitted, self.accepted = assessed and bool(self.contracts), None, {}

    def accept(self, member: str) -> None:
        self.accepted[member] = (self.share(member), self.share(member) * self.annual_pence)

    def leave(self, member: str) -> None:
        del self.weights[member]
        self.accepted.pop(member, None)
        self.contracts = {one for one in self.contracts if OF[one] != member}
        self.assessed = self.assessed and bool(self.contracts)
        most = 1 + (self.submitted or 0)
        for other, (share, value) in list(self.accepted.items()):
            now = self.share(other)
            if now > share * most or now * self.annual_pence > value * most:
                del self.accepted[other]

    def state(self) -> str:
        if self.over:
            return "withdrawn"
        if self.committed:
            return "consolidated" if self.done else "moving" if self.moved else "committed"
        if not self.assessed:
            return "planned"
        if self.submitted is None:
            return "feasible"
        return "approved" if set(self.accepted) == set(self.weights) else "submitted"


class Bench:
    """Plays acts that the commands allow, into the history and into the diary."""

    def __init__(self, weights: tuple[int, ...], annual_pence: int) -> None:
        contracts = tuple(OF)
        self.revisions = [Revision(1, Cause.PLANNED, MEMBERS, weights, contracts, annual_pence, DAY, START)]
        self.acts: list[StatedAct] = []
        self.diary = Diary(dict(zip(MEMBERS, weights, strict=True)), set(contracts), annual_pence)
        self.now = START

    @property
    def history(self) -> History:
        return History(tuple(self.revisions), tuple(self.acts))

    @property
    def is_open(self) -> bool:
        return not (self.diary.over or self.diary.committed)

    def _act(self, kind: Kind, **others: Any) -> None:
        self.now += timedelta(minutes=1)
        self.acts.append(StatedAct(kind, self.revisions[-1].number, DAY, self.now, **others))

    def _revise(self, cause: Cause, annual_pence: int, steps: tuple[Step, ...] = ()) -> None:
        last = self.revisions[-1]
        self.now += timedelta(minutes=1)
        self.revisions.append(
            Revision(
                last.number + 1, cause, last.members, last.weights, last.contracts, annual_pence, DAY, self.now, steps
            )
        )

    def play(self, what: str, number: int) -> None:
        """Do one thing, where a plan that stands so allows it."""
        last, member = self.revisions[-1], MEMBERS[number % 3]
        if what == "move" and self.diary.committed and not self.diary.done:
            contract = last.contracts[number % len(last.contracts)]
            if contract not in self.diary.moved:
                self._act(Kind.MOVED, contract=contract)
                self.diary.moved.add(contract)
            if self.diary.moved == set(last.contracts):
                self._act(Kind.CONSOLIDATED)
                self.diary.done = True
        elif self.is_open:
            self._play_before_the_pivot(what, number, member)

    def _play_before_the_pivot(self, what: str, number: int, member: str) -> None:
        last, diary = self.revisions[-1], self.diary
        match what:
            case "assess" if last.contracts:
                self._revise(Cause.ASSESSED, last.annual_pence, tuple(map(a_step, last.contracts)))
                diary.anew(assessed=True)
            case "revise":
                self._revise(Cause.REVISED, 100 + number)
                diary.annual_pence = 100 + number
                diary.anew(assessed=False)
            case "submit" if diary.assessed and diary.submitted is None:
                self._act(Kind.SUBMITTED, detail=str(Fraction(number, 40)))
                diary.submitted = Fraction(number, 40)
            case "accept" if diary.submitted is not None and member in diary.weights:
                self._act(Kind.ACCEPTED, member=member)
                diary.accept(member)
            case "decide" if diary.submitted is not None and member in diary.weights:
                self._act(Kind.APPROVED, member=member, decision=f"D-{len(self.acts)}")
                diary.accept(member)
            case "withdraw" if member in diary.weights:
                self._withdraw(member)
            case "prepare" if f"K-{member}" in last.contracts:
                self._act(Kind.PREPARED, contract=f"K-{member}", detail=Preparation.OFFER.value)
            case "commit" if diary.state() == "approved":
                self._act(Kind.COMMITTED)
                diary.committed = True

    def _withdraw(self, member: str) -> None:
        rest = without(self.revisions[-1], member, its_contracts=[f"K-{member}"])
        self._act(Kind.WITHDRAWN, member=member)
        self.diary.leave(member)
        if len(rest.members) < 2:
            self._act(Kind.ENDED)
            self.diary.over = True
        else:
            self.revisions.append(replace(rest, stated_at=self.now))


THINGS = ("assess", "revise", "submit", "accept", "accept", "accept", "decide", "withdraw", "prepare", "commit", "move")
PLAYS = st.lists(st.tuples(st.sampled_from(THINGS), st.integers(0, 40)), max_size=40)


@settings(max_examples=100, deadline=None)
@given(st.tuples(*(st.integers(1, 9),) * 3), st.integers(0, 10**6), PLAYS)
def test_a_plan_stands_as_a_diary_kept_by_hand_says(
    weights: tuple[int, int, int], annual_pence: int, plays: list[tuple[str, int]]
) -> None:
    bench = Bench(weights, annual_pence)
    for what, number in plays:
        bench.play(what, number)
        assert state(bench.history) == bench.diary.state(), (what, number)
        # Nothing that was stated later changes where it stood.
        assert state(bench.history.at(DAY, START)) == PlanState.PLANNED


@settings(max_examples=50, deadline=None)
@given(st.tuples(*(st.integers(1, 9),) * 3), st.integers(0, 10**6), PLAYS)
def test_shares_are_whole_after_every_withdrawal(
    weights: tuple[int, int, int], annual_pence: int, plays: list[tuple[str, int]]
) -> None:
    bench = Bench(weights, annual_pence)
    for what, number in plays:
        bench.play(what, number)
        current = bench.revisions[-1]
        assert sum(current.share(member) for member in MEMBERS) == 1
        assert sum(current.pence(member) for member in MEMBERS) == current.annual_pence
        first = current.members[0]
        for member in current.members:
            ratio = current.share(member) / current.share(first)
            assert ratio == bench.revisions[0].share(member) / bench.revisions[0].share(first)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([], PlanState.PLANNED),
        ([Kind.ENTERED, Kind.ACCEPTED], PlanState.PLANNED),
        ([Kind.COMMITTED], PlanState.COMMITTED),
        ([Kind.COMMITTED, Kind.BLOCKED], PlanState.COMMITTED),
        ([Kind.COMMITTED, Kind.MOVED], PlanState.MOVING),
        ([Kind.COMMITTED, Kind.MOVED, Kind.CONSOLIDATED], PlanState.CONSOLIDATED),
        ([Kind.WITHDRAWN, Kind.ENDED], PlanState.WITHDRAWN),
    ],
)
def test_the_acts_give_the_state(kinds: list[Kind], expected: PlanState) -> None:
    first = Revision(1, Cause.PLANNED, MEMBERS, (1, 1, 1), ("K-A",), 100, DAY, START)
    acts = tuple(StatedAct(kind, 1, DAY, START, member="A") for kind in kinds)
    assert state(History((first,), acts)) == expected


def test_a_decision_that_is_published_again_replaces_the_earlier_one_and_a_reversed_one_counts_for_nothing() -> None:
    steps = (a_step("K-A"),)
    first = Revision(1, Cause.ASSESSED, ("A", "B"), (1, 1), ("K-A",), 100, DAY, START, steps)
    asked = StatedAct(Kind.SUBMITTED, 1, DAY, START)
    by_both = [StatedAct(Kind.APPROVED, 1, DAY, START, member=one, decision=f"D-{one}") for one in "AB"]
    again = StatedAct(Kind.REJECTED, 1, DAY, START, member="B", decision="D-B")
    undone = StatedAct(Kind.REVERSED, 1, DAY, START, member="A", decision="D-A")

    def stands(*acts: StatedAct) -> PlanState:
        return state(History((first,), (asked, *acts)))

    assert stands(*by_both) == PlanState.APPROVED
    assert stands(*by_both, again) == PlanState.SUBMITTED
    assert stands(undone, *by_both) == stands(*by_both, undone) == PlanState.SUBMITTED


def test_what_was_prepared_stands_until_it_is_recalled() -> None:
    first = Revision(1, Cause.PLANNED, ("A", "B"), (1, 1), ("K-A", "K-B"), 100, DAY, START)

    def act(kind: Kind, contract: str, sort: Preparation) -> StatedAct:
        return StatedAct(kind, 1, DAY, START, contract=contract, detail=sort.value)

    acts = [act(Kind.PREPARED, one, sort) for one in ("K-A", "K-B") for sort in Preparation]
    acts.append(act(Kind.RECALLED, "K-A", Preparation.OFFER))
    history = History((first,), tuple(acts))
    assert set(prepared(history, "K-A")) == {Preparation.AGREEMENT, Preparation.STAFF}
    assert set(prepared(history, "K-B")) == set(Preparation)


@given(
    st.integers(0, 10**9),
    st.lists(st.integers(1, 10**6), min_size=1, max_size=6),
    st.sets(st.integers(0, 5)),
)
def test_who_has_joined_pays_its_part_of_the_whole(annual_pence: int, weights: list[int], joined: set[int]) -> None:
    codes = [f"C{number}" for number in range(len(weights))]
    parts = [(code, Fraction(weight, sum(weights))) for code, weight in zip(codes, weights, strict=True)]
    inside = {f"C{number}" for number in joined} & set(codes)
    annual, customers, shares = joined_parts(annual_pence, parts, inside)
    assert set(customers) == inside
    assert sum(map(Fraction, shares)) == (1 if inside else 0)
    exact = sum((annual_pence * part for code, part in parts if code in inside), Fraction(0))
    assert abs(annual - exact) < len(codes)
    assert inside != set(codes) or annual == annual_pence


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2017, 1, 1), date(2018, 4, 1), 15),
        (date(2017, 1, 31), date(2017, 2, 28), 0),
        (date(2017, 1, 31), date(2017, 3, 31), 2),
        (date(2018, 4, 1), date(2017, 1, 1), 0),
    ],
)
def test_a_delay_is_counted_in_whole_months(first: date, last: date, months: int) -> None:
    assert months_between(first, last) == months
