"""Commitments before legal existence, as at a day: what ends one later has not ended it yet."""

from datetime import date

from libs.common.events.contracts import CommitmentLapsed, CommitmentMade
from libs.common.identity import service_caller
from services.governance.commitments.commands import find_commitments
from services.governance.commitments.queries import list_commitments
from tests.support.governance_harness import GovernanceHarness, a_lead, at

SIGNED, LAPSED = date(2012, 7, 2), date(2013, 6, 1)


async def test_a_commitment_lapses_on_its_day_and_not_before(harness: GovernanceHarness) -> None:
    contract = {"contract": "SHADOW-1", "supplier": "0CX", "customers": ("10H",)}
    await harness.hear(
        CommitmentMade(
            **contract,
            not_established=("10H",),
            signed_on=SIGNED,
            starts_on=date(2013, 4, 1),
            last_day=date(2016, 3, 31),
            annual_pence=1_000_00,
            effective_on=SIGNED,
            stated_at=at(SIGNED),
        ),
        CommitmentLapsed(**contract, reason="refused", effective_on=LAPSED, stated_at=at(date(2013, 5, 1))),
    )

    async def look(day: date) -> int:
        async with harness.database.begin() as session:
            return await find_commitments(session, up_to=day, stated_at=at(day), by=service_caller("governance"))

    before = date(2013, 5, 31)
    for day, state in ((before, "conditional"), (LAPSED, "lapsed")):
        [found] = await list_commitments(
            harness.database, by=a_lead("10H"), as_at=day, as_known=None, after=None, limit=5
        )
        assert found.state == state
    assert await look(before) == 2
    assert await look(LAPSED) == 2
    cleared = await harness.told("GovernanceFindingCleared")
    assert {(one["reason"], one["effective_on"]) for one in cleared} == {("lapsed", LAPSED.isoformat())}
