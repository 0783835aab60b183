"""EXIT-3 over HTTP: an end is offered, priced to the penny, accepted and published; windows are announced ahead."""

from datetime import date, timedelta
from typing import Any

import pytest
import vobject

from libs.common.identity import Role
from tests.scenarios.test_s05_to_s07_notice_dates import SUPPORT_UNIT, asked, events, exits, opened, signed
from tests.support.platform import Platform

WORKED: dict[str, Any] = {
    "payment_share": "3/10",
    "overhead_pence": 180_000_00,
    "breakage": [{"pence": 12_500_00, "payee": "LICENSOR1"}],
    "dual_running_months": 3,
    "redundancy_payer": "supplier",
    "reprocurement_pence": 20_000_00,
}
STAFF = [
    {"id": "E1", "annual_pay_pence": 45_000_00, "years": 12},
    {"id": "E2", "annual_pay_pence": 31_365_00, "years": 7},
    {"id": "E3", "annual_pay_pence": 60_000_00, "years": 20, "moves": True},
]


@pytest.mark.parametrize(
    ("annual", "last_day", "staff", "expected"),
    [
        pytest.param(
            400_000_00,
            "2017-03-31",
            STAFF,
            {
                "contractual_payment": 120_000_00,
                "redundancy": 63_296_25,
                "breakage": 12_500_00,
                "stranded": 180_000_00,
                "dual_running": 100_000_00,
                "reprocurement": 20_000_00,
            },
            id="a year early",
        ),
        pytest.param(
            600_000_00,
            "2016-09-30",
            STAFF[:1],
            {
                "contractual_payment": 270_000_00,
                "redundancy": 45_000_00,
                "breakage": 12_500_00,
                "stranded": 270_000_00,
                "dual_running": 150_000_00,
                "reprocurement": 20_000_00,
            },
            id="a year and a half early",
        ),
    ],
)
async def test_an_offer_is_priced_and_accepted(
    platform: Platform, annual: int, last_day: str, staff: list[dict[str, Any]], expected: dict[str, int]
) -> None:
    await opened(platform)
    reference = await signed(
        platform,
        date(2015, 4, 1),
        reference="PAYROLL-2015",
        starts_on="2015-04-01",
        last_day="2018-03-31",
        lines=[{"function": "payroll", "annual_pence": annual}],
        exit_terms=WORKED,
    )
    await platform.move_clocks(date(2016, 4, 1))
    stated = {"effective_on": "2015-04-01", "staff": staff}
    path = f"/contracts/{reference}/staff-list"
    supplier = (SUPPORT_UNIT,)
    read = await platform.call("GET", "contracts", f"/contracts/{reference}", organisations=supplier)
    headers = {"If-Match": f'"{read["version"]}"'}
    await platform.call(
        "PUT", "contracts", path, Role.CONTRACT_LEAD, json=stated, headers=headers, organisations=supplier
    )
    listed = await platform.call("GET", "contracts", path, params={"transfer_on": "2018-04-01"}, organisations=supplier)
    assert (listed["information_due_on"], len(listed["staff"])) == ("2018-03-04", len(staff))

    offered = await asked(platform, reference, "terminations", {"last_day": last_day, "reason": "shared_service"})
    [offer] = offered["terminations"]
    assert {line["component"]: line["pence"] for line in offer["components"]} == expected
    assert (offer["unpriced"], offer["total_pence"]) == ([], sum(expected.values()))
    acceptance = f"terminations/{offer['termination']}/acceptance"
    assert (await asked(platform, reference, acceptance, {}, expect=409))["type"].endswith("offer-is-your-own")
    accepted = await asked(platform, reference, acceptance, {}, party=SUPPORT_UNIT)
    [seen_by_supplier] = accepted["terminations"]
    assert seen_by_supplier["status"] == "accepted"
    hidden = {"breakage", "reprocurement"}
    assert {line["component"] for line in seen_by_supplier["components"]} == set(expected) - hidden

    estimate, agreed = await events(platform, "TerminationPriced")
    assert (estimate["status"], estimate["supplier"]) == ("estimate", "")
    assert (agreed["status"], agreed["supplier"], agreed["termination"]) == (
        "agreed",
        SUPPORT_UNIT,
        offer["termination"],
    )
    [ended] = await events(platform, "ContractTerminated")
    assert dict(zip(ended["components"], ended["component_pence"], strict=True)) == expected
    assert ended["termination"] == offer["termination"]
    assert (await exits(platform, reference, "2016-04-01"))["current_end"] == last_day
    await it_is_paid(platform, reference, date.fromisoformat(last_day), expected)


async def it_is_paid(platform: Platform, reference: str, last_day: date, expected: dict[str, int]) -> None:
    """Finance pays what one organisation owes another for the end, on its day and once."""
    paid = {"contractual_payment": SUPPORT_UNIT, "breakage": "LICENSOR1", "dual_running": SUPPORT_UNIT}

    async def payments() -> set[tuple[str, str, int | None, int]]:
        page = await platform.call("GET", "finance", "/payments", params={"contract": reference})
        shown = [(one["item"].split("/")[3], one) for one in page["items"]]
        return {(name, one["payee"], one["due_pence"], one["paid_pence"]) for name, one in shown}

    await platform.caught_up()
    assert await payments() == {(name, payee, None, 0) for name, payee in paid.items()}
    for day in (last_day, last_day + timedelta(days=1)):
        await platform.move_clocks(day)
        assert await payments() == {(name, payee, expected[name], expected[name]) for name, payee in paid.items()}
    assert len(await events(platform, "PaymentFellDue")) == len(paid)


async def test_windows_are_announced_and_calendars_find_their_entries_again(platform: Platform) -> None:
    await opened(platform)
    reference = await signed(
        platform,
        date(2020, 8, 1),
        reference="RENEWS-2020",
        starts_on="2020-08-01",
        last_day=None,
        notice_months=3,
        lines=[{"function": "it", "annual_pence": 120_000_00}],
        exit_terms={"initial_months": 12, "renewal_months": 12},
    )
    [dates] = await events(platform, "NoticeDatesStated")
    assert (dates["exit_on"][0], dates["last_notice_on"][0]) == ("2021-08-01", "2021-04-30")
    assert [one["term_ends_on"] for one in await events(platform, "ExitTermsStated")] == ["2021-07-31"]

    async def findings() -> list[tuple[str, str, int]]:
        page = await platform.call("GET", "contracts", "/findings", params={"about": reference})
        kinds = {"notice_window_opens", "notice_window_missed"}
        return [(one["kind"], one["due_on"], one["exposure_pence"]) for one in page["items"] if one["kind"] in kinds]

    async def days() -> dict[str, tuple[date, int]]:
        answer = await platform.clients["contracts"].get(
            "/v1/exit-calendars/10H",
            params={"format": "ics"},
            headers=platform.tokens.header(Role.CONTRACT_LEAD, organisations=("10H",)),
        )
        assert answer.headers["content-type"].startswith("text/calendar")
        calendar = vobject.readOne(answer.text)
        return {one.uid.value: (one.dtstart.value, int(one.sequence.value)) for one in calendar.vevent_list}

    assert await findings() == []
    before = await days()
    await platform.move_clocks(date(2021, 3, 30))
    assert await findings() == [("notice_window_opens", "2021-04-30", 120_000_00)]
    await platform.move_clocks(date(2021, 5, 1))
    assert await findings() == [("notice_window_missed", "2021-04-30", 120_000_00)]
    assert await days() != before
    await platform.move_clocks(date(2021, 8, 1))
    assert await findings() == []
    after = await days()
    assert before.keys() == after.keys() == {f"{reference}.{kind}@contracts.footprint" for kind in ("notice", "end")}
    assert [after[uid][0] for uid in sorted(after)] == [date(2022, 7, 31), date(2022, 4, 30)]
    assert all(after[uid][1] > before[uid][1] for uid in before)
