"""Columns that are being restated, for two hours: they can be left and found again, and their files read at once.

A column is restated part by part, one or a few for each time that its page is asked for. So nothing runs between two
requests, any process of the console can continue, and what is lost with the file costs a repeat.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from console.crosswalks.column import ColumnLine
from console.crosswalks.outcomes import RestatedLine, Sums

_FIELDS = tuple(field.name for field in fields(RestatedLine))
SECONDS = 2 * 3600
_SCHEMA = """
CREATE TABLE state (lines INTEGER NOT NULL, done INTEGER NOT NULL, content TEXT NOT NULL);
CREATE TABLE sent (at INTEGER PRIMARY KEY, content TEXT NOT NULL);
CREATE TABLE line (carried INTEGER NOT NULL, at INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (carried, at))
WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Restatement:
    """What was asked of a column, and what came of it so far."""

    asked: Mapping[str, str]
    sums: Sums
    lines: int
    """How many lines were sent."""
    names: Mapping[str, str] | None
    """The names of the bodies of the other day; None before they are looked up."""

    @property
    def is_whole(self) -> bool:
        """Whether every line is restated, or found not to be."""
        return self.sums.lines >= self.lines


class Restatements:
    """One file a column, which only the session that sent it can name."""

    def __init__(self, folder: Path, secret: str) -> None:
        self._folder, self._secret = folder, secret

    def begin(self, lines: Sequence[ColumnLine], asked: Mapping[str, str]) -> str:
        """Store a column and return its reference."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        reference = secrets.token_urlsafe(18)
        file = self._file(reference)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        content = {"asked": dict(asked), "sums": Sums().as_json(), "names": None}
        with closing(sqlite3.connect(file)) as rows, rows:
            rows.executescript(_SCHEMA)
            rows.execute("INSERT INTO state VALUES (?, 0, ?)", (len(lines), json.dumps(content)))
            rows.executemany("INSERT INTO sent VALUES (?, ?)", enumerate(map(_as_sent, lines)))
        return reference

    def find(self, reference: str) -> Restatement | None:
        """Return what came of a column so far; None where it is not stored, or is another session's."""
        if not self._file(reference).exists():
            return None
        with self._open(reference) as rows:
            lines, content = rows.execute("SELECT lines, content FROM state").fetchone()
        stored: dict[str, Any] = json.loads(content)
        return Restatement(stored["asked"], Sums.of(stored["sums"]), lines, stored["names"])

    def next_lines(self, reference: str, done: int, *, most: int) -> list[ColumnLine]:
        """Return the lines that follow those that are done."""
        with self._open(reference) as rows:
            found = rows.execute("SELECT content FROM sent WHERE at >= ? ORDER BY at LIMIT ?", (done, most)).fetchall()
        return [_from_sent(content) for (content,) in found]

    def add(self, reference: str, about: Restatement, answer: Mapping[str, Any], part: Sequence[ColumnLine]) -> None:
        """Add the answer about the part that follows; nothing happens where another request was quicker."""
        before = (about.sums.lines, about.sums.carried, about.sums.left)
        carried, left = about.sums.add(answer, part)
        with self._open(reference) as rows, rows:
            if self._write(rows, about, before[0]):
                _insert(rows, 1, before[1], carried)
                _insert(rows, 0, before[2], left)

    def name(self, reference: str, about: Restatement, names: Mapping[str, str]) -> None:
        """Store the names of the bodies of the other day."""
        named = Restatement(about.asked, about.sums, about.lines, names)
        with self._open(reference) as rows, rows:
            self._write(rows, named, about.sums.lines)

    def lines(self, reference: str, *, carried: bool, after: int = 0, limit: int = -1) -> Iterator[RestatedLine]:
        """Yield its restated lines from a position on."""
        with self._open(reference) as rows:
            found = rows.execute(
                "SELECT content FROM line WHERE carried = ? AND at >= ? ORDER BY at LIMIT ?", (carried, after, limit)
            )
            for (content,) in found:
                given = dict(zip(_FIELDS, json.loads(content), strict=True))
                yield RestatedLine(**{**given, "marks": tuple(given["marks"])})

    def _write(self, rows: sqlite3.Connection, about: Restatement, done: int) -> bool:
        content = json.dumps({"asked": dict(about.asked), "sums": about.sums.as_json(), "names": about.names})
        written = rows.execute(
            "UPDATE state SET done = ?, content = ? WHERE done = ?", (about.sums.lines, content, done)
        )
        return written.rowcount == 1

    def _open(self, reference: str) -> "closing[sqlite3.Connection]":
        return closing(sqlite3.connect(self._file(reference), timeout=10))

    def _file(self, reference: str) -> Path:
        name = hashlib.sha256(f"{reference} {self._secret}".encode()).hexdigest()
        return self._folder / f"{name}.db"

    def _sweep(self) -> None:
        oldest = time.time() - SECONDS
        for file in self._folder.glob("*.db"):
            try:
                if file.stat().st_mtime < oldest:
                    file.unlink()
            except FileNotFoundError:  # another process was quicker
                continue


def _insert(rows: sqlite3.Connection, carried: int, first: int, lines: Iterable[RestatedLine]) -> None:
    listed = (json.dumps([getattr(line, name) for name in _FIELDS]) for line in lines)
    found = ((carried, at, content) for at, content in enumerate(listed, start=first))
    rows.executemany("INSERT INTO line VALUES (?, ?, ?)", found)


def _as_sent(line: ColumnLine) -> str:
    return json.dumps([line.number, line.code, line.amount, line.day.isoformat() if line.day else None])


def _from_sent(content: str) -> ColumnLine:
    number, code, amount, day = json.loads(content)
    return ColumnLine(number, code, amount, date.fromisoformat(day) if day else None)
