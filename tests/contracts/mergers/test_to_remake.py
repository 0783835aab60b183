"""Agreements that name legal bodies are flagged and never moved, until a party states what became of them."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from libs.common.errors import DomainError
from libs.common.events.registry import CCGMergerAgreed, CCGMergerRedated, CCGMergerWithdrawn, SuccessionUndone
from services.contracts.mergers.errors import AgreementAlreadySettled, AgreementNotFlagged, SchemeUnknown
from services.contracts.mergers.queries import list_agreements_to_remake
from services.contracts.mergers.to_remake import SettleAgreement, flag_signed_late, settle_agreement
from tests.contracts.transfers.test_schemes import merged_by
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at, bucks_merges

AGREED, THE_DAY, EVE, LATER = date(2017, 9, 1), date(2018, 4, 1), date(2018, 3, 31), date(2018, 6, 1)
BODIES = {"merger": "M-BUCKS", "successor": "14Y", "predecessors": ("10H", "10Y")}
agreed = CCGMergerAgreed(effective_on=THE_DAY, stated_at=at(AGREED), successor_name="NHS Bucks CCG", **BODIES)
redated = CCGMergerRedated(
    effective_on=date(2019, 4, 1), stated_at=at(date(2018, 2, 1)), previously_on=THE_DAY, **BODIES
)
withdrawn = CCGMergerWithdrawn(effective_on=date(2018, 3, 1), stated_at=at(date(2018, 3, 1)), **BODIES)


async def an_agreement(harness: ContractsHarness, form: str = "section_75", reference: str = "S75-2017") -> str:
    return await harness.signed(a_draft(reference=reference, customers=["10H"], supplier="LA1", form=form))


async def settle(harness: ContractsHarness, reference: str, on: date, *codes: str, **command: Any) -> None:
    async with harness.database.begin() as session:
        wanted = SettleAgreement.model_validate(command)
        lead = a_lead(*(codes or ("14Y",)))
        await settle_agreement(session, reference, wanted, by=lead, today=on, stated_at=at(on))


async def listed(harness: ContractsHarness, *, settled: bool = False, on: date = LATER) -> list[tuple[str, str, str]]:
    found = await list_agreements_to_remake(
        harness.database, about=None, with_settled=settled, by=a_lead(), as_at=on, as_known=None
    )
    return [(one.agreement, one.state, one.outcome or "") for one in found]


@pytest.mark.parametrize("form", ["section_75", "data_sharing", "other"])
async def test_it_keeps_its_old_party_and_is_listed_until_it_is_settled(harness: ContractsHarness, form: str) -> None:
    reference = await an_agreement(harness, form)
    service = await harness.signed()
    await harness.hear(agreed)
    assert await listed(harness) == [(reference, "expected", "")]
    await harness.hear(bucks_merges())
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H"]
    assert await harness.customers(service, as_at=THE_DAY) == ["14Y"]
    assert await listed(harness) == [(reference, "due", "")]
    told = await harness.told("AgreementToRemake")
    assert [(event["expected"], event["effective_on"], event["kind"], event["parties"]) for event in told] == [
        (True, "2018-04-01", form, ["10H", "LA1"]),
        (False, "2018-04-01", form, ["10H", "LA1"]),
    ]
    before = await harness.told()
    await harness.hear(agreed, bucks_merges())
    assert await harness.told() == before
    new = await harness.signed(a_draft(reference="S75-2018", customers=["05C"], form=form))
    await settle(harness, reference, LATER, "14Y", "05C", outcome="remade", into=new)
    assert (await listed(harness), await listed(harness, settled=True)) == ([], [(reference, "due", "remade")])
    assert await harness.status(reference, as_at=EVE) == "active"
    assert await harness.status(reference, as_at=THE_DAY) == "terminated"
    [event] = await harness.told("AgreementSettled")
    assert (event["outcome"], event["into"], event["successor"]) == ("remade", new, "14Y")


async def test_the_plan_may_be_moved_and_withdrawn_in_any_order(harness: ContractsHarness) -> None:
    reference = await an_agreement(harness)
    for events in permutations([agreed, redated, withdrawn]):
        await harness.hear(*events)
        assert await listed(harness) == []
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H"]
    again = agreed.model_copy(update={"stated_at": at(date(2018, 3, 5)), "effective_on": date(2019, 4, 1)})
    await harness.hear(again)
    assert await listed(harness) == [(reference, "expected", "")]


async def test_what_a_scheme_saves_passes_to_the_successor_with_the_merger(harness: ContractsHarness) -> None:
    reference = await an_agreement(harness)
    await harness.hear(agreed)
    with pytest.raises(SchemeUnknown):
        await settle(harness, reference, AGREED, "10H", outcome="saved", scheme="P-1")
    await harness.hear(merged_by("P-1", "P-2"))
    await settle(harness, reference, LATER, outcome="saved", scheme="P-1", document="Schedule 2")
    assert await harness.customers(reference, as_at=EVE) == ["10H"]
    assert await harness.customers(reference, as_at=THE_DAY) == ["14Y"]
    transferred = (await harness.told("ContractTransferred"))[-1]
    assert (transferred["contract"], transferred["schemes"]) == (reference, ["P-1"])
    with pytest.raises(AgreementAlreadySettled):
        await settle(harness, reference, LATER, outcome="ended")


async def test_what_was_settled_before_the_day_takes_effect_with_the_merger(harness: ContractsHarness) -> None:
    saved = await an_agreement(harness)
    ended = await an_agreement(harness, "data_sharing", "DATA-2017")
    await harness.hear(agreed)
    await settle(harness, saved, AGREED, "LA1", outcome="saved", document="Deed of 1 August")
    await settle(harness, ended, AGREED, "10H", outcome="ended")
    assert await harness.status(ended, as_at=THE_DAY) == "active", "the merger may still be withdrawn"
    assert await harness.customers(saved, as_at=THE_DAY) == ["10H"]
    await harness.hear(bucks_merges())
    assert await harness.status(ended, as_at=THE_DAY) == "terminated"
    assert await harness.customers(saved, as_at=THE_DAY) == ["14Y"]


async def test_an_undone_merger_leaves_nothing_to_be_made_again(harness: ContractsHarness) -> None:
    reference = await an_agreement(harness)
    await harness.hear(bucks_merges())
    undone = [
        SuccessionUndone(code=code, successor="14Y", effective_on=THE_DAY, stated_at=at(LATER))
        for code in ("10H", "10Y")
    ]
    await harness.hear(*undone)
    assert await listed(harness) == []
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H"]


async def test_only_a_flagged_agreement_is_settled_by_one_of_its_parties(harness: ContractsHarness) -> None:
    reference = await an_agreement(harness)
    service = await harness.signed()
    await harness.hear(bucks_merges())
    with pytest.raises(AgreementNotFlagged):
        await settle(harness, service, LATER, outcome="ended")
    with pytest.raises(DomainError, match="no contract"):
        await settle(harness, reference, LATER, "05C", outcome="ended")
    assert await listed(harness) == [(reference, "due", "")]


async def test_one_that_is_signed_after_the_merger_of_its_body_is_flagged_once(harness: ContractsHarness) -> None:
    draft = a_draft(reference="S75-LATE", customers=["10H"], supplier="LA1", form="section_75")
    reference = await harness.draft(draft)
    await harness.hear(bucks_merges())
    await harness.sign(reference, on=LATER, signed_on=date(2017, 2, 1), document="Deed of 1 February 2017")
    assert await listed(harness) == []
    flagged = []
    for _ in range(2):
        async with harness.database.begin() as session:
            flagged.append(await flag_signed_late(session, up_to=LATER, stated_at=at(LATER), by=a_lead()))
    assert flagged == [1, 0]
    assert await listed(harness) == [(reference, "due", "")]
    assert len(await harness.told("AgreementToRemake")) == 1
