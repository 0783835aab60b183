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
