"""Routes about sources: which may be cited, what they state, where they disagree, and what is odd in them."""

from typing import Annotated, Any, Literal

from fastapi import Query, Request

from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Page,
    Paging,
    Rows,
    Today,
    Write,
    allowed,
    binds,
    commands_router,
    page,
    problems,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from libs.common.temporal.history import FIRST_DAY
from libs.organisations.statements import Facet
from services.registry.core import sources
from services.registry.core.codes import Code
from services.registry.core.errors import OrganisationNotFound, SourceRefused
from services.registry.core.kinds import Kind
from services.registry.edge import CodeInPath, OfDay, Seeing
from services.registry.evidence import anomalies as findings
from services.registry.evidence import commands, conflicts, history
from services.registry.evidence.conflict_rules import Differing
from services.registry.evidence.views import (
    AnomalyType,
    AnomalyView,
    ClaimView,
    ConflictView,
    DifferingView,
    FindingsCountsView,
    HistoryView,
    RecordedView,
    SourcesView,
)

router = commands_router(tags=["Sources"])

Reporter = Annotated[Caller, allowed(Role.REGISTRAR, Role.LOADER)]


@router.get("/sources", response_model=SourcesView, summary="List the sources and their ranks")
async def list_sources(_: By, as_at: AsAt) -> SourcesView:
    """List the families of sources that can be cited on a day, with the rank of each and the rule pack that gives it.

    Where several state something of the same days, the highest rank rules, and within it the latest statement. The
    others stay visible: `GET /conflicts`.
    """
    return SourcesView(as_at=as_at, sources=list(sources.families(as_at).values()))


@router.post(
    "/reports",
    status_code=201,
    response_model=RecordedView,
    summary="Record what a source states",
    responses=problems(OrganisationNotFound, SourceRefused),
)
@binds("facts.code", "the parents and successors that it names")
async def record_report(report: commands.SourceDocument, session: Write, by: Reporter, today: Today) -> RecordedView:
    """Record what a named document states of organisations, with the rank of its family, as stated on its day.

    It rules where no source of a higher rank states anything; elsewhere it stays visible beside what rules. A
    succession that the press or a user reports is shown in the history and the conflicts, and changes no lineage.
    Statements of registers and official lists need the role `loader`.
    """
    return await commands.record(session, report, by=by, today=today)


@router.get(
    "/organisations/{code}/history",
    response_model=HistoryView,
    summary="Get the history of what is known about an organisation",
    responses=problems(OrganisationNotFound),
)
async def get_organisation_history(
    code: CodeInPath, rows: Rows, sight: Seeing, as_known: AsKnown, as_at: OfDay = None
) -> HistoryView:
    """Return every belief about an organisation, its links and its successions, and the statements behind them.

    Who recorded a statement is null for who does not act for the organisation.
    With `as_at` only those about that day; with `as_known` only what was stated by then.
    """
    return await history.history_of(rows, code, sight=sight, as_at=as_at, as_known=as_known)


@router.get(
    "/conflicts",
    response_model=Page[ConflictView],
    summary="List where sources disagree, and which one rules",
    responses=problems(UnreadableCursor),
)
async def list_conflicts(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    as_at: OfDay = None,
    about: Annotated[
        Literal["life", "name", "parent", "kind", "legal", "address", "legal_form", "remit", "succession"] | None,
        Query(description="only about this"),
    ] = None,
    code: Annotated[Code | None, Query(description="only of this body")] = None,
) -> Page[ConflictView]:
    """List days on which families of sources, each taken alone, state different values, with both and the ruling one.

    A source that gives no end claims the days up to its statement; one that only observed claims that day alone.
    Ordered as the organisations became known; successions come last.
    """
    facet = None if about in (None, conflicts.SUCCESSION) else Facet[about.upper()]
    wanted = conflicts.ConflictFilter(facet, about == conflicts.SUCCESSION, code, as_at)
    after = None if paging.after is None else _place(paging.after)
    found = await conflicts.conflicts(rows, wanted, as_known=as_known, after=after, limit=paging.fetch)
    places = {(one.code, one.about): one.place for one in found}
    return page(
        [
            ConflictView(code=one.code, about=one.about, differs=[_differing(span) for span in one.differs])
            for one in found
        ],
        key=lambda one: places[one.code, one.about],
        request=request,
    )


def _differing(one: Differing) -> DifferingView:
    return DifferingView(
        first_day=None if one.days.start == FIRST_DAY else one.days.start,
        last_day=history.last_day(one.days.end),
        words=[
            ClaimView(
                source=word.source,
                family=word.family,
                rank=word.rank,
                value=word.value,
                stated_at=word.stated_at,
                observed=word.observed,
            )
            for word in one.words
        ],
        rules=one.rules,
        why=one.why,
        because=one.because,
    )


def _place(after: tuple[Any, ...]) -> tuple[int | str, int]:
    """Read the cursor of a page. Raises UnreadableCursor."""
    if len(after) == 2 and isinstance(after[1], int) and 0 <= after[1] < 2**15:
        first = after[0]
        if isinstance(first, str) or (isinstance(first, int) and 0 <= first < 2**31):
            return first, after[1]
    raise UnreadableCursor("after: use the link `next` of the page before")


findings_router = commands_router(tags=["Findings"])


@findings_router.get("/findings/counts", response_model=FindingsCountsView, summary="Count the findings in the sources")
async def count_findings(rows: Rows, _: By, as_known: AsKnown) -> FindingsCountsView:
    """Count the findings of each type, from all statements up to an instant, with the meaning of the type."""
    return await findings.count(rows, as_known=as_known)


@findings_router.get(
    "/findings",
    response_model=Page[AnomalyView],
    summary="List the findings in the sources",
    responses=problems(UnreadableCursor),
)
async def list_findings(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    sort: Annotated[AnomalyType, Query(description="the type of anomaly: `GET /findings/counts` explains each")],
    source: Annotated[
        str | None,
        Query(
            description="only about this source, or this family of sources",
            pattern=r"^[\x21-\x7e]{1,200}$",
            examples=["ods-epcmem"],
        ),
    ] = None,
    code: Annotated[Code | None, Query(description="only about this body")] = None,
    kind: Annotated[Kind | None, Query(description="only about bodies that are of this kind, or were last")] = None,
) -> Page[AnomalyView]:
    """List the findings of one type, computed from all statements up to an instant, in whatever order they arrived.

    A finding changes nothing: the statements stay as they arrived. `GET /covers/findings` lists practices and areas
    that are not covered exactly once, and `GET /conflicts` where sources disagree.

    `sort=left_by_closed` is a work list: open bodies whose parent, local office, STP, ICB or region has closed, and of
    which no source says where they are since. `code` limits it to those left by one body.
    """
    after = paging.key(str, str, str, str)
    found = await findings.find(
        rows, sort, as_known=as_known, source=source, code=code, kind=kind, after=after, limit=paging.fetch
    )
    return page(found, key=_key, request=request)


def _key(one: AnomalyView) -> tuple[str, ...]:
    return one.code, one.other, one.source, one.first_day.isoformat() if one.first_day else ""
