"""Names and values of a document as people read them: pounds with thousands, days as the NHS writes them. Pure."""

from datetime import date, datetime
from re import compile as pattern
from typing import Any, Final
from zoneinfo import ZoneInfo

from libs.common.money import pounds

PENCE: Final = "pence"
BY_KEY = ("by_year", "benefits_by_type", "elsewhere")
"""What has pence under keys of its own: years, types of benefit, bodies."""

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
    if isinstance(value, int) and (name == PENCE or name.endswith(f"_{PENCE}")):
        return pounds(value)
    return _dated(value) if isinstance(value, str) else str(value)


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
