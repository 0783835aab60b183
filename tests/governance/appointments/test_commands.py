"""Appointments: one holder of a post a day, over both times."""

from datetime import date

import asyncpg
import pytest

from services.governance.core import queries as reads
from services.governance.core.errors import (
    AppointmentNotFound,
    EndsBeforeItBegins,
    OrganisationNotOpen,
    PersonNotFound,
    PostHeld,
    PostNotFound,
    PostNotStanding,
)
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, a_merger, at

AO = "10H/accountable-officer"
NORTH_LONDON = {"07M": 1, "07R": 2, "07X": 3, "08D": 4, "08H": 5}


async def with_ao_post(harness: GovernanceHarness) -> None:
    await harness.person("P-1")
    await harness.person("P-2")
    await harness.body("10H")


async def test_a_person_holds_a_post_from_the_first_day_on(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    await harness.appoint(AO, "P-1", date(2014, 1, 6))
    assert await harness.holders("10H", as_at=date(2014, 1, 5)) == {"accountable-officer": None}
    assert await harness.holders("10H", as_at=date(2014, 1, 6)) == {"accountable-officer": "P-1"}
    [made] = await harness.told("AppointmentMade")
    assert (made["post"], made["organisation"], made["person"]) == (AO, "10H", harness.ids["P-1"])
    assert (made["title"], made["effective_on"]) == ("Accountable officer", "2014-01-06")


async def test_one_officer_in_five_bodies_has_five_appointments(harness: GovernanceHarness) -> None:
    await harness.hear_of_ccgs(*NORTH_LONDON)
    await harness.person("P-chief")
    made = {}
    for code, month in NORTH_LONDON.items():
        await harness.body(code)
        made[code] = await harness.appoint(f"{code}/accountable-officer", "P-chief", date(2017, month, 1))
    chief = harness.ids["P-chief"]
    held_ever = await reads.list_appointments_of(harness.database, chief)
    assert [(one["organisation"], one["first_day"].month) for one in held_ever] == [*NORTH_LONDON.items()]

    await harness.end(made["07X"], date(2018, 6, 30))
    wanted = reads.PostFilter(person=chief)
    held = await reads.list_posts(harness.database, wanted, as_at=date(2018, 7, 1), as_known=None)
    assert [row["organisation"] for row in held] == ["07M", "07R", "08D", "08H"]
    enfield = reads.PostFilter(organisation="07X", post="accountable-officer", vacant=False)
    [accountable] = await reads.list_posts(harness.database, enfield, as_at=date(2018, 6, 30), as_known=None)
    assert (accountable["appointment"], accountable["first_day"]) == (made["07X"], date(2017, 3, 1))
    assert await reads.list_posts(harness.database, enfield, as_at=date(2018, 7, 1), as_known=None) == []


async def test_a_post_has_one_holder_a_day(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    first = await harness.appoint(AO, "P-1", date(2014, 1, 1))
    with pytest.raises(PostHeld, match="is held from 2014-01-01 on"):
        await harness.appoint(AO, "P-2", date(2015, 1, 1))
    await harness.end(first, date(2014, 12, 31))
    await harness.appoint(AO, "P-2", date(2015, 1, 1))
    assert await harness.holders("10H", as_at=date(2014, 12, 31)) == {"accountable-officer": "P-1"}
    assert await harness.holders("10H", as_at=date(2015, 1, 1)) == {"accountable-officer": "P-2"}
    with pytest.raises(PostHeld) as refused:
        await harness.end(first, date(2015, 1, 1), stated=at(date(2015, 2, 1)))
    assert [reason.field for reason in refused.value.reasons] == ["last_day"]


async def test_the_database_itself_refuses_a_second_holder(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    await harness.appoint(AO, "P-1")
    with pytest.raises(asyncpg.ExclusionViolationError, match="ex_post_time_belief_one_value"):
        async with harness.database.connect() as connection:
            await connection.execute(
                "INSERT INTO post_time_belief (subject_id, facet, value, valid, known)"
                " SELECT subject_id, facet, 'A-other', valid, known FROM post_time_belief WHERE facet = 2"
            )


async def test_an_ending_leaves_the_post_vacant_with_its_reason(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    appointment = await harness.appoint(AO, "P-1")
    await harness.end(appointment, date(2016, 3, 31), reason="retired")
    assert await harness.vacancies("10H", as_at=date(2016, 5, 1)) == {
        "accountable-officer": (date(2016, 4, 1), "Retired")
    }
    ended = await reads.get_appointment(harness.database, appointment, as_known=None)
    assert (ended["last_day"], ended["ended_because"], ended["version"]) == (date(2016, 3, 31), "Retired", 2)
    [_, made, ended_event, vacant] = (await harness.told())[1:]
    assert [made["name"], ended_event["name"], vacant["name"]] == [
        "AppointmentMade",
        "AppointmentEnded",
        "PostFellVacant",
    ]
    assert (ended_event["effective_on"], ended_event["reason"]) == ("2016-04-01", "Retired")


async def test_before_an_ending_was_stated_the_appointment_was_known_to_go_on(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    appointment = await harness.appoint(AO, "P-1")
    await harness.end(appointment, date(2016, 3, 31), stated=at(date(2016, 5, 1)))
    day = date(2016, 4, 15)
    assert await harness.holders("10H", as_at=day, as_known=at(date(2016, 4, 20))) == {"accountable-officer": "P-1"}
    assert await harness.holders("10H", as_at=day, as_known=at(date(2016, 5, 2))) == {"accountable-officer": None}


async def test_an_end_can_be_corrected_either_way(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    appointment = await harness.appoint(AO, "P-1")
    await harness.end(appointment, date(2016, 3, 31))
    await harness.end(appointment, date(2016, 5, 31), stated=at(date(2016, 4, 2)))
    assert await harness.holders("10H", as_at=date(2016, 5, 31)) == {"accountable-officer": "P-1"}
    await harness.end(appointment, date(2016, 4, 30), stated=at(date(2016, 4, 3)))
    assert await harness.holders("10H", as_at=date(2016, 5, 1)) == {"accountable-officer": None}
    assert [event["effective_on"] for event in await harness.told("AppointmentEnded")] == [
        "2016-04-01",
        "2016-06-01",
        "2016-05-01",
    ]


async def test_the_end_that_is_known_already_is_no_news(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    appointment = await harness.appoint(AO, "P-1")
    await harness.end(appointment, date(2016, 3, 31))
    before = await harness.content()
    await harness.end(appointment, date(2016, 3, 31), stated=at(date(2016, 5, 1)))
    assert await harness.content() == before


async def test_the_reason_of_an_end_can_be_corrected(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    appointment = await harness.appoint(AO, "P-1", date(2014, 1, 1), date(2016, 3, 31))
    await harness.end(appointment, date(2016, 3, 31), reason="retired", stated=at(date(2016, 5, 1)))
    assert await harness.vacancies("10H", as_at=date(2016, 5, 1)) == {
        "accountable-officer": (date(2016, 4, 1), "Retired")
    }
    ended = await reads.get_appointment(harness.database, appointment, as_known=None)
    before = await reads.get_appointment(harness.database, appointment, as_known=at(date(2016, 4, 1)))
    assert [(one["ended_because"], one["last_day"]) for one in (before, ended)] == [
        ("Term ended", date(2016, 3, 31)),
        ("Retired", date(2016, 3, 31)),
    ]
    assert [event["reason"] for event in await harness.told("AppointmentEnded")] == ["Term ended", "Retired"]


async def test_an_appointment_for_a_term_tells_its_end_at_once(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    await harness.appoint(AO, "P-1", date(2014, 1, 1), date(2014, 12, 31))
    assert [event["name"] for event in await harness.told()][-3:] == [
        "AppointmentMade",
        "AppointmentEnded",
        "PostFellVacant",
    ]
    assert await harness.vacancies("10H", as_at=date(2015, 1, 1)) == {
        "accountable-officer": (date(2015, 1, 1), "Term ended")
    }


async def test_a_term_that_another_one_follows_leaves_no_vacancy(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    await harness.appoint(AO, "P-2", date(2015, 1, 1))
    await harness.appoint(AO, "P-1", date(2014, 1, 1), date(2014, 12, 31), stated=at(date(2015, 2, 1)))
    assert [event["name"] for event in await harness.told()][-2:] == ["AppointmentMade", "AppointmentEnded"]


async def test_the_end_of_one_appointment_leaves_the_reason_of_a_later_one(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    first = await harness.appoint(AO, "P-1", date(2014, 1, 1), date(2014, 12, 31))
    second = await harness.appoint(AO, "P-2", date(2015, 1, 1))
    await harness.end(second, date(2016, 3, 31), reason="retired")
    await harness.end(first, date(2014, 11, 30), reason="moved", stated=at(date(2016, 5, 1)))
    await harness.appoint(AO, "P-1", date(2013, 5, 1), date(2013, 6, 30), stated=at(date(2016, 5, 2)))
    why = [
        (await reads.get_appointment(harness.database, one, as_known=None))["ended_because"] for one in (first, second)
    ]
    assert why == ["Moved to another post", "Retired"]
    for day, vacant in (
        (date(2013, 7, 1), (date(2013, 7, 1), "Term ended")),
        (date(2014, 12, 1), (date(2014, 12, 1), "Moved to another post")),
        (date(2016, 5, 1), (date(2016, 4, 1), "Retired")),
    ):
        assert await harness.vacancies("10H", as_at=day) == {"accountable-officer": vacant}


async def test_what_a_source_stated_earlier_is_put_in_its_place(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    await harness.appoint(AO, "P-2", date(2016, 1, 1))
    await harness.appoint(AO, "P-1", date(2014, 1, 1), date(2015, 12, 31), stated=at(date(2014, 1, 1)))
    known_then = at(date(2014, 2, 1))
    assert await harness.holders("10H", as_at=date(2015, 1, 1), as_known=known_then) == {"accountable-officer": "P-1"}
    assert await harness.holders("10H", as_at=date(2016, 1, 1), as_known=known_then) == {"accountable-officer": None}


async def test_all_that_is_wrong_with_an_appointment_is_said_at_once(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    await harness.appoint(AO, "P-1")
    await harness.hear(a_merger())
    with pytest.raises(OrganisationNotOpen) as refused:
        await harness.appoint(AO, "P-2", date(2018, 1, 1), date(2018, 6, 30))
    fields = [(reason.field, reason.message) for reason in refused.value.reasons]
    assert [field for field, _ in fields] == ["last_day", "first_day", "post"]
    assert "10H is closed on 2018-06-30" in fields[0][1]
    assert (
        "does not exist on every day from 2018-01-01 to 2018-06-30, but from 2013-04-01 to 2018-03-31" in fields[1][1]
    )
    assert "is held from 2013-04-01 to 2018-03-31" in fields[2][1]


async def test_an_appointment_needs_a_post_and_a_person(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    with pytest.raises(PostNotFound):
        await harness.appoint("10H/sage", "P-1")
    with pytest.raises(PersonNotFound):
        await harness.appoint(AO, "P-nobody")
    with pytest.raises(AppointmentNotFound):
        await harness.end("A-none", date(2014, 1, 1))


async def test_nobody_holds_a_post_before_it_is_there(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    await harness.post("10H", title="Chair", first_day=date(2014, 1, 1))
    with pytest.raises(PostNotStanding):
        await harness.appoint("10H/chair", "P-1", ENGLAND_OPENED)


async def test_an_appointment_does_not_end_before_it_begins(harness: GovernanceHarness) -> None:
    await with_ao_post(harness)
    appointment = await harness.appoint(AO, "P-1", MERGED_ON)
    with pytest.raises(EndsBeforeItBegins):
        await harness.end(appointment, date(2018, 3, 31))
