"""What every run's process does: inputs on standard input, progress and the answer as lines of JSON on standard output.

It ends when its standard input does: whoever started it is gone then.
"""

import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from pydantic import BaseModel

_ORPHANED = 3
_NICE = 10

Print = Callable[[Mapping[str, Any]], object]
"""Prints one line of progress."""


def serve(work: Callable[[str, Print], BaseModel]) -> None:
    """Read the line of inputs, print what `work` makes of it, and end the process."""
    # Libraries that print to standard output must not come between the lines.
    lines = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    inputs = sys.stdin.readline()
    os.nice(_NICE)
    threading.Thread(target=_end_with_starter, daemon=True).start()
    result = work(inputs, lambda progress: lines.write(json.dumps(progress) + "\n"))
    lines.write(json.dumps({"answer": result.model_dump(mode="json")}) + "\n")
    lines.flush()
    os._exit(0)


def end_after(seconds: float) -> None:
    """End the process by a signal after so long, whatever a library does."""
    signal.alarm(round(seconds))


def within(most_bytes: int) -> None:
    """Limit the memory that the process may write to: a library that is refused more ends it.

    Not its address space, of which a chart's engine reserves far more than it uses.
    """
    # Where memory is refused, Rust aborts: without a trace and without a dump.
    os.environ["RUST_BACKTRACE"] = "0"
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(ValueError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, most_bytes))


def _end_with_starter() -> None:
    sys.stdin.read()
    os._exit(_ORPHANED)
