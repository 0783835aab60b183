"""An applicant of a merger whose own body has not voted to apply is a finding, which undoes nothing."""

from datetime import date
from typing import Any

from libs.common.events.registry import MergerApplicationDetermined, MergerApplied
from libs.common.identity import service_caller
from services.governance.mergers.votes import find_unvoted
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, at

VOTED, APPLIED, LATER = date(2017, 5, 1), date(2017, 6, 1), date(2017, 7, 3)
ASKED: dict[str, Any] = {"kind": "merger", "action": "merger.apply", "value_pence": 0, "annual_pence": 0}


async def applied(harness: GovernanceHarness) -> dict[str, object]:
    """10H votes, 10Y does not, and the registry has an application of both."""
    await harness.bucks()
    for code in ("10H", "10Y"):
        await harness.grant(code, function=None, action="merger.apply", value_limit_pence=None)
    proposal = await harness.propose("10H", on=VOTED, **ASKED, subject="10H")
    await harness.consult(proposal, "members", on=VOTED)
    await harness.decide(proposal, "10H-governing-body", on=VOTED)
    application: dict[str, object] = {"application": "A-14Y", "applicants": ("10H", "10Y"), "successor": "14Y"}
    days = {"to_take_effect_on": MERGED_ON, "effective_on": APPLIED, "stated_at": at(APPLIED)}
    await harness.hear(MergerApplied.model_validate({**application, **days, "successor_name": "NHS Bucks"}))
    return application


async def look(harness: GovernanceHarness, day: date) -> int:
    """What due work up to a day changes."""
    async with harness.database.begin() as session:
        return await find_unvoted(session, up_to=day, stated_at=at(day), by=service_caller("governance"))


async def test_a_missing_vote_is_found_once_and_cleared_when_it_is_there(harness: GovernanceHarness) -> None:
    await applied(harness)
    [found] = await harness.told("GovernanceFindingRaised")
    assert (found["finding"], found["parties"]) == ("applied_without_decision:A-14Y:10Y", ["10Y"])
    assert await look(harness, LATER) == 0
    proposal = await harness.propose("10Y", on=LATER, **ASKED, subject="A-14Y")
    await harness.decide(proposal, "10Y-governing-body", "rejected", on=LATER)
    assert await look(harness, LATER) == 0
    again = await harness.propose("10Y", on=LATER, **ASKED, subject="A-14Y")
    await harness.consult(again, "members", on=LATER)
    await harness.decide(again, "10Y-governing-body", on=LATER)
    assert await look(harness, LATER) == 1
    [cleared] = await harness.told("GovernanceFindingCleared")
    assert (cleared["finding"], cleared["reason"]) == (found["finding"], "decided")


async def test_it_is_cleared_when_the_application_is_withdrawn(harness: GovernanceHarness) -> None:
    withdrawn = {**await applied(harness), "outcome": "withdrawn", "effective_on": LATER, "stated_at": at(LATER)}
    await harness.hear(MergerApplicationDetermined.model_validate(withdrawn))
    [cleared] = await harness.told("GovernanceFindingCleared")
    assert cleared["reason"] == "application_ended"


async def test_a_late_event_about_another_application_leaves_it_as_it_is(harness: GovernanceHarness) -> None:
    await applied(harness)
    earlier: dict[str, object] = {"application": "A-99Z", "applicants": ("10H",), "successor": "99Z"}
    days = {"to_take_effect_on": MERGED_ON, "effective_on": VOTED, "stated_at": at(VOTED)}
    await harness.hear(MergerApplied.model_validate({**earlier, **days, "successor_name": "NHS Z"}))
    assert await harness.told("GovernanceFindingCleared") == []
