"""Plans the demo's steps in finance: populations, business cases, budgets."""

from collections.abc import Iterator

from deploy.demo.records import DemoRecords
from deploy.demo.steps import Step, step


def allowances(facts: DemoRecords) -> Iterator[Step]:
    """Plan the populations from which allowances follow."""
    for stated in facts.places.allowances:
        note = " (illustrative: used for a year that it was not published for)" if stated.illustrative else ""
        for code, population in stated.populations.items():
            yield step(
                stated.stated_on,
                "finance",
                f"{code} has {population:,} people in {stated.year}",
                f"organisations/{code}/populations/{stated.year}",
                {"population": population, "source": stated.source + note},
                happened=("AllowanceSet", code, stated.year),
                method="PUT",
            )


def cases(facts: DemoRecords) -> Iterator[Step]:
    """Plan the business cases, which are stated and published."""
    for case in facts.places.cases:
        note = " (illustrative)" if case.illustrative else ""
        set_up = {"line": "set-up", "title": "Setting it up", "type": "cost", "kind": "transition"}
        saving = {"line": "saving", "title": "Lower charges", "type": "cash_releasing", "basis": "gross"}
        lines = [
            {**set_up, "amount_pence": case.one_off * 100},
            {**saving, "recurrent": True, "amount_pence": case.saving * 100, "ramp": list(case.ramp)},
        ]
        options = [
            {"option": "bau", "title": "Each keeps its own contract", "kind": "bau"},
            {"option": "shared", "title": "One shared service", "lines": lines},
        ]
        years = {"base_year": case.base_year, "years": case.years}
        content = {"title": case.title + note, **years, "options": options}
        yield step(
            case.stated_on,
            "finance",
            f"the case {case.reference} is published",
            "cases",
            {"case": case.reference, "organisation": case.organisation, "content": content},
            happened=("CaseAppraised", case.reference),
            kind="appraise",
        )


def budgets(facts: DemoRecords) -> Iterator[Step]:
    """Plan the budgets, which a merger joins."""
    for budget in facts.places.budgets:
        # 6100 is the national account of services that are bought.
        line = {"account": "6100", "pay": False, "recurrent": True, "admin": True}
        lines = [{**line, "function": name, "amount_pence": pounds * 100} for name, pounds in budget.lines.items()]
        yield step(
            budget.stated_on,
            "finance",
            f"{budget.organisation} sets its budget of {budget.year}",
            f"organisations/{budget.organisation}/budgets/{budget.year}/lines",
            {"lines": lines},
            happened=("BudgetSet", budget.organisation, budget.year),
        )
