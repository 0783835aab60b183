"""One merger in the registry: contracts, allowances and appointments follow, tied together by ids."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from libs.common.identity import Role
from libs.common.process import tracing
from tests.support.builders import a_ccg, a_contract, a_merger_command
from tests.support.platform import SERVICES, Platform
from tests.support.waiting import until

OPENED, MERGED = date(2013, 4, 1), date(2018, 4, 1)

PLACES = [
    pytest.param("14Y", "NHS Buckinghamshire CCG", ["10H", "10Y"], [330_000, 205_000], id="Buckinghamshire"),
    pytest.param(
        "93C", "NHS North Central London CCG", ["07M", "07R", "07X"], [398_001, 264_667, 333_333], id="London"
    ),
]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """The spans of all four services."""
    exporter = InMemorySpanExporter()
    with ExitStack() as recording:
        for name in SERVICES:
            recording.enter_context(tracing.recording(name, SimpleSpanProcessor(exporter)))
        yield exporter


def trace_of(spans: InMemorySpanExporter, event: dict[str, Any]) -> set[tuple[str, str]]:
    """The spans of an event's trace, by service and name; each but the first has its parent there."""
    trace = int(event["traceparent"].split("-")[1], 16)
    found = [span for span in spans.get_finished_spans() if span.context and span.context.trace_id == trace]
    ids = {span.context.span_id for span in found if span.context}
    assert len([span for span in found if span.parent is None]) == 1
    assert all(span.parent.span_id in ids for span in found if span.parent)
    return {(str(span.resource.attributes["service.name"]).removeprefix("footprint-"), span.name) for span in found}


async def open_ccgs(platform: Platform, codes: list[str]) -> None:
    await platform.move_clocks(OPENED)
    ccgs = [a_ccg(code) for code in codes]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": ccgs})
    await platform.caught_up()


async def sign_contract(platform: Platform, reference: str, customers: list[str], pence: int) -> None:
    lines = [{"function": "payroll", "annual_pence": pence}]
    terms = a_contract(reference=reference, customers=customers, starts_on=OPENED.isoformat(), lines=lines)
    await platform.call("POST", "contracts", "/contracts", json=terms)
    path = f"/contracts/{reference}/signature"
    await platform.call("POST", "contracts", path, json={}, headers={"If-Match": '"1"'}, organisations=tuple(customers))


async def registered(platform: Platform, code: str, name: str) -> str:
    named = {"organisation": code, "display_name": name}
    return str((await platform.call("POST", "governance", "/people", json=named))["person"])


async def appoint(platform: Platform, codes: list[str]) -> str:
    """Appoint one officer in all of them, and a chair in the first one alone; return the officer's id."""
    person = await registered(platform, codes[0], "An officer")
    for code in codes:
        body = {"organisation": code, "first_day": OPENED.isoformat(), "posts": [{"title": "Chair"}]}
        await platform.call("POST", "governance", "/bodies", json=body)
        appointment = {"post": f"{code}/accountable-officer", "person": person, "first_day": OPENED.isoformat()}
        await platform.call("POST", "governance", "/appointments", json=appointment)
    only_here = await registered(platform, codes[0], "A chair")
    chair = {"post": f"{codes[0]}/chair", "person": only_here, "first_day": OPENED.isoformat()}
    await platform.call("POST", "governance", "/appointments", json=chair)
    return person


async def merge(platform: Platform, successor: str, name: str, codes: list[str], day: date = MERGED) -> str:
    agreed = await platform.call(
        "POST",
        "registry",
        "/mergers",
        Role.NHS_ENGLAND,
        json=a_merger_command(successor, *codes, on=day, successor_name=name),
    )
    return str(agreed["reference"])


async def events(platform: Platform, service: str, kind: str) -> list[dict[str, Any]]:
    feed = await platform.call("GET", service, "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [item["event"] for item in feed["items"] if f".{kind}.v" in item["event"]["type"]]


@pytest.mark.parametrize("platform", ["direct", "kafka"], indirect=True)
@pytest.mark.parametrize(("successor", "name", "codes", "populations"), PLACES)
async def test_contracts_change_hands_allowances_are_restated_and_appointments_made_again(
    spans: InMemorySpanExporter, platform: Platform, successor: str, name: str, codes: list[str], populations: list[int]
) -> None:
    await open_ccgs(platform, codes)
    for code in codes:
        await sign_contract(platform, f"SUPPORT-{code}", [code], 1_200_000)
    officer = await appoint(platform, codes)
    await platform.move_clocks(date(2018, 1, 31))  # the rate of that year was published by then
    for code, population in zip(codes, populations, strict=True):
        await platform.call(
            "PUT",
            "finance",
            f"/organisations/{code}/populations/2018-19",
            json={"population": population, "source": "a test"},
        )
    reference = await merge(platform, successor, name, codes)
    await platform.move_clocks(date(2018, 3, 31))
    for code in codes:
        assert (await platform.call("GET", "registry", f"/organisations/{code}"))["status"] == "open"
    await platform.move_clocks(MERGED)

    assert (await platform.call("GET", "registry", f"/organisations/{successor}"))["status"] == "open"
    [merged] = await events(platform, "registry", "CCGMerged")
    assert merged["data"]["merger"] == reference

    for code in codes:
        contract = await platform.call("GET", "contracts", f"/contracts/SUPPORT-{code}")
        assert [customer["code"] for customer in contract["customers"]] == [successor]
    moved = await events(platform, "contracts", "ContractTransferred")
    assert {event["data"]["contract"] for event in moved} == {f"SUPPORT-{code}" for code in codes}

    allowance = await platform.call("GET", "finance", f"/allowances/{successor}/2018-19")
    [restated] = await events(platform, "finance", "AllowanceRestated")
    assert allowance["amount_pence"] == restated["data"]["amount_pence"] == sum(populations) * 2207
    assert sum(restated["data"]["released_pence"]) == restated["data"]["amount_pence"]

    body = await platform.call("GET", "governance", f"/bodies/{successor}-governing-body")
    holders = {post["post"]: post["person"] for post in body["posts"]}
    assert holders[f"{successor}/accountable-officer"] == officer
    assert holders[f"{successor}/chair"] is None

    for event in [*moved, restated, *await events(platform, "governance", "BodyDissolved")]:
        assert event["causationid"] == merged["id"]
        assert event["correlationid"] == merged["correlationid"]
        assert event["traceparent"].split("-")[1] == merged["traceparent"].split("-")[1]

    [agreed] = await events(platform, "registry", "CCGMergerAgreed")
    requested = {("registry", name) for name in ("POST /v1/mergers", "command merge_commissioners", "append")}
    assert requested <= trace_of(spans, agreed)
    done = trace_of(spans, merged)
    assert {("registry", "due work"), ("registry", "append")} <= done
    reacting = {service for service, name in done if name.startswith("reaction ")}
    assert {"contracts", "finance", "governance"} <= reacting


async def test_a_contract_signed_before_the_merger_was_heard_moves_and_one_after_is_refused(platform: Platform) -> None:
    await open_ccgs(platform, ["10H", "10Y"])
    await sign_contract(platform, "SUPPORT-EARLY", ["10H"], 100)
    await merge(platform, "14Y", "NHS Buckinghamshire CCG", ["10H", "10Y"])
    await platform.move_clocks(MERGED)
    late = a_contract(reference="SUPPORT-LATE", customers=["10H"], starts_on=MERGED.isoformat())
    drafted = await platform.clients["contracts"].post(
        "/v1/contracts", json=late, headers=platform.tokens.header(*Role)
    )
    answer = drafted
    if drafted.status_code == 201:
        answer = await platform.clients["contracts"].post(
            "/v1/contracts/SUPPORT-LATE/signature",
            json={},
            headers={**platform.tokens.header(*Role, organisations=("10H", "14Y")), "If-Match": '"1"'},
        )
    assert answer.status_code == 409
    assert "14Y" in answer.text
    early = await platform.call("GET", "contracts", "/contracts/SUPPORT-EARLY")
    assert [customer["code"] for customer in early["customers"]] == ["14Y"]


async def test_a_merger_in_mid_year_splits_the_allowance_by_days_to_the_penny(platform: Platform) -> None:
    await open_ccgs(platform, ["10H", "10Y"])
    await platform.move_clocks(date(2015, 2, 28))  # the rate of that year was published by then
    for code, population in (("10H", 330_001), ("10Y", 205_002)):
        stated = {"population": population, "source": "a test"}
        await platform.call("PUT", "finance", f"/organisations/{code}/populations/2015-16", json=stated)
    await merge(platform, "14Y", "NHS Buckinghamshire CCG", ["10H", "10Y"], day=date(2015, 10, 7))
    await platform.move_clocks(date(2015, 10, 7))
    parts = [
        (await platform.call("GET", "finance", f"/allowances/{code}/2015-16"))["amount_pence"]
        for code in ("10H", "10Y", "14Y")
    ]
    assert sum(parts) == (330_001 + 205_002) * 2207
    assert all(part > 0 for part in parts)


async def test_a_poisoned_event_parks_its_ccgs_alone_and_is_resumed_in_order(platform: Platform) -> None:
    await open_ccgs(platform, ["10H", "10Y", "05C"])
    # Finance cannot keep what it hears of 10H: its own table refuses it.
    database = platform.database("finance")
    async with database.connect() as connection:
        await connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF new.value = 'poison' THEN RAISE EXCEPTION 'poison'; END IF; RETURN new; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON known_organisation_statement FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        for code, name in (("10H", "poison"), ("05C", "NHS Dudley CCG"), ("10H", "NHS Chiltern CCG")):
            version = (
                await platform.clients["registry"].get(
                    f"/v1/organisations/{code}", headers=platform.tokens.header(*Role)
                )
            ).headers["ETag"]
            await platform.call(
                "POST",
                "registry",
                f"/organisations/{code}/renaming",
                json={"new_name": name, "effective_on": OPENED.isoformat()},
                headers={"If-Match": version},
            )
        await platform.caught_up()
        parked = (await platform.call("GET", "finance", "/operations/parked", Role.OPERATOR))["items"]
        assert [event["keys"] for event in parked] == [["10H"], ["10H"]]
        names = (
            "SELECT value FROM known_organisation_belief b JOIN known_organisation o ON o.id = b.subject_id"
            " WHERE o.code = $1 AND facet = 2 AND valid @> '2013-04-01'::date AND upper(known) IS NULL"
        )
        assert await connection.fetchval(names, "05C") == "NHS Dudley CCG"
        assert await connection.fetchval(names, "10H") == "NHS 10H CCG"
        numbers = await platform.call("GET", "finance", "/operations/backbone", Role.OPERATOR)
        assert numbers["parked_events"] == 2
        second = parked[1]["id"]
        await platform.call("POST", "finance", f"/operations/parked/{second}/resume", Role.OPERATOR, expect=409)
        await connection.execute("DROP TRIGGER refuse ON known_organisation_statement")
        for event in parked:
            await platform.call("POST", "finance", f"/operations/parked/{event['id']}/resume", Role.OPERATOR)
        assert await connection.fetchval(names, "10H") == "NHS Chiltern CCG"
        left = await platform.call("GET", "finance", "/operations/parked", Role.OPERATOR)
        assert left["items"] == []


async def test_a_consumer_killed_in_the_middle_of_a_merger_does_it_once(platform: Platform) -> None:
    await open_ccgs(platform, ["10H", "10Y"])
    await sign_contract(platform, "SUPPORT-10H", ["10H"], 100)
    await merge(platform, "14Y", "NHS Buckinghamshire CCG", ["10H", "10Y"])
    database = platform.database("contracts")
    async with database.connect() as gate, database.connect() as killer:
        held = gate.transaction()
        await held.start()
        await gate.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
        await platform.call("PUT", "registry", "/operations/clock", json={"moved_to": MERGED.isoformat()})
        stuck = (
            "SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND relation = 'outbox'::regclass AND query ILIKE '%INSERT INTO outbox%'"
        )
        pid = await until(lambda: killer.fetchval(stuck))
        await killer.execute("SELECT pg_terminate_backend($1)", pid)
        await held.rollback()
    await platform.caught_up()
    moved = await events(platform, "contracts", "ContractTransferred")
    assert [event["data"]["contract"] for event in moved] == ["SUPPORT-10H"]
    on_the_day = {"as_at": MERGED.isoformat()}
    contract = await platform.call("GET", "contracts", "/contracts/SUPPORT-10H", params=on_the_day)
    assert [customer["code"] for customer in contract["customers"]] == ["14Y"]
