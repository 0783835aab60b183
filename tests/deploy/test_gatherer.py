"""The gatherer's walk: its bound, what it asks once, and what it says where a service does not answer."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from deploy.gatherer.__main__ import create_app
from deploy.gatherer.app import passing_on, provenance_route
from deploy.gatherer.chain import MOST_STEPS, SERVICES, Answer, Ask, gather

_UNKNOWN: Answer = (404, {})


def a_part(*because: tuple[str, str | None]) -> Answer:
    """A service's part that follows from these events: their ids and sources."""
    causes = [{"kind": "event", "id": one, "source": source} for one, source in because]
    return 200, {"because": causes, "effects": {"items": [], "count": 0, "next": None}, "complete": True}


async def test_a_chain_without_an_end_is_walked_in_a_bounded_number_of_requests() -> None:
    asked: list[str] = []

    async def ask(_: str, path: str) -> Answer:
        asked.append(path)
        return a_part((f"{len(asked)}-a", "registry"), (f"{len(asked)}-b", "finance"))

    chain = await gather("E", ask)
    assert (len(asked), len(chain.parts)) == (MOST_STEPS, MOST_STEPS)
    assert (chain.as_json()["complete"], chain.missing) == (False, [])
    asked.clear()
    assert len((await gather("E", ask, most_steps=3)).parts) == len(asked) == 3


async def test_each_service_is_asked_once_for_each_thing_whether_its_source_is_named_or_not() -> None:
    parts = {
        ("finance", "E"): a_part(("A", "registry"), ("A", None), ("B", "contracts")),
        ("registry", "A"): a_part(("E", "finance")),
    }
    asked: list[tuple[str, str]] = []

    async def ask(service: str, path: str) -> Answer:
        asked.append((service, path.rpartition("/")[2]))
        return parts.get(asked[-1], _UNKNOWN)

    chain = (await gather("E", ask)).as_json()
    assert [(one["service"], one["depth"]) for one in chain["parts"]] == [("finance", 0), ("registry", 1)]
    assert (chain["missing"], chain["complete"]) == ([{"source": "contracts", "id": "B"}], False)
    assert sorted(asked) == sorted([*((one, name) for name in "EA" for one in SERVICES), ("contracts", "B")])


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_service_that_fails_is_missing_and_not_one_that_knows_nothing(status: int) -> None:
    answers: dict[str, Any] = {"registry": a_part(), "contracts": (status, None)}

    async def ask(service: str, _: str) -> Answer:
        return answers.get(service, _UNKNOWN)  # type: ignore[no-any-return]

    chain = (await gather("E", ask)).as_json()
    assert [one["service"] for one in chain["parts"]] == ["registry"]
    assert (chain["missing"], chain["complete"]) == ([{"source": "contracts", "id": "E"}], False)


async def test_links_lead_on_from_the_gatherer_where_no_common_front_stands_before_the_services() -> None:
    rest = "/v1/provenance/E?after=1"
    cause = {"kind": "fact", "id": "10H/chair", "source": "governance", "href": "/governance/v1/provenance/10H%2Fchair"}
    effect = {"id": "F", "told": "BeaconLit", "about": [], "href": "/v1/provenance/F"}
    found = {"because": [cause], "effects": {"items": [effect], "count": 2, "next": rest}, "complete": True}

    def ask_as(_: Request) -> Ask:
        async def ask(service: str, path: str) -> Answer:
            return (200, found) if (service, path) in {("finance", "/v1/provenance/E"), ("finance", rest)} else _UNKNOWN

        return ask

    routes = Starlette(routes=[provenance_route(ask_as), passing_on(ask_as)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(routes), base_url="http://gatherer") as client:
        [part] = (await client.get("/provenance/E")).json()["parts"]
        shown = part["provenance"]
        rest_of_it = await client.get(shown["effects"]["next"])
        unknown = await client.get("/ledger/v1/provenance/E")
    links = [one["href"] for one in (*shown["because"], *shown["effects"]["items"])]
    assert links == ["/provenance/10H%2Fchair", "/provenance/F"]
    assert (rest_of_it.status_code, rest_of_it.json()) == (200, shown)
    assert unknown.status_code == 404


async def test_services_that_are_not_reached_are_not_a_chain_that_is_not_found() -> None:
    app = httpx.ASGITransport(create_app("http://127.0.0.1:1/{service}"))
    async with httpx.AsyncClient(transport=app, base_url="http://gatherer") as client:
        answer = await client.get("/provenance/10H%2Fchair")
        page = await client.get("/provenance/E", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["reference"], answer.json()["parts"]) == (502, "10H/chair", [])
    assert {one["source"] for one in answer.json()["missing"]} >= set(SERVICES)
    assert (page.status_code, "Not answered" in page.text) == (502, True)
