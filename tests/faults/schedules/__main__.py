"""Runs many schedules: `python -m tests.faults.schedules 100000`, from seed 0 or a second number on."""

import sys
import time

from tests.faults.schedules.invariants import check
from tests.faults.schedules.schedule import run

_SAY_EVERY = 1_000


def main(count: int, first: int = 0) -> int:
    """Run so many schedules, and say how far it is; return how many broke an invariant."""
    began, broken = time.monotonic(), 0
    for seed in range(first, first + count):
        try:
            check(run(seed))
        except AssertionError as error:
            broken += 1
            print(f"seed {seed}: {error}")
        if (seed + 1 - first) % _SAY_EVERY == 0:
            print(f"{seed + 1 - first} of {count}, {broken} broken, {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(f"{count} schedules from seed {first}: {broken} broke an invariant")
    return broken


if __name__ == "__main__":
    sys.exit(1 if main(*(int(argument) for argument in sys.argv[1:3])) else 0)
