"""What closes or is divided is flagged in its contracts, in whatever order that is heard; nothing moves."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.common.database.connection import raw
from libs.common.events import Event
from libs.common.events.registry import OrganisationClosed, OrganisationOpened, OrganisationSucceeded, SuccessionUndone
from services.contracts.core.queries import get_contract
from services.contracts.transfers import flags
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at, bucks_merges

THE_DAY = date(2018, 4, 1)
LATER = at(date(2018, 9, 1))


def divided(successor: str, share: str) -> OrganisationSucceeded:
    return OrganisationSucceeded(
        code="10H", successor=successor, shape="split", share=share, effective_on=THE_DAY, stated_at=at(THE_DAY)
    )


def closed(code: str) -> OrganisationClosed:
    return OrganisationClosed(code=code, effective_on=THE_DAY, stated_at=at(THE_DAY))


async def open_findings(harness: ContractsHarness) -> list[tuple[str, list[str], list[str], str]]:
    rows = await harness.database.fetch(
        "SELECT kind, about, parties, text FROM finding WHERE cleared_at IS NULL ORDER BY key"
    )
    return [(row["kind"], list(row["about"]), list(row["parties"]), row["text"]) for row in rows]


async def test_a_split_is_flagged_with_the_shares_proposed_and_cleared_where_it_is_undone(
    harness: ContractsHarness,
) -> None:
    reference = await harness.signed()
    await harness.hear(divided("05C", "1/3"), divided("14Y", "2/3"), closed("10H"))
    [(kind, about, parties, text)] = await open_findings(harness)
    assert (kind, about) == ("share_to_settle", [reference, "10H"])
    assert parties == ["05C", "10H", "10Y", "14Y"], "the supplier has no part in how its customers share"
    assert text == f"10H, customer of {reference}, was divided on 2018-04-01: proposed are 05C 1/3, 14Y 2/3"
    before = await harness.told()
    await harness.hear(divided("14Y", "2/3"), divided("05C", "1/3"))
    assert await harness.told() == before
    undone = [
        SuccessionUndone(code="10H", successor=code, effective_on=THE_DAY, stated_at=LATER) for code in ("05C", "14Y")
    ]
    await harness.hear(*undone)
    assert [kind for kind, *_ in await open_findings(harness)] == ["party_closed"]
    assert await harness.customers(reference, as_at=THE_DAY) == ["10H", "10Y"]


async def test_a_party_that_closed_is_flagged_in_what_still_runs_until_it_is_open_again(
    harness: ContractsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flags, "AT_ONCE", 1)
    reference = await harness.signed()
    await harness.signed(a_draft(reference="CSU-ALSO-2017", customers=["10Y"]))
    await harness.signed(a_draft(reference="EXPIRED-2018", last_day=date(2018, 3, 31)))
    await harness.signed(a_draft(reference="OTHER-2017", customers=["05C"]))
    await harness.hear(closed("10Y"), closed("99X"))
    assert [(kind, about) for kind, about, *_ in await open_findings(harness)] == [
        ("party_closed", ["CSU-ALSO-2017", "10Y"]),
        ("party_closed", [reference, "10Y"]),
    ]
    opened = OrganisationOpened(code="10Y", name="NHS 10Y", kind="ccg", effective_on=THE_DAY, stated_at=LATER)
    await harness.hear(opened)
    assert await open_findings(harness) == []


async def test_a_supplier_that_closed_is_flagged_to_its_customers(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(closed("0CX"))
    [(kind, about, parties, text)] = await open_findings(harness)
    assert (kind, about, parties) == ("party_closed", [reference, "0CX"], ["0CX", "10H", "10Y"])
    assert text == f"0CX closed on 2018-04-01 without a successor: it is supplier of {reference}, to 2020-03-31"


async def test_of_a_merged_body_nothing_is_left_to_flag_whichever_is_heard_first(harness: ContractsHarness) -> None:
    await harness.signed()
    for events in permutations([bucks_merges(), closed("10H"), closed("10Y")]):
        await harness.hear(*events)
        assert await open_findings(harness) == []


EVENTS: Sequence[Event] = (
    bucks_merges(),
    closed("10H"),
    closed("0CX"),
    divided("05C", "1/2"),
    SuccessionUndone(code="10H", successor="05C", effective_on=THE_DAY, stated_at=LATER),
    SuccessionUndone(code="10Y", successor="14Y", effective_on=THE_DAY, stated_at=LATER),
    OrganisationSucceeded(
        code="0CX", successor="0DJ", shape="acquisition", effective_on=THE_DAY, stated_at=at(THE_DAY, 11)
    ),
)
IN_ORDER = list(range(len(EVENTS)))


class _RolledBack(Exception):
    """Ends the transaction of an example."""


async def _left_after(harness: ContractsHarness, reference: str, order: Sequence[int]) -> object:
    """What is believed once these events were heard one by one; nothing of it stays."""
    left: list[object] = []
    with suppress(_RolledBack):
        async with harness.database.begin() as session:
            for number in order:
                await harness.deliver(session, EVENTS[number])
            connection = await raw(session)
            for day in (date(2018, 3, 1), date(2018, 10, 1)):
                read = await get_contract(connection, reference, by=a_lead(), as_at=day, as_known=None)
                left.append(([customer.code for customer in read["customers"]], read["supplier"].code))
            left += await connection.fetch("SELECT key, text FROM finding WHERE cleared_at IS NULL ORDER BY key")
            raise _RolledBack
    return left


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    order=st.lists(st.sampled_from(IN_ORDER), max_size=4).flatmap(lambda twice: st.permutations([*IN_ORDER, *twice]))
)
async def test_in_any_order_and_twice_the_same_is_left(harness: ContractsHarness, order: list[int]) -> None:
    if not await harness.database.fetch("SELECT FROM contract"):
        await harness.signed()
    expected = await _left_after(harness, "CSU-BUCKS-2017", IN_ORDER)
    assert await _left_after(harness, "CSU-BUCKS-2017", order) == expected
