"""The Accept header is read by preference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.http.accept import preferred

JSON, CSV = "application/json", "text/csv"


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", CSV),
        ("text/csv;q=0, */*", JSON),
        ("text/csv, application/json;q=0.5", CSV),
        ("text/csv;q=0.1, */*", JSON),
        ("TEXT/CSV ; Q=0.9, application/json; q=0.2", CSV),
        ("text/*, application/json;q=0.9", CSV),
        ("text/*;q=0.1, text/csv;q=0.8, */*;q=0.5", CSV),
        ("text/csv;q=zero, application/*", JSON),
        ("text/html", None),
        ("application/json;q=0, text/csv;q=0", None),
    ],
)
def test_the_client_gets_what_it_prefers(header: str, chosen: str | None) -> None:
    assert preferred(header, [JSON, CSV]) == chosen


@given(st.text(max_size=100))
def test_any_text_is_read(header: str) -> None:
    assert preferred(header, [JSON, CSV]) in (JSON, CSV, None)
