"""EXIT-5 over HTTP: North East Essex ends three services of its contract, and one customer leaves another."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s05_to_s07_notice_dates import SUPPORT_UNIT, asked, events, exits, opened, signed
from tests.support.builders import a_ccg
from tests.support.platform import Platform

TERMS: dict[str, Any] = {
    "payment_share": "3/10",
    "overhead_pence": 180_000_00,
    "breakage": [],
    "dual_running_months": 0,
    "redundancy_pence": 0,
    "redundancy_payer": "supplier",
    "reprocurement_pence": 0,
}
LINES = {"payroll": 400_000_00, "bi": 350_000_00, "it": 250_000_00}
SMALLER = {"payroll": 90_000_03, "bi": 60_000_00, "it": 30_000_00}


async def ended_parts(platform: Platform, reference: str, as_at: str, party: str = "10H") -> list[dict[str, Any]]:
    path = f"/contracts/{reference}/terminations"
    read = await platform.call("GET", "contracts", path, params={"as_at": as_at}, organisations=(party,))
    parts: list[dict[str, Any]] = read["ended_parts"]
    return parts


async def contract(platform: Platform, reference: str, as_at: str, party: str = "10H") -> dict[str, Any]:
    path = f"/contracts/{reference}"
    read: dict[str, Any] = await platform.call(
        "GET", "contracts", path, params={"as_at": as_at}, organisations=(party,)
    )
    return read


@pytest.mark.parametrize(
    ("lines", "on_part", "after", "stranded", "respread", "payment"),
    [
        pytest.param(LINES, "stranded", {"bi": 350_000_00, "it": 250_000_00}, 72_000_00, {}, 120_000_00, id="stranded"),
        pytest.param(
            LINES,
            "respread",
            {"bi": 392_000_00, "it": 280_000_00},
            None,
            {"bi": 42_000_00, "it": 30_000_00},
            120_000_00,
            id="respread",
        ),
        pytest.param(
            LINES,
            None,
            {"bi": 350_000_00, "it": 250_000_00},
            None,
            {"bi": 42_000_00, "it": 30_000_00},
            120_000_00,
            id="silent",
        ),
        # 180,000.00 x 90,000.03 / 180,000.03 is 90,000.01 of overhead: two thirds of it and one, to the penny.
        pytest.param(
            SMALLER,
            "respread",
            {"bi": 120_000_01, "it": 60_000_00},
            None,
            {"bi": 60_000_01, "it": 30_000_00},
            27_000_01,
            id="smaller",
        ),
    ],
)
async def test_s06_a_line_ends_by_notice_and_the_others_go_on(
    platform: Platform,
    lines: dict[str, int],
    on_part: str | None,
    after: dict[str, int],
    stranded: int | None,
    respread: dict[str, int],
    payment: int,
) -> None:
    await opened(platform)
    reference = await signed(
        platform,
        date(2015, 4, 1),
        reference="NE-ESSEX-2015",
        starts_on="2015-04-01",
        last_day="2018-03-31",
        lines=[{"function": name, "annual_pence": pence} for name, pence in lines.items()],
        exit_terms=TERMS | ({"overhead_on_part": on_part} if on_part else {}),
    )
    await platform.move_clocks(date(2016, 6, 1))
    part = {"last_day": "2017-03-31", "reason": "in_house", "functions": ["payroll"]}
    unknown = await asked(platform, reference, "notices", part | {"functions": ["legal"]}, expect=409)
    assert (unknown["type"].rpartition("/")[2], unknown["reasons"][0]["field"]) == ("part-unknown", "functions")
    served = await asked(platform, reference, "notices", part)
    assert (served["current_end"], served["notices"][0]["functions"]) == ("2018-03-31", ["payroll"])
    assert {line["function"]: line["ends_on"] for line in served["lines"]} == {
        "payroll": "2017-03-31",
        "bi": None,
        "it": None,
    }
    assert (await contract(platform, reference, "2016-06-01"))["state"]["state"] == "active"
    twice = await asked(platform, reference, "notices", part | {"last_day": "2017-06-30"}, expect=409)
    assert twice["type"].endswith("notice-stands")

    await platform.move_clocks(date(2017, 4, 1))
    left = await contract(platform, reference, "2017-04-01")
    assert {line["function"]: line["annual_pence"] for line in left["lines"]} == after
    assert (left["annual_pence"], left["ends_on"]) == (sum(after.values()), "2018-03-31")
    assert (await contract(platform, reference, "2017-03-31"))["annual_pence"] == sum(lines.values())
    [varied] = await events(platform, "ContractVaried")
    assert (varied["reason"], varied["effective_on"], varied["last_day"]) == (
        "partly_terminated",
        "2017-04-01",
        "2018-03-31",
    )
    assert dict(zip(varied["functions"], varied["function_pence"], strict=True)) == after
    [priced] = await events(platform, "TerminationPriced")
    found = dict(zip(priced["components"], priced["component_pence"], strict=True))
    assert found == {"contractual_payment": payment} | ({"stranded": stranded} if stranded else {})
    assert (priced["functions"], priced["leaving"], priced["exit_on"]) == (["payroll"], [], "2017-04-01")
    assert priced["unpriced"] == ([] if on_part else ["stranded"])
    [shown] = await ended_parts(platform, reference, "2017-04-01")
    assert {one["function"]: one["pence"] for one in shown["respread_pence"]} == respread
    assert shown["stranded_if_pence"] == (None if on_part else 72_000_00)
    assert await events(platform, "ContractTerminated") == []

    await asked(platform, reference, "notices", {"last_day": "2017-12-31", "reason": "in_house"})
    await platform.move_clocks(date(2018, 1, 1))
    [ended] = await events(platform, "ContractTerminated")
    assert ended["effective_on"] == "2018-01-01"
    finance = await platform.call(
        "GET", "contracts", f"/contracts/{reference}/exits", params={"as_at": "2017-06-01"}, organisations=("10H",)
    )
    assert finance["notices"][0]["status"] == "carried_out"


async def shared(platform: Platform, codes: tuple[str, ...], **terms: Any) -> str:
    """A contract of several CCGs from April 2015, coordinated by the first, which each has signed."""
    await opened(platform)
    bodies = [a_ccg(code) for code in codes[1:]]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    await platform.caught_up()
    reference = await signed(
        platform,
        date(2015, 4, 1),
        reference="SHARED-2015",
        starts_on="2015-04-01",
        last_day="2018-03-31",
        customers=list(codes),
        coordinating_commissioner=codes[0],
        lines=[{"function": name, "annual_pence": pence} for name, pence in LINES.items()],
        **terms,
    )
    draft = f"/contracts/{reference}"
    version = (await platform.call("GET", "contracts", draft, organisations=(codes[0],)))["version"]
    headers = {"If-Match": f'"{version}"'}
    awarded = await platform.call(
        "POST", "contracts", f"{draft}/award", Role.CONTRACT_LEAD, json={}, headers=headers, organisations=codes
    )
    version = awarded["version"]
    for code in codes[1:]:
        signature = await platform.call(
            "POST",
            "contracts",
            f"{draft}/signature",
            Role.CONTRACT_LEAD,
            json={},
            headers={"If-Match": f'"{version}"'},
            organisations=(code,),
        )
        version = signature["version"]
    return reference


async def test_one_customer_leaves_and_the_others_go_on(platform: Platform) -> None:
    reference = await shared(platform, ("10H", "10Y", "05C"))
    await platform.move_clocks(date(2016, 6, 1))
    own = {"last_day": "2017-03-31", "reason": "in_house", "leaving": ["10Y"]}
    for stranger in ("10H", "05C"):
        refused = await asked(platform, reference, "notices", own, party=stranger, expect=403)
        assert "10Y" in refused["detail"]
    whole = {"last_day": "2017-03-31", "reason": "in_house"}
    assert "10H" in (await asked(platform, reference, "notices", whole, party="10Y", expect=403))["detail"]
    served = await asked(platform, reference, "notices", own, party="10Y")
    assert (served["current_end"], served["notices"][0]["leaving"]) == ("2018-03-31", ["10Y"])
    # The coordinating commissioner alone ends a line for all, by an offer that the supplier accepts.
    offer = {"last_day": "2016-12-31", "reason": "in_house", "functions": ["it"]}
    made = await asked(platform, reference, "terminations", offer)
    path = f"terminations/{made['terminations'][0]['termination']}/acceptance"
    accepted = await asked(platform, reference, path, {}, party=SUPPORT_UNIT)
    assert accepted["terminations"][0]["status"] == "accepted"
    assert [line["ends_on"] for line in (await exits(platform, reference, "2016-06-01"))["lines"]] == [
        None,
        "2016-12-31",
        None,
    ]

    for day in (date(2017, 1, 1), date(2017, 4, 1)):
        await platform.move_clocks(day)
    first, second = await events(platform, "ContractVaried")
    assert (first["reason"], first["effective_on"], first["functions"]) == (
        "partly_terminated",
        "2017-01-01",
        ["bi", "payroll"],
    )
    assert (second["reason"], second["effective_on"], second["customers"]) == (
        "associate_left",
        "2017-04-01",
        ["05C", "10H"],
    )
    assert second["annual_pence"] == 233_333_33 + 266_666_67
    assert {one["effective_on"] for one in await events(platform, "SharesAgreed")} == {"2017-04-01"}
    *_, left = await events(platform, "TerminationPriced")
    assert (left["leaving"], left["customers"]) == (["10Y"], ["05C", "10H", "10Y"])
    assert (await contract(platform, reference, "2017-04-01"))["annual_pence"] == 500_000_00
    # Who left reads it as it was with it, and nothing since.
    assert (await contract(platform, reference, "2017-03-31", party="10Y"))["annual_pence"] == 750_000_00
    path = f"/contracts/{reference}"
    await platform.call("GET", "contracts", path, params={"as_at": "2017-04-01"}, organisations=("10Y",), expect=404)


async def test_a_notice_of_a_part_is_withdrawn_by_consent(platform: Platform) -> None:
    reference = await shared(platform, ("10H", "10Y"))
    await platform.move_clocks(date(2016, 6, 1))
    own = {"last_day": "2017-03-31", "reason": "in_house", "leaving": ["10Y"]}
    served = await asked(platform, reference, "notices", own, party="10Y")
    path = f"notices/{served['notices'][0]['notice']}/withdrawal"
    assert (await asked(platform, reference, path, {}, expect=403))["type"].endswith("not-yours-to-decide")
    await asked(platform, reference, path, {}, party=SUPPORT_UNIT)
    await asked(platform, reference, path, {}, party="10Y")
    await platform.move_clocks(date(2017, 4, 1))
    assert [one["code"] for one in (await contract(platform, reference, "2017-04-01"))["customers"]] == ["10H", "10Y"]
    assert await events(platform, "ContractVaried") == []
