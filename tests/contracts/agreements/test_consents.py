"""Shares and the coordinating commissioner change by each customer's own act; who coordinates acts for all."""

from datetime import date
from typing import Any

import pytest
from fastapi import Response

from libs.common.events.registry import CCGMerged, SuccessionUndone
from libs.common.http.conditional import versions
from libs.common.identity import NotYoursToDecide, Role
from services.contracts.agreements import api
from services.contracts.agreements.consents import AcceptShares, ChooseCoordinator, accept_shares, choose_coordinator
from services.contracts.agreements.errors import NoCustomerThen
from services.contracts.agreements.queries import get_shares
from services.contracts.core.errors import ContractNotFound
from services.contracts.core.shares import ShareKind
from services.contracts.tasks.queries import key_of, list_tasks
from services.contracts.terminations.due import end_by_notice
from services.contracts.terminations.notices import ServeNotice, serve_notice
from tests.support.contracts_harness import (
    EVERY_CODE,
    ContractsHarness,
    a_draft,
    a_lead,
    any_version,
    at,
    bucks_merges,
)

DAY, LATER = date(2017, 6, 1), date(2018, 4, 1)
TABLE: dict[str, Any] = {"weights": {"05C": 1, "10H": 2, "10Y": 3}, "total": 6, "from_day": "2018-04-01"}


async def three(harness: ContractsHarness) -> str:
    draft = a_draft(customers=["05C", "10H", "10Y"], coordinating_commissioner="10H")
    return await harness.signed(draft)


async def agrees(
    harness: ContractsHarness, code: str, *, on: date = DAY, kind: ShareKind = "cost", **command: Any
) -> None:
    async with harness.database.begin() as session:
        await accept_shares(
            session,
            "CSU-BUCKS-2017",
            kind,
            AcceptShares.model_validate(TABLE | command),
            by=a_lead(code),
            today=on,
            stated_at=at(on),
            expect=any_version,
        )


async def chooses(harness: ContractsHarness, code: str, chosen: str, *, on: date = DAY, **command: Any) -> None:
    async with harness.database.begin() as session:
        await choose_coordinator(
            session,
            "CSU-BUCKS-2017",
            ChooseCoordinator.model_validate({"coordinating_commissioner": chosen, "from_day": LATER} | command),
            by=a_lead(code),
            today=on,
            stated_at=at(on),
            expect=any_version,
        )


async def serves(harness: ContractsHarness, by: str, *, on: date = DAY, **command: Any) -> None:
    async with harness.database.begin() as session:
        await serve_notice(
            session,
            "CSU-BUCKS-2017",
            ServeNotice.model_validate({"last_day": "2018-03-31", "reason": "in_house"} | command),
            by=a_lead(by),
            today=on,
            stated_at=at(on),
            expect=any_version,
        )


async def ends(harness: ContractsHarness, up_to: date) -> None:
    async with harness.database.begin() as session:
        assert await end_by_notice(session, up_to=up_to, stated_at=at(up_to), by=a_lead(also=tuple(Role))) == 1


async def shares(harness: ContractsHarness, day: date) -> dict[str, str]:
    table = await get_shares(
        harness.database, "CSU-BUCKS-2017", "cost", by=a_lead(*EVERY_CODE), as_at=day, as_known=None
    )
    return {part.code: part.share for part in table.parts}


async def waiting(harness: ContractsHarness) -> list[tuple[str, str]]:
    """Whose agreement is missing, and to what."""
    tasks = await list_tasks(harness.database, by=a_lead(), as_at=DAY, as_known=None)
    subjects = {"/coordinator": "coordinator", "/shares/cost/acceptance": "cost"}
    return [(one.organisation, subjects[one.path.removeprefix(f"/contracts/{one.subject}")]) for one in tasks]


async def test_what_waits_for_agreement_is_read_page_by_page(harness: ContractsHarness) -> None:
    await three(harness)
    kinds: tuple[ShareKind, ...] = ("cost", "hr", "legal", "risk")
    for kind in kinds:
        await agrees(harness, "10H", kind=kind)
    await chooses(harness, "10H", "10Y", from_day=date(2018, 1, 1))
    every = await list_tasks(harness.database, by=a_lead(), as_at=DAY, as_known=None)
    assert [(one.organisation, one.path.split("/")[3:]) for one in every] == [
        *((code, ["coordinator"]) for code in ("05C", "10Y")),
        *((code, ["shares", kind, "acceptance"]) for code in ("05C", "10Y") for kind in kinds),
    ]
    for size in (1, 3):
        read, after = [], None
        while page := await list_tasks(
            harness.database, by=a_lead(), as_at=DAY, as_known=None, after=after, limit=size
        ):
            read += page
            after = key_of(page[-1])
            assert len(page) == size or len(read) == len(every)
        assert read == every


async def test_a_table_holds_once_every_customer_has_agreed_to_it(harness: ContractsHarness) -> None:
    reference = await three(harness)
    before = await shares(harness, LATER)
    await agrees(harness, "10H")
    await agrees(harness, "05C")
    await agrees(harness, "05C")
    await agrees(harness, "10Y", weights={"05C": 3, "10H": 2, "10Y": 1})
    assert await shares(harness, LATER) == before
    assert await waiting(harness) == [("05C", "cost"), ("10H", "cost")]
    await agrees(harness, "10Y", on=date(2017, 6, 2))
    assert await waiting(harness) == []
    assert await shares(harness, LATER) == {"05C": "1/6", "10H": "1/3", "10Y": "1/2"}
    [varied] = await harness.told("ContractVaried")
    assert (varied["reason"], varied["customer_shares"]) == ("amended", ["1/6", "1/3", "1/2"])
    with pytest.raises(ContractNotFound):
        await agrees(harness, "05Y")
    # What was agreed before and replaced needs everybody anew.
    other: dict[str, Any] = {"weights": {"05C": 1, "10H": 1, "10Y": 1}, "total": 3}
    for code in ("05C", "10H", "10Y"):
        await agrees(harness, code, on=date(2017, 7, 1), **other)
    await agrees(harness, "10Y", on=date(2017, 8, 1))
    assert set((await shares(harness, LATER)).values()) == {"1/3"}
    assert await harness.customers(reference, as_at=LATER) == ["05C", "10H", "10Y"]


async def test_who_leaves_at_once_may_be_the_last_to_agree(harness: ContractsHarness) -> None:
    reference = await three(harness)
    table: dict[str, Any] = {
        "weights": {"05C": 1, "10Y": 2},
        "total": 3,
        "coordinating_commissioner": "10Y",
        "from_day": DAY,
    }
    for code in ("05C", "10Y"):
        await agrees(harness, code, **table)
    command, by, accepted = AcceptShares.model_validate(table), a_lead("10H"), versions("*")
    async with harness.database.begin() as session:
        answer = await api.accept_shares(reference, "cost", command, Response(), session, by, DAY, at(DAY), accepted)
    assert [one.party for one in answer.consents] == ["05C", "10Y", "10H"]
    assert await harness.customers(reference, as_at=DAY) == ["05C", "10Y"]


async def test_the_coordinating_commissioner_leaves_and_those_who_stay_choose_another(
    harness: ContractsHarness,
) -> None:
    reference = await three(harness)
    with pytest.raises(NotYoursToDecide, match="10H"):
        await serves(harness, "10Y")
    await serves(harness, "10H", leaving=["10H"])
    with pytest.raises(NoCustomerThen):
        await chooses(harness, "05C", "10H")
    await chooses(harness, "05C", "10Y")
    assert await waiting(harness) == [("10Y", "coordinator")]
    assert (await harness.seen(reference, as_at=LATER))["coordinating_commissioner"] == "10H"
    await chooses(harness, "10Y", "10Y")
    await ends(harness, LATER)
    left = await harness.seen(reference, as_at=LATER)
    assert (left["coordinating_commissioner"], [one.code for one in left["customers"]]) == ("10Y", ["05C", "10Y"])
    assert set((await shares(harness, LATER)).values()) == {"1/2"}
    await serves(harness, "10Y", on=LATER, last_day="2019-03-31")


async def test_where_nobody_was_chosen_all_of_them_decide(harness: ContractsHarness) -> None:
    reference = await three(harness)
    await serves(harness, "10H", leaving=["10H"])
    await ends(harness, LATER)
    assert (await harness.seen(reference, as_at=LATER))["coordinating_commissioner"] is None
    with pytest.raises(NotYoursToDecide):
        await serves(harness, "10Y", on=LATER, last_day="2019-03-31")


async def test_who_took_over_one_that_leaves_goes_on_with_its_own_part(harness: ContractsHarness) -> None:
    reference = await three(harness)
    for code in ("05C", "10H", "10Y"):
        await agrees(harness, code, on=DAY, from_day="2017-07-01")
    await serves(harness, "10Y", on=date(2017, 8, 1), leaving=["10Y"], last_day="2018-06-30")
    await harness.hear(bucks_merges(LATER))
    assert await shares(harness, LATER) == {"05C": "1/6", "14Y": "5/6"}
    await ends(harness, date(2018, 7, 1))
    day = date(2018, 7, 1)
    assert await shares(harness, day) == {"05C": "1/3", "14Y": "2/3"}
    before = (await harness.seen(reference, as_at=date(2018, 6, 30)))["annual_pence"]
    left = await harness.seen(reference, as_at=day)
    assert [one.code for one in left["customers"]] == ["05C", "14Y"]
    assert 0 <= left["annual_pence"] - before // 2 <= len(left["lines"])


async def test_the_last_line_that_ends_ends_the_contract(harness: ContractsHarness) -> None:
    reference = await three(harness)
    lines = [line["function"] for line in (await harness.seen(reference, as_at=DAY))["lines"]]
    await serves(harness, "10H", functions=lines[:1])
    await serves(harness, "10H", functions=lines[1:], last_day="2018-06-30")
    await ends(harness, LATER)
    assert await harness.told("ContractTerminated") == []
    await ends(harness, date(2018, 7, 1))
    [ended] = await harness.told("ContractTerminated")
    assert ended["effective_on"] == "2018-07-01"
    assert await harness.status(reference, as_at=date(2018, 7, 1)) == "terminated"


@pytest.mark.parametrize("leads", ["10H", "10Y"])
async def test_a_merger_that_is_heard_after_one_has_left_takes_over_what_it_had_until_then(
    harness: ContractsHarness, leads: str
) -> None:
    reference = await three(harness)
    for code in ("05C", "10H", "10Y"):
        await agrees(harness, code, from_day="2017-07-01")
    await serves(harness, leads, on=date(2017, 8, 1), leaving=[leads])
    await ends(harness, LATER)
    left = await shares(harness, LATER)
    day, until = date(2018, 1, 1), date(2018, 3, 31)
    alone = CCGMerged(**bucks_merges(day, at(LATER, 12)).model_dump() | {"predecessors": (leads, "05Y")})
    await harness.hear(alone)
    assert await harness.customers(reference, as_at=LATER) == sorted(left)
    assert await shares(harness, LATER) == left
    assert await harness.customers(reference, as_at=until) == sorted({"05C", "10H", "10Y", "14Y"} - {leads})
    assert set(await shares(harness, until)) == {"05C", "10H", "10Y", "14Y"} - {leads}
    await harness.hear(
        SuccessionUndone(effective_on=day, stated_at=at(date(2018, 5, 1)), code=leads, successor="14Y"),
    )
    assert await harness.customers(reference, as_at=LATER) == sorted(left)
    assert await harness.customers(reference, as_at=until) == ["05C", "10H", "10Y"]


async def test_a_merger_of_one_that_left_and_one_that_stayed_is_heard_afterwards_and_undone(
    harness: ContractsHarness,
) -> None:
    reference = await three(harness)
    for code in ("05C", "10H", "10Y"):
        await agrees(harness, code, from_day="2017-07-01")
    await serves(harness, "10Y", on=date(2017, 8, 1), leaving=["10Y"])
    await ends(harness, LATER)
    day = date(2018, 1, 1)
    charge = (await harness.seen(reference, as_at=LATER))["annual_pence"]
    await harness.hear(bucks_merges(day, at(LATER, 12)))
    assert await shares(harness, date(2018, 3, 31)) == {"05C": "1/6", "14Y": "5/6"}
    assert await shares(harness, LATER) == {"05C": "1/3", "14Y": "2/3"}
    *_, then = await harness.told("ContractTransferred")
    assert (then["effective_on"], then["customers"], then["customer_shares"]) == (
        "2018-04-01",
        ["05C", "14Y"],
        ["1/3", "2/3"],
    )
    assert then["annual_pence"] == charge
    undone = [
        SuccessionUndone(effective_on=day, stated_at=at(date(2018, 5, 1)), code=code, successor="14Y")
        for code in ("10H", "10Y")
    ]
    await harness.hear(*undone)
    assert await shares(harness, date(2018, 3, 31)) == {"05C": "1/6", "10H": "1/3", "10Y": "1/2"}
    assert await harness.customers(reference, as_at=LATER) == ["05C", "10H"]
    assert await shares(harness, LATER) == {"05C": "1/3", "10H": "2/3"}
    *_, then = (one for one in await harness.told("ContractTransferred") if one["effective_on"] == "2018-04-01")
    assert (then["customers"], then["annual_pence"]) == (["05C", "10H"], charge)


async def test_a_merger_undone_after_its_successor_left_gives_back_nothing_of_later_days(
    harness: ContractsHarness,
) -> None:
    reference = await three(harness)
    await harness.hear(bucks_merges(date(2018, 1, 1)))
    await serves(harness, "14Y", on=date(2018, 1, 2), leaving=["14Y"], last_day="2018-09-30")
    day = date(2018, 10, 1)
    await ends(harness, day)
    undone = [
        SuccessionUndone(effective_on=date(2018, 1, 1), stated_at=at(day, 12), code=code, successor="14Y")
        for code in ("10H", "10Y")
    ]
    await harness.hear(*undone)
    assert await harness.customers(reference, as_at=date(2018, 9, 30)) == ["05C", "10H", "10Y"]
    assert await harness.customers(reference, as_at=day) == ["05C"]
    assert set(await shares(harness, day)) == {"05C"}
