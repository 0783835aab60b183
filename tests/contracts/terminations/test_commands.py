"""A contract ends early on notice that was served in time, or by agreement."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import NotYoursToDecide, Role
from services.contracts.core.errors import (
    ContractAlreadyEnded,
    ContractNotFound,
    DocumentMissing,
    ExitOutsideTerm,
    ExitReasonUnknown,
    NoticeNotYetServed,
    NoticeTooLate,
    NotSigned,
    StatedBeforeSignature,
)
from services.contracts.terminations.errors import ExitNotOffered, NoticeUnproved
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at, bucks_merges


async def test_notice_in_time_ends_the_contract(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.terminate(reference, on=date(2017, 9, 30), last_day=date(2018, 3, 31))
    assert await harness.status(reference, as_at=date(2018, 3, 31)) == "active"
    assert await harness.status(reference, as_at=date(2018, 4, 1)) == "terminated"
    found = await harness.seen(reference, as_at=date(2018, 3, 1))
    assert (found["ends_on"], found["last_day"]) == (date(2018, 3, 31), date(2020, 3, 31))
    assert found["early_end"] == {
        "reason": "in_house",
        "note": None,
        "notice_served_on": date(2017, 9, 30),
        "notice_document": None,
        "agreement": None,
        "replaced_by": None,
    }


async def test_a_termination_is_told_with_the_first_day_without_service(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.terminate(reference, on=date(2017, 9, 30), last_day=date(2018, 3, 31))
    [told] = await harness.told("ContractTerminated")
    assert {name: value for name, value in told.items() if value not in ("", [])} == {
        "name": "ContractTerminated",
        "effective_on": "2018-04-01",
        "stated_at": "2017-09-30T09:00:00Z",
        "contract": reference,
        "supplier": "0CX",
        "customers": ["10H", "10Y"],
        "reason": "The customers brought the service in house",
    }


async def test_late_notice_is_refused_with_the_earliest_exit_and_the_day_it_was_due(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    with pytest.raises(NoticeTooLate) as refused:
        await harness.terminate(reference, on=date(2017, 10, 1), last_day=date(2018, 3, 31))
    assert "the earliest exit is 2018-04-01" in refused.value.message
    assert "notice was due by 2017-09-30" in refused.value.message
    assert await harness.status(reference, as_at=date(2018, 4, 1)) == "active"


async def test_notice_at_a_short_month_end_is_in_time_on_the_last_of_the_long_one(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    with pytest.raises(NoticeTooLate, match="notice was due by 2017-08-31"):
        await harness.terminate(reference, on=date(2017, 9, 1), last_day=date(2018, 2, 28))
    await harness.terminate(reference, on=date(2017, 8, 31), last_day=date(2018, 2, 28))
    assert await harness.status(reference, as_at=date(2018, 3, 1)) == "terminated"


async def test_no_notice_ends_a_contract_before_its_minimum_term(harness: ContractsHarness) -> None:
    reference = await harness.signed(a_draft(earliest_exit_on=date(2019, 3, 31)))
    with pytest.raises(NoticeTooLate, match=r"the earliest exit is 2019-03-31.*no exit before 2019-03-31"):
        await harness.terminate(reference, on=date(2017, 5, 1), last_day=date(2018, 3, 31))


async def test_the_parties_may_agree_to_end_sooner(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.terminate(
        reference, on=date(2018, 3, 1), last_day=date(2018, 3, 31), agreement="Deed of 1 March 2018"
    )
    assert await harness.status(reference, as_at=date(2018, 4, 1)) == "terminated"


async def test_every_reason_is_given_at_once(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    with pytest.raises(ExitOutsideTerm) as refused:
        await harness.terminate(
            reference, on=date(2017, 3, 1), last_day=date(2017, 3, 31), notice_served_on=date(2017, 3, 2)
        )
    assert [reason.field for reason in refused.value.reasons] == ["last_day", "notice_served_on", "last_day"]


async def test_notice_cannot_have_been_served_before_the_signature(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    notice = {"notice_served_on": date(2017, 1, 31), "document": "Letter of 31 January 2017"}
    with pytest.raises(NoticeNotYetServed):
        await harness.terminate(reference, on=date(2018, 3, 1), last_day=date(2018, 12, 31), **notice)


async def test_an_agreement_does_not_let_notice_be_served_on_a_day_to_come(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    agreed = {"last_day": date(2018, 12, 31), "agreement": "Deed of 1 March 2018"}
    with pytest.raises(NoticeNotYetServed):
        await harness.terminate(reference, on=date(2018, 3, 1), notice_served_on=date(2018, 3, 2), **agreed)


async def test_notice_of_an_earlier_day_names_its_document(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    command = {"last_day": date(2018, 12, 31), "notice_served_on": date(2018, 2, 27)}
    with pytest.raises(DocumentMissing) as refused:
        await harness.terminate(reference, on=date(2018, 3, 1), **command)
    assert [reason.field for reason in refused.value.reasons] == ["document"]
    await harness.terminate(reference, on=date(2018, 3, 1), document="Letter of 27 February 2018", **command)
    found = (await harness.seen(reference, as_at=date(2018, 3, 1)))["early_end"]
    assert (found["notice_served_on"], found["notice_document"]) == (date(2018, 2, 27), "Letter of 27 February 2018")


async def test_paper_of_an_earlier_day_reopens_no_window_that_had_passed(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    paper = {"notice_served_on": date(2017, 9, 30), "document": "Letter of 30 September 2017"}
    with pytest.raises(NoticeTooLate, match="counted from 2017-10-01, the earliest exit is 2018-04-01"):
        await harness.terminate(reference, on=date(2017, 10, 1), last_day=date(2018, 3, 31), **paper)
    agreed = {"agreement": "Deed of 1 October 2017"}
    await harness.terminate(reference, on=date(2017, 10, 1), last_day=date(2018, 3, 31), **paper, **agreed)
    assert await harness.status(reference, as_at=date(2018, 4, 1)) == "terminated"


async def test_a_loader_states_notice_as_it_was_known_then(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    paper = {"notice_served_on": date(2017, 9, 30), "document": "Letter of 30 September 2017"}
    then: dict[str, Any] = {
        "on": date(2021, 4, 1),
        "stated": at(date(2017, 10, 5)),
        "last_day": date(2018, 3, 31),
        **paper,
    }
    with pytest.raises(NoticeTooLate):
        await harness.terminate(reference, **then)
    await harness.terminate(reference, by=a_lead(also=(Role.LOADER,)), **then)
    assert await harness.status(reference, as_at=date(2018, 4, 1), as_known=at(date(2017, 10, 6))) == "terminated"


async def test_a_reason_is_a_code_of_the_pack_and_the_words_stay_private(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    command = {"on": date(2017, 9, 30), "last_day": date(2018, 3, 31)}
    with pytest.raises(ExitReasonUnknown, match="exit-reasons-2012: in_house, shared_service"):
        await harness.terminate(reference, reason="spite", **command)
    await harness.terminate(reference, reason="other", note="Dr Crusher asked for it", **command)
    assert (await harness.seen(reference, as_at=date(2018, 1, 1)))["early_end"]["note"] == "Dr Crusher asked for it"
    [event] = await harness.told("ContractTerminated")
    assert event["reason"] == "Another reason, which the parties know"


async def test_a_lead_of_one_customer_ends_no_contract_of_two(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    before = await harness.content()
    with pytest.raises(NotYoursToDecide, match="10H: the token acts for 10Y"):
        await harness.terminate(reference, on=date(2017, 9, 30), last_day=date(2018, 3, 31), by=a_lead("10Y"))
    assert await harness.content() == before


async def test_only_a_signed_contract_is_terminated_and_only_once(harness: ContractsHarness) -> None:
    draft = await harness.draft(a_draft(reference="DRAFT-2017"))
    with pytest.raises(NotSigned):
        await harness.terminate(draft, on=date(2017, 9, 30), last_day=date(2018, 3, 31))
    signed = await harness.signed()
    await harness.terminate(signed, on=date(2017, 9, 30), last_day=date(2018, 3, 31))
    with pytest.raises(ContractAlreadyEnded):
        await harness.terminate(signed, on=date(2017, 9, 30), last_day=date(2018, 3, 30))


async def test_a_termination_is_not_stated_before_the_signature(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    with pytest.raises(StatedBeforeSignature):
        await harness.terminate(
            reference, on=date(2017, 9, 30), last_day=date(2018, 3, 31), stated=at(date(2017, 1, 31))
        )


async def test_before_a_termination_was_known_the_contract_ran_to_its_agreed_end(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.terminate(reference, on=date(2017, 9, 30), last_day=date(2018, 3, 31))
    before = at(date(2017, 9, 29))
    assert await harness.status(reference, as_at=date(2018, 6, 1), as_known=before) == "active"
    found = await harness.seen(reference, as_at=date(2018, 6, 1), as_known=before)
    assert (found["ends_on"], found["early_end"]) == (date(2020, 3, 31), None)


async def test_the_lead_of_the_successor_terminates_what_the_predecessors_signed(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges())
    with pytest.raises(ContractNotFound):
        await harness.terminate(reference, on=date(2018, 4, 30), last_day=date(2018, 10, 31), by=a_lead("05C"))
    await harness.terminate(reference, on=date(2018, 4, 30), last_day=date(2018, 10, 31), by=a_lead("14Y"))
    [event] = await harness.told("ContractTerminated")
    assert event["customers"] == ["14Y"]


async def test_who_acted_for_a_closed_ccg_does_not_end_what_its_successor_holds(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges())
    for last_day in (date(2018, 10, 31), date(2018, 3, 1)):
        with pytest.raises(ContractNotFound):
            await harness.terminate(
                reference, on=date(2018, 4, 30), last_day=last_day, agreement="Deed", by=a_lead("10H")
            )


async def test_notice_of_the_one_shot_command_keeps_the_exit_terms(harness: ContractsHarness) -> None:
    terms = {"minimum_months": 24, "exit_days": "anniversary", "proof_required": True}
    reference = await harness.signed(a_draft(exit_terms=terms))
    with pytest.raises(NoticeUnproved) as refused:
        await harness.terminate(reference, on=date(2017, 5, 1), last_day=date(2018, 3, 31))
    assert [reason.field for reason in refused.value.reasons] == ["proof", "last_day"]
    with pytest.raises(ExitNotOffered, match="the next day that they allow is 2020-03-31"):
        await harness.terminate(reference, on=date(2018, 5, 1), last_day=date(2019, 6, 30), document="Receipt 4711")
    await harness.terminate(reference, on=date(2018, 5, 1), last_day=date(2019, 3, 31), document="Receipt 4711")
    assert await harness.status(reference, as_at=date(2019, 4, 1)) == "terminated"
