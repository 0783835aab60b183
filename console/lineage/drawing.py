"""The drawing of a family: days from left to right, a lane a body, links where one follows another.

Everything is measured in pixels here; the template only writes the marks down.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise

from console.core.words import day as day_words
from console.lineage.family import Family, Succession
from console.lineage.rows import Rows, rows_of

LANE = 24
"""Between two lanes."""
CURVE = 26
"""Over which a link leaves its lane before the day."""
LETTER = 6.9
_TOP, _LEFT, _RIGHT, _BOTTOM = 64, 200, 260, 20
_SHARE_GAP = 6
_EDGE = 8.0
_CLOSE_DAYS, _CLOSE, _FAR, _FARTHEST = 60, 70, 190, 260


@dataclass(frozen=True, slots=True)
class DayMark:
    """A dotted line on an event day, with the day in full above it."""

    x: float
    y: float
    on: date


@dataclass(frozen=True, slots=True)
class LaneMark:
    """The line of one body, its label at the start and the shares that leave it at its end."""

    code: str
    shown_code: str
    """The code, or how many bodies the lane is for."""
    name: str
    label: str
    """The name, cut to the segment."""
    shares: str
    x: float
    x_end: float
    y: float
    on_path: bool
    asked: bool
    ends: bool
    """Whether the body closed and no source names who followed it."""
    x_turned: float | None = None
    """Where it became of the kind that it is; it is drawn in dashes before."""
    turned: str = ""
    """The same in words."""


@dataclass(frozen=True, slots=True)
class LinkMark:
    """A curve from one lane to another, which ends on the day."""

    step: Succession
    path: str
    on_path: bool
    words: str


@dataclass(frozen=True, slots=True)
class Joint:
    """A ring where links meet a lane."""

    x: float
    y: float
    on_path: bool


@dataclass(frozen=True, slots=True)
class SlipMark:
    """Dashes from the planned day to the one that it became."""

    x: float
    x_end: float
    y: float
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Every mark of a family, and a sentence that says what is drawn."""

    width: int
    height: int
    words: str
    days: tuple[DayMark, ...]
    lanes: tuple[LaneMark, ...]
    links: tuple[LinkMark, ...]
    joints: tuple[Joint, ...]
    slips: tuple[SlipMark, ...]


def drawing_of(family: Family) -> Drawing:
    """Lay a family out."""
    rows = rows_of(family)
    xs = _positions(
        {*(step.on for step in family.steps), *(day for one in family.slips for day in (one.planned, one.on))}
    )
    ys = _heights(family, rows)
    right = (max(xs.values()) if xs else _LEFT) + _RIGHT
    lanes = tuple(_lane(family, code, xs, ys, right) for code in family.codes)
    links = tuple(_link(family, step, xs, ys) for step in family.steps if step.code != step.successor)
    joints = {(xs[step.on], ys[step.successor]): False for step in family.steps if step.code != step.successor}
    for step in family.steps:
        if _on_path(family, step) and step.code != step.successor:
            joints[xs[step.on], ys[step.successor]] = True
    slips = tuple(_slip(one.planned, one.on, xs, ys[one.successor]) for one in family.slips if one.successor in ys)
    return Drawing(
        round(right),
        round(max(ys.values()) + LANE + _BOTTOM),
        _sentence(family),
        _days(xs),
        lanes,
        links,
        tuple(Joint(x, y, on_path) for (x, y), on_path in sorted(joints.items())),
        slips,
    )


def share_words(share: str) -> str:
    """Return an exact share in words: a whole percentage where it is one, else the fraction."""
    if not share:
        return "share not stated"
    part = Fraction(share)
    if part == 1:
        return "all"
    return f"{part * 100}%" if (part * 100).denominator == 1 else str(part)


def _positions(days: Iterable[date]) -> dict[date, float]:
    """Return where each day is: by the time between two, within limits, so that labels fit."""
    ordered = sorted(set(days))
    xs = dict.fromkeys(ordered[:1], float(_LEFT))
    for before, after in pairwise(ordered):
        apart = (after - before).days
        gap = _CLOSE if apart <= _CLOSE_DAYS else min(_FARTHEST, _FAR + apart // 30)
        xs[after] = xs[before] + gap
    return xs


def _heights(family: Family, rows: Rows) -> dict[str, float]:
    """Return where each body's lane is; a row with a slip has another free below it."""
    slipped = {rows[one.successor] for one in family.slips if one.successor in rows}
    y, of_row = float(_TOP + LANE), dict[int, float]()
    for row in range(max(rows.values()) + 1):
        of_row[row] = y
        y += LANE * (2 if row in slipped else 1)
    return {code: of_row[row] for code, row in rows.items()}


def _days(xs: Mapping[date, float]) -> tuple[DayMark, ...]:
    """Return the days, the label of one that is near the label before it a line lower."""
    marks: list[DayMark] = []
    ends = [0.0, 0.0]
    for day, x in xs.items():
        level = 0 if x >= ends[0] else 1
        ends[level] = x + len(day_words(day)) * LETTER + 8
        marks.append(DayMark(x, 18 + 18 * level, day))
    return tuple(marks)


def _on_path(family: Family, step: Succession) -> bool:
    return step.code in family.path and step.successor in family.path


def _lane(family: Family, code: str, xs: Mapping[date, float], ys: Mapping[str, float], right: float) -> LaneMark:
    first, last = family.first_day(code), family.last_day(code)
    x, closed = _start(family, code, xs) if first is None else xs[first], family.closed.get(code)
    ends = last is None and closed is not None
    x_end = xs[last] - CURVE if last is not None else _until(closed, xs, right) if closed else right - 12
    shares = _shares(family, code)
    name, shown_code = family.names.get(code, ""), code.partition(" into ")[0]
    turned = family.turned.get(code) if first is None else None
    is_turned = turned is not None and turned in xs and x < xs[turned] < x_end
    x_turned = xs[turned] if is_turned and turned else None
    room = x_end - (x if x_turned is None else x_turned) - 12 - (len(shares) * LETTER + _SHARE_GAP if shares else 0)
    return LaneMark(
        code,
        shown_code,
        name,
        _cut(name, room - (len(shown_code) + 1) * LETTER),
        shares,
        x,
        max(x_end, x + 4),
        ys[code],
        code in family.path,
        code == family.focus,
        ends,
        x_turned,
        f"{shown_code} was there before {day_words(turned)}, as a body of another kind" if is_turned else "",
    )


def _start(family: Family, code: str, xs: Mapping[date, float]) -> float:
    """Return where a body begins that followed no other: at its first day where that is between two events."""
    opened, last = family.opened.get(code), family.last_day(code)
    before = max((day for day in xs if opened and day <= opened), default=None)
    after = min((day for day in xs if opened and day > opened), default=None)
    if opened is None or before is None or after is None or (last is not None and opened >= last):
        return _EDGE
    room = xs[after] - xs[before] - 2 * CURVE
    return xs[before] + room * (opened - before).days / (after - before).days


def _until(closed: date, xs: Mapping[date, float], right: float) -> float:
    """Return where a body ends that no other followed: at its last day, between the events around it."""
    before = [x for day, x in xs.items() if day <= closed]
    after = [x for day, x in xs.items() if day > closed]
    return (after[0] - CURVE if after else right - _RIGHT / 2) if before else _LEFT - CURVE


def _cut(name: str, room: float) -> str:
    letters = int(room / LETTER)
    if len(name) <= letters:
        return name
    return f"{name[: letters - 1].rstrip()}…" if letters > 3 else ""


def _shares(family: Family, code: str) -> str:
    """Return what passed to whom, where that is not simply all to one body."""
    after = family.after.get(code, [])
    if len(after) == 1 and after[0].share in ("", "1"):
        return "" if after[0].share else "share not stated"
    return ", ".join(f"{share_words(step.share)} {step.successor}" for step in after)


def _link(family: Family, step: Succession, xs: Mapping[date, float], ys: Mapping[str, float]) -> LinkMark:
    x, start, end = xs[step.on], ys[step.code], ys[step.successor]
    middle = x - CURVE / 2
    path = f"M{x - CURVE:g} {start:g}C{middle:g} {start:g} {middle:g} {end:g} {x:g} {end:g}"
    shape = f" ({step.shape.replace('_', ' ')})" if step.shape else ""
    words = f"{step.code} to {step.successor} on {day_words(step.on)}{shape}: {share_words(step.share)}"
    return LinkMark(step, path, _on_path(family, step), words)


def _slip(planned: date, on: date, xs: Mapping[date, float], y: float) -> SlipMark:
    days = (on - planned).days
    late = f"{abs(days)} days {'late' if days > 0 else 'early'}"
    return SlipMark(xs[planned], xs[on], y + LANE * 2 / 3, f"planned {day_words(planned)}, {late}")


def _sentence(family: Family) -> str:
    bodies, days = len(family.codes), len({step.on for step in family.steps})
    if not family.steps:
        return f"{family.focus} alone: no succession is stated."
    counted = f"{bodies} bodies and {len(family.steps)} successions on {days} {'day' if days == 1 else 'days'}"
    return f"Lineage of {family.focus}: {counted}. The list has the same in words."
