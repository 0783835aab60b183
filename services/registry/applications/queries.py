"""What was applied for, as known at an instant, and how it does by the procedures in force when it was filed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from libs.common.database.connection import Reads
from libs.common.rulepacks import RulePack
from libs.common.temporal.history import ALWAYS
from services.registry.applications.content import ApplicationContent
from services.registry.applications.criteria import Judged, judge
from services.registry.applications.errors import ApplicationNotFound
from services.registry.applications.models import ApplicationAct, ApplicationStatus
from services.registry.applications.procedures import Procedure, earliest_effect, factors_on, procedures_on
from services.registry.core.kinds import Kind
from services.registry.populations.queries import people_of

_SOME = """
SELECT a.reference, a.kind, a.filed_by, a.filed_on, step.status, step.content, a.version
  FROM merger_application a
 CROSS JOIN LATERAL (SELECT * FROM merger_application_step said
                      WHERE said.application_id = a.id AND said.stated_at <= $1
                      ORDER BY said.number DESC LIMIT 1) step
 WHERE ($2::text IS NULL OR step.status = $2)
   AND ($3::text IS NULL OR step.content->>'successor' = $3 OR step.content->'applicants' ? $3)
   AND ($4::text IS NULL OR a.reference = $4)
   AND ($5::date IS NULL OR (a.filed_on, a.reference) > ($5, $6))
 ORDER BY a.filed_on, a.reference LIMIT $7
"""

_STEPS = """
SELECT s.number, s.act, s.status, s.content, s.stated_at, s.stated_by, s.recorded_at
  FROM merger_application_step s JOIN merger_application a ON a.id = s.application_id
 WHERE a.reference = $1 AND s.stated_at <= $2 ORDER BY s.number
"""


@dataclass(frozen=True, slots=True)
class ApplicationAsKnown:
    """An application by what was last said of it."""

    reference: str
    kind: str
    filed_by: str
    filed_on: date
    status: ApplicationStatus
    said: ApplicationContent
    version: int


@dataclass(frozen=True, slots=True)
class StepAsKnown:
    """What was done to an application at one instant, and the day and the applicants that it had from then on."""

    number: int
    act: ApplicationAct
    status: ApplicationStatus
    effective_on: date
    applicants: list[str]
    stated_at: datetime
    stated_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of the regulations, and what is put forward on it; none: nothing."""

    pack: str
    factor: str
    text: str
    evidence: list[str]


@dataclass(frozen=True, slots=True)
class Appraisal:
    """How an application does: the procedures in force when it was filed, each criterion, each factor."""

    procedures: list[Procedure]
    earliest_effect: date | None
    criteria: list[Judged]
    factors: list[Factor]


@dataclass(frozen=True, slots=True)
class ApplicationFilters:
    """Which applications are asked for; None leaves a filter out. `code` is an applicant or the successor."""

    status: ApplicationStatus | None = None
    code: str | None = None


async def list_applications(
    db: Reads,
    filters: ApplicationFilters,
    *,
    as_known: datetime | None,
    after: tuple[date, str] | None,
    limit: int,
) -> list[ApplicationAsKnown]:
    """Return applications in the order of their filing days and references, from the one behind `after`."""
    day, reference = after or (None, None)
    rows = await db.fetch(_SOME, as_known or ALWAYS, filters.status, filters.code, None, day, reference, limit)
    return [_as_known(row) for row in rows]


async def get_application(
    db: Reads, reference: str, *, as_known: datetime | None
) -> tuple[ApplicationAsKnown, list[StepAsKnown]]:
    """Return an application with everything done to it until then. Raises ApplicationNotFound."""
    known = as_known or ALWAYS
    rows = await db.fetch(_SOME, known, None, None, reference, None, None, 1)
    if not rows:
        raise ApplicationNotFound(f"no application has the reference {reference}, or none was known then")
    steps = []
    for number, act, status, content, *stated in await db.fetch(_STEPS, reference, known):
        said = ApplicationContent.model_validate_json(content)
        steps.append(StepAsKnown(number, act, status, said.effective_on, said.applicants, *stated))
    return _as_known(rows[0]), steps


async def appraise(
    db: Reads, application: ApplicationAsKnown, *, as_known: datetime | None, packs: Iterable[RulePack] | None = None
) -> Appraisal:
    """Return how an application does by the packs in force on its filing day."""
    kind, said = Kind(application.kind), application.said
    held = None if packs is None else list(packs)
    procedures = procedures_on(application.filed_on, kind, packs=held)
    people = await people_of(db, said.applicants, as_at=application.filed_on, as_known=as_known)
    return Appraisal(
        procedures=procedures,
        earliest_effect=earliest_effect(procedures),
        criteria=judge((one.pack for one in procedures), said.evidence(people)),
        factors=[
            Factor(
                pack.id, factor["id"], factor["text"], [f.evidence for f in said.factors if f.factor == factor["id"]]
            )
            for pack in factors_on(application.filed_on, kind, packs=held)
            for factor in pack.values["factors"]
        ],
    )


def _as_known(row: Any) -> ApplicationAsKnown:
    reference, kind, filed_by, filed_on, status, content, version = row
    said = ApplicationContent.model_validate_json(content)
    return ApplicationAsKnown(reference, kind, filed_by, filed_on, ApplicationStatus(status), said, version)
