"""S01, S03, S04, contracts' part: terms, days and prices that finance hears, from signature to settled price."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s05_to_s07_notice_dates import SUPPORT_UNIT, asked, events, opened, signed
from tests.support.platform import Platform

Answer = dict[str, Any]


async def get(platform: Platform, reference: str, path: str, *, by: str = "10H", **params: str) -> Answer:
    answer: Answer = await platform.call(
        "GET",
        "contracts",
        f"/contracts/{reference}/{path}",
        Role.CONTRACT_LEAD,
        params=params,
        organisations=(by,),
    )
    return answer


async def put(platform: Platform, reference: str, path: str, body: Answer, *, expect: int = 200) -> Answer:
    version = (await platform.call("GET", "contracts", f"/contracts/{reference}", organisations=("10H",)))["version"]
    answer: Answer = await platform.call(
        "PUT",
        "contracts",
        f"/contracts/{reference}/{path}",
        Role.CONTRACT_LEAD,
        json=body,
        headers={"If-Match": f'"{version}"'},
        organisations=("10H",),
        expect=expect,
    )
    return answer


@pytest.mark.parametrize(
    ("annual", "share", "years_left"),
    [
        pytest.param(5_000_000_00, Fraction(1, 2), 1, id="the seed's £2.5m"),
        pytest.param(3_600_000_00, Fraction(3, 20), 2, id="a second set"),
    ],
)
async def test_s01_a_termination_is_priced_agreed_carried_out_and_settled(
    platform: Platform, annual: int, share: Fraction, years_left: int
) -> None:
    payment = int(annual * share * years_left)
    if annual == 5_000_000_00:
        assert payment == 2_500_000_00
    await opened(platform)
    exit_on = date(2020 - years_left, 4, 1)
    last_day = (exit_on - timedelta(days=1)).isoformat()
    reference = await signed(
        platform,
        date(2015, 4, 1),
        reference="BACK-OFFICE-2015",
        starts_on="2015-04-01",
        last_day="2020-03-31",
        lines=[{"function": "payroll", "annual_pence": annual}],
        exit_terms={
            "payment_share": f"{share.numerator}/{share.denominator}",
            "breakage": [],
            "dual_running_months": 0,
            "redundancy_pence": 0,
            "reprocurement_pence": 0,
            "stranded_pence": [0],
        },
    )
    await platform.move_clocks(date(2016, 4, 1))
    path = f"/contracts/{reference}/termination-estimates"
    lead = Role.CONTRACT_LEAD
    body = {"exit_on": exit_on.isoformat()}
    await platform.call("POST", "contracts", path, lead, json=body, organisations=(SUPPORT_UNIT,), expect=403)
    for _ in range(2):
        shown = await platform.call("POST", "contracts", path, lead, json=body, organisations=("10H",), expect=201)
    assert (shown["total_pence"], shown["unpriced"]) == (payment, [])

    offered = await asked(platform, reference, "terminations", {"last_day": last_day, "reason": "shared_service"})
    termination = offered["terminations"][0]["termination"]
    settlement = f"terminations/{termination}/settlement"
    line = {"component": "contractual_payment", "payer": "10H", "payee": SUPPORT_UNIT, "pence": payment}
    early = await asked(platform, reference, settlement, {"lines": [line]}, expect=409)
    assert early["type"].endswith("/not-agreed-yet")
    await asked(platform, reference, f"terminations/{termination}/acceptance", {}, party=SUPPORT_UNIT)

    # The exit is planned, data are returned, and what is not is a finding before the exit day.
    returned = {"title": "Files", "owner": SUPPORT_UNIT, "receiver": "10H"}
    due = (exit_on - timedelta(days=17)).isoformat()
    plan = {
        "exit_on": exit_on.isoformat(),
        "steps": [{"step": "handover", "title": "Hand over", "owner": SUPPORT_UNIT, "due_on": due}],
        "returns": [returned | {"item": "payroll-files", "due_on": due}, returned | {"item": "logs", "due_on": due}],
    }
    stranger = [returned | {"item": "logs", "due_on": due, "receiver": "05C"}]
    refused = await put(platform, reference, "exit-plan", plan | {"returns": stranger}, expect=409)
    assert refused["type"].endswith("/not-the-receiver")
    planned = await put(platform, reference, "exit-plan", plan)
    assert planned["missing"] == ["payroll-files", "logs"]
    receipt = {"sha256": "ab" * 32}
    await asked(platform, reference, "exit-plan/returns/logs/receipt", receipt, party=SUPPORT_UNIT, expect=403)
    await asked(platform, reference, "exit-plan/returns/nothing/receipt", receipt, expect=409)
    await asked(platform, reference, "exit-plan/returns/logs/receipt", receipt)
    await steps_are_done_and_receipts_uploaded(platform, reference)

    async def duties() -> list[tuple[str, str | None]]:
        page = await platform.call("GET", "contracts", "/findings", params={"about": reference})
        return [(one["text"], one["due_on"]) for one in page["items"] if one["kind"] == "obligation_due"]

    await platform.move_clocks(exit_on - timedelta(days=46))
    assert await duties() == []
    await platform.move_clocks(exit_on - timedelta(days=44))
    [(text, found_due)] = await duties()
    assert ("payroll-files" in text, found_due) == (True, due)
    await asked(platform, reference, "exit-plan/returns/payroll-files/receipt", receipt)
    assert await duties() == []
    assert (await get(platform, reference, "exit-plan"))["missing"] == []
    before = await get(platform, reference, "exit-plan", as_known="2016-12-31")
    assert before["missing"] == ["payroll-files"]

    # Either side states what was paid; the same amounts settle it.
    await platform.move_clocks(exit_on + timedelta(days=30))
    wrong = await asked(platform, reference, settlement, {"lines": []}, expect=409)
    assert wrong["type"].endswith("/lines-differ")
    paid = payment - 1_00
    await asked(platform, reference, settlement, {"lines": [line]})
    first = await asked(platform, reference, settlement, {"lines": [line | {"pence": paid}]}, party=SUPPORT_UNIT)
    assert first["status"] == "agreed"
    final = await asked(platform, reference, settlement, {"lines": [line | {"pence": paid}]})
    assert (final["status"], final["total_pence"]) == ("settled", paid)

    told = await events(platform, "TerminationPriced")
    assert [(one["status"], one["supplier"], sum(one["component_pence"])) for one in told] == [
        ("estimate", "", payment),
        ("estimate", "", payment),
        ("estimate", "", payment),
        ("agreed", SUPPORT_UNIT, payment),
        ("settled", SUPPORT_UNIT, paid),
    ]
    assert told[0]["termination"] == told[1]["termination"] == f"estimate/{reference}/{exit_on.isoformat()}"
    assert {one["termination"] for one in told[2:]} == {termination}
    [ended] = await events(platform, "ContractTerminated")
    assert (ended["component_pence"], ended["termination"]) == ([payment], termination)


async def steps_are_done_and_receipts_uploaded(platform: Platform, reference: str) -> None:
    """A step is marked done by its owner alone; a receipt that names an uploaded document needs one."""
    done = "exit-plan/steps/handover/completion"
    await asked(platform, reference, done, {}, expect=403)
    unknown = await asked(platform, reference, "exit-plan/steps/nothing/completion", {}, expect=409)
    assert unknown["type"].endswith("/step-not-planned")
    early = {"done_on": "2016-03-31"}
    late = await asked(platform, reference, done, early, party=SUPPORT_UNIT, expect=409)
    assert late["reasons"][0]["field"] == "document"
    for _ in range(2):
        shown = await asked(platform, reference, done, early | {"document": "Minute 4"}, party=SUPPORT_UNIT)
    assert shown["steps"][0]["done"] == {"done_on": "2016-03-31", "document": "Minute 4"}

    content = b"What was returned"
    digest = hashlib.sha256(content).hexdigest()
    receipt = {"sha256": digest, "uploaded": True}
    refused = await asked(platform, reference, "exit-plan/returns/logs/receipt", receipt, expect=409)
    assert refused["type"].endswith("/receipt-not-uploaded")
    await platform.call(
        *("POST", "contracts", f"/contracts/{reference}/documents", Role.CONTRACT_LEAD),
        organisations=("10H",),
        params={"name": "list.txt", "media_type": "text/plain", "sha256": digest},
        content=content,
    )
    shown = await asked(platform, reference, "exit-plan/returns/logs/receipt", receipt)
    [logs] = [one["receipt"] for one in shown["returns"] if one["item"] == "logs"]
    assert (logs["sha256"], logs["uploaded"]) == (digest, True)


def remaining(annual: int, share: Fraction, years: int) -> list[int]:
    """The payment for an exit at the start of each year, the last one at expiry: of whole years that remain."""
    return [int(annual * share * (years - exit_year)) for exit_year in range(1, years + 1)]


def stranded_at(costs: Sequence[int], years: int) -> list[int]:
    """The stranded cost of an exit at the start of each year, which ends with the term."""
    return [sum(costs[: years - exit_year]) for exit_year in range(1, years + 1)]


@pytest.mark.parametrize(
    ("annual", "years", "shares", "stranded", "months"),
    [
        pytest.param(1_000_000_00, 5, (Fraction(1, 2), Fraction(3, 10)), (300_000_00, 150_000_00), 6, id="S03"),
        pytest.param(
            *(640_000_00, 4, (Fraction(1, 4), Fraction(2, 5)), (90_000_00, 60_000_00, 30_000_00), 12), id="a second set"
        ),
    ],
)
async def test_s03_s04_finance_hears_terms_exits_and_what_changed(
    platform: Platform,
    annual: int,
    years: int,
    shares: tuple[Fraction, Fraction],
    stranded: tuple[int, ...],
    months: int,
) -> None:
    await opened(platform)
    terms = {
        "exit_days": "year",
        "stranded_pence": list(stranded),
        "breakage": [],
        "dual_running_months": 0,
        "redundancy_pence": 0,
        "reprocurement_pence": 0,
    }
    reference = await signed(
        platform,
        date(2016, 2, 1),
        reference="CSU-TERMS-2016",
        starts_on="2016-04-01",
        last_day=f"{2016 + years}-03-31",
        notice_months=months,
        lines=[{"function": "payroll", "annual_pence": annual}],
        exit_terms=terms | {"payment_share": str(shares[0])},
    )
    days = [f"{2016 + number}-04-01" for number in range(1, years + 1)]
    by = {6: "09-30", 12: "03-31"}[months]
    notice = [f"{2016 + number - 1}-{by}" for number in range(1, years)]

    async def priced(as_at: str, as_known: str | None = None) -> dict[str, tuple[int, int]]:
        asked_for = {"as_at": as_at} | ({"as_known": as_known} if as_known else {})
        answer = await get(platform, reference, "termination", **asked_for)
        return {
            one["exit_on"]: (
                sum(line["pence"] for line in one["price"]["components"] if line["component"] == "contractual_payment"),
                sum(line["pence"] for line in one["price"]["components"] if line["component"] == "stranded"),
            )
            for one in answer["estimates"]
        }

    def expected(share: Fraction) -> dict[str, tuple[int, int]]:
        prices = zip(remaining(annual, share, years), stranded_at(stranded, years), strict=True)
        return dict(zip(days, prices, strict=True))

    assert await priced("2016-04-01") == expected(shares[0])
    [stated], [dates] = await events(platform, "ExitTermsStated"), await events(platform, "NoticeDatesStated")
    assert (stated["payment_share"], stated["stranded_pence"]) == (str(shares[0]), list(stranded))
    assert (stated["stranded_ends_with_term"], stated["term_ends_on"]) == (True, f"{2016 + years}-03-31")
    assert dates["exit_on"] == days
    assert dates["last_notice_on"] == [*notice, f"{2016 + years}-03-31"]
    late = await get(platform, reference, "exits", as_at="2016-10-01" if months == 6 else "2016-04-02")
    assert [one["notice_passed"] for one in late["offered"]] == [True, *([False] * (years - 1))]

    # The rate is amended from the start: as known before, each answer stays.
    await platform.move_clocks(date(2016, 5, 1))
    version = (await platform.call("GET", "contracts", f"/contracts/{reference}", organisations=("10H",)))["version"]
    body = {
        "effective_on": "2016-05-01",
        "exit_terms": terms | {"payment_share": str(shares[1])},
        "rationale": "The rate was settled",
        "grounds": "small",
        "authority": "Minute 4",
    }
    await platform.call(
        "POST",
        "contracts",
        f"/contracts/{reference}/amendments",
        Role.CONTRACT_LEAD,
        json=body,
        headers={"If-Match": f'"{version}"'},
        organisations=("10H",),
    )
    assert await priced("2016-05-01") == expected(shares[1])
    assert await priced("2016-04-30") == expected(shares[0])
    assert await priced("2016-05-01", "2016-04-30") == expected(shares[0])
    told = await events(platform, "ExitTermsStated")
    assert [(one["effective_on"], one["payment_share"]) for one in told] == [
        ("2016-04-01", str(shares[0])),
        ("2016-05-01", str(shares[1])),
    ]
    assert (await events(platform, "NoticeDatesStated"))[-1]["exit_on"] == days
    # The advice of eighteen months is a finding, counted from the first day of service.
    page = await platform.call("GET", "contracts", "/findings", params={"about": reference})
    assert [(one["due_on"], one["about"]) for one in page["items"] if one["kind"] == "guidance"] == [
        ("2017-09-30", [reference, SUPPORT_UNIT])
    ]
