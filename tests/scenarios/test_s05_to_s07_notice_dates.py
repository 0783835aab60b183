"""S05, S06, S07: what a recently signed contract allows, by when notice is due, and what a missed window costs."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract, an_organisation
from tests.support.platform import Platform

SUPPORT_UNIT = "0CX"


async def signed(platform: Platform, on: date, **terms: Any) -> str:
    """A contract of NHS 10H CCG with a support unit, drafted and signed on a day; its reference."""
    await platform.move_clocks(on)
    draft = a_contract(**({"customers": ["10H"]} | terms))
    for left_out in [name for name, value in draft.items() if value is None]:
        del draft[left_out]
    made = await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=draft)
    reference = str(made["reference"])
    await platform.call(
        "POST",
        "contracts",
        f"/contracts/{reference}/signature",
        Role.CONTRACT_LEAD,
        json={},
        headers={"If-Match": f'"{made["version"]}"'},
        organisations=("10H",),
    )
    return reference


async def exits(platform: Platform, reference: str, as_at: str, **params: str) -> dict[str, Any]:
    """How it may be left, as its customer reads it."""
    seen: dict[str, Any] = await platform.call(
        "GET",
        "contracts",
        f"/contracts/{reference}/exits",
        Role.CONTRACT_LEAD,
        params={"as_at": as_at, **params},
        organisations=("10H",),
    )
    return seen


async def opened(platform: Platform) -> None:
    """The CCG and the support unit are open."""
    await platform.move_clocks(date(2013, 4, 1))
    bodies = [a_ccg("10H"), an_organisation(SUPPORT_UNIT, "csu")]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    await platform.caught_up()


async def test_s05_a_recently_signed_contract_blocks(platform: Platform) -> None:
    await opened(platform)
    open_ended = {"last_day": None, "notice_months": 6}
    first = await signed(
        platform,
        date(2016, 4, 1),
        reference="CSU-PAYROLL-2016",
        starts_on="2016-04-01",
        exit_terms={"open_ended": True, "minimum_months": 24},
        **open_ended,
    )
    second = await signed(
        platform,
        date(2016, 7, 1),
        reference="CSU-HR-2016",
        starts_on="2016-07-01",
        exit_terms={
            "open_ended": True,
            "minimum_months": 36,
            "payment_share": "1/4",
            "stranded_pence": [0],
            "breakage": [],
            "dual_running_months": 2,
            "redundancy_pence": 1_000_00,
            "redundancy_payer": "supplier",
            "reprocurement_pence": 500_00,
        },
        lines=[{"function": "hr", "annual_pence": 60_000_00}],
        **open_ended,
    )

    blocked = await exits(platform, first, "2016-11-21", exit_on="2017-01-01")
    assert blocked["current_end"] is None
    assert (blocked["earliest_free_exit"], blocked["last_notice_on"]) == ("2018-03-31", "2017-09-30")
    wait, pay = blocked["ways_out"]
    assert (wait["choice"], wait["exit_on"], wait["delay_months"], wait["price_pence"]) == ("wait", "2018-04-01", 15, 0)
    assert (pay["choice"], pay["last_day"], pay["price_pence"]) == ("pay", "2016-12-31", None)
    assert pay["unpriced"] == [
        "contractual_payment",
        "redundancy",
        "breakage",
        "stranded",
        "dual_running",
        "reprocurement",
    ]
    [guidance] = blocked["guidance"]
    assert (guidance["rule_pack"], guidance["ends_on"]) == ("csu-term-2013", "2017-09-30")
    later = await exits(platform, first, "2017-10-01")
    assert (later["earliest_free_exit"], later["window_missed"]) == ("2018-04-01", True)

    # 36 months to 30.6.2019: two and a half years remain on 1.1.2017.
    priced = await exits(platform, second, "2016-11-21", exit_on="2017-01-01")
    wait, pay = priced["ways_out"]
    assert (wait["exit_on"], wait["notice_by"], wait["delay_months"]) == ("2019-07-01", "2018-12-31", 30)
    assert (pay["unpriced"], pay["price_pence"]) == ([], 37_500_00 + 1_000_00 + 10_000_00 + 500_00)
    [estimate] = (
        await platform.call(
            "GET",
            "contracts",
            f"/contracts/{second}/termination",
            Role.CONTRACT_LEAD,
            params={"as_at": "2016-11-21", "exit_on": "2017-01-01"},
            organisations=("10H",),
        )
    )["estimates"]
    lines = [(one["component"], one["payer"], one["payee"], one["pence"]) for one in estimate["price"]["components"]]
    assert lines == [
        ("contractual_payment", "10H", SUPPORT_UNIT, 37_500_00),
        ("redundancy", SUPPORT_UNIT, "staff", 1_000_00),
        ("dual_running", "10H", SUPPORT_UNIT, 10_000_00),
        ("reprocurement", "10H", "", 500_00),
    ]
    await platform.call(
        "GET",
        "contracts",
        f"/contracts/{second}/termination",
        Role.CONTRACT_LEAD,
        expect=403,
        params={"as_at": "2016-11-21"},
        organisations=(SUPPORT_UNIT,),
    )


async def asked(
    platform: Platform, reference: str, path: str, body: dict[str, Any], *, expect: int = 201, party: str = "10H"
) -> dict[str, Any]:
    """Send a command about it as one of its parties, on the version that stands."""
    version = (await platform.call("GET", "contracts", f"/contracts/{reference}", organisations=(party,)))["version"]
    answer: dict[str, Any] = await platform.call(
        "POST",
        "contracts",
        f"/contracts/{reference}/{path}",
        Role.CONTRACT_LEAD,
        json=body,
        headers={"If-Match": f'"{version}"'},
        organisations=(party,),
        expect=expect,
    )
    return answer


async def events(platform: Platform, kind: str) -> list[dict[str, Any]]:
    """The events of contracts of a kind, as they were published."""
    await platform.caught_up()
    feed = await platform.call("GET", "contracts", "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [item["event"]["data"] for item in feed["items"] if f".{kind}.v" in item["event"]["type"]]


@pytest.mark.parametrize(
    ("months", "exit_day", "in_time", "late", "earliest"),
    [
        (12, "2018-03-31", date(2017, 3, 31), date(2017, 4, 1), "2018-04-01"),
        (6, "2018-03-31", date(2017, 9, 30), date(2017, 10, 1), "2018-04-01"),
        (6, "2018-02-28", date(2017, 8, 31), date(2017, 9, 1), "2018-03-01"),
    ],
)
async def test_s06_notice_in_time_late_and_withdrawn(
    platform: Platform, months: int, exit_day: str, in_time: date, late: date, earliest: str
) -> None:
    await opened(platform)
    terms = {"notice_forms": ["recorded_letter"], "proof_required": True, "exit_days": "any_day"}
    contracts = [
        await signed(
            platform,
            date(2016, 4, 1),
            reference=f"CSU-{number}-2016",
            starts_on="2016-04-01",
            last_day="2020-03-31",
            notice_months=months,
            exit_terms=terms,
        )
        for number in ("FIRST", "SECOND")
    ]
    notice = {"last_day": exit_day, "reason": "in_house", "form": "recorded_letter", "proof": "Receipt 4711"}
    await platform.move_clocks(in_time)
    wrong = notice | {"form": "email", "proof": None}
    refused = await asked(platform, contracts[0], "notices", wrong, expect=409)
    assert [reason["field"] for reason in refused["reasons"]] == ["form", "proof"]
    kept = await asked(platform, contracts[0], "notices", wrong | {"without_effect": True})
    assert [one["status"] for one in kept["notices"]] == ["without_effect"]
    assert kept["notices"][0]["faults"] == ["form_wrong", "unproved"]
    served = await asked(platform, contracts[0], "notices", notice)
    assert (served["current_end"], served["notices"][1]["deemed_on"]) == (exit_day, in_time.isoformat())

    await platform.move_clocks(late)
    refused = await asked(platform, contracts[1], "notices", notice, expect=409)
    assert refused["type"].endswith("notice-too-late")
    assert f"the earliest exit is {earliest}" in refused["detail"]
    assert f"notice was due by {in_time}" in refused["detail"]
    assert (await exits(platform, contracts[1], late.isoformat()))["earliest_exit"] == earliest

    number = served["notices"][1]["notice"]
    withdrawal = f"notices/{number}/withdrawal"
    refused = await asked(platform, contracts[0], withdrawal, {}, expect=409)
    assert refused["type"].endswith("withdrawal-not-agreed")
    await asked(platform, contracts[0], withdrawal, {}, party=SUPPORT_UNIT)
    back = await asked(platform, contracts[0], withdrawal, {})
    assert back["current_end"] == "2020-03-31"
    again = await asked(platform, contracts[1], "notices", notice | {"last_day": earliest})
    assert again["notices"][0]["status"] == "served"

    await platform.move_clocks(date(2018, 4, 2))
    status = [
        (await platform.call("GET", "contracts", f"/contracts/{one}", organisations=("10H",)))["status"]
        for one in contracts
    ]
    assert status == ["active", "terminated"]
    [ended] = await events(platform, "ContractTerminated")
    assert (ended["contract"], ended["notice"]) == (contracts[1], again["notices"][0]["notice"])
    assert [one["notice"] for one in await events(platform, "NoticeWithdrawn")] == [number]
    assert [one["contract"] for one in await events(platform, "NoticeServed")] == contracts


@pytest.mark.parametrize(
    ("start", "initial", "renewal", "notice", "seen"),
    [
        pytest.param(
            "2020-08-01",
            36,
            12,
            3,
            [
                ("2023-10-31", "2024-07-31", "2024-04-30", False, "2025-07-31", 0),
                ("2024-05-01", "2024-07-31", "2024-04-30", True, "2025-07-31", 120_000_00),
            ],
            id="GLPI",
        ),
        pytest.param(
            "2020-08-31",
            6,
            6,
            1,
            [
                ("2021-01-31", "2021-02-28", "2021-01-31", False, "2021-08-30", 0),
                ("2021-07-31", "2021-08-30", "2021-07-30", True, "2022-02-28", 60_000_00),
                ("2022-01-31", "2022-02-28", "2022-01-31", False, "2022-08-30", 0),
            ],
            id="short months",
        ),
    ],
)
async def test_s07_tacit_renewal(
    platform: Platform, start: str, initial: int, renewal: int, notice: int, seen: list[tuple[Any, ...]]
) -> None:
    await opened(platform)
    reference = await signed(
        platform,
        date(2020, 8, 1),
        reference="RENEWS-2020",
        starts_on=start,
        last_day=None,
        notice_months=notice,
        lines=[{"function": "it", "annual_pence": 120_000_00}],
        exit_terms={"initial_months": initial, "renewal_months": renewal},
    )
    for as_at, current, due, missed, following, exposure in seen:
        found = await exits(platform, reference, as_at)
        assert (found["current_end"], found["last_notice_on"], found["window_missed"]) == (current, due, missed)
        assert (found["next_end"], found["exposure_pence"]) == (following, exposure)
    await platform.move_clocks(date.fromisoformat(seen[-1][0]))
    assert (await exits(platform, reference, seen[-1][0]))["status"] == "active"
    renewed = await events(platform, "ContractVaried")
    assert {one["reason"] for one in renewed} == {"renewed"}
    assert renewed[-1]["last_day"] == (seen[-1][4] if seen[-1][3] else seen[-1][1])
