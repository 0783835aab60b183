"""What the FHIR routes refuse, as OperationOutcomes, and what they say that they take."""

from typing import Any

import httpx
import pytest

from tests.fhir.hapi import Validator
from tests.support.fhir_client import BASE, ask
from tests.support.registry_client import RegistryClient


@pytest.mark.parametrize(
    ("path", "parameters", "issues"),
    [
        ("Organization", {"nickname": "x"}, [("not-supported", "nickname")]),
        ("Organization", {"_count": "many"}, [("invalid", "_count")]),
        ("Organization", {"_lastUpdated": "yesterday"}, [("invalid", "_lastUpdated")]),
        ("Organization", {"_lastUpdated": "ge2015-02-30"}, [("invalid", "_lastUpdated")]),
        ("Organization", {"active": "maybe"}, [("invalid", "active")]),
        ("Organization", {"name:soundex": "x"}, [("not-supported", "name")]),
        ("Organization", {"partof": "Patient/1"}, [("invalid", "partof")]),
        ("Organization", {"partof.name": "x"}, [("not-supported", "partof.name")]),
        ("Organization", {"name": ""}, [("invalid", "name")]),
        ("Organization", {"name": "a\x00b"}, [("invalid", "name")]),
        ("Organization", {"identifier": "|"}, [("invalid", "identifier")]),
        ("Organization", {"_include": "Organization:endpoint"}, [("not-supported", "_include")]),
        ("Organization", {"_format": "xml"}, [("not-supported", "_format")]),
        ("Organization", {"_summary": "text"}, [("not-supported", "_summary")]),
        ("Organization", {"_total": "some"}, [("not-supported", "_total")]),
        ("Organization", {"as-at": "2015"}, [("invalid", "as-at")]),
        ("Organization", {"as-known": ["2015-01-01", "2016-01-01"]}, [("invalid", "as-known")]),
        (
            "Organization",
            {"x": "1", "y": "2", "as-at": "?"},
            [("not-supported", "x"), ("not-supported", "y"), ("invalid", "as-at")],
        ),
        ("Organization/13T", {"name": "x"}, [("not-supported", "name")]),
        ("OrganizationAffiliation", {"name": "x"}, [("not-supported", "name")]),
        ("OrganizationAffiliation", {"_after": "13T"}, [("invalid", "_after")]),
    ],
)
async def test_what_cannot_be_understood_is_refused_with_every_parameter_named(
    registry: RegistryClient, validator: Validator, path: str, parameters: dict[str, Any], issues: list[tuple[str, str]]
) -> None:
    refused = await ask(registry, path, 400, **parameters)
    assert [(issue["code"], issue["expression"][0]) for issue in refused["issue"]] == issues
    assert validator.faults(refused) == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("Organization/13T", "not-found"),
        ("Organization/%00", "not-found"),
        ("OrganizationAffiliation/A85001.parent.00F.2013-04-01", "not-found"),
        ("OrganizationAffiliation/A85001.parent.00F.2013-02-30", "not-found"),
        ("OrganizationAffiliation/1", "not-found"),
        ("Patient/1", "not-supported"),
        ("Patient", "not-supported"),
        ("Organization/13T/_history", "not-supported"),
    ],
)
async def test_what_is_not_there_is_an_outcome_too(
    registry: RegistryClient, validator: Validator, path: str, code: str
) -> None:
    refused = await ask(registry, path, 404)
    assert [issue["code"] for issue in refused["issue"]] == [code]
    assert validator.faults(refused) == []


async def test_a_client_that_takes_no_json_is_told_so(registry: RegistryClient) -> None:
    refused = await registry.send("GET", f"{BASE}/metadata", headers={"Accept": "application/fhir+xml"})
    assert (refused.status_code, refused.json()["resourceType"]) == (406, "OperationOutcome")
    taken = await registry.send("GET", f"{BASE}/metadata", headers={"Accept": "text/html, application/fhir+json;q=0.9"})
    assert taken.status_code == 200


async def test_nobody_reads_without_a_token(registry: RegistryClient) -> None:
    answers: list[httpx.Response] = [
        await registry.client.get(f"/v1{BASE}/{path}") for path in ("metadata", "Organization", "Organization/13T")
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401]


async def test_the_capability_statement_tells_every_parameter_that_is_taken(
    registry: RegistryClient, validator: Validator
) -> None:
    told = await ask(registry, "metadata")
    assert validator.faults(told) == []
    assert told["implementation"]["url"] == f"http://service.test/v1{BASE}"
    for resource in told["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            example = {"date": "2015-04-01", "token": "true", "string": "x", "reference": "13T"}[parameter["type"]]
            await ask(registry, resource["type"], **{parameter["name"]: example})
