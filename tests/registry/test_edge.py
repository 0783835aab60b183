"""What a stranger may send: always an answer that says what is wrong, never a fault of ours."""

import base64
import json

import pytest

from tests.support.registry_client import RegistryClient

A_MERGER = {
    "successor": "14Y",
    "successor_name": "NHS B CCG",
    "predecessors": ["10H", "10Y"],
    "effective_on": "2018-04-01",
}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**A_MERGER, "effective_on": "0001-01-01"}, "effective_on"),
        ({**A_MERGER, "effective_on": "9999-12-31"}, "effective_on"),
        ({**A_MERGER, "successor": "14-Y"}, "successor"),
        ({**A_MERGER, "successor_name": "NHS\u0000"}, "successor_name"),
        ({**A_MERGER, "predecessors": ["10H", ""]}, "predecessors.1"),
        ({**A_MERGER, "surprise": 1}, "surprise"),
    ],
)
async def test_a_body_that_cannot_be_meant_is_refused_naming_the_field(
    registry: RegistryClient, body: dict[str, object], field: str
) -> None:
    refused = await registry.call("POST", "/mergers", json=body, expect=422)
    assert [reason["field"] for reason in refused["reasons"]] == [field]


def cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.parametrize("parts", [("soon", "M-14Y"), ("2018-04-01",), (3, 4), ("2018-04-01", "M-14Y", "more")])
async def test_a_cursor_that_no_page_gave_is_refused(registry: RegistryClient, parts: tuple[object, ...]) -> None:
    refused = await registry.call("GET", "/mergers", params={"after": cursor(*parts)}, expect=400)
    assert refused["type"].endswith("/unreadable-cursor")


@pytest.mark.parametrize(
    "query", [{"name": "a\u0000b"}, {"parent": "x-"}, {"kind": "club"}, {"status": "asleep"}, {"as_at": "soon"}]
)
async def test_a_filter_that_cannot_be_meant_is_refused(registry: RegistryClient, query: dict[str, str]) -> None:
    refused = await registry.call("GET", "/organisations", params=query, expect=422)
    assert [reason["field"] for reason in refused["reasons"]] == list(query)


async def test_the_first_and_the_last_day_there_are_can_be_asked_about(registry: RegistryClient) -> None:
    await registry.open("10H")
    assert [await registry.status("10H", day) for day in ("1900-01-01", "2199-12-31")] == ["unknown", "open"]
    assert (await registry.ask("10H", "2199-12-31"))["last_day"] is None
