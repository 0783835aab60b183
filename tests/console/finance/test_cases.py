"""A case on its page: what it is worth and who loses, from answers of another world."""

from pathlib import Path
from typing import Any

from console.finance import case_shaping as shaping
from tests.console.apps import console_over, refusal
from tests.console.finance.answers import CASE, LOSERS, OF_CASE, SENSITIVITY, appraisal, option

PAGE = "/finance/cases/MOON-1/versions/2"
NAMES = {
    "registry POST /lookups": (
        404,
        {"type": "x/none", "title": "none", "detail": "", "reasons": []},
    )
}


async def test_a_case_says_what_it_is_worth_and_who_loses(tmp_path: Path) -> None:
    async with console_over({**OF_CASE, **NAMES}, tmp_path) as browser:
        shown = await browser.get(PAGE)
        assert shown.status_code == 200
        for value in ("One tower for the moon", "£98,765", "2.500", "−£7,007.00", "Part of the saving is a cost to"):
            assert value in shown.text
        assert "The tent is dominated by the tower." in shown.text
        assert len(browser.transport.asked) == 5


async def test_another_option_is_asked_for_by_its_name(tmp_path: Path) -> None:
    async with console_over({**OF_CASE, **NAMES}, tmp_path) as browser:
        shown = await browser.get(f"{PAGE}?option=tent&as_known=2032-01-01")
        assert "finance GET /cases/MOON-1/versions/2/losers?as_known=2032-01-01&option=tent" in browser.transport.asked
        assert f'href="{PAGE}/books?as_known=2032-01-01&amp;option=tent"' in shown.text
        assert "£1,234" in shown.text


async def test_an_option_that_the_case_lacks_is_said_so(tmp_path: Path) -> None:
    async with console_over({**OF_CASE, **NAMES}, tmp_path) as browser:
        shown = (await browser.get(f"{PAGE}?option=castle")).text
    assert "The case has no option castle." in shown


async def test_of_another_day_no_publication_is_offered(tmp_path: Path) -> None:
    draft = {**OF_CASE, **NAMES, f"finance GET {CASE}/appraisal": appraisal(status="draft")}
    async with console_over(draft, tmp_path) as browser:
        assert f'href="{PAGE}/publication' in (await browser.get(PAGE)).text
        assert "/publication" not in (await browser.get(f"{PAGE}?as_at=2032-01-01")).text


async def test_what_is_not_answered_costs_its_part_of_the_page(tmp_path: Path) -> None:
    silent = {f"finance GET {CASE}/losers": None, "registry POST /lookups": None}
    async with console_over({**OF_CASE, **silent}, tmp_path) as browser:
        shown = await browser.get(PAGE)
        assert shown.status_code == 200
        assert "Finance does not answer at the moment." in shown.text
        assert "£98,765" in shown.text


async def test_a_case_that_is_not_read_is_no_page(tmp_path: Path) -> None:
    async with console_over({}, tmp_path) as browser:
        assert (await browser.get(PAGE)).status_code == 404


async def test_each_table_can_be_had_as_csv(tmp_path: Path) -> None:
    async with console_over(OF_CASE, tmp_path) as browser:
        found = {
            name: (await browser.get(f"{PAGE}/{name}.csv")).text for name in ("options", "worth", "tornado", "losers")
        }
        assert (await browser.get(f"{PAGE}/nothing.csv")).status_code == 404
    assert "tower,One tower,organisation" in found["options"]
    assert "rent,Lower rent,cash_releasing" in found["worth"]
    assert "8845640,10907360" in found["tornado"]
    assert "Q8Y,2031-32,-700700" in found["losers"]


async def test_a_draft_is_published_after_it_was_looked_at(tmp_path: Path) -> None:
    stated = {
        "case": "MOON-1",
        "version": 2,
        "revision": 3,
        "status": "draft",
        "organisation": "Q9X",
        "proposal": None,
        "digest": None,
        "stated_at": "2031-05-01T09:00:00Z",
        "content": {"title": "One tower for the moon", "base_year": "2031-32", "years": 10, "options": CONTENT},
    }
    done = {
        "case": "MOON-1",
        "version": 2,
        "revision": 4,
        "status": "published",
        "digest": "c" * 64,
        "event": None,
        "on": "2031-05-02",
    }
    answers: dict[str, Any] = {
        **OF_CASE,
        f"finance GET {CASE}/appraisal": appraisal(status="draft"),
        f"finance GET {CASE}": stated,
        f"finance POST {CASE}/publication": refusal("stale-version", "It is at version 4 by now", status=412),
    }
    async with console_over(answers, tmp_path) as browser:
        assert f'href="{PAGE}/publication"' in (await browser.get(PAGE)).text
        assert "It never changes again" in (await browser.get(f"{PAGE}/publication")).text
        refused = await browser.submit(f"{PAGE}/publication", {"version": '"1"'})
        assert refused.status_code == 412
        assert "Another person changed this" in refused.text
        browser.transport.answers[f"finance POST {CASE}/publication"] = (201, done)
        published = await browser.submit(f"{PAGE}/publication", {"version": '"1"'})
        assert "Version 2 of MOON-1 is published." in published.text
        sent = [one for one in browser.transport.sent if one.url.path.endswith("/publication")]
    assert [one.headers["if-match"] for one in sent] == ['"1"', '"1"']


CONTENT = [
    {"option": "bau", "title": "As it is", "kind": "bau"},
    {"option": "tower", "title": "One tower"},
]


def test_parts_that_are_all_of_the_value_are_steps_and_others_bars() -> None:
    whole = shaping.worth_of(option("tower", "One tower", 98_765_00))
    part = shaping.worth_of({**option("tower", "One tower", 98_765_00), "items": [option("a", "b", 5)["items"][0]]})
    assert whole is not None
    assert part is not None
    assert [row["low"] for row in whole.wide["data"]["values"]] == [-4_321_00, -4_321_00, 0]
    assert [row["low"] for row in part.wide["data"]["values"]] == [-4_321_00, 0]


def test_a_swing_lies_around_the_stated_value() -> None:
    chart = shaping.tornado_of(SENSITIVITY, 98_765_00)
    assert chart is not None
    assert {row["high"] for row in chart.wide["data"]["values"]} == {98_765_00, 109_073_60}


def test_who_loses_is_named_and_comes_last() -> None:
    parties = shaping.parties_of(LOSERS, {"Q8Y": "The other side"})
    assert [(party.name, party.loses) for party in parties] == [("Q9X", False), ("The other side", True)]


def test_an_amount_is_shown_in_pounds_and_a_probability_as_it_is() -> None:
    assert shaping.value_of({"type": "cost", "value": "12345"}) == "£123.45"
    assert shaping.value_of({"type": "cost", "value": "100/3"}) == "£0.33"
    assert shaping.value_of({"type": "risk", "value": "0.25"}) == "0.25"
    assert shaping.part_of("1/3") == "0.3333"
