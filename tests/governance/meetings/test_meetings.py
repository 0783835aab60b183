"""Meetings over HTTP: notice by clear days, private items, attendance, recusals, votes, quorum, results and minutes."""

import asyncio
from datetime import date
from typing import Any

from libs.common.database.connection import raw
from libs.common.identity import Role
from tests.governance.meetings.conftest import BODY, MeetingBody
from tests.governance.subjects.test_subjects import CONTRACT, a_life
from tests.support.waiting import until

MEETING = f"{BODY}-2017-03-30"
SUPPLIER = CONTRACT["supplier"]


async def test_a_meeting_in_public_is_called_three_clear_days_before(met: MeetingBody) -> None:
    asked = await met.harness.propose("10H", on=date(2017, 3, 1), due_on=date(2017, 12, 1))
    plan = {"body": BODY, "held_on": "2017-03-30", "starts_at": "2017-03-30T14:00:00+01:00"}
    planned = await met.call("POST", "meetings", plan)
    assert (planned["meeting"], planned["state"], planned["in_public"]) == (MEETING, "planned", True)
    assert (await met.refused("POST", "meetings", plan))[0] == "meeting-exists"
    private = {"title": "Tender", "private": True}
    kind, [reason] = await met.refused("POST", f"meetings/{MEETING}/items", private)
    assert (kind, "commercial" in reason) == ("private-without-reason", True)
    unknown = {"title": "Tender", "action": "tender.open"}
    assert (await met.refused("POST", f"meetings/{MEETING}/items", unknown))[0] == "action-not-listed"
    await met.day("2017-03-27")
    kind, [reason] = await met.refused("POST", f"meetings/{MEETING}/notice", {"given_on": "2017-03-27"})
    assert kind == "notice-too-short"
    assert reason == (
        "notice of 10H-governing-body-2017-03-30 is in time up to 2017-03-26: 3 clear days by meeting-notice-1960"
    )
    backdated = await met.refused("POST", f"meetings/{MEETING}/notice", {"given_on": "2017-03-26"})
    assert backdated[0] == "document-missing"
    called = await met.call("POST", f"meetings/{MEETING}/notice", {"given_on": "2017-03-26", "document": "Web site"})
    assert (called["state"], called["clear_days"], called["notice_pack"]) == ("called", 3, "meeting-notice-1960")
    await met.item(MEETING, **private, private_reason="commercial")
    told = await met.told("MeetingCalled")
    assert [(one["effective_on"], one["private_reasons"]) for one in told] == [
        ("2017-03-26", []),
        ("2017-03-26", ["commercial"]),
    ]
    assert (await met.call("GET", f"meetings/{MEETING}", expect=200, as_at="2017-03-25"))["state"] == "planned"
    own = await met.call("GET", f"meetings/{MEETING}", expect=200)
    stranger = await met.client.get(
        f"/v1/meetings/{MEETING}", headers=met.tokens.header(Role.GOVERNANCE_LEAD, organisations=("10Y",))
    )
    assert [one["items"][0]["title"] for one in (own, stranger.json())] == ["Tender", None]
    early = {"attendance": [{"person": met.ids["gp"], "intervals": [{"arrived": "2017-03-30T14:00:00Z"}]}]}
    answer = await met.client.put(f"/v1/meetings/{MEETING}/attendance", json=early)
    assert answer.json()["type"].endswith("not-yet-due")
    await met.harness.state_terms(BODY, quorum=[{"least": 1}], notice_days=5, in_public=True)
    urgent = {"body": BODY, "held_on": "2017-04-03", "starts_at": "2017-04-03T09:00:00Z"}
    later = (await met.call("POST", "meetings", urgent))["meeting"]
    short = {"given_on": "2017-03-29", "short_notice": "urgent-business"}
    await met.day("2017-03-29")
    kind, [reason] = await met.refused("POST", f"meetings/{later}/notice", short)
    assert (kind, "up to 2017-03-28: 5 clear days by its terms of reference" in reason) == ("notice-too-short", True)
    cancelled = await met.call("POST", f"meetings/{later}/cancellation", {"reason": "no-business"})
    assert cancelled["state"] == "cancelled"
    assert (await met.refused("POST", f"meetings/{later}/notice", short))[0] == "meeting-over"
    mistaken = {"body": BODY, "held_on": "2017-04-01", "starts_at": "2017-04-01T09:00:00Z"}
    path = f"meetings/{(await met.call('POST', 'meetings', mistaken))['meeting']}/cancellation"
    await met.call("POST", path, {"reason": "recorded-in-error"})
    await met.day("2017-04-03")
    assert (await met.call("GET", "obstructions", expect=200))["items"] == []
    await met.day("2017-04-04")
    [found] = (await met.call("GET", "obstructions", expect=200))["items"]
    assert (found["about"], found["kind"], found["since"]) == (asked, "inertia", "2017-04-04"), "two meetings passed"


async def test_an_item_is_decided_by_who_is_there_and_not_recused(met: MeetingBody) -> None:
    meeting = await met.meeting("2017-03-30", notice="2017-03-01")
    first = await met.item(meeting, private=True, private_reason="commercial")
    second, third = [await met.item(meeting) for _ in range(2)]
    await met.day("2017-03-30")
    await met.attend(meeting, chair="14:00", gp=("14:00", "15:00", None), lay="14:00", lay2=("14:30", None, None))
    votes, at = f"items/{first}/votes", "2017-03-30T14:40:00Z"
    assert (await met.refused("POST", votes, {"cast_at": at, "ballots": met.ballots(gp="for")}))[0] == "no-motion"
    motion = await met.call("POST", f"items/{first}/motion", {"put_at": "2017-03-30T14:35:00Z"})
    assert motion["motion"]["presides"] == met.ids["chair"]
    early = {"cast_at": "2017-03-30T14:20:00Z", "ballots": met.ballots(lay2="for")}
    kind, reasons = await met.refused("POST", votes, early)
    assert (kind, len(reasons)) == ("not-yet-due", 2)
    recusal = {"person": met.ids["chair"], "action": "leave_room", "decided_at": "2017-03-30T14:36:00Z"}
    kind, _ = await met.refused("POST", f"items/{first}/recusals", recusal | {"decided_by": met.ids["chair"]})
    assert kind == "not-presiding"
    await met.call("POST", f"items/{first}/recusals", recusal | {"decided_by": met.ids["lay"]})
    kind, _ = await met.refused("POST", votes, {"cast_at": at, "ballots": met.ballots(chair="for")})
    assert kind == "conflicted"
    proxy = {"seat": "10H/chair", "by": met.ids["gp"], "choice": "for"}
    assert (await met.refused("POST", votes, {"cast_at": at, "ballots": [proxy]}))[0] == "proxy-void"
    await met.call("POST", votes, {"cast_at": at, "ballots": met.ballots(gp="for", lay="against")})
    kind, _ = await met.refused("POST", votes, {"cast_at": at, "ballots": met.ballots(lay="for")})
    assert kind == "voted-twice"
    closing = {"closed_at": "2017-03-30T14:50:00Z"}
    stranger = closing | {"casting": {"by": met.ids["chair"], "choice": "for"}}
    assert (await met.refused("POST", f"items/{first}/result", stranger))[0] == "casting-vote-not-yours"
    closed = await met.call(
        "POST", f"items/{first}/result", closing | {"casting": {"by": met.ids["lay"], "choice": "for"}}
    )
    assert {name: closed["result"][name] for name in ("outcome", "votes_for", "against", "tie", "casting")} == {
        "outcome": "carried",
        "votes_for": 1,
        "against": 1,
        "tie": True,
        "casting": "for",
    }
    assert closed["result"]["counted"] == sorted(met.ids[one] for one in ("gp", "lay", "lay2"))
    assert len(closed["votes"]) == 2
    stranger_header = met.tokens.header(Role.PARTNER, organisations=("10H",))
    shown = (await met.client.get(f"/v1/items/{first}", headers=stranger_header)).json()
    assert (shown["votes"], shown["motion"], shown["recusals"], shown["result"]["counted"]) == ([], None, [], [])
    assert shown["result"]["outcome"] == "carried"
    gone = {"attendance": [{"person": met.ids["gp"], "coming": False}]}
    answer = await met.client.put(f"/v1/meetings/{meeting}/attendance", json=gone)
    assert answer.json()["type"].endswith("item-closed")

    await met.call("POST", f"items/{second}/motion", {"put_at": "2017-03-30T15:05:00Z"})
    late = "2017-03-30T15:10:00Z"
    kind, _ = await met.refused("POST", f"items/{second}/votes", {"cast_at": late, "ballots": met.ballots(gp="for")})
    assert kind == "not-present"
    await met.call(
        "POST",
        f"items/{second}/recusals",
        {**recusal, "decided_at": late, "decided_by": met.ids["lay"]},
    )
    ballots = met.ballots(lay="for", lay2="for")
    await met.call("POST", f"items/{second}/votes", {"cast_at": late, "ballots": ballots})
    kind, reasons = await met.refused("POST", f"items/{second}/result", {"closed_at": "2017-03-29T15:20:00Z"})
    assert (kind, [reason.partition(":")[0] for reason in reasons]) == (
        "not-yet-due",
        ["2017-03-29T15", "the item closes after its last vote", second],
    )
    kind, reasons = await met.refused("POST", f"items/{second}/result", {"closed_at": "2017-03-30T15:20:00Z"})
    assert (kind, reasons) == (
        "not-quorate",
        [
            f"{second}: clause 1: the seats gp can be filled by no one alone, 1 voting members too few",
        ],
    )
    fourth = await a_seat_whose_vote_became_void_votes_again(met, meeting)
    deputy = {"deputy": ("15:00", None, "10H/gp-member")}
    await met.attend(meeting, **deputy)
    await met.call("POST", f"items/{third}/motion", {"put_at": "2017-03-30T15:30:00Z"})
    sits = {"seat": "10H/gp-member", "by": met.ids["deputy"], "choice": "for"}
    await of_two_votes_at_once_one_counts(met, third, {"cast_at": "2017-03-30T15:31:00Z", "ballots": [sits, *ballots]})
    third_closed = await met.call("POST", f"items/{third}/result", {"closed_at": "2017-03-30T15:32:00Z"})
    assert (third_closed["result"]["outcome"], third_closed["result"]["votes_for"]) == ("carried", 3)
    assert met.ids["deputy"] in third_closed["result"]["counted"]
    kind, _ = await met.refused("POST", f"meetings/{meeting}/held", {})
    assert kind == "votes-open", "with the deputy there, the second item has a quorum"
    kind, _ = await met.refused("POST", f"meetings/{meeting}/cancellation", {"reason": "postponed"})
    assert kind == "votes-open", "items were put to the vote: the meeting takes place"
    await met.call("POST", f"items/{second}/result", {"closed_at": "2017-03-30T15:40:00Z"})
    before = await met.call("GET", f"meetings/{meeting}", expect=200, as_at="2017-03-29")
    assert (before["state"], {one["result"] for one in before["items"]}) == ("called", {None})
    assert [one["arrived"] for one in before["attendance"]] == [[]] * len(before["attendance"])
    await met.call("POST", f"meetings/{meeting}/held", {})
    [told] = await met.told("MeetingHeld")
    assert (told["quorate_items"], told["inquorate_items"]) == ([first, second, third, fourth], [])
    assert (await met.refused("POST", f"meetings/{meeting}/items", {"title": "More"}))[0] == "meeting-over"


async def a_seat_whose_vote_became_void_votes_again(met: MeetingBody, meeting: str) -> str:
    """A vote is void once it is known that whoever cast it was not there; it is kept, and counts for no one."""
    item = await met.item(meeting)
    await met.call("POST", f"items/{item}/motion", {"put_at": "2017-03-30T14:52:00Z"})
    first = {"cast_at": "2017-03-30T14:53:00Z", "ballots": met.ballots(chair="for", gp="for", lay2="for")}
    await met.call("POST", f"items/{item}/votes", first)
    again = {"cast_at": "2017-03-30T14:56:00Z", "ballots": met.ballots(lay2="against")}
    kind, _ = await met.refused("POST", f"items/{item}/votes", again)
    assert kind == "voted-twice"
    times = [("14:30", "14:52"), ("14:55", None)]
    away = [
        {"arrived": f"2017-03-30T{came}:00Z"} | ({"departed": f"2017-03-30T{left}:00Z"} if left else {})
        for came, left in times
    ]
    stated = {"attendance": [{"person": met.ids["lay2"], "intervals": away}]}
    await met.call("PUT", f"meetings/{meeting}/attendance", stated, expect=200)
    await met.call("POST", f"items/{item}/votes", again)
    kind, _ = await met.refused("POST", f"items/{item}/votes", again)
    assert kind == "voted-twice"
    closed = await met.call("POST", f"items/{item}/result", {"closed_at": "2017-03-30T14:58:00Z"})
    assert (closed["result"]["votes_for"], closed["result"]["against"]) == (2, 1)
    counts = [(vote["seat"], vote["choice"], vote["counts"]) for vote in closed["votes"]]
    assert counts == [
        ("10H/chair", "for", True),
        ("10H/gp-member", "for", True),
        ("10H/lay-member-2", "for", False),
        ("10H/lay-member-2", "against", True),
    ]
    return item


async def of_two_votes_at_once_one_counts(met: MeetingBody, item: str, votes: dict[str, Any]) -> None:
    """Two connections cast the votes of the same seats; both wait for the item, and whoever comes second is refused."""
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

    async def both_wait() -> bool:
        return len(await met.harness.database.fetch(waiting)) == 2

    async with met.harness.database.begin() as session:
        await (await raw(session)).execute("SELECT FROM body WHERE reference = $1 FOR UPDATE", BODY)
        racing = [asyncio.create_task(met.client.post(f"/v1/items/{item}/votes", json=votes)) for _ in range(2)]
        await until(both_wait)
    answers = {answer.status_code: answer.json() for answer in await asyncio.gather(*racing)}
    assert sorted(answers) == [201, 409]
    assert answers[409]["type"].endswith("/voted-twice")
    assert len(answers[201]["votes"]) == len(votes["ballots"])


async def test_minutes_are_a_draft_until_a_later_meeting_approves_them(met: MeetingBody) -> None:
    meeting = await met.meeting("2017-03-30", notice="2017-03-01")
    draft = {"sha256": "a" * 64, "document": "Minutes, draft"}
    assert (await met.refused("POST", f"meetings/{meeting}/minutes", draft))[0] == "minutes-missing"
    await met.day("2017-03-30")
    inquorate = await met.item(meeting)
    await met.attend(meeting, chair="14:00")
    await met.call("POST", f"items/{inquorate}/motion", {"put_at": "2017-03-30T14:05:00Z"})
    await met.call("POST", f"meetings/{meeting}/held", {})
    assert (await met.call("GET", f"items/{inquorate}", expect=200))["result"]["outcome"] == "inquorate"
    kind, [reason] = await met.refused("POST", f"meetings/{meeting}/minutes", draft | {"corrects": 1})
    assert (kind, "a draft corrects none" in reason) == ("minutes-missing", True)
    await met.call("POST", f"meetings/{meeting}/minutes", draft)
    await met.day("2017-04-01")
    later = await met.meeting("2017-04-27", notice="2017-04-01")
    not_later = {"title": "Minutes", "minutes_of": later}
    assert (await met.refused("POST", f"meetings/{later}/items", not_later))[0] == "not-a-later-meeting"
    await met.day("2017-04-27")
    await met.attend(later, chair="14:00", gp="14:00", lay="14:00")
    for_all = met.ballots(chair="for", gp="for", lay="for")

    async def approve(minute: int) -> str:
        item = await met.item(later, title="Minutes", minutes_of=meeting)
        await met.call("POST", f"items/{item}/motion", {"put_at": f"2017-04-27T14:{minute}:00Z"})
        votes = {"cast_at": f"2017-04-27T14:{minute + 1}:00Z", "ballots": for_all}
        await met.call("POST", f"items/{item}/votes", votes)
        return item

    first = await approve(10)
    closing: dict[str, Any] = {"closed_at": "2017-04-27T14:50:00Z"}
    kind, [reason] = await met.refused("POST", f"items/{first}/result", closing)
    assert (kind, f"10H: {BODY} may not unless a right to minutes.approve is granted" in reason) == ("no-power", True)
    await met.harness.grant("10H", function="minutes-approve", value_limit_pence=None, conditions=["two-holders"])
    asserted = await met.refused("POST", f"items/{first}/result", closing | {"met": ["two-holders"]})
    assert (asserted[0], "name in `document` what shows it" in asserted[1][0]) == ("condition-unmet", True)
    closing |= {"met": ["two-holders"], "document": "Letter of the vice-chair"}
    await met.call("POST", f"items/{first}/result", closing)
    assert (await met.call("GET", f"meetings/{meeting}", expect=200))["state"] == "approved"
    again = await approve(20)
    assert (await met.refused("POST", f"items/{again}/result", closing))[0] == "minutes-approved"
    assert (await met.refused("POST", f"meetings/{meeting}/minutes", draft))[0] == "minutes-approved"
    corrected = await met.call("POST", f"meetings/{meeting}/minutes", draft | {"sha256": "b" * 64, "corrects": 1})
    assert (corrected["version"], corrected["approved_on"]) == (2, None)
    kind, _ = await met.refused("POST", f"items/{again}/result", closing)
    assert kind == "minutes-approved", "the second version was recorded after the motion was put"
    once_more = await approve(30)
    await met.call("POST", f"meetings/{meeting}/minutes", draft | {"sha256": "c" * 64, "corrects": 1})
    await met.call("POST", f"items/{once_more}/result", closing)
    versions = await met.call("GET", f"meetings/{meeting}/minutes", expect=200)
    assert [(one["version"], one["approved_by"]) for one in versions] == [(1, first), (2, once_more), (3, None)]
    permit = await met.call("GET", f"permits/{versions[1]['permit']}", expect=200)
    assert (permit["act"], permit["question"]["action"], permit["answer"]["10H"]["may"]) == (
        *(once_more, "minutes.approve"),
        True,
    )
    assert permit["digest"] == permit["replayed_digest"]
    earlier = await met.call("GET", f"meetings/{meeting}/minutes", expect=200, as_at="2017-04-26")
    assert [(one["version"], one["approved_by"]) for one in earlier] == [(1, None)]
    told = await met.told("MeetingHeld")
    assert [(one["minutes"], one["inquorate_items"]) for one in told] == [
        ("draft", [inquorate]),
        ("approved", [inquorate]),
        ("approved", [inquorate]),
    ]


async def test_a_vote_takes_the_decision_and_whom_an_interest_excludes_does_not_vote(met: MeetingBody) -> None:
    await met.harness.hear(*a_life()[:1])
    await met.harness.grant("10H", limit_basis="whole_life")
    proposal = await met.harness.propose("10H", on=date(2017, 3, 1), subject=CONTRACT["contract"])
    interest = {
        "organisation": "10H",
        "person": met.ids["gp"],
        "type": "financial",
        "relation": "director_of",
        "other": SUPPLIER,
        "nature": "director",
        "aware_on": "2017-03-01",
        "first_day": "2017-01-01",
    }
    await met.call("POST", "interests", interest)
    meeting = await met.meeting("2017-03-30", notice="2017-03-01")
    item = await met.item(meeting, proposal=proposal, stage="award")
    coming = {"attendance": [{"person": met.ids[one]} for one in ("gp", "lay", "lay2")]}
    await met.call("PUT", f"meetings/{meeting}/attendance", coming, expect=200)
    [forecast] = (await met.call("GET", f"meetings/{meeting}/forecast", expect=200))["items"]
    assert (forecast["quorate"], forecast["excluded"]) == (False, [met.ids["gp"]])
    assert forecast["shortfalls"][0]["contested"] == [["gp"]]
    assert [(one["person"], one["deputises_for"]) for one in forecast["additions"]] == [(met.ids["chair"], None)]
    apology = {"attendance": [{"person": met.ids["chair"], "coming": False}]}
    await met.call("PUT", f"meetings/{meeting}/attendance", apology, expect=200)
    [forecast] = (await met.call("GET", f"meetings/{meeting}/forecast", expect=200))["items"]
    assert [one["deputises_for"] for one in forecast["additions"]] == [met.ids["gp"]]
    await met.day("2017-03-30")
    deputy = ("14:00", None, "10H/gp-member")
    await met.attend(meeting, chair="14:00", gp="14:00", lay="14:00", deputy=deputy)
    await met.call("POST", f"items/{item}/motion", {"put_at": "2017-03-30T14:10:00Z"})
    at = "2017-03-30T14:20:00Z"
    kind, _ = await met.refused("POST", f"items/{item}/votes", {"cast_at": at, "ballots": met.ballots(gp="for")})
    assert kind == "conflicted"
    lax = {"person": met.ids["gp"], "action": "note_only", "decided_by": met.ids["chair"], "decided_at": at}
    kind, [reason] = await met.refused("POST", f"items/{item}/recusals", lax)
    assert (kind, "conflict-actions-2014 asks for no_papers" in reason) == ("recusal-too-lax", True)
    strict = await met.call("POST", f"items/{item}/recusals", lax | {"action": "no_papers"})
    assert [(one["action"], one["required"]) for one in strict["recusals"]] == [("no_papers", "no_papers")]
    sits = {"seat": "10H/gp-member", "by": met.ids["deputy"], "choice": "for"}
    votes = {"cast_at": at, "ballots": [*met.ballots(chair="for", lay="against"), sits]}
    await met.call("POST", f"items/{item}/votes", votes)
    closed = await met.call("POST", f"items/{item}/result", {"closed_at": "2017-03-30T14:30:00Z"})
    [told] = await met.told("DecisionTaken")
    assert (told["decision"], told["outcome"], told["binds"]) == (closed["result"]["decision"], "approved", ["10H"])
    assert told["minute"] == f"{meeting}, item 1"
