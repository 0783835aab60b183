"""A transferred contract names the property scheme of the predecessor that it comes from, whichever is known first."""

from datetime import date, datetime, timedelta
from itertools import permutations

import pytest

from libs.common.events import Event
from libs.common.events.registry import CCGMerged, OrganisationSucceeded, TransferSchemeMade
from services.contracts.agreements.shares import AgreeShares, agree_shares
from services.contracts.core.queries import get_history
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges

THE_DAY = date(2018, 4, 1)
MADE = date(2018, 3, 1)


def a_scheme(
    scheme: str, *predecessors: str, nil: bool = False, sort: str = "property", stated: datetime | None = None
) -> TransferSchemeMade:
    return TransferSchemeMade(
        merger="M-BUCKS",
        scheme=scheme,
        sort=sort,
        successor="14Y",
        predecessors=predecessors,
        nil_return=nil,
        effective_on=MADE,
        stated_at=stated or at(MADE),
    )


def merged_by(*schemes: str) -> CCGMerged:
    return bucks_merges().model_copy(update={"property_schemes": schemes, "staff_schemes": ("S-1", "S-2")})


async def schemes_in_history(harness: ContractsHarness, reference: str, known: datetime | None = None) -> list[str]:
    history = await get_history(harness.database, reference, by=a_lead(), as_known=known)
    [change] = history["changes_of_hands"]
    return list(change["schemes"])


async def agree_on_quarters(harness: ContractsHarness, reference: str, day: date) -> None:
    """05C pays a quarter and 10H the rest."""
    wanted = AgreeShares.model_validate({"weights": {"05C": 1, "10H": 3}, "total": 4})
    lead, at_nine = a_lead("05C", "10H"), at(day)
    async with harness.database.begin() as session:
        await agree_shares(
            session, reference, "cost", wanted, by=lead, today=day, stated_at=at_nine, expect=any_version
        )


async def test_each_predecessors_scheme_is_named_with_the_transfer_and_in_the_history(
    harness: ContractsHarness,
) -> None:
    both = await harness.signed()
    one = await harness.signed(a_draft(reference="SINGLE-10Y-2017", customers=["10Y", "05C"]))
    await harness.hear(merged_by("P-1", "P-2"))
    told = {event["contract"]: event for event in await harness.told("ContractTransferred")}
    assert (told[both]["schemes"], told[both]["route"]) == (["P-1", "P-2"], "scheme")
    assert (told[one]["schemes"], told[one]["route"]) == (["P-2"], "scheme")
    assert await schemes_in_history(harness, both) == ["P-1", "P-2"]
    assert await schemes_in_history(harness, one) == ["P-2"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_schemes_told_before_or_after_the_merger_and_twice_end_in_the_same(
    harness: ContractsHarness, order: tuple[int, ...]
) -> None:
    reference = await harness.signed()
    events: list[Event] = [bucks_merges(), a_scheme("P-1", "10H"), a_scheme("P-2", "10Y", stated=at(date(2018, 5, 1)))]
    for number in order:
        await harness.hear(events[number])
    before = len(await harness.told())
    await harness.hear(*(events[number] for number in order))
    told = await harness.told("ContractTransferred")
    assert len(await harness.told()) == before
    assert (told[-1]["schemes"], told[-1]["route"], told[-1]["customers"]) == (["P-1", "P-2"], "scheme", ["14Y"])
    assert await harness.customers(reference, as_at=THE_DAY) == ["14Y"]
    assert await schemes_in_history(harness, reference) == ["P-1", "P-2"]
    assert await schemes_in_history(harness, reference, at(THE_DAY)) == ["P-1", ""], "P-2 was stated in May"


async def test_a_nil_return_and_a_scheme_of_staff_move_no_contract(harness: ContractsHarness) -> None:
    reference = await harness.signed()
    await harness.hear(a_scheme("P-1", "10H", nil=True), a_scheme("S-2", "10Y", sort="staff"), bucks_merges())
    [event] = await harness.told("ContractTransferred")
    assert ("schemes" in event, event["route"]) == (False, "succession")
    assert await schemes_in_history(harness, reference) == ["", ""]


async def test_a_scheme_known_after_a_second_change_of_the_day_puts_no_customer_back(
    harness: ContractsHarness,
) -> None:
    reference = await harness.signed()
    wider = bucks_merges().model_copy(
        update={"merger": "M-WIDER", "successor": "99X", "predecessors": ("14Y", "05C")},
    )
    await harness.hear(bucks_merges(), wider)
    before = len(await harness.told())
    await harness.hear(a_scheme("P-1", "10H", stated=at(THE_DAY + timedelta(days=9))))
    assert len(await harness.told()) == before
    assert await harness.customers(reference, as_at=THE_DAY) == ["99X"]


async def test_a_transfer_that_is_published_again_has_the_shares_too(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(customers=["05C", "10H"]))
    await agree_on_quarters(harness, reference, date(2017, 1, 20))
    await harness.sign(reference)
    await harness.hear(bucks_merges(), a_scheme("P-1", "10H", stated=at(date(2018, 5, 1))))
    first, again = await harness.told("ContractTransferred")
    assert (again["customers"], again["customer_shares"]) == (["05C", "14Y"], ["1/4", "3/4"])
    assert again["schemes"] == ["P-1"]
    assert first["customer_shares"] == again["customer_shares"]


async def test_a_new_supplier_is_published_with_the_shares_of_its_customers(harness: ContractsHarness) -> None:
    reference = await harness.signed(a_draft(customers=["05C", "10H"]))
    await agree_on_quarters(harness, reference, date(2017, 5, 1))
    taken_over = OrganisationSucceeded(
        code="0CX", successor="0DJ", shape="acquisition", effective_on=THE_DAY, stated_at=at(THE_DAY)
    )
    await harness.hear(taken_over)
    [event] = await harness.told("ContractTransferred")
    assert (event["supplier"], event["customer_shares"]) == ("0DJ", ["1/4", "3/4"])
