"""Routes about NHS England's side of applications to merge: its procedures, its judgements, its determinations."""

from typing import Annotated

from fastapi import Query, Response

from libs.common.http.dependencies import By, IfMatch, StatedAt, Today, Write, allowed, commands_router, problems, stale
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from services.registry import applications, determinations, procedures
from services.registry.api.application_views import ApplicationWrittenView, ProceduresView, ProcedureView
from services.registry.api.applications import OPEN, Reference, written
from services.registry.dossiers import JudgementOf
from services.registry.errors import CodeTaken, MergerNotAllowed, MergerNotReady, SchemeMadeAlready, SchemeNotAllowed
from services.registry.kinds import Kind

router = commands_router(tags=["Merger applications"])

NHSEngland = Annotated[Caller, allowed(Role.NHS_ENGLAND)]


@router.get("/merger-procedures", response_model=ProceduresView, summary="The procedures in force on a filing day")
async def list_merger_procedures(
    _: By,
    today: Today,
    filed_on: Annotated[WrittenDay | None, Query(description="the filing day; today if left out")] = None,
    kind: Annotated[Kind, Query(description="what merges: `ccg` or `icb`")] = Kind.CCG,
) -> ProceduresView:
    """Every procedure in force on a day, with its weight, its windows and the first day of effect that it allows.

    Several can be in force at once: in the years of the informal ban the procedure of 2013 went on.
    """
    day = filed_on or today
    found = procedures.procedures_on(day, kind)
    return ProceduresView(
        kind=kind,
        filed_on=day,
        earliest_effect=procedures.earliest_effect(found),
        procedures=[ProcedureView.of(one) for one in found],
    )


@router.post(
    "/merger-applications/{reference}/judgements",
    status_code=201,
    response_model=ApplicationWrittenView,
    summary="Judge an application by one criterion",
    responses=problems(*OPEN),
)
async def judge_application(
    reference: Reference,
    command: JudgementOf,
    session: Write,
    by: NHSEngland,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> ApplicationWrittenView:
    """Record what NHS England finds by a criterion that nothing recorded decides."""
    application = await applications.get_application_to_change(session, reference)
    stale(application.version, expected)
    await determinations.judge_application(session, application, command, by=by, stated_at=stated_at)
    return written(application, response)


@router.post(
    "/merger-applications/{reference}/determination",
    response_model=ApplicationWrittenView,
    summary="Determine an application",
    responses=problems(*OPEN, MergerNotAllowed, MergerNotReady, SchemeNotAllowed, SchemeMadeAlready, CodeTaken),
)
async def determine_application(
    reference: Reference,
    command: determinations.Determine,
    session: Write,
    by: NHSEngland,
    today: Today,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> ApplicationWrittenView:
    """NHS England approves, approves with conditions, rejects, or defers to a later day.

    Approval makes the merger, which takes effect on its day if each condition is met and all schemes are there by then.
    What is deferred can be determined again.
    """
    application = await applications.get_application_to_change(session, reference)
    stale(application.version, expected)
    await determinations.determine_application(session, application, command, by=by, today=today, stated_at=stated_at)
    return written(application, response)
