"""Several contracts become one shared service: all of them or none."""

from datetime import date

import pytest
from pydantic import ValidationError

from libs.common.errors import DomainError
from libs.common.events.registry import OrganisationClosed, OrganisationSucceeded
from libs.common.identity import NotYoursToDecide
from services.contracts.core.errors import (
    ConsolidationNotFound,
    ContractAlreadyEnded,
    ContractNotFound,
    CustomerNotOpen,
    NoticeTooLate,
    NotRunningThen,
    ReferenceTaken,
)
from services.contracts.core.queries import get_consolidation
from services.contracts.plans.errors import NotAMember
from services.contracts.plans.models import COMMIT
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at, bucks_merges

BUCKS, DUDLEY = "CSU-BUCKS-2017", "CSU-DUDLEY-2017"


async def both_signed(harness: ContractsHarness, *, dudley_supplier: str = "0CX") -> None:
    await harness.signed()
    await harness.signed(a_draft(reference=DUDLEY, customers=["05C"], supplier=dudley_supplier))


async def test_one_contract_takes_the_place_of_several_which_end_the_day_before(harness: ContractsHarness) -> None:
    await both_signed(harness)
    await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY])
    for replaced in (BUCKS, DUDLEY):
        assert await harness.status(replaced, as_at=date(2019, 3, 31)) == "active"
        assert await harness.status(replaced, as_at=date(2019, 4, 1)) == "replaced"
        found = await harness.seen(replaced, as_at=date(2019, 1, 1))
        assert (found["ends_on"], found["early_end"]["replaced_by"]) == (date(2019, 3, 31), "SHARED-2019")
    assert await harness.status("SHARED-2019", as_at=date(2019, 3, 31)) == "signed"
    assert await harness.status("SHARED-2019", as_at=date(2019, 4, 1)) == "active"
    assert await harness.customers("SHARED-2019", as_at=date(2019, 4, 1)) == ["05C", "10H", "10Y"]


async def test_it_is_told_by_one_event_that_shows_the_old_charge_and_the_new(harness: ContractsHarness) -> None:
    await both_signed(harness)
    await harness.consolidate(on=date(2018, 1, 15), replaces=[DUDLEY, BUCKS])
    told = [event for event in await harness.told() if event["name"] != "ContractSigned"]
    assert told == [
        {
            "name": "ServiceConsolidated",
            "effective_on": "2019-04-01",
            "stated_at": "2018-01-15T09:00:00Z",
            "contract": "SHARED-2019",
            "title": "Payroll",
            "supplier": "0CX",
            "customers": ["05C", "10H", "10Y"],
            "functions": ["payroll"],
            "replaced": [BUCKS, DUDLEY],
            "last_day": "2022-03-31",
            "annual_pence": 120_000_00,
            "previous_annual_pence": 300_000_02,
        }
    ]
    found = await get_consolidation(harness.database, "SHARED-2019", by=a_lead(), as_at=date(2019, 4, 1), as_known=None)
    assert found["saving_pence"] == 180_000_02
    assert [old["reference"] for old in found["replaced"]] == [BUCKS, DUDLEY]


async def test_who_took_over_the_supplier_needs_no_notice_of_what_it_supplies_itself(harness: ContractsHarness) -> None:
    await both_signed(harness)
    day = date(2018, 4, 1)
    await harness.hear(OrganisationSucceeded(code="0CX", successor="0DJ", effective_on=day, stated_at=at(day, 0)))
    with pytest.raises(NoticeTooLate):
        await harness.consolidate(on=date(2019, 3, 1), replaces=[BUCKS, DUDLEY], supplier="0CX")
    await harness.consolidate(on=date(2019, 3, 1), replaces=[BUCKS, DUDLEY], supplier="0DJ")
    assert await harness.status(BUCKS, as_at=date(2019, 4, 1)) == "replaced"


async def test_where_one_contract_cannot_be_replaced_none_is_and_every_reason_is_given(
    harness: ContractsHarness,
) -> None:
    await both_signed(harness, dudley_supplier="0DJ")
    short = await harness.signed(a_draft(reference="SHORT-2017", customers=["05Y"], last_day=date(2018, 3, 31)))
    await harness.signed(a_draft(reference="ENDED-2017", customers=["05Y"]))
    await harness.terminate("ENDED-2017", on=date(2017, 9, 1), last_day=date(2018, 3, 31))
    before = await harness.content()
    with pytest.raises((NoticeTooLate, NotRunningThen, ContractAlreadyEnded)) as refused:
        await harness.consolidate(on=date(2018, 12, 1), replaces=[BUCKS, DUDLEY, short, "ENDED-2017"])
    said = " | ".join(reason.message for reason in refused.value.reasons)
    assert f"{DUDLEY} needs 6 months' notice" in said
    assert "SHORT-2017 runs from 2017-04-01 to 2018-03-31" in said
    assert "ENDED-2017 is terminated" in said
    assert BUCKS not in said
    assert await harness.content() == before


async def test_another_supplier_ends_by_notice_or_by_agreement(harness: ContractsHarness) -> None:
    await both_signed(harness, dudley_supplier="0DJ")
    with pytest.raises(NoticeTooLate):
        await harness.consolidate(on=date(2018, 12, 1), replaces=[BUCKS, DUDLEY])
    await harness.consolidate(on=date(2018, 12, 1), replaces=[BUCKS, DUDLEY], agreement="Deed of 30 November 2018")
    assert await harness.status(DUDLEY, as_at=date(2019, 4, 1)) == "replaced"


async def test_the_caller_acts_for_all_customers_of_each_contract(harness: ContractsHarness) -> None:
    await both_signed(harness)
    with pytest.raises(ContractNotFound, match=f"no contract {DUDLEY} is known"):
        await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY], by=a_lead("10H", "10Y"))
    with pytest.raises(NotYoursToDecide) as refused:
        await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY], by=a_lead("10H", "05C"))
    assert [reason.message.split(": the")[0] for reason in refused.value.reasons] == [f"{BUCKS}: 10Y"]
    await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY], by=a_lead("10H", "10Y", "05C"))


async def test_a_contract_that_is_not_there_or_a_reference_that_is_taken_is_refused(harness: ContractsHarness) -> None:
    await both_signed(harness)
    with pytest.raises(ContractNotFound, match="NOT-THERE"):
        await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, "NOT-THERE"])
    with pytest.raises(ReferenceTaken):
        await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY], reference=BUCKS)
    assert await harness.status(BUCKS, as_at=date(2019, 4, 1)) == "active"


async def test_a_replaced_contract_is_not_replaced_again(harness: ContractsHarness) -> None:
    await both_signed(harness)
    await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY])
    with pytest.raises(ContractAlreadyEnded):
        await harness.consolidate(on=date(2018, 1, 16), replaces=[BUCKS, DUDLEY], reference="SHARED-AGAIN")


async def test_after_a_merger_the_successor_is_the_customer_of_the_shared_service(harness: ContractsHarness) -> None:
    await both_signed(harness)
    await harness.hear(bucks_merges())
    await harness.consolidate(on=date(2018, 5, 1), replaces=[BUCKS, DUDLEY], by=a_lead("14Y", "05C"))
    assert await harness.customers("SHARED-2019", as_at=date(2019, 4, 1)) == ["05C", "14Y"]


async def test_a_shared_service_changes_hands_too(harness: ContractsHarness) -> None:
    await both_signed(harness)
    await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY], starts_on=date(2018, 2, 1))
    await harness.hear(bucks_merges())
    assert await harness.customers("SHARED-2019", as_at=date(2018, 3, 31)) == ["05C", "10H", "10Y"]
    assert await harness.customers("SHARED-2019", as_at=date(2018, 4, 1)) == ["05C", "14Y"]
    assert await harness.customers(BUCKS, as_at=date(2018, 4, 1)) == ["10H", "10Y"]


async def test_a_customer_that_has_closed_and_nobody_followed_keeps_the_service_from_being_shared(
    harness: ContractsHarness,
) -> None:
    await both_signed(harness)
    await harness.hear(OrganisationClosed(effective_on=date(2018, 1, 1), stated_at=at(date(2018, 1, 1)), code="05C"))
    with pytest.raises(CustomerNotOpen, match=r"05C .* is closed on 2018-01-15"):
        await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY])


async def test_before_it_was_stated_there_was_no_consolidation(harness: ContractsHarness) -> None:
    await both_signed(harness)
    await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY])
    with pytest.raises(ConsolidationNotFound):
        await get_consolidation(
            harness.database, "SHARED-2019", by=a_lead(), as_at=date(2019, 4, 1), as_known=at(date(2018, 1, 14))
        )
    assert await harness.status(BUCKS, as_at=date(2019, 4, 1), as_known=at(date(2018, 1, 14))) == "active"


async def test_a_consolidation_signed_on_an_earlier_day_names_its_document_and_reopens_no_window(
    harness: ContractsHarness,
) -> None:
    await both_signed(harness, dudley_supplier="0DJ")
    earlier = {"replaces": [BUCKS, DUDLEY], "signed_on": date(2018, 9, 30)}
    with pytest.raises(NoticeTooLate) as refused:
        await harness.consolidate(on=date(2018, 10, 2), **earlier)
    assert [reason.field for reason in refused.value.reasons] == ["last_day", "document"]
    with pytest.raises(NoticeTooLate, match="counted from 2018-10-02"):
        await harness.consolidate(on=date(2018, 10, 2), document="Deed of 30 September 2018", **earlier)
    agreed = {"document": "Deed of 30 September 2018", "agreement": "Letter of 0DJ"}
    await harness.consolidate(on=date(2018, 10, 2), **earlier, **agreed)
    found = (await harness.seen(DUDLEY, as_at=date(2019, 1, 1)))["early_end"]
    assert (found["reason"], found["agreement"]) == ("shared_service", "Letter of 0DJ")


async def test_each_acceptance_is_the_authority_of_its_body(harness: ContractsHarness) -> None:
    await both_signed(harness)
    minutes = [{"organisation": code, "minute": f"Minute of {code}"} for code in ("05C", "10H", "10Y")]
    stranger = {"organisation": "05Y", "minute": "Minute of 05Y"}
    with pytest.raises(NotAMember, match="05Y is no customer"):
        await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY], acceptances=[*minutes, stranger])
    with pytest.raises(ValidationError, match="once only"):
        await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY], acceptances=[stranger, stranger])
    await harness.consolidate(on=date(2018, 1, 15), replaces=[BUCKS, DUDLEY], acceptances=minutes)
    found = await harness.seen("SHARED-2019", as_at=date(2019, 4, 1))
    assert [one["authority"] for one in found["signatures"]] == [one["minute"] for one in minutes]
    acts = await harness.database.fetch(
        "SELECT action, organisation, minute FROM binding_act WHERE subject = 'SHARED-2019' ORDER BY 2"
    )
    assert [tuple(act) for act in acts] == [(COMMIT, one["organisation"], one["minute"]) for one in minutes]


async def test_an_agreement_to_be_made_again_is_settled_before_it_is_consolidated(harness: ContractsHarness) -> None:
    await harness.signed(a_draft(form="section_75"))
    await harness.signed(a_draft(reference=DUDLEY, customers=["05C"]))
    await harness.hear(bucks_merges())
    with pytest.raises(DomainError) as refused:
        await harness.consolidate(on=date(2018, 5, 1), replaces=[BUCKS, DUDLEY])
    assert f"{BUCKS} is to be made again since M-BUCKS" in str([one.message for one in refused.value.reasons])
