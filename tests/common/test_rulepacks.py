"""A rule pack is dated and cited, and a wrong one stops the start."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from libs.common.rulepacks import in_force, load_packs

PACKS = """
[[pack]]
id = "RATE-2013"
subject = "rate"
title = "A rate"
citation = "where it is written"
effective_from = 2013-04-01
effective_to = 2014-03-31
values = { rate_pence = 2500 }

[[pack]]
id = "RATE-2014"
subject = "rate"
title = "The next rate"
citation = "where that is written"
effective_from = 2014-04-01
values = { rate_pence = 2473 }

[[pack]]
id = "REVIEW"
subject = "rate"
title = "A recommendation"
citation = "a review"
effective_from = 2014-04-01
status = "inactive"
"""


def test_the_pack_of_the_day_is_in_force_to_its_last_day(tmp_path: Path) -> None:
    (tmp_path / "rates.toml").write_text(PACKS)
    packs = load_packs(tmp_path)
    assert [pack.id for pack in in_force(packs, date(2014, 3, 31), subject="rate")] == ["RATE-2013"]
    assert [pack.id for pack in in_force(packs, date(2014, 4, 1), subject="rate")] == ["RATE-2014"]
    assert in_force(packs, date(2013, 3, 31), subject="rate") == []
    assert in_force(packs, date(2014, 4, 1), subject="another") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("effective_to = 2014-03-31", "effective_to = 2013-03-31"), "ends before it begins"),
        (("RATE-2014", "RATE-2013"), "occurs twice"),
        (('citation = "a review"', ""), "citation"),
        (('status = "inactive"', 'status = "maybe"'), "status"),
        (('status = "inactive"', 'colour = "red"'), "colour"),
    ],
)
def test_a_wrong_pack_is_refused(tmp_path: Path, change: tuple[str, str], reason: str) -> None:
    (tmp_path / "rates.toml").write_text(PACKS.replace(*change))
    with pytest.raises(ValueError, match=reason):
        load_packs(tmp_path)


def test_a_pack_is_in_force_as_known_from_when_it_was_stated(tmp_path: Path) -> None:
    begins = "effective_from = 2014-04-01\nvalues"
    stated = PACKS.replace(begins, f"stated_at = 2013-12-01T00:00:00Z\n{begins}")
    (tmp_path / "rates.toml").write_text(stated)
    packs = load_packs(tmp_path)
    day = date(2014, 4, 1)
    assert in_force(packs, day, subject="rate", as_known=datetime(2013, 11, 30, tzinfo=UTC)) == []
    [second] = in_force(packs, day, subject="rate", as_known=datetime(2013, 12, 1, tzinfo=UTC))
    assert [second] == in_force(packs, day, subject="rate")
    [first] = in_force(packs, date(2014, 3, 31), subject="rate", as_known=datetime(2000, 1, 1, tzinfo=UTC))
    assert (first.id, second.id) == ("RATE-2013", "RATE-2014")
