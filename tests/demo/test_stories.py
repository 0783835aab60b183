"""The six stories of the demo: their figures by hand, the answers that they link to, and who made what they tell."""

import re
from fractions import Fraction
from typing import Any

import asyncpg
import pytest

from deploy.postgres.server import EmbeddedPostgres
from libs.common.database.connection import dsn
from libs.common.money import apportion, nearest_penny
from tests.support.demo import Demo

TITLES = ("The Black Country", "Buckinghamshire", "North London", "A support unit's domino", "Tower Hamlets", "South W")


@pytest.fixture(scope="module")
def stories(demo: Demo) -> list[dict[str, Any]]:
    """The stories as a program reads them."""
    listed: list[dict[str, Any]] = demo.client.get("/stories").json()["stories"]
    return listed


def figures(stories: list[dict[str, Any]], title: str) -> dict[str, Any]:
    """The values of a story's figures by their names."""
    [story] = [one for one in stories if one["title"].startswith(title)]
    return {one["name"]: one["value"] for one in story["figures"]}


def pence(pounds: int) -> int:
    return pounds * 100


def test_all_six_are_told_in_words_and_on_the_page(demo: Demo, stories: list[dict[str, Any]]) -> None:
    assert "The demo is already loaded; nothing was missing." in demo.said, "a second start loads nothing again"
    page = re.sub(r"<[^>]+>", "", demo.client.get("/demo").text)
    assert [one["title"].startswith(title) for one, title in zip(stories, TITLES, strict=True)] == [True] * 6
    for story in stories:
        assert story["title"] in demo.said
        assert len(story["text"]) in (2, 3, 4)
        assert story["fact"]
        assert story["illustrative"] in " ".join(demo.said.split())
        for sentence in story["text"]:
            assert sentence in page.replace("&#x27;", "'")
        for figure in story["figures"]:
            assert f"{demo.address}{figure['shown']}\n" in demo.said


def test_each_figure_is_in_the_answer_that_it_links_to(demo: Demo, stories: list[dict[str, Any]]) -> None:
    answers: dict[tuple[str, str], Any] = {}
    count = 0
    for figure in (one for story in stories for one in story["figures"]):
        asked = figure["path"], figure["by"]
        if asked not in answers:
            answer = demo.send("GET", figure["path"], user=figure["by"])
            assert answer.status_code == 200, figure
            answers[asked] = answer.json()
        assert there(answers[asked], figure["at"].split(".")) == figure["value"], figure
        count += 1
    assert count > 60


def test_a_page_shows_the_answer_that_another_user_has(demo: Demo, stories: list[dict[str, Any]]) -> None:
    """The first page's test follows every link as it stands: here is what the one for another user says."""
    links = {one["shown"] for story in stories for one in story["figures"] if one["by"] != "commissioner"}
    [link] = [one for one in links if "/as/black-country/" in one]
    shown = demo.client.get(link).text
    assert "asked as <code>black-country</code>: 200.</p>" in shown
    assert demo.client.get(link.replace("black-country", "stranger")).status_code == 404


def there(answer: Any, steps: list[str]) -> Any:
    """What stands there in an answer, by the words of the story's file."""
    for step in steps:
        if step == "#":
            answer = len(answer)
        elif step[0] == "+":
            answer = sum(one[step[1:]] for one in answer)
        elif "=" in step:
            name, wanted = step.split("=")
            [answer] = [one for one in answer if str(one[name]) == wanted]
        else:
            answer = answer[int(step) if isinstance(answer, list) else step]
    return answer


def test_who_gains_and_who_loses_in_the_black_country_to_the_penny(stories: list[dict[str, Any]]) -> None:
    charges = {"dudley": 923_000, "sandwell": 1_501_000, "walsall": 831_000, "wolverhampton": 796_000}
    before, after, months = sum(charges.values()), 3_240_000, 27
    tenths = {"dudley": 1, "sandwell": 1, "walsall": 1, "wolverhampton": 3}
    pays = {name: pence(charges[name]) * months * tenths[name] // 120 for name in charges}
    savings = dict(zip(charges, apportion(pence(before - after), list(charges.values())), strict=True))
    set_up = dict(zip(charges, apportion(pence(1_200_000), list(charges.values())), strict=True))
    # Nothing in the first of six years, a half in the second, all of it in four.
    gains = {name: nearest_penny(Fraction(9, 2) * savings[name] - set_up[name] - pays[name]) for name in charges}
    found = figures(stories, "The Black Country")
    assert (found["before"], found["after"], found["payments"]) == (pence(before), pence(after), sum(pays.values()))
    assert {name: found[f"{name}_pays"] for name in charges} == pays
    assert (pays["dudley"], pays["wolverhampton"]) == (20_767_500, 53_730_000)
    assert {name: found[name] for name in charges} == gains
    assert [name for name, gain in gains.items() if gain < 0] == ["wolverhampton"]
    assert found["supplier"] == pays["wolverhampton"]
    benefits = sum(savings["dudley"] * part / Fraction(1035, 1000) ** year for year, part in RAMP.items())
    ratios = [benefits / set_up["dudley"], benefits / (set_up["dudley"] + pays["dudley"])]
    assert [found["dudley_free"], found["dudley_ratio"]] == [f"{float(ratio):.3f}" for ratio in ratios]


RAMP = {1: Fraction(1, 2), 2: Fraction(1), 3: Fraction(1), 4: Fraction(1), 5: Fraction(1)}
"""Of six years, counted from 0: the part of the saving that arrives."""


def test_buckinghamshires_allowance_is_the_sum_of_two_and_its_slip_overwrites_nothing(
    stories: list[dict[str, Any]],
) -> None:
    found = figures(stories, "Buckinghamshire")
    chiltern, aylesbury = 332_229 * 2_207, 205_152 * 2_207
    assert (found["chiltern_allowance"], found["aylesbury_allowance"]) == (chiltern, aylesbury)
    assert found["allowance"] == chiltern + aylesbury == 1_185_999_867
    assert found["budget"] == pence(92_000 + 205_000 + 148_000 + 331_000)
    assert (found["aylesbury"], found["chiltern"]) == (pence(71_000 + 402_000), pence(104_000 + 588_000))
    assert (found["planned_day"], found["slipped_day"]) == ("2017-04-01", "2018-04-01")
    assert (found["as_planned"], found["as_slipped"], found["status"]) == ("proposed", "proposed", "carried_out")


def test_one_officer_has_five_appointments_and_they_end_with_the_five(stories: list[dict[str, Any]]) -> None:
    found = figures(stories, "North London")
    assert found["appointments"] == 5
    assert (found["enfield_from"], found["enfield_to"], found["carried"]) == ("2017-04-01", "2020-03-31", "2020-04-01")
    assert found["chair"] == "2020-04-01"
    assert (found["first_charge"], found["second_charge"]) == (pence(16_000_000), pence(15_400_000))


def test_the_domino_of_the_unit_to_the_penny(stories: list[dict[str, Any]]) -> None:
    heads = {"05L": 554_567, "06A": 264_664, "05Y": 276_323, "05C": 314_402}
    fixed, per_head, price, replacement = 239_692_520, 117, 287, 240
    staying, prices = sum(heads.values()), []
    assert fixed + per_head * staying == price * staying, "at its price it covers its cost exactly"
    for people in heads.values():
        staying -= people
        prices.append(round(Fraction(fixed, staying)) + per_head if staying else None)
    found = figures(stories, "A support unit's domino")
    rest = sum(heads.values()) - heads["05L"]
    deficit = fixed + (per_head - price) * rest
    saving = (price - replacement) * heads["05L"]
    assert (found["heads"], found["saving"], found["deficit"]) == (sum(heads.values()), saving, deficit)
    assert (found["net"], found["counted"], found["losers"]) == (saving - deficit, 0, 3)
    assert [found["price_after"], found["third_price"], found["fourth_price"]] == prices[:3] == [397, 523, 879]
    assert [found[name] for name in ("first", "second", "third", "fourth")] == list(heads)
    assert (found["rounds"], found["national"], found["stay"]) == (4, 1, 3)


def test_seventy_in_advance_and_thirty_on_achievement_to_the_penny(stories: list[dict[str, Any]]) -> None:
    each = pence(8_000_000) // 8
    achieved = [Fraction(part, 100) for part in (100, 95, 90, 85, 80, 70, 60, 60)]
    balances = [int(each * Fraction(3, 10) * part) for part in achieved]
    found = figures(stories, "Tower Hamlets")
    assert (found["sum"], found["one_advance"], found["advances"]) == (8 * each, each * 7 // 10, 8 * each * 7 // 10)
    assert (found["first_balance"], found["last_balance"]) == (balances[0], balances[-1]) == (30_000_000, 18_000_000)
    assert found["most"] == 8 * each * 3 // 10
    assert found["paid"] == found["advances"] + sum(balances) == pence(7_520_000)
    assert found["entry"] == balances[0]


def test_no_owner_of_the_bidder_votes_on_the_award(demo: Demo, stories: list[dict[str, Any]]) -> None:
    found = figures(stories, "South Worcestershire")
    assert (found["value"], found["owners"], found["per_owner"]) == (pence(2_300_000), 32, pence(71_875))
    assert (found["members"], found["share"], found["board_outcome"]) == (4, "1/32", "inquorate")
    assert (found["outcome"], found["part"], found["elsewhere"]) == ("approved", 2, "05T-awards")
    [story] = [one for one in stories if one["title"].startswith("South Worcestershire")]
    paths = {one["name"]: one["path"] for one in story["figures"]}
    excluded = demo.send("GET", paths["members"]).json()["members"]
    took_part = demo.send("GET", paths["outcome"]).json()["took_part"]
    assert not {one["person"] for one in excluded} & set(took_part)
    assert len(took_part) == 2


_WRITERS = """
SELECT DISTINCT actor, organisations FROM write_record
 WHERE NOT roles[1] LIKE 'service:%' AND operation <> 'take_estates_workbook'
"""
"""Who gave a command; a reaction is recorded under whoever caused it. A workbook of estates speaks of many trusts."""


async def test_each_command_of_the_stories_was_given_by_its_own_organisation(demo: Demo) -> None:
    """What is written of the callers: a body's own lead for what is a body's, and no one for all of them."""
    callers: dict[str, set[tuple[str, tuple[str, ...]]]] = {}
    for name in ("contracts", "finance", "governance"):
        url = EmbeddedPostgres(demo.folder / "var" / "postgres").dsn(name, name)
        connection = await asyncpg.connect(dsn(url))
        rows = await connection.fetch(_WRITERS)
        await connection.close()
        callers[name] = {(row["actor"], tuple(row["organisations"])) for row in rows}
    bodies = {
        name: {each for each in several if each[0].startswith("commissioner")} for name, several in callers.items()
    }
    assert [
        each for several in bodies.values() for each in several if each[0] != f"commissioner@{','.join(each[1])}"
    ] == []
    assert {code for _, [code] in bodies["contracts"]} >= {
        "05C",
        "05L",
        "05Y",
        "06A",
        "0CX",
        "08V",
        "05T",
        "10H",
        "07X",
    }
    assert {code for _, [code] in bodies["finance"]} >= {"05C", "05L", "05Y", "06A", "10H", "10Y"}
    assert {code for _, [code] in bodies["governance"]} >= {"05C", "06A", "05T", "07M", "07R", "07X", "08D", "08H"}


def test_no_story_names_a_person(demo: Demo) -> None:
    """Every holder of a post is known by an office."""
    persons: set[str] = set()
    for code in ("05C", "05T", "07M", "07X", "10H"):
        params = {"organisation": code, "as_at": "2016-11-21"}
        listed = demo.send("GET", "/governance/v1/appointments", params=params).json()["items"]
        persons |= {one["person"] for one in listed}
    names = [demo.send("GET", f"/governance/v1/people/{one}").json()["display_name"] for one in sorted(persons)]
    offices = (
        r"(Accountable officer|Chair|Chief officer), [A-Z][A-Za-z ]+|GP member \d|Lay member|Awards (chair|officer)"
    )
    assert len(names) == 15
    assert [name for name in names if not re.fullmatch(offices, name)] == []
