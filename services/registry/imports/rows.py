"""What one line of a file says, or why it cannot be taken."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from services.registry.imports.files import Form, SourceFile
from services.registry.kinds import Kind

_CODE = re.compile(r"[A-Z0-9]{1,12}")
_GENERAL_PRACTICE = "4"
_PROPOSED = "P"
_COLUMNS = {Form.SUCCESSIONS_FIVE: 5, Form.SUCCESSIONS_THREE: 3}

Columns = list[str]


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A line, or with line 0 a whole file, that was not taken, and why."""

    file: str
    line: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Body:
    """What a line says of one organisation. `last_day` is inclusive, as ODS gives it."""

    line: int
    code: str
    name: str
    kind: Kind
    status: Literal["open", "proposed"]
    opened_on: date
    last_day: date | None
    parent: str | None = None
    joined_on: date | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """A line that says: from a day `successor` answers for what `code` was."""

    line: int
    code: str
    successor: str
    effective_on: date


class Unusable(ValueError):
    """This line says nothing that can be taken."""


def bodies_in(file: SourceFile, not_taken: list[NotTaken]) -> Iterator[Body]:
    """Give what each line says of an organisation; what cannot be taken goes to `not_taken`."""
    seen: dict[str, int] = {}
    for line, columns in file.lines():
        code = columns[0]
        try:
            if code in seen:
                raise Unusable(f"the code occurs on line {seen[code]} already")
            body = _body(file.form, line, columns)
        except Unusable as reason:
            not_taken.append(NotTaken(file.name, line, code, str(reason)))
            continue
        seen[code] = line
        if columns[14] and body.parent is None and file.form is Form.PRACTICES:
            reason_ = f"its parent {columns[14]} has no day of joining; the rest of the line was taken"
            not_taken.append(NotTaken(file.name, line, code, reason_))
        yield body


def successions_in(file: SourceFile, not_taken: list[NotTaken]) -> Iterator[Followed]:
    """Give what each line says of a succession; what cannot be taken goes to `not_taken`."""
    seen: dict[tuple[str, str, date], int] = {}
    for line, columns in file.lines():
        try:
            followed = _followed(file.form, line, columns)
            key = (followed.code, followed.successor, followed.effective_on)
            if key in seen:
                raise Unusable(f"the same stands on line {seen[key]} already")
        except Unusable as reason:
            not_taken.append(NotTaken(file.name, line, columns[0], str(reason)))
            continue
        seen[key] = line
        yield followed


def _body(form: Form, line: int, columns: Columns) -> Body:
    if len(columns) != 27:
        raise Unusable(f"it has {len(columns)} columns, not 27")
    code, name = _code(columns[0]), columns[1]
    if not name:
        raise Unusable("it has no name")
    opened, last = _day(columns[10], "open date"), _day_or_none(columns[11], "close date")
    if last is not None and last < opened:
        raise Unusable(f"it closes on {last}, before it opens on {opened}")
    body = Body(line, code, name, _KINDS[form](columns), "open", opened, last)
    return _with_commissioner(body, columns) if form is Form.PRACTICES else body


def _with_commissioner(body: Body, columns: Columns) -> Body:
    parent, joined = columns[14] or None, _day_or_none(columns[15], "day of joining")
    status: Literal["open", "proposed"] = "proposed" if columns[12] == _PROPOSED else "open"
    if parent is None or joined is None:
        parent = joined = None
    else:
        _code(parent)
    return Body(body.line, body.code, body.name, body.kind, status, body.opened_on, body.last_day, parent, joined)


def _followed(form: Form, line: int, columns: Columns) -> Followed:
    if len(columns) != _COLUMNS[form]:
        raise Unusable(f"it has {len(columns)} columns, not {_COLUMNS[form]}")
    day = _day(columns[3], "date") if form is Form.SUCCESSIONS_FIVE else _iso_day(columns[2])
    code, successor = _code(columns[0]), _code(columns[1])
    if code == successor:
        raise Unusable("it names the body as its own successor")
    return Followed(line, code, successor, day)


def _kind_of_ccg_row(columns: Columns) -> Kind:
    """Return the kind of a line of the CCG file, which holds hubs too.

    By its name, because the sub-type column changed its meaning between the files of 2018 and 2025: a CCG's name ends
    with `CCG`, or has been the sub-ICB location's since 2022.
    """
    name = columns[1].upper()
    if name.endswith("CCG") or " ICB - " in name:
        return Kind.CCG
    return Kind.COMMISSIONING_HUB if "HUB" in name else Kind.SUB_ICB_ENTITY


def _kind_of_trust(columns: Columns) -> Kind:
    return Kind.FOUNDATION_TRUST if "FOUNDATION TRUST" in columns[1].upper() else Kind.NHS_TRUST


def _kind_of_practice(columns: Columns) -> Kind:
    return Kind.GP_PRACTICE if columns[25] == _GENERAL_PRACTICE else Kind.COST_CENTRE


def _kind_of_authority(columns: Columns) -> Kind:
    code, name = columns[0], columns[1].upper()
    if name.endswith("GOVERNMENT OFFICE REGION"):
        return Kind.GOVERNMENT_REGION
    return {"Y": Kind.NHS_ENGLAND_REGION, "Q": Kind.LOCAL_OFFICE}.get(code[0], Kind.UNKNOWN)


_KINDS: dict[Form, Callable[[Columns], Kind]] = {
    Form.CCGS: _kind_of_ccg_row,
    Form.TRUSTS: _kind_of_trust,
    Form.PRACTICES: _kind_of_practice,
    Form.AUTHORITIES: _kind_of_authority,
}


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise Unusable(f"{text!r} is no ODS code")
    return text


def _day(text: str, what: str) -> date:
    day = _day_or_none(text, what)
    if day is None:
        raise Unusable(f"it has no {what}")
    return day


def _day_or_none(text: str, what: str) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  (a day has no zone)
    except ValueError:
        raise Unusable(f"its {what} {text!r} is no day") from None


def _iso_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Unusable(f"its date {text!r} is no day") from None
