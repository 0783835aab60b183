"""Reads authorisations as at a day, as known at an instant, and which functions directions moved."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from libs.common.database.connection import Reads
from libs.common.identity import Caller
from services.governance.assurance.errors import AuthorisationNotFound
from services.governance.assurance.models import Authorised
from services.governance.assurance.rules import (
    Condition,
    Direction,
    directed_to,
    needs_sign_off,
    outcome,
    pack_named,
)
from services.governance.assurance.views import AuthorisationView, CheckpointView, ConditionView, DirectedView
from services.governance.core.queries import list_leading_bodies
from services.governance.core.sight import reads_through
from services.governance.subjects.queries import suppliers_of

_NOW: Final = datetime.max.replace(tzinfo=UTC)

# The decision that stands of an organisation is the last one of those taken by the day and known at the instant.
_LATER = """
       SELECT n.reference FROM authorisation n
        WHERE n.organisation = a.organisation AND n.decided_on <= $1 AND n.stated_at <= $2
          AND (n.decided_on, n.stated_at, n.id) > (a.decided_on, a.stated_at, a.id)
        ORDER BY n.decided_on DESC, n.stated_at DESC, n.id DESC LIMIT 1
"""
_LIST = f"""
SELECT a.id, a.reference AS authorisation, a.organisation, a.wave, a.decided_on, a.deferred, a.pack, a.stated_at,
       l.reference AS replaced_by
  FROM authorisation a LEFT JOIN LATERAL ({_LATER}) l ON true
 WHERE a.decided_on <= $1 AND a.stated_at <= $2 AND ($3::text[] IS NULL OR a.organisation = ANY($3))
   AND ($4::text IS NULL OR a.reference = $4) AND ($5::text IS NULL OR a.organisation = $5)
   AND ($6::int IS NULL OR a.wave = $6) AND ($4::text IS NOT NULL OR l.reference IS NULL)
   AND ($7::int IS NULL OR a.id > $7)
 ORDER BY a.id LIMIT $8
"""  # noqa: S608  (only the statement above is put in)
_CONDITIONS = """
SELECT c.*, f.lifted_on, f.reference AS evidence, f.sha256
  FROM authorisation_condition c
  LEFT JOIN condition_lift f ON f.authorisation_id = c.authorisation_id AND f.criterion = c.criterion
                            AND f.stated_at <= $2 AND f.lifted_on <= $3
 WHERE c.authorisation_id = ANY($1) ORDER BY c.authorisation_id, c.criterion
"""
_CHECKPOINTS = """
SELECT DISTINCT ON (supplier) supplier, effective_on AS assessed_on, outcome, unmet, stop_on, replace_by, pack
  FROM known_checkpoint
 WHERE supplier = ANY($1) AND effective_on <= $2 AND stated_at <= $3
 ORDER BY supplier, effective_on DESC, stated_at DESC
"""
_DIRECTIONS = f"""
SELECT a.reference, a.pack, c.functions, c.exercised_by
  FROM authorisation a JOIN authorisation_condition c ON c.authorisation_id = a.id
 WHERE a.organisation = $3 AND a.decided_on <= $1 AND a.stated_at <= $2
   AND NOT a.deferred AND cardinality(c.functions) > 0
   AND NOT EXISTS ({_LATER})
   AND NOT EXISTS (SELECT FROM condition_lift f
                    WHERE f.authorisation_id = a.id AND f.criterion = c.criterion
                      AND f.lifted_on <= $1 AND f.stated_at <= $2)
 ORDER BY a.reference, c.criterion
"""  # noqa: S608  (only the statement above is put in)

_DIRECTED_TO = f"""
SELECT a.organisation, a.reference, a.pack, c.functions, c.exercised_by
  FROM authorisation a JOIN authorisation_condition c ON c.authorisation_id = a.id
 WHERE cardinality(c.functions) > 0 AND a.decided_on <= $1 AND a.stated_at <= $2 AND NOT a.deferred
   AND EXISTS (SELECT FROM authorisation_condition t WHERE t.authorisation_id = a.id AND t.exercised_by = $3)
   AND NOT EXISTS ({_LATER})
   AND NOT EXISTS (SELECT FROM condition_lift f
                    WHERE f.authorisation_id = a.id AND f.criterion = c.criterion
                      AND f.lifted_on <= $1 AND f.stated_at <= $2)
"""  # noqa: S608  (only the statement above is put in)

DIRECTED = f"(SELECT json_agg(d) FROM ({_DIRECTIONS}) d)"  # noqa: S608  (only the statement above is put in)
"""The directions in force for the organisation $3 on the day $1, as known at $2: a value of a larger statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorisationFilter:
    """Filters of the list of authorisations; None leaves a filter out."""

    authorisation: str | None = None
    organisation: str | None = None
    wave: int | None = None


async def get_authorisation(
    db: Reads, authorisation: str, *, by: Caller, as_at: date, as_known: datetime | None
) -> AuthorisationView:
    """Return a decision with where it stands and the checkpoints of suppliers. Raises AuthorisationNotFound."""
    wanted = AuthorisationFilter(authorisation=authorisation)
    found = await list_authorisations(db, wanted, by=by, as_at=as_at, as_known=as_known, after=None, limit=1)
    if not found:
        raise AuthorisationNotFound(f"no authorisation {authorisation} is known on {as_at.isoformat()}")
    [(_, view)] = found
    suppliers = await suppliers_of(db, view.organisation, as_at=as_at, as_known=as_known)
    rows = await db.fetch(_CHECKPOINTS, suppliers, as_at, as_known or _NOW)
    return view.model_copy(update={"checkpoints": [CheckpointView.model_validate(dict(row)) for row in rows]})


async def list_authorisations(
    db: Reads,
    wanted: AuthorisationFilter,
    *,
    by: Caller,
    as_at: date,
    as_known: datetime | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[tuple[int, AuthorisationView]]:
    """Return the decision that stands of each organisation of the caller, or the one that is named.

    Each with the number that the next page begins after.
    """
    codes, instant = await reads_through(db, by), as_known or _NOW
    filters = (wanted.authorisation, wanted.organisation, wanted.wave)
    rows = await db.fetch(_LIST, as_at, instant, codes, *filters, int(after[0]) if after else None, limit)
    conditions = await _conditions(db, [row["id"] for row in rows], instant, as_at)
    return [(row["id"], _view(row, conditions[row["id"]], as_at, as_known)) for row in rows]


def directions_from(directed: str | None, action: str) -> tuple[Direction, ...]:
    """Return of the directions in the value of `DIRECTED` those that move an action, or stop it."""
    rows: list[dict[str, Any]] = json.loads(directed or "[]")
    return tuple(one for one in map(_direction, rows) if one.moves(action))


async def list_directions(
    db: Reads, organisation: str, action: str, *, on: date, as_known: datetime | None
) -> list[Direction]:
    """Return by which directions others exercise an action of an organisation on a day; none where it is stopped."""
    found = map(_direction, await db.fetch(_DIRECTIONS, on, as_known or _NOW, organisation))
    return directed_to([one for one in found if one.moves(action)])


async def list_directed_bodies(
    db: Reads, directions: Collection[Direction], *, as_at: date, as_known: datetime | None
) -> list[DirectedView]:
    """Return the bodies that may by directions themselves: those that lead who exercises the action."""
    return [
        DirectedView(organisation=one.exercised_by, body=body, authorisation=one.authorisation)
        for one in directions
        for body in await list_leading_bodies(db, one.exercised_by, as_at=as_at, as_known=as_known)
    ]


async def list_directing(db: Reads, exercised_by: str, action: str, *, on: date, as_known: datetime | None) -> set[str]:
    """Return the organisations whose action an organisation exercises on a day, by directions that none stops."""
    moved: dict[str, list[Direction]] = defaultdict(list)
    for row in await db.fetch(_DIRECTED_TO, on, as_known or _NOW, exercised_by):
        if (direction := _direction(row)).moves(action):
            moved[row["organisation"]].append(direction)
    return {
        organisation
        for organisation, directions in moved.items()
        if exercised_by in {one.exercised_by for one in directed_to(directions)}
    }


def _direction(row: Mapping[str, Any]) -> Direction:
    return Direction(row["reference"], tuple(row["functions"]), row["exercised_by"], row["pack"])


async def _conditions(
    db: Reads, decisions: Collection[int], instant: datetime, as_at: date
) -> Mapping[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in await db.fetch(_CONDITIONS, decisions, instant, as_at):
        found[row["authorisation_id"]].append(row)
    return found


def _view(
    row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], as_at: date, as_known: datetime | None
) -> AuthorisationView:
    pack = pack_named(row["pack"])
    support = {one["level"]: one for one in pack.values["levels"]}
    conditions = [condition_of(one) for one in rows]
    decided: Authorised = outcome(pack, conditions, deferred=row["deferred"], on=date.min)
    return AuthorisationView(
        **{name: row[name] for name in ("authorisation", "organisation", "wave", "decided_on", "pack", "stated_at")},
        outcome=decided,
        stands_at=outcome(pack, conditions, deferred=row["deferred"], on=as_at),
        replaced_by=row["replaced_by"],
        sign_off=needs_sign_off(pack, conditions, on=as_at),
        conditions=[
            ConditionView(
                **{name: one[name] for name in ("criterion", "domain", "level", "functions", "exercised_by")},
                **{name: one[name] for name in ("rectify_by", "lifted_on", "evidence", "sha256")},
                support=support[one["level"]]["title"],
                support_verified=support[one["level"]]["verified"],
                overdue=one["lifted_on"] is None and one["rectify_by"] is not None and one["rectify_by"] < as_at,
            )
            for one in rows
        ],
        checkpoints=[],
        as_at=as_at,
        as_known=as_known,
    )


def condition_of(row: Mapping[str, Any]) -> Condition:
    """Return a condition, as a rule computes with it."""
    names = ("criterion", "domain", "level", "exercised_by", "lifted_on")
    return Condition(functions=tuple(row["functions"]), **{name: row[name] for name in names})
