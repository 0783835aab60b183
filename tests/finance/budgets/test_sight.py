"""Budgets, virements and savings are read by their body and who took it over; to others they are not there."""

from typing import Any

from libs.common.identity import Role
from tests.finance.budgets.conftest import Budgets
from tests.support.edge import Tokens
from tests.support.finance_harness import bucks_merges

YEAR = "2018-19"
CALLERS = {"successor": ("14Y",), "predecessor": ("10H",), "other": ("10Y",), "stranger": ("06H",), "national": ("*",)}
READ = {
    "/organisations/10H/budgets/2018-19": {"successor", "predecessor", "national"},
    "/organisations/14Y/budgets/2018-19": {"successor", "national"},
    "/organisations/10H/budgets/2018-19/lines/{line}": {"successor", "predecessor", "national"},
    "/initiatives/A-1/savings": {"successor", "predecessor", "national"},
}


async def test_who_reads_a_budget_a_line_a_virement_and_a_saving(budgets: Budgets, tokens: Tokens) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000, stated="2018-02-01T09:00:00Z")
    other = await budgets.set_line("10H", YEAR, amount_pence=1, account="5220")
    moves = {"moves": [{"from_line": line, "to_line": other, "amount_pence": 10}]}
    await budgets.call("POST", "/virements", json=moves)
    saving = {"organisation": "10H", "function": "payroll", "financial_year": YEAR, "amount_pence": 5}
    await budgets.call("POST", "/initiatives/A-1/savings", json=saving | {"recurrent": True})
    await budgets.harness.hear(bucks_merges())

    async def read(caller: str, path: str) -> Any:
        headers = tokens.header(Role.PARTNER, organisations=CALLERS[caller])
        return await budgets.client.get(f"/v1{path.format(line=line)}", headers=headers)

    for path, readers in READ.items():
        found = {caller: (await read(caller, path)).status_code for caller in CALLERS}
        assert found == {caller: 200 if caller in readers else 404 for caller in CALLERS}, path
    for path in ("/virements", "/organisations/10H/budgets/2018-19/lines", "/realisation-rates"):
        found = {}
        for caller in CALLERS:
            answer = (await read(caller, path)).json()
            found[caller] = bool(answer["items"] if isinstance(answer, dict) else answer)
        assert {caller for caller, seen in found.items() if seen} == {"successor", "predecessor", "national"}, path


async def test_no_other_lead_learns_of_a_line(budgets: Budgets, tokens: Tokens) -> None:
    line = await budgets.set_line("10H", YEAR, amount_pence=1_000)
    headers = tokens.header(Role.FINANCE_LEAD, organisations=("10Y",))
    own = await budgets.set_line("10Y", YEAR, amount_pence=1_000)
    answers = []
    for name in (line, "BL-999"):
        body = {"moves": [{"from_line": own, "to_line": name, "amount_pence": 1}]}
        answer = await budgets.client.post("/v1/virements", json=body, headers=headers)
        answers.append((answer.status_code, answer.json()["detail"].replace(name, "")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
