"""Killed around a commit of any service, a merger and a consolidation end as if nobody had killed them."""

import subprocess
import sys
from pathlib import Path

from tests.faults.crash_points.runs import RUNS

ROOT = Path(__file__).parents[2]
EVERY = {"merger": 10, "consolidation": 20}
"""One crash point of so many is tried; `make crash-points` tries all of them."""


def test_runs_that_are_killed_end_as_those_that_are_not() -> None:
    every = [str(EVERY[run]) for run in RUNS]
    command = [sys.executable, "-m", "tests.faults.crash_points", *RUNS, "--every", *every]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(" 0 ended otherwise") == len(RUNS)
