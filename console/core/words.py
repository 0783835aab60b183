"""How days, money and numbers are written for people: as the NHS's style has them."""

import re
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
"""Where people read a clock: what a form says is this clock's."""
_NOT_KNOWN = "not known"
_LETTERS = frozenset(
    {"hr", "it", "bi", "pfi", "sla", "lift", "sep", "gms", "pms", "apms", "icb", "ccg", "csu", "stp", "pcn"}
)
"""Codes that are said letter by letter, where they stand alone."""
_NAMES = {"nhs_england": "NHS England"}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_ISO_DAY = re.compile(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])")
_VERSION = re.compile(r"\.v\d+$")


def day(value: date | str | None, otherwise: str = _NOT_KNOWN) -> str:
    """Return a day as `6 August 2018`."""
    if not value:
        return otherwise
    if isinstance(value, datetime) or (isinstance(value, str) and len(value) > 10):
        return instant(value)
    one = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{one.day} {one:%B %Y}"


def instant(value: datetime | str | None, otherwise: str = _NOT_KNOWN) -> str:
    """Return an instant as `6 August 2018 at 9:05am`, by the clock of England."""
    if not value:
        return otherwise
    return f"{day(by_clock(value).date())} at {clock(value)}"


def clock(value: datetime | str | None, otherwise: str = "") -> str:
    """Return the time of day of an instant as `2:05pm`, by the clock of England."""
    if not value:
        return otherwise
    one = by_clock(value)
    minutes = f":{one:%M}" if one.minute else ""
    return f"{one.hour % 12 or 12}{minutes}{'am' if one.hour < 12 else 'pm'}"


def by_clock(value: datetime | str) -> datetime:
    """Return an instant by the clock of England."""
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(LONDON)


def pounds(pence: int | str | Decimal | None, decimals: int = 2, otherwise: str = _NOT_KNOWN) -> str:
    """Return an amount of pence as `£1,234.56`; with 0 decimals as whole pounds. A fraction of pence will do."""
    if pence is None or pence == "":
        return otherwise
    return gbp(decimal_of(pence) / 100, decimals)


def gbp(value: str | Decimal | int | None, decimals: int = 2, otherwise: str = _NOT_KNOWN) -> str:
    """Return an amount of pounds, as the API's decimal texts have it, as `£1,234.56`."""
    if value is None or value == "":
        return otherwise
    amount = Decimal(value)
    return f"{'−' if amount < 0 else ''}£{abs(amount):,.{decimals}f}"


def number(value: Any, otherwise: str = _NOT_KNOWN) -> str:
    """Return a number with its thousands marked by commas."""
    if value is None or value == "":
        return otherwise
    return f"{Decimal(str(value)):,f}".replace("-", "−")


def percent(value: Any, decimals: int = 1, otherwise: str = _NOT_KNOWN) -> str:
    """Return a part of one as a percentage: `0.125` and `1/8` are `12.5%`."""
    if value is None or value == "":
        return otherwise
    return f"{decimal_of(value) * 100:,.{decimals}f}%".replace("-", "−")


def decimal_of(value: Any) -> Decimal:
    """Return a number as the API writes it: a whole one, a decimal, or a fraction such as `2/3`."""
    exact = Fraction(str(value))
    return Decimal(exact.numerator) / Decimal(exact.denominator)


def month(value: str | None, otherwise: str = _NOT_KNOWN) -> str:
    """Return a month such as `2018-08` as `August 2018`; what is none as it is."""
    if not value:
        return otherwise
    return f"{date.fromisoformat(f'{value}-01'):%B %Y}" if _MONTH.fullmatch(value) else value


def words(code: str | None, otherwise: str = _NOT_KNOWN) -> str:
    """Return a code of the API as words with a capital: `not_quorate` is `Not quorate`, `hr` is `HR`."""
    if not code:
        return otherwise
    if code in _LETTERS:
        return code.upper()
    if code in _NAMES:
        return _NAMES[code]
    text = code.replace("_", " ").replace("-", " ").replace(".", ": ")
    return text[:1].upper() + text[1:]


def event(name: str | None, otherwise: str = _NOT_KNOWN) -> str:
    """Return an event's name or type in words: `uk.nhs.footprint.CCGMergerRedated.v1` is "CCG merger redated"."""
    if not name:
        return otherwise
    first, *rest = _HUMP.sub(" ", _VERSION.sub("", name).rpartition(".")[2]).split(" ")
    return " ".join([first, *(part if part.isupper() and len(part) > 1 else part.lower() for part in rest)])


def source(name: str | None, otherwise: str = _NOT_KNOWN) -> str:
    """Return who states a value; what was entered by a command is so in words, and other sources have their names."""
    return "an entry in the registry" if name == "command" else name or otherwise


def prose(text: str | None) -> str:
    """Return a service's sentence with its days as people read them; references that contain a day stay as they are."""
    return _ISO_DAY.sub(_day_in_words, text or "")


def _day_in_words(found: re.Match[str]) -> str:
    try:
        return day(found[0])
    except ValueError:
        return found[0]


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun: `1 contract`, `2 contracts`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
