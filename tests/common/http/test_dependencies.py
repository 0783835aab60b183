"""The edge, seen from outside: a tiny service over ASGI, on a real PostgreSQL."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from libs.common.http import paging
from libs.common.http.middleware import PUBLIC_PATHS
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.service.app import Service, create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import url

__all__ = ["tokens", "url"]

IVINGHOE = {"code": "IVI", "name": "Ivinghoe"}


@pytest.fixture
async def client(url: str, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    app = create_service(sample_service.SERVICE, tokens.settings(url, max_body_bytes=2_000), DirectBus({}))
    async with running(app, tokens.header(Role.REGISTRAR)) as client:
        yield client


async def test_a_command_is_done_and_can_be_read_again(client: httpx.AsyncClient) -> None:
    lit = await client.post("/v1/beacons", json=IVINGHOE)
    assert (lit.status_code, lit.headers["ETag"], lit.json()["name"]) == (201, '"1"', "Ivinghoe")
    shown = await client.get("/v1/beacons/IVI")
    assert shown.json() == lit.json()


async def test_every_path_but_the_public_ones_needs_a_token(client: httpx.AsyncClient) -> None:
    del client.headers["Authorization"]
    document = (await client.get("/openapi.json")).json()
    tried = 0
    for path, operations in document["paths"].items():
        for method in operations:
            answer = await client.request(method, path.replace("{", "").replace("}", ""))
            if path not in PUBLIC_PATHS:
                assert answer.status_code == 401, path
                assert answer.headers["WWW-Authenticate"] == 'Bearer realm="footprint"'
                tried += 1
    assert tried >= 10
    for path in PUBLIC_PATHS:
        assert (await client.get(path)).status_code == 200, path
    for path in ("/metrics", "/v1/nowhere", "/docs/", "/openapi.json/", "/health", "/x/docs"):
        assert (await client.get(path)).status_code == 401, path


async def test_the_public_paths_are_these_and_no_more() -> None:
    assert {
        "/",
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/asyncapi.json",
        "/docs",
        "/docs/oauth2-redirect",
    } == PUBLIC_PATHS


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Basic YTpi", "Bearer a.b.c", "token"])
async def test_a_token_that_does_not_count_is_a_401_problem(client: httpx.AsyncClient, authorization: str) -> None:
    refused = await client.get("/v1/beacons", headers={"Authorization": authorization})
    assert (refused.status_code, refused.headers["Content-Type"]) == (401, "application/problem+json")
    assert refused.json()["type"].endswith("/unauthenticated")
    assert refused.json()["request_id"] == refused.headers["X-Request-Id"]


async def test_a_caller_without_the_role_is_refused(client: httpx.AsyncClient, tokens: Tokens) -> None:
    refused = await client.post("/v1/beacons", json=IVINGHOE, headers=tokens.header(Role.PARTNER))
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "role-missing")
    assert "registrar" in refused.json()["detail"]


async def test_a_caller_of_another_organisation_is_refused(client: httpx.AsyncClient, tokens: Tokens) -> None:
    others = tokens.header(Role.REGISTRAR, organisations=("ABC",))
    refused = await client.post("/v1/beacons", json=IVINGHOE, headers=others)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "not-yours-to-decide")
    own = tokens.header(Role.REGISTRAR, organisations=("IVI",))
    assert (await client.post("/v1/beacons", json=IVINGHOE, headers=own)).status_code == 201


async def test_a_wrong_request_is_told_every_reason_at_once(client: httpx.AsyncClient) -> None:
    refused = await client.post("/v1/beacons", json={"code": "ivi", "name": "x", "height": 0})
    assert (refused.status_code, refused.headers["Content-Type"]) == (422, "application/problem+json")
    assert {reason["field"] for reason in refused.json()["reasons"]} == {"code", "name", "height"}
    rule = await client.post("/v1/beacons", json={"code": "IVI", "name": "test"})
    assert rule.json()["reasons"] == [{"message": "a beacon is no test", "field": None}]
    query = await client.get("/v1/beacons?limit=501")
    assert query.json()["reasons"][0]["field"] == "limit"


async def test_a_refusal_of_the_domain_has_its_own_type_title_and_reasons(client: httpx.AsyncClient) -> None:
    await client.post("/v1/beacons", json=IVINGHOE)
    refused = await client.post("/v1/beacons", json=IVINGHOE)
    problem = refused.json()
    assert problem | {"request_id": ""} == {
        "type": "https://footprint.example/problems/already-lit",
        "title": "The beacon is lit already.",
        "status": 409,
        "detail": "IVI burns",
        "instance": "/v1/beacons",
        "reasons": [{"message": "it burns", "field": "code"}],
        "request_id": "",
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "kind"),
    [
        ("GET", "/v1/nowhere", b"", 404, "not-found"),
        ("DELETE", "/v1/beacons", b"", 405, "method-not-allowed"),
        ("POST", "/v1/beacons", b"{not json", 422, "unreadable-body"),
        ("GET", "/v1/beacons/XXX", b"", 404, "beacon-not-found"),
        ("GET", "/v1/beacons?after=nonsense", b"", 400, "unreadable-cursor"),
        ("GET", "/docs/assets/none.js", b"", 404, "not-found"),
    ],
)
async def test_whatever_is_refused_is_a_problem(
    client: httpx.AsyncClient, method: str, path: str, body: bytes, status: int, kind: str
) -> None:
    refused = await client.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (status, "application/problem+json")
    assert refused.json()["type"].rpartition("/")[2] == kind


async def test_a_refused_method_is_told_every_method_of_the_address(client: httpx.AsyncClient) -> None:
    for path, methods in (
        ("/v1/beacons", "GET, HEAD, POST"),
        ("/v1/beacons/IVI", "GET, HEAD"),
        ("/v1/operations/clock", "GET, HEAD, PUT"),
    ):
        refused = await client.delete(path)
        assert (refused.status_code, refused.headers["Allow"]) == (405, methods)


async def test_a_fault_of_ours_tells_nothing_of_itself(client: httpx.AsyncClient) -> None:
    failed = await client.post("/v1/silence")
    assert (failed.status_code, failed.headers["Content-Type"]) == (500, "application/problem+json")
    assert "secret" not in failed.text
    assert failed.json()["request_id"] == failed.headers["X-Request-Id"]


async def test_a_version_that_is_stale_is_refused_and_a_missing_one_asked_for(client: httpx.AsyncClient) -> None:
    await client.post("/v1/beacons", json=IVINGHOE)
    path = "/v1/beacons/IVI/name?name=Beacon"
    assert (await client.put(path)).status_code == 428
    assert (await client.put(path, headers={"If-Match": "three"})).status_code == 400
    done = await client.put(path, headers={"If-Match": '"1"'})
    assert (done.status_code, done.headers["ETag"]) == (200, '"2"')
    refused = await client.put(path, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (412, "stale-version")


async def test_a_body_beyond_the_limit_is_refused_announced_or_not(client: httpx.AsyncClient) -> None:
    large = b'{"code": "IVI", "name": "' + b"x" * 2_000 + b'"}'
    announced = await client.post("/v1/beacons", content=large)
    assert (announced.status_code, announced.headers["Content-Type"]) == (413, "application/problem+json")

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 100):
            yield large[start : start + 100]

    for key in ({}, {"Idempotency-Key": "large"}):
        headers = {"Content-Type": "application/json", **key}
        chunked = await client.post("/v1/beacons", content=chunks(), headers=headers)
        assert (chunked.status_code, chunked.headers["Content-Type"]) == (413, "application/problem+json")
    assert (await client.get("/v1/beacons")).json()["items"] == []


async def test_a_walk_through_the_pages_meets_each_once_while_others_come(client: httpx.AsyncClient) -> None:
    codes = [f"B{letter}{other}" for letter in "ABCDE" for other in "AB"]
    for code in codes:
        await client.post("/v1/beacons", json={"code": code, "name": "a beacon"})
    seen: list[str] = []
    link: str | None = "/v1/beacons?limit=3"
    while link is not None:
        shown = (await client.get(link)).json()
        seen += [item["code"] for item in shown["items"]]
        link = shown["next"]
        await client.post("/v1/beacons", json={"code": f"AA{len(seen) % 10}".replace("0", "X"), "name": "in front"})
        await client.post("/v1/beacons", json={"code": "AAA", "name": "in front"})
    assert seen == codes
    assert link is None


async def test_a_list_is_one_table_and_what_it_does_not_hold_is_behind_a_link(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = ["AAA", "BBB", "CCC"]
    for code in codes:
        await client.post("/v1/beacons", json={"code": code, "name": "=1+1"})
    whole = await client.get("/v1/beacons?limit=1", headers={"Accept": "text/csv"})
    assert whole.text.split("\r\n")[:2] == ["code,name,version", "AAA,'=1+1,1"]
    assert (whole.text.count("\r\n"), whole.headers["Vary"].split(", ")[0]) == (4, "Accept")
    assert whole.headers["Content-Disposition"] == 'attachment; filename="beacons.csv"'
    assert (await client.get("/v1/beacons")).headers["Vary"].startswith("Accept, ")
    monkeypatch.setattr(paging, "MOST_ROWS", 2)
    seen, link = [], "/v1/beacons?format=csv"
    while link:
        table = await client.get(link)
        seen += [line[:3] for line in table.text.splitlines()[1:]]
        link = table.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert seen == codes
    wrong = await client.get("/v1/beacons?format=xlsx")
    assert (wrong.status_code, wrong.json()["reasons"][0]["field"]) == (422, "format")


async def test_a_link_to_the_next_page_keeps_the_prefix_that_the_service_is_served_under(
    url: str, tokens: Tokens
) -> None:
    app = create_service(sample_service.SERVICE, tokens.settings(url), DirectBus({}))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, root_path="/hills")
        headers = tokens.header(Role.REGISTRAR)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            for code in ("AAA", "BBB", "CCC"):
                await client.post("/hills/v1/beacons", json={"code": code, "name": "a beacon"})
            first = (await client.get("/hills/v1/beacons?limit=2")).json()
            assert first["next"].startswith("/hills/v1/beacons?limit=2&after=")
            second = (await client.get(first["next"])).json()
            assert ([item["code"] for item in second["items"]], second["next"]) == (["CCC"], None)
            page = (await client.get("/hills/docs")).text
            assert "/hills/openapi.json" in page
            document = (await client.get("/hills/openapi.json")).json()
            assert document["servers"] == [{"url": "/hills"}]


async def test_a_request_has_an_id_of_the_services_own_and_keeps_the_clients_beside_it(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/v1/days", headers={"X-Request-Id": "req-1", "X-Correlation-Id": "story:7"})
    assert answer.headers["X-Client-Request-Id"] == "req-1"
    assert answer.headers["X-Correlation-Id"] == "story:7"
    assert answer.headers["X-Request-Id"] != "req-1"
    again = await client.get("/v1/days", headers={"X-Request-Id": "req-1"})
    assert again.headers["X-Request-Id"] != answer.headers["X-Request-Id"]
    strange = await client.get("/v1/days", headers={"X-Request-Id": "a\tb"})
    assert strange.headers["X-Request-Id"] == strange.headers["X-Correlation-Id"]
    assert "X-Client-Request-Id" not in strange.headers


async def test_what_a_token_was_needed_for_is_stored_by_no_cache(client: httpx.AsyncClient) -> None:
    for path, status in (("/v1/days", 200), ("/v1/beacons/NON", 404), ("/v1/nothing", 404)):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (status, "no-store")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    public = await client.get("/openapi.json")
    assert "Cache-Control" not in public.headers
    assert public.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_days_asked_for_are_today_and_now_if_none_are(client: httpx.AsyncClient, tokens: Tokens) -> None:
    operator = tokens.header(Role.OPERATOR)
    moved = await client.put("/v1/operations/clock", json={"moved_to": "2015-04-01"}, headers=operator)
    assert moved.json() == {"today": "2015-04-01", "moved_to": "2015-04-01", "movable": True}
    plain = (await client.get("/v1/days")).json()
    assert plain == {"today": "2015-04-01", "as_at": "2015-04-01", "as_known": None}
    asked = (await client.get("/v1/days?as_at=2013-04-01&as_known=2014-07-01")).json()
    assert (asked["as_at"], asked["as_known"]) == ("2013-04-01", "2014-07-01T22:59:59.999999Z")
    instant = (await client.get("/v1/days", params={"as_known": "2014-07-01T12:00:00+01:00"})).json()
    assert instant["as_known"] == "2014-07-01T11:00:00Z"
    assert (await client.get("/v1/days?as_known=2014-07-01T12:00:00")).status_code == 422


@pytest.mark.parametrize(
    ("day", "ends"),
    [
        ("2018-03-24", "2018-03-24T23:59:59.999999Z"),
        ("2018-03-25", "2018-03-25T22:59:59.999999Z"),
        ("2018-03-26", "2018-03-26T22:59:59.999999Z"),
        ("2018-10-27", "2018-10-27T22:59:59.999999Z"),
        ("2018-10-28", "2018-10-28T23:59:59.999999Z"),
    ],
)
async def test_a_day_is_known_to_its_end_in_london_also_when_it_has_23_or_25_hours(
    client: httpx.AsyncClient, day: str, ends: str
) -> None:
    assert (await client.get("/v1/days", params={"as_known": day})).json()["as_known"] == ends


async def test_a_loader_may_state_the_past_and_nobody_else(client: httpx.AsyncClient, tokens: Tokens) -> None:
    loader = tokens.header(Role.LOADER)
    instant = await client.post("/v1/days", headers={**loader, "Stated-At": "2013-04-01T09:00:00+01:00"})
    assert instant.json() == "2013-04-01T08:00:00Z"
    day = await client.post("/v1/days", headers={**loader, "Stated-At": "2013-04-01"})
    assert day.json() == "2013-03-31T23:00:00Z"
    assert (await client.post("/v1/days", headers={"Stated-At": "2013-04-01"})).status_code == 403
    future = await client.post("/v1/days", headers={**loader, "Stated-At": "2999-01-01"})
    assert (future.status_code, future.json()["reasons"][0]["field"]) == (422, "Stated-At")
    unreadable = await client.post("/v1/days", headers={**loader, "Stated-At": "spring"})
    assert unreadable.status_code == 422


async def test_a_write_past_the_rules_is_refused_when_the_service_is_put_together(url: str, tokens: Tokens) -> None:
    def with_router(router: Any) -> Service:
        return Service(
            name="beacons",
            title="Beacons",
            description="",
            metadata=sample_service.Base.metadata,
            routers=(sample_service.router, router),
        )

    for router, words in (
        (sample_service.plain, "commands_router"),
        (sample_service.twice, "named light_beacon"),
        (sample_service.undeclared, "bind_in_silence does not declare which organisations it binds"),
    ):
        with pytest.raises(TypeError, match=words):
            create_service(with_router(router), tokens.settings(url), DirectBus({}))


async def test_other_origins_may_call_only_where_the_setting_names_them(url: str, tokens: Tokens) -> None:
    asks = {"Origin": "https://dashboards.example", "Access-Control-Request-Method": "POST"}
    for origins, expected in ((("https://dashboards.example",), "https://dashboards.example"), ((), None)):
        app = create_service(sample_service.SERVICE, tokens.settings(url, cors_origins=origins), DirectBus({}))
        async with running(app) as client:
            preflight = await client.options("/v1/beacons", headers=asks)
            refused = await client.get("/v1/beacons", headers=asks)
        assert preflight.headers.get("Access-Control-Allow-Origin") == expected
        assert (refused.status_code, refused.headers.get("Access-Control-Allow-Origin")) == (401, expected)


async def test_a_long_answer_is_packed_for_those_who_can_unpack_it(client: httpx.AsyncClient) -> None:
    packed = await client.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
    plain = await client.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/beacons", b'{"code": "IVI", "name": "Ivin\\u0000ghoe"}'),
        ("POST", "/v1/beacons", b'{"code": "IVI", "name": "Ivin\\ud800ghoe"}'),
        ("POST", "/v1/heights", b'{"\\ud800": "tall"}'),
        ("GET", "/v1/beacons/%00", b""),
        ("GET", "/v1/beacons?after=WzFd", b""),  # the cursor [1], where a text belongs
        ("GET", "/v1/days?as_known=9999-12-31", b""),
        ("GET", "/v1/days?as_known=0001-01-01T00:00:00%2B14:00", b""),
    ],
)
async def test_a_value_that_cannot_be_is_the_requests_fault_and_not_ours(
    client: httpx.AsyncClient, method: str, path: str, body: bytes
) -> None:
    refused = await client.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert (refused.status_code, refused.headers["Content-Type"]) == (422, "application/problem+json")


async def test_very_many_reasons_are_told_up_to_a_limit(client: httpx.AsyncClient) -> None:
    refused = await client.post("/v1/numbers", json=["x"] * 250)
    reasons = refused.json()["reasons"]
    assert (len(reasons), reasons[-1]["message"]) == (201, "and 50 more")


async def test_a_fault_can_be_read_by_a_page_of_an_allowed_origin(url: str, tokens: Tokens) -> None:
    origin = "https://dashboards.example"
    app = create_service(sample_service.SERVICE, tokens.settings(url, cors_origins=(origin,)), DirectBus({}))
    async with running(app, tokens.header(Role.REGISTRAR)) as client:
        failed = await client.post("/v1/silence", headers={"Origin": origin})
    assert (failed.status_code, failed.headers["Access-Control-Allow-Origin"]) == (500, origin)


async def test_a_parameter_that_an_operation_does_not_have_is_refused_with_the_nearest_that_it_has(
    client: httpx.AsyncClient,
) -> None:
    for query, reasons in (
        ("asat=2017-06-01", [("asat", "there is no parameter `asat` here; did you mean `as_at`?")]),
        ("as_at=2017-06-01&as-known=2018-01-01&zebra=1", [("as-known", "as_known"), ("zebra", "zebra` here")]),
        ("as_at=2017-06-01&as_at=2018-06-01", [("as_at", "`as_at` is given 2 times; send it once")]),
    ):
        refused = await client.get(f"/v1/days?{query}")
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "invalid-request")
        named = [(reason["field"], reason["message"]) for reason in refused.json()["reasons"]]
        assert [field for field, _ in named] == [field for field, _ in reasons]
        assert all(words in message for (_, message), (_, words) in zip(named, reasons, strict=True))
