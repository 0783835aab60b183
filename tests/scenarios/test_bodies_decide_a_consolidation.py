"""One consolidation end to end: planned, priced, appraised, decided by each member's body, committed and carried out.

Each body's decision ends in a sealed dossier, from its paper and votes to the last contract that moved.
"""

import hashlib
import io
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from libs.common.identity import Role
from tests.scenarios.test_s05_a_plan_waits_or_pays import a_plan, act, contracts, open_ccgs, signed
from tests.support.ballots import ACTION, Bodies
from tests.support.dossiers import INTACT, verdict
from tests.support.gathering import gathered, steps
from tests.support.platform import Platform

PLAN = "PLAN-BODIES"
PRICED = {"payment_share": "3/10", "breakage": [], "dual_running_months": 0, "stranded_pence": [0]}
PRICED |= {"redundancy_pence": 0, "reprocurement_pence": 2_000_000}


def a_case(organisation: str, saving_pence: int) -> dict[str, Any]:
    lines = [
        {"line": "set-up", "title": "Setting up", "type": "cost", "kind": "transition", "amount_pence": 3_000_000},
        {
            "line": "saving",
            "title": "Lower charges",
            "type": "cash_releasing",
            "basis": "gross",
            "recurrent": True,
            "amount_pence": saving_pence,
            "ramp": ["1/2", "1"],
        },
    ]
    options = [
        {"option": "bau", "title": "Each its own", "kind": "bau"},
        {"option": "shared", "title": "Shared", "lines": lines},
    ]
    content = {"title": "Shared payroll", "base_year": "2017-18", "years": 5, "options": options}
    return {"case": "CASE-BODIES", "organisation": organisation, "content": content}


async def told(platform: Platform, service: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a service, as name and data."""
    feed = await platform.call("GET", service, "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [(one["event"]["type"].split(".")[-2], one["event"]["data"]) for one in feed["items"]]


async def planned(platform: Platform, codes: tuple[str, ...], annual_pence: int) -> str:
    """Contracts are signed, their customers enter a plan and choose how each is left; its price is told."""
    await open_ccgs(platform, *codes)
    await platform.move_clocks(date(2017, 2, 1))
    lead, *others = codes
    terms = {"open_ended": True, "minimum_months": 24, **PRICED}
    await signed(platform, f"PAYROLL-{lead}", lead, last_day=None, exit_terms=terms)
    for code in others:
        await signed(platform, f"PAYROLL-{code}", code)
    await platform.move_clocks(date(2017, 6, 1))
    drafted = a_plan(PLAN, list(codes), f"PAYROLL-{lead}", "2018-04-01", annual_pence)
    await contracts(platform, lead, "POST", "/consolidations", json=drafted)
    for revision, code in enumerate(others, 1):
        brought = {"minute": f"{code}/1", "contracts": [f"PAYROLL-{code}"]}
        await act(platform, code, PLAN, f"members/{code}/acceptance", revision, **brought)
    choices = [{"contract": f"PAYROLL-{lead}", "choice": "pay"}]
    found = await act(platform, lead, PLAN, "feasibility", len(codes), choices=choices)
    steps = (await contracts(platform, lead, "GET", f"/consolidations/{PLAN}/steps"))["steps"]
    price = next(one["price_pence"] for one in steps if one["contract"] == f"PAYROLL-{lead}")
    assert (found["state"], price > 0) == ("feasible", True)
    deed = {"contract": f"PAYROLL-{lead}", "preparation": "supplier_agreed", "document": "Deed", "price_pence": price}
    await act(platform, lead, PLAN, "steps", found["revision"], **deed)
    found = await act(platform, lead, PLAN, "feasibility", found["revision"], choices=choices)
    await act(platform, lead, PLAN, "submission", found["revision"])
    return str(found["revision"])


async def carried_out(platform: Platform, code: str) -> None:
    """Every contract moves, and what a line of the budget fell by realises a saving of a member."""
    line = {"account": "5210", "function": "payroll", "pay": False, "recurrent": True, "admin": False}
    lead: dict[str, Any] = {"organisations": (code,)}
    path = f"/organisations/{code}/budgets/2018-19/lines"
    body: dict[str, Any] = {"lines": [{**line, "amount_pence": 15_000_000}]}
    [made] = await platform.call("POST", "finance", path, Role.FINANCE_LEAD, json=body, **lead)
    claim = {"organisation": code, "function": "payroll", "financial_year": "2018-19", "amount_pence": 100_000}
    claims = f"/initiatives/{PLAN}/savings/claims"
    await platform.call("POST", "finance", claims, Role.FINANCE_LEAD, json={**claim, "line": made["line"]}, **lead)
    await platform.move_clocks(date(2018, 6, 2))
    reduced = {"amount_pence": 100_000, "initiative": PLAN}
    await platform.call("POST", "finance", f"{path}/{made['line']}/reductions", Role.FINANCE_LEAD, json=reduced, **lead)
    await platform.caught_up()
    await platform.move_clocks(date(2018, 6, 3))


async def sealed(platform: Platform, code: str, decision: str, folder: Path) -> list[dict[str, Any]]:
    """A body's dossier is whole, its export verifies by the published head; return its entries."""
    path = f"/decisions/{decision}/dossier"
    state = await platform.call("GET", "governance", path, Role.GOVERNANCE_LEAD, organisations=(code,))
    assert (state["state"], state["missing"]) == ("sealed", [])
    published = [one for name, one in await told(platform, "governance") if name == "DossierSealed"]
    [head] = [one["head"] for one in published if one["decision"] == decision]
    reader = platform.tokens.header(Role.GOVERNANCE_LEAD, organisations=(code,))
    archive = (await platform.clients["governance"].get(f"/v1{path}.zip", headers=reader)).content
    assert verdict(folder, archive, head) == INTACT
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        return [json.loads(line) for line in files.read("entries.jsonl").splitlines()]


FIGURES = [
    pytest.param(("05C", "05L", "05Y"), 24_000_000, 9_000_000, id="Black-Country"),
    pytest.param(("10H", "10Y"), 20_000_001, 7_654_321, id="Buckinghamshire"),
]


@pytest.mark.parametrize(("codes", "annual_pence", "saving_pence"), FIGURES)
async def test_a_plan_is_committed_once_each_members_body_has_approved_it(
    platform: Platform, codes: tuple[str, ...], annual_pence: int, saving_pence: int, tmp_path: Path
) -> None:
    lead, last = codes[0], codes[-1]
    revision = int(await planned(platform, codes, annual_pence))
    case = a_case(lead, saving_pence)
    await platform.call("POST", "finance", "/cases", Role.FINANCE_LEAD, json=case, organisations=(lead,))
    draft = "/cases/CASE-BODIES/versions/1/publication"
    published: dict[str, Any] = {"json": {}, "headers": {"If-Match": '"1"'}}
    await platform.call("POST", "finance", draft, Role.FINANCE_LEAD, organisations=(lead,), **published)
    await platform.caught_up()
    bodies, today = Bodies(platform), date(2017, 6, 1)
    await bodies.establish(codes[:-1], on=today)
    asked: dict[str, Any] = {"value_pence": 5 * annual_pence, "annual_pence": annual_pence, "recurrent": True}
    asked |= {"case": "CASE-BODIES", "case_version": 1}
    refused = await bodies.propose(lead, PLAN, due_on=date(2017, 7, 31), expect=409, **asked)
    assert [reason["message"] for reason in refused["reasons"]] == [f"{last} has no body that is asked"]
    await bodies.establish([last], on=today, may=False)
    proposal = await bodies.propose(lead, PLAN, due_on=date(2017, 7, 31), **asked)
    assert proposal["revision"] == revision
    assert [one["body"] for one in proposal["consents"]] == [f"{code}-governing-body" for code in codes]

    paper = {"title": "The case", "stage": "design", "sha256": "c" * 64, "document": "Paper 1"}
    await bodies.call(lead, "POST", f"/proposals/{proposal['proposal']}/papers", paper)

    day = date(2017, 6, 20)
    await platform.move_clocks(day)
    for code in codes[:-1]:
        item = await bodies.vote(code, proposal["proposal"], on=day)
        assert item["result"]["outcome"] == "carried"
    await platform.caught_up()
    undecided = await act(platform, lead, PLAN, "commitment", revision, expect=409)
    assert undecided["type"].endswith("not-yet-approved")
    accepted = await act(platform, last, PLAN, f"members/{last}/acceptance", revision, minute=f"{last}/2")
    assert accepted["state"] == "approved", "a member's own act accepts, and a decision does"
    unverified = await act(platform, lead, PLAN, "commitment", revision, expect=409)
    assert unverified["type"].endswith("authority-missing")
    assert [reason["message"] for reason in unverified["reasons"]] == [
        f"{last} has not decided on consolidation.commit of {PLAN}: authority-2016 asks for a published decision"
    ]
    powerless = await bodies.vote(last, proposal["proposal"], on=day, expect=409)
    assert powerless["type"].endswith("no-power")
    right = {"organisation": last, "action": ACTION, "first_day": day.isoformat(), "recurrent": True}
    await bodies.call(last, "POST", "/decision-rights", {**right, "source_minute": "Scheme of delegation"})
    meeting = f"/meetings/{last}-governing-body-{day.isoformat()}"
    [item] = (await bodies.call(last, "GET", meeting))["items"]
    await bodies.call(last, "POST", f"/items/{item['item']}/result", {"closed_at": f"{day.isoformat()}T14:07:00Z"})
    await platform.caught_up()

    committed = await act(platform, lead, PLAN, "commitment", revision)
    assert committed["state"] == "committed"
    await platform.caught_up()
    decided = [one for name, one in await told(platform, "governance") if name == "DecisionTaken"]
    assert [(one["organisation"], one["outcome"], one["revision"]) for one in decided] == [
        (code, "approved", revision) for code in codes
    ]
    assert {(one["case"], one["case_version"]) for one in decided} == {("CASE-BODIES", 1)}
    priced = [one["status"] for name, one in await told(platform, "contracts") if name == "TerminationPriced"]
    assert (priced[0], priced[-1]) == ("estimate", "agreed")
    [agreed] = [one for name, one in await told(platform, "contracts") if name == "ConsolidationAgreed"]
    assert len(agreed["decisions"]) == len(codes)
    contracted = {one["organisation"] for name, one in await told(platform, "finance") if name == "SavingContracted"}
    assert contracted <= set(codes)
    seen = (await bodies.call(lead, "GET", "/decisions", params={"body": f"{lead}-governing-body"}))["items"]
    assert [one["subject"] for one in seen] == [PLAN]

    await carried_out(platform, lead)
    [reduced] = [one for name, one in await told(platform, "finance") if name == "BudgetReduced"]
    chain = steps((await gathered(platform, reduced["line"], organisations=codes)).json())
    wanted = ["finance BudgetReduced", "finance SavingContracted", "contracts ConsolidationAgreed"]
    assert [step for step in dict.fromkeys(chain) if step in wanted] == wanted
    assert "governance DecisionTaken" in chain
    for one in decided:
        entries = await sealed(platform, one["organisation"], one["decision"], tmp_path)
        fields = {entry["kind"]: entry["fields"] for entry in entries}
        hashed = f"{fields['paper']['paper']}{'c' * 64}".encode()
        assert fields["paper"]["commitment"] == hashlib.sha256(hashed).hexdigest()
        reader: dict[str, Any] = {"organisations": (one["organisation"],)}
        path = f"/provenance/{one['decision']}"
        shown = await platform.call("GET", "governance", path, Role.GOVERNANCE_LEAD, **reader)
        assert shown["told"] != "DecisionTaken", "the dossier was sealed since"
        assert fields["paper"]["commitment"] in [paper["digest"] for paper in shown["documents"]]
        assert shown["because"][0]["id"].startswith("IT-")
        assert fields["proposal"]["digest"] == fields["CaseAppraised"]["digest"], "the case that was decided on"
        assert fields["vote"]["choice"] == "for"
        assert fields["authority"]["answer"][one["organisation"]]["power"] == "ccg-functions-2013"
        ended = [entry["fields"]["contract"] for entry in entries if entry["kind"] == "ContractTerminated"]
        assert sorted(ended) == sorted(f"PAYROLL-{code}" for code in codes)
        assert fields["SavingRealised"]["organisation"] == lead
        assert "amount_pence" not in fields["SavingRealised"], "what a member saved is not for the others"


LEAVING = [
    pytest.param(("05C", "05L", "05Y"), 24_000_000, id="Black-Country"),
    pytest.param(("10H", "10Y", "06H"), 20_000_001, id="second set: Buckinghamshire"),
]


@pytest.mark.parametrize(("codes", "annual_pence"), LEAVING)
async def test_who_rejects_leaves_and_a_decision_on_an_earlier_revision_counts_for_nothing(
    platform: Platform, codes: tuple[str, ...], annual_pence: int
) -> None:
    lead, second, leaves = codes
    revision = int(await planned(platform, codes, annual_pence))
    await platform.caught_up()
    bodies, day = Bodies(platform), date(2017, 6, 1)
    await bodies.establish(codes, on=day)
    asked: dict[str, Any] = {"value_pence": 5 * annual_pence, "annual_pence": annual_pence, "recurrent": True}
    proposal = await bodies.propose(lead, PLAN, due_on=date(2017, 7, 31), **asked)
    await bodies.vote(lead, proposal["proposal"], on=day)
    before = await forecast(platform)
    assert all(before[code] > 0 for code in codes)
    item = await bodies.vote(leaves, proposal["proposal"], on=day, choice="against")
    assert item["result"]["outcome"] == "failed"
    await platform.caught_up()
    [withdrawn] = [one for name, one in await told(platform, "contracts") if name == "ConsolidationWithdrawn"]
    assert (withdrawn["by"], withdrawn["reason"], withdrawn["revision"]) == (leaves, "rejected", revision + 1)
    after = await forecast(platform)
    assert (after[leaves], after[lead] > 0, after[second] > 0) == (0, True, True), "finance takes the leaver's back"
    plan = await contracts(platform, lead, "GET", f"/consolidations/{PLAN}")
    assert (plan["state"], [one["accepts"] for one in plan["members"]]) == ("submitted", [False, False])
    refused = await act(platform, second, PLAN, "commitment", revision + 1, expect=409)
    assert refused["type"].endswith("not-yet-approved")
    again = await bodies.call(lead, "GET", f"/proposals/{proposal['proposal']}")
    assert again["revision"] == revision + 1
    later = date(2017, 6, 8)
    await platform.move_clocks(later)
    for code in (lead, second):
        await bodies.vote(code, proposal["proposal"], on=later)
    await platform.caught_up()
    assert (await act(platform, lead, PLAN, "commitment", revision + 1))["state"] == "committed"
    await platform.caught_up()
    published = await told(platform, "contracts")
    [agreed] = [one for name, one in published if name == "ConsolidationAgreed"]
    assert (agreed["customers"], agreed["replaced"]) == (
        sorted((lead, second)),
        sorted(f"PAYROLL-{code}" for code in (lead, second)),
    )
    ended = {one["contract"] for name, one in published if name in {"NoticeServed", "ContractTerminated"}}
    assert f"PAYROLL-{leaves}" not in ended, "who left before the commitment keeps its contract as it was"
    contract = await platform.call("GET", "contracts", f"/contracts/PAYROLL-{leaves}")
    assert [one["code"] for one in contract["customers"]] == [leaves]
    assert (await forecast(platform))[leaves] == 0


async def forecast(platform: Platform) -> dict[str, int]:
    """What each member was last forecast to save in 2018-19."""
    return {
        one["organisation"]: one["amount_pence"]
        for name, one in await told(platform, "finance")
        if name == "SavingForecast" and one["financial_year"] == "2018-19"
    }
