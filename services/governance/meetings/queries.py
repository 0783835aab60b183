"""Reads meetings, their items, who attended and is recused, votes, results and minutes, as at a day, as known."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeAlias

from libs.common.database.connection import PLANNED_EACH_TIME, Reads
from libs.common.temporal.believed import about, holds
from services.governance.bodies.terms import get_terms
from services.governance.core import queries as reads
from services.governance.core.members import organisations_of
from services.governance.core.models import Facet, known
from services.governance.core.votes import Choice
from services.governance.interests.parties import Parties, conflicts_with, parties_of
from services.governance.interests.rules import Action, Conflict, counting_action, strictest
from services.governance.meetings.errors import ItemNotFound, MeetingNotFound
from services.governance.meetings.models import MeetingState
from services.governance.meetings.rules import Attended, Cast, Room, WeighedSeat
from services.governance.proposals.queries import get_proposal

Row: TypeAlias = Mapping[str, Any]

_NOW = datetime.max.replace(tzinfo=UTC)

# $1 as at, $2 as known. A joint body's meetings are those of its members on their day, $5 and whom that took over, $9.
_MEETINGS = f"""
{PLANNED_EACH_TIME}
SELECT m.id, m.reference AS meeting, b.reference AS body, b.organisation, m.held_on, m.starts_at, m.in_public,
       called.effective_on AS notice_on, called.clear_days, called.pack AS notice_pack,
       called.reason AS short_notice, cancelled.reason AS cancelled_because, minutes.version AS minutes_version,
       CASE WHEN cancelled.id IS NOT NULL THEN 'cancelled'
            WHEN minutes.approved THEN 'approved'
            WHEN minutes.id IS NOT NULL THEN 'minutes_draft'
            WHEN held.id IS NOT NULL THEN 'held'
            WHEN called.id IS NOT NULL THEN 'called'
            ELSE 'planned' END AS state
  FROM meeting m
  JOIN body b ON b.id = m.body_id
  LEFT JOIN meeting_step called ON called.meeting_id = m.id AND called.step = 'called'
        AND called.effective_on <= $1 AND called.stated_at <= $2
  LEFT JOIN meeting_step cancelled ON cancelled.meeting_id = m.id AND cancelled.step = 'cancelled'
        AND cancelled.effective_on <= $1 AND cancelled.stated_at <= $2
  LEFT JOIN meeting_step held ON held.meeting_id = m.id AND held.step = 'held'
        AND held.effective_on <= $1 AND held.stated_at <= $2
  LEFT JOIN LATERAL (
       SELECT v.id, v.version, EXISTS (
              SELECT FROM item_result r JOIN meeting_item i ON i.id = r.item_id JOIN meeting l ON l.id = i.meeting_id
               WHERE r.approves = v.id AND r.stated_at <= $2 AND l.held_on <= $1) AS approved
         FROM minutes v
        WHERE v.meeting_id = m.id AND v.drafted_on <= $1 AND v.stated_at <= $2
        ORDER BY v.version DESC LIMIT 1) minutes ON true
 WHERE m.stated_at <= $2
   AND ($3::text IS NULL OR m.reference = $3)
   AND ($4::text IS NULL OR b.reference = $4)
   AND ($5::text IS NULL OR b.organisation = $5 OR (b.organisation = '' AND EXISTS (
        SELECT FROM body_time_belief x
         WHERE x.subject_id = b.id AND {about("x", Facet.MEMBERS)} AND {holds("x", "m.held_on", "$2")}
           AND x.value::jsonb ?| ($9::text[] || $5))))
   AND ($6::date IS NULL OR (m.held_on, m.reference) > ($6::date, $7::text))
 ORDER BY m.held_on, m.reference LIMIT $8
"""  # noqa: S608  (only a comment and names of ours are put in)

_ITEMS = """
SELECT i.id, i.reference AS item, m.reference AS meeting, b.reference AS body, b.organisation, m.held_on, m.starts_at,
       i.number,
       i.title, i.private_reason, i.proposal, coalesce(p.action, i.action) AS action, i.stage,
       mm.reference AS minutes_of, u.reference AS urgent_action, mo.put_at, mo.presides, mo.conditions,
       r.outcome, r.closed_at, r.votes_for, r.against, r.abstained, r.of, r.tie, r.casting, r.clause, r.filled,
       r.counted, r.decision
  FROM meeting_item i
  JOIN meeting m ON m.id = i.meeting_id
  JOIN body b ON b.id = m.body_id
  LEFT JOIN proposal p ON p.reference = i.proposal
  LEFT JOIN meeting mm ON mm.id = i.minutes_of
  LEFT JOIN urgent_action u ON u.id = i.urgent_action_id
  LEFT JOIN motion mo ON mo.item_id = i.id AND mo.stated_at <= $1
  LEFT JOIN item_result r ON r.item_id = i.id AND r.stated_at <= $1
 WHERE i.stated_at <= $1 AND ($2::text IS NULL OR m.reference = $2) AND ($3::text IS NULL OR i.reference = $3)
   AND ($4::text IS NULL OR i.proposal = $4)
 ORDER BY m.held_on, m.reference, i.number
"""

_ATTENDANCE = """
SELECT DISTINCT ON (a.person_id) a.person_id AS person, a.coming, a.seat, a.role, a.arrived, a.departed
  FROM attendance a JOIN meeting m ON m.id = a.meeting_id
 WHERE m.reference = $2 AND a.stated_at <= $1
 ORDER BY a.person_id, a.stated_at DESC, a.id DESC
"""

_RECUSALS = """
SELECT DISTINCT ON (i.reference, r.person_id)
       i.reference AS item, r.person_id AS person, r.action, r.required, r.decided_by, r.decided_at
  FROM recusal r JOIN meeting_item i ON i.id = r.item_id
 WHERE i.reference = ANY($2::text[]) AND r.stated_at <= $1
 ORDER BY i.reference, r.person_id, r.stated_at DESC, r.id DESC
"""

_VOTES = """
SELECT i.reference AS item, v.id, v.seat, v.voter, v.cast_by, v.choice, v.cast_at, v.principal,
       v.id <> ALL(r.void) AS counts
  FROM vote v
  JOIN meeting_item i ON i.id = v.item_id
  LEFT JOIN item_result r ON r.item_id = i.id AND r.stated_at <= $1
 WHERE i.reference = ANY($2::text[]) AND v.stated_at <= $1
 ORDER BY v.cast_at, v.seat, v.id
"""

_MINUTES = """
SELECT m.reference AS meeting, v.version, v.sha256, v.drafted_on, v.stated_at,
       a.held_on AS approved_on, a.item AS approved_by, a.permit
  FROM minutes v
  JOIN meeting m ON m.id = v.meeting_id
  LEFT JOIN LATERAL (
       SELECT l.held_on, i.reference AS item, p.id AS permit
         FROM item_result r JOIN meeting_item i ON i.id = r.item_id JOIN meeting l ON l.id = i.meeting_id
         LEFT JOIN permit p ON p.act = i.reference
        WHERE r.approves = v.id AND r.stated_at <= $1 AND l.held_on <= $3) a ON true
 WHERE m.reference = $2 AND v.stated_at <= $1 AND v.drafted_on <= $3
 ORDER BY v.version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeetingFilter:
    """Filters of the list of meetings; None leaves a filter out."""

    body: str | None = None
    organisation: str | None = None


async def list_meetings(
    db: Reads,
    filters: MeetingFilter,
    *,
    as_at: date,
    as_known: datetime | None,
    after: tuple[date, str] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return meetings with their state as at a day, in the order of their days."""
    cursor = after or (None, None)
    organisation = filters.organisation
    gone = await known.predecessors(db, [organisation], as_known=as_known) if organisation else frozenset[str]()
    args = (None, filters.body, organisation, *cursor, limit, sorted(gone))
    return [dict(row) for row in await db.fetch(_MEETINGS, as_at, as_known or _NOW, *args)]


async def get_meeting(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> dict[str, Any]:
    """Return a meeting with its state as at a day. Raises MeetingNotFound."""
    args: tuple[Any, ...] = (reference, None, None, None, None, 1, [])
    rows = await db.fetch(_MEETINGS, as_at, as_known or _NOW, *args)
    if not rows:
        raise MeetingNotFound(f"there is no meeting {reference}")
    return dict(rows[0])


async def list_items(db: Reads, meeting: str, *, as_known: datetime | None) -> list[dict[str, Any]]:
    """Return the agenda of a meeting, with what came of its items."""
    return [dict(row) for row in await db.fetch(_ITEMS, as_known or _NOW, meeting, None, None)]


async def list_items_of(db: Reads, proposal: str, *, as_known: datetime | None = None) -> list[dict[str, Any]]:
    """Return the items at which a proposal is on an agenda, in the order of their meetings."""
    return [dict(row) for row in await db.fetch(_ITEMS, as_known or _NOW, None, None, proposal)]


async def get_item(db: Reads, item: str, *, as_known: datetime | None) -> dict[str, Any]:
    """Return an item with its motion and result. Raises ItemNotFound."""
    rows = await db.fetch(_ITEMS, as_known or _NOW, None, item, None)
    if not rows:
        raise ItemNotFound(f"there is no item {item}")
    return dict(rows[0])


async def list_attendance(db: Reads, meeting: str, *, as_known: datetime | None) -> Sequence[Mapping[str, Any]]:
    """Return who comes, or was there, as last stated of each person."""
    return await db.fetch(_ATTENDANCE, as_known or _NOW, meeting)


async def list_recusals(db: Reads, *items: str, as_known: datetime | None) -> Sequence[Mapping[str, Any]]:
    """Return what was decided on each person's interest at items."""
    return await db.fetch(_RECUSALS, as_known or _NOW, items)


async def list_votes(db: Reads, *items: str, as_known: datetime | None) -> Sequence[Mapping[str, Any]]:
    """Return the votes cast at items, in the order in which they were cast."""
    return await db.fetch(_VOTES, as_known or _NOW, items)


async def list_minutes(
    db: Reads, meeting: str, *, as_at: date, as_known: datetime | None
) -> Sequence[Mapping[str, Any]]:
    """Return the versions of a meeting's minutes by a day, and by which item of a meeting by then each was approved."""
    return await db.fetch(_MINUTES, as_known or _NOW, meeting, as_at)


async def places_of(db: Reads, body: str, *, on: date, as_known: datetime | None) -> list[WeighedSeat]:
    """Return the seats of a body on a day, with the weights of their votes."""
    posts = await reads.list_posts(db, reads.PostFilter(body=body), as_at=on, as_known=as_known)
    return [
        WeighedSeat(
            *(post["post"], frozenset(post["roles"]), post["votes"], post["person"], tuple(post["deputies"])),
            weight=post["weight"],
            sits_for=post["organisation"],
        )
        for post in posts
    ]


def attended_of(rows: Sequence[Mapping[str, Any]]) -> list[Attended]:
    """Return attendance as the rules take it."""
    return [
        Attended(row["person"], tuple(zip(row["arrived"], row["departed"], strict=True)), row["seat"]) for row in rows
    ]


def casts_of(rows: Sequence[Mapping[str, Any]]) -> list[Cast]:
    """Return votes as the rules take them."""
    return [Cast(row["seat"], row["cast_by"], Choice(row["choice"]), row["cast_at"], row["id"]) for row in rows]


async def room_at(db: Reads, item: Row, *, as_known: datetime | None) -> Room:
    """Return the seats of an item's body, who attended, and who is excluded. Raises TermsNotFound."""
    return (await rooms_at(db, [item], as_known=as_known))[item["item"]]


async def rooms_at(db: Reads, items: Sequence[Row], *, as_known: datetime | None) -> dict[str, Room]:
    """Return the room of each item of one meeting, by item. Raises TermsNotFound.

    Seats, terms and attendance are read once for all items, and interests once for each proposal and stage.
    """
    if not items:
        return {}
    body, on = items[0]["body"], items[0]["held_on"]
    terms, _, _ = await get_terms(db, body, as_at=on, as_known=as_known)
    places = await places_of(db, body, on=on, as_known=as_known)
    attended = attended_of(await list_attendance(db, items[0]["meeting"], as_known=as_known))
    persons = {one.person for one in attended} | {
        person for place in places for person in (place.holder, *place.deputies) if person is not None
    }
    recusals: dict[str, list[Row]] = defaultdict(list)
    for row in await list_recusals(db, *(item["item"] for item in items), as_known=as_known):
        recusals[row["item"]].append(row)
    about_one = {(item["proposal"], item["stage"]): item for item in items}
    interests = {key: await _interests_at(db, item, persons, as_known) for key, item in about_one.items()}
    rooms = {}
    for item in items:
        conflicts, supplying = interests[item["proposal"], item["stage"]]
        excluded = _excluded(conflicts, recusals[item["item"]])
        out = excluded | _deputies_on_own_price(places, excluded, supplying)
        rooms[item["item"]] = Room(places, attended, out, terms, supplying)
    return rooms


def _deputies_on_own_price(
    places: Sequence[WeighedSeat], excluded: Collection[str], supplying: Collection[str]
) -> frozenset[str]:
    """Return who deputises for someone excluded from the vote on their organisation's own price, and is no member."""
    on_own_price = [place for place in places if place.sits_for in supplying and place.holder in excluded]
    return frozenset(deputy for place in on_own_price for deputy in place.deputies) - {one.holder for one in places}


async def excluded_from(db: Reads, item: Row, persons: Collection[str], *, as_known: datetime | None) -> frozenset[str]:
    """Return who of these persons neither votes nor counts at an item.

    What whoever presides decided counts, and where nothing was decided yet, or a stricter conflict came to be known
    since, what the rule pack asks for.
    """
    conflicts = await conflicts_at(db, item, persons, as_known)
    return _excluded(conflicts, await list_recusals(db, item["item"], as_known=as_known))


def _excluded(conflicts: Mapping[str, Conflict], recusals: Iterable[Row]) -> frozenset[str]:
    required = {person: conflict.action for person, conflict in conflicts.items()}
    decided = {
        row["person"]: counting_action(
            required.get(row["person"]), Action(row["action"]), Action(row["required"]) if row["required"] else None
        )
        for row in recusals
    }
    return frozenset(person for person, action in {**required, **decided}.items() if action.excludes)


async def conflicts_at(
    db: Reads, item: Row, persons: Collection[str], as_known: datetime | None
) -> dict[str, Conflict]:
    """Return of each person with an interest in the parties of an item's proposal the conflict that asks for most.

    An item's own stage makes it no laxer than the stage that contracts publishes.
    """
    return (await _interests_at(db, item, persons, as_known))[0]


async def _interests_at(
    db: Reads, item: Row, persons: Collection[str], as_known: datetime | None
) -> tuple[dict[str, Conflict], frozenset[str]]:
    """Return the conflicts of persons at an item, and whose own price its body votes on."""
    parties = await parties_at(db, item, as_known=as_known)
    if parties is None:
        return {}, frozenset()
    stages = (item["stage"], parties.stage)
    found = await conflicts_with(db, persons, parties, on=item["held_on"], as_known=as_known, stages=stages)
    return strictest(found), parties.supplying


async def parties_at(db: Reads, item: Row, *, as_known: datetime | None) -> Parties | None:
    """Return the parties of what an item's body decides on; None where no proposal is on the agenda with it."""
    if not item["proposal"]:
        return None
    on = item["held_on"]
    proposal = await get_proposal(db, item["proposal"], as_at=on, as_known=as_known)
    bound = proposal.binding.get(item["body"])
    organisations = bound or await organisations_of(db, item["body"], on=on, as_known=as_known)
    return await parties_of(db, proposal.subject, organisations, on=on, as_known=as_known)


def is_over(state: MeetingState) -> bool:
    """Whether nothing more is put on the agenda of a meeting or voted on at it."""
    return state not in {MeetingState.PLANNED, MeetingState.CALLED}
