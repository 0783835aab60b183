"""Stating and correcting populations."""

import asyncio
from datetime import date, timedelta

import pytest

from libs.common.events.registry import OrganisationClosed, OrganisationOpened, OrganisationProposed
from libs.common.identity import Caller, NotYoursToDecide, Role, RoleMissing
from services.finance.allowances import queries as allowances
from services.finance.allowances.errors import (
    AllowanceFromPredecessors,
    AllowanceNotFound,
    NoRateYet,
    OrganisationNotKnown,
    OrganisationNotOpen,
    PopulationNotFound,
    SuccessorHasItsOwn,
)
from services.finance.core.years import FinancialYear
from tests.support.finance_harness import EVERYTHING, FinanceHarness, a_lead, a_merger, at, backend, bucks_merges
from tests.support.waiting import until

FEBRUARY = at(date(2013, 2, 1))


async def test_a_stated_population_sets_the_allowance_and_tells_it(harness: FinanceHarness) -> None:
    done = await harness.state("06H", "2013-14", 856_000, stated=FEBRUARY)
    assert (done.version, done.is_new, done.stated.amount_pence) == (1, True, 21_400_000_00)
    assert await harness.parts("06H", "2013-14") == [(date(2013, 4, 1), date(2014, 3, 31), 21_400_000_00)]
    assert await harness.told() == [
        {
            "name": "AllowanceSet",
            "effective_on": "2013-04-01",
            "stated_at": "2013-02-01T09:00:00Z",
            "organisation": "06H",
            "financial_year": "2013-14",
            "last_day": "2014-03-31",
            "population": 856_000,
            "rate_pence": 2500,
            "amount_pence": 2_140_000_000,
            "pack": "rca-2013-14",
            "moderated": "",
            "indicative": True,
        }
    ]


async def test_once_the_body_is_open_its_allowance_is_not_indicative(harness: FinanceHarness) -> None:
    await harness.state("06H", "2013-14", 856_000, stated=FEBRUARY)
    await harness.state("06H", "2013-14", 857_000, stated=at(date(2013, 4, 1)))
    assert [one["indicative"] for one in await harness.told("AllowanceSet")] == [True, False]


async def test_a_correction_counts_from_now_on_and_what_was_known_stays(harness: FinanceHarness) -> None:
    await harness.state("06H", "2013-14", 856_000, stated=FEBRUARY)
    june = at(date(2013, 6, 1))
    done = await harness.state("06H", "2013-14", 857_000, source="ONS mid-year estimate", stated=june)
    assert (done.version, done.is_new) == (2, False)
    assert await harness.amount("06H", "2013-14") == 21_425_000_00
    assert await harness.amount("06H", "2013-14", as_known=june - timedelta(microseconds=1)) == 21_400_000_00
    history = await allowances.get_history(harness.database, "06H", FinancialYear(2013), sight=EVERYTHING)
    assert [(one.population, one.known_from, one.known_to) for one in history.as_set] == [
        (856_000, FEBRUARY, june),
        (857_000, june, None),
    ]


async def test_before_it_was_stated_nothing_is_known(harness: FinanceHarness) -> None:
    await harness.state("06H", "2013-14", 856_000, stated=FEBRUARY)
    with pytest.raises(AllowanceNotFound, match="as known at 2013-02-01"):
        await harness.seen("06H", "2013-14", as_known=FEBRUARY - timedelta(microseconds=1))
    with pytest.raises(PopulationNotFound):
        await allowances.get_population(harness.database, "06H", FinancialYear(2014), sight=EVERYTHING, as_known=None)


async def test_to_repeat_what_is_known_changes_nothing_and_needs_no_version(harness: FinanceHarness) -> None:
    await harness.state("06H", "2013-14", 856_000, stated=FEBRUARY)
    before = await harness.written()

    def refuse(version: int) -> None:
        raise AssertionError(f"asked about version {version}")

    done = await harness.state("06H", "2013-14", 856_000, stated=at(date(2013, 7, 1)), expect=refuse)
    assert (done.version, done.is_new) == (1, False)
    assert await harness.written() == before


async def test_the_version_that_would_be_changed_is_asked_about(harness: FinanceHarness) -> None:
    asked: list[int] = []
    await harness.state("06H", "2013-14", 1, expect=asked.append)
    await harness.state("06H", "2013-14", 2, expect=asked.append)
    await harness.state("06H", "2014-15", 2, expect=asked.append)
    assert asked == [0, 1, 0]


async def test_a_loader_puts_a_statement_in_its_place_among_later_ones(harness: FinanceHarness) -> None:
    loader = a_lead(also=(Role.LOADER,))
    days = [date(2013, 6, 1), date(2013, 2, 1), date(2013, 4, 1)]
    for population, day in zip((300, 100, 200), days, strict=True):
        await harness.state("06H", "2013-14", population, by=loader, stated=at(day))
    known = {day: await harness.amount("06H", "2013-14", as_known=at(day, 10)) for day in days}
    assert known == {days[1]: 100 * 2500, days[2]: 200 * 2500, days[0]: 300 * 2500}
    assert [event["population"] for event in await harness.told("AllowanceSet")] == [300, 100, 200]


async def test_a_population_is_multiplied_by_the_rate_that_was_known_when_it_was_stated(
    harness: FinanceHarness,
) -> None:
    loader = a_lead(also=(Role.LOADER,))
    await harness.state("06H", "2014-15", 100, by=loader, stated=at(date(2014, 1, 31)))
    await harness.state("06H", "2014-15", 200, by=loader, stated=at(date(2014, 2, 2)))
    told = [(one["rate_pence"], one["amount_pence"]) for one in await harness.told("AllowanceSet")]
    assert told == [(2500, 250_000), (2473, 494_600)]
    with pytest.raises(NoRateYet, match="no running-cost allowance had been stated by 2012-11-08"):
        await harness.state("10H", "2013-14", 100, by=loader, stated=at(date(2012, 11, 8)))


async def test_in_whatever_order_a_loader_states_things_the_same_is_known(
    harness: FinanceHarness, other_stage: FinanceHarness
) -> None:
    loader = a_lead(also=(Role.LOADER,))
    statements = [
        ("10H", 100, date(2018, 1, 1)),
        ("10H", 130, date(2018, 6, 1)),
        ("10Y", 50, date(2018, 2, 1)),
    ]
    for code, population, day in statements:
        await harness.state(code, "2018-19", population, by=loader, stated=at(day))
    await harness.hear(bucks_merges(date(2018, 10, 1), at(date(2018, 3, 1))))
    await other_stage.hear(bucks_merges(date(2018, 10, 1), at(date(2018, 3, 1))))
    for code, population, day in reversed(statements):
        await other_stage.state(code, "2018-19", population, by=loader, stated=at(day))
    assert await other_stage.believed() == await harness.believed()


async def test_without_a_loaders_role_a_correction_comes_after_what_is_known_even_on_a_clock_moved_back(
    harness: FinanceHarness,
) -> None:
    june = at(date(2013, 6, 1))
    await harness.state("06H", "2013-14", 100, stated=june)
    await harness.state("06H", "2013-14", 200, stated=FEBRUARY)
    assert await harness.amount("06H", "2013-14") == 200 * 2500
    assert await harness.amount("06H", "2013-14", as_known=june) == 100 * 2500


async def test_two_different_statements_of_one_instant_count_in_the_order_of_arrival(harness: FinanceHarness) -> None:
    loader = a_lead(also=(Role.LOADER,))
    await harness.state("06H", "2013-14", 100, by=loader, stated=FEBRUARY)
    await harness.state("06H", "2013-14", 200, by=loader, stated=FEBRUARY)
    assert await harness.amount("06H", "2013-14") == 200 * 2500


async def test_a_ccg_that_opens_within_the_year_gets_the_part_of_its_days(harness: FinanceHarness) -> None:
    await harness.hear_of_ccgs("13T", on=date(2015, 10, 1))  # 183 days of 366
    done = await harness.state("13T", "2015-16", 1000)
    assert (done.stated.first_day, done.stated.amount_pence) == (date(2015, 10, 1), 1000 * 2207 // 2)
    assert await harness.parts("13T", "2015-16") == [(date(2015, 10, 1), date(2016, 3, 31), 1000 * 2207 // 2)]


async def test_a_year_without_a_national_rate_says_which_pack_was_used(harness: FinanceHarness) -> None:
    stated = (await harness.state("06H", "2019-20", 1000)).stated
    assert (stated.rate_found, stated.pack, stated.amount_pence) == (False, "rca-2015-16", 2_207_000)


async def test_an_organisation_that_nobody_told_of_is_refused(harness: FinanceHarness) -> None:
    with pytest.raises(OrganisationNotKnown, match="ZZZ"):
        await harness.state("ZZZ", "2013-14", 1)


async def test_an_organisation_that_closed_before_the_year_is_refused_with_the_day(harness: FinanceHarness) -> None:
    closed = OrganisationClosed(effective_on=date(2016, 4, 1), stated_at=at(date(2016, 3, 1)), code="99M")
    await harness.hear(closed)
    with pytest.raises(OrganisationNotOpen, match="99M is closed since 2016-04-01, and so not open in 2016-17"):
        await harness.state("99M", "2016-17", 1)
    assert (await harness.state("99M", "2015-16", 1)).is_new


async def test_an_organisation_that_opens_after_the_year_or_is_only_proposed_is_refused(
    harness: FinanceHarness,
) -> None:
    first = date(2014, 12, 1)
    await harness.hear(
        OrganisationProposed(effective_on=first, stated_at=at(first), code="13T", name="NHS 13T CCG", kind="ccg")
    )
    with pytest.raises(OrganisationNotOpen, match="13T is proposed since 2014-12-01, and so not open in 2015-16"):
        await harness.state("13T", "2015-16", 1)
    opened = OrganisationOpened(
        effective_on=date(2015, 4, 1), stated_at=at(first, 12), code="13T", name="NHS 13T CCG", kind="ccg"
    )
    await harness.hear(opened)
    with pytest.raises(OrganisationNotOpen, match="13T opens on 2015-04-01, after 2014-15"):
        await harness.state("13T", "2014-15", 1)
    assert (await harness.state("13T", "2015-16", 1)).is_new


async def test_all_reasons_are_told_at_once(harness: FinanceHarness) -> None:
    with pytest.raises(NoRateYet) as refused:
        await harness.state("06H", "2012-13", 1)
    assert [reason.message for reason in refused.value.reasons] == [
        "2012-13: the first running-cost allowance is that of 2013-14",
        "06H opens on 2013-04-01, after 2012-13",
    ]


async def test_a_refused_statement_leaves_nothing_behind(harness: FinanceHarness) -> None:
    before = await harness.written()
    with pytest.raises(NoRateYet):
        await harness.state("06H", "2012-13", 1)
    assert await harness.written() == before


async def test_a_successor_gets_no_second_allowance_beside_what_its_predecessors_left(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(bucks_merges())
    with pytest.raises(AllowanceFromPredecessors, match="comes from 10H by merger M-14Y; correct their populations"):
        await harness.state("14Y", "2018-19", 3000)
    assert (await harness.state("14Y", "2019-20", 3000)).is_new


async def test_a_predecessor_gets_no_allowance_that_its_successors_own_counts_already(harness: FinanceHarness) -> None:
    await harness.hear(bucks_merges(date(2018, 10, 1)))
    await harness.state("14Y", "2018-19", 3000)
    with pytest.raises(SuccessorHasItsOwn, match="14Y, which succeeded 10H, has a population of its own"):
        await harness.state("10H", "2018-19", 1000)
    assert (await harness.state("10H", "2017-18", 1000)).is_new


async def test_only_a_finance_lead_of_the_organisation_or_of_a_successor_may_state(harness: FinanceHarness) -> None:
    with pytest.raises(NotYoursToDecide):
        await harness.state("10H", "2017-18", 1, by=a_lead("10Y"))
    with pytest.raises(RoleMissing):
        await harness.state("10H", "2017-18", 1, by=Caller("x", frozenset({Role.CONTRACT_LEAD}), frozenset({"10H"})))
    with pytest.raises(NotYoursToDecide):
        await harness.state("10H", "2017-18", 1, by=a_lead("14Y"))
    await harness.hear(bucks_merges())
    assert (await harness.state("10H", "2017-18", 1, by=a_lead("14Y"))).is_new


async def test_two_who_correct_at_once_do_so_one_after_the_other(harness: FinanceHarness) -> None:
    await harness.state("06H", "2013-14", 1)
    asked: list[int] = []
    async with asyncio.TaskGroup() as tasks:
        for population in (2, 3):
            tasks.create_task(harness.state("06H", "2013-14", population, expect=asked.append))
    assert sorted(asked) == [1, 2]


async def test_a_statement_made_while_its_ccg_merges_waits_and_flows_on(harness: FinanceHarness) -> None:
    await harness.state("10Y", "2018-19", 500)
    async with harness.database.begin() as session:
        await harness.deliver(session, a_merger("14Y", "10H", "10Y", on=date(2018, 10, 1)))
        holder = await backend(session)
        stating = asyncio.create_task(harness.state("10H", "2018-19", 1000))

        async def waits() -> bool:
            waiting = "SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
            return bool(await harness.database.fetch(waiting, holder))

        await until(waits, within=10)
        assert not stating.done()
    await stating
    moved = (await harness.seen("14Y", "2018-19")).moved
    released = [([part.predecessor for part in one.released], one.population) for one in moved]
    assert released == [(["10H", "10Y"], 1500)]


async def test_an_account_of_a_dissolved_body_changes_no_figures_of_its_successor(harness: FinanceHarness) -> None:
    await harness.state("10H", "2018-19", 1000)
    await harness.hear(bucks_merges(date(2018, 10, 1)))
    before = await harness.written()
    with pytest.raises(NotYoursToDecide, match="14Y: the token acts for 10H"):
        await harness.state("10H", "2018-19", 9, by=a_lead("10H"), stated=at(date(2018, 12, 1)))
    assert await harness.written() == before
    await harness.state("10H", "2018-19", 9, by=a_lead("14Y"), stated=at(date(2018, 12, 1)))


async def test_nothing_is_locked_before_the_right_is_known(harness: FinanceHarness) -> None:
    async with harness.database.connect() as other, other.transaction():
        await other.fetch("SELECT id FROM known_organisation FOR UPDATE")
        with pytest.raises(NotYoursToDecide):
            await harness.state("10H", "2017-18", 1, by=a_lead("10Y"))
