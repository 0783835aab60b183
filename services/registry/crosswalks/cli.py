"""The command `restate FILE`: a table of any length, restated line by line. Progress goes to stderr."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TextIO

from libs.common.database.connection import Database
from libs.common.errors import Reason
from libs.common.http import csv_text
from libs.common.service.app import Service
from libs.common.service.settings import DatabaseSettings
from services.registry.crosswalks.figures import FigureGiven, TableRefused, each_line, figure_of
from services.registry.crosswalks.restatement import (
    Figure,
    Series,
    Sums,
    Target,
    crosswalk_of,
    restated_cells,
    restated_lines,
)
from services.registry.crosswalks.views import RESTATED_HEADER, Basis

_AT_ONCE = 50_000
_MOST_REASONS = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "file", type=Path, help="a CSV table with a column `code`, and `amount` and `day` if it has them"
    )
    parser.add_argument("--from-day", type=date.fromisoformat, required=True, help="the day of lines that name none")
    parser.add_argument("--to-day", type=date.fromisoformat, required=True, help="the day to restate them to")
    parser.add_argument("--system", choices=("ods", "ons"), default="ods", help="the system of the codes")
    parser.add_argument("--by", type=Basis, choices=tuple(Basis), default=Basis.SUCCESSIONS, help="how to carry them")
    parser.add_argument("--to-level", choices=("stp", "icb", "region"), help="raise the bodies of the other day to it")
    parser.add_argument("--out", type=Path, help="the file for the table; left out, it goes to stdout")


async def restate(service: Service, given: argparse.Namespace) -> int:
    """Restate a table in the database that DATABASE_URL names; return 0, or 1 where there is no such file.

    The file is read twice: for its codes, days and decimal places, then line by line. What is in memory is the
    crosswalk of its codes, however many lines it has. Raises TableRefused before anything is written.
    """
    if not given.file.is_file():
        print(f"{given.file} is no file", file=sys.stderr)
        return 1
    url = DatabaseSettings.load().database_url
    database = Database(url, application_name=f"footprint-{service.name}-restate", pool_size=2)
    await database.open()
    try:
        series, codes = _expected(given.file, given.from_day)
        _say(f"{len(codes)} codes and days")
        target = Target(given.to_day, system=given.system, by=given.by, to_level=given.to_level)
        crosswalk = await crosswalk_of(database.bulk, codes, target)
    finally:
        await database.close()
    sums, done = Sums(), 0
    with _writing(given.out) as out, _reading(given.file) as text:
        out.write(csv_text.lines(RESTATED_HEADER, ()))
        figures = _figures(text, given.from_day)
        while some := list(islice(figures, _AT_ONCE)):
            rows = (line for figure in some for line in sums.of(figure, restated_lines(figure, crosswalk, series)))
            out.write(csv_text.rows(restated_cells(line, given.to_day) for line in rows))
            done += len(some)
            _say(f"{done} lines")
    _say(f"in {sums.amount_in:f}, carried {sums.amount_carried:f}, not carried {sums.amount_left:f}")
    return 0


def _expected(path: Path, day: date) -> tuple[Series, set[tuple[str, date]]]:
    """Read the codes with their days, and the decimal places. Raises TableRefused with the first unreadable lines."""
    series, codes, reasons = Series(), set[tuple[str, date]](), list[Reason]()
    with _reading(path) as text:
        for number, one in enumerate(each_line(text), start=1):
            if isinstance(one, FigureGiven):
                figure = figure_of(number, one, day)
                series.expect(figure)
                codes.add((figure.code, figure.day))
            else:
                reasons += one
            if len(reasons) >= _MOST_REASONS:
                break
    if reasons or not codes:
        raise TableRefused("; ".join(one.message for one in reasons) or "no line", reasons=reasons)
    return series, codes


def _figures(text: TextIO, day: date) -> Iterator[Figure]:
    for number, one in enumerate(each_line(text), start=1):
        if isinstance(one, FigureGiven):
            yield figure_of(number, one, day)


@contextmanager
def _reading(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            yield text
    except UnicodeDecodeError as error:
        raise TableRefused("a table has to be in UTF-8") from error


@contextmanager
def _writing(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with path.open("w", encoding="utf-8", newline="") as out:
        yield out


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
