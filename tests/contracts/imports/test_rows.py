"""What a line of a file states: days in three forms, amounts, stray text, and why a line is no payment."""

import csv
import io
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.imports.days import Order, order_of, read_day
from services.contracts.imports.errors import FileRefused
from services.contracts.imports.rows import MOST_REFUSED, FileRows, pence_in, read
from services.contracts.spend.models import Flag

HEADINGS = "Entity,Date,Supplier,Transaction Number,AP Amount (£)"


def rows(*lines: str, headings: str = HEADINGS, payer: str | None = None) -> FileRows:
    """Everything that these lines state."""
    return list(read("\n".join([headings, *lines]), payer=payer))[-1]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("30/09/2020", date(2020, 9, 30)),
        ("11/30/2020", date(2020, 11, 30)),
        ("30-Apr-20", date(2020, 4, 30)),
        ("31/01/21", date(2021, 1, 31)),
        ("2021-04-30", date(2021, 4, 30)),
        ("30 September 2020", date(2020, 9, 30)),
        ("30 SEPTEMBER 2020", date(2020, 9, 30)),
        ("30.9.2020", date(2020, 9, 30)),
        ("31/31/2020", None),
        ("30-Foo-20", None),
        ("April", None),
        ("30/09/0020", None),
    ],
)
def test_days_in_their_forms(text: str, day: date | None) -> None:
    assert read_day(text).by(None) == day


@pytest.mark.parametrize(
    ("others", "day", "is_flagged"),
    [
        ([], date(2020, 6, 5), True),
        (["30/06/2020"], date(2020, 6, 5), False),
        (["06/30/2020"], date(2020, 5, 6), False),
        (["06/30/2020", "30/06/2020"], date(2020, 6, 5), True),
        (["30-Jun-20", "06/06/2020"], date(2020, 6, 5), True),
    ],
)
def test_the_other_days_of_a_publication_settle_which_of_day_and_month_is_first(
    others: list[str], day: date, is_flagged: bool
) -> None:
    first = rows(*(f"A,{one},S,1,1" for one in ["05/06/2020", *others])).payments[0]
    assert (first.paid_on, Flag.DAY_AMBIGUOUS in first.flags) == (day, is_flagged)


@given(st.dates(date(2001, 1, 1), date(2099, 12, 31)))
def test_a_day_is_read_as_it_was_written(day: date) -> None:
    texts = [f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}", f"{day:%d-%b-%y}", f"{day:%Y-%m-%d}"]
    assert read_day(texts[0]).by(Order.DAY_FIRST) == read_day(texts[1]).by(Order.MONTH_FIRST) == day
    assert read_day(texts[2]).by(None) == read_day(texts[3]).by(None) == day
    assert order_of(texts[2:]) is None


@pytest.mark.parametrize(
    ("text", "pence"),
    [
        ("990.0", 99_000),
        ("£1,234.5", 123_450),
        ("-2817387", -281_738_700),
        ("(1,234.56)", -123_456),
        ("12.00-", -1_200),
        ("0", 0),
        ("1.234", None),
        ("1.5e3", None),
        ("--1", None),
        ("12 pounds", None),
        ("999999999999", None),
        ("", None),
    ],
)
def test_amounts(text: str, pence: int | None) -> None:
    assert pence_in(text) == pence


@given(st.integers(-(10**12), 10**12))
def test_an_amount_is_read_as_it_was_written(pence: int) -> None:
    pounds = f"{abs(pence) // 100:,}.{abs(pence) % 100:02}"
    assert pence_in(f"-{pounds}" if pence < 0 else pounds) == pence
    assert pence_in(f"({pounds})" if pence < 0 else f"£{pounds}") == pence


def test_each_odd_line_is_taken_with_its_flags() -> None:
    found = rows(
        '93C,"31-May-20\n",NHS  NEL CSU,1,-12.50',
        "93C,,,2,",
        "93C,soon,NHS NEL CSU,3,lots",
        "93C,Paid 31/05/2020,nhs nel csu,1,-12.5",
    )
    assert [(one.line, [str(flag) for flag in one.flags]) for one in found.payments] == [
        (2, ["reversal", "stray_text"]),
        (4, ["amount_missing", "day_missing", "supplier_missing"]),
        (5, ["amount_unreadable", "day_unreadable"]),
        (6, ["reversal", "stray_text"]),
    ]
    first, *_, last = found.payments
    assert (first.supplier, first.supplier_key, first.payer_key) == ("NHS NEL CSU", "NHS NEL CSU", "93C")
    assert first.content == last.content, "they say the same"
    assert (found.lines, found.refused) == (4, [])


def test_a_line_that_is_no_payment_is_refused_with_its_reason_and_the_others_are_taken() -> None:
    found = rows(
        "Spend over £25k",
        "93C,30/09/2020,NHS NEL CSU,1,5",
        "",
        HEADINGS,
        ",30/09/2020,NHS NEL CSU,1,5",
        "Total,,,,5",
        "93C,30/09/2020,a,1,5,more",
        f"93C,30/09/2020,{'x' * 301},1,5",
        "93C,30/09/2020,NHS NEL CSU,2,5,,",
    )
    assert [(one.line, one.reason.split(":")[0]) for one in found.refused] == [
        (2, "it has 1 columns, and the headings have 5"),
        (5, "the headings once more"),
        (6, "it names no payer"),
        (7, "it has neither supplier nor day nor number"),
        (8, "it has 6 columns, and the headings have 5"),
        (9, "its supplier has more than 300 characters"),
    ]
    assert [one.line for one in found.payments] == [3, 10]
    assert found.lines == len(found.refused) + len(found.payments)


def test_lines_after_one_that_cannot_be_read_have_their_own_numbers() -> None:
    found = rows(
        "93C,30/09/2020,NHS NEL CSU,1,5",
        '93C,30/09/2020,"NHS',
        *["x" * 1_000] * 132,
        "Total,,,,5",
        "93C,30/09/2020,NHS NEL CSU,2,5",
    )
    (cut, *rest) = found.refused
    assert (cut.line, cut.reason.split(",")[0]) == (3, "it cannot be read up to line 134")
    assert [(one.line, one.text[:5]) for one in rest] == [(135, "xxxxx"), (136, "Total")]
    assert [one.line for one in found.payments] == [2, 137]


def test_whose_payments_they_are() -> None:
    coded = "org_code,date,supplier,amount"
    found = rows("93c,30/09/2020,S,1", "no-code,30/09/2020,S,1", headings=coded)
    assert ([one.payer_code for one in found.payments], len(found.refused)) == (["93C"], 1)
    found = rows("93C,30/09/2020,S,1", "72Q,30/09/2020,S,1", headings=coded, payer="93C")
    assert [one.reason for one in found.refused] == ["its payer is 72Q, and the import is of 93C"]
    named = rows("NHS NCL,30/09/2020,S,1,1", payer="93C").payments[0]
    assert (named.payer, named.payer_code, named.payer_key) == ("NHS NCL", "93C", "")
    with pytest.raises(FileRefused, match="name `payer`"):
        rows("30/09/2020,S,1", headings="date,supplier,amount")


def test_a_file_that_is_none_of_payments_is_refused_as_a_whole() -> None:
    with pytest.raises(FileRefused, match="headings for supplier, date and amount"):
        rows("a,b,c", headings="x,y,z")
    with pytest.raises(FileRefused, match="the first is line 2: it has 1 columns"):
        rows(*["one"] * (MOST_REFUSED + 1))


_CELL = st.text('aZé09£ ,"()-/.\n\r\t\u00a0\u200b\x85', max_size=20)


@settings(max_examples=30)
@given(st.lists(st.lists(_CELL, min_size=5, max_size=5), max_size=8))
def test_every_line_with_content_is_taken_or_refused(cells: list[list[str]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADINGS.split(","))
    writer.writerows(cells)
    found = list(read(text.getvalue(), payer="93C"))[-1]
    assert found.lines == len(found.payments) + len(found.refused) == sum(any(line) for line in cells)
