"""Figures as cells of a table."""

from libs.common.http.csv_text import cell
from services.finance.reports.rules import cell_value


def test_a_negative_number_in_text_is_a_number_in_a_table_and_a_formula_is_quoted() -> None:
    written = {each: cell(cell_value(each)) for each in ("-0.523", "-12", "-1.50", "3.929", "-1/3", "-1+2", "=1", "-")}
    assert written == {each: each for each in ("-0.523", "-12", "-1.50", "3.929")} | {
        each: f"'{each}" for each in ("-1/3", "-1+2", "=1", "-")
    }
    assert [cell(cell_value(each)) for each in (-5, 0.5, None, True)] == ["-5", "0.5", "", "true"]
