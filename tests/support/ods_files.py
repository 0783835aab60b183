"""Files in the shapes that ODS publishes, written for a test."""

import csv
from collections.abc import Iterable
from pathlib import Path


def body(code: str, name: str, opened: str, closed: str = "", **columns: str) -> list[str]:
    """A line of 27 columns; `c12="A"` sets one by its number."""
    line = [""] * 27
    line[0], line[1], line[10], line[11] = code, name, opened, closed
    for column, value in columns.items():
        line[int(column[1:])] = value
    return line


def practice(code: str, opened: str, parent: str, joined: str, closed: str = "", status: str = "A") -> list[str]:
    """A line of the practice file about a general practice."""
    return body(code, f"{code} SURGERY", opened, closed, c12=status, c14=parent, c15=joined, c25="4")


def write(folder: Path, name: str, lines: Iterable[list[str]]) -> Path:
    """A file without a header, all quoted, latin-1."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    with path.open("w", encoding="latin-1", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(lines)
    return path


def successions(folder: Path, name: str, *rows: tuple[str, str, str]) -> Path:
    """A file of the five columns that NHS Digital publishes: old, new, reason, day, indicator."""
    return write(folder, name, [[old, new, "R", day, "0"] for old, new, day in rows])
