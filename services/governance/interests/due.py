"""Finds who of those in posts has to declare interests, or to confirm them, and clears it once that is done."""

from datetime import date, datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import raw
from libs.common.identity import Caller
from libs.common.temporal.believed import NOW
from services.governance.core.believed import believed
from services.governance.core.models import Facet, post_time
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind
from services.governance.interests.rules import check_periods

_KIND = FindingKind.DECLARATION_DUE
AT_ONCE: Final = 1_000
"""Findings raised, or cleared, by one piece of work: whoever waits for the next turn waits no longer than for these."""


def declarations_due(first: int, *, known: str = "$2") -> str:
    """Return the statement of which person in a post has to declare for which organisation's register on the day $1.

    `known` is the instant; five parameters from the number `first` on are those of `check_periods`. `due_on` is the
    last day in time, `since` from when it is due, `declared_on` the last day on which the person declared or returned
    nil, null where none is.
    """
    begins, ends, days, months, packs = (f"${first + number}" for number in range(5))
    stated = "" if known == NOW else f" AND {{}}.stated_at <= {known}"
    return f"""
SELECT h.organisation, h.body, h.person_id, h.declared_on, d.due_on, pack.id AS pack,
       CASE WHEN h.declared_on IS NULL THEN h.first_day ELSE d.due_on END AS since
  FROM (
       SELECT a.person_id, coalesce(nullif(p.member, ''), b.organisation) AS organisation, min(b.reference) AS body,
              min(lower(h.valid)) AS first_day, max(l.declared_on) AS declared_on
         FROM post p
         JOIN body b ON b.id = p.body_id
         JOIN {believed(post_time, "h", Facet.HOLDER, "p.id", known=known)}
         JOIN appointment a ON a.id = h.value
         LEFT JOIN LATERAL (
              SELECT n.returned_on AS declared_on FROM nil_return n
               WHERE n.person_id = a.person_id AND n.organisation = coalesce(nullif(p.member, ''), b.organisation)
                 AND n.returned_on <= $1{stated.format("n")}
               UNION ALL
              SELECT i.declared_on FROM declared_interest i
               WHERE i.person_id = a.person_id AND i.organisation = coalesce(nullif(p.member, ''), b.organisation)
                 AND i.declared_on <= $1{stated.format("i")}) l ON true
        GROUP BY 1, 2) h
  JOIN unnest({begins}::date[], {ends}::date[], {days}::int[], {months}::int[], {packs}::text[])
         AS pack (begins, ends, days, months, id)
    ON coalesce(h.declared_on, h.first_day) BETWEEN pack.begins AND pack.ends
 CROSS JOIN LATERAL (
       SELECT CASE WHEN h.declared_on IS NULL THEN h.first_day + pack.days
                   ELSE (h.declared_on + make_interval(months => pack.months))::date END AS due_on) d
 WHERE h.declared_on IS NULL OR d.due_on <= $1
"""  # noqa: S608  (only names of ours are put in)


# $2 the kind. What was settled on a later day than this one is not raised again, and what began later is not cleared.
_RAISED = f"""
SELECT w.*, $2 || ':' || w.organisation || ':' || w.person_id AS key,
       EXISTS (SELECT FROM finding f
                WHERE f.key = $2 || ':' || w.organisation || ':' || w.person_id AND f.cleared_on > $1) AS settled,
       EXISTS (SELECT FROM finding f
                WHERE f.key = $2 || ':' || w.organisation || ':' || w.person_id AND f.cleared_at IS NULL) AS is_open
  FROM ({declarations_due(3, known=NOW)}) w
 ORDER BY w.organisation, w.person_id
"""  # noqa: S608  (what is put in stands above)
_PAST = f"""
SELECT f.key, EXISTS (
       SELECT FROM post p JOIN body b ON b.id = p.body_id
         JOIN {believed(post_time, "h", Facet.HOLDER, "p.id", known=NOW)}
         JOIN appointment a ON a.id = h.value
        WHERE a.person_id = f.about[1] AND coalesce(nullif(p.member, ''), b.organisation) = f.parties[1]) AS sits
  FROM finding f
 WHERE f.kind = $2 AND f.cleared_at IS NULL AND f.raised_on <= $1
   AND NOT EXISTS (SELECT FROM unnest($3::text[]) AS due (key) WHERE due.key = f.key)
 ORDER BY f.id LIMIT $4
"""  # noqa: S608  (only names of ours are put in)


async def find_undeclared(
    session: AsyncSession,
    *,
    up_to: date,
    stated_at: datetime,
    by: Caller,  # noqa: ARG001  (every routine of due work is called with it)
) -> int:
    """Raise and clear the next findings about declarations that are not as on a day; return how many changed.

    One is raised from a person's first day in a post without a declaration or nil return, and again on the day by which
    the register has to be checked.
    """
    connection = await raw(session)
    rows = await connection.fetch(_RAISED, up_to, _KIND.value, *check_periods())
    past = await connection.fetch(_PAST, up_to, _KIND.value, [row["key"] for row in rows], AT_ONCE)
    done = 0
    for sits, reason in ((True, "declared"), (False, "left")):
        keys = [row["key"] for row in past if row["sits"] is sits]
        done += await clear_findings(session, keys, on=up_to, reason=reason, stated_at=stated_at)
    new = [row for row in rows if not row["settled"] and not row["is_open"]]
    findings = [
        NewFinding(
            key=row["key"],
            kind=_KIND,
            about=(row["person_id"], row["body"]),
            parties=(row["organisation"],),
            text=_text(row["person_id"], row["organisation"], row["declared_on"], row["due_on"], row["pack"]),
            effective_on=row["since"],
            due_on=row["due_on"],
        )
        for row in new[:AT_ONCE]
    ]
    return done + await raise_findings(session, findings, stated_at=stated_at)


def _text(person: str, organisation: str, declared_on: date | None, due_on: date, pack: str) -> str:
    if declared_on is None:
        return f"{person} has declared no interest, nor that there is none, to {organisation}: due by {due_on} ({pack})"
    return f"{person} declared to {organisation} last on {declared_on}: to be confirmed by {due_on} ({pack})"
