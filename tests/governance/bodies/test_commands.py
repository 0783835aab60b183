"""Governing bodies and their posts."""

from datetime import date

import pytest

from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing, service_caller
from services.governance.core import queries as reads
from services.governance.core.errors import (
    BodyExists,
    BodyNotFound,
    BodyNotStanding,
    NotInCatalogue,
    OrganisationNotOpen,
    PostExists,
)
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, a_lead, a_merger, at


async def test_a_body_has_its_mandatory_posts_and_the_wanted_ones_all_vacant(harness: GovernanceHarness) -> None:
    assert await harness.body("10H", "chair") == "10H-governing-body"
    assert await harness.holders("10H", as_at=ENGLAND_OPENED) == {"accountable-officer": None, "chair": None}
    body = await reads.get_body(harness.database, "10H-governing-body", as_at=ENGLAND_OPENED, as_known=None)
    assert (body["pack"], body["stands"], body["last_day"]) == ("governing-body-posts-2013", True, None)
    assert [post["title"] for post in body["posts"]] == ["Accountable officer", "Chair"]
    told = await harness.told()
    assert [event["name"] for event in told] == ["BodyEstablished", "PostFellVacant", "PostFellVacant"]
    assert told[0]["organisation"] == "10H"


async def test_a_proposed_organisation_may_prepare_its_body(harness: GovernanceHarness) -> None:
    await harness.hear_of_proposed("13T", on=date(2014, 10, 1))
    await harness.body("13T", first_day=date(2014, 12, 1))
    assert await harness.holders("13T", as_at=date(2014, 12, 1)) == {"accountable-officer": None}
    assert await harness.holders("13T", as_at=date(2014, 11, 30)) == {}


async def test_neither_an_unknown_nor_a_closed_organisation_gets_a_body(harness: GovernanceHarness) -> None:
    with pytest.raises(OrganisationNotOpen, match="99X is unknown on 2013-04-01"):
        await harness.body("99X")
    await harness.hear(a_merger())
    with pytest.raises(OrganisationNotOpen, match="10H is closed on 2018-04-02"):
        await harness.body("10H", first_day=date(2018, 4, 2))


async def test_all_that_is_wrong_with_a_body_is_said_at_once(harness: GovernanceHarness) -> None:
    await harness.body("10H")
    with pytest.raises(OrganisationNotOpen) as refused:
        await harness.body("10H", "Sage", first_day=date(2012, 4, 1))
    messages = [reason.message for reason in refused.value.reasons]
    assert messages == [
        "10H is unknown on 2012-04-01",
        "10H has 10H-governing-body already",
        "Sage is not in a catalogue in force on that day",
    ]


async def test_an_organisation_has_one_governing_body(harness: GovernanceHarness) -> None:
    await harness.body("10H")
    with pytest.raises(BodyExists):
        await harness.body("10H")


async def test_a_post_outside_the_catalogue_says_where_the_constitution_describes_it(
    harness: GovernanceHarness,
) -> None:
    await harness.body("10H")
    with pytest.raises(NotInCatalogue, match="Locality lead, north is not in governing-body-posts-2013"):
        await harness.post("10H", title="Locality lead, north")
    described = "Constitution, 6.6.2"
    assert await harness.post("10H", title="Locality lead, north", described_in=described) == "10H/locality-lead-north"
    wanted = reads.PostFilter(post="10H/locality-lead-north")
    [post] = await reads.list_posts(harness.database, wanted, as_at=ENGLAND_OPENED, as_known=None)
    assert (post["described_in"], post["vacant_because"]) == (described, "created without a holder")


async def test_a_post_is_there_once_and_only_while_its_body_stands(harness: GovernanceHarness) -> None:
    with pytest.raises(BodyNotFound):
        await harness.post("10H")
    await harness.body("10H", "Chair", first_day=date(2014, 4, 1))
    with pytest.raises(BodyNotStanding) as refused:
        await harness.post("10H", first_day=date(2013, 5, 1))
    assert len(refused.value.reasons) == 2
    with pytest.raises(PostExists):
        await harness.post("10H", title="CHAIR", first_day=date(2014, 4, 1))


async def test_only_a_governance_lead_of_the_organisation_or_of_its_successor_decides(
    harness: GovernanceHarness,
) -> None:
    partner = Caller(subject="r", roles=frozenset({Role.PARTNER}), organisations=frozenset({"*"}))
    with pytest.raises(RoleMissing):
        await harness.body("10H", by=partner)
    with pytest.raises(NotYoursToDecide):
        await harness.body("10H", by=a_lead("10Y", "14Y"))
    await harness.body("10H", by=a_lead("10H"))
    await harness.person("P-1")
    await harness.hear(a_merger())
    last_week = (date(2018, 3, 25), date(2018, 3, 31))
    await harness.appoint("10H/accountable-officer", "P-1", *last_week, by=a_lead("14Y"))
    assert await harness.holders("10H", as_at=last_week[1]) == {"accountable-officer": "P-1"}


async def test_what_was_known_before_a_dissolution_stays_readable(harness: GovernanceHarness) -> None:
    await harness.body("10H")
    await harness.hear(a_merger(stated=at(MERGED_ON)))
    before = await reads.get_body(harness.database, "10H-governing-body", as_at=MERGED_ON, as_known=at(MERGED_ON, 8))
    after = await reads.get_body(harness.database, "10H-governing-body", as_at=MERGED_ON, as_known=None)
    assert (before["stands"], len(before["posts"])) == (True, 1)
    assert (after["stands"], after["posts"], after["last_day"]) == (False, [], date(2018, 3, 31))
    with pytest.raises(BodyNotFound):
        await reads.get_body(harness.database, "10H-governing-body", as_at=MERGED_ON, as_known=at(date(2013, 1, 1)))


async def test_the_service_itself_may_act_for_all(harness: GovernanceHarness) -> None:
    await harness.body("10H", by=service_caller("governance"))
    assert await harness.holders("10H", as_at=ENGLAND_OPENED) == {"accountable-officer": None}
