"""The price of an agreed end falls due with the end, once a payment, is put right by a settlement, or dropped."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from services.contracts.agreements.commands import lock_contracts
from services.contracts.exits.prices.price import Component
from services.contracts.part_ends.payments import AgreedPrice, plan_price, prices_fall_due
from services.contracts.terminations.due import end_by_notice
from services.contracts.terminations.offers import (
    AcceptTermination,
    OfferTermination,
    accept_termination,
    offer_termination,
)
from tests.contracts.agreements.test_consents import DAY, LATER, ends, serves, three
from tests.contracts.part_ends.test_commands import LAST, REFERENCE, part_is_agreed, settles
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges

LINES = [{"function": "bi", "annual_pence": 60_000}, {"function": "payroll", "annual_pence": 90_000}]


async def agreed(harness: ContractsHarness, last_day: date, pence: int, *, on: date = DAY, **part: Any) -> str:
    """The customers offer an end at a payment, and the supplier accepts; the id of the offer."""
    offer = OfferTermination(last_day=last_day, reason="in_house", payment_pence=pence, **part)
    how: dict[str, Any] = {"today": on, "stated_at": at(on), "expect": any_version}
    async with harness.database.begin() as session:
        by = a_lead("05C", "10H", "10Y", "14Y")
        made = await offer_termination(session, REFERENCE, offer, by=by, **how)
        await accept_termination(session, REFERENCE, made.reference, AcceptTermination(), by=a_lead("0CX"), **how)
    return made.reference


async def falls_due(harness: ContractsHarness, up_to: date) -> int:
    async with harness.database.begin() as session:
        return await prices_fall_due(session, up_to=up_to, stated_at=at(up_to), by=a_lead(also=tuple(Role)))


async def told(harness: ContractsHarness, name: str) -> list[tuple[Any, ...]]:
    fields = ("payer", "payee", "amount_pence", "due_on")
    return [tuple(one[field] for field in fields) for one in await harness.told(name)]


@pytest.mark.parametrize(
    ("payee", "component", "items"),
    [
        ("0CX", "dual_running", ["R-2017/termination/T-1/dual_running/10H/0CX"]),
        ("LICENSOR1", "breakage", ["R-2017/termination/T-1/breakage/10H/LICENSOR1"]),
        ("staff", "redundancy", []),
        ("", "reprocurement", []),
    ],
)
def test_a_line_by_which_no_organisation_is_paid_is_no_payment(payee: str, component: Any, items: list[str]) -> None:
    def line(pence: int) -> Component:
        return Component(
            component=component, nature="transfer", payer="10H", payee=payee, pence=pence, due_on=LAST, basis=""
        )

    contract: Any = type("Named", (), {"reference": "R-2017"})()
    price = AgreedPrice(contract, "T-1", [line(40), line(2)])
    assert [(one.item, one.most_pence, one.condition) for one in price.items("end")] == [
        (item, 42, "end") for item in items
    ]


async def test_a_whole_end_falls_due_on_its_day_once_from_who_has_the_contract_then(harness: ContractsHarness) -> None:
    await three(harness)
    await agreed(harness, date(2018, 6, 30), 30_000)
    parts = [("05C", 10_000), ("10H", 10_000), ("10Y", 10_000)]
    assert await told(harness, "PaymentScheduled") == [(code, "0CX", pence, "2018-06-30") for code, pence in parts]
    await harness.hear(bucks_merges(LATER))
    assert (await falls_due(harness, date(2018, 6, 29)), await told(harness, "PaymentFellDue")) == (0, [])
    assert (await falls_due(harness, date(2018, 7, 1)), await falls_due(harness, date(2018, 7, 2))) == (3, 0)
    due = [(code, "0CX", 10_000, "2018-06-30") for code in ("05C", "14Y", "14Y")]
    assert await told(harness, "PaymentFellDue") == due
    [item, *_] = [one["item"] for one in await harness.told("PaymentFellDue")]
    assert item.endswith("/contractual_payment/05C/0CX")


async def test_the_price_of_a_part_falls_due_with_it_and_is_put_right_by_its_settlement(
    harness: ContractsHarness,
) -> None:
    await three(harness)
    number = await part_is_agreed(harness)
    [planned] = await harness.told("PaymentScheduled")
    assert (planned["condition"], planned["amount_pence"], planned["kind"]) == ("end", 30_000, "termination")
    assert await falls_due(harness, LATER) == 0
    await ends(harness, LATER)
    assert await told(harness, "PaymentFellDue") == [("10Y", "0CX", 30_000, "2018-03-31")]
    for side in ("0CX", "10Y"):
        await settles(harness, number, side, date(2018, 5, 1), 29_000)
    [due, back] = await harness.told("PaymentFellDue")
    assert (back["corrects"], back["payer"], back["payee"]) == (due["item"], "0CX", "10Y")
    assert (back["amount_pence"], back["due_on"]) == (1_000, "2018-05-01")
    assert [one["amount_pence"] for one in await harness.told("PaymentScheduled")] == [30_000, 29_000]


@pytest.mark.parametrize("settled_on", [date(2018, 2, 1), DAY], ids=["later", "at the instant of the agreement"])
async def test_what_is_settled_before_the_day_is_what_falls_due(harness: ContractsHarness, settled_on: date) -> None:
    await three(harness)
    number = await part_is_agreed(harness)
    for side in ("0CX", "10Y"):
        await settles(harness, number, side, settled_on, 31_000)
    assert await told(harness, "PaymentFellDue") == []
    await ends(harness, LATER)
    assert await told(harness, "PaymentFellDue") == [("10Y", "0CX", 31_000, "2018-03-31")]


async def test_a_part_ends_on_its_day_though_the_end_of_the_whole_is_agreed_for_a_later_one(
    harness: ContractsHarness,
) -> None:
    await harness.signed(a_draft(lines=LINES))
    await agreed(harness, LAST, 20_000, functions=["payroll"])
    await agreed(harness, date(2019, 3, 31), 50_000, on=date(2017, 7, 1))
    await ends(harness, LATER)
    left = await harness.seen(REFERENCE, as_at=LATER)
    assert [one["function"] for one in left["lines"]] == ["bi"]
    assert await told(harness, "PaymentFellDue") == [(one, "0CX", 10_000, "2018-03-31") for one in ("10H", "10Y")]
    assert await falls_due(harness, date(2019, 4, 1)) == 2
    assert {row[2:] for row in (await told(harness, "PaymentFellDue"))[2:]} == {(25_000, "2019-03-31")}


async def test_what_was_agreed_for_a_part_is_not_paid_where_the_whole_ends_before_it(harness: ContractsHarness) -> None:
    await harness.signed(a_draft(lines=LINES))
    await agreed(harness, date(2018, 9, 30), 20_000, functions=["payroll"])
    await serves(harness, "10H", last_day="2018-03-31")
    await ends(harness, LATER)
    assert [row[2] for row in await told(harness, "PaymentScheduled")] == [10_000, 10_000, 0, 0]
    async with harness.database.begin() as session:
        up_to = date(2018, 12, 1)
        assert await end_by_notice(session, up_to=up_to, stated_at=at(up_to), by=a_lead(also=tuple(Role))) == 0
    assert (await falls_due(harness, date(2018, 12, 1)), await told(harness, "PaymentFellDue")) == (0, [])


async def test_a_customer_s_notice_of_a_part_is_paid_by_the_terms_and_a_supplier_s_is_not(
    harness: ContractsHarness,
) -> None:
    terms = {"payment_share": "1/10"}
    await harness.signed(a_draft(lines=LINES, exit_terms=terms))
    await serves(harness, "10H", functions=["payroll"])
    await serves(harness, "0CX", functions=["bi"], last_day="2018-06-30")
    await ends(harness, LATER)
    # A tenth of the year that remains of the three, of 90,000.
    due = await told(harness, "PaymentFellDue")
    assert {row[1] for row in due} == {"0CX"}
    before = len(due)
    await ends(harness, date(2018, 7, 1))
    assert len(await told(harness, "PaymentFellDue")) == before


async def test_a_customer_s_notice_of_the_whole_is_paid_once_by_the_terms_and_a_supplier_s_is_not(
    harness: ContractsHarness,
) -> None:
    await harness.signed(a_draft(lines=LINES, exit_terms={"payment_share": "1/10"}))
    await serves(harness, "10H", last_day="2018-03-31")
    assert await told(harness, "PaymentFellDue") == []
    await harness.hear(bucks_merges(LATER))
    await ends(harness, LATER)
    # A tenth of the two years that remain, of 150,000.
    [ended] = await harness.told("ContractTerminated")
    paid = [(payer, "0CX", 15_000, "2018-03-31") for payer in ended["payers"]]
    assert (ended["component_pence"], ended["termination"]) == ([15_000, 15_000], ended["notice"])
    assert await told(harness, "PaymentFellDue") == paid
    assert {one["kind"] for one in await harness.told("PaymentFellDue")} == {"termination"}
    assert (await falls_due(harness, date(2018, 6, 1)), await told(harness, "PaymentFellDue")) == (0, paid)


async def test_a_supplier_s_notice_of_the_whole_is_no_payment(harness: ContractsHarness) -> None:
    await harness.signed(a_draft(lines=LINES, exit_terms={"payment_share": "1/10"}))
    await serves(harness, "0CX", last_day="2018-06-30")
    await ends(harness, date(2018, 7, 1))
    [ended] = await harness.told("ContractTerminated")
    assert {"termination", "components"}.isdisjoint(ended)
    assert await told(harness, "PaymentFellDue") == []


@pytest.mark.parametrize(("agreement", "count"), [(None, 2), ("Deed of 12 January 2018", 0)], ids=["notice", "agreed"])
async def test_an_end_that_is_stated_is_paid_by_the_terms_where_notice_brings_it(
    harness: ContractsHarness, agreement: str | None, count: int
) -> None:
    await harness.signed(a_draft(lines=LINES, exit_terms={"payment_share": "1/10"}))
    await harness.terminate(REFERENCE, on=date(2017, 9, 30), last_day=LAST, agreement=agreement)
    assert [row[2] for row in await told(harness, "PaymentScheduled")] == [15_000] * count
    assert [await falls_due(harness, day) for day in (date(2018, 3, 30), LATER, LATER)] == [0, count, 0]


async def test_of_a_price_only_the_lines_fall_due_whose_day_has_come(harness: ContractsHarness) -> None:
    await harness.signed(a_draft(lines=LINES))
    async with harness.database.begin() as session:
        [contract] = await lock_contracts(session, [REFERENCE])
        lines = [
            Component(
                component="breakage", nature="transfer", payer="10H", payee=payee, pence=1_000, due_on=due_on, basis=""
            )
            for payee, due_on in (("LICENSOR1", LAST), ("LICENSOR2", date(2018, 6, 30)))
        ]
        await plan_price(session, AgreedPrice(contract, "T-1", lines), stated_at=at(DAY))
    assert await falls_due(harness, LATER) == 1
    assert [row[1] for row in await told(harness, "PaymentFellDue")] == ["LICENSOR1"]
    assert (await falls_due(harness, date(2018, 7, 1)), await falls_due(harness, date(2018, 7, 1))) == (1, 0)
