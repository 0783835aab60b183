"""Says what is odd about a published payment, and finds the months and the payers that are missing; pure functions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from services.contracts.spend.models import Flag

_WORDS: Mapping[Flag, str] = {
    Flag.REVERSAL: "the amount is below zero: a payment that was taken back, which lessens the total",
    Flag.DUPLICATE: "another line says exactly the same: it counts, since the published total contains it",
    Flag.DAY_MISSING: "no day is published: it counts in the total and in no month",
    Flag.DAY_UNREADABLE: "{day!r} is no day: it counts in the total and in no month",
    Flag.DAY_AMBIGUOUS: "{day!r} may be day or month first, and nothing else in the publication settles it: it is read "
    "with the day first",
    Flag.AMOUNT_MISSING: "no amount is published: it counts as a line, and adds nothing",
    Flag.AMOUNT_UNREADABLE: "{amount!r} is no amount in pounds and whole pence: it counts as a line, and adds nothing",
    Flag.SUPPLIER_MISSING: "no supplier is published: it counts in the total, and of no supplier",
    Flag.STRAY_TEXT: "line breaks, characters that cannot be seen, or text around the day were left out",
}


def explanation(flag: Flag, *, day: str, amount: str) -> str:
    """Return what a flag means for this payment."""
    return _WORDS[flag].format(day=day, amount=amount)


def name_key(name: str) -> str:
    """Return a name as names are compared: in capitals, with single spaces."""
    return " ".join(name.upper().split())


def month_of(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def months_missing(months: Collection[date]) -> list[date]:
    """Return the months between the first and the last of these, by their first days, that are not among them."""
    if not months:
        return []
    missing, month, last = [], min(months), max(months)
    while month < last:
        if month not in months:
            missing.append(month)
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return missing


Step = tuple[str, str, date]
"""A code, its successor, and the first day of that."""


def successors_on(codes: Iterable[str], steps: Sequence[Step]) -> dict[str, str]:
    """Return for each code the one body that it lives on in by these steps; itself where that is none or several."""
    onto: dict[str, set[str]] = {}
    for code, successor, _ in steps:
        if code != successor:
            onto.setdefault(code, set()).add(successor)
    found = {}
    for code in codes:
        ends = _ends(code, onto)
        found[code] = ends.pop() if len(ends) == 1 else code
    return found


def _ends(code: str, onto: Mapping[str, Collection[str]]) -> set[str]:
    """Return where every path from a code ends; a path in a circle ends nowhere."""
    ends, seen, open_codes = set(), {code}, [code]
    while open_codes:
        current = open_codes.pop()
        if current not in onto:
            ends.add(current)
            continue
        new = [one for one in onto[current] if one not in seen]
        seen.update(new)
        open_codes += new
    return ends


def payers_missing(payers: Collection[str], successor: str, steps: Sequence[Step], first_day: date) -> list[str]:
    """Return the predecessors of a body, still open after `first_day`, that are not among those who published."""
    onto: dict[str, list[tuple[str, date]]] = {}
    for code, after, day in steps:
        onto.setdefault(after, []).append((code, day))
    missing, seen, open_codes = set(), {successor}, [successor]
    while open_codes:
        for code, day in onto.get(open_codes.pop(), ()):
            if code in seen:
                continue
            seen.add(code)
            open_codes.append(code)
            if code not in payers and day > first_day:
                missing.add(code)
    return sorted(missing)
