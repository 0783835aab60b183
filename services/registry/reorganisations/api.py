"""Routes about successions that are stated by hand."""

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from pydantic import BaseModel, Field

from libs.common.http.dependencies import (
    AsKnown,
    By,
    IfMatch,
    Page,
    Paging,
    Rows,
    StatedAt,
    UnreadableVersion,
    Write,
    allowed,
    commands_router,
    etag,
    page,
    problems,
    stale,
)
from libs.common.http.paging import UnreadableCursor
from libs.common.http.problems import PreconditionMissing, StaleVersion
from libs.common.identity import Caller, Role
from services.registry.core.codes import CODE
from services.registry.reorganisations import commands, undoing
from services.registry.reorganisations.commands import StatedShape
from services.registry.reorganisations.errors import SuccessionNotAllowed, SuccessionNotFound, SuccessionNotUndoable
from services.registry.reorganisations.models import Reorganisation
from services.registry.reorganisations.queries import Reorganised, get_reorganisation, list_reorganisations

router = commands_router(tags=["Successions"])

Reference = Annotated[
    str,
    Path(
        pattern=r"^R-[A-Z0-9]{1,12}(-\d{1,3})?$", description="the reference that stating it gave", examples=["R-11X"]
    ),
]
Decider = Annotated[Caller, allowed(Role.REGISTRAR, Role.NHS_ENGLAND)]


class FollowerView(BaseModel):
    """A body that follows."""

    code: str = Field(examples=["QSL"])
    share: str | None = Field(description="exact; null where none is stated", examples=["1"])


class ReorganisationView(BaseModel):
    """A succession as it was stated by hand."""

    reference: str = Field(examples=["R-11X"])
    shape: StatedShape
    effective_on: date = Field(examples=["2022-07-01"])
    predecessors: list[str] = Field(examples=[["11X"]])
    successors: list[FollowerView]
    closed: list[str] = Field(description="the predecessors that it closed", examples=[[]])
    stated_at: datetime
    stated_by: str
    undone_at: datetime | None = Field(description="since when it is known to be wrong; null: it holds")
    version: int


@router.get(
    "/reorganisations",
    response_model=Page[ReorganisationView],
    summary="Find successions that were stated by hand",
    responses=problems(UnreadableCursor),
)
async def list_all(
    request: Request,
    rows: Rows,
    _: By,
    paging: Paging,
    as_known: AsKnown,
    code: Annotated[str | None, Query(description="a predecessor or a successor", pattern=CODE)] = None,
    shape: Annotated[StatedShape | None, Query(description="only of this shape")] = None,
) -> Page[ReorganisationView]:
    """Splits, acquisitions, changes of boundary, abolitions and mergers of trusts, in the order of their days.

    The lineage of a body has these beside what files say. What was undone stays here, and says when.
    """
    after = None if paging.after is None else _place(paging.after)
    found = await list_reorganisations(rows, code=code, shape=shape, as_known=as_known, after=after, limit=paging.fetch)
    shown = [_view(one) for one in found]
    return page(shown, key=lambda one: (one.effective_on, one.reference), request=request)


@router.get(
    "/reorganisations/{reference}",
    response_model=ReorganisationView,
    summary="A succession that was stated by hand",
    responses=problems(SuccessionNotFound),
)
async def get_one(reference: Reference, rows: Rows, _: By, response: Response, as_known: AsKnown) -> ReorganisationView:
    """One of them, as known at an instant."""
    found = await get_reorganisation(rows, reference, as_known=as_known)
    etag(response, found.version)
    return _view(found)


@router.post(
    "/reorganisations",
    status_code=201,
    response_model=ReorganisationView,
    summary="State a succession",
    responses=problems(SuccessionNotAllowed),
)
async def state_succession(
    command: commands.StateSuccession, session: Write, by: Decider, stated_at: StatedAt, response: Response
) -> ReorganisationView:
    """Let bodies be followed by others from a day, in any shape but a merger of commissioners, which is agreed.

    The shares of a split sum to exactly 1. Only trusts and hubs are taken over by a body that goes on. What is
    abolished in law may live on under its code as another kind of body. Practices and areas that a commissioner leaves
    behind have to be listed, and a refusal names every one that is not, with every other reason.
    """
    done = await commands.state_succession(session, command, by=by, stated_at=stated_at)
    etag(response, done.version)
    return _view(done)


@router.post(
    "/reorganisations/{reference}/undoing",
    response_model=ReorganisationView,
    summary="Undo a succession",
    responses=problems(SuccessionNotFound, SuccessionNotUndoable, PreconditionMissing, StaleVersion, UnreadableVersion),
)
async def undo_succession(
    reference: Reference, session: Write, by: Decider, stated_at: StatedAt, expected: IfMatch, response: Response
) -> ReorganisationView:
    """Correct it: it was wrong, and what it closed or moved is as it would be without it.

    What was believed until now stays answerable, as known until now.
    """
    wrong = await undoing.get_reorganisation_to_change(session, reference)
    stale(wrong.version, expected)
    await undoing.undo_succession(session, wrong, by=by, stated_at=stated_at)
    etag(response, wrong.version)
    return _view(wrong)


def _view(found: Reorganisation | Reorganised) -> ReorganisationView:
    pairs = zip(found.successors, found.shares, strict=True)
    return ReorganisationView.model_validate(
        {
            "reference": found.reference,
            "shape": found.shape,
            "effective_on": found.effective_on,
            "predecessors": found.predecessors,
            "successors": [FollowerView(code=code, share=share or None) for code, share in pairs],
            "closed": found.closed,
            "stated_at": found.stated_at,
            "stated_by": found.stated_by,
            "undone_at": found.undone_at,
            "version": found.version,
        }
    )


def _place(after: tuple[Any, ...]) -> tuple[date, str]:
    """Return the day and reference after which a page begins. Raises UnreadableCursor."""
    try:
        day, reference = after
        return date.fromisoformat(day), str(reference)
    except (TypeError, ValueError):
        raise UnreadableCursor("after: use the link `next` of the page before") from None
