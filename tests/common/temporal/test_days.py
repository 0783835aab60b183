"""A day of a request is written out: a number is never taken for one."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from libs.common.temporal.days import WrittenDay, WrittenInstant

_DAY = TypeAdapter[Any](WrittenDay)
_INSTANT = TypeAdapter[Any](WrittenInstant)


def test_a_day_is_taken_as_iso_text_and_as_what_it_is() -> None:
    assert _DAY.validate_python("2018-04-01") == _DAY.validate_python(date(2018, 4, 1)) == date(2018, 4, 1)
    assert _DAY.validate_json('"2018-04-01"') == date(2018, 4, 1)
    assert _DAY.json_schema() == {"type": "string", "format": "date"}


def test_an_instant_is_taken_as_iso_text_with_its_zone() -> None:
    assert _INSTANT.validate_python("2018-04-01T09:30:00+01:00") == datetime(2018, 4, 1, 8, 30, tzinfo=UTC)
    assert _INSTANT.json_schema() == {"type": "string", "format": "date-time"}


@pytest.mark.parametrize("given", [0, 20180401, 0.5, True, "0", "20180401", "1522540800", "0.5", "2018-04-01T00:00:00"])
def test_what_pydantic_would_take_for_seconds_since_1970_is_no_day(given: Any) -> None:
    with pytest.raises(ValidationError, match="a day is written as"):
        _DAY.validate_python(given)


@pytest.mark.parametrize("given", [0, 1522540800, 0.5, "0", "1522540800", "0.5", "2018-04-01"])
def test_what_pydantic_would_take_for_seconds_since_1970_is_no_instant(given: Any) -> None:
    with pytest.raises(ValidationError, match="an instant is written as"):
        _INSTANT.validate_python(given)


def test_a_day_without_a_zone_and_a_day_that_no_calendar_has_are_refused() -> None:
    for given, adapter in (("2018-04-01T09:30:00", _INSTANT), ("2018-02-30", _DAY), ("2018-13-01T00:00:00Z", _INSTANT)):
        with pytest.raises(ValidationError):
            adapter.validate_python(given)


@pytest.mark.parametrize("given", ["0001-01-01", "1899-12-31", "2200-01-01", "9999-12-31", date(9999, 12, 31)])
def test_a_day_to_which_nothing_could_be_added_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError, match="a day lies between 1900-01-01 and 2199-12-31"):
        _DAY.validate_python(given)
