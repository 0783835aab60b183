"""Killed around a commit of any service, a merger and a consolidation end as if nobody had killed them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.crash_points.runs import RUNS

ROOT = Path(__file__).parents[2]
EVERY = {"merger": 20, "consolidation": 120}
"""One crash point of so many is tried; `make crash-points` tries all of them."""


@pytest.mark.parametrize("run", RUNS)
def test_a_run_that_is_killed_ends_as_one_that_is_not(run: str) -> None:
    command = [sys.executable, "-m", "tests.faults.crash_points", run, "--every", str(EVERY[run])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 ended otherwise" in done.stdout
