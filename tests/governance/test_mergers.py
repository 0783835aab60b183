"""At a merger all appointments end, and those that one person held in every predecessor are made again."""

import asyncio
from datetime import date

import pytest

from libs.common.database.connection import raw
from libs.common.events.registry import CCGMerged, OrganisationClosed
from services.governance.core import queries as reads
from services.governance.core.errors import OrganisationNotOpen
from tests.governance.stage import MERGED_ON, Stage, a_merger, at
from tests.waiting import until

DAY_BEFORE = date(2018, 3, 31)
NOBODY = "nobody held it in every predecessor"


async def test_who_held_a_post_in_every_predecessor_holds_it_in_the_successor(stage: Stage) -> None:
    await stage.bucks()
    await stage.hear(a_merger())
    assert await stage.holders("10Y", as_at=DAY_BEFORE) == {
        "accountable-officer": "P-ao",
        "chair": "P-chair-10y",
        "chief-finance-officer": "P-cfo",
    }
    assert await stage.holders("10Y", as_at=MERGED_ON) == {}
    assert await stage.holders("14Y", as_at=DAY_BEFORE) == {}
    assert await stage.holders("14Y", as_at=MERGED_ON) == {
        "accountable-officer": "P-ao",
        "chair": None,
        "chief-finance-officer": None,
    }
    assert await stage.vacancies("14Y", as_at=MERGED_ON) == {
        "chair": (MERGED_ON, f"{NOBODY} (10H: P-chair-10h; 10Y: P-chair-10y)"),
        "chief-finance-officer": (MERGED_ON, f"{NOBODY} (10H: no such post; 10Y: P-cfo)"),
    }


async def test_the_merger_tells_what_ended_what_was_made_and_what_is_vacant(stage: Stage) -> None:
    await stage.bucks()
    before = len(await stage.told())
    await stage.hear(a_merger())
    told = [(event["name"], event.get("post") or event["body"]) for event in (await stage.told())[before:]]
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
    ended = (await stage.told("AppointmentEnded"))[0]
    assert (ended["effective_on"], ended["reason"]) == ("2018-04-01", "10H, 10Y merged into 14Y")


async def test_an_ended_appointment_shows_its_last_day_and_the_merger(stage: Stage) -> None:
    await stage.bucks()
    await stage.hear(a_merger())
    person = await reads.get_person(stage.database, "P-ao", as_known=None)
    assert [(one["organisation"], one["last_day"], one["ended_because"]) for one in person["appointments"]] == [
        ("10H", DAY_BEFORE, "10H, 10Y merged into 14Y"),
        ("10Y", DAY_BEFORE, "10H, 10Y merged into 14Y"),
        ("14Y", None, None),
    ]
    assert [one["version"] for one in person["appointments"]] == [2, 2, 1]


async def test_before_the_merger_was_stated_the_old_appointments_were_known_to_go_on(stage: Stage) -> None:
    await stage.bucks()
    await stage.hear(a_merger(stated=at(MERGED_ON, 12)))
    then = await stage.holders("10H", as_at=MERGED_ON, as_known=at(MERGED_ON, 11))
    assert then == {"accountable-officer": "P-ao", "chair": "P-chair-10h"}
    assert await stage.holders("10H", as_at=MERGED_ON, as_known=at(MERGED_ON, 12)) == {}


async def test_told_twice_it_is_done_once(stage: Stage) -> None:
    await stage.bucks()
    await stage.grant("10H")
    await stage.hear(a_merger())
    before = await stage.content()
    await stage.hear(a_merger())
    assert await stage.content() == before


async def test_told_again_after_life_went_on_it_undoes_nothing(stage: Stage) -> None:
    await stage.bucks()
    await stage.hear(a_merger())
    person = await reads.get_person(stage.database, "P-ao", as_known=None)
    await stage.end(person["appointments"][-1]["appointment"], date(2018, 4, 30))
    await stage.person("P-new")
    await stage.appoint("14Y/chair", "P-new", date(2018, 5, 1))
    before = await stage.content()
    await stage.hear(a_merger())
    assert await stage.content() == before


async def test_heard_late_it_undoes_what_was_done_in_ignorance(stage: Stage) -> None:
    await stage.bucks()
    await stage.post("10H", title="Chief nurse")
    await stage.person("P-late")
    late = await stage.appoint("10H/chief-nurse", "P-late", date(2018, 5, 1), stated=at(date(2018, 5, 1)))
    person = await reads.get_person(stage.database, "P-cfo", as_known=None)
    await stage.end(person["appointments"][0]["appointment"], date(2018, 5, 31))
    await stage.hear(a_merger())
    assert await stage.holders("10H", as_at=date(2018, 6, 1)) == {}
    assert (await reads.get_person(stage.database, "P-late", as_known=None))["appointments"] == []
    ended = {event["person"]: event["effective_on"] for event in await stage.told("AppointmentEnded")}
    assert (ended["P-late"], ended["P-cfo"]) == ("2018-05-01", "2018-04-01")
    in_may = at(date(2018, 5, 1))
    assert (await reads.get_appointment(stage.database, late, as_known=in_may))["person"] == "P-late"
    assert (await stage.vacancies("14Y", as_at=MERGED_ON))["chief-nurse"][0] == MERGED_ON


async def test_without_any_body_known_the_successor_has_its_mandatory_posts_vacant(stage: Stage) -> None:
    await stage.hear(a_merger())
    assert await stage.vacancies("14Y", as_at=MERGED_ON) == {
        "accountable-officer": (MERGED_ON, f"{NOBODY} (10H: no body known; 10Y: no body known)")
    }


async def test_an_appointment_that_was_to_end_before_the_merger_is_not_carried(stage: Stage) -> None:
    await stage.person("P-1")
    for code in ("10H", "10Y"):
        await stage.body(code)
        await stage.appoint(f"{code}/accountable-officer", "P-1", date(2013, 4, 1), date(2018, 3, 30))
    await stage.hear(a_merger())
    assert await stage.holders("14Y", as_at=MERGED_ON) == {"accountable-officer": None}
    assert [event["effective_on"] for event in await stage.told("AppointmentEnded")] == ["2018-03-31"] * 2


async def with_proposed_successor(stage: Stage) -> None:
    await stage.bucks()
    for person in ("P-own", "P-next"):
        await stage.person(person)
    await stage.hear_of_proposed("14Y", on=date(2017, 10, 1))
    await stage.body("14Y", "Chair", "Chief nurse", first_day=date(2018, 1, 1))
    await stage.appoint("14Y/chair", "P-own", date(2018, 1, 1))


async def test_a_successor_that_was_proposed_before_keeps_what_it_has_and_gains(stage: Stage) -> None:
    await with_proposed_successor(stage)
    before = len(await stage.told())
    await stage.hear(a_merger())
    assert await stage.holders("14Y", as_at=MERGED_ON) == {
        "accountable-officer": "P-ao",
        "chair": "P-own",
        "chief-finance-officer": None,
        "chief-nurse": None,
    }
    told = [(event["name"], event["post"]) for event in (await stage.told())[before:] if event["organisation"] == "14Y"]
    assert told == [
        ("AppointmentMade", "14Y/accountable-officer"),
        ("PostFellVacant", "14Y/chief-finance-officer"),
    ]
    assert (await stage.vacancies("14Y", as_at=MERGED_ON))["chief-nurse"] == (
        date(2018, 1, 1),
        "established without a holder",
    )


async def test_a_post_that_is_promised_to_another_is_held_until_then(stage: Stage) -> None:
    await with_proposed_successor(stage)
    await stage.appoint("14Y/accountable-officer", "P-next", date(2018, 7, 1), stated=at(date(2018, 3, 1)))
    await stage.hear(a_merger())
    assert (await stage.holders("14Y", as_at=date(2018, 6, 30)))["accountable-officer"] == "P-ao"
    assert (await stage.holders("14Y", as_at=date(2018, 7, 1)))["accountable-officer"] == "P-next"


async def chain(stage: Stage) -> tuple[CCGMerged, CCGMerged]:
    """10H and 10Y become 14Y in 2018; 14Y and 15A become 99B in 2020. One officer for all of them."""
    await stage.bucks()
    await stage.grant("10H")
    await stage.hear_of_ccgs("15A")
    await stage.body("15A")
    await stage.appoint("15A/accountable-officer", "P-ao")
    return a_merger(), a_merger("99B", ("14Y", "15A"), on=date(2020, 4, 1))


async def settled(stage: Stage) -> list[object]:
    """What three bodies look like on four days, and the rights that wait."""
    days = (DAY_BEFORE, MERGED_ON, date(2020, 3, 31), date(2020, 4, 1))
    seen: list[object] = [await stage.holders(code, as_at=day) for code in ("10H", "14Y", "15A", "99B") for day in days]
    rows = await reads.list_decision_rights(
        stage.database, None, None, to_be_remade=True, as_at=MERGED_ON, as_known=None, after=None, limit=9
    )
    return [*seen, [(row["organisation"], row["to_remake_for"]) for row in rows]]


async def test_mergers_in_a_chain_carry_an_officer_through(stage: Stage) -> None:
    first, second = await chain(stage)
    await stage.hear(first)
    await stage.hear(second)
    assert (await stage.holders("14Y", as_at=date(2020, 3, 31)))["accountable-officer"] == "P-ao"
    assert await stage.holders("14Y", as_at=date(2020, 4, 1)) == {}
    assert await stage.holders("99B", as_at=date(2020, 4, 1)) == {
        "accountable-officer": "P-ao",
        "chair": None,
        "chief-finance-officer": None,
    }
    assert (await settled(stage))[-1] == [("10H", "99B")]


async def test_a_chain_that_is_heard_in_the_wrong_order_ends_the_same(stage: Stage) -> None:
    first, second = await chain(stage)
    await stage.hear(second)
    assert await stage.holders("99B", as_at=date(2020, 4, 1)) == {"accountable-officer": None}
    await stage.hear(first)
    late = await settled(stage)
    assert late[3 * 4 + 3] == {"accountable-officer": "P-ao", "chair": None, "chief-finance-officer": None}
    assert late[4:8] == [
        {},
        {"accountable-officer": "P-ao", "chair": None, "chief-finance-officer": None},
        {"accountable-officer": "P-ao", "chair": None, "chief-finance-officer": None},
        {},
    ]
    assert late[-1] == [("10H", "99B")]
    before = await stage.content()
    await stage.hear(second, first)
    assert await stage.content() == before


async def test_a_body_ends_with_an_organisation_that_closes_without_a_merger(stage: Stage) -> None:
    await stage.bucks()
    right = await stage.grant("10H")
    await stage.hear(OrganisationClosed(code="10H", effective_on=MERGED_ON, stated_at=at(MERGED_ON)))
    assert await stage.holders("10H", as_at=MERGED_ON) == {}
    assert len(await stage.holders("10Y", as_at=MERGED_ON)) == 3
    ended = await reads.get_decision_right(stage.database, right, as_at=MERGED_ON, as_known=None)
    assert (ended["ended_because"], ended["to_remake_for"]) == ("10H closed", None)
    assert [event["body"] for event in await stage.told("BodyDissolved")] == ["10H-governing-body"]


async def test_a_successor_that_closed_meanwhile_has_a_body_up_to_then(stage: Stage) -> None:
    await stage.bucks()
    closed_on = date(2019, 4, 1)
    await stage.hear(OrganisationClosed(code="14Y", effective_on=closed_on, stated_at=at(closed_on)))
    await stage.hear(a_merger())
    assert (await stage.holders("14Y", as_at=date(2019, 3, 31)))["accountable-officer"] == "P-ao"
    assert await stage.holders("14Y", as_at=closed_on) == {}


async def test_no_name_of_a_person_is_ever_told(stage: Stage) -> None:
    await stage.person("P-named", "Unmistakable Name")
    for code in ("10H", "10Y"):
        await stage.body(code)
        appointment = await stage.appoint(f"{code}/accountable-officer", "P-named")
    await stage.hear(a_merger())
    await stage.end(appointment, date(2018, 2, 28))
    rows = await stage.database.fetch("SELECT fields, keys FROM outbox")
    assert any("P-named" in row["keys"] for row in rows)
    assert not any("Unmistakable" in row["fields"] or "Unmistakable" in str(row["keys"]) for row in rows)


async def waits_for_a_lock(stage: Stage) -> bool:
    rows = await stage.database.fetch(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    return bool(rows)


@pytest.mark.parametrize("first_day", [date(2018, 3, 1), date(2018, 4, 1)], ids=["before", "on the day"])
async def test_an_appointment_that_is_made_first_ends_with_the_merger(stage: Stage, first_day: date) -> None:
    await stage.person("P-1")
    await stage.body("10H")
    async with stage.database.begin() as session:
        await stage.appoint_in(session, "10H/accountable-officer", "P-1", first_day)
        merging = asyncio.create_task(stage.hear(a_merger()))
        await until(lambda: waits_for_a_lock(stage))
        assert not merging.done()
    await merging
    assert await stage.holders("10H", as_at=MERGED_ON) == {}
    assert (await stage.told("AppointmentEnded"))[0]["effective_on"] == "2018-04-01"


async def test_an_appointment_that_is_made_second_is_refused(stage: Stage) -> None:
    await stage.person("P-1")
    await stage.body("10H")
    async with stage.database.begin() as session:
        await stage.deliver(session, a_merger())
        appointing = asyncio.create_task(stage.appoint("10H/accountable-officer", "P-1", MERGED_ON))
        await until(lambda: waits_for_a_lock(stage))
        assert not appointing.done()
    with pytest.raises(OrganisationNotOpen):
        await appointing
    assert await stage.told("AppointmentMade") == []


async def test_two_appointments_to_one_post_at_once_leave_one(stage: Stage) -> None:
    await stage.person("P-1")
    await stage.person("P-2")
    await stage.body("10H")
    tries = (stage.appoint("10H/accountable-officer", person) for person in ("P-1", "P-2"))
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["PostHeld", "str"]
    assert len(await stage.told("AppointmentMade")) == 1


async def test_many_merge_by_a_fixed_number_of_statements(stage: Stage) -> None:
    async def statements_for(codes: tuple[str, ...], successor: str) -> int:
        counted = 0

        def count(*_: object) -> None:
            nonlocal counted
            counted += 1

        await stage.hear_of_ccgs(*codes)
        for code in codes:
            await stage.body(code, "Chair", "Chief nurse")
            await stage.appoint(f"{code}/chair", "P-1")
        async with stage.database.begin() as session:
            connection = await raw(session)
            connection.add_query_logger(count)
            await stage.deliver(session, a_merger(successor, codes, on=MERGED_ON))
            connection.remove_query_logger(count)
        return counted

    await stage.person("P-1")
    few = await statements_for(("01A", "01B"), "90A")
    many = await statements_for(tuple(f"02{letter}" for letter in "ABCDEFGH"), "90B")
    assert many == few
