"""What the FHIR routes refuse, as OperationOutcomes, and what they say that they take."""

from typing import Any

import httpx
import pytest

from services.registry.fhir import codes
from services.registry.fhir.search.cursors import cursor_of
from services.registry.fhir.search_parameters import PAGE, QUESTION
from tests.fhir.hapi import Validator
from tests.support.fhir_client import BASE, ask, found
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
        ("Organization", {"_summary": "tree"}, [("not-supported", "_summary")]),
        ("Organization", {"_total": "some"}, [("not-supported", "_total")]),
        ("Organization", {"_sort": "shoe-size"}, [("not-supported", "_sort")]),
        ("Organization", {"_sort": "name,-date"}, [("not-supported", "_sort")]),
        ("Organization", {"_elements": "name,shoeSize"}, [("not-supported", "_elements")]),
        ("Organization/13T", {"_summary": "count"}, [("not-supported", "_summary")]),
        ("Organization", {"_sort": "name", "_after": "13T"}, [("invalid", "_after")]),
        ("Organization", {"_sort": "name", "_after": "WyJcdTAwMDAiLCIxM1QiXQ"}, [("invalid", "_after")]),
        ("Organization", {"_sort": "_lastUpdated", "_after": "WyJub3ciLCIxM1QiXQ"}, [("invalid", "_after")]),
        ("Organization", {"_sort": "name", "_after": "WyIxM1QiXQ"}, [("invalid", "_after")]),
        (
            "Organization",
            {"_sort": "_lastUpdated", "_after": cursor_of(["2020-W01-1", "13T"])},
            [("invalid", "_after")],
        ),
        (
            "Organization",
            {"_sort": "_lastUpdated", "_after": cursor_of(["0001-01-01 00:00:00+23:00", "13T"])},
            [("invalid", "_after")],
        ),
        (
            "OrganizationAffiliation",
            {"_sort": "_id", "_after": cursor_of(["13T", "13T", "parent", "Q1", "2020-W01-1"])},
            [("invalid", "_after")],
        ),
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


LENIENT = {"Prefer": "handling=lenient"}


async def test_a_lenient_client_has_unknown_parameters_ignored_and_is_told_which(
    registry: RegistryClient, validator: Validator
) -> None:
    await registry.open("13T", "13X")
    asked = {
        "nickname": "x",
        "_id": "13T",
        "partof.name": "y",
        "_include": "Organization:endpoint",
        "_sort": "size,name",
    }
    response = await registry.send("GET", f"{BASE}/Organization", params=asked, headers=LENIENT)
    bundle = response.json()
    assert (response.status_code, response.headers["Preference-Applied"]) == (200, "handling=lenient")
    [match, outcome] = bundle["entry"]
    assert (match["resource"]["id"], outcome["search"]) == ("13T", {"mode": "outcome"})
    assert [(one["severity"], one["code"], one["expression"]) for one in outcome["resource"]["issue"]] == [
        ("warning", "not-supported", [name]) for name in ("nickname", "partof.name", "_include", "_sort")
    ]
    [link] = bundle["link"]
    assert httpx.URL(link["url"]).query == b"_id=13T&_sort=name"
    assert validator.faults(bundle) == []
    read = await registry.send("GET", f"{BASE}/Organization/13T", params={"nickname": "x"}, headers=LENIENT)
    assert (read.status_code, read.json()["id"]) == (200, "13T")
    described = await registry.send("GET", f"{BASE}/metadata", params={"nickname": "x"}, headers=LENIENT)
    assert described.status_code == 200


@pytest.mark.parametrize(
    "prefer", ["handling=strict", "handling=strict, handling=lenient", "return=minimal", "lenient", "handling"]
)
async def test_every_other_preference_is_strict(registry: RegistryClient, prefer: str) -> None:
    refused = await registry.send("GET", f"{BASE}/Organization", params={"nickname": "x"}, headers={"Prefer": prefer})
    assert refused.status_code == 400
    assert "Preference-Applied" not in refused.headers


@pytest.mark.parametrize(
    "prefer", ["return=minimal, handling=lenient", 'Handling="lenient"; of=this', "handling = lenient"]
)
async def test_a_preference_is_found_among_others(registry: RegistryClient, prefer: str) -> None:
    taken = await registry.send("GET", f"{BASE}/Organization", params={"nickname": "x"}, headers={"Prefer": prefer})
    assert taken.status_code == 200


@pytest.mark.parametrize(
    "parameters", [{"name:soundex": "x"}, {"active": "maybe"}, {"as-at": "2015"}, {"_count": "-1"}]
)
async def test_a_lenient_client_is_refused_what_is_malformed(
    registry: RegistryClient, parameters: dict[str, str]
) -> None:
    refused = await registry.send("GET", f"{BASE}/Organization", params=parameters, headers=LENIENT)
    assert refused.status_code == 400


async def test_a_search_by_post_is_the_search_by_get(registry: RegistryClient, validator: Validator) -> None:
    await registry.open("13T", "13X", "13Y")
    form = {"_id": "13T,13X,13Y", "_count": "2", "name": "NHS 13"}
    posted = await registry.send("POST", f"{BASE}/Organization/_search", data=form)
    assert posted.status_code == 200, posted.text
    assert posted.json() == await ask(registry, "Organization", **form)
    assert validator.faults(posted.json()) == []
    [following] = [link["url"] for link in posted.json()["link"] if link["relation"] == "next"]
    second = (await registry.client.get(following, headers=registry.tokens.header())).json()
    assert [entry["resource"]["id"] for entry in second["entry"]] == ["13Y"]
    both = await registry.send("POST", f"{BASE}/Organization/_search?_id=13X", data={"name": "nhs"})
    assert [entry["resource"]["id"] for entry in both.json()["entry"]] == ["13X"]
    ties = await registry.send("POST", f"{BASE}/OrganizationAffiliation/_search", data={"active": "true"})
    assert (ties.status_code, ties.json()["type"]) == (200, "searchset")


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"json": {"_id": "13T"}}, 415, "not-supported"),
        ({"content": b"_id=13T"}, 415, "not-supported"),
        ({"data": {"nickname": "x"}}, 400, "not-supported"),
        ({"content": b"_id=%FF", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400, "invalid"),
        ({"data": {f"n{n}": "x" for n in range(1_001)}}, 400, "invalid"),
    ],
)
async def test_a_search_by_post_of_what_is_no_form_is_refused(
    registry: RegistryClient, validator: Validator, request_: dict[str, Any], status: int, code: str
) -> None:
    refused = await registry.send("POST", f"{BASE}/Organization/_search", **request_)
    assert (refused.status_code, refused.json()["issue"][0]["code"]) == (status, code)
    assert validator.faults(refused.json()) == []


async def test_only_the_elements_that_were_asked_for_are_shown_and_marked(
    registry: RegistryClient, validator: Validator
) -> None:
    await registry.open("13T")
    then = {"as-at": "2015-01-01"}
    some = await ask(registry, "Organization/13T", _elements="name,partOf", **then)
    assert set(some) == {"resourceType", "id", "meta", "identifier", "active", "name", "extension"}
    assert [one["url"] for one in some["extension"]] == [codes.AS_AT_EXTENSION]
    assert [tag["code"] for tag in some["meta"]["tag"]] == ["SUBSETTED"]
    summary = await ask(registry, "Organization/13T", _summary="true")
    assert set(summary) == {"resourceType", "id", "meta", "identifier", "active", "name", "type"}
    whole = await ask(registry, "Organization/13T", _summary="data")
    assert set(whole) == set(await ask(registry, "Organization/13T"))
    assert "tag" not in (await ask(registry, "Organization/13T"))["meta"]
    bundle = await ask(registry, "Organization", _elements="type")
    [match] = bundle["entry"]
    assert set(match["resource"]) == {"resourceType", "id", "meta", "identifier", "active", "type"}
    for resource in (some, summary, whole, bundle):
        assert validator.faults(resource) == []


@pytest.mark.parametrize(
    "path",
    [
        "Organization/13t",
        "Organization?_id=13t",
        "Organization?identifier=13t",
        f"Organization?identifier={codes.ODS_CODE}|13t",
        "Organization?type=CCG",
        "Organization?type=ro98",
        "Organization?type=rc1",
        "Organization?active=TRUE",
        "Organization?activeRoleCode=ro98",
        "OrganizationAffiliation/13t.Member-Of.qhm.2014-04-01",
        "OrganizationAffiliation?_id=13t.member-of.qhm.2014-04-01",
        "OrganizationAffiliation?organization=Organization/13t",
        "OrganizationAffiliation?role=Member-Of",
    ],
)
async def test_codes_are_found_in_any_case(registry: RegistryClient, path: str) -> None:
    await registry.open("13T")
    relation = {"relation": "member of", "other": "QHM", "effective_on": "2014-04-01"}
    await registry.open("QHM", kind="icb")
    await registry.call("POST", "/organisations/13T/relations", json=relation)
    one = await ask(registry, path)
    [resource] = [entry["resource"] for entry in one["entry"]][:1] if "entry" in one else [one]
    assert resource["id"] in {"13T", "13T.member-of.QHM.2014-04-01"}


async def test_references_are_found_in_any_case(registry: RegistryClient) -> None:
    await registry.open("13T")
    await registry.open("A85001", kind="gp_practice")
    parent = {"parent": "13T", "relation": "commissioned by", "effective_on": "2013-04-01"}
    await registry.change("/organisations/A85001/parent", version=1, body=parent)
    assert await found(registry, "Organization", partof="Organization/13t") == ["A85001"]
    assert await found(registry, "OrganizationAffiliation", role="re4") == ["A85001.parent.13T.2013-04-01"]


async def test_a_client_that_takes_no_json_is_told_so(registry: RegistryClient) -> None:
    refused = await registry.send("GET", f"{BASE}/metadata", headers={"Accept": "application/fhir+xml"})
    assert (refused.status_code, refused.json()["resourceType"]) == (406, "OperationOutcome")
    taken = await registry.send("GET", f"{BASE}/metadata", headers={"Accept": "text/html, application/fhir+json;q=0.9"})
    assert taken.status_code == 200
    without = "application/json;q=0, text/json;q=0, application/fhir+json;q=0"
    assert (await registry.send("GET", f"{BASE}/metadata", headers={"Accept": without})).status_code == 406


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
    documentation = told["rest"][0]["documentation"]
    for parameter in (*PAGE, *QUESTION):
        assert f"`{parameter.name}" in documentation, parameter.name
        if parameter.name != "_after":
            await ask(registry, "Organization", **{parameter.name: parameter.example})
