"""At common law a party is replaced with everybody's consent, each by its own act, on one day."""

from datetime import date
from typing import Any

import pytest
from fastapi import Response

from libs.common.http.conditional import versions
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.contracts.core.errors import ContractAlreadyEnded, ContractNotFound, DocumentMissing
from services.contracts.mergers.errors import AgreementUnsettled
from services.contracts.novations import api, commands
from services.contracts.novations.errors import ConsentMissing, NovationNotFound, NovationNotPossible
from services.contracts.novations.queries import get_novation
from services.contracts.terminations.notices import ServeNotice, serve_notice
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges

TODAY, THE_DAY, EVE = date(2018, 7, 1), date(2018, 10, 1), date(2018, 9, 30)
SUPPLIER: dict[str, Any] = {
    "into": "CSU-2018",
    "role": "supplier",
    "leaving": "0CX",
    "entering": "0DJ",
    "takes_effect_on": THE_DAY,
}
CUSTOMER: dict[str, Any] = {
    "into": "CSU-2018",
    "role": "customer",
    "leaving": "10Y",
    "entering": "05C",
    "takes_effect_on": THE_DAY,
}


async def propose(harness: ContractsHarness, reference: str, by: Caller, on: date = TODAY, **change: Any) -> None:
    async with harness.database.begin() as session:
        wanted = commands.ProposeNovation.model_validate(change)
        await commands.propose_novation(session, reference, wanted, by=by, today=on, stated_at=at(on))


async def consent(harness: ContractsHarness, reference: str, by: Caller, on: date = TODAY, **act: Any) -> None:
    async with harness.database.begin() as session:
        wanted = commands.ConsentToNovation.model_validate(act)
        await commands.consent_to_novation(session, reference, wanted, by=by, today=on, stated_at=at(on))


async def complete(harness: ContractsHarness, reference: str, by: Caller, on: date = TODAY) -> None:
    async with harness.database.begin() as session:
        await commands.complete_novation(session, reference, by=by, today=on, stated_at=at(on, 10), expect=any_version)


async def missing(harness: ContractsHarness, reference: str) -> list[str]:
    return (await get_novation(harness.database, reference, by=a_lead(), as_at=TODAY, as_known=None)).missing


async def test_a_new_supplier_enters_once_every_party_has_consented(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await propose(harness, reference, a_lead("10H"), **SUPPLIER)
    assert await missing(harness, reference) == ["0CX", "0DJ", "10Y"]
    for code in ("10Y", "0CX"):
        await consent(harness, reference, a_lead(code))
        with pytest.raises(ConsentMissing):
            await complete(harness, reference, a_lead("10H"))
    assert await missing(harness, reference) == ["0DJ"]
    await consent(harness, reference, a_lead("0DJ"), authority="Minute 14/18")
    await complete(harness, reference, a_lead("10H"))
    assert await harness.status(reference, as_at=EVE) == "active"
    assert await harness.status(reference, as_at=THE_DAY) == "replaced"
    new = await harness.seen("CSU-2018", as_at=THE_DAY)
    assert (new["supplier"].code, new["status"], new["last_day"]) == ("0DJ", "active", date(2020, 3, 31))
    assert [customer.code for customer in new["customers"]] == ["10H", "10Y"]
    [ended] = await harness.told("ContractTerminated")
    signed = (await harness.told("ContractSigned"))[-1]
    assert (ended["effective_on"], ended["into"], ended["supplier"]) == ("2018-10-01", "CSU-2018", "0CX")
    assert (signed["effective_on"], signed["out_of"], signed["annual_pence"]) == ("2018-10-01", reference, 150_000_01)
    read = await get_novation(harness.database, reference, by=a_lead("0DJ"), as_at=TODAY, as_known=None)
    assert (read.state, read.missing) == ("completed", [])
    with pytest.raises(ContractAlreadyEnded):
        await propose(harness, reference, a_lead("10H"), **SUPPLIER)


async def test_who_left_before_does_not_read_a_novation_proposed_since(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(bucks_merges())
    await propose(harness, reference, a_lead("14Y"), **SUPPLIER)
    before = date(2018, 3, 31)
    left = a_lead("10H")
    await harness.seen(reference, as_at=before, by=left)
    with pytest.raises(NovationNotFound):
        await get_novation(harness.database, reference, by=left, as_at=before, as_known=None)
    read = await get_novation(harness.database, reference, by=a_lead("0CX"), as_at=before, as_known=None)
    assert read.missing == ["0CX", "0DJ"]


async def test_whose_consent_was_missing_is_read_as_known_then(harness: ContractsHarness) -> None:
    reference, on = await harness.signed(), date(2018, 3, 1)
    await propose(harness, reference, a_lead("10H"), on, **SUPPLIER)
    await harness.hear(bucks_merges())
    for as_known, expected in ((at(on, 12), ["0CX", "0DJ", "10Y"]), (None, ["0CX", "0DJ"])):
        read = await get_novation(harness.database, reference, by=a_lead(), as_at=on, as_known=as_known)
        assert read.missing == expected


async def test_a_customer_is_replaced_and_the_others_stay(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await propose(harness, reference, a_lead("10H", "10Y", "0CX"), **CUSTOMER)
    assert await missing(harness, reference) == ["05C"]
    await consent(harness, reference, a_lead("05C"))
    await complete(harness, reference, a_lead("0CX"))
    assert await harness.customers("CSU-2018", as_at=THE_DAY) == ["05C", "10H"]
    assert await harness.customers(reference, as_at=EVE) == ["10H", "10Y"]


@pytest.mark.parametrize(("completes", "reads"), [("10Y", "CSU-BUCKS-2017"), ("10H", "CSU-2018")])
async def test_who_leaves_completes_it_and_gets_the_contract_that_ended(
    harness: ContractsHarness, completes: str, reads: str
) -> None:
    reference, answer = await harness.signed(), Response()
    await propose(harness, reference, a_lead("10H", "10Y", "0CX", "05C"), **CUSTOMER)
    by, accepted = a_lead(completes), versions("*")
    async with harness.database.begin() as session:
        shown = await api.complete_novation(reference, answer, session, by, TODAY, at(TODAY, 10), accepted)
    assert (shown.reference, answer.headers["ETag"]) == (reads, f'"{shown.version}"')
    assert answer.headers["Location"] == "contracts/CSU-2018"
    assert await harness.status(reference, as_at=THE_DAY) == "replaced"


async def test_another_proposal_is_consented_to_anew(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await propose(harness, reference, a_lead("10H", "10Y"), **SUPPLIER)
    await propose(harness, reference, a_lead("0CX"), **(SUPPLIER | {"entering": "0EX"}))
    assert await missing(harness, reference) == ["0EX", "10H", "10Y"]
    with pytest.raises(ContractNotFound):
        await consent(harness, reference, a_lead("0DJ"))


async def test_a_predecessors_consent_binds_its_successor(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await propose(harness, reference, a_lead("10H", "10Y"), on=date(2018, 3, 1), **SUPPLIER)
    await consent(harness, reference, a_lead("0CX"), on=date(2018, 3, 1))
    await harness.hear(bucks_merges())
    assert await missing(harness, reference) == ["0DJ"]
    await consent(harness, reference, a_lead("0DJ"))
    await complete(harness, reference, a_lead("14Y"))
    assert await harness.customers("CSU-2018", as_at=THE_DAY) == ["14Y"]


async def test_no_body_consents_for_all_and_a_stranger_learns_nothing(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    loader = a_lead(also=(Role.LOADER,))
    with pytest.raises(NovationNotFound):
        await consent(harness, reference, a_lead("10H"))
    await propose(harness, reference, a_lead("10H"), **SUPPLIER)
    with pytest.raises(RoleMissing):
        await consent(harness, reference, a_lead())
    with pytest.raises(NotYoursToDecide, match="name the one"):
        await consent(harness, reference, loader)
    with pytest.raises(DocumentMissing):
        await consent(harness, reference, loader, party="0CX")
    with pytest.raises(ContractNotFound):
        await consent(harness, reference, a_lead("05C"))
    await consent(harness, reference, loader, party="0CX", document="Deed of novation")
    assert await missing(harness, reference) == ["0DJ", "10Y"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"takes_effect_on": date(2017, 4, 1)}, "none of it is left to novate"),
        ({"takes_effect_on": date(2020, 4, 1)}, "none of it is left to novate"),
        ({"takes_effect_on": date(2018, 6, 30)}, "has passed"),
        ({"leaving": "0EX"}, "0EX is no supplier"),
        ({"entering": "10H", "role": "customer", "leaving": "10Y"}, "10H is customer of CSU-BUCKS-2017 already"),
    ],
)
async def test_what_cannot_be_novated_is_refused_with_the_reason(
    harness: ContractsHarness, change: dict[str, Any], reason: str
) -> None:
    reference = await harness.signed(a_draft())
    with pytest.raises(NovationNotPossible, match=reason):
        await propose(harness, reference, a_lead("10H"), **(SUPPLIER | change))


async def test_what_ends_by_a_notice_that_stands_is_not_novated(harness: ContractsHarness) -> None:
    reference = await harness.signed(a_draft())
    await propose(harness, reference, a_lead("10H"), **SUPPLIER)
    for code in ("10Y", "0CX", "0DJ"):
        await consent(harness, reference, a_lead(code))
    own = ServeNotice(last_day=date(2019, 3, 31), reason="in_house", leaving=["10Y"])
    async with harness.database.begin() as session:
        await serve_notice(
            session, reference, own, by=a_lead("10Y"), today=TODAY, stated_at=at(TODAY, 9), expect=any_version
        )
    for act in (propose(harness, reference, a_lead("10H"), **SUPPLIER), complete(harness, reference, a_lead("10H"))):
        with pytest.raises(NovationNotPossible, match="CSU-BUCKS-2017 for 10Y with 2019-03-31"):
            await act


async def test_an_agreement_of_a_body_that_ended_is_settled_before_it_is_novated(harness: ContractsHarness) -> None:
    reference = await harness.signed(a_draft(form="section_75"))
    await harness.hear(bucks_merges())
    with pytest.raises(AgreementUnsettled):
        await propose(harness, reference, a_lead("0CX"), **SUPPLIER)


async def test_what_the_customers_agreed_among_themselves_goes_over_to_the_new_contract(
    harness: ContractsHarness,
) -> None:
    lines = [{"function": code, "annual_pence": 100} for code in ("core_primary_care", "community_services")]
    model = {"kind": "mcp_fully_integrated", "excludes": ["urgent_care"]}
    terms = {"form": "care_model", "care_model": model, "lines": lines}
    reference = await harness.signed(a_draft(coordinating_commissioner="10Y", **terms))
    await harness.agree_shares(reference, {"10H": 1, "10Y": 3}, on=date(2017, 6, 1))
    everybody = a_lead("10H", "10Y", "0CX", "05C")
    await propose(harness, reference, everybody, **CUSTOMER)
    await complete(harness, reference, everybody)
    signed = (await harness.told("ContractSigned"))[-1]
    assert (signed["customers"], signed["customer_shares"]) == (["05C", "10H"], ["3/4", "1/4"])
    assert (signed["form"], signed["title"]) == ("care_model", "Community services; Core primary care")
    assert (await harness.told("SharesAgreed"))[-1]["cost_shares"] == ["3/4", "1/4"]
    new = await harness.seen("CSU-2018", as_at=THE_DAY)
    assert new["coordinating_commissioner"] == "05C"
    old = await harness.seen(reference, as_at=date(2017, 6, 1))
    assert new["care_model"] == old["care_model"]
    assert new["care_model"]["ends_by"] == "2032-03-31"


async def test_a_term_that_is_counted_in_months_does_not_begin_anew(harness: ContractsHarness) -> None:
    terms = {"initial_months": 12, "renewal_months": 12, "minimum_months": 24}
    reference = await harness.signed(a_draft(last_day=date(2018, 3, 31), exit_terms=terms))
    everybody = a_lead("10H", "10Y", "0CX", "0DJ")
    await propose(harness, reference, everybody, **SUPPLIER)
    await complete(harness, reference, everybody)
    new = await harness.seen("CSU-2018", as_at=THE_DAY)
    assert (new["starts_on"], new["last_day"]) == (THE_DAY, date(2019, 3, 31))
    assert new["earliest_exit_on"] == date(2019, 3, 31)
    assert await harness.status(reference, as_at=THE_DAY) == "replaced"
