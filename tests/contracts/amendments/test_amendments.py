"""Amendments: limits of rule EXIT-6 as a table, and the lines of a contract in two times."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Caller, NotYoursToDecide
from services.contracts.amendments.commands import AmendContract, amend_contract
from services.contracts.amendments.errors import ModificationGroundUnknown, ModificationTooLarge, TermsDisagree
from services.contracts.amendments.queries import list_amendments
from services.contracts.amendments.rules import Change, limits_of, why_not_modify
from services.contracts.core.errors import DocumentMissing, ExitOutsideTerm, NoticeTooLate, NotSigned
from services.contracts.exits.queries import get_exits
from tests.support.contracts_harness import EVERY_CODE, ContractsHarness, a_draft, a_lead, any_version, at, bucks_merges

LEADS = a_lead(*EVERY_CODE)
YEAR_2013, YEAR_2016, YEAR_2024, YEAR_2026 = (date(year, 6, 1) for year in (2013, 2016, 2024, 2026))
M4, M1 = 400_000_000, 100_000_000


@pytest.mark.parametrize(
    ("begun_on", "regime", "grounds", "change", "passes"),
    [
        (YEAR_2024, "psr_2023", "authority_decision", Change(M4, 99_999_999), True),
        (YEAR_2024, "psr_2023", "authority_decision", Change(M4, 100_000_000), False),
        (YEAR_2024, "psr_2023", "authority_decision", Change(M4, -100_000_000), False),
        (YEAR_2024, "psr_2023", "authority_decision", Change(M4, 50_000_000, 50_000_000), False),
        (YEAR_2024, "psr_2023", "authority_decision", Change(M4, 100_000_000, -1), True),
        (YEAR_2024, "psr_2023", "authority_decision", Change(M1, 49_999_999), True),
        (YEAR_2024, "psr_2023", "authority_decision", Change(M1, 50_000_000), False),
        (YEAR_2016, "pcr_2015", "unforeseen", Change(M1, 50_000_000, 50_000_000), True),
        (YEAR_2016, None, "additional_services", Change(M1, 50_000_001), False),
        (YEAR_2016, "pcr_2015", "unforeseen", Change(M1, -90_000_000), True),
        (YEAR_2016, "pcr_2015", "small", Change(M1, 4_000_000, 5_999_999), True),
        (YEAR_2016, "pcr_2015", "small", Change(M1, 4_000_000, 6_000_000), False),
        (YEAR_2016, "pcr_2015", "review_clause", Change(M1, 10 * M1), True),
        (YEAR_2024, "pcr_2015", "unforeseen", Change(M1, 50_000_001), False),
        (YEAR_2013, "pcr_2006", "unforeseen", Change(M1, 50_000_001), False),
        (YEAR_2026, "pa_2023", "known_risk", Change(M1, 50_000_000), True),
        (YEAR_2026, "pa_2023", "known_risk", Change(M1, 50_000_001), False),
        (YEAR_2026, "pa_2023", "small", Change(M1, -10_000_001), False),
        (YEAR_2026, "none", None, Change(M1, 10 * M1), True),
    ],
)
def test_limits_of_changes(
    begun_on: date, regime: str | None, grounds: str | None, change: Change, passes: bool
) -> None:
    found = why_not_modify(limits_of(begun_on, regime), grounds, change)
    assert [type(one) for one in found] == ([] if passes else [ModificationTooLarge])


@pytest.mark.parametrize(("day", "pack"), [(24, "modifications-2025"), (23, "modifications-2015")])
def test_the_law_is_that_of_the_day_on_which_the_procurement_began(day: int, pack: str) -> None:
    found = limits_of(date(2025, 2, day), None)
    assert found is not None
    assert found.id == pack
    [refusal] = why_not_modify(found, "authority_decision", Change(M1, 1))
    assert isinstance(refusal, ModificationGroundUnknown)
    assert pack in refusal.message


async def amend(
    harness: ContractsHarness,
    lines: dict[str, int] | None,
    *,
    on: date,
    day: date,
    by: Caller | None = None,
    **others: Any,
) -> str:
    command = AmendContract.model_validate(
        {
            "effective_on": day.isoformat(),
            "lines": lines and [{"function": code, "annual_pence": pence} for code, pence in lines.items()],
            "rationale": "Two practices more",
            "grounds": "unforeseen",
            "authority": "Minute 9",
        }
        | others
    )
    async with harness.database.begin() as session:
        amendment = await amend_contract(
            session,
            "CSU-BUCKS-2017",
            command,
            by=by or LEADS,
            today=on,
            stated_at=at(on),
            expect=any_version,
        )
        return amendment.reference


async def test_an_amendment_changes_the_lines_from_a_day_and_no_earlier_knowledge(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(lines=[{"function": "payroll", "annual_pence": 12_000_000}]))
    on, day = date(2017, 9, 1), date(2018, 4, 1)
    with pytest.raises(NotSigned):
        await amend(harness, {"payroll": 13_000_000}, on=on, day=day)
    await harness.sign(reference)
    with pytest.raises(DocumentMissing):
        await amend(harness, {"payroll": 13_000_000}, on=on, day=date(2017, 5, 1))
    with pytest.raises(ExitOutsideTerm):
        await amend(harness, {"payroll": 13_000_000}, on=on, day=date(2031, 5, 1))
    with pytest.raises(ModificationTooLarge):
        await amend(harness, {"payroll": 90_000_000}, on=on, day=day)
    lines = {"payroll": 12_000_000, "bi": 2_000_000}
    with pytest.raises(NotYoursToDecide):
        await amend(harness, lines, on=on, day=day, by=a_lead("10Y"))
    number = await amend(harness, lines, on=on, day=day, by=a_lead("10H"))
    [varied] = await harness.told("ContractVaried")
    assert (varied["effective_on"], varied["reason"], varied["amendment"]) == (day.isoformat(), "amended", number)
    assert (varied["functions"], varied["function_pence"]) == (["bi", "payroll"], [2_000_000, 12_000_000])
    assert varied["annual_pence"] == 14_000_000
    assert (await harness.seen(reference, as_at=date(2018, 3, 31)))["annual_pence"] == 12_000_000
    assert (await harness.seen(reference, as_at=day))["annual_pence"] == 14_000_000
    assert (await harness.seen(reference, as_at=day, as_known=at(date(2017, 8, 31))))["annual_pence"] == 12_000_000
    view = await list_amendments(harness.database, reference, by=LEADS, as_at=on, as_known=None)
    [shown] = view.amendments
    assert (shown.amendment, shown.rule_pack, shown.authority) == (number, "modifications-2015", "Minute 9")
    assert shown.change_pence > 0


async def test_a_merger_moves_an_amended_contract_with_its_charge_of_that_day(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(lines=[{"function": "payroll", "annual_pence": 12_000_000}]))
    await harness.sign(reference)
    await amend(harness, {"payroll": 13_000_000}, on=date(2017, 9, 1), day=date(2018, 1, 1))
    await harness.hear(bucks_merges())
    [moved] = await harness.told("ContractTransferred")
    assert moved["annual_pence"] == 13_000_000


EXIT_TERMS = {"payment_share": "1/2", "dual_running_months": 3, "breakage": [], "redundancy_payer": "customers"}


async def test_exit_terms_and_notice_are_amended_from_a_day_and_told_again(harness: ContractsHarness) -> None:
    reference = await harness.draft(a_draft(lines=[{"function": "payroll", "annual_pence": 12_000_000}]))
    await harness.sign(reference)
    [signed], [dates] = await harness.told("ExitTermsStated"), await harness.told("NoticeDatesStated")
    assert (signed["payment_share"], signed["breakage_pence"], signed["dual_running_pence"]) == ("", None, None)
    assert (dates["exit_on"][0], dates["last_notice_on"][0]) == ("2017-07-01", "2016-12-31")

    on, day = date(2017, 9, 1), date(2018, 4, 1)
    with pytest.raises(TermsDisagree) as refused:
        await amend(harness, None, on=on, day=day, exit_terms={"initial_months": 12}, earliest_exit_on="2031-01-01")
    assert [one.field for one in refused.value.reasons] == ["exit_terms", "earliest_exit_on"]
    guarantor = {"party": "RXX", "role": "guarantor"}
    number = await amend(
        harness, None, on=on, day=day, notice_months=12, exit_terms=EXIT_TERMS, other_parties=[guarantor]
    )
    told = (await harness.told("ExitTermsStated"))[-1]
    assert (told["effective_on"], told["payment_share"], told["breakage_pence"]) == ("2018-04-01", "1/2", 0)
    assert (told["dual_running_pence"], told["redundancy_payer"]) == (1_000_000, "customers")
    later = (await harness.told("NoticeDatesStated"))[-1]
    assert (later["exit_on"][0], later["last_notice_on"][0]) == ("2018-07-01", "2017-06-30")

    async def terms(as_at: date, as_known: date | None = None) -> tuple[int, int, str | None, list[Any]]:
        seen, view = await get_exits(
            harness.database, reference, by=LEADS, as_at=as_at, as_known=at(as_known) if as_known else None
        )
        return (
            seen.row["notice_months"],
            view.notice_months,
            seen.leaving.terms.payment_share,
            seen.row["other_parties"],
        )

    assert await terms(date(2018, 3, 31)) == (6, 6, None, [])
    assert await terms(day) == (12, 12, "1/2", [guarantor])
    assert await terms(day, date(2017, 8, 31)) == (6, 6, None, [])
    # A later amendment of the period alone keeps the rest; one of lines alone keeps all of it.
    await amend(harness, None, on=date(2018, 5, 1), day=date(2018, 6, 1), notice_months=9)
    await amend(harness, {"payroll": 12_600_000}, on=date(2018, 5, 2), day=date(2018, 7, 1))
    assert await terms(date(2018, 8, 1)) == (9, 9, "1/2", [guarantor])
    assert [one["dual_running_pence"] for one in (await harness.told("ExitTermsStated"))[-2:]] == [1_000_000, 1_050_000]
    view = await list_amendments(harness.database, reference, by=LEADS, as_at=on, as_known=None)
    assert [(one.amendment == number, one.lines is None, one.conditions is None) for one in view.amendments] == [
        (True, True, False),
        (False, True, False),
        (False, False, True),
    ]


async def test_notice_counts_by_the_terms_of_its_day(harness: ContractsHarness) -> None:
    reference = await harness.signed(a_draft(lines=[{"function": "payroll", "annual_pence": 12_000_000}]))
    await amend(harness, None, on=date(2017, 9, 1), day=date(2018, 4, 1), notice_months=12)
    with pytest.raises(NoticeTooLate, match="needs 12 months"):
        await harness.terminate(
            reference, on=date(2018, 4, 2), last_day=date(2019, 3, 31), notice_served_on=date(2018, 4, 2)
        )
    await harness.terminate(
        reference, on=date(2018, 3, 31), last_day=date(2018, 9, 30), notice_served_on=date(2018, 3, 31)
    )
    assert (await harness.seen(reference, as_at=date(2018, 4, 1)))["ends_on"] == date(2018, 9, 30)
