"""A merger of another world: no code, name or figure of it is in the demo."""

from typing import Any

from tests.console.mergers.test_line import plan

MERGER: dict[str, Any] = {
    "reference": "M-ZQ9",
    "kind": "icb",
    "successor": "ZQ9",
    "successor_name": "Vale of Elsewhere ICB",
    "predecessors": ["ZQ1", "ZQ2"],
    "parts": [{"code": "ZQ3", "share": "1/3", "locations": ["L77"], "practices": [], "areas": []}],
    "status": "agreed",
    "effective_on": "2031-10-01",
    "rule_pack": "icb-merger-elsewhere",
    "application": "A-ZQ9",
    "version": 4,
    "overdue": False,
    "plans": [plan(1, "agreed", "2031-04-01", "2030-09-02"), plan(2, "agreed", "2031-10-01", "2031-01-10")],
    "missing": [],
    "conditions": [],
    "schemes": [],
}
LACK = {
    "message": "no staff transfer scheme or nil return of ZQ2",
    "field": "schemes.staff",
    "roles": ["nhs_england", "governance_lead"],
    "organisations": ["ZQ2"],
}
READINESS: dict[str, Any] = {
    "merger": "M-ZQ9",
    "status": "agreed",
    "effective_on": "2031-10-01",
    "ready": False,
    "overdue": False,
    "missing": [LACK],
    "conditions": [
        {
            "number": 1,
            "condition": "chair",
            "text": "Appoint the chair of Elsewhere",
            "met_on": "2031-03-03",
            "evidence_type": "minute",
            "evidence": "Minute 77",
            "evidenced_at": "2031-03-03T10:00:00Z",
            "evidenced_by": "lead",
        }
    ],
    "schemes": [
        {
            "reference": "M-ZQ9-P1",
            "sort": "property",
            "predecessors": ["ZQ1", "ZQ2"],
            "successor": "ZQ9",
            "nil_return": False,
            "made_on": "2031-02-02",
            "suspended_on": None,
            "pauses": [],
            "stated_at": "2031-02-02T10:00:00Z",
            "stated_by": "lead",
        }
    ],
    "rule_pack": "icb-merger-elsewhere",
    "as_at": "2031-05-01",
    "as_known": None,
}
GOVERNED: dict[str, Any] = {
    "application": "A-ZQ9",
    "applied_on": "2030-05-06",
    "as_known": None,
    "bodies": ["ZQ1", "ZQ2"],
    "conditions": [],
    "determinations": [{"decided_on": "2030-09-01", "outcome": "approved", "deferred_to": None}],
    "effective_on": "2031-10-01",
    "merger": "M-ZQ9",
    "stage": "agreed",
    "successor": "ZQ9",
    "successor_name": "Vale of Elsewhere ICB",
}
MOVING: dict[str, Any] = {
    "agreements": [],
    "as_known": None,
    "contracts": [
        {
            "annual_pence": 81_234_567,
            "customers": ["ZQ1"],
            "customers_after": ["ZQ9"],
            "reference": "C-ELSE-7",
            "schemes": [],
            "supplier": "S88",
            "supplier_after": "S88",
        }
    ],
    "effective_on": "2031-10-01",
    "merger": "M-ZQ9",
    "offered": [],
    "overlaps": [],
    "predecessors": ["ZQ1", "ZQ2"],
    "status": "agreed",
    "successor": "ZQ9",
    "successor_name": "Vale of Elsewhere ICB",
}
ENDING: dict[str, Any] = {
    "as_known": None,
    "bodies": [],
    "bodies_merging": ["ZQ1", "ZQ2"],
    "effective_on": "2031-10-01",
    "instruments": [],
    "merger": "M-ZQ9",
    "posts": [
        {"deputies": 2, "organisation": "ZQ1", "person": None, "post": "keeper_of_elsewhere", "shared": False},
    ],
    "rights": [{"action": "award", "decision_right": 7, "holder": "board of Elsewhere", "organisation": "ZQ1"}],
    "rights_in_all": 1_204,
    "stage": "agreed",
    "successor": "ZQ9",
}
NAMES: dict[str, Any] = {
    "organisations": [
        {
            "code": code,
            "kind": "icb",
            "name": name,
            "status": "open",
            "since": "2022-07-01",
            "last_day": None,
            "parent": None,
            "version": 1,
        }
        for code, name in (("ZQ1", "North Elsewhere ICB"), ("ZQ2", "South Elsewhere ICB"))
    ],
    "unknown": ["ZQ3", "ZQ9"],
}
ANSWERS: dict[str, Any] = {
    "registry GET /mergers/M-ZQ9": MERGER,
    "registry GET /mergers/M-ZQ9/readiness": READINESS,
    "governance GET /mergers/M-ZQ9": GOVERNED,
    "contracts GET /merger-previews/M-ZQ9": MOVING,
    "governance GET /mergers/M-ZQ9/preview": ENDING,
    "registry POST /lookups": NAMES,
}
