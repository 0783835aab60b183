"""Tasks of four services in the order of what missing them costs, changes by day, figures of the day."""

from typing import Any

import pytest

from console.core.services import Answer
from console.start.shaping import (
    change_heading,
    change_words,
    changes_of,
    figures_of,
    matched_words,
    others_of,
    tasks_of,
)


def answer(service: str, *items: dict[str, Any]) -> Answer:
    return Answer(service, 200, {"items": [*items], "next": None})


def contract_task(
    subject: str, path: str, pence: int | None, due: str | None, kind: str = "signature"
) -> dict[str, Any]:
    return {
        "kind": kind,
        "subject": subject,
        "organisation": "Q1A",
        "path": path,
        "due_on": due,
        "exposure_pence": pence,
    }


def board_task(about: str, path: str, due: str | None, kind: str = "vote") -> dict[str, Any]:
    return {"kind": kind, "about": about, "organisation": "Q2B", "path": path, "due_on": due, "since": "2031-01-01"}


def finding(text: str, about: str, due: str | None, **more: Any) -> dict[str, Any]:
    return {"text": text, "kind": "stalled", "about": [about], "parties": ["Q1A", "Q2B"], "due_on": due} | more


def test_what_costs_most_to_miss_stands_first_and_what_has_no_cost_by_its_day() -> None:
    tasks = tasks_of(
        answer(
            "contracts",
            contract_task("K-1", "/contracts/K-1/signature", 5_000, "2031-03-01"),
            contract_task("K-2", "/consolidations/K-2/members/Q1A/acceptance", None, None, "acceptance"),
        ),
        answer("governance", board_task("PR-1", "/meetings/M-7/notice", "2031-02-01")),
        answer("registry", finding("It waits too long", "MERGER-1", "2031-01-15")),
        answer("finance", finding("It was not put back", "D-9", None, exposure_pence=9_000)),
    )
    assert [(task.about, task.path) for task in tasks] == [
        ("D-9", "/reasons/D-9"),
        ("K-1", "/contracts/K-1"),
        ("MERGER-1", "/mergers/MERGER-1"),
        ("PR-1", "/decisions/meetings/M-7"),
        ("K-2", "/consolidations/K-2"),
    ]
    assert [task.words for task in tasks][:4] == [
        "It was not put back",
        "Sign a contract",
        "It waits too long",
        "Decide on a proposal",
    ]


def test_a_service_that_is_silent_or_refuses_costs_its_own_tasks_alone() -> None:
    tasks = tasks_of(
        Answer("contracts", 0),
        answer("governance", board_task("R-1", "/interests/nil-returns", None, "declaration")),
        Answer("registry", 403, {"title": "You may not."}),
        Answer("finance", 503),
    )
    assert [(task.words, task.path) for task in tasks] == [
        ("Declare interests of one person", "/decisions/declarations/Q2B/R-1")
    ]


def test_declarations_of_several_people_are_one_task_without_their_references() -> None:
    due = [board_task(f"P-{number}", "/interests/nil-returns", "2031-02-01", "declaration") for number in range(3)]
    (task,) = tasks_of(Answer("contracts", 0), answer("governance", *due), Answer("registry", 0), Answer("finance", 0))
    assert (task.words, task.about, task.path) == ("Declare interests of 3 people", "at Q2B", "/decisions")


def test_a_finding_leads_to_the_page_of_what_it_is_about_and_has_its_days_in_words() -> None:
    of_registry = (
        finding("A-Q6F waits since 2031-01-05", "A-Q6F", None),
        finding("Q1A stays closed", "Q1A", None, kind="not_put_back"),
    )
    of_finance = finding("A figure", "a/b~c", None)
    silent = Answer("contracts", 0), Answer("governance", 0)
    tasks = tasks_of(*silent, answer("registry", *of_registry), answer("finance", of_finance))
    assert {task.words: task.path for task in tasks} == {
        "A-Q6F waits since 5 January 2031": "/mergers/applications/A-Q6F",
        "Q1A stays closed": "/organisations/Q1A",
        "A figure": "/reasons/a%2Fb~c",
    }


def test_four_counts_of_the_kinds_that_are_open_are_shown() -> None:
    kinds = [
        {"kind": kind, "open": count, "closed": 1, "proposed": 0}
        for kind, count in (
            ("ccg", 0),
            ("icb", 42),
            ("gp_practice", 6_544),
            ("stp", 1),
            ("nhs_trust", 70),
            ("hospice", 9),
        )
    ]
    figures = figures_of(Answer("registry", 200, {"kinds": kinds}))
    assert [(one.count, one.words) for one in figures] == [
        (42, "integrated care boards"),
        (70, "NHS trusts"),
        (6_544, "GP practices"),
        (1, "STP"),
    ]
    assert figures_of(Answer("registry", 0)) == []


def change(day: str, what: str, code: str, **more: Any) -> dict[str, Any]:
    return {
        "day": day,
        "what": what,
        "code": code,
        "before": None,
        "after": None,
        "other": "",
        "observed": False,
    } | more


def test_changes_are_grouped_by_day_and_type_and_many_of_one_are_counted() -> None:
    many = [change("2031-04-01", "closure", f"Q{number:02}") for number in range(9)]
    days = changes_of([change("2031-02-01", "opening", "Q4D"), *many, change("2031-04-01", "rename", "Q1A")])
    assert [(day, [(group.what, len(group.changes), group.others) for group in groups]) for day, groups in days] == [
        ("2031-02-01", [("opening", 1, 0)]),
        ("2031-04-01", [("closure", 6, 3), ("rename", 1, 0)]),
    ]
    assert others_of(days[1][1]) == 3


_PART = "is followed by Q4D (boundary change, 1/3 of it)"


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (change("", "succession", "Q1A", other="Q4D", after="merger"), "is followed by Q4D (merger)"),
        (change("", "succession", "Q1A", other="Q4D", after="boundary_change 1/3"), _PART),
        (change("", "succession", "Q1A", other="Q4D", after="1"), "is followed by Q4D (all of it)"),
        (change("", "succession", "Q1A", other="Q4D"), "is followed by Q4D"),
        (change("", "merger", "Q4D", before="Q1A Q2B", after="agreed", other="M-1"), "from Q1A, Q2B (agreed)"),
        (change("", "rename", "Q1A", before="Old", after="New"), "Old becomes New"),
        (
            change("", "kind", "Q1A", before="ccg", after="sub_icb_location"),
            "Clinical commissioning group (CCG) becomes Sub-ICB location",
        ),
        (change("", "opening", "Q1A", after="open"), ""),
        (change("", "identifier", "Q1A", other="ons", before="E1", after=None), "ons: E1 ends"),
    ],
)
def test_each_change_is_said_in_words(one: dict[str, Any], words: str) -> None:
    assert change_words(one) == words


def test_headings_and_matches_are_the_fields_own_words() -> None:
    assert change_heading("ICB") == "ICB above"
    assert change_heading("closure") == "Organisations that close"
    assert matched_words(["name on another day", "code:ons"]) == "a name of another day, its ONS code"
