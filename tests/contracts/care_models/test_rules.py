"""Contracts for new care models: what a draft may state by the pack of its first day, as tables and properties."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from libs.common.temporal.months import last_day_of_term
from services.contracts.care_models.errors import OutsideCareModel
from services.contracts.care_models.rules import CareModelTerms, find_care_model, pack_on, why_too_long
from services.contracts.core.care_models import CareModel
from services.contracts.core.errors import FunctionUnknown, NoRuleInForce
from services.contracts.core.exit_terms import ExitTerms, ExtensionOption
from services.contracts.core.packs import PACKS
from tests.support.contracts_harness import a_draft

GMS = {"holder": "M87001", "form": "gms"}
STANDARD = {"holder": "RNA", "form": "standard"}
PARTIAL = {"kind": "mcp_partially_integrated", "beside": [GMS]}


def lines(*functions: str) -> list[dict[str, Any]]:
    return [{"function": function, "annual_pence": 1_000_000} for function in functions]


def scope(care_model: dict[str, Any] | None = None, **changed: Any) -> CareModel | None:
    """Return the care model of a draft from April 2017, of a partially integrated MCP where none is given."""
    terms = {"form": "care_model", "care_model": care_model or PARTIAL, "lines": lines("community_services", "it")}
    return a_draft(**(terms | changed)).care_model_in_scope()


def test_a_care_model_has_the_scope_and_the_term_of_its_kind() -> None:
    stated = PARTIAL | {"excludes": ["urgent_care", "payroll"], "beside": [GMS, GMS]}
    model = scope(stated, last_day="2032-03-31")
    assert model is not None
    assert (model.title, model.rule_pack) == ("Partially integrated MCP", "care-model-contracts-2016")
    assert (model.includes, model.excludes) == (
        ("community_services",),
        ("core_primary_care", "payroll", "urgent_care"),
    )
    assert ([one.holder for one in model.beside], model.ends_by) == (["M87001"], date(2032, 3, 31))
    assert a_draft().care_model_in_scope() is None


REFUSED = [
    ({}, {"last_day": "2032-04-01"}, [("last_day", "it runs to 2032-04-01")]),
    ({}, {"last_day": "2199-12-31", "exit_terms": {"open_ended": True}}, [("exit_terms.open_ended", "no end")]),
    ({}, {"exit_terms": {"renewal_months": 12}}, [("exit_terms.renewal_months", "renews")]),
    (
        {},
        {"last_day": "2027-03-31", "exit_terms": {"extensions": [{"months": 60}, {"months": 1}]}},
        [("exit_terms.extensions", "2032-04-30")],
    ),
    ({"kind": "aco"}, {}, [("care_model.kind", "pacs_fully_integrated")]),
    ({"excludes": ["astrology"]}, {}, [("care_model.excludes", "astrology")]),
    (
        {"excludes": ["community_services"]},
        {},
        [("care_model.excludes", "include community_services"), ("lines", "community_services is excluded")],
    ),
    ({"excludes": ["it"]}, {}, [("lines", "it is excluded")]),
    ({"beside": []}, {}, [("care_model.beside", "at least 1")]),
    ({"beside": [GMS, STANDARD]}, {}, [("care_model.beside.1.form", "not standard")]),
    ({"kind": "mcp_virtual", "beside": [GMS, GMS]}, {}, [("care_model.beside", "at least 2")]),
    (
        {"kind": "mcp_fully_integrated"},
        {},
        [("care_model.beside.0.form", "no other contract"), ("lines", "core_primary_care has to be a line")],
    ),
    (
        {},
        {"lines": lines("core_primary_care"), "last_day": "2040-03-31"},
        [
            ("lines", "core_primary_care is excluded"),
            ("lines", "community_services has to be a line"),
            ("last_day", "2032-03-31"),
        ],
    ),
]


@pytest.mark.parametrize(("model", "terms", "reasons"), REFUSED)
def test_what_goes_beyond_is_refused_with_every_reason(
    model: dict[str, Any], terms: dict[str, Any], reasons: list[tuple[str, str]]
) -> None:
    with pytest.raises(OutsideCareModel) as refused:
        scope(PARTIAL | model, **terms)
    assert [one.field for one in refused.value.reasons] == [field for field, _ in reasons]
    for reason, (_, fragment) in zip(refused.value.reasons, reasons, strict=True):
        assert fragment in reason.message


def test_an_unknown_line_is_refused_beside_what_is_outside_the_care_model() -> None:
    with pytest.raises(FunctionUnknown) as refused:
        scope(PARTIAL, lines=lines("astrology"), last_day="2040-03-31")
    assert [one.field for one in refused.value.reasons] == ["lines", "lines", "last_day"]


def test_services_of_care_are_lines_of_a_care_model_alone() -> None:
    with pytest.raises(FunctionUnknown, match="community_services"):
        a_draft(lines=lines("community_services")).care_model_in_scope()


def test_the_form_and_the_care_model_are_stated_together() -> None:
    with pytest.raises(OutsideCareModel) as refused:
        a_draft(form="care_model").care_model_in_scope()
    assert [one.field for one in refused.value.reasons] == ["care_model"]
    with pytest.raises(ValidationError, match="the form is not care_model"):
        a_draft(form="alliance", care_model=PARTIAL)


def test_there_is_no_such_contract_before_the_frameworks() -> None:
    with pytest.raises(NoRuleInForce, match="care-model-contracts"):
        scope(starts_on="2016-09-29")
    assert scope(starts_on="2016-09-30") is not None


def test_a_row_of_the_pack_changes_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    pack = pack_on(date(2017, 4, 1))
    kind = pack.values["kinds"]["mcp_partially_integrated"] | {"longest_years": 10, "excludes": ["mental_health"]}
    later = pack.model_copy(
        update={
            "id": "care-model-contracts-2019",
            "effective_from": date(2019, 4, 1),
            "values": pack.values | {"kinds": {"mcp_partially_integrated": kind}},
        }
    )
    monkeypatch.setattr("services.contracts.care_models.rules.PACKS", (*PACKS, later))
    shown = [scope(starts_on=day, last_day="2027-03-31") for day in ("2019-03-31", "2019-04-01")]
    assert [one and (one.ends_by, one.excludes) for one in shown] == [
        (date(2034, 3, 30), ("core_primary_care",)),
        (date(2029, 3, 31), ("mental_health",)),
    ]


@settings(max_examples=40, deadline=None)
@given(
    starts_on=st.dates(date(2016, 9, 30), date(2040, 12, 31)),
    months=st.integers(1, 179),
    late=st.integers(1, 400),
)
def test_a_term_and_its_extensions_reach_the_longest_term_and_no_day_beyond(
    starts_on: date, months: int, late: int
) -> None:
    model = find_care_model(CareModelTerms.model_validate(PARTIAL), starts_on)
    assert model is not None
    assert why_too_long(model, starts_on, model.ends_by) == []
    assert len(why_too_long(model, starts_on, model.ends_by + timedelta(days=late))) == 1
    first_end = last_day_of_term(starts_on, months)
    for more, refusals in ((180 - months, 0), (181 - months, 1)):
        terms = ExitTerms(extensions=(ExtensionOption(months=more),))
        assert len(why_too_long(model, starts_on, first_end, terms)) == refusals
