"""Lists what ended with a merger and waits to be made again by the successor, and raises a finding for each right.

Rights wait by statements. Terms of reference, deputies and seats in joint bodies are carried over to no successor: they
wait as long as the successor's body, or post, has none of its own. Instruments wait for their paper, or for shares.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database.connection import Reads, raw
from libs.common.temporal.believed import NOW, about, as_known, holds
from services.governance.core.believed import believed
from services.governance.core.models import Facet, body_time, post_time, right_time
from services.governance.findings.commands import NewFinding, clear_findings, raise_findings
from services.governance.findings.models import FindingKind
from services.governance.lifetimes.rights import remake_finding, right_reference
from services.governance.successions.remakes import TO_REMAKE as INSTRUMENTS_TO_REMAKE

_NOW = datetime.max.replace(tzinfo=UTC)
_KIND = FindingKind.RIGHT_TO_REMAKE


class RemakeKind(StrEnum):
    """What has to be made again."""

    RIGHT = "right"
    TERMS = "terms_of_reference"
    DEPUTIES = "deputies"
    SEAT = "seat"
    INSTRUMENT = "instrument"


# The last part of a reference, after the organisation's code, is the same in predecessor and successor.
_LAST_DAY = "(s.effective_on - 1)"
_BETWEEN_BODIES = """
SELECT {kind} AS kind, o.reference, o.organisation, s.successor, s.effective_on AS since, n.reference AS here
  FROM known_succession s
  JOIN {of} ON o.organisation = s.code
  JOIN {of_new} ON n.organisation = s.successor
       AND substr(n.reference, length(s.successor) + 1) = substr(o.reference, length(s.code) + 1)
  JOIN {there} AND {about} AND {known} AND t.valid @> {last_day} AND t.value <> '[]'
  JOIN {stands}
 WHERE s.merger <> '' AND {succession} AND s.effective_on <= $1 AND ($3::text IS NULL OR s.successor = $3)
   AND NOT EXISTS (SELECT FROM {timeline} m
                    WHERE m.subject_id = n.id AND {facet_of_m} AND m.value <> '[]' AND {holds_m})
"""
_OF_POST = "(SELECT p.id, p.reference, b.organisation FROM post p JOIN body b ON b.id = p.body_id) {}"


def _between(kind: RemakeKind, of: str, timeline: Any, facet: Facet) -> str:
    return _BETWEEN_BODIES.format(
        kind=f"'{kind}'",
        of=of.format("o"),
        of_new=of.format("n"),
        there=f"{timeline.beliefs} t ON t.subject_id = o.id",
        about=about("t", facet),
        known=as_known("t"),
        last_day=_LAST_DAY,
        stands=believed(timeline, "st", Facet.STANDS, "n.id"),
        succession=as_known("s"),
        timeline=timeline.beliefs,
        facet_of_m=about("m", facet),
        holds_m=holds("m"),
    )


# The seats of a joint body end with the member whose they are.
_SEATS = f"""
SELECT '{RemakeKind.SEAT}' AS kind, p.reference, s.code, s.successor, s.effective_on AS since, b.reference AS here
  FROM known_succession s
  JOIN post p ON p.member = s.code AND p.member <> ''
  JOIN body b ON b.id = p.body_id
  JOIN {believed(post_time, "t", Facet.STANDS, "p.id", day=_LAST_DAY)}
  JOIN {believed(body_time, "st", Facet.STANDS, "b.id")}
 WHERE s.merger <> '' AND {as_known("s")} AND s.effective_on <= $1 AND ($3::text IS NULL OR s.successor = $3)
   AND NOT EXISTS (SELECT FROM post n JOIN {believed(post_time, "ns", Facet.STANDS, "n.id")}
                    WHERE n.body_id = b.id AND n.member = s.successor)
"""  # noqa: S608  (only names of ours are put in)
_INSTRUMENTS = f"""
SELECT '{RemakeKind.INSTRUMENT}' AS kind, i.reference, i.organisation, i.successor, i.since,
       coalesce(nullif(i.agreement, ''), i.reference) AS here
  FROM ({INSTRUMENTS_TO_REMAKE}) i
 WHERE ($3::text IS NULL OR i.successor = $3)
"""  # noqa: S608  (only names of ours are put in)
# $1 the day, $2 the instant, $3 a successor, $4 to $6 the cursor, $7 the limit.
_TO_REMAKE = f"""
WITH waiting AS (
SELECT '{RemakeKind.RIGHT}' AS kind, 'R-' || r.id AS reference,
       coalesce(nullif(r.member, ''), b.organisation) AS organisation, rm.value AS successor,
       lower(rm.valid) AS since, coalesce(p.reference, b.reference) AS here
  FROM {right_time.beliefs} rm
  JOIN decision_right r ON r.id = rm.subject_id
  JOIN body b ON b.id = r.body_id
  LEFT JOIN post p ON p.id = r.post_id
 WHERE {about("rm", Facet.TO_REMAKE)} AND {holds("rm")} AND ($3::text IS NULL OR rm.value = $3)
   AND NOT EXISTS (SELECT FROM {right_time.beliefs} m
                    WHERE m.subject_id = r.id AND {about("m", Facet.REMADE_BY)} AND {holds("m")})
 UNION ALL
{_between(RemakeKind.TERMS, "body {}", body_time, Facet.TERMS)}
 UNION ALL
{_between(RemakeKind.DEPUTIES, _OF_POST, post_time, Facet.DEPUTIES)}
 UNION ALL
{_SEATS}
 UNION ALL
{_INSTRUMENTS}
)
SELECT w.kind, w.reference, w.organisation, w.successor, w.since, w.here,
       r.action, r.scope, r.value_limit_pence, r.source_minute
  FROM waiting w LEFT JOIN decision_right r ON w.kind = '{RemakeKind.RIGHT}' AND 'R-' || r.id = w.reference
 WHERE ($4::text IS NULL OR (w.successor, w.kind, w.reference) > ($4, $5, $6))
 ORDER BY w.successor, w.kind, w.reference LIMIT $7
"""  # noqa: S608  (only names of ours are put in)
_MISSING = f"""
SELECT r.id, r.action, coalesce(nullif(r.member, ''), b.organisation) AS organisation, r.to_remake_for AS successor,
       (SELECT min(lower(x.valid)) FROM {right_time.beliefs} x
         WHERE x.subject_id = r.id AND {about("x", Facet.TO_REMAKE)} AND {as_known("x", NOW)}
           AND x.value = r.to_remake_for) AS since
  FROM decision_right r
  JOIN body b ON b.id = r.body_id
 WHERE r.to_remake_for IS NOT NULL AND r.remade_by IS NULL AND NOT EXISTS (
       SELECT FROM finding f
        WHERE f.cleared_at IS NULL AND f.key = '{_KIND}:R-' || r.id || ':' || r.to_remake_for OFFSET 0)
 ORDER BY r.id
"""  # noqa: S608  (only names of ours are put in)
_SETTLED = f"""
SELECT f.key, r.remade_by IS NULL AS unneeded
  FROM finding f
  LEFT JOIN decision_right r ON 'R-' || r.id = f.about[1]
 WHERE f.kind = '{_KIND}' AND f.cleared_at IS NULL
   AND (r.to_remake_for IS DISTINCT FROM f.parties[1] OR r.remade_by IS NOT NULL)
"""  # noqa: S608  (only names of ours are put in)


async def list_to_remake(
    db: Reads,
    successor: str | None,
    *,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[str] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return what waits to be made again on a day, as known at an instant, by successor, kind and reference."""
    cursor = after or (None, None, None)
    rows = await db.fetch(_TO_REMAKE, as_at, as_known or _NOW, successor, *cursor, limit)
    return [dict(row) for row in rows]


async def settle_findings(session: AsyncSession, *, on: date, stated_at: datetime) -> bool:
    """Raise a finding for each right that waits, and clear those of rights that no longer do. Return if any changed."""
    connection = await raw(session)
    settled = await connection.fetch(_SETTLED)
    changed = 0
    for unneeded, reason in ((False, "remade"), (True, "no_longer_waits")):
        keys = [row["key"] for row in settled if row["unneeded"] is unneeded]
        changed += await clear_findings(session, keys, on=on, reason=reason, stated_at=stated_at)
    findings = [
        NewFinding(
            key=remake_finding(row["id"], row["successor"]),
            kind=_KIND,
            about=(right_reference(row["id"]),),
            parties=(row["successor"],),
            text=f"{right_reference(row['id'])} of {row['organisation']} to {row['action']} ended with a merger; "
            f"no one decides by it until {row['successor']} makes it again",
            effective_on=row["since"] or on,
        )
        for row in await connection.fetch(_MISSING)
    ]
    return bool(changed + await raise_findings(session, findings, stated_at=stated_at))
