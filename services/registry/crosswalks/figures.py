"""Reads columns of codes, or of figures with their codes and days, from CSV: whole, or line by line."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from libs.common.errors import Reason
from libs.common.http.problems import Unprocessable
from services.registry.core.codes import Code, Day
from services.registry.crosswalks.restatement import Figure

MOST_LINES = 20_000
MOST_DAYS = 400
_AMOUNT = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"
_LARGEST = 10**15

Whole = Annotated[int, Field(ge=-_LARGEST, le=_LARGEST, strict=True)]
Decimals = Annotated[str, StringConstraints(pattern=_AMOUNT)]


class FigureGiven(BaseModel):
    """One line: a code, with its day where that differs from `from_day`, and its amount where it has one."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(examples=["07P"])
    amount: Whole | Decimals | None = Field(
        default=None, description="a whole number (such as pence), or decimals as text", examples=[12345, "-1200.50"]
    )
    day: Day | None = Field(default=None, description="the day of the code", examples=["2020-06-30"])


class TableRefused(Unprocessable):
    """The table cannot be read as codes with amounts and days.

    Send JSON or CSV in UTF-8, with the columns that the operation describes. `reasons` names the lines that are wrong.
    """


_LINE: TypeAdapter[FigureGiven] = TypeAdapter(FigureGiven)
_COLUMNS = ("code", "amount", "day")


def figures_of(given: Sequence[FigureGiven], day: date) -> list[Figure]:
    """Return the lines, numbered from 1, each with its day. Raises TableRefused where there are too many days."""
    days = {one.day or day for one in given}
    if len(days) > MOST_DAYS:
        raise TableRefused(f"{len(days)} different days: at most {MOST_DAYS} at once")
    return [figure_of(number, one, day) for number, one in enumerate(given, start=1)]


def figure_of(number: int, given: FigureGiven, day: date) -> Figure:
    """Return a line with its number, and with its day or the given one."""
    return Figure(number, given.code, given.day or day, None if given.amount is None else Decimal(given.amount))


def figures_in(text: Iterable[str]) -> list[FigureGiven]:
    """Return the lines of a table whose first line names the columns: `code`, `amount` and `day` where it has them.

    Other columns are ignored. Raises TableRefused with every line that cannot be read.
    """
    found: list[FigureGiven] = []
    reasons: list[Reason] = []
    rows = 0
    for rows, one in enumerate(each_line(text), start=1):  # noqa: B007  (counted)
        if isinstance(one, FigureGiven):
            found.append(one)
        else:
            reasons.extend(one)
    if not rows or rows > MOST_LINES:
        reasons.append(Reason(f"{rows} lines: there have to be 1 to {MOST_LINES}"))
    if reasons:
        raise TableRefused(f"{len(reasons)} reasons against this table", reasons=reasons)
    return found


def each_line(text: Iterable[str]) -> Iterator[FigureGiven | list[Reason]]:
    """Yield each line of a table, or the reasons why it cannot be read. Raises TableRefused where this is no table."""
    reader = csv.reader(text)
    try:
        columns = [name.removeprefix("\ufeff").strip().lower() for name in next(reader, ())]
        if "code" not in columns:
            raise TableRefused("the first line names no column code")
        at = [(name, columns.index(name)) for name in _COLUMNS if name in columns]
        for row in reader:
            if row:
                yield _line({name: row[number].strip() for name, number in at if number < len(row)}, reader.line_num)
    except csv.Error as error:
        raise TableRefused(f"this is no CSV: {error}") from error


def _line(row: dict[str, str], line: int) -> FigureGiven | list[Reason]:
    try:
        return _LINE.validate_python({name: value for name, value in row.items() if value})
    except ValidationError as error:
        return [Reason(f"line {line}: {one['msg']}", str(one["loc"][0])) for one in error.errors()]
