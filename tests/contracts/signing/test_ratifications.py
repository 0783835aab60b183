"""Conditional contracts: signed by a published decision, however often and however early it comes."""

from datetime import date
from typing import Any

import pytest

from libs.common.events.governance import DecisionTaken
from libs.common.events.registry import CCGMerged, OrganisationOpened, OrganisationProposed
from libs.common.identity import Caller, Role, RoleMissing
from services.contracts.agreements.queries import get_shares
from services.contracts.agreements.shares import AgreeShares, agree_shares
from services.contracts.core.errors import DocumentMissing, NotADraft, SignedInTheFuture
from services.contracts.publication.commands import publish_contract
from services.contracts.publication.errors import NothingToPublish
from services.contracts.reactions.due import do_next
from services.contracts.signing.errors import NotConditional, PartyNotNamed
from services.contracts.signing.ratifications import RatifyContract, ratify_contract
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges

CODE, SIGNED, START = "99Z", date(2012, 6, 1), date(2013, 6, 1)


def decided(outcome: str = "approved", **changed: Any) -> DecisionTaken:
    fields: dict[str, Any] = {
        "effective_on": date(2013, 5, 15),
        "stated_at": at(date(2013, 5, 15)),
        "decision": "D-1",
        "proposal": "P-1",
        "body": f"{CODE}-governing-body",
        "organisation": CODE,
        "binds": (CODE,),
        "subject": "CSU-BUCKS-2017",
        "action": "contract.ratify",
        "outcome": outcome,
        "conditions": (),
        "minute": "13/07",
        "value_pence": 0,
        "annual_pence": 0,
        "recurrent": True,
        "case": "",
        "case_version": 0,
        "revision": 0,
        "urgent": False,
    }
    return DecisionTaken(**(fields | changed))


async def committed(harness: ContractsHarness) -> str:
    proposed = {"code": CODE, "name": "NHS 99Z CCG", "kind": "ccg"}
    await harness.hear(OrganisationProposed(effective_on=date(2012, 4, 1), stated_at=at(date(2012, 4, 1)), **proposed))
    draft = a_draft(customers=[CODE], starts_on=START, last_day=date(2018, 5, 31))
    reference = await harness.draft(draft, by=a_lead(CODE), stated=at(SIGNED, 8))
    await harness.sign(reference, on=SIGNED, by=a_lead(CODE))
    assert await harness.status(reference, as_at=START) == "conditional"
    return reference


async def opens(harness: ContractsHarness) -> None:
    opened = {"code": CODE, "name": "NHS 99Z CCG", "kind": "ccg"}
    await harness.hear(OrganisationOpened(effective_on=date(2013, 4, 1), stated_at=at(date(2013, 4, 1)), **opened))


async def ratify(harness: ContractsHarness, reference: str, *, by: Caller, **command: Any) -> None:
    async with harness.database.begin() as session:
        await ratify_contract(
            session,
            reference,
            RatifyContract.model_validate(command),
            by=by,
            today=START,
            stated_at=at(START),
            expect=any_version,
        )


async def due(harness: ContractsHarness) -> int:
    done = 0
    async with harness.database.begin() as session:
        day = date(2013, 5, 20)
        while count := await do_next(session, up_to=day, stated_at=at(day), by=a_lead()):
            done += count
    return done


@pytest.mark.parametrize("opens_first", [True, False])
async def test_a_decision_signs_the_contract_as_of_its_day_whichever_comes_first(
    harness: ContractsHarness, opens_first: bool
) -> None:
    reference = await committed(harness)
    if opens_first:
        await opens(harness)
    await harness.hear(decided(action="contract.terminate", decision="D-0"), decided(), decided())
    if not opens_first:
        assert await harness.status(reference, as_at=START) == "conditional"
        await opens(harness)
        await due(harness)
    await harness.hear(decided())
    await due(harness)
    assert await harness.status(reference, as_at=START) == "active"
    assert await harness.status(reference, as_at=START, as_known=at(date(2013, 5, 14))) == "conditional"
    for as_known in (at(date(2013, 5, 14)), None):
        shares = await get_shares(harness.database, reference, "cost", by=a_lead(CODE), as_at=START, as_known=as_known)
        assert [(part.code, part.share) for part in shares.parts] == [(CODE, "1")]
    [signed] = await harness.told("ContractSigned")
    assert (signed["effective_on"], signed["stated_at"]) == ("2013-06-01", "2013-05-15T09:00:00Z")


async def test_a_rejection_ends_it_and_nothing_is_decided_afterwards(harness: ContractsHarness) -> None:
    reference = await committed(harness)
    await opens(harness)
    await harness.hear(decided("rejected"), decided("rejected"), decided(decision="D-2"))
    assert await harness.status(reference, as_at=START) == "lapsed"
    assert [event["name"] for event in await harness.told()] == ["CommitmentMade", "CommitmentLapsed"]
    [lapsed] = await harness.told("CommitmentLapsed")
    assert lapsed["decision"] == decided("rejected").decision, "also where due work takes it up, and not the decision"
    with pytest.raises(NotConditional):
        await ratify(harness, reference, by=a_lead(CODE))
    with pytest.raises(NothingToPublish):
        async with harness.database.begin() as session:
            await publish_contract(
                session, reference, prefix="ocds-1", by=a_lead(CODE), today=START, stated_at=at(START)
            )


@pytest.mark.parametrize("by_decision", [True, False])
async def test_the_successor_of_a_body_ratifies_what_that_one_signed(
    harness: ContractsHarness, by_decision: bool
) -> None:
    reference = await committed(harness)
    await opens(harness)
    day = date(2013, 5, 1)
    merged = bucks_merges(day).model_dump() | {"predecessors": (CODE, "10Y")}
    await harness.hear_of_ccgs("14Y", on=day)
    await harness.hear(CCGMerged(**merged))
    assert await harness.status(reference, as_at=START) == "conditional"
    if by_decision:
        other = decided(organisation="05C", binds=("05C",), decision="D-0")
        await harness.hear(other)
        assert await harness.status(reference, as_at=START) == "conditional"
        await harness.hear(decided(organisation="14Y", binds=("14Y",)))
    else:
        await ratify(harness, reference, by=a_lead("14Y"), authority="Minute 13/08")
    assert await harness.status(reference, as_at=START) == "active"
    assert await harness.customers(reference, as_at=START) == ["14Y"]
    [signed] = await harness.told("ContractSigned")
    assert signed["customers"] == ["14Y"]


async def test_only_a_loader_ratifies_for_another_with_its_document(harness: ContractsHarness) -> None:
    reference = await committed(harness)
    await opens(harness)
    with pytest.raises(RoleMissing):
        await ratify(harness, reference, by=a_lead())
    loader = a_lead(also=(Role.LOADER,))
    with pytest.raises(PartyNotNamed):
        await ratify(harness, reference, by=loader)
    with pytest.raises(DocumentMissing):
        await ratify(harness, reference, by=loader, party=CODE)
    with pytest.raises(SignedInTheFuture):
        await ratify(harness, reference, by=a_lead(CODE), ratified_on="2013-06-02")
    await ratify(harness, reference, by=loader, party=CODE, document="Minute 13/07")
    assert await harness.status(reference, as_at=START) == "active"


async def test_what_is_committed_has_the_shares_that_were_signed(harness: ContractsHarness) -> None:
    reference = await committed(harness)
    with pytest.raises(NotADraft):
        async with harness.database.begin() as session:
            await agree_shares(
                session,
                reference,
                "cost",
                AgreeShares(weights={CODE: 1}, total=1),
                by=a_lead(CODE),
                today=SIGNED,
                stated_at=at(SIGNED),
                expect=any_version,
            )
