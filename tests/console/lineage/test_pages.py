"""The page of a lineage over recorded answers: the whole family is drawn, listed, and given as CSV."""

import json
import re
from pathlib import Path

from tests.console.apps import console_over
from tests.console.organisations.world import AFTER, ANSWERS, LINEAGE, ORGANISATION, VIEWED, lineage, named

NAMES = named(("Q1A", "First Commissioners"), ("Q5E", "Fifth Commissioners"))


async def test_the_whole_family_is_drawn_and_listed_with_one_question_a_family(tmp_path: Path) -> None:
    async with console_over({**ANSWERS, "registry POST /lookups": NAMES}, tmp_path) as browser:
        html = (await browser.get("/organisations/Q4D/lineage")).text
        assert len(browser.transport.asked) <= 6
        assert [one for one in browser.transport.asked if "Q6F/lineage" in one] == [
            "registry GET /organisations/Q6F/lineage?direction=before"
        ]
        for code in ("Q1A", "Q2B", "Q3C", "Q4D", "Q5E", "Q6F"):
            assert f'<tspan font-weight="700">{code}</tspan>' in html
            assert html.count(f'id="body-{code}"') == 1
        assert "Lineage of Q4D: 6 bodies and 5 successions on 2 days." in html
        assert "planned 1 October 2020, 182 days late" in html
        assert "Q5E to Q6F on 1 April 2021 (merger): all" in html
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))
        assert "Q6F, since 1 April 2021, from 2 bodies" in text
        assert "Q1A First Commissioners; all of it passed on 1 April 2018" in text
        assert "Sixth Commissioners Q6F, open: all of it" in text
        assert "1 April 2019: 36 practices from Q4D to Q9J, people not known" in text
        assert "Q4D: two days are stated." in text
        assert " style=" not in html


async def test_names_are_asked_for_days_on_which_the_bodies_were_there(tmp_path: Path) -> None:
    async with console_over({**ANSWERS, "registry POST /lookups": NAMES}, tmp_path) as browser:
        await browser.get("/organisations/Q4D/lineage?as_known=2022-02-02")
        asked = [one for one in browser.transport.asked if "lookups" in one]
        assert asked == [
            "registry POST /lookups?as_at=2018-03-31&as_known=2022-02-02",
            "registry POST /lookups?as_at=2021-03-31&as_known=2022-02-02",
            "registry POST /lookups?as_known=2022-02-02",
        ]


async def test_a_code_in_small_letters_is_the_same_body(tmp_path: Path) -> None:
    answers = {key.replace("/Q4D", "/q4d"): answer for key, answer in ANSWERS.items()}
    async with console_over({**answers, **ANSWERS}, tmp_path) as browser:
        for path in ("/organisations/q4d", "/organisations/q4d/lineage"):
            html = (await browser.get(path)).text
            assert '<tspan font-weight="700">Q4D</tspan>' in html
            assert "q4d</tspan>" not in html


async def test_each_succession_has_its_day_and_source_in_words(tmp_path: Path) -> None:
    entered = {**AFTER[0], "source": "command", "share": "2/3", "share_source": "ods:shares"}
    answers = {**ANSWERS, "registry GET /organisations/Q4D/lineage": {**LINEAGE, "after": [entered]}}
    async with console_over(answers, tmp_path) as browser:
        html = (await browser.get("/organisations/Q4D/lineage")).text
        assert (
            "Q4D was followed by Q6F on 1 April 2021, merger, 2/3 of it. Stated by an entry in the registry; "
            "its share by ods:shares</li>"
        ) in html
        assert "Q1A was followed by Q4D on 1 April 2018, merger, all of it. Stated by ods:succ</li>" in html


async def test_a_body_that_was_of_another_kind_before_is_said_to_have_been_there(tmp_path: Path) -> None:
    late = lineage("Q6F", AFTER, [], origins=["Q4D", "Q6F"])
    now = {**VIEWED, "code": "Q6F", "kind": "icb", "status": "open", "since": "2016-03-15"}
    answers = {
        "registry GET /organisations/Q6F": {**ORGANISATION, **now, "legal": None, "mergers": []},
        "registry GET /organisations/Q6F/lineage": late,
        "registry POST /lookups": {"organisations": [now], "unknown": []},
        "registry POST /lookups?as_at=2021-03-31": {"organisations": [{**now, "kind": "stp"}], "unknown": []},
    }
    async with console_over(answers, tmp_path) as browser:
        text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", (await browser.get("/organisations/Q6F/lineage")).text))
        assert "Dotted: Q6F was there before 1 April 2021, as a body of another kind." in text
        assert "Fourth Commissioners, there before; from 1 April 2021 1 body passed to it" in text
        bodies = [json.loads(one.content) for one in browser.transport.sent if "lookups" in str(one.url)]
        assert bodies[0] == {"codes": ["Q4D", "Q6F"]}


async def test_the_successions_are_given_as_csv(tmp_path: Path) -> None:
    async with console_over(ANSWERS, tmp_path) as browser:
        response = await browser.get("/organisations/Q4D/lineage.csv")
        assert response.headers["content-disposition"] == 'attachment; filename="lineage-Q4D.csv"'
        lines = response.text.removeprefix("\ufeff").splitlines()
        assert lines[0] == "code,successor,effective_on,share,shape,source"
        assert lines[-1] == "Q5E,Q6F,2021-04-01,1,merger,ods:succ"
        assert len(lines) == 6


async def test_a_body_without_successions_and_a_silent_registry_are_said(tmp_path: Path) -> None:
    alone = {**ANSWERS, "registry GET /organisations/Q4D/lineage": lineage("Q4D", [], [])}
    async with console_over(alone, tmp_path) as browser:
        assert "No source states that it followed another" in (await browser.get("/organisations/Q4D/lineage")).text
    silent = {**ANSWERS, "registry GET /organisations/Q4D/lineage": None}
    async with console_over(silent, tmp_path) as browser:
        response = await browser.get("/organisations/Q4D/lineage")
        assert "Registry does not answer at the moment." in response.text
