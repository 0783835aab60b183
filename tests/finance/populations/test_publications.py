"""Allowances follow from what the registry counted, whatever came first, and above what a body states itself."""

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest

from libs.common.events import Event
from libs.common.events.registry import (
    OrganisationKindChanged,
    OrganisationOpened,
    OrganisationSucceeded,
    PopulationPublished,
)
from libs.common.identity import service_caller
from services.finance.allowances.errors import AllowanceNotFound
from services.finance.populations.publications import allowances_follow_counts
from tests.support.finance_harness import FinanceHarness, a_lead, a_merger, at, bucks_merges

TODAY = date(2026, 6, 1)
JANUARY = date(2014, 1, 1)


def count(
    code: str,
    people: int,
    on: date = JANUARY,
    *,
    authority: str = "",
    basis: str = "registered",
    stated: datetime | None = None,
    rank: int = 0,
) -> PopulationPublished:
    return PopulationPublished(
        effective_on=on,
        stated_at=stated or at(on),
        code=code,
        basis=basis,
        people=people,
        local_authority=authority,
        rank=rank,
    )


async def follow(harness: FinanceHarness) -> int:
    """Do the due work until nothing is left."""
    done = 0
    while True:
        async with harness.database.begin() as session:
            by = service_caller("finance")
            piece = await allowances_follow_counts(session, up_to=TODAY, stated_at=at(TODAY), by=by)
        if not piece:
            return done
        done += piece


async def test_a_count_sets_the_years_that_follow_until_the_next_one(harness: FinanceHarness) -> None:
    again = count("06H", 900_000, date(2015, 1, 1))
    await harness.hear(count("06H", 856_000), again, count("06H", 1, basis="weighted"), count("B81001", 9_000))
    assert await follow(harness) == 1
    assert await harness.amount("06H", "2014-15") == 856_000 * 2473
    assert await harness.amount("06H", "2015-16") == 900_000 * 2207
    seen = await harness.seen("06H", "2015-16", as_known=at(date(2014, 12, 31)))
    assert (seen.amount_pence, seen.as_set and seen.as_set.published) == (856_000 * 2207, True)
    told = await harness.told("AllowanceSet")
    assert [(one["financial_year"], one["population"], one["stated_at"][:10]) for one in told] == [
        ("2014-15", 856_000, "2014-02-01"),
        ("2015-16", 856_000, "2014-02-01"),
        ("2015-16", 900_000, "2015-01-01"),
    ]
    assert await follow(harness) == 0


@pytest.mark.parametrize(("share", "people"), [("1/4", 200_000), ("2/7", 123_457)])
async def test_a_boundary_change_within_the_year_moves_its_share_and_one_on_its_first_day_is_counted_in(
    harness: FinanceHarness, share: str, people: int
) -> None:
    def change(code: str, successor: str, day: date) -> OrganisationSucceeded:
        return OrganisationSucceeded(
            effective_on=day,
            stated_at=at(day),
            code=code,
            successor=successor,
            shape="boundary_change",
            share=share,
        )

    changes = [change("10H", "10Y", date(2015, 10, 1)), change("10G", "11C", date(2015, 4, 1))]
    counts = [count(code, people) for code in ("10H", "10Y", "10G", "11C")]
    await harness.hear(changes[0], *counts)
    await follow(harness)
    await harness.hear(changes[1], *changes)
    await follow(harness)
    whole = people * 2207
    moved = [await harness.amount(code, "2015-16") - whole for code in ("10H", "10Y", "10G", "11C")]
    expected = round(Fraction(share) * (whole - round(Fraction(whole * 183, 366))))
    assert sum(moved) == 0
    assert abs(moved[1] - expected) <= 1
    assert abs(moved[3] - Fraction(share) * whole) < 2207
    assert await follow(harness) == 0


async def test_the_registrys_count_stands_above_what_the_body_states(harness: FinanceHarness) -> None:
    await harness.state("06H", "2014-15", 800_000)
    assert await harness.amount("06H", "2014-15") == 800_000 * 2473
    await harness.hear(count("06H", 856_000, date(2014, 3, 1)))
    await follow(harness)
    assert await harness.amount("06H", "2014-15") == 856_000 * 2473
    assert await harness.amount("06H", "2014-15", as_known=at(date(2014, 2, 28))) == 800_000 * 2473
    await harness.state("06H", "2014-15", 810_000, stated=at(date(2014, 5, 1)), by=a_lead())
    assert await harness.amount("06H", "2014-15") == 856_000 * 2473
    assert [one["population"] for one in await harness.told("AllowanceSet")] == [800_000, 856_000, 856_000]


LISTS = [
    count("10H", 64_100, authority="E06000001"),
    count("10Y", 31_150, authority="E06000001"),
    count("10Y", 12_500, authority="E06000002"),
    count("11C", 8_000, authority="E06000002"),
    count("E06000001", 100_000, basis="resident"),
    count("E06000002", 20_000, basis="resident"),
]
PENCE = {"10H": 168_241_470, "10Y": 112_246_335, "11C": 19_512_195}
"""RCA-1's golden figures, at £25 a head."""


@pytest.mark.parametrize("counts", [LISTS, [*reversed(LISTS), *LISTS]], ids=["in order", "reversed and again"])
async def test_rca_1_lists_are_moderated_by_authority_to_the_penny(
    harness: FinanceHarness, counts: list[PopulationPublished]
) -> None:
    early = [
        one.model_copy(update={"effective_on": date(2013, 1, 1), "stated_at": at(date(2013, 1, 1))}) for one in counts
    ]
    await harness.hear(*early)
    await follow(harness)
    assert {code: await harness.amount(code, "2013-14") for code in PENCE} == PENCE
    assert sum(PENCE.values()) == 300_000_000
    seen = await harness.seen("10Y", "2013-14")
    assert seen.as_set is not None
    factors = Fraction(100_000, 64_100 + 31_150), Fraction(20_000, 12_500 + 8_000)
    assert seen.as_set.population == 31_150 + 12_500
    assert Fraction(seen.as_set.moderated) == 31_150 * factors[0] + 12_500 * factors[1]
    assert "moderated to 44,898.53" in seen.explanation[0]


async def test_rca_1_lists_of_bodies_that_merged_are_their_successors_until_it_is_counted(
    harness: FinanceHarness,
) -> None:
    await harness.hear(*LISTS, a_merger("14Y", "10H", "10Y", on=date(2014, 4, 1)))
    await follow(harness)
    assert await harness.amount("14Y", "2014-15") + await harness.amount("11C", "2014-15") == 120_000 * 2473
    seen = await harness.seen("14Y", "2014-15")
    assert seen.as_set is not None
    assert Fraction(seen.as_set.moderated) == 100_000 + 12_500 * Fraction(20_000, 12_500 + 8_000)
    # Its own lists of a later day stand in the place of those of its predecessors, in every authority.
    own = [
        count("14Y", people, date(2015, 1, 1), authority=one) for one, people in (("E06000001", 9), ("E06000002", 1))
    ]
    await harness.hear(*own)
    await follow(harness)
    seen = await harness.seen("14Y", "2015-16")
    assert seen.as_set is not None
    assert (seen.as_set.population, Fraction(seen.as_set.moderated)) == (10, 100_000 + Fraction(20_000, 8_001))
    assert await harness.amount("14Y", "2015-16") + await harness.amount("11C", "2015-16") == 120_000 * 2207


@pytest.mark.parametrize(
    ("successor", "unlisted", "predecessors"),
    [("14Y", "10Y", ("10H", "10Y")), ("11C", "11C", ("10H",))],
    ids=["a new body", "a body that goes on"],
)
async def test_a_successor_has_the_listed_and_the_unlisted_people(
    harness: FinanceHarness, successor: str, unlisted: str, predecessors: tuple[str, ...]
) -> None:
    lists = [count("10H", 64_100, authority="E06000001"), count("E06000001", 96_150, basis="resident")]
    merged = a_merger(successor, *predecessors, on=date(2015, 4, 1))
    await harness.hear(*lists, count(unlisted, 205_333), merged)
    await follow(harness)
    seen = await harness.seen(successor, "2015-16")
    assert seen.as_set is not None
    assert seen.as_set.population == 64_100 + 205_333
    assert Fraction(seen.as_set.moderated) == 96_150 + 205_333
    assert await harness.amount(successor, "2015-16") == (96_150 + 205_333) * 2207


async def test_a_merger_moves_on_what_the_counts_set_whatever_came_first(
    harness: FinanceHarness, other_stage: FinanceHarness
) -> None:
    day = date(2014, 10, 1)
    events: list[Event] = [
        count("10H", 320_001),
        count("10Y", 205_333),
        bucks_merges(day),
        count("14Y", 530_000, date(2015, 2, 1)),
    ]
    for stage, order in ((harness, events), (other_stage, [*reversed(events), *events])):
        for event in order:
            await stage.hear(event)
            await follow(stage)
    assert await harness.believed() == await other_stage.believed()
    total = sum([await harness.amount(code, "2014-15") for code in ("10H", "10Y", "14Y")])
    assert total == (320_001 + 205_333) * 2473
    assert await harness.amount("14Y", "2015-16") == 530_000 * 2207


async def test_a_successor_that_was_not_counted_has_the_people_of_its_predecessors(harness: FinanceHarness) -> None:
    await harness.hear(count("10H", 320_001), count("10Y", 205_333), a_merger("14Y", "10H", "10Y", on=date(2015, 4, 1)))
    await follow(harness)
    assert await harness.amount("14Y", "2015-16") == (320_001 + 205_333) * 2207
    with pytest.raises(Exception, match="10H: no allowance is known for 2015-16"):
        await harness.seen("10H", "2015-16")


async def test_s57_envelopes_are_the_icbs_own(harness: FinanceHarness) -> None:
    opened = [
        OrganisationOpened(
            effective_on=date(2022, 7, 1), stated_at=at(date(2022, 7, 1)), code=code, name=code, kind="icb"
        )
        for code in ("QUE", "QH8")
    ]
    counts = [count("QUE", 1_600_000, date(2025, 4, 1)), count("QH8", 1_400_000, date(2025, 4, 1))]
    await harness.hear(*counts, *opened)
    await follow(harness)
    assert await harness.amount("QUE", "2025-26") == 30_016_000_00
    assert await harness.amount("QH8", "2025-26") == 26_264_000_00


CORRECTED_ON = datetime(2014, 6, 2, 9, tzinfo=UTC)


def corrected(code: str, kind: str = "stp") -> OrganisationKindChanged:
    """The registry finds later that a body was never a commissioner."""
    return OrganisationKindChanged(effective_on=date(2013, 4, 1), stated_at=CORRECTED_ON, code=code, kind=kind)


async def test_an_allowance_that_follows_no_longer_is_taken_back_as_of_its_cause(harness: FinanceHarness) -> None:
    await harness.hear(count("06H", 856_000))
    await follow(harness)
    await harness.hear(corrected("06H"), corrected("06H"))
    await follow(harness)
    with pytest.raises(AllowanceNotFound):
        await harness.amount("06H", "2015-16")
    told = [one for one in await harness.told() if one["financial_year"] == "2015-16"]
    assert [one["name"] for one in told] == ["AllowanceSet", "AllowanceRestated"]
    last = told[-1]
    assert (last["amount_pence"], last["population"], last["predecessors"], last["merger"]) == (0, 0, [], "")
    assert datetime.fromisoformat(last["stated_at"]) == CORRECTED_ON
    assert await follow(harness) == 0


async def test_what_a_body_states_itself_holds_again_where_the_count_sets_nothing(harness: FinanceHarness) -> None:
    await harness.state("06H", "2014-15", 800_000)
    await harness.hear(count("06H", 856_000))
    await follow(harness)
    await harness.hear(corrected("06H"))
    await follow(harness)
    assert await harness.amount("06H", "2014-15") == 800_000 * 2473
    told = [one for one in await harness.told() if one["financial_year"] == "2014-15"]
    assert [(one["name"], one["population"]) for one in told] == [
        ("AllowanceSet", 800_000),
        ("AllowanceSet", 856_000),
        ("AllowanceSet", 800_000),
    ]


async def test_a_late_count_that_makes_a_later_one_idle_is_published_after_it(harness: FinanceHarness) -> None:
    stated = [datetime(2014, month, 1, 9, tzinfo=UTC) for month in (2, 3)]
    await harness.hear(count("06H", 800_000, date(2014, 1, 1), stated=stated[1]))
    await follow(harness)
    await harness.hear(count("06H", 856_000, date(2014, 2, 1), stated=stated[0]))
    await follow(harness)
    assert await harness.amount("06H", "2014-15") == 856_000 * 2473
    told = [one for one in await harness.told("AllowanceSet") if one["financial_year"] == "2014-15"]
    assert max(told, key=lambda one: datetime.fromisoformat(one["stated_at"]))["population"] == 856_000
