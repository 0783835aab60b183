"""A part of a contract ends among mergers, renewals and settlements: every share has one holder, to the whole."""

import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

import pytest

from libs.common.errors import DomainError
from libs.common.events.registry import CCGMerged, SuccessionUndone
from libs.common.identity import NotYoursToDecide, Role
from services.contracts.exit_plans.settlement import SettleTermination, get_settlement, settle_termination
from services.contracts.terminations.due import end_by_notice, renew_contracts
from services.contracts.terminations.offers import (
    AcceptTermination,
    OfferTermination,
    accept_termination,
    offer_termination,
)
from tests.contracts.agreements.test_consents import DAY, LATER, agrees, ends, serves, shares, three
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges

REFERENCE, LAST = "CSU-BUCKS-2017", date(2018, 3, 31)
CODES = ("05C", "10H", "10Y")


async def part_is_agreed(harness: ContractsHarness) -> str:
    """10Y offers to leave at a payment, and the supplier accepts; the id of the offer."""
    offer = OfferTermination(last_day=LAST, reason="in_house", leaving=["10Y"], payment_pence=30_000)
    how: dict[str, Any] = {"today": DAY, "stated_at": at(DAY), "expect": any_version}
    async with harness.database.begin() as session:
        made = await offer_termination(session, REFERENCE, offer, by=a_lead("10Y"), **how)
        await accept_termination(session, REFERENCE, made.reference, AcceptTermination(), by=a_lead("0CX"), **how)
    return made.reference


async def settles(harness: ContractsHarness, number: str, by: str, day: date, pence: int) -> None:
    line = {"component": "contractual_payment", "payer": "10Y", "payee": "0CX", "pence": pence}
    command = SettleTermination.model_validate({"lines": [line]})
    how: dict[str, Any] = {"today": day, "stated_at": at(day), "expect": any_version}
    async with harness.database.begin() as session:
        await settle_termination(session, REFERENCE, number, command, by=a_lead(by), **how)


async def test_who_left_with_a_part_settles_its_price_and_no_other_customer_does(harness: ContractsHarness) -> None:
    await three(harness)
    number = await part_is_agreed(harness)
    await ends(harness, LATER)
    day = date(2018, 5, 1)
    with pytest.raises(NotYoursToDecide):
        await settles(harness, number, "10H", day, 29_000)
    await settles(harness, number, "0CX", day, 29_000)
    await settles(harness, number, "10Y", day, 29_000)
    *_, settled = await harness.told("TerminationPriced")
    assert (settled["status"], settled["leaving"], settled["component_pence"]) == ("settled", ["10Y"], [29_000])
    assert settled["customers"] == list(CODES)
    read = await get_settlement(harness.database, REFERENCE, number, by=a_lead("10Y"), as_at=LAST, as_known=None)
    assert (read.status, read.total_pence) == ("settled", 29_000)


async def test_lines_that_one_customer_leaves_stay_with_the_others(harness: ContractsHarness) -> None:
    lines = [{"function": "bi", "annual_pence": 60_000}, {"function": "payroll", "annual_pence": 90_000}]
    await harness.signed(a_draft(customers=list(CODES), coordinating_commissioner="10H", lines=lines))
    await serves(harness, "10Y", leaving=["10Y"], functions=["payroll"])
    await ends(harness, LATER)
    left = await harness.seen(REFERENCE, as_at=LATER)
    assert [(one["function"], one["annual_pence"]) for one in left["lines"]] == [("bi", 60_000), ("payroll", 60_000)]
    # 10Y has a third of what it stays in: 20,000 of 120,000.
    assert await shares(harness, LATER) == {"05C": "5/12", "10H": "5/12", "10Y": "1/6"}
    [varied] = await harness.told("ContractVaried")
    assert (varied["reason"], varied["customers"]) == ("partly_terminated", list(CODES))


async def test_a_renewal_is_of_what_does_not_end_before_it(harness: ContractsHarness) -> None:
    lines = [{"function": "bi", "annual_pence": 60_000}, {"function": "payroll", "annual_pence": 90_000}]
    terms = {"initial_months": 36, "renewal_months": 12}
    await harness.signed(a_draft(customers=list(CODES), coordinating_commissioner="10H", lines=lines, exit_terms=terms))
    served = date(2019, 6, 1)
    await serves(harness, "10H", on=served, functions=["payroll"], last_day="2020-03-31")
    day = date(2020, 1, 10)
    async with harness.database.begin() as session:
        by = a_lead(also=tuple(Role))
        assert await renew_contracts(session, up_to=day, stated_at=at(day), by=by) == 1
    [renewed] = await harness.told("ContractVaried")
    assert (renewed["reason"], renewed["effective_on"], renewed["functions"]) == ("renewed", "2020-04-01", ["bi"])
    assert (renewed["annual_pence"], renewed["last_day"]) == (60_000, "2021-03-31")
    await ends(harness, date(2020, 4, 1))
    left = await harness.seen(REFERENCE, as_at=date(2020, 4, 1))
    assert (left["status"], [one["function"] for one in left["lines"]]) == ("active", ["bi"])


MERGERS = (
    bucks_merges(date(2018, 1, 1)),
    CCGMerged(
        **bucks_merges(LATER).model_dump() | {"merger": "M-X", "successor": "98Z", "predecessors": ("05C", "05Y")}
    ),
)
SAMPLE = (date(2017, 9, 1), date(2018, 1, 1), LATER, date(2018, 10, 1), date(2019, 4, 1), date(2020, 3, 31))


@pytest.mark.parametrize("seed", [4, 7])
async def test_whatever_happens_every_share_has_one_holder(harness: ContractsHarness, seed: int) -> None:
    reference, chance, today = await three(harness), random.Random(seed), date(2017, 8, 1)
    for code in CODES:
        await agrees(harness, code, from_day="2017-07-01")

    async def carried_out() -> None:
        async with harness.database.begin() as session:
            while await end_by_notice(session, up_to=today, stated_at=at(today, 8), by=a_lead(also=tuple(Role))):
                pass

    for _ in range(20):
        today += timedelta(days=chance.choice([5, 60]))
        customers = await harness.customers(reference, as_at=min(today, SAMPLE[-1]))
        one, merger = chance.choice(customers), chance.choice(MERGERS)
        gone = chance.choice(merger.predecessors)
        last = (today + timedelta(days=200)).isoformat()
        undone = SuccessionUndone(
            effective_on=merger.effective_on, stated_at=at(today, 12), code=gone, successor=merger.successor
        )
        heard = CCGMerged(**merger.model_dump() | {"stated_at": at(today, 12)})
        acts: list[Callable[[], Awaitable[None]]] = [
            partial(serves, harness, one, on=today, leaving=[one], last_day=last),
            partial(serves, harness, one, on=today, leaving=[one], functions=["payroll"], last_day=last),
            partial(harness.hear, heard),
            partial(harness.hear, undone),
            carried_out,
        ]
        with suppress(DomainError):
            await chance.choice(acts)()
        for day in SAMPLE:
            table = await shares(harness, day)
            assert sorted(table) == await harness.customers(reference, as_at=day), (seed, today, day)
            assert sum(map(Fraction, table.values())) == 1
