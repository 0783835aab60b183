"""Options to extend are used in time, in their order; what has ended is closed; the state says where a contract is."""

from datetime import date
from typing import Any

import pytest

from services.contracts.amendments.commands import AmendContract, amend_contract
from services.contracts.care_models.errors import OutsideCareModel
from services.contracts.core.notice import end_of_extension
from services.contracts.core.states import End, State, StateOnDay
from services.contracts.exits.queries import get_exits
from services.contracts.terminations.closures import CloseContract, close_contract
from services.contracts.terminations.due import renew_contracts
from services.contracts.terminations.errors import AlreadyClosed, ExtensionNotOffered, StillRunning
from services.contracts.terminations.extensions import ExtendContract, extend_contract
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges

REFERENCE = "CSU-BUCKS-2017"
OPTIONS = {"extensions": [{"months": 12, "notice_months": 3}, {"months": 6}]}
BUCKS = a_lead("10H", "10Y")
LINE = {"annual_pence": 100_000_00}
INTEGRATED = ("core_primary_care", "community_services")


async def extend(harness: ContractsHarness, on: date, by: Any = BUCKS) -> None:
    async with harness.database.begin() as session:
        command = ExtendContract(authority="Minute 14/19")
        await extend_contract(session, REFERENCE, command, by=by, today=on, stated_at=at(on), expect=any_version)


async def close(harness: ContractsHarness, on: date, by: Any = BUCKS) -> None:
    async with harness.database.begin() as session:
        command = CloseContract(note="Data were returned")
        await close_contract(session, REFERENCE, command, by=by, today=on, stated_at=at(on), expect=any_version)


async def state(harness: ContractsHarness, day: date) -> StateOnDay:
    found: StateOnDay = (await harness.seen(REFERENCE, as_at=day))["state"]
    return found


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "months", "end"),
    [
        (date(2017, 4, 1), date(2020, 3, 31), 12, date(2021, 3, 31)),
        (date(2020, 8, 31), date(2021, 2, 28), 6, date(2021, 8, 30)),
        (date(2017, 4, 1), date(2020, 3, 15), 1, date(2020, 4, 15)),
    ],
)
def test_an_extension_is_counted_from_the_first_day(starts_on: date, ends_on: date, months: int, end: date) -> None:
    assert end_of_extension(starts_on, ends_on, months) == end


async def test_no_option_leads_beyond_the_longest_term_of_a_care_model(harness: ContractsHarness) -> None:
    terms = {"last_day": date(2022, 3, 31), "exit_terms": {"extensions": [{"months": 120}]}}
    scope = {
        "care_model": {"kind": "mcp_fully_integrated"},
        "lines": [LINE | {"function": code} for code in INTEGRATED],
    }
    await harness.signed(a_draft(form="care_model", **terms, **scope))
    await extend(harness, date(2022, 3, 1))
    # Together no longer than the first one alone, but one of them was used by then.
    options = {"extensions": [{"months": 1}, {"months": 119}]}
    on = date(2022, 4, 1)
    amendment = {"effective_on": on, "exit_terms": options, "rationale": "Anew", "grounds": "small", "authority": "9"}
    async with harness.database.begin() as session:
        command = AmendContract.model_validate(amendment)
        await amend_contract(session, REFERENCE, command, by=BUCKS, today=on, stated_at=at(on), expect=any_version)
    with pytest.raises(OutsideCareModel, match="its longest term ends on 2032-03-31"):
        await extend(harness, date(2031, 3, 1))
    assert (await harness.seen(REFERENCE, as_at=date(2031, 3, 1)))["ends_on"] == date(2032, 3, 31)


async def test_options_are_used_in_their_order_and_in_time(harness: ContractsHarness) -> None:
    await harness.signed(a_draft(exit_terms=OPTIONS))
    await extend(harness, date(2019, 12, 31))
    seen = await harness.seen(REFERENCE, as_at=date(2020, 6, 1))
    assert (seen["status"], seen["ends_on"], seen["last_day"]) == ("active", date(2021, 3, 31), date(2020, 3, 31))
    [varied] = await harness.told("ContractVaried")
    assert (varied["effective_on"], varied["last_day"], varied["reason"]) == ("2020-04-01", "2021-03-31", "extended")
    assert (varied["customer_shares"], varied["customers"]) == ([], ["10H", "10Y"])
    assert (varied["amendment"][:2], varied["decisions"]) == ("X-", ["Minute 14/19"])
    _, exits = await get_exits(harness.database, REFERENCE, by=BUCKS, as_at=date(2020, 6, 1), as_known=None)
    assert exits.current_end == date(2021, 3, 31)
    await extend(harness, date(2021, 3, 31))
    assert (await harness.seen(REFERENCE, as_at=date(2021, 6, 1)))["ends_on"] == date(2021, 9, 30)
    with pytest.raises(ExtensionNotOffered, match="has 2 options to extend, of which 2 are used"):
        await extend(harness, date(2021, 4, 1))


async def test_an_option_that_had_to_be_used_earlier_is_gone(harness: ContractsHarness) -> None:
    await harness.signed(a_draft(exit_terms=OPTIONS))
    with pytest.raises(ExtensionNotOffered, match="the option had to be used by 2019-12-31"):
        await extend(harness, date(2020, 1, 1))


async def test_a_merger_in_the_extension_moves_the_contract(harness: ContractsHarness) -> None:
    await harness.signed(a_draft(exit_terms=OPTIONS))
    await extend(harness, date(2019, 12, 31))
    await harness.hear(bucks_merges(on=date(2020, 7, 1), stated=at(date(2020, 7, 1))))
    assert await harness.customers(REFERENCE, as_at=date(2020, 6, 30)) == ["10H", "10Y"]
    assert await harness.customers(REFERENCE, as_at=date(2020, 7, 1)) == ["14Y"]


async def test_what_has_ended_is_closed_once(harness: ContractsHarness) -> None:
    await harness.signed(a_draft(exit_terms=OPTIONS))
    assert await state(harness, date(2017, 3, 1)) == StateOnDay(State.SIGNED)
    assert await state(harness, date(2020, 3, 31)) == StateOnDay(State.ACTIVE)
    assert await state(harness, date(2020, 4, 1)) == StateOnDay(State.ENDED, End.EXPIRED)
    with pytest.raises(StillRunning):
        await close(harness, date(2020, 3, 31))
    await close(harness, date(2020, 6, 1))
    assert await state(harness, date(2020, 5, 31)) == StateOnDay(State.ENDED, End.EXPIRED)
    assert await state(harness, date(2020, 6, 1)) == StateOnDay(State.CLOSED, End.EXPIRED)
    with pytest.raises(AlreadyClosed):
        await close(harness, date(2020, 6, 2))


async def test_a_contract_whose_end_is_agreed_is_exiting(harness: ContractsHarness) -> None:
    await harness.signed()
    await harness.terminate(
        REFERENCE, on=date(2018, 1, 12), last_day=date(2018, 3, 31), agreement="Deed of 12 January 2018", by=BUCKS
    )
    assert await state(harness, date(2018, 1, 11)) == StateOnDay(State.ACTIVE)
    assert await state(harness, date(2018, 1, 12)) == StateOnDay(State.EXITING)
    assert await state(harness, date(2018, 4, 1)) == StateOnDay(State.ENDED, End.INSOURCED)


async def test_a_merger_in_a_renewed_term_moves_the_contract(harness: ContractsHarness) -> None:
    await harness.signed(a_draft(exit_terms={"renewal_months": 12}))
    async with harness.database.begin() as session:
        on = date(2019, 12, 1)
        assert await renew_contracts(session, up_to=on, stated_at=at(on), by=a_lead()) == 1
    await harness.hear(bucks_merges(on=date(2020, 7, 1), stated=at(date(2020, 7, 1))))
    assert await harness.customers(REFERENCE, as_at=date(2020, 7, 1)) == ["14Y"]
