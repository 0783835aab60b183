"""Rates a head and the allowances that they give: figures that sources state."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from libs.common.money import pounds
from libs.common.rulepacks import RulePack, load_packs
from services.finance.allowances.errors import NoRateYet
from services.finance.allowances.rates import PACKS, SUBJECT, allowance_pence, rate_of
from services.finance.core.years import FinancialYear


def allowance(year: str, population: int) -> str:
    """A whole year's allowance, as people write it."""
    of = FinancialYear.parse(year)
    return pounds(allowance_pence(rate_of(of).pence, population, of, of.days))


@pytest.mark.parametrize(
    ("year", "population", "amount"),
    [
        ("2013-14", 856_000, "£21,400,000.00"),  # Cambridgeshire and Peterborough
        ("2014-15", 856_000, "£21,168,880.00"),
        ("2015-16", 856_000, "£18,891,920.00"),
        ("2025-26", 856_000, "£16,058,560.00"),
        ("2015-16", 530_000, "£11,697,100.00"),
        ("2013-14", 870_000, "£21,750,000.00"),  # NEW Devon
        ("2013-14", 88_000, "£2,200,000.00"),  # Surrey Heath
    ],
)
def test_an_allowance_is_the_rate_times_the_population(year: str, population: int, amount: str) -> None:
    assert allowance(year, population) == amount


def test_golden_17_an_envelope_is_half_of_what_was_spent_a_head() -> None:
    people = 3_000_000
    assert allowance("2025-26", people) == "£56,280,000.00"
    assert 2 * 1876 * people == 3752 * people == 112_560_000_00


@pytest.mark.parametrize(
    ("year", "pence", "pack", "found"),
    [
        ("2013-14", 2500, "rca-2013-14", True),
        ("2014-15", 2473, "rca-2014-15", True),
        ("2015-16", 2207, "rca-2015-16", True),
        ("2016-17", 2207, "rca-2015-16", False),
        ("2024-25", 2207, "rca-2015-16", False),
        ("2025-26", 1876, "icb-envelope-2025-26", True),
        ("2026-27", 1876, "icb-envelope-2025-26", False),
    ],
)
def test_a_year_without_a_rate_takes_the_last_one_before_and_says_so(
    year: str, pence: int, pack: str, found: bool
) -> None:
    rate = rate_of(FinancialYear.parse(year))
    assert (rate.pence, rate.pack.id, rate.found) == (pence, pack, found)


def test_before_the_first_rate_there_is_no_allowance() -> None:
    with pytest.raises(NoRateYet, match="2012-13: the first running-cost allowance is that of 2013-14"):
        rate_of(FinancialYear(2012))


@pytest.mark.parametrize(
    ("known", "pence", "high", "pack"),
    [
        ("2011-10-31", 2500, 3500, "rca-draft-2011-10"),
        ("2011-12-01", 2500, 3500, "rca-draft-2011-10"),
        ("2012-01-31", 2500, 2500, "rca-draft-2012-01"),
        ("2012-11-08", 2500, 2500, "rca-draft-2012-01"),
        ("2012-11-09", 2500, 2500, "rca-2013-14"),
    ],
)
def test_a_rate_is_that_of_the_pack_stated_last_by_then(known: str, pence: int, high: int, pack: str) -> None:
    instant = datetime.fromisoformat(known).replace(tzinfo=UTC)
    rate = rate_of(FinancialYear(2013), as_known=instant, with_drafts=True)
    assert (rate.pence, rate.high_pence, rate.pack.id, rate.basis) == (pence, high, pack, "registered")


def test_a_draft_sets_nothing_and_before_it_nothing_was_stated() -> None:
    year, before = FinancialYear(2013), datetime(2011, 10, 1, tzinfo=UTC)
    with pytest.raises(NoRateYet, match="no running-cost allowance had been stated by 2011-10-01"):
        rate_of(year, as_known=before, with_drafts=True)
    with pytest.raises(NoRateYet, match="no running-cost allowance had been stated by 2012-03-01"):
        rate_of(year, as_known=datetime(2012, 3, 1, tzinfo=UTC))


def test_every_pack_says_where_its_rate_is_written_and_what_else_was_stated() -> None:
    assert all(pack.citation and pack.note and pack.subject == SUBJECT for pack in PACKS)
    also = {pack.id: pack.values.get("rate_pence_also_stated") for pack in PACKS}
    assert (also["rca-2014-15"], also["rca-2015-16"]) == (2478, 2211)


def test_a_pack_rules_exactly_one_financial_year() -> None:
    for pack in PACKS:
        year = FinancialYear.of(pack.effective_from)
        assert (pack.effective_from, pack.effective_to) == (year.first_day, year.last_day)


def test_a_rate_that_is_not_whole_pence_is_refused(tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text(
        '[[pack]]\nid = "x"\nsubject = "running-cost-allowance"\ntitle = "X"\ncitation = "Y"\n'
        "effective_from = 2013-04-01\nvalues = { rate_pence = 25.5 }\n"
    )
    with pytest.raises(ValueError, match="rate_pence must be a whole number of pence"):
        rate_of(FinancialYear(2013), load_packs(tmp_path))


def test_an_inactive_pack_gives_no_rate() -> None:
    common = {"subject": SUBJECT, "title": "X", "citation": "Y", "values": {"rate_pence": 1}}
    first = RulePack(id="a", effective_from=date(2013, 4, 1), effective_to=date(2014, 3, 31), **common)
    proposed = RulePack(id="b", effective_from=date(2014, 4, 1), status="inactive", **common)
    assert rate_of(FinancialYear(2014), (first, proposed)).pack.id == "a"


def test_a_body_that_opens_within_the_year_gets_the_part_of_its_days() -> None:
    year = FinancialYear(2013)
    assert allowance_pence(2500, 365, year, 182) == 2500 * 182
    assert allowance_pence(2500, 365, year, year.days) == 2500 * 365
