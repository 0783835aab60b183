"""A day is bounded wherever a request names one: no operation fails on the first or the last day of a calendar."""

from collections.abc import Iterator
from typing import Any

import pytest

from libs.common.identity import Role
from tests.fuzz.seeds import fill
from tests.support.platform import SERVICES, Platform

EXTREMES = ("0001-01-01", "1900-01-01", "2199-12-31", "9999-12-31")
VERSIONED = {"If-Match": '"1"'}

Schema = dict[str, Any]


def resolved(schema: Schema, document: Schema) -> Schema:
    """Follow references, and choose the first part of a union that is not null."""
    while "$ref" in schema or "anyOf" in schema or "oneOf" in schema or "allOf" in schema:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        else:
            parts = schema.get("anyOf") or schema.get("oneOf") or schema["allOf"]
            schema = next(part for part in parts if part.get("type") != "null")
    return schema


def example(schema: Schema, document: Schema, day: str) -> Any:
    """Return a value of this schema in which each day is the given one."""
    if "example" in schema or schema.get("examples"):
        given = schema.get("example", (schema.get("examples") or [None])[0])
        if resolved(schema, document).get("format") not in {"date", "date-time"}:
            return given
    schema = resolved(schema, document)
    match schema.get("type"):
        case "object":
            return {name: example(one, document, day) for name, one in schema.get("properties", {}).items()}
        case "array":
            return [example(schema.get("items", {}), document, day)] * max(1, schema.get("minItems", 1))
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return False
    if schema.get("format") in {"date", "date-time"}:
        return day if schema["format"] == "date" else f"{day}T00:00:00Z"
    if "enum" in schema:
        return schema["enum"][0]
    return schema.get("const") or (schema.get("examples") or ["14Y"])[0]


def has_days(schema: Schema, document: Schema) -> bool:
    """Whether a value of this schema has a day in it."""
    schema = resolved(schema, document)
    parts = [*schema.get("properties", {}).values(), *([schema["items"]] if schema.get("items") else [])]
    return schema.get("format") in {"date", "date-time"} or any(has_days(part, document) for part in parts)


def requests(document: Schema, day: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield a request for each operation that takes a day, and for each of its parameters, with this day in it."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            address = path
            parameters = operation.get("parameters", [])
            for one in parameters:
                if one["in"] == "path":
                    address = address.replace(
                        f"{{{one['name']}}}", str(example({**one["schema"], **one}, document, day))
                    )
            needed = {
                one["name"]: example({**one["schema"], **one}, document, day)
                for one in parameters
                if one["in"] == "query" and one.get("required")
            }
            content = operation.get("requestBody", {}).get("content", {})
            body = content.get("application/json", {}).get("schema")
            if body is not None and has_days(body, document):
                yield method, address, {"params": needed, "json": example(body, document, day)}
            sent = {"json": example(body, document, day)} if body is not None else {}
            for one in parameters:
                # An instant may be written as a day too, so that its schema is a text's.
                if one["in"] == "query" and (one["name"] == "as_known" or has_days(one["schema"], document)):
                    yield method, address, {"params": {**needed, one["name"]: day}, **sent}


@pytest.fixture
async def filled(platform: Platform) -> Platform:
    """All four services with something in each, so that commands get as far as computing with a day."""
    await fill(platform)
    return platform


@pytest.mark.parametrize("service", SERVICES)
async def test_no_operation_fails_on_the_first_or_last_day_of_a_calendar(filled: Platform, service: str) -> None:
    platform = filled
    document = platform.apps[service].openapi()
    headers = platform.tokens.header(*Role) | VERSIONED
    failed, sent = [], 0
    for day in EXTREMES:
        for method, path, request in requests(document, day):
            answer = await platform.clients[service].request(method, path, headers=headers, **request)
            sent += 1
            if answer.status_code >= 500:
                failed.append(f"{method} {path} {request}: {answer.status_code}")
    assert sent > len(EXTREMES) * 5
    assert not failed, "\n".join(failed)


async def test_an_appointment_cannot_end_with_the_calendar(filled: Platform) -> None:
    [officer] = (await filled.call("GET", "governance", "/appointments", params={"vacant": False}))["items"]
    made = {"post": "10H/chair", "person": officer["person"], "first_day": "2018-04-02"}
    refused = await filled.call(
        "POST", "governance", "/appointments", json={**made, "last_day": "9999-12-31"}, expect=422
    )
    assert [one["field"] for one in refused["reasons"]] == ["last_day"]
