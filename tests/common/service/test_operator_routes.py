"""What operators see and do: health, metrics, what is parked, due work, the clock."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, date, datetime

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import make_url, text
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.database import connection
from libs.common.database.connection import Database, dsn
from libs.common.events import Envelope
from libs.common.identity import Caller, Role
from libs.common.messaging.bus.direct import DirectBus
from libs.common.messaging.health import Progress
from libs.common.messaging.subscriptions import Subscriptions
from libs.common.service.app import create_service
from tests.support import sample_service
from tests.support.edge import Tokens, running, tokens
from tests.support.sample_service import BeaconLit, url
from tests.support.waiting import until

__all__ = ["tokens", "url"]

_broken = True
subscriptions = Subscriptions("beacons")


@subscriptions.on(BeaconLit)
async def watch_repeats(event: BeaconLit, session: AsyncSession, *, by: Caller) -> bool:
    """Answer a beacon with one's own, unless there is no wood."""
    assert by.subject == "service:beacons"
    if _broken:
        raise ValueError("no wood")
    await session.execute(text("INSERT INTO beacon VALUES (:code, 'answered', 1)"), {"code": event.code})
    return True


async def burn_down(session: AsyncSession, *, up_to: date, stated_at: datetime, by: Caller) -> int:  # noqa: ARG001
    """Let the first beacon go out that is due: a beacon's name is the day of its end."""
    done = await session.execute(
        text("DELETE FROM beacon WHERE code = (SELECT min(code) FROM beacon WHERE name <= :day) RETURNING 1"),
        {"day": up_to.isoformat()},
    )
    return len(done.all())


SERVICE = replace(sample_service.SERVICE, subscriptions=subscriptions, due_work=burn_down)


@pytest.fixture
def app(url: str, tokens: Tokens) -> FastAPI:
    return create_service(SERVICE, tokens.settings(url), DirectBus({}))


@pytest.fixture
async def client(app: FastAPI, tokens: Tokens) -> AsyncIterator[httpx.AsyncClient]:
    async with running(app, tokens.header(Role.OPERATOR, subject="olga")) as client:
        yield client


@pytest.fixture
def database(app: FastAPI, client: httpx.AsyncClient) -> Database:  # noqa: ARG001  (the client opens it)
    opened: Database = app.state.database
    return opened


async def park(database: Database, position: int, code: str, *, name: str = "BeaconLit") -> None:
    told = BeaconLit(code=code, effective_on=date(2020, 1, 1), stated_at=datetime(2020, 1, 1, tzinfo=UTC))
    envelope = Envelope(
        id=f"event-{position}",
        source="beacons",
        name=name,
        version=1,
        keys=(code,),
        recorded_at=told.stated_at,
        position=position,
        fields=told.model_dump(mode="json"),
    )
    async with database.connect() as connection:
        await connection.execute(
            "INSERT INTO parked (source, position, keys, attempts, error, body) VALUES ('hills', $1, $2, 3, 'x', $3)",
            position,
            [code],
            envelope.encode(),
        )


async def test_what_is_parked_is_listed_resumed_in_order_and_discarded(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for position, code in enumerate(("AAA", "BBB", "AAA"), start=1):
        await park(database, position, code)
    first = (await client.get("/v1/operations/parked?limit=2")).json()
    rest = (await client.get(first["next"])).json()
    listed = first["items"] + rest["items"]
    assert [(event["position"], event["keys"]) for event in listed] == [(1, ["AAA"]), (2, ["BBB"]), (3, ["AAA"])]
    one, two, three = (event["id"] for event in listed)

    assert (await client.post(f"/v1/operations/parked/{three}/resume")).status_code == 409
    assert (await client.post(f"/v1/operations/parked/{one}/resume")).json() == {"applied": [], "parked": [one]}
    monkeypatch.setitem(globals(), "_broken", False)
    assert (await client.post(f"/v1/operations/parked/{one}/resume")).json() == {"applied": [one], "parked": []}
    assert (await client.get("/v1/beacons/AAA")).json()["name"] == "answered"

    gone = await client.post(f"/v1/operations/parked/{two}/discard", json={"reason": "rained out"})
    assert gone.json()["keys"] == ["BBB"]
    left = (await client.get("/v1/operations/parked?source=hills")).json()["items"]
    assert [event["id"] for event in left] == [three]
    assert (await client.post(f"/v1/operations/parked/{two}/resume")).status_code == 404
    recorded = await database.fetch("SELECT operation FROM write_record WHERE actor = 'olga'")
    assert "discard event 2 of hills: rained out" in {row["operation"] for row in recorded}


async def test_all_of_a_key_is_resumed_at_once(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await park(database, 1, "AAA")
    await park(database, 2, "BBB")
    monkeypatch.setitem(globals(), "_broken", False)
    done = await client.post("/v1/operations/parked/resume", json={"source": "hills", "key": "BBB"})
    assert len(done.json()["applied"]) == 1
    assert [event["keys"] for event in (await client.get("/v1/operations/parked")).json()["items"]] == [["AAA"]]


async def test_operating_is_for_operators(client: httpx.AsyncClient, tokens: Tokens) -> None:
    others = tokens.header(*(set(Role) - {Role.OPERATOR, Role.LOADER}))
    for method, path, body in (
        ("GET", "/v1/operations/parked", None),
        ("POST", "/v1/operations/parked/1/resume", None),
        ("POST", "/v1/operations/parked/resume", {"source": "a", "key": "b"}),
        ("POST", "/v1/operations/parked/1/discard", {"reason": "because"}),
        ("POST", "/v1/operations/due-work", {"up_to": "2013-04-01"}),
        ("PUT", "/v1/operations/clock", {"moved_to": None}),
        ("GET", "/metrics", None),
    ):
        assert (await client.request(method, path, json=body, headers=others)).status_code == 403, path


async def seed(database: Database) -> None:
    async with database.connect() as connection:
        await connection.execute(
            "INSERT INTO beacon VALUES ('AAA', '2013-06-01', 1), ('BBB', '2013-07-01', 1), ('CCC', '2014-01-01', 1)"
        )


async def standing(client: httpx.AsyncClient) -> list[str]:
    return [beacon["code"] for beacon in (await client.get("/v1/beacons")).json()["items"]]


async def test_moving_the_clock_answers_when_what_falls_due_by_then_is_done(
    client: httpx.AsyncClient, database: Database
) -> None:
    await client.put("/v1/operations/clock", json={"moved_to": "2013-04-01"})
    await seed(database)
    await client.put("/v1/operations/clock", json={"moved_to": "2013-07-01"})
    assert await standing(client) == ["CCC"]
    record = await database.fetch("SELECT operation FROM write_record WHERE actor = 'olga'")
    assert [row["operation"] for row in record].count("move_clock") == 2


async def test_due_work_is_done_up_to_a_day_and_never_beyond_today(
    client: httpx.AsyncClient, database: Database
) -> None:
    await client.put("/v1/operations/clock", json={"moved_to": "2013-07-01"})
    await seed(database)
    done = await client.post("/v1/operations/due-work", json={"up_to": "2013-06-30"})
    assert (done.json(), await standing(client)) == ({"done": 1}, ["BBB", "CCC"])
    assert (await client.post("/v1/operations/due-work", json={"up_to": "2013-06-30"})).json() == {"done": 0}
    beyond = await client.post("/v1/operations/due-work", json={"up_to": "2013-07-02"})
    assert (beyond.status_code, beyond.json()["reasons"][0]["field"]) == (422, "up_to")


async def test_a_moved_clock_outlives_a_restart_where_it_may_be_moved_at_all(url: str, tokens: Tokens) -> None:
    operator = tokens.header(Role.OPERATOR)
    async with running(create_service(SERVICE, tokens.settings(url), DirectBus({})), operator) as client:
        await client.put("/v1/operations/clock", json={"moved_to": "2015-04-01"})
    async with running(create_service(SERVICE, tokens.settings(url), DirectBus({})), operator) as client:
        assert (await client.get("/v1/operations/clock")).json()["today"] == "2015-04-01"
    fixed = tokens.settings(url, clock_movable=False)
    async with running(create_service(SERVICE, fixed, DirectBus({})), operator) as client:
        assert (await client.get("/v1/operations/clock")).json()["moved_to"] is None
        refused = await client.put("/v1/operations/clock", json={"moved_to": "2016-04-01"})
        assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (409, "clock-not-movable")


async def test_a_service_that_works_is_ready_and_tells_anybody_no_number(
    client: httpx.AsyncClient, tokens: Tokens
) -> None:
    assert (await client.get("/health/live")).json() == {"alive": True}
    ready = await client.get("/health/ready", headers={"Authorization": ""})
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "reasons": [], "waiting": []})
    numbers = (await client.get("/v1/operations/backbone")).json()
    assert (numbers["parked_keys"], numbers["last_position"], numbers["dead_tasks"]) == (0, 0, {})
    for other in (tokens.header(Role.PARTNER), tokens.header(Role.LOADER)):
        assert (await client.get("/v1/operations/backbone", headers=other)).status_code == 403


async def test_events_that_are_parked_show_but_do_not_make_it_unready(
    client: httpx.AsyncClient, database: Database
) -> None:
    await park(database, 1, "AAA")
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()["waiting"]) == (200, ["events are parked"])
    assert (await client.get("/v1/operations/backbone")).json()["parked_events"] == 1


async def test_events_that_wait_for_a_newer_version_make_it_unready(
    client: httpx.AsyncClient, database: Database
) -> None:
    await park(database, 1, "AAA")
    async with database.connect() as connection:
        await connection.execute("UPDATE parked SET error = 'UnknownEvent: BeaconLit version 9'")
    ready = await client.get("/health/ready")
    assert (ready.status_code, ready.json()["reasons"]) == (503, ["events wait for a newer version of this service"])


async def test_a_publisher_that_does_not_move_makes_it_unready_and_one_that_moves_does_not(
    app: FastAPI, client: httpx.AsyncClient, database: Database, tokens: Tokens
) -> None:
    clock = [0.0]
    app.state.progress = Progress(lambda: clock[0])
    for code in ("AAA", "BBB"):
        await client.post("/v1/beacons", json={"code": code, "name": code}, headers=tokens.header(*Role))

    async def logged() -> bool:
        return bool((await client.get("/v1/operations/backbone")).json()["last_position"] == 4)

    await until(logged)

    async def reasons(seconds: float, position: int) -> list[str]:
        clock[0] += seconds
        async with database.connect() as connection:
            await connection.execute(
                "INSERT INTO publisher VALUES ('kafka', $1) ON CONFLICT (name) DO UPDATE SET published_position = $1",
                position,
            )
        found: list[str] = (await client.get("/health/ready")).json()["reasons"]
        return found

    assert await reasons(100, 1) == []
    assert await reasons(100, 1) == []  # it stands, but the next event came a moment ago
    async with database.connect() as connection:
        await connection.execute("UPDATE event_log SET recorded_at = recorded_at - interval '5 minutes'")
    assert await reasons(100, 2) == []  # it moves
    assert await reasons(30, 2) == []
    assert await reasons(31, 2) == ["events wait to be published for too long"]
    assert await reasons(100, 4) == []  # nothing is left


async def test_an_operator_sees_no_content_of_an_event_for_its_parties_only(
    client: httpx.AsyncClient, database: Database
) -> None:
    await park(database, 1, "AAA")
    await park(database, 2, "BBB", name="BeaconWhispered")
    async with database.connect() as connection:
        await connection.execute("UPDATE parked SET error = 'ValueError: whispered: three torches'")
    shown = (await client.get("/v1/operations/parked")).json()["items"]
    assert [row["event"]["type"].split(".")[-2] for row in shown] == ["BeaconLit", "BeaconWhispered"]
    assert ["data" in row["event"] for row in shown] == [True, False]
    assert [row["error"] for row in shown] == ["ValueError: whispered: three torches", "ValueError"]


async def test_an_event_that_nobody_puts_into_the_log_makes_it_unready(
    app: FastAPI, client: httpx.AsyncClient, database: Database
) -> None:
    app.state.tasks.stop.set()  # the sequencer ends
    async with database.connect() as connection:
        await connection.execute(
            "INSERT INTO outbox (event_id, name, version, keys, actor, correlation, causation, traceparent, fields,"
            " recorded_at)"
            " VALUES (gen_random_uuid(), 'BeaconLit', 1, '{}', '', '', '', '', '{}', now() - interval '2 min')"
        )
    ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["reasons"] == ["events wait in the outbox for too long"]
    assert 120 < (await client.get("/v1/operations/backbone")).json()["oldest_outbox_seconds"] < 180


async def test_an_event_that_nobody_consumes_makes_it_unready_though_no_task_died(url: str, tokens: Tokens) -> None:
    """Another process has the lease and does nothing: this one waits for it, and is one event behind."""
    hearing = create_service(replace(SERVICE, hears=("beacons",)), tokens.settings(url), DirectBus({"beacons": url}))
    other = await asyncpg.connect(dsn(url))
    await other.execute("SELECT pg_advisory_lock(hashtextextended('consumer beacons', 0))")
    async with running(hearing, tokens.header(*Role)) as client:
        await client.post("/v1/beacons", json={"code": "IVI", "name": "Ivinghoe"})

        async def is_behind() -> bool:
            numbers = (await client.get("/v1/operations/backbone")).json()
            return bool(numbers["consumer_lag"]["beacons"] == 2)

        await until(is_behind)
        assert (await client.get("/health/ready")).json() == {"ready": True, "reasons": [], "waiting": []}
        await other.execute(
            "INSERT INTO consumer_offset (source, epoch, next_offset, source_position, updated_at)"
            " VALUES ('beacons', '', 2, 1, now() - interval '5 minutes')"
        )
        body = await other.fetchval("SELECT body FROM event_log WHERE position = 2")
        longer_ago = re.sub(rb'"time":"\d{4}', b'"time":"2020', body)
        await other.execute("UPDATE event_log SET body = $1 WHERE position = 2", longer_ago)
        async with other.transaction():  # it applies a batch that takes long
            assert (await client.get("/health/ready")).json() == {"ready": True, "reasons": [], "waiting": []}
        ready = await client.get("/health/ready")
        assert (ready.status_code, ready.json()["reasons"]) == (
            503,
            ["events of beacons wait to be consumed for too long"],
        )
        metrics = (await client.get("/metrics")).text
        [seconds] = re.findall(r'measure="consumer_waiting_seconds_beacons",service="beacons"} (\S+)', metrics)
        assert 299 < float(seconds) < 600
    await other.close()


async def test_a_task_that_died_makes_it_unready(app: FastAPI, client: httpx.AsyncClient) -> None:
    async def die(*_: object) -> None:
        raise ValueError("out of oil")

    app.state.tasks.start("lamp", die)

    async def unready() -> bool:
        return (await client.get("/health/ready")).status_code == 503

    await until(unready)
    assert (await client.get("/health/ready")).json()["reasons"] == ["the lamp died: ValueError"]
    numbers = (await client.get("/v1/operations/backbone")).json()
    assert numbers["dead_tasks"] == {"lamp": "ValueError: out of oil"}


async def test_a_database_that_is_away_makes_it_unready_but_leaves_it_alive(
    client: httpx.AsyncClient, database: Database
) -> None:
    await _limit_connections(database, 0)
    try:

        async def unready() -> bool:
            return (await client.get("/health/ready")).status_code == 503

        await until(unready)
        assert "the database does not answer" in (await client.get("/health/ready")).text
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/v1/beacons")).status_code == 503
    finally:
        await _limit_connections(database, -1)

    async def ready() -> bool:
        return (await client.get("/health/ready")).status_code == 200

    await until(ready)


async def _limit_connections(database: Database, limit: int) -> None:
    url = make_url(database.url)
    elsewhere = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
    connection = await asyncpg.connect(elsewhere)
    try:
        await connection.execute(f"ALTER DATABASE {url.database} CONNECTION LIMIT {limit}")
        if limit == 0:
            ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
            await connection.execute(ended, url.database)
    finally:
        await connection.close()


async def test_requests_are_counted_by_route_template_and_strangers_under_one_label(
    client: httpx.AsyncClient,
) -> None:
    await asyncio.gather(*(client.get(f"/v1/beacons/{code}") for code in ("AAA", "BBB")))
    for path in ("/v1/nowhere", "/v1/elsewhere"):
        await client.get(path)
    metrics = (await client.get("/metrics")).text
    counted = [line for line in metrics.splitlines() if line.startswith("footprint_requests_total")]
    route = 'footprint_requests_total{method="GET",route="/v1/beacons/{code}",service="beacons",status="404"} 2.0'
    assert route in counted
    assert 'footprint_requests_total{method="GET",route="(none)",service="beacons",status="404"} 2.0' in counted
    assert 'footprint_backbone{measure="outbox_events",service="beacons"} 0.0' in metrics
    assert "/v1/nowhere" not in metrics


async def test_metrics_tell_of_the_pools_the_sessions_and_the_process(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SLOW_SECONDS", -1.0)  # every read is a slow one
    await client.get("/v1/beacons")
    async with database.begin():
        told = {
            (
                family.name,
                *(value for label, value in sorted(sample.labels.items()) if label != "service"),
            ): sample.value
            for family in text_string_to_metric_families((await client.get("/metrics")).text)
            for sample in family.samples
        }
    assert [told["footprint_pool", "most", pool] for pool in ("commands", "reads", "bulk")] == [5, 5, 2]
    assert 0 <= told["footprint_pool", "in_use", "commands"] <= 5  # the background tasks use some
    assert told["footprint_pool", "in_use", "bulk"] == told["footprint_pool", "waited", "bulk"] == 0
    assert told["footprint_pool", "slow", "reads"] >= 1
    assert told["footprint_database", "sessions"] >= 2
    assert told["footprint_database", "bytes"] > 1_000_000
    assert 0 <= told["footprint_database", "longest_statement_seconds"] < 60
    assert told[("process_resident_memory_bytes",)] > 10_000_000
    assert told[("process_open_fds",)] < told[("process_max_fds",)]


async def test_pools_count_who_has_to_wait(database: Database) -> None:
    async with AsyncExitStack() as busy:
        for _ in range(5):
            session = await busy.enter_async_context(database.begin())
            await session.execute(text("SELECT 1"))

        async def ask() -> None:
            async with database.begin() as session:
                await session.execute(text("SELECT 1"))

        waiting = asyncio.create_task(ask())
        await asyncio.sleep(0)
        assert database.pools()["commands"].in_use == 5
        assert database.pools()["commands"].waited >= 1
    await waiting
