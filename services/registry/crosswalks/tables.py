"""Reads crosswalks as tables, of given codes or all bodies of a kind, in the codes of any system."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Literal

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from services.registry.core import queries as answers
from services.registry.core.believed import believed_link
from services.registry.core.codes import ByCode
from services.registry.core.kinds import Kind
from services.registry.core.levels import Level, levels_on
from services.registry.core.links import CODE_OF
from services.registry.crosswalks.mapping import cross
from services.registry.crosswalks.rows import DayPair, Row
from services.registry.crosswalks.views import Basis, CrosswalkRowView, Outcome, as_text, in_decimals
from services.registry.lineage.tracing import WHOLE

System = Literal["ods", "ons"]
Raised = Literal[Level.STP, Level.ICB, Level.REGION]
"""The levels of the other day to which rows can be raised."""

_KINDS: Mapping[Raised, Kind] = {Level.STP: Kind.STP, Level.ICB: Kind.ICB, Level.REGION: Kind.NHS_ENGLAND_REGION}
"""The kind of the bodies of a level: such a body is itself that of its level."""
AT_ONCE = 500
_AT_FIRST = 100
"""The rows of a page, and the first rows of a whole table, come soon."""

_BODIES = f"""
SELECT t.other, t.code FROM tie t JOIN {believed_link("b", day="$3", known="$4")}
 WHERE t.sort = $1 AND t.other = ANY($2)
"""  # noqa: S608  (only names of ours are put in)

_IDENTIFIERS = f"""
SELECT t.code, min(t.other) FROM tie t JOIN {believed_link("b", day="$3", known="$4")}
 WHERE t.sort = $1 AND t.code = ANY($2)
 GROUP BY t.code
"""  # noqa: S608  (only names of ours are put in)


@dataclass(frozen=True, slots=True)
class CrosswalkFilter:
    """The request of a table: for these codes, or for the bodies of a kind open on the first day."""

    days: DayPair
    codes: Collection[str] | None = None
    kind: Kind | None = None
    system: System = "ods"
    by: Basis = Basis.SUCCESSIONS
    to_level: Raised | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: `code` and `to_code` in the requested system, with the bodies' ODS codes."""

    asked: str
    code: str | None
    body: str | None
    to_code: str | None
    to_body: str | None
    row: Row
    reason: Outcome
    because: str
    number: int = 0
    """Among the lines of its code, of which several can be without another body."""

    @property
    def cursor(self) -> tuple[str, str, int]:
        """The cursor of the line."""
        return self.asked, self.to_body or "", self.number


async def lines(db: Reads, question: CrosswalkFilter, *, after: str | None = None) -> AsyncIterator[list[Line]]:
    """Yield the table in parts, in the order of the request, from the first part at or after the cursor."""
    async for asked in _asked(db, question, after):
        bodies = {one: body for one, body in asked.items() if body is not None}
        rows = await cross(db, set(bodies.values()), question.days, by=question.by)
        if question.to_level:
            rows = await _raised(db, rows, question.to_level, question.days)
        named = await _named(db, question, rows.values())
        part: list[Line] = []
        for one, body in asked.items():
            if body is None:
                part.append(_unknown(one, question))
                continue
            found = [_line(one, body, row, question, *named) for row in rows[body]]
            found.sort(key=lambda line: line.cursor)
            part.extend(replace(line, number=number) for number, line in enumerate(found))
        yield part


async def _raised(db: Reads, rows: ByCode[list[Row]], level: Raised, days: DayPair) -> dict[str, list[Row]]:
    """Return the rows with the bodies of a level that those of the other day are in, one row for each of them."""
    ends = {row.to_code for some in rows.values() for row in some if row.to_code}
    above = await levels_on(db, ends, level, as_at=days.end, as_known=days.as_known)
    of_level = answers.OrganisationFilter(codes=sorted(ends), kind=_KINDS[level])
    listed = await answers.list_organisations(
        db, of_level, as_at=days.end, as_known=days.as_known, after=None, limit=len(ends)
    )
    above = {**above, **{one.code: one.code for one in listed}}
    return {code: _merged(_raise(row, above, level, days) for row in some) for code, some in rows.items()}


def _raise(row: Row, above: ByCode[str], level: Raised, days: DayPair) -> Row:
    if row.to_code is None:
        return row
    if (to := above.get(row.to_code)) is None:
        why = f"{row.because}; no source states the {level} of {row.to_code} on {days.end}"
        return replace(row, to_code=None, share_of_to=None, reason=Outcome.NO_LEVEL, because=why)
    why = row.because if to == row.to_code else f"{row.because}; {row.to_code} is in {to} on {days.end}"
    return replace(row, to_code=to, share_of_to=None, because=why)


def _merged(rows: Iterable[Row]) -> list[Row]:
    """Return one row for each body of the level, with the sum of the shares where all are stated."""
    of_body: dict[tuple[str | None, Outcome], list[Row]] = defaultdict(list)
    for row in rows:
        of_body[row.to_code, Outcome.CARRIED if row.to_code else row.reason].append(row)
    merged = [_sum_of(some) for some in of_body.values()]
    [*carried] = (row for row in merged if row.to_code)
    # Whatever its shares among the bodies of one level, all of it is in the only one.
    if len(carried) == len(merged) == 1 and carried[0].reason is Outcome.SHARE_NOT_STATED:
        return [replace(carried[0], share=WHOLE, reason=Outcome.CARRIED)]
    return merged


def _sum_of(rows: Sequence[Row]) -> Row:
    shares = [row.share for row in rows if row.share is not None]
    stated = len(shares) == len(rows)
    return replace(
        rows[0],
        share=sum(shares, Fraction(0)) if stated else None,
        reason=Outcome.SHARE_NOT_STATED if rows[0].to_code and not stated else rows[0].reason,
        because="; ".join(dict.fromkeys(row.because for row in rows)),
        findings=tuple(dict.fromkeys(finding for row in rows for finding in row.findings)),
        moved=tuple(dict.fromkeys(moved for row in rows for moved in row.moved)),
    )


async def _asked(db: Reads, question: CrosswalkFilter, after: str | None) -> AsyncIterator[dict[str, str | None]]:
    """Yield each requested code with its body."""
    if question.codes is not None:
        wanted = sorted(code for code in set(question.codes) if after is None or code >= after)
        start, number = 0, _AT_FIRST
        while some := wanted[start : start + number]:
            yield await _bodies_of(db, some, question.system, question.days.start, question)
            start, number = start + number, AT_ONCE
        return
    filters = answers.OrganisationFilter(kind=question.kind, status="open")
    # The previous page may have ended among the lines of `after`, so they are read again.
    if after is not None:
        yield {after: after}
    number = _AT_FIRST
    while True:
        found = await answers.list_organisations(
            db, filters, as_at=question.days.start, as_known=question.days.as_known, after=after, limit=number
        )
        if not found:
            return
        yield {one.code: one.code for one in found}
        after, number = found[-1].code, AT_ONCE


async def _bodies_of(
    db: Reads, codes: Sequence[str], system: System, day: date, question: CrosswalkFilter
) -> dict[str, str | None]:
    """Return the body of each code of a system on a day, None where it names none."""
    if system == "ods":
        return {code: code for code in codes}
    rows = await db.fetch(_BODIES, f"{CODE_OF}{system}", list(codes), day, question.days.known)
    found = dict(rows)
    return {code: found.get(code) for code in codes}


async def _named(
    db: Reads, question: CrosswalkFilter, rows: Collection[Sequence[Row]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the codes of the bodies of both days in the requested system, on their day."""
    if question.system == "ods":
        return {}, {}
    start = sorted({row.code for some in rows for row in some})
    end = sorted({row.to_code for some in rows for row in some if row.to_code})
    days, known = question.days, question.days.known
    return (
        await _identifiers_of(db, start, question.system, days.start, known),
        await _identifiers_of(db, end, question.system, days.end, known),
    )


async def _identifiers_of(
    db: Reads, codes: Sequence[str], system: System, day: date, known: datetime = ALWAYS
) -> dict[str, str]:
    """Return the codes of bodies in another system on a day; those without one are left out."""
    return dict(await db.fetch(_IDENTIFIERS, f"{CODE_OF}{system}", list(codes), day, known))


def _line(
    asked: str, body: str, row: Row, question: CrosswalkFilter, start: dict[str, str], end: dict[str, str]
) -> Line:
    if question.system == "ods":
        return Line(asked, body, body, row.to_code, row.to_code, row, row.reason, row.because)
    code = asked if question.codes is not None else start.get(body)
    to_code = end.get(row.to_code) if row.to_code else None
    reason, because = row.reason, row.because
    missing = None
    if code is None:
        missing = body, question.days.start
    elif row.to_code and to_code is None:
        missing = row.to_code, question.days.end
    if missing:
        reason = Outcome.NO_CODE
        because = f"no {question.system.upper()} code of {missing[0]} on {missing[1]} is known"
    return Line(asked, code, body, to_code, row.to_code, row, reason, because)


def _unknown(asked: str, question: CrosswalkFilter) -> Line:
    why = f"no body has the {question.system.upper()} code {asked} on {question.days.start}"
    row = Row(asked, None, None, None, Outcome.UNKNOWN_CODE, why)
    return Line(asked, asked, None, None, None, row, row.reason, why)


def crosswalk_row(line: Line, days: DayPair) -> CrosswalkRowView:
    """Return the view of a line."""
    row = line.row
    return CrosswalkRowView(
        code=line.code,
        from_day=days.start,
        to_code=line.to_code,
        to_day=days.end,
        share=as_text(row.share),
        share_decimal=in_decimals(row.share),
        share_of_to=as_text(row.share_of_to),
        reason=line.reason,
        because=line.because,
        findings=list(row.findings),
        moved=list(row.moved),
        by=row.by,
        body=line.body,
        to_body=line.to_body,
    )
