"""Each event that contracts hears, in its order and once, or in the opposite order and twice: HTTP shows the same."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx

from libs.common.events import Event
from libs.common.events.governance import DecisionReversed, DecisionTaken
from libs.common.events.registry import (
    CCGMerged,
    CCGMergerAgreed,
    CCGMergerRedated,
    CCGMergerWithdrawn,
    ICBMerged,
    ICBMergerAgreed,
    ICBMergerRedated,
    ICBMergerWithdrawn,
    OrganisationClosed,
    OrganisationLegalFormChanged,
    OrganisationOpened,
    OrganisationProposed,
    OrganisationRelated,
    OrganisationSucceeded,
    OrganisationUnrelated,
    PopulationPublished,
    SuccessionUndone,
    TransferSchemeMade,
    TransferSchemeResumed,
    TransferSchemeSuspended,
)
from libs.common.identity import Role
from libs.common.messaging.bus.direct import DirectBus
from services.contracts.reactions.publishers import subscriptions
from tests.support.apps import running_service
from tests.support.contracts_harness import ContractsHarness, a_draft, a_lead, at
from tests.support.edge import Tokens

OPENED, AGREED, THE_DAY, SEEN = date(2013, 4, 1), date(2017, 9, 1), date(2018, 4, 1), date(2018, 9, 1)
COPIED = {"OrganisationRenamed", "OrganisationParentChanged", "OrganisationKindChanged", "SourceReported"} | {
    "OrganisationProposed"
}
"""What is only copied to know who is open, and by which name: the rows of openings and closures show it."""
LATER: dict[str, Any] = {"effective_on": date(2018, 5, 1), "stated_at": at(date(2018, 5, 1))}


@dataclass(frozen=True)
class Row:
    """Events about the contract of the bodies `A` and `B`, whose successor is `C`, with the supplier `S`."""

    events: Sequence[Event]
    path: str
    shown: Callable[[Any], Any]
    expected: Any
    kind: str = "ccg"
    staff: bool = False
    asked: dict[str, str] = field(default_factory=dict)


def customers(contract: Any) -> list[str]:
    return [one["code"] for one in contract["customers"]]


def kinds(page: Any) -> list[str]:
    return [one["kind"] for one in page["items"]]


def plan(preview: Any) -> tuple[str, str]:
    return (preview["status"], preview["effective_on"])


def rows(a: str, b: str, c: str, s: str, contract: str, merger: str) -> dict[str, Row]:
    """Return the rows of the event map for these bodies, of which each is played with bodies of its own."""
    then: dict[str, Any] = {"effective_on": THE_DAY, "stated_at": at(THE_DAY)}
    soon: dict[str, Any] = {"effective_on": THE_DAY, "stated_at": at(AGREED)}
    both: dict[str, Any] = {"merger": merger, "successor": c, "predecessors": (a, b)}
    merges: dict[str, Any] = {**both, "successor_name": "Both", **then}
    redated: dict[str, Any] = {
        **both,
        "previously_on": THE_DAY,
        "effective_on": date(2019, 4, 1),
        "stated_at": at(date(2017, 10, 1)),
    }
    withdrawn: dict[str, Any] = {**both, "effective_on": date(2017, 11, 1), "stated_at": at(date(2017, 11, 1))}
    one = f"/contracts/{contract}"
    open_ones: dict[str, Any] = {"path": "/findings", "shown": kinds, "asked": {"about": contract}}
    preview: dict[str, Any] = {"path": f"/merger-previews/{merger}", "shown": plan}
    moved: dict[str, Any] = {"path": one, "shown": customers}
    succeeded = OrganisationSucceeded(code=a, successor=c, shape="acquisition", **then)
    split = [
        OrganisationSucceeded(code=a, successor=code, shape="split", share=share, **then)
        for code, share in ((b, "1/3"), (c, "2/3"))
    ]
    scheme: dict[str, Any] = {"merger": merger, "scheme": f"S-{merger}", "successor": c, "predecessors": (a, b)}
    waits = TransferSchemeSuspended(**scheme, sort="staff", reason="tribunal", **then)
    decided = DecisionTaken(
        decision=f"D-{merger}",
        proposal="P",
        body="GB",
        organisation=c,
        binds=(c,),
        subject=contract,
        action="contract.ratify",
        outcome="approved",
        conditions=(),
        minute="1",
        value_pence=0,
        annual_pence=0,
        recurrent=True,
        case="",
        case_version=0,
        revision=0,
        **{"urgent": False, **then},
    )
    signs = decided.model_copy(update={"organisation": a, "binds": (a,), "action": "contract.sign"})
    undone = DecisionReversed(
        decision=f"D-{merger}",
        proposal="P",
        body="GB",
        organisation=a,
        subject=contract,
        **{"by_decision": "D9", "minute": "2", "ratification_refused": False, **LATER},
    )
    opens = OrganisationOpened(code=c, name=c, kind="ccg", **then)
    owned = OrganisationRelated(code=b, relation="owns", other=s, share="1/2", **then)
    hosted = OrganisationRelated(code=a, relation="hosts", other=s, **then)
    return {
        "CCGMerged": Row([CCGMerged(**merges)], expected=[c], **moved),
        "ICBMerged": Row([ICBMerged(**merges)], expected=[c], kind="icb", **moved),
        "TransferSchemeMade": Row(
            [CCGMerged(**merges), TransferSchemeMade(**scheme, sort="property", nil_return=False, **soon)],
            f"{one}/history",
            lambda history: [change["schemes"] for change in history["changes_of_hands"]],
            [[f"S-{merger}"] * 2],
        ),
        "OrganisationSucceeded": Row([succeeded], expected=sorted([b, c]), **moved),
        "OrganisationSucceeded (split)": Row(split, expected=["share_to_settle"], **open_ones),
        "SuccessionUndone": Row(
            [succeeded, SuccessionUndone(code=a, successor=c, effective_on=THE_DAY, stated_at=LATER["stated_at"])],
            expected=[a, b],
            **moved,
        ),
        "OrganisationClosed": Row([OrganisationClosed(code=a, **then)], expected=["party_closed"], **open_ones),
        "OrganisationOpened": Row(
            [
                OrganisationClosed(code=a, **then),
                OrganisationOpened(code=a, name=a, kind="ccg", effective_on=THE_DAY, stated_at=LATER["stated_at"]),
            ],
            expected=[],
            **open_ones,
        ),
        "CCGMergerAgreed": Row([CCGMergerAgreed(**merges | soon)], expected=("agreed", "2018-04-01"), **preview),
        "CCGMergerRedated": Row(
            [CCGMergerAgreed(**merges | soon), CCGMergerRedated(**redated)],
            expected=("agreed", "2019-04-01"),
            **preview,
        ),
        "CCGMergerWithdrawn": Row(
            [CCGMergerAgreed(**merges | soon), CCGMergerWithdrawn(**withdrawn)],
            expected=("withdrawn", "2018-04-01"),
            **preview,
        ),
        "ICBMergerAgreed": Row(
            [ICBMergerAgreed(**merges | soon)], expected=("agreed", "2018-04-01"), kind="icb", **preview
        ),
        "ICBMergerRedated": Row(
            [ICBMergerAgreed(**merges | soon), ICBMergerRedated(**redated)],
            expected=("agreed", "2019-04-01"),
            kind="icb",
            **preview,
        ),
        "ICBMergerWithdrawn": Row(
            [ICBMergerAgreed(**merges | soon), ICBMergerWithdrawn(**withdrawn)],
            expected=("withdrawn", "2018-04-01"),
            kind="icb",
            **preview,
        ),
        "TransferSchemeSuspended": Row([waits], expected=["delivery_in_doubt"], staff=True, **open_ones),
        "TransferSchemeResumed": Row(
            [waits, TransferSchemeResumed(**scheme, sort="staff", reason="settled", **LATER)],
            expected=[],
            staff=True,
            **open_ones,
        ),
        "OrganisationRelated": Row(
            [owned, hosted],
            f"/suppliers/{s}",
            lambda supplier: (supplier["registry_owners"], supplier["host"]["code"]),
            ([{"code": b, "share": "1/2"}], a),
        ),
        "OrganisationUnrelated": Row(
            [owned, OrganisationUnrelated(code=b, relation="owns", other=s, **LATER)],
            f"/suppliers/{s}",
            lambda supplier: supplier["registry_owners"],
            [],
        ),
        "OrganisationLegalFormChanged": Row(
            [OrganisationLegalFormChanged(code=s, legal_form="company_limited_by_shares", **then)],
            "/holdings",
            lambda shown: shown["legal_form"],
            "company_limited_by_shares",
            asked={"organisation": s},
        ),
        "PopulationPublished": Row(
            [
                PopulationPublished(code=code, basis="registered", people=people, **then)
                for code, people in ((a, 200_000), (b, 200_001))
            ],
            f"{one}/tariff",
            lambda shown: (shown["people"], shown["tier"]),
            (400_001, "cluster"),
        ),
        "DecisionTaken": Row([opens, decided], one, lambda shown: shown["status"], "active", kind="proposed"),
        "DecisionReversed": Row([signs, undone], expected=["authority_reversed"], **open_ones),
    }


async def stands(harness: ContractsHarness, row: Row, contract: str, a: str, b: str, c: str, s: str) -> None:
    """The bodies of a row are open, or one is only proposed, and the contract of theirs is signed."""
    began: dict[str, Any] = {"effective_on": OPENED, "stated_at": at(OPENED)}
    kind = "ccg" if row.kind == "proposed" else row.kind
    await harness.hear(*(OrganisationOpened(code=code, name=code, kind=kind, **began) for code in (a, b)))
    buyers = [a, b]
    if row.kind == "proposed":
        await harness.hear(OrganisationProposed(code=c, name=c, kind="ccg", **began))
        buyers = [c]
    lines = [{"function": "payroll", "annual_pence": 1_000_000}]
    term: dict[str, Any] = {"starts_on": date(2018, 6, 1)} if row.kind == "proposed" else {}
    draft = a_draft(reference=contract, customers=buyers, supplier=s, lines=lines, last_day=date(2022, 3, 31), **term)
    await harness.draft(draft, by=a_lead(*buyers))
    await harness.sign(contract, by=a_lead(*buyers, s))


async def test_in_any_order_and_twice_each_event_shows_the_same_over_http(
    harness: ContractsHarness, url: str, tokens: Tokens
) -> None:
    played: list[tuple[str, Row]] = []
    named = list(rows("A", "B", "C", "S", "K", "M"))
    bus = DirectBus({"registry": url, "governance": url})
    headers = tokens.header(Role.CONTRACT_LEAD, Role.NHS_ENGLAND)
    async with running_service("contracts", tokens.settings(url), bus, headers) as (_, client):
        await move(client, tokens, date(2017, 6, 1))
        for number, name in enumerate(named):
            for twice in (False, True):
                bodies = [f"{letter}{number:02}{int(twice)}" for letter in "ABCS"]
                a, b, c, s = bodies
                contract, merger = f"ROW-{number}-{int(twice)}", f"M-{number}-{int(twice)}"
                row = rows(a, b, c, s, contract, merger)[name]
                await stands(harness, row, contract, a, b, c, s)
                if row.staff:
                    body = {"effective_on": "2017-04-01", "staff": [{"id": "E1", "annual_pay_pence": 1, "years": 1}]}
                    path = f"/v1/contracts/{contract}"
                    match = {"If-Match": (await client.get(path)).headers["etag"]}
                    made = await client.put(f"{path}/staff-list", json=body, headers=match)
                    assert made.status_code == 204, made.text
                order = [*reversed(row.events), *reversed(row.events)] if twice else row.events
                for event in order:
                    await harness.hear(event)
                played.append((f"{name}, {'backwards and twice' if twice else 'once'}", row))
        await move(client, tokens, SEEN)
        found = {}
        for name, row in played:
            answer = await client.get(f"/v1{row.path}", params=row.asked)
            found[name] = row.shown(answer.json()) if answer.status_code == 200 else answer.text
    assert found == {name: row.expected for name, row in played}


def test_every_event_that_contracts_acts_on_has_a_row() -> None:
    rowed = {name.partition(" ")[0] for name in rows("A", "B", "C", "S", "K", "M")}
    assert subscriptions.names - rowed == COPIED


async def move(client: httpx.AsyncClient, tokens: Tokens, day: date) -> None:
    moved = await client.put(
        "/v1/operations/clock", json={"moved_to": day.isoformat()}, headers=tokens.header(Role.OPERATOR)
    )
    assert moved.status_code == 200, moved.text
