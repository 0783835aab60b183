"""A workbook is read, or refused with everything that is missing; a small file that unpacks to much does no harm."""

import io
import zipfile

import pytest
import xlsxwriter

from services.finance.core.packs import pack_on
from services.finance.core.years import FinancialYear
from services.finance.estates import worker
from services.finance.estates.errors import TooManyWorkbooks, WorkbookTooLarge
from services.finance.estates.parser import rows_of
from services.finance.estates.worker import SheetLayout, TooLarge, Unusable, read_workbook
from tests.support.estates import HEADER, a_workbook

VALUES = pack_on(FinancialYear.parse("2016-17").last_day, subject="eric-workbook").values
LAYOUT = SheetLayout.model_validate({name: VALUES[name] for name in SheetLayout.model_fields if name in VALUES})


def test_the_columns_that_the_pack_names_are_read_wherever_they_stand() -> None:
    content = a_workbook(
        [("RX6", "RX601", 1, 2.5, "Not Applicable", 10**9)], [("RX6", "RX601", "PFI\xa0 1", 1, 2, 3, -4)]
    )
    read = read_workbook(content, LAYOUT)
    [site], [scheme] = read.sites, read.schemes
    assert (site.line, site.organisation, site.name, site.site) == (3, "RX6", "TRUST RX6", "RX601")
    assert [(cell.text, cell.is_number) for cell in site.figures] == [
        *(("1", True), ("2.5", True), ("Not Applicable", False), ("1000000000", True)),
    ]
    assert (scheme.scheme, [cell.text for cell in scheme.figures]) == ("PFI 1", ["", "1", "2", "3", "-4"])


def test_what_is_missing_is_said_all_at_once() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name in ("Site Data", "PFI Data"):
            book.add_worksheet(name).write_row(1, 0, [*HEADER, "Site Code", VALUES["backlog"]["high"], "Scheme Name"])
    with pytest.raises(Unusable) as refused:
        read_workbook(out.getvalue(), LAYOUT)
    missing = [VALUES["backlog"][name] for name in ("significant", "moderate", "low")]
    reasons = refused.value.reasons
    assert "the sheet Site Data has several columns 'Site Code' in row 2" in reasons
    assert {f"the sheet Site Data has no column {name!r} in row 2" for name in missing} <= set(reasons)
    assert sum("PFI Data" in reason for reason in reasons) == 5


def spoilt() -> bytes:
    """An archive whose first part begins with a block that deflate does not know."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b" " * 1_000)
    content = bytearray(out.getvalue())
    content[31] = 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "neither"),
        (b"Organisation Code,Site Code\n", "neither"),
        (b"PK\x03\x04 no archive", "cannot be unpacked"),
        (spoilt(), "cannot be unpacked"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and nothing else", "cannot be read"),
        (a_workbook([("RX6", "A", 1, 2, 3, 4)], year="2014-15"), "it has no sheet PFI Data"),
    ],
)
def test_what_is_no_workbook_of_the_year_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        read_workbook(content, LAYOUT)


def test_an_archive_that_unpacks_to_much_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MOST_UNPACKED", 3_000_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"xl/{number}.xml", b" " * 1_000_000)
    assert len(out.getvalue()) < 10_000
    with pytest.raises(TooLarge, match="unpacks to more than"):
        read_workbook(out.getvalue(), LAYOUT)


def far_away() -> bytes:
    """A cell in the last corner of the sheet: as a table it has 17 thousand million."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet("Site Data")
        sheet.write(0, 0, 1)
        sheet.write(1_048_575, 16_383, 1)
        book.add_worksheet("PFI Data")
    return out.getvalue()


async def test_a_cell_far_away_ends_the_process_and_not_the_service() -> None:
    content = far_away()
    assert len(content) < 10_000
    with pytest.raises(WorkbookTooLarge):
        await rows_of(content, LAYOUT)


async def test_more_workbooks_than_a_few_at_once_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.finance.estates.parser.MOST_AT_ONCE", 0)
    with pytest.raises(TooManyWorkbooks):
        await rows_of(b"", LAYOUT)
