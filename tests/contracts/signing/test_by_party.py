"""Each party signs for itself, and the contract is signed once every signatory has."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import NotYoursToDecide, Role, RoleMissing
from services.contracts.agreements.errors import AlreadyAwarded, CoordinatorMissing
from services.contracts.core.errors import ContractNotFound, CustomerNotOpen, DocumentMissing
from services.contracts.signing.errors import AlreadySigned, NotASignatory, PartyNotNamed
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at, bucks_merges

OUR_OWN, THEIRS, SUPPLIER = a_lead("10H"), a_lead("10Y"), a_lead("0CX")
LOADER = a_lead(also=(Role.LOADER,))
START = date(2017, 4, 1)


async def signatures(harness: ContractsHarness, reference: str) -> list[tuple[str, str, str, str | None]]:
    found = await harness.seen(reference, as_at=START)
    return [(one["party"], one["role"], one["source"], one["document"]) for one in found["signatures"]]


async def test_a_draft_names_others_who_read_it_once_it_is_awarded(harness: ContractsHarness) -> None:
    reference = await harness.draft(by=OUR_OWN)
    for other in (THEIRS, SUPPLIER):
        with pytest.raises(ContractNotFound):
            await harness.seen(reference, as_at=START, by=other)
        with pytest.raises(ContractNotFound):
            await harness.sign(reference, by=other)
    with pytest.raises(ContractNotFound):
        await harness.award(reference, by=THEIRS)
    await harness.award(reference, by=OUR_OWN)
    with pytest.raises(AlreadyAwarded):
        await harness.award(reference, by=OUR_OWN)
    for other in (THEIRS, SUPPLIER):
        seen = await harness.seen(reference, as_at=START, by=other)
        assert (seen["status"], seen["awarded_on"], seen["coordinating_commissioner"]) == (
            "draft",
            date(2017, 1, 15),
            "10H",
        )
        with pytest.raises(ContractNotFound):
            await harness.seen(reference, as_at=START, as_known=at(date(2017, 1, 14)), by=other)
    with pytest.raises(NotYoursToDecide, match="10H"):
        await harness.revise(reference, customers=["10H", "10Y"], by=THEIRS)


async def test_a_contract_is_signed_when_its_last_customer_has_signed(harness: ContractsHarness) -> None:
    reference = await harness.draft(by=OUR_OWN)
    await harness.award(reference, by=OUR_OWN)
    await harness.sign(reference, on=date(2017, 2, 1), by=OUR_OWN, authority="Minute 17/04")
    assert (await harness.status(reference, as_at=START), await harness.told()) == ("draft", [])
    assert await signatures(harness, reference) == [("10H", "customer", "party", None)]
    with pytest.raises(AlreadySigned, match="10H signed"):
        await harness.sign(reference, by=OUR_OWN)
    await harness.sign(reference, on=date(2017, 2, 3), by=THEIRS)
    seen = await harness.seen(reference, as_at=START)
    assert (seen["status"], seen["signed_on"], seen["coordinating_commissioner"]) == (
        "active",
        date(2017, 2, 3),
        "10H",
    )
    [event] = await harness.told()
    assert (event["stated_at"], event["decisions"]) == ("2017-02-03T09:00:00Z", ["Minute 17/04"])
    with pytest.raises(ContractNotFound):
        await harness.seen(reference, as_at=START, as_known=at(date(2017, 2, 2)), by=THEIRS)


async def test_the_supplier_signs_where_the_draft_makes_it_a_signatory(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(customers=["10H"], supplier_signs=True))
    await harness.award(reference)
    await harness.sign(reference, by=OUR_OWN)
    with pytest.raises(NotASignatory):
        await harness.sign(reference, by=OUR_OWN, party="0CX", document="Their letter")
    assert await harness.status(reference, as_at=START) == "draft"
    await harness.sign(reference, by=SUPPLIER)
    assert await harness.status(reference, as_at=START) == "active"


async def test_a_customer_records_the_signature_of_a_supplier_that_is_no_signatory(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(customers=["10H"]))
    with pytest.raises(DocumentMissing):
        await harness.sign(reference, by=OUR_OWN, party="0CX")
    await harness.sign(reference, by=OUR_OWN, party="0CX", document="Their letter")
    assert await harness.status(reference, as_at=START) == "draft"
    await harness.sign(reference, by=OUR_OWN)
    assert await signatures(harness, reference) == [
        ("10H", "customer", "party", None),
        ("0CX", "supplier", "customer", "Their letter"),
    ]


async def test_no_organisation_signs_for_all_but_a_loader_records_each_party_with_its_document(
    harness: ContractsHarness,
) -> None:
    reference = await harness.draft()
    with pytest.raises(RoleMissing, match="loader"):
        await harness.sign(reference, by=a_lead(), party="10H", document="Contract")
    with pytest.raises(PartyNotNamed) as refused:
        await harness.sign(reference, by=LOADER)
    assert [reason.field for reason in refused.value.reasons] == ["party", "document"]
    with pytest.raises(NotASignatory, match="05C"):
        await harness.sign(reference, by=LOADER, party="05C", document="Contract")
    for party in ("10H", "10Y"):
        await harness.sign(reference, by=LOADER, party=party, document=f"Contract, page of {party}")
    assert await harness.status(reference, as_at=START) == "active"
    assert await signatures(harness, reference) == [
        ("10H", "customer", "loader", "Contract, page of 10H"),
        ("10Y", "customer", "loader", "Contract, page of 10Y"),
    ]


async def test_a_revised_text_is_signed_anew(harness: ContractsHarness) -> None:
    reference = await harness.draft(by=OUR_OWN)
    await harness.award(reference, by=OUR_OWN)
    await harness.sign(reference, by=OUR_OWN)
    await harness.revise(reference, by=OUR_OWN, starts_on=START, customers=["10H", "10Y"], title="Wider support")
    await harness.sign(reference, by=THEIRS)
    assert await signatures(harness, reference) == [("10Y", "customer", "party", None)]
    assert await harness.status(reference, as_at=START) == "draft"
    await harness.sign(reference, by=OUR_OWN)
    assert await harness.status(reference, as_at=START) == "active"


async def test_a_successor_signs_what_its_predecessor_had_signed_alone(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(starts_on=date(2018, 9, 1)), by=OUR_OWN)
    await harness.award(reference, by=OUR_OWN)
    await harness.sign(reference, on=date(2018, 2, 1), by=OUR_OWN)
    await harness.hear(bucks_merges())
    assert await harness.status(reference, as_at=date(2018, 9, 1)) == "draft"
    await harness.sign(reference, on=date(2018, 5, 1), by=a_lead("14Y"))
    assert await harness.status(reference, as_at=date(2018, 9, 1)) == "active"


async def test_who_closed_after_it_signed_keeps_the_contract_from_being_made(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(starts_on=date(2018, 9, 1), customers=["05C", "10H"]), by=a_lead("05C"))
    await harness.award(reference, by=a_lead("05C"))
    await harness.sign(reference, on=date(2018, 2, 1), by=a_lead("05C"))
    await harness.close("05C", on=date(2018, 8, 1))
    with pytest.raises(CustomerNotOpen, match="05C"):
        await harness.sign(reference, on=date(2018, 5, 1), by=OUR_OWN)


@pytest.mark.parametrize(
    ("own", "named", "coordinator"),
    [
        (("10H", "10Y", "05C"), None, "05C"),
        (("10Y",), None, "10Y"),
        (("10Y",), "10H", "10H"),
        (("10H", "10Y"), None, None),
    ],
)
async def test_several_customers_have_a_coordinating_commissioner(
    harness: ContractsHarness, own: tuple[str, ...], named: str | None, coordinator: str | None
) -> None:
    draft: dict[str, Any] = {"customers": ["05C", "10H", "10Y"], "coordinating_commissioner": named}
    if coordinator is None:
        with pytest.raises(CoordinatorMissing) as refused:
            await harness.draft(a_draft(**draft), by=a_lead(*own))
        assert [reason.field for reason in refused.value.reasons] == ["coordinating_commissioner"]
        return
    reference = await harness.draft(a_draft(**draft), by=a_lead(*own))
    assert (await harness.seen(reference, as_at=START))["coordinating_commissioner"] == coordinator


async def test_the_successor_of_the_coordinating_commissioner_coordinates(harness: ContractsHarness) -> None:
    reference = await harness.signed(a_draft(customers=["05C", "10H", "10Y"], coordinating_commissioner="10Y"))
    await harness.hear(bucks_merges())

    async def coordinator(day: date, known: date | None = None) -> str:
        as_known = None if known is None else at(known)
        return str((await harness.seen(reference, as_at=day, as_known=as_known))["coordinating_commissioner"])

    assert await coordinator(date(2018, 3, 31)) == "10Y"
    assert await coordinator(date(2018, 4, 1)) == "14Y"
    assert await coordinator(date(2018, 4, 1), known=date(2018, 3, 30)) == "10Y"
