"""What due work finds of proposals, and by what it ends: decisions, reversals, later revisions of a plan, deferrals."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.database.connection import Database
from services.governance.decisions import commands as decisions
from services.governance.obstructions.commands import find_obstructions
from services.governance.obstructions.queries import ObstructionFilter, list_obstructions, read_radar
from services.governance.obstructions.views import RadarView
from services.governance.proposals import acts
from services.governance.proposals.commands import lock_proposal
from tests.governance.subjects.test_subjects import a_life, a_plan
from tests.support.governance_harness import GovernanceHarness, a_lead, at

ON, DUE = date(2017, 6, 1), date(2017, 7, 1)
OVERDUE = DUE + timedelta(days=1)
BODY, OTHER = "10H-governing-body", "10Y-governing-body"
COMMIT: dict[str, Any] = {"kind": "consolidation", "action": "consolidation.commit", "subject": "PL-1"}


@pytest.fixture
async def bucks(harness: GovernanceHarness) -> GovernanceHarness:
    """The bodies of both CCGs may decide on the plan PL-1, which is known."""
    await harness.bucks()
    for code in ("10H", "10Y"):
        await harness.grant(code, function=None, action="consolidation", recurrent=True, value_limit_pence=None)
    await harness.hear(*a_life()[:1], a_plan(1, "10H", "10Y"))
    return harness


async def asked(bucks: GovernanceHarness, **more: Any) -> str:
    return await bucks.propose("10H", on=ON, **COMMIT, recurrent=True, **more)


async def due(database: Database, day: date) -> int:
    async with database.begin() as session:
        return await find_obstructions(session, up_to=day, stated_at=at(day), by=a_lead())


async def found(database: Database, day: date) -> list[tuple[str, str, date, date | None, str | None]]:
    """Body, kind, and the first day with and without of what was in the way by a day."""
    wanted = ObstructionFilter(with_ended=True)
    seen = await list_obstructions(database, wanted, by=a_lead(), as_at=day, as_known=None, after=None, limit=20)
    return [(one.body, one.kind.value, one.since, one.ended_on, one.ended_by) for one in seen]


async def radar(database: Database, day: date) -> list[RadarView]:
    return await read_radar(database, by=a_lead(), as_at=day, as_known=None, after=None, limit=20)


async def reverse(bucks: GovernanceHarness, decision: str, by_decision: str, day: date) -> None:
    async with bucks.database.begin() as session:
        reversed_ = await decisions.get_decision_to_change(session, decision, by=a_lead(), today=day)
        command = decisions.ReverseDecision(by_decision=by_decision, from_day=day)
        await decisions.reverse_by_decision(session, reversed_, command, by=a_lead(), today=day, stated_at=at(day, 13))


async def defer(
    bucks: GovernanceHarness, proposal: str, first: date, until: date | None, reason: str, stated: date
) -> None:
    command = acts.DeferDecision(body=OTHER, from_on=first, until_on=until, reason=reason, document="Letter")
    async with bucks.database.begin() as session:
        locked = await lock_proposal(session, proposal)
        await acts.defer_decision(session, locked, command, by=a_lead(), today=stated, stated_at=at(stated))


@pytest.mark.parametrize(("reverses", "since"), [(OTHER, date(2017, 7, 20)), (BODY, date(2017, 7, 20))])
async def test_a_veto_ends_when_it_or_the_consent_that_it_stands_against_is_reversed(
    bucks: GovernanceHarness, reverses: str, since: date
) -> None:
    first, second = await asked(bucks), await asked(bucks, series="again")
    taken = {BODY: await bucks.decide(first, BODY, on=ON), OTHER: await bucks.decide(first, OTHER, "rejected", on=ON)}
    await due(bucks.database, ON)
    assert await found(bucks.database, ON) == [(OTHER, "veto", ON, None, None)]
    later = date(2017, 7, 20)
    await reverse(bucks, taken[reverses], await bucks.decide(second, reverses, on=later), later)
    await due(bucks.database, later)
    of_first = [one for one in await found(bucks.database, later) if one[1:3] != ("inertia", OVERDUE)]
    assert of_first == [
        (OTHER, "veto", ON, later, "reversal"),
        (reverses, "inertia", since, None, None),
    ], "the time runs on from the day of the reversal"
    [shown] = [one for one in await radar(bucks.database, date(2017, 9, 20)) if one.since == since]
    assert (shown.months, shown.running) == (2, True)
    assert await due(bucks.database, ON) == 0, "on that day there was a veto"


async def test_who_leaves_a_plan_stands_in_its_way_no_longer_and_a_decision_on_what_was_revised_neither(
    bucks: GovernanceHarness,
) -> None:
    proposal = await asked(bucks)
    await due(bucks.database, OVERDUE)
    assert [one[:3] for one in await found(bucks.database, OVERDUE)] == [
        (BODY, "inertia", OVERDUE),
        (OTHER, "inertia", OVERDUE),
    ]
    await bucks.decide(proposal, BODY, on=OVERDUE)
    await bucks.decide(proposal, OTHER, "rejected", on=OVERDUE)
    await due(bucks.database, OVERDUE)
    later = date(2017, 7, 9)
    left = a_plan(2, "10H").model_copy(update={"effective_on": later, "stated_at": at(later)})
    await bucks.hear(left)
    await due(bucks.database, later)
    veto, *again = (await found(bucks.database, later))[2:]
    assert veto == (OTHER, "veto", OVERDUE, later, "revision")
    assert [one[:2] for one in again] == [(BODY, "inertia")], "it is asked again on the second revision"
    back = a_plan(3, "10Y").model_copy(update={"effective_on": date(2017, 7, 12), "stated_at": at(date(2017, 7, 12))})
    await bucks.hear(back)
    await due(bucks.database, date(2017, 7, 12))
    ended = await found(bucks.database, date(2017, 7, 12))
    assert (BODY, "inertia", again[0][2], date(2017, 7, 12), "revision") in ended
    assert await due(bucks.database, date(2017, 7, 12)) == 0


async def test_of_deferrals_from_one_day_the_one_stated_last_counts(bucks: GovernanceHarness) -> None:
    proposal = await asked(bucks)
    deferred_on = date(2017, 6, 10)
    await defer(bucks, proposal, deferred_on, None, "consultation-under-way", date(2017, 6, 10))
    [shown] = [one for one in await radar(bucks.database, date(2017, 6, 20)) if one.body == OTHER]
    assert (shown.kind, shown.deferrals[0].until_on) == ("deferred", None)
    await defer(bucks, proposal, deferred_on, date(2017, 6, 15), "consultation-under-way", date(2017, 6, 12))
    assert [one for one in await radar(bucks.database, date(2017, 6, 20)) if one.body == OTHER] == []
    [before] = [one for one in await radar(bucks.database, date(2017, 6, 14)) if one.body == OTHER]
    assert [one.until_on for one in before.deferrals] == [date(2017, 6, 15)]
    await defer(bucks, proposal, deferred_on, None, "more-information", date(2017, 6, 13))
    assert await radar(bucks.database, date(2017, 6, 14)) == [], "the last one is not lawful"
    await due(bucks.database, OVERDUE)
    assert [one[:2] for one in await found(bucks.database, OVERDUE)] == [(BODY, "inertia"), (OTHER, "inertia")]
