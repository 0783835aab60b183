"""Decisions: permitted by `can` alone, for all that they bind; what was decided in parts counts together."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from libs.common.errors import DomainError
from libs.common.events.contracts import ProcurementStated
from libs.common.identity import NotYoursToDecide
from services.governance.bodies.organisations import lock_bodies
from services.governance.core.chains import Actor, LimitBasis, Question
from services.governance.core.errors import NoPower
from services.governance.decision_rights.errors import ConditionUnmet, LimitExceeded, SplitToStayUnder
from services.governance.decision_rights.permits import get_permit
from services.governance.decision_rights.queries import ask, list_granters
from services.governance.decision_rights.series import Series
from services.governance.decisions import commands
from services.governance.decisions.due import find_retracted
from services.governance.decisions.errors import DecidedAlready, NotALaterDecision
from services.governance.decisions.models import Decision
from services.governance.proposals import acts
from services.governance.proposals import commands as proposals
from services.governance.proposals.errors import (
    ConsentMissing,
    NoEvidence,
    NoSuchCondition,
    NotAsked,
    NotConsulted,
    ProposalNotOpen,
    SubjectUnknown,
)
from services.governance.proposals.queries import ProposalFilter, get_proposal, list_proposals
from tests.governance.subjects.test_subjects import a_life, a_plan, withdrawn
from tests.support.governance_harness import GovernanceHarness, a_lead, at
from tests.support.waiting import until

ON = date(2017, 6, 1)
BODY, OTHER = "10H-governing-body", "10Y-governing-body"
COMMIT: dict[str, Any] = {"kind": "consolidation", "action": "consolidation.commit", "subject": "PL-1"}


@pytest.fixture
async def bucks(harness: GovernanceHarness) -> GovernanceHarness:
    """Both CCGs have a governing body; 10H's may award up to £50,000 of whole life; the plan PL-1 is known."""
    await harness.bucks()
    await harness.grant("10H", limit_basis="whole_life")
    await harness.hear(*a_life()[:1], a_plan(1, "10H", "10Y"))
    return harness


async def test_a_plan_is_decided_by_each_member_as_the_frozen_event_tells(bucks: GovernanceHarness) -> None:
    for code in ("10H", "10Y"):
        await bucks.grant(code, function=None, action="consolidation", recurrent=True, value_limit_pence=None)
    proposal = await bucks.propose("10H", on=ON, **COMMIT, recurrent=True)
    [opened] = await bucks.told("ProposalOpened")
    assert (opened["consents"], opened["value_pence"], opened["case"]) == ([BODY, OTHER], 20_000_00, "")
    awaited = await bucks.told("DecisionAwaited")
    assert [(one["body"], one["organisation"], one["due_on"]) for one in awaited] == [
        (BODY, "10H", "2017-07-01"),
        (OTHER, "10Y", "2017-07-01"),
    ]
    first = await bucks.decide(proposal, BODY, on=ON)
    await bucks.decide(proposal, OTHER, "approved_with_conditions", on=ON, conditions=("staff-consulted",))
    taken, _ = await bucks.told("DecisionTaken")
    expected: dict[str, Any] = {
        "decision": first,
        "proposal": proposal,
        "body": BODY,
        "organisation": "10H",
        "binds": ["10H"],
    }
    expected |= {"subject": "PL-1", "action": "consolidation.commit", "outcome": "approved", "revision": 1}
    assert taken | expected == taken
    read = await get_proposal(bucks.database, proposal, as_at=ON)
    assert (read.standing.state, read.standing.outcome) == ("decided", "approved_with_conditions")
    assert (read.standing.unmet, read.standing.in_effect) == (("staff-consulted",), False)
    with pytest.raises(DecidedAlready):
        await bucks.decide(proposal, BODY, "rejected", on=ON)
    with pytest.raises(NotAsked):
        await bucks.decide(proposal, "10Y-audit-committee", on=ON)


async def test_what_was_decided_in_parts_counts_together_within_a_year(bucks: GovernanceHarness) -> None:
    part: dict[str, Any] = {"value_pence": 40_000_00, "subject": "K-1"}
    first = await bucks.decide(await bucks.propose("10H", on=ON, **part), BODY, on=ON)
    later = ON + timedelta(days=30)
    second = await bucks.propose("10H", on=later, **part)
    with pytest.raises(SplitToStayUnder, match=first):
        await bucks.decide(second, BODY, on=later)
    assert await bucks.decide(second, BODY, "rejected", on=later)
    named = await bucks.propose("10H", on=later, value_pence=40_000_00, series="move-of-offices")
    assert await bucks.decide(named, BODY, on=later)
    again = await bucks.propose("10H", on=later, value_pence=20_000_00, series="move-of-offices")
    with pytest.raises(SplitToStayUnder):
        await bucks.decide(again, BODY, on=later)
    over_a_year = date(2018, 6, 2)
    third = await bucks.propose("10H", on=over_a_year, **part)
    assert await bucks.decide(third, BODY, on=over_a_year)


@pytest.mark.parametrize(
    ("granted", "proposed", "refusal"),
    [
        ({}, {"value_pence": 50_000_01}, LimitExceeded),
        ({"action": "staff.appoint", "function": None}, {"action": "staff.dismiss"}, NoPower),
        (
            {"action": "estate", "function": None, "conditions": ["case-appraised"]},
            {"action": "estate.let"},
            ConditionUnmet,
        ),
    ],
)
async def test_who_may_not_is_refused_and_nothing_is_recorded(
    bucks: GovernanceHarness, granted: dict[str, Any], proposed: dict[str, Any], refusal: type[DomainError]
) -> None:
    if granted:
        await bucks.grant("10H", **granted)
    proposal = await bucks.propose("10H", on=ON, **proposed)
    with pytest.raises(refusal):
        await bucks.decide(proposal, BODY, on=ON)
    assert await bucks.told("DecisionTaken") == []
    assert await bucks.database.fetch("SELECT FROM permit WHERE act LIKE 'D-%'") == []


async def test_a_condition_of_a_right_is_met_by_evidence_that_was_known_and_by_no_assertion(
    bucks: GovernanceHarness,
) -> None:
    await bucks.grant("10H", action="estate", function=None, conditions=["case-appraised", "within-budget"])
    proposal = await bucks.propose("10H", on=ON, action="estate.let")
    met: dict[str, Any] = {"met": frozenset({"within-budget"})}
    with pytest.raises(ConditionUnmet, match="within-budget: name in `document`") as refused:
        await bucks.decide(proposal, BODY, on=ON, **met)
    assert [reason.field for reason in refused.value.reasons] == ["met", "body"], "case-appraised is missing too"
    await bucks.show(proposal, "case-appraised", on=ON + timedelta(days=1))
    with pytest.raises(ConditionUnmet, match="these conditions are met: case-appraised"):
        await bucks.decide(proposal, BODY, on=ON, document="Letter, 1 June 2017", **met)
    await bucks.show(proposal, "case-appraised", on=ON, stated=at(ON, 13))
    with pytest.raises(ConditionUnmet, match="these conditions are met: case-appraised"):
        await bucks.decide(proposal, BODY, on=ON, document="Letter, 1 June 2017", **met)
    decision = await bucks.decide(proposal, BODY, on=ON, stated=at(ON, 14), document="Letter, 1 June 2017", **met)
    read = await get_proposal(bucks.database, proposal, as_at=ON)
    evidence = [(act.code, act.effective_on, act.reference) for act in read.standing.evidence]
    assert evidence == [
        ("case-appraised", ON, "Governing body, item 3"),
        ("within-budget", ON, f"{BODY}, 2017-06-01, item 1"),
    ]
    [row] = await bucks.database.fetch("SELECT permit FROM decision WHERE id = $1", decision)
    permit = await get_permit(bucks.database, row["permit"])
    assert permit["question"]["met"] == ["case-appraised", "within-budget"]


async def test_evidence_that_is_taken_back_counts_no_longer_and_what_was_permitted_by_it_is_a_finding(
    bucks: GovernanceHarness,
) -> None:
    async def found(day: date) -> list[tuple[str, ...]]:
        async with bucks.database.begin() as session:
            await find_retracted(session, up_to=day, stated_at=at(day, 20), by=a_lead())
        rows = await bucks.database.fetch(
            "SELECT about FROM finding WHERE kind = 'evidence_retracted' AND cleared_at IS NULL ORDER BY id"
        )
        return [tuple(row["about"]) for row in rows]

    await bucks.grant("10H", action="estate", function=None, conditions=["case-appraised"])
    first, second = [await bucks.propose("10H", on=ON, action="estate.let") for _ in range(2)]
    day, after = ON + timedelta(days=10), ON + timedelta(days=20)
    with pytest.raises(NoEvidence):
        await bucks.retract(first, "case-appraised", on=ON)
    for proposal in (first, second):
        await bucks.show(proposal, "case-appraised", on=ON)
    conditions: dict[str, Any] = {"conditions": ("within-budget",)}
    before = await bucks.decide(first, BODY, "approved_with_conditions", on=ON, **conditions)
    await bucks.show(first, "within-budget", on=ON, stated=at(ON, 13))
    await bucks.retract(second, "case-appraised", on=day)
    with pytest.raises(ConditionUnmet):
        await bucks.decide(second, BODY, on=after)
    await bucks.retract(first, "case-appraised", on=day)
    assert await found(day) == [], "it was decided before"
    await bucks.retract(first, "within-budget", on=day)
    assert [(await get_proposal(bucks.database, first, as_at=on)).standing.in_effect for on in (ON, day)] == [
        True,
        False,
    ]
    assert await found(day) == [(before, first, BODY, "within-budget")]
    assert await bucks.decide(second, BODY, "approved", on=ON, stated=at(day, 12)), "on an earlier day it counted"
    await bucks.show(first, "within-budget", on=day, stated=at(day, 13))
    assert await found(day) == []

    third = await bucks.propose("10H", on=after, action="estate.let")
    await bucks.show(third, "case-appraised", on=after)
    permitted = await bucks.decide(third, BODY, on=after, stated=at(after, 10))
    await bucks.retract(third, "case-appraised", on=after)
    assert await found(after) == [(permitted, third, BODY, "case-appraised")]
    [row] = await bucks.database.fetch("SELECT permit FROM decision WHERE id = $1", permitted)
    permit = await get_permit(bucks.database, row["permit"])
    assert permit["digest"] == permit["replayed_digest"], "what was answered is as it was"
    await bucks.show(third, "case-appraised", on=after, stated=at(after, 12))
    assert await found(after) == []


async def test_the_condition_of_a_bodys_right_is_shown_by_who_acts_for_it(bucks: GovernanceHarness) -> None:
    right: dict[str, Any] = {"action": "consolidation", "function": None, "value_limit_pence": None}
    for code in ("10H", "10Y"):
        await bucks.grant(code, **right, conditions=["within-budget"])
    proposal = await bucks.propose("10H", on=ON, **COMMIT)
    await bucks.show(proposal, "within-budget", on=ON)
    with pytest.raises(ConditionUnmet, match="these conditions are met: within-budget"):
        await bucks.decide(proposal, OTHER, on=ON)
    with pytest.raises(NotYoursToDecide):
        await bucks.show(proposal, "within-budget", on=ON, body=OTHER, by=a_lead("10H"))
    with pytest.raises(NotAsked):
        await bucks.show(proposal, "within-budget", on=ON, body="14Y-governing-body")
    await bucks.show(proposal, "within-budget", on=ON, body=OTHER, by=a_lead("10Y"))
    with pytest.raises(NoSuchCondition):
        await bucks.show(proposal, "within-budget", on=ON, body=OTHER, by=a_lead("10Y"))
    assert await bucks.decide(proposal, OTHER, on=ON)
    assert await bucks.decide(proposal, BODY, on=ON)


async def test_no_body_approves_before_those_were_consulted_whom_the_pack_of_the_day_asks_for(
    bucks: GovernanceHarness,
) -> None:
    await bucks.grant("10H", action="merger.apply", function=None, value_limit_pence=None)
    merger: dict[str, Any] = {"kind": "merger", "action": "merger.apply", "value_pence": 0, "annual_pence": 0}
    proposal = await bucks.propose("10H", on=ON, **merger)
    with pytest.raises(NotConsulted, match="members: not consulted") as refused:
        await bucks.decide(proposal, BODY, on=ON, met=frozenset({"within-budget"}))
    assert [reason.field for reason in refused.value.reasons] == ["proposal", "met"]
    await bucks.consult(proposal, "public", on=ON)
    with pytest.raises(NotConsulted):
        await bucks.decide(proposal, BODY, on=ON)
    await bucks.consult(proposal, "members", on=ON)
    assert await bucks.decide(proposal, BODY, on=ON)
    other = await bucks.propose("10H", on=ON, **merger)
    assert await bucks.decide(other, BODY, "rejected", on=ON), "a rejection leaves all as it was"


async def test_what_stands_against_a_decision_is_refused_at_once(bucks: GovernanceHarness) -> None:
    merger: dict[str, Any] = {"kind": "merger", "action": "merger.apply", "value_pence": 0, "annual_pence": 0}
    await bucks.grant("10H", action="merger", function=None, value_limit_pence=None, conditions=["case-appraised"])
    proposal = await bucks.propose("10H", on=ON, **merger)
    await bucks.decide(proposal, BODY, "rejected", on=ON, met=frozenset({"case-appraised"}), document="Case, 1 June")
    with pytest.raises(DecidedAlready) as refused:
        await bucks.decide(proposal, BODY, on=ON, met=frozenset({"within-budget"}))
    reasons = [(reason.field, reason.message.partition(":")[0]) for reason in refused.value.reasons]
    assert reasons[1:] == [
        ("proposal", "members"),
        ("met", "within-budget"),
    ]
    other = await bucks.propose("10H", on=ON, **merger)
    with pytest.raises(NotConsulted) as without_views:
        await bucks.decide(other, BODY, on=ON)
    assert [(reason.field, reason.message) for reason in without_views.value.reasons] == [
        ("proposal", f"members: not consulted on {other} by 2017-06-01"),
        ("body", f"10H: {BODY} may not unless these conditions are met: case-appraised"),
    ]


async def test_a_proposal_is_one_part_of_its_series_and_none_once_it_ended(bucks: GovernanceHarness) -> None:
    limit: dict[str, Any] = {"value_limit_pence": 50_000_00, "limit_basis": "whole_life"}
    await bucks.grant("10H", function=None, action="consolidation", **limit)
    first = await bucks.propose("10H", on=ON, **COMMIT, series="payroll")
    await bucks.decide(first, BODY, on=ON)
    await bucks.hear(a_plan(2, "10H", "10Y").model_copy(update={"effective_on": ON, "stated_at": at(ON, 13)}))
    await bucks.decide(first, BODY, on=ON, stated=at(ON, 14))
    again = await bucks.propose("10H", on=ON, **COMMIT, series="payroll")
    assert await bucks.decide(again, BODY, on=ON, stated=at(ON, 15)), "20,000 and 20,000, though decided three times"
    third = await bucks.propose("10H", on=ON, **COMMIT, series="payroll")
    with pytest.raises(SplitToStayUnder):
        await bucks.decide(third, BODY, on=ON, stated=at(ON, 16))
    await withdraw(bucks, again, on=ON, stated=at(ON, 17))
    assert await bucks.decide(third, BODY, on=ON, stated=at(ON, 18)), "what was withdrawn commits no one"
    [before] = await bucks.database.fetch("SELECT count(*) AS n FROM series_part_ended")
    assert before["n"] == 2


def a_procurement(day: date, **stated: Any) -> ProcurementStated:
    """Where the procurement P-1 of 10H stands."""
    given: dict[str, Any] = {"procurement": "P-1", "buyers": ("10H",), "run_by": "10H", "regime": "pcr-2015"}
    given |= {"value_pence": 40_000_00, "contract": "", "effective_on": day, "stated_at": at(day)}
    return ProcurementStated.model_validate(given | stated)


async def withdraw(harness: GovernanceHarness, proposal: str, *, on: date, stated: datetime) -> None:
    async with harness.database.begin() as session:
        found = await proposals.get_proposal_to_change(session, proposal, by=a_lead(), today=ON)
        command = acts.WithdrawProposal(reason="overtaken", on=on)
        await acts.withdraw_proposal(session, found, command, by=a_lead(), today=ON, stated_at=stated)


async def test_a_withdrawal_to_come_ends_nothing_that_was_decided_before_its_day(bucks: GovernanceHarness) -> None:
    limit: dict[str, Any] = {"value_limit_pence": 50_000_00, "limit_basis": "whole_life"}
    for code in ("10H", "10Y"):
        await bucks.grant(code, function=None, action="consolidation", **limit)
    plan = await bucks.propose("10H", on=ON, **COMMIT, value_pence=40_000_00, series="payroll")
    await bucks.decide(plan, BODY, on=ON)
    day, after = ON + timedelta(days=9), ON + timedelta(days=10)
    await withdraw(bucks, plan, on=day, stated=at(ON, 13))

    async def may(series_of: str) -> None:
        part: dict[str, Any] = {"kind": "consolidation", "action": "consolidation.commit", "series": "payroll"}
        await bucks.decide(await bucks.propose(series_of, on=after, **part), f"{series_of}-governing-body", on=after)

    read = await get_proposal(bucks.database, plan, as_at=day)
    assert read.standing.state == "withdrawn"
    await bucks.decide(plan, OTHER, on=day - timedelta(days=1), stated=at(ON, 15))
    read = await get_proposal(bucks.database, plan, as_at=day)
    assert (read.standing.state, read.standing.in_effect) == ("decided", True)
    with pytest.raises(SplitToStayUnder):
        await may("10H")
    with pytest.raises(SplitToStayUnder):
        await may("10Y")


async def test_a_part_that_was_decided_before_a_withdrawal_counts_until_its_day(bucks: GovernanceHarness) -> None:
    for code in ("10H", "10Y"):
        await bucks.grant(code, function=None, action="consolidation", limit_basis="whole_life")
    plan = await bucks.propose("10H", on=ON, **COMMIT, value_pence=40_000_00, series="payroll")
    day = ON + timedelta(days=9)
    await withdraw(bucks, plan, on=day, stated=at(ON, 11))
    await bucks.decide(plan, BODY, on=ON)
    part: dict[str, Any] = {"kind": "consolidation", "action": "consolidation.commit", "series": "payroll"}
    with pytest.raises(SplitToStayUnder):
        await bucks.decide(await bucks.propose("10H", on=ON, **part), BODY, on=ON, stated=at(ON, 13))
    assert await bucks.decide(await bucks.propose("10H", on=day, **part), BODY, on=day)


async def test_a_decision_recorded_late_counts_with_what_was_decided_after_its_day(bucks: GovernanceHarness) -> None:
    part: dict[str, Any] = {"value_pence": 40_000_00, "series": "move-of-offices"}
    earlier = await bucks.propose("10H", on=ON, **part)
    later = ON + timedelta(days=30)
    second = await bucks.decide(await bucks.propose("10H", on=later, **part), BODY, on=later)
    with pytest.raises(SplitToStayUnder, match=second):
        await bucks.decide(earlier, BODY, on=ON, stated=at(later, 13))
    asked = Question(action="contract.award", value_pence=dict.fromkeys(LimitBasis, 1))
    for known, parts in ((at(later, 13), (second,)), (at(ON, 13), ())):
        answer = await ask(
            *(bucks.database, Actor(body=BODY), "10H", asked),
            series=Series(name="move-of-offices"),
            as_at=ON,
            as_known=known,
        )
        assert answer.question.parts == parts


async def test_a_procurement_is_a_part_once_its_winner_is_known(bucks: GovernanceHarness) -> None:
    bids = {"bidders": ("ABC", "XYZ"), "functions": ("payroll",), "stage": "evaluation"}
    await bucks.hear(a_procurement(ON, winner="", **bids), *a_life()[:1])
    procured = await bucks.propose("10H", on=ON, value_pence=40_000_00, subject="P-1")
    award = await bucks.decide(procured, BODY, on=ON)
    names: dict[str, Any] = {"action": "contract.award", "subjects": frozenset({"ABC", "payroll"})}

    async def parts(known: datetime) -> tuple[tuple[str, ...], tuple[str, ...]]:
        asked = Question(value_pence=dict.fromkeys(LimitBasis, 1), **names)
        answer = await ask(bucks.database, Actor(body=BODY), "10H", asked, as_at=ON, as_known=known)
        return answer.question.parts, answer.question.uncounted

    assert await parts(at(ON, 13)) == ((), (award,))
    won = ON + timedelta(days=60)
    await bucks.hear(a_procurement(won, winner="ABC", **bids | {"stage": "awarded"}))
    assert await parts(at(ON, 13)) == ((), (award,))
    assert await parts(at(won, 13)) == ((award,), ())
    names["subjects"] = frozenset({"XYZ", "payroll"})
    assert await parts(at(won, 13)) == ((), ()), "who only bid is no supplier"
    other = await bucks.propose("10H", on=ON, subject="P-1")
    left = won + timedelta(days=1)
    await bucks.hear(a_procurement(left, winner="", **bids | {"stage": "abandoned"}))
    with pytest.raises(ProposalNotOpen, match="P-1 has ended"):
        await bucks.decide(other, BODY, on=left)
    with pytest.raises(SubjectUnknown, match="it has ended"):
        await bucks.propose("10H", on=left, subject="P-1")


async def test_what_was_recorded_before_counts_though_it_was_stated_a_moment_later(bucks: GovernanceHarness) -> None:
    part: dict[str, Any] = {"value_pence": 40_000_00, "series": "move-of-offices"}
    await bucks.decide(await bucks.propose("10H", on=ON, **part), BODY, on=ON, stated=at(ON, 13))
    second = await bucks.propose("10H", on=ON, **part)
    with pytest.raises(SplitToStayUnder):
        await bucks.decide(second, BODY, on=ON, stated=at(ON, 12))


async def test_what_is_above_a_limit_already_is_no_reason_not_to_reject(bucks: GovernanceHarness) -> None:
    part: dict[str, Any] = {"value_pence": 40_000_00, "series": "move-of-offices"}
    first = await bucks.propose("10H", on=ON, **part)
    await bucks.decide(first, BODY, on=ON)
    await bucks.grant("10H", function=None, action="contract.award.payroll", value_limit_pence=None)
    wide = await bucks.propose("10H", on=ON, **part | {"action": "contract.award.payroll"})
    await bucks.decide(wide, BODY, on=ON, stated=at(ON, 13))
    third = await bucks.propose("10H", on=ON, **part)
    with pytest.raises(SplitToStayUnder):
        await bucks.decide(third, BODY, on=ON, stated=at(ON, 14))
    assert await bucks.decide(third, BODY, "rejected", on=ON, stated=at(ON, 14))


async def test_who_is_asked_is_fixed_when_a_draft_is_opened(bucks: GovernanceHarness) -> None:
    draft = await bucks.propose("10H", on=ON, **COMMIT, draft=True)
    others = await get_proposals_of(bucks, "10Y")
    assert others == [], "a draft asks no one, so that no one else reads it"
    await bucks.hear_of_ccgs("05C")
    await bucks.body("05C")
    revised = a_plan(2, "10H", "05C").model_copy(update={"effective_on": ON, "stated_at": at(ON, 13)})
    await bucks.hear(revised)
    async with bucks.database.begin() as session:
        found = await proposals.get_proposal_to_change(session, draft, by=a_lead(), today=ON)
        await proposals.open_proposal(
            session, found, proposals.OpenProposal(), by=a_lead(), today=ON, stated_at=at(ON, 14)
        )
    read = await get_proposal(bucks.database, draft, as_at=ON)
    asked = [consent.body for consent in read.standing.consents]
    assert (asked, read.standing.revision) == (["05C-governing-body", BODY], 2)
    [opened] = await bucks.told("ProposalOpened")
    assert opened["consents"] == asked
    assert await get_proposals_of(bucks, "05C") == [draft]
    assert await get_proposals_of(bucks, "10Y") == []


async def test_no_body_decides_on_a_plan_that_ended_before_the_proposal_was_recorded(bucks: GovernanceHarness) -> None:
    await bucks.grant("10H", function=None, action="consolidation", value_limit_pence=None)
    await bucks.hear(withdrawn(0))
    late = await bucks.propose("10H", on=date(2017, 5, 5), **COMMIT)
    with pytest.raises(ProposalNotOpen, match="ended"):
        await bucks.decide(late, BODY, on=ON)


async def test_a_missing_grant_is_made_by_a_body_that_stands_on_the_day(bucks: GovernanceHarness) -> None:
    for day, leading in ((ON, [BODY]), (date(2012, 6, 1), [])):
        asked: dict[str, Any] = {"as_at": day, "as_known": None}
        answer = await ask(bucks.database, Actor(body=BODY), "10H", Question(action="estate.let"), **asked)
        assert await list_granters(bucks.database, answer, **asked) == {None: leading}


async def get_proposals_of(harness: GovernanceHarness, code: str) -> list[str]:
    found = await list_proposals(harness.database, ProposalFilter(), as_at=ON, as_known=None, limit=10, codes=[code])
    return [one.reference for one in found]


async def test_an_answer_for_an_act_replays(bucks: GovernanceHarness) -> None:
    right = await bucks.grant("10H", function=None, action="estate", value_limit_pence=None)
    decision = await bucks.decide(await bucks.propose("10H", on=ON, action="estate.let"), BODY, on=ON)
    [row] = await bucks.database.fetch("SELECT permit FROM decision WHERE id = $1", decision)
    await bucks.end_right(right, ON)
    await bucks.decide(await bucks.propose("10H", on=ON, series="x"), BODY, on=ON)
    permit = await get_permit(bucks.database, row["permit"])
    assert permit["act"] == decision
    assert permit["digest"] == permit["replayed_digest"]
    assert permit["answer"]["10H"]["may"]
    assert permit["answer"]["10H"]["power"] == "ccg-functions-2013"


async def test_a_later_decision_of_the_same_body_reverses_one(bucks: GovernanceHarness) -> None:
    part: dict[str, Any] = {"value_pence": 40_000_00, "subject": "K-1"}
    asked = await bucks.propose("10H", on=ON, **part)
    first = await bucks.decide(asked, BODY, on=ON)
    other = await bucks.decide(await bucks.propose("10H", on=ON, series="x"), BODY, on=ON)
    later = ON + timedelta(days=1)
    second = await bucks.decide(await bucks.propose("10H", on=later, **part), BODY, "rejected", on=later)

    async def undo(decision: str, by_decision: str) -> None:
        async with bucks.database.begin() as session:
            found = await commands.get_decision_to_change(session, decision, by=a_lead(), today=later)
            assert isinstance(found, Decision)
            command = commands.ReverseDecision(by_decision=by_decision)
            await commands.reverse_by_decision(
                session, found, command, by=a_lead(), today=later, stated_at=at(later, 15)
            )

    for wrong in (other, first):
        with pytest.raises(NotALaterDecision):
            await undo(first, wrong)
    await undo(first, second)
    [told] = await bucks.told("DecisionReversed")
    assert (told["decision"], told["by_decision"], told["ratification_refused"]) == (first, second, False)
    first_asked, *_, again = [one for one in await bucks.told("DecisionAwaited") if one["proposal"] == asked]
    assert again == first_asked | {"effective_on": later.isoformat(), "stated_at": again["stated_at"]}
    third = await bucks.propose("10H", on=later, **part)
    assert await bucks.decide(third, BODY, on=later, stated=at(later, 16)), "what was reversed counts no longer"


async def test_a_reversal_and_a_vote_on_one_proposal_wait_for_each_other(bucks: GovernanceHarness) -> None:
    part: dict[str, Any] = {"subject": "K-1"}
    asked = await bucks.propose("10H", on=ON, **part)
    first = await bucks.decide(asked, BODY, on=ON)
    later = ON + timedelta(days=1)
    second = await bucks.decide(await bucks.propose("10H", on=later, **part), BODY, "rejected", on=later)
    given: dict[str, Any] = {"by": a_lead(), "today": later}

    async def undo() -> None:
        async with bucks.database.begin() as session:
            found = await commands.get_decision_to_change(session, first, **given)
            command = commands.ReverseDecision(by_decision=second)
            await commands.reverse_by_decision(session, found, command, **given, stated_at=at(later, 15))

    async def waits() -> bool:
        waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool(await bucks.database.fetch(waiting))

    async with bucks.database.begin() as session:
        await lock_bodies(session, "10H", **given)  # as whoever closes an item does, before the proposal
        undoing = asyncio.create_task(undo())
        await until(waits)
        await proposals.lock_proposal(session, asked)
    await undoing
    assert len(await bucks.told("DecisionReversed")) == 1


async def test_what_is_not_known_or_has_no_body_is_refused_by_name(bucks: GovernanceHarness) -> None:
    await bucks.hear_of_ccgs("05C")
    await bucks.hear(a_plan(2, "10H", "05C"))
    with pytest.raises(ConsentMissing, match="05C"):
        await bucks.propose("10H", on=ON, **COMMIT)
    with pytest.raises(SubjectUnknown) as refused:
        await bucks.propose("10H", on=ON, subject="K-9", case="C-1", case_version=1)
    assert [reason.field for reason in refused.value.reasons] == ["subject", "case_version"]
    await bucks.hear(withdrawn(0))
    with pytest.raises(SubjectUnknown, match="ended"):
        await bucks.propose("10H", on=ON, **COMMIT)
