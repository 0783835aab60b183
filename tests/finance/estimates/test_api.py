"""What is asked of an estimate is refused where it would be answered in silence about something else."""

from typing import Any

import httpx
import pytest


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"baseline": ["hr:100", "HR:200"]}, "each function is named once"),
        ({"baseline": "hr:100", "realisation": "3/2"}, "a part is at most the whole"),
    ],
)
async def test_a_function_named_twice_and_more_than_the_whole_are_refused(
    client: httpx.AsyncClient, asked: dict[str, Any], message: str
) -> None:
    refused = await client.get("/v1/estimates", params=asked | {"as_at": "2016-11-21"})
    assert refused.status_code == 422
    assert message in refused.text
    whole = await client.get("/v1/estimates", params={"baseline": "hr:100", "realisation": "2/2"})
    assert whole.json()["realisation_source"] == "full"
