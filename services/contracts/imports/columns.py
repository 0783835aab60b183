"""Finds the columns of a file of payments by their headings, however these are spelt."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "payer_code": ("ccgcode", "icbcode", "organisationcode", "orgcode", "payercode", "odscode"),
    "payer": ("organisation", "organisationname", "entity", "payer", "bodyname", "body"),
    "day": ("dateaspublished", "paymentdate", "date", "transactiondate", "paiddate", "datepaid"),
    "supplier": ("supplier", "suppliername", "vendor", "vendorname", "payee", "beneficiary"),
    "amount": ("amountgbp", "amount", "apamount", "invoiceamount", "netamount", "value", "paymentamount"),
    "expense_type": ("expensetype",),
    "expense_area": ("expensearea",),
    "transaction_number": ("transactionnumber", "transactionno", "transactionref", "invoicenumber", "voucher"),
    "publication": ("sourcefile",),
}
"""By field the headings of its column, in small letters and digits: those of the publication template of government
(`Entity`, `Date`, `Expense Type`, `Expense Area`, `Supplier`, `Transaction Number`, `AP Amount (£)`) and those of
collections of such files."""

_NEEDED = ("supplier", "day", "amount")
_OTHER = re.compile(r"[^a-z0-9]")


FIELDS: Final = tuple(HEADINGS)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each of `FIELDS` is in a line, what the headings are, and how many columns a line has.

    A field without a column is at -1, where whoever reads a line puts an empty cell.
    """

    at: tuple[int, ...]
    heading: tuple[str, ...]
    count: int

    @property
    def names_payers(self) -> bool:
        """Whether its lines say who paid."""
        return any(self.at[FIELDS.index(name)] >= 0 for name in ("payer_code", "payer"))


def columns_in(cells: Sequence[str]) -> Columns | None:
    """Return the columns of a line of headings; None for a line that is none."""
    keys = _keys(cells)
    at = tuple(
        next((number for number, key in enumerate(keys) if key in headings), -1) for headings in HEADINGS.values()
    )
    if any(at[FIELDS.index(name)] < 0 for name in _NEEDED):
        return None
    return Columns(at, keys, len(keys))


def is_heading(cells: Sequence[str], columns: Columns) -> bool:
    """Return whether a line is that of the headings, as at the top of each page of a printed file."""
    return cells[0][:1].isalpha() and _keys(cells[:1])[0] == columns.heading[0] and _keys(cells) == columns.heading


def _keys(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(_OTHER.sub("", cell.lower()) for cell in cells)
