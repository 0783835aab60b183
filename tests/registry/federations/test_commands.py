"""What a legal form may hold and distribute, on a day; and what the registry answers of a federation."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from libs.common.events.registry import OrganisationLegalFormChanged, OrganisationOpened, OrganisationRemitStated
from libs.common.identity import Role
from libs.common.rulepacks import load_packs
from services.registry.federations import rules as federation_rules
from services.registry.federations.queries import distribution
from services.registry.federations.rules import forms_on, matrix, rules_for, size_warning
from tests.support.registry_client import RegistryClient

IN_2015 = date(2015, 5, 9)
SUFFOLK = {
    "code": "SUFFED",
    "name": "Suffolk GP Federation",
    "effective_on": "2013-04-01",
    "legal_form": "cic_limited_by_guarantee",
    "remit": "extended_services",
}

EXTENDED = "Wins and holds contracts for extended services"

NEW_FORM = """
[[pack]]
id = "form-mutual-2030"
subject = "legal-form"
title = "Mutual"
citation = "an Act of a test"
effective_from = 2030-04-01
[pack.values]
form = "mutual"
may_hold = { gms = "yes" }
may_distribute = "yes"
most_percent = 12

[[pack]]
id = "form-mutual-2031"
subject = "legal-form"
title = "Mutual, with another cap"
citation = "an amending Act of a test"
effective_from = 2031-04-01
[pack.values]
form = "mutual"
may_hold = { gms = "yes", pms = "no" }
may_distribute = "yes"
most_percent = 20
"""

HOLDS = [
    ("company_limited_by_shares", "yes yes yes", "yes", 10_000_000),
    ("company_limited_by_guarantee", "no no yes", "no", 0),
    ("cic_limited_by_shares", "not found/not found/yes", "yes", 3_500_000),
    ("cic_limited_by_guarantee", "no no yes", "no", 0),
    ("industrial_and_provident_society", "no no yes", "not found", None),
    ("charity", "no/not found/yes", "no", 0),
    ("limited_liability_partnership", "no no yes", "not found", None),
]


@pytest.mark.parametrize(("form", "holds", "distributes", "pence"), HOLDS)
def test_each_form_holds_and_distributes_what_a_source_says(
    form: str, holds: str, distributes: str, pence: int | None
) -> None:
    rules = rules_for(form, IN_2015)
    assert rules is not None
    assert list(rules.may_hold.values()) == (holds.split("/") if "/" in holds else holds.split())
    may = distribution(rules, 10_000_000)
    assert (may.may_distribute, may.most_pence) == (distributes, pence)
    assert rules.pack.citation


def test_a_cap_gives_whole_pence_and_never_more_than_the_share() -> None:
    rules = rules_for("cic_limited_by_shares", IN_2015)
    assert rules is not None
    assert [distribution(rules, profit).most_pence for profit in (0, 1, 2, 3, 101)] == [0, 0, 0, 1, 35]
    assert distribution(rules, 101).asset_lock


def test_a_society_is_called_registered_from_the_first_of_august_2014() -> None:
    days = (date(2014, 7, 31), date(2014, 8, 1))
    forms = [rules_for("industrial_and_provident_society", day) for day in days]
    assert [rules.shown_as for rules in forms if rules] == ["industrial_and_provident_society", "registered_society"]
    assert [rules_for("registered_society", day) is None for day in days] == [True, False]


def test_the_size_of_a_federation_is_only_warned_of() -> None:
    warned = [size_warning(people, IN_2015) is not None for people in (24_999, 25_000, 100_000, 100_001, 539_000)]
    assert warned == [True, False, False, True, True]


def test_a_form_older_than_the_rules_can_be_stated_and_nothing_is_said_of_what_it_held() -> None:
    day = date(1995, 4, 1)
    assert "charity" in forms_on(day)
    assert "cic_limited_by_shares" not in forms_on(day)
    assert matrix(day) == []


def test_a_new_row_in_a_pack_changes_the_matrix_without_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "forms.toml").write_text(NEW_FORM)
    monkeypatch.setattr(federation_rules, "PACKS", load_packs(tmp_path))
    assert matrix(IN_2015) == []
    caps = [[(rules.form, rules.most_percent) for rules in matrix(date(year, 5, 1))] for year in (2030, 2031)]
    assert caps == [[("mutual", 12)], [("mutual", 20)]]


async def test_a_new_row_in_a_pack_changes_the_answer_over_http(
    registry: RegistryClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {**SUFFOLK, "legal_form": "mutual", "effective_on": "2030-04-01"}
    refused = await registry.call("POST", "/federations", json=body, expect=409)
    assert refused["type"].endswith("/legal-form-unknown")
    (tmp_path / "forms.toml").write_text(NEW_FORM)
    monkeypatch.setattr(federation_rules, "PACKS", load_packs(tmp_path))
    await registry.call("POST", "/federations", json=body, expect=201)
    asked = {"profit_pence": "10000000", "as_at": "2032-01-01"}
    standing = await registry.call("GET", "/federations/SUFFED/standing", params=asked)
    assert standing["distribution"]["most_pence"] == 2_000_000
    assert (standing["may_hold"]["pms"], standing["rule_pack"]) == ("no", "form-mutual-2031")


async def test_a_federation_is_opened_with_its_form_and_its_remit(registry: RegistryClient) -> None:
    await registry.call("POST", "/federations", json=SUFFOLK, expect=201)
    shown = await registry.ask("SUFFED", "2014-01-01")
    assert (shown["kind"], shown["legal_form"]) == ("gp_federation", "cic_limited_by_guarantee")
    assert shown["remit"] == EXTENDED
    assert [type(event) for event in await registry.told()] == [
        OrganisationOpened,
        OrganisationLegalFormChanged,
        OrganisationRemitStated,
    ]


async def test_form_and_remit_change_from_a_day(registry: RegistryClient) -> None:
    await registry.call("POST", "/federations", json=SUFFOLK)
    form = {"legal_form": "company_limited_by_shares", "effective_on": "2015-04-01"}
    await registry.change("/organisations/SUFFED/legal-form", version=1, body=form)
    remit = {"remit": "core_contracts", "effective_on": "2015-04-01"}
    await registry.change("/organisations/SUFFED/remit", version=2, body=remit)
    standings = [await standing(registry, day) for day in ("2015-03-31", "2015-04-01")]
    assert [one["may_hold"]["gms"] for one in standings] == ["no", "yes"]
    assert [one["remit"] for one in standings] == [EXTENDED, "Holds core contracts of general practice"]
    known = await standing(registry, "2015-04-01", as_known="2013-01-01")
    assert (known["legal_form"], known["may_hold"]["gms"], known["distribution"]) == (None, "not found", None)


async def test_a_form_that_no_pack_knows_is_refused_with_those_that_it_knows(registry: RegistryClient) -> None:
    early = {**SUFFOLK, "legal_form": "registered_society", "effective_on": "2014-07-31"}
    refused = await registry.call("POST", "/federations", json=early, expect=409)
    assert refused["type"].endswith("/legal-form-unknown")
    assert "industrial_and_provident_society" in refused["detail"]
    await registry.call("POST", "/federations", json={**early, "effective_on": "2014-08-01"}, expect=201)
    again = await registry.call("POST", "/federations", json={**early, "effective_on": "2014-08-01"}, expect=409)
    assert again["type"].endswith("/code-taken")


async def test_a_federation_is_opened_by_who_acts_for_it(registry: RegistryClient) -> None:
    refused = await registry.call(
        "POST", "/federations", Role.REGISTRAR, organisations=("06A",), json=SUFFOLK, expect=403
    )
    assert refused["type"].endswith("/not-yours-to-decide")
    await registry.call("POST", "/federations", Role.PARTNER, json=SUFFOLK, expect=403)


async def test_owners_show_with_their_exact_shares(registry: RegistryClient) -> None:
    await registry.call("POST", "/federations", json=SUFFOLK)
    await registry.open("D83001", "D83002", kind="gp_practice")
    await own(registry, {"D83001": "1/3", "D83002": None})
    shown = await standing(registry, "2014-01-01")
    assert shown["owners"] == [{"code": "D83001", "share": "1/3"}, {"code": "D83002", "share": None}]


async def test_a_body_of_no_stated_form_has_no_answer(registry: RegistryClient) -> None:
    await registry.open("RQM", kind="nhs_trust")
    shown = await registry.call("GET", "/federations/RQM/standing", params={"as_at": "2016-01-01"})
    assert (shown["legal_form"], shown["may_hold"]["gms"], shown["distribution"]) == (None, "not found", None)
    assert (shown["owners"], shown["population"], shown["warnings"]) == ([], None, [])
    whatever_form = (await registry.call("GET", "/federations/matrix", params={"as_at": "2016-01-01"}))["conditions"]
    assert any("Care Quality Commission" in condition for condition in whatever_form)
    assert shown["conditions"] == whatever_form
    await registry.call("GET", "/federations/NOBODY/standing", expect=404)


async def standing(registry: RegistryClient, as_at: str, **asked: str) -> dict[str, Any]:
    answer: dict[str, Any] = await registry.call(
        "GET", "/federations/SUFFED/standing", params={"as_at": as_at, **asked}
    )
    return answer


async def own(registry: RegistryClient, shares: dict[str, str | None]) -> None:
    for code, share in shares.items():
        body = {"relation": "owns", "other": "SUFFED", "share": share, "effective_on": "2013-04-01"}
        await registry.call("POST", f"/organisations/{code}/relations", json=body, expect=201)
