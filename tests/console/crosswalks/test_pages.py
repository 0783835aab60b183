"""The crosswalk bench over recorded answers: sent in parts, refused beside the field, shown and given as files."""

import io
import json
import re
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest

from console.crosswalks import files
from console.crosswalks.column import ColumnLine
from console.crosswalks.store import Restatements
from tests.console.apps import Browser, console_over, hidden, refusal
from tests.console.crosswalks.test_outcomes import line
from tests.console.organisations.world import named

FIELDS = {
    **{f"from_day-{part}": value for part, value in (("day", "31"), ("month", "3"), ("year", "2018"))},
    **{f"to_day-{part}": value for part, value in (("day", "1"), ("month", "4"), ("year", "2021"))},
    "system": "ods",
    "by": "successions",
    "to_level": "icb",
}
LOST = line(2, "Q9Z", None, 7, reason="unknown-code", share=None, because="no source has Q9Z")
ANSWER: dict[str, Any] = {
    "to_day": "2021-04-01",
    "as_known": None,
    "system": "ods",
    "carried": [line(1, "Q1A", "Q4D", "1234567.50", findings=["followed-and-still-open"])],
    "not_carried": [LOST],
    "totals": [{"to_code": "Q4D", "amount": "1234567.50"}],
    "amount_in": "1234574.50",
    "amount_carried": "1234567.50",
    "amount_not_carried": 7,
    "so_far": [],
}
QUESTION = "registry POST /crosswalks/restatement"
ANSWERS = {QUESTION: ANSWER, "registry POST /lookups": named(("Q4D", "Fourth Commissioners"))}


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def sent(browser: Browser, column: str = "code,amount\nQ1A,1234567.50\nQ9Z,7", **fields: str) -> httpx.Response:
    await browser.get("/crosswalks")
    return await browser.submit("/crosswalks", {**FIELDS, "column": column, **fields})


async def test_a_pasted_column_is_restated_and_shown_with_totals_marks_and_what_was_left(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        response = await sent(browser)
        text = text_of(response.text)
        assert response.status_code == 200
        for words in (
            "Restated from 31 March 2018 to 1 April 2021",
            "Integrated care board (ICB), by who followed whom",
            "1,234,567.50",
            "1,234,574.50",
            "Fourth Commissioners Q4D",
            "1 line could not be carried.",
        ):
            assert words in text
        (asked, *_) = browser.transport.asked
        assert asked == f"{QUESTION}?from_day=2018-03-31&to_day=2021-04-01&system=ods&by=successions&to_level=icb"
        (body, *_) = [json.loads(one.content) for one in browser.transport.sent]
        assert body["figures"] == [{"code": "Q1A", "amount": "1234567.50"}, {"code": "Q9Z", "amount": 7}]
        path = response.url.path
        left = text_of((await browser.get(f"{path}?show=left")).text)
        assert "No source names this code. no source has Q9Z" in left
        lines = text_of((await browser.get(f"{path}?show=lines&from_line=999")).text)
        assert "Followed, and still open" in lines
        assert "Lines 1 to 1 of 1." in lines


async def test_files_have_every_line_the_names_and_exact_amounts(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        path = (await sent(browser)).url.path
        lines = (await browser.get(f"{path}/lines.csv")).text.splitlines()
        assert lines[1].startswith("2,Q1A,2018-03-31,Q4D,Fourth Commissioners,2021-04-01,1,1234567.50,,")
        assert lines[2].startswith("3,Q9Z,2018-03-31,,,2021-04-01,,7,unknown-code,")
        totals = (await browser.get(f"{path}/totals.csv")).text.splitlines()
        assert totals[1] == "Q4D,Fourth Commissioners,1,1234567.50"
        book = openpyxl.load_workbook(io.BytesIO((await browser.get(f"{path}/workbook.xlsx")).content))
        assert book["Totals"]["D2"].value == 1234567.5


SO_FAR = [{"code": "Q1A", "shares": [{"to_code": "Q4D", "share": "1"}], "amount": "5000"}]
PART = {**ANSWER, "carried": [line(1, "Q1A", "Q4D", 1)], "not_carried": [], "so_far": SO_FAR}
LONG = "code,amount\n" + "Q1A,1\n" * 5_001


async def test_a_file_of_more_than_one_part_is_sent_with_the_sums_of_the_part_before(tmp_path: Path) -> None:
    async with console_over({**ANSWERS, QUESTION: PART}, tmp_path) as browser:
        await browser.get("/crosswalks")
        response = await browser.submit("/crosswalks", FIELDS, files={"file": ("column.csv", LONG.encode())})
        assert response.status_code == 200
        bodies = [json.loads(one.content) for one in browser.transport.sent if "restatement" in str(one.url)]
        assert [len(body["figures"]) for body in bodies] == [5_000, 1]
        assert [body["so_far"] for body in bodies] == [[], SO_FAR]
        assert "2,469,135" in text_of(response.text)


async def test_a_long_column_shows_how_far_it_is_can_be_left_and_continues(tmp_path: Path) -> None:
    async with console_over({**ANSWERS, QUESTION: PART}, tmp_path) as browser:
        await browser.get("/crosswalks")
        browser.transport.answers["registry POST /lookups"] = named()
        response = await browser.client.post(
            "/crosswalks",
            data={**FIELDS, **{name: hidden(browser.last.text, name) for name in ("csrf", "form_key")}}
            if browser.last
            else {},
            files={"file": ("column.csv", LONG.encode())},
        )
        path = response.headers["location"]
        browser.transport.answers[QUESTION] = None
        waiting = await browser.get(path)
        assert "5,000 of 5,001 lines are restated." in text_of(waiting.text)
        assert "Registry does not answer at the moment. It is asked again in ten seconds." in text_of(waiting.text)
        assert 'data-again="10"' in waiting.text
        assert (await browser.get(f"{path}/lines.csv")).status_code == 404
        browser.transport.answers[QUESTION] = refusal("gone", "The day is closed to you", status=403)
        stopped = await browser.get(path)
        assert "After 5,000 of 5,001 lines: The day is closed to you" in text_of(stopped.text)
        assert "data-again" not in stopped.text
        browser.transport.answers[QUESTION] = PART
        assert "Restated from 31 March 2018" in (await browser.get(path)).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"column": ""}, "Paste a column, or choose a file, with at least one code."),
        ({"column": "code,amount\nQ1A,many"}, "Line 2: “many” is no amount."),
        ({"from_day-day": "31", "from_day-month": "2"}, "The day of the codes must be a real day"),
        ({"to_day-day": "", "to_day-month": "", "to_day-year": ""}, "The day to restate them to is missing"),
    ],
)
async def test_what_cannot_be_read_is_said_beside_its_field_and_nothing_is_asked(
    tmp_path: Path, fields: dict[str, str], words: str
) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        response = await sent(browser, **fields)
        assert response.status_code == 422
        assert "<title>Error: Restate a column" in response.text
        assert response.text.count(words) == 2
        assert browser.transport.asked == []


async def test_a_refusal_of_the_registry_names_the_lines_that_were_sent(tmp_path: Path) -> None:
    refused = refusal("unreadable", "Some fields are wrong", ("the day is too early", "body.figures.1.day"), status=422)
    async with console_over({QUESTION: refused}, tmp_path) as browser:
        response = await sent(browser, column="code,day\nQ1A,2018-03-31\n\nQ2B,1018-03-31")
        assert response.status_code == 422
        assert "Line 4: the day is too early" in text_of(response.text)


async def test_a_silent_registry_is_asked_again_and_the_column_is_not_lost(tmp_path: Path) -> None:
    async with console_over({**ANSWERS, QUESTION: None}, tmp_path) as browser:
        response = await sent(browser)
        assert "0 of 2 lines are restated." in text_of(response.text)
        assert "Registry does not answer at the moment." in response.text
        browser.transport.answers[QUESTION] = ANSWER
        assert "1,234,574.50" in (await browser.get(response.url.path)).text


async def test_a_restated_column_is_shown_to_its_own_session_alone(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        path = (await sent(browser)).url.path
        browser.client.cookies.clear()
        await browser.sign_in()
        for below in ("", "/lines.csv", "/totals.csv", "/workbook.xlsx"):
            response = await browser.get(f"{path}{below}")
            assert response.status_code == 404
            assert "kept for two hours" in response.text


async def test_a_file_of_a_thousand_lines_is_made_in_a_process_of_its_own_and_given_up_at_its_deadline(
    tmp_path: Path,
) -> None:
    store = Restatements(tmp_path, "secret")
    reference = store.begin([ColumnLine(number, "Q1A", "1") for number in range(1, 1_001)], {"to_day": "2021-04-01"})
    about = store.find(reference)
    assert about is not None
    part = store.next_lines(reference, 0, most=1_000)
    carried = [line(number, "Q1A", "Q4D", 1) for number in range(1, 1_001)]
    store.add(reference, about, {**ANSWER, "carried": carried, "not_carried": []}, part)
    wanted = files.ColumnFile(files.WORKBOOK, tmp_path, "secret", reference)
    content = await files.made(wanted)
    assert content is not None
    sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True)["Carried"]
    assert len(list(sheet.rows)) == 1_001
    assert await files.made(wanted, seconds=0) is None
