"""Who sees what of governance: every read and the feed, as everybody, compared with a table.

Who decides for a public body is public. A name is read by leads of the organisation that keeps the person's record, of
one in which the person holds or held a post, and of their successors; the words of an act by the body's own leads and
their successors.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import httpx
from fastapi.routing import iter_route_contexts

from libs.common.http.transactions import READING, SteppedRoute
from libs.common.identity import Role
from services.governance.app import SERVICE
from tests.support.builders import a_ccg, a_merger_command
from tests.support.platform import Platform

OPENED, MERGED = date(2013, 4, 1), date(2018, 4, 1)
WORDS, LATER = "Confidential words", "Words of the successor"
LEAD = Role.GOVERNANCE_LEAD

OPEN = {
    "list_bodies": "bodies",
    "get_body": "bodies/14Y-governing-body",
    "list_appointments": "appointments?organisation=14Y",
    "get_appointment": "appointments/{appointment}",
    "list_vacancies": "vacancies?as_at=2014-06-01",
    "list_decision_rights": "decision-rights?organisation=14Y",
    "get_decision_right": "decision-rights/{right}",
    "list_ending_reasons": "ending-reasons",
    "list_deciders": "decisions/contract-award/deciders?organisation=14Y&value_pence=1",
}
"""The reads that are open to every signed-in caller."""
RESTRICTED = {"get_person", "look_up_names", "list_acts"}

PERSONS = {"shared": "Nayme Shared", "chair": "Nayme Chair", "elsewhere": "Nayme Elsewhere", "left": "Nayme Left"}
"""`shared` held a post in 10H and 10Y and holds it in 14Y; `chair`, kept by 07X, is the chair of 14Y; `elsewhere` is
kept by 05C and holds no post; `left` is kept by 10Y and was the chair of 10H alone."""


@dataclass(frozen=True)
class Sees:
    """What somebody sees beside what is open: these names, the acts of these bodies, and the feed."""

    names: frozenset[str] = frozenset()
    acts: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    """Those of `acts` with what a successor did there after the body had ended."""
    feed: bool = False


NOTHING = Sees()
TABLE: dict[str, tuple[tuple[Role, ...], tuple[str, ...], Sees]] = {
    "lead of the body, successor of two": (
        (LEAD,),
        ("14Y",),
        Sees(frozenset({"shared", "chair", "left"}), frozenset({"14Y", "10H", "10Y"}), frozenset({"10H"})),
    ),
    "lead of a dissolved body": ((LEAD,), ("10H",), Sees(frozenset({"shared", "left"}), frozenset({"10H"}))),
    "lead of a dissolved body and its successor": (
        (LEAD,),
        ("10H", "14Y"),
        Sees(frozenset({"shared", "chair", "left"}), frozenset({"14Y", "10H", "10Y"}), frozenset({"10H"})),
    ),
    "lead of the other dissolved body": ((LEAD,), ("10Y",), Sees(frozenset({"shared", "left"}), frozenset({"10Y"}))),
    "keeper of the chair": ((LEAD,), ("07X",), Sees(frozenset({"chair"}), frozenset())),
    "lead of another body": ((LEAD,), ("05C",), Sees(frozenset({"elsewhere"}), frozenset())),
    "national lead": ((LEAD,), ("*",), Sees(frozenset(PERSONS), frozenset({"14Y", "10H", "10Y"}), frozenset({"10H"}))),
    "lead of a stranger": ((LEAD,), ("06A",), NOTHING),
    "lead of no organisation": ((LEAD,), (), NOTHING),
    "partner of the body": ((Role.PARTNER,), ("14Y",), Sees(feed=True)),
    "partner of a stranger": ((Role.PARTNER,), ("06A",), Sees(feed=True)),
    "operator": ((Role.OPERATOR,), ("*",), NOTHING),
    "everything but a lead": (
        tuple(role for role in Role if role not in {LEAD, Role.PARTNER}),
        ("*",),
        NOTHING,
    ),
    "no role": ((), ("14Y",), NOTHING),
}


async def prepared(platform: Platform) -> tuple[dict[str, str], dict[str, str]]:
    """Two CCGs with bodies merge into 14Y; the ids of the persons, and what fills the paths."""

    async def done(path: str, body: dict[str, Any], **headers: str) -> Any:
        return await platform.call("POST", "governance", path, LEAD, json=body, headers=headers)

    await platform.move_clocks(OPENED)
    ccgs = {"organisations": [a_ccg(code) for code in ("10H", "10Y", "07X", "05C", "06A")]}
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json=ccgs)
    await platform.caught_up()
    kept_by = {"shared": "10H", "chair": "07X", "elsewhere": "05C", "left": "10Y"}
    ids = {
        short: (await done("/people", {"organisation": kept_by[short], "display_name": name}))["person"]
        for short, name in PERSONS.items()
    }
    private = {"note": WORDS, "document": WORDS}
    for code in ("10H", "10Y"):
        body = {"organisation": code, "first_day": OPENED.isoformat(), "posts": [{"title": "Chair"}]}
        await done("/bodies", {**body, **private})
        held = {"first_day": OPENED.isoformat(), **private}
        await done("/appointments", {"post": f"{code}/accountable-officer", "person": ids["shared"], **held})
    left = await done("/appointments", {"post": "10H/chair", "person": ids["left"], **held})
    ending = {"last_day": "2014-03-31", "reason": "resigned", **private}
    await done(f"/appointments/{left['appointment']}/ending", ending, **{"If-Match": '"1"'})
    merger = a_merger_command("14Y", "10H", "10Y", on=MERGED)
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger)
    await platform.move_clocks(MERGED)
    chair = {"post": "14Y/chair", "person": ids["chair"], "first_day": MERGED.isoformat(), **private}
    made = await done("/appointments", chair)
    right = {
        "organisation": "14Y",
        "post": "14Y/chair",
        "function": "contract-award",
        "first_day": MERGED.isoformat(),
        "source_minute": "Governing body, 1 April 2018, item 6",
        "note": WORDS,
    }
    granted = await done("/decision-rights", right)
    late = {"organisation": "10H", "function": "payroll", "first_day": "2018-03-01", "last_day": "2018-03-31"}
    await done("/decision-rights", {**late, "source_minute": "Governing body, 1 March 2018, item 2", "note": LATER})
    await platform.caught_up()
    return ids, {"appointment": made["appointment"], "right": str(granted["decision_right"])}


def reads_of(platform: Platform) -> set[str]:
    """Every read of governance's own: the GETs of its routers, and the questions that it is sent."""
    tags = {tag["name"] for tag in SERVICE.tags}
    return {
        str(found.name)
        for found in iter_route_contexts(platform.apps["governance"].routes)
        if tags.intersection(getattr(found.original_route, "tags", ()))
        and ((found.methods or set()) & READING or isinstance(found.original_route, SteppedRoute))
    }


async def seen_by(
    client: httpx.AsyncClient, headers: dict[str, str], ids: dict[str, str], fill: dict[str, str]
) -> tuple[Sees, str]:
    """What a caller sees of the restricted reads, and the text of every open answer."""
    texts: list[str] = []
    for name, path in OPEN.items():
        answer = await client.get(f"/v1/{path.format(**fill)}", headers=headers)
        assert answer.status_code == 200, f"{name}: {answer.text}"
        assert answer.json() != {"items": [], "next": None}, name
        texts.append(answer.text)
    asked = {"persons": list(ids.values())}
    found = await client.post("/v1/people/lookups", json=asked, headers=headers)
    listed = {one["display_name"] for one in found.json().get("people", ())}
    names = set()
    for short, person in ids.items():
        one = await client.get(f"/v1/people/{person}", headers=headers)
        assert (PERSONS[short] in one.text) == one.is_success == (PERSONS[short] in listed), short
        names |= {short} if one.is_success else set()
        if not one.is_success:
            texts.append(one.text)
    acts: set[str] = set()
    later: set[str] = set()
    for code in ("14Y", "10H", "10Y"):
        answer = await client.get(f"/v1/acts?organisation={code}", headers=headers)
        assert answer.status_code in {200, 403}
        assert (WORDS in answer.text) == answer.is_success
        later |= {code} if LATER in answer.text else set()
        acts |= {code} if answer.is_success else set()
    feed = await client.get("/v1/events?limit=500", headers=headers)
    assert feed.status_code in {200, 403}
    seen = Sees(frozenset(names), frozenset(acts), frozenset(later), feed.is_success)
    return seen, "".join([*texts, feed.text])


async def test_everybody_sees_what_the_table_says(platform: Platform) -> None:
    ids, fill = await prepared(platform)
    assert reads_of(platform) == OPEN.keys() | RESTRICTED
    client = platform.clients["governance"]
    opened: set[str] = set()
    for who, (roles, organisations, sees) in TABLE.items():
        headers = platform.tokens.header(*roles, organisations=organisations)
        seen, text = await seen_by(client, headers, ids, fill)
        assert seen == sees, who
        assert "Nayme" not in text, who
        assert WORDS not in text, who
        assert LATER not in text, who
        opened.add((await client.get("/v1/bodies/14Y-governing-body", headers=headers)).text)
    assert len(opened) == 1, "an open read differs by its reader"
    read = await platform.database("governance").fetch("SELECT person_id, count(*) AS reads FROM name_read GROUP BY 1")
    # Each name was read twice by everybody who may: in the list, and alone.
    expected = {ids[short]: 2 * sum(short in sees.names for _, _, sees in TABLE.values()) for short in PERSONS}
    assert {row["person_id"]: row["reads"] for row in read} == expected


async def test_without_a_token_nothing_is_seen(platform: Platform) -> None:
    client = platform.clients["governance"]
    for path in [*OPEN.values(), "people/P-1", "acts?organisation=14Y", "events"]:
        assert (await client.get(f"/v1/{path.format(appointment='A-1', right=1)}")).status_code == 401, path
    assert (await client.post("/v1/people/lookups", json={"persons": ["P-1"]})).status_code == 401
