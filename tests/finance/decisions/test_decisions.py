"""What a command names as its decision is published, approved, its body's own and stands; reversed, it goes back."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

from tests.finance.budgets.conftest import LINE, Budgets
from tests.support.decisions import a_decision, a_reversal
from tests.support.finance_harness import at, bucks_merges

YEAR = "2018-19"
BEFORE = "2018-02-01T09:00:00Z"
DECIDED, REVERSED = date(2018, 3, 1), date(2018, 7, 1)
Send = Callable[..., Awaitable[Any]]


async def commands_of(budgets: Budgets) -> dict[str, Send]:
    """Each command about budgets that names a decision, with a decision and a status to expect."""
    rent = await budgets.set_line("10H", YEAR, function="rent", amount_pence=900)
    bi = await budgets.set_line("10H", YEAR, function="bi", amount_pence=0)
    reduced = await budgets.post("10H", YEAR, rent, "reductions", amount_pence=100)
    [reduction] = [one["reduction"] for one in reduced["entries"] if one["reduction"]]
    path = f"/organisations/10H/budgets/{YEAR}/lines"

    async def set_lines(decision: str, status: int) -> Any:
        new = LINE | {"function": f"new-{decision}", "amount_pence": 1}
        return await budgets.call("POST", path, json={"lines": [new], "decision": decision}, expect=status)

    async def correct(decision: str, status: int) -> Any:
        read = await budgets.client.get(f"/v1{path}/{bi}")
        body = {"amount_pence": read.json()["amount_pence"] + 1, "decision": decision}
        match = {"If-Match": read.headers["ETag"]}
        return await budgets.call(
            "PUT", f"{path}/{bi}", json=body, headers=match, expect=status if status > 201 else 200
        )

    async def reduce(decision: str, status: int) -> Any:
        return await budgets.post("10H", YEAR, rent, "reductions", amount_pence=1, decision=decision, expect=status)

    async def restore(decision: str, status: int) -> Any:
        body = {"amount_pence": 1, "reduction": reduction, "decision": decision}
        return await budgets.post("10H", YEAR, rent, "restorations", expect=status, **body)

    async def move(decision: str, status: int) -> Any:
        moves = [{"from_line": rent, "to_line": bi, "amount_pence": 1}]
        return await budgets.call("POST", "/virements", json={"moves": moves, "decision": decision}, expect=status)

    return {"set": set_lines, "correct": correct, "reduce": reduce, "restore": restore, "move": move}


async def test_only_a_decision_that_is_published_approved_ones_own_and_standing_carries_a_command(
    budgets: Budgets,
) -> None:
    hear, commands = budgets.harness.hear, await commands_of(budgets)
    # The reversal of a decision may be heard before it.
    await hear(a_reversal("D-BACK", "10H", on=REVERSED), a_decision("D-BACK", "10H", on=DECIDED))
    await hear(a_decision("D-NO", "10H", on=DECIDED, outcome="rejected"), a_decision("D-THEIRS", "10Y", on=DECIDED))
    refused = {
        "D-NEVER": ("decision-unknown", "no decision D-NEVER is known that binds 10H"),
        "D-THEIRS": ("decision-unknown", "no decision D-THEIRS is known that binds 10H"),
        "D-NO": ("decision-not-approved", "D-NO was rejected"),
        "D-BACK": ("decision-no-longer-stands", "D-BACK was reversed on 2018-07-01"),
    }
    for decision, (kind, message) in refused.items():
        for name, send in commands.items():
            problem = await send(decision, 409)
            found = problem["type"].rpartition("/")[2], problem["reasons"]
            assert found == (kind, [{"message": message, "field": "decision"}]), name
    # Said again later, it is approved after all, and binds several.
    await hear(a_decision("D-NO", "10Y", "10H", on=DECIDED, outcome="approved_with_conditions", stated_at=at(REVERSED)))
    for send in commands.values():
        await send("D-NO", 201)


async def test_who_succeeded_a_body_acts_by_its_decision(budgets: Budgets) -> None:
    await budgets.harness.hear(a_decision("D-1", "10H", on=DECIDED), bucks_merges())
    body = {"lines": [LINE | {"amount_pence": 5}], "decision": "D-1"}
    await budgets.call("POST", f"/organisations/14Y/budgets/{YEAR}/lines", json=body)
    await budgets.call("POST", f"/organisations/10G/budgets/{YEAR}/lines", json=body, expect=409)


async def test_who_took_a_body_over_acts_on_its_lines_by_an_own_decision_and_initiative(budgets: Budgets) -> None:
    line = await budgets.set_line("10H", YEAR, function="rent", amount_pence=100, stated=BEFORE)
    saving = {"organisation": "14Y", "function": "rent", "financial_year": YEAR, "amount_pence": 9, "recurrent": True}
    await budgets.harness.hear(bucks_merges(), *(a_decision(f"D-{one}", one, on=DECIDED) for one in ("14Y", "10Y")))
    await budgets.call("POST", "/initiatives/A-1/savings", json=saving)
    path = f"/organisations/10H/budgets/{YEAR}/lines/{line}"
    read = await budgets.client.get(f"/v1{path}")
    for decision, status in (("D-10Y", 409), ("D-14Y", 200)):
        body, match = {"amount_pence": 101, "decision": decision}, {"If-Match": read.headers["ETag"]}
        await budgets.call("PUT", path, json=body, headers=match, expect=status)
    # What the line had is the successor's by now, and nothing is left of it to reduce.
    reduction = {"amount_pence": 1, "decision": "D-14Y", "initiative": "A-1"}
    refused = await budgets.post("10H", YEAR, line, "reductions", expect=409, **reduction)
    assert refused["type"].endswith("/line-would-be-negative"), refused


async def test_a_reduction_and_its_restoration_by_two_decisions_go_back_the_same_in_either_order(
    budgets: Budgets,
) -> None:
    reversed_first = {"rent": ("rent-1", "rent-2"), "bi": ("bi-2", "bi-1"), "legal": ("legal-1", "legal-2")}
    for function, decisions in reversed_first.items():
        line = await budgets.set_line("10H", YEAR, function=function, amount_pence=1_000, stated=BEFORE)
        await budgets.harness.hear(*(a_decision(one, "10H", on=DECIDED) for one in sorted(decisions)))
        body: dict[str, Any] = {"amount_pence": 300, "decision": f"{function}-1", "effective_on": "2018-05-01"}
        reduced = await budgets.post("10H", YEAR, line, "reductions", **body)
        [reduction] = [one["reduction"] for one in reduced["entries"] if one["reduction"]]
        back = body | {"amount_pence": 300 if function == "legal" else 100, "decision": f"{function}-2"}
        await budgets.post("10H", YEAR, line, "restorations", reduction=reduction, **back)
    assert await budgets.amounts("10H", YEAR) == [800, 800, 1_000]
    for first, second in reversed_first.values():
        await budgets.harness.hear(a_reversal(first, "10H", on=REVERSED))
        await budgets.harness.hear(a_reversal(second, "10H", on=REVERSED), a_reversal(first, "10H", on=REVERSED))
    assert await budgets.amounts("10H", YEAR) == [1_000, 1_000, 1_000]


def stated(hour: int) -> dict[str, str]:
    return {"Stated-At": f"2018-05-01T{hour:02}:00:00Z"}


async def test_a_reversal_takes_back_by_entries_what_was_done_to_budgets_once(budgets: Budgets) -> None:
    rent = await budgets.set_line("10H", YEAR, function="rent", amount_pence=1_000, stated=BEFORE)
    bi = await budgets.set_line("10H", YEAR, function="bi", amount_pence=10, stated=BEFORE)
    saving = {"organisation": "10H", "function": "rent", "financial_year": YEAR, "amount_pence": 300, "recurrent": True}
    await budgets.call("POST", "/initiatives/A-1/savings", json=saving, headers={"Stated-At": BEFORE})
    claim = {name: saving[name] for name in ("organisation", "function", "financial_year", "amount_pence")}
    await budgets.call("POST", "/initiatives/A-1/savings/claims", json=claim | {"line": rent})
    await budgets.harness.hear(a_decision("D-1", "10H", on=DECIDED))
    of_d1: dict[str, Any] = {"decision": "D-1", "effective_on": "2018-05-01"}
    path = f"/organisations/10H/budgets/{YEAR}/lines"
    moves = [{"from_line": rent, "to_line": bi, "amount_pence": 400}]
    made = await budgets.call("POST", "/virements", json={"moves": moves} | of_d1, headers=stated(9))
    reduced = await budgets.call(
        "POST", f"{path}/{rent}/reductions", json=of_d1 | {"amount_pence": 300, "initiative": "A-1"}, headers=stated(10)
    )
    [reduction] = [one["reduction"] for one in reduced["entries"] if one["reduction"]]
    back = of_d1 | {"amount_pence": 100, "reduction": reduction}
    await budgets.call("POST", f"{path}/{rent}/restorations", json=back, headers=stated(11))
    new = LINE | {"function": "legal", "amount_pence": 7}
    await budgets.call("POST", path, json={"lines": [new], "decision": "D-1"}, headers=stated(12))
    # What somebody did without the decision stays.
    await budgets.call(
        "POST", f"{path}/{bi}/reductions", json=of_d1 | {"amount_pence": 405, "decision": ""}, headers=stated(13)
    )
    assert await budgets.amounts("10H", YEAR) == [400, 5, 7]
    assert (await budgets.call("GET", "/initiatives/A-1/savings"))["realised_pence"] == 200

    reversal = a_reversal("D-1", "10H", on=REVERSED)
    await budgets.harness.hear(reversal, reversal)
    await budgets.harness.hear(reversal)

    assert await budgets.amounts("10H", YEAR) == [1_000, -395, 0]
    assert await budgets.amounts("10H", YEAR, as_at="2018-06-30") == [400, 5, 7]
    assert await budgets.amounts("10H", YEAR, as_known="2018-06-30") == [400, 5, 7]
    assert (await budgets.call("GET", "/initiatives/A-1/savings"))["realised_pence"] == 0
    warnings = (await budgets.call("GET", f"/organisations/10H/budgets/{YEAR}"))["warnings"]
    assert f"{bi} has less than nothing: -£3.95." in warnings
    first, second = (await budgets.call("GET", "/virements"))["items"]
    assert (first["virement"], first["taken_back_by"]) == (made["virement"], second["virement"])
    assert (second["takes_back"], second["decision"], second["amount_pence"]) == (made["virement"], "D-1-AGAIN", 400)
    undone = [one for one in (await budgets.call("GET", f"{path}/{rent}"))["entries"] if one["undoes"]]
    assert sorted((one["kind"], one["amount_pence"]) for one in undone) == [
        ("moved", 400),
        ("restored", -100),
        ("restored", 300),
    ]
    moved = await budgets.told("BudgetMoved")
    assert [(one["line"], one["moved_to"], one["amount_pence"]) for one in moved] == [(rent, bi, 400), (bi, rent, 400)]
    assert [(one["amount_pence"], one["decision"]) for one in await budgets.told("BudgetRestored")] == [
        (100, "D-1"),
        (300, "D-1-AGAIN"),
    ]
    assert [one["amount_pence"] for one in await budgets.told("BudgetSet")][-1] == 0


async def test_what_is_taken_back_of_a_body_that_merged_passes_on_in_either_order(budgets: Budgets) -> None:
    await budgets.harness.hear(a_decision("D-1", "10H", on=DECIDED), a_decision("D-2", "10Y", on=DECIDED))
    for code, decision in (("10H", "D-1"), ("10Y", "D-2")):
        body = {"lines": [LINE | {"amount_pence": 100}], "decision": decision}
        path = f"/organisations/{code}/budgets/{YEAR}/lines"
        await budgets.call("POST", path, json=body, headers={"Stated-At": "2018-03-01T09:00:00Z"})
    await budgets.harness.hear(a_reversal("D-1", "10H", on=date(2018, 3, 20)), bucks_merges())
    await budgets.harness.hear(a_reversal("D-2", "10Y", on=date(2018, 3, 20)))
    assert await budgets.amounts("14Y", YEAR) == [0]
    assert await budgets.amounts("14Y", YEAR, as_known="2018-03-10") == []
