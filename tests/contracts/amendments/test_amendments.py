"""Amendments: limits of rule EXIT-6 as a table, and the lines of a contract in two times."""

from datetime import date
from typing import Any

import pytest

from services.contracts.amendments.commands import AmendContract, amend_contract
from services.contracts.amendments.errors import ModificationGroundUnknown, ModificationTooLarge
from services.contracts.amendments.queries import list_amendments
from services.contracts.amendments.rules import Change, limits_of, why_not_modify
from services.contracts.core.errors import DocumentMissing, ExitOutsideTerm, NotSigned
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


async def amend(harness: ContractsHarness, lines: dict[str, int], *, on: date, day: date, **others: Any) -> str:
    command = AmendContract.model_validate(
        {
            "effective_on": day.isoformat(),
            "lines": [{"function": code, "annual_pence": pence} for code, pence in lines.items()],
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
            by=LEADS,
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
    number = await amend(harness, {"payroll": 12_000_000, "bi": 2_000_000}, on=on, day=day)
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
