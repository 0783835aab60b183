"""When CCGs merge, the successor takes their place in every contract that still runs: told once, late or twice."""

from datetime import date

import pytest

from libs.common.events.registry import CCGMerged
from services.contracts.core.errors import CustomerNotOpen
from services.contracts.core.queries import get_history
from services.contracts.transfers import commands
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at, bucks_merges

THE_DAY = date(2018, 4, 1)
THE_DAY_BEFORE = date(2018, 3, 31)


async def test_two_predecessors_that_share_a_contract_leave_one_customer(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges())
    assert await harness.customers(reference, as_at=THE_DAY_BEFORE) == ["10H", "10Y"]
    assert await harness.customers(reference, as_at=THE_DAY) == ["14Y"]


async def test_a_change_of_hands_is_told_once_a_contract(
    harness: ContractsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where not all contracts fit into one piece."""
    monkeypatch.setattr(commands, "AT_ONCE", 1)
    shared = await harness.signed()
    single = await harness.signed(a_draft(reference="SINGLE-10H-2017", customers=["10H", "05C"]))
    other = await harness.signed(a_draft(reference="OTHER-05C-2017", customers=["05C"]))
    await harness.hear(bucks_merges())
    told = await harness.told("ContractTransferred")
    assert [(event["contract"], event["from_customers"], event["customers"]) for event in told] == [
        (shared, ["10H", "10Y"], ["14Y"]),
        (single, ["10H"], ["05C", "14Y"]),
    ]
    assert {(event["effective_on"], event["merger"], event["annual_pence"]) for event in told} == {
        ("2018-04-01", "M-BUCKS", 150_000_01)
    }
    assert await harness.customers(other, as_at=THE_DAY) == ["05C"]


async def test_an_event_delivered_twice_changes_nothing_the_second_time(harness: ContractsHarness) -> None:
    await harness.signed()
    await harness.draft(a_draft(reference="DRAFT-2018", starts_on=date(2018, 9, 1)))
    await harness.hear(bucks_merges())
    before = await harness.content()
    await harness.hear(bucks_merges())
    assert await harness.content() == before


async def test_an_event_delivered_years_late_moves_contracts_from_its_own_day(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    after = await harness.signed(a_draft(reference="LATER-2019", starts_on=date(2019, 4, 1)))
    await harness.hear(bucks_merges(stated=at(date(2021, 6, 1))))
    for contract in (reference, after):
        assert await harness.customers(contract, as_at=THE_DAY_BEFORE) == ["10H", "10Y"]
        assert await harness.customers(contract, as_at=THE_DAY) == ["14Y"]
        assert await harness.customers(contract, as_at=THE_DAY, as_known=at(date(2021, 5, 31))) == ["10H", "10Y"]


async def test_a_contract_that_ended_before_the_day_stays_where_it_was(harness: ContractsHarness) -> None:
    expired = await harness.signed(a_draft(reference="EXPIRED-2018", last_day=THE_DAY_BEFORE))
    ended = await harness.signed(a_draft(reference="TERMINATED-2018"))
    await harness.terminate(ended, on=date(2017, 9, 1), last_day=THE_DAY_BEFORE)
    lasting = await harness.signed(a_draft(reference="ONE-DAY-MORE", last_day=THE_DAY))
    await harness.hear(bucks_merges())
    assert await harness.customers(expired, as_at=THE_DAY) == ["10H", "10Y"]
    assert await harness.customers(ended, as_at=THE_DAY) == ["10H", "10Y"]
    assert await harness.customers(lasting, as_at=THE_DAY) == ["14Y"]
    assert [event["contract"] for event in await harness.told("ContractTransferred")] == [lasting]


async def test_a_draft_names_the_successor_and_nobody_is_told(harness: ContractsHarness) -> None:
    draft = a_draft(starts_on=date(2018, 9, 1), customers=["10H", "10Y", "05C"])
    reference = await harness.draft(draft)
    await harness.hear(bucks_merges())
    assert await harness.customers(reference, as_at=date(2018, 5, 1)) == ["05C", "14Y"]
    assert await harness.told() == []
    await harness.sign(reference, on=date(2018, 5, 1))
    [event] = await harness.told()
    assert (event["name"], event["customers"]) == ("ContractSigned", ["05C", "14Y"])


async def test_a_contract_signed_after_the_merger_was_stated_but_before_it_was_heard_is_moved(
    harness: ContractsHarness,
) -> None:
    reference = await harness.draft(a_draft(starts_on=date(2018, 6, 1)))
    await harness.sign(reference, on=date(2018, 5, 1))
    await harness.hear(bucks_merges(stated=at(THE_DAY, 0)))
    assert await harness.customers(reference, as_at=date(2018, 6, 1)) == ["14Y"]
    [event] = await harness.told("ContractTransferred")
    assert event["stated_at"] == "2018-05-01T09:00:00Z", "it cannot be known before the contract itself is"


async def test_what_was_signed_in_the_past_and_is_stated_now_follows_the_mergers_since(
    harness: ContractsHarness,
) -> None:
    await harness.hear(bucks_merges())
    reference = await harness.signed()
    assert await harness.customers(reference, as_at=THE_DAY_BEFORE) == ["10H", "10Y"]
    assert await harness.customers(reference, as_at=THE_DAY) == ["14Y"]
    assert await harness.customers(reference, as_at=THE_DAY, as_known=at(THE_DAY_BEFORE)) == ["10H", "10Y"]
    assert [event["name"] for event in await harness.told()] == ["ContractSigned", "ContractTransferred"]


async def test_stated_before_or_after_the_merger_the_same_is_known_in_the_end(harness: ContractsHarness) -> None:
    first = await harness.signed()
    await harness.hear(bucks_merges())
    second = await harness.signed(a_draft(reference="STATED-LATER"))
    for day in (THE_DAY_BEFORE, THE_DAY):
        for known in (date(2017, 3, 1), THE_DAY_BEFORE, date(2018, 4, 2)):
            assert await harness.customers(first, as_at=day, as_known=at(known)) == await harness.customers(
                second, as_at=day, as_known=at(known)
            )


async def test_merger_upon_merger_the_last_successor_holds_the_contract(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    wider = CCGMerged(
        effective_on=date(2019, 4, 1),
        stated_at=at(date(2019, 4, 1), 0),
        merger="M-WIDER",
        successor="99X",
        successor_name="NHS Wider CCG",
        predecessors=("14Y", "05C"),
    )
    await harness.hear(bucks_merges(), wider)
    late = await harness.signed(a_draft(reference="STATED-LATER"))
    for contract in (reference, late):
        assert await harness.customers(contract, as_at=THE_DAY_BEFORE) == ["10H", "10Y"]
        assert await harness.customers(contract, as_at=THE_DAY) == ["14Y"]
        assert await harness.customers(contract, as_at=date(2019, 4, 1)) == ["99X"]


async def test_a_later_merger_that_is_heard_first_still_ends_with_its_successor(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    wider = CCGMerged(
        effective_on=date(2019, 4, 1),
        stated_at=at(date(2019, 4, 1), 0),
        merger="M-WIDER",
        successor="99X",
        successor_name="NHS Wider CCG",
        predecessors=("14Y", "05C"),
    )
    await harness.hear(wider)
    await harness.hear(bucks_merges())
    assert await harness.customers(reference, as_at=THE_DAY) == ["14Y"]
    assert await harness.customers(reference, as_at=date(2019, 4, 1)) == ["99X"]


async def test_the_history_shows_the_hands_with_merger_and_events(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges())
    history = await get_history(harness.database, reference, by=a_lead(), as_known=None)
    [change] = history["changes_of_hands"]
    told = await harness.database.fetchrow("SELECT event_id::text FROM outbox WHERE name = 'ContractTransferred'")
    assert told is not None
    assert (change["merger"], change["event"], change["to_customer"]) == ("M-BUCKS", told["event_id"], "14Y")
    assert change["caused_by"].startswith("event-")
    spans = [(row["code"], row["first_day"], row["last_day"]) for row in history["customers"] if not row["known_to"]]
    assert spans == [
        ("10H", date(2017, 4, 1), THE_DAY_BEFORE),
        ("10Y", date(2017, 4, 1), THE_DAY_BEFORE),
        ("14Y", THE_DAY, date(2020, 3, 31)),
    ]


async def test_before_the_merger_was_known_the_history_shows_no_change(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges())
    history = await get_history(harness.database, reference, by=a_lead(), as_known=at(THE_DAY_BEFORE))
    assert history["changes_of_hands"] == []
    assert [row["code"] for row in history["customers"]] == ["10H", "10Y"]


async def test_a_new_contract_with_a_ccg_that_closed_is_refused_after_the_merger(harness: ContractsHarness) -> None:
    await harness.hear(bucks_merges())
    reference = await harness.draft(a_draft(starts_on=date(2018, 9, 1)))
    with pytest.raises(CustomerNotOpen, match="14Y succeeded it"):
        await harness.sign(reference, on=date(2018, 5, 1))
