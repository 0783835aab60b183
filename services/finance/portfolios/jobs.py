"""What the optimiser's process is asked: one line of JSON on its standard input."""

from pydantic import BaseModel, ConfigDict

from services.finance.plans.problem import Problem

WORKER = "services.finance.portfolios.optimiser.worker"
"""The module that `python -m` starts."""


MOST_BYTES = 2**26
"""The longest line that it prints: an answer."""


class WorkerJob(BaseModel):
    """A problem, and how much may be spent on it: the gap that is enough, seconds, threads, whether with the curve."""

    model_config = ConfigDict(frozen=True)

    problem: Problem
    gap: str
    seconds: float
    threads: int
    curve: bool
