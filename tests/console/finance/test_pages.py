"""Where finance begins, where a figure comes from, the books, what turns a case, and a document that is fetched."""

from pathlib import Path
from typing import Any

import httpx

from tests.console.apps import console_over
from tests.console.finance.answers import CASE, DIGEST, OF_CASE, PROVENANCE

ONE = "00000000-0000-4000-8000-000000000003"
DOCUMENT = {
    "document": ONE,
    "name": "MOON-1-2.xlsx",
    "format": "xlsx",
    "state": "done",
    "digest": DIGEST,
    "requested_at": "2032-05-04T09:00:00Z",
    "progress": None,
    "reason": None,
}
FIGURE: dict[str, Any] = {
    "answer": "savings",
    "digest": DIGEST,
    "lens": "organisation",
    "packs": [{"subject": "rating", "pack": "moon-rating-1", "title": "Ratings", "citation": "The book of the moon"}],
    "conventions": [],
    "inputs": {},
    "as_at": "2032-03-31",
    "as_known": None,
    "published_as": None,
    "stated_at": None,
    "causes": [],
    "events": [
        {
            "id": "00000000-0000-4000-8000-000000000009",
            "type": "uk.nhs.footprint.BudgetSet.v1",
            "source": "/finance",
            "time": "2031-05-01T09:00:00Z",
            "stated_at": "2031-05-01T09:00:00Z",
            "keys": ["Q9X"],
            "position": 7,
            "feed": "/v1/events?after=6&limit=1",
        }
    ],
    "figure": f"{DIGEST}~realised_pence",
    "pointer": "/realised_pence",
    "value": 70_000_00,
    "case": None,
    "version": None,
    "inputs_digest": None,
    "case_appraised": None,
    "frozen_by": None,
    "proposal": None,
}
BURDEN = {
    "organisation": "Q9X",
    "financial_year": "2031-32",
    "cash_pence": 4_321_00,
    "capital_pence": 0,
    "depreciation_pence": 0,
    "dividend_pence": 0,
    "vat_pence": 0,
    "revenue_effect_pence": -4_321_00,
    "budget_pence": None,
    "fund_pence": None,
    "asked_of_budget_pence": 4_321_00,
}
BOOKS = {"case": "MOON-1", "version": 2, "option": "tower", "rows": [BURDEN], "provenance": PROVENANCE}
SWITCHING = {
    "case": "MOON-1",
    "version": 2,
    "option": "tower",
    "measure": "npv",
    "threshold": "0",
    "rows": [
        {
            "input": "rent",
            "title": "Lower rent",
            "value": "30925801/3",
            "switching_value": "432100",
            "switching_pence": 432_100,
            "change": "-95.81",
        },
        {
            "input": "realisation",
            "title": "Realisation",
            "value": "4/5",
            "switching_value": "1/3",
            "switching_pence": None,
            "change": "-58.33",
        },
    ],
    "provenance": PROVENANCE,
}


RATE = {
    "function": "hr",
    "count": 2,
    "rate": "3/5",
    "percent": "60.0",
    "lowest": "1/3",
    "median": "13/24",
    "highest": "3/4",
}


async def test_each_part_of_the_first_page_stands_alone(tmp_path: Path) -> None:
    answers: dict[str, Any] = {
        "finance GET /cases": {"items": [], "next": None},
        "finance GET /portfolios": None,
        "finance GET /allowances": {"items": [], "next": None},
        "finance GET /realisation-rates": [RATE],
    }
    async with console_over(answers, tmp_path) as browser:
        shown = await browser.get("/finance")
        assert len(browser.transport.asked) == 4
    assert shown.status_code == 200
    for words in ("You read no business case.", "Finance does not answer at the moment.", "You read no allowance"):
        assert words in shown.text
    for part in ("60.0%", "33.3%", "75.0%"):
        assert part in shown.text


async def test_a_figure_leads_to_its_rules_and_to_what_happened(tmp_path: Path) -> None:
    figure = f"{DIGEST}~realised_pence"
    async with console_over({f"finance GET /figures/{figure}/provenance": FIGURE}, tmp_path) as browser:
        shown = (await browser.get(f"/finance/figures/{figure}?answer=/v1/initiatives/MOON-HR/savings")).text
    for words in ("£70,000.00", "The book of the moon", "/reasons/00000000-0000-4000-8000-000000000009"):
        assert words in shown


async def test_a_document_that_is_written_is_fetched_as_a_file(tmp_path: Path) -> None:
    named = {"content-type": "application/octet-stream", "content-disposition": 'attachment; filename="MOON-1-2.xlsx"'}
    answers = {
        f"finance GET /documents/{ONE}": DOCUMENT,
        f"finance GET /documents/{ONE}/content": httpx.Response(200, content=b"PK", headers=named),
    }
    async with console_over(answers, tmp_path) as browser:
        assert "Fetch MOON-1-2.xlsx" in (await browser.get(f"/finance/documents/{ONE}")).text
        content = await browser.get(f"/finance/documents/{ONE}/content")
    assert content.content == b"PK"
    assert content.headers["content-disposition"] == 'attachment; filename="MOON-1-2.xlsx"'
    assert content.headers["content-type"].endswith("spreadsheetml.sheet")


async def test_the_books_and_what_turns_a_case_say_what_is_not_known(tmp_path: Path) -> None:
    answers = {
        **OF_CASE,
        f"finance GET {CASE}/affordability": BOOKS,
        f"finance GET {CASE}/switching-values": SWITCHING,
    }
    async with console_over(answers, tmp_path) as browser:
        books = (await browser.get("/finance/cases/MOON-1/versions/2/books")).text
        turns = (await browser.get("/finance/cases/MOON-1/versions/2/switching-values?measure=bcr")).text
        assert any("measure=bcr" in asked for asked in browser.transport.asked)
    assert "not known" in books
    assert "not yours to read" in books
    assert "−£4,321" in books
    for words in ("£4,321.00", "-95.81%", "£103,086.00", "0.3333", "0.8000"):
        assert words in turns
