"""The OpenAPI page: it works with no network, and its document says who may do what and what is refused."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from libs.common.http.conditional import FORM
from libs.common.http.middleware import PUBLIC_PATHS
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url

__all__ = ["tokens", "url"]


@pytest.fixture
async def client(url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    app = create_service(sample_service.SERVICE, tokens.settings(url, token_url="/identity/token"), DirectBus({}))
    async with running(app) as client:
        yield client


async def test_the_page_names_no_other_host_and_all_that_it_loads_is_there(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert re.findall(r"(?:https?:)?//[a-z][^\s\"'<]*", page) == []
    assert '"validatorUrl": null' in page
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 4
    for path in [*loaded, "/openapi.json", "/asyncapi.json", "/docs/oauth2-redirect"]:
        assert (await client.get(path)).status_code == 200, path


async def test_the_page_folds_operations_by_tag_and_leads_back(client: httpx.AsyncClient) -> None:
    page = (await client.get("/docs")).text
    assert '<html lang="en-GB">' in page
    assert '"docExpansion": "none"' in page
    assert '"filter": true' in page
    assert '<a href="/">Beacons</a>' in page


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/oauth2-redirect"])
async def test_a_page_runs_its_own_scripts_alone_and_keeps_no_token(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
    assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'", "'none'")
    scripts = [
        hashlib.sha256(script.encode()).digest() for script in re.findall(r"(?s)<script>(.*?)</script>", answer.text)
    ]
    allowed = [f"'sha256-{base64.b64encode(one).decode()}'" for one in scripts]
    assert policy["script-src"].split() == ["'self'", *allowed]
    assert not re.search(r"\son[a-z]+=", answer.text)
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert '"persistAuthorization": true' not in answer.text


async def test_the_document_names_the_sign_in_the_roles_and_the_refusals(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    scheme = document["components"]["securitySchemes"]["signed-in"]
    assert {name: flow["tokenUrl"] for name, flow in scheme["flows"].items()} == dict.fromkeys(
        ("password", "clientCredentials"), "/identity/token"
    )
    assert "send a form to `POST /identity/token`" in scheme["description"]
    assert document["security"] == [{"signed-in": []}]
    assert document["paths"]["/health/live"]["get"]["security"] == []
    light = document["paths"]["/v1/beacons"]["post"]
    assert light["operationId"] == "light_beacon"
    assert set(light["responses"]) == {"201", "400", "401", "403", "409", "413", "422", "429", "503"}
    assert "already-lit" in light["responses"]["409"]["description"]
    assert list(light["responses"]["422"]["content"]) == ["application/problem+json"]
    assert "Problem" in document["components"]["schemas"]
    assert "registrar" in light["description"]


async def test_without_an_issuers_address_the_document_says_who_has_it(url: str, tokens: Tokens) -> None:
    document = create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({})).openapi()
    scheme = document["components"]["securitySchemes"]["signed-in"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert "`token_endpoint`" in scheme["description"]


async def test_every_command_takes_an_idempotency_key_and_says_so(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    for path, method in (("/v1/beacons", "post"), ("/v1/beacons/{code}/name", "put")):
        headers = {parameter["name"] for parameter in document["paths"][path][method]["parameters"]}
        assert "Idempotency-Key" in headers
    assert [one["name"] for one in document["paths"]["/v1/caller"]["get"]["parameters"]] == ["If-None-Match"]


async def test_every_reference_in_the_document_leads_somewhere(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    schemas = answer.json()["components"]["schemas"]
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', answer.text))
    assert referred
    assert referred <= set(schemas)


async def test_every_operation_behind_the_sign_in_tells_the_refusals_of_the_edge(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    told = 0
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if operation.get("security") != []:
                told += 1
                for status in ("401", "403", "422"):
                    assert "application/problem+json" in operation["responses"][status]["content"], path
    assert told >= 10
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_what_a_dependency_may_refuse_is_told_of_every_route_that_needs_it(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    listing = paths["/v1/beacons"]["get"]["responses"]
    assert "unreadable-cursor" in listing["400"]["description"]
    assert "instant-refused" in paths["/v1/days"]["get"]["responses"]["422"]["description"]
    renaming = paths["/v1/beacons/{code}/name"]["put"]
    for status, slug in (("400", "unreadable-version"), ("412", "stale-version"), ("428", "precondition-missing")):
        assert slug in renaming["responses"][status]["description"]
    [version] = [parameter for parameter in renaming["parameters"] if parameter["name"] == "If-Match"]
    assert (version["required"], version["schema"]["pattern"]) == (True, FORM)
    for path, operations in paths.items():
        if path in PUBLIC_PATHS or "get" not in operations:
            continue
        assert "304" in operations["get"]["responses"], path
        assert "If-None-Match" in {parameter["name"] for parameter in operations["get"]["parameters"]}, path
    assert version["schema"]["type"] == "string"


async def test_every_command_tells_what_becomes_of_a_key_or_body_that_is_wrong(client: httpx.AsyncClient) -> None:
    told = (await client.get("/openapi.json")).json()["paths"]["/v1/beacons"]["post"]["responses"]
    assert "unreadable" in told["400"]["description"]
    assert "idempotency-key-reused" in told["422"]["description"]
    assert set(told["413"]["content"]) == set(told["503"]["content"]) == {"application/problem+json"}
