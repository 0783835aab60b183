"""A simulation as the page shows it, and a form's rows as the service is asked. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.charts.bars import Bar, bars
from console.charts.look import Chart, Tone
from console.core.words import number, pounds

Answered = Mapping[str, Any]

_ROWS = 20
"""Bars of the histogram as drawn: neighbouring bins are drawn as one where there are more, the table has each."""


@dataclass(frozen=True, slots=True)
class UncertainRow:
    """A row of the form: an input, what it is as stated, and the names of its three fields."""

    input: str
    title: str
    stated: str
    is_amount: bool

    def field(self, which: str) -> str:
        """Return the name of one of its fields."""
        return f"{which}-{self.input}"


def histogram_of(answer: Answered) -> Chart | None:
    """Return how many runs have a net present value from here to there; below nothing is red."""
    bins = _joined(answer["histogram"])
    return bars(
        "Runs by net present value",
        [
            Bar(
                f"{pounds(one['from_pence'], 0)} to {pounds(one['to_pence'], 0)}",
                one["runs"],
                number(one["runs"]),
                Tone.BAD if one["to_pence"] <= 0 else Tone.PLAIN,
            )
            for one in bins
        ],
    )


def _joined(bins: Sequence[Answered]) -> list[Answered]:
    """Return bins with neighbours taken together, so that as many are left as a screen shows."""
    together = -(-len(bins) // _ROWS)
    return [
        {
            "from_pence": bins[at]["from_pence"],
            "to_pence": bins[min(at + together, len(bins)) - 1]["to_pence"],
            "runs": sum(one["runs"] for one in bins[at : at + together]),
        }
        for at in range(0, len(bins), together or 1)
    ]


def uncertain_rows(option: Answered) -> list[UncertainRow]:
    """Return the inputs of an option that can be drawn."""
    return [
        UncertainRow(item["input"], item["title"], str(item["value"]), item["type"] not in ("risk", "realisation"))
        for item in option["items"]
    ]


def terms_of(given: Mapping[str, str], rows: Sequence[UncertainRow], option: str) -> Mapping[str, Any]:
    """Return what the service is asked: of each row that was filled in a triangular or PERT distribution.

    An amount is typed in pounds and asked in pence; what is no number is sent as it is, for the service to refuse.
    """
    inputs = []
    for row in rows:
        values = {which: _quoted(given.get(row.field(which), ""), row) for which in ("low", "mode", "high")}
        if any(values.values()):
            inputs.append({"input": row.input, "distribution": {"distribution": given.get("shape", "pert"), **values}})
    terms: dict[str, Any] = {"option": option, "inputs": inputs}
    for name in ("runs", "seed"):
        if text := given.get(name, "").replace(",", "").strip():
            terms[name] = int(text) if text.isascii() and text.isdigit() else text
    return terms


def _quoted(text: str, row: UncertainRow) -> str:
    plain = text.strip().replace(",", "").replace("£", "")
    if not row.is_amount or not plain:
        return plain
    whole, dot, pence = plain.partition(".")
    if not whole.removeprefix("-").isdigit() or (dot and not pence.isdigit()) or len(pence) > 2:
        return plain
    return str(int(f"{whole}{pence:0<2}"))


Table = tuple[Sequence[str], Sequence[Sequence[Any]]]


def histogram_table(answer: Answered) -> Table:
    """Return every bin of the histogram."""
    heads = ("from_pence", "to_pence", "runs")
    return heads, [tuple(one[head] for head in heads) for one in answer["histogram"]]
