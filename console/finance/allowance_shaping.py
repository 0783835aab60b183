"""Allowances and series as the page shows them: as set, moved by mergers, as published, and restated. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.charts.bars import Bar, bars, waterfall
from console.charts.lines import Line, Point, lines
from console.charts.look import Chart, Tone
from console.core.words import number, pounds, words

Answered = Mapping[str, Any]

POPULATION = "population"


@dataclass(frozen=True, slots=True)
class Moved:
    """What one merger moved: to the organisation, or away from it."""

    merger: str
    other: str
    first_day: str
    pence: int


@dataclass(frozen=True, slots=True)
class YearOfBoth:
    """A year's figure in both series; None where a series has none."""

    financial_year: str
    statutory: int | None
    management: int | None


def moves_of(allowance: Answered) -> list[Moved]:
    """Return what mergers moved to the organisation from each predecessor, and away from it."""
    own = allowance["organisation"]
    return [
        Moved(
            merger=move["merger"],
            other=move["successor"] if released["predecessor"] == own else released["predecessor"],
            first_day=move["first_day"],
            pence=-released["amount_pence"] if released["predecessor"] == own else released["amount_pence"],
        )
        for move in allowance["moved"]
        for released in move["released"]
    ]


def steps_of(allowance: Answered, moves: Sequence[Moved], names: Mapping[str, str]) -> Chart | None:
    """Return how the allowance comes about: as set, what mergers moved, and what it is after them."""
    as_set = allowance["as_set"]
    steps = [] if as_set is None else [Bar("As set", as_set["amount_pence"], pounds(as_set["amount_pence"], 0))]
    steps += [
        Bar(
            f"{'From' if move.pence >= 0 else 'To'} {names.get(move.other, move.other)}",
            move.pence,
            signed(move.pence, is_money=True),
            Tone.GOOD if move.pence >= 0 else Tone.BAD,
        )
        for move in moves
    ]
    total = Bar("After mergers", allowance["amount_pence"], pounds(allowance["amount_pence"], 0), Tone.TOTAL)
    title = f"The allowance of {allowance['organisation']} in {allowance['financial_year']}"
    # As set is for a whole year or what is left of it: only what sums up is drawn as steps.
    is_whole = sum(step.value for step in steps) == total.value
    return waterfall(title, steps, [total]) if is_whole else bars(title, [*steps, total])


def accounts_of(*series: Sequence[Answered]) -> list[str]:
    """Return the accounts that series have figures of."""
    return sorted({row["account"] for rows in series for row in rows})


def years_of(
    organisation: str, account: str, statutory: Sequence[Answered], management: Sequence[Answered]
) -> list[YearOfBoth]:
    """Return the figures of one body and account in both series, a year a row."""
    of = [
        {
            row["financial_year"]: row["amount"]
            for row in rows
            if row["organisation"] == organisation and row["account"] == account
        }
        for rows in (statutory, management)
    ]
    return [YearOfBoth(year, of[0].get(year), of[1].get(year)) for year in sorted({*of[0], *of[1]})]


def both_of(years: Sequence[YearOfBoth], measure: str) -> Chart | None:
    """Return both series as lines through the years."""
    is_money = measure != POPULATION
    drawn = [
        Line(
            "As published",
            [
                _point(one.financial_year, one.statutory, is_money=is_money)
                for one in years
                if one.statutory is not None
            ],
        ),
        Line(
            "Restated",
            [
                _point(one.financial_year, one.management, is_money=is_money)
                for one in years
                if one.management is not None
            ],
        ),
    ]
    return lines(
        "Figures as published and restated", drawn, is_money=is_money, order=[one.financial_year for one in years]
    )


def _point(year: str, amount: int, *, is_money: bool) -> Point:
    return Point(year, amount, shown(amount, is_money=is_money))


def bridge_of(bridge: Answered, names: Mapping[str, str]) -> Chart | None:
    """Return the bridge as steps from the published figure to the restated one."""
    is_money = bridge["measure"] != POPULATION
    start = Bar("As published", bridge["statutory"], shown(bridge["statutory"], is_money=is_money), Tone.TOTAL)
    steps = [
        Bar(
            f"{words(line['kind'])} {names.get(line['body'], line['body'])}".strip(),
            line["amount"],
            signed(line["amount"], is_money=is_money),
            Tone.GOOD if line["amount"] >= 0 else Tone.BAD,
        )
        for line in bridge["lines"]
    ]
    end = Bar("Restated", bridge["management"], shown(bridge["management"], is_money=is_money), Tone.TOTAL)
    return waterfall("From the published figure to the restated one", [start, *steps], [end])


def shown(amount: int, *, is_money: bool) -> str:
    """Return an amount of money, or of people, as people read it."""
    return pounds(amount, 0) if is_money else number(amount)


def signed(amount: int, *, is_money: bool) -> str:
    """Return an amount with its sign."""
    return f"{'+' if amount > 0 else ''}{shown(amount, is_money=is_money)}"


Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


def moves_table(moves: Sequence[Moved]) -> Table:
    """Return what mergers moved."""
    return ("merger", "other", "first_day", "pence"), [
        (move.merger, move.other, move.first_day, move.pence) for move in moves
    ]


def years_table(years: Sequence[YearOfBoth]) -> Table:
    """Return both series, a year a row; amounts are whole pence, or people."""
    return ("financial_year", "statutory", "management"), [
        (one.financial_year, one.statutory, one.management) for one in years
    ]


def bridge_table(bridge: Answered) -> Table:
    """Return the lines of a bridge."""
    heads = ("kind", "account", "body", "share", "effective_on", "merger", "amount")
    return heads, [tuple(line[head] for head in heads) for line in bridge["lines"]]
