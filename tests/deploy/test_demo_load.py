"""The demo, loaded through the HTTP API of the four real services on one port."""

import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import httpx
import pytest

from deploy.demo.load import load
from deploy.demo.records import ABOLITION, ATTRIBUTION, read_records
from deploy.demo.services import SERVICES, Services
from deploy.laptop.page import render
from deploy.laptop.server import address_of, listen, serving
from deploy.laptop.services import NAMES, assemble
from deploy.laptop.state import as_text, read_state
from deploy.laptop.users import USERS
from libs.common.database.connection import dsn
from libs.common.events import Envelope, Event
from libs.common.events.contracts import ContractTransferred, ServiceConsolidated
from libs.common.events.finance import AllowanceRestated, AllowanceSet
from libs.common.events.governance import AppointmentMade, DecisionTaken, PostFellVacant
from libs.common.events.registry import CCGMerged, CCGMergerAgreed, CCGMergerRedated, OrganisationRenamed
from tests.support.builders import a_contract
from tests.support.databases import Databases, NewDatabase
from tests.support.platform import migrated

FACTS = read_records()
PLACES = {"14Y", "93C", "D2P2L"}
"""The successors in the places that have bodies of their own."""
T = TypeVar("T")
OPEN_FROM = {
    date(2013, 4, 1): 211,
    date(2015, 4, 1): 209,
    date(2017, 4, 1): 207,
    date(2018, 4, 1): 195,
    date(2019, 4, 1): 191,
    date(2020, 4, 1): 135,
    date(2021, 4, 1): 106,
}


class CutOff(Exception):
    """Stands for a kill in the middle of loading."""


def silently(_: str) -> None:
    """Say nothing."""


def cut_off_at(day: str) -> Callable[[str], None]:
    """Be killed before the steps of this day."""

    def say(words: str) -> None:
        if words.startswith(day):
            raise CutOff

    return say


@asynccontextmanager
async def laptop(urls: dict[str, str], folder: Path) -> AsyncIterator[Services]:
    """The four services on a port of their own, as the laptop runs them."""
    listener = listen(0)
    address = address_of(listener)
    client = httpx.AsyncClient(base_url=address, timeout=60)
    footprint = assemble(urls, address=address, folder=folder, page=no_page, client=client)
    async with client, serving(footprint, listener):
        yield footprint.asked


async def no_page() -> str:
    """Show nothing."""
    return ""


@pytest.fixture
async def urls(templates: Databases, new_database: NewDatabase) -> dict[str, str]:
    """A migrated database for each service."""
    return {
        name: await new_database(await templates.template_for(f"{name}_migrated", migrated(name))) for name in NAMES
    }


async def all_events(services: Services) -> list[Envelope]:
    """Every event of every service."""
    return [envelope for service in SERVICES for envelope in await services.feed(service)]


async def test_what_was_cut_off_is_continued_where_it_was(urls: dict[str, str], tmp_path: Path) -> None:
    """To its end it is continued where it is killed: `tests/faults/test_kills.py` compares what that leaves."""
    async with laptop(urls, tmp_path) as services:
        with pytest.raises(CutOff):
            await load(services, FACTS, cut_off_at("01 Apr 2015"))
        events = await all_events(services)
        assert CCGMergerAgreed in {type(event.event()) for event in events}
    # What was killed left the clocks on a day of the demo: nothing falls due by the real day in between.
    async with laptop(urls, tmp_path) as services:
        assert len(await all_events(services)) == len(events)
        with pytest.raises(CutOff):
            await load(services, FACTS, cut_off_at("01 Mar 2016"))
        continued = {event.id for event in await all_events(services)}
        assert continued > {event.id for event in events}


async def test_the_loaded_demo_is_what_was_published_and_has_nothing_left_to_do(
    loaded_urls: dict[str, str], tmp_path: Path
) -> None:
    async with laptop(loaded_urls, tmp_path) as services:
        events = await all_events(services)
        check_events(events)
        await check_state(services)
        await check_who_decides(services)
        await check_commissioners_by_day(services)
        await check_levels(services)
        await check_cambridgeshire(services)
        await check_figures_and_codes(services)
        await check_publications(services)
        assert not await load(services, FACTS, silently)
        assert [event.id for event in await all_events(services)] == [event.id for event in events]
        assert [await services.clock_of(service) for service in SERVICES] == [None] * 4
        assert await services.parked() == []


async def test_what_a_newer_version_published_is_left_out_and_waits(urls: dict[str, str], tmp_path: Path) -> None:
    async with laptop(urls, tmp_path) as services:
        merged = """{"source": "", "rank": 0, "effective_on": "2022-04-01", "stated_at": "2022-03-01T09:00:00Z",
            "merger": "M-Z9M", "successor": "Z9M", "successor_name": "NHS Sample", "predecessors": ["00N", "00P"]}"""
        connection = await asyncpg.connect(dsn(urls["registry"]))
        await connection.execute(
            "INSERT INTO outbox (event_id, name, version, keys, actor, correlation, causation, traceparent, fields)"
            " VALUES (gen_random_uuid(), 'CCGMerged', 2, '{00N,00P,M-Z9M,Z9M}', 'cases', 'c', 'c', '', $1)",
            merged,
        )
        await connection.execute("NOTIFY outbox")
        await connection.close()
        await services.catch_up()
        assert (await read_state(services, FACTS)).mergers == []
        assert await services.parked() == ["contracts", "finance", "governance"]
        for name in ("contracts", "finance", "governance"):
            ready = (await services.ask("GET", f"/{name}/health/ready", by="operator")).json()
            assert ready == {
                "ready": False,
                "reasons": ["events wait for a newer version of this service"],
                "waiting": ["events are parked"],
            }
            numbers = (await services.ask("GET", f"/{name}/v1/operations/backbone", by="operator")).json()
            assert (numbers["parked_events"], numbers["newer_events"]) == (1, {"CCGMerged version 2": 1})
            metrics = (await services.ask("GET", f"/{name}/metrics", by="operator")).text
            assert f'footprint_backbone{{measure="newer_events",service="{name}"}} 1.0' in metrics


async def test_a_front_end_of_an_allowed_origin_signs_in_and_reads(
    urls: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "http://localhost:5173"
    monkeypatch.setenv("CORS_ORIGINS", page)
    async with laptop(urls, tmp_path) as services:
        for path, method, header in (
            ("/issuer/token", "POST", "content-type"),
            *((f"/{name}/v1/operations/clock", "GET", "authorization") for name in NAMES),
        ):
            asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": header}
            preflight = await services.ask("OPTIONS", path, by="reader", headers={"Origin": page, **asked})
            assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (200, page), path
        for name in NAMES:
            read = await services.ask("GET", f"/{name}/v1/operations/clock", by="reader", headers={"Origin": page})
            assert (read.status_code, read.headers["Access-Control-Allow-Origin"]) == (200, page)


async def check_who_decides(services: Services) -> None:
    """Ask, as a dry run, for whom the two commissioning accounts may act, and what one of them reads."""
    four, five = ["05C", "05L", "05Y", "06A"], ["05C", "05L", "05Y", "06A", "14Y"]
    for by, customers, status in (
        ("commissioner", five, 201),
        ("black-country", four, 201),
        ("black-country", ["D2P2L"], 201),
        ("black-country", five, 201),  # who drafts may name others, whom that binds to nothing
        ("black-country", ["14Y"], 403),
    ):
        body = a_contract(customers=customers, coordinating_commissioner=customers[0])
        answer = await services.ask("POST", "/contracts/v1/contracts", by=by, body=body, params={"dry_run": "true"})
        assert answer.status_code == status, answer.text
        assert status != 403 or answer.json()["detail"] == "14Y, QU9: the token acts for QUA"
    listed = await services.ask("GET", "/contracts/v1/contracts", by="black-country", params={"as_at": "2017-06-01"})
    assert {one["reference"][:3] for one in listed.json()["items"]} == {"BC-", "WM-"}
    assert (await services.ask("GET", "/contracts/v1/contracts", by="operator")).json()["items"] == []


async def read(services: Services, path: str, **asked: object) -> Any:
    """Ask the registry as the commissioner."""
    answer = await services.ask("GET", f"/registry{path}", by="commissioner", params=asked or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def number_of(services: Services, kind: str, **asked: object) -> int:
    """How many bodies of a kind are open."""
    found = await read(services, "/v1/organisations", kind=kind, status="open", limit=500, **asked)
    assert found["next"] is None
    return len(found["items"])


async def check_commissioners_by_day(services: Services) -> None:
    """The counts that were published up to 2021, and what is true since July 2022, today too."""
    for day, count in OPEN_FROM.items():
        assert await number_of(services, "ccg", as_at=day) == count
    assert await number_of(services, "ccg", as_at="2022-06-30") == 106
    before = {kind: await number_of(services, kind, as_at="2022-06-30") for kind in ("stp", "icb", "sub_icb_location")}
    assert before == {"stp": 42, "icb": 0, "sub_icb_location": 0}
    for when in ({"as_at": "2022-07-02"}, {}):
        since = {kind: await number_of(services, kind, **when) for kind in ("ccg", "stp", "icb", "sub_icb_location")}
        assert since == {"ccg": 0, "stp": 0, "icb": 42, "sub_icb_location": 106}
    buckinghamshire = await read(services, "/v1/organisations/14Y")
    assert (buckinghamshire["kind"], buckinghamshire["status"]) == ("sub_icb_location", "open")
    assert buckinghamshire["name"] == "NHS Buckinghamshire, Oxfordshire and Berkshire West ICB - 14Y"
    assert buckinghamshire["legal"] == {"status": "abolished", "since": "2022-07-01", "last_day": None}
    followed = (await read(services, "/v1/organisations/14Y/lineage"))["after"]
    assert [(one["successor"], one["shape"], one["effective_on"]) for one in followed] == [
        ("QU9", "abolition", "2022-07-01")
    ]


async def check_levels(services: Services) -> None:
    """Local offices, STPs, boards and regions on their days: Bassetlaw changed its area and its region in July 2022."""

    async def levels(code: str, day: str) -> list[str | None]:
        found = (await read(services, f"/v1/organisations/{code}", as_at=day))["levels"]
        return [found[level] for level in ("local_office", "stp", "icb", "region")]

    assert await levels("02Q", "2014-04-01") == ["Q51", None, None, "Y54"]
    assert await levels("02Q", "2020-03-31") == ["Q72", "QF7", None, "Y63"]
    assert await levels("02Q", "2022-06-30") == [None, "QF7", None, "Y63"]
    assert await levels("02Q", "2022-07-01") == [None, None, "QT1", "Y60"]
    assert await levels("42D", "2020-04-01") == [None, "QOQ", None, "Y63"]  # 03E came to it from QWO
    assert await levels("00W", "2016-04-01") == ["Q83", None, None, "Y54"]
    for icb in FACTS.boards:
        within = await read(services, "/v1/organisations", in_icb=icb.code, kind="sub_icb_location", limit=50)
        expected = next(one.codes for one in FACTS.levels if (one.level, one.above) == ("icb", icb.code))
        assert [one["code"] for one in within["items"]] == list(expected), icb
    regions = [level.above for level in FACTS.levels if level.level == "region" and "QU9" in level.codes]
    board = await read(services, "/v1/organisations/QU9")
    assert (board["levels"]["region"], board["legal"]["status"], regions) == ("Y59", "established", ["Y59"])
    assert await number_of(services, "local_office") == 0
    assert await number_of(services, "nhs_england_region") == 7
    before = await read(services, "/v1/organisations/QMK/lineage", direction="after")
    assert before["resolves_to"] == ["QHM"]


async def check_cambridgeshire(services: Services) -> None:
    """Its practices are in it, Oundle's up to 2023, and it is in its board; its areas are known, and covered once."""
    [oundle] = [level.codes[0] for level in FACTS.levels if level.level == "parent"]
    for text in ("2013-04-01", "2019-12-01", "2024-04-01"):
        day = date.fromisoformat(text)
        expected = {
            one.code for one in FACTS.practices if one.from_day <= day and (one.last_day is None or one.last_day >= day)
        }
        covered = await read(services, "/v1/covers/06H/practices", as_at=text, limit=500)
        assert {one["code"] for one in covered["items"]} == expected - ({oundle} if day.year >= 2023 else set())
    assert (await read(services, f"/v1/organisations/{oundle}"))["levels"]["icb"] == "QPM"
    surgery = await read(services, "/v1/organisations/D81001/populations", as_at="2024-04-01")
    assert surgery["populations"][0]["people"] > 1000
    areas = await read(services, "/v1/covers/06H/areas", as_at="2024-04-01", limit=500)
    more = await read(services, areas["next"].removeprefix("/registry"))
    assert len(areas["items"]) + len(more["items"]) == 507
    assert (await read(services, "/v1/covers/findings"))["items"] == []


async def check_figures_and_codes(services: Services) -> None:
    """Previews have people, the crosswalk has ONS codes, and FHIR has affiliations of today."""
    preview = await read(services, "/v1/merger-previews", predecessor=["QUE", "QM7"], effective_on="2030-04-01")
    parts = {one["code"]: (one["people"], one["below"]) for one in preview["bodies"]}
    assert parts["QUE"] == (1_022_472, ["06H"])
    assert preview["people"] == sum(people for people, _ in parts.values())
    asked = {"from_day": "2013-04-01", "to_day": "2021-04-01", "kind": "ccg", "system": "ons"}
    crosswalk = (await read(services, "/v1/crosswalks", **asked, limit=500))["items"]
    assert ("E38000033", "E38000223", "10H", "14Y") in {
        (one["code"], one["to_code"], one["body"], one["to_body"]) for one in crosswalk
    }
    assert len({one["code"] for one in crosswalk}) == 211
    assert len({one["to_code"] for one in crosswalk}) == 106
    found = await read(services, "/v1/fhir/R4/OrganizationAffiliation", **{"primary-organization": "14Y"})
    assert "QU9" in {
        entry["resource"]["participatingOrganization"]["identifier"]["value"]
        for entry in found["entry"]
        if entry["resource"].get("active")
    }


async def check_publications(services: Services) -> None:
    """Payments are resolved and one contract is proposed, the trusts' backlog is known, and a case is simulated."""

    async def ask(path: str, **asked: object) -> Any:
        answer = await services.ask("GET", path, by="commissioner", params=asked or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    spent = (await ask("/contracts/v1/spend", by="supplier", payer="05C"))["items"]
    assert {one["key"]: (one["figures"]["lines"], one["figures"]["amount_pence"]) for one in spent} == {
        "0CX": (7, 43_025_002),
        "0DF": (3, 8_220_000),
        "BRIERLEY HILL OFFICES (ILLUSTRATIVE)": (1, 4_012_500),
    }
    flagged = await ask("/contracts/v1/published-payments", flag="reversal")
    assert [one["amount_pence"] for one in flagged["items"]] == [-3_125_000]
    [proposal] = (await ask("/contracts/v1/contract-proposals", customer="05C"))["items"]
    assert (proposal["supplier"]["code"], proposal["state"]) == ("0DF", "proposed")
    found = await ask("/finance/v1/estates/footprints/QUA", year="2016-17", as_at="2019-04-03")
    assert found["backlog"]["total_pence"] == 11_117_017_600
    assert (await ask("/finance/v1/estates/schemes/total", year="2016-17"))["schemes"] == 4
    path = "/finance/v1/cases/BC-SHARED/versions/1/simulations"
    [simulation] = (await ask(path))["items"]
    shown = await ask(f"{path}/{simulation['simulation']}")
    assert (shown["state"], shown["answer"]["runs"]) == ("done", 10_000)


def check_events(events: list[Envelope]) -> None:
    """Look at what the services told."""
    by_id = {envelope.id: envelope.event() for envelope in events}
    caused = [(envelope.event(), by_id.get(envelope.causation)) for envelope in events]
    told = list(by_id.values())
    mergers = {event.successor: event for event in told if isinstance(event, CCGMerged)}
    assert {code: set(event.predecessors) for code, event in mergers.items()} == {
        merger.successor: set(merger.predecessors) for merger in FACTS.mergers
    }
    assert {code: (event.effective_on, event.successor_name) for code, event in mergers.items()} == {
        merger.successor: (merger.day, merger.name) for merger in FACTS.mergers
    }
    assert [(event.successor, event.previously_on, event.effective_on) for event in of(CCGMergerRedated, told)] == [
        ("14Y", date(2017, 4, 1), date(2018, 4, 1))
    ]
    renamed = {event.code: event.new_name for event in of(OrganisationRenamed, told) if event.effective_on < ABOLITION}
    assert renamed == {"01H": "NHS North Cumbria CCG", "01K": "NHS Morecambe Bay CCG"}
    check_contracts(caused, mergers)
    check_allowances(caused, mergers)
    check_officers(caused, mergers)


def of(kind: type[T], told: Iterable[object]) -> list[T]:
    """Only the events of a kind."""
    return [event for event in told if isinstance(event, kind)]


def check_contracts(caused: list[tuple[Event, Event | None]], mergers: dict[str, CCGMerged]) -> None:
    """Every contract that ran when its customers merged moved to the successor, because of the merger."""
    moved = {
        (event.contract, event.customers): (event.effective_on, cause)
        for event, cause in caused
        if isinstance(event, ContractTransferred)
    }
    assert moved == {
        ("BUCKS-AYLESBURY-2016", ("14Y",)): (date(2018, 4, 1), mergers["14Y"]),
        ("BUCKS-CHILTERN-2016", ("14Y",)): (date(2018, 4, 1), mergers["14Y"]),
        ("NCL-SLA-2018", ("93C",)): (date(2020, 4, 1), mergers["93C"]),
        ("BC-SHARED-2017", ("D2P2L",)): (date(2021, 4, 1), mergers["D2P2L"]),
        ("BC-TELEPHONY-2017", ("D2P2L",)): (date(2021, 4, 1), mergers["D2P2L"]),
    }
    [shared] = of(ServiceConsolidated, (event for event, _ in caused))
    assert set(shared.replaced) == set(FACTS.places.consolidations[0].replaces)
    assert shared.customers == ("05C", "05L", "05Y", "06A")
    assert shared.previous_annual_pence == 405_100_000
    assert shared.annual_pence == 324_000_000
    decided = of(DecisionTaken, (event for event, _ in caused))
    assert [(event.organisation, event.subject, event.outcome, event.case) for event in decided] == [
        ("05T", "SW-ENHANCED-2016", "approved", ""),
        *((code, "BC-SHARED-PLAN", "approved", "BC-SHARED") for code in shared.customers),
    ]


def check_allowances(caused: list[tuple[Event, Event | None]], mergers: dict[str, CCGMerged]) -> None:
    """A successor has what its predecessors had, to the penny, and Cambridgeshire the amounts that are known."""
    given = {(one.organisation, one.financial_year): one for one in of(AllowanceSet, (event for event, _ in caused))}
    assert [given["06H", year].amount_pence for year in ("2013-14", "2014-15", "2015-16")] == [
        2_140_000_000,
        2_116_888_000,
        2_009_021_065,
    ]
    restated = [(event, cause) for event, cause in caused if isinstance(event, AllowanceRestated)]
    assert {event.organisation for event, _ in restated} == {"14Y", "93C", "D2P2L"}
    for event, cause in restated:
        assert cause == mergers[event.organisation]
        before = [given[code, event.financial_year].amount_pence for code in event.predecessors]
        assert event.released_pence == tuple(before)
        assert event.amount_pence == sum(before)


def check_officers(caused: list[tuple[Event, Event | None]], mergers: dict[str, CCGMerged]) -> None:
    """Who held the post in every predecessor holds it in the successor; what several held is vacant."""
    because = [(event, cause) for event, cause in caused if isinstance(cause, CCGMerged)]
    carried = {one.post: one.person for one in of(AppointmentMade, (event for event, _ in because))}
    appointed = of(AppointmentMade, (event for event, cause in caused if cause is None))
    holders = {one.post: one.person for one in appointed}  # the last one of each post
    assert carried == {
        "93C/accountable-officer": holders["07M/accountable-officer"],
        "D2P2L/accountable-officer": holders["05C/accountable-officer"],
    }
    assert len(set(carried.values())) == 2
    vacant = {one.post for one in of(PostFellVacant, (event for event, _ in because)) if one.organisation in PLACES}
    assert vacant == {"14Y/accountable-officer", "14Y/chair", "93C/chair", "D2P2L/chair"}
    assert all(cause == mergers[event.organisation] for event, cause in because if isinstance(event, AppointmentMade))


async def check_state(services: Services) -> None:
    """The first page says what is so, with the answers, in words and on the page."""
    state = await read_state(services, FACTS)
    assert {day.day: day.open.get("ccg", 0) for day in state.days} == {**OPEN_FROM, ABOLITION: 0}
    assert {kind: count for kind, count in state.days[-1].open.items() if count} == {"icb": 42, "sub_icb_location": 106}
    assert [line.sentence for line in state.today[:2]] == [
        "42 integrated care boards (ICBs)",
        "106 sub-ICB locations",
    ]
    assert state.mergers_in_all == 37
    [london] = [place for place in state.places if place.heading == "North central London"]
    told = " ".join(line.sentence for line in london.lines)
    assert "Barnet, Camden, Enfield, Haringey and Islington became North Central London" in told
    assert "Service level agreement from 2018/19" in told
    assert "£15,400,000.00 a year (illustrative)" not in told
    assert "Accountable officer: in post since 1 April 2020" in told
    assert "Chair: vacant, because no person held it in every predecessor" in told
    words = as_text(state)
    page = render(state, status="", users=USERS, attribution=ATTRIBUTION)
    assert len(state.stories) == len(FACTS.stories) == 6
    assert "856,000 people at £25.00\n" in f"{words}\n"
    assert "£473,000.00 a year (illustrative)" in words
    assert "planned for 1 April 2017 at first" in words
    for line in (*state.today, *state.mergers, *(one for place in state.places for one in place.lines)):
        assert escape(line.sentence) in page
        assert line.sentence in words
        assert f'href="/show{escape(line.path)}"' in page
        assert not re.search(r"[0-9a-f]{8}-|\b[A-Z]+-[A-Z]+-\d", line.sentence), "no ids in sentences"
        answer = await services.ask("GET", line.path, by="commissioner")
        assert answer.status_code == 200, line.path
        assert answer.json().get("items") != []
    assert ATTRIBUTION in page
    assert 'src="' not in page
    assert "http://" not in page + words
    assert "https://" not in page
