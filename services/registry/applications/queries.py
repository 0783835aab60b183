"""Reads applications to merge, as known at an instant, judged by the procedures in force when they were filed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from libs.common.database.connection import Reads
from libs.common.temporal.history import ALWAYS
from services.registry.applications.content import ApplicationContent, Determination
from services.registry.applications.criteria import Evidence, Judgement, judge
from services.registry.applications.errors import ApplicationNotFound
from services.registry.applications.models import ApplicationStatus
from services.registry.applications.procedures import Procedure, earliest_effect, factors_on, procedures_on
from services.registry.applications.views import (
    ApplicationInFullView,
    ApplicationStepView,
    ApplicationView,
    ApprovalConditionView,
    DeterminationView,
    FactorView,
    ProceduresView,
    ProcedureView,
)
from services.registry.core.kinds import Kind
from services.registry.core.sight import Sight
from services.registry.populations.queries import people_of

# $8 are the bodies that the caller acts for, NULL for every one: a draft that was never filed is its parties' alone.
_SOME = """
SELECT a.reference, a.kind, step.filed_by, a.drafted_on, step.status, step.content, step.stated_at, a.version
  FROM merger_application a
 CROSS JOIN LATERAL (SELECT * FROM merger_application_step s
                      WHERE s.application_id = a.id AND s.stated_at <= $1
                      ORDER BY s.stated_at DESC, s.number DESC LIMIT 1) step
 WHERE ($2::text IS NULL OR step.status = $2)
   AND ($3::text IS NULL OR step.content->>'successor' = $3 OR step.content->'applicants' ? $3)
   AND ($4::text IS NULL OR a.reference = $4)
   AND ($5::date IS NULL OR (a.drafted_on, a.reference) > ($5, $6))
   AND ($8::text[] IS NULL OR step.content->>'filed_on' IS NOT NULL
        OR jsonb_typeof(step.content->'agreed') IS DISTINCT FROM 'array'
        OR step.filed_by = ANY($8) OR step.content->'applicants' ?| $8)
 ORDER BY a.drafted_on, a.reference LIMIT $7
"""

_STEPS = """
SELECT s.number, s.act, s.status, s.content, s.stated_at, s.stated_by, s.recorded_at
  FROM merger_application_step s JOIN merger_application a ON a.id = s.application_id
 WHERE a.reference = $1 AND s.stated_at <= $2 ORDER BY s.stated_at, s.number
"""


@dataclass(frozen=True, slots=True)
class ApplicationFilter:
    """Filters of the list of applications; None leaves a filter out. `code` is an applicant or the successor."""

    status: ApplicationStatus | None = None
    code: str | None = None


async def list_applications(
    db: Reads,
    filters: ApplicationFilter,
    *,
    sight: Sight,
    as_known: datetime | None,
    after: tuple[date, str] | None,
    limit: int,
) -> list[ApplicationView]:
    """Return a page of applications ordered by the day of their first step and reference; `after` is the cursor."""
    day, reference = after or (None, None)
    asked = (filters.status, filters.code, None, day, reference, limit, _seen_by(sight))
    rows = await db.fetch(_SOME, as_known or ALWAYS, *asked)
    return [_view(row, sight, as_known) for row in rows]


async def get_application(
    db: Reads, reference: str, *, sight: Sight, as_known: datetime | None
) -> ApplicationInFullView:
    """Return an application, judged by the packs in force on its filing day. Raises ApplicationNotFound.

    Its content is for its parties as known at the instant: who left reads what was known while it took part.
    """
    known = as_known or ALWAYS
    rows = await db.fetch(_SOME, known, None, None, reference, None, None, 1, _seen_by(sight))
    if not rows:
        raise ApplicationNotFound(f"no application has the reference {reference}, or none was known then")
    application, content = _view(rows[0], sight, as_known), _content(rows[0])
    kind, filed_on = Kind(application.kind), application.filed_on or application.drafted_on
    procedures = procedures_on(filed_on, kind)
    public = {
        **dict(application),
        "earliest_effect": earliest_effect(procedures),
        "procedures": _procedures(procedures),
        "as_known": as_known,
    }
    if not _is_party(rows[0], content, sight):
        return ApplicationInFullView(**public, said=None, criteria=None, factors=None, steps=None)
    people = await people_of(db, content.applicants, as_at=filed_on, as_known=as_known)
    return ApplicationInFullView(
        **public,
        said=content,
        criteria=judge((one.pack for one in procedures), _evidence(content, people)),
        factors=_factors(content, filed_on, kind),
        steps=[_step(row) for row in await db.fetch(_STEPS, reference, known)],
    )


def get_procedures(filed_on: date, kind: Kind) -> ProceduresView:
    """Return the procedures in force on a filing day, the latest first."""
    found = procedures_on(filed_on, kind)
    return ProceduresView(
        kind=kind, filed_on=filed_on, earliest_effect=earliest_effect(found), procedures=_procedures(found)
    )


def _seen_by(sight: Sight) -> list[str] | None:
    return None if sight.closed_from is None else sorted(sight.closed_from)


def _content(row: asyncpg.Record) -> ApplicationContent:
    return ApplicationContent.model_validate_json(row["content"])


def _is_party(row: asyncpg.Record, content: ApplicationContent, sight: Sight) -> bool:
    return sight.sees(row["filed_by"], *content.applicants, stated_at=row["stated_at"])


def _view(row: asyncpg.Record, sight: Sight, as_known: datetime | None) -> ApplicationView:
    content = _content(row)
    party = _is_party(row, content, sight)
    return ApplicationView(
        reference=row["reference"],
        kind=row["kind"],
        status=row["status"],
        applicants=content.applicants,
        filed_by=row["filed_by"],
        drafted_on=row["drafted_on"],
        filed_on=None if content.never_filed else content.filed_on or row["drafted_on"],
        lacking=content.lacking,
        successor=content.successor,
        successor_name=content.successor_name,
        effective_on=content.effective_on,
        determination=_determination(content.determination, party) if content.determination else None,
        # Who left reads what was known earlier, and the version of now counts what came after.
        version=row["version"] if party and as_known is None else None,
    )


def _determination(decided: Determination, party: bool) -> DeterminationView:
    return DeterminationView(
        outcome=decided.outcome,
        decided_on=decided.decided_on,
        reasons=decided.reasons if party else None,
        conditions=[
            ApprovalConditionView(condition=one.condition, words=one.words if party else None)
            for one in decided.conditions
        ],
        deferred_to=decided.deferred_to,
        merger=decided.merger,
    )


def _step(row: asyncpg.Record) -> ApplicationStepView:
    content = _content(row)
    return ApplicationStepView(**dict(row), effective_on=content.effective_on, applicants=content.applicants)


def _procedures(procedures: Iterable[Procedure]) -> list[ProcedureView]:
    return [
        ProcedureView(
            id=one.pack.id,
            title=one.pack.title,
            citation=one.pack.citation,
            weight=one.pack.weight,
            effective_from=one.pack.effective_from,
            effective_to=one.pack.effective_to,
            note=one.pack.note,
            advice=one.pack.values.get("advice"),
            filed_by=one.pack.values["filed_by"],
            earliest_effect=one.earliest_effect,
            next_variation_window=one.next_variation_window,
            variation_note=one.pack.values.get("variation_note"),
            dissolution=one.pack.values.get("dissolution"),
        )
        for one in procedures
    ]


def _factors(content: ApplicationContent, filed_on: date, kind: Kind) -> list[FactorView]:
    return [
        FactorView(
            pack=pack.id,
            factor=factor["id"],
            text=factor["text"],
            evidence=[one.evidence for one in content.factors if one.factor == factor["id"]],
        )
        for pack in factors_on(filed_on, kind)
        for factor in pack.values["factors"]
    ]


def _evidence(content: ApplicationContent, people: Mapping[str, int | None]) -> Evidence:
    return Evidence(
        applicants=content.applicants,
        planned_pence=content.planned_management_cost_pence,
        baseline_pence=content.management_cost_baseline_pence,
        viewed=frozenset(view.organisation for view in content.member_views),
        people=people,
        judgements={one.criterion: Judgement(one.passes, one.reasons) for one in content.judgements},
    )
