"""What the templates of branches show: the comparison as a table a measure, and the steps of a plan."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from console.core.words import day, number, words

_MEASURES = {
    "preferred_option": "Preferred option of each case",
    "npv_pence": "Net present value",
    "bcr": "Benefit for each pound of cost",
    "loses_pence": "Who loses, by the preferred option",
    "notice_day": "Last day on which notice is due",
    "day_one_work": "Work before day one, and what waits to be signed",
    "invariant_broken": "Open findings and breaches of cover",
    "decision_needed": "What waits for a vote, a consent or another act",
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure as it is shown: `kind` is `money`, `day`, `number`, `words`, `none` or `unknown`."""

    kind: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """What is compared, with the cell of each column."""

    about: str
    lens: str
    cells: Sequence[Cell]
    differs: bool


@dataclass(frozen=True, slots=True)
class ComparedTable:
    """All rows of one measure; how many of them are alike in all columns."""

    title: str
    measure: str
    rows: Sequence[ComparedRow]
    alike: int

    @property
    def has_lenses(self) -> bool:
        """Whether a row is seen through a lens."""
        return any(row.lens for row in self.rows)


def tables_of(comparison: Mapping[str, Any], *, only_differing: bool) -> list[ComparedTable]:
    """Return the comparison as a table for each measure, in its order."""
    names = [column["name"] for column in comparison["columns"]]
    return [
        _table(measure, list(rows), names, only_differing=only_differing)
        for measure, rows in groupby(comparison["rows"], key=lambda row: row["measure"])
    ]


def _table(
    measure: str, rows: Sequence[Mapping[str, Any]], names: Sequence[str], *, only_differing: bool
) -> ComparedTable:
    shown = [row for row in rows if row["differs"] or not only_differing]
    return ComparedTable(
        title=_MEASURES.get(measure, measure.replace("_", " ")),
        measure=measure,
        rows=[
            ComparedRow(
                row["about"] or "in all",
                row["lens"],
                [_cell(measure, row["cells"][name]) for name in names],
                row["differs"],
            )
            for row in shown
        ],
        alike=sum(not row["differs"] for row in rows),
    )


def _cell(measure: str, cell: Mapping[str, Any]) -> Cell:
    value = cell["value"]
    if not cell["known"]:
        return Cell("unknown")
    if value is None:
        return Cell("none")
    if isinstance(value, int):
        return Cell("money" if measure.endswith("_pence") else "number", value)
    return Cell("day" if _DAY.fullmatch(value) else "words", value)


def shown(value: Any) -> str:
    """Return a value of an answer as people read it: a day in words, and in words that there is none."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return day(value) if _DAY.fullmatch(value) else value
    return number(value) if isinstance(value, int) else str(value)


def csv_rows(comparison: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Yield the rows of the table for a spreadsheet: money in pence, empty where a column has no such thing."""
    names = [column["name"] for column in comparison["columns"]]
    for row in comparison["rows"]:
        cells = [row["cells"][name] for name in names]
        values = [cell["value"] if cell["known"] else "not known" for cell in cells]
        yield [row["measure"], row["about"], row["lens"], *values, "yes" if row["differs"] else ""]


@dataclass(frozen=True, slots=True)
class BaseGroup:
    """The branches of one base, which alone can be compared with each other."""

    base: str
    cut_at: str | None
    branches: Sequence[Mapping[str, Any]]


def by_base(branches: Iterable[Mapping[str, Any]]) -> list[BaseGroup]:
    """Return branches by their base, the latest base first; those without a base yet stand alone."""
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for one in branches:
        groups.setdefault(one["base"]["id"] if one["base"] else "", []).append(one)
    found = [BaseGroup(base, ones[0]["base"]["cut_at"] if base else None, ones) for base, ones in groups.items()]
    return sorted(found, key=lambda group: group.cut_at or "", reverse=True)


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of a plan: what it asks, when, of whom it waits, and whether its reader may give it now."""

    number: int
    day: date
    state: str
    words: str
    waits_for: str
    is_yours: bool
    given: Sequence[Mapping[str, Any]]


def planned_steps(steps: Iterable[Mapping[str, Any]], person: Any) -> list[PlannedStep]:
    """Return the steps of a plan; one that is due is offered to whom it waits for."""
    return [
        PlannedStep(
            number=one["number"],
            day=date.fromisoformat(one["day"]),
            state=one["state"],
            words=f"{one['method']} {one['service']}{one['path']}"
            if one["method"]
            else f"a command to {one['service']}",
            waits_for=_waits_for(one["waits_for"]),
            is_yours=one["state"] == "due" and _may(one["waits_for"], person),
            given=one["given"],
        )
        for one in steps
    ]


def asked_of(step: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a step asks, field by field, as it would be sent."""
    body = step["body"]
    return [(words(name), _asked(value)) for name, value in body.items()] if isinstance(body, dict) else []


def _asked(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_asked(one) for one in value) or "none"
    if isinstance(value, dict):
        return "; ".join(f"{words(name)} {_asked(one)}" for name, one in value.items())
    return shown(value)


def _waits_for(caller: Mapping[str, Any] | None) -> str:
    if caller is None:
        return ""
    roles = " or ".join(words(role) for role in caller["roles"])
    organisations = ", ".join("every organisation" if code == "*" else code for code in caller["organisations"])
    return " for ".join(filter(None, (caller["subject"] or roles, organisations)))


def _may(caller: Mapping[str, Any] | None, person: Any) -> bool:
    return caller is not None and any(
        all(person.may(role, code) for code in caller["organisations"]) for role in caller["roles"]
    )
