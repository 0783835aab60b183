"""What waits for an organisation: each kind of task appears, names the next step, and is gone once that is done."""

from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.governance.meetings.conftest import BODY, MeetingBody
from tests.support.governance_harness import MERGED_ON, a_merger

ASKED: dict[str, Any] = {"value_pence": 1_000_00, "annual_pence": 1_000_00}


async def tasks(met: MeetingBody, *organisations: str, **params: Any) -> list[tuple[Any, ...]]:
    """Kind, subject, due day and path of what waits for a lead of these organisations, else of 10H."""
    headers = met.tokens.header(Role.GOVERNANCE_LEAD, organisations=organisations or ("10H",))
    found: list[tuple[Any, ...]] = []
    path: str | None = "/v1/tasks"
    while path:
        answer = await met.client.get(path, headers=headers, params=None if "?" in path else {**params, "limit": 2})
        assert answer.status_code == 200, answer.text
        found += [(one["kind"], one["about"], one["due_on"], one["path"]) for one in answer.json()["items"]]
        path = answer.json()["next"]
    return found


async def vote(met: MeetingBody, item: str, minute: int, day: str) -> None:
    await met.call("POST", f"items/{item}/motion", {"put_at": f"{day}T14:{minute}:00Z"})
    ballots = met.ballots(chair="for", gp="for", lay="for")
    await met.call("POST", f"items/{item}/votes", {"cast_at": f"{day}T14:{minute + 1}:00Z", "ballots": ballots})
    await met.call("POST", f"items/{item}/result", {"closed_at": f"{day}T14:{minute + 2}:00Z"})


async def test_a_proposal_an_urgent_action_and_minutes_wait_until_they_are_done(met: MeetingBody) -> None:
    await met.harness.grant("10H", limit_basis="whole_life")
    asked, acted_on = [
        await met.harness.propose("10H", on=date(2017, 3, 1), series=f"s-{number}", **ASKED) for number in range(2)
    ]
    but_declarations = {"consent", "vote", "ratification", "minutes"}

    async def waiting() -> list[tuple[Any, ...]]:
        found = await tasks(met)
        assert found == sorted(found, key=lambda task: (task[2] or "9999-12-31", task[0], task[1]))
        return [task for task in found if task[0] in but_declarations]

    consents = [("consent", proposal, "2017-03-31", "/meetings") for proposal in sorted((asked, acted_on))]
    assert await waiting() == consents
    assert await tasks(met, kind="consent", organisation="10H") == consents
    assert await tasks(met, organisation="10Y") == await tasks(met, "10Y") == []
    assert await tasks(met, as_at="2017-02-28", kind="consent") == []

    consulted = [{"person": met.ids["lay"], "consulted_on": "2017-03-01", "view": "agreed"}]
    acting = {"body": BODY, "acted_on": "2017-03-01", "acted_by": [met.ids["chair"], met.ids["officer"]]}
    made = await met.call("POST", "urgent-actions", acting | {"proposal": acted_on, "consulted": consulted})
    urgent = made["urgent_action"]
    report = f"/urgent-actions/{urgent}/report"
    assert await waiting() == [consents[sorted((asked, acted_on)).index(asked)], ("ratification", urgent, None, report)]

    meeting = await met.meeting("2017-03-30", notice="2017-03-01")
    assert ("ratification", urgent, "2017-03-30", report) in await waiting()
    item = await met.item(meeting, proposal=asked)
    ratifying = (await met.call("POST", report.removeprefix("/"), {"meeting": meeting}))["reported_at"]
    assert await waiting() == [
        ("ratification", urgent, "2017-03-30", f"/items/{ratifying}/motion"),
        ("vote", asked, "2017-03-30", f"/items/{item}/motion"),
    ]
    await met.day("2017-03-30")
    await met.attend(meeting, chair="14:00", gp="14:00", lay="14:00")
    await vote(met, item, 10, "2017-03-30")
    assert [kind for kind, *_ in await waiting()] == ["ratification"]
    await vote(met, ratifying, 20, "2017-03-30")
    assert await waiting() == []

    await met.call("POST", f"meetings/{meeting}/held", {})
    assert await waiting() == [("minutes", meeting, "2017-06-30", f"/meetings/{meeting}/minutes")]
    await met.call("POST", f"meetings/{meeting}/minutes", {"sha256": "0" * 64, "document": "Minutes, draft"})
    assert await waiting() == [("minutes", meeting, "2017-06-30", "/meetings")]
    later = await met.meeting("2017-04-27", notice="2017-03-30")
    assert await waiting() == [("minutes", meeting, "2017-06-30", f"/meetings/{later}/items")]
    approving = await met.item(later, minutes_of=meeting)
    await met.day("2017-04-27")
    await met.attend(later, chair="14:00", gp="14:00", lay="14:00")
    await met.harness.grant("10H", function="minutes-approve", value_limit_pence=None)
    await vote(met, approving, 10, "2017-04-27")
    assert await waiting() == []
    then = await tasks(met, as_at="2017-03-30", kind="minutes")
    assert [about for _, about, *_ in then] == [meeting], "on that day they waited"


async def test_declarations_agreements_and_rights_wait_until_they_are_done(met: MeetingBody) -> None:
    persons = sorted(met.ids[short] for short in ("chair", "gp", "lay", "lay2", "officer"))
    missing = [("declaration", person, "2013-04-29", "/interests/nil-returns") for person in persons]
    assert await tasks(met) == missing
    nil = {"organisation": "10H", "person": persons[0]}
    await met.call("POST", "interests/nil-returns", nil)
    assert await tasks(met) == missing[1:]
    again = ("declaration", persons[0], "2017-09-01", "/interests/nil-returns")
    assert again not in await tasks(met, as_at="2017-08-31")
    assert await tasks(met, as_at="2017-09-01") == [*missing[1:], again]

    common = {"kind": "committees_in_common", "parties": ["10H", "10Y"], "first_day": "2017-04-01"}
    instrument = (await met.call("POST", "instruments", common))["instrument"]
    agreeing = [("agreement", instrument, "2017-04-01", f"/instruments/{instrument}/agreements")]
    assert await tasks(met, kind="agreement") == []
    assert await tasks(met, "10Y") == agreeing
    assert await tasks(met, "*", kind="agreement") == agreeing
    other = met.tokens.header(Role.GOVERNANCE_LEAD, organisations=("10Y",))
    agreed = await met.client.post(f"/v1{agreeing[0][3]}", json={"organisation": "10Y"}, headers=other)
    assert agreed.status_code == 201, agreed.text
    assert await tasks(met, "*", kind="agreement") == []

    await met.harness.hear_of_ccgs("10A")
    three = {**common, "parties": ["10A", "10H", "10Y"]}
    proposed = await met.client.post("/v1/instruments", json=three, headers=other)
    of_three = [("agreement", proposed.json()["instrument"], "2017-04-01")]
    assert [task[:3] for task in await tasks(met, kind="agreement")] == of_three
    right = await met.harness.grant("10H", recurrent=True)
    await met.harness.hear(a_merger())
    await met.day(MERGED_ON.isoformat())
    waits = [("right", f"R-{right}", None, "/decision-rights")]
    assert await tasks(met, "14Y", kind="right") == waits
    left = await tasks(met, "14Y", kind="agreement", organisation="14Y")
    assert [task[:3] for task in left] == of_three, "its predecessors have not agreed"
    assert await tasks(met, "10H", kind="right") == []
    successor = met.tokens.header(Role.GOVERNANCE_LEAD, organisations=("14Y",))
    [waiting] = await tasks(met, "14Y", kind="agreement")
    agreed = await met.client.post(f"/v1{waiting[3]}", json={"organisation": "14Y"}, headers=successor)
    assert agreed.status_code == 201, agreed.text
    assert await tasks(met, "14Y", kind="agreement") == []
    assert [task[:3] for task in await tasks(met, "10A", kind="agreement")] == of_three
    await met.harness.grant("14Y", recurrent=True, first_day=MERGED_ON, remakes=right)
    assert await tasks(met, "14Y", kind="right") == []
