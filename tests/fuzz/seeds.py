"""What the services hold before they are fuzzed: bodies of several kinds, a merger, a contract, a body with posts."""

from datetime import date

from libs.common.identity import Role
from tests.support.platform import Platform

OPENED, MERGED = "2013-04-01", "2018-04-01"
_KINDS = {"0CX": "csu", "RXQ": "nhs_trust", "K82001": "gp_practice", "Y56": "nhs_england_region", "RL4": "nhs_trust"}
_KINDS |= {"QMJ": "icb", "QRV": "icb"}


async def fill(platform: Platform) -> None:
    """State some facts in each service, as callers would, and let the others hear of them."""
    await platform.move_clocks(date(2013, 4, 1))
    await _organisations(platform)
    await _plans(platform)
    await platform.caught_up()
    await _contract(platform)
    await _supplier(platform)
    await _population(platform)
    await _governing_body(platform)
    await platform.move_clocks(date(2018, 4, 2))
    await _route(platform)


async def _organisations(platform: Platform) -> None:
    bodies = [{"code": code, "kind": "ccg"} for code in ("10H", "10Y", "05C", "05Y", "06A", "06D", "06F")]
    bodies += [{"code": code, "kind": kind} for code, kind in _KINDS.items()]
    named = [{**body, "name": f"NHS {body['code']}", "effective_on": OPENED} for body in bodies]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": named})
    for successor, predecessors, day in (("14Y", ["10H", "10Y"], MERGED), ("D2P2L", ["05C", "05Y"], "2021-04-01")):
        merger = {
            "successor": successor,
            "successor_name": f"NHS {successor} CCG",
            "predecessors": predecessors,
            "effective_on": day,
        }
        await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger)


async def _plans(platform: Platform) -> None:
    plan = {"reference": "06A-MCP", "model": "mcp", "name": "Wolverhampton", "place": "06A", "planned_for": MERGED}
    await platform.call("POST", "registry", "/care-models", json={**plan, "partners": ["RL4"]})
    await platform.call("POST", "registry", "/watch-lists", json={"name": "North East", "codes": ["10H", "05C"]})
    cluster = {"name": "London", "icbs": ["QMJ", "QRV"], "shares": ["chair"], "effective_on": OPENED}
    await platform.call("POST", "registry", "/clusters", json=cluster)
    application = {
        "successor": "15F",
        "successor_name": "NHS 15F CCG",
        "applicants": ["06D", "06F"],
        "filed_by": "06D",
        "constitution": "https://example.org/constitution",
        "accountable_officer": "P-1",
        "effective_on": MERGED,
    }
    await platform.call("POST", "registry", "/merger-applications", json=application)


async def _contract(platform: Platform) -> None:
    terms = {
        "title": "Commissioning support",
        "supplier": "0CX",
        "customers": ["10H", "10Y"],
        "starts_on": OPENED,
        "last_day": "2020-03-31",
        "lines": [{"function": "payroll", "annual_pence": 1_200_000}],
        "value_basis": "illustrative",
    }
    for reference in ("SUPPORT-1", "SUPPORT-2"):
        await platform.call("POST", "contracts", "/contracts", json={**terms, "reference": reference})
    path, version = "/contracts/SUPPORT-1/signature", {"If-Match": '"1"'}
    await platform.call("POST", "contracts", path, json={}, headers=version, organisations=("10H", "10Y"))


async def _supplier(platform: Platform) -> None:
    """What is stated of a supplier, and what came of its assessment."""
    stated: dict[str, dict[str, object]] = {
        "states": {"state": "hosted", "host": "X24", "scope": "end_to_end", "effective_on": OPENED},
        "costs": {"fixed_pence": 900_000, "per_head_pence": 0, "heads": 1, "basis": "stated", "effective_on": OPENED},
        "offers": {"functions": {"it": []}, "commissioners": ["10H"], "effective_on": OPENED},
        "assessments": {
            "assessed_on": OPENED,
            "results": dict.fromkeys(("leadership", "customer", "business", "delivery"), "met"),
        },
    }
    for what, body in stated.items():
        await platform.call("POST", "contracts", f"/suppliers/0CX/{what}", json=body)


async def _route(platform: Platform) -> None:
    compared = {
        "reference": "ROUTES-1",
        "organisation": "06A",
        "partnership": "SEP1",
        "project": "A health centre",
        "quotes": {"sep_pence": 2, "framework_pence": 3, "stand_alone_pence": 4},
        "chosen": "sep",
        "decided_on": "2018-04-02",
    }
    await platform.call("POST", "contracts", "/route-comparisons", json=compared)


async def _population(platform: Platform) -> None:
    stated = {"population": 205_000, "source": "NHS England"}
    for code in ("10H", "10Y"):
        await platform.call("PUT", "finance", f"/organisations/{code}/populations/2018-19", json=stated)


async def _governing_body(platform: Platform) -> None:
    named = {"organisation": "10H", "display_name": "An officer"}
    person = (await platform.call("POST", "governance", "/people", json=named))["person"]
    body = {"organisation": "10H", "first_day": OPENED, "posts": [{"title": "Chair"}]}
    await platform.call("POST", "governance", "/bodies", json=body)
    appointment = {"post": "10H/accountable-officer", "person": person, "first_day": OPENED}
    await platform.call("POST", "governance", "/appointments", json=appointment)
    unmet = {"criterion": 41, "domain": "governance", "level": 4, "functions": ["contract.award"]}
    decided = {"organisation": "10H", "decided_on": OPENED, "conditions": [unmet | {"exercised_by": "05C"}]}
    await platform.call("POST", "governance", "/authorisations", json=decided)
