"""What the registry answers of new care models: as at a day, as known at an instant."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from services.registry.care_models.errors import CareModelNotFound
from services.registry.care_models.models import CareModelType, Stated
from services.registry.care_models.rules import CareModelAct, CareModelState, Status, state_of
from services.registry.lineage.queries import steps_to

_WORDS = """
SELECT m.reference, m.model, m.name, m.place, m.version, s.stated, s.effective_on, s.planned_for, s.partners,
       s.services, s.excludes, s.people, s.note, s.stated_at, s.source, s.recorded_by, s.recorded_at
  FROM care_model m JOIN care_model_statement s ON s.care_model_id = m.id AND s.stated_at <= $1
 WHERE ($2::text IS NULL OR m.reference = $2)
   AND ($3::text[] IS NULL OR m.place = ANY($3))
   AND ($4::text IS NULL OR m.model = $4)
   AND ($5::text IS NULL OR m.reference > $5)
 ORDER BY m.reference, s.stated_at, s.id
"""


@dataclass(frozen=True, slots=True)
class CareModelAsAt:
    """One care model as at a day, with what was said of it, and the others at its place that have not ended."""

    reference: str
    model: CareModelType
    name: str
    place: str
    version: int
    state: CareModelState
    words: tuple[CareModelAct, ...]
    overlaps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CareModelFilter:
    """Which care models are asked for; None leaves a filter out."""

    place: str | None = None
    model: CareModelType | None = None
    status: Status | None = None


async def get_care_model(db: Reads, reference: str, *, as_at: date, as_known: datetime | None) -> CareModelAsAt:
    """Return one care model. Raises CareModelNotFound, also where nothing had been said of it by the instant."""
    found = _read(await db.fetch(_WORDS, as_known or ALWAYS, reference, None, None, None), as_at)
    if not found:
        raise CareModelNotFound(f"no care model has the reference {reference}, as known then")
    [one] = await _with_overlaps(db, found, as_at=as_at, as_known=as_known)
    return one


async def list_care_models(
    db: Reads, filters: CareModelFilter, *, as_at: date, as_known: datetime | None, after: str | None, limit: int
) -> list[CareModelAsAt]:
    """Return care models in the order of their references, from the one behind `after`.

    At a place are also those of the bodies that live on in it by the day.
    """
    places = None
    if filters.place is not None:
        before = await steps_to(db, [filters.place], as_at, as_known)
        places = sorted({filters.place, *(step.code for step in before)})
    rows = await db.fetch(_WORDS, as_known or ALWAYS, None, places, filters.model, after)
    found = [one for one in _read(rows, as_at) if filters.status in (None, one.state.status)]
    return await _with_overlaps(db, found[:limit], as_at=as_at, as_known=as_known)


async def _with_overlaps(
    db: Reads, found: list[CareModelAsAt], *, as_at: date, as_known: datetime | None
) -> list[CareModelAsAt]:
    places = sorted({one.place for one in found})
    rows = await db.fetch(_WORDS, as_known or ALWAYS, None, places, None, None)
    there: dict[str, list[str]] = defaultdict(list)
    for other in _read(rows, as_at):
        if other.state.status != "ended":
            there[other.place].append(other.reference)
    return [_overlapping(one, there[one.place]) for one in found]


def _overlapping(one: CareModelAsAt, there: Iterable[str]) -> CareModelAsAt:
    others = () if one.state.status == "ended" else tuple(other for other in there if other != one.reference)
    return CareModelAsAt(one.reference, one.model, one.name, one.place, one.version, one.state, one.words, others)


def _read(rows: Iterable[asyncpg.Record], as_at: date) -> list[CareModelAsAt]:
    said: dict[tuple[str, str, str, str, int], list[CareModelAct]] = defaultdict(list)
    for row in rows:
        reference, model, name, place, version, stated, on, planned_for, partners, services, excludes, *rest = row
        word = CareModelAct(Stated(stated), on, planned_for, tuple(partners), services, tuple(excludes), *rest)
        said[reference, model, name, place, version].append(word)
    return [
        CareModelAsAt(reference, CareModelType(model), name, place, version, state_of(words, as_at), tuple(words))
        for (reference, model, name, place, version), words in said.items()
    ]
