"""Issue 16, 1.2: a contract for a new care model states its term and scope; what it excludes is named and checked."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_contract
from tests.support.platform import Platform

GMS = {"holder": "M87001", "form": "gms"}


@dataclass(frozen=True)
class Case:
    """A contract that is allowed, what makes it wrong with the reasons, and an amendment that is wrong."""

    customer: str
    terms: dict[str, Any]
    shown: dict[str, Any]
    wrong: dict[str, Any]
    reasons: list[tuple[str, str]]
    excluded: str


def lines(**charges: int) -> list[dict[str, Any]]:
    return [{"function": function, "annual_pence": pence} for function, pence in charges.items()]


DUDLEY = Case(
    customer="05C",
    terms={
        "supplier": "DIHC",
        "starts_on": "2018-04-01",
        "last_day": "2033-03-31",
        "care_model": {"kind": "mcp_partially_integrated", "beside": [GMS]},
        "lines": lines(community_services=30_000_000_000, mental_health=3_300_000_000),
    },
    shown={
        "title": "Partially integrated MCP",
        "includes": ["community_services"],
        "excludes": ["core_primary_care"],
        "beside": [GMS],
        "ends_by": "2033-03-31",
    },
    wrong={
        "last_day": "2034-03-31",
        "lines": lines(core_primary_care=1),
        "care_model": {"kind": "mcp_partially_integrated", "beside": [{"holder": "RNA", "form": "standard"}]},
    },
    reasons=[
        ("care_model.beside.0.form", "it sits beside gms, pms, apms, not standard"),
        ("lines", "core_primary_care is excluded"),
        ("lines", "community_services has to be a line"),
        ("last_day", "it runs to 2034-03-31, and its longest term ends on 2033-03-31"),
    ],
    excluded="core_primary_care",
)
NORTHUMBERLAND = Case(
    customer="00L",
    terms={
        "supplier": "RTF",
        "starts_on": "2018-10-01",
        "last_day": "2028-09-30",
        "exit_terms": {"extensions": [{"months": 60}]},
        "care_model": {"kind": "pacs_fully_integrated", "excludes": ["social_care"]},
        "lines": lines(core_primary_care=4_100_000_001, community_services=2_000_000_000, acute_services=99),
    },
    shown={
        "title": "Fully integrated PACS",
        "includes": ["core_primary_care", "community_services", "acute_services"],
        "excludes": ["social_care"],
        "beside": [],
        "ends_by": "2033-09-30",
    },
    wrong={
        "exit_terms": {"extensions": [{"months": 61}]},
        "lines": lines(community_services=1, acute_services=1, social_care=1),
        "care_model": {"kind": "pacs_fully_integrated", "excludes": ["social_care"], "beside": [GMS]},
    },
    reasons=[
        ("care_model.beside.0.form", "it sits beside no other contract, not gms"),
        ("lines", "social_care is excluded"),
        ("lines", "core_primary_care has to be a line"),
        ("exit_terms.extensions", "with every extension it runs to 2033-10-31"),
    ],
    excluded="social_care",
)


async def test_a_care_models_contract_keeps_to_its_term_and_scope(platform: Platform) -> None:
    bodies = [a_ccg(case.customer) for case in (DUDLEY, NORTHUMBERLAND)]
    await platform.move_clocks(date(2018, 2, 1))
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": bodies})
    await platform.caught_up()
    for case in (DUDLEY, NORTHUMBERLAND):
        await goes_by_its_pack(platform, case)


async def goes_by_its_pack(platform: Platform, case: Case) -> None:
    path = f"/contracts/MODEL-{case.customer}"
    draft = a_contract(reference=f"MODEL-{case.customer}", customers=[case.customer], form="care_model", **case.terms)

    async def send(method: str, path: str, expect: int, body: dict[str, Any] | None = None, version: int = 1) -> Any:
        by: dict[str, Any] = {"organisations": (case.customer,), "headers": {"If-Match": f'"{version}"'}}
        return await platform.call(method, "contracts", path, Role.CONTRACT_LEAD, expect=expect, json=body, **by)

    refused = await send("POST", "/contracts", 409, draft | case.wrong)
    assert refused["type"].endswith("/outside-care-model")
    must_have_reasons(refused, case.reasons)
    must_have_reasons(
        await send("POST", "/contracts", 409, draft | {"care_model": None, "lines": lines(it=1)}),
        [("care_model", "states its care model")],
    )
    await send("POST", "/contracts", 422, draft | {"form": "sla"})

    made = await send("POST", "/contracts", 201, draft)
    pack = {"kind": case.terms["care_model"]["kind"], "rule_pack": "care-model-contracts-2016"}
    assert made["care_model"] == case.shown | pack
    revised = {name: value for name, value in (draft | case.wrong).items() if name != "reference"}
    must_have_reasons(await send("PUT", path, 409, revised), case.reasons)
    signed = await send("POST", f"{path}/signature", 201, {})

    day = f"{int(case.terms['starts_on'][:4]) + 1}-04-01"
    amendment = {
        "effective_on": day,
        "lines": [*case.terms["lines"], *lines(**{case.excluded: 100})],
        "rationale": "More is to be integrated",
        "grounds": "unforeseen",
        "authority": "Minute 9",
    }
    beyond = amendment | {"exit_terms": {"renewal_months": 12}}
    refused = await send("POST", f"{path}/amendments", 409, beyond, signed["version"])
    assert refused["type"].endswith("/outside-care-model")
    must_have_reasons(refused, [("lines", f"{case.excluded} is excluded"), ("exit_terms.renewal_months", "renews")])
    within = amendment | {"lines": [*case.terms["lines"], *lines(diagnostics=100)]}
    await send("POST", f"{path}/amendments", 201, within, signed["version"])
    seen = await send("GET", f"{path}?as_at={day}", 200)
    assert seen["care_model"] == made["care_model"]
    assert {one["function"] for one in seen["lines"]} == {one["function"] for one in within["lines"]}
    assert case.excluded not in {one["function"] for one in seen["lines"]}


def must_have_reasons(refused: dict[str, Any], reasons: list[tuple[str, str]]) -> None:
    """Fail unless a refusal has these reasons, each by its field and a part of its message."""
    assert [one["field"] for one in refused["reasons"]] == [field for field, _ in reasons]
    for one, (_, fragment) in zip(refused["reasons"], reasons, strict=True):
        assert fragment in one["message"]
