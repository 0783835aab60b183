"""OpenAPI documentation of the FHIR routes: parameters from the one table, answers with an example of each."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from libs.common.temporal.history import Days
from services.registry.fhir import bundles
from services.registry.fhir.model import FhirAffiliation, FhirIdentifier, FhirOrganisation, FollowedBy, Role
from services.registry.fhir.resources import Resource, affiliation, organization
from services.registry.fhir.search_parameters import FILTERS, PAGE, QUESTION, READ, Parameter

FHIR = "application/fhir+json"
FORM = "application/x-www-form-urlencoded"

_DAY = date(2015, 4, 1)
_AT = datetime(2015, 4, 2, 9, tzinfo=UTC)
_BODY = FhirOrganisation(
    code="13T",
    status="open",
    version=2,
    last_stated_at=_AT,
    last_recorded_at=_AT,
    name="NHS NEWCASTLE GATESHEAD CCG",
    kind="ccg",
    legal=Days(date(2014, 11, 26)),
    operational=Days(_DAY),
    roles=(Role("RO98", True, Days(_DAY), True, Days(date(2014, 11, 26))),),
    identifiers=(FhirIdentifier("ons", "E38000212", Days(_DAY)),),
    address=("RIVERSIDE HOUSE", "NEWCASTLE UPON TYNE"),
    postcode="NE15 8NY",
    parent="Q74",
    successions=(FollowedBy("00F", "13T", _DAY, "merger", "1"),),
)
_TIE = FhirAffiliation("A85001.parent.13T.2015-04-01", "parent", "A85001", "13T", Days(_DAY), True, _AT, "RE4")

ORGANIZATION: Resource = organization(_BODY, day=_DAY)
"""An example of an Organization."""
AFFILIATION: Resource = affiliation(_TIE, day=_DAY)
_EXAMPLES = {"Organization": ORGANIZATION, "OrganizationAffiliation": AFFILIATION}


_PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "`handling=lenient`: ignore unknown parameters instead of refusing them.",
    "example": "handling=strict",
}


def fhir_responses(kind: str, example: Resource, *, refused: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` of a route that gives such a resource, or an OperationOutcome with one of these statuses."""
    words = {
        400: "A parameter is unknown or malformed.",
        404: "There is no such resource.",
        406: "Only JSON is available.",
        415: "The body is no form.",
    }
    outcome = bundles.outcome([("not-supported", "nickname is no search parameter of Organization", "nickname")])
    responses: dict[int | str, dict[str, Any]] = {200: _answer(f"The {kind}.", kind, example)}
    return responses | {
        status: _answer(words[status], "OperationOutcome", outcome) for status in sorted({*refused, 406})
    }


def of_a_read(kind: str) -> dict[str, Any]:
    """Return the OpenAPI documentation of reading one resource, as arguments of its route."""
    return {
        "responses": fhir_responses(kind, _EXAMPLES[kind], refused=(400, 404)),
        "openapi_extra": {"parameters": [_parameter(one) for one in (*QUESTION, *READ)] + [_PREFER]},
    }


def of_a_search(kind: str) -> dict[str, Any]:
    """Return the OpenAPI documentation of a search, as arguments of its route."""
    parameters = [*_of_a_search(kind), _PREFER]
    return {"responses": _page(kind, refused=(400,)), "openapi_extra": {"parameters": parameters}}


def of_a_form(kind: str) -> dict[str, Any]:
    """Return the OpenAPI documentation of a search by POST, as arguments of its route."""
    properties = {
        one["name"]: {**one["schema"], "description": one["description"], "example": one["example"]}
        for one in _of_a_search(kind)
    }
    form = {"schema": {"type": "object", "properties": properties}, "example": {"_count": 2}}
    return {
        "responses": _page(kind, refused=(400, 415)),
        "openapi_extra": {"parameters": [_PREFER], "requestBody": {"required": True, "content": {FORM: form}}},
    }


def _page(kind: str, *, refused: Iterable[int]) -> dict[int | str, dict[str, Any]]:
    base = "https://footprint.example/registry/v1/fhir/R4"
    page = bundles.searchset(base, [_EXAMPLES[kind]], self_url=f"{base}/{kind}", total=1)
    return fhir_responses("Bundle", page, refused=refused)


def _of_a_search(kind: str) -> list[dict[str, Any]]:
    parameters = [_parameter(one) for one in (*FILTERS[kind], *QUESTION, *PAGE)]
    return parameters + [_parameter(one, modifier) for one in FILTERS[kind] for modifier in one.modifiers]


def _answer(words: str, kind: str, example: Resource) -> dict[str, Any]:
    schema = {"type": "object", "required": ["resourceType"], "properties": {"resourceType": {"const": kind}}}
    return {"description": words, "content": {FHIR: {"schema": schema, "example": example}}}


def _parameter(parameter: Parameter, modifier: str = "") -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if parameter.name == "_count":
        schema = {"type": "integer", "minimum": 0}  # a number above the maximum is no error: the page is shorter
    name = f"{parameter.name}:{modifier}" if modifier else parameter.name
    return {
        "name": name,
        "in": "query",
        "required": False,
        "schema": schema,
        "description": parameter.documentation,
        "example": int(parameter.example) if parameter.name == "_count" else parameter.example,
    }
