"""Builds the rows of a portfolio problem from arrays: every rule as "at most", money in millions of pounds.

The variables are "done by the end of year t" for each start, "works in year t" for each supplier, and the money carried
over from each year. No loop runs over items: of 500 items and 10 years come 10,000 rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.finance.plans.problem import QUARTERS, Problem
from services.finance.portfolios.optimiser.columns import NONE, Columns, Floats, Ints, columns_of

MILLION = 1e8
"""Pence in £1m: the unit of money in the rows."""
UNIT = 1e4
"""Pence in £100: the unit of the objective, in which a solver's tolerance of 1e-6 is a hundredth of a penny.

In millions it would be a pound: plans that are better by less would be passed over, and the bound would not hold.
"""


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one rule: triplets of row, column and coefficient, a limit for each row, and what each is about.

    `about` has one line a row, such as the supplier and the year.
    """

    rule: str
    row: Ints
    column: Ints
    coefficient: Floats
    at_most: Floats
    about: Ints


@dataclass(frozen=True, slots=True)
class Rows:
    """The matrix by rows, with the bounds and values of its columns; `spans` are the rows of each rule."""

    objective: Floats
    lower: Floats
    upper: Floats
    is_whole: Floats
    first: Ints
    column: Ints
    coefficient: Floats
    at_most: Floats
    spans: dict[str, tuple[int, int]]
    about: dict[str, Ints]
    starts: int
    """The number of columns that are starts; then come the suppliers' years, then the money carried over."""
    works: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A problem with its columns, from which each rule builds its rows."""

    problem: Problem
    columns: Columns
    functions: list[str]

    @property
    def first_work(self) -> int:
        """The column of the first supplier's first year."""
        return self.columns.count

    @property
    def first_carried(self) -> int:
        """The column of the money carried over from the first year."""
        return self.first_work + len(self.problem.suppliers) * self.problem.years


def layout_of(problem: Problem) -> Layout:
    """Return the columns of a problem."""
    columns, functions = columns_of(problem)
    return Layout(problem, columns, functions)


def build(layout: Layout, *, grain_pence: int = 1) -> Rows:
    """Return the rows; the costs in the budget rows are rounded to the nearest `grain_pence`."""
    blocks = [block for rule in _RULES for block in rule(layout, grain_pence) if len(block.at_most)]
    return _joined(layout, blocks)


def _once(layout: Layout, _: int) -> list[Block]:
    later = np.flatnonzero(layout.columns.has_earlier)
    return [_differences("once", later - 1, later)]


def _differences(rule: str, smaller: Ints, larger: Ints) -> Block:
    """Return rows that say: the first column is at most the second."""
    rows = np.arange(len(smaller))
    return Block(
        rule,
        np.concatenate([rows, rows]),
        np.concatenate([smaller, larger]),
        np.concatenate([np.ones(len(rows)), -np.ones(len(rows))]),
        np.zeros(len(rows)),
        rows[:, None],
    )


def _budgets(layout: Layout, grain_pence: int) -> list[Block]:
    problem, columns = layout.problem, layout.columns
    if problem.budgets_pence is None:
        return []
    cash = columns.cash.astype(np.float64)
    if grain_pence > 1:
        cash = np.rint(cash / grain_pence) * grain_pence
    column, row = np.nonzero(by_done := columns.by_done(cash / MILLION))
    coefficient = by_done[column, row]
    if problem.carry_over:
        years = np.arange(problem.years)
        row = np.concatenate([row, years, years[1:]])
        column = np.concatenate([column, layout.first_carried + years, layout.first_carried + years[:-1]])
        coefficient = np.concatenate([coefficient, np.ones(len(years)), -np.ones(len(years) - 1)])
    budgets = np.array(problem.budgets_pence, np.float64) / MILLION
    return [Block("budget", row, column, coefficient, budgets, np.arange(problem.years)[:, None])]


def _go_lives(layout: Layout, _: int) -> list[Block]:
    problem, columns = layout.problem, layout.columns
    blocks = []
    for limit, bound in enumerate(problem.go_lives):
        inside = np.ones(columns.count, np.bool_)
        if bound.function:
            number = layout.functions.index(bound.function) if bound.function in layout.functions else NONE
            inside = columns.function[columns.item] == number
        for quarter in QUARTERS:
            those = np.flatnonzero(inside & (columns.quarter >= quarter))
            years, row = np.unique(columns.year[those], return_inverse=True)
            after = columns.has_earlier[those]
            about = np.stack([np.full(len(years), limit), np.full(len(years), quarter), years], axis=1)
            blocks.append(
                Block(
                    "go_lives",
                    np.concatenate([row, row[after]]),
                    np.concatenate([those, those[after] - 1]),
                    np.concatenate([np.ones(len(those)), -np.ones(after.sum())]),
                    np.full(len(years), float(bound.per_quarter * (len(QUARTERS) + 1 - quarter))),
                    about,
                )
            )
    return blocks


def _dependencies(layout: Layout, _: int) -> list[Block]:
    problem, columns = layout.problem, layout.columns
    if not problem.dependencies:
        return []
    before, after = np.array(problem.dependencies, np.int64).T
    # The second may begin only in its own years; between them what the first does makes no difference.
    starts = columns.by_year[after]
    begins = (starts != NONE) & (columns.year[starts] == np.arange(problem.years))
    pair, year = np.nonzero(begins)
    earlier = columns.by_year[before[pair], year]
    possible = np.flatnonzero(earlier != NONE)
    rows = np.arange(len(pair))
    return [
        Block(
            "dependency",
            np.concatenate([rows, rows[possible]]),
            np.concatenate([starts[pair, year], earlier[possible]]),
            np.concatenate([np.ones(len(rows)), -np.ones(len(possible))]),
            np.zeros(len(rows)),
            np.stack([pair, year], axis=1),
        )
    ]


def _alternatives(layout: Layout, _: int) -> list[Block]:
    problem, last = layout.problem, layout.problem.years - 1
    if not problem.alternatives:
        return []
    groups = problem.alternatives
    row = np.repeat(np.arange(len(groups)), [len(group.items) for group in groups])
    items = np.array([item for group in groups for item in group.items], np.int64)
    column = layout.columns.by_year[items, last]
    row, column = row[column != NONE], column[column != NONE]
    about = np.arange(len(groups))[:, None]
    at_most = Block("alternatives", row, column, np.ones(len(row)), np.ones(len(groups)), about)
    needed = np.array([group.mandatory for group in groups], np.bool_)
    number = np.cumsum(needed) - 1
    inside = needed[row]
    at_least = Block(
        "mandatory",
        number[row[inside]],
        column[inside],
        -np.ones(inside.sum()),
        -np.ones(needed.sum()),
        about[needed],
    )
    return [at_most, at_least]


@dataclass(frozen=True, slots=True)
class Departures:
    """The items by which contracts are left, as far as they can be done by a year: a line an item and year.

    `contract`, `supplier` and `of` number contracts over all suppliers, and within each.
    """

    contract: Ints
    supplier: Ints
    column: Ints
    year: Ints
    of: Ints
    charge: Floats


def _members(layout: Layout) -> Departures:
    suppliers = layout.problem.suppliers
    customs = [
        (number, index, one) for number, supplier in enumerate(suppliers) for index, one in enumerate(supplier.customs)
    ]
    lines = np.array(
        [(index, number, item) for index, (number, _, custom) in enumerate(customs) for item in custom.items], np.int64
    ).reshape(-1, 3)
    column = layout.columns.by_year[lines[:, 2]]
    inside, year = np.nonzero(column != NONE)
    return Departures(
        contract=lines[inside, 0],
        supplier=lines[inside, 1],
        column=column[inside, year],
        year=year,
        of=np.array([(number, index) for number, index, _ in customs], np.int64).reshape(-1, 2),
        charge=np.array([custom.annual_pence for _, _, custom in customs], np.float64) / MILLION,
    )


def _suppliers(layout: Layout, _: int) -> list[Block]:
    problem = layout.problem
    if not problem.suppliers:
        return []
    members = _members(layout)
    works = np.arange(len(problem.suppliers) * problem.years)
    later = works[works % problem.years > 0] + layout.first_work
    return [
        _viability(layout, members, works),
        _differences("closed_for_good", later, later - 1),
        _nobody_left(layout, members),
    ]


def _viability(layout: Layout, members: Departures, works: Ints) -> Block:
    suppliers, years = layout.problem.suppliers, layout.problem.years
    need = np.array([one.need_pence for one in suppliers], np.float64) / MILLION
    total = np.array([one.total_pence for one in suppliers], np.float64) / MILLION
    return Block(
        "viability",
        np.concatenate([members.supplier * years + members.year, works]),
        np.concatenate([members.column, layout.first_work + works]),
        np.concatenate([members.charge[members.contract], np.repeat(need, years)]),
        np.repeat(total, years),
        np.stack([works // years, works % years], axis=1),
    )


def _nobody_left(layout: Layout, members: Departures) -> Block:
    years, count = layout.problem.years, len(members.of)
    of, when = np.repeat(members.of, years, axis=0), np.tile(np.arange(years), count)
    return Block(
        "nobody_left",
        np.concatenate([members.contract * years + members.year, np.arange(len(of))]),
        np.concatenate([members.column, layout.first_work + of[:, 0] * years + when]),
        -np.ones(len(members.column) + len(of)),
        -np.ones(len(of)),
        np.column_stack([of, when]),
    )


def _target(layout: Layout, _: int) -> list[Block]:
    if layout.problem.target_pence is None:
        return []
    worth = -layout.columns.by_done(layout.columns.value.astype(np.float64) / MILLION)
    column = np.flatnonzero(worth)
    at_most = np.array([-layout.problem.target_pence / MILLION])
    return [
        Block("target", np.zeros(len(column), np.int64), column, worth[column], at_most, np.zeros((1, 1), np.int64))
    ]


_RULES: Sequence[Callable[[Layout, int], list[Block]]] = (
    _once,
    _budgets,
    _go_lives,
    _dependencies,
    _alternatives,
    _suppliers,
    _target,
)


def _joined(layout: Layout, blocks: Sequence[Block]) -> Rows:
    problem, columns = layout.problem, layout.columns
    works = len(problem.suppliers) * problem.years
    carried = problem.years if problem.carry_over and problem.budgets_pence is not None else 0
    count = columns.count + works + carried
    upper = np.ones(count)
    upper[columns.count + works :] = np.inf
    lower = np.zeros(count)
    lower[: columns.count][columns.is_last] = columns.fixed[columns.item[columns.is_last]]
    objective = np.zeros(count)
    objective[: columns.count] = columns.by_done(columns.value.astype(np.float64) / UNIT)
    rows = Rows(
        objective=objective,
        lower=lower,
        upper=upper,
        is_whole=(np.arange(count) < columns.count + works).astype(np.float64),
        first=np.zeros(1, np.int64),
        column=np.zeros(0, np.int64),
        coefficient=np.zeros(0),
        at_most=np.zeros(0),
        spans={},
        about={},
        starts=columns.count,
        works=works,
    )
    return with_blocks(rows, blocks)


def with_blocks(rows: Rows, blocks: Sequence[Block]) -> Rows:
    """Return the rows with more of them."""
    sizes = [len(block.at_most) for block in blocks]
    ends = np.cumsum([len(rows.at_most), *sizes])
    row = np.concatenate([block.row + end for block, end in zip(blocks, ends[:-1], strict=True)] or [np.zeros(0)])
    order = np.argsort(row, kind="stable")
    spans, about = dict(rows.spans), dict(rows.about)
    for block, end in zip(blocks, ends[:-1], strict=True):
        begin = spans[block.rule][0] if block.rule in spans else int(end)
        about[block.rule] = np.concatenate([about[block.rule], block.about]) if block.rule in about else block.about
        spans[block.rule] = (begin, int(end) + len(block.at_most))
    added = np.bincount(row.astype(np.int64) - len(rows.at_most), minlength=sum(sizes)) if sizes else np.zeros(0)
    return replace(
        rows,
        first=np.concatenate([rows.first, rows.first[-1] + np.cumsum(added).astype(np.int64)]),
        column=np.concatenate([rows.column, *(block.column for block in blocks)])[
            np.concatenate([np.arange(len(rows.column)), len(rows.column) + order])
        ],
        coefficient=np.concatenate([rows.coefficient, *(block.coefficient for block in blocks)])[
            np.concatenate([np.arange(len(rows.column)), len(rows.column) + order])
        ],
        at_most=np.concatenate([rows.at_most, *(block.at_most for block in blocks)]),
        spans=spans,
        about=about,
    )
