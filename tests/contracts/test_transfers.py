"""When CCGs merge, the successor takes their place in every contract that still runs: told once, late or twice."""

from datetime import date

import pytest

from libs.common.events.registry import CCGMerged
from services.contracts.core.errors import CustomerNotOpen
from services.contracts.core.queries import get_history
from tests.contracts.stage import Stage, a_draft, a_lead, at, bucks_merges

THE_DAY = date(2018, 4, 1)
THE_DAY_BEFORE = date(2018, 3, 31)


async def test_two_predecessors_that_share_a_contract_leave_one_customer(stage: Stage) -> None:
    reference = await stage.signed()
    await stage.hear(bucks_merges())
    assert await stage.customers(reference, as_at=THE_DAY_BEFORE) == ["10H", "10Y"]
    assert await stage.customers(reference, as_at=THE_DAY) == ["14Y"]


async def test_a_change_of_hands_is_told_once_a_contract(stage: Stage) -> None:
    shared = await stage.signed()
    single = await stage.signed(a_draft(reference="SINGLE-10H-2017", customers=["10H", "05C"]))
    other = await stage.signed(a_draft(reference="OTHER-05C-2017", customers=["05C"]))
    await stage.hear(bucks_merges())
    told = await stage.told("ContractTransferred")
    assert [(event["contract"], event["from_customers"], event["customers"]) for event in told] == [
        (shared, ["10H", "10Y"], ["14Y"]),
        (single, ["10H"], ["05C", "14Y"]),
    ]
    assert {(event["effective_on"], event["merger"], event["annual_pence"]) for event in told} == {
        ("2018-04-01", "M-BUCKS", 150_000_01)
    }
    assert await stage.customers(other, as_at=THE_DAY) == ["05C"]


async def test_an_event_delivered_twice_changes_nothing_the_second_time(stage: Stage) -> None:
    await stage.signed()
    await stage.draft(a_draft(reference="DRAFT-2018", starts_on=date(2018, 9, 1)))
    await stage.hear(bucks_merges())
    before = await stage.content()
    await stage.hear(bucks_merges())
    assert await stage.content() == before


async def test_an_event_delivered_years_late_moves_contracts_from_its_own_day(stage: Stage) -> None:
    reference = await stage.signed()
    after = await stage.signed(a_draft(reference="LATER-2019", starts_on=date(2019, 4, 1)))
    await stage.hear(bucks_merges(stated=at(date(2021, 6, 1))))
    for contract in (reference, after):
        assert await stage.customers(contract, as_at=THE_DAY_BEFORE) == ["10H", "10Y"]
        assert await stage.customers(contract, as_at=THE_DAY) == ["14Y"]
        assert await stage.customers(contract, as_at=THE_DAY, as_known=at(date(2021, 5, 31))) == ["10H", "10Y"]


async def test_a_contract_that_ended_before_the_day_stays_where_it_was(stage: Stage) -> None:
    expired = await stage.signed(a_draft(reference="EXPIRED-2018", last_day=THE_DAY_BEFORE))
    ended = await stage.signed(a_draft(reference="TERMINATED-2018"))
    await stage.terminate(ended, on=date(2017, 9, 1), last_day=THE_DAY_BEFORE)
    lasting = await stage.signed(a_draft(reference="ONE-DAY-MORE", last_day=THE_DAY))
    await stage.hear(bucks_merges())
    assert await stage.customers(expired, as_at=THE_DAY) == ["10H", "10Y"]
    assert await stage.customers(ended, as_at=THE_DAY) == ["10H", "10Y"]
    assert await stage.customers(lasting, as_at=THE_DAY) == ["14Y"]
    assert [event["contract"] for event in await stage.told("ContractTransferred")] == [lasting]


async def test_a_draft_names_the_successor_and_nobody_is_told(stage: Stage) -> None:
    draft = a_draft(starts_on=date(2018, 9, 1), customers=["10H", "10Y", "05C"])
    reference = await stage.draft(draft)
    await stage.hear(bucks_merges())
    assert await stage.customers(reference, as_at=date(2018, 5, 1)) == ["05C", "14Y"]
    assert await stage.told() == []
    await stage.sign(reference, on=date(2018, 5, 1))
    [event] = await stage.told()
    assert (event["name"], event["customers"]) == ("ContractSigned", ["05C", "14Y"])


async def test_a_contract_signed_after_the_merger_was_stated_but_before_it_was_heard_is_moved(stage: Stage) -> None:
    reference = await stage.draft(a_draft(starts_on=date(2018, 6, 1)))
    await stage.sign(reference, on=date(2018, 5, 1))
    await stage.hear(bucks_merges(stated=at(THE_DAY, 0)))
    assert await stage.customers(reference, as_at=date(2018, 6, 1)) == ["14Y"]
    [event] = await stage.told("ContractTransferred")
    assert event["stated_at"] == "2018-05-01T09:00:00Z", "it cannot be known before the contract itself is"


async def test_what_was_signed_in_the_past_and_is_stated_now_follows_the_mergers_since(stage: Stage) -> None:
    await stage.hear(bucks_merges())
    reference = await stage.signed()
    assert await stage.customers(reference, as_at=THE_DAY_BEFORE) == ["10H", "10Y"]
    assert await stage.customers(reference, as_at=THE_DAY) == ["14Y"]
    assert await stage.customers(reference, as_at=THE_DAY, as_known=at(THE_DAY_BEFORE)) == ["10H", "10Y"]
    assert [event["name"] for event in await stage.told()] == ["ContractSigned", "ContractTransferred"]


async def test_stated_before_or_after_the_merger_the_same_is_known_in_the_end(stage: Stage) -> None:
    first = await stage.signed()
    await stage.hear(bucks_merges())
    second = await stage.signed(a_draft(reference="STATED-LATER"))
    for day in (THE_DAY_BEFORE, THE_DAY):
        for known in (date(2017, 3, 1), THE_DAY_BEFORE, date(2018, 4, 2)):
            assert await stage.customers(first, as_at=day, as_known=at(known)) == await stage.customers(
                second, as_at=day, as_known=at(known)
            )


async def test_merger_upon_merger_the_last_successor_holds_the_contract(stage: Stage) -> None:
    reference = await stage.signed()
    wider = CCGMerged(
        effective_on=date(2019, 4, 1),
        stated_at=at(date(2019, 4, 1), 0),
        merger="M-WIDER",
        successor="99X",
        successor_name="NHS Wider CCG",
        predecessors=("14Y", "05C"),
    )
    await stage.hear(bucks_merges(), wider)
    late = await stage.signed(a_draft(reference="STATED-LATER"))
    for contract in (reference, late):
        assert await stage.customers(contract, as_at=THE_DAY_BEFORE) == ["10H", "10Y"]
        assert await stage.customers(contract, as_at=THE_DAY) == ["14Y"]
        assert await stage.customers(contract, as_at=date(2019, 4, 1)) == ["99X"]


async def test_a_later_merger_that_is_heard_first_still_ends_with_its_successor(stage: Stage) -> None:
    reference = await stage.signed()
    wider = CCGMerged(
        effective_on=date(2019, 4, 1),
        stated_at=at(date(2019, 4, 1), 0),
        merger="M-WIDER",
        successor="99X",
        successor_name="NHS Wider CCG",
        predecessors=("14Y", "05C"),
    )
    await stage.hear(wider)
    await stage.hear(bucks_merges())
    assert await stage.customers(reference, as_at=THE_DAY) == ["14Y"]
    assert await stage.customers(reference, as_at=date(2019, 4, 1)) == ["99X"]


async def test_the_history_shows_the_hands_with_merger_and_events(stage: Stage) -> None:
    reference = await stage.signed()
    await stage.hear(bucks_merges())
    history = await get_history(stage.database, reference, by=a_lead(), as_known=None)
    [change] = history["changes_of_hands"]
    told = await stage.database.fetchrow("SELECT event_id::text FROM outbox WHERE name = 'ContractTransferred'")
    assert told is not None
    assert (change["merger"], change["event"], change["to_customer"]) == ("M-BUCKS", told["event_id"], "14Y")
    assert change["caused_by"].startswith("event-")
    spans = [(row["code"], row["first_day"], row["last_day"]) for row in history["customers"] if not row["known_to"]]
    assert spans == [
        ("10H", date(2017, 4, 1), THE_DAY_BEFORE),
        ("10Y", date(2017, 4, 1), THE_DAY_BEFORE),
        ("14Y", THE_DAY, date(2020, 3, 31)),
    ]


async def test_before_the_merger_was_known_the_history_shows_no_change(stage: Stage) -> None:
    reference = await stage.signed()
    await stage.hear(bucks_merges())
    history = await get_history(stage.database, reference, by=a_lead(), as_known=at(THE_DAY_BEFORE))
    assert history["changes_of_hands"] == []
    assert [row["code"] for row in history["customers"]] == ["10H", "10Y"]


async def test_a_new_contract_with_a_ccg_that_closed_is_refused_after_the_merger(stage: Stage) -> None:
    await stage.hear(bucks_merges())
    reference = await stage.draft(a_draft(starts_on=date(2018, 9, 1)))
    with pytest.raises(CustomerNotOpen, match="14Y succeeded it"):
        await stage.sign(reference, on=date(2018, 5, 1))
