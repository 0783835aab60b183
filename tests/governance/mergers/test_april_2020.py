"""The 18 mergers of April 2020: what continues, what falls vacant, what waits, and that no one decides until then."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from libs.common.events.registry import OrganisationParentChanged
from services.governance.bodies import commands as bodies
from services.governance.core import queries as reads
from services.governance.core.chains import Actor, LimitBasis, Missing, Question
from services.governance.core.errors import NoPower
from services.governance.decision_rights import commands as rights
from services.governance.decision_rights.queries import Answer, ask
from services.governance.mergers.to_remake import list_to_remake
from services.governance.people import commands as people
from tests.support.april_2020 import FOOTPRINTS, MERGERS, THE_DAY
from tests.support.governance_harness import ENGLAND_OPENED, GovernanceHarness, a_lead, a_merger, at

BEFORE = THE_DAY - timedelta(days=1)
AUDIT, PRIMARY_CARE = "audit-committee", "primary-care-committee"
CHAIRED = {"kind": "committee", "posts": [{"title": "Chair", "described_in": "Terms of reference, 3"}]}
ESTABLISHED: tuple[dict[str, Any], ...] = (
    {"posts": [{"title": "Chair"}]},
    CHAIRED | {"title": "Audit committee"},
    CHAIRED | {"title": "Primary care committee"},
)
POSTS = ("accountable-officer", "chair", f"{AUDIT}/chair", f"{PRIMARY_CARE}/chair")


def reference(code: str, post: str) -> str:
    """What a post of an organisation is called: that of a committee by its body."""
    return f"{code}-{post}" if "/" in post else f"{code}/{post}"


async def constitute(session: AsyncSession, harness: GovernanceHarness, successor: str, codes: Sequence[str]) -> None:
    """One officer, who also chairs the audit committee, for all; each its own chair, who chairs primary care too."""
    stated: dict[str, Any] = {"by": a_lead(), "today": ENGLAND_OPENED, "stated_at": at(ENGLAND_OPENED)}
    for code in (successor, *codes):
        command = people.RegisterPerson(organisation=codes[0] if code == successor else code, display_name="Somebody")
        registered = await people.register_person(session, command, by=a_lead(), today=ENGLAND_OPENED)
        harness.ids[f"P-{code}"] = registered.id
    for code in codes:
        given = {"organisation": code, "first_day": ENGLAND_OPENED}
        for body in ESTABLISHED:
            await bodies.establish_body(session, bodies.EstablishBody.model_validate(given | body), **stated)
        for post, person in zip(POSTS, (successor, code, successor, code), strict=True):
            await harness.appoint_in(session, reference(code, post), f"P-{person}")
        award = given | {"action": "contract.award", "source_minute": "Governing body, 4 April 2013, item 6"}
        whole = rights.GrantDecisionRight.model_validate(award | {"recurrent": True})
        right = await rights.grant_decision_right(session, whole, **stated)
        part = award | {"body": f"{code}-{PRIMARY_CARE}", "value_limit_pence": 50_000_00, "delegated_from": right.id}
        await rights.grant_decision_right(session, rights.GrantDecisionRight.model_validate(part), **stated)


@pytest.fixture
async def april(harness: GovernanceHarness) -> GovernanceHarness:
    """The governance of 74 CCGs, of which 18 became; the STPs of those that crossed footprints."""
    await harness.hear_of_ccgs(*(code for codes in MERGERS.values() for code in codes))
    await harness.hear(
        *(
            OrganisationParentChanged(
                code=code,
                relation="in STP",
                parent=stp,
                effective_on=THE_DAY if code in MERGERS else ENGLAND_OPENED,
                stated_at=at(ENGLAND_OPENED),
            )
            for stps in FOOTPRINTS.values()
            for code, stp in stps.items()
        )
    )
    async with harness.database.begin() as session:
        for successor, codes in MERGERS.items():
            await constitute(session, harness, successor, codes)
    await harness.state_terms(f"03D-{AUDIT}")
    await harness.hear(*(a_merger(successor, codes, on=THE_DAY) for successor, codes in MERGERS.items()))
    return harness


async def posts_of(harness: GovernanceHarness, day: date) -> dict[str, tuple[str | None, date | None, str]]:
    """Every post that stands on a day: its holder, or since when and why it is vacant."""
    rows = await reads.list_posts(harness.database, reads.PostFilter(), as_at=day, as_known=None)
    return {
        row["post"]: (harness.called(row["person"]), row["vacant_since"], row["vacant_because"] or "") for row in rows
    }


async def waiting(harness: GovernanceHarness, *, known: datetime | None = None) -> dict[str, list[dict[str, Any]]]:
    """What waits to be made again on the day, by successor."""
    rows = await list_to_remake(harness.database, None, as_at=THE_DAY, as_known=known, after=None, limit=500)
    of_each: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        of_each.setdefault(row["successor"], []).append(row)
    return of_each


async def can(harness: GovernanceHarness, body: str, organisation: str, *, as_at: date = THE_DAY) -> Answer:
    question = Question(action="contract.award", value_pence=dict.fromkeys(LimitBasis, 20_000_00))
    return await ask(harness.database, Actor(body=body), organisation, question, as_at=as_at, as_known=None)


def may(answer: Answer) -> bool:
    return answer.chain is not None and answer.chain.holds


async def test_the_18_mergers_carry_committees_and_shared_chairs_and_what_waits_is_decided_on_by_no_one(
    april: GovernanceHarness,
) -> None:
    assert (len(MERGERS), sum(len(codes) for codes in MERGERS.values())) == (18, 74)
    before, after = await posts_of(april, BEFORE), await posts_of(april, THE_DAY)
    assert set(before) == {reference(code, post) for codes in MERGERS.values() for code in codes for post in POSTS}
    assert set(after) == {reference(successor, post) for successor in MERGERS for post in POSTS}
    for successor, codes in MERGERS.items():
        unshared = f"no person held it in every predecessor ({'; '.join(f'{code}: held' for code in codes)})"
        vacant, continuing = (None, THE_DAY, unshared), (f"P-{successor}", None, "")
        seen = [after[reference(successor, post)] for post in POSTS]
        assert seen == [continuing, vacant, continuing, vacant], successor
    listed = await waiting(april)
    of_rights = {
        successor: sorted(row["here"] for row in rows if row["kind"] == "right") for successor, rows in listed.items()
    }
    assert of_rights == {
        successor: sorted(f"{code}-{body}" for code in codes for body in ("governing-body", PRIMARY_CARE))
        for successor, codes in MERGERS.items()
    }
    others = [row for rows in listed.values() for row in rows if row["kind"] != "right"]
    assert [(row["kind"], row["organisation"], row["here"]) for row in others] == [
        ("terms_of_reference", "03D", f"42D-{AUDIT}")
    ]
    assert await waiting(april, known=at(THE_DAY, 0) - timedelta(seconds=1)) == {}
    assert len(await april.told("GovernanceFindingRaised")) == 2 * 74
    await no_one_decides(april, listed)
    await one_right_is_made_again(april, listed)


async def no_one_decides(april: GovernanceHarness, listed: dict[str, list[dict[str, Any]]]) -> None:
    """`can` says no for old and new bodies, naming a right that is listed and who makes it again."""
    for successor, codes in MERGERS.items():
        numbers = {row["reference"] for row in listed[successor]}
        for body in ("governing-body", PRIMARY_CARE):
            assert may(await can(april, f"{codes[0]}-{body}", codes[0], as_at=BEFORE))
            answer = await can(april, f"{successor}-{body}", successor)
            assert not may(answer), successor
            assert answer.others == ()
            assert answer.chain is not None
            remakes = [fault for fault in answer.chain.faults if fault.missing is Missing.REMAKE]
            assert remakes, successor
            for fault in remakes:
                assert f"R-{fault.right}" in numbers
                assert (fault.value, fault.repair) == (successor, f"{successor} makes right {fault.right} again")


async def one_right_is_made_again(april: GovernanceHarness, listed: dict[str, list[dict[str, Any]]]) -> None:
    """A decision is refused until the governing body's right is made again; what else waits still does."""
    for successor in FOOTPRINTS:
        proposal = await april.propose(successor, on=THE_DAY)
        body = f"{successor}-governing-body"
        with pytest.raises(NoPower, match="again"):
            await april.decide(proposal, body, on=THE_DAY)
        first = next(row for row in listed[successor] if row["here"].endswith("governing-body"))
        made = await april.grant(
            successor,
            function=None,
            action="contract.award",
            recurrent=True,
            value_limit_pence=None,
            first_day=THE_DAY,
            remakes=int(first["reference"].removeprefix("R-")),
        )
        answer = await can(april, body, successor)
        assert may(answer)
        assert answer.chain is not None
        assert [right.id for right in answer.chain.rights] == [made]
        assert not may(await can(april, f"{successor}-{PRIMARY_CARE}", successor))
        await april.decide(proposal, body, on=THE_DAY)
    [*decided] = await april.told("DecisionTaken")
    assert [(one["organisation"], one["binds"]) for one in decided] == [(code, [code]) for code in FOOTPRINTS]
    left = await waiting(april)
    assert {code: len(listed[code]) - len(left[code]) for code in MERGERS} == {
        code: int(code in FOOTPRINTS) for code in MERGERS
    }
