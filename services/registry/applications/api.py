"""Routes about applications to merge and the procedures that they are filed under."""

from datetime import date
from typing import Annotated

from fastapi import Path, Query, Request, Response

from libs.common.codes import numbered
from libs.common.http.dependencies import (
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    binds_one_of,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from libs.common.temporal.days import WrittenDay
from services.registry.applications import commands, determinations, queries
from services.registry.applications.content import Content, JudgementOf
from services.registry.applications.errors import (
    ApplicationNotAllowed,
    ApplicationNotFound,
    DeterminedAlready,
    NoSuchApplicant,
    NotApplicants,
)
from services.registry.applications.models import Application, ApplicationStatus
from services.registry.applications.views import (
    ApplicationInFullView,
    ApplicationView,
    ApplicationWrittenView,
    ProceduresView,
)
from services.registry.core.codes import Code
from services.registry.core.errors import CodeTaken, TermUnknown
from services.registry.core.kinds import Kind
from services.registry.edge import EDIT_REFUSALS, Seeing
from services.registry.mergers.errors import MergerNotAllowed, MergerNotReady, SchemeMadeAlready, SchemeNotAllowed

router = commands_router(tags=["Merger applications"])

Reference = Annotated[
    str,
    numbered("A", "A-14Y"),
    Path(description="the reference that filing gave", examples=["A-14Y"]),
]
Applying = Annotated[Caller, allowed(Role.GOVERNANCE_LEAD, Role.REGISTRAR, Role.NHS_ENGLAND)]
"""A commissioner's governance lead, or the registrar for it; NHS England where it leads."""
OPEN = (ApplicationNotFound, DeterminedAlready, ApplicationNotAllowed, *EDIT_REFUSALS)


@router.get(
    "/merger-applications",
    response_model=Page[ApplicationView],
    summary="Find applications to merge",
    responses=problems(UnreadableCursor),
)
async def list_applications(
    request: Request,
    rows: Rows,
    sight: Seeing,
    paging: Paging,
    as_known: AsKnown,
    status: Annotated[ApplicationStatus | None, Query(description="only those with this status")] = None,
    code: Annotated[Code | None, Query(description="an applicant or the successor")] = None,
) -> Page[ApplicationView]:
    """List applications by status and organisation, as known at an instant, ordered by the day of their first step.

    A draft that was never filed is listed for the bodies that it names alone.
    """
    filters = queries.ApplicationFilter(status, code)
    found = await queries.list_applications(
        rows, filters, sight=sight, as_known=as_known, after=_cursor(paging.key(str, str)), limit=paging.fetch
    )
    return page(found, key=lambda one: (one.drafted_on, one.reference), request=request)


@router.get(
    "/merger-applications/{reference}",
    response_model=ApplicationInFullView,
    summary="Get an application and its results by criterion",
    responses=problems(ApplicationNotFound),
)
async def get_application(
    reference: Reference, rows: Rows, sight: Seeing, response: Response, as_known: AsKnown
) -> ApplicationInFullView:
    """Return the content and the steps of an application, judged by the procedures in force when it was filed.

    Everybody reads who applied for what, and the outcome; the rest is null for others than its parties. A draft that
    was never filed is found by the bodies that it names alone.
    Each criterion is judged by itself: passes, fails, unjudged; and `not found, unjudged` where no source states it.
    """
    found = await queries.get_application(rows, reference, sight=sight, as_known=as_known)
    if found.version is not None:
        etag(response, found.version)
    return found


@router.post(
    "/merger-applications",
    status_code=201,
    response_model=ApplicationWrittenView,
    summary="Apply to merge",
    responses=problems(ApplicationNotAllowed),
)
@binds("filed_by")
async def file_application(
    command: commands.FileApplication, session: Write, by: Applying, stated_at: StatedAt, response: Response
) -> ApplicationWrittenView:
    """Apply to dissolve two or more CCGs and establish another (NHS Act 2006 s.14G, s.14B); or ICBs (s.14Z25).

    Only they can apply: any other organisation, including a cluster of ICBs, is refused with a reason. Each applies by
    its own act: those that the caller acts for apply with this request, and the application is a draft until the others
    have agreed to it. The day on which the last one agrees is the filing day, which decides which procedures apply.
    Where the application names no day of effect, it is the first day that they allow.
    An advisory procedure refuses nothing. Nothing else changes until NHS England determines the application.
    """
    filed = await commands.file_application(session, command, by=by, stated_at=stated_at)
    return _written(filed, response)


@router.put(
    "/merger-applications/{reference}",
    response_model=ApplicationWrittenView,
    summary="Edit an application",
    responses=problems(*OPEN),
)
@binds_one_of("the applicants", "the body that filed it", because="each applicant changes it for itself")
async def edit_application(
    reference: Reference,
    command: Content,
    session: Write,
    by: Applying,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> ApplicationWrittenView:
    """Change an application before it is determined. The earlier content stays readable, as known earlier.

    Each applicant does so for itself: it is a draft until the others have agreed to the new content.
    """
    application = await commands.get_application_to_change(session, reference, by=by)
    stale(application.version, expected)
    await commands.edit_application(session, application, command, by=by, stated_at=stated_at)
    return _written(application, response)


@router.post(
    "/merger-applications/{reference}/applicants",
    status_code=201,
    response_model=ApplicationWrittenView,
    summary="Join an application",
    responses=problems(ApplicationNotFound, DeterminedAlready, ApplicationNotAllowed),
)
@binds("applicant")
async def join_application(
    reference: Reference,
    command: commands.JoinApplication,
    session: Write,
    by: Applying,
    stated_at: StatedAt,
    response: Response,
) -> ApplicationWrittenView:
    """Add an applicant before the determination, with NHS England's agreement (s.14B).

    It takes no If-Match: who joins is no party yet, and reads no version.
    """
    application = await commands.get_application_to_change(
        session, reference, by=by, binds=lambda _: [command.applicant]
    )
    await commands.join_application(session, application, command, by=by, stated_at=stated_at)
    return _written(application, response)


@router.post(
    "/merger-applications/{reference}/agreements",
    status_code=201,
    response_model=ApplicationWrittenView,
    summary="Agree to an application as an applicant",
    responses=problems(NotApplicants, *OPEN),
)
@binds("applicant")
async def agree_to_application(
    reference: Reference,
    command: commands.AgreeToApplication,
    session: Write,
    by: Applying,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> ApplicationWrittenView:
    """Agree to the content that was read, for one applicant that the application names.

    When the last one has agreed, the application is filed.
    """
    application = await commands.get_application_to_change(
        session, reference, by=by, binds=lambda _: [command.applicant]
    )
    if command.applicant in application.applicants:
        stale(application.version, expected)
    await commands.agree_to_application(session, application, command, by=by, stated_at=stated_at)
    return _written(application, response)


@router.post(
    "/merger-applications/{reference}/applicants/{code}/withdrawal",
    response_model=ApplicationWrittenView,
    summary="Leave an application",
    responses=problems(NoSuchApplicant, *OPEN),
)
@binds("{code}")
async def leave_application(
    reference: Reference,
    code: Annotated[Code, Path(description="the applicant that leaves", examples=["10H"])],
    session: Write,
    by: Applying,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> ApplicationWrittenView:
    """Withdraw one applicant before the determination. Where one alone would be left, the application is withdrawn."""
    application = await commands.get_application_to_change(session, reference, by=by, binds=lambda _: [code])
    commands.must_be_applicant(application, code)
    stale(application.version, expected)
    await commands.leave_application(session, application, code, by=by, stated_at=stated_at)
    return _written(application, response)


@router.post(
    "/merger-applications/{reference}/withdrawal",
    response_model=ApplicationWrittenView,
    summary="Withdraw an application",
    responses=problems(ApplicationNotFound, DeterminedAlready, *EDIT_REFUSALS),
)
@binds("the applicants", "the body that filed it")
async def withdraw_application(
    reference: Reference, session: Write, by: Applying, stated_at: StatedAt, expected: IfMatch, response: Response
) -> ApplicationWrittenView:
    """Withdraw the whole application."""
    application = await commands.get_application_to_change(session, reference, by=by, binds=commands.applying)
    stale(application.version, expected)
    await commands.withdraw_application(session, application, by=by, stated_at=stated_at)
    return _written(application, response)


def _written(application: Application, response: Response) -> ApplicationWrittenView:
    """Return an application after a command, with its ETag."""
    content = commands.content_of(application)
    etag(response, application.version)
    return ApplicationWrittenView(
        reference=application.reference,
        status=application.status,
        applicants=application.applicants,
        lacking=content.lacking,
        merger=content.determination.merger if content.determination else None,
        effective_on=content.effective_on,
        version=application.version,
    )


def _cursor(after: tuple[str, ...] | None) -> tuple[date, str] | None:
    """Read the cursor: day and reference. Raises UnreadableCursor."""
    if after is None:
        return None
    day, reference = after
    try:
        return date.fromisoformat(day), reference
    except ValueError as error:
        raise UnreadableCursor("after: use the link `next` of the page before") from error


NHSEngland = Annotated[Caller, allowed(Role.NHS_ENGLAND)]


@router.get("/merger-procedures", response_model=ProceduresView, summary="List the procedures in force on a filing day")
async def list_merger_procedures(
    _: By,
    today: Today,
    filed_on: Annotated[WrittenDay | None, Query(description="the filing day; today if left out")] = None,
    kind: Annotated[Kind, Query(description="what merges: `ccg` or `icb`")] = Kind.CCG,
) -> ProceduresView:
    """List the procedures in force on a day, each with weight, windows and first day of effect.

    Several can be in force at once: in the years of the informal ban the procedure of 2013 still applied.
    """
    return queries.get_procedures(filed_on or today, kind)


@router.post(
    "/merger-applications/{reference}/judgements",
    status_code=201,
    response_model=ApplicationWrittenView,
    summary="Judge an application by one criterion",
    responses=problems(NotApplicants, *OPEN),
)
@binds("the applicants", "the body that filed it")
async def judge_application(
    reference: Reference,
    command: JudgementOf,
    session: Write,
    by: NHSEngland,
    stated_at: StatedAt,
    expected: IfMatch,
    response: Response,
) -> ApplicationWrittenView:
    """Record NHS England's judgement on a criterion that no recorded figure decides."""
    application = await commands.get_application_to_change(session, reference, by=by, binds=commands.applying)
    stale(application.version, expected)
    await determinations.judge_application(session, application, command, by=by, stated_at=stated_at)
    return _written(application, response)


@router.post(
    "/merger-applications/{reference}/determination",
    response_model=ApplicationWrittenView,
    summary="Determine an application",
    responses=problems(
        *OPEN,
        NotApplicants,
        MergerNotAllowed,
        MergerNotReady,
        SchemeNotAllowed,
        SchemeMadeAlready,
        CodeTaken,
        TermUnknown,
    ),
)
@binds("the applicants", "the body that filed it", "the successor")
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
    """Record that NHS England approves, approves with conditions, rejects, or defers to a later day.

    Approval creates the merger, which takes effect on its day if by then each condition is met and all schemes are
    made. A deferred application can be determined again.
    """
    application = await commands.get_application_to_change(session, reference, by=by, binds=commands.bodies_of)
    stale(application.version, expected)
    await determinations.determine_application(session, application, command, by=by, today=today, stated_at=stated_at)
    return _written(application, response)
