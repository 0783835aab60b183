"""Text that cannot be stored or seen is refused by every operation, and no refusal repeats more than a little of it."""

import json

import pytest

from libs.common.identity import Role
from tests.security.test_days import example, resolved
from tests.support.platform import SERVICES, Platform

HALF = "Z\ud800Z"
UNSEEN = ("a\x00b", "a\x1bb", "a\u202eb", "a\u2066b", "a\u200fb", "a\u200bb", "a\ufeffb")


@pytest.mark.parametrize("service", SERVICES)
async def test_half_of_a_character_is_refused_in_every_text_of_every_body(platform: Platform, service: str) -> None:
    document = platform.apps[service].openapi()
    headers = platform.tokens.header(*Role) | {"If-Match": '"1"', "Content-Type": "application/json"}
    sent = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            if schema is None or "multipart" in str(schema):
                continue
            address = path
            for one in operation.get("parameters", []):
                if one["in"] == "path":
                    shown = example({**one["schema"], **one}, document, "2018-04-01")
                    address = address.replace(f"{{{one['name']}}}", str(shown))
            body = example(schema, document, "2018-04-01")
            for name, kind in resolved(schema, document).get("properties", {}).items():
                if resolved(kind, document).get("type") != "string":
                    continue
                content = json.dumps({**body, name: HALF, HALF: HALF}).encode()
                answer = await platform.clients[service].request(method, address, headers=headers, content=content)
                sent += 1
                assert 400 <= answer.status_code < 500, f"{method} {address} {name}: {answer.status_code}"
                assert "\\ud800" not in answer.text
    assert sent


@pytest.mark.parametrize("text", UNSEEN, ids=ascii)
async def test_a_name_has_no_character_that_cannot_be_seen(platform: Platform, text: str) -> None:
    body = {"code": "14Y", "name": text, "kind": "ccg", "effective_on": "2018-04-01"}
    refused = await platform.call("POST", "registry", "/organisations", json=body, expect=422)
    assert [one["field"] for one in refused["reasons"]] == ["name"]
    assert text not in json.dumps(refused, ensure_ascii=False)


async def test_a_refusal_repeats_a_little_of_a_long_field_only(platform: Platform) -> None:
    refused = await platform.call("POST", "registry", "/organisations", json={"x" * 500_000: 1}, expect=422)
    assert len(json.dumps(refused)) < 20_000
