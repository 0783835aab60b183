"""Contracts with staff lists are in doubt while the staff of a merger wait, whatever is heard first."""

import asyncio
from datetime import date
from itertools import permutations
from typing import Any

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerWithdrawn,
    SuccessionUndone,
    TransferSchemeResumed,
    TransferSchemeSuspended,
)
from libs.common.identity import service_caller
from services.contracts.mergers.doubts import KNOWN, find_doubts
from services.contracts.terminations.staff import StateStaff, state_staff
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at
from tests.support.plans import Plans

THE_DAY = date(2018, 4, 1)
BLOCKED = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
STAFF = [{"id": "E1", "annual_pay_pence": 3_000_000, "years": 4}]


def a_pause(waits: bool, day: date, old: str, new: str) -> Event:
    kind = TransferSchemeSuspended if waits else TransferSchemeResumed
    return kind(
        effective_on=day,
        stated_at=at(day),
        merger=f"M-{new}",
        scheme=f"M-{new}-S1",
        sort="staff",
        successor=new,
        predecessors=(old,),
        reason="other",
    )


def a_merger(new: str, old: str) -> CCGMerged:
    schemes = {"property_schemes": (f"M-{new}-P1",), "staff_schemes": (f"M-{new}-S1",)}
    bodies = {"merger": f"M-{new}", "successor": new, "successor_name": f"NHS {new} CCG", "predecessors": (old,)}
    return CCGMerged(effective_on=THE_DAY, stated_at=at(THE_DAY), **bodies, **schemes)


async def with_staff(harness: ContractsHarness, *codes: str, listed: bool = True) -> None:
    for code in codes:
        reference, lines = f"PAYROLL-{code}", [{"function": "payroll", "annual_pence": 100}]
        draft = a_draft(reference=reference, customers=[code], lines=lines, last_day=date(2021, 3, 31))
        await harness.draft(draft, by=a_lead(code))
        await harness.sign(reference, by=a_lead(code, draft.supplier))
        if listed:
            await state(harness, code, on=date(2017, 4, 1))


async def state(harness: ContractsHarness, code: str, *, on: date, staff: list[dict[str, Any]] = STAFF) -> None:
    async with harness.database.begin() as session:
        await state_staff(
            session,
            f"PAYROLL-{code}",
            StateStaff.model_validate({"effective_on": on, "staff": staff}),
            by=a_lead(code),
            today=on,
            stated_at=at(on),
            expect=any_version,
        )


async def found(harness: ContractsHarness, about: str) -> list[tuple[str, date, date | None, str | None]]:
    rows = await harness.database.fetch(
        "SELECT key, raised_on, cleared_on, reason FROM finding"
        " WHERE kind = 'delivery_in_doubt' AND about @> ARRAY[$1] ORDER BY raised_on, key, id",
        f"PAYROLL-{about}",
    )
    return [(str(row["key"]).split()[2], row["raised_on"], row["cleared_on"], row["reason"]) for row in rows]


async def due(harness: ContractsHarness, on: date) -> int:
    async with harness.database.begin() as session:
        return await find_doubts(session, up_to=on, stated_at=at(on), by=service_caller("contracts"))


async def test_whatever_is_heard_first_what_waits_by_all_that_is_known_is_in_doubt(harness: ContractsHarness) -> None:
    days = [(True, date(2018, 5, 1)), (False, date(2018, 6, 1)), (True, date(2018, 7, 1)), (False, date(2018, 8, 1))]
    orders = [(0, 1, 2, 3, 4), (1, 2, 0, 3, 4), *list(permutations(range(5)))[40::41], (4, 3, 2, 1, 0)]
    await harness.hear_of_ccgs(*(f"{number}A" for number in range(len(orders))))
    await with_staff(harness, *(f"{number}A" for number in range(len(orders))))
    for number, order in enumerate(orders):
        old, new = f"{number}A", f"{number}N"
        pauses = [a_pause(waits, day, old, new) for waits, day in days]
        events = [a_merger(new, old), *pauses]
        heard: list[Event] = []
        for place in order:
            await harness.hear(events[place], events[place])
            heard.append(events[place])
            changes = [one for one in pauses if one in heard]
            waits = [one for one in changes if isinstance(one, TransferSchemeSuspended)]
            since = None
            for one in changes:
                since = (since or one.effective_on) if one in waits else None
            open_now = [rest[0] for _, *rest in await found(harness, old) if rest[1] is None]
            assert open_now == ([since] if since else []), (order, place)
        assert await harness.customers(f"PAYROLL-{old}", as_at=date(2018, 9, 1)) == [new]
        if [place for place in order if place] == [1, 2, 3, 4]:
            assert await found(harness, old) == [
                (f"M-{new}-S1", date(2018, 5, 1), date(2018, 6, 1), "resumed"),
                (f"M-{new}-S1", date(2018, 7, 1), date(2018, 8, 1), "resumed"),
            ]


async def test_staff_that_continue_and_wait_again_on_one_day_are_in_doubt_once(harness: ContractsHarness) -> None:
    await harness.hear_of_ccgs("10H")
    await with_staff(harness, "10H")
    day = date(2018, 2, 1)
    pauses = [
        a_pause(waits, day, "10H", "14Y").model_copy(update={"stated_at": at(day, hour)})
        for waits, hour in ((True, 9), (False, 10), (True, 11))
    ]
    await harness.hear(*pauses)
    for again in pauses:
        assert [end for *_, end, _ in await found(harness, "10H")] == [day, None]
        assert await due(harness, date(2018, 2, 2)) == 0
        await harness.hear(again)
    await harness.hear(a_pause(False, date(2018, 3, 1), "10H", "14Y"))
    assert [end for *_, end, _ in await found(harness, "10H")] == [day, date(2018, 3, 1)]


async def test_however_many_mergers_wait_they_are_looked_at_by_as_many_queries(harness: ContractsHarness) -> None:
    asked: list[int] = []
    for number in range(3):
        await harness.hear_of_ccgs(f"{number}A")
        await with_staff(harness, f"{number}A")
        await harness.hear(a_pause(True, date(2018, 5, 1), f"{number}A", f"{number}N"))
        queries: list[str] = []
        async with harness.database.begin() as session:
            connection = await raw(session)
            with connection.query_logger(lambda one, seen=queries: seen.append(one.query)):
                found = await find_doubts(
                    session, up_to=date(2018, 5, 2), stated_at=at(date(2018, 5, 2)), by=service_caller("contracts")
                )
            assert found == 0, "nothing is new"
        asked.append(len(queries))
    assert asked[0]
    assert set(asked) == {asked[0]}


async def test_a_contract_that_ends_while_its_staff_wait_is_no_longer_in_doubt(harness: ContractsHarness) -> None:
    await harness.hear_of_ccgs("10H", "10Y")
    await with_staff(harness, "10H", "10Y")
    since, ends, resumed = date(2021, 2, 1), date(2021, 4, 1), date(2021, 5, 1)
    for old, new in (("10H", "14Y"), ("10Y", "15Y")):
        await harness.hear(a_pause(True, since, old, new))
    assert await due(harness, date(2021, 3, 31)) == 0
    assert await due(harness, ends) == 2
    assert await due(harness, ends) == 0
    assert await found(harness, "10H") == [("M-14Y-S1", since, ends, "ended")]
    await harness.hear(a_pause(False, resumed, "10H", "14Y"))
    await harness.hear(a_pause(False, date(2021, 3, 1), "10Y", "15Y"))
    assert await found(harness, "10H") == [("M-14Y-S1", since, ends, "ended")]


async def test_due_work_that_meets_a_resumption_leaves_no_delivery_in_doubt(harness: ContractsHarness) -> None:
    await harness.hear_of_ccgs("10H")
    await with_staff(harness, "10H", listed=False)
    await harness.hear(a_pause(True, date(2018, 2, 1), "10H", "14Y"))
    await state(harness, "10H", on=date(2018, 2, 3))
    async with harness.database.begin() as session:
        await harness.deliver(session, a_pause(False, date(2018, 2, 5), "10H", "14Y"))
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            working = tasks.create_task(due(harness, date(2018, 2, 5)))
            while not (await harness.database.fetch(BLOCKED))[0]["n"]:
                assert not working.done(), "due work did not wait for what is known of the scheme"
            await session.commit()
    assert working.result() == 0
    assert [end for *_, end, _ in await found(harness, "10H")] == [date(2018, 2, 5)]


async def test_a_list_that_came_since_is_found_and_an_empty_one_ends_the_doubt(harness: ContractsHarness) -> None:
    await harness.hear_of_ccgs("10H")
    await with_staff(harness, "10H", listed=False)
    await harness.hear(a_pause(True, date(2018, 2, 1), "10H", "14Y"))
    assert (await found(harness, "10H"), await due(harness, date(2018, 2, 2))) == ([], 0)
    await state(harness, "10H", on=date(2018, 2, 3))
    assert (await due(harness, date(2018, 2, 4)), await due(harness, date(2018, 2, 4))) == (1, 0)
    assert await found(harness, "10H") == [("M-14Y-S1", date(2018, 2, 1), None, None)]
    await state(harness, "10H", on=date(2018, 2, 5), staff=[])
    assert await due(harness, date(2018, 2, 6)) == 1
    assert await found(harness, "10H") == [("M-14Y-S1", date(2018, 2, 1), date(2018, 2, 6), "superseded")]


async def test_a_merger_that_is_withdrawn_or_undone_leaves_no_delivery_in_doubt(harness: ContractsHarness) -> None:
    await harness.hear_of_ccgs("10H", "10Y")
    await with_staff(harness, "10H", "10Y")
    bodies = {"merger": "M-14Y", "successor": "14Y", "predecessors": ("10H",)}
    withdrawn = CCGMergerWithdrawn(effective_on=date(2018, 3, 1), stated_at=at(date(2018, 3, 1)), **bodies)
    await harness.hear(a_pause(True, date(2018, 2, 1), "10H", "14Y"), withdrawn)
    assert await found(harness, "10H") == [("M-14Y-S1", date(2018, 2, 1), date(2018, 3, 1), "superseded")]
    undone = SuccessionUndone(effective_on=THE_DAY, stated_at=at(date(2018, 6, 1)), code="10Y", successor="1ZZ")
    await harness.hear(a_merger("1ZZ", "10Y"), a_pause(True, date(2018, 5, 1), "10Y", "1ZZ"), undone)
    assert await found(harness, "10Y") == [("M-1ZZ-S1", date(2018, 5, 1), date(2018, 6, 1), "superseded")]


async def test_the_doubts_of_a_merger_are_found_by_an_index_of_their_keys(harness: ContractsHarness) -> None:
    async with harness.database.connect() as connection:
        await connection.execute("SET enable_seqscan = off")
        plans = Plans(connection)
        await plans.fetch(KNOWN, ["M-14Y"], ["staff-scheme M-14Y "], ["staff-scheme M-14Y!"])
        await connection.execute("RESET enable_seqscan")
    assert "ix_finding_kind_key" in plans.indexes
