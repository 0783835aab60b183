"""Reads reports back: every figure of a page and of a table, by its JSON pointer, against the JSON."""

import csv
import io
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from typing import Any

from services.finance.charts.marks import ReportChart


class _Page(HTMLParser):
    """The value and the text of every `data` element, by its id, and every link: to what, with what text."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: dict[str, tuple[str, str]] = {}
        self.links: list[tuple[str, str]] = []
        self._leads = False
        self._open = ""
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "data":
            given = dict(attrs)
            self._open = str(given["id"])
            assert self._open not in self.figures
            self.figures[self._open] = (given["value"] or "", "")
        if tag == "a":
            self.links.append((str(dict(attrs)["href"]), ""))
            self._leads = True

    def handle_data(self, data: str) -> None:
        if self._open:
            value, text = self.figures[self._open]
            self.figures[self._open] = (value, text + data)
        if self._leads:
            to, text = self.links.pop()
            self.links.append((to, text + data))

    def handle_endtag(self, tag: str) -> None:
        if tag == "data":
            self._open = ""
        if tag == "a":
            self._leads = False


def leaves(document: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a document with its pointer, by code that imports nothing of the services."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from leaves(value, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from leaves(value, f"{pointer}/{number}")
    else:
        yield pointer, document


def _written(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def in_pounds(pence: int) -> str:
    """Pence as pounds, with thousands."""
    whole, rest = divmod(abs(pence), 100)
    return f"{'-' if pence < 0 else ''}£{whole:,}.{rest:02d}"


def assert_page_equals(page: str, document: Any, charts: Sequence[ReportChart]) -> int:
    """Check that a page shows every figure of a document, each once, its pence as pounds; return how many.

    Each mark of its charts is a link to the figure that it is, and reads as that one does.
    """
    read = _Page()
    read.feed(page)
    expected = dict(leaves(document))
    assert {pointer: value for pointer, (value, _) in read.figures.items()} == {
        pointer: _written(value) for pointer, value in expected.items()
    }
    for pointer, value in expected.items():
        if pointer.endswith(("_pence", "/pence")) and isinstance(value, int):
            assert read.figures[pointer][1] == in_pounds(value)
    assert "script" not in read.tags
    marks = [mark for chart in charts for mark in chart.marks]
    assert read.links == [(f"#{mark.pointer}", read.figures[mark.pointer][1]) for mark in marks]
    return len(expected)


def assert_table_equals(table: str, document: Any) -> None:
    """Check that a table has every figure of a document, in order.

    Text that looks like a formula is quoted; a negative number in text, as a ratio is, is none.
    """
    rows = [(row["pointer"], row["value"]) for row in csv.DictReader(io.StringIO(table))]
    expected = [(pointer, _written(value)) for pointer, value in leaves(document)]
    assert [(pointer, value.removeprefix("'")) for pointer, value in rows] == expected
    for (_, cell), (_, value) in zip(rows, leaves(document), strict=True):
        is_formula = isinstance(value, str) and value.startswith(("=", "+", "-", "@")) and not _is_number(value)
        assert cell == (f"'{value}" if is_formula else _written(value))


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit()
