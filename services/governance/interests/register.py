"""Reads the registers of interests: in full for those who keep them and the person, else what is public on the day."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.identity import Caller, Role
from libs.common.temporal.believed import about, as_known, holds
from libs.organisations.relations import WHOLLY
from services.governance.core.models import Facet, known
from services.governance.interests.errors import InterestNotFound
from services.governance.interests.models import STANDS
from services.governance.interests.rules import declaration_due, public_periods, publishes_all, retention
from services.governance.interests.views import InterestView, State
from services.governance.interests.walks import InterestType, Relation
from services.governance.people.accounts import person_of

_NOW: Final = datetime.max.replace(tzinfo=UTC)

POSTS_OF = f"""
       SELECT FROM appointment a
         JOIN post p ON p.id = a.post_id
         JOIN body o ON o.id = p.body_id
         JOIN post_time_belief h ON h.subject_id = p.id AND {about("h", Facet.HOLDER)} AND h.value = a.id
        WHERE a.person_id = d.person_id
"""
"""The posts of the person of `d`, an entry of a register, as a subquery that more conditions follow."""

# $1 the day, $2 the instant, $3 the organisations for which the caller keeps registers (null: every one), $4 the person
# who the caller is, $9 to $11 for which days how many months an expired interest is public, $12 whether it is so of
# those too who take no part in decisions.
_REGISTER = f"""
{PLANNED_EACH_TIME}
SELECT d.id, d.reference AS interest, d.version, d.organisation, d.person_id AS person, d.type, d.relation, d.other,
       d.nature, d.declared_on, d.aware_on, d.source, t.first_day, t.last_day, now.value AS share, w.words, s.whole
  FROM declared_interest d
  JOIN LATERAL (
       SELECT min(lower(x.valid)) AS first_day,
              CASE WHEN NOT bool_or(upper_inf(x.valid)) THEN max(upper(x.valid)) - 1 END AS last_day
         FROM declared_interest_belief x
        WHERE x.subject_id = d.id AND {about("x", STANDS)} AND {as_known("x")}
       HAVING count(*) > 0) t ON true
  LEFT JOIN declared_interest_belief now ON now.subject_id = d.id AND {about("now", STANDS)} AND {holds("now")}
  LEFT JOIN interest_words w ON w.interest_id = d.id
  LEFT JOIN unnest($9::date[], $10::date[], $11::int[]) AS pack (begins, ends, months)
         ON t.last_day BETWEEN pack.begins AND pack.ends
  CROSS JOIN LATERAL (
       SELECT $3::text[] IS NULL OR d.organisation = ANY($3) OR d.person_id = $4
              OR EXISTS ({POSTS_OF} AND coalesce(nullif(p.member, ''), o.organisation) = ANY($3)
                         AND {holds("h")}) AS whole) s
 WHERE d.purged_on IS NULL AND d.declared_on <= $1::date
   AND (s.whole OR (t.last_day IS NULL OR $1::date <= t.last_day + make_interval(months => coalesce(pack.months, 0)))
        AND ($12::bool OR EXISTS ({POSTS_OF} AND {as_known("h")} AND h.valid @> least($1::date, t.last_day))))
   AND ($5::text IS NULL OR d.person_id = $5) AND ($6::text IS NULL OR d.organisation = $6)
   AND ($7::bigint IS NULL OR d.id > $7) AND ($13::text IS NULL OR d.reference = $13)
 ORDER BY d.id LIMIT $8
"""  # noqa: S608  (only a comment and names of ours are put in)


async def list_interests(
    db: Reads,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    person: str | None = None,
    organisation: str | None = None,
    interest: str | None = None,
    after: Sequence[Any] | None = None,
    limit: int | None = None,
) -> list[tuple[int, InterestView]]:
    """Return what the registers show the caller on a day, each with the number that the next page begins after."""
    begins, ends, months = public_periods()
    rows = await db.fetch(
        _REGISTER,
        as_at,
        as_known or _NOW,
        await keeps_registers(db, by),
        await person_of(db, by),
        person,
        organisation,
        int(after[0]) if after else None,
        limit,
        begins,
        ends,
        months,
        publishes_all(as_at),
        interest,
    )
    return [(row["id"], _view(dict(row), as_at)) for row in rows]


async def get_interest(db: Reads, interest: str, *, by: Caller, as_at: date, as_known: datetime | None) -> InterestView:
    """Return one interest as its register shows it to the caller. Raises InterestNotFound."""
    found = await list_interests(db, by=by, as_at=as_at, as_known=as_known, interest=interest)
    if not found:
        raise InterestNotFound(f"no register shows an interest {interest}")
    return found[0][1]


async def keeps_registers(db: Reads, by: Caller) -> list[str] | None:
    """Return the organisations whose registers the caller keeps, and reads in full; None: of every one."""
    if not by.has(Role.GOVERNANCE_LEAD):
        return []
    if by.is_national:
        return None
    return sorted(by.organisations | await known.predecessors(db, by.organisations))


def _view(row: dict[str, Any], as_at: date) -> InterestView:
    due = declaration_due(row["aware_on"])
    kept = retention(row["last_day"]) if row["last_day"] else None
    packs = {pack.pack for pack in (due, kept) if pack is not None}
    shown = row | {
        "is_direct": row["type"] != InterestType.INDIRECT and row["relation"] != Relation.CLOSE_TO,
        "share": None if row["share"] == WHOLLY else row["share"],
        "state": _state(row, as_at),
        "public_until": kept.public_until if kept else None,
        "kept_until": kept.kept_until if kept else None,
        "due_on": due.last_day if due else None,
        "in_time": due.is_met_on(row["declared_on"]) if due else None,
        "packs": sorted(packs),
    }
    if not row["whole"]:
        shown |= dict.fromkeys(("aware_on", "due_on", "in_time", "source", "words"))
    return InterestView.model_validate(shown)


def _state(row: dict[str, Any], as_at: date) -> State:
    if as_at < row["first_day"]:
        return "to_come"
    if row["last_day"] is None or as_at <= row["last_day"]:
        return "in_force"
    kept = retention(row["last_day"])
    if kept is None or kept.is_public_on(as_at):
        return "expired"
    return "purgeable" if kept.may_be_purged_on(as_at) else "kept"
