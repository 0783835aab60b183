"""Plans the demo's steps in finance: populations, business cases, budgets."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from deploy.demo.records import Case, DemoRecords
from deploy.demo.steps import Step, step
from libs.common.money import apportion


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
                by=f"commissioner@{code}",
                happened=("AllowanceSet", code, stated.year),
                method="PUT",
            )


def cases(facts: DemoRecords) -> Iterator[Step]:
    """Plan the business cases, which are stated and published."""
    for case in facts.places.cases:
        shared = {"lines": _lines(case, one_off=case.one_off * 100, saving=case.saving * 100)}
        options = [{"option": "shared", "title": "One shared service", **shared}]
        yield _appraisal(case, case.reference, case.organisation, case.stated_on, case.years, options)


def cases_of_members(facts: DemoRecords) -> Iterator[Step]:
    """Plan each member's own case of a shared service: its part of cost and saving, without and with what it pays.

    A body's case names its own contract alone; what leaving costs is what contracts published of it.
    """
    by_reference = {case.reference: case for case in facts.places.cases}
    for shared in facts.places.consolidations:
        case, brought = by_reference[shared.case], facts.brought_by(shared)
        members = sorted(brought)
        weights = [facts.charge_of(brought[code]) for code in members]
        one_off, saving = (apportion(pounds * 100, weights) for pounds in (case.one_off, case.saving))
        for code, cost, less in zip(members, one_off, saving, strict=True):
            lines = {"lines": _lines(case, one_off=cost, saving=less)}
            leaving = [{"line": "leaving", "contract": brought[code]}]
            options = [
                {"option": "free", "title": "One shared service, were leaving free of charge", **lines},
                {"option": "shared", "title": "One shared service", **lines, "terminations": leaving},
            ]
            yield _appraisal(case, f"{case.reference}-{code}", code, shared.appraised_on, shared.years, options)


def _lines(case: Case, *, one_off: int, saving: int) -> list[dict[str, Any]]:
    set_up = {"line": "set-up", "title": "Setting it up", "type": "cost", "kind": "transition"}
    lower = {"line": "saving", "title": "Lower charges", "type": "cash_releasing", "basis": "gross"}
    return [
        {**set_up, "amount_pence": one_off},
        {**lower, "recurrent": True, "amount_pence": saving, "ramp": list(case.ramp)},
    ]


def _appraisal(
    case: Case, reference: str, organisation: str, stated_on: date, years: int, options: Sequence[Mapping[str, Any]]
) -> Step:
    """Return the step of a case that compares its options with what is."""
    note = " (illustrative)" if case.illustrative else ""
    bau = {"option": "bau", "title": "Each keeps its own contract", "kind": "bau"}
    content = {
        "title": case.title + note,
        "base_year": case.base_year,
        "years": years,
        "options": [bau, *options],
    }
    return step(
        stated_on,
        "finance",
        f"the case {reference} is published",
        "cases",
        {"case": reference, "organisation": organisation, "content": content},
        by=f"commissioner@{organisation}",
        happened=("CaseAppraised", reference),
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
            by=f"commissioner@{budget.organisation}",
            happened=("BudgetSet", budget.organisation, budget.year),
        )


def exit_assessments(facts: DemoRecords) -> Iterator[Step]:
    """Plan when customers assess that a contract is best left; what contracts publishes of it is there by then."""
    for one in facts.places.exit_assessments:
        yield step(
            one.stated_on,
            "finance",
            f"the exits of {one.contract} are assessed",
            f"exit-assessments/{one.contract}",
            {
                "organisation": one.organisation,
                "base_year": one.base_year,
                "years": one.years,
                "replacement_pence": one.replacement * 100,
                "transition_pence": one.transition * 100,
            },
            by=f"commissioner@{one.organisation}",
            happened=("ExitAssessed", one.contract),
            kind="assess",
        )
