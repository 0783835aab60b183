"""S53's two CCGs: an economy, what their bodies decide, and what is approved, up to the eve of the day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from libs.common.identity import Role
from tests.support.ballots import Bodies
from tests.support.builders import a_ccg, a_contract
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
    def eve(self) -> date:
        return self.day - timedelta(days=1)

    @property
    def voted_on(self) -> date:
        return date(self.day.year - 1, 9, 1)


async def told(platform: Platform, service: str, name: str) -> list[dict[str, Any]]:
    """The events of a name, with what each states."""
    feed = await platform.call("GET", service, "/events", Role.PARTNER, params={"after": 0, "limit": 500})
    return [one["event"] for one in feed["items"] if f".{name}.v" in one["event"]["type"]]


async def _signed(platform: Platform, reference: str, code: str, **terms: Any) -> None:
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
        await _signed(platform, reference, code)
    await _signed(platform, case.agreement, case.old[0], supplier="LA1", form="section_75")
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
    """The bodies apply, and NHS England approves on a condition; then it is the eve."""
    application = {"successor": case.new, "successor_name": f"NHS {case.new}", "applicants": list(case.old)}
    application |= {"filed_by": case.old[0], "constitution": "https://example.org/constitution"}
    filed = {**application, "accountable_officer": "P-1", "effective_on": case.day.isoformat()}
    made = await platform.call("POST", "registry", "/merger-applications", json=filed)
    on_terms = {"outcome": "approved_with_conditions", "conditions": [{"condition": "constitution", "words": "Signed"}]}
    path, version = f"/merger-applications/A-{case.new}", {"If-Match": f'"{made["version"]}"'}
    await platform.call("POST", "registry", f"{path}/determination", Role.NHS_ENGLAND, json=on_terms, headers=version)
    await platform.move_clocks(case.eve)


async def ready(platform: Platform, case: Merging) -> None:
    """On the eve the condition is met, and schemes are made."""
    met = {"met_on": case.eve.isoformat(), "evidence_type": "minute", "evidence": "Of the governing body"}
    await platform.call("POST", "registry", f"/mergers/{case.merger}/conditions/1/evidence", json=met)
    for code in case.old:
        scheme = {"sort": "property", "predecessors": [code]}
        await platform.call("POST", "registry", f"/mergers/{case.merger}/schemes", json=scheme)
    await platform.call("POST", "registry", f"/mergers/{case.merger}/schemes", json={"sort": "staff"})
