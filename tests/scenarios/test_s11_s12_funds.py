"""S11 and S12: no recurrent liability from non-recurrent money, no ask counted twice, nothing drawn beyond a fund."""

import asyncio
from datetime import date
from typing import Any

import httpx
import pytest

from libs.common.events.governance import DecisionReversed, DecisionTaken, PooledFundAgreed
from libs.common.identity import Role
from libs.common.messaging import outbox
from tests.support.builders import a_ccg
from tests.support.cases import a_case
from tests.support.decisions import a_decision, a_reversal
from tests.support.finance_harness import at
from tests.support.platform import Platform

CCGS = ("05L", "05C", "06A")
FUND = "STF-LIFT-2017"
CASES = {
    "the seed's figures": {"cost": 20_000_000, "fund": 500_000_000, "asks": (3_400_000_000, 1_600_000_000)},
    "a second set": {"cost": 1_234_567, "fund": 98_765_433, "asks": (777_777_777, 1)},
}


async def call(platform: Platform, method: str, path: str, *codes: str, **request: Any) -> Any:
    return await platform.call(method, "finance", path, Role.FINANCE_LEAD, organisations=codes or ("05L",), **request)


def a_line(name: str, purpose: str, pence: int, **more: Any) -> dict[str, Any]:
    asked = {"line": name, "organisation": "05L", "financial_year": "2017-18", "purpose": purpose}
    return asked | {"recurrent": False, "amount_pence": pence} | more


@pytest.fixture
async def country(platform: Platform) -> Platform:
    """Three CCGs of the Black Country in 2017, with a case of one of them and a recurrent line of its budget."""
    await platform.move_clocks(date(2017, 5, 1))
    ccgs = [a_ccg(code) for code in CCGS]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": ccgs})
    await platform.caught_up()
    for name in ("MOVING-ONCE", "PREMISES-A", "PREMISES-B"):
        await call(platform, "POST", "/cases", json={"case": name, "organisation": "05L", "content": a_case()})
    return platform


async def a_case_that_leaves(platform: Platform, cost: int) -> None:
    """The buy-out's case: business as usual costs something each year too, and what comes after more by `cost`."""
    bau, shared = a_case()["options"]
    usual = {"line": "upkeep", "title": "Upkeep", "type": "cost", "recurrent": True, "amount_pence": 5_000_000}
    # The year of the most counts.
    after = {"line": "charge", "title": "Charge", "type": "cost", "recurrent": True}
    after |= {"amounts_pence": [5_000_001, 5_000_000 + cost, 5_000_000]}
    options = [bau | {"lines": [usual]}, shared | {"lines": [*shared["lines"], after]}]
    content = a_case(options=options)
    await call(platform, "POST", "/cases", json={"case": "LIFT-BUY-OUT", "organisation": "05L", "content": content})


async def a_budget_line(platform: Platform, pence: int, **more: Any) -> str:
    line = {"account": "5210", "function": "payroll", "pay": True, "recurrent": True, "admin": False}
    body = {"lines": [line | {"amount_pence": pence} | more]}
    [shown] = await call(platform, "POST", "/organisations/05L/budgets/2017-18/lines", json=body)
    return str(shown["line"])


@pytest.mark.parametrize("figures", CASES.values(), ids=CASES.keys())
async def test_s11_and_s12_money_is_for_what_it_is_for_and_counted_once(
    country: Platform, figures: dict[str, Any]
) -> None:
    await asks_are_counted_once(country, *figures["asks"])
    cost, have = figures["cost"], figures["fund"]
    await a_case_that_leaves(country, cost)
    fund = {"reference": FUND, "organisation": "05C", "title": "Transformation fund"}
    await call(country, "POST", "/funds", "05C", json=fund | {"lines": [a_line("LIFT", "transformation", have)]})
    draw = {"line": "LIFT", "case": "LIFT-BUY-OUT", "amount_pence": have}
    # What the case leaves is in the case, not in the caller's word.
    await call(country, "POST", f"/funds/{FUND}/draws", json=draw | {"recurrent_cost_pence": 0}, expect=422)
    refused = await call(country, "POST", f"/funds/{FUND}/draws", json=draw, expect=409)
    assert refused["type"].endswith("/recurrent-from-non-recurrent")
    once = await a_budget_line(country, cost, recurrent=False)
    line = await a_budget_line(country, cost)
    for savings, kind in (
        ([(line, cost - 1)], "recurrent-from-non-recurrent"),
        ([(once, cost)], "budget-line-unknown"),
        ([(line, cost + 1)], "saving-beyond-line"),
        ([("BL-99999", cost)], "budget-line-unknown"),
    ):
        attached = [{"budget_line": name, "amount_pence": pence} for name, pence in savings]
        refused = await call(
            country, "POST", f"/funds/{FUND}/draws", json=draw | {"recurrent_savings": attached}, expect=409
        )
        assert refused["type"].endswith(f"/{kind}")
    wrong = {"amount_pence": have + 1, "case": "NO-SUCH-CASE", "drawn_on": "2017-03-31", "decision": "D-2017-9"}
    refused = await call(country, "POST", f"/funds/{FUND}/draws", json=draw | wrong, expect=409)
    assert {reason["field"] for reason in refused["reasons"]} == {"amount_pence", "case", "drawn_on", "decision"}
    for decision in ("D-2017-9", "D-2017-12", "D-2017-77"):
        await told(country, a_decision(decision, "05L", on=date(2017, 4, 1)))

    saved = draw | {"recurrent_savings": [{"budget_line": line, "amount_pence": cost}], "decision": "D-2017-9"}
    shown = await call(country, "POST", f"/funds/{FUND}/draws", json=saved)
    assert [(one["drawn_pence"], one["left_pence"]) for one in shown["lines"]] == [(have, 0)]
    refused = await call(country, "POST", f"/funds/{FUND}/draws", json=saved | {"amount_pence": 1}, expect=409)
    # Neither the fund nor the saving is there a second time.
    assert {reason["field"] for reason in refused["reasons"]} == {"amount_pence", "recurrent_savings"}
    await draws_follow_decisions(country, saved, have)
    await who_reads_and_draws(country, saved)
    await a_race_overdraws_nothing(country, have)
    await a_pool_that_is_heard_late_names_what_was_drawn_after_it(country)


async def asks_are_counted_once(platform: Platform, premises: int, closer: int) -> None:
    lines = [
        a_line("PREMISES", "premises", premises, schemes=["PREMISES-A"]),
        a_line("CLOSER", "closer_to_home", closer, schemes=["PREMISES-B"]),
    ]
    asked = {"reference": "CAPITAL-BLACK-COUNTRY", "organisation": "05L", "title": "Capital asks"}
    doubled = [lines[0], lines[1] | {"schemes": ["PREMISES-A"]}]
    refused = await call(platform, "POST", "/funds", json=asked | {"lines": doubled}, expect=409)
    assert refused["type"].endswith("/ask-counted-twice")
    shown = await call(platform, "POST", "/funds", json=asked | {"lines": lines})
    assert (shown["total_pence"], shown["non_recurrent_pence"], shown["recurrent_pence"]) == (
        premises + closer,
        premises + closer,
        0,
    )
    assert {one["purpose"]: one["allocated_pence"] for one in shown["sums"]} == {
        "premises": premises,
        "closer_to_home": closer,
    }
    more = {"lines": [a_line("CLOSER", "closer_to_home", 5, schemes=["PREMISES-A"])]}
    path = "/funds/CAPITAL-BLACK-COUNTRY"
    refused = await call(platform, "POST", f"{path}/allocations", json=more, expect=409)
    assert refused["type"].endswith("/ask-counted-twice")
    differing = {"lines": [a_line("CLOSER", "premises", 5), a_line("NEW", "premises", 5, organisation="99Z")]}
    refused = await call(platform, "POST", f"{path}/allocations", json=differing, expect=409)
    assert [reason["field"] for reason in refused["reasons"]] == ["lines", "organisation"]
    draw = {"line": "CLOSER", "case": "PREMISES-A", "amount_pence": 1}
    refused = await call(platform, "POST", f"{path}/draws", json=draw, expect=409)
    assert refused["type"].endswith("/ask-counted-twice")
    assert (await call(platform, "GET", path))["total_pence"] == premises + closer


async def told(platform: Platform, event: DecisionTaken | DecisionReversed | PooledFundAgreed) -> None:
    """Governance publishes an event that it has no command for yet."""
    async with platform.database("governance").begin() as session:
        await outbox.add(session, event)
    await platform.caught_up()


async def draws_follow_decisions(platform: Platform, draw: dict[str, Any], have: int) -> None:
    """A reversed decision gives the fund its money again, once, and pays for nothing any longer."""
    reversed_ = a_reversal("D-2017-9", "05L", on=date(2017, 5, 20))
    await platform.move_clocks(date(2017, 5, 21))
    for _ in range(2):
        await told(platform, reversed_)
    shown = await call(platform, "GET", f"/funds/{FUND}")
    assert [(one["drawn_pence"], one["left_pence"]) for one in shown["lines"]] == [(0, have)]
    [taken] = (await call(platform, "GET", f"/funds/{FUND}/draws"))["items"]
    assert (taken["reversed_on"], taken["decision"]) == ("2017-05-20", "D-2017-9")
    assert shown["findings"] == []
    before = await call(platform, "GET", f"/funds/{FUND}", params={"as_at": "2017-05-19"})
    assert before["lines"][0]["left_pence"] == 0
    refused = await call(platform, "POST", f"/funds/{FUND}/draws", json=draw, expect=409)
    assert refused["type"].endswith("/decision-no-longer-stands")
    assert [(one["event"], one["amount_pence"]) for one in await fund_events(platform) if one["draw"]] == [
        ("FundDrawn", have),
        ("FundDrawReversed", have),
    ]
    await a_reversal_misses_no_draw(platform, reversed_.model_copy(update={"decision": "D-2017-77"}))


async def a_reversal_misses_no_draw(platform: Platform, reversed_: DecisionReversed) -> None:
    """A decision is reversed while it is drawn by: no draw of it stands, whichever came first."""
    body = {"line": "LIFT", "case": "MOVING-ONCE", "amount_pence": 1, "decision": reversed_.decision}
    headers = platform.tokens.header(Role.FINANCE_LEAD, organisations=("05L",))
    client = platform.clients["finance"]
    asked = [client.post(f"/v1/funds/{FUND}/draws", json=body, headers=headers) for _ in range(6)]
    answers, _ = await asyncio.gather(asyncio.gather(*asked), told(platform, reversed_))
    assert {answer.status_code for answer in answers} <= {201, 409}
    draws = (await call(platform, "GET", f"/funds/{FUND}/draws"))["items"]
    named = [one for one in draws if one["decision"] == reversed_.decision]
    assert len(named) == sum(answer.status_code == 201 for answer in answers)
    assert [one for one in named if one["reversed_on"] is None] == []


async def fund_events(platform: Platform) -> list[dict[str, Any]]:
    await platform.caught_up()
    feed = await platform.call("GET", "finance", "/events", Role.PARTNER, params={"limit": 500})
    events = [(one["event"]["type"].split(".")[-2], one["event"]["data"]) for one in feed["items"]]
    return [{"draw": ""} | fields | {"event": name} for name, fields in events if fields.get("fund") == FUND]


async def who_reads_and_draws(platform: Platform, draw: dict[str, Any]) -> None:
    """The holder and who has a line read a fund, members of a pool too; a stranger nothing."""
    again = draw | {"decision": "D-2017-12", "amount_pence": 1, "case": "MOVING-ONCE", "recurrent_savings": []}
    refused = await call(platform, "POST", f"/funds/{FUND}/draws", "05C", json=again, expect=403)
    assert refused["type"].endswith("/not-yours-to-decide")
    more = {"lines": [a_line("MORE", "premises", 3, organisation="05C")]}
    await call(platform, "POST", f"/funds/{FUND}/allocations", "05C", json=more)
    assert [line["line"] for line in (await call(platform, "GET", f"/funds/{FUND}"))["lines"]] == ["LIFT"]
    assert len((await call(platform, "GET", f"/funds/{FUND}", "05C"))["lines"]) == 2
    refused = await call(platform, "GET", f"/funds/{FUND}", "06A", expect=404)
    assert refused["type"].endswith("/fund-not-found")
    pool = PooledFundAgreed(
        effective_on=date(2017, 5, 1),
        stated_at=at(date(2017, 5, 20)),
        fund=FUND,
        instrument="S75-2017",
        members=("05C", "06A"),
        shares=("1/3", "2/3"),
        host="05C",
        ends_on=date(2017, 12, 31),
    )
    for _ in range(2):
        await told(platform, pool)
    shown = await call(platform, "GET", f"/funds/{FUND}", "06A")
    parts = [one["amount_pence"] for one in shown["pool"]["contributions"]]
    assert sum(parts) == shown["total_pence"]
    assert abs(parts[1] - 2 * parts[0]) <= 2
    late = again | {"drawn_on": "2018-01-01"}
    refused = await call(platform, "POST", f"/funds/{FUND}/draws", json=late, expect=409)
    assert refused["type"].endswith("/pool-has-ended")
    await a_pool_is_its_holders_and_ends_when_stated(platform, pool)


async def a_pool_is_its_holders_and_ends_when_stated(platform: Platform, pool: PooledFundAgreed) -> None:
    """Whoever names the fund in a pool of its own changes nothing; one that was ended early is not read any longer."""
    own = {"instrument": "S75-OTHER", "members": ("06A", "05L"), "host": "06A", "stated_at": at(date(2017, 5, 21), 1)}
    await told(platform, pool.model_copy(update=own))
    path = f"/funds/{FUND}"
    assert (await call(platform, "GET", path, "06A"))["pool"]["instrument"] == "S75-2017"
    after = {"params": {"as_at": "2017-10-01"}}
    assert (await call(platform, "GET", path, "06A", **after))["pool"]["ends_on"] == "2017-12-31"
    ended = {"ends_on": date(2017, 9, 30), "stated_at": at(date(2017, 5, 21), 2)}
    await told(platform, pool.model_copy(update=ended))
    refused = await call(platform, "GET", path, "06A", expect=404, **after)
    assert refused["type"].endswith("/fund-not-found")
    assert (await call(platform, "GET", path, "06A"))["pool"]["ends_on"] == "2017-09-30"


async def a_race_overdraws_nothing(platform: Platform, have: int) -> None:
    """Ten draws of a third at once: three succeed."""
    body = {"line": "LIFT", "case": "MOVING-ONCE", "amount_pence": have // 3}
    headers = platform.tokens.header(Role.FINANCE_LEAD, organisations=("05L",))

    async def draw() -> httpx.Response:
        return await platform.clients["finance"].post(f"/v1/funds/{FUND}/draws", json=body, headers=headers)

    answers = await asyncio.gather(*(draw() for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 7
    [line] = (await call(platform, "GET", f"/funds/{FUND}"))["lines"]
    assert line["left_pence"] == have - 3 * (have // 3)
    # One is given back, and its money can be drawn again.
    draws = (await call(platform, "GET", f"/funds/{FUND}/draws"))["items"]
    numbers = [int(one["draw"].rpartition("-D")[2]) for one in draws]
    assert numbers == list(range(1, len(draws) + 1))
    last = [one["draw"] for one in draws if one["reversed_on"] is None][-1]
    await call(platform, "POST", f"/funds/{FUND}/draws/{last}/reversal")
    refused = await call(platform, "POST", f"/funds/{FUND}/draws/{last}/reversal", expect=409)
    assert refused["type"].endswith("/draw-taken-back")
    await call(platform, "POST", f"/funds/{FUND}/draws", json=body)


async def a_pool_that_is_heard_late_names_what_was_drawn_after_it(platform: Platform) -> None:
    """A pool that ended before a draw and is heard after it: the fund names the draw until it is taken back."""
    path = f"/funds/{FUND}"
    assert (await call(platform, "GET", path, "05C"))["findings"] == []
    before = await call(platform, "GET", f"{path}/draws")
    standing = [one for one in before["items"] if one["reversed_on"] is None]
    await told(
        platform,
        PooledFundAgreed(
            effective_on=date(2017, 4, 1),
            stated_at=at(date(2017, 5, 21), 3),
            fund=FUND,
            instrument="S75-2017",
            members=("05C", "06A"),
            shares=("1/3", "2/3"),
            host="05C",
            ends_on=date(2017, 5, 20),
        ),
    )
    shown = await call(platform, "GET", path, "05C")
    assert {(one["kind"], one["draw"], one["amount_pence"]) for one in shown["findings"]} == {
        ("drawn_after_the_pool", one["draw"], one["amount_pence"]) for one in standing
    }
    # Who has the line reads it too.
    assert (await call(platform, "GET", path))["findings"] == shown["findings"]
    for one in standing:
        await call(platform, "POST", f"{path}/draws/{one['draw']}/reversal")
    assert (await call(platform, "GET", path, "05C"))["findings"] == []


async def test_what_pays_for_a_recurrent_cost_pays_for_all_draws_of_the_case_and_is_missed_when_taken_back(
    country: Platform,
) -> None:
    await a_case_that_leaves(country, 700)
    lines = [a_line("ONCE", "transformation", 1_000), a_line("YEARLY", "running_costs", 900, recurrent=True)]
    asked = {"reference": FUND, "organisation": "05L", "title": "Transformation fund", "lines": lines}
    await call(country, "POST", "/funds", json=asked)
    path, case = f"/funds/{FUND}", {"case": "LIFT-BUY-OUT"}
    once, yearly = case | {"line": "ONCE", "amount_pence": 10}, case | {"line": "YEARLY", "amount_pence": 300}
    await call(country, "POST", f"{path}/draws", json=once, expect=409)
    await call(country, "POST", f"{path}/draws", json=yearly)
    refused = await call(country, "POST", f"{path}/draws", json=once, expect=409)
    assert "£7.00 a year of recurrent cost, of which £4.00 has no recurrent source" in refused["detail"]
    saving = {"budget_line": await a_budget_line(country, 400), "amount_pence": 400}
    await call(country, "POST", f"{path}/draws", json=once | {"recurrent_savings": [saving]})
    # It is paid for once: the case needs no second source for a second draw.
    shown = await call(country, "POST", f"{path}/draws", json=once)
    assert shown["findings"] == []
    [first, *_] = (await call(country, "GET", f"{path}/draws"))["items"]
    assert (first["recurrent_cost_pence"], first["line"]) == (700, "YEARLY")
    shown = await call(country, "POST", f"{path}/draws/{first['draw']}/reversal")
    assert [(one["kind"], one["line"], one["amount_pence"]) for one in shown["findings"]] == [
        ("recurrent_cost_unfunded", "ONCE", 300)
    ]
    await call(country, "POST", f"{path}/draws", json=once, expect=409)
