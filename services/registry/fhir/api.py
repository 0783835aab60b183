"""Routes of FHIR R4: read and search organisations and their affiliations, as in the NHS ODS FHIR API."""

import re
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from email.utils import format_datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.responses import Response

from libs.common.database.connection import Reads
from libs.common.http.dependencies import By, Rows, Today
from services.registry.fhir import bundles, documents
from services.registry.fhir.affiliations import count_affiliations, find_affiliations, get_affiliation
from services.registry.fhir.capability import capability_statement
from services.registry.fhir.queries import get_bodies
from services.registry.fhir.request import Issue, NotUnderstood, Search, read_format, read_question, read_search
from services.registry.fhir.resources import Resource, affiliation, organization
from services.registry.fhir.search_sql import count_codes, find_codes

BASE = "/fhir/R4"
_IDENTITY = re.compile(r"[A-Za-z0-9.-]{1,64}")
_JSON = frozenset({"*/*", "application/*", "application/json", "text/json", documents.FHIR})


class _Refused(Exception):
    """A refusal with this status and this issue."""

    def __init__(self, status: HTTPStatus, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.issue = status, (code, text, None)


class FhirResponse(JSONResponse):
    """A resource as JSON."""

    media_type = documents.FHIR


class FhirRoute(APIRoute):
    """A route whose refusals are OperationOutcomes, apart from 401, which is the same as on every other route."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        handler = super().get_route_handler()

        async def with_outcomes(request: Request) -> Response:
            try:
                _must_take_json(request)
                return await handler(request)
            except NotUnderstood as refused:
                return _outcome(HTTPStatus.BAD_REQUEST, refused.issues)
            except _Refused as refused:
                return _outcome(refused.status, [refused.issue])

        return with_outcomes


router = APIRouter(prefix=BASE, tags=["FHIR R4"], route_class=FhirRoute, default_response_class=FhirResponse)

Identity = Annotated[
    str,
    Path(
        alias="id",
        description="The resource's id; of an Organization its code.",
        examples=["13T"],
        json_schema_extra={"pattern": f"^{_IDENTITY.pattern}$"},
    ),
]


@router.get(
    "/metadata",
    summary="Get the capability statement",
    responses=documents.fhir_responses("CapabilityStatement", capability_statement(f"/v1{BASE}"), refused=(400,)),
)
async def read_capability_statement(request: Request, _: By) -> FhirResponse:
    """Return which resources can be read and searched, and by which parameters (CapabilityStatement)."""
    read_format(request.query_params.multi_items())
    return FhirResponse(capability_statement(_base(request)))


@router.get("/Organization/{id}", summary="Read an Organization", **documents.of_a_read("Organization"))
async def read_organization(identity: Identity, request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return an organisation as an Organization: name, roles, identifiers, address and successions, as at `as-at`.

    Closed organisations are found too; `active` shows which they are. A code that was never used gives 404.
    Predecessors and successors are extensions of Organization, not OrganizationAffiliations.
    """
    question = read_question(request.query_params.multi_items())
    found = await get_bodies(rows, [identity], question, today=today) if _IDENTITY.fullmatch(identity) else []
    if not found:
        raise _Refused(HTTPStatus.NOT_FOUND, "not-found", f"no Organization has the id {identity}")
    [body] = found
    headers = {"ETag": f'W/"{body.version}"'}
    if body.last_recorded_at is not None:
        headers["Last-Modified"] = format_datetime(body.last_recorded_at, usegmt=True)
    return FhirResponse(organization(body, day=question.as_at or today, asked=question), headers=headers)


@router.get("/Organization", summary="Search Organizations", **documents.of_a_search("Organization"))
async def search_organizations(request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return a page of the Organizations that match every parameter, ordered by code (a searchset Bundle).

    Names, kinds, parents and `active` are those of `as-at`, as known at `as-known`. Follow the link `next` for more.
    """
    search = read_search("Organization", request.query_params.multi_items())
    found = [] if search.only_count else await find_codes(rows, search, today=today)
    shown = found[: search.count]
    bodies = await get_bodies(rows, shown, search.question, today=today)
    parents = {body.parent for body in bodies if body.parent} if search.includes else set()
    return FhirResponse(
        bundles.searchset(
            _base(request),
            [organization(body, day=_day(search, today), asked=search.question) for body in bodies],
            included=await _included(rows, parents - set(shown), search, today),
            self_url=_self(request),
            next_url=_next(request, shown[-1]) if len(found) > len(shown) else None,
            total=await count_codes(rows, search, today=today) if search.total or search.only_count else None,
        )
    )


@router.get(
    "/OrganizationAffiliation/{id}",
    summary="Read an OrganizationAffiliation",
    **documents.of_a_read("OrganizationAffiliation"),
)
async def read_affiliation(identity: Identity, request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return a relation between two organisations, with its days, as an OrganizationAffiliation."""
    question = read_question(request.query_params.multi_items())
    found = await get_affiliation(rows, identity, question, today=today)
    if found is None:
        raise _Refused(HTTPStatus.NOT_FOUND, "not-found", f"no OrganizationAffiliation has the id {identity}")
    return FhirResponse(affiliation(found, day=question.as_at or today, asked=question))


@router.get(
    "/OrganizationAffiliation",
    summary="Search OrganizationAffiliations",
    **documents.of_a_search("OrganizationAffiliation"),
)
async def search_affiliations(request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return a page of the OrganizationAffiliations that match every parameter (a searchset Bundle).

    The page includes those that ended: narrow it with `active=true`, or `date=ge...&date=le...`.
    """
    search = read_search("OrganizationAffiliation", request.query_params.multi_items())
    found = [] if search.only_count else await find_affiliations(rows, search, today=today)
    shown = found[: search.count]
    wanted: set[str] = set()
    if "OrganizationAffiliation:primary-organization" in search.includes:
        wanted |= {tie.organisation for tie in shown}
    if "OrganizationAffiliation:participating-organization" in search.includes:
        wanted |= {tie.participating for tie in shown}
    return FhirResponse(
        bundles.searchset(
            _base(request),
            [affiliation(tie, day=_day(search, today), asked=search.question) for tie in shown],
            included=await _included(rows, wanted, search, today),
            self_url=_self(request),
            next_url=_next(request, shown[-1].id) if len(found) > len(shown) else None,
            total=await count_affiliations(rows, search, today=today) if search.total or search.only_count else None,
        )
    )


@router.get("/{rest:path}", include_in_schema=False)
async def refuse_other_resources(rest: str, _: By) -> FhirResponse:
    """Refuse resources that this FHIR server does not have."""
    kind = rest.partition("/")[0]
    raise _Refused(HTTPStatus.NOT_FOUND, "not-supported", f"there is no {kind or 'root'} here: see metadata")


async def _included(rows: Reads, codes: set[str], search: Search, today: date) -> list[Resource]:
    bodies = await get_bodies(rows, codes, search.question, today=today) if codes else []
    return [organization(body, day=_day(search, today), asked=search.question) for body in bodies]


def _day(search: Search, today: date) -> date:
    return search.question.as_at or today


def _must_take_json(request: Request) -> None:
    """Raise _Refused for a client that takes no JSON."""
    given = request.headers.get("accept", "*/*")
    kinds = {part.partition(";")[0].strip().lower() for part in given.split(",")}
    if "_format" not in request.query_params and not kinds & _JSON:
        raise _Refused(HTTPStatus.NOT_ACCEPTABLE, "not-supported", f"{given}: there is {documents.FHIR} alone")


def _outcome(status: HTTPStatus, issues: Sequence[Issue]) -> FhirResponse:
    return FhirResponse(bundles.outcome(issues), status_code=status)


def _base(request: Request) -> str:
    """Return the address that this FHIR server lies under, with the prefix that the service is served under."""
    path, prefix = request.scope["path"], request.scope.get("root_path", "").rstrip("/")
    if prefix and not path.startswith(f"{prefix}/"):
        path = prefix + path
    return f"{request.url.scheme}://{request.url.netloc}{path[: path.index(BASE) + len(BASE)]}"


def _self(request: Request) -> str:
    return _address(request, request.query_params.multi_items())


def _next(request: Request, last: str) -> str:
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "_after"]
    return _address(request, [*kept, ("_after", last)])


def _address(request: Request, pairs: Sequence[tuple[str, str]]) -> str:
    path = f"{_base(request)}/{request.scope['path'].rpartition('/')[2]}"
    return f"{path}?{urlencode(pairs)}" if pairs else path
