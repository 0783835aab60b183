"""What finance refuses, each by its name over HTTP and the same in a dry run; and several reasons at once."""

from copy import deepcopy
from typing import Any

import httpx

from libs.common.identity import Role
from services.finance.core.codes import MOST_PENCE
from tests.support.cases import a_case
from tests.support.edge import Tokens
from tests.support.every_package import COMMANDS, HEARD, LINE, PORTFOLIO, SAVING
from tests.support.finance_harness import FinanceHarness

Refused = tuple[str, str, Any, str, tuple[str, ...]]


def case_with(change: dict[str, Any], *, line: int = 1, **content: Any) -> dict[str, Any]:
    """A new case that differs from a sound one in a line, or in its content."""
    stated = deepcopy(a_case(**content))
    stated["options"][1]["lines"][line] |= change
    return {"case": "SECOND-1", "organisation": "06H", "content": stated}


def without_type() -> dict[str, Any]:
    body = case_with({})
    del body["content"]["options"][1]["lines"][1]["type"]
    return body


def with_risk(probability: str) -> dict[str, Any]:
    risk = {"risk": "delay", "title": "Delay", "probability": probability, "impact_pence": 8, "owner": "CFO"}
    body = case_with({})
    body["content"]["options"][1]["risks"] = [risk | {"payer": "06H"}]
    return body


def that_leaves_a_cost() -> dict[str, Any]:
    """A case that costs a penny a year from then on."""
    body = case_with({}) | {"case": "LEAVES-1"}
    charge = {"line": "charge", "title": "Charge", "type": "cost", "recurrent": True, "amount_pence": 1}
    body["content"]["options"][1]["lines"].append(charge)
    return body


CLAIM = {name: value for name, value in SAVING.items() if name != "recurrent"} | {"line": "BL-1"}
EXIT = {"kind": "exit", "name": "leave", "contract": "NONE-2018"}
AN_ADMIN_LINE = LINE | {"admin": True, "service": "third", "amount_pence": MOST_PENCE}
UNKNOWN = [{"line": "payment", "contract": "NONE-2018"}]

# The sentence of the issue, a request that is wrong in that alone, its refusal, and words of its reasons.
REFUSED: dict[str, Refused] = {
    "unknown contract": ("POST", "/cases", case_with({}, terminations=UNKNOWN), "contract-not-heard", ("NONE-2018",)),
    "unknown contract to assess": (
        "POST",
        "/exit-assessments/NONE-2018",
        {"organisation": "06H", "base_year": "2017-18", "years": 5, "replacement_pence": 5},
        "contract-not-known",
        ("NONE-2018",),
    ),
    "unknown party": ("POST", "/cases", case_with({"payer": "XYZ"}, line=0), "party-not-known", ("XYZ",)),
    "unknown party of a lens": (
        "PUT",
        "/lenses/06H/others",
        {"effective_on": "2017-04-01", "members": ["06H", "XYZ"]},
        "party-unknown",
        ("XYZ",),
    ),
    "price year without deflator": (
        "POST",
        "/cases",
        case_with({"prices": "year", "price_year": "1900-01"}),
        "price-year-without-deflator",
        ("saving",),
    ),
    "probability outside 0 to 1": ("POST", "/cases", with_risk("3/2"), "invalid-request", ("probability",)),
    "ramp beyond the horizon": ("POST", "/cases", case_with({"first_year": 9}), "ramp-beyond-horizon", ("ramp",)),
    "benefit without type": ("POST", "/cases", without_type(), "invalid-request", ("type",)),
    "saving neither gross nor net": (
        "POST",
        "/cases",
        case_with({"basis": None}),
        "invalid-request",
        ("gross or net",),
    ),
    "saving of a buy-out neither gross nor net": (
        "PUT",
        "/buy-outs/PFI-1999/saving",
        {"saving_pence": 4, "basis": "unsaid", "last_year": 9},
        "invalid-request",
        ("basis",),
    ),
    "draw beyond the fund": (
        "POST",
        "/funds/STF-2018/draws",
        {"line": "SET-UP", "case": "SHARED-1", "amount_pence": 9, "drawn_on": "2018-10-02"},
        "draw-beyond-fund",
        ("SET-UP",),
    ),
    "recurrent from non-recurrent": (
        "POST",
        "/funds/STF-2018/draws",
        {"line": "SET-UP", "case": "LEAVES-1", "amount_pence": 1, "drawn_on": "2018-10-02"},
        "recurrent-from-non-recurrent",
        (),
    ),
    "budget beyond its ceiling": (
        "POST",
        "/organisations/06H/budgets/2018-19/lines",
        {"lines": [AN_ADMIN_LINE]},
        "ceiling-exceeded",
        (),
    ),
    "virement beyond its limit": (
        "POST",
        "/virements",
        {"moves": [{"from_line": "BL-1", "to_line": "BL-2", "amount_pence": 500_000_000}], "authority": ""},
        "authority-insufficient",
        (),
    ),
    "second claim on one line": (
        "POST",
        "/initiatives/IT-2018/savings/claims",
        CLAIM | {"amount_pence": 1},
        "reduction-claimed",
        ("HR-2018",),
    ),
    "change of a frozen version": ("PUT", "/cases/SHARED-1/versions/1", a_case(), "version-frozen", ()),
    "item without exit terms": (
        "POST",
        "/portfolios",
        PORTFOLIO | {"reference": "CAM-2028", "items": [EXIT]},
        "item-without-terms",
        ("leave",),
    ),
    "more than 10^13 pence": (
        "POST",
        "/cases",
        case_with({"amount_pence": MOST_PENCE + 1}),
        "invalid-request",
        ("amount_pence",),
    ),
    "more than 300 years": ("POST", "/cases", case_with({}, years=301), "invalid-request", ("years",)),
    "several at once": (
        "POST",
        "/cases",
        case_with(
            {"first_year": 9, "payer": "XYZ"}, terminations=UNKNOWN, lenses=["footprint:E99"], discounting="none"
        ),
        "contract-not-heard",
        ("NONE-2018", "XYZ", "ramp", "E99", "none"),
    ),
}


async def test_each_refusal_of_the_issue_has_its_name_also_in_a_dry_run(
    client: httpx.AsyncClient, harness: FinanceHarness, tokens: Tokens
) -> None:
    await harness.hear(*HEARD)
    lead = tokens.header(Role.FINANCE_LEAD, organisations=("06H", "10Y"))
    more = (
        ("POST", "/cases", that_leaves_a_cost()),
        ("POST", "/initiatives/IT-2018/savings", SAVING | {"amount_pence": 5}),
        ("POST", "/organisations/06H/budgets/2018-19/lines/BL-1/reductions", {"amount_pence": 10}),
        ("POST", "/initiatives/HR-2018/savings/claims", CLAIM | {"amount_pence": 10}),
    )
    for method, path, body in (*COMMANDS, *more):
        answer = await client.request(method, f"/v1{path}", json=body, headers=lead)
        assert answer.status_code in (200, 201), f"{path}: {answer.text}"
    frozen = await client.post("/v1/cases/SHARED-1/versions/1/publication", headers=lead | {"If-Match": '"1"'})
    assert frozen.status_code in (200, 201), frozen.text
    wrong = {}
    for name, (method, path, body, kind, words) in REFUSED.items():
        for asked in ({"dry_run": "true"}, {}):
            headers = lead | ({"If-Match": '"1"'} if method == "PUT" and path.startswith("/cases") else {})
            answer = await client.request(method, f"/v1{path}", json=body, headers=headers, params=asked)
            shown = answer.json()
            named = answer.status_code in (404, 409, 422) and shown["type"].endswith(f"/{kind}")
            reasons = " ".join(f"{one['message']} {one['field']}" for one in shown["reasons"]) + shown["detail"]
            if not named or not all(word in reasons for word in words):
                wrong[name] = (answer.status_code, answer.text[:600])
    assert wrong == {}
