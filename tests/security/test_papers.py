"""Who reads a withheld paper: role x organisation x exclusion x route, every read as everybody."""

import asyncio
import io
import json
import zipfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.common.identity import Role
from tests.support.builders import a_ccg, a_merger_command, an_organisation
from tests.support.databases import Databases, NewDatabase
from tests.support.edge import Tokens
from tests.support.platform import Platform, running_platform

CCG, OTHER, COMPANY, BODY = "05T", "05C", "SWHEALTH", "05T-governing-body"
OPENED, MET = "2016-02-01", "2016-05-26"
LEAD = Role.GOVERNANCE_LEAD
TITLE, DIGEST, ADDRESS = "Evalyuation of bids", "5ec7e7" + "0" * 58, "https://papers.example/evalyuation-7.pdf"
DESIGN, PRIVATE = "Dezign of the pathway", "Konfidential award"
SECRETS = (TITLE, DIGEST, ADDRESS)
ORGANISATIONS: dict[str, tuple[str, ...]] = {"own": (CCG,), "another": (OTHER,), "none": (), "national": ("*",)}
ACCOUNTS = {"free": True, "deputy": True, "excluded": False, "recused": False, "nobody": None}
"""The subjects of tokens: the chair, whom no conflict excludes, and a deputy; a member who owns a bidder, one for whom
the chair decided that there are no papers, and no member. Whether each reads papers; None: by role."""
GOVERNANCE = json.loads((Path(__file__).parents[2] / "docs/openapi/governance.json").read_text(encoding="utf-8"))
PRIVATE_ITEMS = ("/v1/meetings/{meeting}", "/v1/items/{item}")
PAPERS = "/v1/proposals/{proposal}/papers"
RECUSED_AT = f"{MET}T14:05:00Z"
RECUSALS = ("/v1/items/{item}", "/v1/items/{item}/conflicts", "/v1/procurement-decisions/{decision}")
QUERIES = {
    "/v1/events": "?limit=500",
    "/v1/acts": f"?organisation={CCG}",
    "/v1/actions/{action}/deciders": f"?organisation={CCG}&value_pence=1",
    "/v1/decisions/{function}/deciders": f"?organisation={CCG}&value_pence=1",
    "/v1/bodies/{body}/binding": "?action=contract.award",
    "/v1/instrument-kinds": f"?parties={CCG}&parties={OTHER}",
    "/v1/registers/{register}": f"?organisation={CCG}",
}
ELSEWHERE = {
    "registry": ("/v1/events?limit=500", f"/v1/search?text={CCG}", "/v1/covers/findings", "/v1/findings/counts"),
    "contracts": ("/v1/events?limit=500", "/v1/findings", "/v1/procurements/TENDER"),
    "finance": ("/v1/events?limit=500",),
}


@pytest.fixture
async def platform(templates: Databases, new_database: NewDatabase, tokens: Tokens) -> AsyncIterator[Platform]:
    """All four services, called without sockets: what the callers read does not depend on them."""
    async with running_platform(templates, new_database, tokens) as running:
        yield running


@dataclass(frozen=True)
class Reader:
    """Somebody with a token: a role, organisations, and an account."""

    role: Role
    organisation: str
    account: str

    def headers(self, tokens: Tokens) -> dict[str, str]:
        """The header with the token."""
        return tokens.header(self.role, subject=self.account, organisations=ORGANISATIONS[self.organisation])

    @property
    def reads_papers(self) -> bool:
        """Whether the papers about the award are theirs to read."""
        leads = self.role is LEAD and self.organisation in {"own", "national"}
        by_account = ACCOUNTS[self.account]
        return leads if by_account is None else by_account

    @property
    def walks_all(self) -> bool:
        """Whether every route is asked; members without a conflict declared ask the others as who sees most of them."""
        sees_most = self.role in {LEAD, Role.PARTNER} and self.organisation == "national"
        return self.account in {"excluded", "nobody"} or sees_most


READERS = [Reader(*one) for one in product(Role, ORGANISATIONS, ACCOUNTS)]


async def lead(platform: Platform, path: str, *, method: str = "POST", service: str = "governance", **body: Any) -> Any:
    role = LEAD if service == "governance" else Role.CONTRACT_LEAD
    codes = (CCG, OTHER) if path == "/instruments" else (CCG,)
    return await platform.call(method, service, path, role, organisations=codes, json=body)


async def seated(platform: Platform, account: str, title: str, *roles: str) -> str:
    """A person with an account in a post of the body; the person."""
    person: str = (await lead(platform, "/people", organisation=CCG, display_name=account))["person"]
    await lead(platform, f"/people/{person}/account", method="PUT", subject=account)
    post: dict[str, Any] = {"title": title, "roles": roles, "first_day": OPENED, "described_in": "Constitution, 6"}
    made = await lead(platform, "/posts", organisation=CCG, body=BODY, **post)
    await lead(platform, "/appointments", post=made["post"], person=person, first_day=OPENED)
    return person


async def members(platform: Platform) -> tuple[dict[str, str], dict[str, str]]:
    """The body has a free member with a deputy, and one who owns a bidder; persons, and references."""
    await lead(platform, "/bodies", organisation=CCG, first_day=OPENED)
    persons = {"free": await seated(platform, "free", "Chair", "chair")}
    persons["excluded"] = await seated(platform, "excluded", "GP owner", "gp")
    persons["recused"] = await seated(platform, "recused", "GP member", "gp")
    deputy: str = (await lead(platform, "/people", organisation=CCG, display_name="deputy"))["person"]
    await lead(platform, f"/people/{deputy}/account", method="PUT", subject="deputy")
    post = f"{CCG}/chair"
    await lead(platform, f"/posts/{post}/deputies", method="PUT", persons=[deputy], first_day=OPENED)
    declared = {"type": "financial", "relation": "owns", "other": COMPANY, "share": "1/4", "nature": "shareholder"}
    days = {"aware_on": OPENED, "first_day": "2014-01-01"}
    made = await lead(platform, "/interests", organisation=CCG, person=persons["excluded"], **declared, **days)
    terms: dict[str, Any] = {"quorum": [{"least": 1}], "urgent": {"roles": ["chair"]}, "first_day": OPENED}
    await lead(platform, f"/bodies/{BODY}/terms-of-reference", method="PUT", **terms)
    right: dict[str, Any] = {
        "organisation": CCG,
        "body": BODY,
        "action": "contract.award",
        "recurrent": True,
        "first_day": OPENED,
    }
    granted = await lead(platform, "/decision-rights", **right, source_minute="Governing body, item 6")
    appointed = await platform.call("GET", "governance", f"/appointments?post={post}", LEAD)
    fill = {"appointment": appointed["items"][0]["appointment"], "decision_right": str(granted["decision_right"])}
    return persons | {"deputy": deputy}, fill | {"interest": made["interest"], "person": persons["free"]}


async def tendered(platform: Platform) -> None:
    """Contracts says who bids."""
    tender: dict[str, Any] = {"reference": "TENDER", "buyers": [CCG], "functions": ["pathway"], "regime": "ppccr_2013"}
    await lead(platform, "/procurements", service="contracts", **tender, value_pence=230_000_000, begun_on=OPENED)
    bids = {"bidder": COMPANY, "bids_from": "2016-05-01"}
    await lead(platform, "/procurements/TENDER/bidders", service="contracts", **bids)
    await lead(platform, "/procurements/TENDER/stages", service="contracts", stage="bids_received")
    await platform.caught_up()


async def proposed(platform: Platform) -> str:
    what: dict[str, Any] = {"kind": "award", "action": "contract.award", "subject": "TENDER", "due_on": "2016-09-30"}
    money: dict[str, Any] = {"value_pence": 230_000_000, "annual_pence": 230_000_000}
    made = await lead(platform, "/proposals", organisation=CCG, consents=[BODY], **what, **money)
    return str(made["proposal"])


async def decided(platform: Platform, persons: Mapping[str, str]) -> dict[str, str]:
    """A proposal with papers is decided at a private item of a meeting; the references."""
    proposal = await proposed(platform)
    papers: list[dict[str, Any]] = [
        {"title": TITLE, "stage": "award", "sha256": DIGEST.upper(), "address": ADDRESS},
        {"title": DESIGN, "stage": "design", "sha256": "d" * 64, "document": "Governing body, paper 6"},
    ]
    for paper in papers:
        await lead(platform, f"/proposals/{proposal}/papers", **paper)
    plan = {"body": BODY, "held_on": MET, "starts_at": f"{MET}T14:00:00Z"}
    meeting = (await lead(platform, "/meetings", **plan))["meeting"]
    private: dict[str, Any] = {"title": PRIVATE, "private": True, "private_reason": "commercial"}
    item = (await lead(platform, f"/meetings/{meeting}/items", proposal=proposal, **private))["item"]
    await lead(platform, f"/meetings/{meeting}/notice", given_on="2016-05-16", document="Notice")
    there = [{"person": persons["free"], "intervals": [{"arrived": f"{MET}T14:00:00Z"}]}]
    await lead(platform, f"/meetings/{meeting}/attendance", method="PUT", attendance=there)
    recusal = {"person": persons["recused"], "action": "no_papers", "decided_by": persons["free"]}
    await lead(platform, f"/items/{item}/recusals", **recusal, decided_at=RECUSED_AT)
    await lead(platform, f"/items/{item}/motion", put_at=f"{MET}T14:10:00Z")
    ballots = [{"seat": f"{CCG}/chair", "by": persons["free"], "choice": "for"}]
    await lead(platform, f"/items/{item}/votes", cast_at=f"{MET}T14:20:00Z", ballots=ballots)
    result = (await lead(platform, f"/items/{item}/result", closed_at=f"{MET}T14:30:00Z"))["result"]
    await lead(platform, f"/meetings/{meeting}/held")
    await lead(platform, f"/meetings/{meeting}/minutes", sha256="a" * 64, document="Draft")
    decision = await platform.call("GET", "governance", f"/decisions/{result['decision']}", LEAD)
    urgent: dict[str, Any] = {
        "body": BODY,
        "proposal": await proposed(platform),
        "acted_on": MET,
        "acted_by": [persons["free"]],
    }
    acted = await lead(platform, "/urgent-actions", **urgent, document="Letter")
    made = {"proposal": proposal, "meeting": meeting, "item": item, "decision": decision["decision"]}
    made |= {"reference": decision["decision"], "permit": decision["permit"]}
    return made | {"urgent_action": acted["urgent_action"]}


async def registered(platform: Platform, person: str) -> dict[str, str]:
    """What is no paper, and is read nonetheless: an authorisation, a gift and a breach; the references."""
    board = await platform.call(
        *("POST", "governance", "/authorisations", Role.NHS_ENGLAND), json={"organisation": CCG, "decided_on": MET}
    )
    gift: dict[str, Any] = {"person": person, "kind": "gift", "giver_kind": "other", "value_pence": 1}
    offered = await lead(platform, "/gifts", organisation=CCG, offered_on=MET, response="declined", **gift)
    breach = await lead(platform, "/breaches", organisation=CCG, rule="other", known_on=MET, found_by="self")
    return {"authorisation": board["authorisation"], "gift": offered["gift"], "breach": breach["breach"]}


async def prepared(platform: Platform) -> tuple[dict[str, str], dict[str, str]]:
    """An award with papers is decided, and all else that governance shows is there; persons, and references."""
    await platform.move_clocks(date.fromisoformat(OPENED))
    company = {**a_ccg(COMPANY), "kind": "supplier"}
    footprint = an_organisation("QHM", "stp", name="Black Country STP", on=date(2013, 4, 1))
    companies = [*(a_ccg(code) for code in (CCG, OTHER, "10H", "10Y")), company, footprint]
    await platform.call("POST", "registry", "/organisations/batch", Role.REGISTRAR, json={"organisations": companies})
    await platform.call("POST", "registry", "/mergers", Role.NHS_ENGLAND, json=a_merger_command())
    await platform.caught_up()
    persons, fill = await members(platform)
    common: dict[str, Any] = {"kind": "committees_in_common", "parties": [CCG, OTHER], "first_day": OPENED}
    fill |= {"instrument": (await lead(platform, "/instruments", **common))["instrument"], "merger": "M-14Y"}
    asked: dict[str, Any] = {"action": "merger.apply", "subject": f"{CCG}-{OTHER}", "bodies": [BODY]}
    asked |= {"made_on": OPENED, "reply_by": "2016-03-01", "footprint": "QHM"}
    made = await platform.call("POST", "governance", "/recommendations", LEAD, json=asked)
    fill |= {"recommendation": made["recommendation"], "body": BODY, "organisation": CCG, "pack": "interests-2017"}
    fill |= {"action": "contract.award", "function": "contract-award", "register": "interests"}
    await platform.move_clocks(date.fromisoformat(MET))
    await tendered(platform)
    fill |= await decided(platform, persons)
    fill |= await registered(platform, persons["free"])
    webhook = {"url": "https://partner.invalid/footprint"}
    made = await platform.call("POST", "governance", "/webhooks", Role.PARTNER, json=webhook)
    fill |= {"number": str(made["number"])}
    await platform.call("POST", "governance", f"/webhooks/{made['number']}/pause", Role.PARTNER)
    await platform.caught_up()
    # Dossiers are written by the work that is due.
    await platform.move_clocks(date.fromisoformat(MET))
    return persons, fill


def routes(fill: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Every read of governance, and the feeds and reports of the others: service, route and path."""
    for route, operations in GOVERNANCE["paths"].items():
        if "get" in operations:
            yield "governance", route, route.format(**fill) + QUERIES.get(route, "")
    for service, paths in ELSEWHERE.items():
        for path in paths:
            yield service, f"{service} {path}", path


def text_of(answer: httpx.Response) -> str:
    """The text of an answer with its headers; of a zip that of every file in it."""
    if answer.headers.get("content-type") != "application/octet-stream":
        return f"{answer.headers}{answer.text}"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as files:
        return "".join(files.read(name).decode() for name in files.namelist())


async def walked(platform: Platform, reader: Reader, fill: Mapping[str, str]) -> AsyncIterator[tuple[str, int, str]]:
    """What a reader is answered: each route, with the status and text of its answer."""
    headers = reader.headers(platform.tokens)
    asked = [one for one in routes(fill) if reader.walks_all or one[1].startswith(PAPERS)]
    answers = await asyncio.gather(*(platform.clients[name].get(path, headers=headers) for name, _, path in asked))
    for (_, route, _), answer in zip(asked, answers, strict=True):
        yield route, answer.status_code, text_of(answer)


async def readings(platform: Platform, proposal: str) -> dict[str | None, list[int]]:
    """How often each person had each of the papers, as recorded."""
    path = f"/proposals/{proposal}/papers/readers"
    found: dict[str | None, list[int]] = defaultdict(list)
    for one in (await platform.call("GET", "governance", path, LEAD))["readers"]:
        found[one["person"]].append(one["reads"])
    return found


async def test_no_withheld_paper_reaches_an_excluded_member_by_any_read(platform: Platform) -> None:
    persons, fill = await prepared(platform)
    found: dict[str, set[tuple[str, Reader]]] = defaultdict(set)
    answered: dict[str, set[int]] = defaultdict(set)
    for reader in READERS:
        async for route, status, text in walked(platform, reader, fill):
            answered[route].add(status)
            for secret in (*SECRETS, DESIGN, PRIVATE, RECUSED_AT):
                if secret in text:
                    found[secret].add((route, reader))
    assert {route for route, statuses in answered.items() if 200 not in statuses} == set(), "nobody reads it"
    expected = {(PAPERS, reader) for reader in READERS if reader.reads_papers}
    for secret in SECRETS:
        assert found[secret] == expected, secret
    owners = {(PAPERS, reader) for reader in READERS if reader.account == "excluded"}
    assert found[DESIGN] == expected | owners, "a conflict at the award does not withhold the design"
    private = {(route, reader) for route in PRIVATE_ITEMS for _, reader in expected if reader.walks_all}
    assert found[PRIVATE] == private
    readers = [one for one in READERS if one.walks_all and (one.reads_papers or one.account == "recused")]
    assert found[RECUSED_AT] == set(product(RECUSALS, readers))
    stranger = Reader(Role.PARTNER, "another", "nobody").headers(platform.tokens)
    path = f"/v1/registers/procurement_decisions?organisation={CCG}"
    entries = (await platform.clients["governance"].get(path, headers=stranger)).json()["entries"]
    assert [one["recusals"] for one in entries] == [[], []]

    reads = Counter(persons.get(reader.account) for _, reader in expected)
    once_each: dict[str | None, list[int]] = {person: [count, count] for person, count in reads.items()}
    assert await readings(platform, fill["proposal"]) == once_each | {persons["excluded"]: [len(owners)]}

    post: dict[str, Any] = {"title": TITLE, "roles": ["gp"], "first_day": MET, "described_in": "Constitution, 6"}
    await lead(platform, "/posts", organisation=CCG, body=BODY, **post)
    excluded = Reader(Role.PARTNER, "none", "excluded")
    leaks = {route async for route, _, text in walked(platform, excluded, fill) if TITLE in text}
    assert "/v1/bodies/{body}" in leaks, "a title that is planted where everybody reads it is seen"
