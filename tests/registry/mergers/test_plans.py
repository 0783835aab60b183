"""Plans of a merger: immutable statements, from which the one in force follows in whatever order they were recorded."""

from itertools import permutations
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_merger_command
from tests.support.platform import NIL_RETURNS
from tests.support.registry_client import RegistryClient

SLIPS = (("2017-02-01T09:00:00Z", "2017-10-01"), ("2017-03-20T09:00:00Z", "2018-04-01"))
AGREED = ("agreed", "2017-04-01", "2017-01-15")


async def agreed(registry: RegistryClient, **others: Any) -> None:
    """Agree a merger in January 2017 for April. Without schemes it does not take effect, and it is December."""
    await registry.move_clock("2017-01-15")
    await registry.open("10H", "10Y")
    command = a_merger_command("14Y", "10Y", "10H", on="2017-04-01", **{"schemes": []} | others)
    await stated(registry, "/mergers", command, "2017-01-15T00:00:00Z")
    await registry.move_clock("2017-12-01")


async def stated(
    registry: RegistryClient, path: str, body: Any, at: str, *, version: int = 0, expect: int | None = None
) -> Any:
    """State something as a loader, as of the instant at which its source did."""
    headers = {"Stated-At": at} | ({"If-Match": f'"{version}"'} if version else {})
    return await registry.call("POST", path, *Role, json=body, headers=headers, expect=expect)


async def plans(registry: RegistryClient, **asked: str) -> list[tuple[str, str, str]]:
    merger = await registry.call("GET", "/mergers/M-14Y", params=asked)
    assert [plan["number"] for plan in merger["plans"]] == [*range(1, len(merger["plans"]) + 1)]
    return [(plan["status"], plan["effective_on"], plan["stated_at"][:10]) for plan in merger["plans"]]


@pytest.mark.parametrize("slips", list(permutations(SLIPS)))
async def test_slips_stated_in_any_order_leave_the_same_plans(
    registry: RegistryClient, slips: tuple[tuple[str, str], ...]
) -> None:
    await agreed(registry)
    for number, (at, day) in enumerate(slips, start=1):
        await stated(registry, "/mergers/M-14Y/redating", {"effective_on": day}, at, version=number)
    assert await plans(registry) == [
        AGREED,
        ("agreed", "2017-10-01", "2017-02-01"),
        ("agreed", "2018-04-01", "2017-03-20"),
    ]
    for known, day in (("2017-01-31", "2017-04-01"), ("2017-02-28", "2017-10-01"), ("2017-03-31", "2018-04-01")):
        found = await registry.call("GET", "/mergers/M-14Y", params={"as_known": known})
        assert (found["status"], found["effective_on"]) == ("agreed", day)
    listed = await registry.call("GET", "/mergers", params={"effective_from": "2018-04-01"})
    assert [one["effective_on"] for one in listed["items"]] == ["2018-04-01"]
    for scheme in NIL_RETURNS:
        await stated(registry, "/mergers/M-14Y/schemes", scheme, "2017-02-15T09:00:00Z", expect=201)
    await registry.move_clock("2018-04-01")
    assert await registry.status("14Y", "2018-04-01") == "open"


async def test_a_slip_stated_late_changes_nothing_after_the_withdrawal(registry: RegistryClient) -> None:
    await agreed(registry)
    await stated(registry, "/mergers/M-14Y/withdrawal", None, "2017-06-01T09:00:00Z", version=1)
    late = await stated(
        registry, "/mergers/M-14Y/redating", {"effective_on": "2017-10-01"}, "2017-02-01T09:00:00Z", version=2
    )
    assert (late["status"], late["effective_on"]) == ("withdrawn", "2017-04-01")
    assert [plan[0] for plan in await plans(registry)] == ["agreed", "agreed", "withdrawn"]
    refused = await stated(
        registry,
        "/mergers/M-14Y/redating",
        {"effective_on": "2018-04-01"},
        "2017-07-01T09:00:00Z",
        version=3,
        expect=409,
    )
    assert refused["type"].endswith("/merger-not-open")


async def test_nothing_is_stated_late_of_a_merger_that_took_effect(registry: RegistryClient) -> None:
    await agreed(registry, schemes=NIL_RETURNS)
    assert await registry.status("14Y", "2017-04-01") == "open"
    for act, body in (("redating", {"effective_on": "2017-10-01"}), ("withdrawal", None)):
        refused = await stated(registry, f"/mergers/M-14Y/{act}", body, "2017-02-01T09:00:00Z", version=2, expect=409)
        assert refused["type"].endswith("/merger-not-open")
