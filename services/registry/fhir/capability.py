"""Builds the CapabilityStatement from the table of search parameters."""

from services.registry.fhir.resources import Resource
from services.registry.fhir.search_parameters import FILTERS, INCLUDES, QUESTION, Parameter

_CHANGED = "2026-11-26"
"""The day on which the statement last changed."""

_DOCUMENTATION = """\
Organisations of the English NHS as at any day, as known on any other, in the shape of the NHS ODS FHIR API.

- `as-at` and `as-known` are parameters of every read and search: the day that organisations are shown on, and the \
instant as known at which they are shown.
- Successions are an extension of Organization (`organisation-succession`), with the day, the shape and the share.
- A parameter that is unknown or malformed is refused with 400. With `Prefer: handling=lenient` an unknown one is \
ignored, and named in an OperationOutcome of the Bundle; a modifier that is not supported is always refused.
- A search by POST (`_search`) takes the same parameters as a form; links of its answer are for GET.
- Pages follow one another by their `next` links (`_after`), `_count` long at most; `_total` also counts.
- `_sort` orders Organizations by `_id`, `name` and `_lastUpdated`, OrganizationAffiliations by `_id`, `date`, \
`participating-organization` and `_lastUpdated`.
- `_elements` and `_summary` leave elements out, and the resources are then marked as SUBSETTED. `_include` adds the \
organisations that are referred to. `_format` takes JSON alone.
- Codes are found in capitals and in small letters.
- Where a value comes from is an extension (`value-provenance`): since when it is known, and of an Organization the \
day on which it was last seen and the source; after that day it is inferred.
- Where ODS has a code, it is used; for the rest there are code systems of Footprint's own.
"""


def capability_statement(base: str) -> Resource:
    """Return the statement of the server that lies under an address."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _CHANGED,
        "kind": "instance",
        "software": {"name": "Footprint registry"},
        "implementation": {"description": "Footprint: the registry of organisations", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": _DOCUMENTATION,
                "security": {"description": "A bearer token, as for every other route of the service."},
                "resource": [
                    _resource("Organization", versioning="versioned"),
                    _resource("OrganizationAffiliation", versioning="no-version"),
                ],
            }
        ],
    }


def _resource(kind: str, *, versioning: str) -> Resource:
    return {
        "type": kind,
        "profile": f"http://hl7.org/fhir/StructureDefinition/{kind}",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": versioning,
        "readHistory": False,
        "updateCreate": False,
        "searchInclude": list(INCLUDES[kind]),
        "searchParam": [_told(parameter) for parameter in (*FILTERS[kind], *QUESTION)],
    }


def _told(parameter: Parameter) -> Resource:
    return {
        "name": parameter.name,
        "definition": parameter.definition,
        "type": parameter.type,
        "documentation": parameter.documentation,
    }
