"""Hot reads: which routes may be one, and that what is not plainly right is left to the route with its whole body."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, BackgroundTasks, Header, Query, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel

from libs.common.http.dependencies import AsAt, Write, commands_router, hot, questions_router
from libs.common.http.hot_reads import hot_reads
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url

__all__ = ["tokens", "url"]


class Weighed(BaseModel):
    """What was weighed."""

    grams: int


def routed(endpoint: Callable[..., Any], path: str = "/weights/{name}", **route: Any) -> APIRouter:
    router = commands_router()
    router.get(path, **route)(hot(endpoint))
    return router


async def with_a_list(names: Annotated[list[str], Query()]) -> Weighed:
    return Weighed(grams=len(names))


async def with_a_header(unit: Annotated[str, Header()]) -> Weighed:
    return Weighed(grams=len(unit))


async def with_a_changing_default(day: AsAt, names: Annotated[Any, Query()] = ("a",)) -> Weighed:
    return Weighed(grams=day.day + len(names))


async def with_work_afterwards(name: str, later: BackgroundTasks) -> Weighed:
    return Weighed(grams=len(name) + len(later.tasks))


async def that_is_plain(name: str) -> Weighed:
    return Weighed(grams=len(name))


def that_waits(name: str) -> Weighed:
    return Weighed(grams=len(name))


async def without_a_view(name: str) -> None:
    assert name


@pytest.mark.parametrize(
    ("endpoint", "route"),
    [
        (with_a_list, {}),
        (with_a_header, {}),
        (with_a_changing_default, {}),
        (with_work_afterwards, {}),
        (that_waits, {}),
        (without_a_view, {}),
        (that_is_plain, {"status_code": 203}),
        (that_is_plain, {"response_class": PlainTextResponse}),
        (that_is_plain, {"response_model_exclude_none": True}),
    ],
)
def test_a_read_that_takes_more_than_path_query_and_body_is_no_hot_one(
    endpoint: Callable[..., Any], route: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        hot_reads(routed(endpoint, **route).routes)


def test_a_command_is_no_hot_read() -> None:
    async def weigh(command: Weighed, session: Write) -> Weighed:
        assert session
        return command

    router = commands_router()
    router.post("/weights")(hot(weigh))
    with pytest.raises(TypeError, match="changes nothing"):
        hot_reads(router.routes)


@pytest.mark.parametrize(
    ("before", "overlaps"),
    [("/weights/heavy", True), ("/{noun}/{name}", True), ("/lengths/{name}", False), ("/weights", False)],
)
def test_a_hot_read_comes_before_what_may_have_its_addresses(before: str, overlaps: bool) -> None:
    async def earlier() -> Weighed:
        return Weighed(grams=0)

    async def later(name: str) -> Weighed:
        return Weighed(grams=len(name))

    router = commands_router()
    router.get(before)(earlier)
    routes: Sequence[Any] = [*router.routes, *routed(later).routes]
    if overlaps:
        with pytest.raises(TypeError, match="comes after"):
            hot_reads(routes)
    else:
        assert len(hot_reads(routes)) == 1


async def test_what_is_left_to_the_route_has_its_whole_body(url: str, tokens: Tokens) -> None:
    questions = questions_router()

    @questions.post("/weighings")
    @hot
    async def weigh(asked: Weighed, day: AsAt, response: Response) -> Weighed:
        if not asked.grams:
            response.status_code = 203
        return Weighed(grams=asked.grams + day.day)

    service = replace(sample_service.SERVICE, routers=(questions,))
    app = create_service(service, tokens.settings(url, max_body_bytes=2_000), DirectBus({}))
    parts = (b'{"grams"', b": ", b"2}")

    async def in_parts() -> Any:
        for part in parts:
            yield part

    async def too_many_parts() -> Any:
        for _ in range(3):
            yield b" " * 1_000

    async with running(app, tokens.header(Role.OPERATOR)) as client:
        for media in ("application/json", "application/json; charset=utf-8"):
            sent = {"content": in_parts(), "headers": {"Content-Type": media}}
            weighed = await client.post("/v1/weighings?as_at=2018-04-01", **sent)
            assert (weighed.status_code, weighed.json()) == (200, {"grams": 3})
        nothing = await client.post("/v1/weighings?as_at=2018-04-01", json={"grams": 0})
        assert (nothing.status_code, nothing.json()) == (203, {"grams": 1})
        large = await client.post("/v1/weighings", json={"grams": 2, "more": "x" * 3_000})
        assert (large.status_code, large.json()["type"].rpartition("/")[2]) == (413, "request-entity-too-large")
        unannounced = await client.post(
            "/v1/weighings", content=too_many_parts(), headers={"Content-Type": "application/json"}
        )
        assert (unannounced.status_code, unannounced.json()["type"]) == (413, large.json()["type"])
        metrics = (await client.get("/metrics")).text
        assert 'route="/v1/weighings",service="beacons",status="200"} 2.0' in metrics
