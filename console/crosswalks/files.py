"""The files of a restated column, made in a process of their own: a long one holds up no other page.

Two are made at once at the most, and one that takes longer than its deadline is given up. The process reads what to
make as a line of JSON on standard input, and writes the file to standard output.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from console.core.csv_files import table_as_csv
from console.crosswalks.outcomes import HEADS
from console.crosswalks.store import Restatements
from console.crosswalks.workbook import workbook_of
from libs.common.process import logs

LINES: Final = "lines.csv"
WORKBOOK: Final = "workbook.xlsx"
MOST_AT_ONCE: Final = 2
SECONDS: Final = 120.0
"""How long a file may take, the wait for another included; 100,000 lines take some ten."""
_ROOT: Final = Path(__file__).parents[2]
_log = logs.logger(__name__)


@dataclass(frozen=True, slots=True)
class ColumnFile:
    """A file of a column: which one, and where the column is stored for its session."""

    kind: str
    folder: Path
    secret: str
    reference: str

    @property
    def line(self) -> bytes:
        """As the process reads it: not among its arguments, which others may see."""
        return json.dumps([self.kind, str(self.folder), self.secret, self.reference]).encode() + b"\n"


@cache
def _room() -> asyncio.Semaphore:
    return asyncio.Semaphore(MOST_AT_ONCE)


async def made(file: ColumnFile, *, seconds: float = SECONDS) -> bytes | None:
    """Return a file; None where it was not made in time."""
    try:
        async with asyncio.timeout(seconds), _room():
            return await _made(file)
    except (TimeoutError, OSError) as error:
        _log.warning("a file is not made", kind=file.kind, reason=type(error).__name__)
        return None


async def _made(file: ColumnFile) -> bytes | None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__), cwd=_ROOT, stdin=pipe, stdout=pipe
    )
    try:
        content, _ = await process.communicate(file.line)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return content if process.returncode == 0 else None


def content_of(file: ColumnFile) -> bytes:
    """Return the content of a file. Raises LookupError where the column is not stored any longer."""
    store = Restatements(file.folder, file.secret)
    about = store.find(file.reference)
    if about is None:
        raise LookupError(file.reference)
    if file.kind == WORKBOOK:
        carried, left = (store.lines(file.reference, carried=one) for one in (True, False))
        return workbook_of(about, carried, left)
    return table_as_csv(HEADS, _rows(store, file.reference, about.names or {}))


def _rows(store: Restatements, reference: str, names: Mapping[str, str]) -> list[Sequence[Any]]:
    """Return all lines as rows of a file, in the order in which they were sent."""
    lines = [*store.lines(reference, carried=True), *store.lines(reference, carried=False)]
    return [line.cells(names) for line in sorted(lines, key=lambda line: line.number)]


def main() -> None:
    """Write the file that the line on standard input names."""
    kind, folder, secret, reference = json.loads(sys.stdin.buffer.readline())
    sys.stdout.buffer.write(content_of(ColumnFile(kind, Path(folder), secret, reference)))


if __name__ == "__main__":
    main()
