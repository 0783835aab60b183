"""Parses one line of an ODS file of 27 columns, or says why it cannot be imported."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.registry.core.kinds import Kind
from services.registry.imports.files.repeats import decided, later_end, repeated
from services.registry.imports.files.source_file import SourceFile
from services.registry.imports.files.values import (
    Unusable,
    code_of,
    day_of,
    day_or_none,
    last_day_or_none,
    name_of,
    note_unreadable,
)
from services.registry.imports.report import FileReport

COLUMNS = 27

Columns = list[str]
KindOf = Callable[[Columns], Kind]
Status = Literal["open", "proposed", "dormant"]

_LONGEST_ADDRESS = 1_000
_GENERAL_PRACTICE = "4"
_PRACTICE_CODE = re.compile(r"[A-Z0-9]{6}")
_TRUST_CODE = re.compile(r"[A-Z0-9]{3}|[A-Z0-9]{5}")
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


def bodies_in(file: SourceFile, kind_of: KindOf, report: FileReport) -> Iterator[Body]:
    """Yield each organisation once; a line that cannot be imported is refused in the report.

    Of several lines with one code, those that differ come after all others: the one that shows it open is taken, or
    else the one that closes, joins or opens it later.
    """
    again = repeated(columns[0] for _, columns in file.lines())
    several: dict[str, list[tuple[int, Body]]] = defaultdict(list)
    for line, columns in file.lines():
        report.lines += 1
        try:
            body = _body(kind_of, line, columns)
        except ValueError as reason:
            report.refuse(line, columns[0], str(reason))
            continue
        if body.code in again:
            several[body.code].append((line, body))
        else:
            yield _noted(body, report)
    for code, entries in sorted(several.items()):
        yield _noted(
            decided(entries, code, _precedence, "which is open or ends, joins or begins later", report), report
        )


def _precedence(body: Body) -> tuple[object, ...]:
    """Return how lines about one body are ordered: by what they say, never by their place in the file."""
    days = later_end(body.last_day), later_end(body.left_on), body.joined_on or date.min, body.opened_on
    return (*days, str(replace(body, line=0)))


def _noted(body: Body, report: FileReport) -> Body:
    """Return the body, with findings about what is odd in its line."""
    if body.commissioner and body.joined_on is None:
        report.find("no day of joining", body.code, f"line {body.line} names {body.commissioner} without a first day")
    note_unreadable(body.code, f"{body.name}{body.address}", report)
    return body


def _body(kind_of: KindOf, line: int, columns: Columns) -> Body:
    if len(columns) != COLUMNS:
        raise Unusable(f"it has {len(columns)} columns, not {COLUMNS}")
    if not columns[1]:
        raise Unusable("it has no name")
    name, address = name_of(columns[1]), _address(columns)
    if len(address) > _LONGEST_ADDRESS:
        raise Unusable(f"its address has more than {_LONGEST_ADDRESS} characters")
    opened, last = day_of(columns[10], "open date"), last_day_or_none(columns[11], "close date")
    if last is not None and last < opened:
        raise Unusable(f"it closes on {last}, before it opens on {opened}")
    region, geography, commissioner = (
        code_of(column) if column else None for column in (columns[2], columns[3], columns[14])
    )
    return Body(
        line=line,
        code=code_of(columns[0]),
        name=name,
        kind=kind_of(columns),
        status=_STATUSES.get(columns[12], "open"),
        opened_on=opened,
        last_day=last,
        address=address,
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


def described_by(lines: Sequence[Columns]) -> str:
    """Return the file of ODS that most of these lines belong to (`eccg`), empty where they belong to no known one."""
    found = Counter(_file_of(columns) for columns in lines if len(columns) == COLUMNS)
    name, count = found.most_common(1)[0]
    return name if 2 * count > len(lines) else ""


def _file_of(columns: Columns) -> str:
    code, name = columns[0], columns[1].upper()
    if _PRACTICE_CODE.fullmatch(code) and columns[25].isdigit():
        return "epraccur"
    if kind_of_ccg_row(columns) is not Kind.UNKNOWN:
        return "eccg"
    if _TRUST_CODE.fullmatch(code) and "TRUST" in name:
        return "etr"
    if len(code) <= len("Q74") and kind_of_authority(columns) is not Kind.UNKNOWN:
        return "eauth"
    return ""


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
