"""The optimiser's process: a problem on standard input, progress and the answer as lines of JSON on standard output."""

import time
from collections.abc import Callable

from services.finance.portfolios.jobs import WorkerJob
from services.finance.portfolios.optimiser.answer import answer
from services.finance.portfolios.optimiser.solver import Effort
from services.finance.portfolios.views import Answer
from services.finance.runs.worker import Print, end_after, serve

_SAY_SECONDS = 0.5
_PATIENCE, _SPARE_SECONDS = 3, 60


def _solved(inputs: str, write: Print) -> Answer:
    """Solve a problem; the signal ends the process whatever the solver does."""
    job = WorkerJob.model_validate_json(inputs)
    end_after(job.seconds * _PATIENCE + _SPARE_SECONDS)
    effort = Effort(gap=float(job.gap), seconds=job.seconds, threads=job.threads)
    return answer(job.problem, effort, _saying(write), curve=job.curve)


def _saying(write: Print) -> Callable[[str, int | None, int | None], None]:
    """Return what prints the progress, a stage's first word at once and then twice a second."""
    last, before = 0.0, ""

    def say(stage: str, value: int | None, bound: int | None) -> None:
        nonlocal last, before
        now = time.monotonic()
        if stage != before or now - last >= _SAY_SECONDS:
            last, before = now, stage
            write({"stage": stage, "value_pence": value, "bound_pence": bound})

    return say


if __name__ == "__main__":
    serve(_solved)
