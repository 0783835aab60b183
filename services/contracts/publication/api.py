"""Routes of open contracting: a contract is published by its customers, and read by everybody without a token."""

from pathlib import Path
from typing import Annotated, Final

from fastapi import Path as InPath
from fastapi import Query, Request, Response

from libs.common.http.dependencies import (
    AsKnown,
    Page,
    Paging,
    Rows,
    StatedAt,
    Today,
    Write,
    allowed,
    binds,
    binds_none,
    commands_router,
    page,
    problems,
)
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.contracts.core.codes import OdsCode, Reference
from services.contracts.core.errors import ContractNotFound, ProposalUnconfirmed
from services.contracts.edge import Lead
from services.contracts.publication import commands, errors, queries
from services.contracts.publication.queries import GivenRelease
from services.contracts.publication.views import (
    ImportedReleasesView,
    LinksView,
    PublicationView,
    PublisherView,
    RecordPackageView,
    ReleasePackageView,
)

router = commands_router(tags=["Open contracting"])

_VERSION: Final = "1.1"
_PUBLISHER: Final = PublisherView(name="Footprint: contracts")
_FOLDER: Final = Path(__file__).parent / "extension"
_TYPES: Final = {".json": "application/json", ".csv": "text/csv"}
_EXTENSION: Final = {
    path.relative_to(_FOLDER).as_posix(): (path.read_bytes(), _TYPES[path.suffix])
    for path in sorted(_FOLDER.rglob("*.*"))
}

Loader = Annotated[Caller, allowed(Role.LOADER)]
Ocid = Annotated[
    str,
    InPath(
        pattern=r"^ocds-[a-z0-9]{6}-[A-Z0-9-]{6,40}$",
        description="The id of a contracting process.",
        examples=["ocds-000000-BUCKS-CHILTERN-2016"],
    ),
]


@router.post(
    "/contracts/{reference}/publication",
    status_code=201,
    summary="Publish a contract",
    responses=problems(errors.NothingToPublish, ContractNotFound, ProposalUnconfirmed, NotYoursToDecide, RoleMissing),
)
@binds("the contract's customers")
async def publish_contract(
    reference: Reference,
    request: Request,
    response: Response,
    session: Write,
    by: Lead,
    today: Today,
    stated_at: StatedAt,
) -> PublicationView:
    """Publish its history so far as releases, for everybody; what becomes known later follows by itself.

    A contract with one customer or a coordinating commissioner is published by that one. Neither notice nor the price
    of an end is published before the contract has ended. It cannot be taken back; again, it publishes what is new.
    """
    prefix = request.app.state.settings.ocid_prefix
    view = await commands.publish_contract(session, reference, prefix=prefix, by=by, today=today, stated_at=stated_at)
    response.headers["Location"] = f"../../ocds/records/{view.ocid}"
    return view


@router.post("/imports/ocds", status_code=201, summary="Read published awards", responses=problems(RoleMissing))
@binds_none(because="a proposal binds no body before a person who acts for its customer confirms it")
async def import_ocds(
    command: commands.ImportReleases, session: Write, by: Loader, stated_at: StatedAt
) -> ImportedReleasesView:
    """Propose a contract for each award in force. An award is no contract: who acts for its customer confirms it.

    A release that cannot be read is left out with its reasons, the others are taken; what is read twice is proposed
    once, and of an award that a package names again the latest release counts. Where an award is cancelled later, its
    proposal stays. An award of several suppliers is one proposal, of which the supplier is not known.
    """
    return await commands.import_releases(session, command, by=by, stated_at=stated_at)


@router.get(
    "/ocds/releases",
    summary="Follow what is published",
    response_model_exclude_none=True,
    responses=problems(),
)
async def list_ocds_releases(
    request: Request,
    rows: Rows,
    paging: Paging,
    today: Today,
    as_known: AsKnown,
    customer: Annotated[OdsCode | None, Query(description="Only releases in which it is a customer.")] = None,
) -> ReleasePackageView:
    """Return a package of releases of OCDS 1.1, in the order in which they were given out. It needs no token.

    `links.next` continues; the last page has none, and asked for later it has what came since.
    """
    found = await queries.list_releases(rows, customer, as_known=as_known, after=paging.key(int), limit=paging.fetch)
    shown: Page[GivenRelease] = page(found, key=lambda one: one.id, request=request)
    origin = f"{request.url.scheme}://{request.url.netloc}"
    return ReleasePackageView(
        uri=str(request.url),
        version=_VERSION,
        extensions=[_extension_of(request)],
        publishedDate=f"{today}T00:00:00Z",
        publisher=_PUBLISHER,
        releases=[one.document for one in shown.items],
        links=None if shown.next is None else LinksView(next=f"{origin}{shown.next}"),
    )


@router.get(
    "/ocds/records/{ocid}",
    summary="Read the record of a contracting process",
    responses=problems(errors.RecordNotFound),
)
async def get_ocds_record(
    ocid: Ocid, request: Request, rows: Rows, today: Today, as_known: AsKnown
) -> RecordPackageView:
    """Return all releases of a process, compiled and versioned. It needs no token."""
    return RecordPackageView(
        uri=str(request.url),
        version=_VERSION,
        extensions=[_extension_of(request)],
        publishedDate=f"{today}T00:00:00Z",
        publisher=_PUBLISHER,
        records=[await queries.get_record(rows, ocid, as_known=as_known)],
    )


@router.get(
    "/ocds/extension/{file:path}",
    summary="Read a file of the extension",
    response_class=Response,
    responses=problems(errors.ExtensionFileNotFound),
)
async def get_ocds_extension(
    file: Annotated[str, InPath(max_length=100, examples=["extension.json"], description="Its name.")],
) -> Response:
    """Return what the extension adds to OCDS: `extension.json`, its schema or its list of codes. It needs no token."""
    if file not in _EXTENSION:
        raise errors.ExtensionFileNotFound(f"no file {file}; there are {', '.join(_EXTENSION)}")
    content, media_type = _EXTENSION[file]
    return Response(content, media_type=media_type)


def _extension_of(request: Request) -> str:
    return str(request.url_for("get_ocds_extension", file="extension.json"))
