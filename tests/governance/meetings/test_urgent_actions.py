"""Urgent action between meetings: by whom the terms name, reported to the next meeting, ratified or reversed."""

from datetime import date
from typing import Any

from tests.governance.meetings.conftest import MeetingBody

AWARD: dict[str, Any] = {"value_pence": 1_000_00, "annual_pence": 1_000_00}


async def test_an_urgent_action_is_reported_and_stands_or_is_reversed(met: MeetingBody) -> None:
    await met.harness.grant("10H", limit_basis="whole_life")
    proposals = [
        await met.harness.propose("10H", on=date(2017, 3, 1), series=f"s-{number}", **AWARD) for number in range(4)
    ]
    acting: dict[str, Any] = {
        "body": "10H-governing-body",
        "acted_on": "2017-03-10",
        "acted_by": [met.ids["chair"]],
        "proposal": proposals[0],
    }
    kind, _ = await met.refused("POST", "urgent-actions", acting)
    assert kind == "not-yet-due"
    await met.day("2017-03-10")
    kind, reasons = await met.refused("POST", "urgent-actions", acting)
    assert (kind, reasons) == (
        "urgent-not-allowed",
        ["a holder of accountable-officer has to act", "a holder of lay has to be consulted before"],
    )
    asked = {"person": met.ids["lay"], "consulted_on": "2017-03-09", "view": "agreed"}
    acting |= {"acted_by": [met.ids["chair"], met.ids["officer"]], "consulted": [asked]}
    made = [await met.call("POST", "urgent-actions", acting | {"proposal": proposal}) for proposal in proposals]
    told = await met.told("DecisionTaken")
    assert [(one["urgent"], one["decision"]) for one in told] == [(True, one["decision"]) for one in made]
    assert made[0]["consulted"] == [asked]

    urgent = [one["urgent_action"] for one in made]
    put_off = await met.meeting("2017-03-20", notice="2017-03-10")
    await met.call("POST", f"urgent-actions/{urgent[2]}/report", {"meeting": put_off})
    await met.call("POST", f"meetings/{put_off}/cancellation", {"reason": "postponed"})
    meeting = await met.meeting("2017-03-30", notice="2017-03-10")
    await met.call("POST", f"urgent-actions/{urgent[3]}/report", {"meeting": meeting})
    items = []
    for one in urgent[:2]:
        reported = await met.call("POST", f"urgent-actions/{one}/report", {"meeting": meeting})
        items.append(reported["reported_at"])
    assert (await met.refused("POST", f"urgent-actions/{urgent[0]}/report", {"meeting": meeting}))[
        0
    ] == "urgent-reported"
    await met.day("2017-03-30")
    await met.attend(meeting, chair="14:00", gp="14:00", lay="14:00")
    for item, choice, minute in zip(items, ("for", "against"), (10, 20), strict=True):
        await met.call("POST", f"items/{item}/motion", {"put_at": f"2017-03-30T14:{minute}:00Z"})
        ballots = met.ballots(chair=choice, gp=choice, lay=choice)
        await met.call(
            "POST", f"items/{item}/votes", {"cast_at": f"2017-03-30T14:{minute + 1}:00Z", "ballots": ballots}
        )
        await met.call("POST", f"items/{item}/result", {"closed_at": f"2017-03-30T14:{minute + 2}:00Z"})
    ratified = [(await met.call("GET", f"urgent-actions/{one}", expect=200))["result"] for one in urgent]
    assert ratified == ["carried", "failed", None, None]
    [reversal] = await met.told("DecisionReversed")
    assert (reversal["decision"], reversal["ratification_refused"], reversal["effective_on"]) == (
        made[1]["decision"],
        True,
        "2017-03-30",
    )
    await met.day("2017-03-31")
    for one, outcome in zip(made, ("carried", "failed"), strict=False):
        written = (await met.call("GET", f"decisions/{one['decision']}/dossier/entries", expect=200))["items"]
        [ratified_at] = [entry["fields"] for entry in written if entry["kind"] == "result"]
        assert (ratified_at["ratifies"], ratified_at["outcome"]) == (True, outcome), "what became of it is on record"
        assert [entry["kind"] for entry in written].count("vote") == 3
    await met.call("POST", f"meetings/{meeting}/held", {})
    assert await met.findings("urgent_unreported") == [(urgent[2], None), (urgent[3], None)]
    later = await met.meeting("2017-04-27", notice="2017-03-30")
    reported = await met.call("POST", f"urgent-actions/{urgent[3]}/report", {"meeting": later})
    assert reported["meeting"] == later, "the meeting before did not come to it"
    await met.day("2017-07-01")
    assert await met.findings("minutes_unapproved") == [(meeting, "2017-06-30")]
