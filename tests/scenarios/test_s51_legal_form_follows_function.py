"""S51: what a federation of each legal form may hold and distribute, from dated packs of registry and contracts."""

from datetime import date
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

FORMS = (
    "company_limited_by_shares",
    "company_limited_by_guarantee",
    "cic_limited_by_shares",
    "cic_limited_by_guarantee",
    "industrial_and_provident_society",
    "charity",
    "limited_liability_partnership",
)
GMS = {
    "company_limited_by_shares": "yes",
    "company_limited_by_guarantee": "no",
    "cic_limited_by_shares": "not found",
    "cic_limited_by_guarantee": "no",
    "industrial_and_provident_society": "no",
    "charity": "no",
    "limited_liability_partnership": "no",
}
DISTRIBUTES = {
    "company_limited_by_shares": "yes",
    "company_limited_by_guarantee": "no",
    "cic_limited_by_shares": "yes",
    "cic_limited_by_guarantee": "no",
    "industrial_and_provident_society": "not found",
    "charity": "no",
    "limited_liability_partnership": "not found",
}


async def ask(platform: Platform, path: str, **asked: str) -> Any:
    return await platform.call("GET", "registry", path, Role.PARTNER, params=asked)


async def say(platform: Platform, path: str, body: dict[str, Any]) -> Any:
    return await platform.call("POST", "registry", path, Role.REGISTRAR, json=body)


@pytest.mark.parametrize(
    ("profit", "capped", "as_at"),
    [(10_000_000, 3_500_000, "2015-05-09"), (7_777_777, 2_722_221, "2022-11-01")],
)
async def test_s51_a_federation_of_each_form_holds_and_distributes_what_its_form_allows(
    platform: Platform, profit: int, capped: int, as_at: str
) -> None:
    most = {"yes": profit, "no": 0, "not found": None}
    for number, form in enumerate(FORMS):
        body = {
            "code": f"FED{number}",
            "name": form,
            "effective_on": "2013-04-01",
            "legal_form": form,
            "remit": "enhanced_services",
        }
        await say(platform, "/federations", body)
        shown = await ask(platform, f"/federations/FED{number}/standing", as_at=as_at, profit_pence=str(profit))
        assert (shown["may_hold"]["gms"], shown["may_hold"]["apms"]) == (GMS[form], "yes")
        may = shown["distribution"]
        assert may["may_distribute"] == DISTRIBUTES[form]
        assert may["most_pence"] == (capped if form == "cic_limited_by_shares" else most[DISTRIBUTES[form]])
        assert (may["asset_lock"] is True) == form.startswith("cic")
        assert shown["remit"] == "Holds the enhanced services of its practices"
        assert shown["rule_pack"]
        assert shown["citation"]
    await platform.caught_up()
    for number, form in enumerate(FORMS):
        asked = {"organisation": f"FED{number}", "as_at": as_at}
        holdings = await platform.call("GET", "contracts", "/holdings", Role.PARTNER, params=asked)
        may_hold = {one["form"]: one["may_hold"] for one in holdings["holdings"]}
        assert (holdings["legal_form"], may_hold["gms"], may_hold["apms"]) == (form, GMS[form], "yes")
        unknown = [one for one in may_hold if may_hold[one] == "not found"]
        assert [warning.rsplit(" ", 1)[1] for warning in holdings["warnings"]] == unknown
        assert {one["rule_pack"][:20] for one in holdings["holdings"]} == {"primary-care-holders"}


@pytest.mark.parametrize(("before", "since"), [("2014-07-31", "2014-08-01"), ("2013-04-01", "2020-01-01")])
async def test_s51_a_society_is_shown_as_registered_from_august_2014(
    platform: Platform, before: str, since: str
) -> None:
    form = "industrial_and_provident_society"
    body = {
        "code": "IPS",
        "name": "A society",
        "effective_on": "2013-04-01",
        "legal_form": form,
        "remit": "community_services",
    }
    await say(platform, "/federations", body)
    shown = [(await ask(platform, "/federations/IPS/standing", as_at=day))["shown_as"] for day in (before, since)]
    assert shown == ["industrial_and_provident_society", "registered_society"]


@pytest.mark.parametrize("as_at", ["2015-05-09", "2024-01-01"])
async def test_s51_the_matrix_is_whole_and_says_where_no_source_speaks(platform: Platform, as_at: str) -> None:
    matrix = {one["form"]: one for one in (await ask(platform, "/federations/matrix", as_at=as_at))["forms"]}
    assert set(FORMS) <= set(matrix)
    assert {form: matrix[form]["may_hold"]["gms"] for form in FORMS} == GMS
    assert {form: matrix[form]["may_distribute"] for form in FORMS} == DISTRIBUTES
    answers = {answer for one in matrix.values() for answer in (*one["may_hold"].values(), one["may_distribute"])}
    assert answers == {"yes", "no", "not found"}
    assert matrix["cic_limited_by_shares"]["most_percent"] == 35
    assert all(one["citation"] and one["rule_pack"] for one in matrix.values())


@pytest.mark.parametrize(("people", "usual"), [(539_000, 61_250), (24_999, 100_000)])
async def test_s51_an_unusual_size_is_warned_of_and_refuses_nothing(
    platform: Platform, people: int, usual: int
) -> None:
    form = "company_limited_by_guarantee"
    for code, number in (("SUFFED", people), ("USUAL", usual)):
        body = {
            "code": code,
            "name": code,
            "effective_on": "2013-04-01",
            "legal_form": form,
            "remit": "community_services",
        }
        await say(platform, "/federations", body)
        count = {"basis": "registered", "people": number, "effective_on": "2014-04-01"}
        await say(platform, f"/organisations/{code}/populations", count)
    shown = await ask(platform, "/federations/SUFFED/standing", as_at="2015-05-09")
    assert shown["population"]["people"] == people
    [warning] = shown["warnings"]
    assert f"{people:,}" in warning["message"]
    assert (await ask(platform, "/federations/USUAL/standing", as_at="2015-05-09"))["warnings"] == []


@pytest.mark.parametrize(
    ("day", "form", "signed", "warned", "refused", "later"),
    [
        (
            date(2015, 5, 9),
            "gms",
            "company_limited_by_shares",
            "cic_limited_by_shares",
            "limited_liability_partnership",
            "company_limited_by_guarantee",
        ),
        (
            date(2014, 2, 1),
            "pms",
            "company_limited_by_shares",
            "partnership",
            "cic_limited_by_guarantee",
            "industrial_and_provident_society",
        ),
    ],
)
async def test_s51_gms_and_pms_are_signed_by_who_may_hold_them_and_a_later_form_is_a_finding(
    platform: Platform, day: date, form: str, signed: str, warned: str, refused: str, later: str
) -> None:
    await platform.move_clocks(day)
    await say(platform, "/organisations", a_ccg("06T"))
    for code, legal_form in (("FEDA", signed), ("FEDB", warned), ("FEDC", refused)):
        opened = {"name": code, "effective_on": "2013-04-01", "legal_form": legal_form, "remit": "enhanced_services"}
        await say(platform, "/federations", {"code": code, **opened})
    await platform.caught_up()
    codes = ("FEDA", "FEDB", "FEDC")
    answers = {code: await sign(platform, f"{form.upper()}-{code}", code, form, day) for code in codes}
    assert (answers["FEDA"]["status"], answers["FEDB"]["status"]) == ("active", "active")
    assert answers["FEDC"]["type"].endswith("/form-cannot-hold")
    assert [reason["field"] for reason in answers["FEDC"]["reasons"]] == ["supplier"]
    assert await findings(platform) == [("guidance", [f"{form.upper()}-FEDB", "FEDB"])]

    # Another form later under the contract: a finding, and no end.
    shown = await platform.clients["registry"].get(
        "/v1/organisations/FEDA", headers=platform.tokens.header(Role.REGISTRAR)
    )
    change = {"legal_form": later, "effective_on": day.isoformat()}
    tag = {"If-Match": shown.headers["ETag"]}
    path = "/organisations/FEDA/legal-form"
    await platform.call("POST", "registry", path, Role.REGISTRAR, json=change, headers=tag)
    await platform.caught_up()
    assert ("form_cannot_hold", [f"{form.upper()}-FEDA", "FEDA"]) in await findings(platform)
    contract = await platform.call("GET", "contracts", f"/contracts/{form.upper()}-FEDA", Role.CONTRACT_LEAD)
    assert contract["status"] == "active"


async def sign(platform: Platform, reference: str, supplier: str, form: str, day: date) -> Any:
    """Draft a contract of the form with the federation, and sign it for the CCG; the answer of the signature."""
    lines = [{"function": "other", "annual_pence": 1_000_000}]
    body = a_contract(reference=reference, customers=["06T"], supplier=supplier, lines=lines, starts_on=day.isoformat())
    body |= {"form": form}
    asked: dict[str, Any] = {"organisations": ("06T",), "headers": {"If-Match": '"1"'}}
    await platform.call("POST", "contracts", "/contracts", Role.CONTRACT_LEAD, json=body, organisations=("06T",))
    path = f"/contracts/{reference}/signature"
    return await platform.call("POST", "contracts", path, Role.CONTRACT_LEAD, json={}, expect=(201, 409), **asked)


async def findings(platform: Platform) -> list[tuple[str, list[str]]]:
    """The findings that the CCG reads: kind, and what each is about."""
    found = await platform.call("GET", "contracts", "/findings", Role.CONTRACT_LEAD, organisations=("06T",))
    return [(one["kind"], one["about"]) for one in found["items"]]
