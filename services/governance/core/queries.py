"""Reads bodies, posts, holders and rights, as at a day and as known at an instant.

A post exists with its body; it has a holder, or it is vacant for a known reason. Every signed-in caller may read this:
who decides for a public body is public. A holder is the id of a person; names are read in `people/queries.py` alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.temporal.believed import about, as_known
from services.governance.core.believed import believed
from services.governance.core.catalogue import delegation_pack_on
from services.governance.core.errors import AppointmentNotFound, BodyNotFound, DecisionRightNotFound
from services.governance.core.models import Facet, post_time, right_time

Row: TypeAlias = dict[str, Any]

_NOW = datetime.max.replace(tzinfo=UTC)

# $1 as at, $2 as known.
_POSTS = f"""
{PLANNED_EACH_TIME}
SELECT p.reference AS post, p.title, p.described_in, b.organisation, b.reference AS body,
       a.id AS appointment, a.version, a.person_id AS person,
       lower(h.valid) AS first_day, upper(h.valid) - 1 AS last_day, a.id IS NULL AS vacant,
       CASE WHEN a.id IS NULL THEN w.value END AS vacant_because,
       CASE WHEN a.id IS NULL THEN greatest(lower(s.valid), (
            SELECT max(upper(x.valid)) FROM post_time_belief x
             WHERE x.subject_id = p.id AND {about("x", Facet.HOLDER)} AND {as_known("x")}
               AND upper(x.valid) <= $1::date))
       END AS vacant_since
  FROM post p
  JOIN body b ON b.id = p.body_id
  JOIN {believed(post_time, "s", Facet.STANDS, "p.id")}
  LEFT JOIN {believed(post_time, "h", Facet.HOLDER, "p.id")}
  LEFT JOIN appointment a ON a.id = h.value
  LEFT JOIN {believed(post_time, "w", Facet.BECAUSE, "p.id")}
 WHERE ($3::text IS NULL OR b.organisation = $3)
   AND ($4::text IS NULL OR a.person_id = $4)
   AND ($5::text IS NULL OR p.reference = $5 OR p.slug = $5 OR regexp_replace(p.slug, '-[0-9]+$', '') = $5)
   AND ($6::bool IS NULL OR (a.id IS NULL) = $6)
   AND ($7::text IS NULL OR p.reference > $7)
 ORDER BY p.reference LIMIT $8
"""  # noqa: S608  (only a comment and names of ours are put in)

_APPOINTMENTS = f"""
SELECT a.id AS appointment, a.version, p.reference AS post, p.title, b.organisation, b.reference AS body,
       a.person_id AS person, h.first_day, h.last_day, w.value AS ended_because
  FROM appointment a
  JOIN post p ON p.id = a.post_id
  JOIN body b ON b.id = p.body_id
  JOIN LATERAL (
       SELECT min(lower(x.valid)) AS first_day,
              CASE WHEN NOT bool_or(upper_inf(x.valid)) THEN max(upper(x.valid)) - 1 END AS last_day
         FROM post_time_belief x
        WHERE x.subject_id = a.post_id AND {about("x", Facet.HOLDER)} AND x.value = a.id AND {as_known("x", "$1")}
       HAVING count(*) > 0) h ON true
  LEFT JOIN {believed(post_time, "w", Facet.BECAUSE, "a.post_id", day="(h.last_day + 1)", known="$1")}
 WHERE ($2::text IS NULL OR a.id = $2) AND ($3::text IS NULL OR a.person_id = $3)
 ORDER BY h.first_day, p.reference
"""  # noqa: S608  (only names of ours are put in)

_BODIES = f"""
{PLANNED_EACH_TIME}
SELECT b.reference AS body, b.organisation, b.title, b.pack, t.first_day, t.last_day, t.stands
  FROM body b
  JOIN LATERAL (
       SELECT min(lower(x.valid)) AS first_day, bool_or(x.valid @> $1::date) AS stands,
              CASE WHEN NOT bool_or(upper_inf(x.valid)) THEN max(upper(x.valid)) - 1 END AS last_day
         FROM body_time_belief x
        WHERE x.subject_id = b.id AND {about("x", Facet.STANDS)} AND {as_known("x")}
       HAVING count(*) > 0) t ON true
 WHERE ($3::text IS NULL OR b.organisation = $3)
   AND ($4::text IS NULL OR b.reference = $4)
   AND ($5::bool IS NULL OR t.stands = $5)
   AND ($6::text IS NULL OR b.reference > $6)
 ORDER BY b.reference LIMIT $7
"""  # noqa: S608  (only a comment and names of ours are put in)

_RIGHT = f"""
SELECT r.id AS decision_right, r.post_id, t.stands, r.version, b.organisation, b.reference AS body, p.reference AS post,
       coalesce(p.title, b.title) AS title, r.function, r.value_limit_pence, r.recurrent, r.source_minute,
       r.delegated_from, r.to_remake_for, r.remade_by, t.first_day, t.last_day, w.value AS ended_because
  FROM decision_right r
  JOIN body b ON b.id = r.body_id
  LEFT JOIN post p ON p.id = r.post_id
  JOIN LATERAL (
       SELECT min(lower(x.valid)) AS first_day, bool_or(x.valid @> $1::date) AS stands,
              CASE WHEN NOT bool_or(upper_inf(x.valid)) THEN max(upper(x.valid)) - 1 END AS last_day
         FROM right_time_belief x
        WHERE x.subject_id = r.id AND {about("x", Facet.STANDS)} AND {as_known("x")}
       HAVING count(*) > 0) t ON true
  LEFT JOIN {believed(right_time, "w", Facet.BECAUSE, "r.id", day="(t.last_day + 1)")}
"""  # noqa: S608  (only names of ours are put in)
_RIGHTS_ON = (
    _RIGHT
    + f"""
 {PLANNED_EACH_TIME}
 WHERE t.stands AND ($3::text IS NULL OR b.organisation = $3) AND ($4::text IS NULL OR r.function = $4)
   AND ($5::bigint IS NULL OR r.id > $5)
 ORDER BY r.id LIMIT $6
"""
)
_RIGHTS_TO_REMAKE = (
    _RIGHT
    + f"""
 {PLANNED_EACH_TIME}
 WHERE r.to_remake_for IS NOT NULL AND r.remade_by IS NULL AND ($3::text IS NULL OR r.to_remake_for = $3)
   AND ($4::text IS NULL OR r.function = $4) AND ($5::bigint IS NULL OR r.id > $5)
 ORDER BY r.id LIMIT $6
"""
)
_RIGHT_BY_ID = _RIGHT + " WHERE r.id = $3"

_DECIDERS = f"""
SELECT d.*, a.id AS appointment, a.person_id AS person
  FROM ({_RIGHT}) AS d
  LEFT JOIN {believed(post_time, "h", Facet.HOLDER, "d.post_id")}
  LEFT JOIN appointment a ON a.id = h.value
 WHERE d.stands AND d.organisation = $3 AND d.function = $4
   AND (d.value_limit_pence IS NULL OR d.value_limit_pence >= $5) AND (d.recurrent OR NOT $6::bool)
 ORDER BY d.post IS NOT NULL, d.post, d.decision_right
"""  # noqa: S608  (what is put in is the statement above)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFilter:
    """Filters of the list of posts; None leaves a filter out.

    `post` is a reference or its last part, which without a number means every seat of the title.
    """

    organisation: str | None = None
    person: str | None = None
    post: str | None = None
    vacant: bool | None = None


async def list_posts(
    db: Reads,
    wanted: PostFilter,
    *,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[Any] | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Return the posts of a day, with their holder or why they are vacant, ordered by reference."""
    return await _fetch(
        db,
        _POSTS,
        as_at,
        as_known or _NOW,
        wanted.organisation,
        wanted.person,
        wanted.post,
        wanted.vacant,
        str(after[0]) if after else None,
        limit,
    )


async def get_appointment(db: Reads, appointment: str, *, as_known: datetime | None) -> Row:
    """Return an appointment with its days. Raises AppointmentNotFound where no day was known then."""
    rows = await _fetch(db, _APPOINTMENTS, as_known or _NOW, appointment, None)
    if not rows:
        raise AppointmentNotFound(f"no appointment {appointment} with a day on which it holds is known")
    return rows[0]


async def list_appointments_of(db: Reads, person: str, *, as_known: datetime | None = None) -> list[Row]:
    """Return every appointment of a person with its days, past ones too, in the order of their first days."""
    return await _fetch(db, _APPOINTMENTS, as_known or _NOW, None, person)


async def list_bodies(
    db: Reads,
    organisation: str | None,
    *,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """Return the bodies that exist on a day, ordered by reference."""
    cursor = str(after[0]) if after else None
    return await _fetch(db, _BODIES, as_at, as_known or _NOW, organisation, None, True, cursor, limit)


async def get_body(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> dict[str, Any]:
    """Return a body with its posts as at a day. Raises BodyNotFound where it was not known then."""
    rows = await _fetch(db, _BODIES, as_at, as_known or _NOW, None, reference, None, None, 1)
    if not rows:
        raise BodyNotFound(f"no body {reference} is known")
    wanted = PostFilter(organisation=rows[0]["organisation"])
    posts = await list_posts(db, wanted, as_at=as_at, as_known=as_known)
    return {**rows[0], "posts": posts, "as_at": as_at, "as_known": as_known}


async def list_decision_rights(
    db: Reads,
    organisation: str | None,
    function: str | None,
    *,
    to_be_remade: bool,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """Return the rights in force on a day, or those that a successor has to make again."""
    sql = _RIGHTS_TO_REMAKE if to_be_remade else _RIGHTS_ON
    cursor = int(after[0]) if after else None
    return await _fetch(db, sql, as_at, as_known or _NOW, organisation, function, cursor, limit)


async def get_decision_right(db: Reads, right: int, *, as_at: date, as_known: datetime | None) -> Row:
    """Return a right with its days. Raises DecisionRightNotFound."""
    rows = await _fetch(db, _RIGHT_BY_ID, as_at, as_known or _NOW, right)
    if not rows:
        raise DecisionRightNotFound(f"no decision right {right} with a day in force is known")
    return rows[0]


async def list_deciders(
    db: Reads,
    function: str,
    *,
    organisation: str,
    value_pence: int,
    recurrent: bool,
    as_at: date,
    as_known: datetime | None,
) -> dict[str, Any]:
    """Return the rights to decide on a function and a value for an organisation: bodies first, then posts.

    A right of a vacant post is listed, but cannot be used.
    """
    rows = await _fetch(db, _DECIDERS, as_at, as_known or _NOW, organisation, function, value_pence, recurrent)
    deciders = [{**row, "may_decide": row["post"] is None or row["person"] is not None} for row in rows]
    return {
        "function": function,
        "organisation": organisation,
        "value_pence": value_pence,
        "recurrent": recurrent,
        "as_at": as_at,
        "as_known": as_known,
        "pack": delegation_pack_on(as_at),
        "deciders": deciders,
        "anybody_may": any(decider["may_decide"] for decider in deciders),
    }


async def _fetch(db: Reads, sql: str, *args: Any) -> list[Row]:
    return [dict(row) for row in await db.fetch(sql, *args)]
