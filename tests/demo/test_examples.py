"""Every operation's example is sent as it stands, by the demo's user that OpenAPI names."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from deploy.laptop.users import USERS
from libs.common.http.problems import MEDIA_TYPE
from libs.common.service.cli import openapi_text
from tests.support.demo import Demo
from tests.support.platform import SERVICES, service

_SENT_AS = {"application/json": "json", "application/x-www-form-urlencoded": "data"}
Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    """The OpenAPI documents as the code gives them."""
    return {name: json.loads(openapi_text(service(name))) for name in SERVICES}


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """Every operation: its method, its path, and what the document says of it."""
    for path, ways in document["paths"].items():
        for method, operation in ways.items():
            yield method.upper(), path, operation


def send(demo: Demo, name: str, operation: Operation) -> httpx.Response:
    """Send an operation's example: the parameters that have one, and the body."""
    method, path, described = operation
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    for parameter in described.get("parameters", []):
        if "example" not in parameter:
            continue
        value = parameter["example"]
        match parameter["in"]:
            case "path":
                path = path.replace(f"{{{parameter['name']}}}", quote(str(value)))
            case "header":
                headers[parameter["name"]] = str(value)
            case _:
                query[parameter["name"]] = value
    body: dict[str, Any] = {}
    for media_type, content in described.get("requestBody", {}).get("content", {}).items():
        if "example" in content:
            body = {_SENT_AS.get(media_type, "content"): content["example"]}
            break
    user = described.get("x-demo-user", "reader")
    return demo.send(method, f"/{name}{path}", user=user, params=query, headers=headers, **body)


@pytest.mark.parametrize("name", SERVICES)
def test_every_example_succeeds_on_the_demo_or_says_what_it_needs(demo: Demo, name: str) -> None:
    found = list(operations(demo.document(name)))
    wrong, before = [], events(demo, name)
    for operation in found:
        method, path, described = operation
        response = send(demo, name, operation)
        where = f"{method} {path}: {response.status_code} {response.text[:300]}"
        if "x-example-needs" not in described:
            wrong += [] if response.is_success else [where]
        elif response.is_server_error or "/problems/invalid-request" in response.text:
            wrong.append(f"it needs {described['x-example-needs']}, but that is no reason for this: {where}")
    assert not wrong, "mend these in services/*/examples.toml:\n" + "\n".join(wrong)
    assert len(found) > 15
    assert events(demo, name) == before, "an example that writes is a dry run"


def events(demo: Demo, name: str) -> int:
    """The number of events in a service's log."""
    found: int = demo.send("GET", f"/{name}/v1/operations/backbone", user="operator").json()["last_position"]
    return found


@pytest.mark.parametrize("name", SERVICES)
def test_every_parameter_shows_its_example(name: str, documents: dict[str, dict[str, Any]]) -> None:
    document = documents[name]
    silent = [
        f"{described['operationId']}: {parameter['name']}"
        for _, _, described in operations(document)
        for parameter in described.get("parameters", [])
        if not ("example" in parameter or "For example" in parameter["description"] or is_choice(parameter, document))
    ]
    assert silent == []


def is_choice(parameter: dict[str, Any], document: dict[str, Any]) -> bool:
    """Whether the schema lists the values, so that the page offers them."""
    schema = parameter["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return "enum" in schema or schema.get("type") == "boolean"


@pytest.mark.parametrize("name", SERVICES)
def test_every_refusal_has_an_example_of_its_own_type(name: str, documents: dict[str, dict[str, Any]]) -> None:
    document = documents[name]
    shown = document["components"]["examples"]
    bare = set()
    for _, _, described in operations(document):
        for status, response in described["responses"].items():
            content = response.get("content", {}).get(MEDIA_TYPE)
            if content is None:
                continue
            types = [line.split("`")[1] for line in response["description"].splitlines() if line.startswith("`")]
            bare |= set(types) - set(content["examples"])
            for slug in content["examples"]:
                problem = shown[slug]["value"]
                assert problem["type"].endswith(f"/{slug}")
                assert problem["status"] == int(status), slug
    assert bare == set(), "write these into libs/common/http/examples.toml or the service's"


def test_the_demos_users_are_those_that_the_examples_name(documents: dict[str, dict[str, Any]]) -> None:
    named = {
        described["x-demo-user"]
        for document in documents.values()
        for _, _, described in operations(document)
        if "x-demo-user" in described
    }
    assert named
    assert named <= {user.name for user in USERS}


@pytest.mark.parametrize(
    ("user", "method", "path", "slug"),
    [
        (None, "GET", "/registry/v1/organisations", "unauthenticated"),
        ("reader", "POST", "/registry/v1/organisations", "role-missing"),
        ("reader", "GET", "/registry/v1/organisations/QQQ", "organisation-not-found"),
        ("reader", "GET", "/registry/v1/organisations?after=x", "unreadable-cursor"),
        ("commissioner", "GET", "/contracts/v1/contracts/NONE-2018", "contract-not-found"),
        ("commissioner", "GET", "/finance/v1/allowances/14Y/1999-00", "allowance-not-found"),
        ("commissioner", "GET", "/governance/v1/bodies/NONE-body", "body-not-found"),
    ],
)
def test_a_refusal_is_sent_as_its_example_shows_it(
    demo: Demo, user: str | None, method: str, path: str, slug: str
) -> None:
    example = demo.document(path.split("/")[1])["components"]["examples"][slug]["value"]
    body: dict[str, Any] = {"json": {}} if method == "POST" else {}
    sent = (demo.send(method, path, user=user, **body) if user else demo.client.request(method, path)).json()
    assert set(sent) == set(example)
    assert {key: sent[key] for key in ("type", "title", "status")} == {
        key: example[key] for key in ("type", "title", "status")
    }
