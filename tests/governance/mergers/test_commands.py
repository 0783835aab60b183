"""At a merger all appointments end, and those that one person held in every predecessor are made again."""

import asyncio
from datetime import date

import pytest

from libs.common.database.connection import raw
from libs.common.events.registry import CCGMerged, OrganisationClosed
from services.governance.core import queries as reads
from services.governance.core.errors import OrganisationNotOpen
from tests.support.governance_harness import MERGED_ON, GovernanceHarness, a_merger, at
from tests.support.waiting import until

DAY_BEFORE = date(2018, 3, 31)
NOBODY = "no person held it in every predecessor"


async def test_who_held_a_post_in_every_predecessor_holds_it_in_the_successor(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.hear(a_merger())
    assert await harness.holders("10Y", as_at=DAY_BEFORE) == {
        "accountable-officer": "P-ao",
        "chair": "P-chair-10y",
        "chief-finance-officer": "P-cfo",
    }
    assert await harness.holders("10Y", as_at=MERGED_ON) == {}
    assert await harness.holders("14Y", as_at=DAY_BEFORE) == {}
    assert await harness.holders("14Y", as_at=MERGED_ON) == {
        "accountable-officer": "P-ao",
        "chair": None,
        "chief-finance-officer": None,
    }
    assert await harness.vacancies("14Y", as_at=MERGED_ON) == {
        "chair": (MERGED_ON, f"{NOBODY} (10H: held; 10Y: held)"),
        "chief-finance-officer": (MERGED_ON, f"{NOBODY} (10H: no such post; 10Y: held)"),
    }


async def test_the_merger_tells_what_ended_what_was_made_and_what_is_vacant(harness: GovernanceHarness) -> None:
    await harness.bucks()
    before = len(await harness.told())
    await harness.hear(a_merger())
    told = [(event["name"], event.get("post") or event["body"]) for event in (await harness.told())[before:]]
    assert told == [
        ("AppointmentEnded", "10H/accountable-officer"),
        ("AppointmentEnded", "10H/chair"),
        ("AppointmentEnded", "10Y/accountable-officer"),
        ("AppointmentEnded", "10Y/chair"),
        ("AppointmentEnded", "10Y/chief-finance-officer"),
        ("BodyDissolved", "10H-governing-body"),
        ("BodyDissolved", "10Y-governing-body"),
        ("BodyEstablished", "14Y-governing-body"),
        ("AppointmentMade", "14Y/accountable-officer"),
        ("PostFellVacant", "14Y/chair"),
        ("PostFellVacant", "14Y/chief-finance-officer"),
    ]
    ended = (await harness.told("AppointmentEnded"))[0]
    assert (ended["effective_on"], ended["reason"]) == ("2018-04-01", "10H, 10Y merged into 14Y")


async def test_an_ended_appointment_shows_its_last_day_and_the_merger(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.hear(a_merger())
    of_person = await reads.list_appointments_of(harness.database, harness.ids["P-ao"])
    assert [(one["organisation"], one["last_day"], one["ended_because"]) for one in of_person] == [
        ("10H", DAY_BEFORE, "10H, 10Y merged into 14Y"),
        ("10Y", DAY_BEFORE, "10H, 10Y merged into 14Y"),
        ("14Y", None, None),
    ]
    assert [one["version"] for one in of_person] == [2, 2, 1]


async def test_before_the_merger_was_stated_the_old_appointments_were_known_to_go_on(
    harness: GovernanceHarness,
) -> None:
    await harness.bucks()
    await harness.hear(a_merger(stated=at(MERGED_ON, 12)))
    then = await harness.holders("10H", as_at=MERGED_ON, as_known=at(MERGED_ON, 11))
    assert then == {"accountable-officer": "P-ao", "chair": "P-chair-10h"}
    assert await harness.holders("10H", as_at=MERGED_ON, as_known=at(MERGED_ON, 12)) == {}


async def test_told_twice_it_is_done_once(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.grant("10H")
    await harness.hear(a_merger())
    before = await harness.content()
    await harness.hear(a_merger())
    assert await harness.content() == before


async def test_told_again_after_life_went_on_it_undoes_nothing(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.hear(a_merger())
    of_person = await reads.list_appointments_of(harness.database, harness.ids["P-ao"])
    await harness.end(of_person[-1]["appointment"], date(2018, 4, 30))
    await harness.person("P-new")
    await harness.appoint("14Y/chair", "P-new", date(2018, 5, 1))
    before = await harness.content()
    await harness.hear(a_merger())
    assert await harness.content() == before


async def test_heard_late_it_undoes_what_was_done_in_ignorance(harness: GovernanceHarness) -> None:
    await harness.bucks()
    await harness.post("10H", title="Chief nurse")
    await harness.person("P-late")
    late = await harness.appoint("10H/chief-nurse", "P-late", date(2018, 5, 1), stated=at(date(2018, 5, 1)))
    of_person = await reads.list_appointments_of(harness.database, harness.ids["P-cfo"])
    await harness.end(of_person[0]["appointment"], date(2018, 5, 31))
    await harness.hear(a_merger())
    assert await harness.holders("10H", as_at=date(2018, 6, 1)) == {}
    assert await reads.list_appointments_of(harness.database, harness.ids["P-late"]) == []
    ended = {harness.called(event["person"]): event["effective_on"] for event in await harness.told("AppointmentEnded")}
    assert (ended["P-late"], ended["P-cfo"]) == ("2018-05-01", "2018-04-01")
    in_may = at(date(2018, 5, 1))
    assert (await reads.get_appointment(harness.database, late, as_known=in_may))["person"] == harness.ids["P-late"]
    assert (await harness.vacancies("14Y", as_at=MERGED_ON))["chief-nurse"][0] == MERGED_ON


async def test_without_any_body_known_nothing_is_written(harness: GovernanceHarness) -> None:
    before = await harness.content()
    await harness.hear(a_merger())
    assert await harness.content() == before
    assert await harness.database.fetch("SELECT FROM write_record WHERE operation LIKE 'reaction%'") == []


async def test_with_one_body_known_the_successor_has_its_mandatory_posts_vacant(harness: GovernanceHarness) -> None:
    await harness.body("10H")
    await harness.hear(a_merger())
    assert await harness.vacancies("14Y", as_at=MERGED_ON) == {
        "accountable-officer": (MERGED_ON, f"{NOBODY} (10H: vacant; 10Y: no body known)")
    }


async def test_an_appointment_that_was_to_end_before_the_merger_is_not_carried(harness: GovernanceHarness) -> None:
    await harness.person("P-1")
    for code in ("10H", "10Y"):
        await harness.body(code)
        await harness.appoint(f"{code}/accountable-officer", "P-1", date(2013, 4, 1), date(2018, 3, 30))
    await harness.hear(a_merger())
    assert await harness.holders("14Y", as_at=MERGED_ON) == {"accountable-officer": None}
    assert [event["effective_on"] for event in await harness.told("AppointmentEnded")] == ["2018-03-31"] * 2


async def with_proposed_successor(harness: GovernanceHarness) -> None:
    await harness.bucks()
    for person in ("P-own", "P-next"):
        await harness.person(person)
    await harness.hear_of_proposed("14Y", on=date(2017, 10, 1))
    await harness.body("14Y", "Chair", "Chief nurse", first_day=date(2018, 1, 1))
    await harness.appoint("14Y/chair", "P-own", date(2018, 1, 1))


async def test_a_successor_that_was_proposed_before_keeps_what_it_has_and_gains(harness: GovernanceHarness) -> None:
    await with_proposed_successor(harness)
    before = len(await harness.told())
    await harness.hear(a_merger())
    assert await harness.holders("14Y", as_at=MERGED_ON) == {
        "accountable-officer": "P-ao",
        "chair": "P-own",
        "chief-finance-officer": None,
        "chief-nurse": None,
    }
    told = [
        (event["name"], event["post"]) for event in (await harness.told())[before:] if event["organisation"] == "14Y"
    ]
    assert told == [
        ("AppointmentMade", "14Y/accountable-officer"),
        ("PostFellVacant", "14Y/chief-finance-officer"),
    ]
    assert (await harness.vacancies("14Y", as_at=MERGED_ON))["chief-nurse"] == (
        date(2018, 1, 1),
        "established without a holder",
    )


async def test_a_post_that_is_promised_to_another_is_held_until_then(harness: GovernanceHarness) -> None:
    await with_proposed_successor(harness)
    await harness.appoint("14Y/accountable-officer", "P-next", date(2018, 7, 1), stated=at(date(2018, 3, 1)))
    await harness.hear(a_merger())
    assert (await harness.holders("14Y", as_at=date(2018, 6, 30)))["accountable-officer"] == "P-ao"
    assert (await harness.holders("14Y", as_at=date(2018, 7, 1)))["accountable-officer"] == "P-next"


async def chain(harness: GovernanceHarness) -> tuple[CCGMerged, CCGMerged]:
    """10H and 10Y become 14Y in 2018; 14Y and 15A become 99B in 2020. One officer for all of them."""
    await harness.bucks()
    await harness.grant("10H")
    await harness.hear_of_ccgs("15A")
    await harness.body("15A")
    await harness.appoint("15A/accountable-officer", "P-ao")
    return a_merger(), a_merger("99B", ("14Y", "15A"), on=date(2020, 4, 1))


async def settled(harness: GovernanceHarness) -> list[object]:
    """What three bodies look like on four days, and the rights that wait."""
    days = (DAY_BEFORE, MERGED_ON, date(2020, 3, 31), date(2020, 4, 1))
    seen: list[object] = [
        await harness.holders(code, as_at=day) for code in ("10H", "14Y", "15A", "99B") for day in days
    ]
    rows = await reads.list_decision_rights(
        harness.database, None, None, to_be_remade=True, as_at=date(2020, 4, 1), as_known=None, after=None, limit=9
    )
    return [*seen, [(row["organisation"], row["to_remake_for"]) for row in rows]]


async def test_mergers_in_a_chain_carry_an_officer_through(harness: GovernanceHarness) -> None:
    first, second = await chain(harness)
    await harness.hear(first)
    await harness.hear(second)
    assert (await harness.holders("14Y", as_at=date(2020, 3, 31)))["accountable-officer"] == "P-ao"
    assert await harness.holders("14Y", as_at=date(2020, 4, 1)) == {}
    assert await harness.holders("99B", as_at=date(2020, 4, 1)) == {
        "accountable-officer": "P-ao",
        "chair": None,
        "chief-finance-officer": None,
    }
    assert (await settled(harness))[-1] == [("10H", "99B")]


async def test_a_chain_that_is_heard_in_the_wrong_order_ends_the_same(harness: GovernanceHarness) -> None:
    first, second = await chain(harness)
    await harness.hear(second)
    assert await harness.holders("99B", as_at=date(2020, 4, 1)) == {"accountable-officer": None}
    await harness.hear(first)
    late = await settled(harness)
    assert late[3 * 4 + 3] == {"accountable-officer": "P-ao", "chair": None, "chief-finance-officer": None}
    assert late[4:8] == [
        {},
        {"accountable-officer": "P-ao", "chair": None, "chief-finance-officer": None},
        {"accountable-officer": "P-ao", "chair": None, "chief-finance-officer": None},
        {},
    ]
    assert late[-1] == [("10H", "99B")]
    before = await harness.content()
    await harness.hear(second, first)
    assert await harness.content() == before


async def test_a_body_ends_with_an_organisation_that_closes_without_a_merger(harness: GovernanceHarness) -> None:
    await harness.bucks()
    right = await harness.grant("10H")
    await harness.hear(OrganisationClosed(code="10H", effective_on=MERGED_ON, stated_at=at(MERGED_ON)))
    assert await harness.holders("10H", as_at=MERGED_ON) == {}
    assert len(await harness.holders("10Y", as_at=MERGED_ON)) == 3
    ended = await reads.get_decision_right(harness.database, right, as_at=MERGED_ON, as_known=None)
    assert (ended["ended_because"], ended["to_remake_for"]) == ("10H closed", None)
    assert [event["body"] for event in await harness.told("BodyDissolved")] == ["10H-governing-body"]


async def test_a_successor_that_closed_meanwhile_has_a_body_up_to_then(harness: GovernanceHarness) -> None:
    await harness.bucks()
    closed_on = date(2019, 4, 1)
    await harness.hear(OrganisationClosed(code="14Y", effective_on=closed_on, stated_at=at(closed_on)))
    await harness.hear(a_merger())
    assert (await harness.holders("14Y", as_at=date(2019, 3, 31)))["accountable-officer"] == "P-ao"
    assert await harness.holders("14Y", as_at=closed_on) == {}


async def test_no_name_of_a_person_is_ever_told(harness: GovernanceHarness) -> None:
    await harness.person("P-named", "Unmistakable Name")
    for code in ("10H", "10Y"):
        await harness.body(code)
        appointment = await harness.appoint(f"{code}/accountable-officer", "P-named")
    await harness.hear(a_merger())
    await harness.end(appointment, date(2018, 2, 28))
    rows = await harness.database.fetch("SELECT fields, keys FROM outbox")
    assert any(harness.ids["P-named"] in row["keys"] for row in rows)
    assert not any("Unmistakable" in row["fields"] or "Unmistakable" in str(row["keys"]) for row in rows)


async def waits_for_a_lock(harness: GovernanceHarness) -> bool:
    rows = await harness.database.fetch(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(rows)


@pytest.mark.parametrize("first_day", [date(2018, 3, 1), date(2018, 4, 1)], ids=["before", "on the day"])
async def test_an_appointment_that_is_made_first_ends_with_the_merger(
    harness: GovernanceHarness, first_day: date
) -> None:
    await harness.person("P-1")
    await harness.body("10H")
    async with harness.database.begin() as session:
        await harness.appoint_in(session, "10H/accountable-officer", "P-1", first_day)
        merging = asyncio.create_task(harness.hear(a_merger()))
        await until(lambda: waits_for_a_lock(harness))
        assert not merging.done()
    await merging
    assert await harness.holders("10H", as_at=MERGED_ON) == {}
    assert (await harness.told("AppointmentEnded"))[0]["effective_on"] == "2018-04-01"


async def test_an_appointment_that_is_made_second_is_refused(harness: GovernanceHarness) -> None:
    await harness.person("P-1")
    await harness.body("10H")
    async with harness.database.begin() as session:
        await harness.deliver(session, a_merger())
        appointing = asyncio.create_task(harness.appoint("10H/accountable-officer", "P-1", MERGED_ON))
        await until(lambda: waits_for_a_lock(harness))
        assert not appointing.done()
    with pytest.raises(OrganisationNotOpen):
        await appointing
    assert await harness.told("AppointmentMade") == []


async def test_two_appointments_to_one_post_at_once_leave_one(harness: GovernanceHarness) -> None:
    await harness.person("P-1")
    await harness.person("P-2")
    await harness.body("10H")
    tries = (harness.appoint("10H/accountable-officer", person) for person in ("P-1", "P-2"))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["PostHeld", "str"]
    assert len(await harness.told("AppointmentMade")) == 1


async def test_many_merge_by_a_fixed_number_of_statements(harness: GovernanceHarness) -> None:
    async def statements_for(codes: tuple[str, ...], successor: str) -> int:
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        await harness.hear_of_ccgs(*codes)
        for code in codes:
            await harness.body(code, "Chair", "Chief nurse")
            await harness.appoint(f"{code}/chair", "P-1")
        async with harness.database.begin() as session:
            connection = await raw(session)
            connection.add_query_logger(count)
            await harness.deliver(session, a_merger(successor, codes, on=MERGED_ON))
            connection.remove_query_logger(count)
        return counted

    await harness.person("P-1")
    few = await statements_for(("01A", "01B"), "90A")
    many = await statements_for(tuple(f"02{letter}" for letter in "ABCDEFGH"), "90B")
    assert many <= few
