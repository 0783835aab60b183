"""S48: 70 % in advance, 30 % on achievement; contracts says what is due and when, finance pays it once."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

REFERENCE = "NETWORKS-2013"
BY = ("08V",)


async def call(platform: Platform, method: str, path: str, **request: Any) -> Any:
    return await platform.call(method, "contracts", path, Role.CONTRACT_LEAD, organisations=BY, **request)


async def due(platform: Platform, **asked: str) -> dict[str, list[int]]:
    shown = await call(platform, "GET", f"/schedules/{REFERENCE}", params=asked)
    sums = {kind: [p["due_pence"] for p in shown["payments"] if p["kind"] == kind] for kind in ("advance", "balance")}
    assert shown["due_pence"] == sum(map(sum, sums.values()))
    return sums


async def fell_due(platform: Platform) -> list[dict[str, Any]]:
    await platform.caught_up()
    feed = await platform.call("GET", "contracts", "/events", Role.PARTNER, params={"limit": 500})
    events = [item["event"] for item in feed["items"]]
    return [event["data"] for event in events if ".PaymentFellDue.v" in event["type"]]


async def paid(platform: Platform, *codes: str, **asked: str) -> dict[str, list[int]]:
    """What finance paid the networks, by kind, in their order; a correction counts with the item that it corrects."""
    await platform.caught_up()
    found: dict[tuple[str, str], int] = {}
    path: str | None = "/payments"
    params: dict[str, str] | None = {"limit": "7", "contract": REFERENCE} | asked
    while path:
        page = await platform.call("GET", "finance", path, Role.FINANCE_LEAD, organisations=codes or BY, params=params)
        for one in page["items"]:
            network, sign = (one["payer"], -1) if one["payee"] == BY[0] else (one["payee"], 1)
            key = one["kind"], network
            found[key] = found.get(key, 0) + sign * one["paid_pence"]
        path, params = (page["next"] or "").removeprefix("/v1"), None
    return {kind: [pence for (of, _), pence in sorted(found.items()) if of == kind] for kind in ("advance", "balance")}


FIGURES = {
    "the eight networks of the seed": (
        800_000_000,
        ["1", "19/20", "0.9", "17/20", "4/5", "7/10", "0.6", "3/5"],
        [70_000_000] * 8,
        [30_000_000, 28_500_000, 27_000_000, 25_500_000, 24_000_000, 21_000_000, 18_000_000, 18_000_000],
    ),
    "three networks and an odd penny": (
        1_000_001,
        ["1/3", "0", "2/3"],
        [233_334, 233_334, 233_333],
        [33_333, 0, 66_667],
    ),
}


@pytest.mark.parametrize("figures", FIGURES.values(), ids=FIGURES.keys())
async def test_s48_seventy_in_advance_thirty_on_achievement(
    platform: Platform, figures: tuple[int, list[str], list[int], list[int]]
) -> None:
    total, achieved, advances, balances = figures
    networks = [f"NET{number}" for number in range(len(achieved))]
    await signed(platform)
    body = {"sum_pence": total, "payees": [{"code": code} for code in networks]}
    shown = await call(platform, "POST", f"/schedules/{REFERENCE}", json=body)
    assert (shown["advance"], shown["rule_pack"]) == ("7/10", "network-payments-2009")
    assert (shown["advance_pence"], shown["due_pence"]) == (sum(advances), 0)
    assert sum(p["most_pence"] for p in shown["payments"]) == total

    nothing = {"advance": [0] * len(networks), "balance": [0] * len(networks)}
    assert await paid(platform) == nothing
    await platform.move_clocks(date(2013, 4, 1))
    await platform.move_clocks(date(2013, 4, 1))
    assert await paid(platform) == nothing | {"advance": advances}
    assert await paid(platform, "NET0") == {"advance": advances[:1], "balance": [0]}
    assert await due(platform) == {"advance": advances, "balance": [0] * len(networks)}
    assert await due(platform, as_at="2013-03-31", as_known="2013-03-31") == {
        "advance": [0] * len(networks),
        "balance": [0] * len(networks),
    }
    await platform.move_clocks(date(2016, 3, 31))
    assert sum((await due(platform))["balance"]) == 0  # no balance before the achievement

    for code, part in zip(networks, achieved, strict=True):
        said = {"contract": REFERENCE, "payee": code, "achievement": part}
        for _ in range(2):  # replaying pays nothing more
            await call(platform, "POST", "/achievements", json=said)
    await platform.move_clocks(date(2016, 4, 1))
    assert await due(platform) == {"advance": advances, "balance": balances}
    await platform.move_clocks(date(2016, 4, 1))
    assert await paid(platform) == {"advance": advances, "balance": balances}
    assert await paid(platform, as_known="2016-03-30") == nothing | {"advance": advances}
    items = await fell_due(platform)
    assert sum(item["amount_pence"] for item in items) == sum(advances) + sum(balances)
    assert len({item["item"] for item in items}) == len(items) == 2 * len(networks)
    assert {(item["payer"], item["due_on"]) for item in items if item["kind"] == "advance"} == {("08V", "2013-04-01")}
    assert {item["due_on"] for item in items if item["kind"] == "balance"} == {"2016-03-31"}

    # A correction is an item of its own, and what was known before stays known.
    right = {"contract": REFERENCE, "payee": "NET0", "achievement": "0.3", "document": "Audit"}
    await call(platform, "POST", "/achievements", json=right)
    [correction] = [item for item in await fell_due(platform) if item["corrects"]]
    less = balances[0] - (await due(platform))["balance"][0]
    assert less > 0
    assert (correction["payer"], correction["payee"], correction["amount_pence"]) == ("NET0", "08V", less)
    assert correction["corrects"] == f"{REFERENCE}/balance/NET0"
    assert await due(platform, as_known="2016-03-31") == {"advance": advances, "balance": balances}
    await platform.move_clocks(date(2016, 4, 1))
    assert await paid(platform) == {"advance": advances, "balance": [balances[0] - less, *balances[1:]]}
    made = await told(platform, "PaymentMade")
    # Nothing is paid twice, and nothing is paid of nothing.
    assert sorted(one["amount_pence"] for one in made) == sorted([*advances, *filter(None, balances)])
    assert len({one["item"] for one in made}) == len(made)
    [back] = await told(platform, "PaymentReversed")
    assert (back["item"], back["payee"], back["amount_pence"]) == (correction["corrects"], "NET0", less)
    await refusals(platform)


async def told(platform: Platform, name: str) -> list[dict[str, Any]]:
    """The events of this name that finance published."""
    feed = await platform.call("GET", "finance", "/events", Role.PARTNER, params={"limit": 500})
    return [item["event"]["data"] for item in feed["items"] if f".{name}.v" in item["event"]["type"]]


async def refusals(platform: Platform) -> None:
    said = {"contract": REFERENCE, "payee": "0CX", "achievement": "1/2", "achieved_on": "2015-04-01"}
    refused = await call(platform, "POST", "/achievements", json=said, expect=409)
    assert {reason["field"] for reason in refused["reasons"]} == {"payee", "document"}
    assert any("waits for what 0CX achieves" in reason["message"] for reason in refused["reasons"])
    other = {"sum_pence": 1, "payees": [{"code": "NET0"}], "payer": "10H"}
    refused = await call(platform, "POST", f"/schedules/{REFERENCE}", json=other, expect=409)
    assert refused["type"].endswith("/payer-not-a-customer")


async def signed(platform: Platform) -> None:
    """The contract of Tower Hamlets with its networks, signed in February 2013."""
    await platform.move_clocks(date(2013, 2, 1))
    ccg = a_ccg("08V", effective_on="2013-01-01")
    await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=ccg)
    await platform.caught_up()
    contract = a_contract(
        reference=REFERENCE,
        customers=["08V"],
        supplier="THFED",
        lines=[{"function": "other", "annual_pence": 1}],
        starts_on="2013-04-01",
        last_day="2016-03-31",
    )
    await call(platform, "POST", "/contracts", json=contract)
    await call(platform, "POST", f"/contracts/{REFERENCE}/signature", json={}, headers={"If-Match": '"1"'})
