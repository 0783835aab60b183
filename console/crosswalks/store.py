"""Restated columns for two hours, so that their pages and files need no second question; losing one costs a repeat."""

import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from console.crosswalks.restated import RestatedColumn, RestatedLine

_FIELDS = tuple(field.name for field in fields(RestatedLine))
SECONDS = 2 * 3600
_SCHEMA = """
CREATE TABLE about (content TEXT NOT NULL);
CREATE TABLE line (carried INTEGER NOT NULL, at INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (carried, at))
WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Restatement:
    """What was asked and what came of it, without the lines."""

    asked: Mapping[str, str]
    names: Mapping[str, str]
    totals: tuple[tuple[str, int, str], ...]
    """Of each body of the other day: code, lines, amount; the amount is empty where no line has one."""
    has_amounts: bool
    amount_in: str
    amount_carried: str
    amount_left: str
    lines: int
    carried: int
    left: int


class Restatements:
    """One file a restatement, which only the session that made it can name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, column: RestatedColumn, asked: Mapping[str, str], names: Mapping[str, str], *, secret: str) -> str:
        """Store a restated column and return its reference."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        reference = secrets.token_urlsafe(18)
        file = self._file(reference, secret)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        counts, lines = column.lines_of(), [*column.carried, *column.left]
        has_amounts = any(line.amount for line in lines)
        about = {
            "asked": dict(asked),
            "names": dict(names),
            "totals": [
                (code, counts.get(code, 0), f"{column.totals[code]:f}" if code in column.totals else "")
                for code in column.to_codes
            ],
            "has_amounts": has_amounts,
            "amount_in": f"{column.amount_in:f}",
            "amount_carried": f"{column.amount_carried:f}",
            "amount_left": f"{column.amount_left:f}",
            "lines": len({line.number for line in lines}),
            "carried": len(column.carried),
            "left": len(column.left),
        }
        with closing(sqlite3.connect(file)) as rows, rows:
            rows.executescript(_SCHEMA)
            rows.execute("INSERT INTO about VALUES (?)", (json.dumps(about),))
            for carried, some in ((1, column.carried), (0, column.left)):
                rows.executemany(
                    "INSERT INTO line VALUES (?, ?, ?)",
                    (
                        (carried, at, json.dumps([getattr(line, name) for name in _FIELDS]))
                        for at, line in enumerate(some)
                    ),
                )
        return reference

    def find(self, reference: str, *, secret: str) -> Restatement | None:
        """Return what came of a column; None where it is not stored, or is another session's."""
        file = self._file(reference, secret)
        if not file.exists():
            return None
        with closing(sqlite3.connect(file)) as rows:
            (content,) = rows.execute("SELECT content FROM about").fetchone()
        about: dict[str, Any] = json.loads(content)
        return Restatement(**{**about, "totals": tuple(tuple(one) for one in about["totals"])})

    def lines(
        self, reference: str, *, secret: str, carried: bool, after: int = 0, limit: int = -1
    ) -> Iterator[RestatedLine]:
        """Yield its lines from a position on."""
        with closing(sqlite3.connect(self._file(reference, secret))) as rows:
            found = rows.execute(
                "SELECT content FROM line WHERE carried = ? AND at >= ? ORDER BY at LIMIT ?", (carried, after, limit)
            )
            for (content,) in found:
                given = dict(zip(_FIELDS, json.loads(content), strict=True))
                yield RestatedLine(**{**given, "marks": tuple(given["marks"])})

    def _file(self, reference: str, secret: str) -> Path:
        name = hashlib.sha256(f"{reference} {secret}".encode()).hexdigest()
        return self._folder / f"{name}.db"

    def _sweep(self) -> None:
        oldest = time.time() - SECONDS
        for file in self._folder.glob("*.db"):
            try:
                if file.stat().st_mtime < oldest:
                    file.unlink()
            except FileNotFoundError:  # another process was quicker
                continue
