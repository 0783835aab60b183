"""Routes of FHIR R4: read and search organisations and their affiliations, as in the NHS ODS FHIR API."""

import re
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from email.utils import format_datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.responses import Response

from libs.common.database.connection import Reads
from libs.common.http.accept import preferred
from libs.common.http.dependencies import By, Rows, Today
from libs.common.http.transactions import MOST_FIELDS, QuestionRoute
from services.registry.fhir import bundles, documents
from services.registry.fhir.capability import capability_statement
from services.registry.fhir.queries import get_bodies
from services.registry.fhir.request import (
    Issue,
    NotUnderstood,
    Pair,
    Search,
    is_lenient,
    read_format,
    read_one,
    read_search,
)
from services.registry.fhir.resources import Resource, affiliation, organization, subset
from services.registry.fhir.search.affiliations import count_affiliations, find_affiliations, get_affiliation
from services.registry.fhir.search.organisations import count_codes, find_codes

BASE = "/fhir/R4"
_IDENTITY = re.compile(r"[A-Za-z0-9.-]{1,64}")
_JSON = (documents.FHIR, "application/json", "text/json")


class _Refused(Exception):
    """A refusal with this status and this issue."""

    def __init__(self, status: HTTPStatus, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.issue = status, (code, text, None)


class FhirResponse(JSONResponse):
    """A resource as JSON."""

    media_type = documents.FHIR


class FhirRoute(QuestionRoute):
    """A route whose refusals are OperationOutcomes, apart from 401, which is the same as on every other route.

    It refuses unknown parameters itself, since FHIR has a list and a preference of its own for them.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap FastAPI's handler."""
        handler = APIRoute.get_route_handler(self)

        async def with_outcomes(request: Request) -> Response:
            try:
                _must_take_json(request)
                response = await handler(request)
            except NotUnderstood as refused:
                return _outcome(HTTPStatus.BAD_REQUEST, refused.issues)
            except _Refused as refused:
                return _outcome(refused.status, [refused.issue])
            if _lenient(request):
                response.headers["Preference-Applied"] = "handling=lenient"
            return response

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
    read_format(_pairs(request), lenient=_lenient(request))
    return FhirResponse(capability_statement(_base(request)))


@router.get("/Organization/{id}", summary="Read an Organization", **documents.of_a_read("Organization"))
async def read_organization(identity: Identity, request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return an organisation as an Organization: name, roles, identifiers, address and successions, as at `as-at`.

    Closed organisations are found too; `active` shows which they are. A code that was never used gives 404.
    Predecessors and successors are extensions of Organization, not OrganizationAffiliations.
    """
    asked = read_one("Organization", _pairs(request), lenient=_lenient(request))
    code = identity.upper()
    found = await get_bodies(rows, [code], asked.question, today=today) if _IDENTITY.fullmatch(code) else []
    if not found:
        raise _Refused(HTTPStatus.NOT_FOUND, "not-found", f"no Organization has the id {identity}")
    [body] = found
    headers = {"ETag": f'W/"{body.version}"'}
    if body.last_recorded_at is not None:
        headers["Last-Modified"] = format_datetime(body.last_recorded_at, usegmt=True)
    resource = organization(body, day=asked.question.as_at or today, asked=asked.question)
    return FhirResponse(subset(resource, asked.shape), headers=headers)


@router.get("/Organization", summary="Search Organizations", **documents.of_a_search("Organization"))
async def search_organizations(request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return a page of the Organizations that match every parameter, ordered by code (a searchset Bundle).

    Names, kinds, parents and `active` are those of `as-at`, as known at `as-known`. Follow the link `next` for more.
    With `Prefer: handling=lenient` an unknown parameter is ignored, and named in an OperationOutcome of the Bundle;
    otherwise it is refused.
    """
    return await _organizations(request, _pairs(request), rows.bulk, today)


@router.post("/Organization/_search", summary="Search Organizations by a form", **documents.of_a_form("Organization"))
async def post_search_of_organizations(request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return what the same search by GET returns. It changes nothing: the parameters may be too long for a URL.

    Parameters are taken from the form and from the URL together.
    """
    return await _organizations(request, await _form(request), rows.bulk, today)


async def _organizations(request: Request, pairs: Sequence[Pair], rows: Reads, today: date) -> FhirResponse:
    search = read_search("Organization", pairs, lenient=_lenient(request))
    found = [] if search.only_count else await find_codes(rows, search, today=today)
    shown = found[: search.count]
    bodies = {
        body.code: body for body in await get_bodies(rows, [one.code for one in shown], search.question, today=today)
    }
    parents = {body.parent for body in bodies.values() if body.parent} if search.includes else set()
    day = _day(search, today)
    matches = [organization(bodies[one.code], day=day, asked=search.question) for one in shown]
    return FhirResponse(
        bundles.searchset(
            _base(request),
            [subset(one, search.shape) for one in matches],
            included=await _included(rows, parents - bodies.keys(), search, today),
            self_url=_address(request, "Organization", search.used),
            next_url=_next(request, "Organization", search, shown[-1].cursor) if len(found) > len(shown) else None,
            total=await count_codes(rows, search, today=today) if search.total or search.only_count else None,
            ignored=search.ignored,
        )
    )


@router.get(
    "/OrganizationAffiliation/{id}",
    summary="Read an OrganizationAffiliation",
    **documents.of_a_read("OrganizationAffiliation"),
)
async def read_affiliation(identity: Identity, request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return a relation between two organisations, with its days, as an OrganizationAffiliation."""
    asked = read_one("OrganizationAffiliation", _pairs(request), lenient=_lenient(request))
    found = await get_affiliation(rows, identity, asked.question, today=today)
    if found is None:
        raise _Refused(HTTPStatus.NOT_FOUND, "not-found", f"no OrganizationAffiliation has the id {identity}")
    resource = affiliation(found, day=asked.question.as_at or today, asked=asked.question)
    return FhirResponse(subset(resource, asked.shape))


@router.get(
    "/OrganizationAffiliation",
    summary="Search OrganizationAffiliations",
    **documents.of_a_search("OrganizationAffiliation"),
)
async def search_affiliations(request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return a page of the OrganizationAffiliations that match every parameter (a searchset Bundle).

    The page includes those that ended: narrow it with `active=true`, or `date=ge...&date=le...`.
    With `Prefer: handling=lenient` an unknown parameter is ignored, and named in an OperationOutcome of the Bundle;
    otherwise it is refused.
    """
    return await _affiliations(request, _pairs(request), rows.bulk, today)


@router.post(
    "/OrganizationAffiliation/_search",
    summary="Search OrganizationAffiliations by a form",
    **documents.of_a_form("OrganizationAffiliation"),
)
async def post_search_of_affiliations(request: Request, rows: Rows, today: Today, _: By) -> FhirResponse:
    """Return what the same search by GET returns. It changes nothing: the parameters may be too long for a URL.

    Parameters are taken from the form and from the URL together.
    """
    return await _affiliations(request, await _form(request), rows.bulk, today)


async def _affiliations(request: Request, pairs: Sequence[Pair], rows: Reads, today: date) -> FhirResponse:
    search = read_search("OrganizationAffiliation", pairs, lenient=_lenient(request))
    found = [] if search.only_count else await find_affiliations(rows, search, today=today)
    shown = found[: search.count]
    wanted: set[str] = set()
    if "OrganizationAffiliation:primary-organization" in search.includes:
        wanted |= {tie.organisation for tie in shown}
    if "OrganizationAffiliation:participating-organization" in search.includes:
        wanted |= {tie.participating for tie in shown}
    matches = [affiliation(tie, day=_day(search, today), asked=search.question) for tie in shown]
    following = _next(request, "OrganizationAffiliation", search, shown[-1].cursor) if len(found) > len(shown) else None
    return FhirResponse(
        bundles.searchset(
            _base(request),
            [subset(one, search.shape) for one in matches],
            included=await _included(rows, wanted, search, today),
            self_url=_address(request, "OrganizationAffiliation", search.used),
            next_url=following,
            total=await count_affiliations(rows, search, today=today) if search.total or search.only_count else None,
            ignored=search.ignored,
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


def _pairs(request: Request) -> list[Pair]:
    return request.query_params.multi_items()


async def _form(request: Request) -> list[Pair]:
    """Return the parameters of the URL and of the form. Raises _Refused for a body of another type."""
    given = request.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != documents.FORM:
        message = f"{given or 'no Content-Type'}: send the parameters as {documents.FORM}"
        raise _Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-supported", message)
    try:
        body = (await request.body()).decode()
        return _pairs(request) + parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        message = f"the body is no form in UTF-8 of at most {MOST_FIELDS} parameters"
        raise _Refused(HTTPStatus.BAD_REQUEST, "invalid", message) from error


def _lenient(request: Request) -> bool:
    return is_lenient(request.headers.getlist("prefer"))


def _must_take_json(request: Request) -> None:
    """Raise _Refused for a client that takes no JSON."""
    given = request.headers.get("accept", "")
    if "_format" not in request.query_params and preferred(given, _JSON) is None:
        raise _Refused(HTTPStatus.NOT_ACCEPTABLE, "not-supported", f"{given}: there is {documents.FHIR} alone")


def _outcome(status: HTTPStatus, issues: Sequence[Issue]) -> FhirResponse:
    return FhirResponse(bundles.outcome(issues), status_code=status)


def _base(request: Request) -> str:
    """Return the address that this FHIR server lies under, with the prefix that the service is served under."""
    path, prefix = request.scope["path"], request.scope.get("root_path", "").rstrip("/")
    if prefix and not path.startswith(f"{prefix}/"):
        path = prefix + path
    return f"{request.url.scheme}://{request.url.netloc}{path[: path.index(BASE) + len(BASE)]}"


def _next(request: Request, kind: str, search: Search, cursor: str) -> str:
    kept = [(name, value) for name, value in search.used if name != "_after"]
    return _address(request, kind, [*kept, ("_after", cursor)])


def _address(request: Request, kind: str, pairs: Sequence[Pair]) -> str:
    path = f"{_base(request)}/{kind}"
    return f"{path}?{urlencode(pairs)}" if pairs else path
