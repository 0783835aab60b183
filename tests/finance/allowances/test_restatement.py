"""Restating allowances when a merger is heard of."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from libs.common.events.registry import CCGMerged, ICBMerged, OrganisationSucceeded, SuccessionUndone
from libs.organisations.mergers import Merger
from services.finance.allowances.errors import AllowanceNotFound, OrganisationNotOpen
from services.finance.allowances.queries import get_allowance
from services.finance.allowances.restatement import tied_to
from services.finance.core.sight import Sight
from services.finance.core.years import FinancialYear
from tests.support.finance_harness import FinanceHarness, a_merger, at, bucks_merges

YEAR = (date(2018, 4, 1), date(2019, 3, 31))


async def test_on_1_april_the_successor_has_exactly_what_its_predecessors_had(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 320_001)
    await harness.state("10Y", "2018-19", 205_333)
    await harness.hear(bucks_merges())
    assert await harness.parts("14Y", "2018-19") == [(*YEAR, (320_001 + 205_333) * 2207)]
    assert await harness.parts("10H", "2018-19") == []
    assert await harness.told("AllowanceRestated") == [
        {
            "name": "AllowanceRestated",
            "effective_on": "2018-04-01",
            "stated_at": "2018-04-01T00:00:00Z",
            "organisation": "14Y",
            "financial_year": "2018-19",
            "last_day": "2019-03-31",
            "population": 525_334,
            "amount_pence": 525_334 * 2207,
            "predecessors": ["10H", "10Y"],
            "released_pence": [320_001 * 2207, 205_333 * 2207],
            "merger": "M-14Y",
            "pack": "rca-2015-16",
            "moderated": "",
            "indicative": False,
        }
    ]


async def test_in_mid_year_each_keeps_its_days_and_the_sum_stays_to_the_penny(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 320_001)
    await harness.state("10Y", "2018-19", 205_333)
    day = date(2018, 7, 15)
    await harness.hear(bucks_merges(day))
    parts = [part for code in ("10H", "10Y", "14Y") for part in await harness.parts(code, "2018-19")]
    until_then, since = (YEAR[0], day - timedelta(days=1)), (day, YEAR[1])
    assert [part[:2] for part in parts] == [until_then, until_then, since]
    assert sum(part[2] for part in parts) == 525_334 * 2207
    assert [part[2] for part in parts[:2]] == [
        round(population * 2207 * 105 / 365) for population in (320_001, 205_333)
    ]


async def test_years_before_the_merger_are_not_restated_and_later_ones_move_whole(harness: FinanceHarness) -> None:
    for year in ("2017-18", "2018-19", "2019-20"):
        await harness.state("10H", year, 1000, stated=at(date(2017, 1, 1)))
    await harness.hear(bucks_merges(date(2018, 10, 1)))
    assert [await harness.amount("10H", year) for year in ("2017-18", "2018-19")] == [2_207_000, 2_207_000 * 183 // 365]
    assert (await harness.parts("10H", "2019-20"), await harness.amount("14Y", "2019-20")) == ([], 2_207_000)
    assert [event["financial_year"] for event in await harness.told("AllowanceRestated")] == ["2018-19", "2019-20"]


async def test_what_was_set_stays_visible_beside_what_it_became(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(bucks_merges())
    found = await harness.seen("10H", "2018-19")
    assert found.as_set is not None
    assert (found.as_set.amount_pence, found.amount_pence) == (2_207_000, 0)
    assert (await harness.seen("14Y", "2018-19")).as_set is None


async def test_before_the_merger_was_known_the_predecessors_had_it_all(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    merged = bucks_merges(date(2018, 10, 1))
    await harness.hear(merged)
    just_before = merged.stated_at - timedelta(microseconds=1)
    assert await harness.parts("10H", "2018-19", as_known=just_before) == [(*YEAR, 2_207_000)]
    assert len(await harness.parts("10H", "2018-19", as_known=merged.stated_at)) == 1
    assert await harness.amount("10H", "2018-19", as_known=merged.stated_at) < 2_207_000


async def test_a_merger_told_twice_restates_once(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(bucks_merges())
    before = await harness.written()
    await harness.hear(bucks_merges())
    await harness.hear(bucks_merges(), bucks_merges())
    assert await harness.written() == before


@pytest.mark.parametrize("day", [date(2018, 4, 1), date(2018, 10, 1), date(2018, 8, 31)])
async def test_a_merger_told_late_gives_the_same_as_in_time(
    harness: FinanceHarness, other_stage: FinanceHarness, day: date
) -> None:
    merged, corrected = bucks_merges(day, at(date(2018, 4, 1))), at(date(2018, 12, 1))
    for one in (harness, other_stage):
        await one.state("10H", "2018-19", 1000)
        await one.state("10Y", "2018-19", 500)
    await harness.hear(merged)
    await harness.state("10H", "2018-19", 1100, stated=corrected)
    await other_stage.state("10H", "2018-19", 1100, stated=corrected)
    await other_stage.hear(merged)
    assert await other_stage.believed() == await harness.believed()
    now = [(await one.told("AllowanceRestated"))[-1] for one in (harness, other_stage)]
    assert now[0] == now[1]


async def test_a_correction_for_a_predecessor_flows_on_to_the_successor(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(bucks_merges())
    december = at(date(2018, 12, 1))
    await harness.state("10H", "2018-19", 1100, stated=december)
    assert await harness.amount("14Y", "2018-19") == 1100 * 2207
    assert await harness.amount("14Y", "2018-19", as_known=december - timedelta(microseconds=1)) == 1000 * 2207
    assert [event["name"] for event in await harness.told()] == [
        "AllowanceSet",
        "AllowanceRestated",
        "AllowanceSet",
        "AllowanceRestated",
    ]
    last = (await harness.told())[-1]
    assert (last["amount_pence"], last["stated_at"]) == (1100 * 2207, "2018-12-01T09:00:00Z")


async def test_what_was_not_set_in_advance_cannot_be_stated_for_a_body_that_is_gone(harness: FinanceHarness) -> None:
    await harness.hear(bucks_merges())
    with pytest.raises(OrganisationNotOpen, match="10H is closed since 2018-04-01"):
        await harness.state("10H", "2018-19", 1)


async def test_a_population_stated_after_a_mid_year_merger_flows_on_too(harness: FinanceHarness) -> None:
    await harness.hear(bucks_merges(date(2018, 10, 1)))
    await harness.state("10H", "2018-19", 1000, stated=at(date(2018, 11, 1)))
    assert await harness.amount("10H", "2018-19") + await harness.amount("14Y", "2018-19") == 2_207_000
    assert [event["organisation"] for event in await harness.told("AllowanceRestated")] == ["14Y"]


CHAIN = (
    a_merger("15D", "10G", "11C", on=date(2020, 4, 1), stated=at(date(2020, 2, 1))),
    a_merger("D4U1Y", "15D", "99M", on=date(2021, 4, 1), stated=at(date(2021, 2, 1))),
)


@pytest.mark.parametrize("mergers", [CHAIN, CHAIN[::-1]], ids=["in order", "the later one first"])
async def test_a_chain_of_mergers_carries_allowances_to_its_end(
    harness: FinanceHarness, mergers: tuple[CCGMerged, ...]
) -> None:
    for code, population in (("10G", 100), ("11C", 200), ("99M", 700)):
        for year in ("2020-21", "2021-22"):
            await harness.state(code, year, population, stated=at(date(2019, 12, 1)))
    for merger in mergers:
        await harness.hear(merger)
    assert await harness.amount("15D", "2020-21") == 300 * 2207
    assert await harness.amount("99M", "2020-21") == 700 * 2207
    assert await harness.amount("D4U1Y", "2021-22") == 1000 * 2207
    assert await harness.amount("15D", "2021-22") == 0
    assert await harness.amount("15D", "2021-22", as_known=at(date(2020, 6, 1))) == 300 * 2207
    chain = [(one.successor, one.amount_pence) for one in (await harness.seen("15D", "2021-22")).moved]
    assert chain == [("15D", 300 * 2207), ("D4U1Y", 1000 * 2207)]


async def test_a_second_merger_in_the_same_year_splits_what_the_first_gave(harness: FinanceHarness) -> None:
    for code in ("10G", "11C", "99M"):
        await harness.state(code, "2020-21", 1000)
    await harness.hear(
        a_merger("15D", "10G", "11C", on=date(2020, 7, 1)), a_merger("D4U1Y", "15D", "99M", on=date(2021, 1, 1))
    )
    spans = {code: [part[:2] for part in await harness.parts(code, "2020-21")] for code in ("10G", "15D", "D4U1Y")}
    assert spans == {
        "10G": [(date(2020, 4, 1), date(2020, 6, 30))],
        "15D": [(date(2020, 7, 1), date(2020, 12, 31))],
        "D4U1Y": [(date(2021, 1, 1), date(2021, 3, 31))],
    }
    everybody = ("10G", "11C", "99M", "15D", "D4U1Y")
    assert sum([await harness.amount(code, "2020-21") for code in everybody]) == 3000 * 2207


async def test_two_mergers_of_one_day_do_not_touch_each_other(harness: FinanceHarness) -> None:
    for code in ("10H", "10Y", "10G", "11C"):
        await harness.state(code, "2020-21", 1000)
    day = date(2020, 4, 1)
    await harness.hear(a_merger("14Y", "10H", "10Y", on=day), a_merger("15D", "10G", "11C", on=day))
    assert [await harness.amount(code, "2020-21") for code in ("14Y", "15D")] == [2000 * 2207, 2000 * 2207]
    assert [event["merger"] for event in await harness.told("AllowanceRestated")] == ["M-14Y", "M-15D"]


async def test_a_predecessor_without_an_allowance_releases_nothing(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(bucks_merges())
    [told] = await harness.told("AllowanceRestated")
    assert (told["predecessors"], told["released_pence"]) == (["10H"], [2_207_000])


async def test_a_merger_of_bodies_without_allowances_restates_nothing(harness: FinanceHarness) -> None:
    await harness.hear(bucks_merges())
    assert await harness.told() == []


async def test_a_succession_that_is_no_merger_restates_nothing(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(
        OrganisationSucceeded(
            effective_on=date(2018, 10, 1), stated_at=at(date(2018, 10, 1)), code="10H", successor="14Y"
        )
    )
    assert await harness.amount("10H", "2018-19") == 2_207_000


def passes_on(successor: str, shape: str, share: str, on: date = date(2018, 10, 1)) -> OrganisationSucceeded:
    """10H passes a share on."""
    return OrganisationSucceeded(
        effective_on=on, stated_at=at(on), code="10H", successor=successor, shape=shape, share=share
    )


@pytest.mark.parametrize("twice", [False, True])
async def test_a_split_divides_the_allowance_by_exact_shares_whatever_came_first(
    harness: FinanceHarness, other_stage: FinanceHarness, twice: bool
) -> None:
    split = [passes_on("15A", "split", "1/3"), passes_on("15B", "split", "2/3")]
    await harness.state("10H", "2018-19", 1_001)
    for one in split * (1 + twice):
        await harness.hear(one)
    await other_stage.hear(*split[::-1])
    await other_stage.state("10H", "2018-19", 1_001)
    assert await other_stage.believed() == await harness.believed()
    whole = 1_001 * 2207
    after = whole - await harness.amount("10H", "2018-19")
    assert after == round(Fraction(whole * 182, 365))
    assert await harness.amount("15A", "2018-19") == round(Fraction(after, 3))
    assert await harness.amount("15A", "2018-19") + await harness.amount("15B", "2018-19") == after
    told = [event["merger"] for event in await harness.told("AllowanceRestated")]
    assert told == ["10H>15A 2018-10-01", "10H>15B 2018-10-01"]
    for one in split:
        undone = SuccessionUndone(
            code="10H", successor=one.successor, effective_on=one.effective_on, stated_at=at(date(2018, 12, 1))
        )
        await harness.hear(undone)
    assert await harness.amount("10H", "2018-19") == whole
    assert await harness.amount("15A", "2018-19", as_known=at(date(2018, 11, 1))) == round(Fraction(after, 3))


async def test_a_boundary_change_moves_its_share_and_both_state_their_own(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1_000)
    await harness.hear(passes_on("10Y", "boundary_change", "1/4"))
    moved = round(Fraction(1_000 * 2207 * 182, 365 * 4))
    assert await harness.amount("10Y", "2018-19") == moved
    await harness.state("10Y", "2018-19", 500, stated=at(date(2018, 11, 1)))
    amounts = [await harness.amount(code, "2018-19") for code in ("10H", "10Y")]
    assert amounts == [1_000 * 2207 - moved, 500 * 2207 + moved]
    await harness.state("10H", "2019-20", 750)
    assert await harness.amount("10H", "2019-20") == 750 * 2207


async def test_a_restatement_names_the_events_that_tell_it_and_caused_it(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(bucks_merges())
    [moved] = (await harness.seen("14Y", "2018-19")).moved
    told = await harness.database.fetch("SELECT event_id, causation FROM outbox WHERE name = 'AllowanceRestated'")
    assert (moved.event, moved.caused_by) == (str(told[0]["event_id"]), told[0]["causation"])
    assert str(moved.caused_by).startswith("event-")


def test_bodies_are_tied_through_any_number_of_mergers() -> None:
    def merger(successor: str, *predecessors: str) -> Merger:
        return Merger(f"M-{successor}", predecessors, successor, date(2020, 4, 1), at(date(2020, 4, 1)))

    mergers = [merger("C", "A", "B"), merger("E", "C", "D"), merger("Z", "X", "Y")]
    for code in "ABCDE":
        tied = tied_to([code], mergers)
        assert (tied.codes, set(tied.mergers)) == (frozenset("ABCDE"), set(mergers[:2]))
    assert tied_to(["Q"], mergers) == tied_to(["Q"], [])


async def test_a_merger_of_icbs_restates_as_one_of_ccgs_does(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 320_001)
    await harness.state("10Y", "2018-19", 205_333)
    await harness.hear(ICBMerged(**bucks_merges().model_dump()))
    assert await harness.parts("14Y", "2018-19") == [(*YEAR, (320_001 + 205_333) * 2207)]
    assert await harness.parts("10H", "2018-19") == []


async def test_an_undone_merger_gives_back_what_it_moved_and_stays_known_until_then(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 320_001)
    await harness.state("10Y", "2018-19", 205_333)
    await harness.hear(bucks_merges())
    undone = at(date(2018, 9, 1))
    await harness.hear(
        *(
            SuccessionUndone(code=code, successor="14Y", effective_on=YEAR[0], stated_at=undone)
            for code in ("10H", "10Y")
        )
    )
    with pytest.raises(AllowanceNotFound):
        await harness.seen("14Y", "2018-19")
    assert [await harness.amount(code, "2018-19") for code in ("10H", "10Y")] == [320_001 * 2207, 205_333 * 2207]
    before = at(date(2018, 8, 1))
    assert await harness.amount("14Y", "2018-19", as_known=before) == (320_001 + 205_333) * 2207
    year, sight = FinancialYear.parse("2018-19"), Sight(frozenset({"14Y"}))
    read = await get_allowance(harness.database, "14Y", year, sight=sight, as_known=before)
    assert "14Y has £11,594,121.38. What others released is theirs to read." in " ".join(read.explanation)
    restated = [(one["stated_at"], one["amount_pence"]) for one in await harness.told("AllowanceRestated")]
    assert restated[0] == ("2018-04-01T00:00:00Z", (320_001 + 205_333) * 2207)
    assert restated[-1] == ("2018-09-01T09:00:00Z", 0)
    written = await harness.written()
    await harness.hear(SuccessionUndone(code="10H", successor="14Y", effective_on=YEAR[0], stated_at=undone))
    assert await harness.written() == written


async def test_bodies_without_an_allowance_cost_a_merger_no_write(harness: FinanceHarness) -> None:
    written = await harness.written()
    await harness.hear(bucks_merges())
    assert await harness.written() == written
    assert await harness.database.fetch("SELECT * FROM write_record WHERE operation LIKE 'reaction%'") == []
