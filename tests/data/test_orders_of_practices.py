"""Some lines of the real practice files beside those of CCGs: in either order, the same is believed of both times.

The files are large enough for `libs.common.temporal.bulk`, and each names commissioners of which others state the lives
and the successions, so that what they state becomes known at other instants than they were written.
"""

import csv
import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.test_orders import EVERY, Empty, content, empty, take, thin_successions

__all__ = ["empty"]

PRACTICES = ("epraccur_2016-01.csv.gz", "epraccur_2018-06.csv.gz", "epraccur_2021-11.csv.gz")
OTHERS = ("eccg_2016-02.csv", "eccg_2018-11.csv", "ods_successions_2022-10.csv.gz")
_FINDINGS = """
SELECT concat_ws('|', sort, code, other, source, first_day, last_day, words) AS line FROM finding
UNION ALL SELECT concat_ws('|', code, facet, days, differs) FROM disagreement
"""


@pytest.fixture(scope="module")
def thinned(folder_of: Callable[..., Path]) -> Path:
    folder = folder_of("ods-eccg/*.csv", "ods-succession/ods_successions_2022-10.csv.gz", "ods-epraccur-series/*.gz")
    for name in PRACTICES:
        with gzip.open(folder / name, "rt", encoding="cp1252", newline="") as file:
            # The same practices of each file: those whose codes end alike.
            lines = [line for line in csv.reader(file) if int(line[0][-2:], 36) % EVERY == 0]
        assert len(lines) > 500
        with gzip.open(folder / name, "wt", encoding="cp1252", newline="") as file:
            csv.writer(file).writerows(lines)
    return thin_successions(folder)


async def test_practices_and_their_commissioners_in_either_order(thinned: Path, empty: Empty) -> None:
    names = [*PRACTICES, *OTHERS]
    left = set()
    for order in (sorted(names, key=lambda name: name.rpartition("_")[2]), [*OTHERS[::-1], *PRACTICES]):
        async with empty() as database:
            for name in order:
                await take(database, thinned, name)
            left.add((await content(database), await content(database, _FINDINGS)))
    assert len(left) == 1
