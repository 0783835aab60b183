"""Replies to recommendations: by the body's own minute, of joint bodies and of successors, and when it lapses."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.database.connection import raw
from libs.common.errors import DomainError
from libs.common.events.registry import OrganisationOpened
from libs.common.identity import NotYoursToDecide
from services.governance.core.errors import EndsBeforeItBegins, ReasonNotListed
from services.governance.obstructions.queries import ObstructionFilter, list_obstructions
from services.governance.proposals.errors import MinuteContradicts
from services.governance.recommendations import commands
from services.governance.recommendations.errors import NotItsDecision
from services.governance.recommendations.queries import get_recommendation
from services.governance.recommendations.views import RecommendationView
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_lead, a_merger, at

MADE, REPLY_BY = date(2017, 3, 1), date(2017, 6, 1)
BODY, OTHER, THIRD = (f"{code}-governing-body" for code in ("10H", "10Y", "11C"))


@pytest.fixture
async def bucks(harness: GovernanceHarness) -> GovernanceHarness:
    """Three CCGs with governing bodies, two of which may decide, and their footprint."""
    await harness.bucks()
    await harness.hear_of_ccgs("11C")
    await harness.body("11C")
    for code in ("10H", "10Y"):
        await harness.grant(code, function=None, action="contract", value_limit_pence=None)
    opened = {"code": "QJ2", "name": "Buckinghamshire STP", "kind": "stp"}
    await harness.hear(OrganisationOpened(effective_on=MADE, stated_at=at(MADE, 0), **opened))
    return harness


async def recommended(bucks: GovernanceHarness, *bodies: str, **more: Any) -> str:
    given = {"footprint": "QJ2", "action": "contract.award", "subject": "10H", "bodies": bodies, "made_on": MADE}
    command = commands.MakeRecommendation.model_validate({**given, "reply_by": REPLY_BY, **more})
    async with bucks.database.begin() as session:
        return await commands.make_recommendation(session, command, by=a_lead(), today=MADE, stated_at=at(MADE))


async def reply(
    bucks: GovernanceHarness, recommendation: str, body: str, answer: str, on: date = MADE, *codes: str, **more: Any
) -> None:
    given: dict[str, Any] = {"body": body, "answer": answer, "replied_on": on, "document": "Letter"}
    given |= {"reason": "members-against"} if answer == "rejected" else {}
    command = commands.ReplyToRecommendation.model_validate(given | more)
    today = max(on, MADE)
    async with bucks.database.begin() as session:
        await commands.reply_to_recommendation(
            session, recommendation, command, by=a_lead(*codes), today=today, stated_at=at(today)
        )


async def refused(*args: Any, **more: Any) -> dict[str, str]:
    """The refusals of a reply: the class, and the field that it names."""
    with pytest.raises(DomainError) as refusal:
        await reply(*args, **more)
    return {reason.message: reason.field or "" for reason in refusal.value.reasons} | {
        "type": type(refusal.value).__name__
    }


async def shown(bucks: GovernanceHarness, recommendation: str, on: date) -> RecommendationView:
    async with bucks.database.begin() as session:
        await commands.find_obstructed(session, up_to=on, stated_at=at(on), by=a_lead())
        connection = await raw(session)
        return await get_recommendation(connection, recommendation, by=a_lead(), as_at=on, as_known=None)


async def test_a_reply_is_what_the_bodys_minute_says(bucks: GovernanceHarness) -> None:
    on = date(2017, 4, 1)
    approved = await bucks.decide(await bucks.propose("10H", on=on), BODY, on=on)
    of_other = await bucks.decide(await bucks.propose("10Y", on=on), OTHER, "rejected", on=on)
    recommendation = await recommended(bucks, BODY, OTHER)
    against = await refused(bucks, recommendation, BODY, "rejected", on)
    assert (against.pop("type"), *against.values()) == (MinuteContradicts.__name__, "answer")
    for decision, found in (("D-none", "is known"), (of_other, f"a decision of {OTHER}")):
        named = await refused(bucks, recommendation, BODY, "accepted", on, decision=decision)
        assert named.pop("type") == NotItsDecision.__name__
        assert [(field, found in message) for message, field in named.items()] == [("decision", True)]
    later = await refused(bucks, recommendation, BODY, "accepted", MADE, decision=approved)
    assert later["type"] == NotItsDecision.__name__, "it had not decided by then"
    # The subject of its decision is another, so that only the decision that it names says otherwise.
    other = await refused(bucks, recommendation, OTHER, "accepted", on, decision=of_other)
    assert (other.pop("type"), *other.values()) == (MinuteContradicts.__name__, "decision")
    wrong = await refused(
        bucks, recommendation, OTHER, "rejected", MADE - timedelta(days=1), decision="D-none", reason="astrology"
    )
    assert sorted(field for field in wrong.values() if field.islower()) == ["decision", "reason", "replied_on"]
    assert wrong["type"] in {EndsBeforeItBegins.__name__, ReasonNotListed.__name__, NotItsDecision.__name__}
    await bucks.decide(await bucks.propose("10H", on=on, action="contract.vary"), BODY, "rejected", on=on)
    await reply(bucks, recommendation, BODY, "accepted", on, decision=approved)
    await reply(bucks, recommendation, OTHER, "rejected", on, decision=of_other)


async def test_a_joint_body_is_asked_for_each_of_its_organisations(bucks: GovernanceHarness) -> None:
    members = [
        {"title": f"{name} member", "organisation": code} for name, code in (("Chiltern", "10H"), ("Vale", "10Y"))
    ]
    joint = await bucks.joint_body("Joint committee", *members)
    recommendation = await recommended(bucks, joint, THIRD, consents=(joint,))
    [told] = await bucks.told("RecommendationMade")
    assert (told["bodies"], told["organisations"]) == ([joint, joint, THIRD], ["10H", "10Y", "11C"])
    read = await shown(bucks, recommendation, REPLY_BY + timedelta(days=1))
    assert [(one.body, one.organisation, one.organisations) for one in read.bodies] == [
        (THIRD, "11C", ["11C"]),
        (joint, "", ["10H", "10Y"]),
    ]
    for code in ("10H", "10Y"):
        wanted = ObstructionFilter(organisation=code)
        [inert] = await list_obstructions(
            bucks.database, wanted, by=a_lead(code), as_at=date(2017, 7, 1), as_known=None, after=None, limit=5
        )
        assert (inert.body, inert.organisation, inert.organisations) == (joint, "", ["10H", "10Y"])
        with pytest.raises(NotYoursToDecide):
            await reply(bucks, recommendation, joint, "accepted", MADE, code)
    await reply(bucks, recommendation, joint, "accepted", date(2017, 7, 1), "10H", "10Y")
    await shown(bucks, recommendation, date(2017, 7, 1))
    for name in ("RecommendationAnswered", "ObstructionFound", "ObstructionEnded"):
        assert [one["organisation"] for one in await bucks.told(name)] == ["10H", "10Y"], name


async def test_it_lapses_without_the_consents_and_without_an_obstruction(bucks: GovernanceHarness) -> None:
    recommendation = await recommended(bucks, BODY, OTHER, THIRD)
    for body, answer in ((BODY, "accepted"), (OTHER, "rejected"), (THIRD, "rejected")):
        assert (await shown(bucks, recommendation, MADE)).state in {"made", "answered"}
        await reply(bucks, recommendation, body, answer)
    lapsed = await shown(bucks, recommendation, MADE)
    assert (lapsed.state, lapsed.share, lapsed.obstructions, lapsed.escalation) == ("lapsed", "1/3", [], None)
    later = await shown(bucks, recommendation, REPLY_BY + timedelta(days=1))
    assert (later.state, later.obstructions) == ("lapsed", [])


async def test_the_veto_of_an_abolished_body_ends_unless_its_successor_gave_it(bucks: GovernanceHarness) -> None:
    before = await recommended(bucks, BODY, OTHER, THIRD, consents=(OTHER, THIRD))
    after = await recommended(bucks, OTHER, THIRD)
    await reply(bucks, before, THIRD, "accepted")
    await reply(bucks, before, OTHER, "rejected")
    await reply(bucks, after, THIRD, "accepted")
    assert (await shown(bucks, before, MADE)).state == "obstructed"
    await bucks.hear(a_merger())
    await reply(bucks, after, OTHER, "rejected", MERGED_ON, "14Y")
    ended = await shown(bucks, before, MERGED_ON)
    assert [(one.kind, one.ended_by, one.ended_on) for one in ended.obstructions] == [
        ("veto", "dissolution", MERGED_ON)
    ]
    assert ended.state == "lapsed"
    stands = await shown(bucks, after, MERGED_ON)
    assert [(one.kind, one.body, one.share) for one in stands.obstructions if one.ended_on is None] == [
        ("veto", OTHER, "1/2")
    ]
