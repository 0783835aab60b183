"""Reads new care models, as at a day, as known at an instant."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from services.registry.care_models.errors import CareModelNotFound
from services.registry.care_models.models import CareModelStatus, CareModelType, Stated
from services.registry.care_models.rules import CareModelAct, CareModelState, state_of
from services.registry.care_models.views import CareModelInFullView, CareModelStatementView, CareModelView
from services.registry.core.sight import Sight
from services.registry.lineage.queries import steps_to

_STATEMENTS = """
SELECT m.reference, m.model, m.name, m.place, m.version, s.stated, s.effective_on, s.planned_for, s.partners,
       s.services, s.offers, s.excludes, s.people, s.note, s.stated_at, s.source, s.recorded_by, s.recorded_at
  FROM care_model m JOIN care_model_statement s ON s.care_model_id = m.id AND s.stated_at <= $1
 WHERE ($2::text IS NULL OR m.reference = $2)
   AND ($3::text[] IS NULL OR m.place = ANY($3))
   AND ($4::text IS NULL OR m.model = $4)
   AND ($5::text IS NULL OR m.reference > $5)
 ORDER BY m.reference, s.stated_at, s.id
"""


@dataclass(frozen=True, slots=True)
class CareModelFilter:
    """Filters of the list of care models; None leaves a filter out."""

    place: str | None = None
    model: CareModelType | None = None
    status: CareModelStatus | None = None


async def get_care_model(
    db: Reads, reference: str, *, sight: Sight, as_at: date, as_known: datetime | None
) -> CareModelInFullView:
    """Return one care model with its statements. Raises CareModelNotFound, also where it had none by the instant.

    The words of a statement are for the place and the partners that it names.
    """
    rows = await _statements_of(db, reference, as_known)
    [model] = await _views(db, [rows], sight=sight, as_at=as_at, as_known=as_known)
    return CareModelInFullView(
        **model.model_dump(),
        as_at=as_at,
        as_known=as_known,
        statements=[_statement(row, sight) for row in rows],
    )


async def list_acts(db: Reads, reference: str, *, as_known: datetime | None) -> list[CareModelAct]:
    """Return what was stated about a care model, oldest first. Raises CareModelNotFound where there is nothing."""
    return [_act(row) for row in await _statements_of(db, reference, as_known)]


async def list_care_models(
    db: Reads,
    filters: CareModelFilter,
    *,
    sight: Sight,
    as_at: date,
    as_known: datetime | None,
    after: str | None,
    limit: int,
) -> list[CareModelView]:
    """Return a page of care models ordered by reference; `after` is the cursor.

    Filtering by place includes the care models of its predecessors up to the day.
    """
    places = None
    if filters.place is not None:
        before = await steps_to(db, [filters.place], as_at, as_known)
        places = sorted({filters.place, *(step.code for step in before)})
    rows = await db.fetch(_STATEMENTS, as_known or ALWAYS, None, places, filters.model, after)
    matching = [
        statements for statements in _by_model(rows) if filters.status in (None, _state(statements, as_at).status)
    ]
    return await _views(db, matching[:limit], sight=sight, as_at=as_at, as_known=as_known)


async def _statements_of(db: Reads, reference: str, as_known: datetime | None) -> list[asyncpg.Record]:
    rows = await db.fetch(_STATEMENTS, as_known or ALWAYS, reference, None, None, None)
    if not rows:
        raise CareModelNotFound(f"no care model has the reference {reference}, as known then")
    return rows


async def _views(
    db: Reads, models: Collection[Sequence[asyncpg.Record]], *, sight: Sight, as_at: date, as_known: datetime | None
) -> list[CareModelView]:
    """Return care models, each with those at its place that have not ended."""
    places = sorted({statements[0]["place"] for statements in models})
    going_on: dict[str, list[str]] = defaultdict(list)
    for statements in _by_model(await db.fetch(_STATEMENTS, as_known or ALWAYS, None, places, None, None)):
        if _state(statements, as_at).status != "ended":
            going_on[statements[0]["place"]].append(statements[0]["reference"])
    return [_view(statements[0], _state(statements, as_at), going_on, sight) for statements in models]


def _statement(row: asyncpg.Record, sight: Sight) -> CareModelStatementView:
    sees = sight.sees(row["place"], *row["partners"], stated_at=row["stated_at"])
    hidden = {} if sees else {"services": None, "note": None, "recorded_by": None}
    return CareModelStatementView.model_validate({**row, **hidden})


def _view(model: asyncpg.Record, state: CareModelState, going_on: dict[str, list[str]], sight: Sight) -> CareModelView:
    others = [] if state.status == "ended" else [one for one in going_on[model["place"]] if one != model["reference"]]
    latest = state.latest
    return CareModelView(
        reference=model["reference"],
        model=model["model"],
        name=model["name"],
        place=model["place"],
        status=state.status,
        planned_for=state.planned_for,
        slipped_from=list(state.slipped_from),
        overdue=state.overdue,
        since=state.since,
        last_day=state.last_day,
        partners=list(latest.partners),
        services=latest.services if sight.sees(model["place"], *latest.partners, stated_at=latest.stated_at) else None,
        offers=list(latest.offers),
        excludes=list(latest.excludes),
        people=latest.people,
        overlaps=others,
        version=model["version"],
    )


def _by_model(rows: Iterable[asyncpg.Record]) -> Collection[list[asyncpg.Record]]:
    grouped: dict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in rows:
        grouped[row["reference"]].append(row)
    return grouped.values()


def _state(statements: Iterable[asyncpg.Record], as_at: date) -> CareModelState:
    return state_of(map(_act, statements), as_at)


def _act(row: asyncpg.Record) -> CareModelAct:
    return CareModelAct(
        stated=Stated(row["stated"]),
        effective_on=row["effective_on"],
        planned_for=row["planned_for"],
        partners=tuple(row["partners"]),
        services=row["services"],
        offers=tuple(row["offers"]),
        excludes=tuple(row["excludes"]),
        people=row["people"],
        stated_at=row["stated_at"],
    )
