"""What waits for too long is a finding that says who has to do what, and none once it moves."""

from datetime import date
from typing import Any

from libs.common.database.connection import Database
from libs.common.events.contracts import ConsolidationAgreed
from libs.common.events.registry import MergerApplied
from services.governance.proposals import acts
from services.governance.proposals.commands import lock_proposal
from services.governance.tasks.due import find_stalled
from tests.governance.meetings.conftest import BODY, MeetingBody
from tests.governance.subjects.test_subjects import a_life, a_plan
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_lead, at

ASKED = date(2017, 6, 1)
OTHER = "10Y-governing-body"


async def due(database: Database, day: date) -> int:
    async with database.begin() as session:
        return await find_stalled(session, up_to=day, stated_at=at(day), by=a_lead())


async def is_open(database: Database) -> list[tuple[Any, ...]]:
    """Step, what it is about, since when it is stalled, by when it was to be done, and who reads it."""
    rows = await database.fetch(
        "SELECT key, about, raised_on, due_on, parties FROM finding"
        " WHERE kind = 'stalled' AND cleared_at IS NULL ORDER BY key"
    )
    assert all(row["parties"] == ["10H", "10Y"] for row in rows)
    return [(row["key"].split(":")[1], *row["about"][1:], row["raised_on"], row["due_on"]) for row in rows]


async def defer(harness: GovernanceHarness, proposal: str, first: date, until: date) -> None:
    command = acts.DeferDecision(
        body=OTHER, from_on=first, until_on=until, reason="consultation-under-way", document="Letter of the chair"
    )
    async with harness.database.begin() as session:
        locked = await lock_proposal(session, proposal)
        await acts.defer_decision(session, locked, command, by=a_lead(), today=first, stated_at=at(first))


async def test_a_plan_before_its_bodies_waits_for_agendas_evidence_and_the_commitment(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    for code in ("10H", "10Y"):
        await harness.grant(code, function=None, action="consolidation", recurrent=True, value_limit_pence=None)
    await harness.hear(*a_life()[:1], a_plan(1, "10H", "10Y"))
    about: dict[str, Any] = {"kind": "consolidation", "action": "consolidation.commit", "subject": "PL-1"}
    proposal, database = await harness.propose("10H", on=ASKED, **about, recurrent=True), harness.database
    found_on = date(2017, 6, 30)
    assert [await due(database, day) for day in (date(2017, 6, 29), found_on, found_on)] == [0, 2, 0]
    agenda = ("agenda", BODY, found_on, date(2017, 6, 29))
    assert await is_open(database) == [agenda, ("agenda", OTHER, found_on, date(2017, 6, 29))]
    assert await due(database, ASKED) == 0, "an earlier day undoes nothing"

    await defer(harness, proposal, date(2017, 7, 3), date(2017, 7, 10))
    assert [await due(database, date(2017, 7, 3)), await is_open(database)] == [1, [agenda]]
    assert [await due(database, date(2017, 8, 7)), await due(database, date(2017, 8, 8))] == [0, 1], "from its end on"
    decided = date(2017, 8, 8)
    await harness.decide(proposal, BODY, on=decided)
    await harness.decide(
        proposal, OTHER, "approved_with_conditions", on=decided, conditions=("within-budget", "staff-consulted")
    )
    assert [await due(database, decided), await is_open(database)] == [2, []]

    found_on = date(2017, 11, 7)
    assert [await due(database, date(2017, 11, 6)), await due(database, found_on)] == [0, 2]
    assert [one[:3] for one in await is_open(database)] == [
        ("evidence", "staff-consulted", found_on),
        ("evidence", "within-budget", found_on),
    ]
    for condition in ("within-budget", "staff-consulted"):
        await harness.show(proposal, condition, on=found_on)
    assert await due(database, found_on) == 2
    assert [await due(database, date(2018, 1, 2)), await due(database, date(2018, 1, 3))] == [0, 1]
    assert await is_open(database) == [("commitment", "PL-1", date(2018, 1, 3), date(2018, 1, 2))]
    [raised] = [one for one in await harness.told("GovernanceFindingRaised") if "commitment" in one["finding"]]
    assert raised["text"] == (
        f"{proposal} PL-1: step commitment waits since 2017-11-07, longer than 56 days (step-bounds-2013):"
        " 10H, 10Y by POST /consolidations/PL-1/commitment of contracts"
    )
    await harness.hear(committed(date(2018, 1, 4)))
    assert [await due(database, date(2018, 1, 4)), await is_open(database)] == [1, []]


def committed(day: date) -> ConsolidationAgreed:
    return ConsolidationAgreed(
        effective_on=day,
        stated_at=at(day),
        plan="PL-1",
        contract="SHARED-1",
        supplier="0DE",
        customers=("10H", "10Y"),
        replaced=("K-1",),
        move_on=(date(2018, 4, 1),),
        functions=("payroll",),
        annual_pence=300_000_00,
        previous_annual_pence=400_000_00,
        initiative="I-1",
        decisions=(),
    )


async def test_an_approval_waits_for_evidence_though_another_bodys_condition_is_shown_to_be_met(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    proposal = await harness.propose("10H", on=ASKED, consents=[BODY, OTHER])
    conditions: dict[str, Any] = {"conditions": ("within-budget",)}
    for code, body in (("10H", BODY), ("10Y", OTHER)):
        await harness.grant(code, function=None, action="contract", value_limit_pence=None)
        await harness.decide(proposal, body, "approved_with_conditions", on=ASKED, **conditions)
    await harness.show(proposal, "within-budget", on=ASKED, stated=at(ASKED, 13), body=BODY)
    found_on = date(2017, 8, 31)
    assert await due(harness.database, found_on) == 1
    assert await is_open(harness.database) == [("evidence", "within-budget", found_on, date(2017, 8, 30))]


async def test_an_approved_merger_waits_for_its_application(harness: GovernanceHarness) -> None:
    await harness.body("10H", "Chair")
    await harness.grant("10H", function=None, action="merger.apply", value_limit_pence=None)
    nothing: dict[str, Any] = {"value_pence": 0, "annual_pence": 0}
    proposal = await harness.propose("10H", on=ASKED, kind="merger", action="merger.apply", subject="10H", **nothing)
    await harness.consult(proposal, "members", on=ASKED)
    await harness.decide(proposal, BODY, on=ASKED)
    assert [await due(harness.database, date(2017, 7, 27)), await due(harness.database, date(2017, 7, 28))] == [0, 1]
    [raised] = await harness.told("GovernanceFindingRaised")
    assert raised["text"].endswith(": 10H by POST /merger-applications of registry")
    days = {"to_take_effect_on": MERGED_ON, "effective_on": date(2017, 8, 1), "stated_at": at(date(2017, 8, 1))}
    application = {"application": "A-14Y", "applicants": ("10H", "10Y"), "successor": "14Y", "successor_name": "Bucks"}
    await harness.hear(MergerApplied.model_validate({**application, **days}))
    assert await due(harness.database, date(2017, 8, 1)) == 1


async def test_minutes_without_a_draft_are_read_over_http_and_a_proposal_on_an_agenda_is_not_stalled(
    met: MeetingBody,
) -> None:
    await met.harness.grant("10H", limit_basis="whole_life")
    asked = await met.harness.propose("10H", on=date(2017, 3, 1), value_pence=1_000_00, annual_pence=1_000_00)
    meeting = await met.meeting("2017-03-30", notice="2017-03-01")
    await met.item(meeting, proposal=asked)
    await met.day("2017-03-30")
    assert await met.findings("stalled") == [], "it is on the agenda of today"
    await met.call("POST", f"meetings/{meeting}/held", {})
    await met.day("2017-04-27")
    assert await met.findings("stalled") == [], "the meeting passed 28 days before"
    await met.day("2017-04-28")
    assert sorted(await met.findings("stalled")) == sorted([(asked, "2017-04-27"), (meeting, "2017-04-27")])
    found = await met.call("GET", "findings", expect=200, kind="stalled", about=meeting)
    assert found["items"][0]["text"] == (
        f"{meeting} {BODY}: step minutes waits since 2017-03-30, longer than 28 days (step-bounds-2013):"
        f" 10H by POST /meetings/{meeting}/minutes of governance"
    )
    await met.call("POST", f"meetings/{meeting}/minutes", {"sha256": "0" * 64, "document": "Minutes, draft"})
    later = await met.meeting("2017-05-25", notice="2017-04-28")
    await met.item(later, proposal=asked)
    assert await met.findings("stalled") == []
