"""Savings as the page shows them: the ledger from forecast to realised. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from console.charts.bars import Bar, waterfall
from console.charts.look import Chart, Tone
from console.core.words import pounds

Answered = Mapping[str, Any]

COLOURS = {"green": "green", "amber": "yellow", "red": "red", "not_due": "grey"}
"""The colour of a rating's tag; its words say the same."""


def ledger_of(savings: Answered) -> Chart | None:
    """Return how each saving adds to what was realised, and below it what was forecast and contracted."""
    steps = [
        Bar(_named(saving), saving["realised_pence"], pounds(saving["realised_pence"], 0), Tone.GOOD)
        for saving in savings["savings"]
    ]
    totals = [
        Bar(f"All {name}", savings[f"{name}_pence"], pounds(savings[f"{name}_pence"], 0), tone)
        for name, tone in (("realised", Tone.TOTAL), ("contracted", Tone.OTHER), ("forecast", Tone.OTHER))
    ]
    return waterfall("From each saving to what was realised", steps, totals)


def _named(saving: Answered) -> str:
    return f"{saving['organisation']} {saving['function']} {saving['financial_year']}"


Table = tuple[Sequence[str], Sequence[Sequence[Any]]]

_HEADS = (
    *("organisation", "managed_by", "function", "financial_year", "recurrent", "owner", "line"),
    *("baseline_pence", "forecast_pence", "contracted_pence", "budget_reduced_pence", "realised_pence"),
    *("refused_pence", "due_pence", "slippage_pence", "rating", "cost_shift"),
)


def ledger_table(savings: Answered) -> Table:
    """Return the ledger."""
    return _HEADS, [tuple(saving[head] for head in _HEADS) for saving in savings["savings"]]
