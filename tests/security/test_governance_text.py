"""Text that cannot be stored or shown is refused by its field, without echo, in every command of governance."""

import json
from typing import Any

from libs.common.identity import Role
from tests.support.platform import Platform

DAY = "2018-04-01"
RIGHT = {"organisation": "10H", "function": "payroll", "first_day": DAY, "source_minute": "Minute 7"}
TERMS = {"first_day": DAY, "quorum": [{}], "presides": ["chair"]}
GIFT = {"organisation": "10H", "person": "P-1", "kind": "gift", "giver_kind": "other", "value_pence": 1}
GIFT |= {"offered_on": DAY, "response": "declined"}
BREACH = {"organisation": "10H", "rule": "other", "known_on": DAY, "found_by": "self"}
COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ("people", {"organisation": "10H", "display_name": "A name"}),
    ("people/lookups", {"persons": ["P-1"]}),
    ("bodies", {"organisation": "10H", "title": "Board", "first_day": DAY, "note": "A", "document": "B"}),
    (
        "posts",
        {"organisation": "10H", "title": "Lead", "described_in": "6.6", "first_day": DAY, "note": "A", "document": "B"},
    ),
    ("appointments", {"post": "10H/chair", "person": "P-1", "first_day": DAY, "note": "A", "document": "B"}),
    ("appointments/A-1/ending", {"last_day": DAY, "reason": "retired", "note": "A", "document": "B"}),
    ("bodies/10H-audit-committee/ending", {"last_day": DAY, "reason": "work-done", "note": "A", "document": "B"}),
    ("PUT bodies/10H-audit-committee/terms-of-reference", {**TERMS, "note": "A", "document": "B"}),
    ("PUT posts/10H/chair/deputies", {"persons": ["P-1"], "first_day": DAY, "note": "A", "document": "B"}),
    ("decision-rights", {**RIGHT, "post": "10H/chair", "note": "A"}),
    ("decision-rights/1/ending", {"last_day": DAY, "reason": "withdrawn", "note": "A", "document": "B"}),
    ("authorisations", {"organisation": "10H", "decided_on": DAY, "note": "A", "document": "B"}),
    ("authorisations/AU-1/conditions/1/lifting", {"lifted_on": DAY, "sha256": "0" * 64, "note": "A", "document": "B"}),
    ("gifts", {**GIFT, "giver": "0CX", "approved_by": "10H/chair", "replaces": "GF-1", "words": "A"}),
    ("breaches", {**BREACH, "person": "P-1", "about": "IN-1", "note": "A", "document": "B"}),
    ("breaches/BR-1/conclusion", {"consequence": "none", "lesson": "A", "concluded_on": DAY, "note": "A"}),
    ("registers/interests/publications", {"organisation": "10H", "note": "A", "document": "B"}),
]
WRONG = ["\ud800unstorable", "unstorable\x00", "unstorable\u202e", "unstorable" * 500]


async def test_text_that_cannot_be_stored_is_refused_without_echo(platform: Platform) -> None:
    headers = {
        **platform.tokens.header(Role.GOVERNANCE_LEAD, Role.NHS_ENGLAND),
        "If-Match": '"1"',
        "Content-Type": "application/json",
    }
    for path, body in COMMANDS:
        for field, value in body.items():
            for wrong in WRONG:
                given = {**body, field: [wrong] if isinstance(value, list) else wrong}
                method, _, rest = path.rpartition(" ")
                answer = await platform.clients["governance"].request(
                    method or "POST", f"/v1/{rest}", content=json.dumps(given), headers=headers
                )
                where = f"{path} {field} {wrong[:12]!a}: {answer.status_code} {answer.text[:300]}"
                assert answer.status_code == 422, where
                assert field in ((answer.json()["reasons"] or [{}])[0].get("field") or ""), where
                assert "unstorable" not in answer.text, where


async def test_a_filter_of_any_text_is_answered(platform: Platform) -> None:
    headers = platform.tokens.header()
    filters = {
        "bodies": ["organisation"],
        "appointments": ["organisation", "person", "post"],
        "vacancies": ["organisation"],
        "decision-rights": ["organisation", "function"],
        "authorisations": ["organisation", "wave"],
        "gifts": ["organisation", "person"],
        "breaches": ["organisation"],
        "registers/interests": ["organisation", "format"],
    }
    for path, names in filters.items():
        for name in names:
            for text in ("a" * 5_000, "\u202e", "\x00", "%"):
                answer = await platform.clients["governance"].get(f"/v1/{path}", params={name: text}, headers=headers)
                assert answer.status_code == 422, f"{path} {name}: {answer.status_code} {answer.text[:300]}"
