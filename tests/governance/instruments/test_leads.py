"""S31 by a lead commissioner: what parties grant to its body binds them by one decision, until the instrument ends."""

from datetime import date, timedelta
from typing import Any

import pytest

from libs.common.events.contracts import AgreementToRemake, ProcurementStated
from libs.common.identity import NotYoursToDecide, Role
from libs.common.messaging.bus.direct import DirectBus
from services.governance.core.chains import Actor, Question
from services.governance.core.errors import BodyNotFound, NoPower, PostNotFound
from services.governance.decision_rights.queries import ask
from services.governance.decisions.errors import BindsNoOne
from services.governance.mergers.to_remake import list_to_remake
from services.governance.reach.queries import binding_of
from tests.support.apps import running_service
from tests.support.edge import Tokens
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, a_lead, a_merger, at

ON, ENDS = date(2015, 4, 1), date(2017, 3, 31)
LEAD = "10H-governing-body"
ACTION = "contract.award"


async def led(harness: GovernanceHarness, **command: Any) -> str:
    """10H leads for 10Y and 15A on contracts; 10Y has granted its governing body awards of up to £50,000."""
    await harness.hear_of_ccgs("15A")
    for code in ("10H", "10Y", "15A"):
        await harness.body(code)
    await harness.grant("10H")
    asked: dict[str, Any] = {"host": "10H", "functions": ["contract"], **command}
    instrument = await harness.instrument("lead_commissioner", "10H", "10Y", "15A", on=ON, **asked)
    await harness.grant("10Y", body=LEAD, first_day=ON, last_day=command.get("last_day"), by=a_lead("10Y"))
    return instrument


async def may(harness: GovernanceHarness, organisation: str, day: date) -> bool:
    answer = await ask(
        *(harness.database, Actor(body=LEAD), organisation, Question(action=ACTION)), as_at=day, as_known=None
    )
    return answer.chain is not None and answer.chain.holds


async def binds(harness: GovernanceHarness, day: date, *about: str, body: str = LEAD) -> tuple[str, tuple[str, ...]]:
    found = await binding_of(harness.database, body, ACTION, on=day, as_known=None, about=about or None)
    return found.how, found.binds


async def test_a_party_alone_grants_and_no_further_than_the_instrument(harness: GovernanceHarness) -> None:
    instrument = await led(harness, last_day=ENDS)
    with pytest.raises(NotYoursToDecide):
        await harness.grant("10Y", body=LEAD, first_day=ON, by=a_lead("10H"))
    with pytest.raises(BodyNotFound, match="no body 10H-panel is known"):
        await harness.grant("15A", body="10H-panel", first_day=ON, last_day=ENDS)
    for refused, why in (
        ({"first_day": ON - timedelta(days=1)}, "10H does not lead for 15A on contract.award on 2015-03-31"),
        ({"function": None, "action": "budget"}, "10H does not lead for 15A on budget"),
        ({"organisation": "10H", "body": "10Y-governing-body"}, "10Y does not lead for 10H"),
        ({}, f"{instrument} stands with these parties to 2017-03-31"),
    ):
        given: dict[str, Any] = {"organisation": "15A", "body": LEAD, "first_day": ON, **refused}
        with pytest.raises(NoPower, match=why):
            await harness.grant(**given)


async def test_a_post_of_the_leads_body_may_be_granted_what_its_body_then_does_not_bind_by(
    harness: GovernanceHarness,
) -> None:
    instrument = await led(harness)
    post, other = "10H/accountable-officer", "10Y/accountable-officer"
    with pytest.raises(PostNotFound):
        await harness.grant("15A", body=LEAD, post=other, first_day=ON)
    await harness.grant("15A", body=LEAD, post=post, first_day=ON)
    officer, stranger = await harness.person("officer"), await harness.person("stranger")
    await harness.appoint(post, "officer")
    await harness.appoint(other, "stranger")

    async def chain(actor: Actor, day: date) -> tuple[str, ...]:
        asked = Question(action=ACTION)
        answer = await ask(harness.database, actor, "15A", asked, as_at=day, as_known=None)
        if answer.chain is None or not answer.chain.holds:
            return ()
        return tuple(f"{right.holder} {answer.rows[right.id]['instrument']}" for right in answer.chain.rights)

    by_post = (f"{post} {instrument}",)
    actors = (Actor(post=post), Actor(person=officer), Actor(person=stranger), Actor(body=LEAD))
    assert [await chain(actor, ON) for actor in actors] == [by_post, by_post, (), ()]
    assert await binds(harness, ON, "15A") == ("none", ()), "its body was granted nothing"
    await harness.end_instrument(instrument, ENDS, on=ENDS)
    assert [await chain(actor, ENDS + timedelta(days=1)) for actor in actors] == [(), (), (), ()]


async def test_a_decision_binds_those_that_delegated_and_whose_it_is_until_the_instrument_ends(
    harness: GovernanceHarness,
) -> None:
    instrument = await led(harness)
    assert [await may(harness, code, ON) for code in ("10H", "10Y", "15A")] == [True, True, False]
    assert not await may(harness, "10Y", ON - timedelta(days=1))
    assert await binds(harness, ON) == ("all", ("10H", "10Y"))
    assert await binds(harness, ON, "10H") == ("own", ("10H",))
    assert await binds(harness, ON, "10H", "15A") == ("none", ())
    assert await binds(harness, ON, body="10Y-governing-body") == ("own", ("10Y",))

    proposals = {}
    for tender, buyers in (("T-1", ("10H", "10Y")), ("T-2", ("10H", "15A")), ("T-3", ("10Y",))):
        bought: dict[str, Any] = {"procurement": tender, "buyers": buyers, "functions": (tender.lower(),)}
        bought |= {"regime": "ppccr_2013", "value_pence": 20_000_00, "contract": "", "winner": "", "run_by": "10H"}
        await harness.hear(
            ProcurementStated(effective_on=ON, stated_at=at(ON), bidders=(), stage="bids_received", **bought)
        )
        proposals[tender] = await harness.propose("10H", on=ON, subject=tender, consents=[LEAD])
    await harness.decide(proposals["T-1"], LEAD, on=ON)
    await harness.decide(proposals["T-2"], LEAD, on=ON)
    taken = await harness.told("DecisionTaken")
    assert [(one["organisation"], one["binds"]) for one in taken] == [("", ["10H", "10Y"]), ("10H", ["10H"])]

    await harness.end_instrument(instrument, ENDS, on=ENDS)
    after = ENDS + timedelta(days=1)
    assert [await may(harness, code, after) for code in ("10H", "10Y")] == [True, False]
    assert await binds(harness, ENDS) == ("all", ("10H", "10Y"))
    assert await binds(harness, after) == ("own", ("10H",))
    assert await binds(harness, ENGLAND_OPENED - timedelta(days=1)) == ("none", ()), "it does not stand yet"
    [ended] = await harness.told("DecisionRightEnded")
    assert (ended["organisation"], ended["holder"], ended["reason"]) == ("10Y", LEAD, "instrument-ended")
    with pytest.raises(BindsNoOne) as refused:
        await harness.decide(proposals["T-3"], LEAD, on=after)
    assert refused.value.reasons[0].message == "10H does not lead for 10Y on contract.award on 2017-04-01"


async def test_the_leads_successor_is_granted_anew_and_binds_no_one_while_the_paper_waits(
    harness: GovernanceHarness, url: str, tokens: Tokens
) -> None:
    instrument = await led(harness, agreement="AGR-1")
    await harness.grant("15A", body=LEAD, first_day=ON)
    await harness.hear(a_merger())
    waits = await list_to_remake(harness.database, None, as_at=MERGED_ON, as_known=None, after=None, limit=9)
    assert [(row["organisation"], row["successor"]) for row in waits if row["kind"] == "right"] == [
        ("10H", "14Y"),
        ("10Y", "14Y"),
    ], "what 15A granted is its own to grant again"
    new = "14Y-governing-body"
    assert await binds(harness, MERGED_ON, body=new) == ("own", ("14Y",))
    await harness.grant("15A", body=new, first_day=MERGED_ON)
    asked = {"action": ACTION, "as_at": MERGED_ON.isoformat()}
    lead = tokens.header(Role.GOVERNANCE_LEAD, organisations=("*",))
    async with running_service("governance", tokens.settings(url), DirectBus({}), lead) as (_, client):
        shown = (await client.get(f"/v1/bodies/{new}/binding", params=asked)).json()
        question = {"organisation": "15A", "body": new, "action": ACTION}
        can = (await client.post("/v1/questions/can", json=question, params={"as_at": asked["as_at"]})).json()
        about = {"agreement": "AGR-1", "parties": ("10H", "10Y", "15A"), "successor": "14Y", "merger": "M-14Y"}
        when: dict[str, Any] = {"effective_on": MERGED_ON, "stated_at": at(MERGED_ON)}
        await harness.hear(AgreementToRemake.model_validate(about | when | {"kind": "other", "expected": False}))
        waiting = (await client.get(f"/v1/bodies/{new}/binding", params=asked)).json()
    assert (shown["binding"], shown["binds"], shown["instrument"]) == ("all", ["14Y", "15A"], instrument)
    [link] = can["chain"]["rights"]
    assert (can["may"], link["holder"], link["instrument"]) == (True, new, instrument)
    assert can["chain"]["power"]["id"] == "ccg-functions-2013"
    assert (waiting["binds"], waiting["reasons"]) == (["14Y"], ["agreement AGR-1 waits for 14Y to make it again"])
