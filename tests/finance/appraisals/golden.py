"""Golden 11 of the rules as inputs of the arithmetic, and what the tests vary of it."""

from fractions import Fraction
from typing import Any

from services.finance.appraisals.inputs import (
    Inputs,
    Line,
    LineType,
    Option,
    OptionKind,
    Risk,
    StoredLens,
    StoredSchedule,
)
from services.finance.appraisals.worth import Appraised, appraise
from tests.finance.appraisals.schedules import HEALTH, STANDARD

YEARS = 10
RAMP = (Fraction(0), Fraction(1, 2), *([Fraction(1)] * 8))
PENNY = 100


def a_line(line: str, type_: LineType, amounts: list[Any], *, recurrent: bool = False, **more: Any) -> Line:
    """A line of organisation A, in pounds."""
    pence = tuple(Fraction(amount) * PENNY for amount in amounts)
    value = max(pence, key=abs, default=Fraction(0))
    fields = {"payer": "A", "kind": line, "title": line, "value": value, "recurrent": recurrent} | more
    return Line(line=line, type=type_, amounts=pence, **fields)


def once(line: str, pounds: Any, *, year: int = 0, years: int = YEARS, **more: Any) -> Line:
    """A one-off cost."""
    return a_line(line, LineType.COST, [pounds if each == year else 0 for each in range(years)], **more)


def saving(pounds: Any, ramp: tuple[Fraction, ...] = RAMP, **more: Any) -> Line:
    """A cash-releasing saving that comes by a ramp."""
    amounts = [step * pounds for step in ramp]
    return a_line(
        "saving", LineType.CASH_RELEASING, amounts, recurrent=True, **{"value": Fraction(pounds) * PENNY} | more
    )


def an_option(option: str, *lines: Line, risks: tuple[Risk, ...] = (), kind: OptionKind = OptionKind.OTHER) -> Option:
    """An option."""
    return Option(option=option, title=option, kind=kind, lines=lines, risks=risks)


def the_inputs(*options: Option, years: int = YEARS, bau: Option | None = None, **more: Any) -> Inputs:
    """A case of these options over business as usual, which has no flows where none are given."""
    everybody = dict.fromkeys(("A", "B", "households", "exchequer"), "1" * years)
    fields: dict[str, Any] = {
        "standard": StoredSchedule.of(STANDARD),
        "health": StoredSchedule.of(HEALTH),
        "lenses": (
            StoredLens(name="organisation", base_year=2016, members={"A": "1" * years}),
            StoredLens(name="uk_society", base_year=2016, members=everybody),
        ),
    }
    return Inputs(
        base_year=2016,
        years=years,
        lens="organisation",
        benchmark=Fraction(4),
        options=(bau or an_option("BAU", kind=OptionKind.BAU), *options),
        packs={},
        **fields | more,
    )


def through(inputs: Inputs, lens: str = "organisation") -> dict[str, Appraised]:
    """Each option appraised through a lens, by its code."""
    found = inputs.lens_named(lens)
    assert found is not None
    return {each.option.option: each for each in appraise(inputs, found)}


def shared(one_off: Any = 4_000_000, *lines: Line, yearly: Any = 2_515_000, risks: tuple[Risk, ...] = ()) -> Option:
    """Golden 11's option."""
    return an_option("SHARED", once("one-off", one_off), *lines, saving(yearly), risks=risks)


TERMINATION = once("termination", 2_500_000)


def pounds(pence: Fraction) -> float:
    """Pounds with two decimals."""
    return float(round(pence / PENNY, 2))
