"""Calls of finance over HTTP, and what their answers say."""

from typing import Any

import httpx

BODY = {"population": 856_000, "source": "GP registered lists"}
PATH = "/v1/organisations/06H/populations/2013-14"


async def put(
    client: httpx.AsyncClient,
    path: str = PATH,
    *,
    expect: int = 201,
    headers: dict[str, str] | None = None,
    **body: Any,
) -> httpx.Response:
    """State a population."""
    answer = await client.put(path, json=BODY | body, headers=headers or {})
    assert answer.status_code == expect, answer.text
    return answer


def kind(answer: httpx.Response) -> str:
    """The last part of a problem's type."""
    assert answer.headers["content-type"] == "application/problem+json"
    return str(answer.json()["type"]).rsplit("/", 1)[-1]
