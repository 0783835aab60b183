"""Parses one line of an ODS file of 27 columns, or says why it cannot be imported."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from libs.common.temporal.days import EARLIEST, LATEST
from services.registry.core.kinds import Kind
from services.registry.imports.formats.source_file import SourceFile
from services.registry.imports.report import FileReport, excerpt

COLUMNS = 27

Columns = list[str]
KindOf = Callable[[Columns], Kind]
Status = Literal["open", "proposed", "dormant"]

_NO_END, _ISO_NO_END = "99991231", "9999-12-31"
_LONGEST_VALUE = 20
_CODE = re.compile(r"[A-Z0-9]{1,12}")
_GENERAL_PRACTICE = "4"
_STATUSES: dict[str, Status] = {"P": "proposed", "D": "dormant"}


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation as a line describes it. `last_day` and `left_on` are inclusive, as in ODS.

    `geography` is the body that it was counted under on the file's day, and `region` that of the geography.
    """

    line: int
    code: str
    name: str
    kind: Kind
    status: Status
    opened_on: date
    last_day: date | None
    address: str
    region: str | None
    geography: str | None
    commissioner: str | None = None
    joined_on: date | None = None
    left_on: date | None = None


class Unusable(ValueError):
    """A line has nothing that can be imported."""


def bodies_in(file: SourceFile, kind_of: KindOf, report: FileReport) -> Iterator[Body]:
    """Yield the organisation of each line; a line that cannot be imported is refused in the report."""
    seen: dict[str, int] = {}
    for line, columns in file.lines():
        report.lines += 1
        code = columns[0]
        try:
            if code in seen:
                raise Unusable(f"the code occurs on line {seen[code]} already")
            body = _body(kind_of, line, columns)
        except Unusable as reason:
            report.refuse(line, code, str(reason))
            continue
        seen[code] = line
        if body.commissioner and body.joined_on is None:
            report.find("no day of joining", code, f"line {line} names {body.commissioner} without a first day")
        yield body


def _body(kind_of: KindOf, line: int, columns: Columns) -> Body:
    if len(columns) != COLUMNS:
        raise Unusable(f"it has {len(columns)} columns, not {COLUMNS}")
    if not columns[1]:
        raise Unusable("it has no name")
    # Bytes above 127 are not looked at: they are read as Latin-1, whatever the file's encoding is.
    if any(character < " " or character == "\x7f" for character in columns[1]):
        raise Unusable("its name has a character that cannot be seen")
    opened, last = day_of(columns[10], "open date"), last_day_or_none(columns[11], "close date")
    if last is not None and last < opened:
        raise Unusable(f"it closes on {last}, before it opens on {opened}")
    region, geography, commissioner = (
        code_of(column) if column else None for column in (columns[2], columns[3], columns[14])
    )
    return Body(
        line=line,
        code=code_of(columns[0]),
        name=columns[1],
        kind=kind_of(columns),
        status=_STATUSES.get(columns[12], "open"),
        opened_on=opened,
        last_day=last,
        address=_address(columns),
        region=region,
        geography=geography,
        commissioner=commissioner,
        joined_on=day_or_none(columns[15], "day of joining"),
        left_on=last_day_or_none(columns[16], "day of leaving"),
    )


def _address(columns: Columns) -> str:
    """Return the lines of the address and the postcode as the last one; empty where there is none."""
    lines = [line for line in columns[4:9] if line]
    return "\n".join([*lines, columns[9]]) if lines or columns[9] else ""


def kind_of_ccg_row(columns: Columns) -> Kind:
    """Return the kind of a line of the CCG file, which has hubs too.

    By its name, because the sub-type column changed its meaning between the files of 2018 and 2025: a CCG's name ends
    with `CCG`, or has been the sub-ICB location's since 2022. Where the name does not show it, the role of 2025 does.
    """
    name = columns[1].upper()
    if name.endswith("CCG") or board_of_location(name):
        return Kind.CCG
    if "HUB" in name:
        return Kind.COMMISSIONING_HUB
    roles = {"H": Kind.COMMISSIONING_HUB, "RO218": Kind.COMMISSIONING_HUB, "RO327": Kind.SUB_ICB_ENTITY}
    return roles.get(columns[13].partition("|")[0], Kind.UNKNOWN)


def board_of_location(name: str) -> str:
    """Return the integrated care board in a sub-ICB location's name (`NHS X ICB - 00L`), empty where it has none."""
    board, _, location = name.upper().rpartition(" - ")
    return name[: len(board)] if location and board.endswith(" ICB") else ""


def kind_of_trust(columns: Columns) -> Kind:
    """Return the kind of a line of the trust file."""
    return Kind.FOUNDATION_TRUST if "FOUNDATION TRUST" in columns[1].upper() else Kind.NHS_TRUST


def kind_of_practice(columns: Columns) -> Kind:
    """Return the kind of a line of the practice file, whose setting shows general practices."""
    return Kind.GP_PRACTICE if columns[25] == _GENERAL_PRACTICE else Kind.COST_CENTRE


def kind_of_authority(columns: Columns) -> Kind:
    """Return the kind of a line of the file of higher authorities."""
    code, name = columns[0], columns[1].upper()
    if name.endswith("GOVERNMENT OFFICE REGION"):
        return Kind.GOVERNMENT_REGION
    return {"Y": Kind.NHS_ENGLAND_REGION, "Q": Kind.LOCAL_OFFICE}.get(code[:1], Kind.UNKNOWN)


def code_of(text: str) -> str:
    """Return an ODS code. Raises Unusable."""
    if not _CODE.fullmatch(text):
        raise Unusable(f"{excerpt(text, _LONGEST_VALUE)!r} is no ODS code")
    return text


def day_of(text: str, what: str) -> date:
    """Return a day written `yyyymmdd`. Raises Unusable."""
    day = day_or_none(text, what)
    if day is None:
        raise Unusable(f"it has no {what}")
    return day


def day_or_none(text: str, what: str) -> date | None:
    """Return a day written `yyyymmdd`, None where there is none. Raises Unusable."""
    if not text:
        return None
    try:
        return _day(text)
    except ValueError:
        raise Unusable(f"its {what} {excerpt(text, _LONGEST_VALUE)!r} is no day") from None


def last_day_or_none(text: str, what: str) -> date | None:
    """Return a last day written `yyyymmdd`, None where there is no end, which is written as the year 9999 too."""
    return None if text == _NO_END else day_or_none(text, what)


def iso_day(text: str) -> date:
    """Return a day written `yyyy-mm-dd`. Raises Unusable."""
    try:
        return _in_bounds(date.fromisoformat(text))
    except ValueError:
        raise Unusable(f"its date {excerpt(text, _LONGEST_VALUE)!r} is no day") from None


def iso_last_day(text: str) -> date | None:
    """Return a last day written `yyyy-mm-dd`, None where it is the one that stands for no end. Raises Unusable."""
    return None if text == _ISO_NO_END else iso_day(text)


@lru_cache(maxsize=50_000)
def _day(text: str) -> date:
    """Read a day; most of a file's days occur many times, and `strptime` is slow."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return _in_bounds(date(int(text[:4]), int(text[4:6]), int(text[6:])))


def _in_bounds(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise ValueError(day)
    return day
