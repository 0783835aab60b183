"""`python -m bench [NAME ...]`: run benchmarks, print a table for people or JSON for machines."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib import import_module

import uvloop

from bench.machine import keep_nothing_apart, others, put_on
from bench.runner import FULL, TINY, Absent, Benchmark, Outcome, Size, document, machine, run, table
from bench.servers import sharing

NAMES = (
    "reads",
    "versions",
    "commands",
    "middleware",
    "outbox",
    "relay",
    "projection",
    "latency",
    "takeover",
    "cascade",
    "novations",
    "dated",
    "restating",
    "remaking",
    "exits",
    "laptop",
    "imports",
    "payments",
    "questions",
    "acting",
    "stall",
    "portfolio",
    "simulation",
    "deciding",
    "dossiers",
    "quorums",
    "conflicts",
    "branching",
    "console",
)


def benchmark(name: str) -> Benchmark:
    """Return the benchmark of this name, which is its module's."""
    found: Benchmark = import_module(f"bench.{name}").BENCHMARK
    return found


async def run_all(names: Sequence[str], size: Size, *, as_json: bool) -> None:
    """Run these benchmarks one after the other, and print each as soon as it is done."""
    facts = machine()
    if not as_json:
        print("  ".join(f"{name} {value}" for name, value in facts.items()), end="\n\n", flush=True)
    outcomes: list[Outcome] = []
    for name in names:
        try:
            outcomes.append(await run(benchmark(name), size))
        except Absent as reason:
            print(f"{name}: not measured: {reason}\n", file=sys.stderr, flush=True)
            continue
        if not as_json:
            print(table(outcomes[-1]), flush=True)
    if as_json:
        print(document(facts, outcomes))
    else:
        missed = [f"{outcome.benchmark.name}: {aim.name}" for outcome in outcomes for aim in outcome.missed]
        print("missed: " + "; ".join(missed) if missed else "every aim is reached")


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all of them if left out")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--tiny", action="store_true", help="one short round on shared servers: only to see it run")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.names) - set(NAMES)):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(NAMES)}")
    # Servers that we started end with us, however we are asked to end.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if given.tiny:
        keep_nothing_apart()
    put_on(others())
    try:
        with (
            sharing() if given.tiny else nullcontext(),
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(run_all(given.names or NAMES, TINY if given.tiny else FULL, as_json=given.json))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
