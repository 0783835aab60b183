"""Procedures as dated packs: windows, criteria, weights; a new row changes an answer without code."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.rulepacks import RulePack, load_packs
from services.registry.applications.criteria import Evidence, Judgement, judge
from services.registry.applications.models import Result
from services.registry.applications.procedures import earliest_effect, procedures_on
from services.registry.applications.rules import fewest_applicants
from services.registry.core import rule_packs
from services.registry.core.kinds import Kind
from services.registry.core.rule_packs import PACKS
from services.registry.mergers.rules import law_on
from tests.registry.applications.applicants import apply, determine, fields
from tests.support.registry_client import RegistryClient

RULES = Path(rule_packs.__file__).parents[1] / "rules"
IN_2016 = date(2016, 12, 1)

WINDOWS = [
    ("2013-06-01", "2014-04-01", ["PROC-2013"]),
    ("2013-06-02", "2015-04-01", ["PROC-2013"]),
    ("2014-03-31", "2015-04-01", ["PROC-2013"]),
    ("2014-04-01", "2015-04-01", ["MORATORIUM", "PROC-2013"]),
    ("2016-11-02", "2018-04-01", ["MORATORIUM", "PROC-2013"]),
    ("2016-11-03", None, ["PROC-2016"]),
    ("2019-09-30", "2020-04-01", ["PROC-2019"]),
    ("2019-10-01", "2021-04-01", ["PROC-2019"]),
    ("2013-05-31", None, []),
]


@pytest.mark.parametrize(("filed_on", "effect", "packs"), WINDOWS)
def test_what_is_filed_on_a_day_takes_effect_by_the_window_in_force(
    filed_on: str, effect: str | None, packs: list[str]
) -> None:
    found = procedures_on(date.fromisoformat(filed_on), Kind.CCG)
    assert [one.pack.id for one in found] == packs
    assert earliest_effect(found) == (date.fromisoformat(effect) if effect else None)


@given(st.dates(date(2013, 6, 1), date(2016, 11, 2)), st.integers(0, 400))
def test_filing_later_never_takes_effect_earlier(filed_on: date, days: int) -> None:
    later = min(date.fromordinal(filed_on.toordinal() + days), date(2016, 11, 2))
    first, second = (earliest_effect(procedures_on(day, Kind.CCG)) for day in (filed_on, later))
    assert first is not None
    assert second is not None
    assert filed_on < first <= second
    assert (first.month, first.day) == (4, 1)


async def test_the_procedures_of_a_day_are_told_with_weight_and_source(registry: RegistryClient) -> None:
    told = await registry.call("GET", "/merger-procedures", params={"filed_on": "2015-05-01"})
    assert told["earliest_effect"] == "2016-04-01"
    by_id = {one["id"]: one for one in told["procedures"]}
    assert by_id["MORATORIUM"]["weight"] == "advisory"
    assert "informal ban, HSJ" in by_id["MORATORIUM"]["note"].replace("Informal", "informal")
    assert (by_id["PROC-2013"]["weight"], by_id["PROC-2013"]["next_variation_window"]) == ("binding", "2015-06-01")
    assert by_id["PROC-2013"]["dissolution"].startswith("Any time")
    nothing = await registry.call("GET", "/merger-procedures", params={"filed_on": "2012-01-01", "kind": "icb"})
    assert (nothing["procedures"], nothing["earliest_effect"]) == ([], None)


async def test_a_day_before_the_window_allows_is_refused_naming_the_pack(registry: RegistryClient) -> None:
    await registry.move_clock("2013-06-02")
    await registry.open("10H", "10Y")
    refused = await apply(registry, "14Y", "10Y", "10H", effective_on="2014-04-01", expect=409)
    assert fields(refused) == {"effective_on"}
    assert "PROC-2013" in refused["detail"]
    assert "2015-04-01" in refused["detail"]


def test_a_new_row_in_a_pack_changes_the_window_without_code(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    folder.mkdir()
    text = (RULES / "procedures.toml").read_text()
    new = """
[[pack]]
id = "PROC-2014-TEST"
subject = "ccg-merger-procedure"
title = "A later deadline"
citation = "This test"
effective_from = 2013-06-02
effective_to = 2013-12-31
weight = "binding"

[pack.values]
filed_by = ["ccg"]
merger_window = { file_by = "06-30", takes_effect = "10-01" }
"""
    (folder / "procedures.toml").write_text(text.replace('share = "1/5"', 'share = "1/4"') + new)
    packs = load_packs(folder)
    day = date(2013, 6, 10)
    found = procedures_on(day, Kind.CCG, packs=packs)
    assert [(one.pack.id, one.earliest_effect) for one in found] == [
        ("PROC-2014-TEST", date(2013, 10, 1)),
        ("PROC-2013", date(2015, 4, 1)),
    ]
    evidence = Evidence(["A", "B"], planned_pence=80_00, baseline_pence=100_00)
    results = {
        name: judge((one.pack for one in procedures_on(IN_2016, Kind.CCG, packs=rules)), evidence)[0].result
        for name, rules in (("as it is", PACKS), ("stricter", packs))
    }
    assert results == {"as it is": Result.PASSES, "stricter": Result.FAILS}


async def test_a_new_row_changes_the_registrys_own_answers(
    registry: RegistryClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registry.move_clock("2019-10-01")
    await registry.open("10H", "10Y")
    assert (await apply(registry, "14Y", "10Y", "10H"))["effective_on"] == "2021-04-01"
    text = (RULES / "procedures.toml").read_text().replace('file_by = "09-30"', 'file_by = "10-31"')
    (tmp_path / "procedures.toml").write_text(text)
    (tmp_path / "ccg-mergers.toml").write_text((RULES / "ccg-mergers.toml").read_text())
    monkeypatch.setattr("services.registry.applications.procedures.PACKS", load_packs(tmp_path))
    told = await registry.call("GET", "/merger-procedures", params={"filed_on": "2019-10-01"})
    assert told["earliest_effect"] == "2020-04-01"
    assert (await apply(registry, "15A", "10Y", "10H"))["effective_on"] == "2020-04-01"


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**9),
)
def test_one_fifth_is_judged_to_the_penny(baseline: int, planned: int) -> None:
    [pack] = [one.pack for one in procedures_on(IN_2016, Kind.CCG)]
    evidence = Evidence(["A", "B"], planned_pence=planned, baseline_pence=baseline)
    [saving, *others] = judge([pack], evidence)
    assert (saving.result is Result.PASSES) is (Fraction(planned) <= Fraction(4, 5) * baseline)
    assert {one.result for one in others} == {Result.UNJUDGED, Result.NOT_FOUND}


def test_each_criterion_is_judged_by_itself() -> None:
    [pack] = [one.pack for one in procedures_on(IN_2016, Kind.CCG)]
    nothing = {one.criterion: one.result for one in judge([pack], Evidence(["A", "B"]))}
    judged = judge([pack], Evidence(["A", "B"], judgements={"critical_mass": Judgement(passes=False, reasons="Small")}))
    found = {one.criterion: one.result for one in judged}
    assert found == {**nothing, "critical_mass": Result.FAILS}
    assert nothing["sixth_criterion"] == "not found, unjudged"
    assert {one.pack for one in judged} == {"PROC-2016"}


async def test_nhs_england_judges_a_criterion_and_the_latest_word_counts(registry: RegistryClient) -> None:
    await registry.move_clock("2016-12-01")
    await registry.open("10H", "10Y")
    await apply(registry, "14Y", "10Y", "10H", effective_on="2018-04-01")
    path = "/merger-applications/A-14Y/judgements"
    for version, passes in ((1, False), (2, True)):
        body = {"criterion": "logical_footprint", "passes": passes, "reasons": f"Word {version}"}
        await registry.change(path, version=version, body=body)
    found = await registry.call("GET", "/merger-applications/A-14Y")
    [one] = [one for one in found["criteria"] if one["criterion"] == "logical_footprint"]
    assert (one["result"], one["why"]) == ("passes", "Word 2")
    for criterion in ("saves_management_costs", "sixth_criterion", "luck"):
        body = {"criterion": criterion, "passes": True, "reasons": "No"}
        refused = await registry.change(path, version=3, body=body, expect=409)
        assert fields(refused) == {"criterion"}
    await determine(registry, "A-14Y", "approved")
    closed = {"criterion": "logical_footprint", "passes": True, "reasons": "Late"}
    assert (await registry.change(path, version=4, body=closed, expect=409))["type"].endswith("/determined-already")


def test_icbs_merge_under_a_law_of_their_own() -> None:
    law = law_on(date(2027, 4, 1), Kind.ICB)
    assert law is not None
    assert "14Z27" in law.citation
    assert law_on(date(2022, 6, 30), Kind.ICB) is None
    assert [one.pack.id for one in procedures_on(date(2025, 9, 22), Kind.ICB)] == ["ICB-PROC-2023"]
    assert [one.pack.id for one in procedures_on(date(2025, 9, 23), Kind.ICB)] == ["ICB-PROC-2025", "ICB-PROC-2023"]


def test_how_many_have_to_apply_is_the_laws() -> None:
    def three(pack: RulePack) -> RulePack:
        return pack.model_copy(update={"values": pack.values | {"minimum_predecessors": 3}})

    stricter = [three(one) if one.subject == "ccg-merger" else one for one in PACKS]
    day = date(2018, 4, 1)
    assert [fewest_applicants(day, Kind.CCG, packs=packs) for packs in (PACKS, stricter)] == [2, 3]
    assert fewest_applicants(date(2013, 3, 31), Kind.CCG) == 1
