"""Reads crosswalks as tables, of given codes or all bodies of a kind, in the codes of any system."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from services.registry.core import queries as answers
from services.registry.core.believed import believed_link
from services.registry.core.kinds import Kind
from services.registry.core.links import CODE_OF
from services.registry.crosswalks.mapping import cross
from services.registry.crosswalks.rows import DayPair, Row
from services.registry.crosswalks.views import Basis, CrosswalkRowView, Outcome, as_text, in_decimals

System = Literal["ods", "ons"]
AT_ONCE = 500
_AT_FIRST = 100
"""A page has no more, and the first rows of a whole table come soon."""

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

    @property
    def cursor(self) -> tuple[str, str]:
        """The cursor of the line."""
        return self.asked, self.to_body or ""


async def lines(db: Reads, question: CrosswalkFilter, *, after: str | None = None) -> AsyncIterator[list[Line]]:
    """Yield the table in parts, in the order of the request, from the first part at or after the cursor."""
    async for asked in _asked(db, question, after):
        bodies = {one: body for one, body in asked.items() if body is not None}
        rows = await cross(db, set(bodies.values()), question.days, by=question.by)
        named = await _named(db, question, rows.values())
        part: list[Line] = []
        for one, body in asked.items():
            if body is None:
                part.append(_unknown(one, question))
                continue
            found = [_line(one, body, row, question, *named) for row in rows[body]]
            part.extend(sorted(found, key=lambda line: line.cursor))
        yield part


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
