"""Assessments over HTTP: lenses that are not known, sets of the author's, several customers, and who is paid."""

from datetime import date
from typing import Any

import httpx

from libs.common.events.contracts import (
    ContractSigned,
    NoticeDatesStated,
    NoticeServed,
    SharesAgreed,
)
from libs.common.events.registry import PopulationPublished
from libs.common.identity import Role
from tests.support.contract_terms import exit_terms
from tests.support.edge import Tokens
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness, at
from tests.support.priced_ends import a_termination

START, STATED = date(2017, 4, 1), at(date(2017, 1, 10))
PATH = "/v1/exit-assessments/PAYROLL-2017"
BODY = {"organisation": "06H", "base_year": "2017-18", "years": 5, "replacement_pence": 50_000}
NAMED: dict[str, Any] = {
    "effective_on": START,
    "stated_at": STATED,
    "contract": "PAYROLL-2017",
    "supplier": "0CX",
    "customers": ("06H", "10Y"),
}
NAMED_SHARES = {name: value for name, value in NAMED.items() if name != "supplier"}


async def _published(harness: FinanceHarness, payment_share: str = "1/2") -> None:
    """A contract of two customers that may be left on three days."""
    days = {date(2018, 4, 1): date(2017, 9, 30), date(2019, 4, 1): date(2018, 9, 30), date(2020, 4, 1): START}
    await harness.hear(
        ContractSigned(
            **NAMED, title="Payroll", functions=("payroll",), last_day=date(2020, 3, 31), annual_pence=100_001
        ),
        exit_terms(
            **NAMED,
            term_ends_on=date(2020, 3, 31),
            payment_share=payment_share,
            stranded_pence=(10_001,),
            breakage_pence=3_001,
            dual_running_pence=8_333,
            redundancy_pence=7_001,
            reprocurement_pence=501,
        ),
        NoticeDatesStated(**NAMED, exit_on=tuple(days), last_notice_on=tuple(days.values())),
    )


def _lines(view: Any, exit_on: str) -> list[tuple[Any, ...]]:
    [one] = [one for one in view["exits"] if one["exit_on"] == exit_on]
    fields = ("component", "nature", "payer", "payee", "pence")
    return sorted(tuple(line[name] for name in fields) for line in one["lines"])


def _costs(view: Any, exit_on: str) -> dict[str, int]:
    [one] = [one for one in view["exits"] if one["exit_on"] == exit_on]
    return {cost["lens"]: cost["present_cost_pence"] for cost in one["costs"]}


async def test_terms_and_a_published_price_give_the_same_lines_and_costs(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await _published(harness)
    body = BODY | {"dual_running_months": 3}
    by_terms = (await client.post(PATH, json=body)).json()
    lines = _lines(by_terms, "2019-04-01")
    # Odd pence go to the first customer; of breakage the terms do not say who is paid.
    assert [line for line in lines if line[0] != "contractual_payment"] == [
        ("breakage", "resource", "06H", "", 1_501),
        ("breakage", "resource", "10Y", "", 1_500),
        ("dual_running", "resource", "06H", "0CX", 12_500),
        ("dual_running", "resource", "10Y", "0CX", 12_499),
        ("redundancy", "transfer", "06H", "households", 3_501),
        ("redundancy", "transfer", "10Y", "households", 3_500),
        ("reprocurement", "resource", "06H", "", 251),
        ("reprocurement", "resource", "10Y", "", 250),
        ("stranded", "resource", "0CX", "", 10_001),
    ]
    to_whom = [(line[0], "transfer", line[2], "LICENSOR", line[4]) if line[0] == "breakage" else line for line in lines]
    [assumed] = [one["assumptions"] for one in by_terms["exits"] if one["exit_on"] == "2019-04-01"]
    assert [one.split(":")[0] for one in assumed] == ["breakage", "dual_running"]
    columns = [tuple(column) for column in zip(*to_whom, strict=True)]
    day = date(2019, 3, 31)
    priced = a_termination("PAYROLL-2017", pence=0, status="estimate", due_on=day, termination="T-9").model_copy(
        update={
            "exit_on": date(2019, 4, 1),
            "customers": ("06H", "10Y"),
            "components": columns[0],
            "natures": columns[1],
            "payers": columns[2],
            "payees": columns[3],
            "component_pence": columns[4],
            "due_on": (day,) * len(lines),
            "recurrent_to": (None,) * len(lines),
        }
    )
    await harness.hear(priced)
    by_price = (await client.get(PATH)).json()
    assert _lines(by_price, "2019-04-01") == sorted(to_whom)
    before, after = _costs(by_terms, "2019-04-01"), _costs(by_price, "2019-04-01")
    assert {lens for lens in before if before[lens] != after[lens]} == {"uk_society"}
    # Once a price has named who is paid, the exits that are priced by terms name it too.
    other = [line for line in _lines(by_price, "2018-04-01") if line[0] == "breakage"]
    assert other == [
        ("breakage", "transfer", "06H", "LICENSOR", 1_501),
        ("breakage", "transfer", "10Y", "LICENSOR", 1_500),
    ]


async def test_an_exit_for_which_notice_stands_costs_no_payment_after_its_last_notice_day_either(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await _published(harness, payment_share="")
    assert (await client.post(PATH, json=BODY)).status_code == 201
    served = date(2018, 9, 1)
    notice = NoticeServed(
        **(NAMED | {"effective_on": served, "stated_at": at(served)}),
        notice="N1",
        served_by="06H",
        served_on=served,
        deemed_on=served,
        exit_on=date(2019, 4, 1),
        functions=(),
        leaving=(),
    )

    async def unpriced(as_at: str) -> dict[str, bool]:
        shown = (await client.get(PATH, params={"as_at": as_at})).json()
        return {one["exit_on"]: "contractual_payment" in one["unpriced"] for one in shown["exits"]}

    missed = {"2018-04-01": True, "2019-04-01": True, "2020-04-01": False}
    assert await unpriced("2018-12-01") == missed
    await harness.hear(notice)
    assert await unpriced("2018-12-01") == missed | {"2019-04-01": False}


async def test_customers_bear_a_contract_by_population_where_that_is_their_rule(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await _published(harness)
    await harness.hear(
        SharesAgreed(
            **NAMED_SHARES,
            agreement="PAYROLL-2017",
            host="0CX",
            cost_shares=("1/2", "1/2"),
            hr_shares=(),
            legal_shares=(),
            risk_shares=(),
            cost_basis="population:registered",
        ),
        *(
            PopulationPublished(effective_on=START, stated_at=STATED, code=code, people=people, basis="registered")
            for code, people in (("06H", 300), ("10Y", 100))
        ),
    )
    costs = _costs((await client.post(PATH, json=BODY | {"lenses": ["organisation:10Y"]})).json(), "2020-04-01")
    # Three quarters of charges and replacement; what is due once is divided in whole pence.
    assert abs(costs["organisation"] - 3 * costs["10Y"]) <= 12


async def test_a_lens_is_written_in_any_case_and_an_unknown_party_is_none(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await _published(harness)
    unknown = await client.post(PATH, json=BODY | {"lenses": ["organisation:ZZZ"]})
    assert (unknown.status_code, kind(unknown)) == (404, "party-not-found")
    shown = (await client.post(PATH, json=BODY | {"lenses": ["organisation:10y"]})).json()
    costs = _costs(shown, "2018-04-01")
    assert shown["inputs"]["lenses"] == ["organisation:10Y"]
    assert costs["10Y"] > 0
    assert abs(costs["10Y"] + costs["organisation"] - costs["customers"]) <= 1


async def test_whoever_reads_a_published_version_reads_it_through_its_authors_sets(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await _published(harness)
    await client.put("/v1/lenses/06H/both", json={"effective_on": "2013-04-01", "members": ["06H", "10Y"]})
    await client.post(PATH, json=BODY | {"lenses": ["set:06H:both"]})
    await client.post(f"{PATH}/versions/1/publication", json={"organisation": "06H"})
    other = tokens.header(Role.PARTNER, organisations=("10Y",))
    read = await client.get(PATH, headers=other)
    costs = _costs(read.json(), "2018-04-01")
    assert costs["set:06H:both"] == costs["customers"] > 0
    assert kind(await client.get("/v1/lenses/06H/both", headers=other)) == "lens-not-found"
