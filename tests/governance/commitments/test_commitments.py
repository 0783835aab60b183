"""Commitments before legal existence, as at a day: what ends one later has not ended it yet."""

from datetime import date
from typing import Any

from libs.common.events.contracts import CommitmentLapsed, CommitmentMade
from libs.common.identity import service_caller
from services.governance.commitments.commands import find_commitments
from services.governance.commitments.queries import list_commitments
from tests.support.governance_harness import GovernanceHarness, a_lead, at

SIGNED, LAPSED = date(2012, 7, 2), date(2013, 6, 1)


def a_commitment(contract: str, *customers: str) -> CommitmentMade:
    """A contract that these customers signed, none of which was established."""
    return CommitmentMade(
        contract=contract,
        supplier="0CX",
        customers=customers,
        not_established=customers,
        signed_on=SIGNED,
        starts_on=date(2013, 4, 1),
        last_day=date(2016, 3, 31),
        annual_pence=1_000_00,
        effective_on=SIGNED,
        stated_at=at(SIGNED),
    )


async def look(harness: GovernanceHarness, day: date) -> int:
    async with harness.database.begin() as session:
        return await find_commitments(session, up_to=day, stated_at=at(day), by=service_caller("governance"))


async def test_a_commitment_lapses_on_its_day_and_not_before(harness: GovernanceHarness) -> None:
    made = a_commitment("SHADOW-1", "10H")
    contract = {"contract": made.contract, "supplier": made.supplier, "customers": made.customers}
    await harness.hear(
        made, CommitmentLapsed(**contract, reason="refused", effective_on=LAPSED, stated_at=at(date(2013, 5, 1)))
    )
    before = date(2013, 5, 31)
    for day, state in ((before, "conditional"), (LAPSED, "lapsed")):
        [found] = await list_commitments(
            harness.database, by=a_lead("10H"), as_at=day, as_known=None, after=None, limit=5
        )
        assert found.state == state
    assert await look(harness, before) == 2
    assert await look(harness, LAPSED) == 2
    cleared = await harness.told("GovernanceFindingCleared")
    assert {(one["reason"], one["effective_on"]) for one in cleared} == {("lapsed", LAPSED.isoformat())}


async def test_a_commitment_is_ratified_once_each_body_that_was_not_established_has_decided(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    await harness.hear(a_commitment("SHADOW-2", "10H", "10Y"))
    day = date(2013, 5, 15)
    ratify: dict[str, Any] = {"action": "contract.ratify", "subject": "SHADOW-2"}
    still_open = []
    for code in ("10H", "10Y"):
        await harness.grant(code, function=None, action="contract", value_limit_pence=None)
        still_open.append(await look(harness, day))
        await harness.decide(await harness.propose(code, on=day, **ratify), f"{code}-governing-body", on=day)
    assert still_open == [2, 0], "one of two has ratified"
    assert await look(harness, day) == 2
    cleared = await harness.told("GovernanceFindingCleared")
    assert [one["reason"] for one in cleared] == ["ratified", "ratified"]
