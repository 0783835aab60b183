"""What is written as CSV reads back as it was, and no cell is a formula."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from libs.common.http.csv_text import cell, lines, stream

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\x00"), max_size=20)


@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_what_is_written_reads_back(rows: list[tuple[str, str]]) -> None:
    read = list(csv.reader(io.StringIO(lines(["a", "b"], rows), newline="")))
    assert read == [["a", "b"], *([cell(value) for value in row] for row in rows)]


@given(TEXT)
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell(text).removeprefix("'") == text.removeprefix("'")


def test_signs_of_full_width_are_no_formula_either() -> None:
    assert [cell(f"{sign}1") for sign in "\uff1d\uff0b\uff0d\uff20"] == ["'\uff1d1", "'\uff0b1", "'\uff0d1", "'\uff201"]


def test_days_numbers_and_nothing_are_plain() -> None:
    assert lines(["day", "people", "end", "open"], [(date(2018, 4, 1), -5, None, True)]) == (
        "day,people,end,open\r\n2018-04-01,-5,,true\r\n"
    )


async def test_a_stream_is_the_same_text() -> None:
    async def pages() -> AsyncIterator[list[tuple[str, int]]]:
        yield [("10Y", 1)]
        yield [("10H", 2)]

    text = "".join([part async for part in stream(["code", "people"], pages())])
    assert text == lines(["code", "people"], [("10Y", 1), ("10H", 2)])
