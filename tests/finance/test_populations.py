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
from tests.finance.stage import Stage, a_lead, a_merger, at, backend, bucks_merges
from tests.waiting import until

FEBRUARY = at(date(2013, 2, 1))


async def test_a_stated_population_sets_the_allowance_and_tells_it(stage: Stage) -> None:
    done = await stage.state("06H", "2013-14", 856_000, stated=FEBRUARY)
    assert (done.version, done.is_new, done.stated.amount_pence) == (1, True, 21_400_000_00)
    assert await stage.parts("06H", "2013-14") == [(date(2013, 4, 1), date(2014, 3, 31), 21_400_000_00)]
    assert await stage.told() == [
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
        }
    ]


async def test_a_correction_counts_from_now_on_and_what_was_known_stays(stage: Stage) -> None:
    await stage.state("06H", "2013-14", 856_000, stated=FEBRUARY)
    june = at(date(2013, 6, 1))
    done = await stage.state("06H", "2013-14", 857_000, source="ONS mid-year estimate", stated=june)
    assert (done.version, done.is_new) == (2, False)
    assert await stage.amount("06H", "2013-14") == 21_425_000_00
    assert await stage.amount("06H", "2013-14", as_known=june - timedelta(microseconds=1)) == 21_400_000_00
    history = await allowances.get_history(stage.database, "06H", FinancialYear(2013))
    assert [(row["population"], row["known_from"], row["known_to"]) for row in history.stated] == [
        (856_000, FEBRUARY, june),
        (857_000, june, None),
    ]


async def test_before_it_was_stated_nothing_is_known(stage: Stage) -> None:
    await stage.state("06H", "2013-14", 856_000, stated=FEBRUARY)
    with pytest.raises(AllowanceNotFound, match="as known at 2013-02-01"):
        await stage.seen("06H", "2013-14", as_known=FEBRUARY - timedelta(microseconds=1))
    with pytest.raises(PopulationNotFound):
        await allowances.get_population(stage.database, "06H", FinancialYear(2014), as_known=None)


async def test_to_repeat_what_is_known_changes_nothing_and_needs_no_version(stage: Stage) -> None:
    await stage.state("06H", "2013-14", 856_000, stated=FEBRUARY)
    before = await stage.written()

    def refuse(version: int) -> None:
        raise AssertionError(f"asked about version {version}")

    done = await stage.state("06H", "2013-14", 856_000, stated=at(date(2013, 7, 1)), expect=refuse)
    assert (done.version, done.is_new) == (1, False)
    assert await stage.written() == before


async def test_the_version_that_would_be_changed_is_asked_about(stage: Stage) -> None:
    asked: list[int] = []
    await stage.state("06H", "2013-14", 1, expect=asked.append)
    await stage.state("06H", "2013-14", 2, expect=asked.append)
    await stage.state("06H", "2014-15", 2, expect=asked.append)
    assert asked == [0, 1, 0]


async def test_a_loader_puts_a_statement_in_its_place_among_later_ones(stage: Stage) -> None:
    loader = a_lead(also=(Role.LOADER,))
    days = [date(2013, 6, 1), date(2013, 2, 1), date(2013, 4, 1)]
    for population, day in zip((300, 100, 200), days, strict=True):
        await stage.state("06H", "2013-14", population, by=loader, stated=at(day))
    known = {day: await stage.amount("06H", "2013-14", as_known=at(day, 10)) for day in days}
    assert known == {days[1]: 100 * 2500, days[2]: 200 * 2500, days[0]: 300 * 2500}
    assert [event["population"] for event in await stage.told("AllowanceSet")] == [300, 100, 200]


async def test_in_whatever_order_a_loader_states_things_the_same_is_known(stage: Stage, other_stage: Stage) -> None:
    loader = a_lead(also=(Role.LOADER,))
    statements = [
        ("10H", 100, date(2018, 1, 1)),
        ("10H", 130, date(2018, 6, 1)),
        ("10Y", 50, date(2018, 2, 1)),
    ]
    for code, population, day in statements:
        await stage.state(code, "2018-19", population, by=loader, stated=at(day))
    await stage.hear(bucks_merges(date(2018, 10, 1), at(date(2018, 3, 1))))
    await other_stage.hear(bucks_merges(date(2018, 10, 1), at(date(2018, 3, 1))))
    for code, population, day in reversed(statements):
        await other_stage.state(code, "2018-19", population, by=loader, stated=at(day))
    assert await other_stage.believed() == await stage.believed()


async def test_without_a_loaders_role_a_correction_comes_after_what_is_known_even_on_a_clock_moved_back(
    stage: Stage,
) -> None:
    june = at(date(2013, 6, 1))
    await stage.state("06H", "2013-14", 100, stated=june)
    await stage.state("06H", "2013-14", 200, stated=FEBRUARY)
    assert await stage.amount("06H", "2013-14") == 200 * 2500
    assert await stage.amount("06H", "2013-14", as_known=june) == 100 * 2500


async def test_two_different_statements_of_one_instant_count_in_the_order_of_arrival(stage: Stage) -> None:
    loader = a_lead(also=(Role.LOADER,))
    await stage.state("06H", "2013-14", 100, by=loader, stated=FEBRUARY)
    await stage.state("06H", "2013-14", 200, by=loader, stated=FEBRUARY)
    assert await stage.amount("06H", "2013-14") == 200 * 2500


async def test_a_ccg_that_opens_within_the_year_gets_the_part_of_its_days(stage: Stage) -> None:
    await stage.hear_of_ccgs("13T", on=date(2015, 10, 1))  # 183 days of 366
    done = await stage.state("13T", "2015-16", 1000)
    assert (done.stated.first_day, done.stated.amount_pence) == (date(2015, 10, 1), 1000 * 2207 // 2)
    assert await stage.parts("13T", "2015-16") == [(date(2015, 10, 1), date(2016, 3, 31), 1000 * 2207 // 2)]


async def test_a_year_without_a_national_rate_says_which_pack_was_used(stage: Stage) -> None:
    stated = (await stage.state("06H", "2019-20", 1000)).stated
    assert (stated.rate_found, stated.pack, stated.amount_pence) == (False, "rca-2015-16", 2_207_000)


async def test_an_organisation_that_nobody_told_of_is_refused(stage: Stage) -> None:
    with pytest.raises(OrganisationNotKnown, match="ZZZ"):
        await stage.state("ZZZ", "2013-14", 1)


async def test_an_organisation_that_closed_before_the_year_is_refused_with_the_day(stage: Stage) -> None:
    closed = OrganisationClosed(effective_on=date(2016, 4, 1), stated_at=at(date(2016, 3, 1)), code="99M")
    await stage.hear(closed)
    with pytest.raises(OrganisationNotOpen, match="99M is closed since 2016-04-01, and so not open in 2016-17"):
        await stage.state("99M", "2016-17", 1)
    assert (await stage.state("99M", "2015-16", 1)).is_new


async def test_an_organisation_that_opens_after_the_year_or_is_only_proposed_is_refused(stage: Stage) -> None:
    first = date(2014, 12, 1)
    await stage.hear(
        OrganisationProposed(effective_on=first, stated_at=at(first), code="13T", name="NHS 13T CCG", kind="ccg")
    )
    with pytest.raises(OrganisationNotOpen, match="13T is proposed since 2014-12-01, and so not open in 2015-16"):
        await stage.state("13T", "2015-16", 1)
    opened = OrganisationOpened(
        effective_on=date(2015, 4, 1), stated_at=at(first, 12), code="13T", name="NHS 13T CCG", kind="ccg"
    )
    await stage.hear(opened)
    with pytest.raises(OrganisationNotOpen, match="13T opens on 2015-04-01, after 2014-15"):
        await stage.state("13T", "2014-15", 1)
    assert (await stage.state("13T", "2015-16", 1)).is_new


async def test_all_reasons_are_told_at_once(stage: Stage) -> None:
    with pytest.raises(NoRateYet) as refused:
        await stage.state("06H", "2012-13", 1)
    assert [reason.message for reason in refused.value.reasons] == [
        "2012-13: the first running-cost allowance is that of 2013-14",
        "06H opens on 2013-04-01, after 2012-13",
    ]


async def test_a_refused_statement_leaves_nothing_behind(stage: Stage) -> None:
    before = await stage.written()
    with pytest.raises(NoRateYet):
        await stage.state("06H", "2012-13", 1)
    assert await stage.written() == before


async def test_a_successor_gets_no_second_allowance_beside_what_its_predecessors_left(stage: Stage) -> None:
    await stage.state("10H", "2018-19", 1000)
    await stage.hear(bucks_merges())
    with pytest.raises(AllowanceFromPredecessors, match="what 10H left it by merger M-14Y; correct their populations"):
        await stage.state("14Y", "2018-19", 3000)
    assert (await stage.state("14Y", "2019-20", 3000)).is_new


async def test_a_predecessor_gets_no_allowance_that_its_successors_own_counts_already(stage: Stage) -> None:
    await stage.hear(bucks_merges(date(2018, 10, 1)))
    await stage.state("14Y", "2018-19", 3000)
    with pytest.raises(SuccessorHasItsOwn, match="14Y, which followed 10H, has a population of its own"):
        await stage.state("10H", "2018-19", 1000)
    assert (await stage.state("10H", "2017-18", 1000)).is_new


async def test_only_a_finance_lead_of_the_organisation_or_of_a_successor_may_state(stage: Stage) -> None:
    with pytest.raises(NotYoursToDecide):
        await stage.state("10H", "2017-18", 1, by=a_lead("10Y"))
    with pytest.raises(RoleMissing):
        await stage.state("10H", "2017-18", 1, by=Caller("x", frozenset({Role.CONTRACT_LEAD}), frozenset({"10H"})))
    with pytest.raises(NotYoursToDecide):
        await stage.state("10H", "2017-18", 1, by=a_lead("14Y"))
    await stage.hear(bucks_merges())
    assert (await stage.state("10H", "2017-18", 1, by=a_lead("14Y"))).is_new


async def test_two_who_correct_at_once_do_so_one_after_the_other(stage: Stage) -> None:
    await stage.state("06H", "2013-14", 1)
    asked: list[int] = []
    async with asyncio.TaskGroup() as tasks:
        for population in (2, 3):
            tasks.create_task(stage.state("06H", "2013-14", population, expect=asked.append))
    assert sorted(asked) == [1, 2]


async def test_a_statement_made_while_its_ccg_merges_waits_and_flows_on(stage: Stage) -> None:
    await stage.state("10Y", "2018-19", 500)
    async with stage.database.begin() as session:
        await stage.deliver(session, a_merger("14Y", "10H", "10Y", on=date(2018, 10, 1)))
        holder = await backend(session)
        stating = asyncio.create_task(stage.state("10H", "2018-19", 1000))

        async def waits() -> bool:
            waiting = "SELECT FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))"
            return bool(await stage.database.fetch(waiting, holder))

        await until(waits, within=10)
        assert not stating.done()
    await stating
    moved = (await stage.seen("14Y", "2018-19")).moved
    assert [(row["predecessors"], row["population"]) for row in moved] == [(["10H", "10Y"], 1500)]
