"""Bodies end where another body took over, go on where that is undone, and follow mergers of ICBs as of CCGs."""

from datetime import date

from libs.common.events.registry import ICBMerged, OrganisationOpened, OrganisationSucceeded, SuccessionUndone
from services.governance.core import queries as reads
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_merger, at

UNDONE = at(date(2018, 9, 1))


def acquired(code: str, by: str) -> OrganisationSucceeded:
    return OrganisationSucceeded(
        code=code, successor=by, effective_on=MERGED_ON, stated_at=at(MERGED_ON, 0), shape="acquisition", share="1"
    )


def undone(code: str, successor: str) -> SuccessionUndone:
    return SuccessionUndone(code=code, successor=successor, effective_on=MERGED_ON, stated_at=UNDONE)


def open_again(code: str) -> OrganisationOpened:
    return OrganisationOpened(code=code, name=f"NHS {code}", kind="ccg", effective_on=MERGED_ON, stated_at=UNDONE)


async def test_at_a_merger_of_icbs_all_appointments_end_and_shared_ones_are_made_again(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    await harness.hear(ICBMerged(**a_merger().model_dump()))
    assert await harness.holders("10Y", as_at=MERGED_ON) == {}
    assert (await harness.holders("14Y", as_at=MERGED_ON))["accountable-officer"] == "P-ao"


async def test_a_body_that_another_took_over_ends_and_its_rights_wait_there(harness: GovernanceHarness) -> None:
    await harness.bucks()
    right = await harness.grant("10H")
    await harness.hear(acquired("10H", "10Y"))
    assert await harness.holders("10H", as_at=MERGED_ON) == {}
    assert (await harness.holders("10Y", as_at=MERGED_ON))["chair"] == "P-chair-10y"
    seen = await reads.get_decision_right(harness.database, right, as_at=MERGED_ON, as_known=None)
    assert (seen["stands"], seen["to_remake_for"]) == (False, "10Y")
    ended = await harness.told("AppointmentEnded")
    assert {event["reason"] for event in ended} == {"10Y took over 10H"}


async def test_a_split_ends_no_body(harness: GovernanceHarness) -> None:
    await harness.bucks()
    before = await harness.content()
    split = acquired("10H", "10Y").model_copy(update={"shape": "split", "share": "1/2"})
    await harness.hear(split)
    assert await harness.content() == before


async def test_undone_the_body_goes_on_with_its_holders_and_rights_once_it_is_open_again(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    right = await harness.grant("10H")
    before = await harness.holders("10H", as_at=MERGED_ON)
    await harness.hear(acquired("10H", "10Y"))
    await harness.hear(undone("10H", "10Y"), open_again("10H"))
    assert await harness.holders("10H", as_at=MERGED_ON) == before
    assert await harness.holders("10H", as_at=MERGED_ON, as_known=at(date(2018, 8, 1))) == {}
    seen = await reads.get_decision_right(harness.database, right, as_at=MERGED_ON, as_known=None)
    assert (seen["stands"], seen["to_remake_for"]) == (True, None)
    made = [event for event in await harness.told("AppointmentMade") if event["stated_at"] > "2018-08"]
    assert {harness.called(event["person"]) for event in made} == {"P-ao", "P-chair-10h"}
    content = await harness.content()
    await harness.hear(undone("10H", "10Y"), open_again("10H"))
    assert await harness.content() == content


async def test_a_merger_undone_for_all_ends_the_successors_body_and_the_others_go_on(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    before = {code: await harness.holders(code, as_at=MERGED_ON) for code in ("10H", "10Y")}
    await harness.hear(a_merger())
    await harness.hear(undone("10H", "14Y"), undone("10Y", "14Y"), open_again("10H"), open_again("10Y"))
    assert {code: await harness.holders(code, as_at=MERGED_ON) for code in before} == before
    assert await harness.holders("14Y", as_at=MERGED_ON) == {}


async def test_who_resigned_before_is_not_brought_back(harness: GovernanceHarness) -> None:
    await harness.person("P-1")
    await harness.body("10H", "Chair")
    chair = await harness.appoint("10H/chair", "P-1")
    await harness.end(chair, date(2018, 3, 31), stated=at(date(2018, 3, 1)))
    await harness.hear(acquired("10H", "10Y"))
    await harness.hear(undone("10H", "10Y"), open_again("10H"))
    assert (await harness.holders("10H", as_at=MERGED_ON))["chair"] is None


async def test_a_merger_undone_and_stated_again_is_carried_out_again(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.hear(a_merger())
    first = await harness.holders("14Y", as_at=MERGED_ON)
    await harness.hear(undone("10H", "14Y"), undone("10Y", "14Y"), open_again("10H"), open_again("10Y"))
    await harness.hear(a_merger().model_copy(update={"stated_at": at(date(2019, 1, 1))}))
    assert await harness.holders("14Y", as_at=MERGED_ON) == first
    assert first["accountable-officer"] == "P-ao"
    assert await harness.holders("10H", as_at=MERGED_ON) == {}


async def test_rights_that_are_to_be_made_again_wait_for_the_last_successor_and_that_is_recorded(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    right = await harness.grant("10H")
    await harness.hear(acquired("10H", "99A"))
    await harness.hear(acquired("99A", "99B").model_copy(update={"effective_on": date(2019, 4, 1)}))
    for day, successor in ((MERGED_ON, "99A"), (date(2019, 3, 31), "99A"), (date(2019, 4, 1), "99B")):
        seen = await reads.get_decision_right(harness.database, right, as_at=day, as_known=None)
        assert seen["to_remake_for"] == successor
    rows = await harness.database.fetch("SELECT operation FROM write_record WHERE operation LIKE 'reaction%'")
    assert [row["operation"] for row in rows] == ["reaction appointments_end_where_another_took_over"] * 2
