"""S58, with golden 16 and 17: envelopes, a saving that is a cost elsewhere, and its use for transition."""

from datetime import date
from fractions import Fraction
from typing import Any

from libs.common.identity import Role
from tests.support.builders import a_ccg, an_icb, an_organisation
from tests.support.platform import Platform

YEAR = "2025-26"
# An ICB: people, pence a head spent before, the team that moves, and what it costs its provider then.
ICBS = {
    "QU9": (3_000_000, 3752, 400_000_000, (400_000_000, 350_000_000)),
    "QNC": (1_234_567, 2987, 123_456_789, (200_000_000, 23_456_789)),
}
LINE: dict[str, Any] = {"account": "5210", "function": "team", "pay": True, "admin": False}


async def test_s58_an_envelope_is_a_cut_and_a_saving_counts_what_is_left_for_the_footprint(platform: Platform) -> None:
    await platform.move_clocks(date(2025, 5, 31))  # the envelope was stated on 2 May
    bodies = [an_icb(code) for code in ICBS] + [an_organisation("RTF", "foundation_trust")]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    await platform.caught_up()
    for code, (people, per_head, team, elsewhere) in ICBS.items():
        envelope = people * 1876
        population = {"population": people, "source": "GP registered lists"}
        await call(platform, "PUT", f"/organisations/{code}/populations/{YEAR}", code, population)
        for basis in ("weighted", "registered"):
            said = {"baseline_per_head_pence": per_head, "baseline_people": people, "basis": basis}
            budget = await call(platform, "PUT", f"/organisations/{code}/budgets/{YEAR}/ceiling", code, said)
            ceiling = budget["ceiling"]
            assert (ceiling["allowance_pence"], ceiling["baseline_pence"], ceiling["basis"]) == (
                envelope,
                people * per_head,
                basis,
            )
            assert Fraction(ceiling["cut"]) == 1 - Fraction(1876, per_head)
        for number, cost in enumerate(elsewhere):
            ref = f"TEAM-{code}-{number}"
            found = await saving(platform, code, ref, team, cost)
            left = max(0, team - cost)
            assert (found["forecast_pence"], found["forecast_gross_pence"], found["cost_shift"]) == (left, team, True)
            assert found["elsewhere"] == {"RTF": cost}
        await a_saving_of_the_year_is_used_once_for_transition(platform, code)
    await platform.caught_up()
    feed = await platform.call("GET", "finance", "/events", Role.PARTNER, params={"limit": 500})
    told = [item["event"]["data"] for item in feed["items"] if ".CostShiftFound.v" in item["event"]["type"]]
    assert [
        (one["gainers"], one["losers"], one["gains_pence"], one["losses_pence"], one["net_pence"]) for one in told
    ] == [
        ([code], ["RTF"], [team], [cost], team - cost)
        for code, (_, _, team, elsewhere) in ICBS.items()
        for cost in elsewhere
    ]


async def call(platform: Platform, method: str, path: str, code: str, body: Any, *, expect: Any = (200, 201)) -> Any:
    lead = {"organisations": (code,), "expect": expect}
    return await platform.call(method, "finance", path, Role.FINANCE_LEAD, json=body, **lead)


async def saving(platform: Platform, code: str, ref: str, team: int, cost: int) -> Any:
    body = {
        "organisation": code,
        "function": "team",
        "financial_year": YEAR,
        "amount_pence": team,
        "recurrent": True,
        "elsewhere": [{"party": "RTF", "amount_pence": cost}],
    }
    answer = await call(platform, "POST", f"/initiatives/{ref}/savings", code, body)
    return answer["savings"][0]


async def a_saving_of_the_year_is_used_once_for_transition(platform: Platform, code: str) -> None:
    kinds: list[dict[str, Any]] = [
        {"recurrent": True},
        {"recurrent": False, "transition": True},
        {"recurrent": True, "account": "5220"},
    ]
    lines = [LINE | kind | {"amount_pence": 1_000} for kind in kinds]
    path = f"/organisations/{code}/budgets/{YEAR}/lines"
    team, transition, recurrent = [one["line"] for one in await call(platform, "POST", path, code, {"lines": lines})]
    for target, expect in ((transition, 201), (recurrent, 409)):
        moves = [{"from_line": team, "to_line": target, "amount_pence": 300}]
        answer = await call(platform, "POST", "/virements", code, {"moves": moves, "from_saving": True}, expect=expect)
    assert answer["type"].endswith("/virement-refused")
    assert "used once" in answer["detail"]


async def test_golden_16_a_merged_body_saves_a_fifth_of_the_allowance_of_its_predecessors(platform: Platform) -> None:
    await platform.move_clocks(date(2015, 4, 1))
    people = {"10H": 200_000, "10Y": 330_000, "06H": 123_457, "11C": 98_765}
    opened = {"organisations": [a_ccg(code) for code in people]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=opened)
    await platform.caught_up()
    for code, count in people.items():
        body = {"population": count, "source": "GP registered lists"}
        await call(platform, "PUT", f"/organisations/{code}/populations/2015-16", code, body)
    for successor, pair in (("14Y", ("10H", "10Y")), ("15E", ("06H", "11C"))):
        merger = {
            "successor": successor,
            "successor_name": f"NHS {successor} CCG",
            "predecessors": list(pair),
            "effective_on": "2015-04-01",
            "schemes": [{"sort": sort, "nil_return": True} for sort in ("property", "staff")],
        }
        await platform.call("POST", "registry", "/mergers", json=merger)
        await platform.caught_up()
        body = {"required_saving": "1/5"}
        budget = await call(platform, "PUT", f"/organisations/{successor}/budgets/2015-16/ceiling", successor, body)
        allowance = sum(people[code] for code in pair) * 2207
        saving = (allowance * 2 + 5) // 10
        found = budget["ceiling"]
        assert (found["allowance_pence"], found["required_saving_pence"], found["ceiling_pence"]) == (
            allowance,
            saving,
            allowance - saving,
        )
    assert 530_000 * 2207 == 1_169_710_000
