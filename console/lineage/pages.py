"""The page of an organisation's lineage."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.core.services import Answer
from console.lineage.drawing import drawing_of, share_words
from console.lineage.family import Family, Slip, established_on, family_of, naming_days, rolled_up
from console.lineage.succession_list import listed

MOST_NAMED = 5_000


async def lineage(page: Page) -> Response:
    """Draw the family of an organisation, and list it."""
    asked = page.path["code"]
    body, answer = await page.ask(
        page.of("registry", f"/organisations/{asked}"), page.of("registry", f"/organisations/{asked}/lineage")
    )
    if not body.ok:
        return page.unanswered(body)
    if not answer.ok:
        return page.render("lineage/lineage.html", title=_title(body), body=body, answer=answer, family=None)
    lineages = [answer.body, *await _of_successors(page, answer.body)]
    # The registry takes a code in any letters, and answers in its own.
    family = family_of(lineages, focus=body["code"], slips=_slips(body.body), turned=established_on(body.body))
    family = await _named(page, family)
    everything = page.query.get("all") == "yes"
    drawn, others = (family, ()) if everything else rolled_up(family)
    return page.render(
        "lineage/lineage.html",
        title=_title(body),
        body=body,
        answer=answer,
        family=family,
        others=others,
        everything=everything,
        drawing=await asyncio.to_thread(drawing_of, drawn),
        listed=listed(family),
        share_words=share_words,
    )


async def as_csv(page: Page) -> Response:
    """Return the successions of the family as a CSV file."""
    code = page.path["code"]
    (answer,) = await page.ask(page.of("registry", f"/organisations/{code}/lineage"))
    if not answer.ok:
        return page.unanswered(answer)
    heads = ("code", "successor", "effective_on", "share", "shape", "source")
    steps = {
        (one["effective_on"], one["code"], one["successor"]): [one[head] for head in heads]
        for lineage in (answer.body, *await _of_successors(page, answer.body))
        for one in (*lineage["before"], *lineage["after"])
    }
    return page.csv(f"lineage-{answer['code']}.csv", heads, [steps[key] for key in sorted(steps)])


def _title(body: Answer) -> str:
    return f"{body['name'] or body['code']}: lineage"


async def _of_successors(page: Page, lineage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what led to the living successors, which is the rest of the family; of at most two of them."""
    ends = [code for code in lineage["resolves_to"] if code != lineage["code"]][:2]
    answers = await page.ask(
        *(page.of("registry", f"/organisations/{code}/lineage", direction="before") for code in ends)
    )
    return [answer.body for answer in answers if answer.ok]


async def _named(page: Page, family: Family) -> Family:
    """Return the family with the names of its bodies: each of a day on which it was there, as far as questions last."""
    days = naming_days(family, most=page.questions_left - 1)
    rest = sorted({*family.codes} - {code for codes in days.values() for code in codes})
    # Of those that were there before others passed to them it is asked too what they were on each of the days.
    there = [code for code in rest if code in family.before and family.first_day(code) is None]
    questions = [
        page.now("registry", "/lookups", json={"codes": [*codes, *there][:MOST_NAMED]}, as_at=day, **_known(page))
        for day, codes in days.items()
    ]
    if rest:
        questions.append(page.of("registry", "/lookups", json={"codes": rest[:MOST_NAMED]}))
    answers = [answer.get("organisations", ()) for answer in await page.ask(*questions)]
    found = [one for listed_ in answers[: len(days)] for one in listed_ if one["code"] not in rest]
    found += [one for listed_ in answers[len(days) :] for one in listed_]
    closed = {
        one["code"]: date.fromisoformat(one["since"]) - timedelta(days=1)
        for one in found
        if one["status"] == "closed" and one["since"] and family.last_day(one["code"]) is None
    }
    opened = {
        one["code"]: date.fromisoformat(one["since"])
        for one in found
        if one["status"] == "open" and one["since"] and family.first_day(one["code"]) is None
    }
    names = {one["code"]: one["name"] for one in found if one["name"]}
    turned = {**_turned(family, dict(zip(days, answers, strict=False)), found), **family.turned}
    return replace(family, names=names, closed=closed, opened=opened, turned=turned)


def _known(page: Page) -> dict[str, Any]:
    return {"as_known": page.times.as_known}


def _turned(
    family: Family, seen: Mapping[date, Sequence[Mapping[str, Any]]], now: Sequence[Mapping[str, Any]]
) -> dict[str, date]:
    """Return the days on which bodies that were there before became of the kind that they are, as far as was asked."""
    kinds = {one["code"]: one["kind"] for one in now}
    return {
        one["code"]: eve + timedelta(days=1)
        for eve, bodies in sorted(seen.items())
        for one in bodies
        if kinds.get(one["code"], one["kind"]) != one["kind"]
        and eve + timedelta(days=1) in {step.on for step in family.before.get(one["code"], ())}
    }


def _slips(body: Mapping[str, Any]) -> list[Slip]:
    """Return the slips of the mergers that an organisation is part of."""
    return [
        Slip(one["successor"], date.fromisoformat(planned), date.fromisoformat(one["effective_on"]))
        for one in body["mergers"]
        for planned in one["slipped_from"]
        if one["status"] != "withdrawn" and planned != one["effective_on"]
    ]


ROUTES: list[Route] = [get("/organisations/{code}/lineage", lineage), get("/organisations/{code}/lineage.csv", as_csv)]
