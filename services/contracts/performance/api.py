"""Routes of obligations, milestones, measures and documents."""

from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from pydantic import Field

from libs.common.database.connection import raw
from libs.common.http.dependencies import (
    AsAt,
    AsKnown,
    By,
    Rows,
    StatedAt,
    Today,
    Write,
    binds,
    binds_one_of,
    commands_router,
    problems,
)
from libs.common.http.problems import RequestEntityTooLarge
from libs.common.http.transactions import documents_router
from libs.common.identity import NotYoursToDecide, RoleMissing
from services.contracts.core import errors
from services.contracts.core.codes import Reference
from services.contracts.edge import Lead
from services.contracts.performance import commands, documents, queries
from services.contracts.performance.errors import (
    DigestDiffers,
    DocumentNotFound,
    DutyNotFound,
    MeasureNotFound,
    NotAParty,
    PeriodOverlaps,
)
from services.contracts.performance.rules import MILESTONE, OBLIGATION
from services.contracts.performance.views import DocumentsView, DutiesView, MeasuresView

router = commands_router(tags=["Performance"])
uploads_router = documents_router(tags=["Performance"])

_RIGHTS = (
    errors.ContractNotFound,
    errors.ProposalUnconfirmed,
    errors.NotSigned,
    errors.ChangingHands,
    NotYoursToDecide,
    RoleMissing,
)
_FULFILLED = (DutyNotFound, errors.DocumentMissing, errors.SignedInTheFuture, *_RIGHTS)
_CUSTOMERS = "the contract's customers"

Code = Annotated[
    str,
    Path(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", description="Its code.", examples=["annual-report"]),
]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, in hexadecimal.")]
_A_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "The document's bytes, at most 25 MB.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.get(
    "/contracts/{reference}/obligations",
    summary="List a contract's obligations",
    responses=problems(errors.ContractNotFound),
)
async def list_obligations(reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> DutiesView:
    """List what the parties owe each other by which day, and whether it was fulfilled by the day asked about."""
    return await queries.list_duties(rows, reference, OBLIGATION, by=by, as_at=as_at, as_known=as_known)


@router.put(
    "/contracts/{reference}/obligations/{code}",
    summary="State an obligation",
    responses=problems(NotAParty, *_RIGHTS),
)
@binds(_CUSTOMERS)
async def state_obligation(
    reference: Reference,
    code: Code,
    command: commands.StateDuty,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> DutiesView:
    """State what a party owes by a day. Four weeks ahead, by the rule pack, it is a finding until it is fulfilled."""
    await commands.state_duty(session, reference, OBLIGATION, code, command, by=by, today=today, stated_at=stated_at)
    return await queries.list_duties(await raw(session), reference, OBLIGATION, by=by, as_at=today, as_known=None)


@router.post(
    "/contracts/{reference}/obligations/{code}/fulfilment",
    status_code=201,
    summary="State that an obligation was fulfilled",
    responses=problems(*_FULFILLED),
)
@binds(_CUSTOMERS)
async def fulfil_obligation(
    reference: Reference,
    code: Code,
    command: commands.FulfilDuty,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> DutiesView:
    """State the day on which it was fulfilled; its finding is cleared."""
    await commands.fulfil_duty(session, reference, OBLIGATION, code, command, by=by, today=today, stated_at=stated_at)
    return await queries.list_duties(await raw(session), reference, OBLIGATION, by=by, as_at=today, as_known=None)


@router.get(
    "/contracts/{reference}/milestones",
    summary="List a contract's milestones",
    responses=problems(errors.ContractNotFound),
)
async def list_milestones(reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> DutiesView:
    """List the milestones with their days, and whether each was reached by the day asked about."""
    return await queries.list_duties(rows, reference, MILESTONE, by=by, as_at=as_at, as_known=as_known)


@router.put(
    "/contracts/{reference}/milestones/{code}",
    summary="State a milestone",
    responses=problems(NotAParty, *_RIGHTS),
)
@binds(_CUSTOMERS)
async def state_milestone(
    reference: Reference,
    code: Code,
    command: commands.StateDuty,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> DutiesView:
    """State a milestone that a party has to reach by a day. Missed, it is a finding from the next day."""
    await commands.state_duty(session, reference, MILESTONE, code, command, by=by, today=today, stated_at=stated_at)
    return await queries.list_duties(await raw(session), reference, MILESTONE, by=by, as_at=today, as_known=None)


@router.post(
    "/contracts/{reference}/milestones/{code}/fulfilment",
    status_code=201,
    summary="State that a milestone was reached",
    responses=problems(*_FULFILLED),
)
@binds(_CUSTOMERS)
async def reach_milestone(
    reference: Reference,
    code: Code,
    command: commands.FulfilDuty,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> DutiesView:
    """State the day on which it was reached; its finding is cleared."""
    await commands.fulfil_duty(session, reference, MILESTONE, code, command, by=by, today=today, stated_at=stated_at)
    return await queries.list_duties(await raw(session), reference, MILESTONE, by=by, as_at=today, as_known=None)


@router.get(
    "/contracts/{reference}/measures",
    summary="List a contract's measures with their results",
    responses=problems(errors.ContractNotFound),
)
async def list_measures(reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> MeasuresView:
    """List the measures as at the day, and what was reached in the periods that had ended, with its credit."""
    return await queries.list_measures(rows, reference, by=by, as_at=as_at, as_known=as_known)


@router.put("/contracts/{reference}/measures/{code}", summary="State a measure", responses=problems(*_RIGHTS))
@binds(_CUSTOMERS)
async def state_measure(
    reference: Reference,
    code: Code,
    command: commands.StateMeasure,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> MeasuresView:
    """State what has to be reached from a day on, and the credit for each period that misses it."""
    await commands.state_measure(session, reference, code, command, by=by, today=today, stated_at=stated_at)
    as_at = max(today, command.effective_on)
    return await queries.list_measures(await raw(session), reference, by=by, as_at=as_at, as_known=None)


@router.post(
    "/contracts/{reference}/measures/{code}/results",
    status_code=201,
    summary="State what was reached of a measure",
    responses=problems(MeasureNotFound, PeriodOverlaps, errors.SignedInTheFuture, *_RIGHTS),
)
@binds(_CUSTOMERS)
async def state_result(
    reference: Reference,
    code: Code,
    command: commands.StateResult,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> MeasuresView:
    """State the result of a period that has ended. Below its target it makes the credit due, and is a finding.

    Stated again for the same period, the difference falls due as a correction.
    """
    await commands.state_result(session, reference, code, command, by=by, today=today, stated_at=stated_at)
    return await queries.list_measures(await raw(session), reference, by=by, as_at=today, as_known=None)


@router.get(
    "/contracts/{reference}/documents",
    summary="List a contract's documents",
    responses=problems(errors.ContractNotFound),
)
async def list_documents(reference: Reference, rows: Rows, by: By, as_at: AsAt, as_known: AsKnown) -> DocumentsView:
    """List the documents with their SHA-256, in the order in which they were put there. Parties alone read them."""
    return await queries.list_documents(rows, reference, by=by, as_at=as_at, as_known=as_known)


@router.get(
    "/contracts/{reference}/documents/{sha256}",
    summary="Download a document",
    response_class=Response,
    responses={
        200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
        **problems(errors.ContractNotFound, DocumentNotFound),
    },
)
async def download_document(
    reference: Reference, sha256: Annotated[Digest, Path()], rows: Rows, by: By, as_at: AsAt, as_known: AsKnown
) -> Response:
    """Return the document's bytes, to save as a file: a browser does not show it."""
    name, media_type, content = await queries.get_document(
        rows, reference, sha256, by=by, as_at=as_at, as_known=as_known
    )
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


@uploads_router.post(
    "/contracts/{reference}/documents",
    status_code=201,
    summary="Put a document to a contract",
    responses=problems(
        DigestDiffers, RequestEntityTooLarge, errors.ContractNotFound, errors.NotSigned, NotYoursToDecide, RoleMissing
    ),
    openapi_extra=_A_FILE,
)
@binds_one_of("the contract's parties", because="each party keeps its own papers, which bind no other")
async def add_document(
    reference: Reference,
    request: Request,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
    sha256: Annotated[Digest, Query()],
    name: Annotated[
        str, Query(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$", description="Its file name.", examples=["deed.pdf"])
    ],
    media_type: Annotated[
        str, Query(pattern=r"^[a-z]+/[a-z0-9.+-]{1,80}$", description="What it is.", examples=["application/pdf"])
    ] = "application/octet-stream",
) -> DocumentsView:
    """Put a document of up to 25 MB to a signed contract; its bytes are checked against the SHA-256 announced.

    The same bytes again do nothing. No document is changed or removed.
    """
    await documents.add_document(
        session,
        reference,
        await request.body(),
        sha256=sha256,
        name=name,
        media_type=media_type,
        by=by,
        today=today,
        stated_at=stated_at,
    )
    return await queries.list_documents(await raw(session), reference, by=by, as_at=today, as_known=None)
