"""Reads names, for those who need them, and records each name that is given out."""

from collections.abc import Collection
from datetime import datetime

import asyncpg

from libs.common.identity import Caller
from libs.common.process import context
from libs.common.temporal.believed import NOW, about, as_known
from services.governance.core.errors import PersonNotFound
from services.governance.core.models import Facet, known
from services.governance.core.queries import list_appointments_of
from services.governance.people.views import CorrectionView, NameView, PersonView

# $1 ids, $2 whether the caller is national, $3 the organisations that it acts for.
_READABLE = f"""
SELECT p.id, p.organisation FROM person p
 WHERE p.id = ANY($1) AND p.erased_on IS NULL AND ($2::bool OR p.organisation = ANY($3) OR EXISTS (
       SELECT FROM appointment a
         JOIN post o ON o.id = a.post_id
         JOIN body b ON b.id = o.body_id
         JOIN post_time_belief h ON h.subject_id = o.id
        WHERE a.person_id = p.id AND (b.organisation = ANY($3) OR o.member = ANY($3))
          AND {about("h", Facet.HOLDER)} AND h.value = a.id AND {as_known("h", NOW)}))
"""  # noqa: S608  (only names of ours are put in)
_NAMES = f"""
WITH readable AS ({_READABLE}), recorded AS (
    INSERT INTO name_read (person_id, reader, organisations, request_id)
    SELECT p.id, $4, $5, $6 FROM readable JOIN person p USING (id) WHERE p.restricted IS NULL
)
SELECT p.id AS person, CASE WHEN p.restricted IS NULL THEN p.display_name END AS display_name, p.restricted,
       p.organisation, p.version
  FROM readable JOIN person p USING (id) ORDER BY p.id
"""  # noqa: S608  (what is put in is the statement above)
_CORRECTIONS = "SELECT corrected_by, corrected_at FROM person_correction WHERE person_id = $1 ORDER BY id"


async def read_names(connection: asyncpg.Connection, persons: Collection[str], *, by: Caller) -> list[NameView]:
    """Return the names that the caller may read, and record that it did, in one statement.

    A caller acts for an organisation that keeps the person's record, or in which the person holds or held a post, or
    for a successor of one. Other persons are left out, as those are who do not exist or were erased. A restricted name
    is empty, and no reading of it is recorded.
    """
    rows = await connection.fetch(
        _NAMES, *await _asked(connection, persons, by), by.subject, sorted(by.organisations), context.origin().causation
    )
    return [NameView.model_validate(dict(row)) for row in rows]


async def read_person(
    connection: asyncpg.Connection, person: str, *, by: Caller, as_known: datetime | None
) -> PersonView:
    """Return a person with every appointment, past ones too, and record the reading. Raises PersonNotFound.

    The appointments are those known at the instant; the name and who may read it are those of now.
    """
    names = await read_names(connection, [person], by=by)
    if not names:
        raise PersonNotFound(f"there is no person {person}")
    corrections = await connection.fetch(_CORRECTIONS, person)
    return PersonView(
        **names[0].model_dump(),
        corrections=[CorrectionView.model_validate(dict(row)) for row in corrections],
        appointments=await list_appointments_of(connection, person, as_known=as_known),
    )


async def find_keeper(connection: asyncpg.Connection, person: str, *, by: Caller) -> str | None:
    """Return the organisation that keeps a person's record, None where the caller may not read the name."""
    row = await connection.fetchrow(_READABLE, *await _asked(connection, [person], by))
    return (row["organisation"] or "") if row else None


async def _asked(
    connection: asyncpg.Connection, persons: Collection[str], by: Caller
) -> tuple[list[str], bool, list[str]]:
    acts_for = by.organisations | await known.predecessors(connection, by.organisations)
    return sorted(set(persons)), by.is_national, sorted(acts_for)
