"""S53: two CCGs vote to merge, and on the day contracts, budgets, officers and an agreement follow in every service."""

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from libs.common.identity import Role
from tests.support.ballots import Bodies
from tests.support.builders import a_ccg, a_contract
from tests.support.dossiers import INTACT, verdict
from tests.support.gathering import gathered, steps
from tests.support.platform import Platform

OPENED = date(2013, 4, 1)
SHARED_POSTS = {"accountable-officer": "An accountable officer", "chief-finance-officer": "A chief finance officer"}
MINUTES, PAPER = "a" * 64, "b" * 64


@dataclass(frozen=True)
class Merging:
    """Two CCGs that merge on a day: what each has a contract for, and what is in each line of its budget."""

    old: tuple[str, str]
    new: str
    day: date
    contracts: dict[str, str]
    lines: dict[str, Sequence[int]]
    people: tuple[int, int]
    spent: tuple[int, int]

    @property
    def merger(self) -> str:
        return f"M-{self.new}"

    @property
    def agreement(self) -> str:
        return f"S75-{self.old[0]}"

    @property
    def year(self) -> str:
        return f"{self.day.year}-{(self.day.year + 1) % 100}"

    @property
    def voted_on(self) -> date:
        return date(self.day.year - 1, 9, 1)


SETS = [
    pytest.param(
        Merging(
            old=("10H", "10Y"),
            new="14Y",
            day=date(2018, 4, 1),
            contracts={"PAYROLL-10H": "10H", "IT-10H": "10H", "PAYROLL-10Y": "10Y"},
            lines={
                "10H": (1_204_310_55, 88_120_07, 3, 70_000_00, 9_99, 1_00),
                "10Y": (640_000_00, 15_569_38, 1, 2, 5, 8),
            },
            people=(330_000, 205_000),
            spent=(950_000_01, 410_000_02),
        ),
        id="Buckinghamshire",
    ),
    pytest.param(
        Merging(
            old=("04E", "04K"),
            new="52R",
            day=date(2020, 4, 1),
            contracts={"HR-04E": "04E", "PAYROLL-04K": "04K", "BI-04K": "04K"},
            lines={"04E": (7, 11_11, 13_13_13), "04K": (1, 333_33, 10_000_000_01, 2, 3, 5, 7, 11, 99_99)},
            people=(193_001, 398_334),
            spent=(1, 999_999_99),
        ),
        id="second set: Nottingham",
    ),
]


async def told(platform: Platform, service: str, name: str) -> list[dict[str, Any]]:
    """The events of a name, with what each states."""
    feed = await platform.call("GET", service, "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [one["event"] for one in feed["items"] if f".{name}.v" in one["event"]["type"]]


async def signed(platform: Platform, reference: str, code: str, **terms: Any) -> None:
    lines = [{"function": "payroll", "annual_pence": 9_000_01}]
    body = {"reference": reference, "customers": [code], "starts_on": "2017-04-01", "last_day": "2023-03-31"} | terms
    await platform.call("POST", "contracts", "/contracts", json=a_contract(**body, lines=lines))
    signature: dict[str, Any] = {"json": {}, "headers": {"If-Match": '"1"'}}
    parties = (code, terms.get("supplier", code))
    path = f"/contracts/{reference}/signature"
    await platform.call("POST", "contracts", path, Role.CONTRACT_LEAD, organisations=parties, **signature)


async def an_economy(platform: Platform, case: Merging) -> None:
    """Contracts, an agreement under section 75, twelve lines of budgets, populations, and what was spent."""
    await platform.move_clocks(OPENED)
    ccgs = {"organisations": [a_ccg(code) for code in case.old]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)
    await platform.caught_up()
    await platform.move_clocks(case.voted_on)
    for reference, code in case.contracts.items():
        await signed(platform, reference, code)
    await signed(platform, case.agreement, case.old[0], supplier="LA1", form="section_75")
    for number, code in enumerate(case.old):
        population = {"population": case.people[number], "source": "a test"}
        await platform.call("PUT", "finance", f"/organisations/{code}/populations/{case.year}", json=population)
        line = {"account": f"52{number}0", "pay": False, "recurrent": True, "admin": False}
        lines = [
            {**line, "function": f"function-{one}", "amount_pence": pence} for one, pence in enumerate(case.lines[code])
        ]
        await platform.call(
            "POST", "finance", f"/organisations/{code}/budgets/{case.year}/lines", json={"lines": lines}
        )
        mapped = {"local_code": f"x{number}", "account": "N1", "effective_on": OPENED.isoformat()}
        await platform.call("POST", "finance", "/account-mappings", json={"organisation": code, "mappings": [mapped]})
        posting = {"local_code": f"x{number}", "posted_on": "2017-06-30", "amount_pence": case.spent[number]}
        posted = {"organisation": code, "reference": "all", "postings": [posting]}
        await platform.call("POST", "finance", "/postings", json=posted)


async def decided(platform: Platform, case: Merging) -> tuple[dict[str, str], dict[str, str]]:
    """Each body votes to apply, with a paper and minutes; its decision, and who is in the posts that both share."""
    bodies, on = Bodies(platform), case.voted_on
    await bodies.establish(case.old, on=on, action="merger.apply", posts=["Chief finance officer"])
    officers: dict[str, str] = {}
    for slug, name in SHARED_POSTS.items():
        person = {"organisation": case.old[0], "display_name": name}
        officers[slug] = (await bodies.call(case.old[0], "POST", "/people", person))["person"]
        for code in case.old:
            post = {"post": f"{code}/{slug}", "person": officers[slug], "first_day": on.isoformat()}
            await platform.call("POST", "governance", "/appointments", json=post)
    decisions: dict[str, str] = {}
    for code in case.old:
        asked: dict[str, Any] = {"kind": "merger", "action": "merger.apply"}
        proposal = (await bodies.propose(code, code, due_on=on + timedelta(days=30), **asked))["proposal"]
        paper = {"title": "Why to merge", "stage": "design", "sha256": PAPER, "document": "Paper 1"}
        await bodies.call(code, "POST", f"/proposals/{proposal}/papers", paper)
        sought = {"consulted": "members", "position": "supports"}
        await bodies.call(code, "POST", f"/proposals/{proposal}/consultations", sought)
        decisions[code] = (await bodies.vote(code, proposal, on=on))["result"]["decision"]
        meeting = f"/meetings/{code}-governing-body-{on.isoformat()}"
        await bodies.call(code, "POST", f"{meeting}/held", {})
        await bodies.call(code, "POST", f"{meeting}/minutes", {"sha256": MINUTES, "document": "Draft minutes"})
    return decisions, officers


async def approved(platform: Platform, case: Merging) -> None:
    """The bodies apply, NHS England approves on a condition, which is met, and schemes are made."""
    application = {"successor": case.new, "successor_name": f"NHS {case.new}", "applicants": list(case.old)}
    application |= {"filed_by": case.old[0], "constitution": "https://example.org/constitution"}
    filed = {**application, "accountable_officer": "P-1", "effective_on": case.day.isoformat()}
    made = await platform.call("POST", "registry", "/merger-applications", json=filed)
    on_terms = {"outcome": "approved_with_conditions", "conditions": [{"condition": "constitution", "words": "Signed"}]}
    path, version = f"/merger-applications/A-{case.new}", {"If-Match": f'"{made["version"]}"'}
    await platform.call("POST", "registry", f"{path}/determination", Role.NHS_ENGLAND, json=on_terms, headers=version)
    await platform.move_clocks(case.day - timedelta(days=1))
    eve = (case.day - timedelta(days=1)).isoformat()
    met = {"met_on": eve, "evidence_type": "minute", "evidence": "Of the governing body"}
    await platform.call("POST", "registry", f"/mergers/{case.merger}/conditions/1/evidence", json=met)
    for code in case.old:
        scheme = {"sort": "property", "predecessors": [code]}
        await platform.call("POST", "registry", f"/mergers/{case.merger}/schemes", json=scheme)
    await platform.call("POST", "registry", f"/mergers/{case.merger}/schemes", json={"sort": "staff"})
    await platform.move_clocks(case.day)


@pytest.mark.parametrize("case", SETS)
async def test_s53_an_approved_merger_carries_through_every_service_on_its_day(
    platform: Platform, case: Merging, tmp_path: Path
) -> None:
    await an_economy(platform, case)
    decisions, officers = await decided(platform, case)
    await approved(platform, case)

    [merged] = await told(platform, "registry", "CCGMerged")
    moved = await told(platform, "contracts", "ContractTransferred")
    assert sorted((one["data"]["contract"], *one["data"]["schemes"]) for one in moved) == sorted(
        (reference, f"{case.merger}-P{case.old.index(code) + 1}") for reference, code in case.contracts.items()
    )
    restated = await told(platform, "finance", "BudgetRestated")
    released = [pence for code in case.old for pence in case.lines[code]]
    assert len(restated) == len(released) == 12
    assert sorted(one["data"]["amount_pence"] for one in restated) == sorted(released)
    assert {(one["data"]["organisation"], one["data"]["merger"]) for one in restated} == {(case.new, case.merger)}
    assert {one["causationid"] for one in (*moved, *restated)} == {merged["id"]}
    await _money_reconciles(platform, case, sum(released))
    await _a_stranger_is_led_from_a_pound_to_the_votes(platform, case, restated[0], decisions, merged)
    chain = (await gathered(platform, moved[0]["id"])).json()
    assert {"registry TransferSchemeMade", "registry CCGMergerAgreed"} <= set(steps(chain))
    assert {"registry MergerApplied", "registry MergerApplicationDetermined"} <= set(steps(chain))

    body = await platform.call("GET", "governance", f"/bodies/{case.new}-governing-body")
    holders = {post["post"].partition("/")[2]: post["person"] for post in body["posts"]}
    assert holders == {**officers, "chair": None}, "who was in both posts is appointed again, no one else"
    found = await platform.call("GET", "contracts", "/agreements-to-remake", params={"about": case.new})
    assert [(one["agreement"], one["state"]) for one in found["agreements"]] == [(case.agreement, "due")]
    for code, decision in decisions.items():
        await _dossier_leads_from_minutes_to_entries(platform, case, code, decision, tmp_path)


async def _a_stranger_is_led_from_a_pound_to_the_votes(
    platform: Platform, case: Merging, restated: dict[str, Any], decisions: dict[str, str], merged: dict[str, Any]
) -> None:
    """From the line of the successor's budget each part leads on, to the decisions and the request of each vote."""
    line = restated["data"]["line"]
    answer = await gathered(platform, line)
    chain = answer.json()
    parts = {(one["service"], one["provenance"]["id"]): one for one in chain["parts"]}
    assert parts["finance", line]["depth"] == 0
    assert ("registry", merged["id"]) in parts
    agreed = next(one for _, one in sorted(parts.items()) if one["provenance"]["told"] == "CCGMergerAgreed")
    assert agreed["provenance"]["rule_packs"] == ["ccg-merger-s14g-2012"]
    assert {"registry MergerApplied", "governance DecisionTaken"} <= set(steps(chain))
    told_of = {
        key
        for one in parts.values()
        if one["provenance"]["told"] == "DecisionTaken"
        for key in one["provenance"]["about"]
    }
    assert set(decisions.values()) <= told_of
    page = await gathered(platform, line, accept="text/html")
    assert 'lang="en-GB"' in page.text
    assert "width=device-width" in page.text
    assert all(f"/provenance/{one}" in page.text for one in (merged["id"], f"A-{case.new}"))
    nobody = await gathered(platform, line, organisations=("99X",))
    assert (nobody.status_code, nobody.json()["parts"], nobody.json()["complete"]) == (404, [], False)


async def _money_reconciles(platform: Platform, case: Merging, total: int) -> None:
    """The successor has all, to the penny, and its two series differ by what the bridge says."""
    path = f"/organisations/{case.new}/budgets/{case.year}/lines"
    lines = (await platform.call("GET", "finance", path, params={"limit": 50}))["items"]
    assert sum(line["amount_pence"] for line in lines) == total
    allowance = await platform.call("GET", "finance", f"/allowances/{case.new}/{case.year}")
    [restated] = await told(platform, "finance", "AllowanceRestated")
    assert allowance["amount_pence"] == restated["data"]["amount_pence"] == sum(restated["data"]["released_pence"])
    asked = {"from_year": "2017-18", "to_year": case.year, "boundaries_on": case.day.isoformat()}
    sums = {}
    for series in ("statutory", "management"):
        shown = await platform.call("GET", "finance", "/series", params={**asked, "series": series})
        sums[series] = {
            (row["organisation"], row["amount"]) for row in shown["items"] if row["financial_year"] == "2017-18"
        }
    assert sums == {
        "statutory": set(zip(case.old, case.spent, strict=True)),
        "management": {(case.new, sum(case.spent))},
    }
    of = {"organisation": case.new, "year": "2017-18", "boundaries_on": case.day.isoformat()}
    bridge = await platform.call("GET", "finance", "/bridges", params=of)
    assert (bridge["statutory"], bridge["management"]) == (0, sum(case.spent))
    assert sorted((line["kind"], line["body"], line["amount"]) for line in bridge["lines"]) == sorted(
        ("merger", code, pence) for code, pence in zip(case.old, case.spent, strict=True)
    )


async def _dossier_leads_from_minutes_to_entries(
    platform: Platform, case: Merging, code: str, decision: str, folder: Path
) -> None:
    """The successor reads what each body decided, and what came of it; the export verifies."""
    path = f"/decisions/{decision}/dossier"
    state = await platform.call("GET", "governance", path, Role.GOVERNANCE_LEAD, organisations=(case.new,))
    assert (state["state"], state["missing"]) == ("sealed", [])
    reader = platform.tokens.header(Role.GOVERNANCE_LEAD, organisations=(case.new,))
    archive = (await platform.clients["governance"].get(f"/v1{path}.zip", headers=reader)).content
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        entries = [json.loads(line) for line in files.read("entries.jsonl").splitlines()]
        head = files.read("hashes.txt").split()[-1].decode()
    assert verdict(folder, archive, head) == INTACT
    of_kind: dict[str, list[Any]] = {}
    for entry in entries:
        of_kind.setdefault(entry["kind"], []).append(entry)
    paper = of_kind["paper"][0]["fields"]
    assert paper["commitment"] == hashlib.sha256(f"{paper['paper']}{PAPER}".encode()).hexdigest()
    assert of_kind["minutes"][0]["fields"]["sha256"] == MINUTES
    assert of_kind["authority"][0]["fields"]["answer"][code]["power"] == "ccg-merger-application-2013"
    assert [one["fields"]["merger"] for one in of_kind["CCGMerged"]] == [case.merger]
    assert {one["fields"]["contract"] for one in of_kind["ContractTransferred"]} == set(case.contracts)
    published = {f"event:{one['id']}" for one in await told(platform, "finance", "BudgetRestated")}
    assert {one["key"] for one in of_kind["BudgetRestated"]} == published
    assert {one["fields"]["agreement"] for one in of_kind["AgreementToRemake"]} == {case.agreement}
