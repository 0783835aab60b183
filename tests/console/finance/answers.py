"""Recorded answers of finance in a world that was never England: codes Q.., figures of no demo."""

from typing import Any

DIGEST = "a" * 64


def measures(npv: int, *, lens: str = "organisation", bcr: str | None = "2.500") -> dict[str, Any]:
    """Return the measures of an option."""
    return {
        "lens": lens,
        "pv_costs_pence": 4_321_00,
        "pv_benefits_pence": npv + 4_321_00,
        "npv_pence": npv,
        "bcr": bcr,
        "passes_benchmark": False,
        "eanc_pence": 77_00,
        "eanc": "a net benefit of £77.00 a year over 9 years",
        "payback_year": 3,
        "discounted_payback_year": 4,
    }


def item(code: str, title: str, pence: int) -> dict[str, Any]:
    """Return an input of an option."""
    return {
        "input": code,
        "title": title,
        "type": "cost" if pence < 0 else "cash_releasing",
        "kind": "transition",
        "contract": None,
        "value": str(abs(pence)),
        "present_value_pence": pence,
    }


def option(code: str, title: str, npv: int) -> dict[str, Any]:
    """Return an option whose two inputs are all of its value."""
    return {
        "option": code,
        "title": title,
        "kind": "change",
        "measures": measures(npv),
        "by_lens": [measures(npv), measures(npv - 100, lens="public_sector")],
        "lower_rate": None,
        "value_for_money": "medium",
        "benefits_by_type": {"cash_releasing": npv + 4_321_00},
        "items": [item("moving", "Moving the desks", -4_321_00), item("rent", "Lower rent", npv + 4_321_00)],
        "unmonetised": ["Shorter walks"],
        "works": None,
    }


PROVENANCE = {
    "lens": "organisation",
    "packs": {"discount-rates": "moon-rates-1"},
    "conventions": ["Year 0 is not discounted"],
    "causes": [],
    "inputs_digest": "b" * 64,
    "as_known": None,
}


def appraisal(**changes: Any) -> dict[str, Any]:
    """Return the appraisal of a case with two options."""
    return {
        "case": "MOON-1",
        "version": 2,
        "status": "published",
        "organisation": "Q9X",
        "title": "One tower for the moon",
        "base_year": "2031-32",
        "years": 10,
        "realisation": "0.8",
        "realisation_source": "learned",
        "benchmark": "4",
        "preferred": "tower",
        "options": [option("tower", "One tower", 98_765_00), option("tent", "A tent", 1_234_00)],
        "sunk": [{"title": "A survey", "financial_year": "2030-31", "amount_pence": 5_55}],
        "warnings": ["Prices after 2040-41 are forecasts."],
        "provenance": PROVENANCE,
        "digest": DIGEST,
        **changes,
    }


COMPARISON = {
    "case": "MOON-1",
    "version": 2,
    "highest_npv": "tower",
    "pass_benchmark": [],
    "rows": [],
    "says": ["The tent is dominated by the tower."],
    "provenance": PROVENANCE,
}
SENSITIVITY = {
    "case": "MOON-1",
    "version": 2,
    "option": "tower",
    "change": "1/10",
    "tornado": [
        {
            "input": "rent",
            "title": "Lower rent",
            "type": "cash_releasing",
            "value": "10308600",
            "low_npv_pence": 88_456_40,
            "high_npv_pence": 109_073_60,
            "low_bcr": "2.1",
            "high_bcr": "2.9",
        }
    ],
    "scenarios": [],
    "two_way": None,
    "provenance": PROVENANCE,
}
LOSERS = {
    "case": "MOON-1",
    "version": 2,
    "option": "tower",
    "lens": "society",
    "gainers": [{"party": "Q9X", "gain_pence": 60_001_00, "by_year": {"2031-32": 60_001_00}}],
    "losers": [{"party": "Q8Y", "gain_pence": -7_007_00, "by_year": {"2031-32": -7_007_00}}],
    "net_pence": 52_994_00,
    "counted_saving_pence": 52_994_00,
    "shifted": True,
    "provenance": PROVENANCE,
}
CASE = "/cases/MOON-1/versions/2"
OF_CASE = {
    f"finance GET {CASE}/appraisal": appraisal(),
    f"finance GET {CASE}/comparison": COMPARISON,
    f"finance GET {CASE}/sensitivity": SENSITIVITY,
    f"finance GET {CASE}/losers": LOSERS,
}

RUN: dict[str, Any] = {
    "run": "00000000-0000-4000-8000-000000000001",
    "portfolio": "MOON-PLAN",
    "version": 3,
    "state": "done",
    "digest": DIGEST,
    "requested_at": "2032-05-04T09:00:00Z",
    "progress": None,
    "reason": None,
    "plan": {
        "verdict": "best found",
        "value_pence": 400_000_00,
        "bound_pence": 401_000_00,
        "verified_bound_pence": 402_000_00,
        "gap": "0.0025",
        "granularity_pence": 1,
        "sentence": "best found, at most 0.0025 of its value from the best possible",
        "items": [
            {
                "item": "Tower",
                "year": "2032-33",
                "quarter": 2,
                "value_pence": 300_000_00,
                "cash_pence": 50_000_00,
                "committed": False,
            },
            {"item": "Tent", "year": None, "quarter": None, "value_pence": 0, "cash_pence": 0, "committed": False},
        ],
        "years": [
            {
                "year": "2032-33",
                "budget_pence": 60_000_00,
                "spent_pence": 50_000_00,
                "left_pence": 10_000_00,
                "go_lives": 1,
            }
        ],
        "closures": [],
        "ranking": None,
        "solver": "HiGHS 1.16.0",
        "threads": 1,
        "solver_seconds": 0.5,
        "own_seconds": 0.1,
    },
}
EXPLANATION: dict[str, Any] = {
    "run": RUN["run"],
    "items": [
        {
            "item": "Tent",
            "planned": None,
            "prefers": "2032-33",
            "gains_pence": 12_345_00,
            "obstacles": [{"rule": "budget", "subject": "", "year": "2032-33", "short_pence": 2_222_00}],
        }
    ],
}
CURVE: dict[str, Any] = {
    "run": RUN["run"],
    "points": [
        {"percent": 90, "verdict": "optimal", "value_pence": 380_000_00, "bound_pence": 380_000_00, "gap": "0"},
        {"percent": 110, "verdict": "optimal", "value_pence": 431_000_00, "bound_pence": 431_000_00, "gap": "0"},
    ],
}
CLASHES = {"run": RUN["run"], "verdict": "best found", "sentence": "There is a plan.", "clashes": [], "least": None}
OF_RUN = {
    f"finance GET /runs/{RUN['run']}": RUN,
    f"finance GET /runs/{RUN['run']}/explanation": EXPLANATION,
    f"finance GET /runs/{RUN['run']}/curve": CURVE,
    f"finance GET /runs/{RUN['run']}/clashes": CLASHES,
}

SAVINGS = {
    "initiative": "MOON-HR",
    "forecast_pence": 90_000_00,
    "contracted_pence": 80_000_00,
    "realised_pence": 70_000_00,
    "realised": "£70,000.00",
    "savings": [
        {
            "initiative": "MOON-HR",
            "organisation": "Q9X",
            "managed_by": "Q9X",
            "function": "payroll",
            "financial_year": "2031-32",
            "recurrent": True,
            "owner": "Keeper of the tower",
            "baseline_pence": 500_000_00,
            "line": "BL-1",
            "forecast_pence": 90_000_00,
            "forecast_gross_pence": 95_000_00,
            "contracted_pence": 80_000_00,
            "budget_reduced_pence": 75_000_00,
            "realised_pence": 70_000_00,
            "realised": "£70,000.00",
            "refused_pence": 5_000_00,
            "due_pence": 90_000_00,
            "slippage_pence": 20_000_00,
            "rating": "amber",
            "cost_shift": True,
            "elsewhere": {"Q8Y": 5_000_00},
            "claims": [
                {
                    "claim": "C-1",
                    "line": "BL-1",
                    "asked_pence": 75_000_00,
                    "realised_pence": 70_000_00,
                    "refused_pence": 5_000_00,
                    "refused": "£5,000.00",
                    "waiting_pence": 0,
                    "stated_at": "2031-09-01T09:00:00Z",
                }
            ],
            "cause": None,
            "stated_at": "2031-05-01T09:00:00Z",
        }
    ],
    "pack": "moon-rating-1",
    "as_at": "2032-03-31",
    "as_known": None,
    "digest": DIGEST,
}

AS_SET = {
    "population": 1_234,
    "moderated": "",
    "published": False,
    "source": "Counted by hand",
    "first_day": "2031-04-01",
    "rate_pence": 20_00,
    "rate": "£20.00",
    "rate_found": True,
    "pack": "moon-rate-1",
    "amount_pence": 24_680_00,
    "amount": "£24,680.00",
    "stated_at": "2031-03-01T09:00:00Z",
    "event": None,
}
ALLOWANCE = {
    "organisation": "Q9X",
    "financial_year": "2031-32",
    "as_set": AS_SET,
    "amount_pence": 30_000_00,
    "amount": "£30,000.00",
    "parts": [],
    "moved": [
        {
            "merger": "Q9X-2031-10-01",
            "successor": "Q9X",
            "first_day": "2031-10-01",
            "last_day": "2032-03-31",
            "amount_pence": 5_320_00,
            "amount": "£5,320.00",
            "population": 532,
            "released": [{"predecessor": "Q8Y", "amount_pence": 5_320_00, "amount": "£5,320.00"}],
            "event": None,
            "caused_by": None,
        }
    ],
    "support_charges": {"amount_pence": 0, "amount": "£0.00", "exceeded_pence": 0, "items": []},
    "explanation": ["1,234 people at £20.00 a head: £24,680.00 (moon-rate-1)."],
    "warnings": [],
    "digest": DIGEST,
}
HISTORY = {"organisation": "Q9X", "financial_year": "2031-32", "as_set": [], "parts": [], "moved": []}


def row(year: str, amount: int) -> dict[str, Any]:
    """Return a row of a series."""
    return {"organisation": "Q9X", "financial_year": year, "account": "", "amount": amount}


BRIDGE: dict[str, Any] = {
    "organisation": "Q9X",
    "financial_year": "2031-32",
    "measure": "population",
    "boundaries_on": "2032-04-01",
    "statutory": 1_234,
    "lines": [
        {
            "kind": "merger",
            "account": "",
            "body": "Q8Y",
            "share": "1/2",
            "effective_on": "2031-10-01",
            "merger": "Q9X-2031-10-01",
            "amount": 4_321,
        }
    ],
    "management": 5_555,
    "absorptions": [],
    "not_restated": [],
    "prices": None,
    "packs": [],
    "as_known": None,
}
