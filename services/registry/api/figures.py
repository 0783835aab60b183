"""What a user brings to be restated: codes, with amounts and days where they have some, as JSON or as CSV."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from libs.common.errors import Reason
from libs.common.http.problems import Unprocessable
from services.registry.organisations import Code, Day
from services.registry.restatement import Figure

MOST_LINES = 20_000
MOST_DAYS = 400
_AMOUNT = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"
_LARGEST = 10**15

Whole = Annotated[int, Field(ge=-_LARGEST, le=_LARGEST, strict=True)]
Decimals = Annotated[str, StringConstraints(pattern=_AMOUNT)]


class FigureGiven(BaseModel):
    """One line: a code, of a day where that differs from the others' day, and an amount where it has one."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(examples=["07P"])
    amount: Whole | Decimals | None = Field(
        default=None, description="a whole number (such as pence), or decimals as text", examples=[12345, "-1200.50"]
    )
    day: Day | None = Field(default=None, description="of which day the code is", examples=["2020-06-30"])


class TableRefused(Unprocessable):
    """This cannot be read as codes with amounts and days."""


class FiguresGiven(BaseModel):
    """A column of codes, or a series of figures."""

    model_config = ConfigDict(extra="forbid")

    figures: list[FigureGiven] = Field(min_length=1, max_length=MOST_LINES)


_LINE: TypeAdapter[FigureGiven] = TypeAdapter(FigureGiven)


BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["figures"],
                "additionalProperties": False,
                "properties": {
                    "figures": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MOST_LINES,
                        "items": FigureGiven.model_json_schema(),
                    }
                },
            },
            "example": {"figures": [{"code": "07P", "amount": 12345}, {"code": "09A", "amount": "-1200.50"}]},
        },
        "text/csv": {"schema": {"type": "string"}, "example": "code,amount,day\r\n07P,12345,2020-06-30\r\n"},
    },
}
"""What OpenAPI says of such a body."""


def figures_sent(body: bytes, media_type: str) -> list[FigureGiven]:
    """Return the lines of a body, JSON or CSV by its media type. Raises TableRefused, RequestValidationError."""
    sort = media_type.partition(";")[0].strip().lower()
    if sort == "text/csv":
        try:
            return figures_in(body.decode())
        except UnicodeDecodeError as error:
            raise TableRefused("a table has to be in UTF-8") from error
    if sort != "application/json":
        raise TableRefused(f"{sort or 'no media type'}: send application/json or text/csv")
    try:
        return FiguresGiven.model_validate_json(body).figures
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False)
        raise RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in wrong]) from error


def figures_of(given: Sequence[FigureGiven], day: date) -> list[Figure]:
    """Return the lines, numbered from 1, each with its day. Raises TableRefused where they are of too many days."""
    days = {one.day or day for one in given}
    if len(days) > MOST_DAYS:
        raise TableRefused(f"{len(days)} different days: at most {MOST_DAYS} at once")
    return [
        Figure(number, one.code, one.day or day, None if one.amount is None else Decimal(one.amount))
        for number, one in enumerate(given, start=1)
    ]


def figures_in(table: str) -> list[FigureGiven]:
    """Read a table whose first line names the columns: `code`, and `amount` and `day` where it has them.

    Other columns are left alone. Raises TableRefused with every line that cannot be read.
    """
    reader = csv.DictReader(io.StringIO(table.removeprefix("\ufeff")))
    try:
        columns = [name.strip().lower() for name in reader.fieldnames or ()]
        if "code" not in columns:
            raise TableRefused("the first line names no column code")
        reader.fieldnames = columns
        rows = list(_rows(reader))
    except csv.Error as error:
        raise TableRefused(f"this is no CSV: {error}") from error
    found: list[FigureGiven] = []
    reasons: list[Reason] = []
    for line, row in rows:
        try:
            found.append(_LINE.validate_python({name: value for name, value in row.items() if value}))
        except ValidationError as error:
            reasons.extend(Reason(f"line {line}: {one['msg']}", str(one["loc"][0])) for one in error.errors())
    if not rows or len(rows) > MOST_LINES:
        reasons.append(Reason(f"{len(rows)} lines: there have to be 1 to {MOST_LINES}"))
    if reasons:
        raise TableRefused(f"{len(reasons)} reasons against this table", reasons=reasons)
    return found


def _rows(reader: "csv.DictReader[str]") -> Iterator[tuple[int, dict[str, str]]]:
    for row in reader:
        yield (
            reader.line_num,
            {name: (row.get(name) or "").strip() for name in ("code", "amount", "day")},
        )
