"""A case as the page shows it: the chosen option, its charts, who gains and who loses, its tables. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.charts.bars import Bar, bars, waterfall
from console.charts.look import Chart, Tone
from console.charts.tornado import Swing, tornado
from console.core.words import decimal_of, pounds, words

Answered = Mapping[str, Any]

_UNITLESS = ("risk", "realisation")
_MOST_STEPS = 24
"""A waterfall with more is taller than any screen: the steps that move most are drawn, and the title says so."""


@dataclass(frozen=True, slots=True)
class Party:
    """A party with what it gains, or loses, in all and by year."""

    code: str
    name: str
    gain_pence: int
    years: Sequence[tuple[str, int]]

    @property
    def loses(self) -> bool:
        """Whether it pays for what others gain."""
        return self.gain_pence < 0


def asked_option(appraisal: Answered, code: str | None) -> Answered | None:
    """Return the option that was asked for, else the one that the case prefers; None where there is neither."""
    wanted = code or appraisal["preferred"]
    return next((option for option in appraisal["options"] if option["option"] == wanted), None)


def measures_in(option: Answered, lens: str | None) -> Answered:
    """Return the measures of an option through a lens; through the case's own where it has no such one."""
    found: Answered = next((one for one in option["by_lens"] if one["lens"] == lens), option["measures"])
    return found


def worth_of(option: Answered) -> Chart | None:
    """Return what makes up an option's net present value: a waterfall, or bars where the parts are not all of it."""
    items, npv = option["items"], option["measures"]["npv_pence"]
    title = f"What makes up the net present value of {option['title']}"
    steps = [_signed(item["title"], item["present_value_pence"]) for item in items]
    total = Bar("Net present value", npv, pounds(npv, 0), Tone.TOTAL)
    # Each is rounded once, so that together they may differ from the whole by a penny each.
    is_whole = abs(sum(step.value for step in steps) - npv) <= len(steps)
    if is_whole and len(steps) <= _MOST_STEPS:
        return waterfall(title, steps, [total])
    largest = sorted(range(len(steps)), key=lambda at: (-abs(steps[at].value), at))[:_MOST_STEPS]
    return bars(title, [*(steps[at] for at in sorted(largest)), total])


def tornado_of(sensitivity: Answered, stated_pence: int) -> Chart | None:
    """Return how each input moves the net present value, the widest first, at most so many as a screen shows."""
    swings = [
        Swing(
            _capital(swing["title"]),
            swing["low_npv_pence"],
            pounds(swing["low_npv_pence"], 0),
            swing["high_npv_pence"],
            pounds(swing["high_npv_pence"], 0),
        )
        for swing in sensitivity["tornado"][:_MOST_STEPS]
    ]
    return tornado(
        f"Net present value with each input lower and higher by {sensitivity['change']} of it", stated_pence, swings
    )


def parties_of(losers: Answered, names: Mapping[str, str]) -> list[Party]:
    """Return who gains, then who loses, as the answer has them."""
    return [
        Party(
            code=shift["party"],
            name=names.get(shift["party"], words(shift["party"]) if "_" in shift["party"] else shift["party"]),
            gain_pence=shift["gain_pence"],
            years=sorted(shift["by_year"].items()),
        )
        for shift in (*losers["gainers"], *losers["losers"])
    ]


def shifts_of(parties: Sequence[Party]) -> Chart | None:
    """Return who gains and who loses as bars."""
    return bars("Who gains and who loses", [_signed(party.name, party.gain_pence) for party in parties])


def value_of(item: Answered) -> str:
    """Return the value of an input as it is quoted: pounds, or for a risk and for the realisation a part.

    It may be an exact fraction of pence, which is shown to the nearest one.
    """
    if item["type"] in _UNITLESS:
        return str(item["value"])
    return pounds(str(item["value"]))


def part_of(text: str | None) -> str:
    """Return a part of one, which the answer has exactly, with four digits."""
    return "no value" if text is None else f"{decimal_of(text):.4f}"


def burdens_of(affordability: Answered) -> list[tuple[str, list[Answered]]]:
    """Return the rows of the books by organisation, in the order of the answer."""
    found: dict[str, list[Answered]] = {}
    for row in affordability["rows"]:
        found.setdefault(row["organisation"], []).append(row)
    return list(found.items())


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def _signed(name: str, pence: int) -> Bar:
    sign = "+" if pence > 0 else ""
    return Bar(_capital(name), pence, f"{sign}{pounds(pence, 0)}", Tone.GOOD if pence >= 0 else Tone.BAD)


Table = tuple[Sequence[str], Sequence[Sequence[Any]]]
"""Heads and rows of a table as a file: amounts are whole pence, as the API has them."""


def options_table(appraisal: Answered) -> Table:
    """Return every option through every lens."""
    heads = ("option", "title", "lens", "pv_costs_pence", "pv_benefits_pence", "npv_pence", "bcr", "payback_year")
    return heads, [
        (option["option"], option["title"], *(one[head] for head in heads[2:]))
        for option in appraisal["options"]
        for one in option["by_lens"]
    ]


def items_table(option: Answered) -> Table:
    """Return what makes up an option's net present value."""
    heads = ("input", "title", "type", "kind", "contract", "value", "present_value_pence")
    return heads, [tuple(item[head] for head in heads) for item in option["items"]]


def tornado_table(sensitivity: Answered) -> Table:
    """Return how each input moves the result."""
    heads = ("input", "title", "type", "value", "low_npv_pence", "high_npv_pence", "low_bcr", "high_bcr")
    return heads, [tuple(swing[head] for head in heads) for swing in sensitivity["tornado"]]


def losers_table(losers: Answered) -> Table:
    """Return what each party gains or loses, a row a year."""
    return ("party", "financial_year", "gain_pence"), [
        (shift["party"], year, pence)
        for shift in (*losers["gainers"], *losers["losers"])
        for year, pence in sorted(shift["by_year"].items())
    ]
