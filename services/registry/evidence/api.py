"""Routes about sources: who may be cited, what they said, and where they disagree."""

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
    commands_router,
    page,
    problems,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.identity import Caller, Role
from libs.common.temporal.history import FIRST_DAY
from libs.organisations.statements import Facet
from services.registry.core import sources
from services.registry.core.codes import CODE
from services.registry.core.errors import OrganisationNotFound, SourceRefused
from services.registry.edge import CodeInPath, OfDay
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


@router.get("/sources", response_model=SourcesView, summary="Who may be cited, and whose word stands above whose")
async def list_sources(_: By, as_at: AsAt) -> SourcesView:
    """Every family of sources that can be cited on a day, with its rank and the pack of rules that gives it.

    Where families speak of the same days, those of the highest rank rule, the latest word among them. The others stay
    visible: GET /conflicts.
    """
    return SourcesView(as_at=as_at, sources=list(sources.families(as_at).values()))


@router.post(
    "/reports",
    status_code=201,
    response_model=RecordedView,
    summary="Put on record what a source says",
    responses=problems(OrganisationNotFound, SourceRefused),
)
async def record_report(report: commands.SourceDocument, session: Write, by: Reporter, today: Today) -> RecordedView:
    """Put what a named document says of bodies on record, with the rank of its family, as stated on its day.

    It rules where nobody of a higher rank spoke, and else stands beside what rules. A succession that the press or a
    user reports is shown with the body's history and conflicts, and no lineage follows it. What keeps a register, or
    is an official list, needs the role `loader`.
    """
    return await commands.record(session, report, by=by, today=today)


@router.get(
    "/organisations/{code}/history",
    response_model=HistoryView,
    summary="Who believed what about it, when, from which source",
    responses=problems(OrganisationNotFound),
)
async def get_organisation_history(
    code: CodeInPath, rows: Rows, _: By, as_known: AsKnown, as_at: OfDay = None
) -> HistoryView:
    """Every belief about a body, its ties and its successions, and every statement that they follow from.

    With `as_at` only what was said of that day; with `as_known` only what was said by then.
    """
    return await history.history_of(rows, code, as_at=as_at, as_known=as_known)


@router.get(
    "/conflicts",
    response_model=Page[ConflictView],
    summary="Where sources disagree, and who rules",
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
    code: Annotated[str | None, Query(description="only of this body", pattern=CODE)] = None,
) -> Page[ConflictView]:
    """Days on which two families of sources, each taken alone, say different things, both values, and who rules.

    A source that says no end claims the days until it spoke, and one that only observed claims the day on which it did.
    In the order in which the bodies became known; successions come last.
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
    """Return where a page begins. Raises UnreadableCursor."""
    if len(after) == 2 and isinstance(after[1], int) and 0 <= after[1] < 2**15:
        first = after[0]
        if isinstance(first, str) or (isinstance(first, int) and 0 <= first < 2**31):
            return first, after[1]
    raise UnreadableCursor("after: use the link `next` of the page before")


findings_router = commands_router(tags=["Findings"])


@findings_router.get("/findings/counts", response_model=FindingsCountsView, summary="How much is odd in the sources")
async def count_findings(rows: Rows, _: By, as_known: AsKnown) -> FindingsCountsView:
    """How many findings there are of each sort, by all that was said until an instant, and what the sort means."""
    return await findings.count(rows, as_known=as_known)


@findings_router.get(
    "/findings",
    response_model=Page[AnomalyView],
    summary="What is odd in the sources",
    responses=problems(UnreadableCursor),
)
async def list_findings(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    sort: Annotated[AnomalyType, Query(description="what is odd: `GET /findings/counts` explains each")],
    source: Annotated[
        str | None,
        Query(
            description="only about this source, or this family of sources",
            pattern=r"^[\x21-\x7e]{1,200}$",
            examples=["ods-epcmem"],
        ),
    ] = None,
    code: Annotated[str | None, Query(description="only about this body", pattern=CODE)] = None,
) -> Page[AnomalyView]:
    """Findings of one sort: computed from all that sources said until an instant, in whatever order that was taken.

    A finding changes nothing: what it is about stands as it arrived. Who covers a practice or an area twice or not at
    all is told by `GET /covers/findings`, and where sources disagree by `GET /conflicts`.
    """
    after = paging.key(str, str, str, str)
    found = await findings.find(
        rows, sort, as_known=as_known, source=source, code=code, after=after, limit=paging.fetch
    )
    return page(found, key=_key, request=request)


def _key(one: AnomalyView) -> tuple[str, ...]:
    return one.code, one.other, one.source, one.first_day.isoformat() if one.first_day else ""
