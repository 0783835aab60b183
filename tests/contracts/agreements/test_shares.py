"""Tables of shares: whole in the database, stated from a day, moved by successions and put back."""

import hashlib
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.database.connection import raw
from libs.common.events.registry import OrganisationSucceeded, SuccessionUndone
from libs.common.temporal.history import Days
from libs.common.temporal.timeline import NewStatement
from services.contracts.agreements.errors import CoordinatorMissing, SharesNotWhole
from services.contracts.agreements.queries import get_shares
from services.contracts.agreements.shares import AgreeShares, agree_shares
from services.contracts.core.errors import DocumentMissing, ExitOutsideTerm
from services.contracts.core.models import sharing
from services.contracts.core.shares import FACETS, ShareKind, ShareTable, table_of
from tests.support.contracts_harness import EVERY_CODE, ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges

LISTS = {"05C": 205_000, "10H": 330_000, "10Y": 145_000}
LEADS = a_lead(*EVERY_CODE)
START = date(2017, 4, 1)


async def agree(
    harness: ContractsHarness, kind: ShareKind, weights: dict[str, int], *, on: date, total: int = 0, **others: Any
) -> None:
    command = AgreeShares.model_validate({"weights": weights, "total": total or sum(weights.values())} | others)
    async with harness.database.begin() as session:
        await agree_shares(
            session,
            "CSU-BUCKS-2017",
            kind,
            command,
            by=LEADS,
            today=on,
            stated_at=at(on),
            expect=any_version,
        )


async def shares(harness: ContractsHarness, day: date, kind: ShareKind = "cost", known: date | None = None) -> Any:
    as_known = None if known is None else at(known)
    table = await get_shares(harness.database, "CSU-BUCKS-2017", kind, by=LEADS, as_at=day, as_known=as_known)
    return {part.code: (part.share, part.annual_pence) for part in table.parts}


async def drafted(harness: ContractsHarness) -> str:
    return await harness.draft(
        a_draft(customers=sorted(LISTS), lines=[{"function": "payroll", "annual_pence": 240_000_000}])
    )


async def test_the_shares_of_a_draft_are_signed_with_it_and_published(harness: ContractsHarness) -> None:
    reference = await drafted(harness)
    await harness.sign(reference, by=a_lead("05C"))
    await agree(harness, "cost", LISTS, on=date(2017, 1, 20), basis="population:registered")
    for kind in ("hr", "legal", "risk"):
        await agree(harness, kind, {"05C": 1, "10H": 1, "10Y": 1}, on=date(2017, 1, 20))
    assert (await harness.seen(reference, as_at=START))["signatures"] == []
    await harness.sign(reference)
    [signed] = await harness.told("ContractSigned")
    [agreed] = await harness.told("SharesAgreed")
    exact = ["41/136", "33/68", "29/136"]
    assert signed["customer_shares"] == agreed["cost_shares"] == exact
    assert (agreed["hr_shares"], agreed["cost_basis"], agreed["host"]) == (
        ["1/3"] * 3,
        "population:registered",
        "0CX",
    )
    parts = [(exact[0], 72_352_941), (exact[1], 116_470_588), (exact[2], 51_176_471)]
    assert await shares(harness, START) == dict(zip(sorted(LISTS), parts, strict=True))


async def test_shares_that_are_not_whole_are_refused_with_every_reason(harness: ContractsHarness) -> None:
    reference = await drafted(harness)
    with pytest.raises(SharesNotWhole) as refused:
        await agree(harness, "hr", {"10H": 99, "05Y": 1}, total=101, on=date(2017, 1, 20))
    assert [reason.field for reason in refused.value.reasons] == ["total", "weights", "weights", "weights"]
    await harness.sign(reference)
    with pytest.raises(SharesNotWhole, match="make up 99 of 100"):
        await agree(harness, "cost", {"05C": 33, "10H": 33, "10Y": 33}, total=100, on=START)
    with pytest.raises(ExitOutsideTerm):
        await agree(harness, "cost", {"05C": 1, "10H": 1}, on=START, from_day="2020-04-01")
    with pytest.raises(DocumentMissing):
        await agree(harness, "cost", LISTS, on=date(2017, 6, 1), from_day="2017-05-01")
    assert await harness.told("SharesAgreed") == []


async def test_the_database_takes_no_table_that_is_not_whole(harness: ContractsHarness) -> None:
    insert = (
        "INSERT INTO contract_share_belief (subject_id, facet, value, valid, known)"
        " VALUES (1, 1, $1, daterange(NULL, NULL), tstzrange(NULL, NULL))"
    )
    for weights in ({"10H": 99}, {"10H": 101, "10Y": -1}, {}):
        async with harness.database.connect() as connection:
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(insert, ShareTable(100, weights).as_text())


async def test_the_database_takes_a_whole_table_however_long(harness: ContractsHarness) -> None:
    """Two hundred and fifty customers, with the weights that some successions have multiplied."""
    digests = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(250))
    weights = {digest[:6].upper(): int(digest[6:26], 16) + 1 for digest in digests}
    text = ShareTable(sum(weights.values()), weights).as_text()
    statement = NewStatement(1, FACETS["cost"], text, Days(START), at(START))
    async with harness.database.begin() as session:
        connection = await raw(session)
        first = await sharing.state(connection, [statement], source="test", by="tester")
        again = await sharing.state(connection, [statement], source="test", by="tester")
        [kept] = await connection.fetch("SELECT value FROM contract_share_belief WHERE subject_id = 1")
    assert (first.new, again.new, kept["value"]) == ({0}, set(), text)


async def test_an_associate_leaves_by_a_table_from_a_day_and_the_contract_continues(harness: ContractsHarness) -> None:
    reference = await drafted(harness)
    await agree(harness, "hr", {"05C": 3, "10H": 1, "10Y": 2}, on=date(2017, 1, 20))
    await agree(harness, "risk", {"05C": 1, "10H": 1, "10Y": 1}, on=date(2017, 1, 20))
    await harness.sign(reference)
    leaves = date(2018, 4, 1)
    with pytest.raises(CoordinatorMissing):
        await agree(harness, "cost", {"10H": 2, "10Y": 1}, on=date(2018, 1, 5), from_day=str(leaves))
    named: dict[str, Any] = {"from_day": str(leaves), "coordinating_commissioner": "10H"}
    await agree(harness, "cost", {"10H": 2, "10Y": 1}, on=date(2018, 1, 5), **named)
    assert await harness.customers(reference, as_at=date(2018, 3, 31)) == ["05C", "10H", "10Y"]
    assert await harness.customers(reference, as_at=leaves) == ["10H", "10Y"]
    assert await harness.customers(reference, as_at=leaves, as_known=at(date(2018, 1, 4))) == ["05C", "10H", "10Y"]
    seen = await harness.seen(reference, as_at=leaves)
    assert (seen["status"], seen["coordinating_commissioner"]) == ("active", "10H")
    [varied] = await harness.told("ContractVaried")
    assert (varied["reason"], varied["customers"], varied["customer_shares"], varied["effective_on"]) == (
        "associate_left",
        ["10H", "10Y"],
        ["2/3", "1/3"],
        "2018-04-01",
    )
    before = await shares(harness, date(2018, 3, 31))
    assert {share for share, _ in before.values()} == {"1/3"}
    # Whichever table named who left is divided among those who stay, in their old proportion.
    told = (await harness.told("SharesAgreed"))[-1]
    assert (told["customers"], told["hr_shares"], told["legal_shares"]) == (["10H", "10Y"], ["1/3", "2/3"], [])
    assert told["risk_shares"] == ["1/2", "1/2"]
    staff = [await shares(harness, day, "hr") for day in (date(2018, 3, 31), leaves)]
    assert [{code: share for code, (share, _) in each.items()} for each in staff] == [
        {"05C": "1/2", "10H": "1/6", "10Y": "1/3"},
        {"10H": "1/3", "10Y": "2/3"},
    ]


async def test_who_leaves_leaves_what_was_agreed_of_later_days_too(harness: ContractsHarness) -> None:
    reference = await drafted(harness)
    await harness.sign(reference)
    leaves, later = date(2018, 4, 1), date(2019, 4, 1)
    await agree(harness, "hr", {"05C": 1, "10H": 1, "10Y": 1}, on=date(2017, 6, 1))
    await agree(harness, "hr", {"05C": 2, "10H": 3, "10Y": 1}, on=date(2017, 6, 2), from_day=str(later))
    await agree(harness, "risk", {"05C": 4, "10H": 1, "10Y": 1}, on=date(2017, 6, 3), from_day=str(later))
    await agree(harness, "cost", {"05C": 6, "10H": 1, "10Y": 1}, on=date(2017, 6, 4), from_day=str(later))
    named: dict[str, Any] = {"from_day": str(leaves), "coordinating_commissioner": "10H"}
    await agree(harness, "cost", {"10H": 2, "10Y": 1}, on=date(2018, 1, 5), **named)
    staff = [await shares(harness, day, "hr") for day in (date(2018, 3, 31), leaves, later)]
    assert [{code: share for code, (share, _) in each.items()} for each in staff] == [
        {"05C": "1/3", "10H": "1/3", "10Y": "1/3"},
        {"10H": "1/2", "10Y": "1/2"},
        {"10H": "3/4", "10Y": "1/4"},
    ]
    assert {code: share for code, (share, _) in (await shares(harness, later, "risk")).items()} == {
        "10H": "1/2",
        "10Y": "1/2",
    }
    # What was published of the later day named who has left by then, so it is published anew.
    varied = (await harness.told("ContractVaried"))[-2:]
    assert [(one["effective_on"], one["customers"], one["customer_shares"]) for one in varied] == [
        ("2018-04-01", ["10H", "10Y"], ["2/3", "1/3"]),
        ("2019-04-01", ["10H", "10Y"], ["2/3", "1/3"]),
    ]
    agreed = (await harness.told("SharesAgreed"))[-2:]
    assert [(one["effective_on"], one["customers"], one["hr_shares"], one["risk_shares"]) for one in agreed] == [
        ("2018-04-01", ["10H", "10Y"], ["1/2", "1/2"], []),
        ("2019-04-01", ["10H", "10Y"], ["3/4", "1/4"], ["1/2", "1/2"]),
    ]


async def test_a_successor_has_its_predecessors_shares_until_that_is_undone(harness: ContractsHarness) -> None:
    await drafted(harness)
    await agree(harness, "cost", LISTS, on=date(2017, 1, 20))
    await harness.sign("CSU-BUCKS-2017")
    day = date(2018, 4, 1)
    await harness.hear(bucks_merges(day))
    assert {code: share for code, (share, _) in (await shares(harness, day)).items()} == {
        "05C": "41/136",
        "14Y": "95/136",
    }
    [moved] = await harness.told("ContractTransferred")
    assert (moved["customers"], moved["customer_shares"]) == (["05C", "14Y"], ["41/136", "95/136"])
    assert set(await shares(harness, day, known=date(2018, 3, 31))) == set(LISTS)
    undone = [
        SuccessionUndone(effective_on=day, stated_at=at(date(2018, 5, 1)), code=code, successor="14Y")
        for code in ("10H", "10Y")
    ]
    await harness.hear(*undone)
    back = await shares(harness, day)
    assert {code: share for code, (share, _) in back.items()} == {"05C": "41/136", "10H": "33/68", "10Y": "29/136"}
    assert set(await shares(harness, day, known=date(2018, 4, 20))) == {"05C", "14Y"}


tables = st.dictionaries(st.sampled_from(EVERY_CODE), st.integers(1, 10**6), min_size=1).map(
    lambda weights: ShareTable(sum(weights.values()), weights)
)


@settings(max_examples=100)
@given(tables, st.sets(st.sampled_from(EVERY_CODE)), st.sets(st.sampled_from(["QA1", "QB1", "QC1"])), st.integers(0))
def test_whatever_moves_a_table_stays_whole(
    table: ShareTable, leaving: set[str], joining: set[str], pence: int
) -> None:
    moved = table.moved(leaving, sorted(joining))
    given = sum(weight for code, weight in table.weights.items() if code in leaving)
    parts: Sequence[Fraction] = [Fraction(share) for share in moved.fractions(sorted(moved.weights))]
    assert (sum(parts), sum(moved.weights.values())) == (1, moved.total)
    assert table_of(moved.as_text()) == moved
    assert sum(moved.divided(pence).values()) == pence
    if given and joining:
        assert not moved.holders & leaving
        assert sum(Fraction(moved.weights[code], moved.total) for code in joining) == Fraction(given, table.total)


async def test_the_acquirer_that_was_a_customer_has_the_shares_and_the_lead_of_whom_it_took_over(
    harness: ContractsHarness,
) -> None:
    lists = {"05C": 1, "10H": 2, "10Y": 3}
    draft = a_draft(customers=sorted(lists), coordinating_commissioner="10H")
    reference = await harness.draft(draft)
    await agree(harness, "cost", lists, on=date(2017, 1, 20))
    await harness.sign(reference)
    day = date(2018, 4, 1)
    fields = {"stated_at": at(day, 0), "successor": "10Y", "effective_on": day}
    await harness.hear(OrganisationSucceeded(code="10H", shape="acquisition", **fields))
    assert {code: share for code, (share, _) in (await shares(harness, day)).items()} == {"05C": "1/6", "10Y": "5/6"}
    assert (await harness.seen(reference, as_at=day))["coordinating_commissioner"] == "10Y"
    [moved] = await harness.told("ContractTransferred")
    assert moved["customer_shares"] == ["1/6", "5/6"]
    undone = SuccessionUndone(effective_on=day, stated_at=at(date(2018, 5, 1)), code="10H", successor="10Y")
    await harness.hear(undone)
    back = {code: share for code, (share, _) in (await shares(harness, day)).items()}
    assert back == {"05C": "1/6", "10H": "1/3", "10Y": "1/2"}


async def test_a_lead_chosen_for_a_later_day_stays_where_a_merger_is_known_late(harness: ContractsHarness) -> None:
    reference = await drafted(harness)
    await harness.sign(reference)
    later, merged = date(2018, 10, 1), date(2018, 4, 1)
    named: dict[str, Any] = {"from_day": str(later), "coordinating_commissioner": "10Y"}
    await agree(harness, "cost", {"10H": 2, "10Y": 1}, on=date(2018, 1, 5), **named)
    fields = {"stated_at": at(date(2018, 5, 1)), "successor": "99Z", "effective_on": merged}
    await harness.hear(OrganisationSucceeded(code="05C", shape="acquisition", **fields))
    assert (await harness.seen(reference, as_at=merged))["coordinating_commissioner"] == "99Z"
    assert (await harness.seen(reference, as_at=later))["coordinating_commissioner"] == "10Y"


async def test_no_table_outlasts_the_customers_that_it_names(harness: ContractsHarness) -> None:
    reference = await drafted(harness)
    await harness.sign(reference)
    leaves = date(2018, 4, 1)
    named: dict[str, Any] = {"from_day": str(leaves), "coordinating_commissioner": "10H"}
    await agree(harness, "cost", {"10H": 2, "10Y": 1}, on=date(2018, 1, 5), **named)
    with pytest.raises(SharesNotWhole, match="change on 2018-04-01"):
        await agree(harness, "cost", LISTS, on=date(2018, 2, 1))
    assert set(await shares(harness, leaves)) == {"10H", "10Y"}


async def test_a_customer_that_stays_alone_has_no_coordinating_commissioner(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    leaves = date(2018, 4, 1)
    assert (await harness.seen(reference, as_at=leaves))["coordinating_commissioner"] == "10H"
    await agree(harness, "cost", {"10Y": 1}, on=date(2018, 1, 5), from_day=str(leaves))
    assert (await harness.seen(reference, as_at=leaves))["coordinating_commissioner"] is None
