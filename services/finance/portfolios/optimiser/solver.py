"""Runs HiGHS on rows: the linear relaxation with its multipliers, and the whole-number problem with its bound."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from highspy import HighsModelStatus

from services.finance.portfolios.optimiser.builder import Rows
from services.finance.portfolios.optimiser.columns import Floats

VERSION = "HiGHS " + ".".join(
    map(str, (highspy.HIGHS_VERSION_MAJOR, highspy.HIGHS_VERSION_MINOR, highspy.HIGHS_VERSION_PATCH))
)
_TOLERANCE = 1e-6
_SMALLEST_GAP = 1e-5
"""In units of the objective: a tenth of a penny."""
_MAXIMISE = -1
_BY_ROWS = 2

Report = Callable[[float, float], None]
"""Gets the best value so far and the bound, in units of the objective, while the solver runs."""


@dataclass(frozen=True, slots=True)
class Company:
    """What a solver exchanges with others while it runs: plans as values of its columns, and whether to stop.

    `better` gives a plan that was found elsewhere since it was last asked, or None; `found` gets each better one.
    """

    better: Callable[[], Floats | None] = lambda: None
    found: Callable[[Floats], None] = lambda _: None
    is_over: Callable[[], bool] = lambda: False


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is spent on one problem: the relative gap that is enough, wall-clock seconds, threads."""

    gap: float
    seconds: float
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver says: the values where it has any, its bound (in units of the objective), whether no plan is."""

    values: Floats | None
    bound: float
    is_infeasible: bool
    is_solved: bool
    """Whether the gap that was asked for is reached."""
    processor_seconds: float


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The linear relaxation: the price of each row, the columns, and whether it is infeasible already."""

    prices: Floats | None
    values: Floats | None
    is_infeasible: bool
    processor_seconds: float


def relax(rows: Rows, effort: Effort) -> Relaxation:
    """Solve the problem without whole numbers. Its prices are rounded and checked elsewhere before they count."""
    highs = _loaded(rows, effort, whole=False)
    began = time.thread_time()
    highs.run()
    took = time.thread_time() - began
    status = highs.getModelStatus()
    if status == HighsModelStatus.kOptimal:
        solution = highs.getSolution()
        return Relaxation(np.array(solution.row_dual), np.array(solution.col_value), False, took)
    return Relaxation(None, None, _is_infeasible(status), took)


def solve(
    rows: Rows,
    effort: Effort,
    *,
    start: Floats | None = None,
    bounds: tuple[Floats, Floats] | None = None,
    report: Report | None = None,
    company: Company | None = None,
) -> Solution:
    """Solve the problem; from a plan to start with, within narrower bounds, in company with other solvers."""
    highs = _loaded(rows, effort, whole=True, bounds=bounds)
    if start is not None:
        given = highspy.HighsSolution()
        given.col_value = start.tolist()
        highs.setSolution(given)
    if report is not None:
        hear = report
        highs.cbMipLogging.subscribe(lambda event: hear(event.data_out.mip_primal_bound, event.data_out.mip_dual_bound))
    if company is not None:
        _join(highs, company)
    began = time.thread_time()
    highs.run()
    took = time.thread_time() - began
    status, info = highs.getModelStatus(), highs.getInfo()
    has_plan = np.isfinite(info.mip_dual_bound) and info.primal_solution_status == 2
    values = np.array(highs.getSolution().col_value) if has_plan else None
    is_solved = status == HighsModelStatus.kOptimal
    return Solution(values, float(info.mip_dual_bound), _is_infeasible(status), is_solved, took)


def _join(highs: highspy.Highs, company: Company) -> None:
    def take(event: Any) -> None:
        if (given := company.better()) is not None:
            event.data_in.setSolution(given)

    def stop(event: Any) -> None:
        event.data_in.user_interrupt = company.is_over()

    highs.cbMipUserSolution.subscribe(take)
    highs.cbMipImprovingSolution.subscribe(lambda event: company.found(np.array(event.data_out.mip_solution)))
    highs.cbMipInterrupt.subscribe(stop)


def _is_infeasible(status: HighsModelStatus) -> bool:
    # No column is unbounded but the money carried over, which is worth nothing.
    return status in (HighsModelStatus.kInfeasible, HighsModelStatus.kUnboundedOrInfeasible)


def silent() -> highspy.Highs:
    """Return a solver that prints nothing and computes in the calling thread alone."""
    highs = highspy.Highs()
    # Without any output it would not tell how far it is either.
    highs.setOptionValue("log_to_console", False)
    # With threads of its own HiGHS 1.16 came back from no time limit now and then.
    highs.setOptionValue("threads", 1)
    return highs


def _loaded(rows: Rows, effort: Effort, *, whole: bool, bounds: tuple[Floats, Floats] | None = None) -> highspy.Highs:
    lower, upper = (rows.lower, rows.upper) if bounds is None else bounds
    highs = silent()
    options = {
        "time_limit": max(0.1, effort.seconds),
        "mip_rel_gap": effort.gap,
        "mip_abs_gap": _SMALLEST_GAP,
        "primal_feasibility_tolerance": _TOLERANCE,
        "mip_feasibility_tolerance": _TOLERANCE,
    }
    for name, value in options.items():
        highs.setOptionValue(name, value)
    highs.passModel(
        len(rows.objective),
        len(rows.at_most),
        len(rows.column),
        _BY_ROWS,
        _MAXIMISE,
        0.0,
        rows.objective,
        lower,
        upper,
        np.full(len(rows.at_most), -np.inf),
        rows.at_most,
        rows.first.astype(np.int32),
        rows.column.astype(np.int32),
        rows.coefficient,
        (rows.is_whole if whole else np.zeros(len(rows.objective))).astype(np.int32),
    )
    return highs
