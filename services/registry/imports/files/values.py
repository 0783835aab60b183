"""Values in a file: codes, names, days; each says why it cannot be imported."""

import re
from datetime import date
from functools import lru_cache

from libs.common.temporal.days import EARLIEST, LATEST
from libs.common.text import visible
from services.registry.imports.files.source_file import UNREADABLE
from services.registry.imports.report import FileReport, excerpt

_LONGEST_VALUE = 20
_LONGEST_NAME = 300
_CODE = re.compile(r"[A-Z0-9]{1,12}")


class Unusable(ValueError):
    """A line has nothing that can be imported."""


def note_unreadable(code: str, text: str, report: FileReport) -> None:
    """Report a text in which a byte was no character: it is taken with a sign in its place."""
    if UNREADABLE in text:
        report.find("unreadable character", code, f"a byte is no character: {text[:80]!r}")


def name_of(text: str) -> str:
    """Return a name. Raises Unusable for one that is too long, or has characters that cannot be seen."""
    if len(text) > _LONGEST_NAME:
        raise Unusable(f"its name has more than {_LONGEST_NAME} characters")
    try:
        return visible(text)
    except ValueError:
        raise Unusable("its name has a character that cannot be seen") from None


def code_of(text: str) -> str:
    """Return an ODS code. Raises Unusable."""
    if not _CODE.fullmatch(text):
        raise Unusable(f"{excerpt(text, _LONGEST_VALUE)!r} is no ODS code")
    return text


def day_of(text: str, what: str) -> date:
    """Return a day written `yyyymmdd`. Raises Unusable."""
    day = day_or_none(text, what)
    if day is None:
        raise Unusable(f"it has no {what}")
    return day


def day_or_none(text: str, what: str) -> date | None:
    """Return a day written `yyyymmdd`, None where there is none. Raises Unusable."""
    return _in_bounds(_day(text, what), text, what) if text else None


def last_day_or_none(text: str, what: str) -> date | None:
    """Return a last day written `yyyymmdd`, None where there is no end. Raises Unusable."""
    return _no_end_beyond(_day(text, what), text, what) if text else None


def iso_day(text: str) -> date:
    """Return a day written `yyyy-mm-dd`. Raises Unusable."""
    return _in_bounds(_iso_day(text), text, "date")


def iso_last_day(text: str) -> date | None:
    """Return a last day written `yyyy-mm-dd`, None where there is no end. Raises Unusable."""
    return _no_end_beyond(_iso_day(text), text, "date")


def _no_end_beyond(day: date, text: str, what: str) -> date | None:
    """Return a last day, None for one that no source can mean: 9999, 2999 and such stand for no end."""
    return None if day > LATEST else _in_bounds(day, text, what)


def _in_bounds(day: date, text: str, what: str) -> date:
    if not EARLIEST <= day <= LATEST:
        raise _no_day(text, what)
    return day


def _iso_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _no_day(text, "date") from None


@lru_cache(maxsize=50_000)
def _day(text: str, what: str) -> date:
    """Read a day; most of a file's days occur many times, and `strptime` is slow."""
    try:
        if len(text) == len("yyyymmdd") and text.isascii() and text.isdigit():
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        pass
    raise _no_day(text, what)


def _no_day(text: str, what: str) -> Unusable:
    return Unusable(f"its {what} {excerpt(text, _LONGEST_VALUE)!r} is no day")
