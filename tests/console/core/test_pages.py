"""What every page has: two times in its links, forms that are bounded, files, and paths that lead nowhere else."""

from pathlib import Path
from typing import Any

import pytest
from starlette.datastructures import FormData

from console.core.forms import Form
from console.core.page import Page
from console.core.services import Question
from tests.console.apps import console_over, hidden, refusal

_FIELDS = "as_at-day=1&as_at-month=4&as_at-year=2018"


async def test_back_to_today_drops_days_that_came_as_three_fields(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        page = (await browser.get(f"/mergers?status=planned&{_FIELDS}&as_known-day=")).text
    assert "As at 1 April 2018" in page
    assert 'href="/mergers?status=planned">Back to today' in page
    assert 'name="as_at-day" type' not in page  # not hidden beside the field itself
    assert page.count('name="as_at-day"') == 1


async def test_what_is_no_day_is_said_as_it_was_typed(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        page = (await browser.get("/mergers?as_at-day=31&as_at-month=2&as_at-year=2018")).text
    assert "31 02 2018 is not a day. Write it as 1 4 2018." in page


async def test_no_page_links_to_the_site_that_its_address_seems_to_name(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        page = await browser.client.get("http://127.0.0.1:8005//evil.test/?as_at=2018-04-01")
    assert page.status_code == 404
    assert "Back to today" in page.text
    assert '"//evil.test' not in page.text


async def test_a_sign_in_that_a_service_does_not_accept_is_no_missing_right(tmp_path: Path) -> None:
    unknown = refusal("not-signed-in", "the audience is another", status=401)
    async with console_over({"registry GET /mergers/M-1": unknown}, tmp_path) as browser:
        page = await browser.get("/mergers/M-1")
    assert "Registry does not accept your sign-in. the audience is another" in page.text
    assert "You may not see" not in page.text


async def test_a_form_of_too_many_bytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        token = hidden((await browser.get("/sign-in")).text, "csrf")
        fields = {"csrf": token, **{f"f{number}": "x" * 6_000_000 for number in range(4)}}
        sent = await browser.client.post("/sign-out", data=fields)
    assert (sent.status_code, "20 MB at most" in sent.text) == (413, True)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/organisations/X?a=b#c", ["registry GET /organisations/X?a=b#c"]),
        ("/organisations/../operations/parked", []),
        ("/organisations/%2e%2e/operations", []),
    ],
)
async def test_a_part_of_an_address_leads_to_no_other_answer(tmp_path: Path, path: str, asked: list[str]) -> None:
    async with console_over({}, tmp_path) as browser:
        services = browser.app.state.console.services
        answer = await services.ask(Question("registry", path), token="t")
        assert answer.absent
        assert browser.transport.asked == asked


async def test_figures_of_a_file_stay_figures_and_formulas_become_texts(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["-1250.00", "+0.5%", "=1+1", "-1+cmd", "@x", None, -3]]
    async with console_over({}, tmp_path) as browser:
        page: Page = Page(None, browser.app.state.console, None)  # type: ignore[arg-type]
        lines = bytes(page.csv("a.csv", ["a"], rows).body).decode("utf-8-sig").splitlines()
    assert lines[1] == "-1250.00,+0.5%,'=1+1,'-1+cmd,'@x,,-3"


@pytest.mark.parametrize(("written", "pence"), [("£2.3m", 230_000_000), ("1,250.50", 125_050), ("", None)])
def test_every_field_of_money_is_read_in_one_way(written: str, pence: int | None) -> None:
    form = Form(FormData([("price", written)]))
    assert (form.pence("price", "The price"), form.refusal) == (pence, None)


def test_an_amount_that_cannot_be_read_is_said_beside_its_field() -> None:
    form = Form(FormData([("price", "-5")]))
    assert form.pence("price", "The price") is None
    assert [(one.field, one.message) for one in form.reasons] == [
        ("price", "The price must be an amount in pounds, such as 1,250.50 or 2.3m")
    ]


async def test_days_in_a_refusal_are_written_as_people_read_them(tmp_path: Path) -> None:
    refused = refusal("too-early", "not before 2031-04-01", ("2031-03-31 is past", None))
    async with console_over({"registry GET /mergers/M-1": refused}, tmp_path) as browser:
        page = (await browser.get("/mergers/M-1")).text
    assert "1 April 2031" in page or "31 March 2031" in page
    assert "2031-0" not in page
