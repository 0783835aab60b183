"""A contract signed while its CCG merges never stays with the closed CCG, whichever comes first."""

import asyncio
from collections.abc import Awaitable
from datetime import date
from typing import TypeVar

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.registry import CCGMerged, OrganisationSucceeded
from services.contracts.agreements import commands as contracts
from services.contracts.agreements.terms import ReviseContract
from services.contracts.core.errors import CustomerNotOpen
from services.contracts.novations.commands import (
    ConsentToNovation,
    ProposeNovation,
    consent_to_novation,
    propose_novation,
)
from services.contracts.novations.queries import get_novation
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges
from tests.support.waiting import until

T = TypeVar("T")

MAY = date(2018, 5, 1)
START = date(2018, 6, 1)


async def waiting(harness: ContractsHarness, work: Awaitable[T]) -> "asyncio.Future[T]":
    """The work, begun, once PostgreSQL shows that it waits for somebody's lock."""
    begun = asyncio.ensure_future(work)

    async def waits() -> bool:
        rows = await harness.database.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        assert not begun.done(), f"it did not wait: {begun}"
        return bool(rows)

    await until(waits)
    return begun


async def test_signed_first_the_merger_waits_and_then_moves_the_contract(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(starts_on=START))
    async with harness.database.begin() as session:
        await harness.sign_within(session, reference, on=MAY)
        merging = await waiting(harness, harness.hear(bucks_merges()))
    await merging
    assert await harness.customers(reference, as_at=START) == ["14Y"]
    assert [event["name"] for event in await harness.told()] == ["ContractSigned", "ContractTransferred"]


async def test_a_consent_that_is_sent_twice_at_once_is_one(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    change = {"into": "CSU-2018", "role": "supplier", "leaving": "0CX", "entering": "0DJ"}
    novation = ProposeNovation.model_validate(change | {"takes_effect_on": date(2018, 10, 1)})
    async with harness.database.begin() as session:
        await propose_novation(session, reference, novation, by=a_lead("10H"), today=MAY, stated_at=at(MAY))

    async def consents(session: AsyncSession) -> None:
        await consent_to_novation(
            session, reference, ConsentToNovation(), by=a_lead("10Y"), today=MAY, stated_at=at(MAY)
        )

    async def again() -> None:
        async with harness.database.begin() as session:
            await consents(session)

    async with harness.database.begin() as session:
        await consents(session)
        second = await waiting(harness, again())
    await second
    read = await get_novation(harness.database, reference, by=a_lead(), as_at=MAY, as_known=None)
    assert read.missing == ["0CX", "0DJ"]


async def test_merged_first_the_signature_waits_and_is_the_successors(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(starts_on=START))
    async with harness.database.begin() as session:
        await harness.deliver(session, bucks_merges())
        signing = await waiting(harness, harness.sign(reference, on=MAY))
    await signing
    assert await harness.customers(reference, as_at=START) == ["14Y"]
    [event] = await harness.told()
    assert (event["name"], event["customers"]) == ("ContractSigned", ["14Y"])


async def test_a_draft_that_was_made_while_the_ccg_merged_cannot_be_signed_for_it(harness: ContractsHarness) -> None:
    async with harness.database.begin() as session:
        await harness.deliver(session, bucks_merges())
        reference = await harness.draft(a_draft(starts_on=START))
        signing = await waiting(harness, harness.sign(reference, on=MAY))
    with pytest.raises(CustomerNotOpen, match="14Y succeeded it on 2018-04-01"):
        await signing
    assert await harness.told() == []


async def test_a_draft_revised_back_to_the_ccg_while_it_merges_cannot_be_signed_for_it(
    harness: ContractsHarness,
) -> None:
    reference = await harness.draft(a_draft(starts_on=START, customers=["05C"]))
    async with harness.database.begin() as session:
        terms = ReviseContract.model_validate(a_draft(starts_on=START).model_dump(exclude={"reference"}))
        await contracts.revise_contract(session, reference, terms, by=a_lead(), today=MAY, expect=any_version)
        await harness.hear(bucks_merges())
    with pytest.raises(CustomerNotOpen):
        await harness.sign(reference, on=MAY)


async def test_let_go_together_the_contract_never_stays_with_a_closed_ccg(harness: ContractsHarness) -> None:
    for attempt in range(20):
        left, right, successor = f"L{attempt:02}", f"R{attempt:02}", f"S{attempt:02}"
        await harness.hear_of_ccgs(left, right)
        reference = await harness.draft(
            a_draft(reference=f"RACE-{attempt:02}", customers=[left, right], starts_on=START)
        )
        merger = CCGMerged(
            effective_on=date(2018, 4, 1),
            stated_at=at(date(2018, 4, 1), 0),
            merger=f"M-{attempt}",
            successor=successor,
            successor_name="",
            predecessors=(left, right),
        )
        lead = a_lead(left, right, successor)
        await asyncio.gather(harness.sign(reference, on=MAY, by=lead), harness.hear(merger))
        assert await harness.status(reference, as_at=START) == "active"
        assert await harness.customers(reference, as_at=START) == [successor]


async def test_a_shared_service_signed_while_a_customer_merges_goes_to_the_successor(harness: ContractsHarness) -> None:
    await harness.signed()
    await harness.signed(a_draft(reference="CSU-DUDLEY-2017", customers=["05C"]))
    replaces = ["CSU-BUCKS-2017", "CSU-DUDLEY-2017"]
    async with harness.database.begin() as session:
        await harness.deliver(session, bucks_merges())
        consolidating = await waiting(harness, harness.consolidate(on=MAY, replaces=replaces))
    await consolidating
    assert await harness.customers("SHARED-2019", as_at=date(2019, 4, 1)) == ["05C", "14Y"]


async def test_a_shared_service_signed_while_its_supplier_is_taken_over_goes_to_the_acquirer(
    harness: ContractsHarness,
) -> None:
    await harness.hear_of_ccgs("0XX")
    replaces = [await harness.signed(), await harness.signed(a_draft(reference="CSU-DUDLEY-2017", customers=["05C"]))]
    taken_over = OrganisationSucceeded(
        code="0XX", successor="0DJ", effective_on=START, stated_at=at(MAY), shape="acquisition", share="1"
    )
    async with harness.database.begin() as session:
        await harness.deliver(session, taken_over)
        consolidating = await waiting(
            harness, harness.consolidate(on=MAY, replaces=replaces, supplier="0XX", agreement="Deed")
        )
    await consolidating
    assert (await harness.seen("SHARED-2019", as_at=date(2019, 4, 1)))["supplier"].code == "0DJ"


async def test_a_shared_service_signed_between_two_mergers_goes_to_the_last_successor(
    harness: ContractsHarness,
) -> None:
    await harness.signed()
    await harness.signed(a_draft(reference="CSU-DUDLEY-2017", customers=["05C"]))
    wider = CCGMerged(
        effective_on=date(2019, 6, 1),
        stated_at=at(date(2019, 6, 1), 0),
        merger="M-WIDER",
        successor="99X",
        successor_name="NHS Wider CCG",
        predecessors=("14Y", "05Y"),
    )
    checked, commit = asyncio.Event(), asyncio.Event()

    async def consolidate_and_hold() -> None:
        async with harness.database.begin() as session:
            replaces = ["CSU-BUCKS-2017", "CSU-DUDLEY-2017"]
            await harness.consolidate_within(session, on=MAY, replaces=replaces)
            checked.set()
            await commit.wait()

    async with harness.database.begin() as session:
        await harness.deliver(session, bucks_merges())
        consolidating = await waiting(harness, consolidate_and_hold())
    await checked.wait()
    # 14Y became a customer only while the consolidation waited; it must be locked all the same.
    merging = await waiting(harness, harness.hear(wider))
    commit.set()
    await asyncio.gather(consolidating, merging)
    assert await harness.customers("SHARED-2019", as_at=date(2019, 5, 31)) == ["05C", "14Y"]
    assert await harness.customers("SHARED-2019", as_at=date(2019, 6, 1)) == ["05C", "99X"]


async def test_a_termination_while_the_customers_merge_is_told_with_the_successor(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    async with harness.database.begin() as session:
        await harness.deliver(session, bucks_merges())
        ending = await waiting(harness, harness.terminate(reference, on=MAY, last_day=date(2018, 12, 31)))
    await ending
    [event] = await harness.told("ContractTerminated")
    assert event["customers"] == ["14Y"]


async def test_a_contract_that_is_ended_before_the_day_while_its_customers_merge_stays_where_it_was(
    harness: ContractsHarness,
) -> None:
    reference = await harness.signed()
    async with harness.database.begin() as session:
        await harness.terminate_within(session, reference, on=MAY, last_day=date(2018, 3, 31), agreement="Deed")
        merging = await waiting(harness, harness.hear(bucks_merges()))
    await merging
    assert await harness.customers(reference, as_at=date(2018, 4, 1)) == ["10H", "10Y"]
    assert await harness.told("ContractTransferred") == []


async def test_of_two_signatures_at_once_one_counts(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(starts_on=START))
    done = await asyncio.gather(
        harness.sign(reference, on=MAY), harness.sign(reference, on=MAY), return_exceptions=True
    )
    assert sum(result is None for result in done) == 1
    assert len(await harness.told("ContractSigned")) == 1
