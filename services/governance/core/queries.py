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
from services.governance.core.chains import Actor, prefixes
from services.governance.core.errors import AppointmentNotFound, BodyNotFound, DecisionRightNotFound
from services.governance.core.members import lives_on, living_in, members_in
from services.governance.core.models import Facet, body_time, post_time, right_time
from services.governance.core.seats import deputies_of, seat_of

Row: TypeAlias = dict[str, Any]

_NOW = datetime.max.replace(tzinfo=UTC)

# $1 as at, $2 as known.
_POSTS = f"""
{PLANNED_EACH_TIME}
SELECT p.reference AS post, p.title, p.described_in,
       coalesce(nullif(p.member, ''), b.organisation) AS organisation, b.reference AS body,
       a.id AS appointment, a.version, a.person_id AS person,
       lower(h.valid) AS first_day, upper(h.valid) - 1 AS last_day, a.id IS NULL AS vacant,
       seat.value AS seat, deputies.value AS deputies, p.slug,
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
  LEFT JOIN {believed(post_time, "seat", Facet.SEAT, "p.id")}
  LEFT JOIN {believed(post_time, "deputies", Facet.DEPUTIES, "p.id")}
 WHERE ($3::text IS NULL OR p.id IN (
       SELECT own.id FROM body x JOIN post own ON own.body_id = x.id WHERE x.organisation = $3
        UNION ALL SELECT id FROM post WHERE member = $3 AND member <> ''))
   AND ($4::text IS NULL OR a.person_id = $4)
   AND ($5::text IS NULL OR p.reference = $5 OR p.slug = $5 OR regexp_replace(p.slug, '-[0-9]+$', '') = $5)
   AND ($6::bool IS NULL OR (a.id IS NULL) = $6)
   AND ($7::text IS NULL OR b.reference = $7)
   AND ($8::text IS NULL OR p.reference > $8)
 ORDER BY p.reference LIMIT $9
"""  # noqa: S608  (only a comment and names of ours are put in)

_APPOINTMENTS = f"""
SELECT a.id AS appointment, a.version, p.reference AS post, p.title,
       coalesce(nullif(p.member, ''), b.organisation) AS organisation, b.reference AS body,
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
SELECT b.reference AS body, b.organisation, b.kind, b.title, b.pack, w.reference AS within,
       t.first_day, t.last_day, t.stands, m.value AS members
  FROM body b
  LEFT JOIN body w ON w.id = b.within_id
  LEFT JOIN {believed(body_time, "m", Facet.MEMBERS, "b.id")}
  JOIN LATERAL (
       SELECT min(lower(x.valid)) AS first_day, bool_or(x.valid @> $1::date) AS stands,
              CASE WHEN NOT bool_or(upper_inf(x.valid)) THEN max(upper(x.valid)) - 1 END AS last_day
         FROM body_time_belief x
        WHERE x.subject_id = b.id AND {about("x", Facet.STANDS)} AND {as_known("x")}
       HAVING count(*) > 0) t ON true
 WHERE ($3::text IS NULL OR b.organisation = $3 OR (b.organisation = '' AND m.value::jsonb ?| $9))
   AND ($4::text IS NULL OR b.reference = $4)
   AND ($5::bool IS NULL OR t.stands = $5)
   AND ($6::text IS NULL OR b.reference > $6)
   AND ($8::text IS NULL OR b.kind = $8)
 ORDER BY b.reference LIMIT $7
"""  # noqa: S608  (only a comment and names of ours are put in)

_TERMS = f"""
SELECT t.value AS terms, lower(t.valid) AS first_day, least(upper(t.valid), e.ends) - 1 AS last_day
  FROM body b
  JOIN {believed(body_time, "s", Facet.STANDS, "b.id")}
  JOIN LATERAL (
       SELECT CASE WHEN NOT bool_or(upper_inf(x.valid)) THEN max(upper(x.valid)) END AS ends
         FROM body_time_belief x
        WHERE x.subject_id = b.id AND {about("x", Facet.STANDS)} AND {as_known("x")}) e ON true
  JOIN {believed(body_time, "t", Facet.TERMS, "b.id")}
 WHERE b.reference = $3
"""  # noqa: S608  (only names of ours are put in)

_RIGHT = f"""
SELECT r.id AS decision_right, r.post_id, t.stands, r.version,
       coalesce(nullif(r.member, ''), b.organisation) AS organisation, b.reference AS body, p.reference AS post,
       coalesce(p.title, b.title) AS title, r.action, replace(r.action, '.', '-') AS function, r.scope,
       r.value_limit_pence, r.limit_basis, r.recurrent, r.conditions, r.source_minute, r.delegated_from, r.power,
       r.permit, r.instrument, rm.value AS to_remake_for, made.value::int AS remade_by, t.first_day, t.last_day,
       w.value AS ended_because
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
  LEFT JOIN {believed(right_time, "rm", Facet.TO_REMAKE, "r.id")}
  LEFT JOIN {believed(right_time, "made", Facet.REMADE_BY, "r.id")}
"""  # noqa: S608  (only names of ours are put in)
_RIGHTS_FOR = """
SELECT own.id FROM body x JOIN decision_right own ON own.body_id = x.id WHERE x.organisation = $3 AND own.member = ''
 UNION ALL SELECT id FROM decision_right WHERE member = $3 AND member <> ''
"""
_RIGHTS_ON = (
    _RIGHT
    + f"""
 {PLANNED_EACH_TIME}
 WHERE t.stands AND ($3::text IS NULL OR r.id IN ({_RIGHTS_FOR}))
   AND ($4::text[] IS NULL OR r.action = ANY($4))
   AND ($5::bigint IS NULL OR r.id > $5)
 ORDER BY r.id LIMIT $6
"""
)
_RIGHTS_TO_REMAKE = (
    _RIGHT
    + f"""
 {PLANNED_EACH_TIME}
 WHERE rm.value IS NOT NULL AND made.value IS NULL AND ($3::text IS NULL OR rm.value = $3)
   AND ($4::text[] IS NULL OR r.action = ANY($4)) AND ($5::bigint IS NULL OR r.id > $5)
 ORDER BY r.id LIMIT $6
"""
)
_RIGHT_BY_ID = _RIGHT + " WHERE r.id = $3"

_COVERING = f"""
SELECT d.*, a.id AS appointment, a.person_id AS person
  FROM ({_RIGHT}) AS d
  LEFT JOIN {believed(post_time, "h", Facet.HOLDER, "d.post_id")}
  LEFT JOIN appointment a ON a.id = h.value
 WHERE d.stands AND d.organisation = $3 AND d.action = ANY($4)
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
    body: str | None = None


async def list_posts(
    db: Reads,
    wanted: PostFilter,
    *,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[Any] | None = None,
    limit: int | None = None,
) -> list[Row]:
    """Return the posts of a day, with their seat, and their holder or why they are vacant, ordered by reference."""
    rows = await _fetch(
        db,
        _POSTS,
        as_at,
        as_known or _NOW,
        wanted.organisation,
        wanted.person,
        wanted.post,
        wanted.vacant,
        wanted.body,
        str(after[0]) if after else None,
        limit,
    )
    for row in rows:
        seat = seat_of(row.pop("slug"), row.pop("seat"))
        row |= {
            "roles": sorted(seat.roles),
            "votes": seat.votes,
            "weight": seat.weight,
            "deputies": deputies_of(row["deputies"]),
        }
    return rows


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
    kind: str | None = None,
) -> list[Row]:
    """Return the bodies that exist on a day, ordered by reference.

    Of an organisation these are also the joint ones of which it is a member, or one that lives on in it by the day.
    """
    cursor = str(after[0]) if after else None
    whose = await living_in(db, [organisation], on=as_at, as_known=as_known) if organisation else None
    rows = await _fetch(db, _BODIES, as_at, as_known or _NOW, organisation, None, True, cursor, limit, kind, whose)
    return await _with_members(db, rows, as_at=as_at, as_known=as_known)


async def get_body(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> dict[str, Any]:
    """Return a body with its posts as at a day. Raises BodyNotFound where it was not known then."""
    rows = await _fetch(db, _BODIES, as_at, as_known or _NOW, None, reference, None, None, 1, None, None)
    if not rows:
        raise BodyNotFound(f"no body {reference} is known")
    wanted = PostFilter(body=reference)
    posts = await list_posts(db, wanted, as_at=as_at, as_known=as_known)
    [body] = await _with_members(db, rows, as_at=as_at, as_known=as_known)
    return {**body, "posts": posts, "as_at": as_at, "as_known": as_known}


async def _with_members(db: Reads, rows: Sequence[Row], *, as_at: date, as_known: datetime | None) -> list[Row]:
    """Return the bodies, each with whose it is: its organisation's, or its members' as they live on by the day."""
    named = [[row["organisation"]] if row["organisation"] else members_in(row["members"]) for row in rows]
    joint = {code for row, codes in zip(rows, named, strict=True) if not row["organisation"] for code in codes}
    there = await lives_on(db, joint, on=as_at, as_known=as_known)
    return [
        row | {"members": sorted({there.get(code, code) for code in codes})}
        for row, codes in zip(rows, named, strict=True)
    ]


async def find_terms(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> Row | None:
    """Return a body's terms of reference with their days, None where none are known of the day."""
    rows = await _fetch(db, _TERMS, as_at, as_known or _NOW, reference)
    return rows[0] if rows else None


async def list_decision_rights(
    db: Reads,
    organisation: str | None,
    action: str | None,
    *,
    to_be_remade: bool,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """Return the rights in force on a day, or those that a successor has to make again; to an action, if given."""
    sql = _RIGHTS_TO_REMAKE if to_be_remade else _RIGHTS_ON
    cursor = int(after[0]) if after else None
    covering = prefixes(action) if action else None
    return await _fetch(db, sql, as_at, as_known or _NOW, organisation, covering, cursor, limit)


async def get_decision_right(db: Reads, right: int, *, as_at: date, as_known: datetime | None) -> Row:
    """Return a right with its days. Raises DecisionRightNotFound."""
    rows = await _fetch(db, _RIGHT_BY_ID, as_at, as_known or _NOW, right)
    if not rows:
        raise DecisionRightNotFound(f"no decision right {right} with a day in force is known")
    return rows[0]


async def list_covering(
    db: Reads,
    action: str,
    *,
    organisation: str,
    value_pence: int,
    recurrent: bool,
    as_at: date,
    as_known: datetime | None,
) -> list[Row]:
    """Return the rights in force of an organisation that cover an action and a value, with who holds their posts.

    Bodies first, then posts. Whether what each comes from stands too is asked in decision_rights/queries.py.
    """
    args = (organisation, prefixes(action), value_pence, recurrent)
    return await _fetch(db, _COVERING, as_at, as_known or _NOW, *args)


async def _fetch(db: Reads, sql: str, *args: Any) -> list[Row]:
    return [dict(row) for row in await db.fetch(sql, *args)]


_LEADING = f"""
SELECT b.reference FROM body b JOIN {believed(body_time, "s", Facet.STANDS, "b.id")}
 WHERE b.organisation = $3 AND b.within_id IS NULL ORDER BY b.reference
"""  # noqa: S608  (only names of ours are put in)
_HOLDER = """
SELECT p.reference AS post, b.reference AS body
  FROM decision_right r JOIN body b ON b.id = r.body_id LEFT JOIN post p ON p.id = r.post_id
 WHERE r.id = $1
"""


async def list_leading_bodies(db: Reads, organisation: str, *, as_at: date, as_known: datetime | None) -> list[str]:
    """Return the bodies that lead an organisation, by their references."""
    rows = await db.fetch(_LEADING, as_at, as_known or _NOW, organisation)
    return [row["reference"] for row in rows]


async def find_grantor(db: Reads, organisation: str, source: int | None, *, as_at: date, as_known: datetime) -> Actor:
    """Return who grants a right: who has the one that is passed on, else the body that leads the organisation."""
    if source is None:
        leading = await list_leading_bodies(db, organisation, as_at=as_at, as_known=as_known)
        return Actor(body=leading[0] if leading else None)
    [row] = await db.fetch(_HOLDER, source)
    return Actor(post=row["post"]) if row["post"] else Actor(body=row["body"])
