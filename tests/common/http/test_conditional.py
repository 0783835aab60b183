"""Conditional requests (RFC 9110, 8.8.3 and 13.1): tags of reads, 304, and the forms of If-Match."""

from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from libs.common.http.conditional import Tagged, UnreadableVersion, Versions, versions
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.process.clock import Clock
from libs.common.service.app import create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url

__all__ = ["tokens", "url"]

PATH, LIST = "/v1/beacons/IVI", "/v1/beacons"
PLAIN, PACKED = {"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip"}


@pytest.fixture
async def client(url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    app = create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))
    async with running(app, tokens.header(Role.REGISTRAR)) as client:
        client.headers.update(PLAIN)
        await client.post(LIST, json={"code": "IVI", "name": "Ivinghoe " * 200})
        yield client


@pytest.mark.parametrize("path", [PATH, LIST, "/v1/days?as_at=2018-04-01", "/health/live", "/openapi.json"])
async def test_who_has_what_a_read_returned_gets_304_in_every_form(client: httpx.AsyncClient, path: str) -> None:
    tag = (await client.get(path)).headers["ETag"]
    assert not tag.startswith("W/")
    for named in (tag, f"W/{tag}", "*", f'"0", {tag}', f'W/"a, b" ,W/{tag}', f'"", {tag}'):
        answer = await client.get(path, headers={"If-None-Match": named})
        assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", tag), named
        assert "Content-Length" not in answer.headers
        assert "Content-Type" not in answer.headers
    head = await client.head(path, headers={"If-None-Match": tag})
    assert (head.status_code, head.headers["ETag"]) == (304, tag)
    for other in ('"0"', 'W/"0"', tag.strip('"'), "", '"*"', f'"{tag}"'):
        answer = await client.get(path, headers={"If-None-Match": other})
        assert (answer.status_code, answer.headers["ETag"]) == (200, tag), other


async def test_another_content_has_another_tag(client: httpx.AsyncClient) -> None:
    """The same version on another day is another answer: a version alone would be a lie."""
    old, other_list = (await client.get(PATH)).headers["ETag"], (await client.get(LIST)).headers["ETag"]
    done = await client.put(f"{PATH}/name?name=Beacon", headers={"If-Match": old})
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')
    for path, tag in ((PATH, old), (LIST, other_list)):
        answer = await client.get(path, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.headers["ETag"] == tag) == (200, False)
    assert (await client.get(PATH, headers={"If-None-Match": done.headers["ETag"]})).status_code == 200


async def test_today_is_a_part_of_what_is_read(url: str, tokens: Tokens) -> None:
    app = create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))
    async with running(app, tokens.header(Role.REGISTRAR)) as client:
        clock: Clock = app.state.clock
        clock.moved_to = clock.today().replace(year=2018)
        first = await client.get("/v1/days")
        assert (await client.get("/v1/days", headers={"If-None-Match": first.headers["ETag"]})).status_code == 304
        clock.moved_to = clock.today().replace(year=2019)
        assert (await client.get("/v1/days", headers={"If-None-Match": first.headers["ETag"]})).status_code == 200


async def test_who_the_caller_is_may_be_a_part_of_it_too(client: httpx.AsyncClient, tokens: Tokens) -> None:
    mine = await client.get("/v1/caller")
    theirs = tokens.header(Role.REGISTRAR, organisations=("10Y",)) | {"If-None-Match": mine.headers["ETag"]}
    assert (await client.get("/v1/caller", headers=theirs)).status_code == 200
    assert mine.headers["Vary"] == "Accept-Encoding, Authorization"


async def test_a_packed_answer_shares_no_strong_tag_with_the_plain_one(client: httpx.AsyncClient) -> None:
    plain, packed = await client.get(PATH), await client.get(PATH, headers=PACKED)
    assert "gzip" not in plain.headers.get("Content-Encoding", "")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["ETag"] == f"W/{plain.headers['ETag']}"
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]
    again = await client.get(PATH, headers=PACKED | {"If-None-Match": plain.headers["ETag"]})
    assert (again.status_code, again.headers["ETag"]) == (304, packed.headers["ETag"])
    assert "Accept-Encoding" in again.headers["Vary"]
    small = await client.get("/health/live", headers=PACKED)
    assert not small.headers["ETag"].startswith("W/")
    renamed = await client.put(f"{PATH}/name?name={'x' * 2_000}", headers=PACKED | {"If-Match": "*"})
    assert (renamed.headers["Content-Encoding"], renamed.headers["ETag"]) == ("gzip", 'W/"2"')


@pytest.mark.parametrize("coding", ["gzip;q=0", "identity", "br", "gzip;q=0, *", "*;q=0", ""])
async def test_who_excludes_gzip_gets_none(client: httpx.AsyncClient, coding: str) -> None:
    assert "Content-Encoding" not in (await client.get(PATH, headers={"Accept-Encoding": coding})).headers


@pytest.mark.parametrize("coding", ["gzip", "br;q=1.0, gzip;q=0.1", "GZIP", "*", "x-gzip"])
async def test_who_takes_gzip_gets_it(client: httpx.AsyncClient, coding: str) -> None:
    answer = await client.get(PATH, headers={"Accept-Encoding": coding})
    assert answer.headers["Content-Encoding"] == "gzip"


async def test_refusals_and_commands_are_never_304(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/beacons/XXX", headers={"If-None-Match": "*"})).status_code == 404
    assert (await client.post("/v1/numbers", json=[1], headers={"If-None-Match": "*"})).status_code == 200


@pytest.mark.parametrize("named", ['"1"', 'W/"1"', "*", '"7", "1"', '"7" , W/"1"', ', "1",', '"abc", "1"', "read"])
async def test_if_match_takes_every_form(client: httpx.AsyncClient, named: str) -> None:
    """A proxy that compresses makes a tag weak, and what is compared is the version in it."""
    given = (await client.get(PATH)).headers["ETag"] if named == "read" else named
    assert (await client.put(f"{PATH}/name?name=Beacon", headers={"If-Match": given})).status_code == 200


@pytest.mark.parametrize("named", ['"7"', 'W/"7"', '"7", "8"', '"abc"', '""', '"1x"', f'"{"1" * 30}"'])
async def test_another_version_is_stale(client: httpx.AsyncClient, named: str) -> None:
    refused = await client.put(f"{PATH}/name?name=Beacon", headers={"If-Match": named})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (412, "stale-version")
    assert "the present version is 1" in refused.json()["detail"]


@pytest.mark.parametrize("named", ["1", "w/'1'", '"1', '"1" "2"', '"1", *', "*, *", 'w/"1"', ","])
async def test_what_is_no_tag_is_unreadable(client: httpx.AsyncClient, named: str) -> None:
    refused = await client.put(f"{PATH}/name?name=Beacon", headers={"If-Match": named})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (400, "unreadable-version")


async def test_a_list_may_stand_in_several_headers(client: httpx.AsyncClient) -> None:
    tag = (await client.get(PATH)).headers["ETag"]
    headers = [*client.headers.items(), ("If-None-Match", '"0"'), ("If-None-Match", tag)]
    assert (await client.get(PATH, headers=headers)).status_code == 304
    headers = [*client.headers.items(), ("If-Match", '"7"'), ("If-Match", '"1"')]
    assert (await client.put(f"{PATH}/name?name=Beacon", headers=headers)).status_code == 200


@given(st.text(max_size=60))
def test_any_text_is_versions_or_refused(text: str) -> None:
    try:
        named = versions(text)
    except UnreadableVersion:
        return
    assert isinstance(named, Versions)


async def test_a_long_table_is_streamed_without_a_tag() -> None:
    """It would have to be in memory as a whole first; a short one is, and has its tag."""

    async def rows(number: int) -> AsyncIterator[bytes]:
        for _ in range(number):
            yield b"x" * 10_000

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await StreamingResponse(rows(int(scope["path"][1:])))(scope, receive, Tagged(scope, send))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        short = await client.get("/3")
        assert (short.headers["ETag"][0], len(short.content)) == ('"', 30_000)
        assert (await client.get("/3", headers={"If-None-Match": short.headers["ETag"]})).status_code == 304
        long = await client.get("/100", headers={"If-None-Match": "*"})
        assert (long.status_code, "ETag" in long.headers, len(long.content)) == (200, False, 1_000_000)


async def test_a_tag_that_a_response_names_itself_stays() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("x" * 2_000, headers={"ETag": 'W/"3"'})(scope, receive, Tagged(scope, send, packed_from=100))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        answer = await client.get("/", headers=PACKED | {"If-None-Match": '"3"'})
        assert (answer.status_code, answer.headers["ETag"]) == (200, 'W/"3"')
