"""Texts of requests have visible characters only, and what has others is refused without being shown."""

import json
from typing import Any

import pytest

from libs.common.identity import Role
from tests.registry.applications.applicants import an_application
from tests.support.builders import a_ccg
from tests.support.registry_client import RegistryClient

BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "name": ("/organisations", a_ccg("10Q")),
    "address.lines.0": ("/organisations", a_ccg("10Q", address={"lines": ["Road"], "postcode": "HP11 1NT"})),
    "documents.0": ("/merger-applications", an_application("14Y", "10H", "10Y", documents=["Page 1"])),
    "evidence": (
        "/mergers/M-14Y/conditions/1/evidence",
        {"met_on": "2019-09-01", "evidence_type": "minute", "evidence": "Page 1"},
    ),
    "note": ("/care-models", {"reference": "M", "model": "mcp", "name": "M", "place": "10H", "note": "None"}),
    "facts.0.value": (
        "/reports",
        {
            "source": "hsj:1",
            "stated_on": "2018-11-04",
            "facts": [{"code": "10H", "about": "name", "value": "A name", "effective_on": "2018-04-01"}],
        },
    ),
}


@pytest.mark.parametrize("character", ["\x00", "\u202e", "\u200b", "\ud800"])
async def test_what_cannot_be_read_or_stored_is_refused_without_echo(registry: RegistryClient, character: str) -> None:
    for field, (path, body) in BODIES.items():
        content = json.dumps(_with(body, field.split("."), f"Pay{character}roll"))
        signed = registry.tokens.header(*set(Role), organisations=("*",))
        headers = {**signed, "Content-Type": "application/json"}
        refused = await registry.client.post(f"/v1{path}", content=content, headers=headers)
        assert refused.status_code == 422, f"{field}: {refused.text}"
        assert [reason["field"] for reason in refused.json()["reasons"]] == [field]
        assert "roll" not in refused.text


def _with(body: Any, names: list[str], value: str) -> Any:
    """The body with this value at the end of the names."""
    if not names:
        return value
    first, *rest = names
    if isinstance(body, list):
        return [_with(one, rest, value) if number == int(first) else one for number, one in enumerate(body)]
    return {**body, first: _with(body[first], rest, value)}
