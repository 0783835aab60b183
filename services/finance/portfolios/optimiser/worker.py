"""The optimiser's process: a problem on standard input, progress and the answer as lines of JSON on standard output.

It ends when its standard input does: whoever started it is gone then.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

from services.finance.portfolios.jobs import WorkerJob
from services.finance.portfolios.optimiser.answer import answer
from services.finance.portfolios.optimiser.solver import Effort

_SAY_SECONDS = 0.5
_ORPHANED = 3
_NICE = 10
_PATIENCE, _SPARE_SECONDS = 3, 60


def main() -> None:
    """Solve the problem of the first line."""
    # Libraries that print to standard output must not come between the lines.
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    job = WorkerJob.model_validate_json(sys.stdin.readline())
    os.nice(_NICE)
    # The signal ends the process whatever the solver does.
    signal.alarm(round(job.seconds * _PATIENCE + _SPARE_SECONDS))
    threading.Thread(target=_end_with_starter, daemon=True).start()
    effort = Effort(gap=float(job.gap), seconds=job.seconds, threads=job.threads)
    result = answer(job.problem, effort, _saying(lines.write), curve=job.curve)
    lines.write(json.dumps({"answer": result.model_dump(mode="json")}) + "\n")
    lines.flush()
    os._exit(0)


def _end_with_starter() -> None:
    sys.stdin.read()
    os._exit(_ORPHANED)


def _saying(write: Callable[[str], int]) -> Callable[[str, int | None, int | None], None]:
    """Return what prints the progress, a stage's first word at once and then twice a second."""
    last, before = 0.0, ""

    def say(stage: str, value: int | None, bound: int | None) -> None:
        nonlocal last, before
        now = time.monotonic()
        if stage != before or now - last >= _SAY_SECONDS:
            last, before = now, stage
            write(json.dumps({"stage": stage, "value_pence": value, "bound_pence": bound}) + "\n")

    return say


if __name__ == "__main__":
    main()
