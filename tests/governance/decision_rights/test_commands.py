"""Who may decide what, up to which value, by which minute."""

from datetime import date
from typing import Any

import pytest

from services.governance.core import queries as reads
from services.governance.core.errors import (
    BeyondDelegation,
    BodyNotStanding,
    DecisionRightNotFound,
    EndsBeforeItBegins,
    NotToBeRemade,
    PostNotFound,
    RightNotStanding,
)
from services.governance.decision_rights.permits import get_permit
from services.governance.decision_rights.queries import list_deciders
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, a_merger

AO, BODY = "10H/accountable-officer", "10H-governing-body"


async def deciders(
    harness: GovernanceHarness,
    organisation: str,
    value_pence: int,
    *,
    as_at: date = ENGLAND_OPENED,
    recurrent: bool = False,
) -> dict[str, Any]:
    return await list_deciders(
        harness.database,
        "contract.award",
        organisation=organisation,
        value_pence=value_pence,
        recurrent=recurrent,
        as_at=as_at,
        as_known=None,
    )


async def test_a_right_covers_values_up_to_its_limit(harness: GovernanceHarness) -> None:
    await harness.bucks()
    of_body = await harness.grant("10H", value_limit_pence=None, recurrent=True)
    of_post = await harness.grant("10H", post=AO, value_limit_pence=50_000_00)
    within = await deciders(harness, "10H", 50_000_00)
    assert [one["decision_right"] for one in within["deciders"]] == [of_body, of_post]
    assert [one["title"] for one in within["deciders"]] == ["Governing body", "Accountable officer"]
    assert [one["person"] for one in within["deciders"]] == [None, harness.ids["P-ao"]]
    assert within["deciders"][1]["source_minute"] == "Governing body, 4 April 2013, item 6"
    assert within["pack"] == "decision-rights-local"
    above = await deciders(harness, "10H", 50_000_01)
    assert [one["decision_right"] for one in above["deciders"]] == [of_body]
    yearly = await deciders(harness, "10H", 1, recurrent=True)
    assert [one["decision_right"] for one in yearly["deciders"]] == [of_body]


async def test_nobody_decides_for_a_post_that_is_vacant(harness: GovernanceHarness) -> None:
    await harness.body("10H")
    await harness.grant("10H", post=AO)
    found = await deciders(harness, "10H", 1)
    assert ([one["may_decide"] for one in found["deciders"]], found["anybody_may"]) == ([False], False)


async def test_where_no_right_covers_it_nobody_may(harness: GovernanceHarness) -> None:
    await harness.bucks()
    found = await deciders(harness, "10H", 1)
    assert (found["deciders"], found["anybody_may"]) == ([], False)


async def test_nobody_passes_on_more_than_was_delegated(harness: GovernanceHarness) -> None:
    await harness.bucks()
    source = await harness.grant("10H", last_day=date(2015, 3, 31))
    with pytest.raises(BeyondDelegation) as refused:
        await harness.grant(
            "10H",
            post=AO,
            delegated_from=source,
            function="staff-appointment",
            value_limit_pence=50_000_01,
            recurrent=True,
        )
    fields = [reason.field for reason in refused.value.reasons]
    assert fields == ["first_day", "function", "value_limit_pence", "recurrent"]
    with pytest.raises(BeyondDelegation):
        await harness.grant("10H", post=AO, delegated_from=source, value_limit_pence=None, last_day=date(2015, 3, 31))
    await harness.grant("10H", post=AO, delegated_from=source, last_day=date(2015, 3, 31))
    with pytest.raises(DecisionRightNotFound):
        await harness.grant("10Y", delegated_from=source)


async def test_a_grant_is_permitted_by_what_the_grantor_can_and_its_answer_replays(harness: GovernanceHarness) -> None:
    await harness.bucks()
    of_body = await harness.grant("10H", value_limit_pence=None)
    of_officer = await harness.grant("10H", post=AO, delegated_from=of_body, limit_basis="whole_life")
    for right, grantor, chain in ((of_body, {"body": BODY}, []), (of_officer, {"body": BODY}, [of_body])):
        row = await reads.get_decision_right(harness.database, right, as_at=ENGLAND_OPENED, as_known=None)
        permit = await get_permit(harness.database, row["permit"])
        assert (permit["act"], permit["digest"]) == (f"R-{right}", permit["replayed_digest"])
        assert permit["question"]["actor"] == {"person": "", "post": ""} | grantor
        assert [one["right"] for one in permit["answer"]["10H"]["rights"]] == chain
        assert permit["answer"]["10H"]["power"] == "ccg-functions-2013"


async def test_a_vacant_post_passes_nothing_on_and_every_link_is_asked(harness: GovernanceHarness) -> None:
    await harness.body("10H", "Chair")
    of_body = await harness.grant("10H", scope="0CX")
    of_officer = await harness.grant("10H", post=AO, delegated_from=of_body, scope="0CX")
    with pytest.raises(BeyondDelegation) as refused:
        await harness.grant("10H", post="10H/chair", delegated_from=of_officer, value_limit_pence=None)
    assert [(reason.field, reason.message.rpartition(": ")[2]) for reason in refused.value.reasons] == [
        ("delegated_from", f"someone is appointed to {AO}"),
        ("scope", "a right for more than 0CX is granted"),
        ("value_limit_pence", "the limit is at most £50,000.00 (single)"),
    ]
    await harness.person("P-ao")
    await harness.appoint(AO, "P-ao")
    await harness.grant("10H", post="10H/chair", delegated_from=of_officer, scope="0CX")


async def test_what_was_passed_on_ends_with_its_source(harness: GovernanceHarness) -> None:
    await harness.bucks()
    source = await harness.grant("10H")
    passed_on = await harness.grant("10H", post=AO, delegated_from=source, value_limit_pence=10_000_00)
    await harness.end_right(source, date(2014, 3, 31))
    assert len((await deciders(harness, "10H", 1, as_at=date(2014, 3, 31)))["deciders"]) == 2
    assert (await deciders(harness, "10H", 1, as_at=date(2014, 4, 1)))["deciders"] == []
    ended = await reads.get_decision_right(harness.database, passed_on, as_at=ENGLAND_OPENED, as_known=None)
    assert (ended["last_day"], ended["ended_because"], ended["version"]) == (
        date(2014, 3, 31),
        "Scheme of delegation revised",
        2,
    )
    with pytest.raises(RightNotStanding):
        await harness.end_right(source, date(2014, 4, 30))
    with pytest.raises(EndsBeforeItBegins):
        await harness.end_right(source, date(2013, 3, 31))


async def test_a_right_needs_a_post_of_the_body_and_days_on_which_it_stands(harness: GovernanceHarness) -> None:
    await harness.bucks()
    with pytest.raises(PostNotFound):
        await harness.grant("10H", post="10Y/chair")
    await harness.hear(a_merger())
    with pytest.raises(BodyNotStanding) as refused:
        await harness.grant("10H", post=AO, first_day=date(2018, 1, 1))
    assert [reason.field for reason in refused.value.reasons] == ["first_day", "post"]


async def test_rights_end_at_a_merger_and_wait_to_be_made_again(harness: GovernanceHarness) -> None:
    await harness.bucks()
    old = await harness.grant("10H", post=AO)
    await harness.grant("10Y", last_day=date(2016, 3, 31))
    await harness.hear(a_merger())

    async def waiting() -> list[int]:
        rows = await reads.list_decision_rights(
            harness.database, "14Y", None, to_be_remade=True, as_at=MERGED_ON, as_known=None, after=None, limit=9
        )
        return [row["decision_right"] for row in rows]

    assert (await deciders(harness, "14Y", 1, as_at=MERGED_ON))["deciders"] == []
    assert (await deciders(harness, "10H", 1, as_at=MERGED_ON))["deciders"] == []
    assert (await deciders(harness, "10H", 1, as_at=date(2018, 3, 31)))["anybody_may"] is True
    assert await waiting() == [old]

    again = await harness.grant("14Y", post="14Y/accountable-officer", first_day=MERGED_ON, remakes=old)
    assert await waiting() == []
    assert [one["decision_right"] for one in (await deciders(harness, "14Y", 1, as_at=MERGED_ON))["deciders"]] == [
        again
    ]
    with pytest.raises(NotToBeRemade):
        await harness.grant("14Y", first_day=MERGED_ON, remakes=old)
