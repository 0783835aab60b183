"""Decides between lines of a file about one and the same by what they say, whatever their order."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from services.registry.imports.report import FileReport

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

REPEATED, TWICE = "repeated line", "stated twice"


def repeated(keys: Iterable[K]) -> set[K]:
    """Return the keys that occur more than once; only these lines have to be compared with each other."""
    seen: set[K] = set()
    again: set[K] = set()
    for key in keys:
        (again if key in seen else seen).add(key)
    return again


def later_end(last: date | None) -> date:
    """Return a last day as it is compared: no end is later than any."""
    return last or date.max


def decided(
    entries: Sequence[tuple[int, T]], code: str, precedence: Callable[[T], Any], rule: str, report: FileReport
) -> T:
    """Return which of several lines about one and the same is taken: the one of the highest `precedence`.

    Each other one becomes a finding, which names both lines, and by which `rule` the one was taken. Entries of equal
    precedence say the same.
    """
    line, taken = max(entries, key=lambda entry: (precedence(entry[1]), -entry[0]))
    for other, entry in entries:
        if other == line:
            continue
        if precedence(entry) == precedence(taken):
            report.find(REPEATED, code, f"line {other} repeats line {line}")
        else:
            report.find(TWICE, code, f"lines {line} and {other} differ: line {line} is taken, {rule}")
    return taken
