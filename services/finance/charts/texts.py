"""Names and values of a document as people read them: pounds with thousands, days as the NHS writes them. Pure."""

from collections.abc import Mapping
from datetime import date, datetime
from re import compile as pattern
from typing import Any, Final
from zoneinfo import ZoneInfo

from libs.common.money import pounds

PENCE: Final = "pence"
BY_KEY = ("by_year", "benefits_by_type", "elsewhere")
"""What has pence under keys of its own: years, types of benefit, bodies."""

_VALUE, _UNITLESS = "value", ("risk", "realisation")
_ABBREVIATIONS = frozenset({"npv", "bcr", "eanc", "pv", "vat", "id", "sha"})
_DAY, _INSTANT = pattern(r"\d{4}-\d\d-\d\d"), pattern(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_LONDON = ZoneInfo("Europe/London")
_NOON = 12


def words_of(name: str) -> str:
    """Return the name of a field in words; that amounts are in pence goes without saying, since pounds are shown."""
    words = name.removesuffix(f"_{PENCE}").split("_")
    return " ".join(word.upper() if word in _ABBREVIATIONS else word for word in words)


def text_of(name: str, value: Any) -> str:
    """Return a value as people read it, by the name of its field."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and is_pence(name):
        return pounds(value)
    return _dated(value) if isinstance(value, str) else str(value)


def text_in_row(row: Mapping[str, Any], name: str) -> str:
    """Return a value of a record as people read it.

    The value of a case's input is quoted in pence as text, but for a risk and for the realisation.
    """
    value = row[name]
    is_amount = name == _VALUE and row.get("type", _UNITLESS[0]) not in _UNITLESS
    if is_amount and isinstance(value, str):
        return pounds(int(value)) if value.removeprefix("-").isdigit() else f"{value} {PENCE}"
    return text_of(name, value)


def is_pence(name: str) -> bool:
    """Return whether the field of this name is an amount."""
    return name == PENCE or name.endswith(f"_{PENCE}")


def is_pence_at(pointer: str) -> bool:
    """Return whether a JSON pointer leads to an amount: by its name, in a list of amounts, or by a key of its own."""
    _, above, name = f"//{pointer}".rsplit("/", 2)
    return is_pence(name) or above in BY_KEY or (name.isdigit() and is_pence(above))


def _dated(text: str) -> str:
    """Return a day or an instant of ISO 8601 as people read it, any other text as it is."""
    try:
        if _DAY.fullmatch(text):
            return day_text(date.fromisoformat(text))
        if _INSTANT.fullmatch(text):
            return instant_text(datetime.fromisoformat(text))
    except ValueError:
        # Digits that are no day: text.
        return text
    return text


def day_text(day: date) -> str:
    """Return a day as the NHS writes it: 1 April 2020."""
    return f"{day.day} {day:%B %Y}"


def instant_text(instant: datetime) -> str:
    """Return an instant by the clock of London: 1 April 2020 at 9:30am, with seconds where it has them."""
    there = instant.astimezone(_LONDON)
    seconds = f":{there:%S}" if there.second else ""
    half = "am" if there.hour < _NOON else "pm"
    return f"{day_text(there)} at {there.hour % _NOON or _NOON}:{there:%M}{seconds}{half}"


def printable(text: str) -> str:
    """Return a text without characters that control a terminal or a page: each becomes a space."""
    return "".join(c if c.isprintable() else " " for c in text)
