"""What may be pasted or uploaded as a column, and how it is sent in parts."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.crosswalks.column import ColumnLine, decoded, even, next_part, read_column


def read(text: str) -> list[tuple[str, str | None, date | None]]:
    column = read_column(text)
    assert column.wrong == ()
    return [(line.code, line.amount, line.day) for line in column.lines]


@pytest.mark.parametrize(
    "text",
    [
        "q1a\n\nQ2B\n",
        "code\nQ1A\nQ2B",
        "\ufeffCode\r\nQ1A\r\nQ2B\r\n",
        "name,code\nOne,Q1A\nTwo,Q2B",
    ],
)
def test_a_column_of_codes_is_read_with_or_without_a_heading(text: str) -> None:
    assert read(text) == [("Q1A", None, None), ("Q2B", None, None)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Q1A,12345", ("Q1A", "12345", None)),
        ("Q1A\t1,234.50\t31/03/2018", ("Q1A", "1234.50", date(2018, 3, 31))),
        ('Q1A,"£1,234,567"', ("Q1A", "1234567", None)),
        ("Q1A;−3.5;2018-03-31", ("Q1A", "-3.5", date(2018, 3, 31))),
        ("Day,Amount,Code\n1.4.2018,7,Q1A", ("Q1A", "7", date(2018, 4, 1))),
    ],
)
def test_amounts_and_days_are_read_as_people_write_them(text: str, line: tuple[str, str | None, date | None]) -> None:
    assert read(text) == [line]


def test_every_line_that_cannot_be_read_is_named_and_many_are_counted() -> None:
    column = read_column("code,amount,day\nQ1A,12 apples,\nQ/2,3,\n,4,\nQ3C,5,31/02/2018\nQ4D,1,\n")
    assert column.wrong == (
        "Line 2: “12 apples” is no amount.",
        "Line 3: “Q/2” is no code.",
        "Line 4 has no code.",
        "Line 5: “31/02/2018” is no day.",
    )
    assert [line.code for line in column.lines] == ["Q4D"]
    many = read_column("\n".join(["code", *("?" for _ in range(50))]))
    assert len(many.reasons) == 21
    assert many.reasons[-1] == "30 other lines cannot be read either."


def test_nothing_and_too_much_are_refused() -> None:
    assert read_column(" \n").wrong == ("Paste a column, or choose a file, with at least one code.",)
    assert read_column("Q1A\n" * 1_001, most=1_000).wrong == (
        "There are 1,001 lines: at most 1,000 can be restated at once.",
    )


def test_a_file_is_utf_8_or_windows_and_a_workbook_is_none() -> None:
    assert decoded("\ufeffQ1A,£5".encode()) == "Q1A,£5"
    assert decoded("Q1A,£5".encode("cp1252")) == "Q1A,£5"
    assert decoded(b"PK\x03\x04\x00\x00") is None


def test_amounts_of_a_code_have_as_many_decimals_as_its_longest() -> None:
    lines = even([ColumnLine(1, "Q1A", "12"), ColumnLine(2, "Q1A", "0.05"), ColumnLine(3, "Q2B", "7")])
    assert [line.amount for line in lines] == ["12.00", "0.05", "7"]
    assert [line.as_sent() for line in lines][::2] == [{"code": "Q1A", "amount": "12.00"}, {"code": "Q2B", "amount": 7}]


amounts = st.one_of(st.none(), st.decimals(-(10**9), 10**9, places=2).map(lambda one: f"{one:f}"))
lines = st.builds(
    ColumnLine,
    st.integers(1, 9),
    st.from_regex(r"[A-Z0-9]{3,5}", fullmatch=True),
    amounts,
    st.one_of(st.none(), st.dates()),
)


@given(st.lists(lines, min_size=1, max_size=60), st.integers(0, 400))
def test_parts_are_within_the_limit_and_together_the_whole(some: list[ColumnLine], beside: int) -> None:
    sent, so_far = list[object](), ["x" * beside]
    while len(sent) < len(some):
        part = next_part(some[len(sent) :], so_far, most=500)
        body = json.dumps({"figures": part, "so_far": so_far}, separators=(",", ":"))
        assert len(part) == 1 or len(body) <= 530
        sent += part
    assert sent == [line.as_sent() for line in some]


@given(st.lists(lines, min_size=1, max_size=20))
def test_even_amounts_are_the_same_numbers(some: list[ColumnLine]) -> None:
    assert [Decimal(one.amount or 0) for one in even(some)] == [Decimal(one.amount or 0) for one in some]
