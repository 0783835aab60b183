"""Rows of ERIC's sheets: what counts, what does not, and what is said about it."""

import pytest

from services.finance.estates.sheets import (
    FIGURES,
    SCHEMES,
    SITES,
    Amounts,
    Cell,
    RawRow,
    Row,
    RowVerdict,
    Words,
    read_sheet,
    returns_of,
)

WORDS = Words(("Not Applicable",), " Result", "Grand Total")
NONE = "Not Applicable"


def raw(line: int, code: str, site: str, *figures: str | float, scheme: str = "") -> RawRow:
    """A row: numbers are cells with numbers, texts are texts."""
    cells = tuple(Cell(str(one), is_number=not isinstance(one, str)) for one in figures)
    return RawRow(line, code, f"TRUST {code}", site, f"SITE {site}", scheme, cells)


def read(*rows: RawRow, sheet: str = SITES) -> list[Row]:
    """The rows of a sheet."""
    return read_sheet(sheet, rows, WORDS)


@pytest.mark.parametrize(
    ("figures", "verdict", "pence", "words"),
    [
        ((1, 2, 3, 4), RowVerdict.TAKEN, (100, 200, 300, 400), ""),
        ((0, 0, 0, 0), RowVerdict.TAKEN, (0, 0, 0, 0), ""),
        ((1.005, 0.01, 2.5, 0), RowVerdict.TAKEN, (101, 1, 250, 0), ""),
        ((NONE, NONE, NONE, NONE), RowVerdict.NO_FIGURE, (None,) * 4, ""),
        (("", "", "", ""), RowVerdict.NO_FIGURE, (None,) * 4, ""),
        ((1, NONE, 3, 4), RowVerdict.TAKEN, (100, None, 300, 400), "1 of its 4 figures are none"),
        (("£1,234.50", 0, 0, 0), RowVerdict.TAKEN, (123450, 0, 0, 0), "high is written as text: '£1,234.50'"),
        ((-1, 0, 0, 0), RowVerdict.REFUSED, (None,) * 4, "high: -1 is less than nothing"),
        (
            ("n/a", 0, "1,2", 0),
            RowVerdict.REFUSED,
            (None,) * 4,
            "high: 'n/a' is no amount; moderate: '1,2' is no amount",
        ),
        ((10**11, 0, 0, 0), RowVerdict.REFUSED, (None,) * 4, f"high: {10**11} is more than any site has"),
        (("--1", 0, 0, 0), RowVerdict.REFUSED, (None,) * 4, "high: '--1' is no amount"),
        (("9" * 60, 0, 0, 0), RowVerdict.REFUSED, (None,) * 4, f"high: '{'9' * 60}' is no amount"),
    ],
)
def test_a_row_has_a_verdict_and_exact_pence(
    figures: tuple[str | int | float, ...], verdict: RowVerdict, pence: tuple[int | None, ...], words: str
) -> None:
    [row] = read(raw(3, "RX6", "RX601", *figures))
    assert (row.verdict, row.pence, row.finding) == (verdict, pence, words)


def test_a_row_without_a_code_or_a_site_is_refused_with_every_reason() -> None:
    found = read(raw(3, "R-X", "", "x", 0, 0, 0), raw(4, "rx6", "rx601", 1, 0, 0, 0))
    assert found[0].finding == "it names no site; 'R-X' is no code of an organisation; high: 'x' is no amount"
    assert (found[1].organisation, found[1].site) == ("RX6", "RX601")


def test_of_two_rows_of_one_site_the_first_counts() -> None:
    found = read(raw(3, "RX6", "A1", 1, 2, 3, 4), raw(4, "RX6", "A1", 1, 2, 3, 4), raw(5, "RX6", "a1", 9, 2, 3, 4))
    assert [row.verdict for row in found] == [RowVerdict.TAKEN, RowVerdict.REPEATED, RowVerdict.REFUSED]
    assert found[1].finding == "the same as row 3: counted once"
    assert found[2].finding == "row 3 states other figures of it, which count"
    [one] = returns_of(found)
    assert (one.sites, one.amounts) == (1, Amounts(100, 200, 300, 400))


def test_subtotals_are_left_out_and_compared_with_their_rows() -> None:
    found = read(
        raw(3, "RX6", "A1", 1, 0, 0, 0),
        raw(4, "RX6", "A2", 2, 0, 0, 5),
        raw(5, "RX6 Result", "", 3, 0, 0, 5),
        raw(6, "RTD", "B1", 7, 0, 0, 0),
        raw(7, "RTD Result", "", 9, 0, 0, 0),
        raw(8, "Grand Total", "", 9, 0, 0, 5),
    )
    assert [row.finding for row in found if row.verdict is RowVerdict.SUBTOTAL] == [
        "RX6 Result: left out; its rows sum to it",
        "RTD Result: left out; it is £2.00 more than its rows",
        "Grand Total: left out; it is £1.00 less than its rows: as much as row 3, RX6 A1",
    ]
    assert [(one.organisation, one.amounts.total) for one in returns_of(found)] == [("RTD", 700), ("RX6", 800)]


def test_a_scheme_may_cost_less_than_nothing_and_what_is_not_asked_for_is_none() -> None:
    figures = ("", 5, -3, 0, 7)
    assert len(figures) == len(FIGURES[SCHEMES])
    found = read(
        raw(3, "RX6", "A1", *figures, scheme="PFI 1"), raw(4, "RX6", "A1", *figures, scheme="PFI 2"), sheet=SCHEMES
    )
    assert [row.verdict for row in found] == [RowVerdict.TAKEN, RowVerdict.TAKEN]
    assert found[0].pence == (None, 500, -300, 0, 700)
    assert found[0].finding == "debt is less than nothing: -3"
    [one] = returns_of(found)
    assert (one.sites, one.schemes, one.amounts.total) == (0, 2, 0)
