"""Reads applications and mergers as the registry published them, and what an agreed merger would end."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg

from libs.common.database.connection import Reads
from services.governance.core.believed import believed
from services.governance.core.members import lives_on, living_in, members_in
from services.governance.core.models import Facet, body_time, post_time, right_time
from services.governance.instruments.models import instrument_time
from services.governance.mergers.errors import MergerNotFound
from services.governance.mergers.predecessors import bodies_left
from services.governance.mergers.rules import carry_over
from services.governance.mergers.stages import MergerEvent, MergerState, fold
from services.governance.mergers.views import (
    DeterminationView,
    EndingBodyView,
    EndingPostView,
    EndingRightView,
    MergerConditionView,
    MergerPreviewView,
    MergerView,
    MergingInstrumentView,
)

_NOW = datetime.max.replace(tzinfo=UTC)
MOST_RIGHTS = 1_000

# An application and the merger that it became are one.
_EVENTS = """
WITH asked AS (
    SELECT unnest($1::text[]) AS root
), named AS (
    SELECT root, root AS reference FROM asked
     UNION SELECT root, e.content::jsonb->>'merger' FROM asked JOIN known_merger_event e ON e.reference = root
            WHERE e.what = 'MergerApplicationDetermined' AND e.stated_at <= $2
     UNION SELECT root, a.reference FROM asked JOIN known_merger_event m ON m.reference = root
             JOIN known_merger_event a ON a.successor = m.successor AND a.what = 'MergerApplicationDetermined'
                  AND a.content::jsonb->>'merger' = m.reference
            WHERE a.stated_at <= $2
)
SELECT n.root, e.reference, e.what, e.bodies, e.successor, e.content, e.effective_on, e.stated_at
  FROM named n JOIN known_merger_event e USING (reference) WHERE e.stated_at <= $2
"""
_REFERENCES = """
SELECT DISTINCT reference FROM known_merger_event e
 WHERE reference <> '' AND stated_at <= $1 AND ($2::text IS NULL OR successor = $2 OR $2 = ANY(bodies))
   AND ($3::text IS NULL OR reference > $3)
   AND NOT EXISTS (
       SELECT FROM known_merger_event a
        WHERE a.what = 'MergerApplicationDetermined' AND a.successor = e.successor AND a.stated_at <= $1
          AND a.content::jsonb->>'merger' = e.reference)
 ORDER BY reference LIMIT $4
"""
# $1 organisations, $2 the first day without them, $3 the instant.
_LAST_DAY = "($2::date - 1)"
_BODIES = f"""
SELECT b.reference AS body, b.organisation, b.title, t.value IS NOT NULL AS terms_of_reference,
       CASE WHEN b.within_id IS NULL THEN '' ELSE substr(b.reference, length(b.organisation) + 2) END AS slug
  FROM body b
  JOIN {believed(body_time, "s", Facet.STANDS, "b.id", day=_LAST_DAY, known="$3")}
  LEFT JOIN {believed(body_time, "t", Facet.TERMS, "b.id", day=_LAST_DAY, known="$3")}
 WHERE b.organisation = ANY($1) ORDER BY b.reference
"""  # noqa: S608  (only names of ours are put in)
_POSTS = f"""
SELECT p.reference AS post, coalesce(nullif(p.member, ''), b.organisation) AS organisation, a.person_id AS person,
       p.slug, CASE WHEN p.member <> '' THEN b.reference WHEN b.within_id IS NULL THEN ''
                    ELSE substr(b.reference, length(b.organisation) + 2) END AS body_slug,
       coalesce(json_array_length(d.value::json), 0) AS deputies
  FROM post p
  JOIN body b ON b.id = p.body_id
  JOIN {believed(post_time, "s", Facet.STANDS, "p.id", day=_LAST_DAY, known="$3")}
  LEFT JOIN {believed(post_time, "h", Facet.HOLDER, "p.id", day=_LAST_DAY, known="$3")}
  LEFT JOIN appointment a ON a.id = h.value
  LEFT JOIN {believed(post_time, "d", Facet.DEPUTIES, "p.id", day=_LAST_DAY, known="$3")}
 WHERE b.organisation = ANY($1) OR (p.member <> '' AND p.member = ANY($1)) ORDER BY p.reference
"""  # noqa: S608  (only names of ours are put in)
_RIGHTS = f"""
SELECT r.id AS decision_right, coalesce(nullif(r.member, ''), b.organisation) AS organisation,
       coalesce(p.reference, b.reference) AS holder, r.action,
       count(*) OVER () AS in_all
  FROM decision_right r
  JOIN body b ON b.id = r.body_id
  LEFT JOIN post p ON p.id = r.post_id
  JOIN {believed(right_time, "s", Facet.STANDS, "r.id", day=_LAST_DAY, known="$3")}
 WHERE b.organisation = ANY($1) OR (r.member <> '' AND r.member = ANY($1)) ORDER BY r.id LIMIT {MOST_RIGHTS}
"""  # noqa: S608  (only names of ours are put in)
# $4 the successor; what contracts publishes of its paper is of the same day.
_INSTRUMENTS = f"""
SELECT i.reference AS instrument, i.kind, i.agreement, i.fund, m.value AS parties,
       EXISTS (SELECT FROM known_agreement r
                WHERE r.agreement = i.agreement AND r.successor = $4 AND r.outcome IN ('expected', 'to_remake')
                  AND r.effective_on = $2 AND r.stated_at <= $3) AS waits
  FROM instrument i
  JOIN {believed(instrument_time, "s", Facet.STANDS, "i.id", day=_LAST_DAY, known="$3")}
  JOIN {believed(instrument_time, "m", Facet.MEMBERS, "i.id", day=_LAST_DAY, known="$3")}
 WHERE m.value::jsonb ?| $1 ORDER BY i.reference
"""  # noqa: S608  (only names of ours are put in)


async def list_mergers(
    db: Reads, organisation: str | None, *, as_known: datetime | None, after: str | None, limit: int
) -> list[tuple[str, MergerView]]:
    """Return a page of applications, and of mergers that no one applied for, each with its place in the list."""
    found = await db.fetch(_REFERENCES, as_known or _NOW, organisation, after, limit)
    references = [row["reference"] for row in found]
    states = await find_states(db, references, as_known=as_known)
    return [(reference, _view(states[reference], as_known)) for reference in references]


async def get_merger(db: Reads, reference: str, *, as_known: datetime | None) -> MergerView:
    """Return an application with the merger that it became, as known at an instant. Raises MergerNotFound."""
    return _view(await find_state(db, reference, as_known=as_known), as_known)


async def find_state(db: Reads, reference: str, *, as_known: datetime | None) -> MergerState:
    """Return what an application or a merger has come to, as known at an instant. Raises MergerNotFound."""
    states = await find_states(db, [reference], as_known=as_known)
    if reference not in states:
        raise MergerNotFound(f"the registry has published nothing about {reference}, or it was not known then")
    return states[reference]


async def find_states(db: Reads, references: Sequence[str], *, as_known: datetime | None) -> dict[str, MergerState]:
    """Return what each of these applications and mergers has come to, as known at an instant, as far as it is known."""
    events: dict[str, list[MergerEvent]] = defaultdict(list)
    for row in await db.fetch(_EVENTS, list(references), as_known or _NOW):
        events[row["root"]].append(MergerEvent(**_without(row, "root")))
    return {reference: state for reference, found in events.items() if (state := fold(found)) is not None}


async def preview_merger(db: Reads, reference: str, *, as_known: datetime | None) -> MergerPreviewView:
    """Return what an agreed merger would end on its day, by what is known at an instant. Raises MergerNotFound."""
    state = await find_state(db, reference, as_known=as_known)
    if state.effective_on is None or not state.merger:
        raise MergerNotFound(f"{reference} is not agreed for a day")
    empty = MergerPreviewView(
        merger=state.merger,
        successor=state.successor,
        bodies_merging=list(state.bodies),
        stage=state.stage,
        effective_on=state.effective_on,
        bodies=[],
        posts=[],
        rights=[],
        rights_in_all=0,
        instruments=[],
        as_known=as_known,
    )
    return await _with_endings(db, state, state.effective_on, empty, as_known=as_known) if state.goes_ahead else empty


async def _with_endings(
    db: Reads, state: MergerState, day: date, empty: MergerPreviewView, *, as_known: datetime | None
) -> MergerPreviewView:
    """Return a preview with the bodies, posts and rights that end, and which of them continue in the successor."""
    ending = sorted(set(state.bodies) - {state.successor})
    args = (ending, day, as_known or _NOW)
    left = await bodies_left(db, state.bodies, day, as_known=as_known)
    continuing = {body.slug for body in left}
    carried = {(body.slug, post.slug): post.person for body in left for post in carry_over(body.posts)}
    rights = await db.fetch(_RIGHTS, *args)
    return empty.model_copy(
        update={
            "bodies": [
                EndingBodyView(continues=row["slug"] in continuing, **_without(row, "slug"))
                for row in await db.fetch(_BODIES, *args)
            ],
            "posts": [
                EndingPostView(
                    shared=row["person"] is not None and carried.get((row["body_slug"], row["slug"])) == row["person"],
                    **_without(row, "slug", "body_slug"),
                )
                for row in await db.fetch(_POSTS, *args)
            ],
            "rights": [EndingRightView(**_without(row, "in_all")) for row in rights],
            "rights_in_all": rights[0]["in_all"] if rights else 0,
            "instruments": await _instruments(db, state, day, as_known=as_known),
        }
    )


async def _instruments(
    db: Reads, state: MergerState, day: date, *, as_known: datetime | None
) -> list[MergingInstrumentView]:
    """Return the instruments of which merging bodies are parties on their last day, with the parties of the day."""
    last = day - timedelta(days=1)
    ending = sorted(set(state.bodies) - {state.successor})
    named = await living_in(db, ending, on=last, as_known=as_known)
    rows = await db.fetch(_INSTRUMENTS, list(named), day, as_known or _NOW, state.successor)
    parties = {row["instrument"]: members_in(row["parties"]) for row in rows}
    there = await lives_on(db, {code for codes in parties.values() for code in codes}, on=last, as_known=as_known)
    found = []
    for row in rows:
        before = {there[code] for code in parties[row["instrument"]]}
        then = sorted({state.successor if code in ending else code for code in before})
        view = MergingInstrumentView(
            instrument=row["instrument"],
            kind=row["kind"],
            organisations=sorted(before.intersection(ending)),
            parties_then=then,
            agreement=row["agreement"],
            to_remake=bool(row["fund"]) or row["waits"],
            ends=len(then) == 1,
        )
        found.append(view)
    return found


def _without(row: asyncpg.Record, *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _view(state: MergerState, as_known: datetime | None) -> MergerView:
    met = {one.condition: one for one in state.met}
    return MergerView(
        application=state.application or None,
        merger=state.merger or None,
        bodies=list(state.bodies),
        successor=state.successor,
        successor_name=state.successor_name,
        stage=state.stage,
        applied_on=state.applied_on,
        effective_on=state.effective_on,
        determinations=[
            DeterminationView(outcome=one.outcome, decided_on=one.decided_on, deferred_to=one.deferred_to)
            for one in state.determinations
        ],
        conditions=[
            MergerConditionView(
                condition=number,
                title=title,
                met_on=met[number].met_on if number in met else None,
                evidence=met[number].evidence if number in met else None,
            )
            for number, title in enumerate(_conditions(state), 1)
        ],
        as_known=as_known,
    )


def _conditions(state: MergerState) -> Sequence[str]:
    return state.determinations[-1].conditions if state.determinations else ()
