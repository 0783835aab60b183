"""Answers of another world than the demo's: other codes, other days, other figures; each is as the API writes it."""

from typing import Any

REFERENCE = "ZED-SUPPORT-2031"
BUYER, OTHER, SUPPLIER = "Q9X", "Q8W", "0ZZ"


def party(code: str, name: str = "") -> dict[str, Any]:
    """A party of that world."""
    return {"code": code, "name": name or f"Board of {code}", "status": "open"}


def a_contract(**changed: Any) -> dict[str, Any]:
    """A contract of two customers that runs from April 2031."""
    return {
        "reference": REFERENCE,
        "title": "Support for Zed",
        "supplier": party(SUPPLIER, "Zed Support Unit"),
        "customers": [party(BUYER), party(OTHER)],
        "lines": [{"function": "payroll", "annual_pence": 31_234_567}, {"function": "hr", "annual_pence": 2_000_000}],
        "annual_pence": 33_234_567,
        "starts_on": "2031-04-01",
        "last_day": "2035-03-31",
        "ends_on": "2035-03-31",
        "earliest_exit_on": None,
        "early_end": None,
        "notice_months": 7,
        "notice_rule": None,
        "form": "sla",
        "status": "active",
        "state": {"state": "active", "end": None},
        "signatures": [a_signature(BUYER), a_signature(OTHER)],
        "supplier_signs": False,
        "signature_document": None,
        "signed_on": "2031-03-03",
        "awarded_on": "2031-03-01",
        "coordinating_commissioner": BUYER,
        "care_model": None,
        "exit_terms": None,
        "indexation": None,
        "not_established": [],
        "other_parties": [],
        "price_year": None,
        "procurement": None,
        "value_basis": "illustrative",
        "value_source": None,
        "version": 4,
        "as_at": "2034-01-05",
        "as_known": None,
    } | changed


def a_signature(code: str) -> dict[str, Any]:
    """A customer's own signature."""
    return {
        "party": code,
        "role": "customer",
        "signed_on": "2031-03-03",
        "source": "party",
        "authority": "GB/31/7",
        "document": None,
    }


def exits(**changed: Any) -> dict[str, Any]:
    """How that contract may be left."""
    return {
        "reference": REFERENCE,
        "status": "active",
        "current_end": "2035-03-31",
        "next_end": "2036-03-31",
        "notice_months": 7,
        "last_notice_on": "2034-08-31",
        "days_left": 238,
        "exposure_pence": 33_300_001,
        "earliest_exit": "2035-03-31",
        "earliest_exit_notice_by": "2034-08-31",
        "earliest_free_exit": "2035-03-31",
        "earliest_free_exit_notice_by": "2034-08-31",
        "minimum_ends_on": None,
        "window_missed": False,
        "guidance": [],
        "lines": [
            {"function": "payroll", "annual_pence": 31_234_567, "ends_on": None},
            {"function": "hr", "annual_pence": 2_000_000, "ends_on": None},
        ],
        "notices": [],
        "offered": [
            {"exit_on": "2035-04-01", "last_day": "2035-03-31", "notice_by": "2034-08-31", "notice_passed": False}
        ],
        "rule_packs": ["notice-periods-2031"],
        "ways_out": [],
        "as_at": "2034-01-05",
        "as_known": None,
    } | changed


def a_notice(notice: str = "n-1", **changed: Any) -> dict[str, Any]:
    """A notice of the customers."""
    return {
        "notice": notice,
        "served_by": BUYER,
        "side": "customers",
        "served_on": "2034-01-05",
        "deemed_on": "2034-01-08",
        "stated_at": "2034-01-05T10:00:00Z",
        "last_day": "2035-03-31",
        "exit_on": "2035-04-01",
        "reason": "in_house",
        "form": "recorded_letter",
        "functions": [],
        "leaving": [],
        "document": None,
        "proof": None,
        "note": None,
        "faults": [],
        "status": "served",
        "withdrawn_on": None,
    } | changed


def an_exit(day: str, own: int, wide: int, **changed: Any) -> dict[str, Any]:
    """One exit of an assessment, through two lenses."""
    return {
        "exit_on": day,
        "last_notice_on": f"{int(day[:4]) - 1}-08-31",
        "days_left": 238,
        "is_passed": False,
        "costs": [
            {"lens": "organisation", "present_cost_pence": own},
            {"lens": "public_sector", "present_cost_pence": wide},
        ],
        "lines": [],
        "assumptions": [],
        "unpriced": [],
        "price_source": "terms",
        "break_even_share": None,
        "break_even_without_transition": None,
        "without_transition_pence": own,
    } | changed


def an_assessment(**changed: Any) -> dict[str, Any]:
    """Two exits, of which each lens prefers another."""
    return {
        "contract": REFERENCE,
        "organisation": BUYER,
        "version": 2,
        "supplier": SUPPLIER,
        "customers": [BUYER, OTHER],
        "exits": [an_exit("2035-04-01", 7_654_300, 9_100_000), an_exit("2036-04-01", 8_000_000, 8_765_400)],
        "best": [
            {"lens": "organisation", "best_on": "2035-04-01", "present_cost_pence": 7_654_300},
            {"lens": "public_sector", "best_on": "2036-04-01", "present_cost_pence": 8_765_400},
        ],
        "wider_lens": "public_sector",
        "at_stake_pence": 334_600,
        "is_contested": True,
        "compensation": {"penalty_pence": 345_700, "supplier_gain_pence": 111_100, "suits_both": False},
        "next_notice": {"due_on": "2034-08-31", "days_left": 238, "cost_pence": 345_700},
        "committed_on": None,
        "inputs": {
            "base_year": "2033-34",
            "years": 5,
            "lenses": ["organisation", "public_sector"],
            "replacement_pence": 1,
            "transition_pence": 1,
            "dual_running_months": None,
        },
        "prices_of": "2033-34",
        "tiers": {},
        "rule_packs": [],
        "events": [],
        "digest": "ab" * 32,
        "stated_at": "2034-01-02T09:00:00Z",
        "published_at": None,
        "as_at": "2034-01-05",
        "as_known": None,
    } | changed


def an_item(**changed: Any) -> dict[str, Any]:
    """A line of finance's exit calendar."""
    return {
        "contract": REFERENCE,
        "title": "Support for Zed",
        "supplier": SUPPLIER,
        "customers": [BUYER, OTHER],
        "organisation": BUYER,
        "next_notice_on": "2034-08-31",
        "days_left": 238,
        "exit_on": "2035-04-01",
        "cost_of_missing_pence": 345_700,
        "basis": "assessment",
    } | changed


def a_finding(**changed: Any) -> dict[str, Any]:
    """A finding about the contract's notice."""
    return {
        "finding": "f-1",
        "kind": "notice_window_opens",
        "about": [REFERENCE],
        "parties": [BUYER],
        "text": "notice is due",
        "due_on": "2034-08-31",
        "exposure_pence": 33_300_001,
        "raised_on": "2034-01-01",
        "raised_at": "2034-01-01T00:00:00Z",
        "cleared_on": None,
        "reason": None,
    } | changed


def an_estimate(**changed: Any) -> dict[str, Any]:
    """The price of an end by the contract's terms: a payment, and a cost to no organisation."""
    component = {
        "component": "contractual_payment",
        "payer": BUYER,
        "payee": SUPPLIER,
        "pence": 123_456,
        "nature": "transfer",
        "basis": "a tenth of what remains",
        "due_on": "2035-04-01",
        "recurrent_to": None,
    }
    own = {**component, "component": "reprocurement", "payee": "", "pence": 12_335, "nature": "resource"}
    return {
        "exit_on": "2035-04-01",
        "last_day": "2035-03-31",
        "notice_by": "2034-08-31",
        "notice_passed": False,
        "is_free": False,
        "price": {
            "components": [component, own],
            "total_pence": 135_791,
            "unpriced": ["redundancy"],
            "respread_pence": [],
            "stranded_if_pence": None,
            "rule_packs": [],
        },
    } | changed


def an_offer() -> dict[str, Any]:
    """An offer of the supplier to end the contract at a price."""
    return {
        "termination": "t-1",
        "contract": REFERENCE,
        "side": "supplier",
        "offered_by": SUPPLIER,
        "offered_on": "2034-01-02",
        "stated_at": "2034-01-02T09:00:00Z",
        "exit_on": "2034-07-01",
        "last_day": "2034-06-30",
        "reason": "in_house",
        "functions": [],
        "leaving": [],
        "status": "offered",
        **an_estimate()["price"],
    }
