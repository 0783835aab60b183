"""What is wrong with a question: exact, so that whether a matrix is one of correlations depends on no tolerance."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from libs.common.errors import Reason
from services.finance.appraisals.sensitivity import REALISATION
from services.finance.simulations.terms import (
    MOST_DRAWS,
    Discrete,
    Distribution,
    LogNormal,
    Normal,
    Pert,
    SimulationTerms,
    Triangular,
    UncertainInput,
    Uniform,
    Weighting,
)

CONVENTIONS = (
    "Each run is measured as the appraisal measures, with the drawn values in place of the stated ones.",
    "Inputs are joined by a Gaussian copula: the correlations are those of their normal scores.",
    "Growth of a line is real and multiplies its amount of year t by (1 + growth) to the power of t.",
    "What is added to the discount rate is added to that of every year, of the standard and the health schedule.",
    "A later year of going live moves the option's difference from business as usual, with its growth.",
    "What then comes after the last year is lost.",
    "A draw outside what its cell can be counts as the nearest value that it can be: `outside` counts them.",
    "A probability and the realisation can be from 0 to 1.",
    "Growth, and what is added to the discount rate, can be from -50 to 100 %.",
    "What drives the spread: Spearman's rank correlation of an input with the NPV (Am. J. Psychol. 15, 1904).",
    "Inputs that are correlated with each other share what they drive.",
    "A percentile is between the runs next to it; its range covers it with 95 % probability, by order statistics.",
    "A run without costs is below the benchmark where it has no benefit.",
)

SCALE = 10**6
"""Correlations have six decimals."""
_RATES = (Fraction(-1, 2), Fraction(1))
_PARTS = (Fraction(0), Fraction(1))


@dataclass(frozen=True, slots=True)
class Cells:
    """What an option has that can be uncertain: values by input, which of them are lines or risks, and its years."""

    values: Mapping[str, Fraction]
    lines: frozenset[str]
    risks: frozenset[str]
    years: int


def bounds_of(cell: UncertainInput, risks: frozenset[str]) -> tuple[Fraction, Fraction] | None:
    """Return from where to where the values of a cell can be; None: anywhere."""
    if cell.cell in {"growth", "discount"}:
        return _RATES
    return _PARTS if cell.cell == "value" and (cell.input in risks or cell.input == REALISATION) else None


def faults_of(terms: SimulationTerms, cells: Cells) -> list[Reason]:
    """Return everything in which a question contradicts itself or does not fit its option, with the field."""
    faults = [fault for number, each in enumerate(terms.inputs) for fault in _of_input(each, number, cells)]
    names = [each.name for each in terms.inputs]
    faults += [
        Reason(f"{name}: an input is named once", f"inputs.{number}")
        for number, name in enumerate(names)
        if name in names[:number]
    ]
    if terms.runs * len(names) > MOST_DRAWS:
        faults.append(Reason(f"runs times inputs are at most {MOST_DRAWS}", "runs"))
    if terms.correlations is not None:
        faults += _of_matrix([[Fraction(each) for each in row] for row in terms.correlations], names)
    if terms.weights is not None:
        faults += _of_weights(terms.weights, cells)
    return faults


def _of_input(stated: UncertainInput, number: int, cells: Cells) -> Iterator[Reason]:
    where = f"inputs.{number}"
    if fault := _of_cell(stated, cells):
        yield Reason(fault, f"{where}.input")
    faults = list(_of_distribution(stated.distribution))
    yield from (Reason(f"{stated.name}: {message}", f"{where}.distribution.{field}") for message, field in faults)
    if faults:
        return
    low, high = _support(stated.distribution)
    bounds = bounds_of(stated, cells.risks)
    if bounds is not None and ((low is not None and low < bounds[0]) or (high is not None and high > bounds[1])):
        yield Reason(f"{stated.name}: lies from {bounds[0]} to {bounds[1]}", f"{where}.distribution")
    if stated.cell == "go_live" and not _is_years(stated.distribution, cells.years):
        message = f"go_live: discrete, in whole years from 0 to {cells.years - 1}"
        yield Reason(message, f"{where}.distribution")


def _of_cell(stated: UncertainInput, cells: Cells) -> str:
    """Return why the option has no such cell; empty where it has."""
    if stated.cell in {"discount", "go_live"}:
        return f"{stated.cell}: concerns the whole option, and has no input" if stated.input is not None else ""
    if stated.input is None:
        return f"{stated.cell}: needs an input"
    known = (
        cells.values
        if stated.cell == "value"
        else {name: value for name, value in cells.values.items() if name in cells.lines}
    )
    if stated.input not in known:
        return f"{stated.input}: the option has the inputs {', '.join(known) or 'none'}"
    return "" if cells.values[stated.input] else f"{stated.input}: is quoted as 0, which has no other value"


def _of_distribution(given: Distribution) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a distribution, and its field."""
    match given:
        case Normal() | LogNormal():
            if Fraction(given.sd) <= 0:
                yield "the standard deviation is above 0", "sd"
            if isinstance(given, LogNormal) and Fraction(given.mean) <= 0:
                yield "the mean of a log-normal distribution is above 0", "mean"
        case Triangular() | Pert() | Uniform():
            low, high = Fraction(given.low), Fraction(given.high)
            if low >= high:
                yield "low is below high", "low"
            if not isinstance(given, Uniform) and not low <= Fraction(given.mode) <= high:
                yield "mode lies between low and high", "mode"
        case Discrete():
            values = [each.value for each in given.values]
            if len(set(values)) != len(values):
                yield "each value is named once", "values"
            if sum(Fraction(each.probability) for each in given.values) != 1:
                yield "the probabilities sum to 1", "values"


def _support(given: Distribution) -> tuple[Fraction | None, Fraction | None]:
    match given:
        case Normal():
            return None, None
        case LogNormal():
            return Fraction(0), None
        case Discrete():
            values = [Fraction(each.value) for each in given.values]
            return min(values), max(values)
        case _:
            return Fraction(given.low), Fraction(given.high)


def _is_years(given: Distribution, years: int) -> bool:
    if not isinstance(given, Discrete):
        return False
    values = [Fraction(each.value) for each in given.values]
    return all(value.denominator == 1 and 0 <= value < years for value in values)


def _of_matrix(matrix: Sequence[Sequence[Fraction]], names: Sequence[str]) -> list[Reason]:
    """Return why a matrix is not one of correlations: its size, diagonal, symmetry, or that it is indefinite."""
    size = len(names)
    if len(matrix) != size or any(len(row) != size for row in matrix):
        return [Reason(f"a row and a column for each of {size} inputs", "correlations")]
    faults = []
    for row in range(size):
        if matrix[row][row] != 1:
            faults.append(Reason(f"{names[row]}: correlates with itself by 1", f"correlations.{row}.{row}"))
        for column in range(row):
            pair, where = f"{names[row]} and {names[column]}", f"correlations.{row}.{column}"
            if matrix[row][column] != matrix[column][row]:
                faults.append(Reason(f"{pair}: not symmetric", where))
            elif abs(matrix[row][column]) > 1:
                faults.append(Reason(f"{pair}: a correlation lies from -1 to 1", where))
    if not faults and (found := eliminated(matrix).contradiction):
        several = ", ".join(names[number] for number in _least(matrix, found))
        message = f"{several}: no values correlate like that all at once (the matrix is not positive semidefinite)"
        faults.append(Reason(message, "correlations"))
    return faults


def _least(matrix: Sequence[Sequence[Fraction]], found: Sequence[int]) -> list[int]:
    """Return those of some inputs that contradict each other, of which none can be left out."""
    among = list(found)
    for number in found:
        others = [each for each in among if each != number]
        if eliminated([[matrix[row][column] for column in others] for row in others]).contradiction:
            among = others
    return among


@dataclass(frozen=True, slots=True)
class Elimination:
    """A matrix of correlations in triangular form, in whole numbers: by input its pivot, the one before and its column.

    A pivot of 0 has nothing beside it. `contradiction` has the numbers of inputs whose correlations contradict each
    other; empty where there are none.
    """

    steps: tuple[tuple[int, int, tuple[int, ...]], ...]
    contradiction: tuple[int, ...] = ()


def eliminated(matrix: Sequence[Sequence[Fraction]]) -> Elimination:
    """Return the triangular form of a symmetric matrix by Bareiss' elimination, which divides without remainder.

    A pivot is the next leading minor: below 0, or 0 with anything beside it, the matrix is not positive semidefinite.
    """
    size, before = len(matrix), 1
    rest = [[int(each * SCALE) for each in row] for row in matrix]
    steps = []
    for step in range(size):
        pivot, column = rest[step][step], tuple(row[step] for row in rest)
        beside = [row for row in range(step + 1, size) if column[row]]
        if pivot < 0 or (pivot == 0 and beside):
            return Elimination((), (*range(step + 1), *(beside[:1] if pivot == 0 else [])))
        steps.append((pivot, before, column))
        if pivot == 0:
            continue
        for row in range(step + 1, size):
            for other in range(step + 1, size):
                rest[row][other] = (pivot * rest[row][other] - column[row] * rest[step][other]) // before
        before = pivot
    return Elimination(tuple(steps))


def _of_weights(stated: Weighting, cells: Cells) -> Iterator[Reason]:
    names = [each.input for each in stated.lines]
    for number, each in enumerate(stated.lines):
        where = f"weights.lines.{number}"
        if each.input not in cells.lines:
            lines = ", ".join(sorted(cells.lines)) or "none"
            yield Reason(f"{each.input}: the option has the lines {lines}", f"{where}.input")
        if each.input in names[:number]:
            yield Reason(f"{each.input}: a line is named once", f"{where}.input")
        if sum(Fraction(group.share) for group in each.groups) != 1:
            yield Reason(f"{each.input}: the shares of the groups sum to 1", f"{where}.groups")


def is_realisation(stated: UncertainInput) -> bool:
    """Whether an uncertain input is the realisation, which scales every benefit."""
    return stated.cell == "value" and stated.input == REALISATION
