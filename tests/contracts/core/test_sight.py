"""What bounds the days that a party reads: successions that are undone, contracts recorded late, several codes."""

from datetime import date

import pytest

from libs.common.events.registry import OrganisationSucceeded, SuccessionUndone
from services.contracts.core.errors import ContractNotFound
from services.contracts.core.queries import get_history
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at, bucks_merges

THE_DAY = date(2018, 4, 1)


async def test_who_took_over_by_mistake_reads_what_was_known_then_and_nothing_now(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    taken = OrganisationSucceeded(
        code="10H", successor="05C", effective_on=THE_DAY, stated_at=at(THE_DAY, 0), shape="acquisition", share="1"
    )
    undone = SuccessionUndone(code="10H", successor="05C", effective_on=THE_DAY, stated_at=at(date(2018, 9, 1)))
    await harness.hear(taken, undone)
    then = await harness.seen(reference, as_at=THE_DAY, as_known=at(date(2018, 8, 1)), by=a_lead("05C"))
    assert [customer.code for customer in then["customers"]] == ["05C", "10Y"]
    for known in (None, at(date(2018, 10, 1))):
        with pytest.raises(ContractNotFound):
            await harness.seen(reference, as_at=THE_DAY, as_known=known, by=a_lead("05C"))
    assert await harness.seen(reference, as_at=THE_DAY, by=a_lead("10H"))


async def test_a_contract_recorded_after_a_partys_days_is_read_as_at_them(harness: ContractsHarness) -> None:
    await harness.hear(bucks_merges())
    reference = await harness.draft(a_draft(), stated=at(date(2018, 5, 1)))
    signed = {"signed_on": date(2017, 2, 1), "document": "Contract of 1 February 2017"}
    await harness.sign(reference, on=date(2018, 5, 1), **signed)
    await harness.terminate(reference, on=date(2018, 6, 1), last_day=date(2018, 12, 31))
    found = await harness.seen(reference, as_at=date(2017, 6, 1), by=a_lead("10H"))
    assert (found["ends_on"], found["early_end"], found["version"]) == (date(2020, 3, 31), None, None)
    with pytest.raises(ContractNotFound):
        await harness.seen(reference, as_at=date(2018, 5, 1), by=a_lead("10H"))


async def test_several_codes_of_one_caller_give_one_sight(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges())
    await harness.terminate(reference, on=date(2018, 6, 1), last_day=date(2018, 12, 31))
    found = await harness.seen(reference, as_at=date(2017, 6, 1), by=a_lead("10H", "0CX"))
    assert (found["ends_on"], found["version"]) == (date(2018, 12, 31), 4)


async def test_a_history_as_known_tells_no_later_instant(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges())
    for by, known in ((a_lead("10H"), None), (a_lead("0CX"), at(date(2017, 12, 1)))):
        history = await get_history(harness.database, reference, by=by, as_known=known)
        assert {(one["code"], one["known_to"]) for one in history["customers"]} == {("10H", None), ("10Y", None)}


async def test_what_ended_on_its_agreed_last_day_does_not_show_why_before_it_was_known(
    harness: ContractsHarness,
) -> None:
    replaces = [
        await harness.signed(a_draft(last_day=date(2019, 3, 31))),
        await harness.signed(a_draft(reference="CSU-DUDLEY-2017", customers=["05C"], last_day=date(2019, 3, 31))),
    ]
    await harness.consolidate(on=date(2018, 10, 1), replaces=replaces)
    now = await harness.seen(replaces[0], as_at=date(2018, 11, 1))
    then = await harness.seen(replaces[0], as_at=date(2018, 11, 1), as_known=at(date(2018, 9, 1)))
    assert (now["early_end"]["replaced_by"], then["early_end"]) == ("SHARED-2019", None)
