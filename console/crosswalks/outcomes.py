"""What became of a column: the registry's answers about its parts, put together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from console.crosswalks.column import ColumnLine

HEADS = (
    "line",
    "code",
    "day",
    "to_code",
    "to_name",
    "to_day",
    "share",
    "amount",
    "reason",
    "because",
    "marks",
    "computed_from",
)

REASONS = {
    "unknown-code": "No source names this code",
    "not-open-yet": "Not open yet on this day",
    "closed-without-successor": "Closed, and no source names who followed",
    "no-predecessor-known": "No source names what came before it",
    "share-not-stated": "No source states the share",
    "part-not-stated": "No source says where a part went",
    "no-code-in-this-system": "It has no code in this system",
    "not-in-this-level": "No source says in which body of this level it is",
    "closed-before-it-was-followed": "Closed before the day on which a source says it was followed",
}
MARKS = {
    "followed-and-still-open": "Followed, and still open",
    "closed-before-it-was-followed": "Closed before it was followed",
    "practices-moved-without-succession": "Practices moved without a succession",
}


@dataclass(frozen=True, slots=True)
class RestatedLine:
    """A line, or a part of one, on the other day; `to_code` is empty where it could not be carried."""

    number: int
    code: str
    day: str
    to_code: str
    to_day: str
    share: str
    amount: str
    reason: str
    because: str
    marks: tuple[str, ...]
    by: str

    @classmethod
    def of(cls, given: Mapping[str, Any], numbers: Sequence[int]) -> "RestatedLine":
        """Return a line of an answer under the number that it had in what was sent."""
        return cls(
            numbers[given["line"] - 1],
            given["code"],
            given["day"],
            given["to_code"] or "",
            given["to_day"],
            given["share"] or "",
            "" if given["amount"] is None else str(given["amount"]),
            given["reason"],
            given["because"],
            tuple(given["findings"]),
            given["by"],
        )

    @property
    def reason_words(self) -> str:
        """Why it could not be carried, in words."""
        return REASONS.get(self.reason, self.reason.replace("-", " ").capitalize())

    @property
    def mark_words(self) -> tuple[str, ...]:
        """What sources say that does not fit, in words."""
        return tuple(MARKS.get(one, one.replace("-", " ").capitalize()) for one in self.marks)

    def cells(self, names: Mapping[str, str]) -> list[str | int | Decimal]:
        """Return it as a row of a file under `HEADS`; an amount is a number, so that none is taken for a formula."""
        return [
            self.number,
            self.code,
            self.day,
            self.to_code,
            names.get(self.to_code, ""),
            self.to_day,
            self.share,
            Decimal(self.amount) if self.amount else "",
            self.reason,
            self.because,
            "; ".join(self.marks),
            self.by,
        ]


@dataclass(slots=True)
class Sums:
    """What came of the parts of a column so far: the registry's sums of each part, added up."""

    lines: int = 0
    """Lines of the column that are restated, or were found not to be."""
    carried: int = 0
    left: int = 0
    amounts: bool = False
    """Whether any line has an amount."""
    totals: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """How many lines, or parts of lines, each body of the other day has."""
    amount_in: Decimal = Decimal(0)
    amount_carried: Decimal = Decimal(0)
    amount_left: Decimal = Decimal(0)
    so_far: list[Any] = field(default_factory=list)

    def add(
        self, answer: Mapping[str, Any], part: Sequence[ColumnLine]
    ) -> tuple[list[RestatedLine], list[RestatedLine]]:
        """Add the answer about the next part of the column; return its lines, those carried and those not."""
        numbers = [line.number for line in part]
        carried = [RestatedLine.of(one, numbers) for one in answer["carried"]]
        left = [RestatedLine.of(one, numbers) for one in answer["not_carried"]]
        self.lines += len(part)
        self.carried += len(carried)
        self.left += len(left)
        self.amounts = self.amounts or any(line.amount is not None for line in part)
        for line in carried:
            self.counts[line.to_code] += 1
        for one in answer["totals"]:
            self.totals[one["to_code"]] += Decimal(one["amount"])
        self.amount_in += Decimal(answer["amount_in"])
        self.amount_carried += Decimal(answer["amount_carried"])
        self.amount_left += Decimal(answer["amount_not_carried"])
        self.so_far = answer["so_far"]
        return carried, left

    @property
    def by_body(self) -> list[tuple[str, int, str]]:
        """Each body of the other day with its lines and its amount; the amount is empty where no line has one."""
        codes = sorted({*self.totals, *self.counts})
        return [
            (code, self.counts.get(code, 0), f"{self.totals[code]:f}" if code in self.totals else "") for code in codes
        ]

    def as_json(self) -> dict[str, Any]:
        """Return it as what JSON can store."""
        return {
            **{name: getattr(self, name) for name in ("lines", "carried", "left", "amounts", "counts", "so_far")},
            **{name: f"{getattr(self, name):f}" for name in _AMOUNTS},
            "totals": {code: f"{amount:f}" for code, amount in self.totals.items()},
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Sums":
        """Return it as it was stored."""
        sums = cls(**{**stored, **{name: Decimal(stored[name]) for name in _AMOUNTS}})
        sums.totals = defaultdict(Decimal, {code: Decimal(amount) for code, amount in stored["totals"].items()})
        sums.counts = defaultdict(int, stored["counts"])
        return sums


_AMOUNTS = ("amount_in", "amount_carried", "amount_left")


def reasons_of(reasons: Iterable[Any], part: Sequence[ColumnLine]) -> list[str]:
    """Return the registry's reasons with the numbers that the lines have in what was sent."""
    found = []
    for one in reasons:
        names = (one.field or "").replace("[", ".").replace("]", "").split(".")
        at = next((int(name) for name in names if name.isdigit()), None)
        is_line = "figures" in names and at is not None and at < len(part)
        found.append(f"Line {part[at].number}: {one.message}" if is_line and at is not None else one.message)
    return list(dict.fromkeys(found))
