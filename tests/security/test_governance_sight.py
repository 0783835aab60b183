"""Who sees what of governance: every read and the feed, as everybody, compared with a table.

Who decides for a public body is public. A name is read by leads of the organisation that keeps the person's record, of
one in which the person holds or held a post, and of their successors; the words of an act by the body's own leads and
their successors.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx
from fastapi.routing import iter_route_contexts

from libs.common.http.transactions import READING, SteppedRoute
from libs.common.identity import Caller, Role
from services.governance.app import SERVICE
from services.governance.decisions.commands import NewDecision, take_decision
from services.governance.decisions.models import Outcome
from tests.support.builders import a_ccg, a_merger_command, an_organisation
from tests.support.platform import Platform

OPENED, MERGED = date(2013, 4, 1), date(2018, 4, 1)
WORDS, LATER = "Confidential words", "Words of the successor"
LEAD = Role.GOVERNANCE_LEAD

OPEN = {
    "list_bodies": "bodies",
    "list_instruments": "instruments",
    "get_instrument": "instruments/{instrument}",
    "list_kinds": "instrument-kinds?parties=14Y&parties=10Q&as_at=2018-04-01",
    "get_binding": "bodies/14Y-governing-body/binding?action=contract.award",
    "get_level": "organisations/14Y/co-commissioning",
    "get_body": "bodies/14Y-governing-body",
    "get_terms": "bodies/14Y-governing-body/terms-of-reference",
    "list_appointments": "appointments?organisation=14Y",
    "get_appointment": "appointments/{appointment}",
    "list_vacancies": "vacancies?as_at=2014-06-01",
    "list_decision_rights": "decision-rights?organisation=14Y",
    "get_decision_right": "decision-rights/{right}",
    "list_ending_reasons": "ending-reasons",
    "list_powers": "powers?kind=ccg&as_at=2018-04-01",
    "list_deciders_on": "actions/contract.award.payroll/deciders?organisation=14Y&value_pence=1",
    "list_deciders": "decisions/contract-award/deciders?organisation=14Y&value_pence=1",
    "list_decisions": "decisions?organisation=14Y",
    "get_decision": "decisions/{decision}",
    "get_permit": "permits/{permit}",
    "list_mergers": "mergers",
    "get_merger": "mergers/M-14Y",
    "preview_merger": "mergers/M-14Y/preview",
    "list_to_remake": "to-remake?as_at=2018-04-01",
    "list_rule_packs": "rule-packs",
    "get_rule_pack": "rule-packs/interests-2017",
    "get_register": "registers/interests?organisation=14Y",
}
"""The reads that are open to every signed-in caller."""
RESTRICTED = {
    "get_person",
    "look_up_names",
    "list_acts",
    "list_commitments",
    "list_coercion_reports",
    "list_interests",
    "get_interest",
    "list_gifts",
    "get_gift",
    "list_breaches",
    "get_breach",
}
CONCERNED = {
    "list_findings": "findings?cleared=true&kind=post_vacant",
    "list_recommendations": "recommendations",
    "get_recommendation": "recommendations/{recommendation}",
    "list_obstructions": "obstructions",
    "read_radar": "radar",
    "list_tasks": "tasks?organisation=05C",
    "list_proposals": "proposals?organisation=05C",
    "get_proposal": "proposals/{proposal}",
    "list_authorisations": "authorisations",
    "get_authorisation": "authorisations/{authorisation}",
}
"""The reads of what concerns 05C, whose body has no accountable officer, does not answer and is asked to decide."""
PAPERS = {"get_papers", "get_paper_readers"}
"""The reads of a proposal's papers: see S52 in tests/scenarios."""
MEETINGS = {
    "list_meetings",
    "get_meeting",
    "get_item",
    "forecast_meeting",
    "list_minutes",
    "read_urgent_action",
    "get_item_conflicts",
    "list_procurement_decisions",
    "get_procurement_decision",
}
"""Open to every signed-in caller, without the titles and conflicts of private items."""

DOSSIERS = {"get_dossier", "list_dossier_entries", "export_dossier"}
"""Read by the parties of a decision: see tests/governance/dossiers."""

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
    registers: frozenset[str] = frozenset()
    """Whose interests are read in full: that of `chair` is public, that of `elsewhere`, who decides nothing, is not."""


NOTHING = Sees()
NAMED = {
    "instrument": "IN-1",
    "appointment": "A-1",
    "right": "1",
    "proposal": "PR-1",
    "decision": "D-1",
    "permit": "PE-1",
    "recommendation": "RC-1",
    "authorisation": "AU-1",
}
TABLE: dict[str, tuple[tuple[Role, ...], tuple[str, ...], Sees]] = {
    "lead of the body, successor of two": (
        (LEAD,),
        ("14Y",),
        Sees(
            frozenset({"shared", "chair", "left"}),
            frozenset({"14Y", "10H", "10Y"}),
            frozenset({"10H"}),
            registers=frozenset({"chair"}),
        ),
    ),
    "lead of a dissolved body": ((LEAD,), ("10H",), Sees(frozenset({"shared", "left"}), frozenset({"10H"}))),
    "lead of a dissolved body and its successor": (
        (LEAD,),
        ("10H", "14Y"),
        Sees(
            frozenset({"shared", "chair", "left"}),
            frozenset({"14Y", "10H", "10Y"}),
            frozenset({"10H"}),
            registers=frozenset({"chair"}),
        ),
    ),
    "lead of the other dissolved body": ((LEAD,), ("10Y",), Sees(frozenset({"shared", "left"}), frozenset({"10Y"}))),
    "keeper of the chair": ((LEAD,), ("07X",), Sees(frozenset({"chair"}), frozenset())),
    "lead of another body": ((LEAD,), ("05C",), Sees(frozenset({"elsewhere"}), registers=frozenset({"elsewhere"}))),
    "national lead": (
        (LEAD,),
        ("*",),
        Sees(
            frozenset(PERSONS),
            frozenset({"14Y", "10H", "10Y"}),
            frozenset({"10H"}),
            registers=frozenset({"chair", "elsewhere"}),
        ),
    ),
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
    footprint = an_organisation("QHM", "stp", name="Black Country STP", on=OPENED)
    ccgs = {"organisations": [*(a_ccg(code) for code in ("10H", "10Y", "07X", "05C", "06A")), footprint]}
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
    lasting = {"organisation": "10H", "function": "payroll", "first_day": OPENED.isoformat(), "note": WORDS}
    await done("/decision-rights", {**lasting, "source_minute": "Governing body, 1 April 2013, item 3"})
    left = await done("/appointments", {"post": "10H/chair", "person": ids["left"], **held})
    ending = {"last_day": "2014-03-31", "reason": "resigned", **private}
    await done(f"/appointments/{left['appointment']}/ending", ending, **{"If-Match": '"1"'})
    merger = a_merger_command("14Y", "10H", "10Y", on=MERGED)
    await done("/bodies", {"organisation": "05C", "first_day": OPENED.isoformat()})
    asked = {"action": "merger.apply", "subject": "05C-06A", "bodies": ["05C-governing-body"]}
    asked |= {"made_on": OPENED.isoformat(), "reply_by": "2013-06-01", **private}
    asked |= {"footprint": "QHM"}
    recommended = await done("/recommendations", asked)
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=merger)
    await platform.move_clocks(MERGED)
    chair = {"post": "14Y/chair", "person": ids["chair"], "first_day": MERGED.isoformat(), **private}
    made = await done("/appointments", chair)
    terms = {"first_day": MERGED.isoformat(), "quorum": [{"seats": [{"roles": ["chair"]}]}], **private}
    await platform.call("PUT", "governance", "/bodies/14Y-governing-body/terms-of-reference", LEAD, json=terms)
    deputies = {"first_day": MERGED.isoformat(), "persons": [ids["elsewhere"]], **private}
    await platform.call("PUT", "governance", "/posts/14Y/chair/deputies", LEAD, json=deputies)
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
    common = {"kind": "committees_in_common", "parties": ["14Y", "07X"], "first_day": MERGED.isoformat(), **private}
    instrument = (await done("/instruments", common))["instrument"]
    fund = {**common, "kind": "pooled_fund", "host": "14Y", "shares": ["1/2", "1/2"]}
    shares = {"organisation": "14Y", "members": fund["parties"], "shares": ["1/4", "3/4"], **private}
    pool = (await done("/instruments", fund))["instrument"]
    await done(f"/instruments/{pool}/shares", shares | {"first_day": MERGED.isoformat()})
    for code, short in (("14Y", "chair"), ("05C", "elsewhere")):
        interest = {"organisation": code, "person": ids[short], "type": "financial", "relation": "employed_by"}
        days = {"aware_on": MERGED.isoformat(), "first_day": MERGED.isoformat()}
        await done("/interests", {**interest, **days, "other": "SUPPLIER", "nature": "employee", "words": WORDS})
    await in_registers(platform, ids)
    asked = {"action": "contract.award", "due_on": MERGED.isoformat(), "kind": "award", **private}
    proposal = (await done("/proposals", {**asked, "organisation": "05C", "subject": "05C"}))["proposal"]
    evidence = f"/proposals/{proposal}/conditions/within-budget/evidence"
    await done(evidence, private)
    await done(f"{evidence}/retraction", {"reason": "shown-in-error", **private})
    authorised = {"organisation": "05C", "decided_on": OPENED.isoformat(), **private}
    board = await platform.call("POST", "governance", "/authorisations", Role.NHS_ENGLAND, json=authorised)
    await platform.caught_up()
    fill = {
        "authorisation": board["authorisation"],
        "appointment": made["appointment"],
        "right": str(granted["decision_right"]),
        "proposal": proposal,
    }
    fill |= {"instrument": instrument, **recommended}
    return ids, fill | await decided(platform, {**asked, "organisation": "14Y", "subject": "14Y"})


async def in_registers(platform: Platform, ids: dict[str, str]) -> None:
    """A gift and a breach of the chair of 14Y, and of who decides nothing in 05C; the chair's are concluded, public."""
    day = MERGED.isoformat()
    for code, short in (("14Y", "chair"), ("05C", "elsewhere")):
        own = {"organisation": code, "person": ids[short]}
        gift = {"kind": "hospitality", "giver_kind": "supplier", "value_pence": 5000, "response": "accepted"}
        await platform.call("POST", "governance", "/gifts", LEAD, json=own | gift | {"offered_on": day, "words": WORDS})
        breach = {"rule": "declared-late", "known_on": day, "found_by": "audit", "note": WORDS}
        made = await platform.call("POST", "governance", "/breaches", LEAD, json=own | breach)
        if code == "14Y":
            concluded = {"consequence": "advice", "lesson": "None", "concluded_on": day, "note": WORDS}
            path = f"/breaches/{made['breach']}/conclusion"
            await platform.call("POST", "governance", path, LEAD, json=concluded)


async def decided(platform: Platform, asked: dict[str, Any]) -> dict[str, str]:
    """The body of 14Y has the right to what it is asked, and decides; the ids of the decision and its permit."""
    right = {"organisation": "14Y", "action": "contract", "first_day": MERGED.isoformat(), "source_minute": "Item 6"}
    await platform.call("POST", "governance", "/decision-rights", LEAD, json=right)
    proposal = (await platform.call("POST", "governance", "/proposals", LEAD, json=asked))["proposal"]
    new = NewDecision(
        proposal=proposal, body="14Y-governing-body", outcome=Outcome.APPROVED, on=MERGED, minute="Item 7"
    )
    lead = Caller(subject="lead", roles=frozenset({LEAD}), organisations=frozenset({"*"}))
    async with platform.database("governance").begin() as session:
        taken = await take_decision(session, new, by=lead, stated_at=datetime.now(UTC))
        return {"decision": taken.id, "permit": taken.permit}


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
    registers = await read_in_full(client, headers, ids)
    feed = await client.get("/v1/events?limit=500", headers=headers)
    assert feed.status_code in {200, 403}
    for reference in (fill["decision"], fill["proposal"], ids["chair"]):
        chain = await client.get(f"/v1/provenance/{reference}", headers=headers)
        assert chain.status_code in {200, 404}
        texts.append(chain.text)
    seen = Sees(frozenset(names), frozenset(acts), frozenset(later), feed.is_success, registers)
    return seen, "".join([*texts, feed.text])


async def read_in_full(client: httpx.AsyncClient, headers: dict[str, str], ids: dict[str, str]) -> frozenset[str]:
    """Whose interests a caller reads in full, in the list and alone."""
    shown = (await client.get("/v1/interests", headers=headers)).json()["items"]
    assert ids["chair"] in {one["person"] for one in shown}
    for one in shown:
        alone = (await client.get(f"/v1/interests/{one['interest']}", headers=headers)).json()
        assert alone == one
        assert (one["words"] == WORDS) == (one["aware_on"] is not None)
    gifts = (await client.get("/v1/gifts", headers=headers)).json()["items"]
    for one in gifts:
        alone = (await client.get(f"/v1/gifts/{one['gift']}", headers=headers)).json()
        assert alone == one
        assert (one["words"] == WORDS) == (one["in_line"] is not None)
    breaches = (await client.get("/v1/breaches", headers=headers)).json()["items"]
    for one in breaches:
        assert (await client.get(f"/v1/breaches/{one['breach']}", headers=headers)).json() == one
        assert one["person"] or one["lesson"]
    in_full = {
        "interests": {one["person"] for one in shown if one["words"]},
        "gifts": {one["person"] for one in gifts if one["words"]},
        "breaches": {one["person"] for one in breaches if one["person"]},
    }
    assert len(set(map(frozenset, in_full.values()))) == 1, in_full
    assert ids["chair"] in {one["person"] for one in gifts}
    return frozenset(short for short, id_ in ids.items() if id_ in in_full["interests"])


async def test_everybody_sees_what_the_table_says(platform: Platform) -> None:
    ids, fill = await prepared(platform)
    assert reads_of(platform) == OPEN.keys() | RESTRICTED | CONCERNED.keys() | DOSSIERS | PAPERS | MEETINGS
    client = platform.clients["governance"]
    opened: set[str] = set()
    for who, (roles, organisations, sees) in TABLE.items():
        headers = platform.tokens.header(*roles, organisations=organisations)
        seen, text = await seen_by(client, headers, ids, fill)
        assert seen == sees, who
        assert "Nayme" not in text, who
        assert WORDS not in text, who
        assert LATER not in text, who
        for name, path in CONCERNED.items():
            answer = await client.get(f"/v1/{path.format(**fill)}", headers=headers)
            concerned = answer.json().get("items", answer.is_success)
            reads = who != "operator" and {"05C", "*"}.intersection(organisations)
            assert bool(concerned) == bool(reads), (who, name)
            assert WORDS not in answer.text, (who, name)
        opened.add((await client.get("/v1/bodies/14Y-governing-body", headers=headers)).text)
    assert len(opened) == 1, "an open read differs by its reader"
    read = await platform.database("governance").fetch("SELECT person_id, count(*) AS reads FROM name_read GROUP BY 1")
    # Each name was read twice by everybody who may: in the list, and alone.
    expected = {ids[short]: 2 * sum(short in sees.names for _, _, sees in TABLE.values()) for short in PERSONS}
    assert {row["person_id"]: row["reads"] for row in read} == expected


async def test_without_a_token_nothing_is_seen(platform: Platform) -> None:
    client = platform.clients["governance"]
    for path in [*OPEN.values(), *CONCERNED.values(), "people/P-1", "acts?organisation=14Y", "events"]:
        assert (await client.get(f"/v1/{path.format(**NAMED)}")).status_code == 401, path
    assert (await client.post("/v1/people/lookups", json={"persons": ["P-1"]})).status_code == 401
