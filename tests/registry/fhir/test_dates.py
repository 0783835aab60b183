"""Dates of FHIR searches are spans as wide as they are written, in London where they name no time zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.registry.fhir.dates import UnreadableDate, read_range


@pytest.mark.parametrize(
    ("text", "prefix", "first", "end"),
    [
        ("2015", "eq", date(2015, 1, 1), date(2016, 1, 1)),
        ("ge2015-12", "ge", date(2015, 12, 1), date(2016, 1, 1)),
        ("lt2016-02", "lt", date(2016, 2, 1), date(2016, 3, 1)),
        ("sa2015-04-01", "sa", date(2015, 4, 1), date(2015, 4, 2)),
        ("2015-03-31T23:30:00Z", "eq", date(2015, 4, 1), date(2015, 4, 2)),
    ],
)
def test_a_date_covers_the_days_that_it_names(text: str, prefix: str, first: date, end: date) -> None:
    span = read_range(text)
    assert (span.prefix, span.first, span.end) == (prefix, first, end)


@pytest.mark.parametrize(
    ("text", "starts_at", "lasts"),
    [
        ("2015-04-01", datetime(2015, 3, 31, 23, tzinfo=UTC), timedelta(days=1)),
        ("2015-03-29", datetime(2015, 3, 29, tzinfo=UTC), timedelta(hours=23)),
        ("2015-04-01T10:00Z", datetime(2015, 4, 1, 10, tzinfo=UTC), timedelta(minutes=1)),
        ("2015-04-01T10:00:00+01:00", datetime(2015, 4, 1, 9, tzinfo=UTC), timedelta(seconds=1)),
        ("2015-04-01T10:00:00.25Z", datetime(2015, 4, 1, 10, 0, 0, 250_000, UTC), timedelta(milliseconds=10)),
    ],
)
def test_a_date_is_as_wide_as_it_is_written(text: str, starts_at: datetime, lasts: timedelta) -> None:
    span = read_range(text)
    assert (span.starts_at, span.ends_at - span.starts_at) == (starts_at, lasts)


@pytest.mark.parametrize(
    "text", ["", "ge", "20150401", "ap2015", "2015-13", "2015-02-30", "1066", "2015-04-01T10:00", "2015-04-01T25:00Z"]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(UnreadableDate):
        read_range(text)
