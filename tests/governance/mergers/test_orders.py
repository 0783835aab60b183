"""What becomes of a body follows from what the registry states, not from the order in which its events arrive."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations
from typing import Any

from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationClosed,
    OrganisationOpened,
    OrganisationSucceeded,
    SuccessionUndone,
)
from services.governance.core import queries as reads
from tests.support.governance_harness import ENGLAND_OPENED, MERGED_ON, GovernanceHarness, at

DAY_BEFORE = MERGED_ON - timedelta(days=1)
LATER_CLOSED_ON = date(2019, 4, 1)


def taken_over(code: str, by: str = "10Y", **changed: Any) -> OrganisationSucceeded:
    succeeded = OrganisationSucceeded(
        code=code, successor=by, effective_on=MERGED_ON, stated_at=at(MERGED_ON, 0), shape="acquisition", share="1"
    )
    return succeeded.model_copy(update=changed)


def closed(code: str, on: date = MERGED_ON) -> OrganisationClosed:
    return OrganisationClosed(code=code, effective_on=on, stated_at=at(MERGED_ON, 0))


def undone(code: str, by: str = "10Y") -> SuccessionUndone:
    return SuccessionUndone(code=code, successor=by, effective_on=MERGED_ON, stated_at=at(date(2018, 9, 1)))


def open_again(code: str) -> OrganisationOpened:
    return OrganisationOpened(
        code=code, name=f"NHS {code}", kind="ccg", effective_on=MERGED_ON, stated_at=at(date(2018, 9, 1))
    )


async def a_body(harness: GovernanceHarness, code: str) -> None:
    """A body whose officer goes on, whose chair resigned before the day, with a right of each kind of end."""
    await harness.hear_of_ccgs(code)
    await harness.body(code, "Chair", "Chief finance officer")
    await harness.appoint(f"{code}/accountable-officer", "P-1")
    chair = await harness.appoint(f"{code}/chair", "P-1")
    # Stated after the merger about a day before it: whoever ends a body must not take this for an end of its own.
    await harness.end(chair, DAY_BEFORE, stated=at(date(2018, 5, 1)))
    await harness.appoint(f"{code}/chief-finance-officer", "P-1", last_day=date(2018, 6, 30))
    await harness.appoint(f"{code}/chief-finance-officer", "P-1", date(2018, 10, 1), stated=at(ENGLAND_OPENED))
    await harness.grant(code, function="local-lasting")
    await harness.grant(code, function="local-of-a-term", last_day=date(2018, 6, 30))
    await harness.grant(code, function="local-of-later", first_day=date(2018, 10, 1))
    await harness.end_right(await harness.grant(code, function="local-ended"), DAY_BEFORE)


async def kept(harness: GovernanceHarness, code: str) -> dict[str, Any]:
    """What is seen by now of a body, its posts, its appointments and its rights, the code left out."""
    body = await reads.get_body(harness.database, f"{code}-governing-body", as_at=MERGED_ON, as_known=None)
    of_person = await reads.list_appointments_of(harness.database, harness.ids["P-1"])
    appointments = [row for row in of_person if row["organisation"] == code]
    rights = {
        row["decision_right"]: row
        for day in (DAY_BEFORE, MERGED_ON, LATER_CLOSED_ON)
        for row in await reads.list_decision_rights(
            harness.database, code, None, to_be_remade=False, as_at=day, as_known=None, after=None, limit=99
        )
    }
    waiting = await harness.database.fetch(
        "SELECT replace(action, '.', '-') AS function, to_remake_for FROM decision_right r"
        " JOIN body b ON b.id = r.body_id"
        " WHERE b.organisation = $1 AND to_remake_for IS NOT NULL",
        code,
    )
    posts = {
        day: await reads.list_posts(harness.database, reads.PostFilter(organisation=code), as_at=day, as_known=None)
        for day in (DAY_BEFORE, MERGED_ON, date(2018, 8, 1), LATER_CLOSED_ON)
    }
    return {
        "body": (body["first_day"], body["last_day"]),
        "posts": [
            (day, row["title"], row["person"], row["vacant_because"], row["vacant_since"])
            for day, rows in posts.items()
            for row in rows
        ],
        "appointments": sorted(
            (
                row["title"],
                row["first_day"],
                row["last_day"] or date.max,
                (row["ended_because"] or "").replace(code, "X"),
            )
            for row in appointments
        ),
        "rights": sorted(
            (
                row["function"],
                row["first_day"],
                row["last_day"] or date.max,
                (row["ended_because"] or "").replace(code, "X"),
            )
            for row in rights.values()
        ),
        "waiting": sorted(tuple(row) for row in waiting),
    }


async def published(harness: GovernanceHarness, code: str) -> list[tuple[Any, ...]]:
    """The events of a body, without the reason, which a later event can change, and the instant."""
    return sorted(
        (
            event["name"],
            event.get("post", "").partition("/")[2],
            harness.called(event.get("person")),
            event["effective_on"],
        )
        for event in await harness.told()
        if event.get("organisation") == code
    )


async def heard(harness: GovernanceHarness, code: str, events: Sequence[Event]) -> dict[str, Any]:
    await a_body(harness, code)
    for event in events:
        await harness.hear(event)
    seen = await kept(harness, code)
    content = await harness.content()
    await harness.hear(*events)
    assert await harness.content() == content, f"{code} changes when it hears the same again"
    return seen


async def in_every_order(harness: GovernanceHarness, *events: Event) -> dict[str, Any]:
    """Hear the events about one organisation in every order, each order about another one; return what all keep."""
    await harness.person("P-1")
    orders = [
        [event.model_copy(update={"code": f"X{number:02}"}) for event in order]
        for number, order in enumerate(permutations(events))
    ]
    seen = [await heard(harness, f"X{number:02}", order) for number, order in enumerate(orders)]
    for order, one in zip(orders, seen, strict=True):
        assert one == seen[0], f"differs: {[event.event_name for event in order]}"
    return seen[0]


async def test_a_closure_and_a_succession_of_one_day_leave_the_same(harness: GovernanceHarness) -> None:
    seen = await in_every_order(harness, closed("X"), taken_over("X"))
    assert seen["waiting"] == [("local-lasting", "10Y"), ("local-of-a-term", "10Y"), ("local-of-later", "10Y")]
    assert ("local-lasting", ENGLAND_OPENED, DAY_BEFORE, "10Y took over X") in seen["rights"]
    assert ("Accountable officer", ENGLAND_OPENED, DAY_BEFORE, "10Y took over X") in seen["appointments"]
    assert await published(harness, "X00") == await published(harness, "X01")
    assert ("AppointmentEnded", "accountable-officer", "P-1", "2018-04-01") in await published(harness, "X00")


async def test_a_succession_undone_of_a_body_that_is_open_again_leaves_the_body_as_it_was(
    harness: GovernanceHarness,
) -> None:
    seen = await in_every_order(harness, closed("X"), taken_over("X"), undone("X"), open_again("X"))
    await a_body(harness, "Y00")
    assert seen == await kept(harness, "Y00")


async def test_a_succession_undone_of_a_body_that_stays_closed_leaves_a_closure(harness: GovernanceHarness) -> None:
    seen = await in_every_order(harness, closed("X"), taken_over("X"), undone("X"))
    assert seen["waiting"] == []
    assert ("local-lasting", ENGLAND_OPENED, DAY_BEFORE, "X closed") in seen["rights"]


async def test_a_closure_that_is_taken_back_leaves_the_body_as_it_was(harness: GovernanceHarness) -> None:
    seen = await in_every_order(harness, closed("X"), open_again("X"))
    await a_body(harness, "Y00")
    assert seen == await kept(harness, "Y00")


async def test_rights_wait_for_the_successor_that_is_stated_in_place_of_another(harness: GovernanceHarness) -> None:
    seen = await in_every_order(
        harness,
        closed("X"),
        taken_over("X", "99A"),
        undone("X", "99A"),
        taken_over("X", "99B", stated_at=at(date(2018, 9, 1))),
    )
    assert seen["waiting"] == [("local-lasting", "99B"), ("local-of-a-term", "99B"), ("local-of-later", "99B")]


async def test_undone_a_body_that_closed_on_a_later_day_stands_up_to_then(harness: GovernanceHarness) -> None:
    seen = await in_every_order(harness, closed("X", LATER_CLOSED_ON), taken_over("X"), undone("X"))
    assert seen["body"] == (ENGLAND_OPENED, LATER_CLOSED_ON - timedelta(days=1))
    assert ("local-lasting", ENGLAND_OPENED, LATER_CLOSED_ON - timedelta(days=1), "X closed") in seen["rights"]
    assert seen["waiting"] == []


async def test_a_second_successor_of_the_day_makes_it_a_split_that_ends_no_body(harness: GovernanceHarness) -> None:
    seen = await in_every_order(harness, taken_over("X", "99A"), taken_over("X", "99B"))
    assert seen["body"] == (ENGLAND_OPENED, None)
    assert seen["waiting"] == []
