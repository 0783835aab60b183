"""Several posts of one title: three seats are three, unless a body has one post of that title."""

import asyncio
from datetime import date

import pytest

from services.governance.bodies import commands as bodies
from services.governance.bodies import posts
from services.governance.core import queries as reads
from services.governance.core.errors import PostExists
from services.governance.mergers.rules import PredecessorPost, carry_over
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, a_lead, a_merger, at

LOCAL = "Constitution 6.6"


async def establish(harness: GovernanceHarness, *titles: str, organisation: str = "10H") -> None:
    command = bodies.EstablishBody(
        organisation=organisation,
        first_day=ENGLAND_OPENED,
        posts=tuple(posts.NewPost(title=title, described_in=LOCAL) for title in titles),
    )
    async with harness.database.begin() as session:
        await bodies.establish_body(session, command, by=a_lead(), today=ENGLAND_OPENED, stated_at=at(ENGLAND_OPENED))


async def test_a_title_requested_three_times_makes_three_posts(harness: GovernanceHarness) -> None:
    await establish(harness, "GP member", "GP member", "GP Member", "Chair")
    assert list(await harness.holders("10H", as_at=ENGLAND_OPENED)) == [
        "accountable-officer",
        "chair",
        "gp-member",
        "gp-member-2",
        "gp-member-3",
    ]
    vacant = [event["post"] for event in await harness.told("PostFellVacant")]
    assert len(vacant) == len(set(vacant)) == 5


async def test_every_seat_of_a_title_is_listed_by_it(harness: GovernanceHarness) -> None:
    await establish(harness, "GP member", "GP member", "Chair")
    for post, seats in (
        ("gp-member", ["10H/gp-member", "10H/gp-member-2"]),
        ("gp-member-2", ["10H/gp-member-2"]),
        ("10H/gp-member", ["10H/gp-member"]),
    ):
        rows = await reads.list_posts(
            harness.database, reads.PostFilter(post=post), as_at=ENGLAND_OPENED, as_known=None
        )
        assert [row["post"] for row in rows] == seats


async def test_a_further_seat_gets_the_next_number(harness: GovernanceHarness) -> None:
    await establish(harness, "GP member")
    assert await harness.post("10H", title="GP  MEMBER", described_in=LOCAL) == "10H/gp-member-2"
    assert await harness.post("10H", title="Gp member", described_in=LOCAL) == "10H/gp-member-3"


async def test_seats_added_at_once_get_numbers_of_their_own(harness: GovernanceHarness) -> None:
    await establish(harness)
    tries = (harness.post("10H", title="GP member", described_in=LOCAL) for _ in range(3))
    assert sorted(await asyncio.gather(*tries)) == ["10H/gp-member", "10H/gp-member-2", "10H/gp-member-3"]


async def test_a_single_post_is_refused_a_second_time(harness: GovernanceHarness) -> None:
    with pytest.raises(PostExists, match="one post with the title Chair"):
        await establish(harness, "Chair", "CHAIR")
    await establish(harness, "Accountable officer", "Chair")
    with pytest.raises(PostExists):
        await harness.post("10H", title="accountable officer")
    await harness.post("10H", title="Chief executive", described_in=LOCAL)
    with pytest.raises(PostExists):
        await harness.post("10H", title="Chief executive", described_in=LOCAL)


async def test_a_refusal_names_the_real_days_of_the_holder(harness: GovernanceHarness) -> None:
    await establish(harness, "Chair")
    await harness.person("P-1")
    await harness.person("P-2")
    await harness.appoint("10H/chair", "P-1", date(2015, 11, 16), date(2017, 12, 11))
    with pytest.raises(Exception, match="is held from 2015-11-16 to 2017-12-11"):
        await harness.appoint("10H/chair", "P-2", date(2017, 12, 11))


def test_who_holds_a_seat_in_every_predecessor_keeps_one_whatever_its_number() -> None:
    seats = ("gp-member", "gp-member-2")
    one = [PredecessorPost(slug, "GP member", person) for slug, person in zip(seats, ("P-1", "P-2"), strict=True)]
    other = [PredecessorPost(slug, "GP member", person) for slug, person in zip(seats, ("P-2", "P-3"), strict=True)]
    carried = carry_over({"10H": one, "10Y": other})
    assert [(post.slug, post.person) for post in carried] == [("gp-member", "P-2"), ("gp-member-2", None)]


async def test_seats_pass_a_merger(harness: GovernanceHarness) -> None:
    await harness.person("P-1")
    await harness.person("P-2")
    for code in ("10H", "10Y"):
        await establish(harness, "GP member", "GP member", organisation=code)
    await harness.appoint("10H/gp-member", "P-2")
    await harness.appoint("10H/gp-member-2", "P-1")
    await harness.appoint("10Y/gp-member", "P-1")
    await harness.hear(a_merger())
    holders = await harness.holders("14Y", as_at=MERGED_ON)
    assert holders == {"accountable-officer": None, "gp-member": "P-1", "gp-member-2": None}
    before = await harness.content()
    await harness.hear(a_merger())
    assert await harness.content() == before
