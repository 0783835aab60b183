"""A code typed in lower case is the same code: in paths, queries, bodies and tokens of the four services."""

import json
from pathlib import Path
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.platform import SERVICES, Platform

READS = (
    ("registry", "/organisations/14Y", "/organisations/14y"),
    ("registry", "/organisations/14Y/lineage", "/organisations/14y/lineage"),
    ("registry", "/mergers/M-14Y", "/mergers/m-14y"),
    ("registry", "/merger-applications/A-15F", "/merger-applications/a-15f"),
    ("registry", "/care-models/06A-MCP", "/care-models/06a-mcp"),
    ("registry", "/clusters/CL-QMJ", "/clusters/cl-qmj"),
    ("registry", "/mergers?code=14Y", "/mergers?code=14y"),
    ("registry", "/care-models?place=06A", "/care-models?place=06a"),
    ("registry", "/clusters?icb=QMJ", "/clusters?icb=qmj"),
    ("registry", "/changes?on=2018-04-01&code=14Y", "/changes?on=2018-04-01&code=14y"),
    ("registry", "/identifiers/ods/14Y", "/identifiers/ods/14y"),
    (
        "registry",
        "/crosswalks?from_day=2018-03-31&to_day=2018-04-01&codes=10H&codes=10Y",
        "/crosswalks?from_day=2018-03-31&to_day=2018-04-01&codes=10h&codes=10y",
    ),
    (
        "registry",
        "/merger-previews?predecessor=06A&predecessor=06D&effective_on=2019-04-01&successor=Z9Z",
        "/merger-previews?predecessor=06a&predecessor=06d&effective_on=2019-04-01&successor=z9z",
    ),
    ("contracts", "/contracts/SUPPORT-1", "/contracts/support-1"),
    ("contracts", "/contracts?customer=14Y", "/contracts?customer=14y"),
    ("contracts", "/suppliers/0CX/customers", "/suppliers/0cx/customers"),
    ("finance", "/organisations/10H/populations/2018-19", "/organisations/10h/populations/2018-19"),
    ("finance", "/allowances?organisation=10H", "/allowances?organisation=10h"),
    ("governance", "/bodies/10H-governing-body", "/bodies/10h-Governing-Body"),
    ("governance", "/appointments?post=10H/accountable-officer", "/appointments?post=10h/Accountable-Officer"),
    ("governance", "/vacancies?organisation=10H", "/vacancies?organisation=10h"),
)


async def test_a_code_is_read_in_either_case(platform: Platform) -> None:
    wrong, read = [], 0
    for name, upper, lower in READS:
        header = platform.tokens.header(*Role)
        expected = await platform.clients[name].get(f"/v1{upper}", headers=header)
        answer = await platform.clients[name].get(f"/v1{lower}", headers=header)
        read += expected.status_code == 200
        if (answer.status_code, answer.text) != (expected.status_code, expected.text) or not expected.is_success:
            wrong.append(f"{name}{lower}: {expected.status_code}, {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert read == len(READS)


async def test_a_body_names_codes_in_either_case(platform: Platform) -> None:
    found = await platform.call("POST", "registry", "/lookups", json={"codes": ["10h", "14Y", "zzz9"]})
    assert [one["code"] for one in found["organisations"]] == ["10H", "14Y"]
    assert found["unknown"] == ["ZZZ9"]
    opened = {"code": "z9z", "name": "NHS Sample CCG", "kind": "ccg", "effective_on": "2014-04-01"}
    made = await platform.call("POST", "registry", "/organisations", Role.REGISTRAR, json=opened)
    assert made["code"] == "Z9Z"
    merger = {
        "successor": "z9y",
        "successor_name": "NHS Other CCG",
        "predecessors": ["06a", "z9z"],
        "effective_on": "2020-04-01",
    }
    merged = await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger)
    assert (merged["reference"], merged["predecessors"]) == ("M-Z9Y", ["06A", "Z9Z"])
    again = await platform.call(
        "POST", "registry", "/mergers", json=merger | {"predecessors": ["06F", "06f"]}, expect=409
    )
    assert "06f" not in str(again)
    borne = {"system": "ons", "identifier": "e38000215", "effective_on": "2014-04-01"}
    path = "/organisations/z9z/identifiers"
    await platform.call("POST", "registry", path, Role.REGISTRAR, json=borne, headers={"If-Match": "*"})
    for typed in ("E38000215", "e38000215"):
        bearer = await platform.call("GET", "registry", f"/identifiers/ons/{typed}?as_at=2015-04-01")
        assert (bearer["code"], bearer["identifier"]) == ("Z9Z", "E38000215")
    draft = {
        "reference": "lower-1",
        "title": "Support",
        "supplier": "0cx",
        "customers": ["06d"],
        "starts_on": "2018-05-01",
        "last_day": "2020-03-31",
        "lines": [{"function": "payroll", "annual_pence": 1}],
        "value_basis": "illustrative",
    }
    drafted = await platform.call("POST", "contracts", "/contracts", json=draft)
    assert (drafted["reference"], drafted["supplier"]["code"]) == ("LOWER-1", "0CX")


async def test_a_token_names_codes_in_either_case(platform: Platform) -> None:
    seen = [
        await platform.call("GET", "finance", "/allowances", organisations=(code,)) for code in ("10H", "10h", "05C")
    ]
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.parametrize("name", SERVICES)
async def test_what_is_no_code_is_refused_in_plain_words(platform: Platform, name: str) -> None:
    path = {
        "registry": "/organisations/1-4",
        "contracts": "/suppliers/1-4/customers",
        "finance": "/organisations/1-4/populations/2018-19",
        "governance": "/vacancies?organisation=1-4",
    }[name]
    refused = await platform.call("GET", name, path, expect=422)
    assert [reason["message"] for reason in refused["reasons"]] == ["a code has 1 to 12 letters and digits"]


@pytest.mark.parametrize("name", SERVICES)
def test_no_code_of_a_document_is_of_capitals_alone(name: str, documents: dict[str, Any]) -> None:
    """Whatever takes capitals takes small letters too: a code is folded by `libs/common/codes.py`."""
    capitals = [pattern for pattern in _patterns(documents[name]) if "A-Z" in pattern and "a-z" not in pattern]
    assert not capitals


def _patterns(part: Any) -> list[str]:
    if isinstance(part, list):
        return [pattern for one in part for pattern in _patterns(one)]
    if not isinstance(part, dict):
        return []
    own = [part["pattern"]] if isinstance(part.get("pattern"), str) else []
    return own + [pattern for one in part.values() for pattern in _patterns(one)]


@pytest.fixture(scope="module")
def documents() -> dict[str, Any]:
    return {name: json.loads(Path(f"docs/openapi/{name}.json").read_text()) for name in SERVICES}
