"""What a merger makes its successor buy twice is found by due work, and follows the plan."""

from datetime import date
from typing import Any

import pytest

from libs.common.events.registry import CCGMergerAgreed, CCGMergerRedated, CCGMergerWithdrawn, SuccessionUndone
from libs.common.identity import service_caller
from services.contracts.mergers import reviews
from services.contracts.mergers.overlaps import Overlap, Supplied
from services.contracts.mergers.plans import MergerPlan, MergerStatus
from services.contracts.mergers.reviews import find_overlaps, of_a_merged_body
from tests.support.contracts_harness import ContractsHarness, a_draft, at, bucks_merges

AGREED, THE_DAY, NEXT_YEAR = date(2017, 9, 1), date(2018, 4, 1), date(2019, 4, 1)
BODIES = {"merger": "M-BUCKS", "successor": "14Y", "predecessors": ("10H", "10Y")}

agreed = CCGMergerAgreed(effective_on=THE_DAY, stated_at=at(AGREED), successor_name="NHS Bucks CCG", **BODIES)
redated = CCGMergerRedated(effective_on=NEXT_YEAR, stated_at=at(date(2018, 2, 1)), previously_on=THE_DAY, **BODIES)
withdrawn = CCGMergerWithdrawn(effective_on=date(2018, 3, 1), stated_at=at(date(2018, 3, 1)), **BODIES)


async def reviewed(harness: ContractsHarness, on: date) -> list[tuple[list[str], list[str], date | None, str]]:
    """The open findings after the due work of a day, which leaves nothing to do."""
    for left in (True, False):
        async with harness.database.begin() as session:
            done = await find_overlaps(session, up_to=on, stated_at=at(on), by=service_caller("contracts"))
            assert left or not done
    rows = await harness.database.fetch(
        "SELECT about, parties, due_on, text FROM finding WHERE cleared_at IS NULL AND kind = 'overlap' ORDER BY key"
    )
    return [(row["about"], row["parties"], row["due_on"], row["text"]) for row in rows]


async def two_payrolls(harness: ContractsHarness) -> None:
    for code, reference in (("10H", "PAYROLL-10H"), ("10Y", "PAYROLL-10Y")):
        lines = [{"function": "payroll", "annual_pence": 100}]
        await harness.signed(a_draft(reference=reference, customers=[code], lines=lines, last_day=date(2021, 3, 31)))


async def test_each_customer_is_told_of_its_own_contract_and_the_day_follows_the_plan(
    harness: ContractsHarness,
) -> None:
    await two_payrolls(harness)
    await harness.hear(redated)
    await harness.hear(agreed)
    found = await reviewed(harness, date(2018, 2, 2))
    assert [(about, parties, due) for about, parties, due, _ in found] == [
        (["PAYROLL-10H"], ["10H"], NEXT_YEAR),
        (["PAYROLL-10Y"], ["10Y"], NEXT_YEAR),
    ]
    assert found[0][3] == "from 2019-04-01 14Y would buy payroll under PAYROLL-10H and another contract"
    await harness.hear(withdrawn, agreed)
    assert await reviewed(harness, date(2018, 3, 2)) == []


async def test_a_merged_body_has_its_overlap_until_one_of_the_contracts_ends(harness: ContractsHarness) -> None:
    await two_payrolls(harness)
    await harness.hear(agreed)
    await reviewed(harness, AGREED)
    await harness.hear(bucks_merges())
    [(about, parties, due, text)] = await reviewed(harness, THE_DAY)
    assert (about, parties, due) == (["14Y", "PAYROLL-10H", "PAYROLL-10Y"], ["14Y"], None)
    assert text == "14Y buys payroll under PAYROLL-10H, PAYROLL-10Y since 2018-04-01"
    await harness.terminate("PAYROLL-10H", on=date(2018, 5, 1), last_day=date(2018, 12, 31))
    assert len(await reviewed(harness, date(2018, 12, 31))) == 1
    assert await reviewed(harness, date(2019, 1, 1)) == []


async def test_an_undone_merger_leaves_no_overlap(harness: ContractsHarness) -> None:
    await two_payrolls(harness)
    await harness.hear(bucks_merges())
    assert len(await reviewed(harness, THE_DAY)) == 1
    undone = [
        SuccessionUndone(code=code, successor="14Y", effective_on=THE_DAY, stated_at=at(date(2018, 6, 1)))
        for code in ("10H", "10Y")
    ]
    await harness.hear(*undone)
    assert await reviewed(harness, date(2018, 6, 1)) == []


async def test_one_piece_of_due_work_raises_or_clears_so_many_and_the_next_ones_the_rest(
    harness: ContractsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "AT_ONCE", 1)
    await harness.hear(agreed)
    await two_payrolls(harness)

    async def pieces(on: date) -> list[int]:
        found = []
        for _ in range(3):
            async with harness.database.begin() as session:
                how: dict[str, Any] = {"up_to": on, "stated_at": at(on), "by": service_caller("contracts")}
                found.append(await find_overlaps(session, **how))
        return found

    assert await pieces(date(2017, 9, 2)) == [1, 1, 0]
    await harness.terminate("PAYROLL-10H", on=date(2017, 9, 30), last_day=date(2018, 3, 31))
    assert await pieces(date(2017, 10, 1)) == [1, 1, 0]
    assert await reviewed(harness, date(2017, 10, 2)) == []


async def test_mergers_of_which_nothing_changes_are_looked_at_piece_by_piece(
    harness: ContractsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviews, "MERGERS_AT_ONCE", 1)
    await harness.hear(agreed)
    next_day = date(2017, 9, 2)
    how: dict[str, Any] = {"up_to": next_day, "stated_at": at(next_day), "by": service_caller("contracts")}
    for done in (1, 0):
        async with harness.database.begin() as session:
            assert await find_overlaps(session, **how) == done


def test_a_body_of_very_many_contracts_has_a_finding_that_can_be_stored() -> None:
    contracts = tuple(Supplied(f"CONTRACT-{number:06}", "0CX", "payroll", 1) for number in range(10_000))
    plan = MergerPlan(
        merger="M-BUCKS",
        status=MergerStatus.CARRIED_OUT,
        successor="14Y",
        successor_name="NHS Bucks CCG",
        predecessors=("10H", "10Y"),
        effective_on=THE_DAY,
        stated_at=at(THE_DAY),
    )
    one, other = (of_a_merged_body(plan, Overlap("14Y", "payroll", each)) for each in (contracts, contracts[1:]))
    assert one.key != other.key
    assert one.key.startswith("overlap M-BUCKS payroll ")
    assert len(one.key) < 200
    assert (len(one.about), one.text.endswith("and 9950 more since 2018-04-01")) == (51, True)
    few = of_a_merged_body(plan, Overlap("14Y", "payroll", contracts[:2]))
    assert few.key == "overlap M-BUCKS payroll CONTRACT-000000+CONTRACT-000001"
