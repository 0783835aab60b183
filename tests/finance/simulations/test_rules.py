"""What is wrong with a question, all of it at once; whether a matrix is one of correlations, exactly."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.finance.simulations.monte_carlo.draws import factor_of
from services.finance.simulations.rules import Cells, eliminated, faults_of
from services.finance.simulations.terms import SimulationTerms

CELLS = Cells(
    values={"set-up": Fraction(4), "saving": Fraction(2), "free": Fraction(0), "delay": Fraction(1, 3)},
    lines=frozenset({"set-up", "saving", "free"}),
    risks=frozenset({"delay"}),
    years=10,
)
UNIFORM = {"distribution": "uniform", "low": "0", "high": "1"}


def years(*values: str) -> dict[str, Any]:
    return {
        "distribution": "discrete",
        "values": [{"value": value, "probability": f"1/{len(values)}"} for value in values],
    }


def faults(*inputs: dict[str, Any], **more: Any) -> list[tuple[str | None, str]]:
    terms = SimulationTerms.model_validate({"inputs": inputs} | more)
    return [(fault.field, fault.message) for fault in faults_of(terms, CELLS)]


def an_input(name: str = "saving", **distribution: str) -> dict[str, Any]:
    return {"input": name, "distribution": distribution or UNIFORM}


TRIANGLE = {"distribution": "triangular", "low": "2", "mode": "5", "high": "4"}
WRONG: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    (an_input("cost"), [("inputs.0.input", "cost: the option has the inputs set-up, saving, free, delay")]),
    (an_input("free"), [("inputs.0.input", "free: is quoted as 0, which has no other value")]),
    ({"distribution": UNIFORM}, [("inputs.0.input", "value: needs an input")]),
    (
        an_input("saving") | {"cell": "discount"},
        [("inputs.0.input", "discount: concerns the whole option, and has no input")],
    ),
    (
        an_input("delay") | {"cell": "growth"},
        [("inputs.0.input", "delay: the option has the inputs set-up, saving, free")],
    ),
    (
        an_input(distribution="normal", mean="1", sd="0"),
        [("inputs.0.distribution.sd", "saving: the standard deviation is above 0")],
    ),
    (
        an_input(distribution="lognormal", mean="-1", sd="-1"),
        [
            ("inputs.0.distribution.sd", "saving: the standard deviation is above 0"),
            ("inputs.0.distribution.mean", "saving: the mean of a log-normal distribution is above 0"),
        ],
    ),
    (an_input(**TRIANGLE), [("inputs.0.distribution.mode", "saving: mode lies between low and high")]),
    (
        an_input(distribution="pert", low="4", mode="4", high="4"),
        [("inputs.0.distribution.low", "saving: low is below high")],
    ),
    (
        {"cell": "go_live", "distribution": years("0", "1/2")},
        [("inputs.0.distribution", "go_live: discrete, in whole years from 0 to 9")],
    ),
    (
        {"cell": "go_live", "distribution": years("0", "10")},
        [("inputs.0.distribution", "go_live: discrete, in whole years from 0 to 9")],
    ),
    (
        {"cell": "go_live", "distribution": UNIFORM},
        [("inputs.0.distribution", "go_live: discrete, in whole years from 0 to 9")],
    ),
    (
        {"input": "saving", "distribution": years("3", "6/2")},
        [("inputs.0.distribution.values", "saving: each value is named once")],
    ),
    (
        {"input": "saving", "distribution": years("1") | {"values": [{"value": "1", "probability": "0.9"}]}},
        [("inputs.0.distribution.values", "saving: the probabilities sum to 1")],
    ),
    (
        an_input("delay", distribution="uniform", low="0", high="2"),
        [("inputs.0.distribution", "delay: lies from 0 to 1")],
    ),
    (
        {"cell": "discount", "distribution": {"distribution": "uniform", "low": "-1", "high": "0"}},
        [("inputs.0.distribution", "discount: lies from -1/2 to 1")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("stated", "expected"), WRONG, ids=[expected[0][1][:45] for _, expected in WRONG])
def test_an_input_that_does_not_fit_is_named_with_its_reason(
    stated: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert faults(stated) == expected


def test_everything_that_is_wrong_is_said_at_once() -> None:
    weights = {
        "median_income_pence": 1,
        "source": "Figures of test",
        "lines": [
            {"input": "delay", "groups": [{"group": "All", "share": "1/2", "income_pence": 1}]},
        ],
    }
    assert faults(
        an_input("saving"),
        an_input("saving"),
        {"cell": "growth", "input": "saving", "distribution": UNIFORM},
        an_input("x"),
        correlations=[["1", "0.5", "0", "0"], ["0.4", "1", "2", "0"], ["0", "2", "0.9", "0"], ["0", "0", "0", "1"]],
        weights=weights,
        runs=1_000_000,
    ) == [
        ("inputs.3.input", "x: the option has the inputs set-up, saving, free, delay"),
        ("inputs.1", "saving: an input is named once"),
        ("correlations.1.0", "saving and saving: not symmetric"),
        ("correlations.2.2", "growth:saving: correlates with itself by 1"),
        ("correlations.2.1", "growth:saving and saving: a correlation lies from -1 to 1"),
        ("weights.lines.0.input", "delay: the option has the lines free, saving, set-up"),
        ("weights.lines.0.groups", "delay: the shares of the groups sum to 1"),
    ]
    many = [an_input("saving")] * 11
    assert faults(*many, runs=1_000_000)[-1] == ("runs", "runs times inputs are at most 10000000")
    assert faults(an_input(), correlations=[["1", "0"]]) == [
        ("correlations", "a row and a column for each of 1 inputs")
    ]


def test_correlations_that_contradict_each_other_are_named() -> None:
    inputs = [
        {"cell": "discount", "distribution": UNIFORM},
        *(an_input(each) for each in ("set-up", "saving", "delay")),
    ]
    matrix = [["1", "0.1", "0", "0"], ["0.1", "1", "0.9", "-0.9"], ["0", "0.9", "1", "0.9"], ["0", "-0.9", "0.9", "1"]]
    [(field, message)] = faults(*inputs, correlations=matrix)
    assert field == "correlations"
    assert message.startswith("set-up, saving, delay: no values correlate like that all at once")
    assert message.endswith("(the matrix is not positive semidefinite)")


THOUSANDTHS = st.integers(-1000, 1000).map(lambda value: Fraction(value, 1000))


@given(st.integers(1, 5).flatmap(lambda size: st.lists(THOUSANDTHS, min_size=size * size, max_size=size * size)))
def test_a_matrix_is_taken_exactly_where_it_is_positive_semidefinite(several: list[Fraction]) -> None:
    size = round(len(several) ** 0.5)
    matrix = [[Fraction(1)] * size for _ in range(size)]
    for row in range(size):
        for column in range(row):
            matrix[row][column] = matrix[column][row] = several[row * size + column]
    found = eliminated(matrix)
    least = float(np.linalg.eigvalsh(np.array(matrix, dtype=float)).min())
    if found.contradiction:
        among = np.ix_(found.contradiction, found.contradiction)
        assert float(np.linalg.eigvalsh(np.array(matrix, dtype=float)[among]).min()) < 1e-12
    else:
        assert least > -1e-12
        rows = factor_of(found)
        assert np.allclose(rows @ rows.T, np.array(matrix, dtype=float), atol=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
def test_inputs_that_move_as_one_are_on_the_border_and_taken(sign: int) -> None:
    one = Fraction(1)
    matrix = [[one, sign * one, one / 2], [sign * one, one, sign * one / 2], [one / 2, sign * one / 2, one]]
    rows = factor_of(eliminated(matrix))
    assert np.allclose(rows @ rows.T, np.array(matrix, dtype=float))
    matrix[2][1] = matrix[1][2] = Fraction(0)
    assert eliminated(matrix).contradiction == (0, 1, 2)
