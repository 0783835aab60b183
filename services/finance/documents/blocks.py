"""A report's JSON as headings, terms, tables and lists: what a page shows, each figure once, in its order. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel

from services.finance.charts.texts import BY_KEY, PENCE, printable, text_in_row, text_of, words_of

_DEEPEST = 6
"""A PDF has six levels of headings."""


class PageBlock(BaseModel):
    """A part of a page: a heading of a level, terms with their values, a table with its header, or a list."""

    kind: Literal["heading", "terms", "table", "list"]
    level: int = 0
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...]


def blocks_of(document: Mapping[str, Any], level: int = 1, name: str = "") -> Iterator[PageBlock]:
    """Yield the blocks of a document; single values that follow each other are one block of terms."""
    unit = f"_{PENCE}" if name in BY_KEY else ""
    terms: list[tuple[str, ...]] = []
    for key, value in document.items():
        if isinstance(value, Mapping | list | tuple):
            yield from _terms(terms)
            terms = []
            yield _heading(level, words_of(key))
            yield from _inside(key, value, level + 1)
        else:
            terms.append((words_of(key), _cell(f"{key}{unit}", value)))
    yield from _terms(terms)


def _inside(name: str, value: Any, level: int) -> Iterator[PageBlock]:
    if isinstance(value, Mapping):
        yield from blocks_of(value, level, name) if value else _none()
    elif not value:
        yield from _none()
    elif not all(isinstance(each, Mapping) for each in value):
        yield PageBlock(kind="list", rows=tuple((_cell(name, each),) for each in value))
    elif all(_is_flat(each) for each in value):
        yield _table(value)
    else:
        for number, each in enumerate(value, start=1):
            yield _heading(level, f"{words_of(name)}: {number} of {len(value)}")
            yield from blocks_of(each, level + 1)


def _none() -> Iterator[PageBlock]:
    yield PageBlock(kind="list", rows=(("none",),))


def _terms(terms: Sequence[tuple[str, ...]]) -> Iterator[PageBlock]:
    if terms:
        yield PageBlock(kind="terms", rows=tuple(terms))


def _heading(level: int, text: str) -> PageBlock:
    return PageBlock(kind="heading", level=min(level, _DEEPEST), rows=((printable(text[:1].upper() + text[1:]),),))


def _table(rows: Sequence[Mapping[str, Any]]) -> PageBlock:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = (tuple(printable(text_in_row(row, name)) if name in row else "" for name in names) for row in rows)
    return PageBlock(kind="table", header=tuple(words_of(name) for name in names), rows=tuple(cells))


def _is_flat(row: Mapping[str, Any]) -> bool:
    return not any(isinstance(value, Mapping | list | tuple) for value in row.values())


def _cell(name: str, value: Any) -> str:
    return printable(text_of(name, value))
