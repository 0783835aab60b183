"""The two series and the bridge: RCA-5's figures, and the sum whatever succeeded whatever."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.organisations.boundaries import Step, steps_of
from services.finance.series.rules import BridgeLine, Figure, Move, bridge, in_prices, moves, summed, unstated

MERGED = date(2017, 4, 1)
M = 1_000_000_00


def own(figures: Iterable[Figure]) -> dict[tuple[str, int, str], int]:
    return summed((one.key, one.amount) for one in figures)


def management(moved: Iterable[Move]) -> dict[tuple[str, int, str], int]:
    return summed((one.key, one.amount) for one in moved)


def test_rca_5_a_merger_in_both_series() -> None:
    before, after = date(2017, 3, 31), date(2018, 3, 31)
    figures = [
        Figure("A", 2016, "", 10 * M, before),
        Figure("B", 2016, "", 6 * M, before),
        Figure("C", 2017, "", 1_520_000_000, after),
    ]
    steps = steps_of([Step(code, "C", MERGED, "merger", Fraction(1), "M-C") for code in "AB"])
    assert own(figures) == {("A", 2016, ""): 10 * M, ("B", 2016, ""): 6 * M, ("C", 2017, ""): 1_520_000_000}
    moved = moves(figures, MERGED, steps)
    assert management(moved) == {("C", 2016, ""): 16 * M, ("C", 2017, ""): 1_520_000_000}
    assert management(moves(figures, before, steps)) == own(figures)
    assert bridge("C", 2016, own(figures), figures, moved) == [
        BridgeLine("merger", 10 * M, "", "A", "1", MERGED, "M-C"),
        BridgeLine("merger", 6 * M, "", "B", "1", MERGED, "M-C"),
    ]
    assert bridge("A", 2016, own(figures), figures, moved) == [
        BridgeLine("merger", -10 * M, "", "C", "1", MERGED, "M-C")
    ]
    assert bridge("C", 2017, own(figures), figures, moved) == []


def test_a_boundary_change_moves_its_share_and_an_unstated_one_is_named() -> None:
    figure = Figure("A", 2016, "N1", 1_000_001, date(2016, 6, 1))
    steps = steps_of([Step("A", "B", MERGED, "boundary_change", Fraction(1, 3))])
    moved = moves([figure], MERGED, steps)
    assert management(moved) == {("A", 2016, "N1"): 666_667, ("B", 2016, "N1"): 333_334}
    [line] = bridge("B", 2016, own([figure]), [figure], moved)
    assert (line.kind, line.body, line.share, line.amount) == ("boundary_change", "A", "1/3", 333_334)
    unknown = moves([figure], MERGED, steps_of([Step("A", "B", MERGED, "boundary_change", None)]))
    assert ([one.amount for one in unknown], [one.successor for one in unstated(unknown)]) == ([1_000_001], ["B"])


def test_an_account_mapped_anew_after_the_close_is_a_line_of_its_own() -> None:
    figure = Figure("A", 2016, "N2", 500, date(2016, 6, 1))
    lines = bridge("A", 2016, {("A", 2016, "N1"): 500}, [figure], moves([figure], MERGED, {}))
    assert [(line.kind, line.account, line.amount) for line in lines] == [
        ("remapped_account", "N1", -500),
        ("remapped_account", "N2", 500),
    ]


def test_prices_are_rounded_once_away_from_zero() -> None:
    assert in_prices(1_000_000_00, Fraction("101.6"), Fraction(100)) == 984_251_97
    assert in_prices(-1, Fraction(2), Fraction(1)) == -1
    assert in_prices(1, Fraction(3), Fraction(1)) == 0


CODES = st.sampled_from("ABCD")
DAYS = st.integers(0, 5).map(lambda days: MERGED + timedelta(days))
SHARES = st.sampled_from([None, Fraction(1, 3), Fraction(1, 7), Fraction(1)])
SHAPES = st.sampled_from(["merger", "split", "boundary_change"])
STEPS = st.lists(
    st.builds(Step, CODES, CODES, DAYS, SHAPES, SHARES).filter(lambda one: one.code != one.successor),
    max_size=6,
    unique_by=lambda one: (one.code, one.successor, one.effective_on),
)
FIGURES = st.lists(
    st.builds(Figure, CODES, st.just(2017), st.sampled_from(["N1", "N2"]), st.integers(-(10**9), 10**13), DAYS),
    max_size=6,
)


@settings(max_examples=80)
@given(STEPS, FIGURES, FIGURES)
def test_every_bridge_sums_to_the_penny_and_both_series_to_the_same(
    steps: list[Step], figures: list[Figure], closed: list[Figure]
) -> None:
    moved = moves(figures, MERGED + timedelta(3), steps_of(steps))
    stated, restated = own(closed), management(moved)
    assert sum(restated.values()) == sum(one.amount for one in figures)
    for code in "ABCD":
        lines = bridge(code, 2017, stated, figures, moved)
        start = sum(amount for key, amount in stated.items() if key[0] == code)
        end = sum(amount for key, amount in restated.items() if key[0] == code)
        assert start + sum(line.amount for line in lines) == end
