"""Answers of governance about another world: an organisation, its board, a meeting, a proposal, a decision."""

import hashlib
import json
from typing import Any

CODE, BODY, MEETING = "Q9X", "Q9X-board", "Q9X-board-2031-05-14"
CHAIR, LAY, GP = "P-aa11", "P-bb22", "P-cc33"
FIRST, SECOND, PROPOSAL, DECISION = "IT-first", "IT-second", "PR-77aa", "D-42bc"
NOW: dict[str, Any] = {"as_at": "2031-05-14", "as_known": None}


def post(slug: str, title: str, person: str | None, **more: Any) -> dict[str, Any]:
    """A post of the board on the day of its meeting."""
    return {
        "appointment": "A-1",
        "body": BODY,
        "deputies": [],
        "described_in": None,
        "first_day": "2030-04-01",
        "last_day": None,
        "organisation": CODE,
        "person": person,
        "post": f"{CODE}/{slug}",
        "roles": [slug],
        "title": title,
        "vacant": person is None,
        "vacant_because": None,
        "vacant_since": None,
        "version": 1,
        "votes": True,
        "weight": 1,
    } | more


POSTS = [
    post("chair", "Chair", CHAIR),
    post("lay-member", "Lay member", LAY),
    post("gp-member", "GP member", GP, deputies=["P-dd44"]),
]
SUMMARY: dict[str, Any] = {
    "body": BODY,
    "first_day": "2030-04-01",
    "kind": "board",
    "last_day": None,
    "members": [CODE],
    "organisation": CODE,
    "pack": None,
    "stands": True,
    "title": "Board of the ninth",
    "within": None,
}
BOARD = SUMMARY | NOW | {"posts": POSTS}

RESULT: dict[str, Any] = {
    "abstained": 0,
    "against": 1,
    "casting": "",
    "clause": 0,
    "closed_at": "2031-05-14T13:40:00Z",
    "counted": [CHAIR, LAY, GP],
    "decision": DECISION,
    "filled": [CHAIR, LAY],
    "of": 3,
    "outcome": "carried",
    "tie": False,
    "votes_for": 2,
}


def item(reference: str, number: int, title: str | None, **more: Any) -> dict[str, Any]:
    """An item of the board's agenda."""
    return {
        "action": "estate",
        "body": BODY,
        "item": reference,
        "meeting": MEETING,
        "minutes_of": None,
        "number": number,
        "private_reason": "",
        "proposal": PROPOSAL,
        "result": None,
        "stage": None,
        "title": title,
        "urgent_action": None,
    } | more


def there(person: str, *, until: str | None = None, coming: bool = True) -> dict[str, Any]:
    """Somebody who came at the beginning."""
    return {
        "arrived": ["2031-05-14T13:00:00Z"],
        "coming": coming,
        "departed": [until],
        "person": person,
        "role": "",
        "seat": "",
    }


MET: dict[str, Any] = NOW | {
    "attendance": [there(CHAIR), there(LAY, until="2031-05-14T13:45:00Z")],
    "body": BODY,
    "cancelled_because": None,
    "clear_days": 4,
    "held_on": "2031-05-14",
    "in_public": True,
    "items": [item(SECOND, 2, "Sell the old hospital"), item(FIRST, 1, "A lease", result=RESULT)],
    "meeting": MEETING,
    "minutes_version": None,
    "notice_on": "2031-05-09",
    "notice_pack": "meeting-notice-1960",
    "organisation": CODE,
    "short_notice": None,
    "starts_at": "2031-05-14T13:00:00Z",
    "state": "called",
}


def expected(reference: str, number: int, **more: Any) -> dict[str, Any]:
    """The forecast of an item's quorum."""
    return {
        "additions": [],
        "complete": True,
        "elsewhere": [],
        "excluded": [],
        "item": reference,
        "number": number,
        "quorate": True,
        "shortfalls": [],
        "withheld": False,
    } | more


FORECAST: dict[str, Any] = {
    "as_known": None,
    "body": BODY,
    "meeting": MEETING,
    "items": [
        expected(FIRST, 1),
        expected(
            SECOND,
            2,
            quorate=False,
            excluded=[GP],
            additions=[{"deputises_for": GP, "person": "P-dd44", "roles": ["gp-member"]}],
            shortfalls=[{"contested": [], "missing": 1, "rivals": [], "unmet": [["lay-member", "vice-chair"]]}],
        ),
    ],
}
MINUTES: list[dict[str, Any]] = [
    {
        "approved_by": None,
        "approved_on": None,
        "drafted_on": "2031-05-20",
        "meeting": MEETING,
        "permit": None,
        "sha256": "ab" * 32,
        "version": 1,
    }
]
VOTED = item(FIRST, 1, "A lease", result=RESULT) | {
    "as_known": None,
    "motion": {"conditions": [], "presides": CHAIR, "put_at": "2031-05-14T13:10:00Z"},
    "recusals": [],
    "votes": [
        {
            "cast_at": "2031-05-14T13:20:00Z",
            "cast_by": CHAIR,
            "choice": "for",
            "counts": True,
            "seat": f"{CODE}/chair",
            "voter": CHAIR,
        },
        {
            "cast_at": "2031-05-14T13:21:00Z",
            "cast_by": LAY,
            "choice": "against",
            "counts": False,
            "seat": f"{CODE}/lay-member",
            "voter": LAY,
        },
    ],
}
PUT = item(SECOND, 2, "Sell the old hospital", stage="award") | {
    "as_known": None,
    "motion": {"conditions": [], "presides": CHAIR, "put_at": "2031-05-14T13:50:00Z"},
    "recusals": [],
    "votes": [],
}
CONFLICTS: dict[str, Any] = {
    "as_known": None,
    "body": BODY,
    "can_be_quorate": False,
    "elsewhere": [{"free": True, "holder": "Q9X-estates-committee"}],
    "held_on": "2031-05-14",
    "item": SECOND,
    "meeting": MEETING,
    "members": [
        {
            "conflict": {
                "action": "leave_room",
                "is_direct": True,
                "pack": "conflict-actions-2014",
                "party": "SUPX",
                "path": [{"edge": "I-1", "holder": GP, "other": "SUPX", "relation": "owns", "share": "1/16"}],
                "person": GP,
                "share": "1/16",
                "type": "financial",
            },
            "decided": None,
            "excluded": True,
            "person": GP,
        }
    ],
    "principles": [],
    "withheld": False,
}
NO_CONFLICTS = CONFLICTS | {"can_be_quorate": True, "elsewhere": [], "item": FIRST, "members": []}

LINK: dict[str, Any] = {
    "action": "estate",
    "conditions": ["valued"],
    "decision_right": 31,
    "first_day": "2030-04-01",
    "holder": BODY,
    "instrument": "",
    "last_day": None,
    "limit_basis": "single",
    "person": None,
    "recurrent": False,
    "scope": "",
    "source_minute": "Scheme of 2030, line 9",
    "value_limit_pence": 987_654_300,
}
POWER: dict[str, Any] = {
    "citation": "Some Act 2029 s.4",
    "id": "some-2029",
    "note": "Estates alone.",
    "title": "To hold estate",
}
CHAIN: dict[str, Any] = {"power": POWER, "rights": [LINK]}
CHAIRS_LINK = LINK | {"decision_right": 32, "holder": f"{CODE}/chair", "person": CHAIR, "value_limit_pence": 5_000_000}
CAN_NOT: dict[str, Any] = NOW | {
    "action": "estate",
    "chain": {"power": POWER, "rights": [CHAIRS_LINK, LINK]},
    "may": False,
    "missing": [
        {
            "decision_right": 32,
            "granters": ["Q9X-board"],
            "missing": "limit",
            "repair": "the value is at most £50,000.00 (single)",
        }
    ],
    "notes": [],
    "organisation": CODE,
    "others": [CHAIN],
    "pack": "decision-rights-local",
    "packs": ["actions-2007"],
    "parts": [],
    "uncounted": [],
}
DECIDERS: dict[str, Any] = NOW | {
    "action": "estate",
    "anybody_may": True,
    "deciders": [
        {
            "action": "estate",
            "appointment": None,
            "body": BODY,
            "conditions": ["valued"],
            "decision_right": 31,
            "delegated_from": None,
            "ended_because": None,
            "first_day": "2030-04-01",
            "function": "estate",
            "instrument": "",
            "last_day": None,
            "limit_basis": "single",
            "may_decide": True,
            "organisation": CODE,
            "permit": "",
            "person": None,
            "post": None,
            "power": "",
            "recurrent": False,
            "remade_by": None,
            "scope": "",
            "source_minute": "Scheme of 2030, line 9",
            "title": BODY,
            "to_remake_for": None,
            "value_limit_pence": 987_654_300,
            "version": 1,
        }
    ],
    "directed": [],
    "function": "estate",
    "organisation": CODE,
    "pack": "decision-rights-local",
    "recurrent": False,
    "value_pence": 230_000_000,
}
PACKS: list[dict[str, Any]] = [
    {
        "citation": "Here",
        "effective_from": "2007-03-01",
        "effective_to": None,
        "id": "acts-of-the-ninth",
        "note": "",
        "stated_at": None,
        "status": "in_force",
        "subject": "actions",
        "title": "Actions",
        "weight": "binding",
    }
]
ACTIONS = PACKS[0] | {"values": {"actions": ["estate", "telepathy.buy"]}}

ASKED: dict[str, Any] = NOW | {
    "about": {
        "annual_pence": None,
        "contracts": ["C-Q9X-1"],
        "cost_shifts": [],
        "ended": False,
        "functions": ["estate"],
        "kind": "contract",
        "organisations": [CODE],
        "parties": ["SUPX"],
        "price_pence": 1_234_500,
        "revision": 0,
        "stage": "",
        "value_pence": None,
    },
    "action": "estate",
    "annual_pence": 12_300_000,
    "case": "BC-9",
    "case_version": 2,
    "consents": [
        {
            "body": BODY,
            "conditions": [],
            "decided_on": None,
            "decision": "",
            "deferred": False,
            "deferred_until": None,
            "organisations": [CODE],
            "outcome": "",
            "overdue": True,
            "scheduled": "",
        }
    ],
    "consulted": ["members"],
    "digest": "cd" * 32,
    "due_on": "2031-04-30",
    "evidence": [{"body": BODY, "condition": "valued", "met_on": "2031-04-02", "minute": "Board, April, item 6"}],
    "in_effect": False,
    "kind": "award",
    "not_consulted": ["public"],
    "organisation": CODE,
    "outcome": "",
    "proposal": PROPOSAL,
    "recurrent": True,
    "revision": 0,
    "series": "",
    "state": "open",
    "subject": "C-Q9X-1",
    "unmet": ["staff-consulted"],
    "value_pence": 45_600_000,
}
DECIDED: dict[str, Any] = {
    "action": "estate",
    "annual_pence": 12_300_000,
    "binds": [CODE],
    "body": BODY,
    "case": "",
    "case_version": 0,
    "conditions": [],
    "decision": DECISION,
    "minute": f"{MEETING}, item 1",
    "organisation": CODE,
    "outcome": "approved",
    "permit": "PE-9",
    "proposal": PROPOSAL,
    "ratification_refused": False,
    "recurrent": True,
    "reversed_by": None,
    "reversed_on": None,
    "revision": 0,
    "stands": True,
    "stated_at": "2031-05-14T13:41:00Z",
    "subject": "C-Q9X-1",
    "taken_on": "2031-05-14",
    "urgent": False,
    "value_pence": 45_600_000,
}
PERMIT: dict[str, Any] = {
    "act": DECISION,
    "answer": {},
    "asked_on": "2031-05-14",
    "digest": "ef" * 32,
    "known_at": "2031-05-14T13:41:00Z",
    "organisations": [CODE],
    "permit": "PE-9",
    "question": {},
    "replayed_digest": "ef" * 32,
    "same": True,
}


def entries(count: int) -> list[dict[str, Any]]:
    """Entries of a dossier, each with the hash of the one before and its line."""
    previous, made = b"", []
    for number in range(1, count + 1):
        fields = {"body": BODY, "step": f"step {number}"}
        line = json.dumps({"fields": fields, "number": number})
        previous = hashlib.sha256(previous + line.encode()).digest()
        made.append(
            {
                "effective_on": "2031-05-14",
                "fields": fields,
                "hash": previous.hex(),
                "key": f"k{number}",
                "kind": "proposal_opened",
                "line": line,
                "number": number,
                "stated_at": "2031-05-14T13:41:00Z",
            }
        )
    return made


ENTRIES = entries(3)
DOSSIER: dict[str, Any] = {
    "decision": DECISION,
    "entries": 3,
    "missing": [{"about": "", "step": "contract", "title": "The contract is signed"}],
    "pack": "dossier-steps-award",
    "parts": [
        {
            "entries": 3,
            "head": ENTRIES[-1]["hash"],
            "opened_on": "2031-05-14",
            "part": 1,
            "previous": "",
            "sealed_at": "2031-05-15T09:00:00Z",
        }
    ],
    "proposal": PROPOSAL,
    "state": "sealed",
}
BLOCKED: dict[str, Any] = {
    "about": PROPOSAL,
    "body": BODY,
    "costs": [
        {
            "case_reference": "BC-9",
            "case_version": 2,
            "effective_on": "2031-05-01",
            "horizon": "rolling",
            "monthly_pence": 2_100_000,
            "months": 2,
            "to_date_pence": 4_200_000,
        }
    ],
    "deferrals": [],
    "due_on": "2031-03-01",
    "kind": "inertia",
    "months": 2,
    "next_step": "Put it on the agenda",
    "organisation": CODE,
    "organisations": [CODE],
    "pack": "obstructions-2013",
    "running": True,
    "share": "",
    "since": "2031-03-02",
}
WAITING: list[dict[str, Any]] = [
    {
        "about": PROPOSAL,
        "body": BODY,
        "due_on": "2031-05-14",
        "kind": "vote",
        "organisation": CODE,
        "path": f"/items/{SECOND}/votes",
        "since": "2031-05-09",
    },
    {
        "about": CHAIR,
        "body": BODY,
        "due_on": None,
        "kind": "declaration",
        "organisation": CODE,
        "path": "/interests/nil-returns",
        "since": "2031-04-01",
    },
    {
        "about": "R-31",
        "body": BODY,
        "due_on": None,
        "kind": "right",
        "organisation": CODE,
        "path": "/decision-rights",
        "since": "2031-04-01",
    },
]


ADVICE: dict[str, Any] = {
    "action": "estate",
    "bodies": [
        {
            "answer": None,
            "body": BODY,
            "consents": True,
            "decision": "",
            "organisation": CODE,
            "organisations": [CODE],
            "reason": "",
            "replied_on": None,
        },
        {
            "answer": "rejected",
            "body": "Q9Y-board",
            "consents": True,
            "decision": "",
            "organisation": "Q9Y",
            "organisations": ["Q9Y"],
            "reason": "unaffordable",
            "replied_on": "2031-05-02",
        },
    ],
    "escalation": {
        "grounds": [{"code": "g", "law": "Some Act s.9", "test": "It fails to act.", "title": "Directions"}],
        "pack": "escalation-2030",
        "to": "NHS England",
    },
    "footprint": "QF9",
    "made_on": "2031-04-01",
    "obstructions": [],
    "recommendation": "RC-9",
    "reply_by": "2031-05-30",
    "required": 2,
    "share": "1/2",
    "state": "obstructed",
    "stated_at": "2031-04-01T09:00:00Z",
    "subject": "C-Q9X-1",
    "votes_against": 1,
    "votes_for": 6,
} | NOW


def day(name: str, written: str) -> dict[str, str]:
    """The three fields of a day in a form."""
    return {f"{name}-{part}": value for part, value in zip(("year", "month", "day"), written.split("-"), strict=True)}


def listed(*rows: dict[str, Any]) -> dict[str, Any]:
    """A page of a list, the last one."""
    return {"items": list(rows), "next": None}


RIGHT: dict[str, Any] = {
    name: value
    for name, value in DECIDERS["deciders"][0].items()
    if name not in ("may_decide", "person", "appointment")
}
INSTRUMENT: dict[str, Any] = NOW | {
    "agreed": [CODE, "Q9Y"],
    "agreement": "",
    "awaiting": [],
    "binding": "all",
    "body": BODY,
    "constitutions": [{"agreed": ["Q9Y"], "awaiting": [CODE], "first_day": "2031-06-01", "number": 2}],
    "ended_because": None,
    "first_day": "2030-04-01",
    "functions": ["estate"],
    "fund": "",
    "fund_members": [],
    "host": "",
    "host_share": None,
    "instrument": "IN-9",
    "kind": "joint_committee",
    "last_day": None,
    "pack": "some-2029",
    "parties": [CODE, "Q9Y"],
    "power": "",
    "proposed_shares": [],
    "safeguards": [],
    "shares": [],
    "stands": True,
}
INTEREST: dict[str, Any] = {
    "aware_on": "2031-05-01",
    "declared_on": "2031-05-14",
    "due_on": "2031-05-10",
    "first_day": "2031-04-01",
    "in_time": False,
    "interest": "IN-9",
    "is_direct": True,
    "kept_until": None,
    "last_day": None,
    "nature": "shareholder",
    "organisation": CODE,
    "other": "SUPX",
    "packs": ["interests-2030"],
    "person": CHAIR,
    "public_until": None,
    "relation": "owns",
    "share": "1/16",
    "source": "person",
    "state": "in_force",
    "type": "financial",
    "version": 1,
    "words": None,
}
URGENT: dict[str, Any] = {
    "acted_by": [CHAIR],
    "acted_on": "2031-05-01",
    "body": BODY,
    "conditions": [],
    "consulted": [],
    "decision": DECISION,
    "meeting": None,
    "outcome": "approved",
    "proposal": PROPOSAL,
    "reported_at": None,
    "result": None,
    "urgent_action": "UA-9",
}
_IN_LISTS = {name: value for name, value in MET.items() if name not in ("items", "attendance", "as_at", "as_known")}
WORLD: dict[str, Any] = {
    "governance GET /tasks": listed(*WAITING),
    "governance GET /meetings": listed(_IN_LISTS),
    f"governance GET /meetings/{MEETING}": MET,
    f"governance GET /meetings/{MEETING}/forecast": FORECAST,
    f"governance GET /meetings/{MEETING}/minutes": MINUTES,
    f"governance GET /bodies/{BODY}": BOARD,
    f"governance GET /items/{FIRST}": VOTED,
    f"governance GET /items/{FIRST}/conflicts": NO_CONFLICTS,
    f"governance GET /items/{SECOND}": PUT,
    f"governance GET /items/{SECOND}/conflicts": CONFLICTS,
    "governance GET /rule-packs": PACKS,
    "governance GET /rule-packs/acts-of-the-ninth": ACTIONS,
    "governance GET /bodies": listed(SUMMARY),
    "governance GET /appointments": listed(*POSTS),
    "governance GET /actions/estate/deciders": DECIDERS,
    "governance POST /questions/can": CAN_NOT,
    f"governance GET /proposals/{PROPOSAL}": ASKED,
    "governance GET /proposals": listed(ASKED | {"about": None}),
    "governance GET /decisions": listed(DECIDED),
    f"governance GET /decisions/{DECISION}": DECIDED,
    f"governance GET /decisions/{DECISION}/dossier": DOSSIER,
    f"governance GET /decisions/{DECISION}/dossier/entries": listed(*ENTRIES),
    "governance GET /permits/PE-9": PERMIT,
    "governance GET /radar": listed(BLOCKED),
    "governance GET /recommendations/RC-9": ADVICE,
    "governance GET /decision-rights/31": RIGHT,
    "governance GET /instruments/IN-9": INSTRUMENT,
    "governance GET /urgent-actions/UA-9": URGENT,
    f"governance GET /proposals/{PROPOSAL}/papers": {
        "because": None,
        "papers": [
            {
                "added_on": "2031-04-01",
                "address": None,
                "document": "Paper 7",
                "paper": "PP-1",
                "sha256": "aa" * 32,
                "stage": "award",
                "title": "Three bids",
            }
        ],
        "proposal": PROPOSAL,
        "withheld": 1,
    },
    f"governance GET /proposals/{PROPOSAL}/papers/readers": {"proposal": PROPOSAL, "readers": []},
}
"""All of it, as the console asks for it."""
