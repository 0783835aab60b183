"""Every command of governance is refused to who does not act for all that it binds."""

from datetime import UTC, date, datetime
from typing import Any

from libs.common.identity import Caller, Role
from services.governance.decisions.commands import NewDecision, take_decision
from services.governance.decisions.models import Outcome
from tests.security.walk import Case, walk, without_a_case
from tests.support.builders import a_ccg, a_merger_command, a_practice, an_organisation
from tests.support.platform import Platform

TODAY = "2013-04-01"
LEAD = Role.GOVERNANCE_LEAD


async def a_meeting(platform: Platform, person: str) -> dict[str, str]:
    """A called meeting, an item of it, another one that was put to the vote, a planned meeting, an urgent action."""
    terms = {"first_day": TODAY, "quorum": [{"least": 1}], "urgent": {"roles": ["chair"]}}
    await platform.call("PUT", "governance", "/bodies/10H-governing-body/terms-of-reference", LEAD, json=terms)
    plans = [
        {"body": "10H-governing-body", "held_on": day, "starts_at": f"{day}T09:00:00+01:00"}
        for day in (TODAY, "2013-04-02")
    ]
    [meeting, other] = [
        (await platform.call("POST", "governance", "/meetings", LEAD, json=plan))["meeting"] for plan in plans
    ]
    notice = {"given_on": "2013-03-31", "document": "Notice"}
    await platform.call("POST", "governance", f"/meetings/{meeting}/notice", LEAD, json=notice)
    there = {"attendance": [{"person": person, "intervals": [{"arrived": f"{TODAY}T10:00:00Z"}]}]}
    await platform.call("PUT", "governance", f"/meetings/{meeting}/attendance", LEAD, json=there)
    added = {"title": "A matter"}
    fresh, item = [
        (await platform.call("POST", "governance", f"/meetings/{meeting}/items", LEAD, json=added))["item"]
        for _ in range(2)
    ]
    put = {"put_at": f"{TODAY}T10:10:00Z"}
    await platform.call("POST", "governance", f"/items/{item}/motion", LEAD, json=put)
    award = {"organisation": "10H", "kind": "award", "action": "contract.award", "subject": "10H", "due_on": TODAY}
    proposal = (await platform.call("POST", "governance", "/proposals", LEAD, json=award))["proposal"]
    acting = {"body": "10H-governing-body", "proposal": proposal, "acted_on": TODAY, "acted_by": [person]}
    urgent = (await platform.call("POST", "governance", "/urgent-actions", LEAD, json=acting))["urgent_action"]
    return {"meeting": meeting, "fresh": fresh, "item": item, "other": other, "urgent": urgent, "decided": proposal}


def meetings(made: dict[str, str], person: str) -> list[Case]:
    """A case for each command about meetings."""
    meeting, fresh, item, other = (made[name] for name in ("meeting", "fresh", "item", "other"))

    def case(
        operation: str, path: str, body: dict[str, Any], method: str = "POST", but: str = "", **values: str
    ) -> Case:
        given: dict[str, Any] = {"operation": operation, "path": path, "json": body, "method": method, "but": but}
        return Case(role=LEAD, binds=("10H",), values=values, **given)

    of, at = "/meetings/{meeting}", f"{TODAY}T10:30:00Z"
    there = {"attendance": [{"person": person, "intervals": [{"arrived": f"{TODAY}T10:00:00Z"}]}]}
    recusal = {"person": person, "action": "note_only", "decided_by": person, "decided_at": at}
    ballots = [{"seat": "10H/chair", "by": person, "choice": "for"}]
    urgent = {"body": "10H-governing-body", "proposal": made["decided"], "acted_on": TODAY, "acted_by": [person]}
    plan = {"body": "10H-governing-body", "held_on": "2013-05-01", "starts_at": "2013-05-01T10:00:00Z"}
    return [
        case("plan_meeting", "/meetings", plan),
        case("call_meeting", f"{of}/notice", {"given_on": TODAY, "document": "Notice"}, meeting=other),
        case("add_item", f"{of}/items", {"title": "Another matter"}, meeting=meeting),
        case("state_attendance", f"{of}/attendance", there, "PUT", meeting=meeting),
        case("decide_recusal", "/items/{item}/recusals", recusal, but="not-presiding", item=fresh),
        case("put_motion", "/items/{item}/motion", {"put_at": at}, item=fresh),
        case("cast_votes", "/items/{item}/votes", {"cast_at": at, "ballots": ballots}, item=item),
        case("close_item", "/items/{item}/result", {"closed_at": at}, item=item),
        case("hold_meeting", f"{of}/held", {}, but="votes-open", meeting=meeting),
        case("act_urgently", "/urgent-actions", urgent, but="decided-already"),
        case("report_urgent_action", "/urgent-actions/{urgent}/report", {"meeting": other}, urgent=made["urgent"]),
        case("record_minutes", f"{of}/minutes", {"sha256": "0" * 64}, but="minutes-missing", meeting=meeting),
        case("cancel_meeting", f"{of}/cancellation", {"reason": "postponed"}, meeting=other),
    ]


async def decided(platform: Platform, proposal: str | None) -> str:
    """A decision of 10H's body, with a condition on the proposal, or a rejection of another one; its id."""
    asked = {"organisation": "10H", "kind": "award", "action": "contract.award", "subject": "10H", "due_on": TODAY}
    if proposal is None:
        new = (await platform.call("POST", "governance", "/proposals", LEAD, json=asked))["proposal"]
        outcome, conditions = Outcome.REJECTED, tuple[str, ...]()
    else:
        new, outcome, conditions = proposal, Outcome.APPROVED_WITH_CONDITIONS, ("staff-consulted",)
    lead = Caller(subject="lead", roles=frozenset({LEAD}), organisations=frozenset({"*"}))
    async with platform.database("governance").begin() as session:
        taken = NewDecision(
            proposal=new,
            body="10H-governing-body",
            outcome=outcome,
            conditions=conditions,
            on=date.fromisoformat(TODAY),
            minute="Governing body, 1 April 2013, item 7",
        )
        stated_at = datetime.now(UTC)
        return (await take_decision(session, taken, by=lead, stated_at=stated_at)).id


IN_COMMON = {"kind": "committees_in_common", "parties": ["10H", "10Y"], "first_day": TODAY}
SEATS = [{"title": "Member", "organisation": code, "described_in": "Agreement, 4"} for code in ("10H", "10Y")]
BOARD = {"title": "Board", "seats": SEATS, "terms": {"quorum": [{"least": 2}]}}


async def instruments(platform: Platform) -> tuple[str, str, str]:
    """An instrument with a joint body that stands, one that waits for 10Y, and a pooled fund."""
    advisory = {"kind": "advisory", "parties": ["10H", "10Y"], "first_day": TODAY, "constitution": BOARD}
    stands = await platform.call("POST", "governance", "/instruments", LEAD, json=advisory)
    waits = await platform.call("POST", "governance", "/instruments", LEAD, json=IN_COMMON, organisations=("10H",))
    fund = {"kind": "pooled_fund", "parties": ["10H", "10Y"], "host": "10H", "shares": ["1/2", "1/2"]}
    pool = await platform.call("POST", "governance", "/instruments", LEAD, json=fund | {"first_day": TODAY})
    return stands["instrument"], waits["instrument"], pool["instrument"]


def of_instruments(made: str, waits: str, pool: str) -> list[Case]:
    """A case for each command on instruments, and on bodies of several organisations."""
    return [
        Case(operation="make_instrument", role=LEAD, binds=("10H", "10Y"), path="/instruments", json=IN_COMMON),
        Case(
            operation="agree_instrument",
            role=LEAD,
            binds=("10Y",),
            path="/instruments/{instrument}/agreements",
            values={"instrument": waits},
            json={"organisation": "10Y"},
        ),
        Case(
            operation="propose_constitution",
            role=LEAD,
            binds=("10H",),
            path="/instruments/{instrument}/constitutions",
            values={"instrument": made},
            json={**BOARD, "organisation": "10H", "first_day": TODAY},
        ),
        Case(
            operation="propose_shares",
            role=LEAD,
            binds=("10H",),
            path="/instruments/{instrument}/shares",
            values={"instrument": pool},
            json={"organisation": "10H", "members": ["10H", "10Y"], "shares": ["1/4", "3/4"], "first_day": TODAY},
        ),
        Case(
            operation="leave_instrument",
            role=LEAD,
            binds=("10H",),
            path="/instruments/{instrument}/departures",
            values={"instrument": made},
            json={"organisation": "10H", "last_day": TODAY},
        ),
        Case(
            operation="end_instrument",
            role=LEAD,
            binds=("10H", "10Y"),
            path="/instruments/{instrument}/ending",
            values={"instrument": made},
            json={"last_day": TODAY, "reason": "work-done"},
        ),
        Case(
            operation="set_level",
            role=LEAD,
            binds=("10H",),
            method="PUT",
            path="/organisations/{organisation}/co-commissioning",
            values={"organisation": "10H"},
            json={"level": 1, "first_day": "2015-04-01"},
        ),
        Case(
            operation="establish_body",
            role=LEAD,
            binds=("10H", "10Y"),
            path="/bodies",
            json={"kind": "partnership", "title": "Partners", "members": ["10H", "10Y"], "first_day": TODAY},
        ),
    ]


async def authorisations(platform: Platform) -> list[Case]:
    """A case for each command on authorisations: a decision, and the lift of a condition of one."""
    condition = {"criterion": 17, "domain": "plans", "level": 1}
    decision = {"organisation": "10H", "decided_on": TODAY, "conditions": [condition]}
    made = await platform.call("POST", "governance", "/authorisations", Role.NHS_ENGLAND, json=decision)
    lifted = {"lifted_on": TODAY, "sha256": "0" * 64}
    path = "/authorisations/{authorisation}/conditions/17/lifting"
    given: dict[str, Any] = {"role": Role.NHS_ENGLAND, "binds": ("10H",)}
    values = {"authorisation": made["authorisation"]}
    return [
        Case(operation="decide_authorisation", path="/authorisations", json=decision, **given),
        Case(operation="lift_condition", path=path, values=values, json=lifted, hidden=True, **given),
    ]


async def registers(platform: Platform, person: str) -> list[Case]:
    """A case for each command on gifts, breaches and publications of registers."""
    gift = {"organisation": "10H", "person": person, "kind": "gift", "giver_kind": "other", "value_pence": 1}
    gift |= {"offered_on": TODAY, "response": "declined"}
    breach = {"organisation": "10H", "rule": "other", "known_on": TODAY, "found_by": "self"}
    offered = (await platform.call("POST", "governance", "/gifts", LEAD, json=gift))["gift"]
    found = (await platform.call("POST", "governance", "/breaches", LEAD, json=breach))["breach"]
    concluded = {"consequence": "none", "lesson": "None", "concluded_on": TODAY}
    own, path = {"organisation": "10H"}, "/registers/interests/publications"
    given: dict[str, Any] = {"role": LEAD, "binds": ("10H",)}
    return [
        Case(operation="declare_gift", path="/gifts", json=gift, **given),
        Case(
            operation="purge_gift",
            path="/gifts/{gift}/purge",
            values={"gift": offered},
            version=1,
            but="retention-not-over",
            **given,
        ),
        Case(operation="record_breach", path="/breaches", json=breach, **given),
        Case(
            operation="conclude_breach",
            path="/breaches/{breach}/conclusion",
            values={"breach": found},
            json=concluded,
            hidden=True,
            **given,
        ),
        Case(operation="publish_register", path=path, json=own, **given),
    ]


async def prepared(platform: Platform) -> list[Case]:
    """Two CCGs, of which 10H has a body with a holder and a right and keeps a person; a case for each command."""
    await platform.move_clocks(date.fromisoformat(TODAY))
    footprint = an_organisation("QHM", "stp", name="Black Country STP", on=TODAY)
    ccgs = {"organisations": [a_ccg("10H"), a_ccg("10Y"), footprint, a_practice(effective_on=TODAY)]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)
    await platform.caught_up()
    named = {"organisation": "10H", "display_name": "An officer"}
    person = (await platform.call("POST", "governance", "/people", LEAD, json=named))["person"]
    nobody = (await platform.call("POST", "governance", "/people", LEAD, json=named))["person"]
    body = {"organisation": "10H", "first_day": TODAY, "posts": [{"title": "Chair"}]}
    await platform.call("POST", "governance", "/bodies", LEAD, json=body)
    panel = {**body, "kind": "panel", "title": "Tender panel", "posts": []}
    committee = {**panel, "kind": "committee", "title": "Audit committee"}
    await platform.call("POST", "governance", "/bodies", LEAD, json=committee)
    held = {"post": "10H/chair", "person": person, "first_day": TODAY}
    appointment = (await platform.call("POST", "governance", "/appointments", LEAD, json=held))["appointment"]
    right = {
        "organisation": "10H",
        "function": "contract-award",
        "first_day": TODAY,
        "source_minute": "Governing body, 1 April 2013, item 6",
    }
    granted = (await platform.call("POST", "governance", "/decision-rights", LEAD, json=right))["decision_right"]
    interest = {
        "organisation": "10H",
        "person": person,
        "type": "financial",
        "relation": "employed_by",
        "other": "SUPPLIER",
        "nature": "employee",
        "aware_on": TODAY,
        "first_day": TODAY,
    }
    declared = (await platform.call("POST", "governance", "/interests", LEAD, json=interest))["interest"]
    vacant = {**held, "post": "10H/accountable-officer"}
    passed_on = {**right, "post": "10H/chair", "delegated_from": granted}
    ends = {"last_day": TODAY, "reason": "term-ended"}
    asked = {"footprint": "QHM", "action": "merger.apply", "subject": "10H-10Y", "bodies": ["10H-governing-body"]}
    asked |= {"made_on": TODAY, "reply_by": "2013-06-01"}
    recommended = (await platform.call("POST", "governance", "/recommendations", LEAD, json=asked))["recommendation"]
    made = await a_meeting(platform, person)
    award = {"organisation": "10H", "kind": "award", "action": "contract.award", "subject": "10H", "due_on": TODAY}
    drafted, opened = [
        (await platform.call("POST", "governance", "/proposals", LEAD, json={**award, "draft": draft}))["proposal"]
        for draft in (True, False)
    ]
    conditional = (await platform.call("POST", "governance", "/proposals", LEAD, json=award))["proposal"]
    first, later = [await decided(platform, conditional), await decided(platform, None)]
    shown = f"/proposals/{opened}/conditions/within-budget/evidence"
    await platform.call("POST", "governance", shown, LEAD, json={"document": "A paper"})
    stands, waits, pool = await instruments(platform)
    return [
        *meetings(made, person),
        *of_instruments(stands, waits, pool),
        *await authorisations(platform),
        *await registers(platform, person),
        Case(operation="make_proposal", role=LEAD, binds=("10H",), path="/proposals", json=award),
        Case(
            operation="open_proposal",
            role=LEAD,
            binds=("10H",),
            path="/proposals/{proposal}/opening",
            values={"proposal": drafted},
            json={},
        ),
        Case(
            operation="record_consultation",
            role=LEAD,
            binds=("10H",),
            path="/proposals/{proposal}/consultations",
            values={"proposal": opened},
            json={"consulted": "public", "position": "neutral"},
        ),
        Case(
            operation="defer_decision",
            role=LEAD,
            binds=("10H",),
            path="/proposals/{proposal}/deferrals",
            values={"proposal": opened},
            json={"body": "10H-governing-body", "from_on": TODAY, "reason": "legal-challenge"},
        ),
        Case(
            operation="withdraw_proposal",
            role=LEAD,
            binds=("10H",),
            path="/proposals/{proposal}/withdrawal",
            values={"proposal": opened},
            json={"reason": "overtaken"},
        ),
        Case(
            operation="give_evidence",
            role=LEAD,
            binds=("10H",),
            path="/proposals/{proposal}/conditions/{condition}/evidence",
            values={"proposal": conditional, "condition": "staff-consulted"},
            json={"document": "A paper"},
        ),
        Case(
            operation="retract_evidence",
            role=LEAD,
            binds=("10H",),
            path="/proposals/{proposal}/conditions/{condition}/evidence/retraction",
            values={"proposal": opened, "condition": "within-budget"},
            json={"reason": "shown-in-error"},
        ),
        Case(
            operation="reverse_decision",
            role=LEAD,
            binds=("10H",),
            path="/decisions/{decision}/reversal",
            values={"decision": first},
            json={"by_decision": later},
        ),
        Case(operation="register_person", role=LEAD, binds=("10H",), path="/people", json=named),
        Case(
            operation="correct_name",
            role=LEAD,
            binds=("10H",),
            method="PUT",
            path="/people/{person}",
            values={"person": person},
            json={"display_name": "Another name"},
            version=1,
            hidden=True,
        ),
        Case(
            operation="restrict_name",
            role=LEAD,
            binds=("10H",),
            method="PUT",
            path="/people/{person}/restriction",
            values={"person": person},
            json={"reason": "accuracy-contested"},
            version=1,
            hidden=True,
        ),
        Case(
            operation="erase_person",
            role=LEAD,
            binds=("10H",),
            path="/people/{person}/erasure",
            values={"person": nobody},
            version=1,
            hidden=True,
        ),
        Case(
            operation="state_account",
            role=LEAD,
            binds=("10H",),
            method="PUT",
            path="/people/{person}/account",
            values={"person": person},
            json={"subject": "an.officer"},
            hidden=True,
        ),
        Case(
            operation="establish_body",
            role=LEAD,
            binds=("10Y",),
            path="/bodies",
            json={"organisation": "10Y", "first_day": TODAY},
        ),
        Case(
            operation="create_post",
            role=LEAD,
            binds=("10H",),
            path="/posts",
            json={"organisation": "10H", "title": "Chief nurse", "first_day": TODAY},
        ),
        Case(operation="establish_body", role=LEAD, binds=("10H",), path="/bodies", json=panel),
        Case(
            operation="dissolve_body",
            role=LEAD,
            binds=("10H",),
            path="/bodies/{body}/ending",
            values={"body": "10H-audit-committee"},
            json={"last_day": TODAY, "reason": "work-done"},
        ),
        Case(
            operation="state_terms",
            role=LEAD,
            binds=("10H",),
            method="PUT",
            path="/bodies/{body}/terms-of-reference",
            values={"body": "10H-audit-committee"},
            json={"first_day": TODAY, "quorum": [{"least": 2}]},
        ),
        Case(
            operation="name_deputies",
            role=LEAD,
            binds=("10H",),
            method="PUT",
            path="/posts/{organisation}/{post}/deputies",
            values={"organisation": "10H", "post": "chair"},
            json={"persons": [person], "first_day": TODAY},
        ),
        Case(operation="declare_interest", role=LEAD, binds=("10H",), path="/interests", json=interest),
        Case(
            operation="amend_interest",
            role=LEAD,
            binds=("10H",),
            path="/interests/{interest}/amendments",
            values={"interest": declared},
            json={"words": "Part-time"},
            version=1,
        ),
        Case(
            operation="end_interest",
            role=LEAD,
            binds=("10H",),
            path="/interests/{interest}/ending",
            values={"interest": declared},
            json={"last_day": TODAY},
            version=1,
        ),
        Case(
            operation="purge_interest",
            role=LEAD,
            binds=("10H",),
            path="/interests/{interest}/purge",
            values={"interest": declared},
            version=1,
            but="retention-not-over",
        ),
        Case(
            operation="return_nil",
            role=LEAD,
            binds=("10H",),
            path="/interests/nil-returns",
            json={"organisation": "10H", "person": person, "confirms": True},
        ),
        Case(
            operation="add_paper",
            role=LEAD,
            binds=("10H",),
            path="/proposals/{proposal}/papers",
            values={"proposal": opened},
            json={"title": "Budget", "sha256": "0" * 64, "document": "Paper 7"},
        ),
        Case(operation="make_appointment", role=LEAD, binds=("10H",), path="/appointments", json=vacant),
        Case(
            operation="end_appointment",
            role=LEAD,
            binds=("10H",),
            path="/appointments/{appointment}/ending",
            values={"appointment": appointment},
            json=ends,
            version=1,
        ),
        Case(operation="grant_decision_right", role=LEAD, binds=("10H",), path="/decision-rights", json=right),
        Case(operation="grant_decision_right", role=LEAD, binds=("10H",), path="/decision-rights", json=passed_on),
        Case(
            operation="record_commitment_consultation",
            role=LEAD,
            binds=("10H",),
            path="/commitments/{contract}/consultations",
            values={"contract": "SHADOW-2012"},
            json={"organisation": "10H", "consulted": "lmc", "consulted_on": TODAY},
            but="not-a-commitment",
        ),
        Case(
            operation="lodge_report",
            role=LEAD,
            binds=("K82001",),
            path="/coercion-reports",
            json={"reporter": "K82001", "about": "10H", "occurred_on": TODAY, "words": "Sign by Friday"},
        ),
        Case(operation="make_recommendation", role=LEAD, binds=("QHM",), path="/recommendations", json=asked),
        Case(
            operation="reply_to_recommendation",
            role=LEAD,
            binds=("10H",),
            path="/recommendations/{recommendation}/replies",
            values={"recommendation": recommended},
            json={"body": "10H-governing-body", "answer": "accepted", "replied_on": TODAY},
            hidden=True,
        ),
        Case(
            operation="end_decision_right",
            role=LEAD,
            binds=("10H",),
            path="/decision-rights/{right}/ending",
            values={"right": str(granted)},
            json=ends,
            version=1,
        ),
    ]


async def test_every_command_needs_its_role_and_every_organisation_that_it_binds(platform: Platform) -> None:
    cases = await prepared(platform)
    await walk(platform, "governance", cases)
    others = without_a_case(platform.apps["governance"], cases)
    bound = [name for name, binding in others.items() if binding is not None and not binding.none_because]
    assert bound == []
    assert others["look_up_names"] is not None


async def test_an_account_of_a_body_that_is_gone_changes_nothing_that_its_successor_continues(
    platform: Platform,
) -> None:
    cases = await prepared(platform)
    merged = date(2018, 4, 1)
    merger = a_merger_command("14Y", "10H", "10Y", on=merged)
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger)
    await platform.move_clocks(merged)
    for case in (one for one in cases if one.binds[0] in {"10H", "10Y"} and not one.but):
        request = case.request(dry_run=True)
        statuses = {}
        for codes in (case.binds, ("14Y",)):
            headers = request["headers"] | platform.tokens.header(case.role, organisations=codes)
            answer = await platform.clients["governance"].request(**request | {"headers": headers})
            statuses[codes] = answer.status_code
        assert statuses.pop(case.binds) == 403, case.operation
        assert statuses.pop(("14Y",)) in {200, 201, 204, 409, 412}, case.operation


async def test_a_right_of_another_body_is_neither_passed_on_nor_made_again(platform: Platform) -> None:
    """What a grant names beside its organisation cannot be another body's, so that it binds that organisation alone."""
    cases = await prepared(platform)
    await platform.call("POST", "governance", "/bodies", LEAD, json={"organisation": "10Y", "first_day": TODAY})
    [source] = [case.values["right"] for case in cases if case.operation == "end_decision_right"]
    right = {
        "organisation": "10Y",
        "function": "contract-award",
        "first_day": TODAY,
        "source_minute": "Governing body, 1 April 2013, item 6",
    }
    for named, status in (
        ({"delegated_from": int(source)}, 404),
        ({"remakes": int(source)}, 409),
        ({"post": "10H/chair"}, 404),
    ):
        await platform.call(
            "POST",
            "governance",
            "/decision-rights",
            LEAD,
            organisations=("10Y",),
            json={**right, **named},
            expect=status,
        )
