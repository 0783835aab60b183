"""Drafts, and what it takes to make one binding."""

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.contracts.core.codes import MOST_ANNUAL_PENCE
from services.contracts.core.errors import (
    ContractNotFound,
    CustomerNotOpen,
    DocumentMissing,
    FunctionUnknown,
    NoRuleInForce,
    NotADraft,
    ReferenceTaken,
    SignedInTheFuture,
)
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at, bucks_merges


async def test_a_signed_contract_is_told_with_all_that_hearers_need(harness: ContractsHarness) -> None:
    await harness.signed()
    [event] = await harness.told()
    assert event == {
        "name": "ContractSigned",
        "effective_on": "2017-04-01",
        "stated_at": "2017-02-01T09:00:00Z",
        "contract": "CSU-BUCKS-2017",
        "title": "Business intelligence; Payroll",
        "supplier": "0CX",
        "customers": ["10H", "10Y"],
        "functions": ["bi", "payroll"],
        "last_day": "2020-03-31",
        "annual_pence": 150_000_01,
        "function_pence": [50_000_01, 100_000_00],
        "value_basis": "illustrative",
    }


async def test_a_contract_is_signed_then_active_then_expired(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    assert await harness.status(reference, as_at=date(2017, 3, 31)) == "signed"
    assert await harness.status(reference, as_at=date(2017, 4, 1)) == "active"
    assert await harness.status(reference, as_at=date(2020, 3, 31)) == "active"
    assert await harness.status(reference, as_at=date(2020, 4, 1)) == "expired"


async def test_a_draft_is_told_to_nobody_and_is_no_contract_as_known_before(harness: ContractsHarness) -> None:
    reference = await harness.draft(stated=at(date(2017, 1, 10)))
    assert await harness.told() == []
    assert await harness.status(reference, as_at=date(2018, 1, 1)) == "draft"
    with pytest.raises(ContractNotFound):
        await harness.seen(reference, as_at=date(2018, 1, 1), as_known=at(date(2017, 1, 9)))


async def test_a_contract_is_not_known_before_its_signature_was_stated(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    with pytest.raises(ContractNotFound):
        await harness.seen(reference, as_at=date(2017, 6, 1), as_known=at(date(2017, 1, 31)))
    assert await harness.status(reference, as_at=date(2017, 6, 1), as_known=at(date(2017, 2, 2))) == "active"


async def test_a_customer_that_is_not_in_the_registry_cannot_sign(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(customers=["10H", "99Z"]))
    with pytest.raises(CustomerNotOpen, match="99Z is unknown on 2017-02-01"):
        await harness.sign(reference)


async def test_a_closed_customer_cannot_sign_and_is_told_its_successor(harness: ContractsHarness) -> None:
    await harness.hear(bucks_merges())
    draft = a_draft(customers=["10H", "05C", "10Y"], starts_on=date(2018, 6, 1))
    reference = await harness.draft(draft, stated=at(date(2018, 5, 1)))
    with pytest.raises(CustomerNotOpen) as refused:
        await harness.sign(reference, on=date(2018, 5, 1))
    assert [reason.message for reason in refused.value.reasons] == [
        "10H (NHS 10H CCG) is closed on 2018-05-01; 14Y succeeded it on 2018-04-01",
        "10Y (NHS 10Y CCG) is closed on 2018-05-01; 14Y succeeded it on 2018-04-01",
    ]
    assert {reason.field for reason in refused.value.reasons} == {"customers"}
    assert await harness.told() == []


async def test_a_customer_that_opens_after_the_start_cannot_sign(harness: ContractsHarness) -> None:
    await harness.hear(bucks_merges())
    draft = a_draft(customers=["14Y"], starts_on=date(2018, 3, 1))
    reference = await harness.draft(draft, stated=at(date(2018, 4, 2)))
    with pytest.raises(CustomerNotOpen, match=r"14Y .*is unknown on 2018-03-01"):
        await harness.sign(reference, on=date(2018, 4, 2))


async def test_every_reason_is_given_at_once(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(customers=["98Z", "99Z"]))
    with pytest.raises(SignedInTheFuture) as refused:
        await harness.sign(reference, on=date(2017, 2, 1), signed_on=date(2017, 2, 2))
    assert [reason.field for reason in refused.value.reasons] == ["signed_on", "customers", "customers"]


async def test_a_contract_is_signed_once(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    with pytest.raises(NotADraft, match="CSU-BUCKS-2017 is signed"):
        await harness.sign(reference)


async def test_a_lead_of_another_organisation_signs_nothing(harness: ContractsHarness) -> None:
    reference = await harness.draft()
    with pytest.raises(ContractNotFound):
        await harness.sign(reference, by=a_lead("05C"))
    with pytest.raises(NotYoursToDecide, match="10H"):
        await harness.delete(reference, by=a_lead("10Y"))
    await harness.sign(reference, by=a_lead("10H", "10Y"))


async def test_who_is_no_contract_lead_drafts_nothing(harness: ContractsHarness) -> None:
    finance = Caller(subject="f", roles=frozenset({Role.FINANCE_LEAD}), organisations=frozenset({"10H"}))
    with pytest.raises(RoleMissing):
        await harness.draft(by=finance)


async def test_a_reference_is_given_once(harness: ContractsHarness) -> None:
    await harness.draft()
    with pytest.raises(ReferenceTaken):
        await harness.draft()


async def test_a_function_outside_the_catalogue_is_refused_with_the_pack_that_lacks_it(
    harness: ContractsHarness,
) -> None:
    lines = [{"function": "astrology", "annual_pence": 1}, {"function": "alchemy", "annual_pence": 1}]
    with pytest.raises(FunctionUnknown, match="support-functions-2012") as refused:
        await harness.draft(a_draft(lines=lines))
    assert len(refused.value.reasons) == 2


async def test_a_contract_before_the_first_rules_is_refused(harness: ContractsHarness) -> None:
    with pytest.raises(NoRuleInForce):
        await harness.draft(a_draft(starts_on=date(2011, 4, 1)))


async def test_where_the_contract_states_no_notice_the_rule_pack_does(harness: ContractsHarness) -> None:
    reference = await harness.signed(a_draft(notice_months=None))
    found = await harness.seen(reference, as_at=date(2017, 5, 1))
    assert (found["notice_months"], found["notice_rule"]) == (6, "exit-1-notice-2012")


async def test_a_revised_draft_says_what_it_was_revised_to(harness: ContractsHarness) -> None:
    reference = await harness.draft()
    wider: dict[str, Any] = {"title": "Wider support", "lines": [{"function": "bi", "annual_pence": 7}]}
    await harness.revise(
        reference, starts_on=date(2017, 4, 1), customers=["05C", "10H"], by=a_lead("05C", "10H", "10Y"), **wider
    )
    found = await harness.seen(reference, as_at=date(2017, 5, 1))
    assert [customer.code for customer in found["customers"]] == ["05C", "10H"]
    assert (found["title"], found["annual_pence"], found["version"]) == ("Wider support", 7, 2)
    await harness.sign(reference)
    [event] = await harness.told()
    assert (event["customers"], event["functions"], event["annual_pence"]) == (["05C", "10H"], ["bi"], 7)


async def test_nobody_revises_a_draft_away_from_those_he_acts_for(harness: ContractsHarness) -> None:
    reference = await harness.draft()
    for own in (("10H", "10Y"), ("10H", "05C")):
        with pytest.raises(NotYoursToDecide):
            await harness.revise(reference, customers=["05C"], by=a_lead(*own))


async def test_a_deleted_draft_is_gone_and_a_signed_contract_cannot_be_deleted(harness: ContractsHarness) -> None:
    draft, signed = await harness.draft(a_draft(reference="DRAFT-2017")), await harness.signed()
    with pytest.raises(NotYoursToDecide, match="DRAFT-2017: 10Y"):
        await harness.delete(draft, by=a_lead("10H"))
    await harness.delete(draft, by=a_lead("10H", "10Y"))
    with pytest.raises(ContractNotFound):
        await harness.seen(draft, as_at=date(2017, 5, 1))
    with pytest.raises(NotADraft):
        await harness.delete(signed)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"last_day": date(2017, 3, 31)}, "last_day is before starts_on"),
        ({"value_basis": "stated"}, "stated charges need their value_source"),
        ({"customers": ["10H", "10H"]}, "each may be named once only"),
        ({"lines": [{"function": "bi", "annual_pence": 1}] * 2}, "each may be named once only"),
        ({"earliest_exit_on": date(2017, 4, 1) - timedelta(days=1)}, "earliest_exit_on is outside the term"),
        ({"reference": "a/b"}, "letters, digits and hyphens"),
        ({"last_day": date.max}, "2199-12-31"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        a_draft(**changed)


async def test_a_signature_of_an_earlier_day_names_its_document(harness: ContractsHarness) -> None:
    reference = await harness.draft()
    with pytest.raises(DocumentMissing) as refused:
        await harness.sign(reference, signed_on=date(2017, 1, 31))
    assert [reason.field for reason in refused.value.reasons] == ["document"]
    await harness.sign(reference, signed_on=date(2017, 1, 31), document="Contract of 31 January 2017")
    found = await harness.seen(reference, as_at=date(2017, 5, 1))
    assert (found["signed_on"], found["signature_document"]) == (date(2017, 1, 31), "Contract of 31 January 2017")
    assert [event["stated_at"] for event in await harness.told()] == ["2017-02-01T09:00:00Z"]


async def test_a_document_is_short(harness: ContractsHarness) -> None:
    reference = await harness.draft()
    with pytest.raises(ValidationError, match="at most 200 characters"):
        await harness.sign(reference, document="x" * 201)


async def test_an_account_of_a_dissolved_body_binds_no_successor(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(customers=["10H"]))
    await harness.hear(bucks_merges())
    back_dated = {"signed_on": date(2017, 2, 1), "document": "Contract of 1 February 2017"}
    with pytest.raises(ContractNotFound):
        await harness.sign(reference, on=date(2018, 5, 1), by=a_lead("10H"), **back_dated)
    with pytest.raises(NotYoursToDecide, match="14Y: the token acts for 10H"):
        await harness.draft(
            a_draft(customers=["10H"], reference="PAST-2017"), by=a_lead("10H"), stated=at(date(2018, 5, 1))
        )
    await harness.draft(
        a_draft(customers=["10H"], reference="PAST-2017"), by=a_lead("14Y"), stated=at(date(2018, 5, 1))
    )
    with pytest.raises(NotYoursToDecide, match="14Y"):
        await harness.sign("PAST-2017", on=date(2018, 5, 1), by=a_lead("10H"), **back_dated)
    await harness.sign("PAST-2017", on=date(2018, 5, 1), by=a_lead("14Y"), **back_dated)
    assert await harness.customers("PAST-2017", as_at=date(2018, 5, 1)) == ["14Y"]


async def test_nothing_is_locked_before_the_right_is_known(harness: ContractsHarness) -> None:
    reference = await harness.draft()
    async with harness.database.connect() as other, other.transaction():
        await other.fetch("SELECT id FROM contract FOR UPDATE")
        await other.fetch("SELECT id FROM known_organisation FOR UPDATE")
        with pytest.raises(NotYoursToDecide):
            await harness.delete(reference, by=a_lead("10H"))
        with pytest.raises(ContractNotFound):
            await harness.sign(reference, by=a_lead("05C"))


async def test_the_charges_of_a_contract_are_bounded() -> None:
    line = {"function": "bi", "annual_pence": MOST_ANNUAL_PENCE}
    assert a_draft(lines=[line]).lines[0].annual_pence == MOST_ANNUAL_PENCE
    with pytest.raises(ValidationError, match="less than or equal to"):
        a_draft(lines=[line | {"annual_pence": MOST_ANNUAL_PENCE + 1}])
    with pytest.raises(ValidationError, match="the lines charge more than"):
        a_draft(lines=[line, {"function": "hr", "annual_pence": 1}])
