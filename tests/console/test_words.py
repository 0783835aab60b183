"""Days, sources and sentences as people read them."""

import pytest

from console.core.words import clock, instant, prose, source


@pytest.mark.parametrize(
    ("sentence", "read"),
    [
        (
            "the last notice day for 2027-03-31 is 2026-12-31; £7",
            "the last notice day for 31 March 2027 is 31 December 2026; £7",
        ),
        ("05T-board-2016-11-21 waits", "05T-board-2016-11-21 waits"),
        ("at 2016-11-21T09:00:00Z", "at 2016-11-21T09:00:00Z"),
        ("2016-13-45 is no day", "2016-13-45 is no day"),
        (None, ""),
    ],
)
def test_days_in_a_sentence_are_in_words_and_references_stay(sentence: str | None, read: str) -> None:
    assert prose(sentence) == read


def test_an_instant_has_its_day_and_the_time_by_the_clock_of_england() -> None:
    assert instant("2031-05-14T13:05:00Z") == f"14 May 2031 at {clock('2031-05-14T13:05:00Z')}"
    assert clock("2031-05-14T23:00:00Z") == "12am"
    assert instant("2031-05-14T23:00:00Z") == "15 May 2031 at 12am"


def test_a_source_has_its_name_and_an_entry_is_said_to_be_one() -> None:
    assert [source(one) for one in ("command", "ods:eccg", None)] == [
        "an entry in the registry",
        "ods:eccg",
        "not known",
    ]
