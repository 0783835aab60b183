"""Routes that suspend and resume the transfer schemes of staff of a merger."""

from collections.abc import Callable, Collection
from typing import Annotated

from fastapi import Path, Response

from libs.common.codes import ANY_CASE, Folded
from libs.common.http.dependencies import StatedAt, Today, Write, binds, commands_router, etag, problems
from services.registry.core.errors import TermUnknown
from services.registry.edge import MergerInPath, Preparing
from services.registry.mergers.commands import get_merger_to_change
from services.registry.mergers.errors import MergerNotFound
from services.registry.mergers.models import Merger
from services.registry.mergers.views import MergerView
from services.registry.suspensions import commands
from services.registry.suspensions.errors import (
    PauseNotAllowed,
    SchemeEnded,
    SchemeNotFound,
    SchemeNotSuspended,
    SchemeSuspendedAlready,
)

router = commands_router(tags=["Mergers"])

SchemeReference = Annotated[
    str,
    Folded(rf"[Mm]-{ANY_CASE}(-[0-9]{{1,3}})?-[PpSs][0-9]{{1,3}}", "a scheme is written as M-14Y-S1"),
    Path(description="the reference of one of its transfer schemes", examples=["M-14Y-S1"]),
]


def _of_the_scheme(reference: str) -> Callable[[Merger], Collection[str]]:
    """Return whom a scheme binds: the predecessors that it transfers from, all where there is no such scheme."""

    def binds(merger: Merger) -> Collection[str]:
        named = {code for one in merger.schemes if one.reference == reference for code in one.predecessors}
        return named or merger.predecessors

    return binds


@router.post(
    "/mergers/{reference}/schemes/{scheme}/suspension",
    status_code=201,
    response_model=MergerView,
    summary="Suspend a transfer scheme of staff",
    responses=problems(
        MergerNotFound, SchemeNotFound, SchemeEnded, SchemeSuspendedAlready, PauseNotAllowed, TermUnknown
    ),
)
@binds("the scheme's predecessors")
async def suspend_scheme(
    reference: MergerInPath,
    scheme: SchemeReference,
    command: commands.SuspendScheme,
    session: Write,
    by: Preparing,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Record that what a transfer scheme of staff moves waits, as when a consultation is paused.

    Staff stay with their host, and contracts that moved stay moved. Before the merger's day it is not ready until the
    scheme is resumed. Nothing is deleted, and what was known stays known.
    """
    merger = await get_merger_to_change(session, reference, by=by, binds=_of_the_scheme(scheme))
    await commands.suspend_scheme(session, merger, scheme, command, by=by, stated_at=stated_at)
    etag(response, merger.version)
    return merger


@router.post(
    "/mergers/{reference}/schemes/{scheme}/resumption",
    status_code=201,
    response_model=MergerView,
    summary="Resume a transfer scheme of staff",
    responses=problems(MergerNotFound, SchemeNotFound, SchemeEnded, SchemeNotSuspended, PauseNotAllowed, TermUnknown),
)
@binds("the scheme's predecessors")
async def resume_scheme(
    reference: MergerInPath,
    scheme: SchemeReference,
    command: commands.ResumeScheme,
    session: Write,
    by: Preparing,
    today: Today,
    stated_at: StatedAt,
    response: Response,
) -> Merger:
    """Record that a suspended transfer scheme of staff continues; what was done before is not repeated."""
    merger = await get_merger_to_change(session, reference, by=by, binds=_of_the_scheme(scheme))
    await commands.resume_scheme(session, merger, scheme, command, by=by, today=today, stated_at=stated_at)
    etag(response, merger.version)
    return merger
