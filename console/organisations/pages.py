"""Pages of an organisation: what it was on the day, and what each service has about it."""

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from console.core.page import Page, Route, get
from console.core.services import Answer
from console.lineage.drawing import drawing_of
from console.lineage.family import established_on, family_of
from console.organisations.shaping import (
    became_words,
    codes_of,
    findings_of,
    kind_words,
    names_of,
    relation_groups,
    values_of,
)

TABS = (
    ("", "On the day"),
    ("/lineage", "Lineage"),
    ("/members", "Members"),
    ("/money", "Contracts and money"),
    ("/bodies", "Bodies and posts"),
    ("/findings", "Findings"),
)
MOST_DRAWN = 12
"""Bodies of a lineage that is drawn on the first page; a larger one is on its own."""
STATUSES = (("", "Any status"), ("open", "Open"), ("proposed", "Proposed"), ("closed", "Closed"))


async def organisation(page: Page) -> Response:
    """Show what an organisation was on the day."""
    code = _code(page)
    path = f"/organisations/{code}"
    answers = await page.ask(
        page.of("registry", path, sightings=True),
        page.of("registry", f"{path}/relations", limit=100, after=page.query.get("relations_after")),
        page.of("registry", f"{path}/lineage"),
        page.of("registry", f"{path}/populations"),
        page.of("registry", f"{path}/members", limit=1),
    )
    body, relations, lineage, populations, members = answers
    if not body.ok:
        return page.unanswered(body)
    names = await _names(page, codes_of(body.body, relations.items, lineage.body if lineage.ok else None))
    named = {**names, code: body["name"] or ""}
    turned = established_on(body.body)
    family = family_of([lineage.body] if lineage.ok else [], focus=code, names=named, turned=turned)
    drawn = 1 < len(family.codes) <= MOST_DRAWN
    return _rendered(
        page,
        "organisation",
        body,
        values=values_of(body.body),
        names=names,
        relations=relations,
        groups=relation_groups(relations.items, code),
        lineage=lineage,
        became=became_words(lineage.body) if lineage.ok else "",
        drawing=await asyncio.to_thread(drawing_of, family) if drawn else None,
        bodies=len(family.codes),
        populations=populations,
        members=members,
    )


async def members(page: Page) -> Response:
    """List the members of an organisation on the day."""
    code = _code(page)
    kind, status = page.query.get("kind", ""), page.query.get("status", "")
    query: dict[str, Any] = {"kind": kind, "status": status, "after": page.query.get("after"), "limit": 100}
    body, answer = await page.ask(
        page.of("registry", f"/organisations/{code}"), page.of("registry", f"/organisations/{code}/members", **query)
    )
    if not body.ok:
        return page.unanswered(body)
    return _rendered(
        page,
        "members",
        body,
        answer=answer,
        kinds=sorted({one["kind"] for one in answer.items} | ({kind} if kind else set())),
        kind=kind,
        wanted=status,
        statuses=STATUSES,
    )


async def money(page: Page) -> Response:
    """Show the contracts of an organisation, as customer and as supplier, and its allowances."""
    code = _code(page)
    body, buys, supplies, allowances, calendar = await page.ask(
        page.of("registry", f"/organisations/{code}"),
        page.of("contracts", "/contracts", customer=code, limit=50),
        page.of("contracts", "/contracts", supplier=code, limit=50),
        page.now("finance", "/allowances", organisation=code, limit=50, as_known=page.times.as_known),
        page.of("contracts", f"/exit-calendars/{code}"),
    )
    if not body.ok:
        return page.unanswered(body)
    return _rendered(
        page, "money", body, buys=buys, supplies=supplies, allowances=allowances, calendar=calendar, code=code
    )


async def bodies(page: Page) -> Response:
    """Show the governing bodies, committees and posts of an organisation."""
    code = _code(page)
    body, answer, posts = await page.ask(
        page.of("registry", f"/organisations/{code}"),
        page.of("governance", "/bodies", organisation=code, limit=100),
        page.of("governance", "/appointments", organisation=code, limit=100, after=page.query.get("after")),
    )
    if not body.ok:
        return page.unanswered(body)
    return _rendered(page, "bodies", body, answer=answer, posts=posts)


async def findings(page: Page) -> Response:
    """Show what needs attention at an organisation, by all services, and where sources disagree about it."""
    code = _code(page)
    body, mergers, contracts, finance, governance, conflicts = await page.ask(
        page.of("registry", f"/organisations/{code}"),
        page.of("registry", "/mergers/findings", party=code, limit=50),
        page.of("contracts", "/findings", party=code, limit=50),
        page.of("finance", "/findings", party=code, limit=50),
        page.of("governance", "/findings", party=code, limit=50),
        page.of("registry", "/conflicts", code=code, limit=50),
    )
    if not body.ok:
        return page.unanswered(body)
    answers = (mergers, contracts, finance, governance)
    return _rendered(
        page,
        "findings",
        body,
        answers=answers,
        findings=findings_of({one.service: one.items for one in answers}),
        more=any(one.after for one in answers),
        conflicts=conflicts,
    )


def _code(page: Page) -> str:
    """Return the code of the address in capitals, as services compare it."""
    return page.path["code"].upper()


async def _names(page: Page, codes: Sequence[str]) -> dict[str, str]:
    """Return the names of other bodies on the day, in one question; none where the registry does not answer."""
    if not codes:
        return {}
    (answer,) = await page.ask(page.of("registry", "/lookups", json={"codes": list(codes)[:5_000]}))
    return names_of(answer.get("organisations", ()))


def _rendered(page: Page, name: str, body: Answer, **context: Any) -> Response:
    code = body["code"]
    return page.render(
        f"organisations/{name}.html",
        title=f"{body['name'] or code}{'' if name == 'organisation' else ': ' + dict(_TITLES)[name]}",
        body=body,
        kind_words=kind_words,
        tabs=[(f"/organisations/{code}{path}", label) for path, label in TABS],
        tab=f"/organisations/{code}{'' if name == 'organisation' else f'/{name}'}",
        **context,
    )


_TITLES = tuple((path.removeprefix("/"), label.lower()) for path, label in TABS)

ROUTES: list[Route] = [
    get("/organisations/{code}", organisation),
    get("/organisations/{code}/members", members),
    get("/organisations/{code}/money", money),
    get("/organisations/{code}/bodies", bodies),
    get("/organisations/{code}/findings", findings),
]
