"""Times of day as a meeting writes them, from and to the instants of the API."""

from datetime import date, datetime, time

from console.core.words import LONDON, by_clock


def hour(instant: str | None) -> str:
    """Return an instant as an input of times has it, "14:05"; empty where there is none."""
    return f"{by_clock(instant):%H:%M}" if instant else ""


def instant_of(day: date | str, written: str) -> str | None:
    """Return the instant of a time on a day, None of no time; what cannot be read stays, for the service to refuse."""
    if not written or not day:
        return written or None
    day = date.fromisoformat(day) if isinstance(day, str) else day
    try:
        at = time.fromisoformat(written)
    except ValueError:
        return f"{day.isoformat()}T{written}"
    return datetime.combine(day, at.replace(tzinfo=None), LONDON).isoformat()
