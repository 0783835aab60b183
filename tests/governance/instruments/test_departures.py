"""How an instrument's parties change and how it ends: by acts, by mergers, and by transfers of its paper."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.errors import Conflict
from libs.common.events.contracts import ContractTransferred, SharesAgreed
from libs.common.events.registry import OrganisationOpened, SuccessionUndone
from services.governance.core import queries as reads
from services.governance.core.errors import NoPower, PostExists, SharesNotWhole
from services.governance.core.members import organisations_of
from services.governance.instruments.commands import (
    ProposeConstitution,
    get_instrument_to_change,
    propose_constitution,
)
from services.governance.instruments.errors import InstrumentNotStanding, NotAParty
from services.governance.instruments.queries import get_instrument, list_instruments
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_lead, a_merger, at

MADE_ON = date(2015, 4, 1)
LATER = date(2020, 4, 1)
TERMS = {"quorum": [{"least": 1}], "majority": {"basis": "members"}}


def seat(code: str, title: str = "Member", **more: Any) -> dict[str, Any]:
    return {"title": title, "organisation": code, "described_in": "Agreement, 4"} | more


def a_service(*parties: str, seats: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """A hosted service: the first party hosts, and each has a seat where not said otherwise."""
    seats = seats or [seat(code) for code in parties]
    return {"host": parties[0], "constitution": {"title": "Service", "seats": seats, "terms": TERMS}} | more


def moved(on: date, from_: tuple[str, ...], customers: tuple[str, ...]) -> ContractTransferred:
    """The paper AGR-1 has other customers from a day on, by no merger."""
    return ContractTransferred(
        effective_on=on,
        stated_at=at(on),
        contract="AGR-1",
        supplier="0CX",
        from_customers=from_,
        customers=customers,
        merger="",
        annual_pence=0,
    )


async def shown(harness: GovernanceHarness, reference: str, on: date) -> dict[str, Any]:
    return await get_instrument(harness.database, reference, as_at=on, as_known=None)


async def published(harness: GovernanceHarness, name: str = "InstrumentMade") -> list[tuple[str, list[str]]]:
    return [(one["effective_on"], one["parties"]) for one in await harness.told(name)]


async def open_findings(harness: GovernanceHarness) -> list[str]:
    rows = await harness.database.fetch("SELECT text FROM finding WHERE cleared_at IS NULL ORDER BY key")
    return [row["text"] for row in rows]


async def undo(harness: GovernanceHarness, successor: str, *codes: str, on: date = MERGED_ON) -> None:
    about = {"effective_on": on, "stated_at": at(date(2020, 9, 1))}
    for code in codes:
        await harness.hear(SuccessionUndone(code=code, successor=successor, **about))
        await harness.hear(OrganisationOpened(code=code, name=f"NHS {code}", kind="ccg", **about))


async def test_a_successor_takes_its_predecessors_part_at_each_merger_once_and_until_it_is_undone(
    harness: GovernanceHarness,
) -> None:
    await harness.hear_of_ccgs("10A", "15A")
    reference = await harness.instrument("committees_in_common", "10H", "10Y", "10A", on=MADE_ON)
    await harness.hear_of_proposed("14Y", on=MADE_ON)
    second = a_merger("99B", ("14Y", "15A"), on=LATER)
    await harness.hear(a_merger(), a_merger(), second, second)
    expected = [("2015-04-01", ["10A", "10H", "10Y"]), ("2018-04-01", ["10A", "14Y"]), ("2020-04-01", ["10A", "99B"])]
    assert await published(harness) == expected
    assert [(await shown(harness, reference, day))["parties"] for day in (MERGED_ON, LATER)] == [
        ["10A", "14Y"],
        ["10A", "99B"],
    ]
    for code, day, found in (("14Y", MERGED_ON, 1), ("99B", LATER, 1), ("99B", MERGED_ON, 0), ("10H", LATER, 1)):
        asked: dict[str, Any] = {"as_at": day, "as_known": None, "organisation": code}
        assert len(await list_instruments(harness.database, **asked)) == found, (code, day)
    await undo(harness, "99B", "14Y", "15A", on=LATER)
    assert (await published(harness))[-1] == ("2020-04-01", ["10A", "14Y"])


async def test_with_all_parties_in_one_it_ends_until_that_is_undone(harness: GovernanceHarness) -> None:
    await harness.hear_of_ccgs("10A", "10B")
    reference = await harness.instrument("committees_in_common", "10H", "10Y", on=MADE_ON, agreement="AGR-1")
    await harness.hear(a_merger(), a_merger())
    await harness.hear(moved(LATER, ("14Y",), ("10A", "10B")))
    assert await published(harness) == [("2015-04-01", ["10H", "10Y"])], "it has ended: its paper moves without it"
    assert await published(harness, "InstrumentEnded") == [("2018-04-01", ["14Y"])]
    last = await shown(harness, reference, MERGED_ON)
    assert (last["stands"], last["last_day"], last["ended_because"]) == (False, date(2018, 3, 31), "party-left")
    await undo(harness, "14Y", "10H", "10Y")
    again = await shown(harness, reference, MERGED_ON)
    assert (again["stands"], again["last_day"], again["parties"]) == (True, None, ["10H", "10Y"])
    assert (await published(harness))[-1] == ("2018-04-01", ["10H", "10Y"])


async def test_with_all_members_in_one_the_joint_body_ends_with_its_instrument_until_that_is_undone(
    harness: GovernanceHarness,
) -> None:
    together = {"title": "Together", "seats": [seat("10H", "Chair"), seat("10Y")], "terms": TERMS}
    reference = await harness.instrument("joint_committee", "10H", "10Y", on=MADE_ON, constitution=together)
    body = (await shown(harness, reference, MADE_ON))["body"]
    await harness.person("P-1")
    await harness.appoint(f"{body}/chair", "P-1", MADE_ON)

    async def of_it(name: str) -> list[dict[str, Any]]:
        return [one for one in await harness.told(name) if str(one.get("body", one.get("post"))).startswith(body)]

    await harness.hear(a_merger(), a_merger())
    assert [one["effective_on"] for one in await of_it("BodyDissolved")] == ["2018-04-01"]
    assert [one["effective_on"] for one in await of_it("AppointmentEnded")] == ["2018-04-01"]
    await undo(harness, "14Y", "10H", "10Y")
    again = (await of_it("BodyEstablished"))[-1]
    assert (again["effective_on"], again["within"]) == ("2018-04-01", "")
    assert await organisations_of(harness.database, body, on=MERGED_ON, as_known=None) == ("10H", "10Y")
    holder = (await of_it("AppointmentMade"))[-1]
    assert (holder["effective_on"], holder["organisation"]) == ("2018-04-01", "10H")
    assert (await shown(harness, reference, MERGED_ON))["stands"]


async def test_a_successor_agrees_for_the_party_that_had_not_agreed_and_for_no_other(
    harness: GovernanceHarness,
) -> None:
    await harness.hear_of_ccgs("10A")
    reference = await harness.instrument("committees_in_common", "10H", "10Y", "10A", on=MADE_ON, by=a_lead("10H"))
    await harness.agree(reference, "10A", on=MADE_ON)
    await harness.hear(a_merger())
    assert (await shown(harness, reference, MERGED_ON))["awaiting"] == ["14Y"]
    await harness.agree(reference, "14Y", on=MERGED_ON)
    made = await shown(harness, reference, MERGED_ON)
    assert (made["stands"], made["awaiting"], made["parties"]) == (True, [], ["10A", "14Y"])
    assert (await shown(harness, reference, MADE_ON))["parties"] == ["10A", "10H", "10Y"]


async def test_a_successor_leaves_with_the_seats_that_it_took_over_and_what_it_delegated(
    harness: GovernanceHarness,
) -> None:
    await harness.hear_of_ccgs("10A", "10B")
    reference = await harness.instrument(
        "hosted_service", "10A", "10B", "10H", "10Y", on=MADE_ON, **a_service("10A", "10B", "10H", "10Y")
    )
    await harness.hear(a_merger())
    body = (await shown(harness, reference, MERGED_ON))["body"]
    assert (await shown(harness, reference, MERGED_ON))["host_share"] == "1/2"
    assert ["50 % of the votes" in text for text in await open_findings(harness)] == [True]
    await harness.post("14Y", body=body, title="Member", described_in="Agreement, 4", first_day=LATER)
    await harness.leave(reference, "14Y", date(2020, 6, 30))
    for day, parties, share in ((LATER, ["10A", "10B", "14Y"], "1/3"), (date(2020, 7, 1), ["10A", "10B"], "1/2")):
        there = await shown(harness, reference, day)
        assert (there["parties"], there["host_share"]) == (parties, share)
    members = await harness.database.fetch(
        "SELECT value FROM body_time_belief WHERE facet = 7 AND upper_inf(known) AND valid @> DATE '2020-07-01'"
    )
    assert [row["value"] for row in members] == ['["10A", "10B"]']


@pytest.mark.parametrize(
    ("seats", "more", "refused"),
    [
        ([seat("10H"), seat("10Y"), seat("10A")], seat("10H", "Second"), "50 %"),
        ([seat("10H"), seat("10Y"), seat("10A", weight=3)], seat("10H", "Second", weight=6), "63.6 %"),
        ([seat("10H"), seat("10Y"), seat("10A")], seat("10H", "Second", votes=False), ""),
        ([seat("10H"), seat("10Y"), seat("10A")], seat("10Y", "Second"), ""),
    ],
)
async def test_a_further_seat_lets_no_host_dominate(
    harness: GovernanceHarness, seats: list[dict[str, Any]], more: dict[str, Any], refused: str
) -> None:
    await harness.hear_of_ccgs("10A")
    parties = ("10H", "10Y", "10A")
    asked = a_service(*parties, seats=seats)
    body = (await shown(harness, await harness.instrument("hosted_service", *parties, on=MADE_ON, **asked), MADE_ON))[
        "body"
    ]
    code = more.pop("organisation")
    if not refused:
        assert await harness.post(code, body=body, first_day=MADE_ON, **more)
        return
    with pytest.raises(Conflict, match=f"10H would have {refused} of the votes"):
        await harness.post(code, body=body, first_day=MADE_ON, **more)


async def test_a_body_that_is_there_is_taken_with_its_votes_and_ends_with_the_last_of_its_instruments(
    harness: GovernanceHarness,
) -> None:
    await harness.hear_of_ccgs("10A")
    parties = ("10H", "10Y", "10A")
    seats = [seat("10H"), seat("10H", "Second"), seat("10Y"), seat("10A")]
    there = await harness.joint_body("Board", *seats, kind="partnership", first_day=MADE_ON)
    with pytest.raises(Conflict, match="10H would have 50 % of the votes"):
        await harness.instrument("hosted_service", *parties, on=MADE_ON, host="10H", body=there)
    hosted = await harness.instrument("hosted_service", *parties, on=MADE_ON, host="10Y", body=there)
    advice = await harness.instrument("advisory", *parties, on=MADE_ON, body=there)
    await harness.end_instrument(hosted, date(2016, 3, 31), on=MADE_ON)
    assert await harness.told("BodyDissolved") == []
    await harness.end_instrument(advice, date(2017, 3, 31), on=MADE_ON)
    assert [one["effective_on"] for one in await harness.told("BodyDissolved")] == ["2017-04-01"]


@pytest.mark.parametrize(
    ("leaving", "ends"), [(("10A",), False), (("10H",), True), (("10A", "10Y"), True)], ids=["a guest", "host", "all"]
)
async def test_it_ends_without_its_host_and_with_one_party_alone(
    harness: GovernanceHarness, leaving: tuple[str, ...], ends: bool
) -> None:
    await harness.hear_of_ccgs("10A")
    parties = ("10H", "10Y", "10A")
    asked = a_service(*parties, seats=[seat("10Y"), seat("10A")])
    reference = await harness.instrument("hosted_service", *parties, on=MADE_ON, **asked)
    for number, code in enumerate(leaving):
        await harness.leave(reference, code, date(2016, 3, 31) + timedelta(days=number))
    last = await shown(harness, reference, date(2016, 4, 30))
    assert (last["stands"], last["ended_because"]) == (not ends, "party-left" if ends else None)
    assert bool(await harness.told("InstrumentEnded")) is bool(await harness.told("BodyDissolved")) is ends


async def test_who_leaves_takes_seats_and_rights_out_for_a_reason_and_leaves_the_title_free(
    harness: GovernanceHarness,
) -> None:
    await harness.hear_of_ccgs("10A")
    seats = [seat("10A", "Chair"), seat("10H"), seat("10Y")]
    together = {"title": "Together", "seats": seats, "terms": TERMS}
    reference = await harness.instrument("joint_committee", "10H", "10Y", "10A", on=MADE_ON, constitution=together)
    body = (await shown(harness, reference, MADE_ON))["body"]
    chair: dict[str, Any] = {"body": body, "title": "Chair", "first_day": MERGED_ON}
    with pytest.raises(PostExists):
        await harness.post("10Y", **chair)
    await harness.person("P-1")
    held = await harness.appoint(f"{body}/chair", "P-1", MADE_ON)
    right = await harness.grant("10A", body=body, first_day=MADE_ON)
    await harness.leave(reference, "10A", MERGED_ON - timedelta(days=1))
    left = await reads.get_appointment(harness.database, held, as_known=None)
    assert (left["last_day"], left["ended_because"]) == (MERGED_ON - timedelta(days=1), f"10A left {body}")
    ended = await reads.get_decision_right(harness.database, right, as_at=MERGED_ON, as_known=None)
    assert (ended["stands"], ended["ended_because"]) == (False, "Instrument ended")
    assert [one["reason"] for one in await harness.told("DecisionRightEnded")] == ["instrument-ended"]
    assert await harness.post("10Y", **chair) == f"{body}/chair-2"
    with pytest.raises(PostExists) as refused:
        await harness.post("10Y", **chair)
    assert [reason.field for reason in refused.value.reasons] == ["title"]


async def test_a_pooled_fund_keeps_shares_with_their_members_and_its_term_ends_it(harness: GovernanceHarness) -> None:
    await harness.hear_of_ccgs("10A")
    last = date(2020, 3, 31)
    fund: dict[str, Any] = {"host": "10Y", "shares": ["1/2", "1/6", "1/3"], "last_day": last}
    reference = await harness.instrument("pooled_fund", "10Y", "10H", "10A", on=MADE_ON, **fund)
    made = await shown(harness, reference, MADE_ON)
    assert dict(zip(made["fund_members"], made["shares"], strict=True)) == {"10Y": "1/2", "10H": "1/6", "10A": "1/3"}
    assert [(one["ended_because"], one["last_day"]) for one in (made, await shown(harness, reference, LATER))] == [
        ("term-ended", last),
        ("term-ended", last),
    ]
    [agreed] = await harness.told("PooledFundAgreed")
    assert (agreed["members"], agreed["shares"]) == (["10Y", "10H", "10A"], ["1/2", "1/6", "1/3"])
    assert await published(harness, "InstrumentEnded") == [("2020-04-01", ["10A", "10H", "10Y"])]
    await harness.leave(reference, "10A", date(2016, 3, 31))
    assert len(await harness.told("PooledFundAgreed")) == 1
    assert (await published(harness))[-1] == ("2016-04-01", ["10H", "10Y"])
    before = (["10Y", "10H", "10A"], ["1/2", "1/6", "1/3"])
    kept = await shown(harness, reference, LATER - timedelta(days=1))
    assert (kept["fund_members"], kept["shares"]) == before, "who stays has agreed to nothing else yet"


async def test_the_parties_of_a_pooled_fund_agree_on_other_shares_from_a_day_on(harness: GovernanceHarness) -> None:
    await harness.hear_of_ccgs("10A")
    fund: dict[str, Any] = {"host": "10Y", "shares": ["1/2", "1/6", "1/3"]}
    reference = await harness.instrument("pooled_fund", "10Y", "10H", "10A", on=MADE_ON, **fund)
    day, last = date(2016, 4, 1), date(2016, 3, 31)
    with pytest.raises(SharesNotWhole) as refused:
        await harness.share(reference, "10H", {"10Y": "1/2", "10H": "1/3"}, on=day)
    assert [reason.field for reason in refused.value.reasons] == ["members", "shares"], "10A is a party"
    await harness.leave(reference, "10A", last)
    with pytest.raises(NotAParty) as no_party:
        await harness.share(reference, "10H", {"10Y": "1/2", "10H": "1/4", "10A": "1/4"}, on=day)
    assert [reason.field for reason in no_party.value.reasons] == ["members"]
    number = await harness.share(reference, "10H", {"10H": "3/5", "10Y": "2/5"}, on=day)
    waits = await shown(harness, reference, day)
    assert (waits["shares"], waits["proposed_shares"][0]["awaiting"]) == (fund["shares"], ["10Y"])
    await harness.agree(reference, "10Y", on=day, constitution=number)
    agreed = [(one["effective_on"], one["members"], one["shares"]) for one in await harness.told("PooledFundAgreed")]
    assert agreed[1:] == [("2016-04-01", ["10H", "10Y"], ["3/5", "2/5"])]
    for on, known, members in ((day, None, ["10H", "10Y"]), (last, None, ["10Y", "10H", "10A"])):
        read = await get_instrument(harness.database, reference, as_at=on, as_known=known)
        assert (read["fund_members"], read["proposed_shares"]) == (members, [])
    earlier = await get_instrument(harness.database, reference, as_at=day, as_known=at(last))
    assert earlier["shares"] == fund["shares"], "as known before they agreed"
    other = await harness.instrument("committees_in_common", "10H", "10Y", on=MADE_ON)
    with pytest.raises(NoPower, match="has no pooled fund"):
        await harness.share(other, "10H", {"10H": "3/5", "10Y": "2/5"}, on=day)


async def test_other_shares_are_agreed_by_the_parties_of_their_first_day_and_are_theirs(
    harness: GovernanceHarness,
) -> None:
    await harness.hear_of_ccgs("10A")
    fund: dict[str, Any] = {"host": "10Y", "shares": ["1/2", "1/6", "1/3"]}
    reference = await harness.instrument("pooled_fund", "10Y", "10H", "10A", on=MADE_ON, **fund)
    before, last, day = date(2016, 2, 1), date(2016, 3, 31), date(2016, 4, 1)
    of_three, of_two = {"10Y": "1/4", "10H": "1/4", "10A": "1/2"}, {"10H": "3/5", "10Y": "2/5"}
    overtaken = await harness.share(reference, "10H", of_three, on=day, today=before)
    await harness.leave(reference, "10A", last, today=before)
    number, later = [await harness.share(reference, "10H", of_two, on=day, today=before) for _ in range(2)]
    waits = await shown(harness, reference, before)
    assert [(one["number"], one["awaiting"]) for one in waits["proposed_shares"]] == [
        (waiting, ["10Y"]) for waiting in (overtaken, number, later)
    ]
    with pytest.raises(NotAParty):
        await harness.agree(reference, "10A", on=before, constitution=number)
    with pytest.raises(SharesNotWhole, match="the shares are of 10Y, 10H, 10A, and 10H, 10Y are the parties"):
        await harness.agree(reference, "10Y", on=before, constitution=overtaken)
    await harness.agree(reference, "10Y", on=before, constitution=number)
    agreed = [(one["effective_on"], one["members"], one["shares"]) for one in await harness.told("PooledFundAgreed")]
    assert agreed[1:] == [("2016-04-01", ["10H", "10Y"], ["3/5", "2/5"])]
    await harness.end_instrument(reference, last, on=before)
    with pytest.raises(InstrumentNotStanding):
        await harness.agree(reference, "10Y", on=before, constitution=later)


async def test_a_constitution_with_a_seat_of_a_party_that_left_since_is_refused(harness: GovernanceHarness) -> None:
    await harness.hear_of_ccgs("10A")
    parties, before, last = ("10H", "10Y", "10A"), date(2016, 2, 1), date(2016, 3, 31)
    asked = a_service(*parties, seats=[seat("10Y"), seat("10A")])
    reference = await harness.instrument("hosted_service", *parties, on=MADE_ON, **asked)
    content = {"title": "Service", "seats": [seat("10Y", "Chair"), seat("10A", "Chair")], "terms": TERMS}
    given = {**content, "organisation": "10Y", "first_day": last + timedelta(days=1)}
    async with harness.database.begin() as session:
        how: dict[str, Any] = {"by": a_lead(), "today": before}
        found = await get_instrument_to_change(session, reference, ["10Y"], **how)
        command = ProposeConstitution.model_validate(given)
        number = await propose_constitution(session, found, command, **how, stated_at=at(before))
    await harness.leave(reference, "10A", last, today=before)
    with pytest.raises(NotAParty, match="10A is no party on 2016-04-01, and has a seat"):
        await harness.agree(reference, "10H", on=before, constitution=number)
    waits = await shown(harness, reference, last)
    assert [one["awaiting"] for one in waits["constitutions"]] == [["10H"]], "nothing is made of it"


@pytest.mark.parametrize(
    ("from_", "customers", "parties"),
    [
        (("10A",), ("10B", "10H"), ["10B", "10H", "10Y"]),
        (("10Z",), ("10B",), ["10A", "10H", "10Y"]),
        (("10H",), ("10B",), None),
    ],
    ids=["a party", "no party", "the host"],
)
async def test_who_takes_its_paper_over_is_a_party_from_that_day(
    harness: GovernanceHarness, from_: tuple[str, ...], customers: tuple[str, ...], parties: list[str] | None
) -> None:
    await harness.hear_of_ccgs("10A", "10B")
    thirds = dict.fromkeys(("cost_shares", "hr_shares", "legal_shares", "risk_shares"), ("1/3", "1/3", "1/3"))
    agreed = SharesAgreed(
        effective_on=MADE_ON,
        stated_at=at(MADE_ON, 0),
        agreement="AGR-1",
        contract="AGR-1",
        customers=("10A", "10H", "10Y"),
        host="0CX",
        cost_basis="stated",
        **thirds,
    )
    await harness.hear(agreed)
    asked = a_service("10H", "10Y", "10A", agreement="AGR-1")
    reference = await harness.instrument("hosted_service", "10H", "10Y", "10A", on=MADE_ON, **asked)
    event = moved(MERGED_ON, from_, customers)
    await harness.hear(event)
    count = len(await harness.told())
    await harness.hear(event)
    assert len(await harness.told()) == count
    found = await shown(harness, reference, MERGED_ON)
    assert (found["stands"], found["parties"] if parties else None) == (parties is not None, parties)
    assert (await shown(harness, reference, MERGED_ON - timedelta(days=1)))["parties"] == ["10A", "10H", "10Y"]
