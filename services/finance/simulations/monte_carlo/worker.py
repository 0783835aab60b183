"""The process of a simulation: a question on standard input, progress and the answer on standard output."""

import os

# Before numpy is loaded: sums in one order, and one processor for one run.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from services.finance.runs.worker import Print, end_after, serve
from services.finance.simulations.jobs import SimulationJob
from services.finance.simulations.monte_carlo.answer import answer
from services.finance.simulations.views import SimulationAnswer

_MOST_SECONDS = 600


def _simulated(inputs: str, write: Print) -> SimulationAnswer:
    end_after(_MOST_SECONDS)
    job = SimulationJob.model_validate_json(inputs)
    return answer(job, lambda stage, runs: write({"stage": stage, "runs": runs}))


if __name__ == "__main__":
    serve(_simulated)
