"""Nothing that a request carries is without a bound: each list has a length, each text of a body too."""

from collections.abc import Iterator

import pytest

from tests.security.test_days import Schema
from tests.support.platform import SERVICES, Platform

_BOUNDS_OF_A_TEXT = {"maxLength", "pattern", "enum", "const", "format"}


def without_bound(schema: Schema, document: Schema, where: str, seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the lists and texts in a schema that may have any length."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in seen:
            yield from without_bound(document["components"]["schemas"][name], document, where, (*seen, name))
        return
    for part in (part for kind in ("anyOf", "oneOf", "allOf") for part in schema.get(kind, [])):
        yield from without_bound(part, document, where, seen)
    if schema.get("type") == "array":
        if "maxItems" not in schema:
            yield f"{where}: a list"
        yield from without_bound(schema.get("items", {}), document, f"{where}[]", seen)
    if schema.get("type") == "string" and not _BOUNDS_OF_A_TEXT & set(schema):
        yield f"{where}: a text"
    for name, part in schema.get("properties", {}).items():
        yield from without_bound(part, document, f"{where}.{name}", seen)


def test_what_has_no_bound_is_found() -> None:
    schema = {"properties": {"a": {"type": "array", "items": {"type": "string"}}, "b": {"anyOf": [{"type": "string"}]}}}
    assert list(without_bound(schema, {}, "body")) == ["body.a: a list", "body.a[]: a text", "body.b: a text"]


@pytest.mark.parametrize("service", SERVICES)
async def test_every_list_and_every_text_of_a_body_has_a_bound(platform: Platform, service: str) -> None:
    document = platform.apps[service].openapi()
    found = []
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for one in operation.get("parameters", []):
                # The length of a URL and of the headers bounds a text.
                lists = [
                    each for each in without_bound(one["schema"], document, one["name"]) if each.endswith("a list")
                ]
                found += [f"{method} {path} {each}" for each in lists]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if body is not None:
                found += [f"{method} {path} {each}" for each in without_bound(body, document, "body")]
    assert not found, "\n".join(found)
