"""What is heard of exits gives the same in any order and repetition; a contract without terms is named, never 0."""

from datetime import date
from itertools import permutations

import httpx

from libs.common.events import Event
from libs.common.events.contracts import (
    ContractSigned,
    ExitTermsStated,
    NoticeDatesStated,
    NoticeServed,
    NoticeWithdrawn,
)
from services.finance.exits.models import known_exits
from services.finance.exits.projection import known_exits_of
from tests.support.contract_terms import exit_terms
from tests.support.finance_client import kind
from tests.support.finance_harness import FinanceHarness, at

START = date(2017, 4, 1)


def _signed(contract: str) -> ContractSigned:
    return ContractSigned(
        effective_on=START,
        stated_at=at(date(2017, 1, 10)),
        contract=contract,
        title="Payroll",
        supplier="0CX",
        customers=("06H",),
        functions=("payroll",),
        last_day=date(2020, 3, 31),
        annual_pence=1_000_00,
    )


def _terms(contract: str, share: str, stated: date) -> ExitTermsStated:
    return exit_terms(
        effective_on=START,
        stated_at=at(stated),
        contract=contract,
        supplier="0CX",
        customers=("06H",),
        term_ends_on=date(2020, 3, 31),
        payment_share=share,
        breakage_pence=None,
        dual_running_pence=None,
        redundancy_pence=None,
        redundancy_payer="",
        reprocurement_pence=None,
    )


def _dates(contract: str, *days: tuple[date, date], stated: date) -> NoticeDatesStated:
    return NoticeDatesStated(
        effective_on=START,
        stated_at=at(stated),
        contract=contract,
        supplier="0CX",
        customers=("06H",),
        exit_on=tuple(exit_on for exit_on, _ in days),
        last_notice_on=tuple(due for _, due in days),
    )


def _events(contract: str) -> tuple[Event, ...]:
    parties = {"contract": contract, "supplier": "0CX", "customers": ("06H",), "notice": "N1"}
    served = NoticeServed(
        effective_on=date(2018, 9, 1),
        stated_at=at(date(2018, 9, 1)),
        served_by="06H",
        served_on=date(2018, 9, 1),
        deemed_on=date(2018, 9, 1),
        exit_on=date(2019, 4, 1),
        functions=(),
        leaving=(),
        **parties,
    )
    withdrawn = NoticeWithdrawn(
        effective_on=date(2018, 10, 1),
        stated_at=at(date(2018, 10, 1)),
        agreed_by=("0CX",),
        reason="agreed",
        **parties,
    )
    return (
        _terms(contract, "1/2", date(2017, 1, 10)),
        _terms(contract, "1/4", date(2017, 6, 1)),
        _dates(contract, (date(2019, 4, 1), date(2018, 9, 30)), stated=date(2017, 1, 10)),
        served,
        withdrawn,
    )


async def test_any_order_and_repetition_give_the_same(harness: FinanceHarness) -> None:
    found = set()
    for number, order in enumerate([*permutations(range(5))][::17]):
        contract = f"CSU-ORDER-{number}"
        events = _events(contract)
        await harness.hear(*(events[index] for index in order))
        await harness.hear(*(events[index] for index in reversed(order)))
        in_time = []
        for as_at, as_known in (
            (START, at(date(2017, 2, 1))),
            (date(2018, 9, 2), at(date(2018, 9, 2))),
            (date(2018, 8, 31), None),
            (date(2018, 9, 2), None),
            (date(2018, 10, 1), None),
        ):
            known = (await known_exits_of(harness.database, [contract], as_at=as_at, as_known=as_known))[contract]
            share = known.terms and known.terms.payment_share
            in_time.append((str(share), known.dates, tuple(one.exit_on for one in known.notices)))
        found.add(tuple(in_time))
    dates = ((date(2019, 4, 1), date(2018, 9, 30)),)
    # A notice stands on the days from its own to the one of its withdrawal, also as known when both are over.
    stands, none = ("1/4", dates, (date(2019, 4, 1),)), ("1/4", dates, ())
    assert found == {(("1/2", dates, ()), stands, none, stands, none)}
    rows = await harness.database.fetch(known_exits.content)
    assert len(rows) == 5 * 8


async def test_a_contract_without_exit_terms_is_named_and_has_no_figure(
    client: httpx.AsyncClient, harness: FinanceHarness
) -> None:
    await harness.hear(_signed("CSU-BARE-2017"), _signed("CSU-LATE-2017"))
    body = {"organisation": "06H", "base_year": "2017-18", "years": 5, "replacement_pence": 500_00}
    refused = await client.post("/v1/exit-assessments/CSU-BARE-2017", json=body)
    assert (refused.status_code, kind(refused)) == (409, "exit-terms-unknown")
    params = {"organisation": "06H", "as_at": "2017-06-01"}
    items = (await client.get("/v1/exit-assessments", params=params)).json()["items"]
    assert [(one["contract"], one["basis"], one["cost_of_missing_pence"]) for one in items] == [
        ("CSU-BARE-2017", "no_exit_terms", None),
        ("CSU-LATE-2017", "no_exit_terms", None),
    ]
    await harness.hear(
        _terms("CSU-LATE-2017", "1/2", date(2017, 5, 1)),
        _dates("CSU-LATE-2017", (date(2030, 4, 1), date(2029, 9, 30)), stated=date(2017, 5, 1)),
    )
    beyond = await client.post("/v1/exit-assessments/CSU-LATE-2017", json=body)
    assert kind(beyond) == "beyond-horizon"
    foreign = await client.post("/v1/exit-assessments/CSU-LATE-2017", json=body | {"organisation": "10Y"})
    assert (kind(foreign), foreign.json()["reasons"][0]["field"]) == ("not-a-customer", "organisation")
    neither = await client.get("/v1/exit-assessments")
    assert (neither.status_code, kind(neither)) == (422, "no-calendar-asked")
