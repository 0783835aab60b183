"""The page of reasons: an ordered list, the newest first, from the gatherer or from each service alone."""

from pathlib import Path
from typing import Any

import pytest

from console.core.words import event
from console.reasons.shaping import steps_of, unanswered
from tests.console.apps import console_over

EVENT, REQUEST = "e7d0", "r7d0"


def part(
    identity: str, kind: str, told: str, *, recorded: str | None = None, because: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    stated = f"{recorded}T08:30:00Z"
    return {
        "about": ["Q7X"],
        "because": because or [],
        "by": "ada",
        "complete": True,
        "days": {"effective_on": recorded, "recorded_at": stated, "stated_at": stated} if recorded else None,
        "documents": [],
        "effects": {"count": 0, "items": [], "next": None},
        "id": identity,
        "kind": kind,
        "rule_packs": ["elsewhere-2031"] if kind == "event" else [],
        "source": "registry",
        "text": None,
        "told": told,
    }


def cause(identity: str, kind: str) -> dict[str, Any]:
    return {"href": None, "id": identity, "kind": kind, "source": "registry"}


FACT = part("M-Q7X", "fact", "ICBMergerRedated", recorded="2031-05-02", because=[cause(EVENT, "event")])
OLDER = part(EVENT, "event", "ICBMergerAgreed", recorded="2030-01-01", because=[cause(REQUEST, "request")])
CHAIN: dict[str, Any] = {
    "reference": "M-Q7X",
    "parts": [
        {"service": "registry", "depth": 0, "provenance": FACT},
        {"service": "registry", "depth": 1, "provenance": OLDER},
        {"service": "registry", "depth": 2, "provenance": part(REQUEST, "request", "merge_commissioners")},
        {
            "service": "finance",
            "depth": 2,
            "provenance": part("x", "event", "AllowanceRestated", recorded="2032-01-01"),
        },
    ],
    "missing": [{"source": "governance", "id": "P-9"}, {"source": "", "id": "M-Q7X"}],
    "complete": False,
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CCGMergerRedated", "CCG merger redated"),
        ("AllowanceRestated", "Allowance restated"),
        ("ICBMerged", "ICB merged"),
        ("uk.nhs.footprint.OrganisationOpened.v1", "Organisation opened"),
    ],
)
def test_names_of_events_are_said_in_words(name: str, words: str) -> None:
    assert event(name) == words


def test_the_newest_part_comes_first_and_a_request_stays_behind_what_it_led_to() -> None:
    assert [(step.title, step.service) for step in steps_of(CHAIN)] == [
        ("Allowance restated", "finance"),
        ("M-Q7X", "registry"),
        ("ICB merger agreed", "registry"),
        ("Request: merge commissioners", "registry"),
    ]


def test_a_cause_is_named_by_what_it_was_where_the_chain_has_it() -> None:
    asked = next(step for step in steps_of(CHAIN) if step.is_asked)
    assert [(one.words, one.path, one.note) for one in asked.because] == [
        ("ICB merger agreed", f"/reasons/{EVENT}", "event of registry")
    ]
    assert asked.latest == "ICB merger redated"


def test_what_was_not_answered_is_listed_but_for_what_was_asked() -> None:
    assert [(one.words, one.note) for one in unanswered(CHAIN)] == [("P-9", "governance")]


async def test_a_chain_is_shown_with_its_days_words_and_links(tmp_path: Path) -> None:
    async with console_over({"provenance GET /provenance/M-Q7X": CHAIN}, tmp_path) as browser:
        shown = await browser.get("/reasons/M-Q7X?as_at=2031-05-05")
    for words in ("4 steps, the newest first", "1 January 2030 at 8:30am by ada", "elsewhere-2031", "This is not all"):
        assert words in shown.text, words
    assert f'href="/reasons/{EVENT}?as_at=2031-05-05"' in shown.text


async def test_without_a_gatherer_each_service_is_asked_for_its_own_part(tmp_path: Path) -> None:
    answers = {
        "provenance GET /provenance/M-Q7X": None,
        "registry GET /provenance/M-Q7X": FACT,
        "finance GET /provenance/M-Q7X": None,
    }
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get("/reasons/M-Q7X")
        assert len(browser.transport.asked) == 5
    assert shown.status_code == 200
    assert "Provenance does not answer at the moment." in shown.text
    assert "Finance does not answer at the moment." in shown.text
    assert "1 step, the newest first" in shown.text


async def test_what_no_service_knows_is_not_found_and_a_reference_may_have_slashes(tmp_path: Path) -> None:
    nothing = {"reference": "v1/x", "parts": [], "missing": [{"source": "", "id": "v1/x"}], "complete": False}
    answers = {"provenance GET /provenance/v1/allowances/Q7X": (404, nothing)}
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get("/reasons/v1%2Fallowances%2FQ7X")
        assert browser.transport.asked == ["provenance GET /provenance/v1/allowances/Q7X"]
    assert shown.status_code == 404
    assert "none of it is yours to read" in shown.text


async def test_the_older_steps_of_a_long_chain_are_folded(tmp_path: Path) -> None:
    days = [f"2031-01-{day:02}" for day in range(1, 29)]
    parts = [
        {"service": "registry", "depth": 1, "provenance": part(f"e{day}", "event", "ICBMerged", recorded=day)}
        for day in days
    ]
    chain = {**CHAIN, "parts": parts}
    async with console_over({"provenance GET /provenance/M-Q7X": chain}, tmp_path) as browser:
        shown = await browser.get("/reasons/M-Q7X")
    first, _, folded = shown.text.partition("The 3 older steps")
    assert (first.count("app-chain__title"), folded.count("app-chain__title")) == (25, 3)


async def test_the_earlier_ones_of_many_causes_are_folded(tmp_path: Path) -> None:
    causes = [cause(f"e{number}", "event") for number in range(12)]
    fact = part("M-Q7X", "fact", "ICBMerged", recorded="2031-01-01", because=causes)
    chain = {**CHAIN, "parts": [{"service": "registry", "depth": 0, "provenance": fact}]}
    async with console_over({"provenance GET /provenance/M-Q7X": chain}, tmp_path) as browser:
        shown = await browser.get("/reasons/M-Q7X")
    assert "and 2 earlier ones" in shown.text


def test_a_service_that_acted_by_itself_is_said_to_have() -> None:
    own = {**OLDER, "by": "service:registry"}
    chain = {**CHAIN, "parts": [{"service": "registry", "depth": 0, "provenance": one} for one in (FACT, own)]}
    assert [step.by for step in steps_of(chain)] == ["ada", "registry by itself"]
